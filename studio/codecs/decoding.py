"""From a picture file to sRGB pixels: at a working size in bounded memory, or whole at full depth."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, UnidentifiedImageError

from studio.codecs import metadata
from studio.codecs.bands import Band, Deep, eight_bit, from_opencv, plain
from studio.codecs.bmp import BmpBands
from studio.codecs.color import deep_to_srgb, srgb_converter
from studio.codecs.png import Header as PngHeader
from studio.codecs.png import PngBands, read_header
from studio.codecs.reduction import Reduction
from studio.codecs.source import Damaged, PictureError, Source, reading
from studio.codecs.tiff import (
    GRAY_16,
    TiffBands,
    deep_gray,
    has_bands,
    is_confusing,
    is_deep_color,
    loses_depth,
    tiff_size,
)
from studio.geometry import Size, shrink_within
from studio.language import tr, trn
from studio.progress import Job, Progress

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF", "JPEG2000", "PPM", "QOI")
"""What is recognised. Left out of Pillow's list are formats that run programs or have no signature."""

BAND_PIXELS = 1 << 24
"""Pictures with more pixels are decoded by bands, where the format allows it."""
WHOLE_BYTES = 1 << 30
"""What decoding a picture as a whole may take; one that needs more is decoded by bands or not at all."""
_BYTES_PER_PIXEL = {"WEBP": 16, "AVIF": 9}
_BYTES_PER_PIXEL_ELSE = 8
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
    notes: tuple[str, ...]


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
        if opened.orientation in _TRANSPOSE:
            image = image.transpose(_TRANSPOSE[opened.orientation])
        size = opened.size[::-1] if opened.orientation >= 5 else opened.size
        exif, exif_is_whole = metadata.keep(opened.image)
        frames = opened.frames
        kind = {"MPO": "JPEG"}.get(opened.image.format or "", opened.image.format or "")
        notes = [*opened.notes, note, "" if exif_is_whole else tr("Its EXIF data are damaged and were ignored.")]
        if frames > 1 and opened.image.format != "MPO":
            pages = trn("The first of {number} pages.", "The first of {number} pages.", frames)
            notes.append(
                pages
                if kind == "TIFF"
                else trn("The first of {number} frames.", "The first of {number} frames.", frames)
            )
        if image.size != size:
            shown = _sides(image.size)
            notes.append(tr("Shown reduced from {size} to {shown} pixels.", size=_sides(size), shown=shown))
        return Decoded(
            size=size,
            image=image,
            depth=1 if opened.mode == "1" else 16 if deep else 8,
            mode=opened.mode,
            format=kind,
            frames=frames,
            icc=icc,
            exif=exif,
            notes=tuple(note for note in notes if note),
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
        return _upright(out, opened.orientation)


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
    image = _identify(source, file)
    if isinstance(image, np.ndarray):
        return _opened_float(image)
    size = image.size
    if min(size) < 1:
        raise PictureError(tr("“{name}” has no pixels: its size is {size}.", name=source.name, size=_sides(size)))
    if max(size) > MAX_SIDE or size[0] * size[1] > MAX_PIXELS:
        raise PictureError(
            tr(
                "“{name}” has {size} pixels, more than can be opened; reduce it with another program.",
                name=source.name,
                size=_sides(size),
            )
        )
    frames = int(getattr(image, "n_frames", 1))
    header = None
    if image.format == "PNG":
        header = read_header(file)
        metadata.supply(image, header.exif)
    turned = metadata.orientation(image)
    opened = _Opened(image, size, (float(size[0]), float(size[1])), (), size, image.mode, turned, frames, [])
    if _by_bands(opened, file, header):
        return opened
    too_much = _exceeds_whole(image)
    if working_side is not None and image.format in ("JPEG", "MPO"):
        drafted = image.draft(None, shrink_within(size, working_side))
        if drafted is not None:
            opened.extent, opened.bands_size = drafted[1][2:], image.size
        # A progressive JPEG keeps all coefficients until its last scan, however small it is wanted.
        too_much = too_much and bool(image.info.get("progressive") or _exceeds_whole(image))
    if too_much and working_side is not None:
        raise PictureError(_too_many(source.name, size, image.format or "file"))
    if is_confusing(image):
        raise PictureError(_unknown_tiff(source.name))
    _decode_whole(opened)
    return opened


def _by_bands(opened: _Opened, file: BinaryIO, png: PngHeader | None) -> bool:
    """Let the rows come by bands if there are many or if Pillow would cut their depth; False if they can't."""
    image = opened.image
    large = image.width * image.height > BAND_PIXELS
    if png is not None:
        if png.bits == 16:
            opened.mode = {0: "I;16", 2: "RGB;16", 4: "LA;16", 6: "RGBA;16"}[png.color]
        if png.interlaced and png.bits == 16 and not _exceeds_whole(image):
            opened.bands = _interlaced_deep(file)
        elif not png.interlaced and (large or png.bits == 16):
            opened.bands = PngBands(file, png)
    elif image.format == "TIFF" and (large or is_deep_color(image)):
        if has_bands(image, WHOLE_BYTES // _BYTES_PER_PIXEL_ELSE):
            opened.bands = bands = TiffBands(file, image)
            # As stored: Pillow gives the size of the upright picture.
            opened.size = opened.bands_size = bands.size
            opened.extent = (float(bands.size[0]), float(bands.size[1]))
            opened.mode += ";16" if is_deep_color(image) else ""
    elif image.format == "BMP" and large:
        rows = BmpBands(file)
        opened.bands = rows if rows.possible else ()
    return opened.bands != ()


def _exceeds_whole(image: Image.Image) -> bool:
    cost = _BYTES_PER_PIXEL.get(image.format or "", _BYTES_PER_PIXEL_ELSE)
    return image.width * image.height * cost > WHOLE_BYTES


def _sides(size: Size) -> str:
    return f"{size[0]} × {size[1]}"


def _too_many(name: str, size: Size, kind: str) -> str:
    return tr(
        "“{name}” has {size} pixels, too many to decode this kind of {kind} at once; save it as an ordinary PNG or "
        "TIFF, or reduce it with another program.",
        name=name,
        size=_sides(size),
        kind=kind,
    )


def _unknown_tiff(name: str) -> str:
    return tr("“{name}” is a kind of TIFF that can't be read here; save it with 8 or 16 bits as RGB.", name=name)


def _decode_whole(opened: _Opened) -> None:
    """Let Pillow decode everything into one band."""
    image = opened.image
    colors = image
    if loses_depth(image):
        opened.notes.append(tr("Its channels of 16 bits were read with 8: it is a kind of TIFF that Pillow reduces."))
    image.load()
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


def _deep_gray(image: Image.Image) -> tuple[Deep, str]:
    if image.mode in GRAY_16:
        if image.format == "TIFF":
            return deep_gray(image, getattr(image, "tag_v2", {})), ""
        return np.asarray(image).astype(np.uint16)[..., None], ""
    values = np.asarray(image)
    if image.mode == "I" and values.min() >= 0 and values.max() <= 65535:
        return values.astype(np.uint16)[..., None], ""
    return _stretched(values[..., None], is_float=image.mode == "F")


def _stretched(values: npt.NDArray[Any], is_float: bool) -> tuple[Deep, str]:
    """Floats in [0, 1], or other numbers by their own range, as uint16; what is not finite counts as 0."""
    wide = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(wide.min()), float(wide.max())
    note = ""
    if not is_float or low < 0.0 or high > 1.0:
        note = tr(
            "Its values from {low:.6g} to {high:.6g} are shown stretched from black to white.", low=low, high=high
        )
        wide = (wide - low) / ((high - low) or 1.0)
    if is_float and not np.isfinite(values).all():
        note = " ".join((note, tr("Some of its values are not numbers and count as 0."))).strip()
    return np.rint(wide * 65535.0).astype(np.uint16), note


def _interlaced_deep(file: BinaryIO) -> Iterator[Band]:
    import cv2

    file.seek(0)
    pixels = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        raise Damaged("interlaced rows")
    yield cast("Deep", from_opencv(pixels) if pixels.ndim == 3 else pixels[..., None])


def _opened_float(values: npt.NDArray[Any]) -> _Opened:
    pixels, note = _stretched(from_opencv(values).reshape(*values.shape[:2], -1), is_float=values.dtype.kind == "f")
    image = Image.new("RGB", (1, 1))
    image.format = "TIFF"
    height, width = values.shape[:2]
    mode = {1: "F", 3: "RGB;32F", 4: "RGBA;32F"}[pixels.shape[-1]]
    return _Opened(image, (width, height), (width, height), [pixels], (width, height), mode, 1, 1, [note] * bool(note))


def _identify(source: Source, file: BinaryIO) -> Image.Image | npt.NDArray[Any]:
    """Pillow's view of the file; or its numbers, if it is a TIFF of floats that Pillow does not know."""
    head = file.read(32)
    file.seek(0)
    Image.init()
    is_heic = head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1")
    if is_heic and "HEIF" not in Image.OPEN:
        _register_heif()
    try:
        return Image.open(file, formats=[name for name in FORMATS if name in Image.OPEN])
    except UnidentifiedImageError as error:
        if is_heic:
            raise PictureError(
                tr(
                    "“{name}” is a HEIC picture; install the Python package pillow-heif, or save it as JPEG first.",
                    name=source.name,
                )
            ) from error
        if head[:4] in (b"II*\0", b"MM\0*"):
            return _float_tiff(source, file)
        if _has_signature(head):
            raise Damaged("a header that Pillow refuses") from error
        raise PictureError(
            tr(
                "“{name}” is not a picture that can be read here (PNG, JPEG, WebP, TIFF, BMP, GIF or AVIF).",
                name=source.name,
            )
        ) from error


def _has_signature(head: bytes) -> bool:
    """Whether the file starts as a picture that Pillow should know."""
    if head[4:12] in (b"ftypavif", b"ftypavis"):
        return "AVIF" in Image.SAVE
    return head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")) or head[8:12] == b"WEBP"


def _register_heif() -> None:
    try:
        importlib.import_module("pillow_heif").register_heif_opener()
    except ImportError:
        return


def _float_tiff(source: Source, file: BinaryIO) -> npt.NDArray[Any]:
    import cv2

    width, height = tiff_size(file)
    if width * height * _BYTES_PER_PIXEL_ELSE > WHOLE_BYTES:
        raise PictureError(_too_many(source.name, (width, height), "TIFF"))
    file.seek(0)
    content = np.frombuffer(file.read(), np.uint8)
    values = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype.kind != "f":
        raise PictureError(_unknown_tiff(source.name))
    return np.asarray(values)
