"""Common appearance: the closed form, the vote of patches, the inversion."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from studio.buddies import appearance
from studio.buddies.appearance import common_appearance, invert, vote_warp
from studio.progress import run_to_end
from tests.buddies import reference
from tests.buddies.networks import features


def test_common_appearance_gives_both_regions_the_mean_and_spread_between_theirs():
    generator = torch.Generator().manual_seed(0)
    a = 3 * torch.randn((2, 50, 4), generator=generator) + 5
    b = 0.5 * torch.randn((2, 30, 4), generator=generator) - 1
    before = a.clone(), b.clone()
    even = [torch.full((2, 1, n), 1 / n) for n in (50, 30)]
    common_appearance(a, b, *even, torch.zeros(4), torch.zeros(4))
    mean = (before[0].mean(1) + before[1].mean(1)) / 2
    spread = (before[0].std(1, correction=0) + before[1].std(1, correction=0)) / 2
    for region, original in ((a, before[0]), (b, before[1])):
        torch.testing.assert_close(region.mean(1), mean, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(region.std(1, correction=0), spread, rtol=1e-4, atol=1e-4)
        pattern = torch.corrcoef(torch.stack([region[0, :, 0], original[0, :, 0]]))[0, 1]
        assert pattern > 0.9999


def test_margins_follow_the_region_without_counting_and_flat_channels_stay_finite():
    a, b = torch.rand(1, 10, 3), torch.rand(1, 10, 3)
    a[..., 2] = b[..., 2] = 0.25
    weight = torch.zeros(1, 1, 10)
    weight[..., :4] = 0.25
    inner, other = a[:, :4].clone(), b[:, :4].clone()
    quarter = torch.full((1, 1, 4), 0.25)
    least = torch.full((3,), 1e-9)
    common_appearance(a, b, weight, weight, least, least)
    common_appearance(inner, other, quarter, quarter, least, least)
    torch.testing.assert_close(a[:, :4], inner)
    assert a.isfinite().all()
    torch.testing.assert_close(a[..., 2], torch.full((1, 10), 0.25))


@pytest.mark.parametrize(("size_a", "size_b", "patch"), [((6, 6), (6, 6), 3), ((7, 5), (4, 9), 5), ((2, 3), (3, 2), 3)])
def test_vote_warp_is_the_mean_of_overlapping_patches(size_a, size_b, patch):
    b = features(4, *size_b, seed=1)
    random = np.random.default_rng(0)
    match = np.stack([random.integers(0, size_b[0], size_a), random.integers(0, size_b[1], size_a)], axis=2)
    flat = torch.from_numpy(match[..., 0] * size_b[1] + match[..., 1]).flatten()
    expected = reference.vote_warp(b[0].double().numpy(), match, patch)
    np.testing.assert_allclose(vote_warp(b, flat, size_a, patch)[0].numpy(), expected, rtol=1e-5)


def test_vote_warp_by_the_identity_changes_nothing():
    b = features(3, 5, 8)
    torch.testing.assert_close(vote_warp(b, torch.arange(40), (5, 8), 3), b)


SHAPE = (6, 6, 8)


def stage(seed=0, bias=0.2):
    generator = torch.Generator().manual_seed(seed)
    layers = nn.Sequential(nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 10, 3, padding=1))
    for layer in (layers[0], layers[3]):
        layer.weight.data = torch.randn(layer.weight.shape, generator=generator) * 0.15
        layer.bias.data.fill_(bias)
    return layers.requires_grad_(False)


def targets(count):
    return torch.stack([features(10, 3, 4, seed=seed)[0] * (1 + seed) for seed in range(count)])


@pytest.mark.parametrize("batched", [False, True])
def test_inversion_is_the_plain_one_step_for_step_and_each_image_stops_on_its_own(batched):
    wanted = targets(2)
    events = []
    found = run_to_end(invert(stage(), wanted, SHAPE, batched), events.append)
    counts = []
    for image, target in zip(found, wanted, strict=True):
        expected, count = reference.invert(stage(), target, SHAPE)
        np.testing.assert_allclose(image.numpy(), expected, rtol=0, atol=2e-3)
        counts.append(count)
    assert max(counts) > min(counts) > 6
    assert len(events) == (max(counts) if batched else sum(counts))
    shares = [event.fraction for event in events]
    assert shares == sorted(shares) and shares[-1] == 1.0


def test_what_is_done_with_others_does_not_touch_an_image():
    wanted = targets(3)
    together = run_to_end(invert(stage(), wanted, SHAPE, False))
    for index in range(3):
        alone = run_to_end(invert(stage(), wanted[index : index + 1], SHAPE, False))
        assert torch.equal(together[index : index + 1], alone)


def test_inversion_comes_near_a_target_that_can_be_reached():
    network = stage()
    with torch.no_grad():
        wanted = network(features(6, 6, 8, seed=5))
    found = run_to_end(invert(network, wanted, SHAPE, False))
    first, last = (((network(x) - wanted) ** 2).mean() for x in (torch.zeros_like(found), found))
    assert last < 0.05 * first
    assert not found.requires_grad and all(parameter.grad is None for parameter in network.parameters())


def test_inversion_ends_where_there_is_no_gradient():
    events = []
    found = run_to_end(invert(stage(bias=0.0), targets(1), SHAPE, False), events.append)
    assert len(events) == 6 and not found.any()


def test_inversion_ends_where_there_is_no_number():
    broken = targets(2)
    broken[0, 0, 0, 0] = torch.nan
    found = run_to_end(invert(stage(), broken, SHAPE, True))
    assert not found[0].any() and found[1].any() and found.isfinite().all()


def test_inversion_that_never_settles_ends_all_the_same(monkeypatch):
    monkeypatch.setattr(appearance, "LEAST_CHANGE", 1e-30)
    monkeypatch.setattr(appearance, "MOST_STEPS", 9)
    events = []
    run_to_end(invert(stage(), targets(1), SHAPE, False), events.append)
    assert len(events) == 9
