"""Pairs that a match must keep, and matches of a part that must leave the rest alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from skimage.measure import points_in_poly

from studio.backbones import NetworkChoice
from studio.buddies import MatchMemory, MatchOptions, find_buddies, match, pairs_to_keep, provenance
from studio.buddies.fixed import FixedPairs
from studio.buddies.paper import PaperMatcher
from studio.buddies.plan import LevelPlan, Plan
from studio.buddies.regions import FLATNESS
from studio.buddies.rematch import LEAST_NEW, RematchError, around, in_polygon, inside, opened_by
from studio.pairs import PairSet, PointPair
from studio.progress import run_to_end
from tests.buddies import reference
from tests.buddies.networks import features, noise_picture, small_backbone

SIZE = 96
BASE = {"working_size": SIZE, "border": 0, "consistency": 0.0, "pairs": 0}


@pytest.fixture(scope="module")
def network():
    return small_backbone()


@pytest.fixture(scope="module")
def pictures():
    return noise_picture(SIZE, 80, seed=1), noise_picture(80, SIZE, seed=2)


def placed(number, a, b, **values):
    return PointPair(number, a, b, **{"origin": "placed", **values})


def found(a, b, network, fixed=None, memory=None, **options):
    return run_to_end(match(a, b, network, MatchOptions(**{**BASE, **options}), fixed=fixed, memory=memory))


def test_what_a_hand_touched_is_kept_by_a_match():
    pairs = PairSet(
        (
            PointPair(1, (0, 0), (0, 0), origin="matched"),
            PointPair(2, (0, 0), (0, 0), origin="matched", locked=True),
            PointPair(3, (0, 0), (0, 0), origin="edited"),
            PointPair(4, (0, 0), (0, 0), origin="placed", enabled=False),
        )
    )
    assert [pair.id for pair in pairs_to_keep(pairs)] == [2, 3, 4]


@pytest.mark.parametrize("preset", ["paper", "fast", "official"])
@pytest.mark.parametrize("limits", [{}, {"pairs": 4, "border": 20, "consistency": 1.0, "per_level_limit": 6}])
def test_fixed_pairs_come_back_as_they_are_whatever_speaks_against_them(preset, limits, network, pictures):
    fixed = PairSet(
        (
            placed(3, (40.25, 30.5), (70.0, 12.125)),
            placed(7, (1.0, 1.0), (78.0, 94.0), locked=True),  # in a corner, and against everything
            placed(8, (41.0, 31.0), (10.0, 80.0)),  # beside the first one, and elsewhere in B
            PointPair(2, (50.0, 50.0), (50.0, 50.0), confidence=0.3, origin="matched", locked=True),
        )
    )
    finest = 4 if preset == "official" else 2
    pairs = found(*pictures, network, fixed, preset=preset, finest_level=finest, activation_threshold=0.1, **limits)
    assert pairs.pairs[:4] == fixed.pairs
    ids = [pair.id for pair in pairs]
    free = [number for number in range(1, 9000) if number not in (3, 7, 8, 2)]
    assert ids[4:] == free[: len(ids) - 4] and (len(ids) > 4 or limits)
    assert pairs.ranks[4:].tolist() == sorted(pairs.ranks[4:], reverse=True)


def test_no_other_pair_takes_the_cells_of_a_fixed_one(network, pictures):
    without = found(*pictures, network, subcell=False)
    taken = without[0]
    fixed = PairSet((placed(1, taken.a, without[1].b),))
    pairs = found(*pictures, network, fixed, subcell=False).without([1])
    assert taken.a in {pair.a for pair in without} and taken.a not in {pair.a for pair in pairs}
    assert without[1].b not in {pair.b for pair in pairs}


def test_a_disabled_fixed_pair_comes_back_and_does_nothing(network, pictures):
    off = placed(5, (40.0, 30.0), (70.0, 12.0), enabled=False)
    pairs = found(*pictures, network, PairSet((off,)))
    without = found(*pictures, network)
    assert pairs[0] == off
    assert [(p.a, p.b) for p in pairs.without([5])] == [(p.a, p.b) for p in without]


def test_a_fixed_pair_opens_its_region_like_any_parent_and_keeps_its_cells():
    maps_a = {2: features(6, 5, 6, seed=1), 1: features(5, 10, 12, seed=2)}
    maps_b = {2: features(6, 6, 4, seed=3), 1: features(5, 12, 8, seed=4)}
    coarse, fine = LevelPlan(2, 2, 6, 0.0, 3, 2, 0), LevelPlan(1, 1, 5, 0.0, 3, 2, 2)
    plan = Plan((12, 10), (8, 12), (12, 10), (8, 12), (coarse, fine))
    pairs = PairSet((placed(1, (9.0, 3.0), (2.0, 10.0)), placed(2, (1.0, 8.0), (6.0, 1.0))))
    matcher = PaperMatcher(plan, maps_a, maps_b, 0, fixed=FixedPairs.of(pairs, plan, opening=[1]))
    top = matcher.fixed_at(coarse, None)
    assert top.a.tolist() == [[1, 4], [4, 0]] and top.b.tolist() == [[5, 1], [0, 3]]
    below = run_to_end(matcher.search(fine, top))
    assert below.a[:2].tolist() == [[3, 9], [8, 1]] and below.b[:2].tolist() == [[10, 2], [1, 6]]
    assert below.fixed.tolist() == [0, 1] + [-1] * (len(below) - 2)
    assert below.parent.tolist() == [0, 1] + [0] * (len(below) - 2)
    plain_a, plain_b = maps_a[1][0].double().numpy(), maps_b[1][0].double().numpy()
    flatness = tuple(FLATNESS * map_.var((1, 2)) for map_ in (plain_a, plain_b))
    rows = reference.region_buddies(plain_a, plain_b, (3, 9), (10, 2), 2, 3, flatness)
    expected = {(p, q) for p, q, _ in rows if p not in {(3, 9), (8, 1)} and q not in {(10, 2), (1, 6)}}
    found = {(tuple(p), tuple(q)) for p, q in zip(below.a[2:].tolist(), below.b[2:].tolist(), strict=True)}
    assert found == expected and len(found) > 2


# --- a part only --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(network, pictures):
    memory = MatchMemory()
    options = MatchOptions(**{**BASE, "pairs": 30})
    pairs = run_to_end(match(*pictures, network, options, memory=memory))
    changed = pairs.with_pair(replace(pairs[2], locked=True)).with_pair(replace(pairs[3], enabled=False))
    middle = min(pairs, key=lambda pair: np.hypot(pair.a[0] - 48, pair.a[1] - 40))
    root = replace(middle, b=(middle.b[0] + 2.5, middle.b[1] - 1.5), origin="edited")
    return options, changed.with_pair(root), root, memory


def test_matching_around_a_pair_replaces_only_what_hangs_in_its_region(network, pictures, whole):
    options, pairs, root, memory = whole
    new = run_to_end(around(*pictures, network, options, pairs, root.id, memory))
    held = memory.held
    left, top, right, bottom = opened_by(root, held.plan)
    inner = {p.id for p in pairs if left <= p.a[0] <= right and top <= p.a[1] <= bottom}
    replaceable = {p.id for p in pairs if p.id in inner and p.origin == "matched" and not p.locked}
    assert replaceable and replaceable != {p.id for p in pairs}
    assert new.by_id(root.id) == root
    kept = [pair for pair in pairs if pair.id not in replaceable]
    assert list(new)[: len(kept)] == kept
    made = list(new)[len(kept) :]
    assert 0 < len(made) <= max(LEAST_NEW, len(replaceable))
    for pair in made:
        assert left <= pair.a[0] <= right and top <= pair.a[1] <= bottom
        assert pair.origin == "matched" and 0 <= pair.confidence <= 1
        coarse, first, *_ = provenance(memory, pair)
        for cell, point in ((coarse.cell_a, root.a), (coarse.cell_b, root.b)):
            assert cell[0] <= point[0] <= cell[2] and cell[1] <= point[1] <= cell[3]
        assert first.window_a == pytest.approx((left, top, right, bottom), abs=0.51)


def test_matching_around_nothing_is_refused_in_a_sentence(network, pictures, whole):
    options, pairs, _, memory = whole
    off = next(pair for pair in pairs if not pair.enabled)
    for number in (999, off.id):
        with pytest.raises(RematchError, match=f"no pair {number} in use"):
            run_to_end(around(*pictures, network, options, pairs, number, memory))


def test_where_nothing_is_found_everything_stays(network, pictures, whole):
    options, pairs, root, memory = whole
    strict = options.with_values(activation_threshold=1.0)
    events = []
    assert run_to_end(around(*pictures, network, strict, pairs, root.id, memory), events.append) is pairs
    assert "stay" in events[-1].message


@pytest.mark.parametrize("side", ["A", "B"])
@pytest.mark.parametrize("consistency", [0.0, 0.5])
def test_a_lasso_changes_only_what_lies_inside(side, consistency, network, pictures, whole):
    options, pairs, _, memory = whole
    options = options.with_values(consistency=consistency)
    lasso = [(15.0, 12.0), (70.0, 20.0), (66.0, 70.0), (20.0, 60.0)]
    new = run_to_end(inside(*pictures, network, options, pairs, side, lasso, memory))
    points = lambda some: some.a if side == "A" else some.b  # noqa: E731
    held = points_in_poly(points(pairs), lasso)
    gone = {p.id for p, one in zip(pairs, held, strict=True) if one and p.origin == "matched" and not p.locked}
    kept = [pair for pair in pairs if pair.id not in gone]
    assert gone and list(new)[: len(kept)] == kept
    made = PairSet(tuple(list(new)[len(kept) :]))
    grown = np.array(lasso) + np.sign(np.array(lasso) - np.mean(lasso, axis=0)) * 1.5  # subcell moves by half a pixel
    assert 0 < len(made) <= max(LEAST_NEW, len(gone)) and points_in_poly(points(made), grown).all()
    assert memory.held.a.picture() is pictures[0] and memory.held.plan.full_a == pictures[0].size
    assert all(len(provenance(memory, pair)) == 5 for pair in made)


@pytest.mark.parametrize("lasso", [[(1, 1), (5, 5)], [(500, 500), (600, 500), (550, 600)], [(3, 3), (3, 3), (3, 3)]])
def test_a_lasso_around_nothing_is_refused_in_a_sentence(lasso, network, pictures, whole):
    options, pairs, _, memory = whole
    with pytest.raises(RematchError, match="encloses nothing"):
        run_to_end(inside(*pictures, network, options, pairs, "A", lasso, memory))


def test_points_in_polygons_are_those_of_another_implementation():
    rng = np.random.default_rng(4)
    points = rng.uniform(0, 10, (500, 2))
    for count in (3, 5, 9):
        corners = rng.uniform(0, 10, (count, 2))
        np.testing.assert_array_equal(in_polygon(points, corners), points_in_poly(points, corners))


def test_the_commands_and_the_window_hand_fixed_pairs_and_memory_on():
    a, b = noise_picture(64, 64, seed=5), noise_picture(64, 64, seed=6)
    memory, fixed = MatchMemory(), PairSet((placed(4, (20.0, 20.0), (30.0, 30.0)),))
    cpu = NetworkChoice(device="cpu")
    job = find_buddies(a, b, MatchOptions(working_size=64), network=cpu, fixed=fixed, memory=memory)
    assert run_to_end(job)[0] == fixed[0]
    assert memory


def test_the_command_keeps_the_pairs_of_a_point_file(tmp_path, capsys):
    from studio.cli import main
    from studio.pairs import read_pairs, write_pairs
    from studio.picture import save

    for name, seed in (("a.png", 7), ("b.png", 8)):
        save(noise_picture(64, 64, seed=seed).pixels, tmp_path / name)
    known = PairSet((placed(5, (20.0, 20.0), (40.0, 30.0)),))
    write_pairs(known, tmp_path / "known.csv")
    words = ["match", "a.png", "b.png", "--fixed", "known.csv", "--out", "out.csv"]
    full = [word if word in ("match",) or word.startswith("--") else str(tmp_path / word) for word in words]
    assert main([*full, "--working-size", "64", "--device", "cpu"]) == 0, capsys.readouterr().err
    assert read_pairs(tmp_path / "out.csv")[0] == known[0]
