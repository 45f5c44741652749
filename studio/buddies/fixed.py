"""Pairs that a match must keep: placed by hand, moved by hand or locked. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.arrays import Index, Points, Reals
from studio.buddies.plan import LevelPlan, Plan
from studio.pairs import PairSet


def pairs_to_keep(pairs: PairSet) -> PairSet:
    """Those that a new match keeps: locked ones, and those placed or moved by hand."""
    return PairSet(tuple(pair for pair in pairs if pair.is_own))


@dataclass(frozen=True, eq=False)
class FixedPairs:
    """Fixed pairs in the terms of a match.

    Attributes
    ----------
    pairs : PairSet
        Enabled ones, in full-size pixels.
    a, b : (N, 2)
        Their points in pixels of the working size.
    opens : (N,) bool
        Which of them open a region at every level; the others only keep their places.
    """

    pairs: PairSet
    a: Points
    b: Points
    opens: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, pairs: PairSet, plan: Plan, opening: Iterable[int] | None = None) -> FixedPairs:
        """The enabled ones of `pairs`; those of the ids `opening` open regions, by default all."""
        enabled = pairs.enabled()
        wanted = None if opening is None else set(opening)
        return cls(
            enabled,
            plan.working_at(enabled.a, "A"),
            plan.working_at(enabled.b, "B"),
            np.array([wanted is None or pair.id in wanted for pair in enabled], dtype=bool),
        )

    def __len__(self) -> int:
        return len(self.pairs)

    def cells(self, plan: Plan, level: LevelPlan) -> tuple[Index, Index]:
        """Row and column of their cells of A and of B at a level, (N, 2) each."""
        return plan.cells_at(self.a, level, "A"), plan.cells_at(self.b, level, "B")

    def sub_cell_offset(self, plan: Plan, level: LevelPlan) -> Reals:
        """(N, 2) as `studio.buddies.ranking.Buddies` has it: how far beside the middles of their cells they lie."""
        return plan.sub_cell_offset(self.a, self.b, level)
