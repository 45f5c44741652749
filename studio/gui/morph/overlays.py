"""What is drawn over a morph's frames: the bent grid, the heat map of areas, what folds. Knows no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from studio.arrays import Pixels
from studio.gui.canvas.colour_maps import diverging_table

if TYPE_CHECKING:
    from studio.warp.field import Field

Numbers = npt.NDArray[np.float32]

GRID_LINES = 16
"""Lines of the grid along the longer side of picture A."""
HEAT_LIMIT = 1.0
"""The heat map ends where areas become 2 to this power times as large, or as small."""

_FOLDED = (214, 0, 60, 200)
_OPAQUE = 190.0
"""Of 255, a line of the grid."""
_STRIP = 64
"""Rows that are worked on at once, to stay in the processor's cache."""


def tint_of(into_a: Field, into_b: Field, grid: bool, heat: bool) -> Pixels | None:
    """(h, w, 4) uint8 to lay over a frame, or None if nothing is asked for.

    Parameters
    ----------
    into_a, into_b : Field
        Of the moment that is shown.
    grid : bool
        White lines that are a square grid on picture A.
    heat : bool
        Blue where places become smaller from A to B, orange where larger, red where the warp folds.
    """
    tint = heat_of(into_a, into_b) if heat else None
    if not grid:
        return tint
    lines = grid_of(into_a)
    if tint is None:
        white = np.full_like(lines, 255)
        return np.asarray(cv2.merge([white, white, white, lines]), np.uint8)
    share = cv2.merge([lines] * 4)
    # tint + (255 - tint) share, in whole numbers.
    return np.asarray(cv2.add(tint, cv2.multiply(cv2.bitwise_not(tint), share, scale=1 / 255)), np.uint8)


def heat_of(into_a: Field, into_b: Field) -> Pixels:
    """(h, w, 4) uint8 of the area that each place of A takes in B."""
    from studio.warp.jacobian import at_nodes, determinants

    first, second = (at_nodes(determinants(field).mean(axis=0)) for field in (into_a, into_b))
    least = np.float32(1e-6)
    growth = (np.log2(np.maximum(second, least)) - np.log2(np.maximum(first, least))) / np.float32(HEAT_LIMIT)
    # Numbers of colours, 0 to 254, are interpolated between the nodes, like the field itself.
    number = into_a.spread(np.clip((growth + 1) * 127, 0, 254).astype(np.float32))
    table = np.vstack([diverging_table(), np.zeros((1, 4), np.uint8)])[:, None]
    rows = cv2.convertScaleAbs(number)
    tint = np.asarray(cv2.LUT(cv2.merge([rows] * 4), table), np.uint8)
    folded = np.minimum(first, second) <= 0
    if folded.any():
        tint[into_a.spread(folded.astype(np.float32)) >= 0.5] = _FOLDED
    return tint


def grid_of(into_a: Field) -> Pixels:
    """(h, w) uint8 opacity of the lines."""
    width, height = into_a.size
    step = np.float32(max(width, height) / GRID_LINES)
    places = into_a.nodes / step
    # Lines per pixel along each coordinate: what turns distances on A into distances in the frame.
    slopes = [
        np.hypot(*(np.gradient(places[..., axis], np.float32(into_a.spacing), axis=way) for way in (0, 1)))
        for axis in (0, 1)
    ]
    nearness = [(1 / np.maximum(slope, np.float32(1e-4) / step)).astype(np.float32) for slope in slopes]
    scales = [into_a.spread(one) for one in nearness]
    out = np.empty((height, width), np.uint8)
    for first in range(0, height, _STRIP):
        last = min(first + _STRIP, height)
        lookups = into_a.dense(first, last) / step
        # Distance to the line in pixels of the frame, softened over one of them.
        off = np.abs(lookups - np.rint(lookups))
        least = np.minimum(off[..., 0] * scales[0][first:last], off[..., 1] * scales[1][first:last])
        out[first:last] = np.clip((np.float32(1.1) - least) * np.float32(_OPAQUE), 0.0, _OPAQUE)
    return out


def outline(places: npt.NDArray[np.float64], spacing: float) -> npt.NDArray[np.float64]:
    """(K, 4) lines, from (x, y) to (x, y), around squares of side `spacing` that lie on one lattice.

    Parameters
    ----------
    places : (N, 2) float64
        The upper left corner of each square.
    """
    if not len(places):
        return np.zeros((0, 4))
    start = places.min(axis=0) - spacing
    columns, rows = np.rint((places - start) / spacing).astype(int).T
    filled = np.zeros((rows.max() + 2, columns.max() + 2), bool)
    filled[rows, columns] = True
    # A line is where a square ends: below its row, or right of its column.
    below, x_below = np.nonzero(np.diff(filled, axis=0))
    y_right, right = np.nonzero(np.diff(filled, axis=1))
    level = np.stack([x_below, below + 1, x_below + 1, below + 1], axis=1)
    upright = np.stack([right + 1, y_right, right + 1, y_right + 1], axis=1)
    return np.vstack([level, upright]) * spacing + np.tile(start, 2)
