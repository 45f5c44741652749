"""Pictures that somebody met."""

from __future__ import annotations

import os
import struct
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from studio.picture import Picture
from tests.faults.registry import fault

SIZE = (60, 40)
"""Of every picture here, as (width, height)."""


@cache
def photo() -> Image.Image:
    """A piece of a photograph."""
    return Image.fromarray(np.asarray(data.astronaut())[60:100, 190:250])


def shows(picture: Picture, expected: Image.Image, tolerance: float = 0.0) -> bool:
    """Whether the pixels are those of `expected`, on average within `tolerance` of 255."""
    wanted = np.asarray(expected.convert("RGB")).astype(float)
    return picture.size == expected.size and float(np.abs(picture.pixels - wanted).mean()) <= tolerance


# --- EXIF --------------------------------------------------------------------------------------


def _exif(*entries: tuple[int, int, int, bytes]) -> bytes:
    """A directory of (tag, type, count, value), as cameras and careless programs write them."""
    start = 8 + 2 + 12 * len(entries) + 4
    table, values = b"", b""
    for tag, kind, count, value in entries:
        place = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", start + len(values))
        values += value if len(value) > 4 else b""
        table += struct.pack("<HHI", tag, kind, count) + place
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4) + values


_SHORT, _RATIONAL, _SIGNED_RATIONAL = 3, 5, 10
_ORIENTATION, _X_RESOLUTION = 0x0112, 0x011A
_ON_ITS_SIDE = (_ORIENTATION, _SHORT, 1, struct.pack("<H", 6))


def _jpeg(folder: Path, exif: bytes) -> Path:
    path = folder / "photo.jpg"
    photo().save(path, quality=95, exif=exif)
    return path


def _upright(picture: Picture) -> bool:
    return shows(picture, photo(), 8.0)


def _turned(picture: Picture) -> bool:
    return shows(picture, photo().transpose(Image.Transpose.ROTATE_270), 8.0)


@fault("picture", "opens", gives=_upright, report="imageio/imageio#1159")
def exif_orientation_that_does_not_exist(folder: Path) -> Path:
    """Orientations go from 1 to 8."""
    return _jpeg(folder, _exif((_ORIENTATION, _SHORT, 1, struct.pack("<H", 9))))


@fault("picture", "opens", gives=_turned, report="python-pillow/Pillow#8348")
def exif_marked_twice(folder: Path) -> Path:
    """Its header stands there two times; the orientation behind it counts."""
    return _jpeg(folder, b"Exif\0\0" + _exif(_ON_ITS_SIDE))


@fault("picture", "opens", gives=_turned, report="python-pillow/Pillow#8965")
def exif_fraction_over_zero(folder: Path) -> Path:
    """A resolution of -1/0, which can be read and not be written again."""
    return _jpeg(folder, _exif(_ON_ITS_SIDE, (_X_RESOLUTION, _SIGNED_RATIONAL, 1, struct.pack("<ii", -1, 0))))


@fault("picture", "opens", gives=_turned, report="python-pillow/Pillow#4238")
def exif_with_too_many_values(folder: Path) -> Path:
    """Two resolutions where one belongs."""
    return _jpeg(folder, _exif(_ON_ITS_SIDE, (_X_RESOLUTION, _RATIONAL, 2, struct.pack("<4I", 72, 1, 72, 1))))


@fault("picture", "opens", gives=_upright, report="wkentaro/labelme#458")
def exif_without_content(folder: Path) -> Path:
    """The segment is there, and nothing is in it."""
    return _jpeg(folder, b"Exif\0\0")


@fault("picture", "opens", gives=_turned, report="python-pillow/Pillow#8348")
def exif_that_points_behind_its_end(folder: Path) -> Path:
    """A maker's name of 400 letters of which eight are there."""
    return _jpeg(folder, _exif(_ON_ITS_SIDE, (0x010F, 2, 400, b"abcdefgh")))


# --- modes -------------------------------------------------------------------------------------


@fault(
    "picture",
    "opens",
    gives=lambda picture: picture.alpha is not None and bool((picture.alpha == 128).all()),
    report="lucidrains/stylegan2-pytorch#108",
)
def grey_with_alpha(folder: Path) -> Path:
    """Two channels: grey and half transparent."""
    grey = photo().convert("L")
    Image.merge("LA", (grey, Image.new("L", grey.size, 128))).save(folder / "grey.png")
    return folder / "grey.png"


@fault(
    "picture",
    "opens",
    gives=lambda picture: picture.alpha is not None and set(np.unique(picture.alpha)) == {0, 255},
    report="python-pillow/Pillow#1976",
)
def palette_with_a_transparent_colour(folder: Path) -> Path:
    """One of sixteen colours is invisible."""
    photo().quantize(16).save(folder / "palette.png", transparency=0)
    return folder / "palette.png"


@fault("picture", "opens", gives=lambda picture: set(np.unique(picture.pixels)) == {0, 255})
def one_bit_fax(folder: Path) -> Path:
    """Black and white, compressed as facsimiles are."""
    photo().convert("1").save(folder / "fax.tif", compression="group4")
    return folder / "fax.tif"


@fault("picture", "opens", gives=lambda picture: shows(picture, photo(), 12.0), report="libvips/libvips#1283")
def cmyk_jpeg_of_adobe(folder: Path) -> Path:
    """Its inks are stored inverted."""
    photo().convert("CMYK").save(folder / "print.jpg", quality=95)
    return folder / "print.jpg"


@fault("picture", "noted", says="not numbers", report="napari/napari#1310")
def some_pixels_that_are_not_numbers(folder: Path) -> Path:
    """A row of NaN, as measuring programs mark what they did not see."""
    values = np.linspace(0.0, 1.0, 2400, dtype=np.float32).reshape(40, 60)
    values[7] = np.nan
    Image.fromarray(values).save(folder / "measured.tif")
    return folder / "measured.tif"


@fault("picture", "noted", says="not numbers", report="pyqtgraph/pyqtgraph#699")
def no_pixel_that_is_a_number(folder: Path) -> Path:
    """NaN and infinities only."""
    values = np.full((40, 60), np.nan, np.float32)
    values[:, 30:] = np.inf
    Image.fromarray(values).save(folder / "measured.tif")
    return folder / "measured.tif"


@fault("picture", "opens", gives=lambda picture: len(np.unique(picture.pixels)) == 1, report="pyqtgraph/pyqtgraph#1033")
def flat_picture(folder: Path) -> Path:
    """The same number everywhere: a range of nothing to stretch or to draw a histogram of."""
    Image.fromarray(np.full((40, 60), 7, np.int32)).save(folder / "flat.tif")
    return folder / "flat.tif"


# --- several in one file -----------------------------------------------------------------------


def _negative() -> Image.Image:
    return Image.fromarray(255 - np.asarray(photo()))


@fault("picture", "noted", says="The first of 2 frames", report="python-pillow/Pillow#4243")
def animated_png_with_a_picture_of_its_own(folder: Path) -> Path:
    """The picture that other programs show is no frame of its animation."""
    photo().save(folder / "moving.png", save_all=True, append_images=[_negative()], default_image=True)
    return folder / "moving.png"


@fault("picture", "noted", says="The first of 2 frames", report="python-pillow/Pillow#5538")
def animated_gif_that_restores(folder: Path) -> Path:
    """Its frames are to be taken away again before the next."""
    moving = [photo().quantize(8), _negative().quantize(8)]
    moving[0].save(folder / "moving.gif", save_all=True, append_images=moving[1:], disposal=3)
    return folder / "moving.gif"


@fault("picture", "opens", gives=lambda picture: picture.size == SIZE, report="python-pillow/Pillow#3433")
def gif_whose_frame_lies_aside(folder: Path) -> Path:
    """The frame fills a corner of the screen only."""
    path = folder / "aside.gif"
    photo().crop((0, 0, 10, 10)).quantize(4).save(path)
    content = bytearray(path.read_bytes())
    frame = content.index(b",\0\0\0\0")
    content[6:10] = struct.pack("<HH", *SIZE)
    content[frame + 1 : frame + 5] = struct.pack("<HH", 20, 15)
    path.write_bytes(content)
    return path


@fault("picture", "opens", gives=_upright)
def stereo_jpeg_without_its_second(folder: Path) -> Path:
    """Two pictures are announced, and the file ends after the first."""
    path = folder / "stereo.jpg"
    photo().save(path, "MPO", save_all=True, append_images=[photo()], quality=95)
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b"\xff\xd8\xff")])
    return path


@fault("picture", "opens", gives=_upright)
def bytes_behind_the_end(folder: Path) -> Path:
    """Cameras put their own things behind a JPEG."""
    path = _jpeg(folder, b"")
    path.write_bytes(path.read_bytes() + bytes(range(256)) * 4)
    return path


# --- names -------------------------------------------------------------------------------------


def _named(folder: Path, name: str) -> Path:
    try:
        photo().save(folder / name, "PNG")
    except OSError as error:
        pytest.skip(f"this disk has no such names: {error.strerror}")
    return folder / name


@fault("picture", "opens", report="microsoft/vscode#76669")
def name_with_percent_and_hash(folder: Path) -> Path:
    """What an address of the web would take for something else."""
    return _named(folder, "50%25 #2 a+b;c.png")


@fault("picture", "opens", report="UniversalDataTool/universal-data-tool#372")
def name_with_question_mark(folder: Path) -> Path:
    """As pictures saved from the web are called."""
    return _named(folder, "open-uri?3F1539820206.png")


@fault("picture", "opens", gives=lambda picture: picture.name == "[red] cat [bold].png", report="Textualize/rich#3203")
def name_in_square_brackets(folder: Path) -> Path:
    """What the progress bar of the terminal would take for a colour."""
    return _named(folder, "[red] cat [bold].png")


@fault("picture", "opens")
def name_with_spaces_at_its_ends(folder: Path) -> Path:
    """Somebody pasted it."""
    return _named(folder, " cat .png ")


@fault("picture", "opens", report="wkentaro/labelme#733")
def name_as_long_as_can_be(folder: Path) -> Path:
    """No room is left for the name of a temporary file made of it."""
    return _named(folder, "c" * 251 + ".png")


@fault("picture", "refused", says="is not a picture that can be read here", report="martinus/oans#202")
def name_that_steers_the_terminal(folder: Path) -> Path:
    """A line break and a code that clears the screen."""
    path = folder / "cat\nbuddies-studio: all is well\x1b[2J.png"
    try:
        path.write_bytes(b"no picture")
    except OSError as error:
        pytest.skip(f"this disk has no such names: {error.strerror}")
    return path


# --- no pictures at all ------------------------------------------------------------------------


@fault("picture", "refused", says="is a folder", report="napari/napari#5460")
def a_folder(folder: Path) -> Path:
    """Dropped as a whole."""
    (folder / "pictures.png").mkdir()
    return folder / "pictures.png"


@fault("picture", "refused", says="is not a picture that can be read here")
def page_that_says_not_found(folder: Path) -> Path:
    """A download that went wrong."""
    (folder / "cat.jpg").write_text("<!DOCTYPE html><title>404 Not Found</title>")
    return folder / "cat.jpg"


@fault("picture", "refused", says="is not a picture that can be read here")
def pointer_of_git(folder: Path) -> Path:
    """Large files that were never fetched."""
    (folder / "cat.png").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
    return folder / "cat.png"


@fault("picture", "refused", says="is empty")
def no_bytes(folder: Path) -> Path:
    """A disk was full once."""
    (folder / "cat.png").touch()
    return folder / "cat.png"


def link(folder: Path, name: str, target: str) -> Path:
    """A symbolic link, where the system allows it."""
    try:
        (folder / name).symlink_to(target)
    except OSError as error:
        pytest.skip(f"no links can be made here: {error.strerror}")
    return folder / name


@fault("picture", "refused", says="can't be opened")
def link_to_itself(folder: Path) -> Path:
    """Following it never ends."""
    return link(folder, "cat.png", "cat.png")


@fault("picture", "refused", says="there is no such file")
def link_to_nothing(folder: Path) -> Path:
    """What it pointed to has gone."""
    return link(folder, "cat.png", "gone.png")


def pipe(folder: Path, name: str) -> Path:
    """A named pipe that nobody writes to: whoever opens it waits for ever."""
    make: Any = getattr(os, "mkfifo", None)
    if make is None:
        pytest.skip("this system has no named pipes")
    make(folder / name)
    return folder / name


@fault("picture", "refused", says="is not an ordinary file", report="xyb3rt/sxiv#252")
def a_pipe(folder: Path) -> Path:
    """It lies among the pictures of a folder."""
    return pipe(folder, "cat.png")


@fault("picture", "refused", says="is not an ordinary file", report="GerbilSoft/rom-properties#351")
def a_device(folder: Path) -> Path:
    """It never ends."""
    if not Path("/dev/zero").exists():
        pytest.skip("this system has no such devices")
    return link(folder, "cat.png", "/dev/zero")
