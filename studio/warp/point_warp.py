"""Warps as functions of control points: moving least squares, splines and triangles, at any moment of the way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, cast

import numpy as np

from studio.arrays import Points, Size
from studio.warp import field as fields
from studio.warp.control_set import Controls
from studio.warp.field import Field, Nodes
from studio.warp.fields import LeastSquares, scaled_moves
from studio.warp.options import WarpOptions
from studio.warp.splines import ThinPlate
from studio.warp.triangles import triangle_moves, triangulate

FieldPair = tuple[Field, Field]

_SMALL = 300_000
"""Pixels of a frame up to which every node of a field is computed."""


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
        centres = self.controls.at(t)
        if self.controls.bows is None:  # both sides move along one line: what takes the time is shared
            found = self._moved(centres, self.controls.moves, tuple((-t, 1.0 - t)[side] for side in sides))
        else:
            ends = (self.controls.a, self.controls.b)
            found = tuple(self._moved(centres, ends[side] - centres, (1.0,))[0] for side in sides)
        if self._options.border == "edges":
            found = tuple(map(_with_still_edges, found))
        return self._meeting(found, sides, t)

    def _moved(self, centres: Points, moves: Points, factors: tuple[float, ...]) -> tuple[Field, ...]:
        """The fields in which the `centres` make `moves`, times each of `factors`."""
        if self._mesh is not None:
            node_moves = triangle_moves(self.size, centres, moves, self._mesh)
            places = fields.node_points(self.size)
            return tuple(fields.from_lookups(self.size, places + factor * node_moves) for factor in factors)
        return fields.evaluated(
            self.size,
            lambda places: self._moves(places, centres, moves, factors),
            self.size[0] * self.size[1] <= _SMALL,
        )

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
