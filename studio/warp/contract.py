"""The one contract of all warps, `(pairs, t, size) -> dense backward field`, and its quick form for a slider."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from studio.arrays import Size
from studio.errors import StudioError
from studio.language import tr
from studio.pairs import PairSet
from studio.warp.controls import control_points
from studio.warp.field import Field, Nodes
from studio.warp.options import WarpOptions
from studio.warp.point_warp import FieldPair, InBetween, PointWarp


class WarpError(StudioError):
    """A warp that can't be made of what was given."""


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
    the sizes exchanged. At 0 it is the identity; at 1 A takes the shape of B. Matched pairs give way as far as this
    moment needs it. "halfway" needs the pictures themselves and is `studio.warp.halfway.refine`; here it is what it
    starts from.

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
    return PointWarp(control_points(pairs, size_a, size_b, size, options, t), options).one_field(t, 0)


def field_between(pairs: PairSet, size_a: Size, size_b: Size, options: WarpOptions) -> Field:
    """For each pixel of B the pixel of A that corresponds to it, as a field over B, by the pairs alone."""
    whole = backward_field(pairs, 1.0, size_b, options, size_a, size_b)
    return whole.rescaled(size_b, size_b, size_a)


def _lagrange(keys: npt.NDArray[np.float64], t: float) -> list[float]:
    """The weight of each key in the polynomial through all of them, at `t`."""
    return [float(np.prod([(t - other) / (key - other) for other in keys if other != key])) for key in keys]


def _weighted(weights: list[float], nodes: list[Nodes]) -> Nodes:
    """Sums without the linear algebra library, whose threads take longer to wake up than this takes."""
    total = nodes[0] * np.float32(weights[0])
    for weight, more in zip(weights[1:], nodes[1:], strict=True):
        cv2.scaleAdd(more, weight, total, dst=total)
    return total
