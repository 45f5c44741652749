"""The article's search in regions against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.buddies import regions
from studio.buddies.paper import PaperMatcher
from studio.buddies.plan import LevelPlan, Plan
from studio.buddies.ranking import Buddies
from studio.buddies.regions import FLATNESS, CandidateMatches, greedy_one_to_one, search_regions
from studio.buddies.search import Cells
from studio.progress import run_to_end
from tests.buddies import reference
from tests.buddies.networks import features


def plain(tensor):
    return tensor[0].double().numpy()


def found_by_loops(a, b, centres_a, centres_b, reach, patch):
    flatness = tuple(FLATNESS * plain(map_).var((1, 2)) for map_ in (a, b))
    rows = []
    for number, (p, q) in enumerate(zip(centres_a.tolist(), centres_b.tolist(), strict=True)):
        for cell_a, cell_b, similarity in reference.region_buddies(plain(a), plain(b), p, q, reach, patch, flatness):
            rows.append((number, *cell_a, *cell_b, similarity))
    return sorted(rows)


def as_rows(candidates, width_a, width_b):
    return sorted(
        (region, *divmod(one, width_a), *divmod(other, width_b), similarity)
        for region, one, other, similarity in zip(
            *(getattr(candidates, name).tolist() for name in ("region", "a", "b", "similarity")), strict=True
        )
    )


@pytest.mark.parametrize(
    ("size_a", "size_b", "reach", "patch"),
    [((10, 10), (10, 10), 3, 3), ((8, 13), (12, 7), 2, 5), ((4, 4), (4, 4), 3, 3)],
)
def test_all_region_pairs_at_once_find_what_loops_find_one_by_one(size_a, size_b, reach, patch, monkeypatch):
    a, b = features(6, *size_a, seed=1), features(6, *size_b, seed=2) * 3 + 0.5
    random = np.random.default_rng(0)
    centres_a, centres_b = (
        np.stack([random.integers(0, size[0], 9), random.integers(0, size[1], 9)], axis=1) for size in (size_a, size_b)
    )
    expected = found_by_loops(a, b, centres_a, centres_b, reach, patch)
    for at_once in (100, 4):
        monkeypatch.setattr(regions, "at_once", lambda *_, count=at_once: count)
        candidates = run_to_end(search_regions(Cells.of(a), Cells.of(b), centres_a, centres_b, reach, patch))
        rows = as_rows(candidates, size_a[1], size_b[1])
        np.testing.assert_array_equal([row[:5] for row in rows], [row[:5] for row in expected])
        np.testing.assert_allclose([row[5] for row in rows], [row[5] for row in expected], rtol=1e-4)


def test_searching_leaves_the_features_as_they_are():
    cells = Cells.of(features(5, 8, 8).contiguous(memory_format=torch.channels_last))
    before = cells.vectors.clone()
    centres = np.array([[3, 3], [4, 4]])
    run_to_end(search_regions(cells, cells, centres, centres, 2, 3))
    assert cells.vectors.equal(before)


def test_relaxed_buddies_hold_the_strict_ones_and_do_not_ask_which_picture_comes_first():
    a, b = Cells.of(features(4, 9, 9, seed=3)), Cells.of(features(4, 9, 9, seed=4))
    centres = np.array([[4, 4]])

    def pairs(one, other, tolerance):
        found = run_to_end(search_regions(one, other, centres, centres, 3, 3, tolerance))
        return set(zip(found.a.tolist(), found.b.tolist(), strict=True))

    assert pairs(a, b, 0) < pairs(a, b, 1)
    assert {(p, q) for q, p in pairs(b, a, 1)} == pairs(a, b, 1)


def candidates(*rows):
    region, a, b, similarity = zip(*rows, strict=True)
    return CandidateMatches(np.array(region), np.array(a), np.array(b), np.array(similarity, np.float32))


def test_a_cell_claimed_twice_goes_to_the_more_similar_pair():
    several = candidates((0, 1, 1, 0.9), (1, 1, 2, 0.8), (2, 3, 2, 0.7), (3, 4, 4, 0.5), (4, 4, 4, 0.5), (5, 6, 5, 0.1))
    kept = several.take(greedy_one_to_one(several, np.array([0, 0, 0, 1, 2, 0], np.float32)))
    rows = zip(kept.a.tolist(), kept.b.tolist(), kept.region.tolist(), strict=True)
    assert sorted(rows) == [(1, 1, 0), (3, 2, 2), (4, 4, 4), (6, 5, 5)]


@pytest.mark.parametrize("seed", range(3))
def test_cells_are_given_away_as_one_pair_after_the_other_would(seed):
    random = np.random.default_rng(seed)
    a, b, similarity = random.integers(0, 40, 200), random.integers(0, 40, 200), random.random(200)
    many = candidates(*zip(range(200), a, b, similarity, strict=True))
    kept = many.take(greedy_one_to_one(many, np.zeros(200, np.float32)))
    taken, expected = set(), []
    for index in np.argsort(-similarity):
        if not {("a", a[index]), ("b", b[index])} & taken:
            taken |= {("a", a[index]), ("b", b[index])}
            expected.append(index)
    assert kept.region.tolist() == expected
    assert len(greedy_one_to_one(candidates((0, 1, 1, 0.5)).take(np.zeros(0, int)), np.zeros(0, np.float32))) == 0


def test_the_article_from_the_coarsest_level_down_is_the_loops_of_one_level_after_another():
    maps_a = {2: features(6, 5, 6, seed=1), 1: features(5, 10, 12, seed=2)}
    maps_b = {2: features(6, 6, 4, seed=3), 1: features(5, 12, 8, seed=4)}
    coarse, fine = LevelPlan(2, 2, 6, 0.0, 3, 2, 0), LevelPlan(1, 1, 5, 0.0, 3, 2, 3)
    plan = Plan((12, 10), (8, 12), (12, 10), (8, 12), (coarse, fine))
    matcher = PaperMatcher(plan, maps_a, maps_b, 0)

    top = run_to_end(matcher.search(coarse, None))
    expected = reference.everywhere_buddies(plain(maps_a[2]), plain(maps_b[2]), 3)
    assert sorted((tuple(p), tuple(q)) for p, q in zip(top.a.tolist(), top.b.tolist(), strict=True)) == sorted(
        (p, q) for p, q, _ in expected
    )
    parents = Buddies(top.a, top.b, np.arange(len(top), dtype=np.float32), top.similarity)
    below = run_to_end(matcher.search(fine, parents))
    rows = found_by_loops(maps_a[1], maps_b[1], 2 * top.a, 2 * top.b, 3, 3)
    expected_below, taken = {}, set()
    for region, y, x, v, u, similarity in sorted(rows, key=lambda row: -row[5]):
        if not {("a", y, x), ("b", v, u)} & taken:
            taken |= {("a", y, x), ("b", v, u)}
            expected_below[y, x, v, u] = region, similarity
    assert {(*p, *q) for p, q in zip(below.a.tolist(), below.b.tolist(), strict=True)} == set(expected_below)
    for p, q, rank, similarity in zip(below.a.tolist(), below.b.tolist(), below.rank, below.similarity, strict=True):
        region, own = expected_below[*p, *q]
        assert rank == region
        assert similarity == pytest.approx(top.similarity[region] + own, rel=1e-4)
