from .changes import PairChange
from .files import (
    CSV_COLUMNS,
    PAIR_SUFFIXES,
    format_csv,
    official_partner,
    read_pairs,
    read_points,
    write_landmarks,
    write_pairs,
    written_files,
)
from .model import Origin, PairsError, PairSet, Point, PointPair

__all__ = [
    "CSV_COLUMNS",
    "PAIR_SUFFIXES",
    "Origin",
    "PairChange",
    "PairSet",
    "PairsError",
    "Point",
    "PointPair",
    "format_csv",
    "official_partner",
    "read_pairs",
    "read_points",
    "write_landmarks",
    "write_pairs",
    "written_files",
]
