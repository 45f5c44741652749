"""A warp of triangles: affine within each, continuous across their edges."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from studio.arrays import Points, Size
from studio.geometry import as_points
from studio.warp import field as fields

_CHUNK = 200_000
"""Nodes times triangles that are weighed at once."""

_WALK = 6
"""Steps from triangle to neighbouring triangle."""

_OUTSIDE = -1e-6
"""A weight below this says that a place is not in the triangle."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """Delaunay triangles of points: `corners`, (T, 3) indices, and across which corner lies which triangle.

    `neighbours`, (T, 3), holds the triangle opposite of each corner, -1 where there is none.
    """

    corners: npt.NDArray[np.int32]
    neighbours: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.corners)


def triangulate(points: npt.ArrayLike) -> Mesh:
    """The Delaunay triangles of `points`, (N, 2); none if all lie on one line."""
    from scipy.spatial import Delaunay, QhullError

    places = as_points(points)
    nothing = np.zeros((0, 3), np.int32)
    if len(places) < 3:
        return Mesh(nothing, nothing)
    try:
        made = Delaunay(places)
    except QhullError:
        return Mesh(nothing, nothing)
    return Mesh(made.simplices.astype(np.int32), made.neighbors.astype(np.int32))


def triangle_moves(size: Size, sources: Points, moves: Points, mesh: Mesh) -> Points:
    """Moves of the nodes of a field where the corners of triangles move, affine within each triangle.

    Parameters
    ----------
    size : (int, int)
        The frame; the triangles should cover it, what they leave open follows the edge of the nearest one.
    sources, moves : (N, 2)
        Corners in the frame, and how far they move. Where triangles have turned over and lie on each
        other, one of them counts.

    Returns
    -------
    (V, 2), in the order of `studio.warp.field.node_points`.
    """
    places = fields.node_points(size)
    if not len(mesh):
        return np.zeros_like(places)
    # Which triangle each node lies in, drawn rather than searched; node (c, r) is pixel (4 c - 2.5, 4 r - 2.5).
    owner = np.full(fields.identity(size).nodes.shape[:2], -1, np.int32)
    drawn = np.rint(np.clip((sources + 2.5) / fields.SPACING, -1e5, 1e5) * 16).astype(np.int32)
    for index, polygon in enumerate(drawn[mesh.corners]):
        cv2.fillConvexPoly(owner, polygon, index, lineType=cv2.LINE_8, shift=4)
    owners, weights = _exact(sources[mesh.corners], mesh, owner.reshape(-1), places)
    corner_moves = moves[mesh.corners].transpose(1, 2, 0)
    moved = np.empty_like(places)
    for axis in (0, 1):
        moved[:, axis] = sum(
            share * at_corner[axis].take(owners) for share, at_corner in zip(weights, corner_moves, strict=True)
        )
    return moved


def _exact(
    corners: npt.NDArray[np.float64], mesh: Mesh, owners: npt.NDArray[np.int32], places: Points
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Owners and (3, V) weights within them, none below 0, so that slivers can't shoot out."""
    x0, y0 = corners[:, 0].T
    (x1, y1), (x2, y2) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    area = x1 * y2 - x2 * y1
    area = np.where(np.abs(area) < 1e-9, 1e-9, area)
    # Second and third weight are linear in the place.
    linear = (y2 / area, -x2 / area, -y1 / area, x1 / area)

    def weigh(triangle: npt.NDArray[np.int32], x: Points, y: Points) -> npt.NDArray[np.float64]:
        dx, dy = x - x0.take(triangle), y - y0.take(triangle)
        by_x, by_y, third_by_x, third_by_y = (factor.take(triangle) for factor in linear)
        second, third = by_x * dx + by_y * dy, third_by_x * dx + third_by_y * dy
        return np.stack([1.0 - second - third, second, third])

    x, y = np.ascontiguousarray(places.T)
    weights = weigh(np.maximum(owners, 0), x, y)
    # Drawing is right but for the nodes along edges: from there walk to the neighbour on whose side the place is.
    doubtful = np.flatnonzero((owners >= 0) & (weights.min(axis=0) < _OUTSIDE))
    for _ in range(_WALK):
        across = mesh.neighbours[owners[doubtful], weights[:, doubtful].argmin(axis=0)]
        doubtful, across = doubtful[across >= 0], across[across >= 0]
        found = weigh(across, x[doubtful], y[doubtful])
        better = found.min(axis=0) > weights[:, doubtful].min(axis=0)
        doubtful, found = doubtful[better], found[:, better]
        owners[doubtful], weights[:, doubtful] = across[better], found
        doubtful = doubtful[found.min(axis=0) < _OUTSIDE]
        if not len(doubtful):
            break
    # Where triangles have turned over a walk may end nowhere: ask all of them who holds the place best.
    doubtful = np.flatnonzero((owners < 0) | (weights.min(axis=0) < _OUTSIDE))
    everyone = np.arange(len(corners), dtype=np.int32)
    step = max(1, _CHUNK // len(corners))
    for start in range(0, len(doubtful), step):
        nodes = doubtful[start : start + step]
        candidates = weigh(everyone[None], x[nodes, None], y[nodes, None])
        owners[nodes] = candidates.min(axis=0).argmax(axis=1)
        weights[:, nodes] = candidates[:, np.arange(len(nodes)), owners[nodes]]
    np.clip(weights, 0.0, 1.0, out=weights)
    return owners, weights / weights.sum(axis=0)
