"""Style in one go: statistics reach those of the style, pieces make no seams, the decoder is what its file says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file
from skimage import data

from studio.backbones import CATALOG, Backbone, NetworkChoice, WeightsError, build_backbone, load_backbone
from studio.pairs import PairSet, PointPair
from studio.picture import Picture
from studio.progress import run_to_end
from studio.style import (
    InstantOptions,
    Region,
    StyleError,
    StyleOptions,
    StyleSource,
    StyleTask,
    instant,
    read_recipe,
    repeating,
    save_result,
    styling,
    stylize,
)
from studio.style.objective import Area
from studio.style.oneshot import transport, under_statistics
from studio.style.statistics import cells_of, moments

CAT = Picture.from_array(data.chelsea()[:200, 100:340], "cat.png")
CUP = Picture.from_array(data.coffee()[100:300, 150:390], "cup.png")
SMALL = InstantOptions(size=96, rounds=1)


@pytest.fixture(scope="module")
def network() -> Backbone:
    return run_to_end(load_backbone("buddynet", device="cpu"))


def painted(network: Backbone, options: InstantOptions = SMALL, style: Picture = CUP, **more: object) -> np.ndarray:
    result = run_to_end(instant(CAT, [StyleSource(style)], network, options, **more))  # type: ignore[arg-type]
    return np.asarray(result.picture.pixels)


def spread(seed: int, count: int = 400, channels: int = 6) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    mixing = torch.randn(channels, channels, generator=rng, dtype=torch.float64)
    mixing += 3.0 * torch.eye(channels, dtype=torch.float64)  # no direction without any spread
    return torch.randn(count, channels, generator=rng, dtype=torch.float64) @ mixing


@pytest.mark.parametrize("statistics", ["covariance", "mean_std"])
def test_the_map_reaches_the_covariance_and_moves_least(statistics: str) -> None:
    own, other = (torch.cov(spread(seed).T, correction=0) for seed in (0, 1))
    linear = transport(own, other, statistics)  # type: ignore[arg-type]
    torch.testing.assert_close(linear, linear.T)  # a symmetric positive map is the gradient of a convex one: optimal
    assert torch.linalg.eigvalsh(linear).min() > 0
    reached = linear @ own @ linear.T
    if statistics == "covariance":
        torch.testing.assert_close(reached, other)
    else:
        torch.testing.assert_close(reached.diagonal(), other.diagonal(), rtol=1e-3, atol=1e-3)
        assert torch.count_nonzero(linear - torch.diag(linear.diagonal())) == 0


def test_of_one_channel_it_is_the_ratio_of_deviations() -> None:
    torch.testing.assert_close(transport(torch.tensor([[4.0]]), torch.tensor([[9.0]])), torch.tensor([[1.5]]))


def map_and_target(seed: int, shape: tuple[int, int] = (9, 11)) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    features = spread(seed, shape[0] * shape[1]).float().T.reshape(1, 6, *shape)
    mean, second = moments(cells_of(spread(seed + 50).float().T.reshape(1, 6, 20, 20)) + 3.0)
    return features, (mean, second - torch.outer(mean, mean))


def test_features_get_mean_and_covariance_of_the_style() -> None:
    features, target = map_and_target(2)
    areas = [Area(1.0, {}, [(0, {"layer": target})])]
    moved = cells_of(under_statistics(features, areas, "layer", InstantOptions(), [1.0]))
    torch.testing.assert_close(moved.mean(0), target[0], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(torch.cov(moved.T, correction=0), target[1], rtol=5e-3, atol=5e-3)


def test_half_the_strength_goes_half_the_way() -> None:
    features, target = map_and_target(3)
    areas = [Area(1.0, {}, [(0, {"layer": target})])]
    none, half, whole = (
        under_statistics(features, areas, "layer", InstantOptions(strength=strength), [1.0])
        for strength in (0.0, 0.5, 1.0)
    )
    torch.testing.assert_close(none, features)
    torch.testing.assert_close(half, (features + whole) / 2)


def test_two_styles_are_mixed_by_their_weights() -> None:
    features, first = map_and_target(4)
    _, second = map_and_target(7)

    def mixed(weights: list[float]) -> torch.Tensor:
        areas = [Area(1.0, {}, [(0, {"layer": first}), (1, {"layer": second})])]
        return under_statistics(features, areas, "layer", InstantOptions(), weights)

    torch.testing.assert_close(mixed([3.0, 1.0]), 0.75 * mixed([1.0, 0.0]) + 0.25 * mixed([0.0, 1.0]))


def test_each_area_has_statistics_of_its_own() -> None:
    features, first = map_and_target(5, (10, 12))
    _, second = map_and_target(8)
    left = torch.zeros(10, 12)
    left[:, :6] = 1.0 / 60
    right = torch.zeros(10, 12)
    right[:, 6:] = 1.0 / 60
    areas = [Area(0.5, {"layer": left}, [(0, {"layer": first})]), Area(0.5, {"layer": right}, [(0, {"layer": second})])]
    moved = under_statistics(features, areas, "layer", InstantOptions(), [1.0])
    for part, target in ((moved[..., :6], first), (moved[..., 6:], second)):
        torch.testing.assert_close(cells_of(part).mean(0), target[0], rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(torch.cov(cells_of(part).T, correction=0), target[1], rtol=1e-2, atol=1e-2)


def test_the_decoder_computes_what_its_file_says(network: Backbone) -> None:
    tensors = {name: tensor.float() for name, tensor in load_file(CATALOG["buddynet"].shipped).items()}
    features = torch.rand(1, network.levels[2].channels, 5, 7, generator=torch.Generator().manual_seed(0))
    x = features
    for stage in (3, 2, 1):
        if stage < 3:
            x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        number = 1
        while f"up{stage}_{number}.weight" in tensors:
            weight, bias = (tensors[f"up{stage}_{number}.{kind}"] for kind in ("weight", "bias"))
            x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), weight, bias)
            x = x.relu() if (stage, x.shape[1]) != (1, 3) else x
            number += 1
    assert network.decoder is not None
    assert x.shape == (1, 3, 20, 28)
    torch.testing.assert_close(network.decoder(features), x, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("keep", ["none", "luminance"])
def test_strength_0_is_the_content_and_the_way_from_there_is_monotone(
    network: Backbone, rounds: int, keep: str
) -> None:
    options = InstantOptions(size=160, rounds=rounds, keep_colors=keep)
    ways = [
        painted(network, options.with_values(strength=strength)).astype(float) for strength in (0.0, 0.3, 0.6, 0.9, 1.0)
    ]
    content = CAT.resized((160, 133)).astype(float)
    assert np.abs(ways[0] - content).max() <= (1.0 if keep == "luminance" else 0.0)  # rounded on its way over grey
    gone = [np.sqrt(np.square(way - content).mean()) for way in ways]
    left = [np.sqrt(np.square(way - ways[-1]).mean()) for way in ways]
    assert gone == sorted(gone)
    assert left == sorted(left, reverse=True)
    assert 0.15 * gone[-1] < gone[1] < 0.6 * gone[-1]


def test_the_result_is_nearer_to_the_style(network: Backbone) -> None:
    """In the colours' mean and covariance, and in the network's own statistics."""
    options = InstantOptions(size=160, rounds=1)
    result = painted(network, options)

    def statistics(pixels: np.ndarray) -> list[torch.Tensor]:
        image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255.0
        maps = network.features(image, [1, 2, 3])
        return [moments(cells_of(found))[1] for found in maps.values()]

    style, content, got = (statistics(one) for one in (CUP.resized((160, 133)), CAT.resized((160, 133)), result))
    for wanted, before, after in zip(style, content, got, strict=True):
        assert (after - wanted).norm() < 0.7 * (before - wanted).norm()


def test_pieces_make_no_seams(network: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = painted(network, InstantOptions(size=200, rounds=1))
    monkeypatch.setattr("studio.style.oneshot.TILE", 64)
    pieces = painted(network, InstantOptions(size=200, rounds=1))
    assert np.abs(whole.astype(int) - pieces).max() <= 1


def test_a_region_takes_its_style_from_its_own_part(network: Backbone) -> None:
    mask = np.zeros((200, 240), np.uint8)
    mask[:, :120] = 255
    red = Picture.from_array(np.concatenate([CUP.pixels[:, :120] // 4, CUP.pixels[:, 120:]], 1), "half.png")
    options = InstantOptions(size=120, rounds=1, softness=0.0)
    parted = painted(network, options, red, regions=[Region(mask, mask)])
    assert parted[:, :50].mean() + 40 < parted[:, 70:].mean()


def test_alpha_sizes_and_the_smallest_pictures(network: Backbone) -> None:
    alpha = np.full((30, 50), 255, np.uint8)
    alpha[:, :25] = 0
    content = Picture.from_array(np.dstack([CAT.pixels[:30, :50], alpha]))
    result = run_to_end(instant(content, [StyleSource(CUP)], network, InstantOptions(size=50, rounds=5))).picture
    assert result.size == (50, 30)
    assert result.alpha is not None
    assert result.alpha[:, :20].max() == 0
    dot = Picture.from_array(np.full((1, 1, 3), 90, np.uint8))
    for content, style in ((dot, CUP), (CAT, dot)):
        small = run_to_end(instant(content, [StyleSource(style)], network, SMALL)).picture
        assert np.isfinite(np.asarray(small.pixels, float)).all()


def test_a_network_without_a_decoder_says_so() -> None:
    with pytest.raises(StyleError, match="no decoder; choose BuddyNet"):
        run_to_end(instant(CAT, [StyleSource(CUP)], build_backbone("squeezenet1_0"), SMALL))


@pytest.mark.parametrize("name", ["up3_1.weight", "up1_2.weight"])
def test_a_damaged_decoder_is_refused(name: str) -> None:
    tensors = load_file(CATALOG["buddynet"].shipped)
    tensors[name] = tensors[name][:, 1:].contiguous()
    with pytest.raises(WeightsError, match="decoder does not fit"):
        build_backbone("buddynet", tensors)


def test_without_a_decoder_buddynet_still_loads() -> None:
    tensors = {name: tensor for name, tensor in load_file(CATALOG["buddynet"].shipped).items() if name[:2] != "up"}
    assert build_backbone("buddynet", tensors).decoder is None


def test_the_same_again_from_the_saved_picture(tmp_path: Path) -> None:
    Image.fromarray(CAT.pixels).save(tmp_path / "cat.png")
    Image.fromarray(CUP.pixels).save(tmp_path / "cup.png")
    pairs = PairSet((PointPair(1, (20.0, 30.0), (40.0, 50.0)), PointPair(2, (200.0, 150.0), (180.0, 160.0))))
    options = SMALL.with_values(match_regions=2, strength=0.8)
    cpu = NetworkChoice(device="cpu")
    made = run_to_end(styling(StyleTask(options, CAT, (StyleSource(CUP),), pairs, network=cpu)))
    save_result(made, tmp_path / "made.png")
    assert read_recipe(tmp_path / "made.png")["what"] == "instant"
    again = run_to_end(repeating(tmp_path / "made.png", network=cpu))
    np.testing.assert_array_equal(again.picture.full(), made.picture.full())


def test_an_optimisation_starts_from_it(network: Backbone) -> None:
    options = StyleOptions(size=96, smallest=96, steps=0, init="instant")
    started = run_to_end(stylize(CAT, [StyleSource(CUP)], network, options)).picture.pixels
    direct = painted(network, InstantOptions(size=96))
    assert np.abs(started.astype(int) - direct).mean() < 1.0
