"""Points that would meet half-way go around each other; all others go straight."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from studio.pairs import PairSet
from studio.warp.controls import control_points
from studio.warp.options import WarpOptions
from studio.warp.point_warp import PointWarp
from studio.warp.ways import bows

SIZE = (160, 120)
STEPS = 33


def field_steps(a: np.ndarray, b: np.ndarray, kind: str, border: str) -> np.ndarray:
    """How far lookups jump from each moment to the next, in the mean over the frame."""
    options = WarpOptions.from_dict({"warp": kind, "border": border})
    pairs = PairSet.from_arrays(a, b, origin="placed")
    warp = PointWarp(control_points(pairs, SIZE, SIZE, SIZE, options), options)
    nodes = [warp.one_field(t, 0).nodes for t in np.linspace(0, 1, STEPS)]
    return np.array([np.abs(now - then).mean() for then, now in pairwise(nodes)])


@pytest.mark.parametrize("kind", ["mls-rigid", "mls-similarity", "mls-affine", "tps"])
def test_two_that_change_places_do_not_jump_in_the_middle(kind: str) -> None:
    a = np.array([[50.0, 50], [110, 62]])
    still = np.array([[12.0, 12], [148, 14], [14, 108], [146, 106]])
    for first, second, border in (
        (a, a[::-1], "free"),
        (np.vstack([a, still]), np.vstack([a[::-1], still]), "corners"),
    ):
        steps = field_steps(first, second, kind, border)
        middle = steps[STEPS // 2 - 3 : STEPS // 2 + 3]
        assert middle.max() < 1.5 * np.median(steps)


@pytest.mark.parametrize("kind", ["mls-rigid", "tps", "delaunay"])
def test_the_points_are_met_on_their_ways(kind: str) -> None:
    a = np.array([[50.0, 50], [110, 62], [12, 12], [148, 14], [14, 108], [146, 106]])
    b = a[[1, 0, 2, 3, 4, 5]]
    options = WarpOptions.from_dict({"warp": kind})
    controls = control_points(PairSet.from_arrays(a, b, origin="placed"), SIZE, SIZE, SIZE, options)
    warp = PointWarp(controls, options)
    np.testing.assert_allclose(controls.at(0.0)[:6], a)
    np.testing.assert_allclose(controls.at(1.0)[:6], b)
    half = controls.at(0.5)[:2]
    # A quarter turn about the middle between them.
    np.testing.assert_allclose(half.mean(axis=0), a[:2].mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(np.hypot(*(half[1] - half[0])), np.hypot(*(a[1] - a[0])))
    for t in (0.0, 0.3, 0.5, 1.0):
        into_a, into_b = warp.fields(t)
        assert np.abs(into_a.at(controls.at(t)[:6]) - a).max() < 0.1
        assert np.abs(into_b.at(controls.at(t)[:6]) - b).max() < 0.1


def test_half_a_turn_of_everything_keeps_its_size() -> None:
    a = np.random.default_rng(0).uniform(0, 100, (12, 2))
    half = a + (100 - 2 * a) / 2 + bows(a, 100 - a)
    np.testing.assert_allclose(
        np.linalg.norm(half[:, None] - half, axis=2), np.linalg.norm(a[:, None] - a, axis=2), atol=1e-9
    )


def test_what_turns_less_than_a_quarter_goes_straight() -> None:
    a = np.random.default_rng(1).uniform(0, 100, (20, 2))
    turn = np.array([[np.cos(1.4), np.sin(1.4)], [-np.sin(1.4), np.cos(1.4)]])
    assert not bows(a, a @ turn + 5).any()
    assert not bows(np.zeros((0, 2)), np.zeros((0, 2))).any()
    assert not bows(a[[0, 0]], a[[1, 2]]).any()
