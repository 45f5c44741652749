"""What holds pairs to the ones they come from, and where points are carried, against plain sums and known movements."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter, ImageOps
from skimage import data

from studio.backbones import load_backbone
from studio.buddies import MatchMemory, MatchOptions, match, provenance, transfer_points
from studio.buddies.plan import Plan
from studio.buddies.ranking import Buddies
from studio.buddies.regions import search_regions
from studio.buddies.search import Cells
from studio.buddies.spatial_prior import (
    displacement_penalty,
    kept_from_above,
    offset_within_cell,
    prior_strength,
    sub_cell_offsets,
    subtract_penalty,
)
from studio.pairs import PairSet, PointPair
from studio.picture import Picture
from studio.progress import run_to_end
from tests.buddies.networks import features, noise_picture, small_backbone


@pytest.fixture(scope="module")
def buddynet():
    return run_to_end(load_backbone("buddynet", device="cpu"))


def picture(image):
    return Picture.from_array(np.asarray(image.convert("RGB")))


def test_the_price_of_all_pairs_at_once_is_that_of_one_after_the_other():
    scores = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 25, 25)))
    expected = torch.tensor([[0.0, 0.0], [0.4, -1.0], [1.0, 0.25]])
    charged = scores.clone()
    subtract_penalty(charged, expected, 5, 0.3)
    for region in range(3):
        for p in range(25):
            for q in range(25):
                away = [q // 5 - p // 5, q % 5 - p % 5] - expected[region].numpy()
                cost = 0.3 * max(0.0, float(np.sqrt((away**2).sum())) - 2) ** 2 / 2**2
                assert charged[region, p, q].item() == pytest.approx(scores[region, p, q].item() - cost, abs=1e-5)
                assert displacement_penalty(away, 2, 0.3) == pytest.approx(cost)


def test_what_is_held_firmly_lies_where_it_is_expected_and_nothing_is_held_without_a_price(monkeypatch):
    monkeypatch.setattr("studio.buddies.spatial_prior.FREE", 0.0)
    a, b = Cells.of(features(6, 12, 12, seed=1)), Cells.of(features(6, 12, 12, seed=2))
    centres_a, centres_b = np.array([[4, 4], [7, 6]]), np.array([[5, 5], [6, 6]])
    expected = np.array([[1.0, 0.0], [-0.8, 0.3]])
    free = run_to_end(search_regions(a, b, centres_a, centres_b, 3, 3))
    unheld = run_to_end(search_regions(a, b, centres_a, centres_b, 3, 3, 0, expected, 0.0))
    held = run_to_end(search_regions(a, b, centres_a, centres_b, 3, 3, 0, expected, 1e4))
    assert unheld.a.tolist() == free.a.tolist() and unheld.b.tolist() == free.b.tolist()
    from_a, from_b = (
        np.stack(np.divmod(flat, 12), axis=1) - centres[held.region]
        for flat, centres in ((held.a, centres_a), (held.b, centres_b))
    )
    assert len(held.a) > 2 * 30 > len(free.a) / 2
    np.testing.assert_array_equal(from_b - from_a, np.rint(expected)[held.region])
    np.testing.assert_allclose(
        offset_within_cell(expected[held.region], from_b - from_a), (expected - np.rint(expected))[held.region]
    )


def test_swapped_pictures_are_held_to_the_same_pairs():
    a, b = Cells.of(features(6, 12, 12, seed=3)), Cells.of(features(6, 12, 12, seed=4))
    centres_a, centres_b, expected = np.array([[5, 4]]), np.array([[6, 6]]), np.array([[0.7, -0.4]])
    there = run_to_end(search_regions(a, b, centres_a, centres_b, 3, 3, 0, expected, 0.5))
    back = run_to_end(search_regions(b, a, centres_b, centres_a, 3, 3, 0, -expected, 0.5))
    assert len(there.a)
    assert set(zip(there.a.tolist(), there.b.tolist(), strict=True)) == set(
        zip(back.b.tolist(), back.a.tolist(), strict=True)
    )


def bumps(shape, sub_cell_offset, slope=0.0):
    """Log-weights that peak beside the same cell, on ground that rises to one side in both pictures."""
    cells = np.stack(np.divmod(np.arange(shape[0] * shape[1]), shape[1]), axis=1)
    away = cells[None] - cells[:, None] - sub_cell_offset
    rising = slope * (cells[None, :, 1] + cells[:, None, 1])
    return torch.from_numpy(-(away**2).sum(2) + rising)


@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_a_match_between_cells_is_found_there_in_spite_of_a_slope_that_both_pictures_have(slope):
    shape, sub_cell_offset = (6, 7), np.array([0.3, -0.2])
    cells = np.array([16, 17, 23])  # off the edge
    found = sub_cell_offsets(bumps(shape, sub_cell_offset, slope), (shape, shape), cells, cells)
    np.testing.assert_allclose(found, np.tile(sub_cell_offset, (3, 1)), atol=1e-9)
    at_corner = sub_cell_offsets(bumps(shape, sub_cell_offset), (shape, shape), np.array([0]), np.array([0]))
    assert at_corner.tolist() == [[0.0, 0.0]]  # nothing is beyond the edge to compare with


def test_a_pair_that_nothing_finer_is_found_for_stays_where_it_was():
    plan = Plan.of((64, 64), (64, 64), small_backbone().levels, MatchOptions(working_size=64))
    coarse, second, third, *_ = plan.levels
    a, b = np.array([[0, 0], [1, 2], [3, 3], [2, 1]]), np.array([[1, 0], [1, 1], [3, 3], [0, 0]])
    sub_cell_offset = np.array([[0.0, 0.0], [0.3, -0.4], [0.5, 0.5], [0.0, 0.0]])
    parents = Buddies(
        a, b, np.array([0.9, 0.8, 0.7, 0.6], np.float32), np.ones(4, np.float32), sub_cell_offset=sub_cell_offset
    )
    # one buddy in the first cell of A, and one in the last cell of B
    found = Buddies(np.array([[1, 1], [7, 0]]), np.array([[4, 7], [1, 0]]), *np.zeros((2, 2), np.float32))
    stay = kept_from_above(parents, found, coarse, True, (plan.grid(second, "A"), plan.grid(second, "B")))
    assert stay.parent.tolist() == [1, 2] and stay.ended.tolist() == [5, 5]
    np.testing.assert_array_equal(stay.rank, parents.rank[[1, 2]])
    finer = kept_from_above(stay, stay.take(slice(0)), second, False, (plan.grid(third, "A"), plan.grid(third, "B")))
    assert finer.parent.tolist() == [0, 1] and finer.ended.tolist() == [5, 5]
    for level, buddies in ((second, stay), (third, finer)):
        in_a, in_b = (plan.working_points(cells, level) for cells in (buddies.a, buddies.b))
        before_a, before_b = plan.working_points(a[[1, 2]], coarse), plan.working_points(b[[1, 2]], coarse)
        assert np.abs(in_a - before_a).max() <= level.stride / 2
        inner = slice(0, 1)  # the other one would lie beyond the edge of B
        wanted = before_b - before_a + sub_cell_offset[[1, 2], ::-1] * coarse.stride
        np.testing.assert_allclose(
            (in_b - in_a + buddies.sub_cell_offset[:, ::-1] * level.stride)[inner], wanted[inner]
        )
        assert (buddies.b < np.array(plan.grid(level, "B")[::-1])).all()
    assert not len(kept_from_above(parents, found, coarse, False, (plan.grid(second, "A"), plan.grid(second, "B"))))


def test_the_article_holds_nothing_and_keeps_no_coarse_pairs(buddynet):
    a, b = picture(Image.fromarray(data.chelsea())), picture(Image.fromarray(data.chelsea()).rotate(30))
    plan = Plan.of(a.size, b.size, buddynet.levels, MatchOptions())
    assert [prior_strength(0.0, level) for level in plan.levels] == [0.0] * 5
    assert [prior_strength(0.5, level) > 0 for level in plan.levels] == [False, True, True, False, False]
    memory = MatchMemory()
    for consistency, levels in ((0.0, {1}), (0.5, {1, 4, 5})):
        options = MatchOptions(consistency=consistency, pairs=0)
        pairs = run_to_end(match(a, b, buddynet, options, memory=memory))
        assert {pair.level for pair in pairs} == levels
    for pair in (next(pair for pair in pairs if pair.level == level) for level in levels):
        assert [step.level for step in provenance(memory, pair)] == list(range(5, pair.level - 1, -1))


# --- a known movement, of a picture that looks different ----------------------------------------


MANNERS = {
    "posterised": lambda image: ImageOps.posterize(image, 2),
    "solarised": lambda image: ImageOps.solarize(image, 128),
    "drawn": lambda image: ImageOps.invert(
        ImageOps.autocontrast(ImageOps.grayscale(image).filter(ImageFilter.FIND_EDGES))
    ),
}


@pytest.fixture(scope="module", params=["posterised", "solarised", "drawn"])
def painted(request):
    """A cat, and the same cat turned, larger, and in another manner; and where its points went."""
    cat = Image.fromarray(data.chelsea()).crop((60, 0, 360, 300)).resize((224, 224), Image.Resampling.BICUBIC)
    angle, zoom = np.deg2rad(12), 1.15
    forth = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * zoom
    middle, shift = np.array([111.5, 111.5]), np.array([9.0, -6.0])
    back = np.linalg.inv(forth)
    offset = middle - back @ (middle + shift)
    corner = offset + 0.5 - back @ [0.5, 0.5]  # PIL counts from the corner of the pixel
    numbers = (*back[0], corner[0], *back[1], corner[1])
    other = cat.transform(cat.size, Image.Transform.AFFINE, numbers, Image.Resampling.BICUBIC, fillcolor=(90, 90, 90))
    return (
        picture(cat),
        picture(MANNERS[request.param](other)),
        lambda points: (points - middle) @ forth.T + middle + shift,
    )


def errors(pairs, moved):
    return np.hypot(*(pairs.b - moved(pairs.a)).T)


def test_most_pairs_of_a_picture_in_another_manner_are_right(painted, buddynet, request):
    a, b, moved = painted
    found = run_to_end(match(a, b, buddynet, MatchOptions(pairs=0, finest_level=3)))
    assert len(found) > 300 and (errors(found, moved) < 20).mean() > 0.75
    # Without cells that cost nothing a coarse guess would win over what is seen: 0.63, 0.72 and 0.32.
    assert (errors(found, moved) < 10).mean() > (0.5 if request.node.callspec.params["painted"] == "drawn" else 0.78)


def test_points_are_carried_to_where_they_went(painted, buddynet):
    a, b, moved = painted
    memory = MatchMemory()
    pairs = run_to_end(match(a, b, buddynet, MatchOptions(), memory=memory))
    points = np.stack(np.meshgrid(np.arange(50, 180, 10.0), np.arange(50, 180, 10.0)), axis=-1).reshape(-1, 2)
    there = transfer_points(memory, points, pairs)
    off = np.hypot(*(there - moved(points)).T)
    assert np.median(off) < 12 and (off < 22).mean() > 0.8
    returned = np.hypot(*(transfer_points(memory, there, pairs, "B") - points).T)
    assert np.median(returned) < 12
    assert transfer_points(memory, points[:3], PairSet()).shape == (3, 2)
    assert transfer_points(memory, points[:0], pairs).shape == (0, 2)


def test_wrong_pairs_around_a_point_do_not_lead_it_away(painted, buddynet):
    a, b, moved = painted
    memory = MatchMemory()
    run_to_end(match(a, b, buddynet, MatchOptions(), memory=memory))
    spots = [(70.0 + 20 * column, 70.0 + 20 * row) for row in range(3) for column in range(3)]
    points = np.array(spots) + 5
    lies = PairSet(tuple(PointPair(n, spot, (spot[0] + 90, spot[1] + 60), 3.0) for n, spot in enumerate(spots, 1)))
    plain = np.hypot(*(transfer_points(memory, points, PairSet()) - moved(points)).T)
    misled = np.hypot(*(transfer_points(memory, points, lies) - moved(points)).T)
    assert np.median(misled) < np.median(plain) + 10


def test_an_empty_memory_carries_nothing():
    assert transfer_points(MatchMemory(), np.zeros((1, 2)), PairSet()) is None


def test_a_picture_and_itself_leave_every_point_in_its_place():
    network, one = small_backbone(), noise_picture(96, 96, seed=7)
    memory = MatchMemory()
    pairs = run_to_end(match(one, one, network, MatchOptions(working_size=96, border=0, pairs=20), memory=memory))
    points = np.random.default_rng(1).uniform(20, 75, (40, 2))
    np.testing.assert_allclose(transfer_points(memory, points, pairs), points, atol=1.5)
