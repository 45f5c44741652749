"""The vote for one rough movement, on pairs whose movement is known."""

from __future__ import annotations

import numpy as np
import pytest

from studio.buddies.consistency import FEWEST, consistent

SIZES = ((400, 300), (200, 260))


def feature_pair(right: int, wrong: int, *, mirrored: bool = False, angle: float = 0.0, seed: int = 0):
    """`right` pairs under a bent similarity between pictures of unequal size, then `wrong` ones anywhere."""
    random = np.random.default_rng(seed)
    a = random.uniform([20, 20], [380, 280], (right + wrong, 2))
    unit = (a - [200, 150]) / 400
    if mirrored:
        unit[:, 0] *= -1
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    bent = unit @ turn.T * 0.8 + 0.02 * np.sin(9 * unit[:, ::-1])
    b = bent * 260 + [100, 130]
    b[right:] = random.uniform([5, 5], [195, 255], (wrong, 2))
    return a, b, random.uniform(1, 3, right + wrong)


@pytest.mark.parametrize(("mirrored", "angle"), [(False, 0.0), (False, 0.6), (True, 0.0), (False, -1.0)])
def test_pairs_of_one_bent_movement_stay_and_strays_go(mirrored, angle):
    a, b, rank = feature_pair(40, 40, mirrored=mirrored, angle=angle)
    kept = consistent(a, b, rank, SIZES, 0.5)
    assert kept[:40].all()
    # A stray may lie near its place by chance: the tolerance covers some of the picture.
    assert kept[40:].mean() < 0.25


def test_more_strength_keeps_fewer():
    a, b, rank = feature_pair(30, 60)
    counts = [int(consistent(a, b, rank, SIZES, strength).sum()) for strength in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert counts[0] == 90
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] >= 25


def test_a_crowd_in_one_place_does_not_outvote_the_picture():
    """Two hundred copies of one stray pair weigh less than thirty pairs all over."""
    a, b, rank = feature_pair(30, 0)
    random = np.random.default_rng(1)
    crowd_a = random.normal((60.0, 60.0), 1.5, (200, 2))
    crowd_b = random.normal((180.0, 240.0), 1.5, (200, 2))
    kept = consistent(np.vstack([a, crowd_a]), np.vstack([b, crowd_b]), np.r_[rank, np.full(200, 3.0)], SIZES, 0.5)
    assert kept[:30].all()
    assert not kept[30:].any()


def test_it_treats_both_directions_alike():
    a, b, rank = feature_pair(40, 30, seed=3)
    forth = consistent(a, b, rank, SIZES, 0.5)
    back = consistent(b, a, rank, SIZES[::-1], 0.5)
    assert (forth[:40] & back[:40]).all()
    assert back[40:].mean() < 0.35


def test_an_identity_and_a_scaled_copy_lose_nothing():
    a, _, rank = feature_pair(50, 0)
    assert consistent(a, a, rank, (SIZES[0], SIZES[0]), 1.0).all()
    assert consistent(a, a * 7.5, rank, (SIZES[0], (3000, 2250)), 1.0).all()


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1])
def test_too_few_pairs_to_vote_are_all_kept(count):
    a, b, rank = feature_pair(0, count)
    assert consistent(a, b, rank, SIZES, 1.0).tolist() == [True] * count


@pytest.mark.parametrize(
    "points", [np.full((20, 2), 50.0), np.stack([np.linspace(10, 300, 20), np.full(20, 40.0)], axis=1)]
)
def test_one_place_and_one_line_are_no_trouble(points):
    kept = consistent(points, points * 0.5, np.ones(20), SIZES, 0.5)
    assert kept.all()


def test_thousands_of_pairs_take_bounded_memory():
    import tracemalloc

    a, b, rank = feature_pair(3000, 1500)
    tracemalloc.start()
    kept = consistent(a, b, rank, SIZES, 0.5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert kept[:3000].mean() > 0.98
    assert peak < 400e6
