"""From a picture file to sRGB pixels: at a working size in bounded memory, or whole at full depth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops

from studio.arrays import Size
from studio.codecs import metadata
from studio.codecs.bands import Band, Deep, eight_bit, plain
from studio.codecs.bmp import BmpBands
from studio.codecs.color import deep_to_srgb, srgb_converter
from studio.codecs.depth import filled, to_deep
from studio.codecs.identify import (
    BYTES_PER_PIXEL,
    WHOLE_BYTES,
    exceeds_whole,
    identify,
    numbers_of_tiff,
    sides,
    too_many,
    unknown_tiff,
)
from studio.codecs.metadata import Carried
from studio.codecs.png import Header as PngHeader
from studio.codecs.png import PngBands
from studio.codecs.quiet import silence_pillow
from studio.codecs.reduction import Reduction
from studio.codecs.salvage import (
    ENOUGH,
    check_passes,
    is_by_rows,
    is_progressive,
    load_partly,
    with_end,
)
from studio.codecs.source import Damaged, PictureError, Source, reading
from studio.codecs.tiff import (
    GRAY_16,
    TiffBands,
    deep_gray,
    has_bands,
    is_confusing,
    is_deep_color,
    loses_depth,
)
from studio.codecs.tiff_numbers import limits, limits_of, wraps
from studio.geometry import shrink_within
from studio.language import tr, trn
from studio.progress import Job, Progress

BAND_PIXELS = 1 << 24
"""Pictures with more pixels are decoded by bands, where the format allows it."""
MAX_SIDE = 1 << 20
MAX_PIXELS = 1 << 33

# This room bounds the memory by itself: it looks at the size before anything is decoded, and Pillow's own limit
# would stop it from looking.
Image.MAX_IMAGE_PIXELS = None

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a file holds; the fields are those of `studio.picture.Picture`."""

    size: Size
    image: Image.Image
    depth: int
    mode: str
    format: str
    frames: int
    icc: bytes | None
    exif: bytes | None
    carried: Carried
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(slots=True)
class _Opened:
    """A file whose header has been read: how its rows come, and what is known of them."""

    image: Image.Image
    size: Size
    """Of the whole picture as stored."""
    extent: tuple[float, float]
    """Of the picture in the pixels of the bands."""
    bands: Iterable[Band]
    bands_size: Size
    mode: str
    orientation: int
    frames: int
    notes: list[str]
    """What a person should be told at once."""
    texts: tuple[tuple[bytes, bytes], ...] = ()
    """Text chunks of a PNG."""
    ends: bool = True
    """Whether the file has its end marker, as far as that is known."""
    missing: list[tuple[int, int]] = field(default_factory=list)
    """Rows, (first, beyond), that a file which ends too early lacks; known once the bands have come."""


def decode(source: Source, working_side: int) -> Job[Decoded]:
    """Decode the first frame, reduced so that neither side is longer than `working_side`.

    Raises
    ------
    PictureError
        One sentence: what is wrong with the file and what to do.
    """
    with reading(source.name), source.open() as file:
        opened = _open(source, file, working_side)
        reduction = Reduction(opened.bands_size, shrink_within(opened.size, working_side), opened.extent)
        deep = False
        for band in opened.bands:
            deep = deep or not isinstance(band, Image.Image)
            yield Progress(reduction.add(eight_bit(band)), tr("Opening {name}", name=source.name))
        image = reduction.finish()
        icc = opened.image.info.get("icc_profile") or None
        convert, note = srgb_converter(image.mode, icc)
        image = convert(image)
        image = _see_through(image, opened)
        if opened.orientation in _TRANSPOSE:
            image = image.transpose(_TRANSPOSE[opened.orientation])
        size = opened.size[::-1] if opened.orientation >= 5 else opened.size
        exif, carried, is_whole = metadata.keep(opened.image, file, opened.texts)
        frames = opened.frames
        kind = {"MPO": "JPEG"}.get(opened.image.format or "", opened.image.format or "")
        warnings = [*opened.notes, note, "" if is_whole else tr("Its EXIF data are damaged and were ignored.")]
        notes = []
        if frames > 1 and opened.image.format != "MPO":
            pages = trn("The first of {number} pages.", "The first of {number} pages.", frames)
            notes.append(
                pages
                if kind == "TIFF"
                else trn("The first of {number} frames.", "The first of {number} frames.", frames)
            )
        if image.size != size:
            shown = sides(image.size)
            notes.append(tr("Shown reduced from {size} to {shown} pixels.", size=sides(size), shown=shown))
        return Decoded(
            size=size,
            image=image,
            depth=1 if opened.mode == "1" else 16 if deep else 8,
            mode=opened.mode,
            format=kind,
            frames=frames,
            icc=icc,
            exif=exif or None,
            carried=carried,
            notes=tuple(note for note in (*warnings, *notes) if note),
            warnings=tuple(note for note in warnings if note),
        )


def decode_full(source: Source) -> npt.NDArray[Any]:
    """The first frame at full size and depth: (H, W, 3 or 4) uint8 or uint16, sRGB, upright.

    Raises
    ------
    PictureError
        The file can't be read (any more), or memory does not suffice.
    """
    with reading(source.name), source.open() as file:
        opened = _open(source, file, None)
        icc = opened.image.info.get("icc_profile") or None
        width, height = opened.bands_size
        out: npt.NDArray[Any] | None = None
        top = 0
        for band in opened.bands:
            rows = _full_band(band, icc)
            if out is None:
                out = rows if len(rows) == height else np.empty((height, width, rows.shape[-1]), rows.dtype)
            if out is not rows:
                out[top : top + len(rows)] = rows
            top += len(rows)
        if out is None or top != height:
            raise Damaged("rows are missing")
        if _share_there(opened) < 1.0:
            out = _with_opacity(out, opened.missing)
        return _upright(out, opened.orientation)


def _share_there(opened: _Opened) -> float:
    """Share of the rows that came; raises `Damaged` if it is too little to call it the picture."""
    height = opened.bands_size[1]
    share = 1.0 - sum(beyond - first for first, beyond in opened.missing) / height
    if share < ENOUGH:
        raise Damaged("too few rows")
    return share


def _see_through(image: Image.Image, opened: _Opened) -> Image.Image:
    """The picture with the rows that the file lacks fully transparent, and a note of how much there is."""
    share = _share_there(opened)
    if share == 1.0:
        if not opened.ends:
            opened.notes.append(tr("The file ends without its end marker, but all of its pixels are there."))
        return image
    opened.notes.append(
        tr(
            "The file is cut off: {percent} % of its rows are there, the rest is left transparent.",
            percent=min(99, round(100 * share)),
        )
    )
    scale = image.height / opened.bands_size[1]
    rows = [(int(first * scale), -int(-beyond * scale // 1)) for first, beyond in opened.missing]
    return Image.fromarray(_with_opacity(np.asarray(image), rows))


def _with_opacity(pixels: npt.NDArray[Any], missing: Sequence[tuple[int, int]]) -> npt.NDArray[Any]:
    """(h, w, 3 or 4) with an alpha that is 0 in the rows given."""
    if pixels.shape[-1] == 4:
        pixels = pixels.copy()
    else:
        opaque = np.full((*pixels.shape[:2], 1), np.iinfo(pixels.dtype).max, pixels.dtype)
        pixels = np.concatenate([pixels, opaque], axis=-1)
    for first, beyond in missing:
        pixels[first:beyond, :, 3] = 0
    return pixels


def _full_band(band: Band, icc: bytes | None) -> npt.NDArray[Any]:
    if not isinstance(band, Image.Image):
        return deep_to_srgb(band, icc)
    image = plain(band)
    convert, _ = srgb_converter(image.mode, icc)
    return np.asarray(convert(image))


def _upright(pixels: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    turned = {1: 1, 2: 2, 3: 3, 4: 4, 5: 1, 6: 2, 7: 3, 8: 4}[orientation]
    if turned in (2, 3):
        pixels = pixels[:, ::-1]
    if turned in (3, 4):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _open(source: Source, file: BinaryIO, working_side: int | None) -> _Opened:
    """Read the header and choose how the rows are read; with no `working_side` all of them are wanted."""
    silence_pillow()
    image, header, notes = identify(source, file)
    if isinstance(image, np.ndarray):
        return _opened_numbers(image, source, file)
    size = image.size
    if min(size) < 1:
        raise PictureError(tr("“{name}” has no pixels: its size is {size}.", name=source.name, size=sides(size)))
    if max(size) > MAX_SIDE or size[0] * size[1] > MAX_PIXELS:
        raise PictureError(
            tr(
                "“{name}” has {size} pixels, more than can be opened; reduce it with another program.",
                name=source.name,
                size=sides(size),
            )
        )
    frames = int(getattr(image, "n_frames", 1))
    turned = metadata.orientation(image)
    opened = _Opened(image, size, (float(size[0]), float(size[1])), (), size, image.mode, turned, frames, notes)
    if header is not None:
        opened.texts, opened.ends = header.texts, header.ends
    if _by_bands(opened, file, header):
        _use_all_bits(opened, header)
        return opened
    too_much = exceeds_whole(image)
    if working_side is not None and image.format in ("JPEG", "MPO"):
        drafted = image.draft(None, shrink_within(size, working_side))
        if drafted is not None:
            opened.extent, opened.bands_size = drafted[1][2:], image.size
        # A progressive JPEG keeps all coefficients until its last scan, however small it is wanted.
        too_much = too_much and bool(image.info.get("progressive") or exceeds_whole(image))
    if too_much and working_side is not None:
        raise PictureError(too_many(source.name, size, image.format or "file"))
    if is_confusing(image):
        raise PictureError(unknown_tiff(source.name))
    if wraps(image):
        return _opened_numbers(numbers_of_tiff(source, file), source, file, image)
    _decode_whole(opened, file, header)
    _use_all_bits(opened, header)
    return opened


def _use_all_bits(opened: _Opened, png: PngHeader | None) -> None:
    """Let a picture of 16 bits that uses fewer of them be seen."""
    if png is not None:
        stated = (1 << png.significant) - 1 if png.bits == 16 else 0
    else:
        told = limits(opened.image)
        stated = int(told[1]) if told is not None and 0 < told[1] < 65535 else 0
    opened.bands, note = filled(opened.bands, stated)
    opened.notes += [note] * bool(note)


def _by_bands(opened: _Opened, file: BinaryIO, png: PngHeader | None) -> bool:
    """Let the rows come by bands if there are many or if Pillow would cut their depth; False if they can't."""
    image = opened.image
    large = image.width * image.height > BAND_PIXELS
    if png is not None:
        if png.bits == 16:
            opened.mode = {0: "I;16", 2: "RGB;16", 4: "LA;16", 6: "RGBA;16"}[png.color]
        if (png.bits == 16 and not exceeds_whole(image)) or (not png.interlaced and (large or png.bits == 16)):
            opened.bands = rows = PngBands(file, png)
            opened.missing = rows.missing
    elif image.format == "TIFF" and (large or is_deep_color(image)):
        if has_bands(image, WHOLE_BYTES // BYTES_PER_PIXEL):
            _by_segments(opened, file)
            opened.mode += ";16" if is_deep_color(image) else ""
    elif image.format == "BMP" and large:
        lines = BmpBands(file)
        opened.bands = lines if lines.possible else ()
    return opened.bands != ()


def _by_segments(opened: _Opened, file: BinaryIO) -> None:
    opened.bands = bands = TiffBands(file, opened.image)
    opened.missing = bands.missing
    # As stored: Pillow gives the size of the upright picture.
    opened.size = opened.bands_size = bands.size
    opened.extent = (float(bands.size[0]), float(bands.size[1]))


def _decode_whole(opened: _Opened, file: BinaryIO, png: PngHeader | None) -> None:
    """Let Pillow decode everything into one band; of a file that is cut off, what there is."""
    image = opened.image
    if loses_depth(image):
        opened.notes.append(tr("Its channels of 16 bits were read with 8: it is a kind of TIFF that Pillow reduces."))
    try:
        image.load()
    except (OSError, SyntaxError, EOFError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        if _decode_partly(opened, file, png):
            return
        image = opened.image
    colors = image
    if image.format in ("JPEG", "MPO") and image.mode == "CMYK" and "adobe" not in image.info:
        # Pillow takes every CMYK JPEG for one of Adobe's, which are stored inverted.
        colors = ImageChops.invert(image)
    if image.size != opened.bands_size:  # Pillow turns a TIFF upright by itself
        opened.size = opened.bands_size = image.size
        opened.extent = (float(image.width), float(image.height))
    opened.orientation = metadata.orientation(image)
    if image.mode in (*GRAY_16, "I", "F"):
        deep, note = _deep_gray(image)
        opened.bands = [deep]
        opened.notes += [note] * bool(note)
    else:
        opened.bands = [colors]


def _decode_partly(opened: _Opened, file: BinaryIO, png: PngHeader | None) -> bool:
    """Decode what there is of a file that Pillow gave up; whether the rows come by bands now. Raises `Damaged`."""
    image = opened.image
    if png is not None and not png.interlaced:
        opened.bands = rows = PngBands(file, png)
        opened.missing = rows.missing
        return True
    if image.format == "TIFF" and not is_by_rows(image) and has_bands(image, WHOLE_BYTES // BYTES_PER_PIXEL):
        _by_segments(opened, file)
        return True
    if not is_by_rows(image):
        raise Damaged("the file ends too early")
    size, mode, kind = image.size, image.mode, image.format or ""

    def again(number: int) -> Image.Image:
        source = with_end(file, number) if kind in ("JPEG", "MPO") else file
        source.seek(0)
        fresh = Image.open(source, formats=[kind if kind != "MPO" else "JPEG"])
        if (fresh.size, fresh.mode) != (size, mode):
            fresh.draft(None, size)
        return fresh

    found, missing = load_partly(again)
    found.info.update(image.info)
    opened.image = found
    if missing and is_progressive(image):
        check_passes(file)
        opened.notes.append(tr("The file is cut off: the whole picture is there, but without its finest details."))
    else:
        opened.missing, opened.ends = missing, False
    return False


def _deep_gray(image: Image.Image) -> tuple[Deep, str]:
    if image.mode in GRAY_16:
        if image.format == "TIFF":
            return deep_gray(image, getattr(image, "tag_v2", {})), ""
        return np.asarray(image).astype(np.uint16)[..., None], ""
    return to_deep(np.asarray(image)[..., None], limits(image))


def _opened_numbers(
    values: npt.NDArray[Any], source: Source, file: BinaryIO, image: Image.Image | None = None
) -> _Opened:
    """A TIFF of which OpenCV has decoded the numbers."""
    file.seek(0)
    pixels, note = to_deep(values.reshape(*values.shape[:2], -1), limits_of(file.read()))
    if pixels.shape[-1] not in (1, 3, 4):
        raise PictureError(unknown_tiff(source.name))
    if image is None:
        image = Image.new("RGB", (1, 1))
        image.format = "TIFF"
    height, width = values.shape[:2]
    kind = {"f": "F", "u": "U", "i": "I"}[values.dtype.kind]
    bits = values.dtype.itemsize * 8
    known = {1: "F" if kind == "F" else "I", 3: f"RGB;{bits}{kind}", 4: f"RGBA;{bits}{kind}"}[pixels.shape[-1]]
    size = width, height
    turned = metadata.orientation(image)
    opened = _Opened(image, size, (width, height), [pixels], size, known, turned, 1, [note] * bool(note))
    opened.bands, note = filled(opened.bands, 0)
    opened.notes += [note] * bool(note)
    return opened
