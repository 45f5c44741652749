"""Both pictures of a morph in its frame, and the part of it that is morphed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.arrays import Pixels, Size
from studio.geometry import shrink_within
from studio.morph.light import multiplied
from studio.morph.masking import NO_MASKS, Masks, feathered, in_frame
from studio.morph.options import MorphOptions
from studio.picture import Picture
from studio.warp.controls import frame_size


@dataclass(frozen=True, eq=False)
class Plates:
    """Both pictures in the frame.

    Attributes
    ----------
    a, b : (h, w, 3) uint8, or, if either picture has alpha, (h, w, 4) uint16 multiplied by alpha
    size_a, size_b : (int, int)
        Full sizes of the pictures, in which the points of pairs are.
    masks : of (h, w) uint8, or None
        Where there is a morph, if not everywhere, over A and over B.
    """

    a: npt.NDArray[Any]
    b: npt.NDArray[Any]
    size_a: Size
    size_b: Size
    masks: Masks = NO_MASKS

    @property
    def size(self) -> Size:
        """(width, height) of the frame."""
        return self.a.shape[1], self.a.shape[0]

    @property
    def has_alpha(self) -> bool:
        """Whether frames have a fourth channel."""
        return bool(self.a.shape[2] == 4)


def plates_of(
    a: Picture,
    b: Picture,
    options: MorphOptions,
    longest_side: int = 0,
    among: Sequence[Picture] = (),
    masks: Masks = NO_MASKS,
) -> Plates:
    """Both pictures resized to the frame that the options choose; `among` and `masks` as in `prepare`."""
    frame, has_alpha = common_frame(among or (a, b), options, longest_side)
    in_it = in_frame(masks[0], frame), in_frame(masks[1], frame)
    return Plates(plate_of(a, frame, has_alpha), plate_of(b, frame, has_alpha), a.size, b.size, in_it)


def soft_masks(plates: Plates, options: MorphOptions) -> Masks:
    """What the options say is inside, with soft edges; none is everything."""
    if options.inside == "everything":
        return NO_MASKS
    masks: list[Pixels | None] = list(plates.masks)
    if options.inside == "subject":
        alphas = [
            (plate[..., 3] // 257).astype(np.uint8) if plates.has_alpha else None for plate in (plates.a, plates.b)
        ]
        masks = [None if alpha is None or alpha.min() == 255 else alpha for alpha in alphas]
    first, second = (None if mask is None else feathered(mask, options.feather) for mask in masks)
    return first, second


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
