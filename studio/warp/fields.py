"""Moving least squares: deformations that follow control points (Schaefer, McPhail and Warren 2006)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from studio.arrays import Points
from studio.geometry import as_points

LeastSquares = Literal["affine", "similarity", "rigid"]
Numbers = npt.NDArray[np.floating[Any]]

_CHUNK = 65_536
"""Weights, points times control points, that are worked on at once: what fits into a core's cache."""

_NEAREST = {np.dtype(np.float64): 1e-24, np.dtype(np.float32): 1e-8}
"""Squared pixels below which a distance counts as this, lest the weight on a control point be infinite."""


def moving_least_squares(
    points: npt.ArrayLike,
    sources: npt.ArrayLike,
    targets: npt.ArrayLike,
    kind: LeastSquares = "rigid",
    alpha: float = 1.0,
) -> Points:
    """Carry `points` along with control points that move from `sources` to `targets`.

    For each point v the affine map, similarity or rotation with shift that brings the sources nearest to
    the targets in the sense of weighted least squares, with weights 1 / |p - v|^(2 alpha), is applied to v.

    Parameters
    ----------
    points : (V, 2)
        Where to evaluate, in the coordinates of `sources`.
    sources, targets : (N, 2)
        Control points before and after. No point leaves everything in place, one moves it by a shift, two
        by a similarity ("rigid": a rotation with shift); where points on one line leave an affine map
        undetermined, it is the similarity across the line. Of several targets of one source the mean counts.
    kind : "affine", "similarity" or "rigid"
        What the local map may do.
    alpha : float
        Above 0; how quickly the pull of a control point fades.

    Returns
    -------
    (V, 2) float64, finite.

    Raises
    ------
    ValueError
        `sources` and `targets` differ in number or are not finite, `kind` is unknown, or `alpha` is not positive.
    """
    places, before, after = as_points(points), as_points(sources), as_points(targets)
    if len(before) != len(after):
        raise ValueError(f"{len(before)} sources, {len(after)} targets")
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        raise ValueError("a control point is not finite")
    if kind not in get_args(LeastSquares):
        raise ValueError(f"kind is {kind!r}, none of {', '.join(get_args(LeastSquares))}")
    if not alpha > 0:
        raise ValueError(f"alpha is {alpha}, not above 0")
    if not len(before) or not len(places):
        return places.copy()
    moves = scaled_moves(places, before, after - before, (1.0,), kind, alpha)[0]
    return np.asarray(places + moves, np.float64)


def scaled_moves(
    points: Numbers,
    sources: Points,
    moves: Points,
    factors: Sequence[float],
    kind: LeastSquares = "rigid",
    alpha: float = 1.0,
) -> Numbers:
    """Moves of `points` where the `sources`, one at least, make `moves`, (N, 2), times each of `factors`.

    Returns
    -------
    (F, V, 2). As `moving_least_squares`, but the moments, which take the time, are shared. All is computed in
    the type of `points`: float32 is good for a hundredth of a pixel where control points lie all around.
    """
    common = moves.mean(axis=0)
    moved = np.empty((len(factors), len(points), 2), points.dtype)
    sources, centred = sources.astype(points.dtype), (moves - common).astype(points.dtype)
    step = max(1, _CHUNK // len(sources))
    for start in range(0, len(points), step):
        moments = _Moments(points[start : start + step], sources, centred, kind, alpha)
        for index, factor in enumerate(factors):
            moved[index, start : start + step] = factor * common + moments.moves(factor)
    return moved


class _Moments:
    """Weighted moments of sources and moves about points, and what follows for moves scaled by a factor.

    All are taken about the point itself and of moves instead of targets: so nothing cancels beside a control
    point, where one weight outgrows all others. With p relative to v, and q = p + u, the similarity is
    multiplication by one complex number, 1 + sum w conj(p^) u^ / sum w |p^|^2.
    """

    def __init__(self, points: Numbers, sources: Numbers, moves: Numbers, kind: LeastSquares, alpha: float) -> None:
        self._kind = kind
        dx = np.subtract.outer(-points[:, 0], -sources[:, 0])
        dy = np.subtract.outer(-points[:, 1], -sources[:, 1])
        weights = dx * dx
        squared = dy * dy
        weights += squared
        np.maximum(weights, _NEAREST[points.dtype], out=weights)
        if alpha != 1.0:
            squared[...] = weights
            weights **= alpha
        np.reciprocal(weights, out=weights)
        total = weights.sum(axis=1)
        # With weights of one over the squared distance, weight times squared distance is one for each source.
        extent = np.full_like(total, len(sources)) if alpha == 1.0 else np.einsum("vn,vn->v", weights, squared)
        extent /= total
        columns = np.column_stack([np.ones(len(moves), points.dtype), moves])
        self._mean = (weights @ moves).T / total
        x_sums = (np.multiply(weights, dx, out=squared) @ columns) / total[:, None]
        y_sums = (np.multiply(weights, dy, out=squared) @ columns) / total[:, None]
        px, py = self._place = x_sums[:, 0], y_sums[:, 0]  # the weighted mean of the sources, seen from v
        self._products = (x_sums[:, 1:].T - px * self._mean, y_sums[:, 1:].T - py * self._mean)
        spread = extent - px * px - py * py
        # Else all that carries weight is one point, and there is only a shift.
        self._determined = spread > 500 * np.finfo(points.dtype).eps * extent
        self._spread = np.where(self._determined, spread, 1.0)
        if kind == "affine":
            weights /= total[:, None]
            self._centre(weights, dx, dy, moves)

    def _centre(self, weights: Numbers, dx: Numbers, dy: Numbers, moves: Numbers) -> None:
        """Moments exactly about the mean, for points on one line must give an exact nought across it."""
        for offset, mean in zip((dx, dy), self._place, strict=True):
            offset -= mean[:, None]
            offset -= np.einsum("vn,vn->v", weights, offset)[:, None]
        wx, wy = weights * dx, weights * dy
        self._squares = tuple(np.einsum("vn,vn->v", w, d) for w, d in ((wx, dx), (wx, dy), (wy, dy)))
        self._products = ((wx @ moves).T, (wy @ moves).T)

    def moves(self, factor: float) -> Numbers:
        """(V, 2) moves of the points."""
        px, py = self._place
        ux, uy = factor * self._mean
        (xx, xy), (yx, yy) = factor * self._products[0], factor * self._products[1]
        along, across, spread, determined = xx + yy, xy - yx, self._spread, self._determined
        if self._kind == "rigid":
            length = np.hypot(spread + along, across)
            least = 5000 * np.finfo(spread.dtype).eps
            determined = determined & (length > least * (spread + np.hypot(along, across)))
            length = np.where(determined, length, 1.0)
            real, imaginary = (spread + along) / length - 1.0, across / length
        else:
            real, imaginary = along / spread, across / spread
        real, imaginary = np.where(determined, real, 0.0), np.where(determined, imaginary, 0.0)
        if self._kind != "affine":
            return np.stack([ux - real * px + imaginary * py, uy - imaginary * px - real * py], axis=1)
        # Pulled ever so slightly towards the similarity, which decides where the points leave something open.
        pull = (1e-10 if spread.dtype == np.float64 else 1e-5) * spread
        pxx, pxy, pyy = self._squares[0] + pull, self._squares[1], self._squares[2] + pull
        xx, xy = xx + pull * real, xy + pull * imaginary
        yx, yy = yx - pull * imaginary, yy + pull * real
        determinant = np.maximum(pxx * pyy - pxy * pxy, 0.01 * spread * pull)
        left, right = (pxy * py - pyy * px) / determinant, (pxy * px - pxx * py) / determinant
        affine = np.stack([ux + left * xx + right * yx, uy + left * xy + right * yy], axis=1)
        return np.where(determined[:, None], affine, np.stack([ux, uy], axis=1))
