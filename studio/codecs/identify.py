"""What a file is: its header read and Pillow's view of it made, though parts that only describe it be damaged."""

from __future__ import annotations

import importlib
import io
import struct
from typing import Any, BinaryIO

import numpy.typing as npt
from PIL import Image

from studio.arrays import Size
from studio.codecs import metadata
from studio.codecs.png import SIGNATURE, chunk, read_header
from studio.codecs.png import Header as PngHeader
from studio.codecs.salvage import webp_pixels, without_odd_segments
from studio.codecs.source import Damaged, PictureError, Source
from studio.codecs.splice import spliced
from studio.codecs.tiff import tiff_size
from studio.codecs.tiff_numbers import numbers
from studio.language import tr

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF", "JPEG2000", "PPM", "QOI")
"""What is recognised. Left out of Pillow's list are formats that run programs or have no signature."""

WHOLE_BYTES = 1 << 30
"""What decoding a picture as a whole may take; one that needs more is decoded by bands or not at all."""
_COSTLY = {"WEBP": 16, "AVIF": 9}
BYTES_PER_PIXEL = 8
"""What decoding as a whole takes, where the format is not one of the costly ones."""


def exceeds_whole(image: Image.Image) -> bool:
    """Whether decoding it at once would take more than `WHOLE_BYTES`."""
    cost = _COSTLY.get(image.format or "", BYTES_PER_PIXEL)
    return image.width * image.height * cost > WHOLE_BYTES


def sides(size: Size) -> str:
    """A size in words."""
    return f"{size[0]} × {size[1]}"


def too_many(name: str, size: Size, kind: str) -> str:
    """The sentence for a picture that would take too much memory."""
    return tr(
        "“{name}” has {size} pixels, too many to decode this kind of {kind} at once; save it as an ordinary PNG or "
        "TIFF, or reduce it with another program.",
        name=name,
        size=sides(size),
        kind=kind,
    )


def unknown_tiff(name: str) -> str:
    """The sentence for a TIFF that nothing here decodes rightly."""
    return tr("“{name}” is a kind of TIFF that can't be read here; save it with 8 or 16 bits as RGB.", name=name)


def identify(source: Source, file: BinaryIO) -> tuple[Image.Image | npt.NDArray[Any], PngHeader | None, list[str]]:
    """Pillow's view of the file, what was read of a PNG before it, and notes on what was passed over.

    The numbers are (h, w) or (h, w, channels), in the file's own type and range.

    Instead of a view the numbers, if it is a TIFF of numbers that Pillow does not know.
    """
    head = file.read(32)
    file.seek(0)
    Image.init()
    is_heic = head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1")
    if is_heic and "HEIF" not in Image.OPEN:
        _register_heif()
    if head.startswith(SIGNATURE):
        return _identify_png(file)
    try:
        return Image.open(file, formats=[name for name in FORMATS if name in Image.OPEN]), None, []
    except (OSError, SyntaxError, LookupError, struct.error, ValueError, TypeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        if is_heic:
            raise PictureError(
                tr(
                    "“{name}” is a HEIC picture; install the Python package pillow-heif, or save it as JPEG first.",
                    name=source.name,
                )
            ) from error
        if head[:4] in (b"II*\0", b"MM\0*"):
            return numbers_of_tiff(source, file), None, []
        passed_over = [tr("Parts of the file that only describe the picture are damaged and were ignored.")]
        if head.startswith(b"\xff\xd8\xff"):
            return Image.open(without_odd_segments(file), formats=["JPEG"]), None, passed_over
        if head[8:12] == b"WEBP":
            file.seek(0)
            return Image.open(io.BytesIO(webp_pixels(file.read())), formats=["WEBP"]), None, passed_over
        if _has_signature(head):
            raise Damaged("a header that Pillow refuses") from error
        raise PictureError(
            tr(
                "“{name}” is not a picture that can be read here (PNG, JPEG, WebP, TIFF, BMP, GIF or AVIF).",
                name=source.name,
            )
        ) from error


def _identify_png(file: BinaryIO) -> tuple[Image.Image, PngHeader, list[str]]:
    """A PNG as its pixels alone, to which what describes them is added: Pillow refuses long texts and profiles, and
    a picture whose text has a wrong check sum; and it would decode all pixels to look behind them."""
    header = read_header(file)
    end = b"" if header.ends else chunk(b"IEND", b"")
    image = Image.open(spliced(file, header.parts, end), formats=["PNG"])
    image.info["exif"] = header.exif or metadata.raw_exif(header.texts)
    image.info["xmp"] = metadata.xmp_text(header.texts)
    if header.icc:
        image.info["icc_profile"] = header.icc
    notes = []
    if header.faults:
        notes.append(
            tr(
                "Parts of the file that only describe the picture ({parts}) are damaged and were ignored.",
                parts=", ".join(header.faults),
            )
        )
    return image, header, notes


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


def numbers_of_tiff(source: Source, file: BinaryIO) -> npt.NDArray[Any]:
    """All values of a TIFF in their own type, by OpenCV. Raises `PictureError` or `Damaged`.

    (h, w) or (h, w, channels), in the file's own range.
    """
    width, height = tiff_size(file)
    if width * height * BYTES_PER_PIXEL > WHOLE_BYTES:
        raise PictureError(too_many(source.name, (width, height), "TIFF"))
    file.seek(0)
    values = numbers(file.read())
    if values is None or values.dtype.kind not in "fiu":
        raise PictureError(unknown_tiff(source.name))
    return values
