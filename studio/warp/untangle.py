"""Pairs that cross each other give way to each other, so that a warp through them does not fold.

A map x -> M x + r(x) is one-to-one where the rest r changes by less than M does: |r(x) - r(y)| < |M (x - y)|, for
then no two places can land on one (the argument of Banach's fixed point theorem). So the rests of neighbouring
pairs over the best affine map are drawn together until they differ by no more than a share of that. What falls
short by nothing is not moved at all.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.geometry import Points

SHARE = 0.25
"""Of their distance: how far the rests of two neighbours may differ. 1 would be enough for the pairs themselves; the
warps overshoot between them."""

_NEIGHBOURS = 12
_ROUNDS = 120


def untangled(a: Points, b: Points, held: npt.NDArray[np.bool_], share: float = SHARE) -> tuple[Points, Points]:
    """Move the points of pairs that cross, half of the way in each picture.

    Parameters
    ----------
    a, b : (N, 2)
        The pairs, in pixels of one frame.
    held : (N,) bool
        Pairs that stay as they are; others give way to them. Two of these that cross remain crossed.
    share : float
        Above 0, below 1.

    Returns
    -------
    (N, 2), (N, 2)
        Unchanged for fewer than two pairs, and where B is a mirror image, which no warp of a sheet can become.
    """
    from scipy.spatial import cKDTree

    count = len(a)
    if count < 2 or held.all():
        return a, b
    linear, shift = _best_map(a, b)
    if np.linalg.det(linear) <= 1e-3:
        return a, b
    carried = a @ linear.T + shift
    # Moving a pair by halves leaves its middle where it is, so distances are those between the middles.
    rest, middle = b - carried, (b + carried) / 2
    near = cKDTree(middle).query(middle, min(_NEIGHBOURS + 1, count))[1][:, 1:]
    links = np.unique(
        np.sort(np.stack([np.repeat(np.arange(count), near.shape[1]), near.reshape(-1)], 1), axis=1), axis=0
    )
    links = links[links[:, 0] != links[:, 1]]
    first, second = links.T
    allowed = share * np.hypot(*(middle[first] - middle[second]).T)
    # A pair that is held leaves all of the way to the other.
    give = np.where(held[links], 0.0, np.where(held[links[:, ::-1]], 1.0, 0.5))
    moved = rest.copy()
    for _ in range(_ROUNDS):
        apart = moved[first] - moved[second]
        length = np.hypot(*apart.T)
        excess = np.maximum(length - allowed, 0.0)
        if not (excess > 1e-3).any():
            break
        push = apart * (excess / np.maximum(length, 1e-12))[:, None]
        pulls = np.zeros_like(moved)
        np.add.at(pulls, first, -give[:, :1] * push)
        np.add.at(pulls, second, give[:, 1:] * push)
        wanted = np.bincount(np.concatenate([first[excess > 0], second[excess > 0]]), minlength=count)
        # Each is pulled by several at once: half of their sum converges where the whole of it swings.
        moved += pulls / np.maximum(0.5 * wanted, 1.0)[:, None]
    half = (moved - rest) / 2
    return a - half @ np.linalg.inv(linear).T, b + half


def _best_map(a: Points, b: Points) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The affine map nearest to the pairs, drawn towards the similarity where they leave it open: (2, 2) and (2,)."""
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    x, y = a - mean_a, b - mean_b
    spread = float((x**2).sum())
    if spread < 1e-12:
        return np.eye(2), mean_b - mean_a
    real = float((x * y).sum()) / spread
    imaginary = float((x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0]).sum()) / spread
    similar = np.array([[real, -imaginary], [imaginary, real]])
    pull = 0.05 * spread / 2 * np.eye(2)
    linear = (y.T @ x + similar @ pull) @ np.linalg.inv(x.T @ x + pull)
    return linear, mean_b - linear @ mean_a
