from .match import match
from .options import MatchOptions
from .run import find_buddies

__all__ = ["MatchOptions", "find_buddies", "match"]
