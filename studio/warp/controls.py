"""Control points of a warp: the pairs of two pictures brought into one frame, with what holds its border."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from studio.geometry import Points, Size, rescale
from studio.language import tr
from studio.pairs import PairSet
from studio.warp.fields import moving_least_squares
from studio.warp.options import WarpOptions
from studio.warp.untangle import untangled

Frame = Literal["a", "b", "between"]

_EDGE_PINS = 8
"""Pinned points along the longer edge."""


@dataclass(frozen=True, eq=False)
class Controls:
    """Points of both pictures in pixels of one frame.

    Attributes
    ----------
    size : (int, int)
        (width, height) of the frame.
    a, b : (N, 2)
        Where each point is in A and in B: first those of the pairs, untangled if that is asked for, then those
        that hold the border.
    pairs : int
        How many of them come from pairs.
    notes : tuple of str
        Sentences for a person: what the points can't determine.
    """

    size: Size
    a: Points
    b: Points
    pairs: int
    notes: tuple[str, ...] = field(default=())

    def at(self, t: float) -> Points:
        """(N, 2) points on their straight way from A to B."""
        return (1.0 - t) * self.a + t * self.b

    @property
    def moves(self) -> Points:
        """(N, 2) from A to B."""
        return self.b - self.a

    def swapped(self) -> Controls:
        """With the pictures exchanged."""
        return replace(self, a=self.b, b=self.a)


def frame_size(size_a: Size, size_b: Size, frame: Frame) -> Size:
    """The size that both pictures are brought to: that of A, that of B, or their mean."""
    if frame == "a":
        return size_a
    if frame == "b":
        return size_b
    return (size_a[0] + size_b[0] + 1) // 2, (size_a[1] + size_b[1] + 1) // 2


def control_points(pairs: PairSet, size_a: Size, size_b: Size, frame: Size, options: WarpOptions) -> Controls:
    """The enabled pairs, scaled from pictures of `size_a` and `size_b` to the `frame`, and the pins of the border."""
    used = pairs.enabled()
    a, b = rescale(used.a, size_a, frame), rescale(used.b, size_b, frame)
    if options.untangle:
        a, b = untangled(a, b, np.array([pair.locked or pair.origin != "matched" for pair in used], bool))
    notes = _notes(used, a, b, frame, options)
    pins_a, pins_b = _pins(a, b, frame, options)
    return Controls(frame, np.concatenate([a, pins_a]), np.concatenate([b, pins_b]), len(used), notes)


def _pins(a: Points, b: Points, frame: Size, options: WarpOptions) -> tuple[Points, Points]:
    if options.warp == "delaunay" and options.border == "free":
        # Triangles need something to end at: a frame around the frame, that goes along with the points.
        outside = _outline(frame, 2, grow=0.5)
        return outside, moving_least_squares(outside, a, b, "similarity")
    if options.border == "free":
        return np.zeros((0, 2)), np.zeros((0, 2))
    pins = _outline(frame, 1 if options.border == "corners" else _EDGE_PINS)
    if options.warp == "delaunay":
        # The outermost nodes of a field lie just outside; there they follow the edge.
        pins = np.concatenate([pins, _outline(frame, 1, grow=0.5)])
    return pins, pins


def _outline(frame: Size, pieces: int, grow: float = 0.0) -> Points:
    """Points around the frame, a longer side cut into `pieces`; `grow` moves it out by that share of its size."""
    width, height = frame
    longest = max(width, height)
    columns = max(1, round(pieces * width / longest))
    rows = max(1, round(pieces * height / longest))
    x = np.linspace(-grow, 1 + grow, columns + 1) * width - 0.5
    y = np.linspace(-grow, 1 + grow, rows + 1) * height - 0.5
    across = [(value, edge) for edge in (y[0], y[-1]) for value in x]
    down = [(edge, value) for edge in (x[0], x[-1]) for value in y[1:-1]]
    return np.asarray(across + down, dtype=np.float64)


def _notes(pairs: PairSet, a: Points, b: Points, frame: Size, options: WarpOptions) -> tuple[str, ...]:
    count = len(pairs)
    if not count:
        return (tr("There are no pairs: nothing moves, one picture fades into the other."),)
    notes = []
    if options.border == "free" and count == 1:
        notes.append(tr("With one pair the whole picture is only shifted."))
    elif options.border == "free" and count == 2:
        notes.append(tr("With two pairs the whole picture is only turned, scaled and shifted."))
    elif count >= 3 and (_on_a_line(a, frame) or _on_a_line(b, frame)):
        notes.append(
            tr("The points lie on one line, so nothing tells how the places beside it move; add one off the line.")
        )
    for points, others, name in ((a, b, "A"), (b, a, "B")):
        twice = _twice(points, others)
        if twice is not None:
            first, second = pairs[twice[0]].id, pairs[twice[1]].id
            notes.append(
                tr(
                    "Pairs {first} and {second} share one point of {name} but not of the other picture: the warp "
                    "tears or folds there, move or disable one of them.",
                    first=first,
                    second=second,
                    name=name,
                )
            )
    return tuple(notes)


def _on_a_line(points: Points, frame: Size) -> bool:
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return bool(spread[-1] < 1e-3 * max(frame))


def _twice(points: Points, others: Points) -> tuple[int, int] | None:
    """The first two that lie within half a pixel while their partners do not."""
    for index in range(len(points) - 1):
        near = np.hypot(*(points[index + 1 :] - points[index]).T) < 0.5
        apart = np.hypot(*(others[index + 1 :] - others[index]).T) >= 0.5
        hits = np.flatnonzero(near & apart)
        if len(hits):
            return index, index + 1 + int(hits[0])
    return None
