"""The command `morph`: films, stills, fields, several pictures, and words for what can't be done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.cli import main
from studio.cli_morph import demo_film
from studio.pairs import PairSet, write_pairs
from studio.picture import load
from studio.progress import run_to_end
from tests.morph.conftest import SIZE, scene

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, pairs: PairSet, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with pictures a.png, b.png, c.png and pairs.csv."""
    for index, name in enumerate("abc"):
        Image.fromarray(scene(phase=1.1 * index).pixels).save(tmp_path / f"{name}.png")
    write_pairs(pairs, tmp_path / "pairs.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def pairs() -> PairSet:
    points = np.array([[15, 12], [70, 14], [48, 32], [20, 50], [80, 52]], dtype=float)
    return PairSet.from_arrays(points, points + np.array([[4, 3], [-5, 2], [3, -4], [2, -3], [-3, -4]]))


def frames_in(path: Path) -> int:
    with Image.open(path) as image:
        return int(getattr(image, "n_frames", 1))


@pytest.mark.parametrize("name", ["morph.gif", "morph.webp", "morph.apng"])
def test_films(name: str, folder: Path, capsys: Capture) -> None:
    words = ["morph", "a.png", "b.png", "--pairs", "pairs.csv", "--warp", "tps", "--frames", "5", "--loop", "once"]
    assert main([*words, "--out", name]) == 0
    assert capsys.readouterr().out == f"{name}\n"
    assert frames_in(folder / name) == 5


def test_mp4_and_a_folder(folder: Path) -> None:
    import cv2

    words = ["morph", "a.png", "b.png", "--pairs", "pairs.csv", "--seconds", "1", "--fps", "8", "--loop", "once"]
    assert main([*words, "--out", "film.mp4"]) == 0
    assert int(cv2.VideoCapture("film.mp4").get(cv2.CAP_PROP_FRAME_COUNT)) == 9
    assert main([*words, "--out", "frames"]) == 0
    assert len(list((folder / "frames").glob("*.png"))) == 9


def test_a_film_with_a_row_or_column_more_says_so(folder: Path, capsys: Capture) -> None:
    words = ["morph", "a.png", "b.png", "--pairs", "pairs.csv", "--frames", "2", "--longest-side", "41"]
    assert main([*words, "--out", "film.mov"]) == 0
    assert "MOV has even sides only" in capsys.readouterr().err


def test_a_still_with_fields_and_warped_pictures(folder: Path, capsys: Capture) -> None:
    words = ["morph", "a.png", "b.png", "--pairs", "pairs.csv", "--t", "0.5", "--out", "still.png"]
    assert main([*words, "--field", "field.npy", "--warped", "bent.png"]) == 0
    written = capsys.readouterr().out.split()
    assert written == ["still.png", "field-a.npy", "field-b.npy", "bent-a.png", "bent-b.png"]
    field = np.load("field-a.npy")
    assert field.shape == (SIZE[1], SIZE[0], 3 - 1)
    # The first pair is half-way at (17, 13.5) and comes from (15, 12).
    around = field[13:15, 17].mean(axis=0)
    assert np.abs(around - [15, 12]).max() < 0.3
    mixed = load("still.png").pixels.astype(float)
    bent = [load(f"bent-{name}.png").pixels.astype(float) for name in "ab"]
    assert (mixed >= np.minimum(*bent) - 1).all()
    assert (mixed <= np.maximum(*bent) + 1).all()


def test_through_three_pictures(folder: Path, capsys: Capture) -> None:
    words = ["morph", "a.png", "b.png", "c.png", "--pairs", "pairs.csv", "--pairs", "pairs.csv"]
    assert main([*words, "--t", "2", "--out", "end.png"]) == 0
    np.testing.assert_array_equal(load("end.png").pixels, load("c.png").pixels)
    assert main([*words, "--frames", "3", "--loop", "once", "--out", "film.apng"]) == 0
    assert frames_in(folder / "film.apng") == 5
    assert main([*words[:6], "--out", "film.apng"]) == 1
    assert "once for each two neighbours, 2 in all" in capsys.readouterr().err


def test_pairs_are_matched_if_none_are_given(folder: Path) -> None:
    assert main(["morph", "a.png", "b.png", "--t", "0.5", "--out", "still.png", "--device", "cpu"]) == 0
    assert load("still.png").size == SIZE


def test_no_pairs_are_a_word_and_a_dissolve(folder: Path, capsys: Capture) -> None:
    write_pairs(PairSet(), folder / "none.csv")
    assert main(["morph", "a.png", "b.png", "--pairs", "none.csv", "--t", "0.5", "--out", "still.png"]) == 0
    assert "no pairs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--out", "film.avi"], 1, ".mp4"),
        (["--out", "nowhere/film.gif"], 1, "nowhere"),
        (["--t", "0.5", "--out", "film.gif"], 1, ".png"),
        (["--t", "1.5", "--out", "still.png"], 1, "0 to 1"),
        (["--pairs", "missing.csv"], 1, "missing.csv"),
        (["--fps", "1000"], 2, "--fps takes a number"),
        (["--warp", "bend"], 2, "--warp takes one of mls-rigid"),
        (["--field", "field.exr"], 1, ".npy"),
    ],
)
def test_what_can_not_be_done_is_one_sentence(
    words: list[str], code: int, said: str, folder: Path, capsys: Capture
) -> None:
    before = sorted(folder.iterdir())
    assert main(["morph", "a.png", "b.png", *words]) == code
    error = capsys.readouterr().err.strip()
    assert said in error
    assert "\n" not in error
    assert sorted(folder.iterdir()) == before


def test_the_film_of_the_demo(tmp_path: Path, pairs: PairSet) -> None:
    run_to_end(demo_film(scene(), scene(phase=1.1), pairs, tmp_path / "film.webp"))
    assert frames_in(tmp_path / "film.webp") == 46  # there and back


def test_pairs_of_ones_own_that_change_places_are_told(folder: Path, capsys: Capture) -> None:
    """The window has a badge for it; the command line said nothing."""
    a = np.array([[15, 12], [80, 12], [15, 52], [80, 52], [40, 30], [56, 32]], dtype=float)
    write_pairs(PairSet.from_arrays(a, a[[0, 1, 2, 3, 5, 4]], origin="placed"), Path("swapped.csv"))
    assert main(["morph", "a.png", "b.png", "--pairs", "swapped.csv", "--t", "0.5", "--out", "still.png"]) == 0
    told = capsys.readouterr().err
    assert "Pairs 5 and 6 cross each other" in told
    assert "The warp folds at " in told and "% of the frame" in told
    assert main(["morph", "a.png", "b.png", "--pairs", "pairs.csv", "--t", "0.5", "--out", "still.png"]) == 0
    assert "folds" not in capsys.readouterr().err


def test_a_matched_pair_that_contradicts_is_named(folder: Path, capsys: Capture) -> None:
    rows, columns = np.mgrid[10:56:4j, 12:84:4j]
    a = np.stack([columns.ravel(), rows.ravel()], axis=1)
    b = a + 2
    b[6] = [20, 50]
    write_pairs(PairSet.from_arrays(a, b), Path("wrong.csv"))
    assert main(["morph", "a.png", "b.png", "--pairs", "wrong.csv", "--t", "0.5", "--out", "still.png"]) == 0
    told = capsys.readouterr().err
    assert "Pair 7 contradicts its neighbours: not used." in told
    assert "folds" not in told
