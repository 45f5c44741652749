"""The one contract of all warps, `(pairs, t, size) -> dense backward field`, and its quick form for a slider."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from studio.errors import StudioError
from studio.geometry import Points, Size
from studio.language import tr
from studio.pairs import PairSet
from studio.warp import field as fields
from studio.warp.controls import Controls, control_points
from studio.warp.field import Field, Nodes
from studio.warp.fields import LeastSquares, scaled_moves
from studio.warp.options import WarpOptions
from studio.warp.splines import ThinPlate
from studio.warp.triangles import triangle_moves, triangulate

FieldPair = tuple[Field, Field]

_SMALL = 300_000
"""Pixels of a frame up to which every node of a field is computed."""


class WarpError(StudioError):
    """A warp that can't be made of what was given."""


class InBetween(ABC):
    """Two pictures on their way to each other: at each moment a field into A and one into B.

    Attributes
    ----------
    size : (int, int)
        The frame.
    keys : tuple of float
        Moments at which it is worth computing fields if those of all others are to be interpolated.
    smooth : bool
        Whether fields vary smoothly in time, so that a polynomial through the keys holds; else pieces of lines.
    """

    size: Size
    keys: tuple[float, ...]
    smooth: bool

    def settled(self, pair: FieldPair, t: float) -> FieldPair:
        """Interpolated fields of the moment `t`, with what is known exactly put right."""
        del t
        return pair

    @abstractmethod
    def fields(self, t: float) -> FieldPair:
        """The fields of the moment `t`, 0 to 1: into A (the identity at 0) and into B (the identity at 1)."""

    def one_field(self, t: float, side: int) -> Field:
        """That of `fields` into A (`side` 0) or into B (1), without the other if that saves time."""
        return self.fields(t)[side]


class PointWarp(InBetween):
    """In-betweens whose control points travel on straight lines (moving least squares, splines, triangles)."""

    def __init__(self, controls: Controls, options: WarpOptions) -> None:
        self.size = controls.size
        self.controls = controls
        self.smooth = options.warp != "delaunay"
        self.keys = chebyshev(5) if self.smooth else tuple(index / 16 for index in range(17))
        # What "halfway" starts from, and what stands in for it until it is refined.
        self._kind = "tps" if options.warp == "halfway" else options.warp
        self._options = options
        self._mesh = triangulate(controls.at(0.5)) if self._kind == "delaunay" else None

    def fields(self, t: float) -> FieldPair:
        into_a, into_b = self._made(t, (0, 1))
        return into_a, into_b

    def one_field(self, t: float, side: int) -> Field:
        return self._made(t, (side,))[0]

    def settled(self, pair: FieldPair, t: float) -> FieldPair:
        """With the control points met exactly, which a grid of nodes alone does to a fraction of a pixel."""
        into_a, into_b = self._meeting(pair, (0, 1), t)
        return into_a, into_b

    def _made(self, t: float, sides: tuple[int, ...]) -> tuple[Field, ...]:
        if not self.controls.pairs:
            return (fields.identity(self.size),) * len(sides)
        centres, moves = self.controls.at(t), self.controls.moves
        factors = tuple((-t, 1.0 - t)[side] for side in sides)
        if self._mesh is not None:
            node_moves = triangle_moves(self.size, centres, moves, self._mesh)
            places = fields.node_points(self.size)
            found = tuple(fields.from_lookups(self.size, places + factor * node_moves) for factor in factors)
        else:
            found = fields.evaluated(
                self.size,
                lambda places: self._moves(places, centres, moves, factors),
                self.size[0] * self.size[1] <= _SMALL,
            )
        if self._options.border == "edges":
            found = tuple(map(_with_still_edges, found))
        return self._meeting(found, sides, t)

    def _meeting(self, found: tuple[Field, ...], sides: tuple[int, ...], t: float) -> tuple[Field, ...]:
        if not self.controls.pairs or (self._kind == "tps" and self._options.smoothing > 0):
            return found
        controls, count = self.controls, self.controls.pairs
        inside = self._inside(t)
        points = controls.at(t)[:count][inside]
        ends = tuple((controls.a, controls.b)[side][:count][inside] for side in sides)
        return tuple(one.meeting(points, end) for one, end in zip(found, ends, strict=True))

    def _inside(self, t: float) -> Any:
        """Which pairs lie in the frame at the moment `t`."""
        points = self.controls.at(t)[: self.controls.pairs]
        return ((points > -0.5) & (points < np.asarray(self.size) - 0.5)).all(axis=1)

    def _moves(self, places: Nodes, centres: Points, moves: Points, factors: tuple[float, ...]) -> Any:
        if self._kind == "tps":
            once = ThinPlate(centres, centres + moves, self._options.smoothing)(places) - places
            return np.stack([factor * once for factor in factors])
        kind = cast(LeastSquares, self._kind.removeprefix("mls-"))
        if self._options.border == "free":  # without pins a few close points may decide what happens far away
            places = places.astype(np.float64)
        return scaled_moves(places, centres, moves, factors, kind, self._options.stiffness)


class FieldSeries:
    """The fields of all moments, from those of a few that are computed once.

    `prepare` computes them all; else each is computed when it is first needed. Not for several threads at once.
    """

    def __init__(self, warp: InBetween) -> None:
        self.warp = warp
        self._made: dict[int, FieldPair] = {}

    @property
    def size(self) -> Size:
        """The frame."""
        return self.warp.size

    def key(self, index: int) -> FieldPair:
        """The fields of the moment `warp.keys[index]`."""
        if index not in self._made:
            self._made[index] = self.warp.fields(self.warp.keys[index])
        return self._made[index]

    def prepare(self) -> None:
        """Compute the fields of all keys now."""
        for index in range(len(self.warp.keys)):
            self.key(index)

    @property
    def prepared(self) -> bool:
        """Whether all keys are computed, so that `at` is quick everywhere."""
        return len(self._made) == len(self.warp.keys)

    def at(self, t: float) -> FieldPair:
        """The fields of the moment `t`, 0 to 1, interpolated: into A and into B."""
        keys = np.asarray(self.warp.keys)
        nearest = int(np.abs(keys - t).argmin())
        if abs(keys[nearest] - t) < 1e-9:
            return self.key(nearest)
        if not self.warp.smooth:
            right = int(np.searchsorted(keys, t))
            share = (t - keys[right - 1]) / (keys[right] - keys[right - 1])
            earlier, later = self.key(right - 1), self.key(right)
            a, b = (
                Field(self.size, _weighted([1 - share, share], [one.nodes, other.nodes]))
                for one, other in zip(earlier, later, strict=True)
            )
            return self.warp.settled((a, b), t)
        self.prepare()
        weights = _lagrange(keys, t)
        a, b = (
            Field(self.size, _weighted(weights, [self.key(index)[side].nodes for index in range(len(keys))]))
            for side in (0, 1)
        )
        return self.warp.settled((a, b), t)


def backward_field(pairs: PairSet, t: float, size: Size, options: WarpOptions, size_a: Size, size_b: Size) -> Field:
    """The contract: where each pixel of the in-between of moment `t`, a frame of `size`, is looked up in A.

    Lookups are in pixels of A resized to `size`. The field into B is that of `pairs.swapped()` and `1 - t` with
    the sizes exchanged. At 0 it is the identity; at 1 A takes the shape of B. "halfway" needs the pictures
    themselves and is `studio.warp.halfway.refine`; here it is what it starts from.

    Parameters
    ----------
    pairs : PairSet
        Points in full-size pixels of pictures of `size_a` and `size_b`; only enabled ones count.

    Raises
    ------
    WarpError
        `t` is not within 0 and 1, or the frame is empty.
    """
    if not 0.0 <= t <= 1.0:
        raise WarpError(tr("The moment of an in-between lies between 0 and 1, not at {t}.", t=t))
    if min(size) < 1:
        raise WarpError(tr("The frame of a warp must have at least one pixel."))
    return PointWarp(control_points(pairs, size_a, size_b, size, options), options).fields(t)[0]


def field_between(pairs: PairSet, size_a: Size, size_b: Size, options: WarpOptions) -> Field:
    """For each pixel of B the pixel of A that corresponds to it, as a field over B, by the pairs alone."""
    whole = backward_field(pairs, 1.0, size_b, options, size_a, size_b)
    return whole.rescaled(size_b, size_b, size_a)


def _with_still_edges(warp: Field) -> Field:
    """Moves fade out over the last fiftieth: pins alone leave a little between them."""
    places = fields.node_points(warp.size).reshape(warp.nodes.shape)
    width, height = warp.size
    distance = np.minimum.reduce(
        [places[..., 0] + 0.5, width - 0.5 - places[..., 0], places[..., 1] + 0.5, height - 0.5 - places[..., 1]]
    )
    # From a node outside to one inside the edge itself is interpolated, so the first row inside must be still too.
    share = np.clip((distance - fields.SPACING / 2) / (0.02 * min(warp.size) + fields.SPACING), 0.0, 1.0)[..., None]
    return Field(warp.size, (places + (warp.nodes - places) * share).astype(np.float32))


def chebyshev(count: int) -> tuple[float, ...]:
    """Moments from 0 to 1 at which polynomial interpolation does not swing."""
    return tuple(0.5 - 0.5 * np.cos(np.pi * np.arange(count) / (count - 1)))


def _lagrange(keys: npt.NDArray[np.float64], t: float) -> list[float]:
    """The weight of each key in the polynomial through all of them, at `t`."""
    return [float(np.prod([(t - other) / (key - other) for other in keys if other != key])) for key in keys]


def _weighted(weights: list[float], nodes: list[Nodes]) -> Nodes:
    """Sums without the linear algebra library, whose threads take longer to wake up than this takes."""
    total = nodes[0] * np.float32(weights[0])
    for weight, more in zip(weights[1:], nodes[1:], strict=True):
        cv2.scaleAdd(more, weight, total, dst=total)
    return total
