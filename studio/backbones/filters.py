"""Filters of pictures that several rooms need."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def blurred(image: Tensor, sigma: float) -> Tensor:
    """`image`, (N, C, h, w), through a Gaussian of `sigma` pixels; beyond the edge the last pixels are repeated."""
    reach = max(1, round(3.0 * sigma))
    x = torch.arange(-reach, reach + 1, device=image.device, dtype=image.dtype)
    kernel = torch.exp(-0.5 * (x / sigma) ** 2)
    kernel = kernel / kernel.sum()
    channels = image.shape[1]
    rows = kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    image = F.conv2d(F.pad(image, (0, 0, reach, reach), mode="replicate"), rows, groups=channels)
    columns = kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    return F.conv2d(F.pad(image, (reach, reach, 0, 0), mode="replicate"), columns, groups=channels)
