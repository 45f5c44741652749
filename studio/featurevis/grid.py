"""All channels of a layer at a glance, and the filters of the first layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from studio.backbones import Backbone
from studio.featurevis.layers import LayerMaps

Tiles = npt.NDArray[np.uint8]
Ranking = Literal["mean", "variance", "difference"]
Scaling = Literal["layer", "channel"]


LOUD = 0.8
"""Share of the channels that fit on the layer's scale whole: the loudest few must not make all others dark."""


@dataclass(frozen=True, eq=False)
class ChannelGrid:
    """The channels of a layer as small maps, the most telling first.

    Attributes
    ----------
    channels : (K,) int64
        Numbers of the channels in their order.
    a, b : (K, h, w) uint8
        Their maps, 0 for `low` and 255 for `high` and above.
    values : (K,) float32
        What they are ranked by.
    low, high : (K,) float32
        Ends of each map's scale: the same for all, or for each channel its own; always the same for A and B.
    ranking : str
        “mean” of both pictures, “variance” of the cells of both, “difference” of the pictures' means.
    """

    channels: npt.NDArray[np.int64]
    a: Tiles
    b: Tiles
    values: npt.NDArray[np.float32]
    low: npt.NDArray[np.float32]
    high: npt.NDArray[np.float32]
    ranking: Ranking
    unit: str = "activation"


def channel_grid(maps: LayerMaps, ranking: Ranking = "mean", scaling: Scaling = "layer", limit: int = 0) -> ChannelGrid:
    """Rank the channels and bring them to bytes on the device, so that little has to come off it.

    Parameters
    ----------
    limit : int
        Only so many channels; 0 for all.
    """
    a, b = maps.a[0], maps.b[0]
    cells = [one.flatten(1) for one in (a, b)]
    values = _values(cells, ranking)
    order = torch.argsort(values, descending=True, stable=True)
    order = order[:limit] if limit else order
    # Channels first in memory, which a convolution's result need not be: then all that follows is quick.
    chosen = [one.index_select(0, order).contiguous() for one in (a, b)]
    low = torch.stack([one.amin((1, 2)) for one in chosen]).amin(0).clamp_max(0.0)
    high = torch.stack([one.amax((1, 2)) for one in chosen]).amax(0)
    if scaling == "layer":
        low, high = low.min().expand_as(low), torch.quantile(high.float(), LOUD).expand_as(high)
    high = torch.where(high > low, high, low + 1.0)  # a channel that is silent everywhere
    tiles = [_bytes(one, low, high) for one in chosen]
    return ChannelGrid(
        order.cpu().numpy(),
        tiles[0],
        tiles[1],
        _array(values[order]),
        _array(low),
        _array(high),
        ranking,
    )


def _values(cells: list[Tensor], ranking: Ranking) -> Tensor:
    means = [one.mean(1) for one in cells]
    if ranking == "difference":
        return (means[0] - means[1]).abs()
    if ranking == "mean":
        return (means[0] + means[1]) / 2.0
    # The variance of all cells together, from those of the parts: no third copy of the maps is made.
    counts = [one.shape[1] for one in cells]
    total = sum(counts)
    mean = (means[0] * counts[0] + means[1] * counts[1]) / total
    parts = [
        (one.var(1, correction=0) + (own - mean) ** 2) * count
        for one, own, count in zip(cells, means, counts, strict=True)
    ]
    return (parts[0] + parts[1]) / total


def _bytes(maps: Tensor, low: Tensor, high: Tensor) -> Tiles:
    shares = (maps - low[:, None, None]) * (255.0 / (high - low))[:, None, None]
    tiles: Tiles = shares.round_().clamp_(0.0, 255.0).to(torch.uint8).cpu().numpy()
    return tiles


def _array(values: Tensor) -> npt.NDArray[np.float32]:
    array: npt.NDArray[np.float32] = values.float().cpu().numpy()
    return array


def first_filters(backbone: Backbone) -> Tiles:
    """The filters of the first convolution as colour pictures, (K, k, k, 3) uint8: grey is zero, one scale for all."""
    first = next(module for module in backbone.stage(1).modules() if isinstance(module, nn.Conv2d))
    weight = first.weight.detach().float()
    weight = weight[:, :3] if weight.shape[1] >= 3 else weight[:, :1].expand(-1, 3, -1, -1)
    most = float(weight.abs().max()) or 1.0
    shades = (127.5 + 127.5 * weight / most).round().clamp(0, 255).to(torch.uint8)
    filters: Tiles = shades.permute(0, 2, 3, 1).cpu().contiguous().numpy()
    return filters
