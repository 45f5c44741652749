"""Whole networks against torchvision's own, and their classes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from studio.backbones import CATALOG, WeightsError, build_backbone
from studio.backbones.classifier import (
    Classifier,
    build_classifier,
    class_names,
    find_class,
    load_classifier,
)
from studio.backbones.networks import skeleton
from studio.progress import run_to_end

NAMES = ["squeezenet1_0", "squeezenet1_1", "resnet50", "convnext_tiny"]


@pytest.fixture(scope="module")
def squeezenet() -> Classifier:
    return build_classifier("squeezenet1_1", seed=4)


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_torchvisions(name: str) -> None:
    entry, found = CATALOG[name], build_classifier(name, seed=1)
    network = getattr(torchvision.models, entry.constructor)(weights=None).eval()
    network.load_state_dict(found.model.state_dict())
    image = torch.rand(2, 3, 64, 80, generator=torch.Generator().manual_seed(2))
    mean, std = (torch.tensor(numbers).view(1, 3, 1, 1) for numbers in (entry.mean, entry.std))
    with torch.no_grad():
        expected = network((image - mean) / std)
        torch.testing.assert_close(found.scores(image) / expected.abs().max(), expected / expected.abs().max())
    assert len(found.class_names) == 1000 == len(set(range(len(found.class_names))))
    assert set(build_backbone(name).layer_names) <= set(found.layer_names)
    assert len(set(found.layer_names)) == len(found.layer_names)


def test_vgg_has_the_layers_behind_its_last_level() -> None:
    with torch.device("meta"):
        network = torchvision.models.vgg16(weights=None)
    from studio.backbones.classifier import _chain

    names = [name for name, _ in _chain(CATALOG["vgg16"], network) if name]
    assert names[:3] == ["relu1_1", "relu1_2", "pool1"] and names[-4:] == ["relu5_1", "relu5_2", "relu5_3", "pool5"]


def test_layers_and_scores_come_from_one_run(squeezenet: Classifier) -> None:
    image = torch.rand(1, 3, 64, 64, requires_grad=True)
    raw: dict[str, torch.Tensor] = {}
    maps = squeezenet.activations(image, ["fire9", "scores"], raw)
    (gradient,) = torch.autograd.grad(maps["scores"][0, 7], raw["fire9"], retain_graph=True)
    assert gradient.shape == maps["fire9"].shape and bool(gradient.any())
    assert squeezenet.layer("fire9").channels == 512 and squeezenet.layer("fire9").stride == 16
    with pytest.raises(ValueError, match="its layers are conv1"):
        squeezenet.activations(image, ["relu9"])
    with pytest.raises(ValueError, match="no layer “relu9”"):
        squeezenet.layer("relu9")
    with pytest.raises(WeightsError, match="too narrow for SqueezeNet"):
        squeezenet.scores(torch.rand(1, 3, 64, 5))


def test_linear_heads(squeezenet: Classifier) -> None:
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    layer, weights = squeezenet.head()
    with torch.no_grad():
        maps = squeezenet.activations(image, [layer, "scores"])
        cells = torch.einsum("kc,nchw->nkhw", weights, maps[layer]).clamp_min(0)
        torch.testing.assert_close(cells.mean((2, 3)), maps["scores"], rtol=1e-4, atol=1e-4)
    assert build_classifier("convnext_tiny").head() is None


def test_classes_by_name() -> None:
    names = class_names("squeezenet1_0")
    assert find_class(names, "lion") == 291 == find_class(names, " LION ") == find_class(names, 291)
    assert find_class(names, "tabby") == 281 and class_names("buddynet") == ()
    for which, sentence in (
        ("terrier", "may be “"),
        ("lionn", "did you mean .*“lion”"),
        ("", "no class"),
        (1000, "classes 0 to 999"),
    ):
        with pytest.raises(WeightsError, match=sentence):
            find_class(names, which)


def test_files_with_and_without_classes(tmp_path: Path, squeezenet: Classifier) -> None:
    state = {key: value.contiguous() for key, value in squeezenet.model.state_dict().items()}
    whole, cut = tmp_path / "whole.safetensors", tmp_path / "cut.safetensors"
    save_file(state, whole)
    save_file({key: value for key, value in state.items() if key.startswith("features")}, cut)
    loaded = run_to_end(load_classifier("squeezenet1_1", whole, "cpu"))
    image = torch.rand(1, 3, 64, 64)
    torch.testing.assert_close(loaded.scores(image), squeezenet.scores(image))
    assert run_to_end(load_classifier("squeezenet1_1", whole, "cpu")) is loaded
    for name, file, sentence in (
        ("squeezenet1_1", cut, "holds no classes"),
        ("squeezenet1_0", whole, "does not fit SqueezeNet 1.0"),
        ("resnet50", whole, "holds other weights"),
    ):
        with pytest.raises(WeightsError, match=sentence) as caught:
            run_to_end(load_classifier(name, file, "cpu"))
        assert file.name in str(caught.value)
    with pytest.raises(WeightsError, match="BuddyNet has no classes"):
        run_to_end(load_classifier("buddynet"))


def test_networks_with_other_numbers_of_classes(tmp_path: Path) -> None:
    """What people train themselves: torchvision's network with a head of their own, its names in a file beside it."""
    torch.manual_seed(0)
    theirs = torchvision.models.squeezenet1_1(weights=None, num_classes=3).eval()
    file = tmp_path / "pets.pth"
    torch.save({"state_dict": {f"module.{key}": value for key, value in theirs.state_dict().items()}}, file)
    image = torch.rand(1, 3, 64, 64)
    ours = run_to_end(load_classifier("squeezenet1_1", file, "cpu"))
    assert ours.class_names == class_names("squeezenet1_1", file) == ("class 0", "class 1", "class 2")
    entry = CATALOG["squeezenet1_1"]
    mean, std = (torch.tensor(numbers).view(1, 3, 1, 1) for numbers in (entry.mean, entry.std))
    with torch.no_grad():
        torch.testing.assert_close(ours.scores(image), theirs((image - mean) / std), rtol=1e-4, atol=1e-5)
    for name, text in (
        ("pets.txt", "cat\n dog \n\nsea lion\n"),
        ("pets.json", '["cat", "dog", "sea lion"]'),
        ("pets.json", '{"0": "cat", "1": ["n1", "dog"], "2": "sea lion"}'),
        ("pets.json", '{"dog": 1, "cat": 0, "sea lion": 2}'),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        found = run_to_end(load_classifier("squeezenet1_1", file, "cpu"))
        assert found.class_names == class_names("squeezenet1_1", file) == ("cat", "dog", "sea lion")
        assert found.class_number("dog") == 1
        (tmp_path / name).rename(tmp_path / f"other-{name}")
    other = tmp_path / "other-pets.txt"
    assert run_to_end(load_classifier("squeezenet1_1", file, "cpu", other)).class_names[2] == "sea lion"
    other.write_text("cat\ndog\n")
    with pytest.raises(WeightsError, match=r"“other-pets.txt” names 2 classes, but the network has 3"):
        run_to_end(load_classifier("squeezenet1_1", file, "cpu", other))
    (tmp_path / "bad.json").write_text('{"a": {}}')
    with pytest.raises(WeightsError, match="holds no names of classes"):
        class_names("squeezenet1_1", file, tmp_path / "bad.json")


@pytest.mark.parametrize("name", ["squeezenet1_1", "convnext_tiny"])
def test_other_heads_of_any_kind(name: str) -> None:
    state = skeleton(CATALOG[name], 5).state_dict()
    found = build_classifier(name, {key: torch.zeros(one.shape) for key, one in state.items()})
    assert found.scores(torch.rand(1, 3, 64, 64)).shape == (1, 5) and found.class_names[4] == "class 4"
