"""Writers of animated GIF, APNG and WebP that hold one frame at a time.

Pillow's own writers keep every frame until the last one is there. So each frame is encoded by Pillow as a
picture of its own, and its compressed data is moved into the container of the film. FFmpeg's muxers
write no recipe into any of the three, and its GIF encoder takes the same colours for every film: at 640 x 480 px a mean
error of 15 of 255 steps, with the palette of the film's own 6.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO, Protocol

import numpy as np
from PIL import Image

from studio.arrays import Pixels, Size
from studio.codecs import metadata
from studio.codecs.webp import extended_header, riff, riff_chunks, three


@dataclass(frozen=True, slots=True)
class Film:
    """What a writer has to know before the first frame.

    Attributes
    ----------
    size : (int, int)
        (width, height)
    has_alpha : bool
        Whether frames are (h, w, 4), straight alpha, instead of (h, w, 3).
    count : int
        Frames.
    fps : float
        Frames per second.
    repeats : bool
        Whether players begin again at the end.
    quality : int
        1 to 100.
    recipe : str
        How the film was made, as JSON.
    samples : sequence of frames
        Typical ones, to choose a palette from.
    """

    size: Size
    has_alpha: bool
    count: int
    fps: float
    repeats: bool
    quality: int
    recipe: str
    samples: Sequence[Pixels] = ()

    def milliseconds(self, index: int, unit: float = 1.0, least: int = 1) -> int:
        """How long frame `index` is shown, in units of `unit` ms, rounded so that the film keeps its time."""
        end, start = (round((index + offset) * 1000.0 / (self.fps * unit)) for offset in (1, 0))
        return max(least, end - start)


class Writer(Protocol):
    """Takes frames one by one; `finish` writes the end."""

    def add(self, frame: Pixels) -> None:
        """Write one more frame. `frame` is (h, w, 3) uint8, sRGB, or (h, w, 4) with straight alpha, as `Film` says."""

    def finish(self) -> None:
        """Write what comes after the last frame."""


class GifWriter:
    """GIF: 256 colours chosen from sample frames, dithered; what is less than half opaque is transparent."""

    def __init__(self, file: BinaryIO, film: Film) -> None:
        self._file, self._film, self._index = file, film, 0
        colours = 255 if film.has_alpha else 256
        small = [
            Image.fromarray(np.ascontiguousarray(s[..., :3])).resize((160, 120), Image.Resampling.NEAREST)
            for s in film.samples
        ]
        board = Image.new("RGB", (160, 120 * len(small)))
        for row, sample in enumerate(small):
            board.paste(sample, (0, 120 * row))
        # Maximum coverage keeps the extreme colours, without which dithering can't reach those in between.
        self._palette = board.quantize(colours, method=Image.Quantize.MAXCOVERAGE)
        table = bytes(self._palette.getpalette() or b"")[:768].ljust(768, b"\0")
        file.write(b"GIF89a" + struct.pack("<HHBBB", *film.size, 0xF7, 0, 0) + table)
        if film.repeats:
            file.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")
        file.write(b"\x21\xfe" + b"".join(_sub_blocks(film.recipe.encode("ascii"))))

    def add(self, frame: Pixels) -> None:
        picture = Image.fromarray(np.ascontiguousarray(frame[..., :3]))
        indices = np.asarray(picture.quantize(palette=self._palette, dither=Image.Dither.FLOYDSTEINBERG))
        transparent = 0
        if self._film.has_alpha:
            indices = np.where(frame[..., 3] < 128, 255, indices).astype(np.uint8)
            transparent = 1
        # Frames with holes are cleared before the next one; others lie on each other.
        flags = (2 if transparent else 1) << 2 | transparent
        delay = self._film.milliseconds(self._index, unit=10.0, least=2)
        self._file.write(b"\x21\xf9\x04" + struct.pack("<BHBB", flags, delay, 255 if transparent else 0, 0))
        self._file.write(b"\x2c" + struct.pack("<HHHHB", 0, 0, *self._film.size, 0))
        self._file.write(_gif_data(indices))
        self._index += 1

    def finish(self) -> None:
        self._file.write(b"\x3b")


def _gif_data(indices: Pixels) -> bytes:
    """The compressed indices, as one frame of a GIF holds them."""
    one = Image.fromarray(indices)
    one = one.convert("P") if one.mode != "P" else one
    one.putpalette(bytes(range(256)) * 3)
    out = io.BytesIO()
    one.save(out, "GIF", optimize=False, interlace=0)
    content = out.getvalue()
    place = 13 + (3 << ((content[10] & 7) + 1) if content[10] & 0x80 else 0)
    while content[place] == 0x21:  # extensions
        place = _after_blocks(content, place + 2)
    local = content[place + 9]
    place += 10 + (3 << ((local & 7) + 1) if local & 0x80 else 0)
    return content[place : _after_blocks(content, place + 1)]


def _after_blocks(content: bytes, place: int) -> int:
    while content[place]:
        place += content[place] + 1
    return place + 1


def _sub_blocks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), 255):
        piece = data[start : start + 255]
        yield bytes([len(piece)]) + piece
    yield b"\0"


class ApngWriter:
    """Animated PNG: lossless, with alpha."""

    def __init__(self, file: BinaryIO, film: Film) -> None:
        self._file, self._film, self._index, self._number = file, film, 0, 0
        file.write(b"\x89PNG\r\n\x1a\n")
        self._chunk(b"IHDR", struct.pack(">IIBBBBB", *film.size, 8, 6 if film.has_alpha else 2, 0, 0, 0))
        self._chunk(b"sRGB", b"\0")
        self._chunk(b"acTL", struct.pack(">II", film.count, 0 if film.repeats else 1))
        self._chunk(b"iTXt", b"Recipe\0\0\0\0\0" + film.recipe.encode("utf-8"))
        self._delay = Fraction(1 / film.fps).limit_denominator(65535)

    def add(self, frame: Pixels) -> None:
        out = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(frame)).save(out, "PNG", compress_level=6)
        numerator, denominator = self._delay.numerator, self._delay.denominator
        # Each frame replaces the one before it, alpha and all.
        control = struct.pack(">IIIIIHHBB", self._next(), *self._film.size, 0, 0, numerator, denominator, 0, 0)
        self._chunk(b"fcTL", control)
        for name, content in _png_chunks(out.getvalue()):
            if name != b"IDAT":
                continue
            if self._index == 0:
                self._chunk(b"IDAT", content)
            else:
                self._chunk(b"fdAT", struct.pack(">I", self._next()) + content)
        self._index += 1

    def finish(self) -> None:
        self._chunk(b"IEND", b"")

    def _next(self) -> int:
        self._number += 1
        return self._number - 1

    def _chunk(self, name: bytes, content: bytes) -> None:
        check = zlib.crc32(content, zlib.crc32(name))
        self._file.write(struct.pack(">I", len(content)) + name + content + struct.pack(">I", check))


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place < len(content):
        (length,) = struct.unpack_from(">I", content, place)
        yield content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        place += length + 12


class WebpWriter:
    """Animated WebP, with alpha; lossless at quality 100."""

    def __init__(self, file: BinaryIO, film: Film) -> None:
        self._file, self._film, self._index = file, film, 0
        self._exif = metadata.comment({"Recipe": film.recipe})
        file.write(b"RIFF\0\0\0\0WEBP")
        flags = 0x02 | (0x10 if film.has_alpha else 0) | (0x08 if self._exif else 0)
        file.write(extended_header(film.size, flags))
        self._chunk(b"ANIM", b"\0\0\0\0" + struct.pack("<H", 0 if film.repeats else 1))

    def add(self, frame: Pixels) -> None:
        out = io.BytesIO()
        lossless = self._film.quality == 100
        picture = Image.fromarray(np.ascontiguousarray(frame))
        picture.save(out, "WEBP", quality=self._film.quality, lossless=lossless, method=2, exact=True)
        width, height = self._film.size
        head = b"\0" * 6 + three(width - 1) + three(height - 1) + three(self._film.milliseconds(self._index))
        # No blending: each frame replaces the one before it, alpha and all.
        pieces = [riff(name, content) for name, content in riff_chunks(out.getvalue()) if name in _WEBP_PICTURE]
        self._chunk(b"ANMF", head + b"\x02" + b"".join(pieces))
        self._index += 1

    def finish(self) -> None:
        if self._exif:
            self._chunk(b"EXIF", self._exif)
        length = self._file.tell() - 8
        self._file.seek(4)
        self._file.write(struct.pack("<I", length))
        self._file.seek(0, io.SEEK_END)

    def _chunk(self, name: bytes, content: bytes) -> None:
        self._file.write(riff(name, content))


_WEBP_PICTURE = (b"ALPH", b"VP8 ", b"VP8L")
