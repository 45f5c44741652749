"""B laid onto A: on a map that is known, seen from outside of the warp."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from skimage import data

from studio.morph.aligned import Ground
from studio.pairs import PairSet
from studio.picture import Picture
from studio.warp.options import WarpOptions

CAT = np.ascontiguousarray(cv2.GaussianBlur(data.chelsea(), (0, 0), 1.5))
HEIGHT, WIDTH = CAT.shape[:2]


def known(x, y):
    """Where a place of B lies in A: turned, shrunk, and bent by a few pixels."""
    return 0.93 * x - 0.04 * y + 22 + 5 * np.sin(y / 60), 0.03 * x + 0.95 * y + 4 + 4 * np.sin(x / 80)


def pulled(factor: float = 1.0) -> np.ndarray:
    """A seen through the known map: B, `factor` times as large."""
    width, height = round(WIDTH * factor), round(HEIGHT * factor)
    x, y = np.meshgrid((np.arange(width) + 0.5) / factor - 0.5, (np.arange(height) + 0.5) / factor - 0.5)
    in_a = [values.astype(np.float32) for values in known(x, y)]
    return cv2.remap(CAT, *in_a, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def sampled(factor: float = 1.0) -> PairSet:
    x, y = (axis.ravel() for axis in np.meshgrid(np.linspace(15, WIDTH - 15, 10), np.linspace(15, HEIGHT - 15, 7)))
    in_b = (np.stack([x, y], axis=1) + 0.5) * factor - 0.5
    return PairSet.from_arrays(np.stack(known(x, y), axis=1), in_b, level=1)


def off(pixels: np.ndarray, than: np.ndarray = CAT) -> float:
    """Mean difference inside, in levels of 255."""
    return float(np.abs(pixels[..., :3].astype(float) - than)[50:-50, 60:-60].mean())


@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_what_was_pulled_apart_by_a_known_map_lies_on_each_other_again(factor):
    b = pulled(factor)
    ground = Ground(Picture.from_array(CAT), Picture.from_array(b))
    aligned = ground.aligned(sampled(factor))
    assert np.array_equal(ground.a, CAT) and aligned.pixels.shape == CAT.shape and ground.size == (WIDTH, HEIGHT)
    before = off(cv2.resize(b, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
    assert off(aligned.pixels) < 4 < 12 < before
    assert not aligned.notes
    # A thin plate follows a smooth map better than what is as rigid as can be: nothing but the lookups is left then.
    assert off(ground.aligned(sampled(factor), WarpOptions(warp="tps", border="free")).pixels) < 1


def test_a_wrong_pair_shows_where_it_is_wrong():
    pairs = sampled()
    wrong = pairs[34]
    moved = replace(wrong, b=(wrong.b[0] + 40, wrong.b[1] + 30))  # a morph would leave it out
    ground = Ground(Picture.from_array(CAT), Picture.from_array(pulled()))
    right, off_there = (ground.aligned(some).pixels.astype(float) for some in (pairs, pairs.with_pair(moved)))
    x, y = (round(value) for value in wrong.a)
    changed = np.abs(right - off_there).mean(axis=2)
    near = changed[y - 20 : y + 20, x - 20 : x + 20].mean()
    assert near > 5 * np.median(changed)


def test_transparency_comes_along_and_a_preview_is_bounded():
    b = np.dstack([pulled(), np.full((HEIGHT, WIDTH), 255, np.uint8)])
    b[:, : WIDTH // 3, 3] = 0
    ground = Ground(Picture.from_array(CAT), Picture.from_array(b), 200)
    aligned = ground.aligned(sampled())
    assert ground.a.shape == aligned.pixels.shape == (133, 200, 4)
    assert (ground.a[..., 3] == 255).all()
    edge = known(WIDTH / 3, HEIGHT / 2)[0] / WIDTH * 200
    assert (aligned.pixels[66, : int(edge) - 3, 3] == 0).all() and (aligned.pixels[66, int(edge) + 4 :, 3] == 255).all()
