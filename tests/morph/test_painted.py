"""In-betweens of features: the ends are the pictures, the middle is the network's, and large frames are bounded."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from skimage import data

import studio.morph.painted as painted
from studio.backbones import load_backbone
from studio.morph import MorphOptions, StillOptions, prepare, still
from studio.morph.painted import painting
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import run_to_end

FEATURES = StillOptions(blend="features")


@pytest.fixture(scope="module")
def pictures() -> tuple[Picture, Picture]:
    cat, cup = (np.ascontiguousarray(one[40:200, 60:260]) for one in (data.chelsea(), data.coffee()))
    return Picture.from_array(cat, "cat"), Picture.from_array(cup, "cup")


@pytest.fixture(scope="module")
def morph(pictures):
    points = np.array([[20, 20], [180, 20], [20, 140], [180, 140]], float)
    return prepare(*pictures, PairSet.from_arrays(points, points), MorphOptions(linear_light=False))


def test_the_middle_is_the_decoded_mean_of_the_features(pictures, morph) -> None:
    """As one reads it in a formula: whole pictures, no pieces."""
    backbone = run_to_end(load_backbone(device="cpu"))
    tensors = [torch.from_numpy(one.pixels.astype(np.float32) / 255).permute(2, 0, 1)[None] for one in pictures]
    level = backbone.decoder.level
    with torch.inference_mode():
        maps = [backbone.features(one, [level])[level] for one in tensors]
        wanted = backbone.decoder((maps[0] + maps[1]) / 2)[0, :, :160, :200].clamp(0, 1).permute(1, 2, 0).numpy()
    made = still(morph, 0.5, FEATURES, "cpu").astype(float)
    assert level == 3 and np.abs(made - 255 * wanted).mean() < 1.0
    assert np.abs(made - morph.frame(0.5)).mean() > 2.0  # no plain fade


@pytest.mark.parametrize("t", [0.0, 1.0])
def test_the_ends_are_the_pictures(pictures, morph, t: float) -> None:
    made = still(morph, t, FEATURES, "cpu")
    assert np.abs(made.astype(int) - pictures[int(t)].pixels).max() <= 1


def test_large_frames_are_painted_small(pictures, monkeypatch) -> None:
    a, b = (one.pixels for one in pictures)
    plain = cv2.addWeighted(a, 0.5, b, 0.5, 0)
    whole = run_to_end(painting(a, b, plain, 0.5, "cpu"))
    monkeypatch.setattr(painted, "WORKING_SIDE", 100)
    reduced = run_to_end(painting(a, b, plain, 0.5, "cpu"))
    assert reduced.shape == whole.shape and np.abs(reduced - whole).mean() < 0.06


def test_transparency_stays(pictures) -> None:
    alpha = np.zeros((160, 200), np.uint8)
    alpha[40:120, 50:150] = 255
    a, b = (Picture.from_array(np.dstack([one.pixels, alpha]), one.name) for one in pictures)
    morph = prepare(a, b, PairSet(), MorphOptions())
    made = still(morph, 0.5, FEATURES, "cpu")
    np.testing.assert_array_equal(made[..., 3], morph.frame(0.5)[..., 3])
