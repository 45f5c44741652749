"""Files of pictures that people reported: damaged beside the pixels, cut off, deeper than they look, badly named."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from studio.cli_pictures import reading_picture
from studio.picture import Picture, PictureError, load, load_bytes, save
from studio.progress import run_to_end
from tests.making_pictures import Array, png_chunk, png_file

CAT = np.ascontiguousarray(skimage.data.chelsea()[:144, :224])
GRAY = CAT[..., 1]


def encoded(kind: str, array: Array = CAT, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(array).save(out, kind, **options)
    return out.getvalue()


def tiff(array: Array, **options: Any) -> bytes:
    out = io.BytesIO()
    kind = "rgb" if array.ndim == 3 else "minisblack"
    tifffile.imwrite(out, array, photometric=kind, **options)
    return out.getvalue()


def plain(content: bytes) -> Array:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def opened(content: bytes) -> Picture:
    """The picture, after it was seen that at full size it is the same."""
    picture = load_bytes(content, "x")
    full = picture.full()
    eight = full if full.dtype == np.uint8 else np.rint(full / 257)
    assert np.abs(eight[..., :3].astype(int) - picture.pixels).max() <= 1
    return picture


# --- damage beside the pixels ------------------------------------------------------------------


def with_text(text: str, zipped: bool) -> bytes:
    info = PngInfo()
    info.add_text("Comment", text, zip=zipped)
    return encoded("PNG", pnginfo=info)


def broken_chunk(kind: bytes, content: bytes) -> bytes:
    """A PNG with a chunk whose check sum is wrong."""
    chunk = bytearray(png_chunk(kind, content))
    chunk[-1] ^= 1
    png = encoded("PNG")
    return png[:33] + bytes(chunk) + png[33:]


@pytest.mark.parametrize(
    "content",
    [with_text("x" * 3_000_000, zipped=False), with_text("x" * 3_000_000, zipped=True)],
    ids=["3 MB of text", "3 MB of text, zipped"],
)
def test_a_png_with_a_long_text(content: bytes) -> None:
    picture = opened(content)
    assert np.array_equal(picture.pixels, CAT) and picture.notes == ()


def test_a_png_with_a_long_profile() -> None:
    profile = bytearray(metadata_profile() + bytes(3_000_000))
    profile[:4] = len(profile).to_bytes(4, "big")
    picture = opened(encoded("PNG", icc_profile=bytes(profile)))
    assert np.abs(picture.pixels.astype(int) - CAT).max() <= 1
    assert picture.icc == bytes(profile)


def metadata_profile() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"gAMA", b"pHYs", b"tIME", b"bKGD"])
def test_a_png_chunk_with_a_wrong_check_sum(kind: bytes) -> None:
    for content in (broken_chunk(kind, b"Comment\0hello"), broken_chunk(kind, b"")):
        picture = opened(content)
        assert np.array_equal(picture.pixels, CAT)
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf"):
            assert kind.decode() in picture.warnings[0] and "damaged and were ignored" in picture.warnings[0]


@pytest.mark.parametrize(
    "segment",
    [
        b"\xff\xed" + (18).to_bytes(2, "big") + b"Photoshop 3.0\x008B",
        b"\xff\xed" + (22).to_bytes(2, "big") + b"Photoshop 3.0\x008BIM\x04\x04",
        b"\xff\xe1" + (10).to_bytes(2, "big") + b"Exif\0\0II",
        b"\xff\xe2" + (12).to_bytes(2, "big") + b"MPF\0garbag",
        b"\xff\xe2" + (16).to_bytes(2, "big") + b"ICC_PROFILE\0\x09\x01",
        b"\xff\xee" + (8).to_bytes(2, "big") + b"Adobe\0",
        b"\xff\xfe\x00\x02",
    ],
)
def test_a_segment_of_a_jpeg_that_makes_no_sense(segment: bytes) -> None:
    jpeg = encoded("JPEG", quality=95)
    picture = opened(jpeg[:20] + segment + jpeg[20:])
    assert np.abs(picture.pixels - plain(jpeg)).max() == 0


def test_a_webp_whose_metadata_are_cut_off() -> None:
    webp = encoded("WEBP", lossless=True, exif=b"MM\0*\0\0\0\x08\0\0" + bytes(500))
    picture = opened(webp[:-200])
    assert np.array_equal(picture.pixels, CAT)
    assert "only describe the picture" in picture.warnings[0]


# --- cut off -----------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0, "quality": 98}], ids=str)
def test_a_jpeg_without_its_end_marker(options: dict[str, Any]) -> None:
    jpeg = encoded("JPEG", **options)
    assert jpeg.endswith(b"\xff\xd9")
    picture = opened(jpeg[:-2])
    assert picture.alpha is None and np.abs(picture.pixels - plain(jpeg)).max() == 0
    assert picture.warnings == ("The file ends without its end marker, but all of its pixels are there.",)


def test_a_png_without_its_end_marker() -> None:
    picture = opened(encoded("PNG")[:-12])
    assert np.array_equal(picture.pixels, CAT) and picture.alpha is None
    assert picture.warnings == ("The file ends without its end marker, but all of its pixels are there.",)


def cut_off(kind: str) -> tuple[bytes, Array]:
    """Nine tenths of a file, and the pixels of all of it."""
    if kind == "deep PNG":
        whole = png_file(CAT.astype(int) * 257, 2, 16)
        return whole[: len(whole) * 9 // 10], CAT.astype(int)
    whole = encoded(kind.split()[0], **({"compression": "tiff_deflate"} if "deflate" in kind else {}))
    return whole[: len(whole) * 9 // 10], plain(whole)


@pytest.mark.parametrize("kind", ["PNG", "deep PNG", "JPEG", "TIFF", "BMP", "PPM"])
def test_a_file_that_is_mostly_there(kind: str) -> None:
    content, expected = cut_off(kind)
    picture = opened(content)
    assert picture.alpha is not None
    there = (picture.alpha == 255).all(axis=1)
    assert np.array_equal(picture.alpha, np.repeat(there[:, None] * 255, 224, axis=1))
    assert 0.75 <= there.mean() < 1.0
    assert np.abs(picture.pixels[there] - expected[there]).max() == 0
    [note] = picture.warnings
    assert f"{round(100 * there.mean())} % of its rows are there" in note
    full = picture.full()
    assert full.shape == (144, 224, 4) and np.array_equal(full[..., 3] > 0, picture.alpha > 0)


def test_a_file_that_is_mostly_there_and_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.codecs.decoding.BAND_PIXELS", 100)
    for kind in ("PNG", "TIFF"):
        content, expected = cut_off(kind)
        small = load_bytes(content, "x", 72)
        assert small.alpha is not None and small.alpha.shape == (46, 72) and "of its rows are there" in small.notes[0]
        there = small.full()[..., 3] > 0
        assert np.array_equal(small.full()[there][:, :3], expected[there])


def test_a_progressive_jpeg_that_is_cut_off_lacks_details() -> None:
    jpeg = encoded("JPEG", progressive=True, quality=90)
    picture = opened(jpeg[: len(jpeg) * 9 // 10])
    assert picture.alpha is None and "without its finest details" in picture.warnings[0]
    assert np.abs(picture.pixels - plain(jpeg)).mean() < 3
    with pytest.raises(PictureError, match="damaged or incomplete"):
        opened(jpeg[: len(jpeg) // 4])


# --- deeper than they look ---------------------------------------------------------------------


def test_unsigned_integers_of_32_bits() -> None:
    wide = GRAY.astype(np.uint32) * 16843009
    assert wide.max() > 2**31
    picture = opened(tiff(wide))
    low, high = int(GRAY.min()), int(GRAY.max())
    assert np.abs(picture.pixels[..., 0] - (GRAY.astype(float) - low) / (high - low) * 255).max() <= 0.51
    assert "are shown stretched" in picture.warnings[0]
    told = opened(tiff(wide, extratags=[(341, "I", 1, 2**32 - 1, True)]))
    assert np.array_equal(told.pixels[..., 0], GRAY)
    colours = opened(tiff(CAT.astype(np.uint32) * 16843009, extratags=[(341, "I", 3, (2**32 - 1,) * 3, True)]))
    assert np.array_equal(colours.pixels, CAT)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (64, 64)}, {"byteorder": ">"}], ids=str)
@pytest.mark.parametrize("kind", [np.float16, np.float64])
def test_floats_of_16_and_64_bits(kind: Any, options: dict[str, Any]) -> None:
    for array in (CAT, GRAY):
        picture = opened(tiff((array / 255).astype(kind), **options))
        assert np.array_equal(picture.pixels, CAT if array is CAT else np.repeat(GRAY[..., None], 3, axis=-1))


def test_12_bits_in_16_are_not_black() -> None:
    twelve = CAT.astype(np.uint16) * 16
    for content in (tiff(twelve), png_file(twelve, 2, 16)):
        picture = opened(content)
        assert np.abs(picture.pixels - twelve / 4095 * 255).max() <= 0.51
        assert picture.warnings == ("Only 12 of its 16 bits are used: it is shown lighter, with 4095 as white.",)
    gray = opened(tiff(twelve[..., 0]))
    assert np.abs(gray.pixels[..., 0] - twelve[..., 0] / 4095 * 255).max() <= 0.51


def test_a_file_that_tells_its_white_is_believed() -> None:
    fourteen = GRAY.astype(np.uint16) * 64
    plainly = opened(tiff(fourteen))
    assert plainly.warnings == () and plainly.pixels.max() < 64, "14 bits may as well be a dark picture"
    for content in (
        tiff(fourteen, extratags=[(281, "H", 1, 16383, True)]),
        png_file(fourteen[..., None], 0, 16, before=[(b"sBIT", b"\x0e")]),
    ):
        assert np.abs(opened(content).pixels[..., 0] - fourteen / 16383 * 255).max() <= 0.51
    full = png_file(GRAY[..., None].astype(int) * 257, 0, 16, before=[(b"sBIT", b"\x0c")])
    assert np.array_equal(opened(full).pixels[..., 0], GRAY), "as the PNG specification has it: the upper 12 bits"


def test_libraries_say_nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    half = tiff((CAT / 255).astype(np.float16))
    interlaced = png_file(CAT.astype(int) * 257, 2, 16, interlaced=True, before=[(b"iCCP", b"p\0\0junk")])
    deep = tiff(CAT.astype(np.uint16) * 257, compression="zlib", rowsperstrip=8)
    wide = tiff(CAT.astype(np.float32), compression="zlib")
    complex_numbers = tiff(GRAY.astype(np.complex64))
    for content in (half, interlaced, deep, wide, complex_numbers, encoded("TIFF", compression="tiff_lzw")):
        for end in (len(content), len(content) * 2 // 3):
            broken = bytearray(content[:end])
            broken[end // 2 : end // 2 + 40] = bytes(40)
            for one in (content[:end], bytes(broken)):
                try:
                    load_bytes(one, "x").full()
                except PictureError as error:
                    assert "OpenCV" not in str(error)
    assert capfd.readouterr() == ("", "")


# --- told, and named ---------------------------------------------------------------------------


def test_the_command_line_tells_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.jpg").write_bytes(encoded("JPEG")[:-2])
    run_to_end(reading_picture(tmp_path / "x.jpg"))
    assert capsys.readouterr().err == (
        "“x.jpg”: The file ends without its end marker, but all of its pixels are there.\n"
    )


ODD_NAME = os.fsdecode(b"caf\xe9")
needs_odd_names = pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux only")


@needs_odd_names
def test_a_name_that_is_not_utf_8_is_kept_in_a_project(tmp_path: Path) -> None:
    from studio.document import Document, Result, Session, Step, reading
    from studio.document.locks import ProjectLock
    from studio.document.summary import summary_of
    from studio.pairs import PairChange

    name = f"{ODD_NAME}.png"
    (tmp_path / ODD_NAME).mkdir()
    path = tmp_path / ODD_NAME / name
    path.write_bytes(encoded("PNG"))
    project = path.with_suffix(".buddies")
    picture = load(path)
    step = Step(f"Open {name}", PairChange((), ()))
    document = Document(picture, picture, results=(Result("style", name, {"of": name}),), history=(step,), position=1)
    session = Session.create()
    session.set_project(project)
    run_to_end(session.write(document))
    run_to_end(session.save(document, project))
    session.discard()
    lock = ProjectLock(project)
    assert lock.acquire()
    lock.release()
    found = reading(project)
    assert found.a is not None and found.a.name == name
    assert found.results[0].name == name and found.results[0].recipe == {"of": name}
    assert found.history[0].text == f"Open {name}"
    assert summary_of(project).names == (name, name)


@needs_odd_names
def test_a_name_that_is_not_utf_8_is_kept_in_records(tmp_path: Path) -> None:
    import json

    from studio.codecs.recipes import recipe_text
    from studio.files import read_text, to_bytes, to_json, to_text, write_text

    record = {"picture": f"{ODD_NAME}.png", "note": "é"}
    write_text(tmp_path / f"{ODD_NAME}.json", to_json(record))
    assert json.loads(read_text(tmp_path / f"{ODD_NAME}.json")) == record
    assert to_text(to_bytes(ODD_NAME)) == ODD_NAME
    assert "é" in to_json({"note": "é"})
    for suffix in (".png", ".jpg", ".webp", ".tif"):
        save(CAT, tmp_path / f"{ODD_NAME}{suffix}", text={"Recipe": to_json(record)})
        with (tmp_path / f"{ODD_NAME}{suffix}").open("rb") as file:
            assert json.loads(recipe_text(file)["Recipe"]) == record


@needs_odd_names
def test_a_name_that_is_not_utf_8_is_printed_as_its_bytes() -> None:
    code = (
        "import os, sys; from studio.terminal import KEEP_BYTES, result; "
        "sys.stdout.reconfigure(encoding='ascii', errors=KEEP_BYTES); result(os.fsdecode(b'caf\\xe9 ') + 'ü')"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env={**os.environ, "PYTHONPATH": str(root)}
    )
    assert done.stdout == b"caf\xe9 ?\n"
