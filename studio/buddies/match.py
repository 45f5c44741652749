"""The job: two pictures through a backbone, and their best buddies from the coarsest level to the finest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np
from torch import Tensor

from studio.backbones.backbone import Backbone, Stage
from studio.buddies.consistency import consistent
from studio.buddies.official import OfficialReading
from studio.buddies.options import MatchOptions
from studio.buddies.paper import PaperReading
from studio.buddies.plan import LevelPlan, Plan
from studio.buddies.pyramid import cost, extract, plain_stages
from studio.buddies.ranking import Activation, Buddies, Index, first_of_each, inside, strongest_of_groups
from studio.buddies.search import Cells, displacement
from studio.geometry import Points
from studio.pairs import PairSet, PointPair
from studio.picture import Picture
from studio.progress import Job, Progress, part

MOST_IN_PREVIEW = 150
"""Pairs of a level that are shown; a screen has no room for more."""

NOTHING_FOUND = "No pairs found: the pictures have nothing in common that is strong enough"

FINISHING = 0.05
"""Choosing the final pairs, as a share of all before it."""

Maps = dict[int, Tensor]
Reading = OfficialReading | PaperReading


def match(a: Picture, b: Picture, backbone: Backbone, options: MatchOptions) -> Job[PairSet]:
    """Find the neural best buddies of two pictures (Aberman et al. 2018).

    Yields, besides its progress, the pairs of each level as a preview: a `PairSet` whose pairs have that
    level and lie at the centres of its cells, at most `MOST_IN_PREVIEW`.

    Parameters
    ----------
    a, b : Picture
        Of any sizes.
    backbone : Backbone
        Any network whose strides double from level to level.
    options : MatchOptions

    Returns
    -------
    PairSet
        The pairs of the finest level, the highest rank first, numbered from 1, in full-size pixels; none if the
        pictures have nothing in common. `confidence` is how alike the network finds the two points: the mean,
        over the levels from the coarsest on, of the cosine between the patches around the pair and around the
        pairs it came from, once both have a common appearance; negative means count as 0.
    """
    plan = Plan.of(a.size, b.size, backbone.levels, options)
    official = options.preset == "official"
    tolerance = int(options.relaxed)
    maps_a: Maps = {}
    maps_b: Maps = {}
    try:
        stages = plain_stages(backbone) if official else [backbone.stage(level.number) for level in backbone.levels]
        reading = (
            OfficialReading(plan, maps_a, maps_b, stages, tolerance, keep_repeats=options.per_level_limit > 0)
            if official
            else PaperReading(plan, maps_a, maps_b, tolerance)
        )
        spans = _spans(plan, stages, reading)
        for picture, size, maps, name in ((a, plan.size_a, maps_a, "A"), (b, plan.size_b, maps_b, "B")):
            image = backbone.normalise(picture.tensor(size, backbone.device))
            job = extract(image.contiguous() if official else image, stages, plan.levels[-1].number)
            maps.update((yield from part(job, *next(spans), f"looking at picture {name}")))
        buddies: Buddies | None = None
        for visited, level in enumerate(plan.levels, 1):
            title, span = f"level {level.number}: ", next(spans)
            buddies = yield from part(reading.search(level, buddies), *span, title)
            buddies = _rank(buddies, maps_a[level.number], maps_b[level.number], options)
            shown = _preview(buddies, plan, level, visited)
            yield Progress(span[1], f"{title}{len(buddies)} pairs", shown, milestone=True)
            if not len(buddies):
                break
        pairs = _finish(buddies, plan, maps_a, maps_b, options) if buddies else PairSet()
        yield Progress(1.0, f"{len(pairs)} pairs" if len(pairs) else NOTHING_FOUND, milestone=True)
        return pairs
    finally:
        maps_a.clear()
        maps_b.clear()


def _spans(plan: Plan, stages: Sequence[Stage], reading: Reading) -> Iterator[tuple[float, float]]:
    """Which fractions the steps of a match fill, in their order, by a rough count of multiplications."""
    looking = sum(cost(stage, number) for number, stage in enumerate(stages, 1))
    pictures = [looking * width * height for width, height in (plan.size_a, plan.size_b)]
    work = [*pictures, *(reading.work(level) for level in plan.levels)]
    work.append(FINISHING * sum(work))
    ends = [end / sum(work) for end in accumulate(work)]
    return iter(list(zip([0.0, *ends], ends, strict=False)))


def _rank(buddies: Buddies, map_a: Tensor, map_b: Tensor, options: MatchOptions) -> Buddies:
    """Add a level to the ranks, and leave out what is not active or over the limit."""
    squared = options.preset == "official"
    a, b = (Activation(features, options.threshold, squared) for features in (map_a, map_b))
    rank = buddies.rank + (a.of(buddies.a) + b.of(buddies.b)) * np.float32(0.5)
    buddies = replace(buddies, rank=rank).take(a.passes(buddies.a) & b.passes(buddies.b))
    places = np.concatenate([buddies.a, buddies.b], axis=1)
    return buddies.take(strongest_of_groups(places, buddies.rank, options.per_level_limit, options.seed))


def _preview(buddies: Buddies, plan: Plan, level: LevelPlan, visited: int) -> PairSet:
    buddies = buddies.by_rank().take(slice(MOST_IN_PREVIEW))
    a, b = (plan.working_points(cells, level) for cells in (buddies.a, buddies.b))
    return _pair_set(buddies, plan, a, b, level, visited)


def _finish(buddies: Buddies, plan: Plan, maps_a: Maps, maps_b: Maps, options: MatchOptions) -> PairSet:
    """The pairs of the finest level: one for each point of A, off the border, the strongest of each group."""
    level = plan.levels[-1]
    official = options.preset == "official"
    buddies = buddies.take(first_of_each(buddies.a[:, 0] * plan.size_a[0] + buddies.a[:, 1]))
    place = _corners if official else plan.working_points
    off_border = inside(place(buddies.a, level), plan.size_a, options.border)
    buddies = buddies.take(off_border & inside(place(buddies.b, level), plan.size_b, options.border))
    if not official:
        points = place(buddies.a, level), place(buddies.b, level)
        buddies = buddies.take(consistent(*points, buddies.rank, (plan.size_a, plan.size_b), options.consistency))
    places = np.concatenate([place(buddies.a, level)[:, ::-1], place(buddies.b, level)[:, ::-1]], axis=1)
    buddies = buddies.take(strongest_of_groups(places, buddies.rank, options.pairs, options.seed)).by_rank()
    place_a, place_b = place(buddies.a, level), place(buddies.b, level)
    if options.subcell and not official and len(buddies):
        aside = displacement(
            Cells.normalised(maps_a[level.number]),
            Cells.normalised(maps_b[level.number]),
            buddies.a,
            buddies.b,
            level.patch,
        )
        place_a, place_b = place_a - aside * (level.stride / 2), place_b + aside * (level.stride / 2)
    return _pair_set(buddies, plan, place_a, place_b, level, len(plan.levels))


def _corners(cells: Index, level: LevelPlan) -> Points:
    """What the authors' program takes for the place of a cell: (x, y) of its top-left pixel."""
    return level.stride * cells[:, ::-1].astype(np.float64)


def _pair_set(
    buddies: Buddies, plan: Plan, place_a: Points, place_b: Points, level: LevelPlan, visited: int
) -> PairSet:
    """Pairs, numbered from 1 in their order, from points, (N, 2), at the working size."""
    return PairSet(
        tuple(
            PointPair(number, a, b, rank, confidence, level.number, "matched")
            for number, (a, b, rank, confidence) in enumerate(
                zip(
                    map(tuple, plan.full_points(place_a, "a").tolist()),
                    map(tuple, plan.full_points(place_b, "b").tolist()),
                    buddies.rank.tolist(),
                    np.clip(buddies.similarity / visited, 0.0, 1.0).tolist(),
                    strict=True,
                ),
                1,
            )
        )
    )
