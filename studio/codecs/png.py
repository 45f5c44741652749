"""Reads a PNG by bands of rows at its full depth, and adds chunks to one that lacks them.

Pillow decodes a PNG only as a whole and drops the lower byte of 16-bit colours. Here the stream is
inflated piece by piece, and the row filters of a band (PNG specification, section 9) are undone by
OpenCV, to which the band is handed as a small PNG of its own.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.codecs.bands import BAND_BYTES, Band, from_opencv
from studio.codecs.source import Damaged

Bytes = npt.NDArray[np.uint8]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}
BITS = {GRAY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GRAY_ALPHA: (8, 16), RGB_ALPHA: (8, 16)}
# Row filters need only the distance between like bytes of neighbouring pixels, so a band of any kind can be
# undone as one of these kinds: bytes per pixel -> (colour type, bit depth).
_CARRIERS = {1: (GRAY, 8), 2: (GRAY, 16), 3: (RGB, 8), 4: (RGB_ALPHA, 8), 6: (RGB, 16), 8: (RGB_ALPHA, 16)}


@dataclass(frozen=True, slots=True)
class Header:
    """What a PNG says before its pixels."""

    width: int
    height: int
    bits: int
    color: int
    interlaced: bool
    palette: bytes
    transparency: bytes
    exif: bytes
    start: int
    """Where the first IDAT chunk begins in the file."""

    @property
    def channels(self) -> int:
        """Values per pixel in the file."""
        return CHANNELS[self.color]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row without its filter byte."""
        return -(-self.width * self.channels * self.bits // 8)


def read_header(file: BinaryIO) -> Header:
    """Read all chunks but the pixels, EXIF behind them too. Raises `Damaged`."""
    file.seek(0)
    if file.read(8) != SIGNATURE:
        raise Damaged("no PNG signature")
    found: dict[bytes, bytes] = {}
    start = 0
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            break
        if kind in (b"IHDR", b"PLTE", b"tRNS", b"eXIf"):
            found[kind] = _read(file, length)
            length = 0
        elif kind == b"IDAT" and not start:
            start = file.tell() - 8
        file.seek(length + 4, 1)
    if b"IHDR" not in found or not start:
        raise Damaged("no pixels")
    width, height, bits, color, _, _, interlace = struct.unpack(">IIBBBBB", found[b"IHDR"])
    if color not in CHANNELS or bits not in BITS[color] or not width or not height:
        raise Damaged("impossible header")
    palette, transparency, exif = (found.get(kind, b"") for kind in (b"PLTE", b"tRNS", b"eXIf"))
    return Header(width, height, bits, color, bool(interlace), palette, transparency, exif, start)


class PngBands:
    """The rows of a PNG that is not interlaced, at full depth, band by band."""

    def __init__(self, file: BinaryIO, header: Header) -> None:
        self._file = file
        self._header = header
        self._palette = _palette(header) if header.color == PALETTE else None

    def __iter__(self) -> Iterator[Band]:
        header = self._header
        stream = _Inflated(self._file, header.start)
        # Bits and palette indices grow to bytes and colours.
        grown = header.width * (4 if header.color == PALETTE else header.channels) * max(1, header.bits // 8)
        rows = max(1, BAND_BYTES // grown)
        previous = np.zeros(header.row_bytes, np.uint8)
        step = max(1, header.channels * header.bits // 8)
        for top in range(0, header.height, rows):
            count = min(rows, header.height - top)
            filtered = np.frombuffer(stream.take(count * (header.row_bytes + 1)), np.uint8)
            raw = unfilter(filtered.reshape(count, -1), previous, step)
            previous = raw[-1]
            yield self._band(raw)

    def _band(self, raw: Bytes) -> Band:
        header = self._header
        samples = _samples(raw, header)
        if self._palette is not None:
            return Image.fromarray(self._palette[samples[..., 0]])
        key = np.frombuffer(header.transparency, ">u2") if header.color in (GRAY, RGB) else ()
        opaque = (samples != key).any(axis=-1) if len(key) == header.channels else None
        if header.bits < 8:
            samples = samples * np.uint8(255 // (2**header.bits - 1))
        if opaque is not None:
            alpha = opaque.astype(samples.dtype) * samples.dtype.type(np.iinfo(samples.dtype).max)
            samples = np.concatenate([samples, alpha[..., None]], axis=-1)
        if samples.dtype == np.uint16:
            return samples
        return Image.fromarray(samples[..., 0] if samples.shape[-1] == 1 else samples)


def unfilter(filtered: Bytes, previous: Bytes, step: int) -> Bytes:
    """Undo the row filters.

    Parameters
    ----------
    filtered : (rows, 1 + n) uint8
        Each row with its filter byte in front.
    previous : (n,) uint8
        The row above, unfiltered.
    step : int
        Bytes per pixel, 1 where pixels share a byte.

    Returns
    -------
    (rows, n) uint8
    """
    import cv2

    if not filtered[:, 0].any():
        return filtered[:, 1:]
    if filtered[:, 0].max() > 4:
        raise Damaged("unknown row filter")
    rows, length = filtered.shape
    color, bits = _CARRIERS[step]
    top = np.concatenate([np.zeros(1, np.uint8), previous])
    carrier = SIGNATURE + b"".join(
        (
            chunk(b"IHDR", struct.pack(">IIBBBBB", (length - 1) // step, rows + 1, bits, color, 0, 0, 0)),
            chunk(b"IDAT", zlib.compress(top.tobytes() + filtered.tobytes(), 0)),
            chunk(b"IEND", b""),
        )
    )
    pixels = cv2.imdecode(np.frombuffer(carrier, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise Damaged("row filters")
    pixels = from_opencv(pixels)
    if bits == 16:
        pixels = pixels.astype(">u2")
    raw: Bytes = np.ascontiguousarray(pixels).view(np.uint8).reshape(rows + 1, length - 1)[1:]
    return raw


def chunk(kind: bytes, content: bytes) -> bytes:
    """One PNG chunk with its length and check sum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def insert_chunks(png: bytes, donor: bytes) -> bytes:
    """`png` with the ancillary chunks of the PNG `donor` behind its header."""
    end_of_header = 33
    taken = []
    position = end_of_header
    while position < len(donor):
        length, kind = struct.unpack_from(">I4s", donor, position)
        end = position + 12 + length
        if kind not in (b"PLTE", b"IDAT", b"IEND"):
            taken.append(donor[position:end])
        position = end
    return png[:end_of_header] + b"".join(taken) + png[end_of_header:]


class _Inflated:
    """The bytes that the IDAT chunks hold, taken in portions so that never all are in memory."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self._file.seek(start)
        self._left_in_chunk = 0
        self._inflate = zlib.decompressobj()
        self._waiting = b""

    def take(self, count: int) -> bytearray:
        """The next `count` bytes. Raises `Damaged` or `zlib.error` if there are not so many."""
        out = bytearray()
        while True:
            out += self._inflate.decompress(self._waiting, count - len(out))
            self._waiting = self._inflate.unconsumed_tail
            if len(out) == count:
                return out
            if self._inflate.eof:
                raise Damaged("too few pixels")
            if not self._waiting:
                self._waiting = self._next_piece()

    def _next_piece(self) -> bytes:
        while not self._left_in_chunk:
            length, kind = struct.unpack(">I4s", _read(self._file, 8))
            if kind != b"IDAT":
                raise Damaged("too few pixels")
            self._left_in_chunk = length
            if not length:
                self._file.seek(4, 1)
        piece = _read(self._file, min(self._left_in_chunk, 1 << 20))
        self._left_in_chunk -= len(piece)
        if not self._left_in_chunk:
            self._file.seek(4, 1)
        return piece


def _samples(raw: Bytes, header: Header) -> npt.NDArray[Any]:
    """(rows, width, channels) values as they stand in the file, uint8 or uint16."""
    shape = len(raw), header.width, header.channels
    if header.bits == 16:
        return np.ascontiguousarray(raw).view(">u2").reshape(shape).astype(np.uint16)
    if header.bits == 8:
        return raw.reshape(shape)
    if header.bits == 1:
        return np.unpackbits(raw, axis=1)[:, : header.width, None]
    shifts = np.arange(8 - header.bits, -1, -header.bits, dtype=np.uint8)
    values = (raw[..., None] >> shifts) & np.uint8(2**header.bits - 1)
    return values.reshape(len(raw), -1)[:, : header.width, None]


def _palette(header: Header) -> Bytes:
    """(256, 3 or 4) colours; an index beyond the palette is black, as libpng has it."""
    colors = np.zeros((256, 4), np.uint8)
    colors[:, 3] = 255
    entries = np.frombuffer(header.palette, np.uint8).reshape(-1, 3)[:256]
    colors[: len(entries), :3] = entries
    alpha = np.frombuffer(header.transparency, np.uint8)[:256]
    colors[: len(alpha), 3] = alpha
    return colors if len(alpha) else np.ascontiguousarray(colors[:, :3])


def _read(file: BinaryIO, count: int) -> bytes:
    content = file.read(count)
    if len(content) != count:
        raise Damaged("the file ends too early")
    return content
