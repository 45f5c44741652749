"""Real weights on a real lion: the maps point at the animal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.attribution import CellTarget, ClassTarget, PairTarget, explain, explain_pair
from studio.attribution.options import ExplainOptions, GradCamOptions, IntegratedOptions, OcclusionOptions
from studio.attribution.targets import Target
from studio.backbones import load_backbone
from studio.backbones.classifier import Classifier, load_classifier
from studio.picture import Picture, load
from studio.progress import run_to_end

BOX = (3, 3, 217, 213)
"""Edges of the lion in B.png, 224 x 224, by eye; its head and mane lie within HEAD."""
HEAD = (0, 0, 105, 110)


@pytest.fixture(scope="module")
def files(request: pytest.FixtureRequest) -> tuple[Path, Path]:
    shared = Path(__file__).resolve().parents[3] / "shared"
    weights, picture = shared / "weights" / "squeezenet1_0.safetensors", shared / "data" / "lion_cat"
    if not weights.is_file() or not picture.is_dir():
        pytest.skip("the folder `shared` with reference networks and pictures is not beside this checkout")
    return weights, picture


@pytest.fixture(scope="module")
def network(files: tuple[Path, Path]) -> Classifier:
    return run_to_end(load_classifier("squeezenet1_0", files[0], "cpu"))


@pytest.fixture(scope="module")
def lion(files: tuple[Path, Path]) -> Picture:
    return load(files[1] / "B.png")


def density_ratio(values: np.ndarray, box: tuple[int, int, int, int]) -> float:
    """Mean of what speaks for the target inside the box, over that outside of it."""
    inside = np.zeros(values.shape, bool)
    inside[box[1] : box[3], box[0] : box[2]] = True
    positive = np.maximum(values, 0.0)
    return float(positive[inside].mean() / positive[~inside].mean())


def test_the_lion_is_the_strongest_class(network: Classifier, lion: Picture) -> None:
    found = run_to_end(explain(lion, network, "grad-cam", ClassTarget()))
    assert found.target == "class lion"
    # Measured: 4.4 times as dense in the head as elsewhere, 57 % of it there; 3.2 times for occlusion 16 / 8.
    assert density_ratio(found.map, HEAD) > 2.0
    y, x = np.unravel_index(int(found.map.argmax()), found.map.shape)
    assert HEAD[0] <= x <= HEAD[2] and HEAD[1] <= y <= HEAD[3]


@pytest.mark.slow
def test_covering_the_head_costs_most(network: Classifier, lion: Picture) -> None:
    options = OcclusionOptions(window=48, stride=32)
    found = run_to_end(explain(lion, network, "occlusion", ClassTarget("lion"), options))
    assert density_ratio(found.map, HEAD) > 1.5
    y, x = np.unravel_index(int(found.map.argmax()), found.map.shape)
    assert HEAD[0] <= x <= HEAD[2] and HEAD[1] <= y <= HEAD[3]


def test_cam_is_the_class_map_of_the_network(network: Classifier, lion: Picture) -> None:
    found = run_to_end(explain(lion, network, "cam", ClassTarget("lion")))
    bias = float(network.model.classifier[1].bias[291])
    assert float(np.maximum(found.cells + bias, 0.0).mean()) == pytest.approx(found.value, rel=1e-4)


@pytest.mark.parametrize("layer", ["conv1", "fire2", "fire5", "fire7", "fire8"])
def test_grad_cam_at_layers_between_the_levels(files: tuple[Path, Path], lion: Picture, layer: str) -> None:
    backbone = run_to_end(load_backbone("squeezenet1_0", files[0], "cpu"))
    target: Target = CellTarget("fire8", 6, 5)
    found = run_to_end(explain(lion, backbone, "grad-cam", target, GradCamOptions(layer=layer, size=128)))
    assert found.map.shape == (128, 128) and found.map.any()


@pytest.mark.slow
def test_the_parts_of_a_pair_add_up(files: tuple[Path, Path], lion: Picture) -> None:
    backbone = run_to_end(load_backbone("squeezenet1_0", files[0], "cpu"))
    cat = load(files[1] / "A.png")
    target = PairTarget("fire8", (80.0, 60.0), (74.0, 26.0))
    found = run_to_end(explain_pair(cat, lion, backbone, "integrated-gradients", target, IntegratedOptions(size=160)))
    for one in (found.a, found.b):
        assert abs(one.checks["residual"]) < 0.1 * abs(one.checks["change"])
    plain = run_to_end(explain_pair(cat, lion, backbone, "gradient", target, ExplainOptions(size=160)))
    assert plain.cosine == pytest.approx(found.cosine)
