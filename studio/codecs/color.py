"""Colour profiles: from a picture's own colours to sRGB, and back for saving.

Convention
----------
Every array in the program is sRGB. 8-bit pixels go through LittleCMS (relative colorimetric, with
black-point compensation). LittleCMS as Pillow offers it knows no 16-bit RGB, so deep pixels go
through `MatrixProfile`: ICC.1:2022 section F.3, for the profiles made of three curves and a matrix,
as those of cameras, screens and working spaces are.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from studio.codecs.bands import Deep, to_eight_bit
from studio.codecs.source import Damaged
from studio.language import tr

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_BROKEN = (ImageCms.PyCMSError, OSError, ValueError, TypeError, LookupError, ArithmeticError, struct.error, Damaged)
_ROWS = 256
"""Rows of deep pixels converted at a time: floats take four times the room."""

Curve = npt.NDArray[np.float64]
ToRgb = Callable[[Image.Image], Image.Image]


def srgb_converter(mode: str, icc: bytes | None) -> tuple[ToRgb, str]:
    """How to turn an image of `mode` (see `bands.plain`) with the profile `icc` into sRGB.

    Returns
    -------
    (function, note)
        The function gives RGB or RGBA. The note is a sentence if the profile had to be ignored, else "".
    """
    base = {"LA": "L", "RGBA": "RGB"}.get(mode, mode)
    if base == "LAB":  # a colour space by itself
        return _lab_to_rgb, ""
    if icc is None:
        return _plain_rgb, ""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = profile.profile.xcolor_space.strip()
        working = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}.get(space, "")
        if working == "RGB" and base != "CMYK":
            # A gray picture with an RGB profile has equal values in all three channels.
            if _is_srgb(profile):
                return _plain_rgb, ""
        elif working != base:
            return _plain_rgb, tr(
                "Its colour profile is for {space} and the picture is {mode}: the profile was ignored.",
                space=space,
                mode=mode,
            )
        transform = ImageCms.buildTransform(profile, _srgb(), working, "RGB", _INTENT, _FLAGS)
    except _BROKEN:
        return _plain_rgb, tr("Its colour profile is damaged and was ignored.")

    def convert(image: Image.Image) -> Image.Image:
        alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
        colors = image.convert("RGB") if working == "RGB" else image.convert(working)
        out = cast("Image.Image", ImageCms.applyTransform(colors, transform))
        if alpha is not None:
            out.putalpha(alpha)
        return out

    return convert, ""


def deep_to_srgb(pixels: Deep, icc: bytes | None) -> Deep:
    """(rows, width, 1 to 4) uint16 in the colours of `icc` to (rows, width, 3 or 4) sRGB.

    A profile of tables, which no matrix can express, is applied with 8 bits.
    """
    gray, alpha = pixels.shape[-1] < 3, pixels.shape[-1] in (2, 4)
    profile = _matrix_profile(icc) if icc is not None else None
    colors = np.repeat(pixels[..., :1], 3, axis=-1) if gray else pixels[..., :3]
    if profile is not None and profile.gray == gray:
        colors = _convert(colors, profile, _matrix_srgb())
    elif icc is not None and profile is None:
        mode = "L" if gray else "RGB"
        convert, _ = srgb_converter(mode, icc)
        if convert is not _plain_rgb:
            image = Image.fromarray(to_eight_bit(pixels[..., 0] if gray else colors))
            colors = np.asarray(convert(image)).astype(np.uint16) * np.uint16(257)
    return np.concatenate([colors, pixels[..., -1:]], axis=-1) if alpha else np.ascontiguousarray(colors)


def from_srgb(pixels: npt.NDArray[Any], icc: bytes) -> npt.NDArray[Any] | None:
    """(h, w, 3) sRGB, uint8 or uint16, in the colours of an RGB profile.

    None if the profile can't hold them: it is broken, for another kind of colour, or made of tables while the
    pixels have 16 bits.
    """
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if profile.profile.xcolor_space.strip() != "RGB":
            return None
        if _is_srgb(profile):
            return pixels
        if pixels.dtype == np.uint16:
            matrix = _matrix_profile(icc)
            return None if matrix is None else _convert(pixels, _matrix_srgb(), matrix)
        transform = ImageCms.buildTransform(_srgb(), profile, "RGB", "RGB", _INTENT, _FLAGS)
        image = ImageCms.applyTransform(Image.fromarray(np.ascontiguousarray(pixels)), transform)
        return np.asarray(image)
    except _BROKEN:
        return None


@dataclass(frozen=True, slots=True)
class MatrixProfile:
    """A profile of curves and a matrix.

    Attributes
    ----------
    curves : 3 x (65536,) float64
        Linear light, 0 to 1, for each value of the three channels.
    matrix : (3, 3) float64
        Linear RGB to XYZ under D50, the connection space of ICC.
    gray : bool
        One curve for one channel; the matrix is then that of sRGB, which is neutral for equal channels.
    """

    curves: tuple[Curve, Curve, Curve]
    matrix: npt.NDArray[np.float64]
    gray: bool = False

    @classmethod
    def parse(cls, icc: bytes) -> MatrixProfile | None:
        """Read the tags; None for a profile of tables. Raises `Damaged` or `struct.error`."""
        (count,) = struct.unpack_from(">I", icc, 128)
        tags = {}
        for index in range(min(count, 200)):
            name, offset, size = struct.unpack_from(">4sII", icc, 132 + 12 * index)
            tags[name] = icc[offset : offset + size]
        if b"A2B0" in tags or b"A2B1" in tags:
            return None
        if b"kTRC" in tags:
            curve = _curve(tags[b"kTRC"])
            return cls((curve, curve, curve), _matrix_srgb().matrix, gray=True)
        if not {b"rTRC", b"gTRC", b"bTRC", b"rXYZ", b"gXYZ", b"bXYZ"} <= set(tags):
            return None
        columns = [np.array(struct.unpack_from(">3i", tags[name], 8)) / 65536 for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        red, green, blue = (_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
        return cls((red, green, blue), np.stack(columns, axis=1))


def _convert(pixels: Deep, source: MatrixProfile, target: MatrixProfile) -> Deep:
    out = np.empty_like(pixels)
    matrix = np.linalg.inv(target.matrix) @ source.matrix
    steps = np.arange(65536, dtype=np.float64)
    rising = [np.maximum.accumulate(curve) for curve in target.curves]
    for top in range(0, len(pixels), _ROWS):
        block = pixels[top : top + _ROWS]
        linear = np.stack([curve[block[..., i]] for i, curve in enumerate(source.curves)], axis=-1)
        linear = np.clip(linear @ matrix.T, 0.0, 1.0)
        for i, curve in enumerate(rising):
            out[top : top + _ROWS, :, i] = np.rint(np.interp(linear[..., i], curve, steps))
    return out


def _curve(tag: bytes) -> Curve:
    """The 65536 values of a curve tag (ICC.1:2022, sections 10.6 and 10.18)."""
    x = np.linspace(0.0, 1.0, 65536)
    kind = tag[:4]
    if kind == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return x
        values = np.array(struct.unpack_from(f">{count}H", tag, 12), np.float64)
        y = x ** (values[0] / 256) if count == 1 else np.interp(x, np.linspace(0, 1, count), values / 65535)
    elif kind == b"para":
        (form,) = struct.unpack_from(">H", tag, 8)
        length = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}[form]
        numbers = [value / 65536 for value in struct.unpack_from(f">{length}i", tag, 12)]
        g, a, b, c, d, e, f = numbers + [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0][length:]
        if form in (1, 2):
            # The third number of form 2 is added everywhere, and both bend where the power's base is 0.
            c, d, e, f = 0.0, -b / a, c, c
        y = np.where(x >= d, np.maximum(a * x + b, 0.0) ** g + e, c * x + f)
    else:
        raise Damaged("unknown kind of curve")
    return np.asarray(np.clip(y, 0.0, 1.0))


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@cache
def _matrix_srgb() -> MatrixProfile:
    profile = MatrixProfile.parse(_srgb().tobytes())
    assert profile is not None
    return profile


def _matrix_profile(icc: bytes) -> MatrixProfile | None:
    try:
        return MatrixProfile.parse(icc)
    except _BROKEN:
        return None


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """Whether the profile changes no colour of a coarse grid by more than rounding does."""
    grid = np.stack(np.meshgrid(*[np.arange(0, 256, 17)] * 3), axis=-1).reshape(1, -1, 3).astype(np.uint8)
    transform = ImageCms.buildTransform(profile, _srgb(), "RGB", "RGB", _INTENT, _FLAGS)
    changed = np.asarray(ImageCms.applyTransform(Image.fromarray(grid), transform))
    return int(np.abs(changed.astype(int) - grid).max()) <= 1


@cache
def _lab_transform() -> ImageCms.ImageCmsTransform:
    # LittleCMS would put a coarse table in place of the formula, up to 29 levels off.
    lab = ImageCms.createProfile("LAB")
    return ImageCms.buildTransform(lab, _srgb(), "LAB", "RGB", _INTENT, ImageCms.Flags.NOOPTIMIZE)


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    return cast("Image.Image", ImageCms.applyTransform(image, _lab_transform()))


def _plain_rgb(image: Image.Image) -> Image.Image:
    return image.convert("RGBA" if image.mode in ("LA", "RGBA") else "RGB")
