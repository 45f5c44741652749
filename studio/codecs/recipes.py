"""The place of a recipe inside a picture file: one of its own in every format, where it stands in nobody's way.

PNG has it as text chunks, JPEG in APP10 segments with an identifier, WebP in a chunk, TIFF in a private tag: the last
three as JSON. Files of version 0.1.0 have it in the image description or the user comment of EXIF and are read too.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from PIL import Image
from PIL.ExifTags import IFD, Base

from studio.codecs.png import SIGNATURE, keyword_of, read_header, text_of

KEYWORDS = ("buddies-studio", "Recipe")
"""Keys under which this program writes; the recipe of a picture is not that of what is made of it."""
TIFF_TAG = 65041
"""In the range that TIFF 6.0 leaves for private use."""
WEBP_CHUNK = b"BUDS"
JPEG_MARKER, JPEG_IDENTIFIER = 0xEA, b"buddies-studio\0"
_SEGMENT = 65000
"""Bytes of a recipe in one segment of JPEG, which holds 65533."""


def recipe_text(file: BinaryIO) -> dict[str, str]:
    """The recipe in a picture file: key to value; empty if there is none. Raises what `Image.open` raises."""
    if file.read(len(SIGNATURE)) == SIGNATURE:
        chunks = [(keyword_of(content), kind, content) for kind, content in read_header(file).texts]
        return {key: text_of(kind, content).decode("utf-8") for key, kind, content in chunks if key in KEYWORDS}
    file.seek(0)
    with Image.open(file) as image:
        for candidate in _candidates(image, file):
            found = _parsed(candidate)
            if found:
                return found
    return {}


def jpeg_segments(text: Mapping[str, str]) -> Iterator[tuple[int, bytes]]:
    """Marker and content of the segments of a JPEG that hold a recipe."""
    content = encoded(text)
    for start in range(0, len(content), _SEGMENT):
        yield JPEG_MARKER, JPEG_IDENTIFIER + content[start : start + _SEGMENT]


def encoded(text: Mapping[str, str]) -> bytes:
    """JSON in ASCII; empty if there is no recipe."""
    return json.dumps(dict(text)).encode("ascii") if text else b""


def recipe_in_comment(value: bytes) -> bool:
    """Whether a text of EXIF is a recipe that this program wrote there."""
    return bool(_parsed(value.removeprefix(b"ASCII\0\0\0")))


def _candidates(image: Image.Image, file: BinaryIO) -> Iterator[Any]:
    segments = [content for kind, content in getattr(image, "applist", ()) if kind == "APP10"]
    yield b"".join(one[len(JPEG_IDENTIFIER) :] for one in segments if one.startswith(JPEG_IDENTIFIER))
    if image.format == "TIFF":
        yield getattr(image, "tag_v2", {}).get(TIFF_TAG)
    if image.format == "WEBP":
        yield _webp_chunk(file)
    exif = image.getexif()
    yield exif.get(Base.ImageDescription)
    comment = exif.get_ifd(IFD.Exif).get(Base.UserComment)
    yield comment[8:] if isinstance(comment, bytes) else comment


def _webp_chunk(file: BinaryIO) -> bytes:
    file.seek(12)
    while len(head := file.read(8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        if kind == WEBP_CHUNK:
            return file.read(length)
        file.seek(length + length % 2, 1)
    return b""


def _parsed(candidate: Any) -> dict[str, str]:
    try:
        text = candidate.decode("utf-8") if isinstance(candidate, bytes) else candidate
        found = json.loads(text.rstrip("\0").removeprefix("ASCII\0\0\0"))
        return {key: found[key] for key in KEYWORDS if isinstance(found.get(key), str)}
    except (ValueError, TypeError, AttributeError):
        return {}
