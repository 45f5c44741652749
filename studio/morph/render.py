"""In-between pictures of two pictures, as fast as a slider moves.

`prepare` brings both pictures into one frame. A frame is then two fields, two lookups and one mix. The fields
are computed exactly for the moment asked for until `PreparedMorph.warm` has computed those of the key
moments; from then on they are interpolated, which takes a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from studio.arrays import Pixels, Size
from studio.language import tr
from studio.morph.light import Mixture, mix_with_alpha
from studio.morph.masking import NO_MASKS, Masks, in_frame, paste
from studio.morph.options import MorphOptions
from studio.morph.plates import Plates, plates_of, soft_masks
from studio.morph.residual_flow import Residual, aligning
from studio.morph.timing import colour_at, shape_at
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import Job, Progress, part
from studio.warp.apply import warp_picture
from studio.warp.contract import FieldSeries
from studio.warp.control_set import Controls
from studio.warp.controls import control_points
from studio.warp.field import Field, identity
from studio.warp.jacobian import Foldover, foldover
from studio.warp.options import WarpOptions
from studio.warp.point_warp import FieldPair, InBetween, PointWarp

_SHARES = {"warp a": 0.0, "warp b": 1.0}
"""Of B, in modes that show one picture only."""
_STRIP = 64
"""Rows that are worked on at once: what lies between the steps of a frame then stays in the processor's cache."""


class PreparedMorph:
    """Two pictures, their pairs and options, ready to give frames. Serves one thread at a time.

    Attributes
    ----------
    plates : Plates
    pairs : PairSet
    options : MorphOptions
    controls : Controls
        The points in the frame, for overlays: `controls.at(shape)[:controls.pairs]`.
    residual : Residual, optional
        What aligns the ghosts, once it is known.
    """

    def __init__(
        self,
        plates: Plates,
        pairs: PairSet,
        options: MorphOptions,
        warp: InBetween | None = None,
        controls: Controls | None = None,
        residual: Residual | None = None,
    ) -> None:
        """`warp` is one refined already, `controls` the points of these pairs and `residual` that of the warp."""
        self.plates = plates
        self.pairs = pairs
        self.options = options
        self.controls = controls or control_points(pairs, plates.size_a, plates.size_b, plates.size, options)
        self.residual = residual
        self._halfway_refined = warp is not None or options.warp != "halfway"
        self._series = FieldSeries(warp or PointWarp(self.controls, options))
        self._last: tuple[tuple[float, bool], FieldPair] | None = None
        self._masks = soft_masks(plates, options)

    @property
    def size(self) -> Size:
        """(width, height) of the frames."""
        return self.plates.size

    @property
    def refined(self) -> bool:
        """False while "halfway" shows what its refinement starts from, or ghosts are not aligned yet."""
        return self._halfway_refined and (self.residual is not None or not self._aligns)

    @property
    def is_masked(self) -> bool:
        """Whether only a part of the frame is morphed."""
        return any(mask is not None for mask in self._masks)

    @property
    def refined_warp(self) -> InBetween | None:
        """What the refinement of "halfway" has come to, if it has."""
        return self._series.warp if self.options.warp == "halfway" and self._halfway_refined else None

    @property
    def _aligns(self) -> bool:
        return self.options.align > 0.0 and self.controls.pairs > 0 and self.options.mode != "dissolve"

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the person: what the points can't determine, and a mask that is not there."""
        if self.options.inside == "everything" or self.is_masked:
            return self.controls.notes
        words = tr("Nothing is masked yet: the whole picture is morphed.")
        if self.options.inside == "subject":
            words = tr("Neither picture has transparent parts: the whole picture is morphed.")
        return (*self.controls.notes, words)

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
        if any(getattr(options, name) != getattr(self.options, name) for name in WarpOptions.model_fields):
            return PreparedMorph(self.plates, self.pairs, options)
        return self._with_same_warp(self.plates, options)

    def with_masks(self, masks: Masks) -> PreparedMorph:
        """The same morph of another part, at once; see `Plates.masks`."""
        in_it = in_frame(masks[0], self.size), in_frame(masks[1], self.size)
        return self._with_same_warp(replace(self.plates, masks=in_it), self.options)

    def aligned_by(self, residual: Residual) -> PreparedMorph:
        """The same morph once it is known what aligns its ghosts."""
        other = self._with_same_warp(self.plates, self.options)
        other.residual = residual
        return other

    def _with_same_warp(self, plates: Plates, options: MorphOptions) -> PreparedMorph:
        other = PreparedMorph(plates, self.pairs, options, self._series.warp, self.controls, self.residual)
        other._series, other._halfway_refined = self._series, self._halfway_refined
        return other

    def fields(self, shape: float) -> FieldPair:
        """The fields into A and into B when the shapes have moved by `shape`, 0 to 1; the last ones are kept."""
        shape = min(max(shape, 0.0), 1.0)
        wanted = (shape, self._series.prepared)
        if self._last is None or self._last[0] != wanted:
            found = self._series.at(shape) if wanted[1] else self._series.warp.fields(shape)
            self._last = wanted, self._aligned(found, shape)
        return self._last[1]

    def _aligned(self, pair: FieldPair, shape: float) -> FieldPair:
        if self.residual is None or not self._aligns:
            return pair
        return self.residual.applied(pair, shape, self.options.align)

    def foldover(self, shape: float | None = None) -> Foldover:
        """Whether the warp is one-to-one at `shape`, or, by default, at its worst, all the way to A and to B."""
        if shape is not None:
            return foldover(*self.fields(shape))
        return foldover(*self._at_their_worst())

    def seen_foldover(self, shape: float, colour: float) -> Foldover:
        """What folds of the frame that `frame_at` gives: at an end of the way one picture is there as it is."""
        mode = self.options.mode
        if mode == "dissolve":
            return foldover(identity(self.size))
        colour = _SHARES.get(mode, colour)
        into_a, into_b = self.fields(shape)
        return foldover(*([into_a] if colour < 1.0 else []), *([into_b] if colour > 0.0 else []))

    def worst_foldovers(self) -> tuple[Foldover, Foldover]:
        """Where B's shape folds A, at 1, and where A's shape folds B, at 0."""
        into_a, into_b = self._at_their_worst()
        return foldover(into_a), foldover(into_b)

    def _at_their_worst(self) -> FieldPair:
        if self._aligns and self.residual is not None:
            return self.fields(1.0)[0], self.fields(0.0)[1]
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
        colour = _SHARES.get(self.options.mode, min(max(colour, 0.0), 1.0))
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
        self.paste_back(out, shape, colour)
        return out

    def paste_back(self, made: Pixels, shape: float, colour: float) -> None:
        """Put what is around the mask, if there is one, in its place again; `made` is a frame, and is written to."""
        if not self.is_masked:
            return
        sides = self._sides(0.0 if self.options.mode == "dissolve" else shape, self.options.mode != "dissolve")
        plates, mixture = _plates(self), Mixture(colour, self.options.linear_light)
        fades = self.options.outside == "dissolve" and colour > 0.0
        for first in range(0, self.size[1], _STRIP):
            rows = slice(first, min(first + _STRIP, self.size[1]))
            a, b = (plate[rows] for plate in plates)
            if self.plates.has_alpha:
                around = mix_with_alpha(a, b if fades else a, colour if fades else 0.0, self.options.linear_light)
            else:
                around = mixture.mix(a, b, np.empty_like(a)) if fades else a
            paste(made[rows], around, self._cover(sides, shape, rows))

    def _cover(self, sides: tuple[_Side, _Side], shape: float, rows: slice) -> Pixels:
        """What of some rows is inside: the masks of both pictures, each bent as its picture is."""
        covers = [
            replace(side, plate=mask).rows(rows.start, rows.stop)
            for side, mask in zip(sides, self._masks, strict=True)
            if mask is not None
        ]
        if len(covers) == 1:
            return covers[0]
        return np.asarray(cv2.addWeighted(covers[0], 1.0 - shape, covers[1], shape, 0.0), np.uint8)

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
    masks: Masks = NO_MASKS,
) -> PreparedMorph:
    """Bring two pictures into one frame, at most `longest_side` pixels (0: as large as they are in memory).

    "halfway" gives what its refinement starts from; `preparing` refines. `among` are all pictures of a longer
    morph that these two are neighbours in: the frame is then that of all. `masks`, over A and over B, count if
    `options.inside` is "mask".
    """
    return PreparedMorph(plates_of(a, b, options, longest_side, among, masks), pairs, options)


def preparing(
    a: Picture,
    b: Picture,
    pairs: PairSet,
    options: MorphOptions,
    longest_side: int = 0,
    device: str = "auto",
    among: Sequence[Picture] = (),
    masks: Masks = NO_MASKS,
) -> Job[PreparedMorph]:
    """`prepare` as a job, with all that takes time: refinement of "halfway" and the fields of the key moments."""
    yield Progress(0.0, tr("bringing the pictures into one frame"))
    morph = prepare(a, b, pairs, options, longest_side, among, masks)
    if not morph.refined and morph.controls.pairs:
        morph = yield from part(refining(morph, device), 0.05, 0.9)
    yield from part(morph.warming(), 0.9, 1.0)
    return morph


def refining(morph: PreparedMorph, device: str = "auto") -> Job[PreparedMorph]:
    """Do what a morph needs the pictures for: refine "halfway", align ghosts. Others are handed back as they are.

    `device` as for torch.
    """
    if morph.refined:
        return morph
    options, controls = morph.options, morph.controls
    first, second = (mix_with_alpha(p, p, 0.0, False)[..., :3] if p.shape[2] == 4 else p for p in _plates(morph))
    warp = morph.refined_warp
    if options.warp == "halfway" and warp is None:
        from studio.warp.halfway import refine

        warp = yield from part(refine(first, second, controls, options, device), 0.0, 0.9 if options.align else 1.0)
        morph = PreparedMorph(morph.plates, morph.pairs, options, warp, controls)
    if morph.refined:
        return morph
    fixed = {pair.id for pair in morph.pairs if pair.locked or pair.origin != "matched"}
    by_hand = [index for index, number in enumerate(controls.ids) if number in fixed]
    residual = yield from part(aligning(first, second, morph.fields(0.5), controls.at(0.5)[by_hand]), 0.9, 1.0)
    return morph.aligned_by(residual)


def _plates(morph: PreparedMorph) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    return morph.plates.a, morph.plates.b
