"""A small network published on a test's own server."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import torch

from studio.backbones import Backbone, Cut, Entry, WeightsError, load_backbone
from studio.backbones.networks import generate
from studio.progress import run_to_end

IMAGE = torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(3))
TESTNET = Entry(
    "testnet",
    "TestNet",
    "SqueezeNet 1.1 up to a stride of 4.",
    "MIT",
    "squeezenet1_1",
    (Cut("conv1", "features.1", 2, 64, pad=(1, 0)), Cut("fire3", "features.4", 4, 128)),
    kept_bytes=30_000,
)


def state() -> dict[str, torch.Tensor]:
    """What the published file holds, a classifier included."""
    return {**generate(TESTNET, seed=11), "classifier.1.weight": torch.rand(20, 512, 1, 1)}


def saved(content: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def loaded(name: str, weights: Path | None = None) -> Backbone:
    return run_to_end(load_backbone(name, weights, "cpu"))


def refusal(path: Path, name: str = "testnet") -> str:
    """The sentence said of a file that must be refused."""
    with pytest.raises(WeightsError) as caught:
        loaded(name, path)
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith(".") and path.name in sentence
    return sentence


def same(one: Backbone, other: Backbone) -> bool:
    mine, yours = one.features(IMAGE), other.features(IMAGE)
    return mine.keys() == yours.keys() and all(torch.equal(mine[number], yours[number]) for number in mine)
