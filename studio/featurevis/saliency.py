"""What retrieval calls salient: the weights that aggregated descriptors give to places and channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

TINY = 1e-12


@dataclass(frozen=True, eq=False)
class CrossWeights:
    """Weights of one map (Kalantidis et al. 2016, “Cross-dimensional weighting”).

    Attributes
    ----------
    places : (h, w) float32
        Square root of the sum over the channels divided by that sum's length: much where much is active.
    channels : (C,) float32
        log(sum_k q_k / q_k), q_k the share of cells in which channel k is active: much for rare channels, 0 for those
        that are active nowhere.
    """

    places: npt.NDArray[np.float32]
    channels: npt.NDArray[np.float32]


def cross_weights(maps: Tensor) -> CrossWeights:
    """CroW of the activations of a layer, (1, C, h, w), none below zero."""
    cells = maps[0].detach().float().clamp_min(0.0)
    total = cells.sum(0)
    places = (total / total.norm().clamp_min(TINY)).sqrt()
    shares = (cells > 0).float().mean((1, 2))
    channels = (shares.sum().clamp_min(TINY) / shares.clamp_min(TINY)).log() * (shares > 0)
    return CrossWeights(places.cpu().numpy(), channels.cpu().numpy())
