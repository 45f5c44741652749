"""What is computed at which level and at which size, decided before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.arrays import Box, Points, Side, Size
from studio.backbones.levels import LevelLike
from studio.buddies.options import MatchOptions
from studio.geometry import as_points, cell_to_pixel, fit_within, pixel_to_cell, rescale
from studio.turns import UPRIGHT, Turn

# From the coarsest level on, whatever its number: networks with fewer levels lack the finest ones.
PATCHES = (3, 3, 3, 5, 5)
"""Side of the patches that are compared."""
WINDOWS = (2, 2, 2, 3, 3)
"""`official`: how many cells to each side a match is looked for."""
REACHES = (0, 3, 3, 2, 2)
"""`paper`: how many cells to each side the region goes that a pair of the level above opens."""
HAS_PRIOR = (False, True, True, False, False)
"""`paper`: whether a spatial prior keeps pairs near those they come from (`studio.buddies.spatial_prior`)."""

LEAST_CELLS = 2
"""Cells that a map has at least along each side: with one there is nothing to choose."""


@dataclass(frozen=True, slots=True)
class LevelPlan:
    """One level of a match; see the tables of this module, and `studio.backbones.Level`."""

    number: int
    stride: int
    channels: int
    offset: float
    patch: int
    window: int
    reach: int
    has_prior: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A match in numbers.

    Attributes
    ----------
    full_a, full_b : (int, int)
        Sizes of the pictures, the space in which pairs are returned.
    size_a, size_b : (int, int)
        Sizes at which the network sees them, turned: whole cells of the coarsest level, so that every map has exactly
        half the side of the next finer one. The working size is the space of all that is computed.
    levels : tuple of LevelPlan
        Coarse to fine.
    turn_a, turn_b : Turn
        How the pictures are turned for the network; pairs are returned in the pictures as they are.
    network : str
        Its name in the catalogue: what its pairs are worth differs (`studio.buddies.confidence`).
    """

    full_a: Size
    full_b: Size
    size_a: Size
    size_b: Size
    levels: tuple[LevelPlan, ...]
    turn_a: Turn = UPRIGHT
    turn_b: Turn = UPRIGHT
    network: str = ""

    @classmethod
    def of(
        cls,
        full_a: Size,
        full_b: Size,
        levels: Sequence[LevelLike],
        options: MatchOptions,
        turns: tuple[Turn, Turn] = (UPRIGHT, UPRIGHT),
        network: str = "",
    ) -> Plan:
        """Plan a match of pictures of sizes `full_a` and `full_b` on a backbone with these levels, fine to coarse."""
        official = options.preset == "official"
        coarsest = levels[-1]
        finest = max(options.finest_level, 2) if options.preset == "fast" else options.finest_level
        used = [level for level in reversed(levels) if level.number >= min(finest, coarsest.number)]
        shape_a, shape_b = ((1, 1), (1, 1)) if official else (turns[0].size(full_a), turns[1].size(full_b))
        return cls(
            full_a,
            full_b,
            working_size(shape_a, options.working_size, coarsest.stride),
            working_size(shape_b, options.working_size, coarsest.stride),
            tuple(
                LevelPlan(level.number, level.stride, level.channels, level.offset, patch, window, reach, has_prior)
                for level, patch, window, reach, has_prior in zip(
                    used, PATCHES, WINDOWS, REACHES, HAS_PRIOR, strict=False
                )
            ),
            *turns,
            network,
        )

    def swapped(self) -> Plan:
        """With the pictures exchanged."""
        return Plan(
            self.full_b, self.full_a, self.size_b, self.size_a, self.levels, self.turn_b, self.turn_a, self.network
        )

    def cells(self, level: LevelPlan) -> float:
        """How many cells both maps of a level have together."""
        return sum(width * height for width, height in (self.size_a, self.size_b)) / level.stride**2

    def working_points(self, cells: npt.NDArray[np.int64], level: LevelPlan) -> Points:
        """(N, 2) points (x, y), in pixels of the working size, of `cells`, (N, 2) as (row, column)."""
        return cell_to_pixel(cells[:, ::-1], level.stride) + level.offset

    def cells_at(self, points: Points, level: LevelPlan, picture: Side) -> npt.NDArray[np.int64]:
        """(N, 2) cells (row, column) of a level that hold `points` at the working size of picture "A" or "B"."""
        columns, rows = self.grid(level, picture)
        cells = pixel_to_cell(points - level.offset, level.stride, (columns, rows))
        return np.ascontiguousarray(cells[:, ::-1])

    def sub_cell_offset(self, a: Points, b: Points, level: LevelPlan) -> npt.NDArray[np.float64]:
        """(N, 2) how far, in rows and columns of cells, points `b` lie beside their cells, more than `a` beside theirs.

        Points are at the working sizes of B and of A.
        """
        in_a = a - self.working_points(self.cells_at(a, level, "A"), level)
        in_b = b - self.working_points(self.cells_at(b, level, "B"), level)
        return np.ascontiguousarray((in_b - in_a)[:, ::-1]) / level.stride

    def grid(self, level: LevelPlan, picture: Side) -> Size:
        """(columns, rows) of the map of a level of picture "A" or "B"."""
        width, height = self.size_a if picture == "A" else self.size_b
        return width // level.stride, height // level.stride

    def working_at(self, points: Points, picture: Side) -> Points:
        """Carry (N, 2) points from the full size of picture "A" or "B" to the working size."""
        full, size, turn = self.side(picture)
        return rescale(turn.points(as_points(points), full), turn.size(full), size)

    def full_points(self, points: Points, picture: Side) -> Points:
        """Carry (N, 2) points from the working size to the full size of picture "A" or "B", and into it."""
        full, size, turn = self.side(picture)
        seen = turn.size(full)
        transferred: Points = np.clip(
            turn.inverse.points(rescale(points, size, seen), seen), 0.0, np.subtract(full, 1.0)
        )
        return transferred

    def full_box(self, corners: Points, picture: Side) -> Box:
        """The box between two corners, (2, 2) at the working size of picture "A" or "B", as far as the picture reaches.

        In full-size pixels.
        """
        full, size, turn = self.side(picture)
        seen = turn.size(full)
        ends = np.clip(turn.inverse.points(rescale(corners, size, seen), seen), -0.5, np.subtract(full, 0.5))
        (left, top), (right, bottom) = ends.min(axis=0).tolist(), ends.max(axis=0).tolist()
        return left, top, right, bottom

    def side(self, picture: Side) -> tuple[Size, Size, Turn]:
        """Full size, working size and turn of picture "A" or "B"."""
        if picture == "A":
            return self.full_a, self.size_a, self.turn_a
        return self.full_b, self.size_b, self.turn_b

    def upright_size(self, picture: Side) -> Size:
        """The working size of picture "A" or "B" before it is turned."""
        _, size, turn = self.side(picture)
        return turn.size(size)


def working_size(full: Size, longest_side: int, stride: int) -> Size:
    """The size, in whole cells of `stride`, nearest to `full` brought to this longest side."""
    width, height = fit_within(full, longest_side)
    return _whole_cells(width, stride), _whole_cells(height, stride)


def _whole_cells(length: int, stride: int) -> int:
    return stride * max(LEAST_CELLS, round(length / stride))
