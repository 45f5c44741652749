"""What is answered to a place of the mouse. Imports no torch: the window reads these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.arrays import Box, Point, Side

Map = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LevelAnswer:
    """What one level says; places and boxes are in full-size pixels of their picture.

    Attributes
    ----------
    level, name, stride
        As `studio.backbones.Level` has them.
    cell : (int, int)
        (column, row) under the mouse, and `here` its centre.
    strength : float
        Length of the cell's vector: 0 where the network sees nothing at all.
    similarity : (h, w) float32
        Cosine of the cell with every cell of the other picture, -1 to 1.
    extent : (float, float)
        Width and height, from the other picture's upper left corner on, that the map covers; perhaps a
        little more than the picture, for the last cells may reach over its edge.
    best_cell : (int, int)
        (column, row) of the most similar cell, `best` its centre, `value` its cosine.
    runner_up, margin
        The best place elsewhere, None on a map too small to have one, and by how much it falls behind.
    back : (float, float)
        Where in the hovered picture the best place finds its own best.
    mutual : bool
        Whether that is the cell under the mouse.
    box_here, box_there : (x0, y0, x1, y1)
        Edges of what the two cells can see, cut at the picture's.
    """

    level: int
    name: str
    stride: int
    cell: tuple[int, int]
    here: Point
    strength: float
    similarity: Map
    extent: tuple[float, float]
    best_cell: tuple[int, int]
    best: Point
    value: float
    runner_up: Point | None
    margin: float
    back: Point
    mutual: bool
    box_here: Box
    box_there: Box


@dataclass(frozen=True, slots=True)
class TraceStep:
    """Where the search stands after one level: the best `place` (full-size pixels) near that of the coarser one."""

    level: int
    name: str
    place: Point
    similarity: float


@dataclass(frozen=True, eq=False)
class HoverAnswer:
    """The answer to one place of the mouse: `levels` fine to coarse, `trace` coarse to fine."""

    side: Side
    point: Point
    levels: tuple[LevelAnswer, ...]
    trace: tuple[TraceStep, ...]
