"""The gradient of what a layer sees, of the whole picture or exactly the same in tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.backbones.receptive import Receptive, theoretical
from studio.dream.measure import Network

Local = Callable[[Tensor, slice, slice], Tensor]
"""From maps, (1, C, rows, columns), of cells in these rows and columns of the whole map, to the sum of their terms."""


@dataclass(frozen=True, slots=True)
class Ascent:
    """The value of a picture and its gradient, (1, 3, h, w)."""

    value: float
    gradient: Tensor


def ascent(
    network: Network, layer: str, channels: tuple[int, ...], image: Tensor, local: Local, tile: int = 0
) -> Ascent:
    """The mean over all cells of a layer of what `local` gives, and its gradient in `image`, (1, 3, h, w).

    Parameters
    ----------
    channels : tuple of int
        Only these of the layer; none for all.
    tile : int
        Side of the parts, px; 0 computes the whole in one piece. Parts give the same gradient: each is computed with
        all the cells that see any of its pixels, and with all the pixels that those see.
    """
    height, width = image.shape[-2:]
    field = theoretical(network, [layer])[layer]
    rows, columns = -(-height // field.stride), -(-width // field.stride)
    if not tile or (tile >= height and tile >= width):
        value, gradient = _part(network, layer, channels, image, local, (slice(0, rows), slice(0, columns)), (0, 0))
        return Ascent(value / (rows * columns), gradient / (rows * columns))
    gradient, total = torch.empty_like(image), 0.0
    for top, bottom in _spans(height, tile):
        for left, right in _spans(width, tile):
            down, across = _cells(top, bottom, field, rows), _cells(left, right, field, columns)
            first_y, last_y = _pixels(down, field, height)
            first_x, last_x = _pixels(across, field, width)
            crop = image[:, :, first_y:last_y, first_x:last_x]
            begin = first_y // field.stride, first_x // field.stride
            # Each cell counts once for the value: in the tile that its block begins in.
            mine = _own(top, bottom, field.stride, rows), _own(left, right, field.stride, columns)
            value, found = _part(network, layer, channels, crop, local, (down, across), begin, mine)
            here = found[:, :, top - first_y : bottom - first_y, left - first_x : right - first_x]
            gradient[:, :, top:bottom, left:right] = here / (rows * columns)
            total += value
    return Ascent(total / (rows * columns), gradient)


def _part(
    network: Network,
    layer: str,
    channels: tuple[int, ...],
    crop: Tensor,
    local: Local,
    cells: tuple[slice, slice],
    begin: tuple[int, int],
    mine: tuple[slice, slice] | None = None,
) -> tuple[float, Tensor]:
    """The sum over `mine`, by default all of `cells`, and the gradient of that over `cells` in `crop`.

    The first cell of `crop`, (1, 3, h, w), is `begin` of the whole map; `mine` are among `cells`.
    """
    pixels = crop.detach().contiguous().requires_grad_(True)
    maps = network.activations(pixels, [layer])[layer]
    value = local(_chosen(maps, channels, cells, begin), *cells)
    (gradient,) = torch.autograd.grad(value, [pixels])
    if mine is None:
        return float(value.detach()), gradient
    if any(one.stop <= one.start for one in mine):
        return 0.0, gradient  # a last tile narrower than a cell
    return float(local(_chosen(maps.detach(), channels, mine, begin), *mine)), gradient


def _chosen(maps: Tensor, channels: tuple[int, ...], cells: tuple[slice, slice], begin: tuple[int, int]) -> Tensor:
    rows, columns = (slice(one.start - first, one.stop - first) for one, first in zip(cells, begin, strict=True))
    maps = maps[:, :, rows, columns]
    return maps[:, list(channels)] if channels else maps


def _spans(length: int, tile: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + tile, length)) for start in range(0, length, tile))


def _cells(first: int, last: int, field: Receptive, count: int) -> slice:
    """The cells that see any of the pixels from `first` up to `last`, which is not one of them."""
    low = -((field.start + field.size - 1 - first) // field.stride)
    high = (last - 1 - field.start) // field.stride
    return slice(min(max(low, 0), count - 1), min(max(high, 0), count - 1) + 1)


def _own(first: int, last: int, stride: int, count: int) -> slice:
    return slice(min(-(-first // stride), count), min(-(-last // stride), count))


def _pixels(cells: slice, field: Receptive, length: int) -> tuple[int, int]:
    """From the first pixel that these cells see to the one after the last, whole blocks of the layer's stride."""
    first = max(field.start + cells.start * field.stride, 0) // field.stride * field.stride
    last = field.start + (cells.stop - 1) * field.stride + field.size
    return first, min(-(-last // field.stride) * field.stride, length)
