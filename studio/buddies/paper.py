"""The reading of the article: best buddies everywhere at first, then inside the regions that pairs open."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from studio.buddies.appearance import common_appearance
from studio.buddies.plan import LevelPlan, Plan
from studio.buddies.ranking import Buddies, mutual_pairs
from studio.buddies.regions import Claims, search_regions, settle
from studio.buddies.search import RELATIVE_COST, TINY, Cells, search_everywhere, to_unit
from studio.progress import Job

EXPECTED_SHARE = 0.3
"""Regions for each cell that the level above has in one picture, roughly, and three times the cost of windows."""


class PaperReading:
    """One match as Aberman et al. 2018 describe it, sections 4.1 to 4.3.

    Parameters
    ----------
    plan : Plan
    maps_a, maps_b : dict
        Level number to (1, C, H, W); read when a level is searched.
    tolerance : int
        How many cells beside its start the way there and back may end.
    """

    squared_activation = False

    def __init__(self, plan: Plan, maps_a: dict[int, Tensor], maps_b: dict[int, Tensor], tolerance: int) -> None:
        self._plan = plan
        self._maps_a, self._maps_b = maps_a, maps_b
        self._tolerance = tolerance

    def work(self, level: LevelPlan) -> float:
        """Roughly the multiplications of a level, in units of those of a convolution."""
        cells = self._plan.cells(level)
        if level is self._plan.levels[0]:
            return RELATIVE_COST * cells**2 / 4 * level.channels
        side = 2 * level.reach + level.patch
        return RELATIVE_COST * EXPECTED_SHARE * cells / 8 * side**4 * level.channels

    def search(self, level: LevelPlan, parents: Buddies | None) -> Job[Buddies]:
        """The buddies of a level, with the ranks and similarities that their parents had."""
        a, b = Cells.of(self._maps_a[level.number]), Cells.of(self._maps_b[level.number])
        if parents is None:
            claims = yield from self._everywhere(a, b, level.patch)
            rank, before = np.zeros((2, 1), np.float32)
        else:
            claims = yield from search_regions(
                a, b, 2 * parents.a, 2 * parents.b, level.reach, level.patch, self._tolerance
            )
            rank, before = parents.rank, parents.similarity
        claims = settle(claims, rank[claims.region])
        return Buddies(
            np.stack(np.divmod(claims.a, a.width), axis=1),
            np.stack(np.divmod(claims.b, b.width), axis=1),
            rank[claims.region],
            before[claims.region] + claims.similarity,
        )

    def _everywhere(self, a: Cells, b: Cells, patch: int) -> Job[Claims]:
        """At the coarsest level each picture is one region."""
        blocks = [cells.vectors[None].clone() for cells in (a, b)]
        weights = [torch.full((1, 1, block.shape[1]), 1 / block.shape[1], device=block.device) for block in blocks]
        least = torch.full((blocks[0].shape[2],), TINY, device=blocks[0].device)
        common_appearance(blocks[0], blocks[1], weights[0], weights[1], least, least)
        a, b = (
            Cells(to_unit(block[0]), cells.height, cells.width) for block, cells in zip(blocks, (a, b), strict=True)
        )
        found = yield from search_everywhere(a, b, patch)
        there, best_a, back, best_b = (tensor.cpu().numpy() for tensor in found)
        region, cell_a, cell_b = mutual_pairs(there[None], back[None], a.width, b.width, self._tolerance)
        return Claims(region, cell_a, cell_b, np.where(there[cell_a] == cell_b, best_a[cell_a], best_b[cell_b]))
