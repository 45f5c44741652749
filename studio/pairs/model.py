"""Point pairs: the currency of the program."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from studio.arrays import Point, Points
from studio.errors import StudioError
from studio.geometry import as_points
from studio.language import tr

Origin = Literal["matched", "placed", "edited"]
LARGEST_NUMBER = 2**31 - 1
"""Of a pair or a level: what Qt can carry; more digits, as databases have them, end the program in its tables."""


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

    def with_pairs(self, pairs: Iterable[PointPair]) -> PairSet:
        """As `with_pair`, for several at once."""
        changed = {pair.id: pair for pair in pairs}
        kept = tuple(changed.pop(old.id, old) for old in self.pairs)
        return PairSet((*kept, *changed.values()))

    def only(self, ids: Iterable[int]) -> PairSet:
        """The pairs of these numbers, in the order of the set."""
        wanted = set(ids)
        return PairSet(tuple(pair for pair in self.pairs if pair.id in wanted))

    @property
    def ids(self) -> tuple[int, ...]:
        """Numbers, in the order of the set."""
        return tuple(pair.id for pair in self.pairs)

    def next_id(self) -> int:
        """A number that no pair has yet."""
        return max((pair.id for pair in self.pairs), default=0) + 1

    def to_dicts(self) -> list[dict[str, Any]]:
        """Plain values, fit for JSON; `from_dicts` reads them back."""
        return [asdict(pair) for pair in self.pairs]

    @classmethod
    def from_dicts(cls, rows: Sequence[Any], source: str = "") -> PairSet:
        """Read rows with at least `a` and `b`. Raises `PairsError` naming the row and `source`."""
        pairs: list[PointPair] = []
        for number, row in enumerate(rows, start=1):
            where = tr("pair {number} of {source}", number=number, source=source or tr("the list"))
            if not isinstance(row, dict):
                raise PairsError(tr("In {where} there are no coordinates.", where=where))
            pairs.append(pair_from_row(row, where, fallback_id=number))
        return cls(tuple(unique_ids(pairs)))


def pair_from_row(row: dict[str, Any], where: str, fallback_id: int) -> PointPair:
    """One pair of a row that came from outside; `where` names it in the sentence of a `PairsError`.

    `fallback_id`, if it is at least 1, stands for a number that is missing or that nothing here could hold.
    """
    origin = row.get("origin", "placed")
    if origin not in get_args(Origin):
        raise PairsError(
            tr(
                "In {where} the origin {origin!r} is none of {names}.",
                where=where,
                origin=origin,
                names=", ".join(get_args(Origin)),
            )
        )
    try:
        return PointPair(
            id=_number(row.get("id", fallback_id), fallback_id),
            a=_point(row["a"]),
            b=_point(row["b"]),
            rank=finite(row.get("rank", 0.0)),
            confidence=min(max(finite(row.get("confidence", 1.0)), 0.0), 1.0),
            level=whole(finite(row.get("level", 0))),
            origin=origin,
            locked=bool(row.get("locked", False)),
            enabled=bool(row.get("enabled", True)),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise PairsError(
            tr("In {where} a number is missing or is not one ({error}).", where=where, error=error)
        ) from error


def _number(value: Any, fallback: int) -> int:
    """The number of a pair; `fallback` for a name, of which other programs make use, and for one too large."""
    if isinstance(value, str):
        try:
            number = float(value.replace(",", "."))
        except ValueError:
            return fallback
        return int(number) if number.is_integer() and 1 <= number <= LARGEST_NUMBER else fallback
    number = int(value)
    return whole(fallback if abs(number) > LARGEST_NUMBER and fallback > 0 else number)


def _point(value: Any) -> Point:
    if isinstance(value, str):
        raise ValueError(f"{value!r} is not two numbers")
    x, y = value
    return finite(x), finite(y)


def finite(value: Any) -> float:
    """`value` as a number. Raises `ValueError` if it is none, is not finite, or has hundreds of digits."""
    try:
        number = float(value)
    except (TypeError, OverflowError) as error:
        raise ValueError(f"{value!r:.40} is no number") from error
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not finite")
    return number


def whole(value: Any) -> int:
    """`value` as a whole number that Qt's signals and tables carry. Raises `ValueError` or `TypeError`."""
    number = int(value)
    if abs(number) > LARGEST_NUMBER:
        raise ValueError(f"{value!r:.40} is too large")
    return number


def unique_ids(pairs: list[PointPair]) -> list[PointPair]:
    """Renumber from 1 if a file uses a number twice (a hand-made file may have no ids at all)."""
    if len({pair.id for pair in pairs}) == len(pairs):
        return pairs
    return [replace(pair, id=number) for number, pair in enumerate(pairs, start=1)]
