"""The commands `inspect` and `inspect-pair`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from studio.cli import main
from tests.buddies.networks import noise_picture

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for index, name in enumerate("ab"):
        Image.fromarray(noise_picture(60, 44, index).pixels).save(tmp_path / f"{name}.png")
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    return tmp_path


def test_a_channel(folder: Path, capsys: Capture) -> None:
    words = ["inspect", "a.png", "--backbone", "buddynet", "--layer", "relu3_1", "--target", "channel:17"]
    words += ["--method", "occlusion", "--window", "24", "--stride", "20", "--size", "48", "--device", "cpu"]
    assert main([*words, "--out", "map.png", "--npy", "map.npy"]) == 0
    told = capsys.readouterr()
    assert told.out.split() == ["map.png", "map.npy", "map.json"]
    assert "channel 17 of relu3_1" in told.err and "activation lost" in told.err
    assert np.load("map.npy").shape == (35, 48) and Image.open("map.png").size == (60, 44)
    record = json.loads(Path("map.json").read_text())
    assert record["method"] == "occlusion" and record["options"]["window"] == 24 and record["network"] == "buddynet"


def test_a_pair(folder: Path, capsys: Capture) -> None:
    words = ["inspect-pair", "a.png", "b.png", "--pair", "31,17:20,28", "--layer", "relu3_1", "--steps", "4"]
    assert main([*words, "--size", "48", "--device", "cpu", "--out", "why.png", "--npy", "why.npy", "--checks"]) == 0
    told = capsys.readouterr()
    assert "channel" in told.out and "all 128" in told.out
    checks = [line for line in told.err.splitlines() if line.startswith("Likeness to the map")]
    assert "the parts miss the change of" in told.err and len(checks) == 8
    assert all((folder / name).is_file() for name in ("why-a.png", "why-b.png", "why-a.npy", "why-b.json"))
    scales = [json.loads((folder / f"why-{side}.json").read_text())["scale"] for side in "ab"]
    assert scales[0] == scales[1]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["inspect", "a.png", "--backbone", "buddynet"], 1, "BuddyNet has no classes"),
        (["inspect", "a.png", "--backbone", "vgg99"], 2, "There is no backbone"),
        (["inspect", "a.png", "--method", "magic"], 2, "There is no method “magic”"),
        (["inspect", "a.png", "--target", "klass"], 1, "“klass” can't be explained"),
        (["inspect", "a.png", "--method", "cam", "--target", "channel:3"], 1, "CAM explains a class, not a channel"),
        (["inspect", "a.png", "--samples", "0"], 2, "--samples takes a whole number (1 to 500)"),
        (["inspect", "a.png", "--opacity", "3"], 2, "--opacity takes a number"),
        (["inspect", "a.png", "--out", "map.txt"], 1, "its name must end in"),
        (["inspect", "a.png", "--npy", "map.png"], 1, "its name must end in .npy"),
        (["inspect", "c.png", "--target", "channel:3", "--backbone", "buddynet"], 1, "c.png"),
        (["inspect", "a.png", "--backbone", "buddynet", "--target", "channel:3", "--layer", "x"], 1, "no layer “x”"),
        (["inspect-pair", "a.png", "b.png", "--pair", "1,2"], 1, "is no pair"),
        (["inspect-pair", "a.png", "b.png", "--pair", "1,2:99,3"], 1, "B is 60 x 44 pixels; 99, 3 lies outside"),
    ],
)
def test_words_for_what_can_not_be_done(
    words: list[str], code: int, sentence: str, folder: Path, capsys: Capture
) -> None:
    assert main([*words, "--device", "cpu"]) == code
    told = capsys.readouterr().err
    assert sentence in told and "bug" not in told
    assert not list(folder.glob("map*"))
