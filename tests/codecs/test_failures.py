"""Pictures that can't be opened: one sentence each, that names the file and says what to do or what is wrong."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.errors import StudioError
from studio.picture import PictureError, load, load_bytes
from tests.making_pictures import png_file

Image.init()  # registers every format

RGB = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)


def encoded(kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(RGB).save(out, kind, **options)
    return out.getvalue()


def sentence(content: bytes, name: str = "odd.png") -> str:
    with pytest.raises(PictureError) as caught:
        load_bytes(content, name)
    text = str(caught.value)
    assert isinstance(caught.value, StudioError)
    assert name in text and text.endswith(".") and "\n" not in text and len(text) < 200
    return text


def test_empty() -> None:
    assert sentence(b"") == "“odd.png” is empty."


@pytest.mark.parametrize(
    "content",
    [
        b"Dear diary,\n",
        b"x",
        bytes(5000),
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        bytes(range(7, 250)) * 9,
    ],
)
def test_not_a_picture(content: bytes) -> None:
    assert "is not a picture that can be read here (PNG, JPEG" in sentence(content)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("WEBP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("BMP", {}),
        ("GIF", {}),
        ("AVIF", {}),
    ],
)
def test_truncated_anywhere(kind: str, options: dict[str, Any]) -> None:
    if kind == "AVIF" and "AVIF" not in Image.SAVE:
        pytest.skip("this Pillow has no AVIF")
    content = encoded(kind, **options)
    for share in (0.03, 0.3, 0.6):
        assert "is damaged or incomplete" in sentence(content[: max(12, int(len(content) * share))]), share


@pytest.mark.parametrize("color", [0, 2, 6])
def test_a_deep_png_that_is_truncated_anywhere(color: int) -> None:
    channels = {0: 1, 2: 3, 6: 4}[color]
    content = png_file(np.random.default_rng(0).integers(0, 65536, (20, 21, channels)), color, 16)
    for share in (0.1, 0.5, 0.7):
        assert "is damaged or incomplete" in sentence(content[: int(len(content) * share)])
    content = png_file(np.random.default_rng(0).integers(0, 65536, (20, 21, channels)), color, 16, interlaced=True)
    assert "is damaged or incomplete" in sentence(content[: len(content) // 2])


def test_random_damage_never_gives_anything_but_a_sentence() -> None:
    random = np.random.default_rng(7)
    for kind, options in (
        ("PNG", {}),
        ("JPEG", {}),
        ("WEBP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("BMP", {}),
        ("GIF", {}),
        ("PNG16", {}),
    ):
        good = png_file(RGB.astype(int) * 257, 2, 16) if kind == "PNG16" else encoded(kind, **options)
        for _ in range(150):
            content = bytearray(good)
            # Most of the hits go to the header, where they do most harm.
            for _ in range(random.integers(1, 6)):
                span = len(content) if random.random() < 0.3 else min(len(content), 300)
                content[random.integers(span)] = random.integers(256)
            try:
                picture = load_bytes(bytes(content), "x", 64)
            except PictureError:
                continue
            assert picture.pixels.ndim == 3


def test_zero_sized() -> None:
    header = struct.pack(">IIBBBBB", 0, 7, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    text = sentence(content)
    assert "no pixels" in text or "damaged" in text
    gif = b"GIF89a" + struct.pack("<HHBBB", 0, 0, 0, 0, 0) + b";"
    sentence(gif)


def test_a_decompression_bomb_is_answered_by_its_size() -> None:
    bomb = b"GIF89a" + struct.pack("<HHBBB", 65000, 65000, 0x80, 0, 0) + bytes(6)
    bomb += b"," + struct.pack("<HHHHB", 0, 0, 65000, 65000, 0) + b"\x02\x02\x4c\x01\x00;"
    assert "65000 × 65000 pixels, too many to decode this kind of GIF at once" in sentence(bomb)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"“gone\.png” can't be opened: there is no such file"):
        load(tmp_path / "gone.png")


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="can't be opened: it is a folder"):
        load(tmp_path)


def test_a_file_in_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(PictureError, match=r"“x\.png” can't be opened: (part of its path is not a folder|there is no)"):
        load(tmp_path / "file" / "x.png")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(encoded("PNG"))

    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)  # the tests may run as root, whom no permission stops
    with pytest.raises(PictureError, match=r"“secret\.png” can't be opened: this user is not allowed to"):
        load(path)


def test_a_disk_that_fails_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(encoded("PNG"))

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 100:
                raise OSError(5, "Input/output error")
            return super().read(size)

    monkeypatch.setattr(Path, "open", lambda *_: Failing(encoded("PNG")))
    with pytest.raises(PictureError, match=r"“x\.png” can't be opened: Input/output error"):
        load(path)


def test_a_file_that_changed_since_it_was_opened(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(png_file(RGB.astype(int) * 257, 2, 16))
    picture = load(path)
    path.write_bytes(png_file(RGB[:30].astype(int) * 257, 2, 16))
    with pytest.raises(PictureError, match="has changed since it was opened"):
        picture.full()
    path.unlink()
    with pytest.raises(PictureError, match="there is no such file"):
        picture.full()


def test_a_bug_is_not_called_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bug(Exception):
        pass

    def buggy(*_: Any) -> None:
        raise Bug

    monkeypatch.setattr("studio.codecs.decoding.Reduction", buggy)
    with pytest.raises(Bug):
        load_bytes(encoded("PNG"), "x")
