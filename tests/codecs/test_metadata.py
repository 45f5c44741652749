"""EXIF orientation and colour profiles: the pixels come out upright and in sRGB."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageFile
from PIL.ExifTags import IFD, Base

from studio.picture import Picture, load_bytes
from tests.making_pictures import (
    ADOBE_PRIMARIES,
    SRGB_PRIMARIES,
    WIDE_PRIMARIES,
    Array,
    cmyk_profile,
    encode_srgb,
    expected_srgb,
    gray_profile,
    icc_profile,
    lab_to_srgb,
    png_file,
    rgb_profile,
    rgb_to_xyz_d50,
    smooth_noise,
)

UPRIGHT = np.rint(smooth_noise(24, 40, 3, seed=4) * 255).astype(np.uint8)

# How a camera held otherwise stores the upright picture: EXIF 2.32, table 6 (the 0th row and column on screen).
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
    8: lambda upright: np.rot90(upright, -1),
}


def exif_of(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    exif[Base.Make] = "Kamera"
    exif[IFD.Exif] = {Base.DateTimeOriginal: "2024:05:06 07:08:09", Base.ISOSpeedRatings: 200}
    exif[IFD.GPSInfo] = {1: "N", 2: (48.0, 8.0, 0.0)}
    return exif


def encoded(array: Array, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(array)).save(out, kind, **options)
    return out.getvalue()


def opened(content: bytes, **options: Any) -> Picture:
    return load_bytes(content, "test", **options)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "TIFF lzw", "JPEG", "WEBP", "deep TIFF", "deep PNG"])
def test_pictures_are_turned_upright(orientation: int, kind: str) -> None:
    stored = np.ascontiguousarray(STORED[orientation](UPRIGHT))
    options: dict[str, Any] = {"exif": exif_of(orientation).tobytes()}
    if kind == "deep TIFF":
        out = io.BytesIO()
        deep = stored.astype(np.uint16) * 257
        tifffile.imwrite(out, deep, photometric="rgb", extratags=[(274, "H", 1, orientation, True)])
        content = out.getvalue()
    elif kind == "deep PNG":
        exif = exif_of(orientation).tobytes().removeprefix(b"Exif\0\0")
        content = png_file(stored.astype(int) * 257, 2, 16, after=[(b"eXIf", exif)])
    else:
        options |= {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
        if kind == "TIFF lzw":  # Pillow can't write directories below the first one with compression
            options = {"compression": "tiff_lzw", "tiffinfo": {274: orientation}}
        content = encoded(stored, kind.split()[0], **options)
    picture = opened(content)
    assert picture.size == (40, 24)
    assert np.abs(picture.pixels.astype(int) - UPRIGHT).max() <= (6 if kind == "JPEG" else 0)
    full = picture.full() // (257 if picture.depth == 16 else 1)
    assert np.abs(full.astype(int) - UPRIGHT).max() <= (6 if kind == "JPEG" else 0)
    reduced = opened(content, working_side=20)
    assert reduced.size == (40, 24) and reduced.pixels.shape == (12, 20, 3)
    expected = np.asarray(Image.fromarray(UPRIGHT).resize((20, 12), Image.Resampling.BICUBIC, reducing_gap=2.0))
    assert np.abs(reduced.pixels.astype(int) - expected).max() <= (8 if kind == "JPEG" else 2)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "WEBP"])
def test_exif_is_kept_without_orientation(kind: str) -> None:
    picture = opened(encoded(UPRIGHT, kind, exif=exif_of(6).tobytes()))
    assert picture.exif is not None
    kept = Image.Exif()
    kept.load(picture.exif)
    assert Base.Orientation not in kept
    assert kept[Base.Make] == "Kamera"
    assert kept.get_ifd(IFD.Exif)[Base.DateTimeOriginal] == "2024:05:06 07:08:09"
    assert kept.get_ifd(IFD.GPSInfo)[1] == "N"


def test_exif_behind_the_pixels_of_a_large_png_is_found_without_decoding_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("studio.codecs.decoding.BAND_PIXELS", 100)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("Pillow decodes the whole picture"))
    exif = exif_of(8).tobytes().removeprefix(b"Exif\0\0")
    picture = opened(png_file(STORED[8](UPRIGHT), 2, 8, after=[(b"eXIf", exif)]), working_side=10)
    assert picture.size == (40, 24)


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_impossible_orientation_is_ignored(orientation: int) -> None:
    assert np.array_equal(opened(encoded(UPRIGHT, "PNG", exif=exif_of(orientation).tobytes())).pixels, UPRIGHT)


def test_damaged_exif_does_not_stop_the_picture() -> None:
    for junk in (
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0garbage",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x07" * 40,
    ):
        picture = opened(encoded(UPRIGHT, "WEBP", lossless=True, exif=junk))
        assert np.array_equal(picture.pixels, UPRIGHT)


# --- colour profiles ---------------------------------------------------------------------------

GRID = np.stack(np.meshgrid(*[np.linspace(0.1, 0.9, 5)] * 3), axis=-1).reshape(5, 25, 3)
# In a wider space only these colours lie within sRGB too.
TAME = 0.45 + 0.25 * (GRID - 0.5)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
@pytest.mark.parametrize("primaries", [ADOBE_PRIMARIES, WIDE_PRIMARIES])
def test_colours_of_another_space_become_srgb(kind: str, primaries: Any) -> None:
    colors = np.rint(TAME * 255).astype(np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    profile = rgb_profile(primaries, 2.2)
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}.get(kind, {})
    picture = opened(encoded(colors, kind, icc_profile=profile, **options))
    expected = 255 * expected_srgb(colors / 255, primaries, 563 / 256)
    assert np.abs(expected - colors).max() > 5, "the profile would make no difference"
    assert np.abs(picture.pixels - expected).max() <= (8 if kind == "JPEG" else 1.1)
    assert picture.icc == profile and picture.notes == ()


def test_deep_colours_are_converted_with_their_full_precision() -> None:
    deep = np.rint(TAME * 65535).astype(np.uint16)
    chunk = (b"iCCP", b"p\0\0" + zlib.compress(rgb_profile(ADOBE_PRIMARIES, 2.2)))
    picture = opened(png_file(deep, 2, 16, before=[chunk]))
    expected = 65535 * expected_srgb(deep / 65535, ADOBE_PRIMARIES, 563 / 256)
    assert np.abs(picture.full() - expected).max() < 12
    assert np.abs(picture.pixels - expected / 257).max() <= 1.6


def test_gray_profiles() -> None:
    ramp = np.arange(256, dtype=np.uint8)[None].repeat(3, axis=0)
    expected = 255 * encode_srgb((ramp / 255) ** (461 / 256))
    pixels = opened(encoded(ramp, "PNG", icc_profile=gray_profile(1.8))).pixels
    assert np.abs(pixels - expected[..., None]).max() <= 1.6
    deep = np.arange(0, 65536, 97, dtype=np.uint16)[None]
    chunk = (b"iCCP", b"p\0\0" + zlib.compress(gray_profile(1.8)))
    full = opened(png_file(deep[..., None], 0, 16, before=[chunk])).full()
    assert np.abs(full - 65535 * encode_srgb((deep[..., None] / 65535) ** (461 / 256))).max() < 12


def test_a_cmyk_profile_is_used() -> None:
    def lab_of(c: int, m: int, y: int, k: int) -> tuple[float, float, float]:
        return (1 - k) * (90 - 20 * c - 25 * m - 5 * y) + 8, (1 - k) * (30 * m - 20 * c), (1 - k) * (30 * y - 20 * c)

    corners = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 1, 1, 0]])
    image = Image.frombytes("CMYK", (5, 1), (corners * 255).astype(np.uint8).tobytes())
    out = io.BytesIO()
    image.save(out, "TIFF", icc_profile=cmyk_profile(lab_of))
    picture = opened(out.getvalue())
    # Black-point compensation moves the profile's black (L = 8) to 0 along the line to white, in XYZ.
    lab = np.array([lab_of(*corner) for corner in corners], float)
    expected = 255 * lab_to_srgb(lab)
    assert np.abs(picture.pixels[0] - expected).max() < 9
    assert np.abs(picture.pixels[0, 1].astype(int) - (0, 255, 255)).max() > 60, "plain conversion"


def test_srgb_profiles_change_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = opened(encoded(UPRIGHT, "PNG", icc_profile=profile))
    assert np.array_equal(picture.pixels, UPRIGHT) and picture.icc == profile


def test_a_broken_profile_is_ignored_with_a_note() -> None:
    good = rgb_profile(SRGB_PRIMARIES, 2.2)
    for broken in (b"no profile", good[:100], good[:140] + bytes(60), bytes(300)):
        picture = opened(encoded(UPRIGHT, "PNG", icc_profile=broken))
        assert np.array_equal(picture.pixels, UPRIGHT)
        assert picture.notes == ("Its colour profile is damaged and was ignored.",)
        deep = opened(
            png_file(
                UPRIGHT.astype(int) * 257,
                2,
                16,
                before=[(b"iCCP", b"p\0\0" + zlib.compress(broken))],
            )
        )
        assert np.array_equal(deep.full(), UPRIGHT.astype(np.uint16) * 257)


def test_a_profile_for_another_kind_of_colour_is_ignored_with_a_note() -> None:
    picture = opened(encoded(UPRIGHT, "PNG", icc_profile=gray_profile(1.8)))
    assert np.array_equal(picture.pixels, UPRIGHT)
    assert "for GRAY" in picture.notes[0] and "ignored" in picture.notes[0]


def test_gray_pictures_may_carry_an_rgb_profile() -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    pixels = opened(encoded(ramp, "PNG", icc_profile=rgb_profile(SRGB_PRIMARIES, 1.8))).pixels
    assert np.abs(pixels - 255 * encode_srgb((ramp[..., None] / 255) ** (461 / 256))).max() <= 1.1


@pytest.mark.parametrize("form", range(5))
def test_parametric_curves(form: int) -> None:
    """Every form of ICC.1:2022 table 68, against LittleCMS on 8 bits."""
    numbers = {
        0: (2.2,),
        1: (2.0, 0.9, 0.1),
        2: (2.0, 0.9, 0.05, 0.04),
        3: (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
        4: (2.4, 0.9, 0.1, 0.08, 0.05, 0.01, 0.02),
    }[form]
    curve = b"para" + bytes(4) + struct.pack(">HH", form, 0)
    curve += struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))
    matrix = rgb_to_xyz_d50(SRGB_PRIMARIES)
    tags = {
        name + b"XYZ": b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in matrix[:, i]))
        for i, name in enumerate((b"r", b"g", b"b"))
    }
    profile = icc_profile(b"RGB ", {**tags, **{name + b"TRC": curve for name in (b"r", b"g", b"b")}})
    profile = profile[:8] + b"\x04\x00\x00\x00" + profile[12:]
    ramp = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=-1)
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), "RGB", "RGB", 1
    )
    expected = np.asarray(ImageCms.applyTransform(Image.fromarray(ramp), transform)).astype(float)
    content = png_file(ramp.astype(int) * 257, 2, 16, before=[(b"iCCP", b"p\0\0" + zlib.compress(profile))])
    assert np.abs(opened(content).full() / 257 - expected).max() < 1.5
