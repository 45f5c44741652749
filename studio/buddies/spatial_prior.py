"""The spatial prior: finer levels see edges and textures, and alone they drift to like ones.

A pair stays near where the one it came from points, and where a level sees nothing at all, the coarser pair itself
stays. Not part of the paper, where all places of a region are equally good. A pair says where its points lie more
finely than its cells do, by its sub-cell offset; within `FREE` cells of that, which is about how well it can know, the
pairs it opens a region for lie where they look best, and beyond there is a displacement penalty. It grows with the
square of the way, so what clearly lies elsewhere is still found there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from studio.arrays import Index, Reals, Shape, Size
from studio.buddies.dual_softmax import NOTHING
from studio.buddies.plan import LevelPlan
from studio.buddies.ranking import Buddies

PRIOR_STRENGTH = 0.4
"""Cosine that it costs to lie a region's reach beyond what is free, at a consistency of 1. Together with the coarse
pairs that stay: 0.271 / 0.260 of the key points right by pairs alone instead of 0.260 / 0.238 (PCK@0.1, same kind /
across kinds, 500 pairs of animals other than those of the tables)."""
FREE = 2.0
"""Cells around where the parent is that cost nothing: as far as its own cell is wide, which is two of these."""


def prior_strength(consistency: float, level: LevelPlan) -> float:
    """What lying a region's reach beyond what is free costs at a level.

    Nothing at a consistency of 0, as in the article; and nothing at the finest levels, where one cell looks much like
    the next: there it would cost the last pixel.
    """
    return PRIOR_STRENGTH * consistency if level.has_prior else 0.0


def displacement_penalty(away: Reals, reach: int, prior: float) -> Reals:
    """(...) what it costs, as a cosine, to lie `away`, (..., 2) in cells, from where the parent is."""
    beyond: Reals = np.maximum(np.hypot(away[..., 0], away[..., 1]) - FREE, 0.0)
    return beyond**2 * (prior / reach**2)


def subtract_penalty(scores: Tensor, expected: Tensor, span: int, most: float) -> None:
    """Take from the scores of all pairs of cells of pairs of regions, in place, what their places cost.

    Parameters
    ----------
    scores : (R, span^2, span^2)
        Of the cells of the first region with those of the second.
    expected : (R, 2)
        How far, in rows and columns of cells, the second cell should lie from the middle of its region, more than the
        first does from that of its own.
    span : int
        Cells along the side of a region, an odd number.
    most : float
        What lying half a side beyond what is free costs.
    """
    reach = span // 2
    cells = torch.arange(span * span, device=scores.device)
    offset = (torch.stack([cells // span, cells % span], dim=1) - reach).to(scores.dtype).expand(len(scores), -1, -1)
    beyond = torch.cdist(offset + expected.to(scores.dtype)[:, None], offset).sub_(FREE).clamp_min_(0)
    scores.addcmul_(beyond, beyond, value=-most / reach**2)


def offset_within_cell(expected: Reals, cells: Index) -> Reals:
    """(N, 2) how far beside its cell a partner lies that is expected at `expected` and found at `cells`, both (N, 2).

    As far as the cell reaches: within half a cell what the parent said stays true.
    """
    sub_cell_offset: Reals = np.clip(expected - cells, -0.5, 0.5)
    return sub_cell_offset


def kept_from_above(
    parents: Buddies, found: Buddies, above: LevelPlan, more: bool, grids: tuple[Size, Size]
) -> Buddies:
    """Those of the level `above` that were kept already, and, if `more`, those in whose cells nothing was found.

    Neither in A nor in B. They lie where they were, in the cell of this level nearest to it, with the rank they had,
    and open no more regions. `found` are the buddies of this level, `grids` the columns and rows of its maps of A and
    B.
    """
    alone = ~parents.is_fixed & more
    for mine, others in ((parents.a, found.a), (parents.b, found.b)):
        width = int(max(mine[:, 1].max(initial=0), others[:, 1].max(initial=0) // 2)) + 1
        alone &= ~np.isin(mine @ (width, 1), others // 2 @ (width, 1))
    rows = np.flatnonzero(alone | (parents.ended > 0))
    stay = parents.take(rows)
    # The middle of a cell is a corner of four of the next level. What B's point lies aside is halved: neither picture
    # comes first, and each point lies where the finest level would have put it (`studio.buddies.match.finish`).
    places = [
        2 * cells + 0.5 + 2 * stay.beside + side * stay.sub_cell_offset for cells, side in ((stay.a, -1), (stay.b, 1))
    ]
    cells_a, cells_b = (
        np.clip(np.floor(place + 0.5).astype(np.int64), 0, np.subtract(grid[::-1], 1))
        for place, grid in zip(places, grids, strict=True)
    )
    left_a, left_b = places[0] - cells_a, places[1] - cells_b
    return Buddies(
        cells_a,
        cells_b,
        stay.rank,
        stay.similarity,
        rows,
        sub_cell_offset=left_b - left_a,
        ended=np.where(stay.ended > 0, stay.ended, above.number),
        beside=(left_a + left_b) / 2,
    )


def sub_cell_offsets(matches: Tensor, shapes: tuple[Shape, Shape], cells: Index, others: Index) -> Reals:
    """(N, 2) how far beside their cells, in rows and columns of cells, the best matches of coarse cells lie.

    As in `studio.buddies.search.displacement`: of the peaks in both pictures, by parabolas through three neighbours,
    half of the difference is true.

    Parameters
    ----------
    matches : (Na, Nb)
        Of every cell of A with every cell of B.
    shapes : two of (rows, columns)
        Na and Nb are their products.
    cells, others : (N,) int64
        Rows and columns of the table: the pairs.
    """
    in_b = peaks_of(lambda there: (cells, there), matches, shapes[1], others)
    return (in_b - peaks_of(lambda here: (here, others), matches, shapes[0], cells)) / 2


def peaks_of(pairs_at: Callable[[Index], tuple[Index, Index]], matches: Tensor, shape: Shape, flat: Index) -> Reals:
    """(N, 2) how far beside cells of one picture, (N,) `flat`, matches peak; 0 at the edge and where there is no peak.

    `pairs_at` has the rows and columns of the table that match what is to be matched with given cells of that picture,
    of (rows, columns) `shape`.
    """

    def values(cells: Index) -> Reals:
        rows, columns = (torch.from_numpy(index).to(matches.device) for index in pairs_at(cells))
        return matches[rows, columns].double().cpu().numpy()

    found = np.zeros((len(flat), 2))
    row, column = np.divmod(flat, shape[1])
    middle = values(flat)
    for axis, (place, length, step) in enumerate(((row, shape[0], shape[1]), (column, shape[1], 1))):
        exists = (place > 0) & (place < length - 1)
        before, after = values(np.where(exists, flat - step, flat)), values(np.where(exists, flat + step, flat))
        # A lasso leaves rows of minus infinity, and what is not there `NOTHING`.
        known = exists & (before > NOTHING) & (middle > NOTHING) & (after > NOTHING)
        with np.errstate(invalid="ignore"):
            bend = before - 2 * middle + after
        is_peak = known & (middle >= before) & (middle >= after) & (bend < 0)
        found[is_peak, axis] = (before[is_peak] - after[is_peak]) / (2 * bend[is_peak])
    return found
