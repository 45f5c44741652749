"""Layers by name, between the levels."""

from __future__ import annotations

import pytest
import torch
from torchvision.transforms.functional import normalize

from studio.backbones import CATALOG, Backbone, build_backbone
from studio.backbones.networks import generate
from tests.backbones.test_backbone import MEAN, STD, theirs

# The places of VGG-19's named layers among its `features`, counted by hand.
VGG19 = {"relu1_1": 1, "relu1_2": 3, "pool1": 4, "relu2_2": 8, "relu3_4": 17, "pool3": 18, "relu4_2": 22, "relu5_1": 29}


@pytest.mark.parametrize("name", list(CATALOG))
def test_levels_by_name_are_exactly_the_levels(name: str) -> None:
    backbone = build_backbone(name)
    image = torch.rand(1, 3, 33, 50)
    maps = backbone.features(image)
    named = backbone.activations(image, backbone.layer_names)
    assert list(named) == list(backbone.layer_names)
    for level in backbone.levels:
        assert torch.equal(named[level.name], maps[level.number])


@pytest.mark.parametrize("size", [(1, 1), (33, 50)])
@pytest.mark.parametrize("name", list(CATALOG))
def test_every_layer_covers_the_picture(name: str, size: tuple[int, int]) -> None:
    backbone = build_backbone(name)
    for layer, found in backbone.activations(torch.rand(1, 3, *size), backbone.layer_names).items():
        described = backbone.layer(layer)
        assert found.shape == (1, described.channels, *(-(-side // described.stride) for side in size))


def test_layers_of_vgg_are_torchvisions(vgg19: Backbone) -> None:
    image = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(1))
    maps = vgg19.activations(image, VGG19)
    features = theirs(CATALOG["vgg19"], generate(CATALOG["vgg19"], seed=1)).get_submodule("features")
    x = normalize(image, MEAN, STD)
    with torch.no_grad():
        for index, module in enumerate(features):
            if index > VGG19["relu5_1"]:
                break
            x = module(x.clone())
            for name, place in VGG19.items():
                if place == index:
                    torch.testing.assert_close(maps[name], x, rtol=1e-4, atol=1e-5 * float(x.abs().max()))


def test_a_layer_does_not_depend_on_what_else_is_asked(vgg19: Backbone) -> None:
    image = torch.rand(1, 3, 35, 50)
    together = vgg19.activations(image, vgg19.layer_names)
    for name in ("relu1_2", "pool2", "relu3_3", "relu4_2"):
        assert torch.equal(together[name], vgg19.activations(image, [name])[name])


def test_nothing_beyond_the_last_layer_is_computed(vgg19: Backbone) -> None:
    seen: list[str] = []
    handles = [
        module.register_forward_hook(lambda *_, name=f"{number}.{path}": seen.append(name))
        for number in range(1, 6)
        for path, module in vgg19.stage(number).body.named_children()
    ]
    vgg19.activations(torch.rand(1, 3, 16, 16), ["relu2_2"])
    for handle in handles:
        handle.remove()
    # Up to relu2_1 there are two stages of 2 and 5 modules; relu2_2 is the second of the third.
    assert len(seen) == 2 + 5 + 2


def test_a_layer_can_be_differentiated(vgg19: Backbone) -> None:
    image = torch.rand(1, 3, 16, 16, requires_grad=True)
    vgg19.activations(image, ["relu3_2"])["relu3_2"].square().sum().backward()
    assert image.grad is not None and float(image.grad.abs().sum()) > 0
    assert not vgg19.activations(image.detach(), ["relu3_2"])["relu3_2"].requires_grad


def test_unknown_layers_are_refused_in_words(vgg19: Backbone) -> None:
    with pytest.raises(ValueError, match=r"VGG-19 has no layer “relu9_9”; its layers are relu1_1"):
        vgg19.activations(torch.rand(1, 3, 8, 8), ["relu1_1", "relu9_9"])
    with pytest.raises(ValueError, match="no layer"):
        vgg19.layer("conv7")
    with pytest.raises(ValueError, match="layer without a name"):
        vgg19.activations(torch.rand(1, 3, 8, 8), [])
