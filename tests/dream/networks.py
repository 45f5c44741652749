"""Networks whose answers are known: one convolution, and one linear map of the whole picture."""

from __future__ import annotations

from collections.abc import Collection

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.backbones.classifier import SCORES
from studio.backbones.layers import Layer


class OneFilter:
    """One linear convolution of 7 x 7 without a border, from grey: `filter` is (1, 3, 7, 7)."""

    name, title = "one", "One filter"
    layer_names = ("filter",)
    device = torch.device("cpu")

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(1)
        self.filter = torch.randn(1, 3, 7, 7, generator=generator)

    def activations(self, image: Tensor, names: Collection[str]) -> dict[str, Tensor]:
        del names
        return {"filter": F.conv2d(image - 0.5, self.filter)}

    def layer(self, name: str) -> Layer:
        return Layer(name, 1, 1, "convolution")


class Linear:
    """Scores are a linear map of the picture: `weight` is (K, 3 h w)."""

    name, title = "linear", "Linear"
    class_names = ("cat", "lion", "stone")
    layer_names = ()
    device = torch.device("cpu")

    def __init__(self, height: int, width: int) -> None:
        generator = torch.Generator().manual_seed(2)
        self.weight = torch.randn(3, 3 * height * width, generator=generator)

    def activations(self, image: Tensor, names: Collection[str]) -> dict[str, Tensor]:
        del names
        return {SCORES: image.flatten(1) @ self.weight.T}

    def class_number(self, which: str | int) -> int:
        return which if isinstance(which, int) else self.class_names.index(which)
