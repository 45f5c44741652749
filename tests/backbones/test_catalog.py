"""The table agrees with torchvision, and can be read without torch."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torchvision.models import get_model_weights

from studio.backbones import CATALOG, Cut, Entry, WeightsError, build_backbone, weights_status
from studio.backbones.catalog import catalogued
from studio.backbones.networks import kept

DOWNLOADED = [entry for entry in CATALOG.values() if not entry.built_in]


def test_the_networks_of_the_program() -> None:
    wanted = {"buddynet", "vgg19", "vgg16", "squeezenet1_0", "squeezenet1_1", "resnet50", "convnext_tiny"}
    assert wanted <= set(CATALOG)
    assert all(name == entry.name for name, entry in CATALOG.items())


def test_the_window_can_read_it_without_torch() -> None:
    script = (
        "import sys; from studio.backbones import CATALOG, weights_status\n"
        "print([(len(entry.levels), weights_status(name).text) for name, entry in CATALOG.items()])\n"
        "print([name for name in ('torch', 'torchvision', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    table, imported = done.stdout.splitlines()
    assert "built in" in table and "download of 548 MB" in table
    assert imported == "[]"


@pytest.mark.parametrize("entry", CATALOG.values(), ids=lambda entry: entry.name)
def test_levels_double(entry: Entry) -> None:
    assert [level.number for level in entry.levels] == list(range(1, len(entry.levels) + 1))
    assert len({level.name for level in entry.levels}) == len(entry.levels)
    for fine, coarse in zip(entry.levels, entry.levels[1:], strict=False):
        assert coarse.stride == 2 * fine.stride
    for level in entry.levels:
        assert abs(level.offset) <= level.stride / 4
    assert entry.description.endswith(".") and entry.licence


@pytest.mark.parametrize("entry", DOWNLOADED, ids=lambda entry: entry.name)
def test_the_published_file_is_the_one_that_torchvision_names(entry: Entry) -> None:
    published = {weights.url: weights.meta["_file_size"] for weights in get_model_weights(entry.constructor)}
    assert entry.url in published
    # torchvision gives megabytes of 2 ** 20 bytes with three digits, this table a size to the kilobyte at worst.
    assert entry.download_bytes == pytest.approx(published[entry.url] * 2**20, abs=1100)
    digits = entry.url.rpartition("-")[2].removesuffix(".pth")
    assert entry.sha256.startswith(digits) and set(entry.sha256) <= set("0123456789abcdef")
    assert len(entry.sha256) in (8, 64)


@pytest.mark.parametrize("entry", DOWNLOADED, ids=lambda entry: entry.name)
def test_kept_bytes(entry: Entry) -> None:
    assert entry.kept_bytes == sum(4 * torch.Size(shape).numel() for shape in kept(entry).values())
    # Class scores are worth a few megabytes, not VGG's half of a gigabyte.
    scores = [name for name in kept(entry) if "classifier" in name or name.startswith("fc")]
    assert bool(scores) == (not entry.name.startswith("vgg"))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(WeightsError, match="choose one of buddynet, vgg19"):
        catalogued("vgg91")
    with pytest.raises(WeightsError):
        weights_status("vgg91")


NEW_ROWS = [
    Entry(
        "alexnet",
        "AlexNet",
        "A row.",
        "BSD",
        "alexnet",
        (
            Cut("conv1", "features.1", 4, 64, pad=(1, 2)),
            Cut("conv2", "features.4", 8, 192, pad=(0, 1)),
            Cut("conv5", "features.11", 16, 256, pad=(0, 1)),
        ),
    ),
    Entry(
        "resnet18",
        "ResNet-18",
        "A row.",
        "BSD",
        "resnet18",
        (Cut("conv1", "relu", 2, 64), Cut("layer1", "layer1", 4, 64), Cut("layer2", "layer2.0", 8, 128)),
    ),
    Entry(
        "mobilenet_v2",
        "MobileNet",
        "A row.",
        "BSD",
        "mobilenet_v2",
        (Cut("conv1", "features.1", 2, 16), Cut("block3", "features.3", 4, 24), Cut("block6", "features.6", 8, 32)),
    ),
    Entry(
        "efficientnet_b0",
        "EfficientNet",
        "A row.",
        "BSD",
        "efficientnet_b0",
        (Cut("stage1", "features.1", 2, 16), Cut("stage2", "features.2", 4, 24), Cut("stage3", "features.3", 8, 40)),
    ),
]


@pytest.mark.parametrize("entry", NEW_ROWS, ids=lambda entry: entry.name)
def test_another_network_is_one_row(entry: Entry) -> None:
    backbone = build_backbone(entry, seed=3)
    maps = backbone.features(torch.rand(1, 3, 75, 90))
    for level in entry.levels:
        shape = (1, level.channels, -(-75 // level.stride), -(-90 // level.stride))
        assert maps[level.number].shape == shape


def test_a_row_that_lacks_padding_is_noticed() -> None:
    backbone = build_backbone(Entry("bad", "Bad", "A row.", "BSD", "alexnet", (Cut("conv1", "features.1", 4, 64),)))
    with pytest.raises(ValueError, match="padding"):
        backbone.features(torch.rand(1, 3, 64, 64))


def test_a_row_whose_cuts_are_not_in_order_is_noticed() -> None:
    row = Entry("bad", "Bad", "A row.", "BSD", "vgg16", (Cut("b", "features.6", 2, 128), Cut("a", "features.1", 1, 64)))
    with pytest.raises(LookupError, match="no module features"):
        build_backbone(row)
