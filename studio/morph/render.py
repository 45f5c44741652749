"""In-between pictures of two pictures, as fast as a slider moves.

`prepare` brings both pictures into one frame. A frame is then two fields, two lookups and one mix. The fields
are computed exactly for the moment asked for until `PreparedMorph.warm` has computed those of the key
moments; from then on they are interpolated, which takes a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.arrays import Pixels, Size
from studio.geometry import shrink_within
from studio.language import tr
from studio.morph.light import Mixture, mix_with_alpha, multiplied
from studio.morph.options import MorphOptions
from studio.morph.timing import colour_at, shape_at
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import Job, Progress, part
from studio.warp.apply import warp_picture
from studio.warp.contract import FieldSeries
from studio.warp.control_set import Controls
from studio.warp.controls import control_points, frame_size
from studio.warp.field import Field
from studio.warp.jacobian import Foldover, foldover
from studio.warp.options import WarpOptions
from studio.warp.point_warp import FieldPair, InBetween, PointWarp

_STRIP = 64
"""Rows that are worked on at once: what lies between the steps of a frame then stays in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Plates:
    """Both pictures in the frame.

    Attributes
    ----------
    a, b : (h, w, 3) uint8, or, if either picture has alpha, (h, w, 4) uint16 multiplied by alpha
    size_a, size_b : (int, int)
        Full sizes of the pictures, in which the points of pairs are.
    """

    a: npt.NDArray[Any]
    b: npt.NDArray[Any]
    size_a: Size
    size_b: Size

    @property
    def size(self) -> Size:
        """(width, height) of the frame."""
        return self.a.shape[1], self.a.shape[0]

    @property
    def has_alpha(self) -> bool:
        """Whether frames have a fourth channel."""
        return bool(self.a.shape[2] == 4)


class PreparedMorph:
    """Two pictures, their pairs and options, ready to give frames. Serves one thread at a time.

    Attributes
    ----------
    plates : Plates
    pairs : PairSet
    options : MorphOptions
    controls : Controls
        The points in the frame, for overlays: `controls.at(shape)[:controls.pairs]`.
    refined : bool
        False while "halfway" still shows what its refinement starts from.
    """

    def __init__(
        self,
        plates: Plates,
        pairs: PairSet,
        options: MorphOptions,
        warp: InBetween | None = None,
        controls: Controls | None = None,
    ) -> None:
        """`warp` is one refined already, and `controls` the points of these pairs if they are known."""
        self.plates = plates
        self.pairs = pairs
        self.options = options
        self.controls = controls or control_points(pairs, plates.size_a, plates.size_b, plates.size, options)
        self.refined = warp is not None or options.warp != "halfway"
        self._series = FieldSeries(warp or PointWarp(self.controls, options))
        self._last: tuple[tuple[float, bool], FieldPair] | None = None

    @property
    def size(self) -> Size:
        """(width, height) of the frames."""
        return self.plates.size

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the person: what the points can't determine."""
        return self.controls.notes

    @property
    def warm(self) -> bool:
        """Whether fields are interpolated now instead of computed for each frame."""
        return self._series.prepared

    def warming(self) -> Job[None]:
        """Compute the fields of all key moments, one at each step; frames may be asked for in between."""
        count = len(self._series.warp.keys)
        for index in range(count):
            self._series.key(index)
            yield Progress((index + 1) / count, tr("preparing the warp"))

    def with_pairs(self, pairs: PairSet) -> PreparedMorph:
        """The same pictures with other pairs, at once: for every step of a drag."""
        return PreparedMorph(self.plates, pairs, self.options)

    def with_options(self, options: MorphOptions) -> PreparedMorph:
        """The same pictures and pairs with other options.

        Raises
        ------
        ValueError
            `options.frame` is another: the pictures have to be prepared anew.
        """
        if options.frame != self.options.frame:
            raise ValueError("another frame needs the pictures again: use prepare")
        same_warp = all(getattr(options, name) == getattr(self.options, name) for name in WarpOptions.model_fields)
        known = (self._series.warp, self.controls) if same_warp else (None, None)
        other = PreparedMorph(self.plates, self.pairs, options, *known)
        if same_warp:
            other._series, other.refined = self._series, self.refined
        return other

    def fields(self, shape: float) -> FieldPair:
        """The fields into A and into B when the shapes have moved by `shape`, 0 to 1; the last ones are kept."""
        shape = min(max(shape, 0.0), 1.0)
        wanted = (shape, self._series.prepared)
        if self._last is None or self._last[0] != wanted:
            self._last = wanted, (self._series.at(shape) if wanted[1] else self._series.warp.fields(shape))
        return self._last[1]

    def foldover(self, shape: float | None = None) -> Foldover:
        """Whether the warp is one-to-one at `shape`, or, by default, at its worst, all the way to A and to B."""
        if shape is not None:
            return foldover(*self.fields(shape))
        return foldover(*self._at_their_worst())

    def worst_foldovers(self) -> tuple[Foldover, Foldover]:
        """Where B's shape folds A, at 1, and where A's shape folds B, at 0."""
        into_a, into_b = self._at_their_worst()
        return foldover(into_a), foldover(into_b)

    def _at_their_worst(self) -> FieldPair:
        if self._series.prepared:
            return self._series.at(1.0)[0], self._series.at(0.0)[1]
        warp = self._series.warp
        return warp.one_field(1.0, 0), warp.one_field(0.0, 1)

    def frame(self, t: float, out: Pixels | None = None) -> Pixels:
        """The picture of the moment `t`, 0 to 1, by the curves of the options: (h, w, 3) or (h, w, 4) uint8, sRGB.

        `out`, if given, is an array of that shape to write into.
        """
        return self.frame_at(shape_at(t, self.options), colour_at(t, self.options), out)

    def frame_at(self, shape: float, colour: float, out: Pixels | None = None) -> Pixels:
        """The picture whose shapes have moved by `shape` and whose colours have faded by `colour`, both 0 to 1.

        (h, w, 3) or (h, w, 4) uint8, sRGB, straight alpha; `out` as for `frame`.
        """
        colour = {"warp a": 0.0, "warp b": 1.0}.get(self.options.mode, min(max(colour, 0.0), 1.0))
        sides = self._sides(0.0 if self.options.mode == "dissolve" else shape, self.options.mode != "dissolve")
        width, height = self.size
        out = np.empty((height, width, self.plates.a.shape[2]), np.uint8) if out is None else out
        mixture = Mixture(colour, self.options.linear_light)
        for first in range(0, height, _STRIP):
            last = min(first + _STRIP, height)
            # What has no share is not looked up: it is lent the other's pixels.
            a = sides[0].rows(first, last) if colour < 1.0 else None
            b = sides[1].rows(first, last) if colour > 0.0 or a is None else a
            a = b if a is None else a
            if self.plates.has_alpha:
                out[first:last] = mix_with_alpha(a, b, colour, self.options.linear_light)
            elif a is b:
                out[first:last] = a
            else:
                mixture.mix(a, b, out[first:last])
        return out

    def warped(self, shape: float) -> tuple[Pixels, Pixels]:
        """A and B, each bent to the same in-between shape, to wipe between or to lay over each other.

        (h, w, 3|4) uint8 each, sRGB, straight alpha.
        """
        first, second = (side.rows(0, self.size[1]) for side in self._sides(shape, True))
        if self.plates.has_alpha:
            return mix_with_alpha(first, first, 0.0, False), mix_with_alpha(second, second, 0.0, False)
        return first.copy(), second.copy()

    def _sides(self, shape: float, bends: bool) -> tuple[_Side, _Side]:
        a, b = self.plates.a, self.plates.b
        if not bends or not self.controls.pairs:
            return _Side(a, None), _Side(b, None)
        into_a, into_b = self.fields(shape)
        return _Side(a, into_a if shape > 0.0 else None), _Side(b, into_b if shape < 1.0 else None)


@dataclass(frozen=True, eq=False)
class _Side:
    """A plate and the field that pulls it; None leaves it as it is."""

    plate: npt.NDArray[Any]
    field: Field | None

    def rows(self, first: int, last: int) -> npt.NDArray[Any]:
        """The rows from `first` to before `last` of the pulled plate."""
        if self.field is None:
            return self.plate[first:last]
        return warp_picture(self.plate, self.field.dense(first, last))


def prepare(
    a: Picture,
    b: Picture,
    pairs: PairSet,
    options: MorphOptions,
    longest_side: int = 0,
    among: Sequence[Picture] = (),
) -> PreparedMorph:
    """Bring two pictures into one frame, at most `longest_side` pixels (0: as large as they are in memory).

    "halfway" gives what its refinement starts from; `preparing` refines. `among` are all pictures of a longer
    morph that these two are neighbours in: the frame is then that of all.
    """
    return PreparedMorph(plates_of(a, b, options, longest_side, among), pairs, options)


def preparing(
    a: Picture,
    b: Picture,
    pairs: PairSet,
    options: MorphOptions,
    longest_side: int = 0,
    device: str = "auto",
    among: Sequence[Picture] = (),
) -> Job[PreparedMorph]:
    """`prepare` as a job, with all that takes time: refinement of "halfway" and the fields of the key moments."""
    yield Progress(0.0, tr("bringing the pictures into one frame"))
    morph = prepare(a, b, pairs, options, longest_side, among)
    if options.warp == "halfway" and morph.controls.pairs:
        morph = yield from part(refining(morph, device), 0.05, 0.9)
    yield from part(morph.warming(), 0.9, 1.0)
    return morph


def refining(morph: PreparedMorph, device: str = "auto") -> Job[PreparedMorph]:
    """Refine a "halfway" morph on the pictures; others are handed back as they are. `device` as for torch."""
    if morph.refined:
        return morph
    from studio.warp.halfway import refine

    first, second = (mix_with_alpha(p, p, 0.0, False)[..., :3] if p.shape[2] == 4 else p for p in _plates(morph))
    warp = yield from refine(first, second, morph.controls, morph.options, device)
    return PreparedMorph(morph.plates, morph.pairs, morph.options, warp, morph.controls)


def plates_of(
    a: Picture, b: Picture, options: MorphOptions, longest_side: int = 0, among: Sequence[Picture] = ()
) -> Plates:
    """Both pictures resized to the frame that the options choose; `among` as in `prepare`."""
    frame, has_alpha = common_frame(among or (a, b), options, longest_side)
    return Plates(plate_of(a, frame, has_alpha), plate_of(b, frame, has_alpha), a.size, b.size)


def common_frame(pictures: Sequence[Picture], options: MorphOptions, longest_side: int = 0) -> tuple[Size, bool]:
    """Size of the frame that all these pictures are brought into, and whether it has alpha."""
    frame = frame_size(pictures[0].size, pictures[-1].size, options.frame)
    known = max(max(picture.pixels.shape[:2]) for picture in pictures)
    frame = shrink_within(frame, min(longest_side or known, known))
    return frame, any(picture.alpha is not None for picture in pictures)


def plate_of(picture: Picture, frame: Size, has_alpha: bool) -> npt.NDArray[Any]:
    """A picture resized to a frame, in the form that `Plates` describes.

    (h, w, 3) uint8, or (h, w, 4) uint16 with alpha.
    """
    if has_alpha:
        return _with_alpha(picture, frame)
    return picture.pixels if _is_size(picture, frame) else picture.resized(frame)


def _plates(morph: PreparedMorph) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    return morph.plates.a, morph.plates.b


def _is_size(picture: Picture, size: Size) -> bool:
    return (picture.pixels.shape[1], picture.pixels.shape[0]) == size


def _with_alpha(picture: Picture, frame: Size) -> npt.NDArray[np.uint16]:
    alpha = picture.alpha if picture.alpha is not None else np.full(picture.pixels.shape[:2], 255, np.uint8)
    if _is_size(picture, frame):
        return multiplied(picture.pixels, alpha)
    # Pillow weighs colours by alpha where it resizes "RGBa".
    whole = Image.fromarray(np.dstack([picture.pixels, alpha])).convert("RGBa")
    straight = np.asarray(whole.resize(frame, Image.Resampling.BICUBIC).convert("RGBA"))
    return multiplied(np.ascontiguousarray(straight[..., :3]), np.ascontiguousarray(straight[..., 3]))
