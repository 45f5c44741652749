"""A network that is quick, and pictures made from code."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn

from studio.backbones import Backbone, Level, Stage
from studio.backbones.layers import plain_names
from studio.picture import Picture


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small images are quicker on one thread, by far so where the cores are busy with other tests."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny() -> Backbone:
    """A network like VGG of three levels, with two convolutions in the second and third; drawn weights."""
    torch.manual_seed(3)
    bodies = [
        nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True)),
        nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(inplace=True)),
        nn.Sequential(
            nn.MaxPool2d(2),
            nn.Conv2d(12, 16, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(16, 16, 3, padding=1),
            nn.ReLU(inplace=True),
        ),
    ]
    levels = [Level(1, "relu1_1", 1, 8), Level(2, "relu2_1", 2, 12), Level(3, "relu3_2", 4, 16)]
    names = plain_names(bodies, [level.name for level in levels])
    stages = [Stage(body, ratio, names=row) for body, ratio, row in zip(bodies, (1, 2, 2), names, strict=True)]
    return Backbone("tiny", "TinyNet", levels, stages, torch.device("cpu"), (0.45,) * 3, (0.25,) * 3)


def picture(kind: str, width: int = 40, height: int = 32, alpha: bool = False) -> Picture:
    """A picture from code: “disc” (dark on light), “stripes” (red and yellow), or “noise”."""
    y, x = np.mgrid[0:height, 0:width] + 0.5
    pixels = np.empty((height, width, 3), np.uint8)
    if kind == "disc":
        inside = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(width, height) / 3) ** 2
        pixels[:] = np.where(inside[..., None], (40, 60, 110), (210, 220, 200))
    elif kind == "stripes":
        pixels[:] = np.where((((x + y) // 3) % 2 == 0)[..., None], (200, 40, 20), (240, 200, 30))
    else:
        pixels[:] = np.random.default_rng(5).integers(0, 256, pixels.shape)
    if alpha:
        opaque = np.full((height, width, 1), 255, np.uint8)
        opaque[:, : width // 4] = 0
        pixels = np.concatenate([pixels, opaque], axis=-1)
    return Picture.from_array(pixels, f"{kind}.png")
