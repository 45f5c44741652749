from .confidence import with_confidence
from .explain import provenance, surface, why_not
from .fixed import pairs_to_keep
from .match import match
from .memory import MatchMemory
from .options import MatchOptions
from .partners import carried_pairs, carry_points
from .propose import propose
from .run import find_buddies, matching

__all__ = [
    "MatchMemory",
    "MatchOptions",
    "carried_pairs",
    "carry_points",
    "find_buddies",
    "match",
    "matching",
    "pairs_to_keep",
    "propose",
    "provenance",
    "surface",
    "why_not",
    "with_confidence",
]
