"""From pixels to a picture file, with the colour profile, metadata, alpha and depth of the picture they came from."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.codecs import metadata, recipes
from studio.codecs.bands import to_eight_bit
from studio.codecs.color import from_srgb
from studio.codecs.metadata import Carried
from studio.codecs.png import insert_chunks
from studio.codecs.source import PictureError
from studio.codecs.tiff import encode_tiff
from studio.codecs.webp import with_chunk
from studio.files import replacing
from studio.language import tr

KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WebP", ".tif": "TIFF", ".tiff": "TIFF"}
_DEEP = ("PNG", "TIFF")
_LARGEST = {"JPEG": 65500, "WebP": 16383}


@dataclass(frozen=True, slots=True)
class Extras:
    """What goes into a file beside its pixels.

    `icc` is the profile whose colours the file should have, `exif` and `carried` what `metadata.keep` gave, `text`
    a recipe: key to value.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    carried: Carried = field(default_factory=Carried)
    text: Mapping[str, str] = field(default_factory=dict)


def encode_to(path: Path, pixels: npt.NDArray[Any], extras: Extras, quality: int) -> None:
    """Write (h, w), (h, w, 3) or (h, w, 4) sRGB pixels, uint8 or uint16, in the format of the suffix.

    JPEG and WebP get 8 bits, JPEG is flattened on white. The pixels are converted to `extras.icc` where the
    format and the profile allow it, and are else left in sRGB without a profile.

    Raises
    ------
    PictureError
        The suffix is unknown, or the picture is larger than the format can hold.
    FileError
        The file can't be written; what was there is then still as it was.
    """
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise PictureError(tr("“{name}”: pictures are written as .png, .jpg, .webp or .tif.", name=path.name))
    height, width = pixels.shape[:2]
    if max(width, height) > _LARGEST.get(kind, width + height):
        raise PictureError(
            tr(
                "“{name}” would have {width} × {height} pixels, but {kind} holds at most {most} a side; choose "
                "PNG or TIFF.",
                name=path.name,
                width=width,
                height=height,
                kind=kind,
                most=_LARGEST[kind],
            )
        )
    if kind not in _DEEP and pixels.dtype == np.uint16:
        pixels = to_eight_bit(pixels)
    if kind == "JPEG" and pixels.ndim == 3 and pixels.shape[2] == 4:
        pixels = _on_white(pixels)
    icc = None
    if extras.icc is not None and pixels.ndim == 3:
        converted = from_srgb(pixels[..., :3], extras.icc)
        if converted is not None:
            icc = extras.icc
            pixels = np.concatenate([converted, pixels[..., 3:]], axis=-1)
    content = _encode(kind, np.ascontiguousarray(pixels), icc, extras, quality)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _encode(kind: str, pixels: npt.NDArray[Any], icc: bytes | None, extras: Extras, quality: int) -> bytes:
    size = pixels.shape[1], pixels.shape[0]
    carried = extras.carried
    exif = metadata.compose(extras.exif, size, limit=metadata.JPEG_LIMIT - 6 if kind == "JPEG" else None)
    if kind == "TIFF":
        entries = metadata.tiff_entries(carried)
        if extras.text:
            entries[recipes.TIFF_TAG] = (2, recipes.encoded(extras.text) + b"\0")
        return encode_tiff(pixels if pixels.ndim == 3 else pixels[..., None], icc, exif, entries)
    if kind == "PNG":
        profiles = [(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc))] if icc is not None else []
        texts = [
            (b"iTXt", key.encode("latin-1") + bytes(5) + text.encode("utf-8", "backslashreplace"))
            for key, text in extras.text.items()
        ]
        return insert_chunks(_png(pixels), [*profiles, *metadata.png_chunks(exif, carried, extras.text), *texts])
    out = io.BytesIO()
    image = Image.fromarray(pixels)
    profile: dict[str, Any] = {} if icc is None else {"icc_profile": icc}
    if kind == "JPEG":
        # Full colour resolution from 90 on: edges drawn over photographs stay clean.
        image.save(out, "JPEG", quality=quality, subsampling=0 if quality >= 90 else 2, **profile)
        segments = [*metadata.jpeg_segments(exif, carried), *recipes.jpeg_segments(extras.text)]
        return _with_segments(out.getvalue(), segments)
    image.save(out, "WEBP", quality=quality, exact=True, exif=exif or b"", xmp=carried.xmp, **profile)
    content = recipes.encoded(extras.text)
    return with_chunk(out.getvalue(), size, recipes.WEBP_CHUNK, content) if content else out.getvalue()


def _png(pixels: npt.NDArray[Any]) -> bytes:
    if pixels.dtype == np.uint8:
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "PNG")
        return out.getvalue()
    import cv2

    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA)
    _, png = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 6])
    return png.tobytes()


def _with_segments(jpeg: bytes, segments: Sequence[tuple[int, bytes]]) -> bytes:
    """A JPEG with more segments behind the JFIF header that Pillow writes first."""
    place = 4 + int.from_bytes(jpeg[4:6], "big")
    written = [bytes([0xFF, marker]) + (len(one) + 2).to_bytes(2, "big") + one for marker, one in segments]
    return jpeg[:place] + b"".join(written) + jpeg[place:]


def _on_white(pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    alpha = pixels[..., 3:].astype(np.uint32)
    mixed = (pixels[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return mixed.astype(np.uint8)
