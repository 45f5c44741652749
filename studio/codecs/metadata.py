"""What describes a picture beside its pixels: kept byte for byte with it, and put into a saved file.

EXIF keeps its block (see `studio.codecs.exif`), XMP its packet, IPTC the image resources of Photoshop in which it
lies, PNG its text chunks and JPEG its comments. Only what would be untrue of a saved picture changes: the
orientation, which is applied to the pixels, a thumbnail of the picture before, and the size.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import Image
from PIL.ExifTags import Base

from studio.arrays import Size
from studio.codecs.exif import (
    EXIF_IFD,
    MAKER_NOTE,
    ORIENTATION,
    PREFIX,
    Block,
    build,
    directories_of,
)
from studio.codecs.png import keyword_of, text_of
from studio.codecs.recipes import KEYWORDS, recipe_in_comment
from studio.codecs.source import Damaged

# Of a TIFF's own directory only what describes the picture may travel, not what describes the file's layout.
_DESCRIPTIVE = frozenset(
    {
        Base.DocumentName,
        Base.ImageDescription,
        Base.Make,
        Base.Model,
        Base.PageName,
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
    }
)
XMP_TAG, IPTC_TAG, PHOTOSHOP_TAG = 700, 33723, 34377
_BROKEN = (
    ValueError, TypeError, LookupError, OSError, SyntaxError, struct.error, AttributeError, OverflowError, Damaged,
)  # fmt: skip
JPEG_LIMIT = 65533
"""Bytes that fit into one segment of JPEG."""
_XMP_EXTENSION, _PHOTOSHOP = b"http://ns.adobe.com/xmp/extension/\0", b"Photoshop 3.0\0"
_IPTC_RESOURCE, _THUMBNAILS = 0x0404, (0x0409, 0x040C)
_TURNED = re.compile(rb"(tiff:Orientation(?:\s*=\s*[\"']|>))[2-8]")


@dataclass(frozen=True, slots=True)
class Carried:
    """What travels with a picture beside its profile and EXIF, each as the bytes that stood in the file.

    Attributes
    ----------
    xmp : bytes
        The packet; that its orientation is applied is the only change.
    xmp_extension : tuple of bytes
        Segments of a JPEG that continue it, without their marker and length.
    photoshop : bytes
        Image resources; IPTC is one of them.
    comments : tuple of bytes
        Those of a JPEG.
    chunks : tuple of (bytes, bytes)
        Text chunks of a PNG: kind and content.
    """

    xmp: bytes = b""
    xmp_extension: tuple[bytes, ...] = ()
    photoshop: bytes = b""
    comments: tuple[bytes, ...] = ()
    chunks: tuple[tuple[bytes, bytes], ...] = ()


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 if there is none or it is broken."""
    try:
        value = image.getexif().get(Base.Orientation, 1)
    except _BROKEN:
        return 1
    return value if value in range(1, 9) else 1


def keep(image: Image.Image, file: BinaryIO, chunks: tuple[tuple[bytes, bytes], ...]) -> tuple[bytes, Carried, bool]:
    """EXIF and all else that describes an opened picture, and whether it could be read.

    Parameters
    ----------
    file : the bytes that `image` was opened from
    chunks : text chunks, of a PNG

    Returns
    -------
    (EXIF or b"", what else travels, whether all was readable)
        The EXIF is without orientation and thumbnail: the one is applied to the pixels, the other would show the
        picture as it was before.
    """
    whole = True
    first: dict[int, tuple[int, bytes]] = {}
    try:
        if image.format == "TIFF":
            order, first, below, deepest = directories_of(file)
            described = {tag: value for tag, value in first.items() if tag in _DESCRIPTIVE}
            exif = build(order, described, below, deepest)
        else:
            exif = bytes(image.info.get("exif") or b"")
        if exif:
            exif = _cleaned(exif)
    except _BROKEN:
        exif, whole = b"", False
    xmp = first[XMP_TAG][1] if XMP_TAG in first else _bytes(image.info.get("xmp"))
    photoshop = first[PHOTOSHOP_TAG][1] if PHOTOSHOP_TAG in first else b""
    extension: list[bytes] = []
    comments: list[bytes] = []
    for kind, content in getattr(image, "applist", ()):
        if kind == "APP13" and content.startswith(_PHOTOSHOP):
            photoshop += content[len(_PHOTOSHOP) :]
        elif kind == "APP1" and content.startswith(_XMP_EXTENSION):
            extension.append(content)
        elif kind == "COM":
            comments.append(content)
    kept = []
    for kind, content in chunks:
        name, profile = _raw_profile(kind, content)
        if name in ("iptc", "8bim"):
            photoshop += profile if profile.startswith(b"8BIM") else iptc_resource(profile)
        elif name == "xmp":
            xmp = xmp or profile
        elif not name and keyword_of(content) not in (*KEYWORDS, "XML:com.adobe.xmp"):
            kept.append((kind, content))
    resources = b"".join(raw for code, raw, _ in _resources(photoshop) if code not in _THUMBNAILS)
    if IPTC_TAG in first and not iptc_of(resources):
        resources += iptc_resource(first[IPTC_TAG][1])
    xmp = _TURNED.sub(rb"\g<1>1", xmp)
    return exif, Carried(xmp, tuple(extension), resources, tuple(comments), tuple(kept)), whole


def compose(kept: bytes | None, size: Size, limit: int | None = None) -> bytes | None:
    """The block of EXIF for a new file of `size`, without the prefix that only JPEG puts before it.

    With a `limit`, the maker's note is left out if it does not fit, and then everything.
    """
    if not kept:
        return None
    block = Block(kept)
    block.set_size(*size)
    content = bytes(block.content)
    if limit is not None and len(content) > limit:
        content = block.without({MAKER_NOTE})
    return content if content and (limit is None or len(content) <= limit) else None


def comment(text: Mapping[str, str]) -> bytes:
    """A block of EXIF whose user comment is `text` as JSON, for a film, which has no other EXIF."""
    # Eight bytes name the character code; JSON escapes whatever is not ASCII.
    value = b"ASCII\0\0\0" + json.dumps(dict(text)).encode("ascii")
    return build("<", {}, {EXIF_IFD: {int(Base.UserComment): (7, value)}}, {})


def iptc_of(resources: bytes) -> bytes:
    """The records of IPTC among image resources, or b""."""
    return next((data for code, _, data in _resources(resources) if code == _IPTC_RESOURCE), b"")


def iptc_resource(records: bytes) -> bytes:
    """Records of IPTC as the image resource that holds them."""
    return b"8BIM" + struct.pack(">HHI", _IPTC_RESOURCE, 0, len(records)) + records + b"\0" * (len(records) % 2)


def jpeg_segments(exif: bytes | None, carried: Carried) -> Iterator[tuple[int, bytes]]:
    """Marker and content of the segments that hold it all; what is too long for its place is left out."""
    if exif is not None:
        yield 0xE1, PREFIX + exif
    packet = b"http://ns.adobe.com/xap/1.0/\0" + carried.xmp
    if carried.xmp and len(packet) <= JPEG_LIMIT:
        yield 0xE1, packet
        for content in carried.xmp_extension:
            yield 0xE1, content
    room = JPEG_LIMIT - len(_PHOTOSHOP)
    for start in range(0, len(carried.photoshop), room):
        yield 0xED, _PHOTOSHOP + carried.photoshop[start : start + room]
    for content in carried.comments:
        yield 0xFE, content


def png_chunks(exif: bytes | None, carried: Carried, without: Mapping[str, str]) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of the chunks that hold it all, but texts whose keys are in `without`."""
    if exif is not None:
        yield b"eXIf", exif
    if carried.xmp:
        yield b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + carried.xmp
    if carried.photoshop:
        digits = carried.photoshop.hex()
        lines = [digits[start : start + 72] for start in range(0, len(digits), 72)]
        text = f"\niptc\n{len(carried.photoshop):8d}\n" + "\n".join(lines) + "\n"
        yield b"tEXt", b"Raw profile type iptc\0" + text.encode("ascii")
    for kind, content in carried.chunks:
        if keyword_of(content) not in without:
            yield kind, content


def tiff_entries(carried: Carried) -> dict[int, tuple[int, bytes]]:
    """Tag to (type, bytes) of what a TIFF holds in its own directory besides the EXIF."""
    found: dict[int, tuple[int, bytes]] = {}
    if carried.xmp:
        found[XMP_TAG] = (1, carried.xmp)
    if carried.photoshop:
        found[PHOTOSHOP_TAG] = (1, carried.photoshop)
        records = iptc_of(carried.photoshop)
        if records:
            found[IPTC_TAG] = (1, records)
    return found


def _cleaned(exif: bytes) -> bytes:
    """Without orientation, thumbnail, and a recipe that this program once put into the user comment."""
    block = Block(exif)
    block.remove(ORIENTATION)
    block.remove_thumbnail()
    details = block.below(EXIF_IFD)
    old = set()
    for tag, offset in ((Base.UserComment, details), (Base.ImageDescription, block.first)):
        value = block.values(offset).get(tag) if offset is not None else None
        if value is not None and recipe_in_comment(value[1]):
            old.add(int(tag))
    content = block.without(old) if old else bytes(block.content)
    count = len(Block(content).directory(Block(content).first)) if content else 0
    return PREFIX + content if count else b""


def _resources(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Code, all bytes and data of each image resource, as far as they go."""
    place = 0
    while content[place : place + 4] == b"8BIM" and place + 12 <= len(content):
        (code,) = struct.unpack_from(">H", content, place + 4)
        start = place + 6 + (content[place + 6] + 2) // 2 * 2
        if start + 4 > len(content):
            return
        (length,) = struct.unpack_from(">I", content, start)
        end = start + 4 + length
        if end > len(content):
            return
        yield code, content[place : end + length % 2].ljust(end + length % 2 - place, b"\0"), content[start + 4 : end]
        place = end + length % 2


def _raw_profile(kind: bytes, content: bytes) -> tuple[str, bytes]:
    """Name and bytes of a profile that other programs write as hexadecimal text; no name if it is none."""
    keyword = keyword_of(content)
    if not keyword.startswith("Raw profile type "):
        return "", b""
    try:
        lines = text_of(kind, content).decode("latin-1").split("\n")[3:]
        return keyword[17:].lower(), bytes.fromhex("".join(lines))
    except (ValueError, Damaged):
        return "broken", b""


def raw_exif(chunks: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """EXIF that stands in a PNG as hexadecimal text, or b""."""
    for chunk in chunks:
        name, profile = _raw_profile(*chunk)
        if name == "exif" or (name == "app1" and profile.startswith(PREFIX)):
            return profile
    return b""


def xmp_text(chunks: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The packet of XMP that stands in a PNG, or b""."""
    for kind, content in chunks:
        if kind == b"iTXt" and keyword_of(content) == "XML:com.adobe.xmp":
            try:
                return text_of(kind, content)
            except Damaged:
                return b""
    return b""


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode() if value else b""
