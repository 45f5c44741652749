"""Which buddies of the finest level become pairs, and what became of the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.arrays import Index, Mask, Points
from studio.buddies.consistency import consistent
from studio.buddies.match_trace import BORDER, GROUP, INCONSISTENT, OUTSIDE, REPEAT
from studio.buddies.options import MatchOptions
from studio.buddies.plan import LevelPlan, Plan
from studio.buddies.ranking import Buddies, either_way, grouped, inside, strongest


@dataclass(frozen=True, eq=False)
class Choice:
    """`rows`, (M,), of the buddies that become pairs, the highest rank first; the others as in `MatchTrace`."""

    rows: Index
    fate: npt.NDArray[np.uint8]
    rival: npt.NDArray[np.int32]


def place(plan: Plan, options: MatchOptions, level: LevelPlan, cells: Index) -> Points:
    """(N, 2) points of `cells` at the working size: their centres, or what the authors' program takes for it."""
    if options.preset == "official":
        return level.stride * cells[:, ::-1].astype(np.float64)  # the top-left pixel
    return plan.working_points(cells, level)


def choose(
    buddies: Buddies, plan: Plan, level: LevelPlan, options: MatchOptions, groups: int, among: Mask | None = None
) -> Choice:
    """One for each point of A (and, with a spatial prior, of B), off the border, in agreement, the strongest of each
    group; fixed ones in any case.

    Parameters
    ----------
    groups : int
        How many pairs are wanted; 0 for all.
    among : (N,) bool, optional
        Which may become pairs at all; the others only have a say in what is consistent. Fixed pairs then are not
        among those that `groups` asks for.
    """
    fate = np.zeros(len(buddies), np.uint8)
    rival = np.full(len(buddies), -1, np.int32)
    sure = buddies.is_fixed
    points_a, points_b = (place(plan, options, level, cells) for cells in (buddies.a, buddies.b))
    places = np.concatenate([points_a[:, ::-1], points_b[:, ::-1]], axis=1)
    own = np.arange(len(buddies))
    keeper = _first_alike(buddies.a)
    if options.has_prior:  # a pair that was kept from above may lie where another picture's cell is taken
        places = either_way(places)
        keeper = np.where(keeper == own, _first_alike(buddies.b), keeper)
    rows = np.flatnonzero((keeper == own) | sure)
    repeats = np.setdiff1d(own, rows)
    fate[repeats], rival[repeats] = REPEAT, keeper[repeats]

    def drop(keep: Mask, why: int) -> Index:
        keep = keep | sure[rows]
        fate[rows[~keep]] = why
        return rows[keep]

    off_border = inside(points_a[rows], plan.size_a, options.border)
    rows = drop(off_border & inside(points_b[rows], plan.size_b, options.border), BORDER)
    # Neither matcher of the article asks pairs to agree; `official` is to stay as it is, consistency 0 keeps all.
    if options.preset != "official":
        sizes, rank = (plan.size_a, plan.size_b), buddies.rank[rows]
        agrees = consistent(points_a[rows], points_b[rows], rank, sizes, options.consistency, sure[rows])
        rows = drop(agrees, INCONSISTENT)
    if among is not None:
        rows = drop(among[rows], OUTSIDE)
    sub_cell_offset = rows[sure[rows]] if among is not None else rows[:0]  # what is asked for is asked of the others
    rows = np.setdiff1d(rows, sub_cell_offset)
    labels = grouped(places[rows], groups, options.seed)
    if labels is not None:
        chosen = strongest(labels, buddies.rank[rows], sure[rows])
        best = np.zeros(labels.max(initial=0) + 1, np.int64)
        best[labels[chosen]] = rows[chosen]
        lost = np.setdiff1d(np.arange(len(rows)), chosen)
        fate[rows[lost]], rival[rows[lost]] = GROUP, best[labels[lost]]
        rows = rows[chosen]
    rows = np.concatenate([sub_cell_offset, rows])
    return Choice(rows[np.argsort(-buddies.rank[rows], kind="stable")], fate, rival)


def _first_alike(cells: Index) -> Index:
    """(N,) for each of `cells`, (N, 2), which of the same ones comes first."""
    _, first, which = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    found: Index = first[which.reshape(-1)].astype(np.int64)
    return found
