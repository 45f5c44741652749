"""Pictures that are larger than what is computed with: decoded by bands, in memory that does not grow with them."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import textwrap
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from studio.codecs import decoding, identify
from studio.codecs.reduction import Reduction
from studio.geometry import shrink_within
from studio.picture import Picture, PictureError, load, load_bytes, loading
from studio.progress import Progress
from tests.making_pictures import Array, huge_png, png_chunk, png_file, smooth_noise

NOISE = smooth_noise(211, 307, 4, seed=9)
RGBA = np.rint(NOISE * 255).astype(np.uint8)
RGB = np.ascontiguousarray(RGBA[..., :3])
GRAY = np.ascontiguousarray(RGBA[..., 0])
INDICES = RGBA[..., 1] // 17
COLORS = np.random.default_rng(1).integers(0, 256, (16, 3)).astype(np.uint8)


@pytest.fixture(autouse=True)
def small_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if computers were tiny: anything over 20,000 pixels is large, and a band has 8 kB."""
    monkeypatch.setattr(decoding, "BAND_PIXELS", 20_000)
    for module in (decoding, identify):
        monkeypatch.setattr(module, "WHOLE_BYTES", 8 * 20_000)
    for module in ("bands", "png", "tiff", "bmp"):
        monkeypatch.setattr(f"studio.codecs.{module}.BAND_BYTES", 8_000)


@pytest.fixture
def no_whole_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(opened: Any) -> None:
        pytest.fail(f"{opened.image.format} of {opened.size} was decoded as a whole")

    monkeypatch.setattr(decoding, "_decode_whole", refuse)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def tiff(array: Array, **options: Any) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, array, **options)
    return out.getvalue()


def bottom_up_bmp(rgb: Array, top_down: bool) -> bytes:
    height, width = rgb.shape[:2]
    rows = [row[:, ::-1].tobytes() + bytes(-3 * width % 4) for row in (rgb if top_down else rgb[::-1])]
    body = b"".join(rows)
    header = struct.pack("<IiiHHIIiiII", 40, width, -height if top_down else height, 1, 24, 0, len(body), 0, 0, 0, 0)
    return struct.pack("<2sIHHI", b"BM", 54 + len(body), 0, 0, 54) + header + body


def palette_picture() -> Image.Image:
    image = Image.fromarray(INDICES)
    image.putpalette(COLORS.tobytes())
    return image


TRUTH = {
    "rgb": Image.fromarray(RGB),
    "rgba": Image.fromarray(RGBA),
    "gray": Image.fromarray(GRAY),
    "gray and alpha": Image.fromarray(RGBA[..., 2:]),
    "palette": Image.fromarray(COLORS[INDICES]),
    "bits": Image.fromarray(np.where(GRAY > 128, 255, 0).astype(np.uint8)),
    "four grays": Image.fromarray((GRAY // 64 * 85).astype(np.uint8)),
}
STRIPS = {"strip_size": 4096}

FILES: dict[str, tuple[str, bytes]] = {
    "png rgb": ("rgb", png_file(RGB, 2, 8)),
    "png rgba": ("rgba", png_file(RGBA, 6, 8)),
    "png gray": ("gray", png_file(GRAY[..., None], 0, 8)),
    "png gray and alpha": ("gray and alpha", png_file(RGBA[..., 2:], 4, 8)),
    "png 16 bit rgba": ("rgba", png_file(RGBA.astype(int) * 257, 6, 16)),
    "png 16 bit gray": ("gray", png_file(GRAY[..., None].astype(int) * 257, 0, 16)),
    "png bits": ("bits", png_file((GRAY[..., None] > 128).astype(int), 0, 1)),
    "png 2 bits": ("four grays", png_file(GRAY[..., None] // 64, 0, 2)),
    "png palette 4 bits": ("palette", png_file(INDICES[..., None], 3, 4, before=[(b"PLTE", COLORS.tobytes())])),
    "png palette 8 bits": ("palette", png_file(INDICES[..., None], 3, 8, before=[(b"PLTE", COLORS.tobytes())])),
    "png pillow": ("rgb", encoded(TRUTH["rgb"], "PNG")),
    "png unfiltered": ("palette", encoded(palette_picture(), "PNG")),
    "tiff one strip": ("rgb", tiff(RGB, photometric="rgb")),
    "tiff big-endian 16 bit": ("rgb", tiff(RGB.astype(np.uint16) * 257, photometric="rgb", byteorder=">")),
    "tiff 16 bit gray strips": ("gray", tiff(GRAY.astype(np.uint16) * 257, rowsperstrip=13, compression="zlib")),
    "tiff lzw": ("rgb", encoded(TRUTH["rgb"], "TIFF", compression="tiff_lzw", **STRIPS)),
    "tiff packbits": ("gray", encoded(TRUTH["gray"], "TIFF", compression="packbits", **STRIPS)),
    "tiff deflate": ("rgba", encoded(TRUTH["rgba"], "TIFF", compression="tiff_adobe_deflate", **STRIPS)),
    "tiff fax": ("bits", encoded(Image.fromarray(GRAY > 128), "TIFF", compression="group4", strip_size=1024)),
    "tiff palette": ("palette", encoded(palette_picture(), "TIFF", compression="tiff_lzw", **STRIPS)),
    "tiff tiles": ("rgb", tiff(RGB, photometric="rgb", tile=(32, 48), compression="zlib")),
    "tiff tiles, not compressed": ("rgb", tiff(RGB, photometric="rgb", tile=(32, 48))),
    "tiff planes": (
        "rgba",
        tiff(
            np.moveaxis(RGBA, -1, 0),
            photometric="rgb",
            planarconfig="separate",
            rowsperstrip=9,
            extrasamples=["unassalpha"],
        ),
    ),
    "tiff big": ("rgb", tiff(RGB, photometric="rgb", bigtiff=True, rowsperstrip=7)),
    "tiff white is zero": ("gray", tiff(255 - GRAY, photometric="miniswhite", rowsperstrip=7)),
    "bmp": ("rgb", bottom_up_bmp(RGB, top_down=False)),
    "bmp top-down": ("rgb", bottom_up_bmp(RGB, top_down=True)),
    "bmp palette": ("palette", encoded(palette_picture(), "BMP")),
    "bmp gray": ("gray", encoded(TRUTH["gray"], "BMP")),
}


@pytest.mark.usefixtures("no_whole_decoding")
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("side", [30, 100, 250])
def test_bands_give_what_pillow_makes_of_the_whole(name: str, side: int) -> None:
    truth, content = FILES[name]
    picture = load_bytes(content, name, side)
    size = shrink_within((307, 211), side)
    whole = TRUTH[truth]
    multiplied = {"RGBA": "RGBa", "LA": "La"}.get(whole.mode, whole.mode)  # some Pillows forget the gap for RGBA
    expected = whole.convert(multiplied).resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    expected = expected.convert(whole.mode).convert("RGBA")
    assert picture.size == (307, 211)
    assert np.array_equal(picture.pixels, np.asarray(expected)[..., :3])
    if "A" in TRUTH[truth].getbands():
        assert picture.alpha is not None and np.array_equal(picture.alpha, np.asarray(expected)[..., 3])
    else:
        assert picture.alpha is None
    assert picture.notes == (f"Shown reduced from 307 × 211 to {size[0]} × {size[1]} pixels.",)


@pytest.mark.usefixtures("no_whole_decoding")
@pytest.mark.parametrize("name", FILES)
def test_bands_give_the_whole_picture_at_full_size(name: str) -> None:
    truth, content = FILES[name]
    full = load_bytes(content, name, 60).full()
    if full.dtype == np.uint16:
        assert np.array_equal(full % 257, np.zeros_like(full))
        full = full // 257
    kind = "RGBA" if "A" in TRUTH[truth].getbands() else "RGB"
    assert np.array_equal(full, np.asarray(TRUTH[truth].convert(kind)))


def test_tiff_compressed_as_jpeg_by_strips() -> None:
    content = encoded(TRUTH["rgb"], "TIFF", compression="jpeg", quality=95, strip_size=8192)
    whole = Image.open(io.BytesIO(content)).resize((100, 69), Image.Resampling.BICUBIC, reducing_gap=2.0)
    assert np.array_equal(load_bytes(content, "x", 100).pixels, np.asarray(whole))


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_is_reduced_while_it_is_decoded(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    content = encoded(TRUTH["rgb"].convert(mode), "JPEG", quality=95)
    sizes = []
    original = Reduction.__init__

    def watch(self: Reduction, source: Any, *rest: Any) -> None:
        sizes.append(source)
        original(self, source, *rest)

    monkeypatch.setattr(Reduction, "__init__", watch)
    picture = load_bytes(content, "x", 70)
    assert picture.size == (307, 211) and sizes == [(77, 53)]
    expected = Image.open(io.BytesIO(content)).convert("RGB").resize(picture.pixels.shape[1::-1])
    assert np.abs(picture.pixels.astype(int) - np.asarray(expected)).mean() < 4


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("WEBP", encoded(TRUTH["rgb"], "WEBP")),
        ("GIF", encoded(palette_picture(), "GIF")),
        ("PNG", png_file(GRAY[:150, :150, None], 0, 8, interlaced=True)),
        ("JPEG", encoded(TRUTH["rgb"], "JPEG", progressive=True)),
        ("TIFF", encoded(TRUTH["rgb"], "TIFF", compression="tiff_lzw", strip_size=10**9)),
        ("TIFF", tiff(RGB.astype(np.float32), photometric="rgb")),
    ],
)
def test_what_can_only_be_decoded_at_once_is_refused_with_its_size(kind: str, content: bytes) -> None:
    with pytest.raises(PictureError, match=rf"“big” has \d+ × \d+ pixels, too many .* {kind} at once; save it as"):
        load_bytes(content, "big")


def test_absurd_sizes_are_refused() -> None:
    header = png_file(np.zeros((1, 1, 1), int), 0, 8)
    wide = header[:16] + struct.pack(">II", 2_000_000, 3) + header[24:]
    wide = wide[:29] + struct.pack(">I", zlib.crc32(wide[12:29])) + wide[33:]
    with pytest.raises(PictureError, match="2000000 × 3 pixels, more than can be opened"):
        load_bytes(wide, "wide")


def test_very_long_pictures_keep_a_pixel() -> None:
    picture = load_bytes(png_file(np.zeros((1, 30_000, 1), int), 0, 8), "line", 500)
    assert picture.pixels.shape == (1, 500, 3) and picture.size == (30_000, 1)


def test_loading_tells_how_far_it_is_and_can_be_given_up(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(FILES["png rgb"][1])
    job = loading(path, 50)
    events: list[Progress] = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            assert isinstance(stop.value, Picture)
            break
    fractions = [event.fraction for event in events]
    assert len(fractions) > 20 and fractions == sorted(fractions) and fractions[-1] == 1.0
    assert events[0].message == "Opening x.png"
    job = loading(path, 50)
    next(job)
    job.close()
    path.unlink()  # fails on Windows if the file were still open


@pytest.mark.parametrize("name", ["png rgb", "png unfiltered", "tiff lzw", "tiff one strip", "tiff tiles", "bmp"])
def test_a_file_that_ends_too_early_is_noticed(name: str) -> None:
    content = FILES[name][1]
    with pytest.raises(PictureError, match="is damaged or incomplete"):
        load_bytes(content[: len(content) * 2 // 3], name, 50)


@pytest.mark.parametrize("name", ["png rgb", "tiff lzw"])
def test_compressed_pixels_that_are_damaged_are_noticed(name: str) -> None:
    content = bytearray(FILES[name][1])
    middle = len(content) // 2
    content[middle : middle + 60] = bytes(60)
    with pytest.raises(PictureError, match="is damaged or incomplete"):
        load_bytes(bytes(content), name, 50)


def test_an_unknown_row_filter_is_noticed() -> None:
    content = FILES["png gray"][1]
    rows = zlib.compress((b"\x07" + bytes(307)) * 211)
    broken = content[: content.index(b"IDAT") - 4] + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")
    with pytest.raises(PictureError, match="is damaged or incomplete"):
        load_bytes(broken, "x", 50)


# --- real sizes --------------------------------------------------------------------------------

CHILD = """
    import resource, sys
    from studio.picture import load
    limit = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        picture = load(sys.argv[1])
        print(picture.size, picture.pixels.shape, round(float(picture.pixels.mean()), 3))
    except Exception as error:
        print(type(error).__name__, error)
    # Not getrusage's maximum, which counts what the parent had when it forked.
    (peak,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    print(int(peak.split()[1]) // 1024)
"""


def opened_in_a_child(path: Path, gigabytes: float) -> tuple[str, int]:
    """What a process limited to so much address space makes of the picture, and its peak memory in MB."""
    pytest.importorskip("resource")
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", textwrap.dedent(CHILD), str(path), str(int(gigabytes * 2**30))]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    first, peak = done.stdout.splitlines()
    return first, int(peak)


@pytest.fixture
def huge(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "huge"
    yield path
    path.unlink(missing_ok=True)


needs_limits = pytest.mark.skipif(sys.platform != "linux", reason="address space is limited by setrlimit on Linux only")


@needs_limits
def test_a_png_of_30000_x_30000_bits_opens_in_little_memory(huge: Path) -> None:
    huge_png(huge, 30_000, 0, 1)
    said, peak = opened_in_a_child(huge, 2.0)
    assert said.startswith("(30000, 30000) (4096, 4096, 3)")
    assert peak < 500


@needs_limits
@pytest.mark.slow
def test_a_png_of_30000_x_30000_colours_opens_in_little_memory(huge: Path) -> None:
    huge_png(huge, 30_000, 2, 8)
    said, peak = opened_in_a_child(huge, 2.0)
    assert said.startswith("(30000, 30000) (4096, 4096, 3)")
    assert peak < 700


@needs_limits
@pytest.mark.slow
def test_a_tiff_of_30000_x_30000_grays_opens_in_little_memory(huge: Path) -> None:
    side = 30_000
    entries = [(256, 4, side), (257, 4, side), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 4096), (277, 3, 1)]
    entries += [(278, 4, side), (279, 4, side * side)]
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries
    )
    with huge.open("wb") as file:
        file.write(b"II*\0" + struct.pack("<I", 8) + directory + bytes(4))
        file.seek(4096 + side * side - 1)
        file.write(b"\xff")  # all before it is a hole that takes no room on the disk
    said, peak = opened_in_a_child(huge, 2.0)
    assert said.startswith("(30000, 30000) (4096, 4096, 3) 0.0")
    assert peak < 500


@needs_limits
@pytest.mark.slow
def test_a_jpeg_of_16000_x_16000_opens_in_little_memory(huge: Path) -> None:
    Image.new("L", (16_000, 16_000), 77).save(huge, "JPEG")
    said, peak = opened_in_a_child(huge, 2.0)
    assert said.startswith("(16000, 16000) (4096, 4096, 3) 77")
    assert peak < 500


@needs_limits
def test_memory_that_does_not_suffice_is_answered_in_a_sentence(huge: Path) -> None:
    Image.new("RGB", (6000, 6000)).save(huge, "WEBP", method=0)
    said, _ = opened_in_a_child(huge, 0.45)
    assert said == "PictureError There is not enough memory to open “huge”; close other programs or reduce it."


def test_full_size_that_exceeds_memory_is_answered_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(FILES["png rgb"][1])
    picture = load(path, 50)

    def empty(*_: Any) -> Array:
        raise MemoryError

    monkeypatch.setattr(decoding.np, "empty", empty)
    with pytest.raises(PictureError, match=r"not enough memory to open “x\.png”"):
        picture.full()
