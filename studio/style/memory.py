"""How much memory a step needs, and from which size on it is taken in tiles."""

from __future__ import annotations

import os

import torch

from studio.arrays import Size
from studio.backbones import Backbone
from studio.language import tr
from studio.style.model import StyleError

COPIES = 3.0
"""Maps of each convolution that are alive at the worst moment: its own, that of the next layer, and a gradient."""
SMALLEST_TILE = 256
"""Side, px: around smaller ones there would be ever more margin. 4,000 x 3,000 px take 2,272 MiB in these (VGG-19)."""
DEFAULT_MEMORY = 4 << 30
"""Taken for that of a machine that does not say."""
SHARE = 0.4
"""Of the memory of the machine, or of what a GPU has free, that the maps may take."""


def bytes_per_pixel(backbone: Backbone) -> float:
    """About what a forward and backward pass keeps for each pixel of the picture."""
    layers = [backbone.layer(name) for name in backbone.layer_names]
    return COPIES * sum(4.0 * layer.channels / layer.stride**2 for layer in layers)


def choose_tile(wanted: int, size: Size, backbone: Backbone, additive: bool) -> int:
    """The side of the tiles, 0 for one piece.

    Raises
    ------
    StyleError
        Tiles are asked for, but the loss has no statistics that add up.
    """
    if wanted:
        if not additive and max(size) > wanted:
            raise StyleError(
                tr(
                    "Tiles need a loss whose statistics add up: wasserstein, gram or mean_std; choose one of them, or "
                    "set the tiles to 0."
                )
            )
        return wanted
    need = bytes_per_pixel(backbone)
    budget = SHARE * _memory(backbone.device)
    if not additive or need * size[0] * size[1] <= budget:
        return 0
    tile = 2048
    while tile > SMALLEST_TILE and need * (tile * 1.4) ** 2 > budget:
        tile //= 2
    return tile


def _memory(device: torch.device) -> float:
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # not on Windows
        return float(DEFAULT_MEMORY)
