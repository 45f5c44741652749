"""The matcher of the article: best buddies everywhere at first, then inside the regions that pairs open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from studio.arrays import Index, Mask, Reals
from studio.buddies.appearance import common_appearance
from studio.buddies.dual_softmax import consensus_matches
from studio.buddies.fixed import FixedPairs
from studio.buddies.plan import LevelPlan, Plan
from studio.buddies.ranking import Activation, Buddies, mutual_pairs
from studio.buddies.regions import CandidateMatches, greedy_one_to_one, search_regions
from studio.buddies.search import RELATIVE_COST, TINY, Cells, pair_similarity, search_everywhere, to_unit
from studio.buddies.spatial_prior import offset_within_cell, prior_strength, sub_cell_offsets
from studio.pairs import PairSet
from studio.progress import Job, Progress

EXPECTED_SHARE = 0.3
"""Regions for each cell that the level above has in one picture, roughly, and three times the cost of windows; only
the bar of progress hangs on it."""


class PaperMatcher:
    """One match as Aberman et al. 2018 describe it, sections 4.1 to 4.3.

    Parameters
    ----------
    plan : Plan
    maps_a, maps_b : dict
        Level number to (1, C, H, W); read when a level is searched.
    tolerance : int
        How many cells beside its start the way there and back may end.
    consistency : float
        How much the matches of the coarsest level must agree with each other (`studio.buddies.dual_softmax`), and those
        below with the pair they come from (`studio.buddies.spatial_prior`); 0, as in the article, not at all.
    fixed : FixedPairs, optional
        Pairs that are there at every level.
    within : (rows, columns) bool, optional
        Which cells of A have matches at the coarsest level.
    """

    def __init__(
        self,
        plan: Plan,
        maps_a: dict[int, Tensor],
        maps_b: dict[int, Tensor],
        tolerance: int,
        consistency: float = 0.0,
        fixed: FixedPairs | None = None,
        within: Mask | None = None,
    ) -> None:
        self._plan = plan
        self._maps_a, self._maps_b = maps_a, maps_b
        self._tolerance = tolerance
        self._consistency = consistency
        self._fixed = fixed or FixedPairs.of(PairSet(), plan)
        self._within = within

    def work(self, level: LevelPlan) -> float:
        """Roughly the multiplications of a level, in units of those of a convolution."""
        cells = self._plan.cells(level)
        if level is self._plan.levels[0]:
            return RELATIVE_COST * cells**2 / 4 * level.channels
        side = 2 * level.reach + level.patch
        return RELATIVE_COST * EXPECTED_SHARE * cells / 8 * side**4 * level.channels

    def search(self, level: LevelPlan, parents: Buddies | None) -> Job[Buddies]:
        """The buddies of a level, with the ranks and similarities that their parents had; fixed pairs come first."""
        a, b = Cells.of(self._maps_a[level.number]), Cells.of(self._maps_b[level.number])
        prior = prior_strength(self._consistency, level)
        if parents is None:
            candidates, sub_cell_offset = yield from self._everywhere(a, b, level)
            opener, rank, before = np.full(1, -1), np.zeros(1, np.float32), np.zeros(1, np.float32)
        else:
            opener, centres_a, centres_b, expected = self._openings(level, parents)
            candidates = yield from search_regions(
                a, b, centres_a, centres_b, level.reach, level.patch, self._tolerance, expected, prior
            )
            rank, before = parents.rank[opener], parents.similarity[opener]
            from_a, from_b = (
                np.stack(np.divmod(flat, cells.width), axis=1) - centres[candidates.region]
                for flat, cells, centres in ((candidates.a, a, centres_a), (candidates.b, b, centres_b))
            )
            # Not in the article: what the coarser pair said between cells stays true within half a cell of this level.
            sub_cell_offset = offset_within_cell(expected[candidates.region], from_b - from_a)
        # Ours too: a pair placed by hand takes its two cells before anything found may have them.
        fixed = self.fixed_at(level, parents)
        taken = np.isin(candidates.a, fixed.a @ (a.width, 1)) | np.isin(candidates.b, fixed.b @ (b.width, 1))
        free = np.flatnonzero(~taken)
        # The article leaves open what becomes of a cell that finds a buddy in each of several regions, which overlap:
        # here the most similar pair keeps it, so that every level is one to one whichever region came first.
        order = greedy_one_to_one(candidates.take(free), rank[candidates.region[free]])
        candidates, sub_cell_offset = candidates.take(free[order]), sub_cell_offset[free[order]]
        found = Buddies(
            np.stack(np.divmod(candidates.a, a.width), axis=1),
            np.stack(np.divmod(candidates.b, b.width), axis=1),
            rank[candidates.region],
            before[candidates.region] + candidates.similarity,  # over the levels, for the preview of a match
            opener[candidates.region],
            sub_cell_offset=sub_cell_offset,
        )
        return fixed.followed_by(found)

    def fixed_at(self, level: LevelPlan, parents: Buddies | None) -> Buddies:
        """The fixed pairs as buddies of a level."""
        count = len(self._fixed)
        parent = np.full(count, -1)
        if parents is not None:
            rows = np.flatnonzero(parents.is_fixed)
            parent[parents.fixed[rows]] = rows
        cells_a, cells_b = self._fixed.cells(self._plan, level)
        rank, similarity = np.zeros((2, count), np.float32)
        if count:
            a, b = (Cells.normalised(maps[level.number]) for maps in (self._maps_a, self._maps_b))
            similarity = pair_similarity(a, b, cells_a, cells_b, level.patch)
            if parents is not None:
                rank, similarity = parents.rank[parent], parents.similarity[parent] + similarity
        sub_cell_offset = self._fixed.sub_cell_offset(self._plan, level)
        return Buddies(cells_a, cells_b, rank, similarity, parent, np.arange(count), sub_cell_offset)

    def _openings(self, level: LevelPlan, parents: Buddies) -> tuple[Index, Index, Index, Reals]:
        """Numbers of the parents that open a region, its middle in A and in B, and what is expected in it, (R, 2)."""
        fixed = parents.is_fixed
        # A pair that was kept from above has found nothing here before, and a region of it would find nothing again.
        opens = ~fixed & (parents.ended == 0)
        opens[fixed] = self._fixed.opens[parents.fixed[fixed]]
        centres_a, centres_b = 2 * parents.a, 2 * parents.b  # strides double from level to level
        cells_a, cells_b = self._fixed.cells(self._plan, level)
        centres_a[fixed], centres_b[fixed] = cells_a[parents.fixed[fixed]], cells_b[parents.fixed[fixed]]
        expected = 2 * parents.sub_cell_offset  # in cells, which are half as large here
        expected[fixed] = self._fixed.sub_cell_offset(self._plan, level)[parents.fixed[fixed]]
        return np.flatnonzero(opens), centres_a[opens], centres_b[opens], expected[opens]

    def _everywhere(self, a: Cells, b: Cells, level: LevelPlan) -> Job[tuple[CandidateMatches, Reals]]:
        """At the coarsest level each picture is one region; the buddies, and how far aside they lie."""
        a, b = both_adapted(a, b)
        matches = None
        if self._consistency > 0:
            yield Progress(0.0, "searching")
            # Not in the article, which takes mutual nearest neighbours as they are. Everything below hangs on these,
            # and on animals of two kinds only one in four is right (see `studio.buddies.dual_softmax`).
            matches = self._agreed(a, b, level)
            if self._within is not None:
                matches[torch.from_numpy(~self._within.ravel()).to(matches.device)] = -torch.inf
            there, back = matches.argmax(1).cpu().numpy(), matches.argmax(0).cpu().numpy()
        else:
            found = yield from search_everywhere(a, b, level.patch)
            there, back = found[0].cpu().numpy(), found[2].cpu().numpy()
        region, cell_a, cell_b = mutual_pairs(there[None], back[None], a.width, b.width, self._tolerance)
        # Where a picture is transparent all cells are zero and each other's best; nothing is there to be matched.
        kept = a.are_there(cell_a) & b.are_there(cell_b)
        if self._within is not None:
            kept &= self._within.ravel()[cell_a]
        region, cell_a, cell_b = region[kept], cell_a[kept], cell_b[kept]
        place_a = np.stack(np.divmod(cell_a, a.width), axis=1)
        place_b = np.stack(np.divmod(cell_b, b.width), axis=1)
        sub_cell_offset = np.zeros((len(cell_a), 2))
        if matches is not None:
            sub_cell_offset = sub_cell_offsets(matches, ((a.height, a.width), (b.height, b.width)), cell_a, cell_b)
        return CandidateMatches(
            region, cell_a, cell_b, pair_similarity(a, b, place_a, place_b, level.patch)
        ), sub_cell_offset

    def _agreed(self, a: Cells, b: Cells, level: LevelPlan) -> Tensor:
        response_a, response_b = (Activation(maps[level.number], 0.0).response for maps in (self._maps_a, self._maps_b))
        return consensus_matches(
            a.vectors @ b.vectors.T,
            ((a.height, a.width), (b.height, b.width)),
            (response_a, response_b),
            self._consistency,
            self._fixed.cells(self._plan, level),
            (a.there, b.there),
        )


def both_adapted(a: Cells, b: Cells) -> tuple[Cells, Cells]:
    """Two whole maps brought to their common appearance, every cell that is there of length 1, the others zero.

    The article's section 4.2 with the whole pictures as the one pair of regions. `a` and `b` hold (N, C) vectors as the
    network gives them, and come back as new ones.
    """
    blocks = [cells.vectors[None].clone() for cells in (a, b)]
    weights = [_shares(cells) for cells in (a, b)]
    least = torch.full((blocks[0].shape[2],), TINY, device=blocks[0].device)
    common_appearance(blocks[0], blocks[1], weights[0], weights[1], least, least)
    for block, cells in zip(blocks, (a, b), strict=True):
        if cells.there is not None:
            block[0, ~cells.there] = 0.0
    a, b = (replace(cells, vectors=to_unit(block[0])) for block, cells in zip(blocks, (a, b), strict=True))
    return a, b


def _shares(cells: Cells) -> Tensor:
    """(1, 1, N) what each cell of a map counts for its mean and spread: all that are there the same."""
    device, count = cells.vectors.device, len(cells.vectors)
    if cells.there is None:
        return torch.full((1, 1, count), 1 / count, device=device)
    there = cells.there.to(cells.vectors.dtype)
    return (there / there.sum().clamp_min(1.0))[None, None]
