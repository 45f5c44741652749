"""The samples come without a download, and the true pairs are true."""

from __future__ import annotations

import csv
import socket
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from studio.errors import StudioError
from studio.pairs import PairSet, PointPair
from studio.paths import resources
from studio.picture import Picture
from studio.samples import SAMPLES, load_sample
from tests.making_pictures import Array


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("a sample wants the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def drawn() -> tuple[Picture, Picture, PairSet]:
    a, b, known = load_sample("drawn-pair")
    assert known is not None
    return a, b, known


@pytest.mark.parametrize("key", SAMPLES)
def test_every_sample_can_be_shown(key: str) -> None:
    a, b, known = load_sample(key)
    sample = SAMPLES[key]
    assert sample.key == key and sample.title and sample.description.endswith(".")
    for picture in (a, b):
        assert min(picture.size) >= 150 and picture.pixels.std() > 20
    for pair in known or ():
        for point, size in ((pair.a, a.size), (pair.b, b.size)):
            assert 0 <= point[0] <= size[0] - 1 and 0 <= point[1] <= size[1] - 1


def test_an_unknown_sample_is_named() -> None:
    with pytest.raises(StudioError, match=r"no sample “dog”; there are face-and-cat, drawn-pair"):
        load_sample("dog")


def test_the_faces_are_the_faces() -> None:
    """Skin in the middle of one picture, fur all over the other."""
    face, cat, known = load_sample("face-and-cat")
    assert known is None
    width, height = face.size
    middle = face.pixels[height // 2 : height * 3 // 4, width * 2 // 5 : width * 3 // 5].reshape(-1, 3).mean(axis=0)
    assert middle[0] > middle[1] > middle[2] > 90
    assert cat.pixels[..., 0].mean() > cat.pixels[..., 2].mean() + 20


def test_the_menu_costs_no_heavy_import() -> None:
    code = "import sys, studio.samples, studio.overlay, studio.picture; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "cv2", "skimage", "scipy", "PySide6"} & set(done.stdout.split())


# --- the drawn pair ----------------------------------------------------------------------------


def test_the_drawn_pictures_differ_in_size_and_aspect(drawn: tuple[Picture, Picture, PairSet]) -> None:
    a, b, known = drawn
    assert a.size == (720, 640) and b.size == (600, 680)
    assert len(known) == 24 and [pair.id for pair in known] == list(range(1, 25))


DAY = {
    "sky": (250, 226, 178),
    "disc": (247, 178, 70),
    "pupil": (34, 24, 22),
    "nose": (112, 46, 46),
    "tag": (250, 208, 84),
}
NIGHT = {
    "sky": (40, 48, 98),
    "disc": (238, 236, 214),
    "pupil": (18, 16, 34),
    "nose": (52, 34, 70),
    "tag": (206, 216, 224),
}
"""Colours of the papers that both pictures were cut from."""


def named(known: PairSet, landmark: str) -> PointPair:
    """The pair of a landmark, by its name in the table."""
    with (resources() / "samples" / "cat-pairs.csv").open(encoding="utf-8", newline="") as file:
        names = [row["name"] for row in csv.DictReader(line for line in file if not line.startswith("#"))]
    return known[names.index(landmark)]


def test_the_night_bends_more_than_an_affine_map_could(drawn: tuple[Picture, Picture, PairSet]) -> None:
    known = drawn[2]
    plane = np.column_stack([known.a, np.ones(len(known))])
    left = plane @ np.linalg.lstsq(plane, known.b, rcond=None)[0] - known.b
    assert 3 < np.hypot(*left.T).max() < 30


def test_the_disc_in_the_sky_is_where_its_pair_says(drawn: tuple[Picture, Picture, PairSet]) -> None:
    a, b, known = drawn
    pair = named(known, "disc in the sky")
    for picture, point, colours in ((a, pair.a, DAY), (b, pair.b, NIGHT)):
        # Light and shadow change the brightness of paper, not its hue.
        hues = {part: np.array(colours[part]) / sum(colours[part]) for part in ("disc", "sky")}
        left, top = round(point[0]) - 75, round(point[1]) - 75
        window = picture.pixels[top : top + 151, left : left + 151].astype(float)
        window /= window.sum(axis=-1, keepdims=True)
        disc = np.linalg.norm(window - hues["disc"], axis=-1) < np.linalg.norm(window - hues["sky"], axis=-1)
        rows, columns = np.nonzero(disc)
        assert np.median(columns) + left == pytest.approx(point[0], abs=2.5)
        assert np.median(rows) + top == pytest.approx(point[1], abs=2.5)


def middle_of(pixels: Array, like: tuple[int, int, int], near: tuple[float, float], reach: int) -> Array:
    """The centre of mass of the pixels of about this colour, found in the picture around a point."""
    x, y = round(near[0]), round(near[1])
    top, left = max(0, y - reach), max(0, x - reach)
    window = pixels[top : y + reach, left : x + reach].astype(int)
    rows, columns = np.nonzero(np.abs(window - like).max(axis=-1) < 45)
    assert len(rows) > 20
    return np.array([left + columns.mean(), top + rows.mean()])


@pytest.mark.parametrize(
    ("landmark", "part", "reach", "tolerance"),
    [
        ("left pupil", "pupil", 22, 4.0),
        ("right pupil", "pupil", 22, 4.0),
        ("left blossom", "tag", 16, 3.0),
        ("right blossom", "tag", 16, 3.0),
        ("nose", "nose", 30, 4.0),
    ],
)
def test_the_pairs_lie_on_what_is_drawn(
    drawn: tuple[Picture, Picture, PairSet], landmark: str, part: str, reach: int, tolerance: float
) -> None:
    a, b, known = drawn
    pair = named(known, landmark)
    for picture, point, colours in ((a, pair.a, DAY), (b, pair.b, NIGHT)):
        found = middle_of(picture.pixels, colours[part], point, reach)
        assert np.abs(found - point).max() < tolerance


# --- two views ---------------------------------------------------------------------------------


def test_measured_pairs_show_the_same_thing() -> None:
    """Patches around partners agree better than with the same patch moved by three pixels."""
    a, b, known = load_sample("two-views")
    assert known is not None and len(known) >= 15

    def patch(picture: Picture, point: tuple[float, float], shift: int = 0) -> Array | None:
        x, y = round(point[0]) + shift, round(point[1])
        cut = picture.pixels[y - 6 : y + 7, x - 6 : x + 7].mean(axis=-1) if min(x, y) > 6 else np.empty((0, 0))
        return (cut - cut.mean()) / (cut.std() + 1e-9) if cut.shape == (13, 13) else None

    better = judged = 0
    for pair in known:
        patches = [patch(a, pair.a), *(patch(b, pair.b, shift) for shift in (0, -3, 3))]
        if any(one is None for one in patches):
            continue
        first, here, left, right = (one for one in patches if one is not None)
        judged += 1
        better += (first * here).mean() > max((first * left).mean(), (first * right).mean())
    assert judged >= 15 and better >= 0.85 * judged
