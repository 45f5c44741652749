"""Files that the user names: every spelling is understood, and what does not fit is refused in a sentence."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from safetensors.torch import load_file, save_file
from torchvision.transforms.functional import normalize

from studio.backbones import (
    CATALOG,
    Cut,
    Entry,
    WeightsError,
    build_backbone,
    load_backbone,
)
from studio.backbones.classifier import build_classifier
from studio.backbones.weights import read_weights
from studio.device import DeviceError
from studio.paths import weights_dir
from studio.progress import run_to_end
from tests.backbones.testnet import loaded, refusal, same, saved, state

SPELLINGS: dict[str, Any] = {
    "whole": lambda tensors: tensors,
    "no classifier": lambda tensors: {name: tensors[name] for name in tensors if name.startswith("features")},
    "module.": lambda tensors: {f"module.{name}": tensors[name] for name in tensors},
    "deeper": lambda tensors: {f"net.encoder.{name}": tensors[name] for name in tensors},
    "bare": lambda tensors: {name.removeprefix("features."): tensors[name] for name in tensors},
    "bare module.": lambda tensors: {f"module.{name.removeprefix('features.')}": tensors[name] for name in tensors},
    "double": lambda tensors: {name: tensors[name].double() for name in tensors},
}
CHECKPOINTS: dict[str, Any] = {
    "checkpoint": lambda tensors: {"state_dict": tensors, "epoch": 7, "arch": "squeezenet1_1"},
    "nested": lambda tensors: {"model": {f"module.{name}": tensors[name] for name in tensors}},
}


@pytest.mark.parametrize("name", ["mine.pth", "mine.bin", "mine.safetensors"])
@pytest.mark.parametrize("spelling", SPELLINGS | CHECKPOINTS)
def test_a_state_dict_of_torch(spelling: str, name: str, tmp_path: Path, testnet: Entry) -> None:
    """Whatever the file is called: the content decides."""
    (tmp_path / name).write_bytes(saved((SPELLINGS | CHECKPOINTS)[spelling](state())))
    assert same(loaded("testnet", tmp_path / name), build_backbone("testnet", state()))
    assert not weights_dir().exists(), "nothing of it is copied"


@pytest.mark.parametrize("name", ["mine.pth", "mine.safetensors"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_safetensors_file(spelling: str, name: str, tmp_path: Path, testnet: Entry) -> None:
    save_file(SPELLINGS[spelling](state()), tmp_path / name)
    assert same(loaded("testnet", tmp_path / name), build_backbone("testnet", state()))


@pytest.mark.parametrize("counted", [False, True])
def test_batch_normalisation_with_and_without_its_counter(counted: bool) -> None:
    """The published ResNet-50 lacks `num_batches_tracked`."""
    model = torchvision.models.resnet18(weights=None).eval()
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.uniform_(-1, 1)
                module.running_var.uniform_(0.5, 2)
    tensors = {name: value for name, value in model.state_dict().items() if counted or "num_batches" not in name}
    row = Entry("resnet18", "ResNet-18", "", "", "resnet18", (Cut("conv1", "relu", 2, 64),))
    image = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        expected = model.relu(model.bn1(model.conv1(normalize(image, row.mean, row.std))))
    torch.testing.assert_close(build_backbone(row, tensors).features(image)[1], expected, rtol=1e-4, atol=1e-5)


def test_the_old_format_of_torch(tmp_path: Path, testnet: Entry) -> None:
    """The published VGG-19 is such a file."""
    torch.save(state(), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert same(loaded("testnet", tmp_path / "old.pth"), build_backbone("testnet", state()))


def test_half_of_vgg19_names_the_levels_that_are_missing(shared_dir: Path) -> None:
    sentence = refusal(shared_dir / "weights" / "vgg19_conv1_conv3.safetensors", "vgg19")
    assert "only in part" in sentence and "relu4_1 and relu5_1" in sentence


def test_another_network_is_refused(shared_dir: Path) -> None:
    weights = shared_dir / "weights"
    assert "other weights than those of ResNet-50" in refusal(weights / "squeezenet1_0.safetensors", "resnet50")
    assert "squeezenet1_0" in refusal(weights / "squeezenet1_0.safetensors", "vgg16")
    assert "features.0.weight" in refusal(weights / "squeezenet1_0.safetensors", "squeezenet1_1")
    assert "BuddyNet" in refusal(weights / "squeezenet1_0.safetensors", "buddynet")


def test_wrong_shapes(tmp_path: Path, testnet: Entry) -> None:
    tensors = {**state(), "features.3.squeeze.weight": torch.zeros(8, 64, 1, 1)}
    (tmp_path / "mine.pth").write_bytes(saved(tensors))
    sentence = refusal(tmp_path / "mine.pth")
    assert "“features.3.squeeze.weight” is 8 x 64 x 1 x 1 instead of 16 x 64 x 1 x 1" in sentence


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("nested", [False, True])
def test_numbers_that_are_not_finite(number: float, nested: bool, tmp_path: Path, testnet: Entry) -> None:
    tensors = state()
    tensors["features.3.squeeze.weight"][3, 5] = number
    (tmp_path / "mine.pth").write_bytes(saved({"state_dict": tensors} if nested else tensors))
    sentence = refusal(tmp_path / "mine.pth")
    assert "“features.3.squeeze.weight” holds numbers that are not finite" in sentence
    with pytest.raises(WeightsError, match="not finite"):
        build_backbone("testnet", tensors)


def test_a_buddynet_and_a_classifier_that_are_not_finite(tmp_path: Path) -> None:
    tensors = load_file(CATALOG["buddynet"].shipped)
    name = next(iter(tensors))
    tensors[name].view(-1)[7] = float("nan")
    save_file(tensors, tmp_path / "mine.safetensors")
    assert f"“{name}” holds numbers that are not finite" in refusal(tmp_path / "mine.safetensors", "buddynet")
    scores = {"classifier.1.weight": torch.full((1000, 512, 1, 1), float("-inf"))}
    with pytest.raises(WeightsError, match="not finite"):
        build_classifier("squeezenet1_1", scores)


class Malicious:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.trace),))


@pytest.mark.parametrize("old", [False, True])
def test_a_program_in_a_pickle_is_not_run(old: bool, tmp_path: Path, testnet: Entry) -> None:
    file = tmp_path / "evil.pth"
    evil = {**state(), "extra": Malicious(tmp_path / "trace")}
    torch.save(evil, file, _use_new_zipfile_serialization=not old)
    assert "could run a program" in refusal(file)
    file.write_bytes(pickle.dumps(Malicious(tmp_path / "trace"), protocol=2))
    refusal(file)
    assert not (tmp_path / "trace").exists()
    pickle.loads(file.read_bytes())
    assert (tmp_path / "trace").exists(), "the trap works"


def test_a_whole_pickled_network_is_not_opened(tmp_path: Path, testnet: Entry) -> None:
    torch.save(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3)), tmp_path / "net.pth")
    assert "plain state dict" in refusal(tmp_path / "net.pth")


@pytest.mark.parametrize("kind", [".pth", ".safetensors"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:-50],
        lambda _: b"",
        lambda _: b"<!DOCTYPE html><html><body>Not found</body></html>",
        lambda content: b"\x89PNG\r\n\x1a\n" + content,
        lambda _: bytes(3000),
    ],
    ids=["half", "end", "empty", "page", "picture", "zeros"],
)
def test_damaged_files(damage: Any, kind: str, tmp_path: Path, testnet: Entry) -> None:
    file = tmp_path / f"mine{kind}"
    if kind == ".pth":
        file.write_bytes(saved(state()))
    else:
        save_file(state(), file)
    file.write_bytes(damage(file.read_bytes()))
    assert "damaged" in refusal(file)


def test_not_a_state_dict(tmp_path: Path, testnet: Entry) -> None:
    (tmp_path / "list.pth").write_bytes(saved([torch.zeros(3)]))
    assert "no state dict" in refusal(tmp_path / "list.pth")
    (tmp_path / "none.pth").write_bytes(saved({"epoch": 3}))
    assert "other weights" in refusal(tmp_path / "none.pth")


def test_no_such_file_folder_or_device(tmp_path: Path, testnet: Entry) -> None:
    assert "There is no weights file" in refusal(tmp_path / "gone.pth")
    assert "There is no weights file" in refusal(tmp_path)
    with pytest.raises(DeviceError, match="cuda:99"):
        run_to_end(load_backbone("testnet", device="cuda:99"))
    with pytest.raises(WeightsError, match="can't be read"):
        read_weights(tmp_path / "gone.pth", testnet)
