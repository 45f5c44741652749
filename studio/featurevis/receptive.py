"""What part of the picture a cell of a layer really looks at: its effective receptive field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.backbones.receptive import LayeredNetwork


@dataclass(frozen=True, eq=False)
class Effective:
    """What a cell really looks at.

    Attributes
    ----------
    map : (h, w) float32
        Size of the gradient of the cell with respect to each pixel of the working size, summed over the colours,
        divided by its largest value.
    radius : float
        Within which, around the centre of its weight, half of it lies; pixels of the working size.
    center : (float, float)
        Of its weight, (x, y).
    """

    map: npt.NDArray[np.float32]
    radius: float
    center: tuple[float, float]


def effective(network: LayeredNetwork, image: Tensor, layer: str, column: int, row: int) -> Effective:
    """The effective receptive field of one cell on one picture (Luo et al. 2016).

    Parameters
    ----------
    image : (1, 3, h, w)
        In [0, 1].

    Raises
    ------
    ValueError
        There is no such layer or cell.
    """
    image = image.detach().requires_grad_(True)
    with torch.enable_grad():
        cells = network.activations(image, [layer])[layer]
        if not (0 <= row < cells.shape[2] and 0 <= column < cells.shape[3]):
            raise ValueError(f"{layer} has {cells.shape[3]} x {cells.shape[2]} cells, none at {column}, {row}")
        (gradient,) = torch.autograd.grad(cells[0, :, row, column].sum(), image)
    weight = gradient[0].abs().sum(0).cpu().double().numpy()
    total = weight.sum()
    y, x = np.indices(weight.shape)
    if not total:
        return Effective(weight.astype(np.float32), 0.0, (float(x.mean()), float(y.mean())))
    center = float((weight * x).sum() / total), float((weight * y).sum() / total)
    distance = np.hypot(x - center[0], y - center[1]).ravel()
    order = np.argsort(distance)
    reached = np.searchsorted(np.cumsum(weight.ravel()[order]), total / 2)
    return Effective((weight / weight.max()).astype(np.float32), float(distance[order[reached]]), center)
