"""Where a field stretches, squeezes or folds: the determinant of its Jacobian."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from studio.arrays import Points
from studio.warp.field import SPACING, Field


@dataclass(frozen=True, eq=False)
class Foldover:
    """Whether a field is one-to-one, and where not.

    Attributes
    ----------
    smallest : float
        The smallest determinant of the Jacobian: 1 keeps areas, 0 flattens, below 0 is turned over.
    places : (K, 2)
        Centres, in pixels of the frame, of the cells of 4 x 4 pixels that fold; none if the field is one-to-one.
    share : float
        Share of the frame that folds.
    """

    smallest: float
    places: Points = field(repr=False)
    share: float

    @property
    def bijective(self) -> bool:
        """Whether no place is turned over: every pixel comes from a place of its own."""
        return not len(self.places)

    @property
    def count(self) -> int:
        """How many separate places fold."""
        return count_places(self.places)


def count_places(places: Points) -> int:
    """How many separate places the cells of 4 x 4 pixels around `places`, (K, 2), make up."""
    if not len(places):
        return 0
    cells = np.rint(places / SPACING).astype(np.int64)
    cells -= cells.min(axis=0) - 1
    marked = np.zeros((cells[:, 1].max() + 2, cells[:, 0].max() + 2), np.uint8)
    marked[cells[:, 1], cells[:, 0]] = 1
    # Cells two steps apart still look like one place.
    marked = cv2.dilate(marked, np.ones((3, 3), np.uint8)).astype(np.uint8)
    return int(cv2.connectedComponents(marked)[0]) - 1


def determinants(warp: Field) -> npt.NDArray[np.float32]:
    """The determinant at the four corners of each cell between nodes: (4, rows - 1, columns - 1).

    Within a cell the field is bilinear, so it is one-to-one there exactly if all four are above 0.
    """
    nodes = warp.nodes / np.float32(SPACING)
    across, down = np.diff(nodes, axis=1), np.diff(nodes, axis=0)
    corners = [
        right[..., 0] * below[..., 1] - right[..., 1] * below[..., 0]
        for right in (across[:-1], across[1:])
        for below in (down[:, :-1], down[:, 1:])
    ]
    return np.stack(corners)


def at_nodes(cells: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Numbers of the cells between nodes, (rows - 1, columns - 1), brought to the nodes, (rows, columns)."""
    padded = np.pad(cells, ((1, 1), (1, 1)), mode="edge")
    return np.asarray((padded[:-1, :-1] + padded[1:, :-1] + padded[:-1, 1:] + padded[1:, 1:]) / 4, np.float32)


def foldover(*warps: Field) -> Foldover:
    """Test fields of one frame, together."""
    smallest = np.minimum.reduce([determinants(warp).min(axis=0) for warp in warps])
    rows, columns = np.nonzero(smallest <= 0.0)
    # Cell (r, c) lies between the nodes (r, c) and (r + 1, c + 1).
    places = np.stack([columns, rows], axis=1).astype(np.float64) * SPACING - 0.5
    return Foldover(float(smallest.min()), places, len(rows) / smallest.size)
