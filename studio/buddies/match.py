"""The job: two pictures through a backbone, and their best buddies from the coarsest level to the finest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

from studio.backbones.backbone import Backbone, Stage
from studio.buddies.consistency import consistent
from studio.buddies.official import OfficialReading
from studio.buddies.options import MatchOptions
from studio.buddies.paper import PaperReading
from studio.buddies.plan import LevelPlan, Plan
from studio.buddies.pyramid import cost, extract, plain_stages
from studio.buddies.ranking import Activation, Buddies, first_of_each, inside, strongest_of_groups
from studio.buddies.search import Cells, displacement
from studio.geometry import Points
from studio.pairs import PairSet, PointPair
from studio.picture import Picture
from studio.progress import Job, Progress, part

MOST_IN_PREVIEW = 2000
"""Pairs of a level that are shown; a screen has no room for more."""

NOTHING_FOUND = "No pairs found: the pictures have nothing in common that is strong enough"

SEARCHING = 4.0
"""Time of a multiplication in a search to that of one in a convolution, roughly."""
EXPECTED_STEPS = 40
"""Steps that an inversion takes, roughly; it depends on the network and on the pictures."""

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
    maps: tuple[Maps, Maps] = ({}, {})
    reading: Reading | None = None
    try:
        official = options.preset == "official"
        stages = plain_stages(backbone) if official else [backbone.stage(level.number) for level in backbone.levels]
        spans = _spans(plan, stages, [level.channels for level in backbone.levels], official)
        for picture, size, found, name in zip((a, b), (plan.size_a, plan.size_b), maps, "AB", strict=True):
            image = backbone.normalise(picture.tensor(size, backbone.device))
            job = extract(image.contiguous() if official else image, stages, plan.levels[-1].number)
            found.update((yield from part(job, *next(spans), f"looking at picture {name}")))
        tolerance = int(options.relaxed)
        if official:
            reading = OfficialReading(*maps, stages, plan.levels, tolerance, keep_repeats=options.per_level_limit > 0)
        else:
            reading = PaperReading(*maps, tolerance)
        buddies: Buddies | None = None
        for visited, level in enumerate(plan.levels, 1):
            title = f"level {level.number}: "
            span = next(spans)
            buddies = yield from part(reading.search(level, buddies), *span, title)
            buddies = _rank(buddies, maps[0][level.number], maps[1][level.number], options)
            found_some = f"{title}{len(buddies)} pairs" if len(buddies) else NOTHING_FOUND
            yield Progress(span[1], found_some, _preview(buddies, plan, level, visited), milestone=True)
            if not len(buddies):
                break
            if isinstance(reading, OfficialReading) and level is not plan.levels[-1]:
                yield from part(reading.descend(level), *next(spans), title)
        pairs = _finish(buddies, plan, maps, options)
        yield Progress(1.0, f"{len(pairs)} pairs" if len(pairs) else NOTHING_FOUND, milestone=True)
        return pairs
    finally:
        reading = None
        for found in maps:
            found.clear()


def _spans(
    plan: Plan, stages: Sequence[Stage], channels: Sequence[int], official: bool
) -> Iterator[tuple[float, float]]:
    """Which fractions the steps of a match fill, in their order, by a rough count of multiplications."""
    area_a, area_b = (size[0] * size[1] for size in (plan.size_a, plan.size_b))
    looking = sum(cost(stage, number) for number, stage in enumerate(stages, 1))
    work = [looking * area_a, looking * area_b]
    for level in plan.levels:
        cells = (area_a + area_b) / level.stride**2
        if official:
            block, window = level.patch + 1, 2 * level.window + level.patch
            work.append(SEARCHING * cells / 4 * block**2 * window**2 * channels[level.number - 1])
        else:
            side = 2 * level.reach + level.patch
            work.append(SEARCHING * cells / 40 * side**4 * channels[level.number - 1])
        if official and level is not plan.levels[-1]:
            work.append(3 * EXPECTED_STEPS * cost(stages[level.number - 1], level.number) * (area_a + area_b))
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


def _finish(buddies: Buddies, plan: Plan, maps: tuple[Maps, Maps], options: MatchOptions) -> PairSet:
    """The pairs of the finest level: one for each point of A, off the border, the strongest of each group."""
    level = plan.levels[-1]
    if options.preset == "official":  # takes the corner of a cell for its place
        place_a, place_b = (level.stride * cells[:, ::-1].astype(np.float64) for cells in (buddies.a, buddies.b))
    else:
        place_a, place_b = (plan.working_points(cells, level) for cells in (buddies.a, buddies.b))
    keep = first_of_each(buddies.a[:, 0] * plan.size_a[0] + buddies.a[:, 1])
    keep = keep[(inside(place_a, plan.size_a, options.border) & inside(place_b, plan.size_b, options.border))[keep]]
    if options.preset != "official":
        sizes = plan.size_a, plan.size_b
        keep = keep[consistent(place_a[keep], place_b[keep], buddies.rank[keep], sizes, options.consistency)]
    places = np.concatenate([place_a[:, ::-1], place_b[:, ::-1]], axis=1)[keep]
    keep = keep[strongest_of_groups(places, buddies.rank[keep], options.pairs, options.seed)]
    keep = keep[np.argsort(-buddies.rank[keep], kind="stable")]
    buddies, place_a, place_b = buddies.take(keep), place_a[keep], place_b[keep]
    if options.subcell and options.preset != "official" and len(buddies):
        features = [Cells.normalised(found[level.number]) for found in maps]
        cells = [torch.from_numpy(index).to(features[0].vectors.device) for index in (buddies.a, buddies.b)]
        aside = displacement(*features, *cells, level.patch).cpu().numpy()[:, ::-1] * (level.stride / 2)
        place_a, place_b = place_a - aside, place_b + aside
    return _pair_set(buddies, plan, place_a, place_b, level, len(plan.levels))


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
