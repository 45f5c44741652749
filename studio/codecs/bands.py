"""The band, the unit in which large and deep pictures are read, and what is done to one."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

Deep: TypeAlias = npt.NDArray[np.uint16]
Band: TypeAlias = Image.Image | Deep
"""Consecutive rows of a picture in its own colours: an 8-bit image, or (rows, width, 1 to 4) uint16."""

BAND_BYTES = 16 << 20
"""About how many decoded bytes a band holds."""


def plain(image: Image.Image) -> Image.Image:
    """The image in a mode that can be resized and colour-managed.

    That is L, LA, RGB, RGBA, CMYK, YCbCr or LAB; a palette, a transparent colour and single bits are resolved.
    """
    if "transparency" in image.info and image.mode in ("1", "L", "P", "RGB"):
        return image.convert("LA" if image.mode in ("1", "L") else "RGBA")
    resolved = {"1": "L", "P": "RGB", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "HSV": "RGB"}
    return image.convert(resolved[image.mode]) if image.mode in resolved else image


def eight_bit(band: Band) -> Image.Image:
    """The band as an 8-bit image, each value rounded to the nearest."""
    if isinstance(band, Image.Image):
        return plain(band)
    pixels = to_eight_bit(band)
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def to_eight_bit(deep: Deep) -> npt.NDArray[np.uint8]:
    """uint16 to uint8: v / 257, rounded; exact, by 16.16 fixed-point arithmetic. Of any shape, which stays."""
    wide = deep.astype(np.uint32)
    wide *= 255
    wide += 32895
    wide >>= 16
    return wide.astype(np.uint8)


def from_opencv(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Swap OpenCV's BGR(A) for RGB(A), whatever the depth; gray stays as it is. (h, w) or (h, w, 1|3|4)."""
    if pixels.ndim == 2 or pixels.shape[2] < 3:
        return pixels
    return np.ascontiguousarray(pixels[..., [2, 1, 0, 3][: pixels.shape[2]]])
