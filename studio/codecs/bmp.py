"""Reads an uncompressed BMP by bands of rows, each handed to Pillow as a small BMP of its own."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image

from studio.codecs.bands import BAND_BYTES, Band
from studio.codecs.source import Damaged

_BITS, _RGB, _BIT_FIELDS = (1, 4, 8, 16, 24, 32), 0, 3


class BmpBands:
    """The rows of a BMP from top to bottom, band by band."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.seek(0)
        fixed = file.read(54)
        if len(fixed) < 54:
            raise Damaged("the header is cut off")
        (self._start,) = struct.unpack_from("<I", fixed, 10)
        size, self._width, height, _, self._bits, self._compression = struct.unpack_from("<IiiHHI", fixed, 14)
        self._is_modern = size >= 40
        self._height, self._bottom_up = abs(height), height > 0
        self._row_bytes = (self._width * self._bits + 31) // 32 * 4

    @property
    def possible(self) -> bool:
        """Whether its rows stand there as they are."""
        return self._is_modern and self._bits in _BITS and self._compression in (_RGB, _BIT_FIELDS)

    def __iter__(self) -> Iterator[Band]:
        self._file.seek(0)
        header = bytearray(self._read(self._start))
        rows = max(1, BAND_BYTES // self._row_bytes)
        for top in range(0, self._height, rows):
            count = min(rows, self._height - top)
            first = self._height - top - count if self._bottom_up else top
            self._file.seek(self._start + first * self._row_bytes)
            struct.pack_into("<i", header, 22, count if self._bottom_up else -count)
            image = Image.open(io.BytesIO(bytes(header) + self._read(count * self._row_bytes)), formats=["BMP"])
            image.load()
            yield image

    def _read(self, count: int) -> bytes:
        content = self._file.read(count)
        if len(content) != count:
            raise Damaged("the file ends too early")
        return content
