"""Pictures written, and read back by other programs: depth, profile, EXIF, alpha, recipe, and no half files."""

from __future__ import annotations

import errno
import io
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.ExifTags import IFD, Base

from studio.codecs.recipes import recipe_text
from studio.files import FileError
from studio.picture import Picture, PictureError, load, load_bytes, save
from tests.making_pictures import (
    ADOBE_PRIMARIES,
    Array,
    cmyk_profile,
    expected_srgb,
    gray_profile,
    rgb_profile,
    smooth_noise,
)

NOISE = smooth_noise(31, 47, 4, seed=3)
RGBA = np.rint(NOISE * 255).astype(np.uint8)
RGB = np.ascontiguousarray(RGBA[..., :3])
DEEP = np.rint(NOISE * 65535).astype(np.uint16)
SUFFIXES = [".png", ".tif", ".tiff", ".jpg", ".jpeg", ".webp"]


def source(array: Array = RGB, kind: str = "PNG", **options: Any) -> Picture:
    out = io.BytesIO()
    Image.fromarray(array).save(out, kind, **options)
    return load_bytes(out.getvalue(), "source")


def camera_exif() -> bytes:
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    exif[Base.Make] = "Kamera"
    exif[Base.Artist] = "Jemand"
    exif[IFD.Exif] = {Base.ISOSpeedRatings: 200, Base.ExifImageWidth: 47, Base.ExifImageHeight: 31}
    return exif.tobytes()


def exif_in(path: Path) -> Image.Exif:
    with Image.open(path) as image:
        exif = Image.Exif()
        found = image.getexif()
        exif.load(found.tobytes())
        return exif


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("array", [RGB, RGB[..., 0], RGBA], ids=["rgb", "gray", "rgba"])
def test_eight_bits(tmp_path: Path, suffix: str, array: Array) -> None:
    path = tmp_path / f"x{suffix}"
    save(array, path)
    with Image.open(path) as image:
        image.load()
        assert "icc_profile" not in image.info
        if suffix in (".png", ".tif", ".tiff"):
            assert np.array_equal(np.asarray(image), array)
        else:
            assert image.size == (47, 31) and ("A" in image.getbands()) == (suffix == ".webp" and array is RGBA)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_jpeg_is_flattened_on_white(tmp_path: Path) -> None:
    array = np.zeros((16, 16, 4), np.uint8)
    array[:, 8:] = (10, 20, 30, 255)
    save(array, tmp_path / "x.jpg", quality=100)
    pixels = np.asarray(Image.open(tmp_path / "x.jpg")).astype(int)
    assert np.abs(pixels[:, :7] - 255).max() < 8 and np.abs(pixels[:, 9:] - (10, 20, 30)).max() < 8


@pytest.mark.parametrize("array", [DEEP[..., :3], DEEP, DEEP[..., 1]], ids=["rgb", "rgba", "gray"])
def test_sixteen_bits(tmp_path: Path, array: Array) -> None:
    save(array, tmp_path / "x.png")
    read = cv2.imread(str(tmp_path / "x.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(read if array.ndim == 2 else read[..., [2, 1, 0, 3][: read.shape[2]]], array)
    save(array, tmp_path / "x.tif")
    assert np.array_equal(cv2.imread(str(tmp_path / "x.tif"), cv2.IMREAD_UNCHANGED)[..., ::1].dtype, np.uint16)
    back = load(tmp_path / "x.tif").full()
    assert np.array_equal(back, array if array.ndim == 3 else np.repeat(array[..., None], 3, axis=-1))
    save(array, tmp_path / "x.jpg")
    assert load(tmp_path / "x.jpg").depth == 8


def test_a_tiff_is_what_the_specification_says(tmp_path: Path) -> None:
    save(DEEP, tmp_path / "x.tif")
    with tifffile.TiffFile(tmp_path / "x.tif") as file:
        page = file.pages[0]
        assert page.shape == (31, 47, 4) and page.dtype == np.uint16
        assert page.compression.name == "ADOBE_DEFLATE" and page.predictor.name == "HORIZONTAL"
        assert [extra.name for extra in page.extrasamples] == ["UNASSALPHA"]


def test_depth_can_be_chosen(tmp_path: Path) -> None:
    save(RGB, tmp_path / "deep.png", depth=16)
    assert np.array_equal(load(tmp_path / "deep.png").full(), RGB.astype(np.uint16) * 257)
    save(DEEP[..., :3], tmp_path / "flat.png", depth=8)
    assert np.array_equal(load(tmp_path / "flat.png").full(), np.rint(DEEP[..., :3] / 257))


def test_floats_take_the_depth_of_the_original(tmp_path: Path) -> None:
    deep = Picture.from_array(DEEP[..., :3])
    save(NOISE[..., :3], tmp_path / "deep.png", like=deep)
    assert load(tmp_path / "deep.png").depth == 16
    save(NOISE[..., :3], tmp_path / "flat.png", like=source())
    assert load(tmp_path / "flat.png").depth == 8


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
def test_exif_comes_along(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    save(RGB[:20], path, like=source(kind="JPEG", exif=camera_exif()))
    exif = exif_in(path)
    assert Base.Orientation not in exif
    assert exif[Base.Make] == "Kamera" and exif[Base.Artist] == "Jemand"
    details = exif.get_ifd(IFD.Exif)
    assert details[Base.ISOSpeedRatings] == 200
    assert (details[Base.ExifImageWidth], details[Base.ExifImageHeight]) == (47, 20)


def test_the_directory_of_a_tiff_does_not_travel_as_exif(tmp_path: Path) -> None:
    picture = source(kind="TIFF", exif=camera_exif())
    save(RGB[:5], tmp_path / "x.jpg", like=picture)
    exif = exif_in(tmp_path / "x.jpg")
    assert exif[Base.Make] == "Kamera"
    assert not {Base.ImageWidth, Base.StripOffsets, Base.BitsPerSample, Base.Compression} & set(exif)


def test_a_makers_note_that_is_too_long_for_jpeg_is_left_out(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[Base.Make] = "Kamera"
    exif[IFD.Exif] = {Base.MakerNote: b"n" * 70_000, Base.ISOSpeedRatings: 200}
    picture = source(kind="WEBP", exif=exif.tobytes())
    save(RGB, tmp_path / "x.png", like=picture)
    assert len(exif_in(tmp_path / "x.png").get_ifd(IFD.Exif)[Base.MakerNote]) == 70_000
    save(RGB, tmp_path / "x.jpg", like=picture)
    details = exif_in(tmp_path / "x.jpg").get_ifd(IFD.Exif)
    assert Base.MakerNote not in details and details[Base.ISOSpeedRatings] == 200


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
def test_pixels_are_converted_to_the_profile_that_comes_along(tmp_path: Path, suffix: str) -> None:
    profile = rgb_profile(ADOBE_PRIMARIES, 2.2)
    original = 0.45 + 0.2 * NOISE[..., :3]
    like = source(np.rint(original * 255).astype(np.uint8), icc_profile=profile)
    path = tmp_path / f"x{suffix}"
    save(like.pixels, path, like=like, quality=100)
    with Image.open(path) as image:
        assert image.info["icc_profile"] == profile
        stored = np.asarray(image.convert("RGB")) / 255
    tolerance = 2.1 if suffix in (".png", ".tif") else 14
    assert np.abs(stored - original).max() * 255 < tolerance
    seen = 255 * expected_srgb(stored, ADOBE_PRIMARIES, 563 / 256)
    assert np.abs(seen - like.pixels).max() < tolerance


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_deep_pixels_go_to_the_profile_and_back(tmp_path: Path, suffix: str) -> None:
    profile = rgb_profile(ADOBE_PRIMARIES, 2.2)
    like = source(icc_profile=profile)
    deep = np.rint((0.45 + 0.2 * NOISE[..., :3]) * 65535).astype(np.uint16)
    path = tmp_path / f"x{suffix}"
    save(deep, path, like=like)
    back = load(path)
    assert back.icc == profile
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1] / 65535
    assert np.abs(65535 * expected_srgb(stored, ADOBE_PRIMARIES, 563 / 256) - deep).max() < 12
    assert np.abs(back.full().astype(int) - deep).max() <= 4


@pytest.mark.parametrize(
    "profile", [gray_profile(2.2), cmyk_profile(lambda c, m, y, k: (100 - 25 * (c + m + y + k), 0, 0)), b"broken"]
)
def test_a_profile_that_does_not_fit_is_left_out(tmp_path: Path, profile: bytes) -> None:
    like = Picture("x", None, (47, 31), RGB, icc=profile)
    for array in (RGB, DEEP[..., :3]):
        save(array, tmp_path / "x.png", like=like)
        with Image.open(tmp_path / "x.png") as image:
            assert "icc_profile" not in image.info
        assert np.array_equal(load(tmp_path / "x.png").full(), array)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_alpha_comes_along_scaled(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    small = np.asarray(Image.fromarray(RGB).resize((24, 16)))
    save(small, path, like=source(RGBA))
    picture = load(path)
    assert picture.alpha is not None
    expected = np.asarray(Image.fromarray(RGBA[..., 3]).resize((24, 16), Image.Resampling.BICUBIC)).astype(int)
    assert np.abs(picture.alpha - expected).max() <= 1
    save(RGBA[::-1], path, like=source(RGBA))
    own = load(path).alpha
    assert own is not None and np.abs(own.astype(int) - RGBA[::-1, :, 3]).max() <= 1


def test_alpha_comes_along_at_full_depth(tmp_path: Path) -> None:
    save(DEEP[..., :3], tmp_path / "x.png", like=source(RGBA))
    full = load(tmp_path / "x.png").full()
    assert np.array_equal(full[..., :3], DEEP[..., :3])
    assert np.array_equal(full[..., 3], RGBA[..., 3].astype(np.uint16) * 257)


RECIPE = {"Program": "Buddies Studio", "Options": '{"preset": "paper"}', "Motto": "schöner – 更美"}


@pytest.mark.parametrize("array", [RGB, DEEP[..., :3]], ids=["8 bits", "16 bits"])
def test_the_recipe_is_in_the_text_of_a_png(tmp_path: Path, array: Array) -> None:
    save(array, tmp_path / "x.png", text=RECIPE)
    with Image.open(tmp_path / "x.png") as image:
        image.load()
        assert dict(image.text) == RECIPE  # type: ignore[attr-defined]
    assert np.array_equal(load(tmp_path / "x.png").full(), array)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".tif"])
def test_the_recipe_has_a_place_of_its_own(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    exif = Image.Exif()
    exif[Base.Make] = "Kamera"
    exif[Base.ImageDescription] = "a lake"
    exif[IFD.Exif] = {Base.UserComment: b"ASCII\0\0\0in the rain"}
    save(RGB, path, like=source(kind="JPEG", exif=exif.tobytes()), text=RECIPE)
    content = path.read_bytes()
    start = content.index(b'{"Program"')
    assert json.JSONDecoder().raw_decode(content[start:].decode("latin-1"))[0] == RECIPE
    assert exif_in(path)[Base.Make] == "Kamera" and exif_in(path)[Base.ImageDescription] == "a lake"
    assert exif_in(path).get_ifd(IFD.Exif)[Base.UserComment] == b"ASCII\0\0\0in the rain"
    assert np.abs(load(path).pixels.astype(int) - RGB).mean() < 5


def test_a_recipe_longer_than_a_segment_of_jpeg(tmp_path: Path) -> None:
    long = {"Recipe": "x" * 200_000}
    for suffix in (".jpg", ".webp", ".tif", ".png"):
        save(RGB, tmp_path / f"x{suffix}", text=long)
        with (tmp_path / f"x{suffix}").open("rb") as file:
            assert recipe_text(file) == long


# --- refusals ----------------------------------------------------------------------------------


def test_an_unknown_suffix(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"“x\.bmp”: pictures are written as \.png, \.jpg, \.webp or \.tif"):
        save(RGB, tmp_path / "x.bmp")


@pytest.mark.parametrize(("suffix", "side"), [(".webp", 16_384), (".jpg", 65_501)])
def test_more_pixels_than_the_format_can_hold(tmp_path: Path, suffix: str, side: int) -> None:
    with pytest.raises(PictureError, match=r"holds at most .* a side; choose PNG or TIFF"):
        save(np.zeros((1, side, 3), np.uint8), tmp_path / f"x{suffix}")
    save(np.zeros((1, side, 3), np.uint8), tmp_path / "x.png")


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(b"old")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(FileError, match="the disk is full"):
        save(RGB, path)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no such file or folder"):
        save(RGB, tmp_path / "gone" / "x.png")
