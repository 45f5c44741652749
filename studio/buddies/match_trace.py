"""How a match went: the buddies of every level with their parents, and what became of those of the finest one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from studio.arrays import Box, Floats, Index, Points
from studio.buddies.options import MatchOptions
from studio.buddies.plan import LevelPlan
from studio.buddies.ranking import Buddies

KEPT, REPEAT, BORDER, INCONSISTENT, GROUP, OUTSIDE, UNRELATED = range(7)
"""What can become of a buddy of the finest level; see `studio.buddies.answers.Absence`."""


@dataclass(frozen=True, eq=False)
class LevelTrace:
    """The buddies that a level kept, 36 bytes each; never more than the smaller map has cells, and the fixed pairs.

    Attributes
    ----------
    level : LevelPlan
    a, b : (N, 2) int16
        Row and column.
    parent : (N,) int32
        Row in the trace of the level above; -1 for none.
    fixed : (N,) int32
        Which fixed pair; -1 for none.
    rank, similarity : (N,) float32
        Sums so far, as in `studio.buddies.ranking.Buddies`.
    sub_cell_offset : (N, 2) float32
    ended : (N,) int32
        As there.
    """

    level: LevelPlan
    a: npt.NDArray[np.int16]
    b: npt.NDArray[np.int16]
    parent: npt.NDArray[np.int32]
    fixed: npt.NDArray[np.int32]
    rank: Floats
    similarity: Floats
    sub_cell_offset: Floats
    ended: npt.NDArray[np.int32]

    @classmethod
    def of(cls, level: LevelPlan, buddies: Buddies) -> LevelTrace:
        """What is worth keeping of `buddies`."""
        places = buddies.a.astype(np.int16), buddies.b.astype(np.int16)
        numbers = buddies.parent.astype(np.int32), buddies.fixed.astype(np.int32)
        sums = buddies.rank, buddies.similarity
        return cls(
            level, *places, *numbers, *sums, buddies.sub_cell_offset.astype(np.float32), buddies.ended.astype(np.int32)
        )

    def __len__(self) -> int:
        return len(self.rank)


@dataclass(frozen=True, eq=False)
class MatchTrace:
    """A match that has ended.

    Attributes
    ----------
    options : MatchOptions
    levels : tuple of LevelTrail
        Coarse to fine, as far as there were buddies.
    fate : (N,) uint8
        Of the finest level's buddies: `KEPT` or why not.
    rival : (N,) int32
        For `REPEAT` and `GROUP` the one that was kept instead, -1 for the others.
    rows : (M,) int64
        The buddies that became pairs.
    a, b : (M, 2)
        The points of those pairs, in full-size pixels.
    window : Box, optional
        The part of picture A that was matched; None for all.
    """

    options: MatchOptions
    levels: tuple[LevelTrace, ...]
    fate: npt.NDArray[np.uint8]
    rival: npt.NDArray[np.int32]
    rows: Index
    a: Points
    b: Points
    window: Box | None = None

    def swapped(self) -> MatchTrace:
        """With the pictures exchanged; of a part the window becomes what its pairs cover."""
        levels = tuple(
            replace(level, a=level.b, b=level.a, sub_cell_offset=-level.sub_cell_offset) for level in self.levels
        )
        window = None if self.window is None else (*self.b.min(axis=0).tolist(), *self.b.max(axis=0).tolist())
        return replace(self, levels=levels, a=self.b, b=self.a, window=window)

    def row_of(self, a: Sequence[float], b: Sequence[float]) -> int | None:
        """The buddy of the finest level that became the pair of these points; None if none did."""
        if not len(self.rows):
            return None
        away = np.abs(self.a - np.asarray(a)).max(axis=1) + np.abs(self.b - np.asarray(b)).max(axis=1)
        nearest = int(away.argmin())
        return int(self.rows[nearest]) if away[nearest] < 1e-6 else None

    def ancestry(self, row: int) -> list[int]:
        """The rows of a buddy of the finest level and of its parents, coarse to fine."""
        rows = [row]
        for level in reversed(self.levels[1:]):
            rows.append(int(level.parent[rows[-1]]))
        return rows[::-1]
