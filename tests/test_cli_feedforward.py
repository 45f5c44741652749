"""`train-style` and `stylize --network` as commands."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from studio import cli
from tests.making_pictures import smooth_noise
from tests.style.test_feedforward import one_thread  # noqa: F401 (a fixture)

TINY = ["--steps", "3", "--size", "32", "--style-size", "32", "--batch", "1", "--width", "4", "--blocks", "1"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with pictures to learn from, two styles and a photograph with alpha."""
    (tmp_path / "pictures").mkdir()
    for number in range(3):
        Image.fromarray(np.uint8(255 * smooth_noise(40, 50, 3, seed=number))).save(tmp_path / f"pictures/{number}.jpg")
    for number, name in enumerate(("waves", "stars")):
        Image.fromarray(np.uint8(255 * smooth_noise(40, 40, 3, seed=9 + number))).save(tmp_path / f"{name}.png")
    Image.fromarray(np.uint8(255 * smooth_noise(30, 44, 4, seed=5))).save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> int:
    return cli.main(list(words))


def test_train_then_give_a_picture_the_style(place, capsys):
    assert run("train-style", "pictures", "waves.png", "stars.png", "--out", "two.safetensors", *TINY) == 0
    assert capsys.readouterr().out.strip() == "two.safetensors"
    assert not (place / "two.checkpoint").exists()
    assert run("stylize", "photo.png", "--network", "two.safetensors", "--out", "first.png") == 0
    named = ["--network-style", "stars", "--size", "384", "--out", "second.png"]
    assert run("stylize", "photo.png", "--network", "two.safetensors", *named) == 0
    first, second = (Image.open(place / name) for name in ("first.png", "second.png"))
    assert first.size == (44, 30) and first.mode == "RGBA"
    assert second.size == (384, 262)  # asked for, though it is the size that optimisations have by default
    assert run("stylize", "photo.png", "--network", "two.safetensors", "--network-style", "moon") == 1
    error = capsys.readouterr().err
    assert "moon" in error and "waves, stars" in error


def test_a_draft_is_what_an_optimisation_starts_from(place):
    assert run("train-style", "pictures", "waves.png", "--out", "one.safetensors", *TINY) == 0
    flags = ["--network", "one.safetensors", "--size", "40", "--depth", "8"]
    assert run("stylize", "photo.png", *flags, "--out", "draft.png") == 0
    assert run("stylize", "photo.png", "waves.png", *flags, "--steps", "0", "--out", "started.png") == 0
    draft, started = (
        np.asarray(Image.open(place / name).convert("RGBA"), int) for name in ("draft.png", "started.png")
    )
    assert draft.shape == started.shape
    seen = np.minimum(draft, started)[..., 3:] > 136  # what is hardly seen goes over to the mean colour
    assert seen.mean() > 0.2 and np.abs((draft - started)[..., :3] * seen).max() <= 2


def test_the_same_command_goes_on(place, capsys):
    from studio.style.feedforward import load_network

    words = ["train-style", "pictures", "waves.png", "--save-every", "1"]
    assert run(*words, "--out", "whole.safetensors", *TINY) == 0
    short = [*TINY[2:], "--steps", "2"]
    assert run(*words, "--out", "part.safetensors", "--checkpoint", "part.ckpt", *short) == 0
    assert run(*words, "--out", "part.safetensors", "--checkpoint", "part.ckpt", *TINY) == 0
    assert "going on from part.ckpt" in capsys.readouterr().err
    one, other = (load_network(place / f"{name}.safetensors").net.state_dict() for name in ("whole", "part"))
    assert all((one[key] == other[key]).all() for key in one)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train-style", "nowhere", "waves.png"], "nowhere"),
        (["train-style", "pictures", "waves.png", "--out", "net.pth"], ".safetensors"),
        (["train-style", "pictures", "gone.png"], "gone.png"),
        (["stylize", "--network", "net.pth"], "content"),
        (["stylize", "photo.png", "--network", "gone.pth"], "gone.pth"),
        (["stylize", "photo.png", "--network", "waves.png"], "waves.png"),
        (["stylize", "photo.png", "--network", "net.pth", "--start", "waves.png"], "--start"),
    ],
)
def test_what_does_not_work_is_said_in_one_sentence(place, capsys, words, said):
    assert run(*words) == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert said in error[-1] and error[-1].endswith(".")


def test_wrong_numbers_name_their_flag(place, capsys):
    assert run("train-style", "pictures", "waves.png", "--batch", "0") == 2
    assert "--batch takes a whole number" in capsys.readouterr().err
