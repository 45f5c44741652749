"""Features of one picture at the levels of a match, computed layer by layer so that a cancel is heard."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from studio.backbones.backbone import Backbone, Stage
from studio.progress import Job, Progress


def plain_stages(backbone: Backbone) -> list[Stage]:
    """The backbone's stages, on a CPU as copies that compute in the plain order of memory, (N, C, H, W).

    There channels last is quicker but rounds differently from the authors' program, and the inversion of
    `official` makes something else of it within some hundred steps.
    """
    stages = [backbone.stage(level.number) for level in backbone.levels]
    if backbone.device.type != "cpu":
        return stages
    return [copy.deepcopy(stage).to(memory_format=torch.contiguous_format) for stage in stages]


def extract(image: Tensor, stages: Sequence[Stage], finest: int) -> Job[dict[int, Tensor]]:
    """Run `image`, (1, 3, H, W) and normalised, of any size, through `stages`.

    Returns the maps, (1, C, h, w), by level number from `finest` on.
    """
    maps = {}
    x = image
    costs = [cost(stage, number) for number, stage in enumerate(stages, 1)]
    for number, stage in enumerate(stages, 1):
        before, layers = sum(costs[: number - 1]), _layers(stage, x)
        for index, layer in enumerate(layers, 1):
            with torch.no_grad():
                x = layer(x)
            yield Progress((before + costs[number - 1] * index / len(layers)) / sum(costs), "")
        if number >= finest:
            maps[number] = x
    return maps


def _layers(stage: Stage, x: Tensor) -> Sequence[Callable[[Tensor], Tensor]]:
    """The pieces that `stage` can be run in on `x` where nothing has to be padded or cropped in between."""
    odd = any(length % stage.ratio for length in x.shape[-2:])
    return [stage] if stage.drop or any(stage.pad) or odd else list(stage.body.children())


def cost(stage: Stage, number: int) -> float:
    """Roughly the multiplications of the stage that ends in level `number`, per pixel of the finest level."""
    return 3.0 * sum(parameter.numel() for parameter in stage.parameters()) / 4.0 ** (number - 1)
