"""The reading of the authors' program: dense local search, and appearance by inverting the network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from studio.backbones.backbone import Stage
from studio.buddies.appearance import invert, vote_warp
from studio.buddies.plan import LevelPlan
from studio.buddies.ranking import Buddies, Index, Mask, first_of_each, last_of_each, mutual
from studio.buddies.search import Cells, search_windows
from studio.progress import Job, part

PARENTS_AT_ONCE = 1 << 14


class OfficialReading:
    """One match as github.com/kfiraberman/neural_best_buddies computes it; two maps of a level have equal sizes.

    Parameters
    ----------
    maps_a, maps_b : dict
        Level number to (1, C, H, W).
    stages : sequence of Stage
        Level n is at n - 1.
    levels : sequence of LevelPlan
        Coarse to fine.
    tolerance : int
        How many cells beside its start the way there and back may end.
    keep_repeats : bool
        Let a pair appear once for each parent that leads to it. It does in the authors' program, until the end;
        but only limiting the pairs per level can tell the difference.
    """

    squared_activation = True

    def __init__(
        self,
        maps_a: dict[int, Tensor],
        maps_b: dict[int, Tensor],
        stages: Sequence[Stage],
        levels: Sequence[LevelPlan],
        tolerance: int,
        keep_repeats: bool,
    ) -> None:
        self._maps_a, self._maps_b = maps_a, maps_b
        self._stages = stages
        self._finest = levels[-1].number
        self._tolerance = tolerance
        self._keep_repeats = keep_repeats
        coarsest = levels[0].number
        self._common = maps_a[coarsest], maps_b[coarsest]
        self._matches: tuple[Tensor, Tensor] | None = None

    def search(self, level: LevelPlan, parents: Buddies | None) -> Job[Buddies]:
        """The buddies of a level, with the ranks and similarities that their parents had."""
        a, b = (Cells.normalised(features) for features in self._common)
        centres = [
            self._centres(match, cells) for match, cells in zip(self._matches or (None, None), (a, b), strict=True)
        ]
        a_to_b, similarity = yield from part(search_windows(a, b, centres[0], level.window, level.patch), 0.0, 0.5)
        b_to_a, _ = yield from part(search_windows(b, a, centres[1], level.window, level.patch), 0.5, 1.0)
        self._matches = a_to_b, b_to_a
        there, back = a_to_b.cpu().numpy(), b_to_a.cpu().numpy()
        content = mutual(there[None], back[None], a.width, self._tolerance)[0]
        if parents is None:
            start = np.flatnonzero(content)
            rank, before = np.zeros((2, len(start)), np.float32)
        else:
            start, parent = self._children(level, parents, content, there, (a.height, a.width))
            rank, before = parents.rank[parent], parents.similarity[parent]
        return Buddies(
            np.stack(np.divmod(start, a.width), axis=1),
            np.stack(np.divmod(there[start], b.width), axis=1),
            rank,
            before + similarity.cpu().numpy()[start],
        )

    def descend(self, level: LevelPlan) -> Job[None]:
        """Make the features that the next finer level is searched on: half its own, half rebuilt from the other's."""
        assert self._matches is not None
        number = level.number
        a, b = self._maps_a[number], self._maps_b[number]
        shape = a.shape[2], a.shape[3]
        rebuilt = torch.cat(
            [
                vote_warp(b, self._matches[0], shape, level.patch),
                vote_warp(a, self._matches[1], shape, level.patch),
            ]
        )
        finer_a, finer_b = self._maps_a[number - 1], self._maps_b[number - 1]
        inverted = yield from invert(self._stages[number - 1], rebuilt, finer_a.shape[1:])
        self._common = (finer_a + inverted[:1]) * 0.5, (finer_b + inverted[1:]) * 0.5

    def _centres(self, match: Tensor | None, cells: Cells) -> Tensor:
        """Where the windows lie, (h, w, 2): about the same place at first, then about twice the match of above."""
        if match is None:
            flat, width = torch.arange(cells.height * cells.width, device=cells.vectors.device), cells.width
            return torch.stack([flat // width, flat % width], dim=1).view(cells.height, width, 2)
        width = cells.width // 2
        return 2 * torch.stack([match // width, match % width], dim=1).view(-1, width, 2)

    def _children(
        self, level: LevelPlan, parents: Buddies, content: Mask, there: Index, shape: tuple[int, int]
    ) -> tuple[Index, Index]:
        """Cells of A whose match lies where a parent allows it, and the parents' numbers.

        In the order of the authors' program: the last parent comes first, its cells row by row.
        """
        height, width = shape
        offsets = np.arange(-level.window, level.window + 1)
        starts, found_by = [], []
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
        keep = first_of_each if (level.number - self._finest) % 2 == 0 else last_of_each
        return start[keep(start)], parent[keep(start)]
