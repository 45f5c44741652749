"""Each method against what is known of it: differences, linear networks, brute force, sums that must come out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.attribution import chunks
from studio.attribution.cams import cam, enlarge, grad_cam
from studio.attribution.explain import explain
from studio.attribution.gradients import (
    gradient,
    gradient_of,
    gradient_x_input,
    guided_backprop,
    integrated_gradients,
    smoothgrad,
)
from studio.attribution.network import SCORES, blurred, emptied
from studio.attribution.objectives import ExplainError, Objective, objective_for
from studio.attribution.occlusion import occlusion
from studio.attribution.options import (
    METHODS,
    ExplainOptions,
    GradCamOptions,
    IntegratedOptions,
    OcclusionOptions,
    SmoothGradOptions,
)
from studio.attribution.relu import GuidedReLUs
from studio.attribution.targets import CellTarget, ChannelTarget, ClassTarget, Quantity, TargetError
from studio.backbones import build_backbone
from studio.backbones.receptive import Receptive
from studio.picture import Picture
from studio.progress import run_to_end
from tests.attribution.networks import Linear, Tiny, central_differences, first_score, image
from tests.buddies.networks import noise_picture, small_backbone

PLACES = [0, 41, 100, 233, 377, 503]
TARGETS = [ClassTarget("lion"), ChannelTarget("first", 2), CellTarget("last", 3, 2), CellTarget("last", 3, 2, 5)]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.describe())
def test_the_gradient_is_that_of_differences(target) -> None:
    network, x = Tiny(), image()
    objective = objective_for(network, target, x)
    found = run_to_end(gradient(network, x, objective, ExplainOptions())).colours
    expected = central_differences(lambda one: objective(network, one), x, PLACES)
    np.testing.assert_allclose(found.flatten()[PLACES].numpy(), expected, rtol=1e-5, atol=1e-9)


def test_gradient_times_input_on_a_linear_network() -> None:
    network, x = Linear(12, 14), image()
    found = run_to_end(gradient_x_input(network, x, first_score(), ExplainOptions())).colours
    torch.testing.assert_close(found, (network.weight * x)[0])


class Mixed(nn.Module):
    """A ReLU as a module in place, as a function, as a method and as an in-place function; keeps what comes back."""

    title = name = "mixed"
    layer_names = ()

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.convolutions = nn.ModuleList(nn.Conv2d(c, 5, 3, padding=1, dtype=torch.float64) for c in (3, 5, 5, 5))
        self.module = nn.ReLU(inplace=True)
        self.requires_grad_(False)
        self.device = torch.device("cpu")
        self.back: list[Tensor] = []

    def activations(self, x: Tensor, names: Collection[str]) -> dict[str, Tensor]:
        def statement(y: Tensor) -> Tensor:
            y = y * 1.0
            torch.relu_(y)  # whose result is the changed tensor itself
            return y

        activations = (self.module, lambda y: F.relu(y), lambda y: y.relu(), statement)
        for convolution, activation in zip(self.convolutions, activations, strict=True):
            x = convolution(x)
            if x.requires_grad:
                x.register_hook(lambda gradient: self.back.append(gradient.clone()))
            x = activation(x)
        return {name: x.mean((2, 3)) for name in names}


def test_guided_backprop_catches_every_relu() -> None:
    network, x = Mixed(), image()
    everything = Objective("class", SCORES, lambda scores: scores.sum(1), ClassTarget("all"), Quantity.SCORE)
    plain = float(everything(network, x)[0])
    found = run_to_end(guided_backprop(network, x, everything, ExplainOptions()))
    assert len(network.back) == 4 and found.checks["ReLUs guided"] == 4
    assert all(bool((back >= 0).all()) and bool(back.any()) for back in network.back)
    assert bool((found.colours < 0).any())  # behind the first convolution signs come back
    with GuidedReLUs():
        assert float(everything(network, x)[0]) == plain

    # The same by hand, from the last ReLU to the picture.
    kept = [x]
    for convolution in network.convolutions:
        kept.append(convolution(kept[-1]).clamp(min=0))
    back = torch.full_like(kept[-1], 1.0 / (12 * 14))
    for convolution, activation in zip(reversed(network.convolutions), reversed(kept[1:]), strict=True):
        back = torch.where((back > 0) & (activation > 0), back, 0.0)
        back = F.conv_transpose2d(back, convolution.weight, padding=1)
    torch.testing.assert_close(found.colours, back[0])


def test_guided_backprop_without_relus_is_the_gradient_and_says_so() -> None:
    network, x = Tiny(), image()
    found = run_to_end(guided_backprop(network, x, first_score(), ExplainOptions()))
    torch.testing.assert_close(found.colours, gradient_of(network, first_score(), x)[1][0])
    assert "no ReLU" in found.note


def test_relus_are_plain_again_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), GuidedReLUs():
        raise ZeroDivisionError
    x = torch.ones(1, requires_grad=True)
    (found,) = torch.autograd.grad(-torch.relu(x).sum(), x)
    assert float(found) == -1.0


def test_smoothgrad_on_a_linear_network_is_the_gradient() -> None:
    network, x = Linear(12, 14), image()
    found = run_to_end(smoothgrad(network, x, first_score(), SmoothGradOptions(samples=7))).colours
    torch.testing.assert_close(found, network.weight[0])


def test_smoothgrad_does_not_depend_on_chunks_but_on_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    network, x = Tiny(), image()

    def found(**knobs) -> Tensor:
        return run_to_end(smoothgrad(network, x, first_score(), SmoothGradOptions(samples=9, **knobs))).colours

    large = found()
    assert network.most > 1
    monkeypatch.setattr(chunks, "LARGEST", 1)
    network.most = 0
    torch.testing.assert_close(found(), large, rtol=1e-9, atol=1e-12)
    assert network.most == 1
    assert not torch.allclose(found(seed=1), large)
    torch.testing.assert_close(found(level=0.0), gradient_of(network, first_score(), x)[1][0])


@pytest.mark.parametrize("baseline", ["grey", "black", "white", "blurred"])
def test_integrated_gradients_add_up(baseline) -> None:
    network, x = Tiny(), image()
    parts = run_to_end(integrated_gradients(network, x, first_score(), IntegratedOptions(steps=20, baseline=baseline)))
    start = emptied(x, baseline)
    change = float(first_score()(network, x)[0] - first_score()(network, start)[0])
    assert float(parts.colours.sum()) == pytest.approx(change, abs=1e-9)
    assert parts.checks["change"] == pytest.approx(change) and abs(parts.checks["residual"]) < 1e-9
    # Against the plain sum of many small steps.
    steps = [start + (index + 0.5) / 400 * (x - start) for index in range(400)]
    mean = gradient_of(network, first_score(), torch.cat(steps))[1].mean(0)
    torch.testing.assert_close(parts.colours, mean * (x - start)[0], rtol=1e-4, atol=1e-9)


def test_the_residual_tells_too_few_steps() -> None:
    network, x = Tiny(lambda y: torch.relu(y) ** 2 / (1 + torch.relu(y))), image() * 4
    few, many = (
        run_to_end(integrated_gradients(network, x, first_score(), IntegratedOptions(steps=n, baseline="black")))
        for n in (2, 200)
    )
    assert abs(many.checks["residual"]) < abs(few.checks["residual"])


def test_grad_cam_before_a_mean_and_a_linear_layer_is_cam() -> None:
    network, x = Tiny(torch.relu), image()
    plain = run_to_end(cam(network, x, first_score(), ExplainOptions())).cells
    with_signs = GradCamOptions(layer="last", negative=True)
    weighted = run_to_end(grad_cam(network, x, first_score(), with_signs)).cells
    torch.testing.assert_close(weighted, plain / plain.numel())
    cut = run_to_end(grad_cam(network, x, first_score(), GradCamOptions(layer="last"))).cells
    torch.testing.assert_close(cut, weighted.clamp_min(0))
    assert float(plain.mean()) == pytest.approx(float(first_score()(network, x)[0]))


def test_grad_cam_of_an_earlier_layer_against_differences() -> None:
    network, x = Tiny(), image()
    objective = objective_for(network, CellTarget("last", 2, 3, 1), x)
    cells = run_to_end(grad_cam(network, x, objective, GradCamOptions(layer="first", negative=True))).cells
    maps = network.activations(x, ["first"])["first"]

    def onward(first: Tensor) -> Tensor:
        return torch.tanh(network.two(F.avg_pool2d(first, 2)))[:, 1, 3, 2]

    weights = []
    for channel in range(6):  # the target moves by the mean gradient times the number of cells
        step = torch.zeros_like(maps)
        step[:, channel] = 1e-6
        weights.append(float((onward(maps + step) - onward(maps - step))[0]) / 2e-6 / maps[0, 0].numel())
    expected = torch.einsum("k,khw->hw", torch.tensor(weights, dtype=torch.float64), maps[0])
    torch.testing.assert_close(cells, expected, rtol=1e-5, atol=1e-9)


def test_grad_cam_refuses_a_layer_behind_the_target() -> None:
    network, x = Tiny(), image()
    objective = objective_for(network, ChannelTarget("first", 0), x)
    with pytest.raises(TargetError, match="last comes after first"):
        run_to_end(grad_cam(network, x, objective, GradCamOptions(layer="last")))


@pytest.mark.parametrize("layer", ["level 1", "level 2", "level 3"])
def test_grad_cam_of_every_level_of_a_backbone(layer) -> None:
    backbone, picture = small_backbone((4, 6, 8)), noise_picture(37, 26)
    target = ChannelTarget("level 3", 1)
    found = run_to_end(explain(picture, backbone, "grad-cam", target, GradCamOptions(layer=layer, size=32)))
    assert found.map.shape == (22, 32) and found.cells is not None
    stride = {"level 1": 1, "level 2": 2, "level 3": 4}[layer]
    assert found.cells.shape == (-(-22 // stride), 32 // stride)


def test_enlarging_meets_the_cells_at_their_centres() -> None:
    cells = torch.rand(4, 5, dtype=torch.float64)
    large = enlarge(cells, Receptive(5, 2, -1), (12, 9))  # centres at 1, 3, 5 ...
    torch.testing.assert_close(large[1:9:2, 1:11:2], cells)
    torch.testing.assert_close(large[1, 2], (cells[0, 0] + cells[0, 1]) / 2)
    assert float(large[0, 0]) == float(cells[0, 0]) and float(large[8, 11]) == float(cells[3, 4])


@pytest.mark.parametrize(("window", "stride"), [(5, 3), (4, 4), (30, 8), (3, 5)])
def test_occlusion_is_brute_force(window, stride) -> None:
    network, x = Tiny(), image()
    options = OcclusionOptions(window=window, stride=stride, fill="white")
    found = run_to_end(occlusion(network, x, first_score(), options)).pixels
    height, width = 12, 14
    tall, wide = min(window, height), min(window, width)
    rows = sorted({*range(0, height - tall + 1, stride), height - tall})
    columns = sorted({*range(0, width - wide + 1, stride), width - wide})
    total, times = np.zeros((height, width)), np.zeros((height, width))
    whole = float(first_score()(network, x)[0])
    for y in rows:
        for left in columns:
            covered = x.clone()
            covered[..., y : y + tall, left : left + wide] = 1.0
            total[y : y + tall, left : left + wide] += whole - float(first_score()(network, covered)[0])
            times[y : y + tall, left : left + wide] += 1
    np.testing.assert_allclose(found.numpy(), total / np.maximum(times, 1), atol=1e-12)
    assert not bool(x.requires_grad)


@pytest.mark.parametrize(("column", "row"), [(0, 0), (4, 3), (11, 9)])
def test_occlusion_of_a_cell_looks_only_at_what_it_sees(column, row) -> None:
    backbone = small_backbone((4, 6, 8))
    x = noise_picture(47, 37).tensor((47, 37))  # no multiple of the strides: edges are padded
    objective = objective_for(backbone, CellTarget("level 3", column, row), x)
    looked = []
    measure = objective.measure
    counted = replace(objective, measure=lambda maps: looked.append(len(maps)) or measure(maps))
    options = OcclusionOptions(window=6, stride=6, fill="white")
    found = run_to_end(occlusion(backbone, x, counted, options)).pixels
    everywhere = run_to_end(occlusion(backbone, x, replace(objective, cell=None), options)).pixels
    torch.testing.assert_close(found, everywhere, atol=1e-6, rtol=1e-5)
    assert found.any() and sum(looked) < 0.6 * 8 * 7


def test_occlusion_of_single_pixels_on_a_linear_network() -> None:
    network, x = Linear(12, 14), image()
    options = OcclusionOptions(window=1, stride=1, fill="grey")
    found = run_to_end(occlusion(network, x, first_score(), options)).pixels
    difference = x - torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).view(1, 3, 1, 1)
    torch.testing.assert_close(found, (network.weight * difference)[0].sum(0))


def test_blurring_keeps_a_flat_picture_and_the_mean_of_a_point() -> None:
    flat = torch.full((1, 3, 9, 7), 0.3, dtype=torch.float64)
    torch.testing.assert_close(blurred(flat, 4.0), flat)
    point = torch.zeros(1, 1, 41, 41, dtype=torch.float64)
    point[..., 20, 20] = 1.0
    soft = blurred(point, 2.0)[0, 0]
    assert float(soft.sum()) == pytest.approx(1.0)
    x = torch.arange(41, dtype=torch.float64) - 20
    assert float((soft.sum(0) * x**2).sum()) == pytest.approx(4.0, rel=0.05)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_a_map_and_a_record(method) -> None:
    network = Tiny(torch.relu)
    picture = noise_picture(30, 20)
    found = run_to_end(explain(picture, network, method, ClassTarget(), METHODS[method].options(size=32)))
    assert found.map.shape == (21, 32) and found.map.dtype == np.float32 and np.isfinite(found.map).all()
    assert found.record["method"] == method and found.record["options"]["size"] == 32
    assert found.record["target"].startswith("class ") and found.unit.startswith("score")
    assert METHODS[method].signed or bool((found.map >= 0).all())
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.parametrize("method", METHODS)
def test_every_method_cancels_within_one_chunk(method, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "SECONDS", 0.0)  # so that a chunk is a single picture
    network = Tiny(torch.relu)
    job = explain(noise_picture(30, 20), network, method, ClassTarget(), METHODS[method].options(size=32))
    last = -1.0
    for _ in range(4):
        before = network.looked
        try:
            event = next(job)
        except StopIteration:
            break
        assert network.looked - before <= 3 and event.fraction >= last
        last = event.fraction
    job.close()
    looked = network.looked
    assert next(job, None) is None and network.looked == looked
    x = torch.ones(1, requires_grad=True)
    (back,) = torch.autograd.grad(-torch.relu(x).sum(), x)
    assert float(back) == -1.0


def test_a_full_memory_halves_the_chunks() -> None:
    calls = []

    def work(start: int, stop: int) -> int:
        calls.append(stop - start)
        if stop - start > 3:
            raise RuntimeError("CUDA out of memory")
        return stop - start

    done = run_to_end(chunks.in_chunks(work, 20, torch.device("cpu"), "working", per_item=1))
    assert sum(done) == 20 and max(done) <= 3 and max(calls) > 3
    with pytest.raises(MemoryError):
        run_to_end(chunks.in_chunks(_full, 3, torch.device("cpu"), "", per_item=1))


def _full(start: int, stop: int) -> int:
    raise RuntimeError("out of memory")


def test_words_for_what_is_not_there() -> None:
    network, x = Tiny(), image()
    backbone = small_backbone((4, 6))
    picture = noise_picture(30, 20)
    for target, sentence in (
        (ChannelTarget("middle", 0), "no layer “middle”; its layers are first, last"),
        (ChannelTarget("last", 8), "channels 0 to 7"),
        (CellTarget("last", 7, 0), "7 x 6 cells"),
    ):
        with pytest.raises(TargetError, match=sentence):
            objective_for(network, target, x)
    with pytest.raises(TargetError, match="without class scores"):
        run_to_end(explain(picture, backbone, "gradient", ClassTarget()))
    with pytest.raises(ExplainError, match="CAM needs a class"):
        run_to_end(cam(backbone, picture.tensor((32, 24)), first_score(), ExplainOptions()))
    with pytest.raises(TargetError, match="CAM explains a class, not a channel"):
        run_to_end(explain(picture, backbone, "cam", ChannelTarget("level 1", 0)))
    with pytest.raises(TargetError, match="There is no method “magic”"):
        run_to_end(explain(picture, backbone, "magic", ChannelTarget("level 1", 0)))
    with torch.no_grad():
        network.two.weight[0, 0, 0, 0] = torch.nan
    with pytest.raises(ExplainError, match="not finite"):
        run_to_end(explain(picture, network, "gradient", ChannelTarget("last", 0)))


def test_a_picture_of_one_pixel() -> None:
    picture = Picture.from_array(np.full((1, 1, 3), 200, np.uint8))
    found = run_to_end(
        explain(picture, small_backbone((4, 6)), "grad-cam", ChannelTarget("level 2", 0), GradCamOptions(size=32))
    )
    assert found.map.shape == (32, 32)


@pytest.mark.parametrize("name", ["buddynet", "squeezenet1_1", "resnet50", "convnext_tiny"])
def test_every_kind_of_backbone(name) -> None:
    backbone, picture = build_backbone(name, seed=3), noise_picture(60, 50)
    level = backbone.levels[-2]
    for method in ("gradient", "guided-backprop", "grad-cam"):
        found = run_to_end(
            explain(picture, backbone, method, CellTarget(level.name, 1, 1), METHODS[method].options(size=64))
        )
        assert found.map.shape == (53, 64) and found.map.any()
        about_method = found.note.partition(f"{level.name} has ")[0]  # behind it stands how its cells differ
        assert bool(about_method) == (method == "guided-backprop" and name == "convnext_tiny")
    for module in backbone.stage(1).modules():
        assert not module._forward_hooks and not module._backward_hooks
        assert all(weight.grad is None for weight in module.parameters())


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_target_that_is_not_active_says_so(method: str) -> None:
    network = Tiny(F.relu)
    network.two.bias[3] = -1e6
    options = METHODS[method].options().with_values(size=32)
    for target in (ChannelTarget("last", 3), CellTarget("last", 3, 2, 3)):
        if target.kind not in METHODS[method].targets:
            continue
        found = run_to_end(explain(noise_picture(32, 32), network, method, target, options))
        assert not found.map.any() and found.value == 0
        assert "map is zero everywhere" in found.note
    alive = run_to_end(explain(noise_picture(32, 32), Tiny(), method, ClassTarget(1), options))
    assert alive.map.any() and "zero everywhere" not in alive.note


def test_cells_that_are_not_the_published_ones_are_told_of() -> None:
    network = build_backbone("squeezenet1_0", seed=1)
    picture = noise_picture(224, 224)
    found = run_to_end(explain(picture, network, "gradient", CellTarget("fire8", 7, 5), ExplainOptions(size=224)))
    assert "fire8 has 28 x 28 cells here" in found.note and "it has 27 x 27" in found.note
    vgg = build_backbone("vgg19", seed=1)
    found = run_to_end(explain(picture, vgg, "gradient", CellTarget("relu2_1", 3, 2), ExplainOptions(size=224)))
    assert found.note == ""
