"""The ways in which modes show a result beside what it was made of."""

from __future__ import annotations

from typing import Literal

import numpy as np

from studio.arrays import Pixels
from studio.gui.widgets.compare import Way
from studio.language import translatable

View = Literal["result", "wipe", "sides", "difference", "blink", "onion"]

VIEWS: tuple[tuple[str, View], ...] = (
    (translatable("Result"), "result"),
    (translatable("Wipe"), "wipe"),
    (translatable("Side by side"), "sides"),
    (translatable("Difference"), "difference"),
    (translatable("Blink"), "blink"),
    (translatable("Onion skin"), "onion"),
)
WAYS: dict[View, Way] = {"wipe": Way.WIPE, "difference": Way.DIFFERENCE, "blink": Way.BLINK, "onion": Way.ONION}
"""Of views that compare the result with one picture."""


def fitted(pixels: Pixels, result: Pixels) -> Pixels:
    """A reference on the left of a wipe must have the shape of the result: it is brought to that.

    Both are (h, w, 3|4) uint8.
    """
    import cv2

    height, width = pixels.shape[:2]
    wanted = result.shape[1], result.shape[0]
    if abs(width / height - wanted[0] / wanted[1]) < 0.02:
        return pixels
    # A picture of another shape is cropped around its middle.
    scale = max(wanted[0] / width, wanted[1] / height)
    size = max(wanted[0], round(width * scale)), max(wanted[1], round(height * scale))
    large = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (size[0] - wanted[0]) // 2, (size[1] - wanted[1]) // 2
    return np.ascontiguousarray(large[top : top + wanted[1], left : left + wanted[0]], dtype=np.uint8)
