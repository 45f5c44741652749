from .changes import PairChange
from .files import (
    CSV_COLUMNS,
    PAIR_SUFFIXES,
    format_csv,
    is_table,
    official_partner,
    parse_table,
    read_pairs,
    read_points,
    write_landmarks,
    write_pairs,
    written_files,
)
from .inside import check_pairs, check_points, ids_outside, read_pairs_within
from .model import Origin, PairsError, PairSet, PointPair

__all__ = [
    "CSV_COLUMNS",
    "PAIR_SUFFIXES",
    "Origin",
    "PairChange",
    "PairSet",
    "PairsError",
    "PointPair",
    "check_pairs",
    "check_points",
    "format_csv",
    "ids_outside",
    "is_table",
    "official_partner",
    "parse_table",
    "read_pairs",
    "read_pairs_within",
    "read_points",
    "write_landmarks",
    "write_pairs",
    "written_files",
]
