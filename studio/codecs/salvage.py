"""Pictures whose file is not whole: parts without which they can be decoded are passed over, ends supplied."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from studio.codecs.source import Damaged
from studio.codecs.splice import spliced

ENOUGH = 0.75
"""Share of the rows that must be there for a picture to be opened."""
BY_ROWS = ("JPEG", "MPO", "BMP", "PPM", "TIFF")
"""Formats whose decoders, as Pillow has them, hand over what they have when a file ends too early."""
_FAILED = (OSError, SyntaxError, EOFError, struct.error, ValueError, LookupError, TypeError, AttributeError)
_ADOBE = 14
"""Length of the segment that tells the colours of a CMYK picture, at least."""
_END = b"\xff\xd9"
_NOISE = 1 << 16
"""Bytes, 64 KB: more than a row of blocks takes."""
_SCAN, _PROGRESSIVE = 0xDA, 0xC2


def load_partly(opener: Callable[[int], Image.Image]) -> tuple[Image.Image, list[tuple[int, int]]]:
    """The picture loaded as far as it goes, and the rows, (first, beyond), that are not there.

    It is decoded twice, over black and over white: a row that differs was not reached. `opener` is called with the
    number of the attempt, 0 or 1.
    """
    layers = []
    for number, value in enumerate((0, 255)):
        image = opener(number)
        bands = len(image.getbands())
        image.im = Image.new(image.mode, image.size, value if bands == 1 else (value,) * bands).im
        try:
            image.load()
        except OSError as error:
            if error.errno is not None:  # the disk, not the file
                raise
        except _FAILED:
            pass
        image.tile = []  # type: ignore[attr-defined]  # what there is, is there
        layers.append(image)
    black, white = (np.asarray(image) for image in layers)
    if black.shape != white.shape:
        raise Damaged("nothing was decoded")
    reached = (black == white).reshape(len(black), -1).all(axis=1)
    return layers[0], _stretches(~reached)


def with_end(file: BinaryIO, number: int) -> BinaryIO:
    """A JPEG with the end marker that it lacks; in the second attempt with noise in between.

    The decoder makes something up for what is missing: where both attempts agree, it needed nothing of it.
    """
    noise = np.random.default_rng(0).integers(1, 255, _NOISE, np.uint8).tobytes() if number else b""
    return spliced(file, [(0, file.seek(0, 2))], noise + _END)


def _stretches(rows: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, beyond) of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]])))
    return [(int(first), int(beyond)) for first, beyond in edges.reshape(-1, 2)]


def without_odd_segments(file: BinaryIO) -> BinaryIO:
    """A JPEG without the segments that only describe it. Raises `Damaged`."""
    parts, place = [(0, 2)], 2
    end = file.seek(0, 2)
    while True:
        file.seek(place)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF:
            raise Damaged("no pixels")
        marker, length = head[1], int.from_bytes(head[2:], "big")
        if marker == 0xFF:  # fill byte
            place += 1
            continue
        if marker == _SCAN:
            parts.append((place, end - place))
            return spliced(file, parts)
        describes = marker == 0xFE or (0xE1 <= marker <= 0xEF and (marker != 0xEE or length < _ADOBE))
        if not describes:
            parts.append((place, 2 + length))
        place += 2 + length


def check_passes(file: BinaryIO) -> None:
    """Raise `Damaged` if the whole passes of a progressive JPEG leave out brightness of any frequency.

    The last pass that has begun is not counted, for it may be cut off.
    """
    file.seek(0)
    content = file.read()
    known = [False] * 64
    place = content.find(bytes([0xFF, _PROGRESSIVE]))
    first = content[place + 10] if 0 <= place < len(content) - 10 else 1
    scans = []
    place = content.find(bytes([0xFF, _SCAN]))
    while place >= 0:
        count = content[place + 4] if place + 4 < len(content) else 0
        span = content[place + 5 + 2 * count : place + 7 + 2 * count]
        if len(span) == 2:
            scans.append((content[place + 5 : place + 5 + 2 * count : 2], *span))
        place = content.find(bytes([0xFF, _SCAN]), place + 2)
    for components, low, high in scans[:-1]:
        if first in components:
            known[low : high + 1] = [True] * (min(high, 63) + 1 - low)
    if not all(known):
        raise Damaged("whole passes are missing")


def is_progressive(image: Image.Image) -> bool:
    """Whether its details come pass after pass, each over the whole picture."""
    return bool(image.info.get("progressive"))


def is_by_rows(image: Image.Image) -> bool:
    """Whether `load_partly` can tell how much of it is there."""
    if not isinstance(image, ImageFile.ImageFile) or image.format not in BY_ROWS:
        return False
    return image.format != "TIFF" or all(tile[0] == "raw" for tile in image.tile)


def webp_pixels(content: bytes) -> bytes:
    """A WebP of only the chunks that its pixels need, for one whose other chunks are cut off. Raises `Damaged`."""
    from studio.codecs.webp import riff, riff_chunks

    needed = []
    for name, part in riff_chunks(content):
        if name in (b"VP8X", b"ICCP", b"ALPH", b"VP8 ", b"VP8L"):
            needed.append((name, bytes([part[0] & 0x30]) + part[1:] if name == b"VP8X" else part))
    stretch = 12 + sum(8 + len(part) + len(part) % 2 for _, part in needed)
    if not needed or needed[-1][0] not in (b"VP8 ", b"VP8L") or stretch > len(content) + 1:
        raise Damaged("no pixels")
    body = b"WEBP" + b"".join(riff(*one) for one in needed)
    return b"RIFF" + struct.pack("<I", len(body)) + body
