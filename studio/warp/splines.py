"""Thin-plate splines: the smoothest deformation through control points (Bookstein 1989)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from studio.arrays import Points

_CHUNK = 65_536
"""Kernel values, points times control points, that are worked on at once: what fits into a core's cache."""


class ThinPlate:
    """A thin-plate spline with its coefficients solved: an affine part plus a sum of r^2 log r about the sources.

    Parameters
    ----------
    sources, targets : (N, 2) float64
        Control points before and after, one pair at least. One moves everything by a shift, two or several on one line
        by the similarity that fits them best, bent along the line only. Of several targets of one source the mean
        counts.
    smoothing : float
        0 or more; added to the diagonal of the kernel of coordinates scaled to unit size, so that 0 interpolates and
        large values leave the best affine map.
    """

    def __init__(self, sources: Points, targets: Points, smoothing: float = 0.0) -> None:
        sources, targets = merge_equal(sources, targets)
        # The best similarity first: what it leaves open (few points, a line) the spline then leaves alone.
        self._similarity = _Similarity(sources, targets)
        self._centre = sources.mean(axis=0)
        self._scale = float(np.abs(sources - self._centre).max()) or 1.0
        self._unit = (sources - self._centre) / self._scale
        self._bends = None
        if len(sources) >= 3:
            self._bends = _coefficients(self._unit, targets - self._similarity(sources), smoothing)

    def __call__(self, points: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
        """Where `points`, (V, 2) in the coordinates of the sources, go: (V, 2); computed in their type."""
        kind = points.dtype
        moved = self._similarity(points).astype(kind)
        if self._bends is None:
            return moved
        bends, unit = self._bends.astype(kind), self._unit.astype(kind)
        step = max(1, _CHUNK // len(unit))
        for start in range(0, len(points), step):
            chunk = ((points[start : start + step] - self._centre) / self._scale).astype(kind)
            affine = np.column_stack([np.ones(len(chunk), kind), chunk])
            moved[start : start + step] += _kernel(chunk, unit) @ bends[:-3] + affine @ bends[-3:]
        return moved


def merge_equal(
    sources: npt.NDArray[np.float64], targets: npt.NDArray[np.float64], tolerance: float = 1e-6
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Sources within `tolerance` (a grid of that pitch) of each other become one, with the mean of their targets.

    (N, 2) each become (M, 2), M at most N, in the order of the rounded sources unless all differ.
    """
    _, group = np.unique(np.round(sources / tolerance), axis=0, return_inverse=True)
    group = group.reshape(-1)
    count = np.bincount(group).astype(np.float64)
    if len(count) == len(sources):
        return sources, targets
    means = [
        np.stack([np.bincount(group, weights=values[:, axis]) / count for axis in (0, 1)], axis=1)
        for values in (sources, targets)
    ]
    return means[0], means[1]


class _Similarity:
    """The shift, turn and scale that fits all points best; a shift if there is one point."""

    def __init__(self, sources: npt.NDArray[np.float64], targets: npt.NDArray[np.float64]) -> None:
        self._source, self._target = sources.mean(axis=0), targets.mean(axis=0)
        p = (sources - self._source) @ np.array([1, 1j])
        q = (targets - self._target) @ np.array([1, 1j])
        spread = float((np.abs(p) ** 2).sum())
        self._factor = complex((p.conj() * q).sum() / spread) if spread > 1e-20 else 1.0 + 0j

    def __call__(self, points: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
        (x, y), factor = (points - self._source).T, self._factor
        turned = [factor.real * x - factor.imag * y, factor.imag * x + factor.real * y]
        return np.asarray(np.stack(turned, axis=1) + self._target, np.float64)


def _coefficients(
    unit: npt.NDArray[np.float64], residual: npt.NDArray[np.float64], smoothing: float
) -> npt.NDArray[np.float64]:
    """(N + 3, 2): weights of the kernels, then those of 1, x, y."""
    count = len(unit)
    affine = np.column_stack([np.ones(count), unit])
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _kernel(unit, unit)
    system[np.arange(count), np.arange(count)] += smoothing
    system[:count, count:] = affine
    system[count:, :count] = affine.T
    right = np.zeros((count + 3, 2))
    right[:count] = residual
    flatness = np.linalg.svd(unit - unit.mean(axis=0), compute_uv=False)[-1]
    if flatness > 1e-6:
        try:
            return np.asarray(np.linalg.solve(system, right), np.float64)
        except np.linalg.LinAlgError:
            pass
    # Points on one line: of all solutions the least, which does nothing across the line.
    return np.asarray(np.linalg.lstsq(system, right, rcond=1e-10)[0], np.float64)


def _kernel(
    points: npt.NDArray[np.floating[Any]], centres: npt.NDArray[np.floating[Any]]
) -> npt.NDArray[np.floating[Any]]:
    """(V, N) of r^2 log r^2, up to the factor that the coefficients take up."""
    squared: npt.NDArray[Any] = np.subtract.outer(points[:, 0], centres[:, 0])
    squared *= squared
    vertical = np.subtract.outer(points[:, 1], centres[:, 1])
    vertical *= vertical
    squared += vertical
    np.maximum(squared, np.finfo(squared.dtype).tiny, out=squared)
    np.log(squared, out=vertical)
    squared *= vertical
    return squared
