"""Points transferred from one picture to the other through the levels, each on its own: no buddy is asked to agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.arrays import Floats, Index, Points, Reals, Shape, Size
from studio.buddies.appearance import common_appearance
from studio.buddies.dual_softmax import consensus_cosines, soft_matches
from studio.buddies.paper import both_adapted
from studio.buddies.plan import LevelPlan, Plan
from studio.buddies.ranking import Activation
from studio.buddies.regions import Regions, least_variance
from studio.buddies.search import Cells, at_once, patch_similarity, to_unit
from studio.buddies.spatial_prior import displacement_penalty, offset_within_cell, prior_strength, sub_cell_offsets

Maps = Mapping[int, Tensor]


@dataclass(frozen=True, eq=False)
class FeaturePair:
    """The features of two pictures, with picture A or, swapped, picture B as the one to start from.

    Attributes
    ----------
    plan : Plan
    start, end : dict
        Level number to (1, C, h, w), of the picture to start from and of the other one.
    swapped : bool
        Whether the start is B.
    """

    plan: Plan
    start: Maps
    end: Maps
    swapped: bool = False
    _prepared: dict[tuple[int, bool], tuple[Cells, Tensor]] = field(default_factory=dict)
    _responses: dict[tuple[int, bool], Floats] = field(default_factory=dict)
    _coarse: dict[str, Tensor] = field(default_factory=dict)
    verdicts: dict[str, bool] = field(default_factory=dict)
    """What was found out about the two pictures, whichever comes first; see `studio.buddies.confidence`."""

    @property
    def back(self) -> FeaturePair:
        """The way back; what is prepared for one way is there for the other."""
        shared = self._prepared, self._responses, self._coarse, self.verdicts
        return FeaturePair(self.plan, self.end, self.start, not self.swapped, *shared)

    def prepared(self, level: LevelPlan, of_start: bool) -> tuple[Cells, Tensor]:
        """The cells of a map of the start or of the end, and what is added to the variances of its regions.

        What is added is (C,), above 0; the cells are (rows x columns, C), as the network gives them.
        """
        key = level.number, of_start != self.swapped
        if key not in self._prepared:
            cells = Cells.of((self.start if of_start else self.end)[level.number])
            self._prepared[key] = cells, least_variance(cells)
        return self._prepared[key]

    def response(self, level: LevelPlan, of_start: bool) -> Floats:
        """(rows, columns) how strongly the network reacts to each cell of the start or of the end, 0 to 1."""
        key = level.number, of_start != self.swapped
        if key not in self._responses:
            features = (self.start if of_start else self.end)[level.number]
            self._responses[key] = Activation(features, 0.0).response
        return self._responses[key]

    @cached_property
    def levels(self) -> tuple[LevelPlan, ...]:
        """Those of which the features are here, coarse to fine."""
        return tuple(level for level in self.plan.levels if level.number in self.start and level.number in self.end)

    @property
    def start_size(self) -> Size:
        """Working size of the picture to start from."""
        return self.plan.size_b if self.swapped else self.plan.size_a

    @property
    def end_size(self) -> Size:
        """Working size of the other picture."""
        return self.plan.size_a if self.swapped else self.plan.size_b

    @property
    def shapes(self) -> tuple[Shape, Shape]:
        """(rows, columns) of the coarsest map of the start and of the end."""
        start, end = (tuple(maps[self.levels[0].number].shape[2:]) for maps in (self.start, self.end))
        return (start[0], start[1]), (end[0], end[1])

    @property
    def cosines(self) -> Tensor:
        """(N, M) cosines between all cells of the coarsest maps, in their common appearance."""
        return self._kept("cosines", lambda a, b: a.vectors @ b.vectors.T)

    @property
    def consensus(self) -> Tensor:
        """(N, M) how alike all cells of the coarsest maps are together with their neighbours, -1 to 1."""
        return self._kept(
            "consensus",
            lambda a, b: consensus_cosines(a.vectors @ b.vectors.T, (a.height, a.width), (b.height, b.width)),
        )

    @property
    def matches(self) -> Tensor:
        """(N, M) log-weights of all matches of these cells, as seen from both pictures."""
        if "matches" not in self._coarse:
            one, other = (self.prepared(self.levels[0], of_start)[0].there for of_start in (True, False))
            if self.swapped:
                self._coarse["matches"] = soft_matches(self.consensus.T, other, one)
            else:
                self._coarse["matches"] = soft_matches(self.consensus, one, other)
        return self._kept("matches", None)

    def _kept(self, name: str, make: Callable[[Cells, Cells], Tensor] | None) -> Tensor:
        """A table that is kept as A's cells against B's."""
        if name not in self._coarse:
            assert make is not None
            self._coarse[name] = make(*self.coarsest)
        return self._coarse[name].T if self.swapped else self._coarse[name]

    @property
    def coarsest(self) -> tuple[Cells, Cells]:
        """The coarsest maps of A and of B in their common appearance, every cell of length 1; computed each time.

        Each is (rows x columns, C), row by row.
        """
        number = self.levels[0].number
        maps = (self.end, self.start) if self.swapped else (self.start, self.end)
        return both_adapted(Cells.of(maps[0][number]), Cells.of(maps[1][number]))

    def warm(self) -> None:
        """Prepare what every question needs."""
        _ = self.matches
        for level in self.levels:
            for of_start in (True, False):
                self.prepared(level, of_start)
                self.response(level, of_start)

    def cells(self, points: Points, level: LevelPlan) -> Index:
        """(N, 2) cells of the start's map that hold `points` at the working size."""
        return self.plan.cells_at(points, level, "B" if self.swapped else "A")

    def similarity_maps(
        self,
        level: LevelPlan,
        cells: Index,
        centres: Index,
        middles: Index | None = None,
        expected: Reals | None = None,
        prior: float = 0.0,
    ) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """How much cells of the start look like those around `centres` of the other picture.

        Parameters
        ----------
        cells, centres : (N, 2) int64
            Row and column.
        middles : (N, 2) int64, optional
            Where the regions of the cells have their middle, at most `level.reach` cells beside them; in the cells
            themselves by default.
        expected : (N, 2), optional
            How far, in rows and columns of cells, the partners should lie from `centres`, more than the cells do from
            `middles`; not at all by default.
        prior : float
            What it costs to lie elsewhere (`studio.buddies.spatial_prior`).

        Returns
        -------
        (values, exists) : (N, span^2) float32 and bool
            Mean cosines between patches, in the common appearance of the regions around both, less what the place
            costs, row by row; which of the cells lie on the map. `span` is 2 * level.reach + 1.
        """
        reach, patch = level.reach, level.patch
        (one, least), (other, least_there) = self.prepared(level, True), self.prepared(level, False)
        offsets = np.zeros_like(cells) if middles is None else cells - middles
        regions = Regions.of(one, cells - offsets, reach, patch, least)
        targets = Regions.of(other, centres, reach, patch, least_there)
        side = 2 * reach + patch
        square = np.stack(np.divmod(np.arange(patch**2), patch), axis=1)
        own_cells = (offsets[:, None] + reach + square) @ (side, 1)
        values, there = [], []
        step = at_once(one.vectors.device, 3 * side**2 * one.vectors.shape[1])
        for first in range(0, len(cells), step):
            part = slice(first, first + step)
            block, weight, _ = regions.region(part)
            target, target_weight, exists = targets.region(part)
            common_appearance(block, target, weight, target_weight, regions.least, targets.least)
            index = torch.from_numpy(own_cells[part]).to(block.device)[:, :, None].expand(-1, -1, block.shape[2])
            own = block.gather(1, index)
            shapes = (patch, patch), (side, side)
            scores = patch_similarity(to_unit(own), to_unit(target), *shapes, patch)[:, 0]
            values.append((scores / patch**2).cpu().numpy())
            there.append(exists.cpu().numpy())
        if not values:
            return np.zeros((0, (2 * reach + 1) ** 2), np.float32), np.zeros((0, (2 * reach + 1) ** 2), bool)
        found = np.concatenate(values)
        if prior > 0:
            away = _steps(reach)[None] - (offsets + (0 if expected is None else expected))[:, None]
            found -= displacement_penalty(away, reach, prior).astype(np.float32)
        return found, np.concatenate(there)


CONSISTENCY = 0.5
"""What holds points to where the levels above bring them: what it is by default in a match."""


def transferred(feature_pair: FeaturePair, points: Points, places: Points, finest: int = 1) -> tuple[Points, Floats]:
    """Follow `points` down the levels.

    Parameters
    ----------
    points : (N, 2)
        At the working size of the picture to start from.
    places : (N, 2)
        Where the coarsest level has their partners, at the working size of the other picture.
    finest : int
        Number of the level to stop at.

    Returns
    -------
    (places, similarity) : (N, 2) float64 and (N,) float32
        Places at the working size of the other picture; the mean, over the levels below the coarsest, of the mean
        cosine between the patches, less what they lie away from where the level above had them.
    """
    total: Floats = np.zeros(len(points), np.float32)
    below = [one for one in feature_pair.levels[1:] if one.number >= finest]
    for level in below:
        cells, centres = feature_pair.cells(points, level), feature_pair.back.cells(places, level)
        sub_cell_offset = points - feature_pair.plan.working_points(cells, level)
        expected = (places - feature_pair.plan.working_points(centres, level) - sub_cell_offset)[:, ::-1] / level.stride
        # Many points share a cell, and what it looks like.
        ways, which = np.unique(np.concatenate([cells, centres], axis=1), axis=0, return_inverse=True)
        which = which.reshape(-1)
        seen, exists = feature_pair.similarity_maps(
            level, np.ascontiguousarray(ways[:, :2]), np.ascontiguousarray(ways[:, 2:])
        )
        steps = _steps(level.reach)
        values = seen[which] - displacement_penalty(
            steps[None] - expected[:, None], level.reach, prior_strength(CONSISTENCY, level)
        )
        best = np.where(exists[which], values, -np.inf).argmax(axis=1)
        best[~exists[which].any(axis=1)] = len(steps) // 2  # nothing is there to go to
        total += values[np.arange(len(values)), best].astype(np.float32)
        beside = offset_within_cell(expected, steps[best])
        places = (
            feature_pair.plan.working_points(centres + steps[best], level)
            + sub_cell_offset
            + beside[:, ::-1] * level.stride
        )
    return np.clip(places, 0.0, np.subtract(feature_pair.end_size, 1.0)), total / np.float32(max(len(below), 1))


def _steps(reach: int) -> Index:
    """(span^2, 2) rows and columns of the cells of a region seen from its middle."""
    span = 2 * reach + 1
    return np.stack(np.divmod(np.arange(span * span), span), axis=1) - reach


def best_places(feature_pair: FeaturePair, points: Points) -> Points:
    """(N, 2) places of the other picture, at its working size, that match each point best at the coarsest level.

    Of a picture and itself they are the points.
    """
    level, (start, end) = feature_pair.levels[0], feature_pair.shapes
    cells = feature_pair.cells(points, level)
    own = cells @ (start[1], 1)
    best = feature_pair.matches[torch.from_numpy(own).to(feature_pair.matches.device)].argmax(1).cpu().numpy()
    sub_cell_offset = sub_cell_offsets(feature_pair.matches, feature_pair.shapes, own, best)[:, ::-1] * level.stride
    there = np.stack(np.divmod(best, end[1]), axis=1)
    return (
        feature_pair.plan.working_points(there, level)
        + sub_cell_offset
        + points
        - feature_pair.plan.working_points(cells, level)
    )
