"""TIFF of numbers that Pillow does not know or gets wrong: floats of 16 to 64 bits, integers of 32 and more."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, TiffImagePlugin

from studio.codecs.exif import Block
from studio.codecs.quiet import decoded
from studio.codecs.source import Damaged
from studio.codecs.tiff import BITS, SAMPLE_FORMAT, SAMPLES

_UNSIGNED, _FLOAT = 1, 3
# TIFF 6.0: the least and largest value, as shorts and in the type of the samples.
_LIMITS = ((280, 281), (340, 341))
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d"}


def wraps(image: Image.Image) -> bool:
    """Whether Pillow would take unsigned integers of 32 bits for signed ones."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or image.mode != "I":
        return False
    return image.tag_v2.get(BITS) in (32, (32,)) and image.tag_v2.get(SAMPLE_FORMAT, 1) in (_UNSIGNED, (_UNSIGNED,))


def numbers(content: bytes) -> npt.NDArray[Any] | None:
    """All values of the first page, (h, w) or (h, w, 3 or 4), in their own type; None if they can't be read."""
    block = Block(content)
    entries = {entry.tag: entry for entry in block.directory(block.first)}
    if any(entry.start + entry.length > len(content) for entry in entries.values()):
        raise Damaged("the file ends too early")
    values = block.values(block.first)
    form, bits = (_first(block, values.get(tag)) for tag in (SAMPLE_FORMAT, BITS))
    samples = _first(block, values.get(SAMPLES)) or 1
    if (form, bits) != (_FLOAT, 16):
        return _of(samples, decoded(content))
    # OpenCV refuses halves, but moves any 16 bits: let them be integers until they are here.
    entry = entries[SAMPLE_FORMAT]
    for place in range(entry.start, entry.start + entry.length, 2):
        struct.pack_into(block.order + "H", block.content, place, _UNSIGNED)
    moved = _of(samples, decoded(bytes(block.content)))
    return None if moved is None or moved.dtype != np.uint16 else moved.view(np.float16)


def _of(samples: int, values: npt.NDArray[Any] | None) -> npt.NDArray[Any] | None:
    """The values if all channels are there: OpenCV leaves out those that it does not know."""
    return values if values is not None and values.size == values.shape[0] * values.shape[1] * samples else None


def limits(image: Image.Image) -> tuple[float, float] | None:
    """The least and largest value of the samples, if an opened TIFF tells them."""
    tags = getattr(image, "tag_v2", {})
    for least, largest in reversed(_LIMITS):
        if largest in tags:
            return _number(tags.get(least, 0)), _number(tags[largest])
    return None


def limits_of(content: bytes) -> tuple[float, float] | None:
    """As `limits`, for a TIFF that Pillow does not open."""
    block = Block(content)
    values = block.values(block.first)
    for least, largest in reversed(_LIMITS):
        if largest in values:
            low, high = (_first(block, values.get(tag)) for tag in (least, largest))
            return low or 0.0, high
    return None


def _first(block: Block, value: tuple[int, bytes] | None) -> Any:
    if value is None or value[0] not in _CODES:
        return None
    return struct.unpack_from(block.order + _CODES[value[0]], value[1])[0]


def _number(value: Any) -> float:
    return float(value[0] if isinstance(value, tuple) else value)
