"""Reads a TIFF by strips or rows of tiles at its full depth, and writes one.

Each band of segments is handed on as a small TIFF of its own, with the tags that say how to decode
it: Pillow decodes one of 8 bits, OpenCV one of 16, whose lower bytes Pillow would drop. Channels that
are stored one after the other are read as gray pictures, for Pillow confuses those of 16 bits.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, TiffImagePlugin
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from studio.arrays import Size
from studio.codecs.bands import BAND_BYTES, Band, Deep
from studio.codecs.exif import Block, Entries, append_directory
from studio.codecs.quiet import decoded
from studio.codecs.source import Damaged
from studio.geometry import round_up

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS, PLANAR, PREDICTOR = 273, 277, 278, 279, 284, 317
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS, EXTRA_SAMPLES, SAMPLE_FORMAT = 322, 323, 324, 325, 338, 339
ICC_PROFILE = 34675
# How segments are decoded: also fill order, fax options, colour map, JPEG tables and the kind of YCbCr.
_DECODING = (
    BITS, COMPRESSION, PHOTOMETRIC, 266, SAMPLES, PLANAR, 292, 293, PREDICTOR, 320,
    EXTRA_SAMPLES, SAMPLE_FORMAT, 347, 529, 530, 531, 532,
)  # fmt: skip
# What says how the pixels of a file lie in it, and is not true of another file.
_LAYOUT = frozenset(
    {*range(254, 260), *range(262, 267), *_DECODING, 273, 274, 278, 279, 280, 281, *range(288, 292), 301, 318, 319,
     *range(321, 326), 330, 340, 341, 700, 33723, 34377, ICC_PROFILE, 37724, *range(512, 522)}
)  # fmt: skip
_NONE, _OLD_JPEG, _DEFLATE = 1, 6, 8
_RGB = 2
GRAY_16 = ("I;16", "I;16B", "I;16L", "I;16N")


def loses_depth(image: Image.Image) -> bool:
    """Whether Pillow would reduce the channels of this TIFF from 16 bits to 8."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or image.mode not in ("RGB", "RGBA", "CMYK"):
        return False
    return 16 in _tuple(image.tag_v2.get(BITS, 1))


def is_deep_color(image: Image.Image) -> bool:
    """Whether the TIFF has 16-bit RGB(A), which OpenCV decodes in full."""
    return loses_depth(image) and image.mode != "CMYK"


def is_confusing(image: Image.Image) -> bool:
    """Whether Pillow would decode this TIFF without complaint, but wrongly: 16-bit channels one after the other."""
    return loses_depth(image) and _is_planar(getattr(image, "tag_v2", {}))


def tiff_size(file: BinaryIO) -> Size:
    """What the first directory says, for a TIFF that Pillow does not know. Raises `LookupError`."""
    file.seek(0)
    tags = ImageFileDirectory_v2(file.read(8))
    file.seek(tags.next)
    tags.load(file)
    return int(tags[WIDTH]), int(tags[HEIGHT])


def has_bands(image: Image.Image, largest: int) -> bool:
    """Whether the TIFF's segments can be decoded one by one, none with more pixels than `largest`."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    tags = image.tag_v2
    known = (STRIP_OFFSETS in tags and STRIP_COUNTS in tags) or (TILE_OFFSETS in tags and TILE_COUNTS in tags)
    if not known or tags.get(COMPRESSION, 1) == _OLD_JPEG or (_is_planar(tags) and tags.get(PHOTOMETRIC) != _RGB):
        return False
    rows = tags[TILE_HEIGHT] if TILE_OFFSETS in tags else _rows_per_strip(tags)
    return _is_sliceable(tags) or int(rows) * int(tags[WIDTH]) <= largest


class TiffBands:
    """The rows of a TIFF's first page as stored, band by band.

    If the file ends too early, the rows that are not there are zeros, and `missing` tells them, (first, beyond).
    """

    def __init__(self, file: BinaryIO, image: Image.Image) -> None:
        assert isinstance(image, TiffImagePlugin.TiffImageFile)
        tags = image.tag_v2
        channels = len(image.getbands())
        self.size: Size = (int(tags[WIDTH]), int(tags[HEIGHT]))
        self._is_associated = channels == 4 and _has_associated_alpha(tags)
        if _is_planar(tags):
            self._layers = [_Layer(file, _plane(tags, number), 0) for number in range(channels)]
        else:
            self._layers = [_Layer(file, tags, channels if is_deep_color(image) else 0)]

        self.missing: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[Band]:
        self.missing.clear()
        if len(self._layers) == 1:
            rows, band = 0, None
            try:
                for band in self._layers[0]:
                    rows += _height(band)
                    yield band
            except Damaged:
                if band is None or not self._layers[0].is_cut_off:
                    raise
                self.missing.append((rows, self.size[1]))
            if self.missing and band is not None:
                yield from _blank(band, self.size[1] - rows)
            return
        for planes in zip(*self._layers, strict=True):
            pixels = np.dstack([np.asarray(plane) for plane in planes])
            if pixels.dtype == np.uint16:
                yield _with_straight_alpha(pixels) if self._is_associated else pixels
            else:
                mode = "RGBa" if self._is_associated else "RGBA" if len(planes) == 4 else "RGB"
                yield Image.frombytes(mode, pixels.shape[1::-1], pixels.tobytes())


class _Layer:
    """Rows whose channels lie side by side: those of a whole picture or of one plane of it.

    `deep_channels` says how many channels of 16 bits OpenCV has to decode; 0 leaves it to Pillow.
    """

    def __init__(self, file: BinaryIO, tags: ImageFileDirectory_v2, deep_channels: int) -> None:
        self._file = file
        self._tags = tags
        self._deep_channels = deep_channels
        self._size = int(tags[WIDTH]), int(tags[HEIGHT])
        self.is_cut_off = False
        """Whether the file ended before the segments did."""

    def __iter__(self) -> Iterator[Band]:
        width, height = self._size
        tiled = TILE_OFFSETS in self._tags
        offsets = _tuple(self._tags[TILE_OFFSETS if tiled else STRIP_OFFSETS])
        counts = _tuple(self._tags[TILE_COUNTS if tiled else STRIP_COUNTS])
        if tiled:
            rows, across = int(self._tags[TILE_HEIGHT]), -(-width // int(self._tags[TILE_WIDTH]))
        else:
            rows, across = _rows_per_strip(self._tags), 1
        if rows < 1 or len(offsets) != len(counts) or len(offsets) < across * -(-height // rows):
            raise Damaged("segments are missing")
        row_bytes = _row_bytes(self._tags)
        if _is_sliceable(self._tags) and rows * row_bytes > 2 * BAND_BYTES:
            yield from self._slices(offsets, rows, row_bytes)
            return
        bunch = max(1, BAND_BYTES // max(1, rows * row_bytes))
        for first in range(0, -(-height // rows), bunch):
            top = first * rows
            bottom = min(height, top + bunch * rows)
            last = first + -(-(bottom - top) // rows)
            whole = first
            segments: list[bytes] = []
            while whole < last:
                row = range(whole * across, (whole + 1) * across)
                try:
                    segments += [self._read(offsets[index], counts[index]) for index in row]
                except Damaged:
                    segments = segments[: (whole - first) * across]
                    found = (whole - first) * rows
                    if _is_sliceable(self._tags):
                        self._file.seek(offsets[whole])
                        part = self._file.read(counts[whole])
                        segments.append(part[: len(part) // row_bytes * row_bytes])
                        found += len(part) // row_bytes
                    if found:
                        yield self._decode(segments, found, rows)
                    raise
                whole += 1
            yield self._decode(segments, bottom - top, rows)

    def _slices(self, offsets: tuple[int, ...], rows: int, row_bytes: int) -> Iterator[Band]:
        """Uncompressed strips too high for one band, in portions of rows."""
        height = self._size[1]
        portion = max(1, BAND_BYTES // row_bytes)
        for strip in range(-(-height // rows)):
            high = min(rows, height - strip * rows)
            for top in range(0, high, portion):
                count = min(portion, high - top)
                segment = self._read(offsets[strip] + top * row_bytes, count * row_bytes)
                yield self._decode([segment], count, count)

    def _decode(self, segments: list[bytes], height: int, rows: int) -> Band:
        small = self._small_file(segments, height, rows)
        if self._deep_channels:
            return _decode_deep(small, self._tags, self._deep_channels)
        image = Image.open(io.BytesIO(small), formats=["TIFF"])
        image.load()
        return deep_gray(image, self._tags) if image.mode in GRAY_16 else image

    def _small_file(self, segments: list[bytes], height: int, rows: int) -> bytes:
        tiled = TILE_OFFSETS in self._tags
        small = ImageFileDirectory_v2(prefix=self._tags.prefix)
        for tag in _DECODING:
            if tag in self._tags:
                small.tagtype[tag] = self._tags.tagtype[tag]
                small[tag] = self._tags[tag]
        small[WIDTH], small[HEIGHT] = self._size[0], height
        if tiled:
            small[TILE_WIDTH], small[TILE_HEIGHT] = self._tags[TILE_WIDTH], self._tags[TILE_HEIGHT]
        else:
            small[ROWS_PER_STRIP] = rows
        return _assemble(small, segments, TILE_OFFSETS if tiled else STRIP_OFFSETS)

    def _read(self, offset: int, count: int) -> bytes:
        self._file.seek(offset)
        content = self._file.read(count)
        if len(content) != count:
            self.is_cut_off = True
            raise Damaged("the file ends too early")
        return content


def _height(band: Band) -> int:
    return band.height if isinstance(band, Image.Image) else len(band)


def _blank(like: Band, rows: int) -> Iterator[Band]:
    """So many rows of zeros, in bands of the kind of `like`."""
    most = _height(like)
    for top in range(0, rows, most):
        count = min(most, rows - top)
        if isinstance(like, Image.Image):
            band = like.crop((0, 0, like.width, count))
            band.paste(0 if len(band.getbands()) == 1 else (0,) * len(band.getbands()), (0, 0, *band.size))
            yield band
        else:
            yield np.zeros((count, *like.shape[1:]), like.dtype)


def _decode_deep(content: bytes, tags: ImageFileDirectory_v2, channels: int) -> Deep:
    pixels = decoded(content)
    if pixels is None or pixels.ndim != 3 or pixels.dtype != np.uint16:
        raise Damaged("segments can't be decoded")
    pixels = pixels[..., :channels]
    return _with_straight_alpha(pixels) if channels == 4 and _has_associated_alpha(tags) else cast("Deep", pixels)


def _with_straight_alpha(pixels: npt.NDArray[Any]) -> Deep:
    alpha = np.maximum(pixels[..., 3:].astype(np.float32), 1.0)
    colors = np.clip(np.rint(pixels[..., :3] * (65535.0 / alpha)), 0, 65535)
    return np.concatenate([colors.astype(np.uint16), pixels[..., 3:]], axis=-1)


def deep_gray(image: Image.Image, tags: Any) -> Deep:
    """A 12- or 16-bit gray TIFF that Pillow has decoded, as (h, w, 1) uint16 with black at 0."""
    pixels: Deep = np.asarray(image).astype(np.uint16)[..., None]
    if _tuple(tags.get(BITS, 16)) == (12,):
        pixels = (pixels << np.uint16(4)) | (pixels >> np.uint16(8))
    return np.invert(pixels) if tags.get(PHOTOMETRIC) == 0 else pixels


def encode_tiff(
    pixels: npt.NDArray[Any],
    icc: bytes | None = None,
    exif: bytes | None = None,
    entries: Mapping[int, tuple[int, bytes]] | None = None,
) -> bytes:
    """A TIFF of (h, w, 1, 3 or 4) uint8 or uint16: deflated strips with horizontal prediction, straight alpha.

    A block of EXIF is the beginning of the file, whose byte order is that of the block: all values of it, a
    maker's note with places of its own too, stay where they were, and only the first directory is written anew.

    Parameters
    ----------
    exif : block, without prefix
    entries : tag to (type, bytes), to be added to the first directory
    """
    height, width, channels = pixels.shape
    block = Block(exif) if exif else None
    order = "<" if block is None else block.order
    tags: Entries = {}
    rows = max(1, (1 << 20) // (width * channels * pixels.itemsize))
    body = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4)) if block is None else block.content
    kept = {} if block is None else {e.tag: e for e in block.directory(block.first) if e.tag not in _LAYOUT}
    body += bytes(len(body) % 2)
    starts, counts = [], []
    for top in range(0, height, rows):
        strip = pixels[top : top + rows].astype(pixels.dtype.newbyteorder("<" if order == "<" else ">"))
        strip[:, 1:] -= strip[:, :-1].copy()
        packed = zlib.compress(strip.tobytes(), 6)
        starts.append(len(body))
        counts.append(len(packed))
        body += packed + bytes(len(packed) % 2)

    def numbers(tag: int, code: str, *values: int) -> None:
        tags[tag] = (3 if code == "H" else 4, struct.pack(f"{order}{len(values)}{code}", *values))

    numbers(WIDTH, "I", width)
    numbers(HEIGHT, "I", height)
    numbers(BITS, "H", *[pixels.itemsize * 8] * channels)
    numbers(COMPRESSION, "H", _DEFLATE)
    numbers(PHOTOMETRIC, "H", 1 if channels == 1 else _RGB)
    numbers(STRIP_OFFSETS, "I", *starts)
    numbers(SAMPLES, "H", channels)
    numbers(ROWS_PER_STRIP, "I", rows)
    numbers(STRIP_COUNTS, "I", *counts)
    numbers(PLANAR, "H", 1)
    numbers(PREDICTOR, "H", 2)
    if channels == 4:
        numbers(EXTRA_SAMPLES, "H", 2)
    if icc is not None:
        tags[ICC_PROFILE] = (7, icc)
    tags |= entries or {}
    directory = len(body)
    literal = {e.tag: bytes(body[e.place : e.place + 12]) for e in kept.values() if e.tag not in tags}
    append_directory(body, order, tags, literal)
    struct.pack_into(order + "I", body, 4, directory)
    return bytes(body)


def _assemble(tags: ImageFileDirectory_v2, segments: list[bytes], where: int) -> bytes:
    """Header, directory and segments as one file."""
    tags[TILE_COUNTS if where == TILE_OFFSETS else STRIP_COUNTS] = tuple(len(segment) for segment in segments)
    tags.tagtype[where] = 4
    tags[where] = (0,) * len(segments)
    header = tags.prefix + (b"*\0" if tags.prefix == b"II" else b"\0*")
    header += (8).to_bytes(4, "little" if tags.prefix == b"II" else "big")
    # Pillow adds the directory's end to strip offsets by itself, but not to those of tiles.
    end = len(header) + len(tags.tobytes(8)) if where == TILE_OFFSETS else 0
    starts = np.cumsum([end] + [len(segment) for segment in segments])[:-1]
    tags[where] = tuple(int(start) for start in starts)
    return b"".join([header, tags.tobytes(8), *segments])


def _plane(tags: ImageFileDirectory_v2, number: int) -> ImageFileDirectory_v2:
    """The tags of one plane of a picture, as those of a gray picture."""
    plane = ImageFileDirectory_v2(prefix=tags.prefix)
    for tag in (*_DECODING, WIDTH, HEIGHT, ROWS_PER_STRIP, TILE_WIDTH, TILE_HEIGHT):
        if tag in tags and tag not in (EXTRA_SAMPLES, SAMPLE_FORMAT):
            plane.tagtype[tag] = tags.tagtype[tag]
            plane[tag] = tags[tag]
    bits = _tuple(tags.get(BITS, 1))
    plane[BITS], plane[SAMPLES], plane[PHOTOMETRIC], plane[PLANAR] = bits[min(number, len(bits) - 1)], 1, 1, 1
    for tag in (STRIP_OFFSETS, STRIP_COUNTS, TILE_OFFSETS, TILE_COUNTS):
        if tag in tags:
            values = _tuple(tags[tag])
            count = len(values) // int(tags.get(SAMPLES, 1))
            plane.tagtype[tag] = tags.tagtype[tag]
            plane[tag] = values[number * count : (number + 1) * count]
    return plane


def _is_planar(tags: Any) -> bool:
    return bool(tags.get(PLANAR, 1) == 2 and tags.get(SAMPLES, 1) > 1)


def _has_associated_alpha(tags: Any) -> bool:
    return _tuple(tags.get(EXTRA_SAMPLES, 0)) == (1,)


def _rows_per_strip(tags: Any) -> int:
    return min(int(tags.get(ROWS_PER_STRIP, tags[HEIGHT])), int(tags[HEIGHT]))


def _row_bytes(tags: Any) -> int:
    """Bytes of one decoded row; an estimate for subsampled YCbCr, exact for all else."""
    bits = _tuple(tags.get(BITS, 1))
    samples = int(tags.get(SAMPLES, 1))
    width = round_up(int(tags[WIDTH]), int(tags[TILE_WIDTH])) if TILE_OFFSETS in tags else int(tags[WIDTH])
    return -(-width * (sum(bits) if len(bits) == samples else bits[0] * samples) // 8)


def _is_sliceable(tags: Any) -> bool:
    """Whether strips are plain rows, which can be read in any portions."""
    subsampled = tags.get(PHOTOMETRIC) == 6 and _tuple(tags.get(530, (2, 2))) != (1, 1)
    return STRIP_OFFSETS in tags and tags.get(COMPRESSION, 1) == _NONE and not subsampled


def _tuple(value: Any) -> tuple[int, ...]:
    return tuple(int(one) for one in value) if isinstance(value, tuple | list) else (int(value),)
