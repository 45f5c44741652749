"""Lines and contours as constraints of a warp: drawn in A, proposed in B, sampled into pairs of points."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from studio.arrays import Points, Size
from studio.errors import StudioError
from studio.files import read_text
from studio.language import tr
from studio.pairs import PairSet, PointPair
from studio.warp.contract import field_between
from studio.warp.options import WarpOptions

Kind = Literal["straight", "smooth", "bezier"]

SPACING = 0.02
"""Between two samples of a line, as a share of the longer side of A."""
MOST_SAMPLES = 2000
"""Of all lines together: a warp has to be solved for them."""
_FINE = 32
"""Pieces in which the length of a segment is measured."""


class LinesError(StudioError):
    """Lines that do not say what they should."""


@dataclass(frozen=True, eq=False)
class Line:
    """A line or a contour in both pictures, in pixels of each.

    Attributes
    ----------
    a, b : (N, 2)
        For "straight" and "smooth" the nodes. For "bezier" nodes with two handles between each two of them, so that N
        is 3 k + 1, or 3 k if the line is closed. Of `b` as many as of `a`.
    kind : str
        "smooth" goes through its nodes as Catmull and Rom's curve.
    closed : bool
    """

    a: Points
    b: Points
    kind: Kind = "smooth"
    closed: bool = False

    def segments(self, side: Literal["a", "b"]) -> npt.NDArray[np.float64]:
        """(segments, 4, 2): the line as cubic Bézier curves."""
        points = self.a if side == "a" else self.b
        if self.kind == "bezier":
            whole = np.vstack([points, points[:1]]) if self.closed else points
            return np.stack([whole[start : start + 4] for start in range(0, len(whole) - 1, 3)])
        whole = np.vstack([points, points[:1]]) if self.closed else points
        if self.kind == "straight":
            ends = np.diff(whole, axis=0) / 3.0
            tangents = ends, ends
        else:
            before, after = (whole[-2:-1], whole[1:2]) if self.closed else (whole[:1], whole[-1:])
            padded = np.vstack([before, whole, after])
            slopes = (padded[2:] - padded[:-2]) / 6.0
            tangents = slopes[:-1], slopes[1:]
        return np.stack([whole[:-1], whole[:-1] + tangents[0], whole[1:] - tangents[1], whole[1:]], axis=1)


def sampled(lines: Sequence[Line], size: Size, pairs: PairSet) -> PairSet:
    """`pairs`, and those that the lines make: points placed by hand, which never give way.

    Between two nodes both pictures have as many samples, each at equal shares of its own length. `size` is that of A.

    Raises
    ------
    LinesError
        The lines are so long, or so many, that they make more than `MOST_SAMPLES` points.
    """
    spacing = SPACING * max(size)
    number, made = pairs.next_id(), []
    for line in lines:
        for first, second in zip(line.segments("a"), line.segments("b"), strict=True):
            count = max(1, round(_length(first) / spacing))
            shares = np.arange(count) / count
            made.append((_along(first, shares), _along(second, shares)))
        if not line.closed:
            made.append((line.a[-1:], line.b[-1:]))
    total = sum(len(one) for one, _ in made)
    if total > MOST_SAMPLES:
        raise LinesError(
            tr("The lines make {number} points; {most} at most are used.", number=total, most=MOST_SAMPLES)
        )
    points = [pair for one in made for pair in zip(*(side.tolist() for side in one), strict=True)]
    new = [PointPair(number + k, (a[0], a[1]), (b[0], b[1])) for k, (a, b) in enumerate(points)]
    return pairs.with_pairs(new)


def proposed(line: Line, pairs: PairSet, size_a: Size, size_b: Size, options: WarpOptions) -> Line:
    """The line with what the pairs say of its course in B, within B; `line.b` is not looked at."""
    found = field_between(pairs.swapped(), size_b, size_a, options).at(line.a)
    return replace(line, b=np.clip(found, -0.5, np.asarray(size_b, np.float64) - 0.5))


def read_lines(path: Path, pairs: PairSet, size_a: Size, size_b: Size, options: WarpOptions) -> list[Line]:
    """Lines of a JSON file: {"lines": [{"a": [[x, y], ...], "b": [...], "kind": "smooth", "closed": false}]}.

    "b" may be left out: it is proposed by the pairs.

    Raises
    ------
    LinesError
        The file holds something else, or a node lies outside of its picture.
    FileError
        The file can't be read.
    """
    name = Path(path).name
    try:
        entries = json.loads(read_text(path))["lines"]
    except (ValueError, KeyError, TypeError) as error:
        raise LinesError(tr("“{name}” holds no lines: it must be JSON with a list “lines”.", name=name)) from error
    if not isinstance(entries, list):
        raise LinesError(tr("“{name}” holds no lines: it must be JSON with a list “lines”.", name=name))
    lines = []
    for number, entry in enumerate(entries, start=1):
        line = _line(entry, number, name)
        if line.b.size == 0:
            line = proposed(line, pairs, size_a, size_b, options)
        for side, points, size in (("A", line.a, size_a), ("B", line.b, size_b)):
            inside = (points >= -0.5) & (points <= np.asarray(size) - 0.5)
            if not inside.all() and line.kind != "bezier":
                raise LinesError(
                    tr("Line {number} of “{name}” leaves picture {side}.", number=number, name=name, side=side)
                )
        lines.append(line)
    return lines


def _line(entry: Any, number: int, name: str) -> Line:
    if not isinstance(entry, dict):
        raise LinesError(tr("Line {number} of “{name}” is no object.", number=number, name=name))
    kind, closed = entry.get("kind", "smooth"), entry.get("closed", False)
    a, b = (_points(entry.get(side, []), number, name) for side in ("a", "b"))
    if kind not in get_args(Kind) or not isinstance(closed, bool):
        raise LinesError(
            tr(
                "Line {number} of “{name}”: “kind” is one of {kinds}, and “closed” true or false.",
                number=number,
                name=name,
                kinds=", ".join(get_args(Kind)),
            )
        )
    least = 3 if closed else 2
    fits = len(a) >= least if kind != "bezier" else len(a) >= 4 - closed and len(a) % 3 == (0 if closed else 1)
    if not fits or len(b) not in (0, len(a)):
        raise LinesError(
            tr(
                "Line {number} of “{name}” has {a} points in A and {b} in B: it needs as many in both, two or more, "
                "three if it is closed, and for Bézier curves two handles between each two nodes.",
                number=number,
                name=name,
                a=len(a),
                b=len(b),
            )
        )
    return Line(a, b, kind, closed)


def _points(rows: Any, number: int, name: str) -> Points:
    try:
        points = np.asarray(rows, np.float64)
    except (ValueError, TypeError):
        points = np.full((1, 2), np.nan)
    if points.size and (points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all()):
        raise LinesError(tr("Line {number} of “{name}” has points without x and y.", number=number, name=name))
    return points.reshape(-1, 2)


def _at(curve: npt.NDArray[np.float64], t: npt.NDArray[np.float64]) -> Points:
    rest, t = (1.0 - t)[:, None], t[:, None]
    p, q, r, s = curve
    found: Points = rest**3 * p + 3 * rest * rest * t * q + 3 * rest * t * t * r + t**3 * s
    return found


def _lengths(curve: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How long the curve is up to each of `_FINE` + 1 parameters."""
    steps = np.diff(_at(curve, np.linspace(0.0, 1.0, _FINE + 1)), axis=0)
    return np.concatenate([[0.0], np.cumsum(np.hypot(*steps.T))])


def _length(curve: npt.NDArray[np.float64]) -> float:
    return float(_lengths(curve)[-1])


def _along(curve: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]) -> Points:
    """Places at shares of the curve's length."""
    lengths = _lengths(curve)
    if lengths[-1] <= 0.0:
        return np.repeat(curve[:1], len(shares), axis=0)
    return _at(curve, np.interp(shares * lengths[-1], lengths, np.linspace(0.0, 1.0, _FINE + 1)))
