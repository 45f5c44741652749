"""The Wasserstein loss of a real network's features against singular values in double precision; tiles and whole."""

from __future__ import annotations

import pytest
import torch
from skimage import data
from torch import Tensor

from studio.backbones import Backbone, load_backbone
from studio.picture import Picture
from studio.progress import run_to_end
from studio.style.losses import STYLE_LOSSES
from studio.style.network import Extractor, style_layers
from studio.style.objective import Area, Objective, Scene, Weights
from studio.style.scene import floats, tensor_of
from studio.style.statistics import cells_of

LOSS = STYLE_LOSSES["wasserstein"]


@pytest.fixture(scope="module")
def network() -> Backbone:
    return run_to_end(load_backbone("buddynet", device="cpu"))


def seen(name: str, width: int, height: int) -> Tensor:
    picture = Picture.from_array(getattr(data, name)(), name)
    return tensor_of(floats(picture.resized((width, height))), torch.device("cpu"))


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def reference(x: Tensor, y: Tensor) -> Tensor:
    """By the nuclear norm of the product of the centred cells, which squares no numbers."""
    x, y = x.double(), y.double()
    of_x, of_y = ((one - one.mean(0)) / len(one) ** 0.5 for one in (x, y))
    shared = torch.linalg.svdvals(of_y @ of_x.T).sum()
    apart = (x.mean(0) - y.mean(0)).square().sum() + of_x.square().sum() + of_y.square().sum() - 2.0 * shared
    return apart / (of_y.square().sum() + y.mean(0).square().sum())


@pytest.mark.parametrize("size", [64, 128])
def test_value_and_gradient_in_double_precision(network: Backbone, size: int) -> None:
    extractor = Extractor(network)
    layers = list(style_layers(network, ""))
    with torch.no_grad():
        both = [extractor.maps(seen(name, size, size), layers) for name in ("coffee", "astronaut")]
    compared = 0
    for layer in layers:
        x, y = (cells_of(maps[layer]) for maps in both)
        if len(x) > 1024:  # whose reference would take longer than the rest of the tests
            continue
        ours, exact = x.clone().requires_grad_(), x.double().requires_grad_()
        value = LOSS.distance(LOSS.sums(ours, None, rng()), LOSS.target(LOSS.sums(y, None, rng())), rng())
        wanted = reference(exact, y)
        assert float(value.detach()) == pytest.approx(float(wanted.detach()), rel=1e-5)
        (slope,), (expected,) = torch.autograd.grad(value, ours), torch.autograd.grad(wanted, exact)
        # Along what is 0 in every cell but for rounding the slope is open, so it is not the same to the last digit.
        assert float((slope - expected).norm()) < 0.03 * float(expected.norm())
        compared += 1
    assert compared >= 3


@pytest.mark.parametrize("tile", [64, 96])
def test_tiles_are_the_whole_where_cells_are_fewer_than_channels(network: Backbone, tile: int) -> None:
    extractor = Extractor(network)
    layers = {level.name: 0.5 for level in network.levels[2:]}
    like = Objective(extractor, Scene(layers, [Area(1.0, {})]), LOSS)
    sums = like.sums(seen("astronaut", 150, 120), rng())
    target = {name: LOSS.target((sums["style", name, "0", "0"], sums["style", name, "0", "1"])) for name in layers}
    half = {}
    for name in layers:
        rows, columns = (-(-side // extractor.stride(name)) for side in (117, 181))
        weights = torch.zeros(rows, columns)
        weights[:, columns // 3 :] = 1.0
        half[name] = weights / weights.sum()
    scene = Scene(layers, [Area(0.6, {}, [(0, target)]), Area(0.4, half, [(0, target)])])
    image, weights = seen("coffee", 181, 117), Weights(style=1.0)
    told, gradient = Objective(extractor, scene, LOSS).evaluate(image, weights, rng())
    told_in_tiles, in_tiles = Objective(extractor, scene, LOSS, tile).evaluate(image, weights, rng())
    assert float(told_in_tiles["style"]) == pytest.approx(float(told["style"]), rel=1e-5)
    assert float((in_tiles - gradient).norm()) < 1e-3 * float(gradient.norm())
