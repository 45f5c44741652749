"""The activations of one layer for both pictures, with where their cells lie."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from studio.arrays import Size
from studio.backbones import Backbone
from studio.backbones.receptive import Receptive, theoretical
from studio.features.placing import Placing
from studio.geometry import fit_within
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

    def placing(self, side: int) -> Placing:
        """Where the cells lie in picture `side` (0: A, 1: B)."""
        maps = (self.a, self.b)[side]
        return Placing(self.field, self.sizes[side], self.full[side], (maps.shape[3], maps.shape[2]))

    def extents(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """For A and for B: width and height, in full-size pixels, that the map covers from the upper left corner on."""
        return self.placing(0).extent, self.placing(1).extent


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
