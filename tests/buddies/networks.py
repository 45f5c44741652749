"""Small backbones with generated weights, and pictures, for tests of the match."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from studio.backbones import Backbone, Level
from studio.backbones.backbone import Stage
from studio.picture import Picture


def small_backbone(
    widths=(8, 12, 16, 24, 24), first_stride=1, seed=0, bias=0.2, mean=(0.485, 0.456, 0.406)
) -> Backbone:
    """Like VGG: from level to level a convolution, a pool and a convolution; strides double."""
    generator = torch.Generator().manual_seed(seed)

    def convolution(before, after, stride=1):
        layer = nn.Conv2d(before, after, 3, padding=1, stride=stride)
        layer.weight.data = torch.randn(layer.weight.shape, generator=generator) * (2 / (9 * before)) ** 0.5
        layer.bias.data = bias * (1.5 * torch.rand(after, generator=generator) - 0.5)
        return layer

    stages, levels = [], []
    before = 3
    for number, width in enumerate(widths, 1):
        if number == 1:
            layers = [convolution(3, width, first_stride), nn.ReLU(inplace=True)]
            ratio = first_stride
        else:
            layers = [convolution(before, before), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
            layers += [convolution(before, width), nn.ReLU(inplace=True)]
            ratio = 2
        stages.append(Stage(nn.Sequential(*layers), ratio))
        levels.append(Level(number, f"level {number}", first_stride * 2 ** (number - 1), width))
        before = width
    return Backbone("small", "Small", levels, stages, torch.device("cpu"), mean, (0.229, 0.224, 0.225))


def noise_picture(width, height, seed=0, smooth=4) -> Picture:
    """Random blobs of about `smooth` pixels."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand((1, 3, -(-height // smooth) + 1, -(-width // smooth) + 1), generator=generator)
    image = nn.functional.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 1)
    return Picture.from_array((image[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8))


def features(channels, height, width, seed=0):
    """Random non-negative features, (1, C, H, W), as after a ReLU; no two patches are alike."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((1, channels, height, width), generator=generator).clamp_min(0) + 0.01
