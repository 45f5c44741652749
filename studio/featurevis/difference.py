"""What differs between matched places: the activations of B brought to A along the pairs, and compared there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from studio.featurevis.layers import LayerMaps
from studio.language import tr
from studio.pairs import PairSet
from studio.warp import WarpOptions, warp_tensor
from studio.warp.contract import field_between

Map = npt.NDArray[np.float32]

TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Difference:
    """A layer of A minus that of B at the corresponding places, on the cells of A.

    Attributes
    ----------
    length : (h, w) float32
        Of the difference of the two vectors of channels, in activation.
    cosine : (h, w) float32
        Of the two vectors: 1 where they point the same way, 0 where one of them is zero.
    channels : (C,) float32
        Mean size of the difference of each channel.
    signed : (C, h, w) tensor
        A minus B, channel by channel.
    notes : tuple of str
        What to know about the pairs.
    """

    length: Map
    cosine: Map
    channels: npt.NDArray[np.float32]
    signed: torch.Tensor
    notes: tuple[str, ...] = ()

    def channel(self, number: int) -> Map:
        """A minus B of one channel, (h, w)."""
        values: Map = self.signed[number].float().cpu().numpy()
        return values


def warped_difference(maps: LayerMaps, pairs: PairSet, options: WarpOptions | None = None) -> Difference:
    """Compare a layer of both pictures along the enabled pairs; without any, place by place."""
    options = options or WarpOptions()
    full_a, full_b = maps.full
    rows, columns = maps.a.shape[2:]
    grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2).astype(np.float64)
    into_b = field_between(pairs.swapped(), full_b, full_a, options)  # for each pixel of A the pixel of B
    lookups = maps.placing(1).to_cells(into_b.at(maps.placing(0).to_full(grid)))
    inside = np.clip(lookups, 0.0, np.array([maps.b.shape[3] - 1.0, maps.b.shape[2] - 1.0]))
    brought = warp_tensor(maps.b, inside.reshape(rows, columns, 2).astype(np.float32))[0]
    own = maps.a[0]
    signed = own - brought
    lengths = torch.linalg.vector_norm(own, dim=0) * torch.linalg.vector_norm(brought, dim=0)
    cosine = (own * brought).sum(0) / lengths.clamp_min(TINY)
    note = () if len(pairs.enabled()) else (tr("There are no pairs, so places at the same spot are compared."),)
    return Difference(
        _array(torch.linalg.vector_norm(signed, dim=0)), _array(cosine), _array(signed.abs().mean((1, 2))), signed, note
    )


def _array(values: torch.Tensor) -> Map:
    array: Map = values.float().cpu().numpy()
    return array
