"""The job: two pictures through a backbone, and their best buddies from the coarsest level to the finest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, count
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from studio.arrays import Box, Floats, Index, Points, Side
from studio.backbones.backbone import Backbone, Stage
from studio.buddies.answers import LITTLE_IN_COMMON, NOTHING_FOUND, NOTHING_IN_COMMON, Remark
from studio.buddies.confidence import confidences, has_little_in_common, has_nothing_in_common
from studio.buddies.finish import Choice, choose, place
from studio.buddies.fixed import FixedPairs
from studio.buddies.match_trace import OUTSIDE, UNRELATED, LevelTrace, MatchTrace
from studio.buddies.memory import Maps, MatchMemory
from studio.buddies.official import OfficialMatcher
from studio.buddies.options import MatchOptions
from studio.buddies.paper import PaperMatcher
from studio.buddies.plan import LevelPlan, Plan
from studio.buddies.ranking import Activation, Buddies, either_way, strongest_of_groups
from studio.buddies.search import Cells, displacement
from studio.buddies.spatial_prior import kept_from_above
from studio.buddies.transfer import FeaturePair
from studio.buddies.turned import plan_of, turned_sentence
from studio.features.compute import compute_features, stages_of
from studio.features.pyramid import cost
from studio.features.sight import is_noise
from studio.language import tr, trn
from studio.pairs import PairSet, PointPair
from studio.picture import Picture
from studio.progress import Job, Progress, part

MOST_IN_PREVIEW = 150
"""Pairs of a level that are shown; a screen has no room for more, and drawing them all holds the window up."""

FINISHING = 0.05
"""Choosing the final pairs, as a share of all before it: a guess, which only moves the bar of progress."""

TURNING = 0.1
"""Finding out how B is turned, as a share of a match: a guess too."""

Matcher = OfficialMatcher | PaperMatcher


def match(
    a: Picture,
    b: Picture,
    backbone: Backbone,
    options: MatchOptions,
    *,
    fixed: PairSet | None = None,
    memory: MatchMemory | None = None,
) -> Job[PairSet]:
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
    fixed : PairSet, optional
        Pairs that are known (see `studio.buddies.pairs_to_keep`). Each opens its region at every level, no other
        pair takes its cells, and it comes back as it is; disabled ones only come back.
    memory : MatchMemory, optional
        Features found there are not computed again; those of this match and its trace are left there.

    Returns
    -------
    PairSet
        The fixed pairs, then the pairs of the finest level, the highest rank first, with the lowest numbers from 1
        that are free, in full-size pixels; none if the pictures have nothing in common. `confidence` is that of
        `studio.buddies.confidence`. In previews it is how alike the network finds the two points: the mean, over
        the levels so far, of the cosine between the patches around the pair and around the pairs it came from;
        negative means count as 0.
    """
    plan = yield from part(plan_of(a, b, backbone, options, memory), 0.0, TURNING)
    given = fixed or PairSet()
    known = FixedPairs.of(given, plan)
    maps_a: Maps = {}
    maps_b: Maps = {}
    try:
        stages = stages_for(backbone, options)
        matcher = matcher_for(plan, maps_a, maps_b, stages, options, known)
        spans = _spans(plan, stages, matcher)
        yield from computing_features(a, b, backbone, stages, plan, options, (maps_a, maps_b), memory, spans)
        trace: list[LevelTrace] = []
        buddies = yield from descend(matcher, plan, (maps_a, maps_b), options, known, trace, spans)
        feature_pair = feature_pair_of(plan, (maps_a, maps_b), memory, (a, b))
        nothing = options.has_prior and not len(known) and has_nothing_in_common(feature_pair)
        among = np.zeros(len(buddies), dtype=bool) if nothing else None
        pairs, choice = finish(buddies, feature_pair, options, given, options.pairs, among)
        if nothing:
            choice = replace(choice, fate=np.where(choice.fate == OUTSIDE, UNRELATED, choice.fate))
        if memory is not None:
            memory.finished(trace_of(options, trace, choice, pairs, given))
        new = len(pairs) - len(given)
        about, remark = remark_on(a, b, feature_pair, new, nothing)
        message = trn("{number} pairs", "{number} pairs", len(pairs)) if new else tr(NOTHING_FOUND)
        yield Progress(1.0, message, milestone=True, remark=remark, about=about)
        return pairs
    finally:
        maps_a.clear()
        maps_b.clear()


def remark_on(
    a: Picture, b: Picture, feature_pair: FeaturePair, found: int, nothing: bool = False
) -> tuple[Remark | None, str]:
    """What a person must know about a match that found so many pairs, and in a sentence; "" if there is nothing.

    `nothing` says that what it found was not kept, for the pictures have nothing in common.
    """
    if found:
        if has_little_in_common(feature_pair):
            return Remark.LITTLE_IN_COMMON, tr(LITTLE_IN_COMMON)
        turned = turned_sentence(feature_pair.plan)
        return (Remark.TURNED if turned else None), turned
    for picture, name in ((a, "A"), (b, "B")):
        if picture.is_plain:
            sentence = tr("No pairs found: nothing is to be seen in picture {name}, it has one colour only.", name=name)
            return Remark.PLAIN_PICTURE, sentence
    if nothing:
        return Remark.NOTHING_IN_COMMON, tr(NOTHING_IN_COMMON)
    return Remark.NOTHING_FOUND, tr(NOTHING_FOUND)


def stages_for(backbone: Backbone, options: MatchOptions) -> list[Stage]:
    """The pieces of the network as the preset wants them."""
    return stages_of(backbone, plain=options.preset == "official")


def matcher_for(
    plan: Plan, maps_a: Maps, maps_b: Maps, stages: Sequence[Stage], options: MatchOptions, fixed: FixedPairs
) -> Matcher:
    """The matcher of the preset.

    `maps_a` and `maps_b` have the features by number of level, (1, C, h, w) each, and may still be empty: they are read
    when a level is searched.
    """
    tolerance = int(options.relaxed)
    if options.preset == "official":
        return OfficialMatcher(plan, maps_a, maps_b, stages, tolerance, options.per_level_limit > 0, fixed)
    return PaperMatcher(plan, maps_a, maps_b, tolerance, options.consistency, fixed)


def _spans(plan: Plan, stages: Sequence[Stage], matcher: Matcher) -> Iterator[tuple[float, float]]:
    """Which fractions the steps of a match fill, in their order, by a rough count of multiplications."""
    # Multiplications of a search count `RELATIVE_COST` times: it waits for memory where a convolution computes.
    passes = sum(cost(stage, number) for number, stage in enumerate(stages, 1))
    pictures = [passes * width * height for width, height in (plan.size_a, plan.size_b)]
    work = [*pictures, *(matcher.work(level) for level in plan.levels)]
    work.append(FINISHING * sum(work))
    ends = [TURNING + (1 - TURNING) * end / sum(work) for end in accumulate(work)]
    return iter(list(zip([TURNING, *ends], ends, strict=False)))


def computing_features(
    a: Picture,
    b: Picture,
    backbone: Backbone,
    stages: Sequence[Stage],
    plan: Plan,
    options: MatchOptions,
    maps: tuple[Maps, Maps],
    memory: MatchMemory | None,
    spans: Iterator[tuple[float, float]],
) -> Job[None]:
    """Fill `maps` with the features of A and of B, from `memory` where it has them, and leave them there.

    `maps` are filled by number of level: (1, C, h, w) as the network gives them, zero in cells that are invisible.
    """
    plain, finest = options.preset == "official", plan.levels[-1].number
    store = memory.store if memory is not None else None
    seen = []
    pictures: dict[Side, Picture] = {"A": a, "B": b}
    for (side, picture), found in zip(pictures.items(), maps, strict=True):
        size, turn = plan.upright_size(side), plan.side(side)[2]
        job = compute_features(
            picture, backbone, size, plain=plain, finest=finest, store=store, stages=stages, turn=turn
        )
        span = next(spans)
        seen.append((yield from part(job, *span, tr("looking at picture {name}", name=side))))
        found.update(seen[-1].maps)
        yield Progress(span[1], tr("picture {name} is known", name=side))
    if memory is not None:
        memory.remember_features(plan, options, *seen)


def prepare_features(
    a: Picture, b: Picture, backbone: Backbone, options: MatchOptions, memory: MatchMemory
) -> Job[None]:
    """Only compute the features of two pictures, as a match with these options would, and leave them in `memory`."""
    plan = yield from part(plan_of(a, b, backbone, options, memory), 0.0, TURNING)
    maps: tuple[Maps, Maps] = ({}, {})
    try:
        spans = iter([(TURNING, 0.53), (0.53, 0.96)])  # the rest is for what a first click would wait for
        yield from computing_features(a, b, backbone, stages_for(backbone, options), plan, options, maps, memory, spans)
        if memory.held is not None:
            memory.held.feature_pair.warm()
        yield Progress(1.0, tr("both pictures are known"))
    finally:
        for side in maps:
            side.clear()


def feature_pair_of(
    plan: Plan, maps: tuple[Maps, Maps], memory: MatchMemory | None, pictures: tuple[Picture, Picture]
) -> FeaturePair:
    """Both pictures: what is prepared in `memory`, if all levels are there; else `maps` of A and B by number of level,
    (1, C, h, w) each.
    """
    held = memory.held if memory is not None else None
    feature_pair = held.feature_pair if held and held.feature_pair.levels == plan.levels else FeaturePair(plan, *maps)
    if "noise" not in feature_pair.verdicts:
        feature_pair.verdicts["noise"] = any(is_noise(picture) for picture in pictures)
    return feature_pair


def descend(
    matcher: Matcher,
    plan: Plan,
    maps: tuple[Maps, Maps],
    options: MatchOptions,
    fixed: FixedPairs,
    trace: list[LevelTrace],
    spans: Iterator[tuple[float, float]],
    start: Buddies | None = None,
) -> Job[Buddies]:
    """The buddies of the finest level; those of every level are added to `trace`.

    `maps` are those of A and of B by number of level, (1, C, h, w) each.
    `start` are buddies of the coarsest level that are not to be searched for.
    """
    keeps = options.has_prior
    buddies = start
    for visited, level in enumerate(plan.levels, 1):
        span = next(spans)
        title = tr("level {level}", level=level.number) + ": "
        parents = buddies if visited > 1 else None
        if start is None or visited > 1:
            buddies = yield from part(matcher.search(level, buddies), *span, title)
        assert buddies is not None
        buddies = _rank(buddies, maps[0][level.number], maps[1][level.number], options)
        # Not in the article, where a region without buddies is lost with all it stood for. Keeping the coarse pair, and
        # holding finer ones to theirs, lifts what pairs carry along from 0.260 / 0.238 to 0.271 / 0.260 of the key
        # points (PCK@0.1, same kind / across kinds, 500 pairs of animals).
        if parents is not None and keeps and (level.has_prior or parents.ended.any()):
            buddies = buddies.followed_by(
                kept_from_above(
                    parents,
                    buddies,
                    plan.levels[visited - 2],
                    level.has_prior,
                    (plan.grid(level, "A"), plan.grid(level, "B")),
                )
            )
        trace.append(LevelTrace.of(level, buddies))
        shown = _preview(buddies, plan, level, visited, fixed)
        yield Progress(span[1], title + trn("{number} pairs", "{number} pairs", len(buddies)), shown, milestone=True)
        if not len(buddies):
            break
    assert buddies is not None
    return buddies


def _rank(buddies: Buddies, map_a: Tensor, map_b: Tensor, options: MatchOptions) -> Buddies:
    """Add a level to the ranks, and leave out what is not active or over the limit."""
    # The article thresholds the norm of a cell, the authors' program its square; `MatchOptions.threshold` has both.
    squared = options.preset == "official"
    a, b = (Activation(features, options.threshold, squared) for features in (map_a, map_b))
    rank = buddies.rank + (a.of(buddies.a) + b.of(buddies.b)) * np.float32(0.5)
    active = a.passes(buddies.a) & b.passes(buddies.b)
    buddies = replace(buddies, rank=rank).take(active | buddies.is_fixed)
    places = np.concatenate([buddies.a, buddies.b], axis=1)
    # Grouped so that B matched with A keeps the same pairs; `official` groups as the authors' program does.
    places = either_way(places) if options.has_prior else places
    limit, sure = options.per_level_limit, buddies.is_fixed
    return buddies.take(strongest_of_groups(places, buddies.rank, limit, options.seed, sure))


def _preview(buddies: Buddies, plan: Plan, level: LevelPlan, visited: int, fixed: FixedPairs) -> PairSet:
    buddies = buddies.take(~buddies.is_fixed).by_rank().take(slice(MOST_IN_PREVIEW))
    a, b = (plan.working_points(cells, level) for cells in (buddies.a, buddies.b))
    # The confidence proper weighs all pairs against each other, which there is no time for at every level.
    alike = np.clip(buddies.similarity / visited, 0, 1)
    return joined(fixed.pairs, plan, a, b, buddies.rank, alike, np.full(len(buddies), level.number))


def finish(
    buddies: Buddies,
    feature_pair: FeaturePair,
    options: MatchOptions,
    given: PairSet,
    groups: int,
    among: npt.NDArray[np.bool_] | None = None,
) -> tuple[PairSet, Choice]:
    """`given`, and the pairs that become of the finest level's buddies; see `choose`."""
    plan, level = feature_pair.plan, feature_pair.plan.levels[-1]
    choice = choose(buddies, plan, level, options, groups, among)
    # Fixed pairs have had their say in the choice; they come back as they were given, not from their cells.
    choice = replace(choice, rows=choice.rows[buddies.fixed[choice.rows] < 0])
    found = buddies.take(choice.rows)
    a, b = (place(plan, options, level, cells) for cells in (found.a, found.b))
    if options.subcell and options.preset != "official" and len(found):
        in_a, in_b = (Cells.normalised(maps[level.number]) for maps in (feature_pair.start, feature_pair.end))
        sub_cell_offset = displacement(in_a, in_b, found.a, found.b, level.patch)
        # Half of it moves A's point and half B's, the other way: neither picture comes first. A pair that was kept from
        # above has no peak of its own at this level and keeps what the level knew that found it.
        sub_cell_offset = np.where(found.ended[:, None] > 0, found.sub_cell_offset[:, ::-1], sub_cell_offset) * (
            level.stride / 2
        )
        beside = found.beside[:, ::-1] * level.stride
        a, b = a + beside - sub_cell_offset, b + beside + sub_cell_offset
    if not len(found):
        return given, choice
    last = np.where(found.ended > 0, found.ended, level.number)
    pairs = joined(given, plan, a, b, found.rank, np.ones(len(found)), last)
    new = np.arange(len(given), len(pairs))
    sure = confidences(feature_pair, pairs, new)
    kept = pairs.pairs[: len(given)]
    changed = (replace(pairs[row], confidence=one) for row, one in zip(new.tolist(), sure.tolist(), strict=True))
    return PairSet((*kept, *changed)), choice


def trace_of(
    options: MatchOptions,
    levels: Sequence[LevelTrace],
    choice: Choice,
    pairs: PairSet,
    given: PairSet,
    window: Box | None = None,
) -> MatchTrace:
    """The trace of a match that gave `pairs`, the last of which are its choice."""
    new = PairSet(pairs.pairs[len(given) :])
    return MatchTrace(options, tuple(levels), choice.fate, choice.rival, choice.rows, new.a, new.b, window)


def joined(
    given: PairSet,
    plan: Plan,
    a: Points,
    b: Points,
    rank: Floats,
    confidence: npt.NDArray[Any],
    levels: Index,
) -> PairSet:
    """`given`, then pairs of these levels from points at the working size, (N, 2), with the lowest free numbers."""
    taken = {pair.id for pair in given}
    free = (number for number in count(1) if number not in taken)
    columns = (
        map(tuple, plan.full_points(a, "A").tolist()),
        map(tuple, plan.full_points(b, "B").tolist()),
        rank.tolist(),
        np.asarray(confidence).tolist(),
        levels.tolist(),
    )
    found = (PointPair(next(free), *row, "matched") for row in zip(*columns, strict=True))
    return PairSet((*given.pairs, *found))
