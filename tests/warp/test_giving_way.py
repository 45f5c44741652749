"""Wrong pairs: no point leaves the frame, nothing folds more than before, and what is left out is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.pairs import PairSet
from studio.warp.best_map import best_map, contradictions
from studio.warp.control_set import Controls
from studio.warp.controls import control_points
from studio.warp.jacobian import foldover
from studio.warp.options import WarpOptions
from studio.warp.point_warp import PointWarp
from studio.warp.untangle import FARTHEST, untangled

SIZE = (240, 200)
KINDS = ["mls-rigid", "mls-affine", "mls-similarity", "tps", "delaunay"]


def some_pairs(seed: int, count: int, wrong: int) -> tuple[PairSet, PairSet, set[int]]:
    """Pairs of a smooth map, the same with some of B's points anywhere, and the numbers of those."""
    rng = np.random.default_rng(seed)
    columns = int(np.ceil(np.sqrt(count)))
    cells = rng.permutation(columns * columns)[:count]
    unit = (np.stack([cells % columns, cells // columns], 1) + rng.uniform(0.2, 0.8, (count, 2))) / columns
    a = (0.12 + 0.76 * unit) * SIZE
    turn, shift, phase = rng.uniform(-0.12, 0.12), rng.uniform(-6, 6, 2), rng.uniform(0, 6)
    middle = np.asarray(SIZE) / 2
    b = (a - middle) @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + middle + shift
    b += 3 * np.stack([np.sin(a[:, 1] / 40 + phase), np.cos(a[:, 0] / 50)], axis=1)
    bad = rng.choice(count, wrong, replace=False)
    spoiled = b.copy()
    spoiled[bad] = rng.uniform([12, 12], [228, 188], (wrong, 2))
    return PairSet.from_arrays(a, b), PairSet.from_arrays(a, spoiled), {int(index) + 1 for index in bad}


def folded(pairs: PairSet, kind: str, border: str, untangle: bool) -> tuple[float, Controls]:
    options = WarpOptions.from_dict({"warp": kind, "border": border, "untangle": untangle})
    controls = control_points(pairs, SIZE, SIZE, SIZE, options)
    warp = PointWarp(controls, options)
    return foldover(warp.one_field(1.0, 0), warp.one_field(0.0, 1)).share, controls


def outside(points: np.ndarray) -> int:
    return int(((points < -0.5) | (points > np.asarray(SIZE) - 0.5)).any(axis=1).sum())


@pytest.mark.parametrize("border", ["corners", "edges", "free"])
@pytest.mark.parametrize("kind", KINDS)
def test_random_pairs_of_which_some_are_wrong(kind: str, border: str) -> None:
    for seed, (count, wrong) in enumerate([(20, 2), (10, 1), (24, 1), (8, 2), (6, 3)]):
        true, pairs, bad = some_pairs(seed, count, wrong)
        before, _ = folded(pairs, kind, border, False)
        after, controls = folded(pairs, kind, border, True)
        assert after <= before
        assert after == 0.0
        used = controls.pairs
        assert not outside(controls.a[:used]) and not outside(controls.b[:used])
        left_out = set(pairs.ids) - set(controls.ids)
        named = [note for note in controls.notes if "not used" in note]
        assert len(named) == bool(left_out)
        if len(left_out) == 1:
            assert named == [f"Pair {left_out.pop()} contradicts its neighbours: not used."]
        if 10 * wrong <= count and folded(true, kind, border, False)[0] == 0.0 and count == 20:
            assert left_out <= bad


def test_four_pairs_that_go_round_stay_in_the_frame() -> None:
    """The affine map through them is nearly singular; its inverse sent points to (938, 254)."""
    a = [(19.5, 42.2), (177.2, 38.3), (126.8, 51.8), (103.1, 166.0)]
    b = [(126.8, 51.8), (177.2, 38.3), (103.1, 166.0), (19.5, 42.2)]
    new_a, new_b = untangled(np.array(a), np.array(b), np.zeros(4, bool), size=SIZE)
    assert not outside(new_a) and not outside(new_b)
    far = FARTHEST * np.hypot(*SIZE) + 1e-9
    assert np.hypot(*(new_a - a).T).max() <= far and np.hypot(*(new_b - b).T).max() <= far
    for kind in KINDS:
        share, controls = folded(PairSet.from_arrays(a, b), kind, "corners", True)
        assert share == 0.0
        assert not outside(controls.a[: controls.pairs]) and not outside(controls.b[: controls.pairs])


@pytest.mark.parametrize("seed", range(4))
def test_wrong_pairs_do_not_decide_the_map(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.uniform(20, 180, (30, 2))
    linear, shift = np.array([[0.9, -0.3], [0.35, 1.1]]), np.array([10.0, -4.0])
    b = a @ linear.T + shift
    b[:12] = rng.uniform(20, 180, (12, 2))
    found = best_map(a, b)
    np.testing.assert_allclose(found.linear, linear, atol=0.05)
    degrees = contradictions(found(a), b)
    assert np.median(degrees[:12]) > 1.0 > np.median(degrees[12:]) + 0.5
    stretches = np.linalg.svd(best_map(a[:4], b[:4]).linear, compute_uv=False)
    assert stretches.max() < 10 * stretches.min()


def test_points_that_two_matched_pairs_share_are_used_once() -> None:
    _, pairs, _ = some_pairs(5, 12, 0)
    twice = PairSet((*pairs, replace(pairs[0], id=99, b=(pairs[0].b[0] + 20, pairs[0].b[1]), confidence=0.1)))
    share, controls = folded(twice, "mls-rigid", "corners", True)
    assert share == 0.0
    assert controls.ids == pairs.ids
    assert controls.notes == ("Pair 99 contradicts its neighbours: not used.",)
    # Without untangling nothing is left out, and the program's own pairs are nothing to scold a person for.
    _, as_they_are = folded(twice, "mls-rigid", "corners", False)
    assert as_they_are.pairs == 13 and not any("share" in note for note in as_they_are.notes)


def test_what_a_person_placed_stays_exact_and_is_named_where_it_crosses() -> None:
    _, pairs, _ = some_pairs(6, 12, 0)
    first, second = pairs[0], min(pairs.pairs[1:], key=lambda pair: np.hypot(*np.subtract(pair.a, pairs[0].a)))
    crossed = pairs.with_pair(replace(first, b=second.b, origin="edited"))
    crossed = crossed.with_pair(replace(second, b=first.b, origin="placed"))
    before, _ = folded(crossed, "tps", "corners", False)
    after, controls = folded(crossed, "tps", "corners", True)
    assert 0.0 < after <= before
    for number in (first.id, second.id):
        place = controls.ids.index(number)
        np.testing.assert_allclose(controls.b[place], {pair.id: pair.b for pair in crossed}[number])
    numbers = sorted((first.id, second.id))
    assert any(f"Pairs {numbers[0]} and {numbers[1]} cross each other" in note for note in controls.notes)


def test_a_picture_turned_as_a_whole_is_told_from_wrong_pairs() -> None:
    _, pairs, _ = some_pairs(7, 16, 0)
    turned = PairSet.from_arrays(pairs.a, np.asarray(SIZE) - 1 - pairs.a)
    free, loose = folded(turned, "mls-rigid", "free", True)
    assert free == 0.0 and loose.pairs == 16 and not loose.notes
    before, _ = folded(turned, "mls-rigid", "corners", False)
    after, held = folded(turned, "mls-rigid", "corners", True)
    assert after <= before
    assert any("the border “free”" in note for note in held.notes)
    assert not outside(held.a[: held.pairs]) and not outside(held.b[: held.pairs])


def test_a_mirror_image_is_said_to_be_one() -> None:
    _, pairs, _ = some_pairs(8, 12, 0)
    mirrored = PairSet.from_arrays(pairs.a, np.c_[SIZE[0] - 1 - pairs.a[:, 0], pairs.a[:, 1]])
    _, controls = folded(mirrored, "mls-rigid", "free", True)
    assert controls.pairs == 12 and any("mirror" in note for note in controls.notes)
