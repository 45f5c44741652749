"""The one rule for points outside of a picture: they are refused, in a sentence that names them.

A picture reaches half a pixel beyond the centres of its outermost pixels (see `studio.geometry`); its edge belongs to
it. What comes in from outside (a file, the clipboard, the command line) is checked here; what a hand drags stops at
the edge by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from studio.arrays import Points, Size
from studio.geometry import contains
from studio.language import tr
from studio.pairs.files import read_pairs
from studio.pairs.model import PairsError, PairSet


def read_pairs_within(
    path: Path, a: Size | None, b: Size | None, names: tuple[str, str] = ("A", "B"), *, empty: bool = False
) -> PairSet:
    """As `read_pairs`, for two pictures of these sizes; None where one is not there.

    Raises
    ------
    PairsError, FileError
        As `read_pairs`; or the file holds no pair and `empty` does not allow that; or a point lies outside.
    """
    pairs = read_pairs(path)
    if not len(pairs) and not empty:
        raise PairsError(tr("There are no pairs in “{name}”; nothing was changed.", name=Path(path).name))
    return check_pairs(pairs, a, b, names)


def check_pairs(pairs: PairSet, a: Size | None, b: Size | None, names: tuple[str, str] = ("A", "B")) -> PairSet:
    """`pairs`, if all their points lie in pictures of these sizes. Raises `PairsError` naming the first that does not.

    `names` is what a person calls the pictures.
    """
    wrong = list(_outside(pairs, a, b, names))
    if wrong:
        number, (x, y), name, (width, height) = wrong[0]
        others = len({entry[0] for entry in wrong}) - 1
        values = {"number": number, "x": f"{x:g}", "y": f"{y:g}", "name": name, "width": width, "height": height}
        if others:
            raise PairsError(
                tr(
                    "Pair {number} lies outside of {name} ({width} x {height} px), at ({x}, {y}), and so do {others} "
                    "more; none of the pairs are taken.",
                    others=others,
                    **values,
                )
            )
        raise PairsError(
            tr(
                "Pair {number} lies outside of {name} ({width} x {height} px), at ({x}, {y}); none of the pairs are "
                "taken.",
                **values,
            )
        )
    return pairs


def ids_outside(pairs: PairSet, a: Size | None, b: Size | None) -> list[int]:
    """The numbers of the pairs with a point outside of its picture, in the order of the set."""
    return list(dict.fromkeys(number for number, *_ in _outside(pairs, a, b, ("A", "B"))))


def _outside(
    pairs: PairSet, a: Size | None, b: Size | None, names: tuple[str, str]
) -> Iterator[tuple[int, tuple[float, float], str, Size]]:
    for points, size, name in ((pairs.a, a, names[0]), (pairs.b, b, names[1])):
        if size is not None:
            for row in np.flatnonzero(~contains(points, size)):
                yield pairs[int(row)].id, (float(points[row, 0]), float(points[row, 1])), name, size


def check_points(points: Points, size: Size, name: str = "A") -> Points:
    """`points`, (N, 2), if they lie in a picture of that size. Raises `PairsError` naming the first that does not."""
    for row in np.flatnonzero(~contains(points, size)):
        raise PairsError(
            tr(
                "Point {number} to carry, ({x}, {y}), lies outside of {name} ({width} x {height} px).",
                number=int(row) + 1,
                x=f"{points[row, 0]:g}",
                y=f"{points[row, 1]:g}",
                name=name,
                width=size[0],
                height=size[1],
            )
        )
    return points
