"""The loss as a whole: its gradient against finite differences, tiles against one piece, borders, layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from studio.backbones import Backbone, build_backbone, load_backbone
from studio.pairs import PairSet
from studio.progress import run_to_end
from studio.style.losses import STYLE_LOSSES
from studio.style.model import Region, StyleError, StyleSource
from studio.style.network import Extractor, choose_precision, content_layers, middle_layer, style_layers
from studio.style.objective import Objective, Scene, Weights
from studio.style.options import Precision, StyleLossName
from studio.style.scene import Given, Layers, Targets
from tests.style.conftest import picture

ALL = Weights(content=0.7, style=1.3, tv=0.4, anchors=0.9, range=0.2, styles=(1.0, 2.0))


def targets(backbone: Backbone, loss: StyleLossName, *, alpha: bool = False, regions: bool = False) -> Targets:
    left = np.zeros((30, 40), np.uint8)
    left[:, :17] = 255
    given = Given(
        content=picture("disc", 53, 37, alpha=alpha),
        styles=[StyleSource(picture("stripes")), StyleSource(picture("noise", 30, 30))],
        pairs=PairSet.from_arrays([[10, 12], [40.5, 30]], [[8, 9], [20, 22]], confidence=[1.0, 0.5]),
        regions=[Region(left, None, 1)] if regions else [],
        softness=0.1,
        anchor_reach=0.1,
    )
    layers = Layers({"relu1_1": 0.5, "relu2_1": 0.3, "relu3_2": 0.2}, ("relu3_1",))
    return Targets(given, layers, Extractor(backbone), STYLE_LOSSES[loss])


def image(width: int = 53, height: int = 37) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1))


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def scene(backbone: Backbone, loss: StyleLossName, **kinds: bool) -> Scene:
    made = targets(backbone, loss, **kinds)
    return made.scene((53, 37), rng(), made.extractor)


@pytest.mark.parametrize("loss", ["wasserstein", "gram", "mean_std"])
@pytest.mark.parametrize(("alpha", "regions"), [(False, False), (True, False), (True, True)])
def test_tiles_give_the_gradient_of_the_whole(tiny: Backbone, loss: StyleLossName, alpha: bool, regions: bool) -> None:
    made = scene(tiny, loss, alpha=alpha, regions=regions)
    extractor = Extractor(tiny)
    whole = Objective(extractor, made, STYLE_LOSSES[loss]).evaluate(image(), ALL, rng())
    for tile in (16, 20):
        tiled = Objective(extractor, made, STYLE_LOSSES[loss], tile).evaluate(image(), ALL, rng())
        assert tiled[0].keys() == whole[0].keys() >= {"total", "content", "style", "tv", "anchors", "range"}
        for name, value in whole[0].items():
            torch.testing.assert_close(tiled[0][name], value, rtol=2e-4, atol=1e-6)
        scale = float(whole[1].abs().max())
        torch.testing.assert_close(tiled[1], whole[1], rtol=0, atol=2e-4 * scale)


def test_tiles_of_targets_too(tiny: Backbone) -> None:
    """The style pictures and the content are larger than a tile, and are looked at in tiles as well."""
    made = targets(tiny, "wasserstein", alpha=True, regions=True)
    plain = made.scene((53, 37), rng(), made.extractor)
    made.tile = 16
    tiled = made.scene((53, 37), rng(), made.extractor)
    torch.testing.assert_close(tiled.content["relu3_1"][0], plain.content["relu3_1"][0], rtol=1e-4, atol=1e-5)
    for mine, theirs in zip(tiled.areas, plain.areas, strict=True):
        for (_, one), (_, other) in zip(mine.targets, theirs.targets, strict=True):
            for name in one:
                torch.testing.assert_close(one[name][:2], other[name][:2], rtol=1e-3, atol=1e-5)
    for name, anchors in tiled.anchors.items():
        expected = plain.anchors[name].target
        assert anchors.target is not None and expected is not None
        torch.testing.assert_close(anchors.target.mean, expected.mean, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["buddynet", "squeezenet1_0"])
def test_tiles_of_real_networks(name: str) -> None:
    """The overlap is wide enough for the deepest layer, whatever the network's kernels."""
    backbone = build_backbone(name, seed=2)
    made = Scene(
        style_layers={backbone.levels[-2].name: 1.0},
        areas=targets_of(backbone),
        content={},
    )
    x = torch.rand(1, 3, 200, 136, generator=torch.Generator().manual_seed(4))
    loss = STYLE_LOSSES["gram"]
    whole = Objective(Extractor(backbone), made, loss).evaluate(x, Weights(style=1.0), rng())[1]
    tiled = Objective(Extractor(backbone), made, loss, 64).evaluate(x, Weights(style=1.0), rng())[1]
    torch.testing.assert_close(tiled, whole, rtol=0, atol=2e-4 * float(whole.abs().max()))


def targets_of(backbone: Backbone) -> list[object]:
    given = Given(content=None, styles=[StyleSource(picture("stripes", 64, 64))])
    made = Targets(given, Layers({backbone.levels[-2].name: 1.0}), Extractor(backbone), STYLE_LOSSES["gram"])
    return list(made.scene((64, 64), rng(), made.extractor).areas)


@pytest.mark.parametrize("loss", ["wasserstein", "gram", "mean_std", "histogram", "sliced"])
def test_the_gradient_says_where_the_loss_falls(tiny: Backbone, loss: StyleLossName) -> None:
    """Along a smooth direction the finite difference is the gradient's, to within single precision."""
    objective = Objective(Extractor(tiny), scene(tiny, loss, regions=True), STYLE_LOSSES[loss])
    x = image()
    gradient = objective.evaluate(x, ALL, rng())[1]
    direction = gradient / gradient.norm()
    step = 0.02
    ahead, behind = (objective.evaluate(x + sign * step * direction, ALL, rng())[0]["total"] for sign in (1, -1))
    assert float(ahead - behind) / (2 * step) == pytest.approx(float(gradient.norm()), rel=0.1)


def test_a_weight_of_0_leaves_a_part_out(tiny: Backbone) -> None:
    objective = Objective(Extractor(tiny), scene(tiny, "gram"), STYLE_LOSSES["gram"])
    told, gradient = objective.evaluate(image(), Weights(styles=(1.0, 1.0)), rng())
    assert told.keys() == {"total"} and float(told["total"]) == 0.0 and not gradient.any()
    told, _ = objective.evaluate(image(), Weights(content=1.0), rng())
    assert told.keys() == {"total", "content"}


def test_styles_are_mixed_by_weight(tiny: Backbone) -> None:
    objective = Objective(Extractor(tiny), scene(tiny, "gram"), STYLE_LOSSES["gram"])

    def style(*weights: float) -> float:
        return float(objective.evaluate(image(), Weights(style=1.0, styles=weights), rng())[0]["style"])

    assert style(1.0, 3.0) == pytest.approx(0.25 * style(1.0, 0.0) + 0.75 * style(0.0, 1.0))
    assert style(2.0, 6.0) == pytest.approx(style(1.0, 3.0))


def test_the_first_convolution_repeats_the_border(tiny: Backbone) -> None:
    """A picture of one colour has the same activations up to its edge, and the weights are the backbone's own."""
    extractor = Extractor(tiny)
    flat = torch.full((1, 3, 16, 16), 0.8)
    found = extractor.maps(flat, ["relu1_1"])["relu1_1"]
    torch.testing.assert_close(found, found[..., 8:9, 8:9].expand_as(found))
    plain = tiny.activations(flat, ["relu1_1"])["relu1_1"]
    torch.testing.assert_close(found[..., 1:-1, 1:-1], plain[..., 1:-1, 1:-1])
    assert not torch.allclose(found, plain), "the backbone itself was changed"
    weights = {value.data_ptr() for value in tiny.stage(1).parameters()}
    assert {value.data_ptr() for value in extractor._backbone.stage(1).parameters()} == weights


def test_circular_borders_move_with_the_picture(tiny: Backbone) -> None:
    extractor = Extractor(tiny, "circular")
    x = torch.rand(1, 3, 16, 24)
    names = ["relu1_1", "relu2_1", "relu3_2"]
    still, moved = extractor.maps(x, names), extractor.maps(torch.roll(x, (4, 8), (2, 3)), names)
    for name in names:
        stride = extractor.stride(name)
        expected = torch.roll(still[name], (4 // stride, 8 // stride), (2, 3))
        torch.testing.assert_close(moved[name], expected, rtol=1e-4, atol=1e-5)


def test_anchors_reach_only_around_their_points(tiny: Backbone) -> None:
    made = targets(tiny, "gram")
    made.given = replace(made.given, pairs=PairSet.from_arrays([[8, 12]], [[8, 9]]))
    objective = Objective(Extractor(tiny), made.scene((53, 37), rng(), made.extractor), STYLE_LOSSES["gram"])
    _, gradient = objective.evaluate(image(), Weights(anchors=1.0, styles=(1.0, 1.0)), rng())
    size = gradient.abs().sum(1)[0]
    assert float(size[12, 8]) > 0
    # Two and a half deviations of a tenth of the side, a cell, and what the deepest layer sees beyond.
    beyond = 8 + round(2.5 * 5.3) + 4 + 11
    assert not size[:, beyond:].any()


def test_layers_are_read_from_text(tiny: Backbone) -> None:
    assert style_layers(tiny, "relu1_1:3, relu3_2") == {"relu1_1": 0.75, "relu3_2": 0.25}
    assert style_layers(tiny, " ").keys() == {"relu1_1", "relu2_1", "relu3_2"}
    assert sum(style_layers(tiny, "").values()) == pytest.approx(1.0)
    assert content_layers(tiny, "relu2_1, relu3_1,relu2_1") == ("relu2_1", "relu3_1")
    assert content_layers(tiny, "") == ("relu3_2",) == (middle_layer(tiny),)
    assert content_layers(build_backbone("buddynet"), "") == ("relu4_2",)
    for text, words in (
        ("relu9_1", "TinyNet has no layer “relu9_1”"),
        ("relu1_1:x", "is no layer with a weight"),
        ("relu1_1:-1", "is no layer with a weight"),
        ("relu1_1:0", "all 0"),
    ):
        with pytest.raises(StyleError, match=words):
            style_layers(tiny, text)
    with pytest.raises(StyleError, match="no layer “conv1”"):
        content_layers(tiny, "conv1")


def test_precision_on_a_cpu_is_full_unless_told_otherwise(tiny: Backbone) -> None:
    assert choose_precision("auto", torch.device("cpu")) == "float32"
    x = torch.rand(1, 3, 16, 16)
    full = Extractor(tiny).maps(x, ["relu2_1"])["relu2_1"]
    half = Extractor(tiny, precision="bfloat16").maps(x, ["relu2_1"])["relu2_1"]
    assert half.dtype == torch.float32 and not torch.equal(half, full)
    torch.testing.assert_close(half, full, rtol=0.1, atol=0.05)


@pytest.mark.parametrize("tile", [0, 16])
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_gradients_do_not_vanish_in_half_precision(tiny: Backbone, precision: Precision, tile: int) -> None:
    made, loss = scene(tiny, "gram"), STYLE_LOSSES["gram"]
    weights = Weights(content=1e-4, style=1e-4, styles=(1.0, 1.0))
    full = Objective(Extractor(tiny), made, loss).evaluate(image(), weights, rng())[1]
    half = Objective(Extractor(tiny, precision=precision), made, loss, tile).evaluate(image(), weights, rng())[1]
    assert float(F.cosine_similarity(full.flatten(), half.flatten(), 0)) > 0.98
    assert float(half.norm() / full.norm()) == pytest.approx(1.0, rel=0.05)


def test_masks_become_weights_by_area(tiny: Backbone) -> None:
    made = scene(tiny, "gram", regions=True)
    for area in made.areas:
        for name, weights in area.weights.items():
            stride = Extractor(tiny).stride(name)
            assert weights.shape == (-(-37 // stride), -(-53 // stride))
            assert float(weights.sum()) == pytest.approx(1.0, abs=1e-5)
    assert sum(area.share for area in made.areas) == pytest.approx(1.0)
    left = made.areas[0].weights["relu1_1"]
    profile = left.sum(0)
    expected = F.interpolate((torch.arange(40) < 17).float()[None, None], 53, mode="linear")[0, 0]
    # Far from the soft border it is the mask.
    assert float(profile[:14].min()) == pytest.approx(float(profile[:14].max()), rel=0.05)
    assert float(profile[40:].max()) == 0.0 == float(expected[40:].max())


def test_looks_are_those_of_layers_that_were_not_taught_points() -> None:
    shipped = run_to_end(load_backbone("buddynet", device="cpu"))
    assert list(style_layers(shipped, "")) == ["relu1_1", "relu2_2", "relu3_2", "relu4_3", "relu5_3"]
