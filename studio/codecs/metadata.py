"""EXIF: what of it is kept with a picture, and what goes into a saved file."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping

from PIL import Image
from PIL.ExifTags import IFD, Base

from studio.geometry import Size

# Of a TIFF's own directory only what describes the picture may travel, not what describes the file's layout.
_DESCRIPTIVE = (
    Base.ImageDescription,
    Base.Make,
    Base.Model,
    Base.XResolution,
    Base.YResolution,
    Base.ResolutionUnit,
    Base.Software,
    Base.DateTime,
    Base.Artist,
    Base.HostComputer,
    Base.Copyright,
    Base.Rating,
    Base.RatingPercent,
    Base.XPTitle,
    Base.XPComment,
    Base.XPAuthor,
    Base.XPKeywords,
    Base.XPSubject,
)
_BROKEN = (ValueError, TypeError, LookupError, OSError, SyntaxError, struct.error, AttributeError, OverflowError)
JPEG_LIMIT = 65533
"""Bytes of EXIF that fit into the one segment that JPEG has for them."""


def supply(png: Image.Image, exif: bytes) -> None:
    """Give an opened PNG the EXIF found in its chunks, lest Pillow decode all pixels to look behind them."""
    if "exif" not in png.info:
        profile = str(png.info.get("Raw profile type exif", "")).split("\n")[3:]
        try:
            png.info["exif"] = exif or bytes.fromhex("".join(profile))
        except ValueError:
            png.info["exif"] = b""


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 if there is none or it is broken."""
    try:
        value = image.getexif().get(Base.Orientation, 1)
    except _BROKEN:
        return 1
    return value if value in range(1, 9) else 1


def keep(image: Image.Image) -> tuple[bytes | None, bool]:
    """The EXIF of an opened picture without orientation and thumbnail, and whether it could be read.

    The orientation is applied to the pixels, and a thumbnail would show the picture as it was before.
    """
    try:
        found = image.getexif()
        kept = Image.Exif()
        for tag in _DESCRIPTIVE:
            if tag in found:
                kept[tag] = found[tag]
        for directory in (IFD.Exif, IFD.GPSInfo):
            content = dict(found.get_ifd(directory))
            interoperability = found.get_ifd(IFD.Interop) if IFD.Interop in content else None
            if interoperability:
                content[IFD.Interop] = dict(interoperability)
            else:
                content.pop(IFD.Interop, None)
            if content:
                kept[directory] = content
        return (kept.tobytes() if len(kept) else None), True
    except _BROKEN:
        return None, False


def compose(kept: bytes | None, size: Size, text: Mapping[str, str], limit: int | None = None) -> bytes | None:
    """EXIF for a new file of `size`: what was kept, the true size, and `text` as a user comment in JSON.

    With a `limit`, the maker's note is left out if it does not fit, and then everything but the text.
    """
    for source, without in ((kept, ()), (kept, (Base.MakerNote,)), (None, ())):
        exif = _load(source)
        details = dict(exif.get_ifd(IFD.Exif))
        interoperability = exif.get_ifd(IFD.Interop) if IFD.Interop in details else None
        if interoperability:
            details[IFD.Interop] = dict(interoperability)
        for tag in without:
            details.pop(tag, None)
        for tag, length in zip((Base.ExifImageWidth, Base.ExifImageHeight), size, strict=True):
            if tag in details:
                details[tag] = length
        if text:
            # Eight bytes name the character code; JSON escapes whatever is not ASCII.
            details[Base.UserComment] = b"ASCII\0\0\0" + json.dumps(dict(text)).encode("ascii")
        if details:
            exif[IFD.Exif] = details
        if not len(exif):
            return None
        content = exif.tobytes()
        if limit is None or len(content) <= limit:
            return content
    return None


def _load(content: bytes | None) -> Image.Exif:
    exif = Image.Exif()
    if content is not None:
        exif.load(content)
    return exif
