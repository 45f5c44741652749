"""Only a part is matched anew: what hangs below one pair, or what lies inside a lasso. All other pairs stay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.arrays import Box, Mask, Point, Points, Side
from studio.backbones.backbone import Backbone
from studio.buddies.fixed import FixedPairs
from studio.buddies.match import (
    TURNING,
    computing_features,
    descend,
    feature_pair_of,
    finish,
    prepare_features,
    stages_for,
    trace_of,
)
from studio.buddies.match_trace import LevelTrace
from studio.buddies.memory import Maps, MatchMemory
from studio.buddies.options import MatchOptions
from studio.buddies.paper import PaperMatcher
from studio.buddies.plan import Plan
from studio.buddies.turned import plan_of
from studio.errors import StudioError
from studio.geometry import as_points
from studio.language import tr, trn
from studio.pairs import PairSet, PointPair
from studio.picture import Picture
from studio.progress import Job, Progress, part

LEAST_NEW = 4
"""Pairs that are looked for where fewer are replaced."""


class RematchError(StudioError):
    """There is nothing that could be matched anew."""


def around(
    a: Picture, b: Picture, backbone: Backbone, options: MatchOptions, pairs: PairSet, pair_id: int, memory: MatchMemory
) -> Job[PairSet]:
    """Solve only what hangs below one pair: the regions it opens from level to level.

    The found, unlocked pairs whose points of A lie in the first of these regions are replaced, by as many and at
    least `LEAST_NEW`; the pair itself and all others stay as they are, and no new one takes their places. If
    nothing is found, everything stays.

    Parameters
    ----------
    options : MatchOptions
        Consistency has no effect, for the new pairs agree with the one they come from. `official` knows no parts;
        they are matched as with `paper`.
    memory : MatchMemory
        Features found there are not computed again, which leaves some tens of milliseconds.

    Raises
    ------
    RematchError
        There is no such pair, or it is disabled.
    """
    root = pairs.by_id(pair_id)
    if root is None or not root.enabled:
        raise RematchError(tr("There is no pair {number} in use to match around.", number=pair_id))
    options = _as_paper(options).with_values(consistency=0.0)
    plan = yield from part(plan_of(a, b, backbone, options, memory), 0.0, TURNING)
    window = opened_by(root, plan)
    replaced = _in_box(pairs.a, window)
    part_of = _Part(plan, options, pairs, replaced & _replaceable(pairs, keep=pair_id), window, _BoxArea(window))
    return (yield from part_of.solve(a, b, backbone, memory, opening=[pair_id], search=False))


def inside(
    a: Picture,
    b: Picture,
    backbone: Backbone,
    options: MatchOptions,
    pairs: PairSet,
    side: Side,
    polygon: Sequence[Point],
    memory: MatchMemory,
) -> Job[PairSet]:
    """Match only what lies inside a lasso around a part of one picture, with all of the other one.

    Found, unlocked pairs inside are replaced, by as many and at least `LEAST_NEW`; all others stay, and have their
    say in what is consistent. If nothing is found, everything stays.

    Parameters
    ----------
    side : "A" or "B"
        The picture with the lasso.
    polygon : sequence of (x, y)
        Three corners at least, in full-size pixels of that picture; the last is joined to the first.

    Raises
    ------
    RematchError
        The lasso encloses nothing of the picture.
    """
    if side == "B":
        yield from part(prepare_features(a, b, backbone, _as_paper(options), memory), 0.0, 0.6)
        other = memory.swapped()
        turned = yield from part(inside(b, a, backbone, options, pairs.swapped(), "A", polygon, other), 0.6, 1.0)
        if turned != pairs.swapped() and other.held is not None:
            memory.finished(other.held.traces[0].swapped())
        return turned.swapped()
    corners = as_points(list(polygon))
    plan = yield from part(plan_of(a, b, backbone, _as_paper(options), memory), 0.0, TURNING)
    level = plan.levels[0]
    columns, rows = plan.grid(level, "A")
    cells = np.stack(np.divmod(np.arange(rows * columns), columns), axis=1)
    within = in_polygon(plan.full_points(plan.working_points(cells, level), "A"), corners)
    own = plan.cells_at(plan.working_at(corners, "A"), level, "A")
    within[own @ (columns, 1)] = True  # a lasso smaller than a cell
    low, high = np.maximum(corners.min(axis=0), -0.5), np.minimum(corners.max(axis=0), np.subtract(a.size, 0.5))
    if len(corners) < 3 or (low >= high).any():
        raise RematchError(tr("The lasso encloses nothing of the picture."))
    window = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    area = _LassoArea(corners)
    replaced = area.holds(pairs.a) & _replaceable(pairs)
    part_of = _Part(plan, _as_paper(options), pairs, replaced, window, area, within.reshape(rows, columns))
    opening = [pair.id for pair, held in zip(pairs, area.holds(pairs.a), strict=True) if held]
    return (yield from part_of.solve(a, b, backbone, memory, opening, search=True))


def opened_by(pair: PointPair, plan: Plan) -> Box:
    """The first region, below the coarsest level, that a pair opens in picture A; in full-size pixels."""
    level = plan.levels[min(1, len(plan.levels) - 1)]
    cell = plan.cells_at(plan.working_at(as_points([pair.a]), "A"), level, "A")
    half = level.stride / 2 + level.stride * level.reach
    corners = plan.working_points(np.repeat(cell, 2, axis=0), level) + np.array([[-half, -half], [half, half]])
    places = plan.full_points(corners, "A")
    (left, top), (right, bottom) = places.min(axis=0).tolist(), places.max(axis=0).tolist()
    return left, top, right, bottom


def in_polygon(points: Points, corners: Points) -> Mask:
    """Which of `points`, (N, 2), lie inside a polygon: a ray from them crosses its edges an odd number of times."""
    x, y = points[:, 0], points[:, 1]
    odd = np.zeros(len(points), dtype=bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        odd ^= crosses & (x < at)
    return odd


def _as_paper(options: MatchOptions) -> MatchOptions:
    return options.with_values(preset="paper") if options.preset == "official" else options


def _replaceable(pairs: PairSet, keep: int | None = None) -> Mask:
    return np.array([pair.origin == "matched" and not pair.locked and pair.id != keep for pair in pairs], dtype=bool)


def _in_box(points: Points, box: Box) -> Mask:
    return np.asarray(((points >= box[:2]) & (points <= box[2:])).all(axis=1))


class _BoxArea:
    def __init__(self, box: Box) -> None:
        self._box = box

    def holds(self, points: Points) -> Mask:
        return _in_box(points, self._box)


class _LassoArea:
    def __init__(self, corners: Points) -> None:
        self._corners = corners

    def holds(self, points: Points) -> Mask:
        return in_polygon(points, self._corners)


class _Part:
    """What is matched anew, of which pairs."""

    def __init__(
        self,
        plan: Plan,
        options: MatchOptions,
        pairs: PairSet,
        replaced: Mask,
        window: Box,
        area: _BoxArea | _LassoArea,
        within: Mask | None = None,
    ) -> None:
        self._plan, self._options, self._pairs, self._window, self._area = plan, options, pairs, window, area
        self._kept = PairSet(tuple(pair for pair, gone in zip(pairs, replaced, strict=True) if not gone))
        self._wanted = max(LEAST_NEW, int(replaced.sum()))
        self._within = within

    def solve(
        self, a: Picture, b: Picture, backbone: Backbone, memory: MatchMemory, opening: Sequence[int], search: bool
    ) -> Job[PairSet]:
        """The new pairs among the old ones; with a search of the coarsest level or from the opening pairs alone."""
        plan, options = self._plan, self._options
        maps: tuple[Maps, Maps] = ({}, {})
        try:
            stages = stages_for(backbone, options)
            half = iter([(0.0, 0.5), (0.5, 1.0)])
            look = computing_features(a, b, backbone, stages, plan, options, maps, memory, half)
            yield from part(look, TURNING, 0.7)
            known = FixedPairs.of(self._kept, plan, opening)
            tolerance = int(options.relaxed)
            matcher = PaperMatcher(plan, *maps, tolerance, options.consistency, known, self._within)
            start = None if search else matcher.fixed_at(plan.levels[0], None)
            trace: list[LevelTrace] = []
            count = len(plan.levels)
            spans = iter([(number / count, (number + 1) / count) for number in range(count)])
            job = descend(matcher, plan, maps, options, known, trace, spans, start)
            buddies = yield from part(job, 0.7, 0.95)
            level = plan.levels[-1]
            among = self._area.holds(plan.full_points(plan.working_points(buddies.a, level), "A"))
            groups = self._wanted if options.pairs else 0
            found, choice = finish(
                buddies, feature_pair_of(plan, maps, memory, (a, b)), options, self._kept, groups, among
            )
            new = len(found) - len(self._kept)
            if not new:
                yield Progress(1.0, tr("nothing found here; the pairs stay as they were"), milestone=True)
                return self._pairs
            memory.finished(trace_of(options, trace, choice, found, self._kept, self._window))
            yield Progress(1.0, trn("{number} new pairs", "{number} new pairs", new), milestone=True)
            return found
        finally:
            for side in maps:
                side.clear()
