"""A dense backward field: for every pixel of a frame, the place in a source picture that it is looked up in.

It is held as nodes, one for each block of 4 x 4 pixels, with one ring of them outside the frame, and is
bilinear between the centres of the blocks. That is what makes a field cheap to blend, to look at and to keep:
at most h^2 / 8 = 2 px times the second derivative of the warp is lost, which `tests/warp` and
`tests/benchmarks/morph.py` measure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from studio.arrays import Points, Size
from studio.geometry import as_points

SPACING = 4
"""Pixels from node to node."""

COARSE = 2 * SPACING
"""Pixels between the places at which a smooth warp of a large frame is computed."""

_QUARTER = (-0.0703125, 0.8671875, 0.2265625, -0.0234375)
"""Catmull and Rom's weights of four values for the place a quarter of the way from the second to the third."""

_SETTLE = 3
"""Rounds in which nodes settle between several points."""

Nodes = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Field:
    """A backward field over a frame of `size`.

    Attributes
    ----------
    size : (int, int)
        (width, height) of the frame.
    nodes : (ceil(h / 4) + 2, ceil(w / 4) + 2, 2) float32
        `(x, y)` in pixels of the source. Node (row, column) stands for the pixel (4 column - 2.5, 4 row - 2.5).
    """

    size: Size
    nodes: Nodes = field(repr=False)

    def dense(self, first: int = 0, last: int | None = None) -> Nodes:
        """(rows, w, 2) float32 `(x, y)` for every pixel of the rows from `first`, a multiple of 4, to before `last`."""
        width, height = self.size
        last = height if last is None else last
        nodes = self.nodes[first // SPACING : -(-last // SPACING) + 2]
        rows, columns = nodes.shape[:2]
        whole = cv2.resize(nodes, (columns * SPACING, rows * SPACING), interpolation=cv2.INTER_LINEAR)
        return np.asarray(whole, np.float32)[SPACING : SPACING + last - first, SPACING : SPACING + width]

    def spread(self, numbers: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(h, w): a number of each node, (rows, columns), interpolated for every pixel as the lookups are."""
        width, height = self.size
        rows, columns = numbers.shape
        whole = cv2.resize(numbers, (columns * SPACING, rows * SPACING), interpolation=cv2.INTER_LINEAR)
        return np.asarray(whole, np.float32)[SPACING : SPACING + height, SPACING : SPACING + width]

    @property
    def spacing(self) -> int:
        """Pixels between nodes."""
        return SPACING

    def at(self, points: npt.ArrayLike) -> Points:
        """(N, 2) lookups for `points`, (N, 2), in pixels of the frame; beyond it the field is continued."""
        places = (as_points(points) - _first()) / SPACING
        rows, columns = self.nodes.shape[:2]
        corner = np.clip(np.floor(places), 0, [columns - 2, rows - 2]).astype(np.int64)
        x, y = (places - corner).T[..., None]
        column, row = corner.T
        nodes = self.nodes.astype(np.float64)
        top = nodes[row, column] * (1 - x) + nodes[row, column + 1] * x
        bottom = nodes[row + 1, column] * (1 - x) + nodes[row + 1, column + 1] * x
        found: Points = top * (1 - y) + bottom * y
        return found

    def meeting(self, points: Points, lookups: Points) -> Field:
        """The same field, with the nodes beside `points`, (N, 2), moved so that these are looked up at `lookups`.

        Nodes that are shared by several points settle on a compromise between them.
        """
        nodes = self.nodes.copy()
        flat = nodes.reshape(-1, 2)
        rows, columns = nodes.shape[:2]
        places = (points - _first()) / SPACING
        corner = np.clip(np.floor(places), 0, [columns - 2, rows - 2]).astype(np.int64)
        x, y = np.clip(places - corner, 0.0, 1.0).T
        shares = np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], axis=1)
        first = corner[:, 1] * columns + corner[:, 0]
        index = np.stack([first, first + 1, first + columns, first + columns + 1], axis=1)
        used, slot = np.unique(index.reshape(-1), return_inverse=True)
        weight = np.bincount(slot.reshape(-1), shares.reshape(-1)) + 1e-12
        for _ in range(_SETTLE):
            missing = lookups - (flat[index] * shares[..., None]).sum(axis=1)
            for axis in (0, 1):
                pull = np.bincount(slot.reshape(-1), (shares * missing[:, axis, None]).reshape(-1))
                flat[used, axis] += (pull / weight).astype(np.float32)
        return Field(self.size, nodes)

    def rescaled(self, size: Size, source_from: Size, source_to: Size) -> Field:
        """The same warp over a frame of another `size`, into a source resized from one size to another.

        So a field of pictures becomes one of their feature maps: pass the maps' (columns, rows).
        """
        factor = np.asarray(self.size, np.float64) / np.asarray(size, np.float64)
        scale = np.asarray(source_to, np.float64) / np.asarray(source_from, np.float64)
        lookups = self.at((node_points(size) + 0.5) * factor - 0.5)
        return from_lookups(size, (lookups + 0.5) * scale - 0.5)


def identity(size: Size) -> Field:
    """The field that leaves everything in place."""
    return from_lookups(size, node_points(size))


def node_points(size: Size, spacing: int = SPACING, ring: int = 1) -> Points:
    """(rows x columns, 2) pixels that the nodes of a frame stand for, with `ring` rings of them outside."""
    rows, columns = _grid(size, spacing, ring)
    x = (np.arange(columns) - ring + 0.5) * spacing - 0.5
    y = (np.arange(rows) - ring + 0.5) * spacing - 0.5
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def from_lookups(size: Size, lookups: npt.ArrayLike) -> Field:
    """The field whose nodes, in the order of `node_points(size)`, look up `lookups`, (N, 2)."""
    return Field(size, np.asarray(lookups, dtype=np.float32).reshape(*_grid(size, SPACING, 1), 2))


def evaluated(
    size: Size, moves: Callable[[Nodes], npt.NDArray[np.floating[Any]]], every_node: bool
) -> tuple[Field, ...]:
    """The fields of warps that are functions of points.

    Parameters
    ----------
    moves : callable
        From (N, 2) float32 pixels of the frame to (F, N, 2) moves, those of F warps: lookups less the pixels.
    every_node : bool
        Whether `moves` is called for each node, or for a grid of `COARSE` pixels, between which nodes are
        interpolated by Catmull and Rom's cubic, which is exact for quadratic warps.
    """
    if every_node:
        every = node_points(size).astype(np.float32)
        return tuple(from_lookups(size, every + found) for found in moves(every))
    rows, columns = _grid(size, COARSE, 2)
    every = node_points(size).astype(np.float32).reshape(*_grid(size, SPACING, 1), 2)
    sparse = node_points(size, COARSE, 2).astype(np.float32)
    made = []
    for found in moves(sparse).astype(np.float32, copy=False).reshape(-1, rows, columns, 2):
        fine = _refined(_refined(found, 0, every.shape[0]), 1, every.shape[1])
        made.append(Field(size, every + fine))
    return tuple(made)


def _refined(coarse: npt.NDArray[np.float32], axis: int, count: int) -> npt.NDArray[np.float32]:
    """Twice as many nodes along `axis`, `count` of them: a quarter of the way to either side of the coarse ones."""
    values = np.moveaxis(coarse, axis, 0)
    fine = np.empty((count, *values.shape[1:]), np.float32)
    for odd in (0, 1):
        some = fine[odd::2]
        taps = _QUARTER[::-1] if odd else _QUARTER
        some[...] = sum(np.float32(tap) * values[k : k + len(some)] for k, tap in enumerate(taps))
    return np.moveaxis(fine, 0, axis)


def _grid(size: Size, spacing: int, ring: int) -> tuple[int, int]:
    """Rows and columns of nodes."""
    width, height = size
    return -(-height // spacing) + 2 * ring, -(-width // spacing) + 2 * ring


def _first() -> float:
    """The pixel that the first node, on the ring outside, stands for."""
    return -SPACING / 2 - 0.5
