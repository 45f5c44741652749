"""The article's search below the coarsest level: best buddies inside pairs of regions, many regions at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from studio.arrays import Floats, Index, Reals
from studio.buddies.appearance import common_appearance
from studio.buddies.ranking import first_of_each, mutual_pairs
from studio.buddies.search import TINY, Cells, at_once, patch_similarity, to_unit
from studio.buddies.spatial_prior import subtract_penalty
from studio.progress import Job, Progress

FLATNESS = 1e-3
"""Share of a channel's variance over the whole map that is added to its variance in a region. Not in the article, which
divides by what may be 0: a channel that is the same all over a region would become its own rounding errors."""


@dataclass(frozen=True, eq=False, slots=True)
class CandidateMatches:
    """Pairs found in regions, (N,) each: number of the region pair, flat cells of A and B, mean patch cosine."""

    region: Index
    a: Index
    b: Index
    similarity: Floats

    def take(self, index: Index) -> CandidateMatches:
        """The candidates of these numbers."""
        return CandidateMatches(self.region[index], self.a[index], self.b[index], self.similarity[index])


@dataclass(frozen=True, eq=False)
class Regions:
    """Square regions of one picture, taken on some at a time.

    Parameters of `of`
    ------------------
    cells : Cells
        As the network gives them, not normalised.
    centres : (R, 2) int64
        Row and column of their middles, on the map.
    reach, patch : int
        As for `search_regions`.
    """

    cells: Cells
    centres: Tensor
    least: Tensor
    reach: int
    margin: int

    @classmethod
    def of(cls, cells: Cells, centres: Index, reach: int, patch: int, least: Tensor | None = None) -> Regions:
        """The regions around `centres`, (R, 2); `least`, (C,), is what `least_variance` gives, which is computed if
        missing.
        """
        if least is None:
            least = least_variance(cells)
        return cls(cells, torch.from_numpy(centres).to(cells.vectors.device), least, reach, patch // 2)

    def region(self, part: slice) -> tuple[Tensor, Tensor, Tensor]:
        """Cells with margins, (R, M, C); how much each counts, (R, 1, M); those to match that exist, (R, N)."""
        top, left = (self.centres[part] - self.reach).unbind(1)
        margin, span = self.margin, 2 * self.reach + 1
        exists = self.cells.within(top, left, span, span)
        weight = F.pad(exists.view(-1, span, span).float(), (margin,) * 4).flatten(1)[:, None]
        cells = self.cells.blocks(top - margin, left - margin, span + 2 * margin, span + 2 * margin)
        return cells, weight / weight.sum(2, keepdim=True).clamp_min(1.0), exists


def least_variance(cells: Cells) -> Tensor:
    """(C,) what is added to the variances of channels in a region; see `FLATNESS`."""
    variance = cells.vectors.square().mean(0) - cells.vectors.mean(0).square()
    return FLATNESS * variance.clamp_min(0) + TINY


def search_regions(
    a: Cells,
    b: Cells,
    centres_a: Index,
    centres_b: Index,
    reach: int,
    patch: int,
    tolerance: int = 0,
    expected: Reals | None = None,
    prior: float = 0.0,
) -> Job[CandidateMatches]:
    """Best buddies inside each pair of regions, on features brought to the region pair's common appearance.

    Parameters
    ----------
    a, b : Cells
        As the network gives them, not normalised.
    centres_a, centres_b : (R, 2) int64
        Row and column of the cell of A in the middle of each region, and of B in the middle of its partner; on
        the map.
    reach : int
        A region goes this many cells to each side, as far as the map does.
    patch : int
        Side of the patches; they see beyond the region.
    tolerance : int
        How many cells beside its start the way there and back may end.
    expected : (R, 2), optional
        How far, in rows and columns of cells, a cell of B should lie from the middle of its region, more than its buddy
        does from that of its own; not at all by default.
    prior : float
        The penalty for lying elsewhere (`studio.buddies.spatial_prior`): the candidates' similarity is less by this.
    """
    if expected is None:
        expected = np.zeros((len(centres_a), 2))
    side_a, side_b = Regions.of(a, centres_a, reach, patch), Regions.of(b, centres_b, reach, patch)
    span = 2 * reach + 1
    side = span + patch - 1
    step = at_once(a.vectors.device, 4 * side**2 * a.vectors.shape[1] + 3 * side**4)
    none = np.zeros(0, np.int64)
    found = [CandidateMatches(none, none, none, np.zeros(0, np.float32))]
    for start in range(0, len(centres_a), step):
        part = slice(start, start + step)
        block_a, weight_a, exists_a = side_a.region(part)
        block_b, weight_b, exists_b = side_b.region(part)
        common_appearance(block_a, block_b, weight_a, weight_b, side_a.least, side_b.least)
        scores = patch_similarity(to_unit(block_a), to_unit(block_b), (side, side), (side, side), patch)
        if prior > 0:
            subtract_penalty(scores, torch.from_numpy(expected[part]).to(scores.device), span, prior * patch**2)
        if not (exists_a.all() and exists_b.all()):
            scores.masked_fill_(~(exists_a[:, :, None] & exists_b[:, None, :]), -torch.inf)
        there, back = scores.argmax(2).cpu().numpy(), scores.argmax(1).cpu().numpy()
        region, cell_a, cell_b = mutual_pairs(there, back, span, span, tolerance)
        similarity = scores[tuple(torch.from_numpy(index).to(scores.device) for index in (region, cell_a, cell_b))]
        found.append(
            CandidateMatches(
                region + start,
                _flat(cell_a, centres_a[region + start] - reach, span, a.width),
                _flat(cell_b, centres_b[region + start] - reach, span, b.width),
                (similarity / patch**2).cpu().numpy(),
            ).take(np.flatnonzero(similarity.isfinite().cpu().numpy()))
        )
        yield Progress(min(start + step, len(centres_a)) / len(centres_a), "searching")
    return CandidateMatches(
        *(np.concatenate([getattr(candidates, name) for candidates in found]) for name in CandidateMatches.__slots__)
    )


def _flat(local: Index, first: Index, span: int, width: int) -> Index:
    """Cells of a map, flat, from cells of regions of `span` x `span`, flat, whose first cells are `first`, (N, 2)."""
    flat: Index = (first[:, 0] + local // span) * width + first[:, 1] + local % span
    return flat


def greedy_one_to_one(candidates: CandidateMatches, rank: Floats) -> Index:
    """Give every cell to one pair only: the most similar pair first, then the most similar of those left, and so on.

    Regions overlap, so a cell may find a buddy in several of them, and another one in each. `rank`, (N,), decides
    between equals.

    Returns
    -------
    (M,) int64
        The numbers of the candidates that stay, the most similar first.
    """
    order: Index = np.lexsort((-rank, -candidates.similarity))
    candidates = candidates.take(order)
    given = []
    left = np.arange(len(candidates.a))
    while len(left):
        a, b = candidates.a[left], candidates.b[left]
        # All that come first for both their cells at once, which is what one after the other would give.
        first = np.intersect1d(first_of_each(a), first_of_each(b), assume_unique=True)
        given.append(left[first])
        left = left[~(np.isin(a, a[first]) | np.isin(b, b[first]))]
    kept: Index = order[np.sort(np.concatenate([*given, left]))]
    return kept
