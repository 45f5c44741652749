"""What a dream is drawn to: more of the same, what a second picture shows, or the partners of the pairs."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from studio.arrays import Size
from studio.dream.measure import LOOK, Network
from studio.dream.tiles import Local
from studio.geometry import fit_within
from studio.pairs import PairSet
from studio.picture import Picture
from studio.warp import moving_least_squares

Channels = tuple[int, ...]
"""Of a layer; none stands for all of them."""
AT_ONCE = 4096
"""Cells of the dream that are compared with all of the guide's at a time."""


class Guide(Protocol):
    """Makes the terms of a dream."""

    def at(self, network: Network, layer: str, channels: Channels, size: Size, rolled: tuple[int, int]) -> Local:
        """The terms at a size, (width, height), of a picture that was rolled by (x, y) pixels."""
        ...

    def describe(self) -> list[str]:
        """For the recipe."""
        ...


class _NoGuide:
    """The mean square of what is seen is raised (Mordvintsev et al. 2015)."""

    def at(self, network: Network, layer: str, channels: Channels, size: Size, rolled: tuple[int, int]) -> Local:
        del network, layer, channels, size, rolled
        return lambda maps, _rows, _columns: maps.square().mean(dim=1).sum()

    def describe(self) -> list[str]:
        return []


no_guide = _NoGuide()
"""No guide."""


class PictureGuide:
    """Each place is drawn to the place of a second picture that it is most like (the authors' guided dreams).

    Measured by the dot product with it, over the channels' number, so that steps are like those without a guide.
    """

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._cells: dict[tuple[str, Channels], Tensor] = {}

    def at(self, network: Network, layer: str, channels: Channels, size: Size, rolled: tuple[int, int]) -> Local:
        del size, rolled
        cells = self._seen(network, layer, channels)

        def local(maps: Tensor, _rows: slice, _columns: slice) -> Tensor:
            own = maps.flatten(2)[0].T
            partners = [(part.detach() @ cells.T).argmax(dim=1) for part in torch.split(own, AT_ONCE)]
            return (own * cells[torch.cat(partners)]).sum() / own.shape[1]

        return local

    def describe(self) -> list[str]:
        return [f"guided by {self._picture.name}"]

    def _seen(self, network: Network, layer: str, channels: Channels) -> Tensor:
        """(cells, C)."""
        key = layer, channels
        if key not in self._cells:
            with torch.no_grad():
                image = self._picture.tensor(fit_within(self._picture.size, LOOK), network.device)
                maps = network.activations(image, [layer])[layer]
            maps = maps[:, list(channels)] if channels else maps
            self._cells[key] = maps.flatten(2)[0].T.contiguous()
        return self._cells[key]


class PairsGuide:
    """Each place is drawn to its partner by the pairs: where moving least squares take it in the second picture."""

    def __init__(self, a: Picture, b: Picture, pairs: PairSet) -> None:
        self._a, self._b, self._pairs = a, b, pairs.enabled()
        self._maps: dict[tuple[str, Channels], Tensor] = {}
        self._fields: dict[Size, Tensor] = {}

    def at(self, network: Network, layer: str, channels: Channels, size: Size, rolled: tuple[int, int]) -> Local:
        there = self._seen(network, layer, channels)
        width, height = size
        stride = network.layer(layer).stride

        def local(maps: Tensor, rows: slice, columns: slice) -> Tensor:
            # Where the cells' middles were before the picture was rolled, from 0 to 1 of it.
            y = (torch.arange(rows.start, rows.stop) + 0.5) * stride - rolled[1]
            x = (torch.arange(columns.start, columns.stop) + 0.5) * stride - rolled[0]
            v, u = torch.meshgrid(torch.remainder(y, height) / height, torch.remainder(x, width) / width, indexing="ij")
            places = self._partners(torch.stack([u, v], dim=-1)).to(there)
            partners = F.grid_sample(there, places[None], mode="bilinear", padding_mode="border", align_corners=False)
            return (maps * partners).sum() / maps.shape[1]

        return local

    def describe(self) -> list[str]:
        return [f"guided by {self._b.name} along the pairs"]

    def _partners(self, shares: Tensor) -> Tensor:
        """(rows, columns, 2) places of B, -1 to 1, of places of A, (rows, columns, 2), 0 to 1."""
        field = self._field()
        return F.grid_sample(
            field, (shares * 2.0 - 1.0)[None], mode="bilinear", padding_mode="border", align_corners=False
        )[0].permute(1, 2, 0)

    def _field(self) -> Tensor:
        """(1, 2, h, w): for pixels of a small A their places in B, -1 to 1."""
        size = fit_within(self._a.size, LOOK)
        if size not in self._fields:
            points = np.stack(np.meshgrid(np.arange(size[0]), np.arange(size[1])), axis=-1).reshape(-1, 2)
            full = (points + 0.5) * np.divide(self._a.size, size) - 0.5
            there = moving_least_squares(full, self._pairs.a, self._pairs.b)
            shares = (there + 0.5) / np.asarray(self._b.size) * 2.0 - 1.0
            self._fields[size] = torch.from_numpy(shares.reshape(size[1], size[0], 2).astype(np.float32)).permute(
                2, 0, 1
            )[None]
        return self._fields[size]

    def _seen(self, network: Network, layer: str, channels: Channels) -> Tensor:
        """(1, C, rows, columns) of B."""
        key = layer, channels
        if key not in self._maps:
            with torch.no_grad():
                image = self._b.tensor(fit_within(self._b.size, LOOK), network.device)
                maps = network.activations(image, [layer])[layer]
            self._maps[key] = maps[:, list(channels)] if channels else maps
        return self._maps[key]


__all__ = ["Guide", "PairsGuide", "PictureGuide", "no_guide"]
