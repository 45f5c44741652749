"""One picture brought onto the other by their pairs, to see whether the pairs are right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from studio.arrays import Pixels, Size
from studio.morph.light import mix_with_alpha
from studio.morph.options import MorphOptions
from studio.morph.plates import Plates, plates_of
from studio.pairs import PairSet
from studio.picture import Picture
from studio.warp.apply import warp_picture
from studio.warp.controls import control_points
from studio.warp.options import WarpOptions
from studio.warp.point_warp import PointWarp

AS_THEY_ARE = WarpOptions(untangle=False)


@dataclass(frozen=True, eq=False)
class Aligned:
    """B on A.

    Attributes
    ----------
    pixels : (h, w, 3|4) uint8
        B, pulled so that the points of its pairs lie on those of A; as many pixels as `Ground.a` has.
    notes : tuple of str
        Sentences about pairs that can't be followed all at once.
    """

    pixels: Pixels = field(repr=False)
    notes: tuple[str, ...]


class Ground:
    """Two pictures in the frame of A: what stays as it is while pairs change.

    Attributes
    ----------
    a : (h, w, 3|4) uint8
        A, of at most `longest_side` pixels.
    size : (int, int)
        Width and height of A itself.
    """

    def __init__(self, a: Picture, b: Picture, longest_side: int = 0) -> None:
        self._plates: Plates = plates_of(a, b, MorphOptions(frame="a"), longest_side)
        self.a = self._straight(self._plates.a)
        self.size: Size = a.size

    def aligned(self, pairs: PairSet, options: WarpOptions | None = None) -> Aligned:
        """B pulled onto A by the enabled pairs; "halfway" shows what its refinement starts from.

        By default the warp is that of a morph, but every pair counts as it is: a wrong one, which a morph makes give
        way or leaves out, is to be seen here. (That takes 50 ms a step of a drag, where untangling takes up to 4 s.)
        """
        options, plates = options or AS_THEY_ARE, self._plates
        controls = control_points(pairs, plates.size_a, plates.size_b, plates.size, options, moment=0.0)
        # At the beginning of a morph A is as it is, and B has the shapes of A.
        into_b = PointWarp(controls, options).one_field(0.0, 1)
        return Aligned(self._straight(warp_picture(plates.b, into_b)), controls.notes)

    def _straight(self, plate: npt.NDArray[Any]) -> Pixels:
        return mix_with_alpha(plate, plate, 0.0, False) if self._plates.has_alpha else plate


__all__ = ["Aligned", "Ground"]
