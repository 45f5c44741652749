"""A layer as colours: the principal components of the cells of both pictures, in one basis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from studio.featurevis.layers import LayerMaps

COLOURS = 3
PERCENTILE = 1.0
"""Of the cells at either end of a component that may lie outside the colours."""


@dataclass(frozen=True, eq=False)
class Components:
    """The first three principal components as red, green and blue; equal colours mean equal numbers in both pictures.

    Attributes
    ----------
    a, b : (h, w, 3) uint8
        For people.
    scores_a, scores_b : (h, w, 3) float32
        The numbers: cells minus `mean`, times `basis`.
    basis : (3, C) float64
        Orthonormal rows; the largest entry of each is positive.
    mean : (C,) float64
    explained : (3,) float64
        Share of the variance of the cells of both pictures.
    """

    a: npt.NDArray[np.uint8]
    b: npt.NDArray[np.uint8]
    scores_a: npt.NDArray[np.float32]
    scores_b: npt.NDArray[np.float32]
    basis: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    explained: npt.NDArray[np.float64]


def components(maps: LayerMaps) -> Components:
    """The principal components of a layer over the cells of both pictures."""
    rows = [one[0].flatten(1).T.cpu().double() for one in (maps.a, maps.b)]
    cells = torch.cat(rows)
    mean = cells.mean(0)
    centred = cells - mean
    covariance = centred.T @ centred / len(cells)
    values, vectors = torch.linalg.eigh(covariance)
    total = float(values.clamp_min(0.0).sum()) or 1.0
    basis = torch.zeros(COLOURS, cells.shape[1], dtype=torch.float64)
    explained = torch.zeros(COLOURS, dtype=torch.float64)
    used = min(COLOURS, cells.shape[1])
    basis[:used] = vectors.T.flip(0)[:used]
    explained[:used] = values.flip(0)[:used].clamp_min(0.0) / total
    strongest = basis.abs().argmax(1, keepdim=True)
    basis = basis * torch.where(basis.gather(1, strongest) < 0, -1.0, 1.0)  # eigenvectors have no sign of their own
    scores = (centred @ basis.T).numpy()
    low, high = np.percentile(scores, [PERCENTILE, 100.0 - PERCENTILE], axis=0)
    span = np.where(high > low, high - low, 1.0)
    colours = np.rint(np.clip((scores - low) / span, 0.0, 1.0) * 255.0).astype(np.uint8)
    (rows_a, columns_a), (rows_b, columns_b) = maps.a.shape[2:], maps.b.shape[2:]
    count = rows_a * columns_a
    return Components(
        colours[:count].reshape(rows_a, columns_a, COLOURS),
        colours[count:].reshape(rows_b, columns_b, COLOURS),
        scores[:count].reshape(rows_a, columns_a, COLOURS).astype(np.float32),
        scores[count:].reshape(rows_b, columns_b, COLOURS).astype(np.float32),
        basis.numpy(),
        mean.numpy(),
        explained.numpy(),
    )
