"""A match of B with A gives the swapped pairs of the match of A with B, at the defaults and with other knobs."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import data

from studio.backbones import load_backbone
from studio.buddies import MatchOptions, match
from studio.buddies.consistency import common_movement, consistent, in_units
from studio.buddies.finish import choose
from studio.buddies.plan import Plan
from studio.buddies.ranking import Buddies, either_way, grouped
from studio.buddies.spatial_prior import kept_from_above
from studio.picture import Picture
from studio.progress import run_to_end
from tests.buddies.networks import noise_picture, small_backbone

PAIRS = {
    "cat and astronaut": (("chelsea",), ("astronaut",)),
    "cat and coffee": (("chelsea",), ("coffee",)),
    "astronaut and rocket": (("astronaut",), ("rocket",)),
    "coffee and rocket": (("coffee",), ("rocket",)),
    "cat turned": (("chelsea", (0, 0, 300, 300)), ("chelsea", (100, 0, 400, 300), 15)),
    "cat mirrored": (("chelsea",), ("chelsea", None, 0, True)),
    "astronaut, a part turned": (("astronaut",), ("astronaut", (100, 0, 400, 400), -20)),
    "coffee turned": (("coffee",), ("coffee", None, 30)),
    "rocket, a part": (("rocket",), ("rocket", (100, 100, 500, 400))),
    "two faces": (("astronaut", (150, 0, 350, 220)), ("chelsea", (50, 0, 300, 250))),
}


@pytest.fixture(scope="module")
def buddynet():
    return run_to_end(load_backbone("buddynet", device="cpu"))


def photograph(name, box=None, turn=0, mirrored=False):
    image = Image.fromarray(getattr(data, name)()).convert("RGB")
    image = image.crop(box) if box else image
    image = image.rotate(turn, Image.Resampling.BICUBIC)
    return Picture.from_array(np.asarray(image)[:, :: -1 if mirrored else 1].copy())


def assert_swapped(there, back):
    assert [pair.id for pair in there] == [pair.id for pair in back]
    np.testing.assert_allclose(there.a, back.b, atol=1e-3)
    np.testing.assert_allclose(there.b, back.a, atol=1e-3)
    np.testing.assert_allclose(there.ranks, back.ranks, atol=1e-5)
    for one, other in zip(there, back, strict=True):
        assert one.confidence == pytest.approx(other.confidence, abs=1e-4) and one.level == other.level


@pytest.mark.parametrize("name", PAIRS)
def test_the_default_match_of_two_photographs_is_the_same_from_both_sides(name, buddynet):
    a, b = (photograph(*what) for what in PAIRS[name])
    options = MatchOptions(working_size=80)
    assert options.consistency > 0
    there, back = (run_to_end(match(*pictures, buddynet, options)) for pictures in ((a, b), (b, a)))
    assert len(there) > 5
    assert_swapped(there, back)


@pytest.mark.parametrize(
    "knobs",
    [
        {"pairs": 0},
        {"relaxed": True},
        {"consistency": 1.0, "pairs": 9},
        {"per_level_limit": 12},
        {"subcell": False},
        {"preset": "fast"},
    ],
    ids=str,
)
def test_so_is_one_with_other_knobs(knobs):
    network = small_backbone()
    a, b = noise_picture(112, 80, seed=5), noise_picture(64, 96, seed=6)
    options = MatchOptions(working_size=96, border=0, **knobs)
    there, back = (run_to_end(match(*pictures, network, options)) for pictures in ((a, b), (b, a)))
    assert len(there) > 4
    assert_swapped(there, back)


# --- and so is every step of it -----------------------------------------------------------------


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_a_movement_between_pictures_of_unequal_scale_lies_as_far_from_pairs_both_ways(mirrored, seed):
    rng = np.random.default_rng(seed)
    sizes = (400, 300), (200, 260)
    a = rng.uniform([10, 10], [390, 290], (50, 2))
    centred = (a - [200, 150]) * ([-1, 1] if mirrored else [1, 1])
    b = 0.4 * centred @ np.array([[0.9, -0.3], [0.25, 1.1]]) + [100, 130] + rng.normal(size=(50, 2)) * 3
    b[35:] = rng.uniform([5, 5], [195, 255], (15, 2))
    rank = rng.uniform(1, 3, 50)
    z, w = in_units(a, sizes[0]), in_units(b, sizes[1])
    there, back = common_movement(z, w, rank, 0.15), common_movement(w, z, rank, 0.15)
    np.testing.assert_allclose(there.squares_apart(z, w), back.squares_apart(w, z), atol=1e-9)
    forth = consistent(a, b, rank, sizes, 0.5)
    assert forth[:35].all()
    np.testing.assert_array_equal(forth, consistent(b, a, rank, sizes[::-1], 0.5))


def test_grouping_is_the_same_to_the_last_bit():
    places = np.random.default_rng(0).integers(0, 14, (80, 4)) * 16 + 7.5  # a lattice, full of equal distances
    swapped = places[:, [2, 3, 0, 1]]
    there, back = either_way(places), either_way(swapped)
    np.testing.assert_array_equal(np.abs(there), np.abs(back))
    np.testing.assert_array_equal(grouped(there, 24, 3), grouped(back, 24, 3))


def coarse_buddies():
    a, b = np.array([[0, 0], [1, 2], [3, 3], [2, 1]]), np.array([[1, 0], [1, 1], [3, 3], [0, 0]])
    sub_cell_offset = np.array([[0.0, 0.0], [0.3, -0.4], [0.5, 0.5], [-0.5, 0.1]])
    return Buddies(
        a, b, np.array([0.9, 0.8, 0.7, 0.6], np.float32), np.ones(4, np.float32), sub_cell_offset=sub_cell_offset
    )


def swapped(buddies):
    return Buddies(
        buddies.b,
        buddies.a,
        buddies.rank,
        buddies.similarity,
        buddies.parent,
        buddies.fixed,
        -buddies.sub_cell_offset,
        buddies.ended,
        buddies.beside,
    )


def test_what_is_held_over_stays_at_its_very_points_in_both_pictures():
    plan = Plan.of((64, 64), (64, 64), small_backbone().levels, MatchOptions(working_size=64))
    first = coarse_buddies()
    there, back = first, swapped(first)
    for above, level in zip(plan.levels, plan.levels[1:], strict=False):
        grids = plan.grid(level, "A"), plan.grid(level, "B")
        there = kept_from_above(there, there.take(slice(0)), above, above is plan.levels[0], grids)
        back = kept_from_above(back, back.take(slice(0)), above, above is plan.levels[0], grids)
        for name in ("a", "b", "sub_cell_offset", "beside"):
            np.testing.assert_array_equal(getattr(there, name), getattr(swapped(back), name))
        for cells, began, side in ((there.a, first.a, -1), (there.b, first.b, 1)):
            points = (
                plan.working_points(cells, level)
                + (there.beside + side * there.sub_cell_offset / 2)[:, ::-1] * level.stride
            )
            exact = (
                plan.working_points(began, plan.levels[0])
                + side * first.sub_cell_offset[:, ::-1] / 2 * plan.levels[0].stride
            )
            np.testing.assert_allclose(points, exact, atol=1e-9)


def test_a_cell_of_either_picture_has_one_pair_only():
    plan = Plan.of((64, 64), (64, 64), small_backbone().levels, MatchOptions(working_size=64))
    a, b = np.array([[20, 20], [30, 30], [20, 20], [40, 12]]), np.array([[20, 21], [31, 30], [9, 40], [31, 30]])
    buddies = Buddies(a, b, np.array([4, 3, 2, 1], np.float32), np.ones(4, np.float32))
    options = MatchOptions(border=0)
    forth = choose(buddies, plan, plan.levels[-1], options, 0)
    back = choose(swapped(buddies), plan, plan.levels[-1], options, 0)
    assert forth.rows.tolist() == back.rows.tolist() == [0, 1]
    assert forth.rival.tolist() == back.rival.tolist() == [-1, -1, 0, 1]
