"""Where a picture dreams."""

from __future__ import annotations

import numpy as np

from studio.arrays import FloatPixels, Size
from studio.dream.goals import GoalError
from studio.language import tr
from studio.picture import Picture


def mask_of(picture: Picture, size: Size) -> FloatPixels:
    """(h, w) from 0 (black or transparent) to 1 (white), of a mask for a picture of `size`.

    Raises
    ------
    GoalError
        It has another shape than the picture, or is black everywhere.
    """
    width, height = picture.size
    if abs(width * size[1] - height * size[0]) > max(width, height, *size):
        raise GoalError(
            tr(
                "The mask “{name}” is {width} x {height} px, which is another shape than the picture's.",
                name=picture.name,
                width=width,
                height=height,
            )
        )
    pixels = picture.shown(picture.size).astype(np.float32).mean(axis=2) / 255.0
    opacity = picture.opacity(picture.size)
    mask: FloatPixels = pixels if opacity is None else pixels * opacity
    if not float(mask.max()) > 0.0:
        raise GoalError(tr("The mask “{name}” is black everywhere, so nothing would change.", name=picture.name))
    return mask
