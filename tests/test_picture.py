"""Every kind of picture file, made by other means than the program's, against what is known to be in it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from studio.picture import Picture, PictureError, load, load_bytes
from tests.making_pictures import Array, lab_to_srgb, png_file, smooth_noise


def bytes_of(array: Array, channels: int) -> Array:
    return np.rint(array[..., :channels] * 255).astype(np.uint8)


Image.init()  # registers every format

NOISE = smooth_noise(37, 53, 4, seed=1)
RGB = bytes_of(NOISE, 3)
RGBA = bytes_of(NOISE, 4)
GRAY = RGB[..., 0]
DEEP = np.rint(NOISE * 65535).astype(np.uint16)


def encoded(image: Image.Image | Array, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(out, kind, **options)
    return out.getvalue()


def tiff(array: Array, **options: Any) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, array, **options)
    return out.getvalue()


def opened(content: bytes, **options: Any) -> Picture:
    return load_bytes(content, "test", **options)


def rounded(deep: Array) -> Array:
    """uint16 to uint8 by the nearest value."""
    return np.rint(deep / 257.0).astype(np.uint8)


def tripled(gray: Array) -> Array:
    return np.repeat(gray[..., None], 3, axis=-1)


# --- formats -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {"lossless": True}),
        ("PPM", {}),
    ],
)
def test_lossless_formats_are_read_exactly(tmp_path: Path, kind: str, options: dict[str, Any]) -> None:
    path = tmp_path / f"Ein Bild.{kind.lower()}"
    path.write_bytes(encoded(RGB, kind, **options))
    picture = load(path)
    assert np.array_equal(picture.pixels, RGB)
    assert (picture.name, picture.path, picture.size) == (path.name, path, (53, 37))
    assert (picture.format, picture.mode, picture.depth, picture.frames) == (kind, "RGB", 8, 1)
    assert picture.alpha is None and picture.icc is None and picture.notes == ()
    assert picture.pixels.dtype == np.uint8 and picture.pixels.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0] = 0
    assert np.array_equal(picture.full(), RGB)


@pytest.mark.parametrize(("kind", "tolerance"), [("JPEG", 3.0), ("WEBP", 4.0), ("AVIF", 3.0)])
def test_lossy_formats_are_read_closely(kind: str, tolerance: float) -> None:
    if kind == "AVIF" and "AVIF" not in Image.SAVE:
        pytest.skip("this Pillow has no AVIF")
    options = {"subsampling": "4:4:4"} if kind == "AVIF" else {}
    picture = opened(encoded(RGB, kind, quality=95, **options))
    assert picture.format == kind
    assert np.abs(picture.pixels.astype(int) - RGB).mean() < tolerance


def test_a_heic_plug_in_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    import types

    content = b"\0\0\0\x18ftypheic" + bytes(12) + encoded(RGB, "PNG")

    class Heif(Image.Image):
        def __init__(self, file: Any, _: Any) -> None:
            super().__init__()
            inner = Image.open(io.BytesIO(file.read()[24:]))
            self.im, self._mode, self._size, self.format = inner.convert("RGB").im, "RGB", inner.size, "HEIF"

    module = types.ModuleType("pillow_heif")
    module.register_heif_opener = (
        lambda: Image.register_open(  # type: ignore[attr-defined]
            "HEIF", Heif, lambda prefix: prefix[4:12] == b"ftypheic"
        )
    )
    monkeypatch.setitem(sys.modules, "pillow_heif", module)
    Image.init()
    monkeypatch.setattr(Image, "OPEN", dict(Image.OPEN))
    monkeypatch.setattr(Image, "ID", list(Image.ID))
    picture = opened(content)
    assert picture.format == "HEIF" and np.array_equal(picture.pixels, RGB)


def test_a_heic_picture_without_plug_in_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PictureError, match=r"HEIC.*pillow-heif.*JPEG"):
        opened(b"\0\0\0\x18ftypheic" + bytes(100))


# --- modes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_gray(kind: str) -> None:
    picture = opened(encoded(GRAY, kind, **({"quality": 100} if kind == "JPEG" else {})))
    assert picture.mode == "L" and picture.depth == 8
    assert np.abs(picture.pixels.astype(int) - tripled(GRAY)).max() <= (2 if kind == "JPEG" else 0)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_alpha_is_straight_and_lies_beside_the_pixels(kind: str) -> None:
    picture = opened(encoded(RGBA, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {})))
    assert picture.mode == "RGBA"
    assert np.array_equal(picture.pixels, RGB)
    assert picture.alpha is not None and np.array_equal(picture.alpha, RGBA[..., 3])
    assert not picture.alpha.flags.writeable
    assert np.array_equal(picture.full(), RGBA)


def test_associated_alpha_of_a_tiff_is_divided_out() -> None:
    content = tiff(np.full((4, 4, 4), (50, 100, 25, 128), np.uint8), photometric="rgb", extrasamples=["assocalpha"])
    picture = opened(content)
    assert np.abs(picture.pixels[0, 0].astype(int) - np.array([50, 100, 25]) * 255 / 128).max() <= 1
    deep = np.full((4, 4, 4), (10000, 20000, 5000, 32768), np.uint16)
    full = opened(tiff(deep, photometric="rgb", extrasamples=["assocalpha"])).full()
    assert np.abs(full[0, 0, :3].astype(int) - np.array([10000, 20000, 5000]) * 65535 / 32768).max() <= 1


def test_an_opaque_alpha_counts_as_none() -> None:
    picture = opened(encoded(np.dstack([RGB, np.full_like(GRAY, 255)]), "PNG"))
    assert picture.alpha is None and picture.full().shape == (37, 53, 3)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_gray_with_alpha(kind: str) -> None:
    both = np.dstack([GRAY, RGBA[..., 3]])
    picture = opened(encoded(both, kind))
    assert picture.mode == "LA"
    assert np.array_equal(picture.pixels, tripled(GRAY))
    assert picture.alpha is not None and np.array_equal(picture.alpha, RGBA[..., 3])


COLORS = np.array([[200, 30, 40], [10, 220, 90], [5, 60, 250], [255, 255, 255], [0, 0, 0]], np.uint8)
INDICES = np.random.default_rng(5).integers(0, 5, (9, 11)).astype(np.uint8)


def paletted() -> Image.Image:
    image = Image.fromarray(INDICES)
    image.putpalette(COLORS.tobytes())
    return image


@pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF", "BMP"])
def test_palettes(kind: str) -> None:
    picture = opened(encoded(paletted(), kind))
    assert picture.mode == "P" and picture.depth == 8
    assert np.array_equal(picture.pixels, COLORS[INDICES])
    assert picture.alpha is None


def test_a_palette_with_graded_transparency() -> None:
    opacity = np.array([0, 80, 160, 240, 255], np.uint8)
    picture = opened(encoded(paletted(), "PNG", transparency=opacity.tobytes()))
    assert np.array_equal(picture.pixels, COLORS[INDICES])
    assert picture.alpha is not None and np.array_equal(picture.alpha, opacity[INDICES])


def test_a_gif_with_a_transparent_colour() -> None:
    picture = opened(encoded(paletted(), "GIF", transparency=2))
    assert picture.alpha is not None and np.array_equal(picture.alpha, np.where(INDICES == 2, 0, 255))
    assert np.array_equal(picture.pixels[INDICES != 2], COLORS[INDICES][INDICES != 2])


@pytest.mark.parametrize(("color", "key"), [(0, b"\0\x09"), (2, b"\0\x09\0\x09\0\x09")])
def test_a_transparent_colour_in_a_png(color: int, key: bytes) -> None:
    samples = np.arange(60).reshape(5, 12, 1).repeat(1 if color == 0 else 3, axis=-1)
    picture = opened(png_file(samples, color, 8, before=[(b"tRNS", key)]))
    assert picture.alpha is not None
    assert np.array_equal(picture.alpha == 0, samples[..., 0] == 9)


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "group4"})])
def test_single_bits(kind: str, options: dict[str, Any]) -> None:
    bits = GRAY > 120
    picture = opened(encoded(Image.fromarray(bits), kind, **options))
    assert picture.mode == "1" and picture.depth == 1
    assert np.array_equal(picture.pixels, tripled(bits * np.uint8(255)))


@pytest.mark.parametrize("bits", [2, 4])
def test_few_bits_of_gray_fill_the_range(bits: int) -> None:
    samples = np.random.default_rng(0).integers(0, 2**bits, (6, 7, 1))
    picture = opened(png_file(samples, 0, bits))
    assert np.array_equal(picture.pixels[..., 0], np.rint(samples[..., 0] * 255 / (2**bits - 1)))


# --- 16 bits and floats ------------------------------------------------------------------------


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("color", "channels", "mode"), [(0, 1, "I;16"), (2, 3, "RGB;16"), (6, 4, "RGBA;16")])
def test_png_of_16_bits_keeps_them(color: int, channels: int, mode: str, interlaced: bool) -> None:
    samples = DEEP[..., :channels]
    picture = opened(png_file(samples, color, 16, interlaced=interlaced))
    assert picture.depth == 16 and picture.mode == mode
    expected = np.repeat(samples, 3, axis=-1) if channels == 1 else samples
    full = picture.full()
    assert full.dtype == np.uint16 and np.array_equal(full, expected)
    assert np.array_equal(picture.pixels, rounded(expected[..., :3]))
    if channels == 4:
        assert picture.alpha is not None and np.array_equal(picture.alpha, rounded(samples[..., 3]))


def test_png_of_16_bit_gray_and_alpha() -> None:
    picture = opened(png_file(DEEP[..., 2:], 4, 16))
    assert np.array_equal(picture.full(), np.dstack([DEEP[..., 2]] * 3 + [DEEP[..., 3]]))


def test_a_transparent_colour_of_16_bits_is_compared_in_full() -> None:
    samples = np.full((4, 6, 3), 0x1234)
    samples[1, 2] = 0x1235
    picture = opened(png_file(samples, 2, 16, before=[(b"tRNS", b"\x12\x34" * 3)]))
    assert picture.alpha is not None
    assert picture.alpha[1, 2] == 255 and picture.alpha.astype(int).sum() == 255


@pytest.mark.parametrize("interlaced", [False, True])
def test_interlaced_rows_of_8_bits(interlaced: bool) -> None:
    assert np.array_equal(opened(png_file(RGB, 2, 8, interlaced=interlaced)).pixels, RGB)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 32)}, {"rowsperstrip": 5}])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_tiff_of_16_bits_keeps_them(order: str, options: dict[str, Any], channels: int) -> None:
    samples = np.ascontiguousarray(DEEP[..., :channels]) if channels > 1 else DEEP[..., 0]
    kinds: dict[str, Any] = {"photometric": "minisblack" if channels == 1 else "rgb"}
    if channels == 4:
        kinds["extrasamples"] = ["unassalpha"]
    picture = opened(tiff(samples, byteorder=order, **options, **kinds))
    assert picture.depth == 16
    assert np.array_equal(picture.full(), tripled(samples) if channels == 1 else samples)


def test_tiff_of_16_bits_compressed_by_others() -> None:
    _, content = cv2.imencode(".tif", DEEP[..., 2::-1], [cv2.IMWRITE_TIFF_COMPRESSION, 5])
    assert np.array_equal(opened(content.tobytes()).full(), DEEP[..., :3])


def test_what_must_be_read_with_fewer_bits_says_so() -> None:
    picture = opened(tiff(65535 - DEEP, photometric="separated"))
    assert picture.depth == 8 and "16 bits were read with 8" in picture.notes[0]
    assert np.abs(picture.pixels - printed((65535 - DEEP) / 257)).max() < 3


@pytest.mark.parametrize(
    "content",
    [
        tiff(np.moveaxis(DEEP, -1, 0), photometric="separated", planarconfig="separate"),
        tiff(DEEP[..., 2:], photometric="minisblack", extrasamples=["unassalpha"]),
        tiff(NOISE[..., 0].astype(np.complex64), photometric="minisblack"),
    ],
    ids=["cmyk planes of 16 bits", "gray and alpha of 16 bits", "complex numbers"],
)
def test_a_tiff_that_nobody_reads_rightly_is_refused(content: bytes) -> None:
    with pytest.raises(PictureError, match="a kind of TIFF that can't be read here; save it with 8 or 16 bits as RGB"):
        opened(content)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib", "rowsperstrip": 5}, {"tile": (16, 32)}])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("deep", [False, True])
def test_tiff_with_its_channels_one_after_the_other(options: dict[str, Any], channels: int, deep: bool) -> None:
    samples = (DEEP if deep else RGBA)[..., :channels]
    extra = {"extrasamples": ["unassalpha"]} if channels == 4 else {}
    content = tiff(np.moveaxis(samples, -1, 0), photometric="rgb", planarconfig="separate", **extra, **options)
    assert np.array_equal(opened(content).full(), samples)


def test_tiff_whose_white_is_zero() -> None:
    picture = opened(tiff(DEEP[..., 0], photometric="miniswhite"))
    assert np.array_equal(picture.full(), tripled(65535 - DEEP[..., 0]))
    assert np.array_equal(opened(tiff(GRAY, photometric="miniswhite")).pixels, tripled(255 - GRAY))


def test_tiff_of_wide_integers() -> None:
    within = DEEP[..., 0].astype(np.int32)
    assert np.array_equal(opened(tiff(within)).full(), tripled(DEEP[..., 0]))
    beyond = np.array([[-100, 0], [100, 300]], np.int32)
    picture = opened(tiff(beyond, photometric="minisblack"))
    assert np.array_equal(picture.full()[..., 0], np.rint((beyond + 100) / 400 * 65535))
    assert "from -100 to 300 are shown stretched" in picture.notes[0]


def test_tiff_of_floats() -> None:
    floats = NOISE[..., :3].astype(np.float32)
    for samples in (floats[..., 0], floats):
        picture = opened(tiff(samples, photometric="minisblack" if samples.ndim == 2 else "rgb"))
        assert picture.depth == 16 and picture.notes == ()
        expected = np.rint(samples.astype(float) * 65535)
        assert np.array_equal(picture.full(), tripled(expected) if samples.ndim == 2 else expected)


def test_floats_outside_the_range_are_stretched_and_say_so() -> None:
    samples = np.array([[-1.0, 0.0], [1.0, np.nan]], np.float32)
    picture = opened(tiff(samples, photometric="minisblack"))
    assert np.array_equal(picture.pixels[..., 0], [[0, 128], [255, 128]])
    assert "stretched" in picture.notes[0]


# --- other colour spaces -----------------------------------------------------------------------

INKS = np.random.default_rng(2).integers(0, 256, (8, 8, 4)).astype(np.uint8)
INKS_FLAT = np.repeat(np.repeat(INKS, 8, axis=0), 8, axis=1)


def printed(inks: Array) -> Array:
    """Plain subtractive mixture without a profile: light = (1 - ink) (1 - black)."""
    light = 1.0 - inks.astype(float) / 255
    return 255 * light[..., :3] * light[..., 3:]


def test_cmyk_tiff() -> None:
    picture = opened(encoded(cmyk(INKS), "TIFF"))
    assert picture.mode == "CMYK"
    assert np.abs(picture.pixels - printed(INKS)).max() <= 1.5


def cmyk(inks: Array) -> Image.Image:
    return Image.frombytes("CMYK", inks.shape[1::-1], inks.tobytes())


def test_cmyk_jpeg_of_adobe_is_stored_inverted_and_others_are_not() -> None:
    content = encoded(cmyk(INKS_FLAT), "JPEG", quality=100)
    at = content.index(b"\xff\xee")
    assert content[at + 4 : at + 9] == b"Adobe"
    adobe = opened(content)
    assert adobe.mode == "CMYK" and np.abs(adobe.pixels - printed(INKS_FLAT)).mean() < 2
    length = 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    plain = opened(content[:at] + content[at + length :])
    assert np.abs(plain.pixels - printed(255 - INKS_FLAT)).mean() < 2


def test_ycbcr_tiff_compressed_as_jpeg() -> None:
    picture = opened(encoded(RGB, "TIFF", compression="jpeg", quality=95))
    assert np.abs(picture.pixels.astype(int) - RGB).mean() < 4


def test_lab_tiff() -> None:
    lab = np.array([[[50, 20, -30], [80, -20, 40]], [[30, 0, 0], [95, 2, 3]]], float)
    stored = np.stack([lab[..., 0] * 2.55, lab[..., 1] % 256, lab[..., 2] % 256], axis=-1).round().astype(np.uint8)
    picture = opened(tiff(stored, photometric="cielab"))
    assert picture.mode == "LAB"
    assert np.abs(picture.pixels - 255 * lab_to_srgb(lab)).max() <= 1.2


# --- frames ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "word"), [("GIF", "frames"), ("PNG", "frames"), ("WEBP", "frames"), ("TIFF", "pages")]
)
def test_only_the_first_frame_is_read_and_the_log_says_so(kind: str, word: str) -> None:
    frames = [Image.new("RGB", (20, 10), color) for color in ("#c81414", "#14c814", "#1414c8")]
    options = {"lossless": True} if kind == "WEBP" else {}
    picture = opened(encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options))
    assert picture.frames == 3
    assert picture.notes == (f"The first of 3 {word}.",)
    assert np.abs(picture.pixels.astype(int) - (200, 20, 20)).max() <= 2


# --- the class ---------------------------------------------------------------------------------


def test_resized_is_pillows_bicubic() -> None:
    picture = opened(encoded(RGB, "PNG"))
    for size in ((20, 31), (90, 70), (53, 37)):
        expected = np.asarray(Image.fromarray(RGB).resize(size, Image.Resampling.BICUBIC))
        assert np.array_equal(picture.resized(size), expected)


def test_tensor() -> None:
    import torch

    tensor = opened(encoded(RGB, "PNG")).tensor((26, 18))
    assert tensor.shape == (1, 3, 18, 26) and tensor.dtype == torch.float32 and tensor.is_contiguous()
    expected = np.asarray(Image.fromarray(RGB).resize((26, 18), Image.Resampling.BICUBIC)) / 255
    assert np.allclose(tensor[0].permute(1, 2, 0).numpy(), expected, atol=1e-7)


def test_from_array_takes_all_number_types() -> None:
    assert np.array_equal(Picture.from_array(GRAY).pixels, tripled(GRAY))
    assert np.array_equal(Picture.from_array(RGB, "x").pixels, RGB)
    with_alpha = Picture.from_array(RGBA)
    assert with_alpha.alpha is not None and np.array_equal(with_alpha.full(), RGBA)
    deep = Picture.from_array(DEEP[..., :3])
    assert deep.depth == 16 and np.array_equal(deep.full(), DEEP[..., :3])
    assert np.array_equal(deep.pixels, rounded(DEEP[..., :3]))
    floats = Picture.from_array(NOISE[..., :3])
    assert np.array_equal(floats.full(), np.rint(NOISE[..., :3].astype(np.float32) * np.float32(65535)))
    assert np.array_equal(Picture.from_array(GRAY > 99).pixels[..., 1], np.where(GRAY > 99, 255, 0))
    outside = Picture.from_array(np.array([[-3.0, np.inf], [np.nan, 0.5]]))
    assert np.array_equal(outside.pixels[..., 0], [[0, 255], [0, 128]])


def test_from_array_does_not_share_memory_with_its_input() -> None:
    array = RGB.copy()
    picture = Picture.from_array(array)
    array[:] = 0
    assert np.array_equal(picture.pixels, RGB) and np.array_equal(picture.full(), RGB)


def test_from_array_bounds_what_is_computed_with() -> None:
    picture = Picture.from_array(RGB, working_side=20)
    assert picture.size == (53, 37) and picture.pixels.shape == (14, 20, 3) and picture.is_reduced
    assert np.array_equal(picture.full(), RGB)


@pytest.mark.parametrize(
    "array", [np.zeros((3, 3, 2)), np.zeros(5), np.zeros((0, 4, 3), np.uint8), np.zeros((2, 2), np.int64)]
)
def test_from_array_refuses_what_is_no_picture(array: Array) -> None:
    with pytest.raises(PictureError, match="“odd” can't be made of"):
        Picture.from_array(array, "odd")
