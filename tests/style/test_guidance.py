"""Colours, masks, regions from pairs, and the sizes from coarse to fine, each on its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.pairs import PairSet, PointPair
from studio.picture import Picture
from studio.style import color, guide
from studio.style.model import StyleError
from studio.style.optimize import Adam, Average, Lbfgs, Told
from studio.style.pyramid import resized, shares, sizes
from tests.style.conftest import picture


def pixels(seed: int, spread: float = 0.1) -> color.Pixels:
    drawn = np.random.default_rng(seed).normal(0.5, spread, (20, 30, 3))
    drawn[..., 1] += 0.5 * drawn[..., 0]
    return np.clip(drawn, 0, 1).astype(np.float32)


def test_luminance_and_colour_come_apart_and_together() -> None:
    x = pixels(1)
    np.testing.assert_allclose(color.with_luminance(x, color.luminance(x)), x, atol=1e-6)
    red = np.array([[[1.0, 0.0, 0.0]]], np.float32)
    assert float(color.luminance(red)[0, 0]) == pytest.approx(0.299)
    lighter = color.with_luminance(red, np.array([[0.8]], np.float32))
    # Lighter red that is still red, of exactly that luminance.
    assert float(color.luminance(lighter)[0, 0]) == pytest.approx(0.8, abs=1e-6)
    assert lighter[0, 0, 0] == pytest.approx(1.0) and lighter[0, 0, 1] == pytest.approx(float(lighter[0, 0, 2]))
    for light in (0.0, 1.0):
        end = color.with_luminance(pixels(2, 0.4), np.full((20, 30), light, np.float32))
        np.testing.assert_allclose(end, light, atol=1e-5)


def test_linear_matching_gives_mean_and_covariance() -> None:
    x, like = pixels(1), pixels(2, 0.2)
    matched = color.match_linear(x, like).reshape(-1, 3).astype(np.float64)
    np.testing.assert_allclose(matched.mean(0), like.reshape(-1, 3).mean(0), atol=1e-4)
    np.testing.assert_allclose(np.cov(matched.T), np.cov(like.reshape(-1, 3).T), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(color.match_linear(x, x), x, atol=1e-4)
    flat = np.full((4, 4, 3), 0.3, np.float32)
    assert np.isfinite(color.match_linear(flat, x)).all() and np.isfinite(color.match_linear(x, flat)).all()


def test_histogram_matching_gives_the_values_in_order() -> None:
    x, like = pixels(1), pixels(2, 0.2)
    matched = color.match_histogram(x, like)
    for channel in range(3):
        own, other = np.sort(matched[..., channel].ravel()), np.sort(like[..., channel].ravel())
        assert np.abs(own - other).max() < 0.02
        order = np.argsort(x[..., channel].ravel(), kind="stable")
        assert (np.diff(matched[..., channel].ravel()[order]) >= -1e-7).all()
    flat = np.full((4, 4, 3), 0.3, np.float32)
    np.testing.assert_allclose(color.match_histogram(flat, like)[0, 0], np.median(like, axis=(0, 1)), atol=0.02)


def test_luminance_of_a_style_is_brought_to_that_of_the_content() -> None:
    light = color.matched_luminance(color.luminance(pixels(1)), color.luminance(pixels(2, 0.2)))
    like = color.luminance(pixels(2, 0.2))
    assert float(light.mean()) == pytest.approx(float(like.mean()), abs=1e-5)
    assert float(light.std()) == pytest.approx(float(like.std()), rel=1e-4)


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float64])
def test_masks_of_any_kind(kind: type) -> None:
    mask = np.zeros((10, 20), kind)
    mask[:, :10] = 255 if kind is np.uint8 else 1
    share = guide.as_share(mask, (40, 20))
    assert share.shape == (20, 40) and share.dtype == np.float32
    np.testing.assert_allclose(share[:, :18], 1.0)
    np.testing.assert_allclose(share[:, 22:], 0.0)
    soft = guide.as_share(mask, (40, 20), 0.2)
    assert 0.3 < soft[10, 19] < 0.7 and soft[10, 0] > 0.95 and (np.diff(soft[10]) <= 1e-6).all()
    with pytest.raises(StyleError, match="one channel"):
        guide.as_share(np.zeros((0, 3)), (4, 4))


def test_shares_sum_to_one_where_masks_overlap_and_where_there_are_none() -> None:
    left, top = np.zeros((2, 8, 8), bool)
    left[:, :4], top[:4] = True, True
    found = guide.shares_of([left, top], (16, 16), 0.1)
    np.testing.assert_allclose(np.sum(found, axis=0), 1.0, atol=1e-6)
    assert found[0][1, 1] == pytest.approx(0.5, abs=0.05) and found[2][14, 14] > 0.95


def test_regions_grow_around_their_pairs_in_both_pictures() -> None:
    """A picture of a dark and a light half, which lie the other way around in the other picture."""
    halves = np.full((30, 40, 3), 220, np.uint8)
    halves[:, :20] = 30
    a, b = Picture.from_array(halves, "a"), Picture.from_array(halves[:, ::-1], "b")
    points = np.array([[5, 8], [8, 22], [30, 8], [33, 22]], float)
    pairs = PairSet.from_arrays(points, [39, 0] + points * [-1, 1])
    regions = guide.grow_regions(a, b, pairs, 2)
    assert {region.name for region in regions} == {"pairs 1, 2", "pairs 3, 4"}
    dark = next(region for region in regions if region.name == "pairs 1, 2")
    assert dark.style is not None
    assert dark.content[:, :55].mean() > 0.9 and dark.content[:, 73:].mean() < 0.1
    assert dark.style[:, 73:].mean() > 0.9 and dark.style[:, :55].mean() < 0.1
    np.testing.assert_allclose(regions[0].content + regions[1].content, 1.0, atol=1e-5)
    assert guide.grow_regions(a, b, pairs.only([1]), 3) == []


def test_only_sure_pairs_in_use_count() -> None:
    pairs = PairSet(
        (
            PointPair(1, (0, 0), (0, 0), confidence=0.0),
            PointPair(2, (1, 1), (1, 1), enabled=False),
            PointPair(3, (2, 2), (2, 2), confidence=0.4),
        )
    )
    assert guide.used_pairs(pairs).ids == (3,)
    assert len(guide.used_pairs(None)) == 0
    many = PairSet.from_arrays(np.zeros((100, 2)), np.zeros((100, 2)), confidence=np.linspace(0.1, 1, 100))
    kept = guide.used_pairs(many)
    assert len(kept) == guide.MOST_ANCHORS and min(kept.ids) == 101 - guide.MOST_ANCHORS


def test_bent_pairs_are_where_their_points_went() -> None:
    corners = np.array([[12.0, 8.0], [28.0, 8.0], [12.0, 24.0], [28.0, 24.0], [20.0, 16.0]])
    pairs = PairSet.from_arrays(corners, 2.0 * corners + 8.5)
    halfway = guide.bent_pairs(pairs, 0.5, (40, 32), (80, 64))
    np.testing.assert_allclose(halfway.a, corners + 2.0, atol=1e-6)
    dot = np.zeros((32, 40), np.float32)
    dot[15:18, 19:22] = 1.0
    moved = guide.bent(dot, pairs, 0.5, (40, 32), (80, 64))
    place = np.argwhere(moved > 0.5).mean(0)
    np.testing.assert_allclose(place, [18, 22], atol=0.7)


def test_sizes_from_coarse_to_fine() -> None:
    assert sizes((400, 300), 100) == [(100, 75), (141, 106), (200, 150), (283, 212), (400, 300)]
    assert sizes((64, 48), 128) == [(64, 48)]
    assert sizes((1, 40), 20)[-1] == (1, 40)
    for steps, count in ((0, 3), (1, 4), (160, 5), (7, 1)):
        parts = shares(steps, count)
        assert len(parts) == count and sum(parts) == steps and min(parts) >= 0
    assert shares(1000, 4) == sorted(shares(1000, 4), reverse=True)


def test_adam_equals_the_books() -> None:
    """Kingma and Ba's algorithm 1 in plain numbers."""
    x, slope = torch.tensor([[[[0.5]]]]), 0.3
    adam = Adam(rate=0.01)
    m = v = 0.0
    expected = 0.5
    for step in range(1, 6):
        gradient = slope * step
        adam.step(x, lambda _, g=gradient: ({"total": torch.tensor(1.0)}, torch.full((1, 1, 1, 1), g)))
        m, v = 0.9 * m + 0.1 * gradient, 0.99 * v + 0.01 * gradient**2
        expected -= 0.01 * (m / (1 - 0.9**step)) / (v / (1 - 0.99**step)) ** 0.5
        assert float(x) == pytest.approx(expected, rel=1e-5)


def test_a_step_that_is_not_finite_changes_nothing() -> None:
    adam = Adam(rate=0.1)
    x = torch.full((1, 1, 2, 2), 0.5)
    told = adam.step(x, lambda _: ({"total": torch.tensor(float("nan"))}, torch.full((1, 1, 2, 2), float("inf"))))
    assert not bool(told["finite"]) and bool((x == 0.5).all())


def test_moments_are_carried_to_the_next_size() -> None:
    """A pixel's share of a mean loss falls as their number grows; where it goes stays the same."""
    adam = Adam(rate=0.05)
    x = torch.full((1, 1, 8, 8), 0.5)

    def pull(y: torch.Tensor) -> tuple[Told, torch.Tensor]:
        return {"total": (y - 0.9).square().mean()}, 2 * (y - 0.9) / y.numel()

    for _ in range(3):
        adam.step(x, pull)
    fine = Adam(rate=0.05)
    fine.restore(adam.tensors())
    fine.carry((16, 16))
    y = torch.nn.functional.interpolate(x, (16, 16))
    adam.step(x, pull)
    fine.step(y, pull)
    torch.testing.assert_close(y, torch.nn.functional.interpolate(x, (16, 16)), rtol=1e-4, atol=1e-5)


def test_lbfgs_finds_the_bottom_of_a_bent_bowl() -> None:
    """A quadratic with curvatures from 1 to 100, whose minimum lies partly beyond black and white."""
    curvature = torch.logspace(0, 2, 12).reshape(1, 1, 3, 4)
    middle = torch.linspace(-0.2, 1.2, 12).reshape(1, 1, 3, 4)
    x = torch.full((1, 1, 3, 4), 0.5)
    lbfgs = Lbfgs()
    calls = 0

    def bowl(y: torch.Tensor) -> tuple[Told, torch.Tensor]:
        nonlocal calls
        calls += 1
        return {"total": 0.5 * (curvature * (y - middle).square()).sum()}, curvature * (y - middle)

    losses = [float(lbfgs.step(x, bowl)["total"]) for _ in range(40)]
    assert losses == sorted(losses, reverse=True)
    torch.testing.assert_close(x, middle.clamp(0, 1), rtol=0, atol=2e-3)
    assert calls < 120


def test_the_average_has_no_bias_at_its_beginning() -> None:
    average = Average(0.9)
    assert average.value() is None
    values = [0.2, 0.4, 0.9]
    for value in values:
        average.add(torch.tensor([value]))
    weights = [0.81, 0.9, 1.0]
    expected = sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
    found = average.value()
    assert found is not None and float(found) == pytest.approx(expected, rel=1e-6)
    last = Average(0.0)
    last.add(torch.tensor([0.3]))
    assert float(last.value() or 0.0) == pytest.approx(0.3)


def test_resizing_keeps_the_edges_in_place() -> None:
    ramp = torch.linspace(0, 1, 16).expand(1, 1, 4, 16)
    found = resized(ramp, (32, 8))
    assert found.shape == (1, 1, 8, 32)
    assert float(found[0, 0, 3, 15] + found[0, 0, 3, 16]) / 2 == pytest.approx(0.5, abs=1e-3)
    assert resized(ramp, (16, 4)) is ramp
    assert picture("disc").size == (40, 32)
