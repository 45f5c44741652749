"""What a hand does to pairs: each function takes a set and gives back another one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Literal

from studio.arrays import Point, Size
from studio.pairs.model import PairSet, PointPair

Which = Literal["A", "B"]


def within(point: Point, size: Size) -> Point:
    """The nearest place to `point` that lies in a picture of that (width, height)."""
    (x, y), (width, height) = point, size
    return min(max(x, -0.5), width - 0.5), min(max(y, -0.5), height - 0.5)


def with_point(pair: PointPair, side: Which, point: Point) -> PointPair:
    """`pair` with its point of one picture elsewhere; a pair that was matched counts as edited then."""
    moved = replace(pair, a=point) if side == "A" else replace(pair, b=point)
    return replace(moved, origin="edited") if pair.origin == "matched" and moved != pair else moved


def shifted(pairs: PairSet, ids: Collection[int], side: Which, by: Point, size: Size) -> PairSet:
    """With the points of these pairs moved by `by` pixels in one picture; locked ones stay.

    They keep their arrangement: where one would leave the picture all stop at its edge.
    """
    moving = [pair for pair in pairs if pair.id in ids and not pair.locked]
    if not moving:
        return pairs
    points = [pair.a if side == "A" else pair.b for pair in moving]
    steps = []
    for axis in (0, 1):
        lowest, highest = min(point[axis] for point in points), max(point[axis] for point in points)
        # A point that lay outside already may come in, but is not pushed.
        room = (min(-0.5 - lowest, 0.0), max(size[axis] - 0.5 - highest, 0.0))
        steps.append(min(max(by[axis], room[0]), room[1]))
    return pairs.with_pairs(
        with_point(pair, side, (x + steps[0], y + steps[1])) for pair, (x, y) in zip(moving, points, strict=True)
    )


def placed(pairs: PairSet, a: Point, b: Point) -> tuple[PairSet, int]:
    """With a pair set by hand, and its number."""
    number = pairs.next_id()
    return pairs.with_pair(PointPair(number, a, b, origin="placed")), number


def deleted(pairs: PairSet, ids: Collection[int]) -> PairSet:
    """Without these pairs; locked ones stay."""
    return pairs.without(pair.id for pair in pairs if pair.id in ids and not pair.locked)


def with_enabled(pairs: PairSet, ids: Collection[int], enabled: bool) -> PairSet:
    """With these pairs in use, or not."""
    return pairs.with_pairs(replace(pair, enabled=enabled) for pair in pairs if pair.id in ids)


def with_locked(pairs: PairSet, ids: Collection[int], locked: bool) -> PairSet:
    """With these pairs held fast, or free."""
    return pairs.with_pairs(replace(pair, locked=locked) for pair in pairs if pair.id in ids)


def renumbered(pairs: PairSet) -> PairSet:
    """Numbered from 1 in the order of the set."""
    return PairSet(tuple(replace(pair, id=number) for number, pair in enumerate(pairs, start=1)))


def mirrored(pairs: PairSet, side: Which, width: int) -> PairSet:
    """What the pairs are when one picture of that width is turned left to right."""

    def turn(point: Point) -> Point:
        return width - 1 - point[0], point[1]

    return PairSet(
        tuple(replace(pair, a=turn(pair.a)) if side == "A" else replace(pair, b=turn(pair.b)) for pair in pairs)
    )


def added(pairs: PairSet, more: Iterable[PointPair]) -> tuple[PairSet, list[int]]:
    """With further pairs at the end under numbers of their own, and these numbers."""
    first = pairs.next_id()
    new = [replace(pair, id=number) for number, pair in enumerate(more, start=first)]
    return PairSet((*pairs.pairs, *new)), [pair.id for pair in new]
