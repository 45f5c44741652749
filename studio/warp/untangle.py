"""Pairs that cross each other give way to each other, so that a warp through them does not fold.

A map x -> M x + r(x) is one-to-one where the rest r changes by less than M does: |r(x) - r(y)| < |M (x - y)|, for
then no two places can land on one (the argument of Banach's fixed point theorem). So the rests of neighbouring
pairs over the map that most of them agree on are drawn together until they differ by no more than a share of that.
What falls short by nothing is not moved at all, and nothing is moved far: what contradicts its neighbours more than
that is not for giving way but for leaving out (`studio.warp.giving_way`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.arrays import Points, Size
from studio.warp.best_map import best_map

SHARE = 0.25
"""Of their distance: how far the rests of two neighbours may differ. 1 would be enough for the pairs themselves; the
warps overshoot between them."""

FARTHEST = 0.05
"""Of the diagonal of the frame, or of what the points span: how far a point is moved at most."""

_NEIGHBOURS = 12
_ROUNDS = 120


def untangled(
    a: Points,
    b: Points,
    held: npt.NDArray[np.bool_],
    share: float = SHARE,
    size: Size | None = None,
    pins: Points | None = None,
) -> tuple[Points, Points]:
    """Move the points of pairs that cross, half of the way in each picture.

    Parameters
    ----------
    a, b : (N, 2)
        The pairs, in pixels of one frame.
    held : (N,) bool
        Pairs that stay as they are; others give way to them. Two of these that cross remain crossed.
    share : float
        Above 0, below 1.
    size : (int, int), optional
        The frame: no point that lies in it leaves it.
    pins : (K, 2), optional
        Places that lie still in both pictures, and that pairs give way to as well.

    Returns
    -------
    (N, 2), (N, 2)
        No point more than `FARTHEST` away. Unchanged for fewer than two pairs, and where B is a mirror image, which no
        warp of a sheet can become.
    """
    from scipy.spatial import cKDTree

    count = len(a)
    if count < 2 or held.all():
        return a, b
    found = best_map(a, b)
    if found.mirrored:
        return a, b
    fixed = np.zeros((0, 2)) if pins is None else pins
    ends = np.concatenate([b, fixed])
    carried = found(np.concatenate([a, fixed]))
    held = np.concatenate([held, np.ones(len(fixed), bool)])
    total = len(ends)
    # Moving a pair by halves leaves its middle where it is, so distances are those between the middles.
    rest, middle = ends - carried, (ends + carried) / 2
    near = cKDTree(middle).query(middle, min(_NEIGHBOURS + 1, total))[1][:, 1:]
    links = np.unique(
        np.sort(np.stack([np.repeat(np.arange(total), near.shape[1]), near.reshape(-1)], 1), axis=1), axis=0
    )
    links = links[(links[:, 0] != links[:, 1]) & ~held[links].all(axis=1)]
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
        pulls = np.stack(
            [
                np.bincount(second, give[:, 1] * push[:, axis], total)
                - np.bincount(first, give[:, 0] * push[:, axis], total)
                for axis in (0, 1)
            ],
            axis=1,
        )
        wanted = np.bincount(np.concatenate([first[excess > 0], second[excess > 0]]), minlength=total)
        # Each is pulled by several at once: half of their sum converges where the whole of it swings.
        moved += pulls / np.maximum(0.5 * wanted, 1.0)[:, None]
    half = ((moved - rest) / 2)[:count]
    span = size if size is not None else np.ptp(np.concatenate([a, b]), axis=0)
    farthest = FARTHEST * float(np.hypot(*span))
    return (
        _moved(a, -half @ np.linalg.inv(found.linear).T, farthest, size),
        _moved(b, half, farthest, size),
    )


def _moved(points: Points, moves: Points, farthest: float, size: Size | None) -> Points:
    """The points after moves that are cut at `farthest` and at the border of the frame."""
    length = np.hypot(*moves.T)[:, None]
    ends: Points = points + moves * np.minimum(1.0, farthest / np.maximum(length, 1e-12))
    if size is not None:
        # What was placed outside already is at least not moved farther out.
        least, most = np.minimum(points, -0.5), np.maximum(points, np.asarray(size) - 0.5)
        ends = np.clip(ends, least, most)
    return ends
