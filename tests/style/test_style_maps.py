"""A network may say by which linear map of its channels style is measured."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from studio.backbones import CATALOG, Backbone, WeightsError, build_backbone
from studio.style.losses import STYLE_LOSSES
from studio.style.network import Extractor
from studio.style.objective import Area, Objective, Scene, Weights, sums_of

SHIPPED = load_file(CATALOG["buddynet"].shipped)
PLAIN = {name: tensor for name, tensor in SHIPPED.items() if name.startswith("conv")}
IMAGE = torch.rand(1, 3, 40, 56, generator=torch.Generator().manual_seed(1))
LEVEL = build_backbone("buddynet", PLAIN).levels[1].name


def mapped(weight: torch.Tensor, bias: torch.Tensor) -> Backbone:
    return build_backbone("buddynet", {**PLAIN, "style2.weight": weight, "style2.bias": bias})


def test_the_network_that_ships_measures_fine_levels_in_the_channels_of_vgg() -> None:
    backbone = build_backbone("buddynet", SHIPPED)
    found = {name: len(bias) for name, (_, bias) in backbone.style_maps.items()}
    assert found == {backbone.levels[n].name: channels for n, channels in enumerate((64, 128, 256))}


def test_style_sees_the_mapped_channels_and_everything_else_the_raw_ones() -> None:
    channels = build_backbone("buddynet", PLAIN).levels[1].channels
    weight, bias = torch.randn(7, channels), torch.randn(7)
    backbone = mapped(weight, bias)
    raw = Extractor(backbone, raw=True).maps(IMAGE, [LEVEL])[LEVEL]
    seen = Extractor(backbone).maps(IMAGE, [LEVEL])[LEVEL]
    torch.testing.assert_close(
        seen, torch.einsum("dc,nchw->ndhw", weight, raw) + bias.view(1, -1, 1, 1), rtol=1e-4, atol=1e-4
    )
    assert backbone.activations(IMAGE, [LEVEL])[LEVEL].shape[1] == channels
    (gradient,) = torch.autograd.grad(
        Extractor(backbone).maps(x := IMAGE.clone().requires_grad_(), [LEVEL])[LEVEL].sum(), x
    )
    assert gradient.abs().sum() > 0


def test_tiles_give_the_gradient_of_the_whole() -> None:
    channels = build_backbone("buddynet", PLAIN).levels[1].channels
    rng = torch.Generator().manual_seed(5)
    backbone = mapped(torch.randn(9, channels, generator=rng), torch.randn(9, generator=rng))
    loss, extractor = STYLE_LOSSES["wasserstein"], Extractor(backbone)
    image = torch.rand(1, 3, 96, 80, generator=rng)
    sums = Objective(extractor, Scene({LEVEL: 1.0}, [Area(1.0, {})]), loss).sums(IMAGE, rng)
    scene = Scene({LEVEL: 1.0}, [Area(1.0, {}, [(0, {LEVEL: loss.target(sums_of(sums, LEVEL, 0))})])])
    whole, tiled = (
        Objective(extractor, scene, loss, tile).evaluate(image, Weights(style=1.0), rng)[1] for tile in (0, 32)
    )
    torch.testing.assert_close(tiled, whole, rtol=1e-3, atol=1e-3 * float(whole.abs().max()))


@pytest.mark.parametrize(
    "tensors",
    [
        {"style2.weight": torch.zeros(7, 5), "style2.bias": torch.zeros(7)},
        {"style2.weight": torch.zeros(7, 64), "style2.bias": torch.zeros(8)},
        {"style2.weight": torch.zeros(7, 64)},
        {"style9.weight": torch.zeros(7, 64), "style9.bias": torch.zeros(7)},
    ],
)
def test_maps_that_do_not_fit_are_refused(tensors: dict[str, torch.Tensor]) -> None:
    with pytest.raises(WeightsError, match="maps for style do not fit"):
        build_backbone("buddynet", {**PLAIN, **tensors})
