"""Backbones against torchvision's own forward pass, and against geometry."""

from __future__ import annotations

import copy
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.transforms.functional import normalize

from studio.backbones import CATALOG, Backbone, Cut, Entry, build_backbone, load_backbone
from studio.backbones.networks import generate
from studio.progress import run_to_end

TORCHVISION = [entry for entry in CATALOG.values() if entry.constructor]
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@pytest.fixture(scope="module", params=CATALOG)
def backbone(request: pytest.FixtureRequest) -> Backbone:
    return build_backbone(request.param, seed=1)


def reference(entry: Entry, state: dict[str, torch.Tensor], nodes: dict[str, str]) -> nn.Module:
    """torchvision's network cut by torchvision's own means."""
    return create_feature_extractor(theirs(entry, state), nodes)


def theirs(entry: Entry, state: dict[str, torch.Tensor]) -> nn.Module:
    """torchvision's network; without memory for its classifier, whose weights nobody has."""
    with torch.device("meta"):
        model: nn.Module = getattr(torchvision.models, entry.constructor)(weights=None)
    model.load_state_dict(state, strict=False, assign=True)
    return model.eval()


@pytest.mark.parametrize(
    ("name", "indices"),
    [("vgg19", (1, 6, 11, 20, 29)), ("vgg16", (1, 6, 11, 18, 25)), ("convnext_tiny", (1, 3, 5, 7))],
)
def test_equal_to_torchvision_bit_for_bit(name: str, indices: tuple[int, ...], noise: torch.Tensor) -> None:
    state = generate(CATALOG[name], seed=1)
    maps = build_backbone(name, state).features(noise)
    layers = list(theirs(CATALOG[name], state).get_submodule("features"))[: indices[-1] + 1]
    for layer in layers:
        layer.to(memory_format=torch.channels_last)
    x = normalize(noise, MEAN, STD).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        for index, layer in enumerate(layers):
            x = layer(x.clone())  # cloned, for torchvision's ReLUs work in place
            if index in indices:
                assert torch.equal(maps[indices.index(index) + 1], x)


# Left and top padding under which torchvision's cells, without further ado, lie where ours do;
# for each level the first of its cells that is one of ours. From kernel sizes and strides by hand:
# SqueezeNet's cells of stride s lie at s i + (3 5 9 17 | 1 3 7 15) - padding, ResNet's at s i - padding.
SHIFTED = [
    ("squeezenet1_0", 7, (2, 1, 0, 0), ["features.1", "features.5.cat", "features.10.cat", "features.12.cat"]),
    ("squeezenet1_1", 5, (2, 1, 0, 0), ["features.1", "features.4.cat", "features.7.cat", "features.12.cat"]),
    ("resnet50", 22, (11, 6, 3, 2), ["relu", "layer1", "layer2", "layer3"]),
]


@pytest.mark.parametrize(("name", "padding", "firsts", "nodes"), SHIFTED, ids=[row[0] for row in SHIFTED])
def test_equal_to_torchvision_away_from_the_borders(
    name: str, padding: int, firsts: tuple[int, ...], nodes: list[str]
) -> None:
    entry = CATALOG[name]
    state = generate(entry, seed=1)
    image = torch.rand(1, 3, 320, 320, generator=torch.Generator().manual_seed(2))
    maps = build_backbone(name, state).features(image, range(1, len(nodes) + 1))
    extractor = reference(entry, state, {node: str(number) for number, node in enumerate(nodes, 1)})
    with torch.no_grad():
        others = extractor(F.pad(normalize(image, MEAN, STD), (padding, 32, padding, 32)))
    for level, first in zip(entry.levels, firsts, strict=False):
        mine = maps[level.number]
        assert mine.shape[-2:] == (320 // level.stride, 320 // level.stride)
        other = others[str(level.number)][..., first:, first:]
        middle = 160 // level.stride  # layer3 sees 291 pixels: only the middle sees no border
        torch.testing.assert_close(
            mine[..., middle, middle], other[..., middle, middle], rtol=1e-4, atol=1e-5 * float(mine.abs().max())
        )


@pytest.mark.parametrize(("name", "tall"), [*((name, False) for name in CATALOG), ("squeezenet1_0", True)])
def test_cells_lie_where_the_catalogue_says(name: str, tall: bool) -> None:
    """With box filters for weights and means for maxima, a cell's gradient is centred on its true place."""
    entry = CATALOG[name]
    backbone = build_backbone(entry, {key: box(key, tensor) for key, tensor in generate(entry, seed=0).items()})
    length = 640 if name == "resnet50" else 320
    x = torch.ones(1, 3, length, 8) if tall else torch.ones(1, 3, 8, length)
    y = x.requires_grad_()
    for level in backbone.levels:
        y = linear(backbone.stage(level.number))(y)
        column = y.shape[-2 if tall else -1] // 2
        (gradient,) = torch.autograd.grad((y[..., column, :] if tall else y[..., column]).sum(), x, retain_graph=True)
        profile = gradient.sum((0, 1, 3) if tall else (0, 1, 2))
        seen = profile.nonzero().flatten()
        assert seen[0] > 0 and seen[-1] < length - 1, "the cell sees the border"
        centre = float((profile.double() * torch.arange(length)).sum() / profile.double().sum())
        assert centre == pytest.approx((column + 0.5) * level.stride - 0.5 + level.offset, abs=1e-3)


def box(name: str, tensor: torch.Tensor) -> torch.Tensor:
    if tensor.ndim == 4:
        return torch.full_like(tensor, 1 / tensor[0].numel())
    # ConvNeXt's blocks see very far without moving anything; scaled by 0 they let pass what they get.
    return torch.zeros_like(tensor) if name.endswith(("bias", "running_mean", "layer_scale")) else tensor


def linear(stage: nn.Module) -> nn.Module:
    stage = copy.deepcopy(stage)
    for module in list(stage.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.MaxPool2d):
                pool = nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode)
                setattr(module, name, pool)
            elif isinstance(child, nn.BatchNorm2d | nn.LayerNorm | nn.GELU):
                setattr(module, name, nn.Identity())
    return stage


@pytest.mark.parametrize("size", [(1, 1), (33, 50)])
def test_maps_of_any_size_are_the_stages_one_after_the_other(backbone: Backbone, size: tuple[int, int]) -> None:
    image = torch.rand(2, 3, *size)
    maps = backbone.features(image)
    x = backbone.normalise(image)
    for level in backbone.levels:
        rows, columns = -(-size[0] // level.stride), -(-size[1] // level.stride)
        assert maps[level.number].shape == (2, level.channels, rows, columns)
        assert maps[level.number].dtype == torch.float32
        x = backbone.stage(level.number)(x)
        assert torch.equal(x, maps[level.number])


def test_maps_do_not_depend_on_what_else_is_asked(backbone: Backbone, noise: torch.Tensor) -> None:
    """Were a map written over by the layers after it, or padded for a coarser level, it would differ."""
    together = backbone.features(noise[:1, :, :35, :50])
    for number, features in together.items():
        alone = backbone.features(noise[:1, :, :35, :50], [number])
        assert list(alone) == [number]
        assert torch.equal(alone[number], features)


def test_a_relu_in_place_spares_the_level_before_it() -> None:
    """The networks of the catalogue are cut after their ReLUs; here one opens the second level."""
    row = Entry("x", "X", "", "", "vgg16", (Cut("conv1_1", "features.0", 1, 64), Cut("conv2_1", "features.5", 2, 128)))
    backbone = build_backbone(row, seed=1)
    image = torch.rand(1, 3, 8, 8)
    maps = backbone.features(image)
    assert float(maps[1].min()) < 0
    assert torch.equal(maps[1], backbone.features(image, [1])[1])
    start = torch.zeros(1, 64, 8, 8, requires_grad=True)
    backbone.stage(2)(start).sum().backward()  # autograd refuses to write into a leaf
    assert start.grad is not None


def test_an_odd_width_changes_nothing_but_the_border(vgg19: Backbone) -> None:
    image = torch.rand(1, 3, 32, 46)
    whole, cut = (vgg19.features(x, [2])[2] for x in (image, image[..., :45]))
    assert whole.shape == cut.shape == (1, 128, 16, 23)
    # Three convolutions and a pool carry the missing column 45 as far as cell 20.
    torch.testing.assert_close(cut[..., :20], whole[..., :20])
    assert not torch.allclose(cut[..., 22], whole[..., 22])


def test_nothing_beyond_the_coarsest_level_runs(vgg19: Backbone, noise: torch.Tensor) -> None:
    ran: list[int] = []
    handles = [
        module.register_forward_hook(lambda *_, number=level.number: ran.append(number))
        for level in vgg19.levels
        for module in vgg19.stage(level.number).body
    ]
    try:
        vgg19.features(noise, [3, 1])
    finally:
        for handle in handles:
            handle.remove()
    assert set(ran) == {1, 2, 3}


def test_a_batch_gives_what_its_images_give(backbone: Backbone, noise: torch.Tensor) -> None:
    together = backbone.features(noise)
    for index in range(2):
        for number, features in backbone.features(noise[index : index + 1]).items():
            scale = float(features.abs().max())
            torch.testing.assert_close(together[number][index], features[0], rtol=1e-4, atol=1e-5 * scale)


def test_without_gradients_nothing_is_recorded(vgg19: Backbone, noise: torch.Tensor) -> None:
    features = vgg19.features(noise, [2])[2]
    assert not features.requires_grad and not features.is_inference()


def test_gradients_reach_the_image_and_stop_at_the_weights(backbone: Backbone, noise: torch.Tensor) -> None:
    image = noise.clone().requires_grad_()
    sum(features.mean() for features in backbone.features(image).values()).backward()  # type: ignore[union-attr]
    assert image.grad is not None and float(image.grad.abs().max()) > 0
    weights = [weight for level in backbone.levels for weight in backbone.stage(level.number).parameters()]
    assert weights and all(not weight.requires_grad and weight.grad is None for weight in weights)
    with torch.no_grad():
        assert not backbone.features(image)[1].requires_grad


def test_gradient_agrees_with_torchvisions(noise: torch.Tensor) -> None:
    entry = CATALOG["vgg16"]
    state = generate(entry, seed=1)
    image = noise.clone().requires_grad_()
    other = noise.clone().requires_grad_()
    build_backbone("vgg16", state).features(image, [4])[4].square().sum().backward()
    extractor = reference(entry, state, {"features.18": "4"})
    extractor(normalize(other, MEAN, STD))["4"].square().sum().backward()
    assert image.grad is not None and other.grad is not None
    torch.testing.assert_close(image.grad, other.grad, rtol=1e-3, atol=1e-4 * float(other.grad.abs().max()))


@pytest.mark.parametrize("name", ["vgg16", "squeezenet1_1", "convnext_tiny"])
def test_gradient_agrees_with_finite_differences(name: str) -> None:
    backbone = build_backbone(name, seed=1)
    stages = [copy.deepcopy(backbone.stage(number)).double() for number in (1, 2)]
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(1, 3, 19, 22, generator=generator, dtype=torch.float64).requires_grad_()
    direction = torch.randn(x.shape, generator=generator, dtype=torch.float64)

    def value(image: torch.Tensor) -> torch.Tensor:
        return torch.tanh(stages[1](stages[0](image))).sum()

    (gradient,) = torch.autograd.grad(value(x), x)
    step = 1e-7 * direction
    with torch.no_grad():
        slope = (value(x + step) - value(x - step)) / 2e-7
    assert float((gradient * direction).sum()) == pytest.approx(float(slope), rel=1e-5)


def test_stage_may_start_from_a_leaf(backbone: Backbone) -> None:
    """As feature inversion does, from nothing."""
    for level in backbone.levels[1:]:
        fine = backbone.levels[level.number - 2]
        start = torch.zeros(1, fine.channels, 7, 9, requires_grad=True)
        with torch.no_grad():
            target = backbone.stage(level.number)(torch.rand(1, fine.channels, 7, 9))
        F.mse_loss(backbone.stage(level.number)(start), target).backward()
        assert start.grad is not None
        assert not start.detach().any()


def test_wrong_questions_are_refused(vgg19: Backbone) -> None:
    for shape in [(3, 8, 8), (1, 4, 8, 8), (1, 3, 0, 8)]:
        with pytest.raises(ValueError, match="image batch"):
            vgg19.features(torch.zeros(shape))
    for levels in ([], [0], [6]):
        with pytest.raises(ValueError, match="levels of vgg19 are 1 to 5"):
            vgg19.features(torch.zeros(1, 3, 8, 8), levels)
    with pytest.raises(ValueError, match="levels of vgg19 are 1 to 5"):
        vgg19.stage(0)


def test_generated_weights_follow_the_seed() -> None:
    image = torch.rand(1, 3, 16, 16)
    one, same, other = (build_backbone("squeezenet1_1", seed=seed).features(image)[4] for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.allclose(one, other)


def test_any_thread_may_use_it(vgg19: Backbone, noise: torch.Tensor) -> None:
    results: list[torch.Tensor] = []
    threads = [threading.Thread(target=lambda: results.append(vgg19.features(noise, [3])[3])) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], vgg19.features(noise, [3])[3])


def test_a_lion_is_a_lion(shared_dir: Path, nothing_loaded: None) -> None:
    """Real weights, a real picture: torchvision's classifier on top of our coarsest map knows what it sees."""
    file = shared_dir / "weights" / "squeezenet1_0.safetensors"
    backbone = run_to_end(load_backbone("squeezenet1_0", file, "cpu"))
    with Image.open(shared_dir / "data" / "lion_cat" / "B.png") as picture:
        pixels = np.asarray(picture.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC))
    image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255
    model = theirs(CATALOG["squeezenet1_0"], load_file(file))
    with torch.no_grad():
        scores = model.classifier(backbone.features(image, [4])[4]).flatten(1).softmax(1)[0]
        wanted = model(normalize(image, MEAN, STD)).softmax(1)[0]
    lion = torchvision.models.SqueezeNet1_0_Weights.DEFAULT.meta["categories"].index("lion")
    assert int(scores.argmax()) == int(wanted.argmax()) == lion
    assert float(scores[lion]) == pytest.approx(float(wanted[lion]), abs=0.2)
