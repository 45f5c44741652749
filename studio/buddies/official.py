"""The matcher of the authors' program: dense local search, and appearance by inverting the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from studio.arrays import Index, Mask
from studio.backbones.backbone import Stage
from studio.buddies.appearance import invert, vote_warp
from studio.buddies.fixed import FixedPairs
from studio.buddies.plan import LevelPlan, Plan
from studio.buddies.ranking import Buddies, first_of_each, last_of_each, mutual
from studio.buddies.search import RELATIVE_COST, Cells, pair_similarity, search_windows
from studio.features.pyramid import cost
from studio.pairs import PairSet
from studio.progress import Job, part

EXPECTED_STEPS = 40
"""Steps that an inversion takes, roughly; it depends on the network and on the pictures."""
PARENTS_AT_ONCE = 1 << 14


class OfficialMatcher:
    """One match as github.com/kfiraberman/neural_best_buddies computes it, on squares of equal size.

    Parameters
    ----------
    plan : Plan
    maps_a, maps_b : dict
        Level number to (1, C, H, W); read when a level is searched.
    stages : sequence of Stage
        The one that ends in level n is at n - 1.
    tolerance : int
        How many cells beside its start the way there and back may end.
    keep_repeats : bool
        Let a pair appear once for each parent that leads to it. It does in the authors' program, until the end;
        but only limiting the pairs per level can tell the difference.
    fixed : FixedPairs, optional
        Pairs that are matches at every level, whatever the search says, so that all below them hangs on them.
    """

    def __init__(
        self,
        plan: Plan,
        maps_a: dict[int, Tensor],
        maps_b: dict[int, Tensor],
        stages: Sequence[Stage],
        tolerance: int,
        keep_repeats: bool,
        fixed: FixedPairs | None = None,
    ) -> None:
        self._plan = plan
        self._maps_a, self._maps_b = maps_a, maps_b
        self._stages = stages
        self._tolerance = tolerance
        self._keep_repeats = keep_repeats
        self._fixed = fixed or FixedPairs.of(PairSet(), plan)
        self._above: tuple[LevelPlan, Tensor, Tensor] | None = None  # the level above, and its matches of A and B

    def work(self, level: LevelPlan) -> float:
        """Roughly the multiplications of a level, in units of those of a convolution."""
        return self._search_work(level) + self._adapt_work(level)

    def _search_work(self, level: LevelPlan) -> float:
        block, window = level.patch + 1, 2 * level.window + level.patch
        return RELATIVE_COST * self._plan.cells(level) / 4 * block**2 * window**2 * level.channels

    def _adapt_work(self, level: LevelPlan) -> float:
        if level is self._plan.levels[0]:
            return 0.0
        above = level.number + 1
        pixels = self._plan.cells(level) * level.stride**2
        return 3 * EXPECTED_STEPS * pixels * cost(self._stages[above - 1], above)

    def search(self, level: LevelPlan, parents: Buddies | None) -> Job[Buddies]:
        """The buddies of a level, with the ranks and similarities that their parents had."""
        split = self._adapt_work(level) / self.work(level)
        common = yield from part(self._adapted(level), 0.0, split)
        a, b = (Cells.normalised(features) for features in common)
        there_a, there_b = a.are_there, b.are_there
        # The authors' program lets cells without any activation compete, and they only fail at the threshold.
        a, b = replace(a, there=None), replace(b, there=None)
        del common
        to_b, to_a = (self._centres(a), self._centres(b)) if self._above is None else self._below(*self._above)
        middle = (1 + split) / 2
        a_to_b, similarity = yield from part(search_windows(a, b, to_b, level.window, level.patch), split, middle)
        b_to_a, _ = yield from part(search_windows(b, a, to_a, level.window, level.patch), middle, 1.0)
        fixed_a, fixed_b = self._fixed.cells(self._plan, level)
        flat_a, flat_b = fixed_a @ (a.width, 1), fixed_b @ (a.width, 1)
        if len(self._fixed):
            at_a, at_b = (torch.from_numpy(flat).to(a_to_b.device) for flat in (flat_a, flat_b))
            a_to_b[at_a], b_to_a[at_b] = at_b, at_a
            similarity[at_a] = torch.from_numpy(pair_similarity(a, b, fixed_a, fixed_b, level.patch)).to(at_a.device)
        self._above = level, a_to_b, b_to_a
        there, back = a_to_b.cpu().numpy(), b_to_a.cpu().numpy()
        content = mutual(there[None], back[None], a.width, self._tolerance)[0]
        if parents is None:
            start = np.flatnonzero(content)
            parent = np.full(len(start), -1)
        else:
            start, parent = self._children(level, parents, content, there, (a.height, a.width))
        found = ~(np.isin(start, flat_a) | np.isin(there[start], flat_b))
        found &= there_a(start) & there_b(there[start])
        own = np.full(len(self._fixed), -1)
        if parents is not None:
            rows = np.flatnonzero(parents.is_fixed)
            own[parents.fixed[rows]] = rows
        start, end = np.concatenate([flat_a, start[found]]), np.concatenate([flat_b, there[start[found]]])
        parent = np.concatenate([own, parent[found]])
        rank, before = np.zeros((2, len(start)), np.float32)
        if parents is not None:
            rank, before = parents.rank[parent], parents.similarity[parent]
        return Buddies(
            np.stack(np.divmod(start, a.width), axis=1),
            np.stack(np.divmod(end, b.width), axis=1),
            rank,
            before + similarity.cpu().numpy()[start],
            parent,
            np.concatenate([np.arange(len(own)), np.full(int(found.sum()), -1)]),
        )

    def _adapted(self, level: LevelPlan) -> Job[tuple[Tensor, Tensor]]:
        """The features to search on: below the coarsest level half their own, half rebuilt from the other's."""
        own_a, own_b = self._maps_a[level.number], self._maps_b[level.number]
        if self._above is None:
            return own_a, own_b
        above, a_to_b, b_to_a = self._above
        a, b = self._maps_a[above.number], self._maps_b[above.number]
        shape = a.shape[2], a.shape[3]
        rebuilt = [vote_warp(b, a_to_b, shape, above.patch), vote_warp(a, b_to_a, shape, above.patch)]
        stage, batched = self._stages[above.number - 1], own_a.device.type != "cpu"
        inverted = yield from invert(stage, torch.cat(rebuilt), own_a.shape[1:], batched)
        return (own_a + inverted[:1]) * 0.5, (own_b + inverted[1:]) * 0.5

    @staticmethod
    def _centres(cells: Cells) -> Tensor:
        """Where windows lie at first, (h, w, 2): at the same place."""
        flat = torch.arange(cells.height * cells.width, device=cells.vectors.device)
        return _places(flat, cells.width)

    def _below(self, above: LevelPlan, a_to_b: Tensor, b_to_a: Tensor) -> tuple[Tensor, Tensor]:
        """Where windows lie next, (h, w, 2) of the level above: at twice its match."""
        width = self._plan.size_a[0] // above.stride
        return 2 * _places(a_to_b, width), 2 * _places(b_to_a, width)

    def _children(
        self, level: LevelPlan, parents: Buddies, content: Mask, there: Index, shape: tuple[int, int]
    ) -> tuple[Index, Index]:
        """Cells of A whose match lies where a parent allows it, and the parents' numbers.

        In the order of the authors' program: the last parent comes first, its cells row by row.
        """
        height, width = shape
        offsets = np.arange(-level.window, level.window + 1)
        starts, found_by = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        order = np.arange(len(parents))[::-1]
        for chunk in np.split(order, range(PARENTS_AT_ONCE, len(order), PARENTS_AT_ONCE)):
            rows, columns = (2 * parents.a[chunk, axis, None] + offsets for axis in (0, 1))
            on_map = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
            cells = np.where(on_map, rows[:, :, None] * width + columns[:, None, :], 0)
            to_row, to_column = np.divmod(there[cells], width)
            row, column = (2 * parents.b[chunk, axis, None, None] for axis in (0, 1))
            allowed = (abs(to_row - row) <= level.window) & (abs(to_column - column) <= level.window)
            which, *place = np.nonzero(on_map & content[cells] & allowed)
            starts.append(cells[which, *place])
            found_by.append(chunk[which])
        start, parent = np.concatenate(starts), np.concatenate(found_by)
        if self._keep_repeats:
            return start, parent
        # At the finest level the first of equal pairs stays. There the parents come in reversed order, so of equal
        # parents the last one matters, of equal grandparents the first one again, and so on.
        keep = first_of_each if (level.number - self._plan.levels[-1].number) % 2 == 0 else last_of_each
        return start[keep(start)], parent[keep(start)]


def _places(flat: Tensor, width: int) -> Tensor:
    return torch.stack([flat // width, flat % width], dim=1).view(-1, width, 2)
