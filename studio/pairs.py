"""Point pairs: the currency of the program, and the files they travel in."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from studio.errors import StudioError
from studio.files import read_text, write_text
from studio.geometry import Points, as_points

Origin = Literal["matched", "placed", "edited"]
Point = tuple[float, float]

CSV_COLUMNS = ("id", "ax", "ay", "bx", "by", "rank", "confidence", "level", "origin")
PAIR_SUFFIXES = (".csv", ".json", ".txt")
"""Of the point files that are read and written."""


class PairsError(StudioError):
    """A point file that does not say what it should."""


@dataclass(frozen=True, slots=True)
class PointPair:
    """One point of picture A and the point of picture B that corresponds to it.

    Attributes
    ----------
    id : int
        The number drawn beside the point, from 1; unique within a `PairSet`.
    a, b : (float, float)
        `(x, y)` in full-size pixels of picture A and of picture B (see `studio.geometry`).
    rank : float
        Accumulated activation over the levels (Aberman et al. 2018, section 4.3); higher is stronger.
    confidence : float
        0 to 1.
    level : int
        The finest pyramid level at which the pair was found, 1 being the finest; 0 if not matched.
    origin : "matched", "placed" or "edited"
        Found by the program, placed by hand, or found and then moved by hand.
    locked, enabled : bool
        Locked pairs are kept by a new match; disabled ones are shown but not used.
    """

    id: int
    a: Point
    b: Point
    rank: float = 0.0
    confidence: float = 1.0
    level: int = 0
    origin: Origin = "placed"
    locked: bool = False
    enabled: bool = True

    def swapped(self) -> PointPair:
        """The same pair with the pictures exchanged."""
        return replace(self, a=self.b, b=self.a)


@dataclass(frozen=True, slots=True)
class PairSet:
    """An immutable, ordered set of point pairs; every edit makes a new one."""

    pairs: tuple[PointPair, ...] = field(default=())

    def __post_init__(self) -> None:
        ids = [pair.id for pair in self.pairs]
        if len(set(ids)) != len(ids):
            raise ValueError("two pairs have the same id")

    @classmethod
    def from_arrays(
        cls,
        a: npt.ArrayLike,
        b: npt.ArrayLike,
        *,
        rank: npt.ArrayLike | None = None,
        confidence: npt.ArrayLike | None = None,
        level: int = 0,
        origin: Origin = "matched",
    ) -> PairSet:
        """Number the rows of `a` and `b`, both (N, 2), from 1; `rank` and `confidence` are (N,)."""
        points_a, points_b = as_points(a), as_points(b)
        if len(points_a) != len(points_b):
            raise ValueError(f"{len(points_a)} points in A, {len(points_b)} in B")
        count = len(points_a)
        ranks = np.zeros(count) if rank is None else np.asarray(rank, dtype=np.float64)
        confidences = np.ones(count) if confidence is None else np.asarray(confidence, dtype=np.float64)
        return cls(
            tuple(
                PointPair(
                    id=index + 1,
                    a=(float(points_a[index, 0]), float(points_a[index, 1])),
                    b=(float(points_b[index, 0]), float(points_b[index, 1])),
                    rank=float(ranks[index]),
                    confidence=float(confidences[index]),
                    level=level,
                    origin=origin,
                )
                for index in range(count)
            )
        )

    def __len__(self) -> int:
        return len(self.pairs)

    def __iter__(self) -> Iterator[PointPair]:
        return iter(self.pairs)

    def __getitem__(self, index: int) -> PointPair:
        return self.pairs[index]

    def by_id(self, pair_id: int) -> PointPair | None:
        """The pair with this number, or None."""
        return next((pair for pair in self.pairs if pair.id == pair_id), None)

    @property
    def a(self) -> Points:
        """(N, 2) points of picture A."""
        return as_points([pair.a for pair in self.pairs])

    @property
    def b(self) -> Points:
        """(N, 2) points of picture B."""
        return as_points([pair.b for pair in self.pairs])

    @property
    def ranks(self) -> npt.NDArray[np.float64]:
        """(N,) ranks."""
        return np.asarray([pair.rank for pair in self.pairs], dtype=np.float64)

    def enabled(self) -> PairSet:
        """Only the pairs that are in use."""
        return PairSet(tuple(pair for pair in self.pairs if pair.enabled))

    def with_pair(self, pair: PointPair) -> PairSet:
        """With `pair` in the place of the one of the same id, or at the end if there is none."""
        if self.by_id(pair.id) is None:
            return PairSet((*self.pairs, pair))
        return PairSet(tuple(pair if old.id == pair.id else old for old in self.pairs))

    def without(self, ids: Iterable[int]) -> PairSet:
        """Without the pairs of these numbers."""
        gone = set(ids)
        return PairSet(tuple(pair for pair in self.pairs if pair.id not in gone))

    def swapped(self) -> PairSet:
        """With the pictures exchanged."""
        return PairSet(tuple(pair.swapped() for pair in self.pairs))

    def next_id(self) -> int:
        """A number that no pair has yet."""
        return max((pair.id for pair in self.pairs), default=0) + 1

    def to_dicts(self) -> list[dict[str, Any]]:
        """Plain values, fit for JSON; `from_dicts` reads them back."""
        return [asdict(pair) for pair in self.pairs]

    @classmethod
    def from_dicts(cls, rows: Sequence[Any], source: str = "the list") -> PairSet:
        """Read rows with at least `a` and `b`. Raises `PairsError` naming the row."""
        pairs: list[PointPair] = []
        for number, row in enumerate(rows, start=1):
            where = f"pair {number} of {source}"
            if not isinstance(row, dict):
                raise PairsError(f"In {where} there are no coordinates.")
            pairs.append(_pair_from(row, where, fallback_id=number))
        return cls(tuple(_unique_ids(pairs)))


# --- point files -------------------------------------------------------------------------------


def read_pairs(path: Path, second: Path | None = None) -> PairSet:
    """Read a `.csv`, a `.json`, or the two `.txt` files of the official program.

    Parameters
    ----------
    path : Path
        The file. A CSV needs the columns `ax, ay, bx, by`; the others of `CSV_COLUMNS` are optional.
    second : Path, optional
        For `.txt`: the points of picture B, as rows `y, x`; by default `correspondence_Bt...` beside
        `correspondence_A...`.

    Raises
    ------
    PairsError, FileError
        The file can't be read, or a row is not what it should be; the sentence names the row.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind == ".csv":
        return _parse_csv(read_text(path), path.name)
    if kind == ".json":
        return _parse_json(read_text(path), path.name)
    if kind == ".txt":
        partner = Path(second) if second is not None else official_partner(path)
        a, b = _parse_official(read_text(path), path.name), _parse_official(read_text(partner), partner.name)
        if len(a) != len(b):
            raise PairsError(f"“{path.name}” has {len(a)} points but “{partner.name}” has {len(b)}.")
        return PairSet.from_arrays(a, b)
    raise PairsError(f"“{path.name}” is not a point file: pairs are read from .csv, .json and .txt.")


def write_pairs(pairs: PairSet, path: Path) -> list[Path]:
    """Write a `.csv`, a `.json`, or the two `.txt` files of the official program (rows `y, x`).

    Returns the files written. For `.txt`, `path` names the file of picture A and the other's name is
    derived by `official_partner`; the format holds whole pixels, so points are rounded, and nothing
    but the points.

    Raises
    ------
    PairsError, FileError
        Another suffix, or the file can't be written; an older file is then still as it was.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind == ".csv":
        write_text(path, format_csv(pairs))
        return [path]
    if kind == ".json":
        write_text(path, json.dumps({"pairs": pairs.to_dicts()}, indent=1) + "\n")
        return [path]
    if kind == ".txt":
        partner = official_partner(path)
        write_text(path, _format_official(pairs.a))
        write_text(partner, _format_official(pairs.b))
        return [path, partner]
    raise PairsError(f"“{path.name}”: pairs are written as .csv, .json or .txt.")


def format_csv(pairs: PairSet) -> str:
    """The text of a `.csv` file: a row of `CSV_COLUMNS`, then one for each pair."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for pair in pairs:
        writer.writerow([pair.id, *pair.a, *pair.b, pair.rank, pair.confidence, pair.level, pair.origin])
    return out.getvalue()


def official_partner(path: Path) -> Path:
    """The official program's file of picture B that goes with its file of picture A.

    `correspondence_A_top_10.txt` has `correspondence_Bt_top_10.txt`; any other `name.txt` has
    `name_B.txt`.
    """
    stem, changed = re.subn(r"(?<=correspondence_)A", "Bt", path.stem, count=1)
    return path.with_name((stem if changed else path.stem + "_B") + path.suffix)


def _parse_csv(text: str, name: str) -> PairSet:
    try:
        return _pairs_of_rows(csv.DictReader(io.StringIO(text)), name)
    except csv.Error as error:
        raise PairsError(f"“{name}” is not valid CSV: {error}.") from error


def _pairs_of_rows(rows: csv.DictReader[str], name: str) -> PairSet:
    columns = [column.strip() for column in rows.fieldnames or []]
    missing = [column for column in ("ax", "ay", "bx", "by") if column not in columns]
    if missing:
        raise PairsError(f"“{name}” has no column {', '.join(missing)}: the first row must name ax, ay, bx, by.")
    rows.fieldnames = columns
    pairs = []
    for number, row in enumerate(rows, start=1):
        where = f"row {number} of “{name}”"
        values: dict[str, Any] = {
            key: value.strip() for key, value in row.items() if key and isinstance(value, str) and value.strip()
        }
        if not values:
            continue
        for picture in "ab":
            values[picture] = [values.pop(picture + axis, "") for axis in "xy"]
        pairs.append(_pair_from(values, where, fallback_id=number))
    return PairSet(tuple(_unique_ids(pairs)))


def _parse_json(text: str, name: str) -> PairSet:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PairsError(f"“{name}” is not valid JSON: {error}.") from error
    rows = data.get("pairs") if isinstance(data, dict) else data
    if not isinstance(rows, list):
        raise PairsError(f"“{name}” holds no list “pairs”.")
    return PairSet.from_dicts(rows, f"“{name}”")


def _parse_official(text: str, name: str) -> Points:
    points = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        numbers = line.split(",")
        try:
            y, x = (_number(value) for value in numbers)
        except ValueError as error:
            raise PairsError(f"Line {number} of “{name}” is not “y, x”: {line.strip()[:40]!r}.") from error
        points.append((x, y))
    return as_points(points)


def _format_official(points: Points) -> str:
    return "".join(f"{round(y)}, {round(x)}\n" for x, y in points)


def _pair_from(row: dict[str, Any], where: str, fallback_id: int) -> PointPair:
    origin = row.get("origin", "placed")
    if origin not in get_args(Origin):
        raise PairsError(f"In {where} the origin {origin!r} is none of {', '.join(get_args(Origin))}.")
    try:
        return PointPair(
            id=int(row.get("id", fallback_id)),
            a=_point(row["a"]),
            b=_point(row["b"]),
            rank=_number(row.get("rank", 0.0)),
            confidence=min(max(_number(row.get("confidence", 1.0)), 0.0), 1.0),
            level=int(row.get("level", 0)),
            origin=origin,
            locked=bool(row.get("locked", False)),
            enabled=bool(row.get("enabled", True)),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise PairsError(f"In {where} a number is missing or is not one ({error}).") from error


def _point(value: Any) -> Point:
    if isinstance(value, str):
        raise ValueError(f"{value!r} is not two numbers")
    x, y = value
    return _number(x), _number(y)


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not finite")
    return number


def _unique_ids(pairs: list[PointPair]) -> list[PointPair]:
    """Renumber from 1 if a file uses a number twice (a hand-made file may have no ids at all)."""
    if len({pair.id for pair in pairs}) == len(pairs):
        return pairs
    return [replace(pair, id=number) for number, pair in enumerate(pairs, start=1)]
