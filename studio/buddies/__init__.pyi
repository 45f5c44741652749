from .confidence import with_confidence
from .explain import provenance, similarity_map, why_not
from .fixed import pairs_to_keep
from .match import match
from .memory import MatchMemory
from .options import MatchOptions
from .partners import transfer_points, transferred_pairs
from .propose import propose
from .run import find_buddies, matching

__all__ = [
    "MatchMemory",
    "MatchOptions",
    "find_buddies",
    "match",
    "matching",
    "pairs_to_keep",
    "propose",
    "provenance",
    "similarity_map",
    "transfer_points",
    "transferred_pairs",
    "why_not",
    "with_confidence",
]
