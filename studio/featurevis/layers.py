"""The activations of one layer for both pictures, with where their cells lie."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from studio.backbones import Backbone
from studio.backbones.receptive import Receptive, theoretical
from studio.geometry import Points, Size, fit_within, rescale
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job, Progress


@dataclass(frozen=True, eq=False)
class LayerMaps:
    """One layer of both pictures.

    Attributes
    ----------
    layer : str
    a, b : (1, C, h, w) tensors
    field : Receptive
        Says where a cell lies, in pixels of the working size.
    sizes : (Size, Size)
        At which the network saw A and B.
    full : (Size, Size)
        Of the pictures.
    """

    layer: str
    a: Tensor = field(repr=False)
    b: Tensor = field(repr=False)
    field: Receptive
    sizes: tuple[Size, Size]
    full: tuple[Size, Size]

    @property
    def channels(self) -> int:
        return int(self.a.shape[1])

    def swapped(self) -> LayerMaps:
        """With the pictures exchanged."""
        return LayerMaps(self.layer, self.b, self.a, self.field, self.sizes[::-1], self.full[::-1])

    def extents(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """For A and for B: width and height, in full-size pixels, that the map covers from the upper left corner on."""
        found = []
        for maps, size, full in zip((self.a, self.b), self.sizes, self.full, strict=True):
            rows, columns = maps.shape[2:]
            stride = self.field.stride
            found.append((columns * stride * full[0] / size[0], rows * stride * full[1] / size[1]))
        return found[0], found[1]

    def to_full(self, cells: Points, side: int) -> Points:
        """Centres, (N, 2) full-size pixels of picture `side` (0: A, 1: B), of `cells`, (N, 2) as (column, row)."""
        first = self.field.start + (self.field.size - 1) / 2.0
        return rescale(cells * self.field.stride + first, self.sizes[side], self.full[side])

    def to_cells(self, points: Points, side: int) -> Points:
        """The inverse of `to_full`, with fractions of cells."""
        first = self.field.start + (self.field.size - 1) / 2.0
        cells: Points = (rescale(points, self.full[side], self.sizes[side]) - first) / self.field.stride
        return cells


def look_at_layer(a: Picture, b: Picture, backbone: Backbone, layer: str, size: int = 224) -> Job[LayerMaps]:
    """The activations of any layer of both pictures, their longer sides brought to `size` pixels.

    Raises
    ------
    ValueError
        There is no such layer.
    """
    sizes = fit_within(a.size, size), fit_within(b.size, size)
    maps = []
    for number, (picture, working) in enumerate(zip((a, b), sizes, strict=True)):
        yield Progress(number / 3, tr("looking at {side}: {layer}", side="AB"[number], layer=layer))
        with torch.no_grad():
            maps.append(backbone.activations(picture.tensor(working), [layer])[layer])
    yield Progress(2 / 3, tr("measuring what cells can see"))
    field = theoretical(backbone, [layer])[layer]
    return LayerMaps(layer, maps[0], maps[1], field, sizes, (a.size, b.size))
