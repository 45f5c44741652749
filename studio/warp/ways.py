"""Ways of control points that do not run into each other.

Points travel on straight lines. Two that change places would meet half-way, where for a moment nothing tells them
apart: the picture between them would turn over from one frame to the next. Such points go around each other.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from studio.arrays import Points

_FREE, _AROUND = np.pi / 2, np.pi * 5 / 6
"""From here to there, of how far the line from one point to another turns on the way, arcs take over from straight
lines: at a quarter turn two points come to 0.7 of their distance, at five times thirty degrees to 0.26."""

_MANY = 400
"""Pairs up to which each is compared with each; beyond it with those that it may meet half-way."""


def bows(a: Points, b: Points) -> Points:
    """How far beside the middle of its straight way each point, (N, 2), is half-way from `a` to `b`, (N, 2)."""
    bent = np.zeros_like(a)
    first, second = _candidates((a + b) / 2)
    if not len(first):
        return bent
    before = (a[second] - a[first]) @ np.array([1, 1j])
    after = (b[second] - b[first]) @ np.array([1, 1j])
    turn = np.where((before != 0) & (after != 0), np.abs(np.angle(after * before.conj())), 0.0)
    share = np.clip((turn - _FREE) / (_AROUND - _FREE), 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    meets = share > 0.0
    for members, most in _clusters(first[meets], second[meets], share[meets], len(a)):
        p, q = a[members] @ np.array([1, 1j]), b[members] @ np.array([1, 1j])
        centre = (p.mean() + q.mean()) / 2
        p, q = p - p.mean(), q - q.mean()
        angle = float(np.angle((p.conj() * q).sum()))
        # Half a turn may go either way: rounding must not decide it.
        angle = np.pi if angle < -np.pi + 1e-6 else angle
        half = np.exp(0.5j * angle)
        offset = most * (centre + (p * half + q * half.conjugate()) / 2 - (a + b)[members] @ np.array([1, 1j]) / 2)
        bent[members] = np.stack([offset.real, offset.imag], axis=1)
    return bent


def _candidates(middle: Points) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Indices of each two pairs to compare."""
    from scipy.spatial import cKDTree

    count = len(middle)
    if count <= _MANY:
        return np.triu_indices(count, 1)
    near = cKDTree(middle).query(middle, 9)[1]
    first, second = np.repeat(np.arange(count), near.shape[1]), near.reshape(-1)
    return first[first < second], second[first < second]


def _clusters(
    first: npt.NDArray[np.intp], second: npt.NDArray[np.intp], share: npt.NDArray[np.float64], count: int
) -> list[tuple[npt.NDArray[np.intp], float]]:
    """Pairs that are linked, directly or by others, and the largest share of their links."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if not len(first):
        return []
    links = coo_matrix((np.ones(len(first)), (first, second)), shape=(count, count))
    _, label = connected_components(links, directed=False)
    most = np.zeros(count)
    np.maximum.at(most, label[first], share)
    order = np.argsort(label, kind="stable")
    bounds = [*np.flatnonzero(np.diff(label[order], prepend=-1)).tolist(), count]
    groups = [order[start:stop] for start, stop in pairwise(bounds)]
    return [(group, float(most[label[group[0]]])) for group in groups if len(group) > 1]
