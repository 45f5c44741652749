"""Pairs that give way: nothing moves that need not, nothing folds afterwards, what a person placed stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.pairs import PairSet
from studio.warp.controls import control_points
from studio.warp.jacobian import foldover
from studio.warp.options import WarpOptions
from studio.warp.point_warp import PointWarp
from studio.warp.untangle import untangled

SIZE = (300, 240)


def noisy(count: int, noise: float, seed: int) -> PairSet:
    """Scattered points that are turned, stretched and jittered: what a match of two pictures looks like."""
    rng = np.random.default_rng(seed)
    a = rng.uniform([30, 30], [270, 210], (count, 2))
    turned = (a - 150) @ np.array([[0.96, 0.2], [-0.25, 0.9]]).T + [152, 140]
    return PairSet.from_arrays(a, turned + rng.normal(0, noise, (count, 2)))


def folds(pairs: PairSet, **options: object) -> int:
    chosen = WarpOptions.from_dict({"border": "free", **options})
    warp = PointWarp(control_points(pairs, SIZE, SIZE, SIZE, chosen), chosen)
    return sum(len(foldover(warp.one_field(t, side)).places) for t, side in ((1.0, 0), (0.0, 1)))


def test_pairs_that_do_not_cross_are_not_moved() -> None:
    pairs = noisy(20, 0.0, 1)
    a, b = untangled(pairs.a, pairs.b, np.zeros(20, bool))
    np.testing.assert_allclose(a, pairs.a, atol=1e-9)
    np.testing.assert_allclose(b, pairs.b, atol=1e-9)


@pytest.mark.parametrize("kind", ["mls-rigid", "mls-affine", "tps"])
@pytest.mark.parametrize("seed", [2, 3])
def test_matched_pairs_that_cross_no_longer_fold(kind: str, seed: int) -> None:
    pairs = noisy(25, 9.0, seed)
    assert folds(pairs, warp=kind, untangle=False) > 50
    assert folds(pairs, warp=kind) <= 2


def test_neighbours_keep_their_order() -> None:
    """From A to B no neighbour passes another: what the warp needs, brute force over all close pairs of pairs."""
    pairs = noisy(40, 12.0, 4)
    a, b = untangled(pairs.a, pairs.b, np.zeros(40, bool), 0.5)
    linear = np.linalg.lstsq(np.c_[pairs.a, np.ones(40)], pairs.b, rcond=None)[0][:2]
    i, j = np.triu_indices(40, 1)
    near = np.argsort(np.linalg.norm(pairs.a[i] - pairs.a[j], axis=1))[:80]
    i, j = i[near], j[near]

    def turned_over(a: np.ndarray, b: np.ndarray) -> int:
        return int((((a[i] - a[j]) @ linear * (b[i] - b[j])).sum(axis=1) < -0.01).sum())

    assert turned_over(pairs.a, pairs.b) > 5
    assert turned_over(a, b) == 0


def test_what_is_held_stays_and_the_other_gives_way() -> None:
    a = np.array([[50.0, 50], [250, 50], [50, 200], [250, 200], [150, 120], [158, 120]])
    b = a.copy()
    b[4:] = b[[5, 4]]  # two that change places
    held = np.array([False] * 4 + [True, False])
    new_a, new_b = untangled(a, b, held)
    np.testing.assert_allclose(new_a[4], a[4])
    np.testing.assert_allclose(new_b[4], b[4])
    assert new_b[5, 0] - new_b[4, 0] > -0.1 and new_a[5, 0] - new_a[4, 0] > -0.1
    assert np.abs(new_a[5] - a[5]).max() > 3


def test_placed_and_locked_pairs_are_held_by_the_controls() -> None:
    pairs = noisy(12, 25.0, 5)
    for change in ({"origin": "placed"}, {"origin": "edited"}, {"locked": True}):
        mine = pairs.with_pair(replace(pairs[3], **change))
        controls = control_points(mine, SIZE, SIZE, SIZE, WarpOptions())
        np.testing.assert_allclose(controls.a[3], pairs[3].a)
        np.testing.assert_allclose(controls.b[3], pairs[3].b)
        assert np.abs(controls.b[:12] - pairs.b).max() > 1


def test_one_place_with_two_partners_becomes_two_places_side_by_side() -> None:
    a = np.array([[50.0, 50], [250, 50], [50, 200], [250, 200], [150, 120], [150, 120]])
    b = a.copy()
    b[4:, 0] += [20, -20]
    new_a, new_b = untangled(a, b, np.zeros(6, bool))
    apart_a, apart_b = new_a[4, 0] - new_a[5, 0], new_b[4, 0] - new_b[5, 0]
    assert 10 < apart_a < apart_b < 30


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_pairs(count: int) -> None:
    pairs = noisy(3, 5.0, 6)
    a, b = untangled(pairs.a[:count], pairs.b[:count], np.zeros(count, bool))
    assert a.shape == b.shape == (count, 2)
    assert np.isfinite(a).all() and np.isfinite(b).all()


def test_a_mirror_image_is_left_alone() -> None:
    pairs = noisy(10, 4.0, 7)
    mirrored = np.c_[300 - pairs.b[:, 0], pairs.b[:, 1]]
    a, b = untangled(pairs.a, mirrored, np.zeros(10, bool))
    assert a is pairs.a or np.array_equal(a, pairs.a)
    np.testing.assert_array_equal(b, mirrored)
