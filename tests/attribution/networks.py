"""Tiny networks in float64, whose explanations are known or can be computed another way."""

from __future__ import annotations

from collections.abc import Callable, Collection

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.attribution.network import SCORES
from studio.attribution.objectives import Objective
from studio.attribution.targets import ClassTarget, Quantity

Image = Tensor


class Tiny(nn.Module):
    """conv - activation - pool - conv - activation, mean over the cells, one linear layer."""

    title = "Tiny"
    name = "tiny"
    layer_names = ("first", "last")
    class_names = ("cat", "lion", "sea lion", "stone")

    def __init__(self, activation: Callable[[Tensor], Tensor] = torch.tanh, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.one = nn.Conv2d(3, 6, 3, padding=1, dtype=torch.float64)
        self.two = nn.Conv2d(6, 8, 3, padding=1, dtype=torch.float64)
        self.end = nn.Linear(8, 4, bias=False, dtype=torch.float64)
        self.activation = activation
        self.requires_grad_(False)
        self.device = torch.device("cpu")
        self.looked = 0
        """How many pictures were looked at."""
        self.most = 0
        """How many at once."""

    def activations(
        self, image: Tensor, names: Collection[str], raw: dict[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        self.looked += len(image)
        self.most = max(self.most, len(image))
        maps = {}
        x = self.activation(self.one(image.to(torch.float64)))
        maps["first"] = x
        maps["last"] = self.activation(self.two(F.avg_pool2d(x, 2)))
        maps[SCORES] = self.end(maps["last"].mean((2, 3)))
        if raw is not None:
            raw.update(maps)
        return {name: maps[name] for name in names}

    def class_number(self, which: str | int) -> int:
        return which if isinstance(which, int) else self.class_names.index(which)

    def head(self) -> tuple[str, Tensor]:
        return "last", self.end.weight


class Linear(nn.Module):
    """The score is a weighted sum of the pixels."""

    title = name = "linear"
    layer_names = ("pixels",)

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(9)
        self.weight = torch.randn(1, 3, height, width, generator=generator, dtype=torch.float64)
        self.device = torch.device("cpu")

    def activations(
        self, image: Tensor, names: Collection[str], raw: dict[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        del raw
        return {name: (image.to(torch.float64) * self.weight).sum((1, 2, 3))[:, None] for name in names}


def first_score() -> Objective:
    return Objective("class", SCORES, lambda scores: scores[:, 0], ClassTarget(0), Quantity.SCORE, 0)


def image(height: int = 12, width: int = 14, seed: int = 4) -> Image:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(1, 3, height, width, generator=generator, dtype=torch.float64)


def central_differences(function: Callable[[Tensor], Tensor], x: Tensor, places: list[int]) -> list[float]:
    """The derivative of `function`, to a number per picture, at some entries of the flattened `x`."""
    found = []
    for place in places:
        step = torch.zeros_like(x).flatten()
        step[place] = 1e-6
        step = step.view_as(x)
        found.append(float((function(x + step) - function(x - step))[0]) / 2e-6)
    return found
