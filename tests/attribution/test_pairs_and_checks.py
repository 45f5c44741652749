"""Pairs, the checks of maps, their files, and the words of targets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import spearmanr

from studio.attribution import check, check_pair, explain, explain_pair, save_map, scale_of, split_by_channel, why
from studio.attribution.checks import perturbation_curves, rank_correlation
from studio.attribution.explain import explain_once, seen
from studio.attribution.objectives import pair_objectives
from studio.attribution.options import (
    ExplainOptions,
    GradCamOptions,
    InspectOptions,
    IntegratedOptions,
    OcclusionOptions,
    method_named,
    options_for,
)
from studio.attribution.result import Attribution
from studio.attribution.run import explaining
from studio.attribution.targets import (
    CellTarget,
    ChannelTarget,
    ClassTarget,
    PairTarget,
    Quantity,
    TargetError,
    parse_pair,
    parse_target,
)
from studio.backbones import NetworkChoice
from studio.colour_maps import SEQUENTIAL, SIGNED, Scale
from studio.errors import OutOfMemory
from studio.files import FileError
from studio.progress import run_to_end
from tests.attribution.networks import Linear, Tiny, central_differences, first_score, image
from tests.buddies.networks import noise_picture, small_backbone

A, B = noise_picture(40, 30, 1), noise_picture(36, 48, 2)
PAIR = PairTarget("last", (20.0, 11.0), (9.0, 30.0))
SMALL = ExplainOptions(size=32)


def by_hand(network: Tiny) -> tuple[np.ndarray, np.ndarray]:
    """The vectors of the two cells: the map `last` has cells of 2 x 2 pixels of the working size."""
    vectors = []
    for picture, (x, y), (width, height) in ((A, PAIR.a, (32, 24)), (B, PAIR.b, (24, 32))):
        maps = network.activations(picture.tensor((width, height)), ["last"])["last"]
        column = int((x + 0.5) * width / picture.size[0] // 2)
        row = int((y + 0.5) * height / picture.size[1] // 2)
        vectors.append(maps[0, :, row, column].numpy())
    return vectors[0], vectors[1]


def test_the_cosine_is_split_exactly() -> None:
    network = Tiny()
    parts = split_by_channel(A, B, network, PAIR, 32)
    a, b = by_hand(network)
    expected = a * b / np.linalg.norm(a) / np.linalg.norm(b)
    np.testing.assert_allclose(parts.values, expected[parts.channels], rtol=1e-12)
    assert sorted(parts.channels.tolist()) == list(range(8))
    assert np.all(np.diff(np.abs(parts.values)) <= 0) and parts.cosine == pytest.approx(float(expected.sum()))
    found = run_to_end(explain_pair(A, B, network, "gradient", PAIR, SMALL))
    assert found.cosine == pytest.approx(parts.cosine) == found.b.value


def test_gradients_of_the_cosine_are_those_of_differences() -> None:
    network = Tiny()
    images = tuple(seen(picture, network, 32).double() for picture in (A, B))
    objectives = pair_objectives(network, PAIR, images, (A.size, B.size))
    found = run_to_end(explain_pair(A, B, network, "gradient", PAIR, SMALL))
    for objective, one, attribution in zip(objectives, images, (found.a, found.b), strict=True):
        gradient = torch.from_numpy(attribution.colours).permute(2, 0, 1).flatten()
        places = gradient.abs().argsort(descending=True)[:5].tolist()
        expected = central_differences(lambda x, objective=objective: objective(network, x), one, places)
        np.testing.assert_allclose(gradient[places].numpy(), expected, rtol=1e-3)


def test_why_of_a_pair() -> None:
    network = Tiny()
    options = IntegratedOptions(size=32, steps=24), OcclusionOptions(size=32, window=8, stride=8)
    found = run_to_end(why(A, B, network, PAIR, *options))
    for one in (found.integrated.a, found.integrated.b):
        assert abs(one.checks["residual"]) < 1e-5
        assert float(one.map.sum()) == pytest.approx(one.checks["change"], abs=1e-4)
    assert found.occlusion.a.unit == "cosine lost" and found.parts.cosine == pytest.approx(found.gradient.cosine)
    assert found.gradient.cosine == found.integrated.cosine == found.occlusion.cosine
    # Pixels that neither cell can see don't matter.
    assert not found.gradient.a.map[:, -4:].any() and found.gradient.a.map.any()


def test_a_place_that_the_network_does_not_see() -> None:
    network = Tiny(torch.relu)
    network.two.bias.fill_(-100.0)
    with pytest.raises(TargetError, match="sees nothing at all"):
        run_to_end(explain_pair(A, B, network, "gradient", PAIR, SMALL))


def test_curves_of_a_perfect_and_of_a_random_map() -> None:
    network, x = Linear(12, 14), image()
    empty = x.new_zeros(x.shape) + x.mean()
    perfect = (network.weight * (x - empty))[0].sum(0).numpy().astype(np.float32)
    noise = np.random.default_rng(0).normal(size=perfect.shape).astype(np.float32)
    good, bad = (run_to_end(perturbation_curves(network, x, first_score(), one)) for one in (perfect, noise))
    assert good.deletion_area < bad.deletion_area and good.insertion_area > bad.insertion_area
    whole = float(first_score()(network, x)[0])
    assert good.deletion[0] == pytest.approx(whole) == good.insertion[-1]
    assert good.deletion[-1] == pytest.approx(good.insertion[0])
    assert good.fractions[0] == 0.0 and good.fractions[-1] == 1.0 and len(good.deletion) == len(good.fractions)
    # On a linear network what is deleted from the one is what is inserted in the other.
    np.testing.assert_allclose(np.add(good.deletion, good.insertion), whole + good.deletion[-1])
    steps = np.asarray(good.deletion)
    assert good.deletion_area == pytest.approx(float((steps.sum() - (steps[0] + steps[-1]) / 2) / (len(steps) - 1)))


def test_rank_correlation_is_spearmans() -> None:
    generator = np.random.default_rng(1)
    one = generator.normal(size=(9, 7)).round(1)
    other = one + generator.normal(size=(9, 7))
    assert rank_correlation(one, other) == pytest.approx(spearmanr(abs(one), abs(other), axis=None)[0])
    assert rank_correlation(one, -one) == pytest.approx(1.0)
    assert rank_correlation(one, np.zeros((9, 7))) == 0.0


def test_checks_leave_the_network_alone() -> None:
    backbone = small_backbone((4, 6, 8))
    before = [weight.clone() for level in (1, 2, 3) for weight in backbone.stage(level).parameters()]
    target, options = ChannelTarget("level 2", 3), ExplainOptions(size=32)
    found = run_to_end(explain(A, backbone, "gradient", target, options))
    checked = run_to_end(check(A, backbone, found, target, options))
    # Of five convolutions, three come before the target: the rest is not counted.
    assert [stage.of for stage in checked.sanity] == [3] * 4 and checked.sanity[-1].layers == 3
    assert all(-1.0 <= stage.similarity <= 1.0 for stage in checked.sanity)
    assert checked.sanity[-1].similarity < 0.99
    after = [weight for level in (1, 2, 3) for weight in backbone.stage(level).parameters()]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert not any(module._forward_hooks for level in (1, 2, 3) for module in backbone.stage(level).modules())
    again = run_to_end(explain(A, backbone, "gradient", target, options))
    np.testing.assert_array_equal(again.map, found.map)


def test_checks_of_a_pair_and_of_the_strongest_class() -> None:
    network = Tiny()
    found = run_to_end(explain_pair(A, B, network, "gradient", PAIR, SMALL))
    first, second = run_to_end(check_pair(A, B, network, found, PAIR, SMALL))
    assert first.curves.deletion[0] == pytest.approx(second.curves.deletion[0]) == pytest.approx(found.cosine)
    assert len(first.sanity) == 4
    one = run_to_end(explain(A, network, "gradient", ClassTarget(), SMALL))
    curves = run_to_end(check(A, network, one, ClassTarget(), SMALL, sanity=False))
    assert not curves.sanity and curves.curves.deletion[0] == pytest.approx(one.value)


def made(values: np.ndarray, signed: bool = False) -> Attribution:
    return Attribution(
        values.astype(np.float32),
        Quantity.SCORE,
        signed,
        "gradient-x-input",
        ClassTarget("lion"),
        1.5,
        record={"size": [6, 4]},
    )


def test_two_maps_share_a_scale() -> None:
    values = np.linspace(-1, 3, 24).reshape(4, 6)
    small, large = made(values, True), made(values * 10, True)
    scale = scale_of(small, large)
    assert scale.low == -scale.high and 29 < scale.high <= 30
    together = scale.coloured(small.map, SIGNED), scale.coloured(large.map, SIGNED)
    near = np.abs(small.map * 10 - large.map) < 1e-5
    assert near.all()
    same = scale.index(np.float32([2.0])) == scale.index(np.float32([20.0]))
    assert not same.any() and together[0].shape == (4, 6, 3)
    # Equal numbers get equal colours, whichever map they are in.
    assert (scale.index(np.full((1, 1), 2.5)) == scale.index(np.full((3, 2), 2.5))).all()


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("values", [np.zeros((4, 6)), np.full((4, 6), np.nan), np.full((4, 6), -2.0)])
def test_odd_maps_draw(values, signed, tmp_path: Path) -> None:
    one = made(values, signed)
    save_map(one, tmp_path / "map.png", picture=A, opacity=0.5)
    assert Image.open(tmp_path / "map.png").size == A.size
    scale = Scale.shared([values], signed=signed)
    assert scale.high > scale.low and np.isfinite([scale.low, scale.high]).all()


def test_a_signed_zero_is_the_middle_and_colours_differ_in_lightness() -> None:
    scale = Scale.shared([np.float32([-1, 4])], signed=True)
    assert (scale.low, scale.high) == (-4.0, 4.0) and int(scale.index(np.zeros(1, np.float32))[0]) in (127, 128)
    assert Scale.shared([]).high == 1.0
    for table in SEQUENTIAL.values():
        lightness = table.astype(float) @ [0.2126, 0.7152, 0.0722]
        assert table.shape == (256, 3) and np.all(np.diff(lightness) > -1.0) and lightness[-1] - lightness[0] > 150
    lightness = SIGNED.astype(float) @ [0.2126, 0.7152, 0.0722]
    assert lightness.argmin() in range(110, 146) and min(lightness[0], lightness[-1]) > 120


def test_files_hold_the_record(tmp_path: Path) -> None:
    one = made(np.arange(24).reshape(4, 6))
    assert save_map(one, tmp_path / "map.npy") == [tmp_path / "map.npy", tmp_path / "map.json"]
    np.testing.assert_array_equal(np.load(tmp_path / "map.npy"), one.map)
    record = json.loads((tmp_path / "map.json").read_text())
    assert record["size"] == [6, 4] and record["scale"]["unit"] == "score"
    save_map(one, tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as image_:
        assert image_.size == (6, 4) and json.loads(image_.text["Recipe"]) == record
    with pytest.raises(FileError):
        save_map(one, tmp_path / "nowhere" / "map.npy")


def test_targets_from_words() -> None:
    assert parse_target("strongest", "x") == ClassTarget()
    assert parse_target("class:sea lion", "x") == ClassTarget("sea lion")
    assert parse_target("class:291", "x") == ClassTarget(291)
    assert parse_target("channel:17", "relu5_1") == ChannelTarget("relu5_1", 17)
    assert parse_target("cell:7, 5", "x") == CellTarget("x", 7, 5)
    assert parse_target("cell:7,5,3", "x") == CellTarget("x", 7, 5, 3)
    for words in ("", "channel:", "channel:-1", "cell:7", "klass:lion", "class:"):
        with pytest.raises(TargetError, match="can't be explained"):
            parse_target(words, "x")
    assert parse_pair("311,97.5:120, 88") == ((311.0, 97.5), (120.0, 88.0))
    for words in ("311,97", "a,b:c,d", "1,2:3", "1,2:3,4:5,6"):
        with pytest.raises(TargetError, match="is no pair"):
            parse_pair(words)


def test_every_method_takes_its_own_knobs_of_all() -> None:
    everything = InspectOptions(size=96, samples=3, window=9, negative=True).to_dict()
    assert options_for("gradient", everything) == ExplainOptions(size=96)
    assert options_for("occlusion", everything) == OcclusionOptions(size=96, window=9)
    assert options_for("grad-cam", {**everything, "layer": "fire8"}) == GradCamOptions(
        size=96, negative=True, layer="fire8"
    )
    with pytest.raises(TypeError):
        run_to_end(explain(A, Tiny(), "occlusion", ClassTarget(), ExplainOptions()))
    assert method_named("cam").targets == {"class"}


def test_running_with_the_built_in_network(monkeypatch: pytest.MonkeyPatch) -> None:
    options = GradCamOptions(size=192)
    sizes = []

    def scarce(picture, network, method, target, plan):
        sizes.append(plan.size)
        if plan.size == 192:
            raise MemoryError
        return explain_once(picture, network, method, target, plan)

    monkeypatch.setattr("studio.attribution.run.explain_once", scarce)
    messages: list[str] = []
    job = explaining(A, "grad-cam", ChannelTarget("relu3_1", 5), options, network=NetworkChoice(device="cpu"))
    found = run_to_end(job, lambda event: messages.append(event.message))
    assert sizes == [192, 96] and max(found.map.shape) == 96
    assert any("Out of memory" in message for message in messages)
    monkeypatch.setattr(sys.modules["studio.attribution.explain"], "explain_once", scarce)
    again = run_to_end(explain(A, small_backbone((4, 6)), "grad-cam", ChannelTarget("level 2", 1), options))
    assert max(again.map.shape) == 96
    with pytest.raises(OutOfMemory, match="smaller working size"):
        small = GradCamOptions(size=100)
        monkeypatch.setattr(sys.modules["studio.attribution.explain"], "explain_once", _full)
        run_to_end(explain(A, small_backbone((4, 6)), "grad-cam", ChannelTarget("level 2", 1), small))


def _full(*_):
    raise MemoryError


def test_what_the_window_imports_at_its_start_knows_no_torch() -> None:
    modules = "studio.attribution.options, studio.attribution.targets, studio.attribution.result, studio.colour_maps"
    program = f"import sys, studio.cli, studio.backbones.status, {modules}; print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
