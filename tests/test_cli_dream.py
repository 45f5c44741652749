"""The commands of dreams, as typed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from studio.__main__ import main
from studio.codecs.recipes import recipe_text

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def chelsea(tmp_path: Path) -> Path:
    Image.fromarray(skimage.data.chelsea()[::3, ::3]).save(tmp_path / "chelsea.png")
    return tmp_path / "chelsea.png"


@pytest.fixture
def coffee(tmp_path: Path) -> Path:
    Image.fromarray(skimage.data.coffee()[::4, ::4]).save(tmp_path / "coffee.png")
    return tmp_path / "coffee.png"


def recipe(path: Path) -> dict:
    with path.open("rb") as file:
        return json.loads(recipe_text(file)["Recipe"])


def test_a_dream_is_written_with_its_recipe(chelsea: Path, coffee: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "dream.png"
    flags = ["--layer", "relu4_3", "--steps", "2", "--octaves", "2", "--channels", "3,17"]
    assert main(["dream", str(chelsea), "--out", str(out), *flags, "--guide", str(coffee)]) == 0
    assert capsys.readouterr().out.split() == [str(out)]
    made, before = (np.asarray(Image.open(path), float) for path in (out, chelsea))
    assert made.shape == before.shape and 0.5 < np.abs(made - before).mean() < 60
    told = recipe(out)
    assert told["what"] == "dream" and told["goals"] == ["relu4_3", "guided by coffee.png"]
    assert told["options"]["channels"] == "3,17"


def test_a_mask_confines_a_dream(chelsea: Path, tmp_path: Path) -> None:
    mask = np.zeros((100, 151), np.uint8)
    mask[:, :70] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    out = tmp_path / "dream.png"
    words = ["dream", str(chelsea), "--out", str(out), "--steps", "2", "--mask", str(tmp_path / "mask.png")]
    assert main(words) == 0
    made, before = (np.asarray(Image.open(path), int) for path in (out, chelsea))
    assert np.array_equal(made[:, 70:], before[:, 70:]) and (made[:, :70] != before[:, :70]).any()


@pytest.mark.parametrize("name", ["film.mp4", "film.gif", "film"])
def test_a_zoom_is_written_as_a_film(chelsea: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    flags = ["--frames", "3", "--frame-steps", "1", "--size", "96", "--octaves", "1"]
    assert main(["dream", str(chelsea), "--zoom", str(out), *flags]) == 0
    if out.is_dir():
        assert len(list(out.iterdir())) == 3
    elif out.suffix == ".gif":
        assert Image.open(out).n_frames == 3
    else:
        import av

        with av.open(str(out)) as film:
            assert sum(1 for _ in film.decode(video=0)) == 3


def test_a_unit_is_maximised(tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "unit.png"
    flags = ["--channel", "11", "--size", "64", "--steps", "8", "--count", "2", "--avoid", "channel:3"]
    assert main(["maximize", "--layer", "relu4_3", *flags, "--out", str(out)]) == 0
    written = [Path(line) for line in capsys.readouterr().out.split()]
    assert [path.name for path in written] == ["unit.png", "unit-2.png"]
    assert all(Image.open(path).size == (64, 64) for path in written)
    assert recipe(out)["goals"] == ["channel 11 of relu4_3", "-1 x channel 3 of relu4_3"]


def test_what_a_pair_shares_is_maximised(chelsea: Path, coffee: Path, tmp_path: Path) -> None:
    out = tmp_path / "pair.png"
    words = ["maximize", "--pair", str(chelsea), str(coffee), "76,40:70,50", "--size", "64", "--steps", "4"]
    assert main([*words, "--out", str(out)]) == 0
    assert recipe(out)["goals"] == ["what A 76, 40 and B 70, 50 share in relu4_3"] or "share" in recipe(out)["goals"][0]


def test_a_pair_is_broken_and_its_change_shown(chelsea: Path, tmp_path: Path, capsys: Capture) -> None:
    moved = tmp_path / "moved.png"
    Image.fromarray(np.roll(np.asarray(Image.open(chelsea)), 16, axis=1)).save(moved)
    out, change = tmp_path / "adversary.png", tmp_path / "change.png"
    flags = ["--backbone", "buddynet", "--size", "151", "--break-pair", "75,45:91,45", "--layer", "relu4_3"]
    assert main(["adversary", str(chelsea), str(moved), *flags, "--out", str(out), "--change", str(change)]) == 0
    told = capsys.readouterr()
    assert told.out.split() == [str(out), str(change)] and "became" in told.err
    assert np.abs(np.asarray(Image.open(change), int) - 128).max() > 60


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["dream", "{a}", "--layer", "conv9"], "has no layer “conv9”"),
        (["dream", "{a}", "--channels", "x"], "is no list of channels"),
        (["dream", "{a}", "--pairs", "p.csv"], "name it with --guide"),
        (["dream", "{a}", "--zoom", "film.doc"], "is not a film"),
        (["maximize"], "There is nothing to dream of"),
        (["maximize", "dog:3"], "write “channel:17”"),
        (["maximize", "class:lion"], "BuddyNet has no classes"),
        (["maximize", "channel:9999"], "there is no channel 9999"),
        (["adversary", "{a}", "--break-pair", "1,2:3,4"], "needs two pictures"),
        (["adversary", "{a}", "--out", "x.jpg"], ".png"),
    ],
)
def test_what_does_not_go_is_one_sentence(
    words: list[str], sentence: str, chelsea: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert main([word.format(a=chelsea) for word in words]) != 0
    said = [line for line in capsys.readouterr().err.splitlines() if "buddies-studio:" in line]
    assert len(said) == 1 and sentence in said[0]
    assert sorted(tmp_path.iterdir()) == before
