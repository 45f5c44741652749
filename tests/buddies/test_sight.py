"""What cannot be seen is matched with nothing, and no step of a match fails where nothing is left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from studio.backbones import load_backbone
from studio.buddies import MatchMemory, MatchOptions, match, propose, transfer_points, why_not
from studio.buddies.answers import Remark
from studio.buddies.confidence import evidence
from studio.buddies.dual_softmax import NOTHING, soft_matches
from studio.buddies.finish import choose
from studio.buddies.fixed import FixedPairs
from studio.buddies.official import OfficialMatcher
from studio.buddies.paper import PaperMatcher
from studio.buddies.partners import transferred_pairs
from studio.buddies.plan import Plan
from studio.buddies.ranking import Activation, Buddies, mutual_pairs, strongest_of_groups
from studio.buddies.regions import CandidateMatches, greedy_one_to_one, search_regions
from studio.buddies.rematch import inside
from studio.buddies.search import Cells, displacement, pair_similarity, search_everywhere
from studio.buddies.spatial_prior import kept_from_above
from studio.buddies.transfer import FeaturePair, transferred
from studio.features.sight import hidden_cells, visible_points
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import run_to_end
from tests.buddies.networks import features, noise_picture, small_backbone

MAGENTA = (255, 0, 255)


@pytest.fixture(scope="module")
def buddynet():
    return run_to_end(load_backbone("buddynet", device="cpu"))


@pytest.fixture(scope="module")
def small():
    return small_backbone()


def cat(size=(300, 240)):
    return np.asarray(Image.fromarray(data.chelsea()).resize(size, Image.Resampling.BICUBIC))


def half_cut(pixels, hidden=None):
    """The left half can be seen; `hidden` is the colour of the rest."""
    height, width = pixels.shape[:2]
    alpha = np.full((height, width), 255, np.uint8)
    alpha[:, width // 2 :] = 0
    pixels = pixels.copy()
    if hidden is not None:
        pixels[:, width // 2 :] = hidden
    return Picture.from_array(np.dstack([pixels, alpha]))


def found(a, b, network, memory=None, said=None, **knobs):
    options = MatchOptions(**{"working_size": 112, "border": 0, "pairs": 0, **knobs})
    return run_to_end(match(a, b, network, options, memory=memory), said.append if said is not None else None)


# --- transparent parts --------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["paper", "fast"])
@pytest.mark.parametrize("consistency", [0.0, 0.5])
def test_no_pair_lies_in_the_invisible_half_of_either_picture(preset, consistency, buddynet):
    whole, cut = Picture.from_array(cat()), half_cut(cat())
    for a, b in ((cut, whole), (whole, cut)):
        pairs = found(a, b, buddynet, preset=preset, consistency=consistency, finest_level=2)
        own = pairs.a if a is cut else pairs.b
        assert len(pairs) > 10 and own[:, 0].max() < 150


def test_what_is_found_does_not_depend_on_the_colours_that_nobody_sees(small):
    one, other = half_cut(cat(), MAGENTA), half_cut(cat(), np.random.default_rng(0).integers(0, 256, (240, 150, 3)))
    np.testing.assert_array_equal(one.shown((80, 64)), other.shown((80, 64)))
    mate = Picture.from_array(cat()[:, ::-1].copy())
    pairs = [found(picture, mate, small, finest_level=3) for picture in (one, other)]
    assert len(pairs[0]) > 3 and pairs[0] == pairs[1]


def test_a_soft_edge_keeps_its_own_colours_and_an_opaque_picture_all_of_them():
    pixels = cat()
    alpha = np.tile(np.linspace(0, 255, 300).astype(np.uint8), (240, 1))
    soft = Picture.from_array(np.dstack([pixels, alpha]))
    np.testing.assert_array_equal(soft.visible[alpha >= 128], pixels[alpha >= 128])
    share = np.minimum(alpha / 127.5, 1)
    mean = (pixels * share[..., None]).sum((0, 1)) / share.sum()
    np.testing.assert_allclose(soft.visible[:, 0], np.tile(mean, (240, 1)), atol=0.51)
    whole = Picture.from_array(pixels)
    assert whole.visible is whole.pixels and whole.opacity((10, 10)) is None


def test_cells_are_hidden_where_most_of_their_block_is(small):
    picture = half_cut(cat((96, 64)))
    for level in small.levels:
        columns, rows = 96 // level.stride, 64 // level.stride
        hidden = hidden_cells(picture, (96, 64), level)
        expected = (np.arange(columns) + 0.5) * level.stride > 48
        np.testing.assert_array_equal(hidden, np.tile(expected, (rows, 1)))
    assert hidden_cells(Picture.from_array(cat()), (96, 64), small.levels[0]) is None
    seen = visible_points(picture, np.array([[0.0, 0.0], [47.4, 10.0], [48.6, 10.0], [500.0, 3.0]]))
    assert seen.tolist() == [True, True, False, False]


def test_nothing_is_proposed_for_and_nothing_carried_to_what_cannot_be_seen(buddynet):
    cut, whole = half_cut(cat()), Picture.from_array(cat())
    memory = MatchMemory()
    pairs = found(cut, whole, buddynet, memory, finest_level=3, pairs=24)
    points = np.array([[40.0, 120.0], [250.0, 120.0], [100.0, 60.0]])
    there = transfer_points(memory, points, pairs)
    assert np.isfinite(there).all(axis=1).tolist() == [True, False, True]
    assert [pair.id for pair in transferred_pairs(memory, points, pairs)] == [1, 3]
    assert propose(memory, "A", (250.0, 120.0), pairs) is None
    assert propose(memory, "A", (40.0, 120.0), pairs) is not None
    assert "Nothing is to be seen" in why_not(memory, (250.0, 120.0), "A").sentence
    grid = np.stack(np.meshgrid(np.arange(5, 300, 30), np.arange(5, 240, 30)), axis=-1).reshape(-1, 2).astype(float)
    back = transfer_points(memory, grid, PairSet(), "B")
    assert back[:, 0].max() < 160  # within a cell of the finest level
    assert propose(memory, "B", (250.0, 120.0)).partner[0] < 160


def test_hidden_cells_have_no_say_in_the_matches_of_the_others():
    consensus = torch.from_numpy(np.random.default_rng(1).uniform(-1, 1, (12, 10)).astype(np.float32))
    rows, columns = torch.arange(12) < 8, torch.arange(10) % 3 > 0
    masked = soft_matches(consensus, rows, columns)
    np.testing.assert_allclose(masked[rows][:, columns], soft_matches(consensus[rows][:, columns]), atol=1e-4)
    assert (masked[~rows] == NOTHING).all() and (masked[:, ~columns] == NOTHING).all()


def test_the_weakest_visible_cell_is_the_zero_of_the_responses_not_the_hidden_ones():
    maps = features(6, 8, 8, seed=2) + 1
    whole = Activation(maps[..., :4], 0.3)
    cut = maps.clone()
    cut[..., 4:] = 0
    half = Activation(cut, 0.3)
    np.testing.assert_array_equal(half.response[:, :4], whole.response)
    assert not half.response[:, 4:].any() and not half.active[:, 4:].any()
    assert not Activation(torch.zeros(1, 6, 8, 8), 0.0).active.any()


# --- nothing to be seen -------------------------------------------------------------------------

PLAIN = {
    "grey": np.full((60, 80, 3), 128, np.uint8),
    "black": np.zeros((50, 50, 3), np.uint8),
    "one pixel": np.full((1, 1, 3), 77, np.uint8),
    "nearly flat": np.full((60, 80, 3), 200, np.uint8) + np.random.default_rng(0).integers(0, 4, (60, 80, 3), np.uint8),
    "transparent": np.dstack([cat((60, 50)), np.zeros((50, 60), np.uint8)]),
    "flat where it is visible": np.dstack([cat((60, 50)), np.zeros((50, 60), np.uint8)]),
}
PLAIN["flat where it is visible"][10:30, 10:30] = (9, 90, 200, 255)


@pytest.mark.parametrize("name", PLAIN)
def test_a_picture_in_which_nothing_is_to_be_seen_has_no_pairs_and_one_sentence_says_so(name, small):
    plain, other = Picture.from_array(PLAIN[name]), Picture.from_array(cat())
    for a, b, which in ((plain, other, "A"), (other, plain, "B"), (plain, plain, "A")):
        said, memory = [], MatchMemory()
        assert found(a, b, small, memory, said) == PairSet()
        assert f"picture {which}" in said[-1].remark and said[-1].milestone
        assert said[-1].about is Remark.PLAIN_PICTURE
        assert propose(memory, "A", (3.0, 3.0)) is None and propose(memory, "B", (3.0, 3.0)) is None
        assert np.isnan(transfer_points(memory, np.zeros((2, 2)), PairSet())).all()


def test_a_photograph_and_a_smooth_sky_give_fewer_pairs_or_none_but_do_not_fail(buddynet):
    sky = Picture.from_array(np.tile(np.linspace(120, 200, 100).astype(np.uint8)[:, None, None], (1, 120, 3)))
    photo = Picture.from_array(cat())
    for a, b in ((photo, sky), (sky, photo), (sky, sky)):
        assert len(found(a, b, buddynet, finest_level=3)) >= 0


@pytest.mark.parametrize("preset", ["paper", "fast", "official"])
@pytest.mark.parametrize("knobs", [{"activation_threshold": 0.7}, {"activation_threshold": 1.0}], ids=str)
@pytest.mark.parametrize("limit", [0, 1, 2, 3])
@pytest.mark.parametrize("consistency", [0.0, 0.5])
def test_a_level_that_keeps_few_or_no_pairs_ends_in_few_or_none(preset, knobs, limit, consistency, small):
    a, b = noise_picture(70, 60, seed=31), noise_picture(60, 64, seed=32)
    options = {"working_size": 64, "finest_level": 2, "preset": preset, "consistency": consistency}
    said = []
    pairs = found(a, b, small, said=said, per_level_limit=limit, **options, **knobs)
    assert len(pairs) <= 60
    if not len(pairs):
        assert said[-1].remark and said[-1].about is Remark.NOTHING_FOUND


def nothing(levels=1):
    return Buddies(*np.zeros((2, 0, 2), np.int64), *np.zeros((2, 0), np.float32))


def test_every_step_takes_nothing_and_gives_nothing():
    network, options = small_backbone(), MatchOptions(working_size=64)
    plan = Plan.of((64, 64), (64, 48), network.levels, options)
    coarse, below = plan.levels[:2]
    maps = [
        {level.number: features(level.channels, height // level.stride, width // level.stride) for level in plan.levels}
        for width, height in (plan.size_a, plan.size_b)
    ]
    stages = [network.stage(level.number) for level in network.levels]
    no_cells, no_places = np.zeros((0, 2), np.int64), np.zeros((0, 2))
    a, b = (Cells.of(side[below.number]) for side in maps)
    empty = nothing()
    assert len(run_to_end(search_regions(a, b, no_cells, no_cells, 3, 3)).a) == 0
    assert len(run_to_end(search_regions(a, b, no_cells, no_cells, 3, 3, 1, no_places, 0.4)).a) == 0
    assert (
        len(
            greedy_one_to_one(
                CandidateMatches(*np.zeros((3, 0), np.int64), np.zeros(0, np.float32)), np.zeros(0, np.float32)
            )
        )
        == 0
    )
    assert len(pair_similarity(a, b, no_cells, no_cells, 3)) == len(displacement(a, b, no_cells, no_cells, 3)) == 0
    assert all(len(one) == 0 for one in mutual_pairs(np.zeros((0, 9), int), np.zeros((0, 9), int), 3, 3, 1))
    assert len(strongest_of_groups(np.zeros((0, 4)), np.zeros(0, np.float32), 5, 0)) == 0
    assert len(kept_from_above(empty, empty, coarse, True, (plan.grid(below, "A"), plan.grid(below, "B")))) == 0
    for preset in ("paper", "official"):
        assert len(choose(empty, plan, plan.levels[-1], MatchOptions(preset=preset), 24).rows) == 0
    for consistency in (0.0, 0.5):
        assert len(run_to_end(PaperMatcher(plan, *maps, 0, consistency).search(below, empty))) == 0
    square = replace(plan, full_b=(64, 64), size_b=(64, 64))
    official = OfficialMatcher(square, maps[0], maps[0], stages, 0, False, FixedPairs.of(PairSet(), square))
    run_to_end(official.search(coarse, None))
    assert len(run_to_end(official.search(below, empty))) == 0
    feature_pair = FeaturePair(plan, *maps)
    assert len(transferred(feature_pair, no_places, no_places)[0]) == 0
    assert len(evidence(feature_pair, PairSet(), np.zeros(0, np.int64)).margin) == 0


@pytest.mark.parametrize("there", ["none", "one", "some"])
def test_every_step_takes_maps_of_which_little_or_nothing_is_there(there):
    network, options = small_backbone(), MatchOptions(working_size=64)
    plan = Plan.of((64, 64), (64, 48), network.levels, options)
    coarse, below = plan.levels[:2]
    maps = [
        {level.number: features(level.channels, height // level.stride, width // level.stride) for level in plan.levels}
        for width, height in (plan.size_a, plan.size_b)
    ]
    for level in plan.levels:
        keep = torch.zeros(maps[0][level.number].shape[2:], dtype=torch.bool)
        if there == "one":
            keep[0, 0] = True
        elif there == "some":
            keep[:, : keep.shape[1] // 2] = True
        maps[0][level.number] *= keep
    for one, other in (maps, maps[::-1]):
        turned = plan if one is maps[0] else plan.swapped()
        for consistency in (0.0, 0.5):
            matcher = PaperMatcher(turned, one, other, 0, consistency)
            top = run_to_end(matcher.search(coarse, None))
            finer = run_to_end(matcher.search(below, top))
            for level, buddies in ((coarse, top), (below, finer)):
                for side, cells in ((one, buddies.a), (other, buddies.b)):
                    active = (side[level.number][0] != 0).any(0).numpy()
                    assert active[cells[:, 0], cells[:, 1]].all()
            assert len(top) > 0 if there == "some" else len(top) <= (there == "one")
            assert np.isfinite(finer.similarity).all() and np.isfinite(finer.rank).all()
        cells = [Cells.of(side[coarse.number]) for side in (one, other)]
        assert torch.isfinite(run_to_end(search_everywhere(*cells, 3))[1]).all() or there != "all"


def test_a_lasso_around_what_cannot_be_seen_finds_nothing_and_keeps_the_pairs(small):
    cut, whole = half_cut(cat()), Picture.from_array(cat())
    memory, options = MatchMemory(), MatchOptions(working_size=64, border=0, finest_level=3)
    pairs = run_to_end(match(cut, whole, small, options, memory=memory))
    corner = [(200.0, 20.0), (290.0, 20.0), (290.0, 200.0), (200.0, 200.0)]
    assert run_to_end(inside(cut, whole, small, options, pairs, "A", corner, memory)) == pairs
