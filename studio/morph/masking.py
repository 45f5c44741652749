"""A morph inside a mask only, pasted back: the mask travels with the shapes, and its edge is soft."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from studio.arrays import Pixels, Size
from studio.picture import Picture

Paint = npt.NDArray[np.uint8]
"""(h, w); 255 is inside. Of any size: it lies over the whole picture."""
Masks = tuple[Paint | None, Paint | None]
"""Over A and over B; what has none takes that of the other, which moves along."""

NO_MASKS: Masks = (None, None)


def mask_of(picture: Picture) -> Paint:
    """What a picture says as a mask, (h, w): its transparency if it has any, else how bright it is."""
    alpha = picture.alpha
    if alpha is not None and alpha.min() < 255:
        return np.ascontiguousarray(alpha)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture.pixels[..., :3]), cv2.COLOR_RGB2GRAY), np.uint8)


def in_frame(mask: Paint | None, frame: Size) -> Paint | None:
    """A mask at the size of the frame, (h, w)."""
    if mask is None or mask.shape == frame[::-1]:
        return mask
    shrinks = frame[0] < mask.shape[1]
    resized = cv2.resize(mask, frame, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)


def feathered(mask: Paint, percent: float) -> Paint:
    """With an edge that is soft over `percent` of the longer side, half of it on each side."""
    sigma = percent / 100.0 * max(mask.shape) / 3.0
    if sigma < 0.2:
        return mask
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.uint8)


def paste(made: Pixels, around: npt.NDArray[Any], cover: Paint) -> None:
    """Leave of `made` what `cover` covers, and put `around` elsewhere.

    Parameters
    ----------
    made, around : (h, w, 3|4) uint8
        sRGB, straight alpha; the first is written into.
    cover : (h, w) uint8
    """
    least, most = int(cover.min()), int(cover.max())
    if least == 255:
        return
    if most == 0:
        made[...] = around
        return
    share = cover.astype(np.float32) / np.float32(255)
    if made.shape[2] == 3:
        made[...] = cv2.blendLinear(made, np.ascontiguousarray(around), share, np.float32(1) - share)
        return
    share = share[..., None]
    inside, outside = made[..., 3:] * share, around[..., 3:] * (np.float32(1) - share)
    alpha = inside + outside
    colours = (made[..., :3] * inside + around[..., :3] * outside) / np.maximum(alpha, np.float32(1e-6))
    made[..., :3] = np.rint(colours)
    made[..., 3:] = np.rint(alpha)
