"""Why a pair stands where it does, and why none stands elsewhere."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

from studio.arrays import Box, Index, Point, Points, Reals, Side
from studio.buddies.answers import Absence, Reason, SimilarityMap, Step
from studio.buddies.dual_softmax import consensus_matches
from studio.buddies.match_trace import (
    BORDER,
    GROUP,
    INCONSISTENT,
    KEPT,
    OUTSIDE,
    REPEAT,
    UNRELATED,
    LevelTrace,
    MatchTrace,
)
from studio.buddies.memory import MatchMemory, Remembered
from studio.buddies.options import MatchOptions
from studio.buddies.plan import LevelPlan, Plan
from studio.buddies.ranking import Activation
from studio.buddies.search import search_everywhere
from studio.buddies.spatial_prior import prior_strength
from studio.buddies.transfer import FeaturePair
from studio.features.sight import visible_points
from studio.geometry import as_points
from studio.language import tr
from studio.pairs import PointPair
from studio.progress import run_to_end


class _Place(NamedTuple):
    """A pair at one level: its cells, and the middles of the regions it was found in (None at the coarsest level).

    `expected` is how far aside its point of B should have been, by the level above, and `prior` what it cost not to be.
    """

    level: LevelPlan
    a: Index
    b: Index
    middle_a: Index | None
    middle_b: Index | None
    rank: float
    similarity: float
    expected: Reals
    prior: float


def provenance(memory: MatchMemory, pair: PointPair) -> tuple[Step, ...]:
    """The way on which a pair was found, from the coarsest level to the finest.

    Of a pair that was placed or moved by hand it is the way it opens: its own cells, and the regions around them.
    Empty if `memory` is.
    """
    held = memory.held
    if held is None:
        return ()
    plan, official = held.plan, held.options.preset == "official"
    steps = []
    for place in _places(held, pair):
        level = place.level
        reach = level.window if official else level.reach
        steps.append(
            Step(
                level.number,
                _box(plan, level, place.a, place.a, "A"),
                _box(plan, level, place.b, place.b, "B"),
                _window(plan, level, place.middle_a, reach, "A"),
                _window(plan, level, place.middle_b, reach, "B"),
                place.similarity,
                place.rank,
            )
        )
    return tuple(steps)


def _window(plan: Plan, level: LevelPlan, middle: Index | None, reach: int, side: Side) -> Box:
    """What a region covers; all of the picture if it has no middle."""
    if middle is None:
        width, height = plan.full_a if side == "A" else plan.full_b
        return -0.5, -0.5, width - 0.5, height - 0.5
    return _box(plan, level, middle - reach, middle + reach, side)


def similarity_map(memory: MatchMemory, pair: PointPair, level: int, side: Side = "A") -> SimilarityMap | None:
    """How much the pair's cell of picture `side` at a level looks like all cells it could have been matched with.

    At the coarsest level neighbours that agree count too (`studio.buddies.dual_softmax`); below it a place that lies
    away from where the level above had it has a penalty (`studio.buddies.spatial_prior`). For `official` these are the
    features as the network gives them, for the adapted ones are not kept.

    Returns
    -------
    SimilarityMap or None
        Of the other picture; None if `memory` is empty or has not looked at this level.
    """
    held = memory.held
    place = next((one for one in _places(held, pair) if one.level.number == level), None) if held else None
    if held is None or place is None:
        return None
    swapped = side == "B"
    feature_pair = held.feature_pair.back if swapped else held.feature_pair
    cell, middle, centre, expected = place.a, place.middle_a, place.middle_b, place.expected
    if swapped:
        cell, middle, centre, expected = place.b, place.middle_b, place.middle_a, -place.expected
    columns, rows = held.plan.grid(place.level, "A" if swapped else "B")
    if centre is None or middle is None:
        values = _row(feature_pair, cell).reshape(rows, columns)
        first, last = np.array([0, 0]), np.array([rows - 1, columns - 1])
    else:
        wanted = cell[None], centre[None], middle[None], expected[None]
        found, _ = feature_pair.similarity_maps(place.level, *wanted, place.prior)
        reach = place.level.reach
        first, last = np.maximum(centre - reach, 0), np.minimum(centre + reach, [rows - 1, columns - 1])
        skip, count = first - (centre - reach), last - first + 1
        whole = found.reshape(2 * reach + 1, -1)
        values = whole[skip[0] : skip[0] + count[0], skip[1] : skip[1] + count[1]]
    return _similarity_map(held.plan, place.level, values, first, last, "A" if swapped else "B")


def _similarity_map(
    plan: Plan, level: LevelPlan, values: npt.NDArray[np.float32], first: Index, last: Index, side: Side
) -> SimilarityMap:
    peak = np.array(np.unravel_index(values.argmax(), values.shape))
    rows, columns = np.indices(values.shape)
    away = (abs(rows - peak[0]) > 1) | (abs(columns - peak[1]) > 1)
    centres = _full(plan, level, first + peak, side)
    runner_up, margin = None, 0.0
    if away.any():
        other = np.array(np.unravel_index(np.where(away, values, -np.inf).argmax(), values.shape))
        runner_up, margin = _full(plan, level, first + other, side), float(values[*peak] - values[*other])
    _, _, turn = plan.side(side)
    upright = np.ascontiguousarray(turn.inverse.array(values))
    return SimilarityMap(upright, _box(plan, level, first, last, side), centres, runner_up, margin)


def _row(feature_pair: FeaturePair, cell: Index) -> npt.NDArray[np.float32]:
    width = feature_pair.shapes[0][1]
    values: npt.NDArray[np.float32] = feature_pair.consensus[int(cell[0]) * width + int(cell[1])].cpu().numpy()
    return values


def _box(plan: Plan, level: LevelPlan, first: Index, last: Index, side: Side) -> Box:
    """The outer edges of the cells from `first` to `last` (row, column), as far as the picture reaches."""
    half = level.stride / 2
    corners = plan.working_points(np.stack([first, last]), level) + np.array([[-half, -half], [half, half]])
    return plan.full_box(corners, side)


def _full(plan: Plan, level: LevelPlan, cell: Index, side: Side) -> Point:
    x, y = plan.full_points(plan.working_points(cell[None], level), side)[0]
    return float(x), float(y)


def _places(held: Remembered, pair: PointPair) -> list[_Place]:
    """A pair at every level, coarse to fine."""
    for trace in held.traces:
        row = trace.row_of(pair.a, pair.b)
        if row is not None:
            return _ancestors(trace, row)
    return _own_places(held.feature_pair, pair, held.options)


def _ancestors(trace: MatchTrace, row: int) -> list[_Place]:
    places: list[_Place] = []
    before, above, sub_cell_offset = 0.0, -1, np.zeros(2)
    for level, own in zip(trace.levels, trace.ancestry(row), strict=True):
        if level.ended[own]:
            break  # what was kept from above from a coarser level was not found again
        middle_a, middle_b = _middles(level, places[-1], above) if places else (None, None)
        similarity, rank = float(level.similarity[own]), float(level.rank[own])
        a, b = level.a[own].astype(np.int64), level.b[own].astype(np.int64)
        own_aside = level.sub_cell_offset[own].astype(np.float64)
        expected = own_aside if above >= 0 else 2 * sub_cell_offset
        places.append(
            _Place(
                level.level,
                a,
                b,
                middle_a,
                middle_b,
                rank,
                similarity - before,
                expected,
                _prior(trace.options, level.level),
            )
        )
        before, above, sub_cell_offset = similarity, int(level.fixed[own]), own_aside
    return places


def _prior(options: MatchOptions, level: LevelPlan) -> float:
    return 0.0 if options.preset == "official" else prior_strength(options.consistency, level)


def _middles(level: LevelTrace, parent: _Place, fixed: int) -> tuple[Index, Index]:
    """Where the regions lie that a parent opens, of the fixed pair of this number if it is not -1."""
    if fixed < 0:
        return 2 * parent.a, 2 * parent.b
    row = int(np.flatnonzero(level.fixed == fixed)[0])
    return level.a[row].astype(np.int64), level.b[row].astype(np.int64)


def _own_places(feature_pair: FeaturePair, pair: PointPair, options: MatchOptions) -> list[_Place]:
    plan, rank, places = feature_pair.plan, 0.0, []
    a, b = plan.working_at(as_points([pair.a]), "A"), plan.working_at(as_points([pair.b]), "B")
    for number, level in enumerate(feature_pair.levels):
        cell_a, cell_b = feature_pair.cells(a, level), feature_pair.back.cells(b, level)
        for cell, of_start in ((cell_a, True), (cell_b, False)):
            rank += float(feature_pair.response(level, of_start)[*cell[0]]) / 2
        if number == 0:
            similarity = float(_row(feature_pair, cell_a[0])[int(cell_b[0] @ (feature_pair.shapes[1][1], 1))])
            places.append(_Place(level, cell_a[0], cell_b[0], None, None, rank, similarity, np.zeros(2), 0.0))
        else:
            values, _ = feature_pair.similarity_maps(level, cell_a, cell_b)
            middle = float(values[0, values.shape[1] // 2])
            regions, expected = (cell_a[0], cell_b[0]), plan.sub_cell_offset(a, b, level)[0]
            places.append(_Place(level, *regions, *regions, rank, middle, expected, _prior(options, level)))
    return places


# --- why not ------------------------------------------------------------------------------------


def why_not(memory: MatchMemory, point: Point, side: Side = "A") -> Absence | None:
    """Why no pair stands at a place of picture `side`, by the match that last saw it.

    It is followed from the finest level up to the one where it was lost: where a pair opened a region around it and
    yet it has no buddy. For `official` the partner is looked for in the features as the network gives them, for the
    adapted ones are not kept.

    Returns
    -------
    Absence or None
        None if no match is remembered.
    """
    held = memory.held
    trace = _trace_at(held, point, side) if held else None
    if held is None or trace is None:
        return None
    if not visible_points((held.a if side == "A" else held.b).picture(), as_points([point])).all():
        sentence = tr("Nothing is to be seen at this place: it is transparent, or the picture has one colour only.")
        return Absence("inactive", held.plan.levels[0].number, sentence)
    asked = _Question(held, trace, side, held.plan.working_at(as_points([point]), side))
    return asked.answer()


def _trace_at(held: Remembered, point: Point, side: Side) -> MatchTrace | None:
    for trace in held.traces:
        if trace.window is None:
            return trace
        left, top, right, bottom = trace.window
        if side == "A" and left <= point[0] <= right and top <= point[1] <= bottom:
            return trace
    return None


class _Question:
    """One place that is asked about, at the working size, (1, 2)."""

    def __init__(self, held: Remembered, trace: MatchTrace, side: Side, point: Points) -> None:
        self._plan, self._trace, self._side, self._point = held.plan, trace, side, point
        self._other: Side = "A" if side == "B" else "B"
        self._feature_pair = held.feature_pair.back if side == "B" else held.feature_pair

    def answer(self) -> Absence:
        if len(self._trace.levels) == len(self._plan.levels):
            finest = self._trace.levels[-1]
            cell = self._feature_pair.cells(self._point, finest.level)[0]
            mine = np.flatnonzero((self._of(finest, self._side) == cell).all(axis=1))
            if len(mine):
                return self._found(int(mine[0]), finest)
        for number in range(len(self._trace.levels) - 1, 0, -1):
            regions = self._regions(number)
            if len(regions[0]):
                return self._lost(self._trace.levels[number].level, regions)
        return self._lost(self._trace.levels[0].level, None)

    @staticmethod
    def _of(trace: LevelTrace, side: Side) -> Index:
        cells: Index = (trace.a if side == "A" else trace.b).astype(np.int64)
        return cells

    def _found(self, row: int, finest: LevelTrace) -> Absence:
        """It has a buddy at the finest level; what became of it."""
        level = finest.level
        partner = _full(self._plan, level, self._of(finest, self._other)[row], self._other)
        rival_row = int(self._trace.rival[row])
        rival = None if rival_row < 0 else _full(self._plan, level, self._of(finest, self._side)[rival_row], self._side)
        words: dict[int, tuple[Reason, str]] = {
            KEPT: ("paired", tr("A pair stands here.")),
            REPEAT: (
                "repeat",
                tr("A pair was found here, but the same point was matched already, by a stronger parent."),
            ),
            BORDER: ("border", tr("A pair was found here, but it lies too near to the edge of a picture.")),
            INCONSISTENT: (
                "inconsistent",
                tr(
                    "A pair was found here, but it points elsewhere than most of the others (see the knob "
                    "“Consistency”)."
                ),
            ),
            GROUP: (
                "group",
                tr("A pair was found here, but a stronger one of the same group was kept (see the knob “Pairs”)."),
            ),
            UNRELATED: (
                "inconsistent",
                tr("A pair was found here, but the two pictures have nothing in common (see the knob “Consistency”)."),
            ),
            OUTSIDE: ("no region", tr("Only a part was matched anew, and this place lies outside of it.")),
        }
        reason, sentence = words[int(self._trace.fate[row])]
        return Absence(reason, level.number, sentence, partner, rival)

    def _regions(self, number: int) -> tuple[Index, Index, Reals]:
        """The regions of a level that hold the place: their middles, (R, 2) each, in its picture and in the other, and
        what was expected in them."""
        level, above = self._trace.levels[number], self._trace.levels[number - 1]
        cell = self._feature_pair.cells(self._point, level.level)[0]
        here, there = 2 * self._of(above, self._side), 2 * self._of(above, self._other)
        expected = 2 * above.sub_cell_offset.astype(np.float64)
        for row in np.flatnonzero(above.fixed >= 0):
            same = np.flatnonzero(level.fixed == above.fixed[row])
            if len(same):
                here[row] = self._of(level, self._side)[same[0]]
                there[row] = self._of(level, self._other)[same[0]]
                expected[row] = level.sub_cell_offset[same[0]]
        reach = level.level.window if self._trace.options.preset == "official" else level.level.reach
        holds = (abs(here - cell) <= reach).all(axis=1) & (above.ended == 0)
        return here[holds], there[holds], expected[holds] * (-1 if self._side == "B" else 1)

    def _lost(self, level: LevelPlan, regions: tuple[Index, Index, Reals] | None) -> Absence:
        """At this level it could have had a buddy, and has none."""
        options, feature_pair = self._trace.options, self._feature_pair
        cell = feature_pair.cells(self._point, level)[0]
        squared = options.preset == "official"
        if not self._active(level, cell, True, squared):
            return Absence(
                "inactive",
                level.number,
                tr(
                    "The network reacts too little to this place at level {number}: below the activation threshold.",
                    number=level.number,
                ),
            )
        partner, back = self._best(level, cell, regions)
        place = _full(self._plan, level, partner, self._other)
        rival = _full(self._plan, level, back, self._side)
        if (abs(back - cell) > int(options.relaxed)).any():
            sentence = tr(
                "At level {number} its best partner is more alike to another place: not mutual.", number=level.number
            )
            return Absence("not mutual", level.number, sentence, place, rival)
        if not self._active(level, partner, False, squared):
            sentence = tr("The network reacts too little to its best partner at level {number}.", number=level.number)
            return Absence("inactive", level.number, sentence, place)
        sentence = tr(
            "At level {number} it or its best partner went to a more similar or a stronger pair.", number=level.number
        )
        return Absence("taken", level.number, sentence, place)

    def _active(self, level: LevelPlan, cell: Index, here: bool, squared: bool) -> bool:
        features = (self._feature_pair.start if here else self._feature_pair.end)[level.number]
        return bool(Activation(features, self._trace.options.threshold, squared).active[*cell])

    def _best(self, level: LevelPlan, cell: Index, regions: tuple[Index, Index, Reals] | None) -> tuple[Index, Index]:
        """Its best partner, and what that prefers: (row, column) each."""
        if regions is None:
            return self._best_of_all(cell)
        here, there, expected = regions
        prior = _prior(self._trace.options, level)
        many = np.repeat(cell[None], len(here), axis=0)
        values, exists = self._feature_pair.similarity_maps(level, many, there, here, expected, prior)
        values = np.where(exists, values, -np.inf)
        region = int(values.max(axis=1).argmax())
        span = 2 * level.reach + 1
        offset = np.array(np.divmod(int(values[region].argmax()), span))
        partner = there[region] - level.reach + offset
        wanted = partner[None], here[region][None], there[region][None], -expected[region][None]
        back, exists = self._feature_pair.back.similarity_maps(level, *wanted, prior)
        offset = np.array(np.divmod(int(np.where(exists, back, -np.inf)[0].argmax()), span))
        return partner, here[region] - level.reach + offset

    def _best_of_all(self, cell: Index) -> tuple[Index, Index]:
        feature_pair, options, level = self._feature_pair, self._trace.options, self._trace.levels[0].level
        (_, width), (_, width_there) = feature_pair.shapes
        if options.consistency > 0 and options.preset != "official":
            matches = self._coarse_matches()
            there, back = matches.argmax(1).cpu().numpy(), matches.argmax(0).cpu().numpy()
        else:
            pair = feature_pair.coarsest[::-1] if self._side == "B" else feature_pair.coarsest
            found = run_to_end(search_everywhere(*pair, level.patch))
            there, back = found[0].cpu().numpy(), found[2].cpu().numpy()
        partner = int(there[int(cell @ (width, 1))])
        return np.array(divmod(partner, width_there)), np.array(divmod(int(back[partner]), width))

    def _coarse_matches(self) -> Tensor:
        """What the coarsest search compared, the cells of the picture that is asked about against the others."""
        first, feature_pair = (
            self._trace.levels[0],
            self._feature_pair.back if self._side == "B" else self._feature_pair,
        )
        fixed = np.flatnonzero(first.fixed >= 0)
        matches = consensus_matches(
            feature_pair.cosines,
            feature_pair.shapes,
            (feature_pair.response(first.level, True), feature_pair.response(first.level, False)),
            self._trace.options.consistency,
            (first.a[fixed].astype(np.int64), first.b[fixed].astype(np.int64)),
            (feature_pair.prepared(first.level, True)[0].there, feature_pair.prepared(first.level, False)[0].there),
        )
        return matches.T if self._side == "B" else matches
