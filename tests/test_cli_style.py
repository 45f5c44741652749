"""The commands `stylize`, `texture` and `invert`, through `main` with the built-in network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from studio.__main__ import main
from studio.pairs import PairSet, write_pairs
from studio.style.recipe import read_recipe

Capture = pytest.CaptureFixture[str]

QUICK = ["--size", "48", "--steps", "4", "--smallest", "32", "--device", "cpu"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small images are quicker on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("pictures")
    names = []
    for name, pixels in (("cat.png", data.chelsea()), ("cup.png", data.coffee())):
        Image.fromarray(pixels).resize((96, 72)).save(folder / name)
        names.append(str(folder / name))
    return names[0], names[1]


def test_stylize_writes_a_picture_that_can_be_repeated(
    pictures: tuple[str, str], tmp_path: Path, capsys: Capture
) -> None:
    points = tmp_path / "pairs.csv"
    write_pairs(PairSet.from_arrays([[40, 30]], [[50, 40]]), points)
    out, again = tmp_path / "out.png", tmp_path / "again.png"
    flags = ["--pairs", str(points), "--loss", "gram", "--keep-colors", "luminance", "--out", str(out), "--both"]
    assert main(["stylize", *pictures, *flags, *QUICK]) == 0
    back = tmp_path / "out-back.png"
    assert capsys.readouterr().out.split() == [str(out), str(back)]
    with Image.open(out) as image, Image.open(back) as other:
        assert image.size == (48, 36) == other.size and image.mode == "RGB"
    recipe = read_recipe(out)
    assert recipe["options"]["loss"] == "gram" and recipe["options"]["keep_colors"] == "luminance"
    assert recipe["pairs"] == [[1, 40.0, 30.0, 50.0, 40.0, 1.0]]
    assert read_recipe(back)["pairs"] == [[1, 50.0, 40.0, 40.0, 30.0, 1.0]]
    words = ["stylize", *pictures, "--repeat", str(out), "--out", str(again), "--device", "cpu"]
    assert main(words) == 0
    np.testing.assert_array_equal(np.asarray(Image.open(again)), np.asarray(Image.open(out)))
    assert main([*words, "--tv", "3"]) == 0
    assert read_recipe(again)["options"]["tv"] == 3.0 and read_recipe(again)["options"]["loss"] == "gram"


def test_regions_weights_depth_and_checkpoint(pictures: tuple[str, str], tmp_path: Path) -> None:
    left = tmp_path / "left.png"
    mask = np.zeros((72, 96), np.uint8)
    mask[:, :48] = 255
    Image.fromarray(mask).save(left)
    out, state = tmp_path / "out.tif", tmp_path / "state.safetensors"
    words = ["stylize", *pictures, pictures[0], "--region", f"{left}:2:{left}", "--style-weights", "2"]
    words += ["--style-weights", "0.5", "--out", str(out), "--depth", "16", "--checkpoint", str(state), *QUICK]
    assert main(words) == 0
    recipe = read_recipe(out)
    assert recipe["weights"] == [2.0, 0.5] and recipe["regions"][0]["source"] == 1
    assert state.is_file()
    # It is done already, so nothing but the writing is left.
    out.unlink()
    assert main(words) == 0
    assert out.is_file()


def test_a_start_picture(pictures: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    words = ["stylize", *pictures, "--start", pictures[1], "--out", str(out), "--size", "48", "--steps", "0"]
    assert main([*words, "--style-weight", "0", "--device", "cpu"]) == 0
    wanted = np.asarray(Image.open(pictures[1]).convert("RGB").resize((48, 36), Image.Resampling.BICUBIC), int)
    assert np.abs(np.asarray(Image.open(out), int) - wanted).max() <= 1
    assert read_recipe(out)["options"]["init"] == "picture"


def test_texture_and_inversion(pictures: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "texture.webp"
    size = ["--width", "44", "--height", "32", "--steps", "3", "--device", "cpu"]
    assert main(["texture", pictures[1], "--tileable", "--out", str(out), *size]) == 0
    with Image.open(out) as image:
        assert image.size == (48, 32)
    assert "48 x 32" in capsys.readouterr().err
    inverted = tmp_path / "inverted.jpg"
    words = ["invert", pictures[0], "--layer", "relu2_1", "--out", str(inverted), "--size", "48", "--steps", "3"]
    assert main([*words, "--device", "cpu"]) == 0
    assert json.loads(json.dumps(read_recipe(inverted)))["options"]["layer"] == "relu2_1"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["stylize", "A"], "needs two pictures"),
        (["stylize", "A", "B", "--out", "x.bmp2"], "its name must end in"),
        (["stylize", "A", "B", "--style-weights", "1", "--style-weights", "2"], "once for each style"),
        (["stylize", "A", "B", "--steps", "-1"], "--steps takes a whole number (0 to 100000"),
        (["stylize", "A", "B", "--loss", "sharp"], "wasserstein"),
        (["stylize", "A", "B", "--layers", "fc7"], "has no layer “fc7”"),
        (["stylize", "A", "B", "--backbone", "vgg99"], "There is no backbone “vgg99”"),
        (["stylize", "A", "B", "--region", "A:B:A"], "is no region"),
        (["stylize", "A", "B", "--tile", "64", "--loss", "histogram"], "Tiles need a loss"),
        (["stylize", "--repeat", "A"], "no recipe inside"),
        (["invert", "A", "--layer", "fc7"], "has no layer “fc7”"),
        (["texture", "missing.png"], "no such file"),
    ],
)
def test_refusals_in_one_sentence(
    pictures: tuple[str, str], tmp_path: Path, capsys: Capture, words: list[str], sentence: str
) -> None:
    named = {"A": pictures[0], "B": pictures[1]}
    words = [":".join(named.get(part, part) for part in word.split(":")) for word in words]
    if "--out" not in words:
        words += ["--out", str(tmp_path / "out.png")]
    if "--repeat" not in words:
        words += ["--device", "cpu"]
    assert main(words) in (1, 2)
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("buddies-studio:")]
    assert len(said) == 1 and sentence in said[0]
    assert not list(tmp_path.iterdir())
