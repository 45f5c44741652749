"""The mean of several pictures: of shapes and of colours, whatever their number, size and order."""

from __future__ import annotations

import json
from itertools import pairwise

import cv2
import numpy as np
import pytest

from studio.morph import MorphOptions, averaging, prepare, save_mean
from studio.morph.mean import tracks
from studio.morph.sequence import MorphError
from studio.pairs import PairSet
from studio.picture import Picture, load
from studio.progress import run_to_end
from tests.morph.conftest import scene

FIXED = np.array([[4, 4], [116, 4], [4, 86], [116, 86]], float)
CENTRES = ((48.0, 36.0), (58.0, 48.0), (68.0, 38.0))


def dot(at: tuple[float, float], level: int = 255, size: tuple[int, int] = (120, 90)) -> Picture:
    """A soft white dot on black."""
    width, height = size
    y, x = np.mgrid[:height, :width]
    light = level * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / 50.0)
    return Picture.from_array(np.dstack([np.rint(light).astype(np.uint8)] * 3), f"dot {at}")


def between(one: tuple[float, float], other: tuple[float, float]) -> PairSet:
    return PairSet.from_arrays(np.vstack([FIXED, one]), np.vstack([FIXED, other]))


def centre_of(pixels: np.ndarray) -> np.ndarray:
    weights = pixels[..., 0].astype(float)
    y, x = np.mgrid[: weights.shape[0], : weights.shape[1]]
    return np.array([(weights * x).sum(), (weights * y).sum()]) / weights.sum()


def mean_of(pictures: list[Picture], pairs: list[PairSet], **values: object) -> np.ndarray:
    return run_to_end(averaging(pictures, pairs, MorphOptions(**values)))


def test_three_dots_meet_at_their_mean() -> None:
    pictures = [dot(at) for at in CENTRES]
    pairs = [between(*two) for two in pairwise(CENTRES)]
    made = mean_of(pictures, pairs)
    wanted = np.mean(CENTRES, axis=0)
    assert np.abs(centre_of(made) - wanted).max() < 1.0
    assert made.max() > 235  # one dot: three that fade into each other would have a third of the light
    there = mean_of(pictures[::-1], [one.swapped() for one in pairs[::-1]])
    assert np.abs(there.astype(int) - made).mean() < 1.0


def test_the_mean_of_two_is_the_middle_of_their_morph() -> None:
    a, b, pairs = scene(), scene(phase=1.3), between(CENTRES[0], (52.0, 33.0))
    a, b = (Picture.from_array(np.asarray(cv2.resize(p.pixels, (120, 90))), p.name) for p in (a, b))
    made = mean_of([a, b], [pairs])
    assert np.abs(made.astype(int) - prepare(a, b, pairs, MorphOptions()).frame(0.5)).mean() < 1.0


def test_colours_are_averaged_as_light() -> None:
    """Black, black and white: a third of the light; or a third of the numbers."""
    flat = [Picture.from_array(np.full((20, 30, 3), level, np.uint8), "flat") for level in (0, 0, 255)]
    none = [PairSet(), PairSet()]
    assert (mean_of(flat, none) == 156).all()  # 255 x (1.055 x (1/3)^(1/2.4) - 0.055)
    assert (mean_of(flat, none, linear_light=False) == 85).all()


def test_what_is_transparent_counts_by_its_opacity() -> None:
    red = np.zeros((20, 30, 4), np.uint8)
    red[...] = 255, 0, 0, 255
    clear = np.zeros((20, 30, 4), np.uint8)
    made = mean_of([Picture.from_array(red, "red"), Picture.from_array(clear, "clear")], [PairSet()])
    assert (made[..., :3] == (255, 0, 0)).all() and np.abs(made[..., 3].astype(int) - 128).max() <= 1


def test_points_are_carried_through_all_pictures() -> None:
    """Of different sizes: in the frame, each is where its picture has it, also those of the later pairs."""
    pictures = [dot((24, 18), size=(60, 45)), dot((58, 48)), dot((68, 38))]
    half = PairSet.from_arrays(np.vstack([(FIXED + 0.5) / 2 - 0.5, [[23.75, 17.75]]]), np.vstack([FIXED, [[58, 48]]]))
    more = PairSet.from_arrays(np.vstack([FIXED, [[58, 48], [20, 70]]]), np.vstack([FIXED, [[68, 38], [22, 71]]]))
    found = tracks(pictures, [half, more], MorphOptions(), (60, 45))
    assert found.shape == (3, 6, 2)  # the later pairs' corners and centre are the earlier ones'
    np.testing.assert_allclose(found[:, 4] * 2, [[47.5, 35.5], [57.5, 47.5], [67.5, 37.5]], atol=1.0)
    np.testing.assert_allclose(found[1:, 5] * 2, [[19.5, 69.5], [21.5, 70.5]], atol=1.0)


def test_it_is_written_with_its_recipe(tmp_path) -> None:
    pictures, pairs = [dot(at) for at in CENTRES], [between(*two) for two in pairwise(CENTRES)]
    pixels = run_to_end(averaging(pictures, pairs, MorphOptions(), longest_side=60))
    assert pixels.shape == (45, 60, 3)
    save_mean(pixels, tmp_path / "mean.png", pictures, pairs, MorphOptions())
    from PIL import Image

    with Image.open(tmp_path / "mean.png") as image:
        recipe = json.loads(image.text["Recipe"])
    assert recipe["mean"] == 3 and len(recipe["legs"]) == 2
    np.testing.assert_array_equal(load(tmp_path / "mean.png").pixels, pixels)


def test_one_picture_has_no_mean() -> None:
    with pytest.raises(MorphError, match="two pictures"):
        run_to_end(averaging([dot(CENTRES[0])], [], MorphOptions()))
    with pytest.raises(MorphError, match="sets of pairs"):
        run_to_end(averaging([dot(at) for at in CENTRES], [PairSet()], MorphOptions()))
