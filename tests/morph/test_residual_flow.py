"""Alignment of what still ghosts: a known warp is found, symmetric and bounded, and nothing is made worse."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from skimage import data

from studio.morph import MorphOptions, prepare, preparing
from studio.morph.residual_flow import LIMIT, aligning
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import run_to_end
from studio.warp.field import identity
from studio.warp.jacobian import foldover

CORNERS = np.array([[10, 10], [310, 10], [10, 230], [310, 230]], float)


def wobbled(pixels: np.ndarray, most: float) -> tuple[np.ndarray, np.ndarray]:
    """A picture looked up beside itself by (h, w, 2) smooth moves of at most `most` px, none at the border."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    fade = np.sin(np.pi * x / width) * np.sin(np.pi * y / height)
    moves = np.dstack([most * fade * np.sin(x / 40), most * fade * np.cos(y / 50)]).astype(np.float32)
    return cv2.remap(
        pixels, x + moves[..., 0], y + moves[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    ), moves


@pytest.fixture(scope="module")
def pictures() -> tuple[Picture, Picture, np.ndarray]:
    cat = np.ascontiguousarray(data.chelsea()[40:280, 60:380])
    other, moves = wobbled(cat, 5.0)
    return Picture.from_array(cat, "cat"), Picture.from_array(other, "wobbled"), moves


def ghost(morph, shape: float) -> float:
    """Mean difference of the two warped pictures, in grey levels."""
    a, b = morph.warped(shape)
    return float(np.abs(a.astype(float) - b)[8:-8, 8:-8].mean())


@pytest.mark.parametrize("shape", [0.2, 0.5, 0.9])
def test_what_is_left_of_a_known_warp_is_a_fraction(pictures, shape: float) -> None:
    a, b, _ = pictures
    pairs = PairSet.from_arrays(CORNERS, CORNERS, origin="matched")
    before = prepare(a, b, pairs, MorphOptions())
    after = run_to_end(preparing(a, b, pairs, MorphOptions(align=1.0)))
    half = run_to_end(preparing(a, b, pairs, MorphOptions(align=0.5)))
    assert ghost(after, shape) < 0.35 * ghost(before, shape)
    assert ghost(after, shape) < ghost(half, shape) < ghost(before, shape)


def test_the_vectors_are_those_of_the_warp(pictures) -> None:
    """b(x) = a(x + m(x)), so what lies at x in the middle is m / 2 back in a: the vector there is -m, about."""
    a, b, moves = pictures
    middle = identity((320, 240))
    found = run_to_end(aligning(a.pixels, b.pixels, (middle, middle))).vectors
    wrong = np.hypot(*np.moveaxis(found + moves, 2, 0))[20:-20, 20:-20]
    assert np.median(wrong) < 0.25 * np.median(np.hypot(*np.moveaxis(moves, 2, 0))[20:-20, 20:-20])


def test_the_ends_are_the_pictures_and_the_frames_are_those_of_the_other_direction(pictures) -> None:
    a, b, _ = pictures
    pairs = PairSet.from_arrays(CORNERS, np.add(CORNERS, [[2, 1], [-1, 2], [1, -2], [2, 2]]), origin="matched")
    there = run_to_end(preparing(a, b, pairs, MorphOptions(align=1.0)))
    back = run_to_end(preparing(b, a, pairs.swapped(), MorphOptions(align=1.0)))
    np.testing.assert_array_equal(there.frame(0.0), a.pixels)
    np.testing.assert_array_equal(there.frame(1.0), b.pixels)
    for t in (0.3, 0.5):
        assert np.abs(there.frame(t).astype(int) - back.frame(1.0 - t)).mean() < 0.5


def test_it_is_bounded_and_folds_nothing() -> None:
    """Two pictures that have nothing in common, and one moved further than any ghost."""
    rng = np.random.default_rng(5)
    noise = cv2.GaussianBlur(rng.integers(0, 255, (240, 320, 3)).astype(np.uint8), (0, 0), 3)
    cat, middle = np.ascontiguousarray(data.chelsea()[40:280, 60:380]), identity((320, 240))
    for other in (noise, np.roll(cat, 60, axis=1), np.zeros_like(cat)):
        found = run_to_end(aligning(cat, other, (middle, middle)))
        assert np.hypot(*np.moveaxis(found.vectors, 2, 0)).max() <= LIMIT * 320 * 1.001
        into_a, into_b = found.applied((middle, middle), 0.5, 1.0)
        assert foldover(into_a, into_b).bijective
    assert np.abs(found.vectors).max() < 0.01  # black tells nothing


def test_points_set_by_hand_stay(pictures) -> None:
    a, b, _ = pictures
    here = np.array([[160.0, 120.0]])
    placed = PairSet.from_arrays(np.vstack([CORNERS, here]), np.vstack([CORNERS, here]), origin="placed")
    matched = PairSet.from_arrays(np.vstack([CORNERS, here]), np.vstack([CORNERS, here]), origin="matched")
    moved = []
    for pairs in (placed, matched):
        into_a, _ = run_to_end(preparing(a, b, pairs, MorphOptions(align=1.0))).fields(0.5)
        moved.append(float(np.hypot(*(into_a.at(here) - here)[0])))
    assert moved[0] < 0.25 < 1.0 < moved[1]


def test_it_is_off_by_default_and_costs_nothing_then(pictures) -> None:
    a, b, _ = pictures
    morph = prepare(a, b, PairSet.from_arrays(CORNERS, CORNERS), MorphOptions())
    assert morph.refined and morph.residual is None
    aligned = run_to_end(preparing(a, b, morph.pairs, MorphOptions(align=1.0)))
    assert replace(aligned.residual) and aligned.with_options(MorphOptions(align=0.3)).refined  # a knob, not a job
    assert not aligned.with_pairs(morph.pairs).refined


def test_large_and_tiny_frames() -> None:
    for size in ((12, 9), (1900, 30)):
        a = Picture.from_array(np.full((size[1], size[0], 4), 120, np.uint8), "flat")
        pairs = PairSet.from_arrays([[1, 1], [8, 6]], [[2, 1], [8, 5]], origin="matched")
        morph = run_to_end(preparing(a, a, pairs, MorphOptions(align=1.0)))
        assert morph.frame(0.4).shape == (size[1], size[0], 4)
