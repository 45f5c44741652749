"""Reads a PNG by bands of rows at its full depth, and adds chunks to one that lacks them.

Pillow decodes a PNG only as a whole and drops the lower byte of 16-bit colours. Here the stream is
inflated piece by piece, and the row filters of a band (PNG specification, section 9) are undone by
OpenCV, to which the band is handed as a small PNG of its own.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.codecs.bands import BAND_BYTES, Band
from studio.codecs.quiet import decoded
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
    icc: bytes
    """The colour profile, inflated; empty if there is none."""
    significant: int
    """Bits that the file calls significant, those of the channel with most of them; 0 if it does not say."""
    texts: tuple[tuple[bytes, bytes], ...]
    """Kind and content of the text chunks."""
    parts: tuple[tuple[int, int], ...]
    """Offset and length of what takes part in decoding: the file without all that only describes it."""
    start: int
    """Where the first IDAT chunk begins in the file."""
    faults: tuple[str, ...]
    """The kinds of the chunks that are damaged and were passed over."""
    ends: bool
    """Whether the end marker is there."""

    @property
    def channels(self) -> int:
        """Values per pixel in the file."""
        return CHANNELS[self.color]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row without its filter byte."""
        return -(-self.width * self.channels * self.bits // 8)

    @property
    def step(self) -> int:
        """Bytes per pixel, 1 where pixels share a byte."""
        return max(1, self.channels * self.bits // 8)


_DESCRIBING = (b"eXIf", b"iCCP", b"sBIT", b"tEXt", b"zTXt", b"iTXt")
_DECODING = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT")
_LONGEST = 64 << 20
"""Bytes of one chunk that describes, as it stands and inflated: more is not worth the memory."""


def read_header(file: BinaryIO) -> Header:
    """Read all chunks but the pixels, those behind them too. Raises `Damaged`.

    A chunk without which the picture can be decoded is passed over if its check sum is wrong, as the PNG
    specification has it (section 13.2), or if it can't be inflated; `Header.faults` names it.
    """
    file.seek(0)
    if file.read(8) != SIGNATURE:
        raise Damaged("no PNG signature")
    length_of_file = file.seek(0, 2)
    found: dict[bytes, bytes] = {}
    texts, faults, parts = [], [], [(0, 8)]
    start, place, ends = 0, 8, False
    while place + 8 <= length_of_file and not ends:
        file.seek(place)
        length, kind = struct.unpack(">I4s", _read(file, 8))
        whole = place + 12 + length <= length_of_file
        if kind in _DESCRIBING and kind not in found:
            content = _checked(file, kind, length) if whole and length <= _LONGEST else None
            if content is None:
                faults.append(kind.decode("ascii"))
            elif kind in (b"tEXt", b"zTXt", b"iTXt"):
                texts.append((kind, content))
            else:
                found[kind] = content
        elif kind in (b"IHDR", b"PLTE", b"tRNS"):
            content = _read(file, length)
            checks = _read(file, 4) == struct.pack(">I", zlib.crc32(kind + content))
            if checks or kind != b"tRNS":
                found[kind] = content
                parts.append((place, length + 12))
            else:
                faults.append("tRNS")
        elif kind in _DECODING:
            if kind == b"IDAT" and not start:
                start = place
            parts.append((place, min(length + 12, length_of_file - place)))
            ends = kind == b"IEND"
        elif not _is_letters(kind):  # lost between the chunks
            break
        place += 12 + length
    if b"IHDR" not in found or not start:
        raise Damaged("no pixels")
    width, height, bits, color, _, _, interlace = struct.unpack(">IIBBBBB", found[b"IHDR"])
    if color not in CHANNELS or bits not in BITS[color] or not width or not height:
        raise Damaged("impossible header")
    icc = _inflated(found, faults)
    palette, transparency, exif, significant = (found.get(kind, b"") for kind in (b"PLTE", b"tRNS", b"eXIf", b"sBIT"))
    return Header(
        width,
        height,
        bits,
        color,
        bool(interlace),
        palette,
        transparency,
        exif,
        icc,
        max(significant, default=0),
        tuple(texts),
        _joined(parts),
        start,
        tuple(dict.fromkeys(faults)),
        ends,
    )


def keyword_of(content: bytes) -> str:
    """The keyword of a text chunk."""
    return content.partition(b"\0")[0].decode("latin-1")


def text_of(kind: bytes, content: bytes) -> bytes:
    """The text of a text chunk, as its bytes: Latin-1, or UTF-8 in an iTXt. Raises `Damaged`."""
    _, _, rest = content.partition(b"\0")
    is_packed = kind == b"zTXt"
    if kind == b"iTXt":
        is_packed = rest[:1] == b"\x01"
        rest = b"\0".join(rest[2:].split(b"\0")[2:])
    elif is_packed:
        rest = rest[1:]
    return _unpacked(rest) if is_packed else rest


def _inflated(found: dict[bytes, bytes], faults: list[str]) -> bytes:
    """The colour profile, or b"" and one fault more."""
    if b"iCCP" not in found:
        return b""
    try:
        return _unpacked(found[b"iCCP"].partition(b"\0")[2][1:])
    except Damaged:
        faults.append("iCCP")
        return b""


def _unpacked(content: bytes) -> bytes:
    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(content, _LONGEST)
    except zlib.error as error:
        raise Damaged("compressed text") from error
    if not inflate.eof:
        raise Damaged("compressed text that is cut off, or very long")
    return text


def _checked(file: BinaryIO, kind: bytes, length: int) -> bytes | None:
    content = _read(file, length)
    return content if _read(file, 4) == struct.pack(">I", zlib.crc32(kind + content)) else None


def _is_letters(kind: bytes) -> bool:
    return kind.isalpha()


def _joined(parts: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The same stretches, those that touch as one."""
    joined: list[tuple[int, int]] = []
    for offset, length in parts:
        if joined and sum(joined[-1]) == offset:
            joined[-1] = (joined[-1][0], joined[-1][1] + length)
        else:
            joined.append((offset, length))
    return tuple(joined)


class PngBands:
    """The rows of a PNG at full depth, band by band; one that is interlaced comes as a single band.

    If the file ends too early, the rows that are not there are zeros, and `missing` tells them, (first, beyond).
    """

    def __init__(self, file: BinaryIO, header: Header) -> None:
        self._file = file
        self._header = header
        self._palette = _palette(header) if header.color == PALETTE else None
        self.missing: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[Band]:
        header = self._header
        self.missing.clear()
        stream = _Inflated(self._file, header.start)
        if header.interlaced:
            yield self._band(_deinterlaced(stream, header))
            return
        # Bits and palette indices grow to bytes and colours.
        grown = header.width * (4 if header.color == PALETTE else header.channels) * max(1, header.bits // 8)
        rows = max(1, BAND_BYTES // grown)
        previous = np.zeros(header.row_bytes, np.uint8)
        for top in range(0, header.height, rows):
            count = min(rows, header.height - top)
            taken = stream.take(count * (header.row_bytes + 1))
            found = len(taken) // (header.row_bytes + 1)
            filtered = np.frombuffer(taken, np.uint8, found * (header.row_bytes + 1))
            raw = np.zeros((count, header.row_bytes), np.uint8)
            if found:
                raw[:found] = unfilter(filtered.reshape(found, -1), previous, header.step)
            if found < count:
                self.missing[:] = [(self.missing[0][0] if self.missing else top + found, header.height)]
            previous = raw[-1]
            yield self._band(_samples(raw, header))

    def _band(self, samples: npt.NDArray[Any]) -> Band:
        header = self._header
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
    pixels = decoded(carrier)
    if pixels is None:
        raise Damaged("row filters")
    if bits == 16:
        pixels = pixels.astype(">u2")
    raw: Bytes = np.ascontiguousarray(pixels).view(np.uint8).reshape(rows + 1, length - 1)[1:]
    return raw


def chunk(kind: bytes, content: bytes) -> bytes:
    """One PNG chunk with its length and check sum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def insert_chunks(png: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """`png` with chunks, (kind, content), behind its header."""
    end_of_header = 33
    return png[:end_of_header] + b"".join(chunk(*one) for one in chunks) + png[end_of_header:]


class _Inflated:
    """The bytes that the IDAT chunks hold, taken in portions so that never all are in memory."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self._file.seek(start)
        self._left_in_chunk = 0
        self._inflate = zlib.decompressobj()
        self._waiting = b""

    def take(self, count: int) -> bytearray:
        """The next `count` bytes; fewer if there are not so many. Raises `zlib.error`."""
        out = bytearray()
        while True:
            out += self._inflate.decompress(self._waiting, count - len(out))
            self._waiting = self._inflate.unconsumed_tail
            if len(out) == count or self._inflate.eof:
                return out
            if not self._waiting:
                self._waiting = self._next_piece()
                if not self._waiting:
                    return out

    def _next_piece(self) -> bytes:
        """More of the stream; nothing if there is no more."""
        while not self._left_in_chunk:
            head = self._file.read(8)
            if len(head) < 8 or head[4:] != b"IDAT":
                return b""
            (self._left_in_chunk,) = struct.unpack(">I", head[:4])
            if not self._left_in_chunk:
                self._file.seek(4, 1)
        piece = self._file.read(min(self._left_in_chunk, 1 << 20))
        self._left_in_chunk -= len(piece)
        if not self._left_in_chunk:
            self._file.seek(4, 1)
        return piece


# Column and row of the first pixel of each pass, and the steps to the next (PNG specification, section 8.2).
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _deinterlaced(stream: _Inflated, header: Header) -> npt.NDArray[Any]:
    """(height, width, channels) values of an interlaced picture. Raises `Damaged` if some are missing."""
    kind = np.uint16 if header.bits == 16 else np.uint8
    out = np.zeros((header.height, header.width, header.channels), kind)
    for x, y, across, down in _PASSES:
        place = out[y::down, x::across]
        if not place.size:
            continue
        small = replace(header, width=place.shape[1], height=place.shape[0])
        taken = stream.take(small.height * (small.row_bytes + 1))
        if len(taken) < small.height * (small.row_bytes + 1):
            raise Damaged("too few pixels")
        filtered = np.frombuffer(taken, np.uint8).reshape(small.height, -1)
        place[...] = _samples(unfilter(filtered, np.zeros(small.row_bytes, np.uint8), header.step), small)
    return out


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
