"""Where points of one picture probably lie in the other, from what the network sees there and where the pairs go.

A dense reading of a match: pairs alone (moved by moving least squares, say) know nothing of the places between
them, and features alone do not know which of two legs is meant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.arrays import Index, Points, Reals, Side
from studio.buddies.confidence import SOFT, fitted, with_confidence
from studio.buddies.memory import MatchMemory
from studio.buddies.search import active_cells
from studio.buddies.spatial_prior import peaks_of
from studio.buddies.transfer import FeaturePair, transferred
from studio.features.sight import visible_points
from studio.geometry import as_points
from studio.pairs import PairSet, PointPair

AT_ONCE = 1024
"""Points whose coarse matches are read together."""
STARTS = 5
"""Coarse cells that are followed down: only one in four of the first ones is right (see `studio.buddies.dual_softmax`),
and which it is shows on finer levels and beside the pairs around."""
FINE_TEMPERATURE = 0.2
"""Cosine of the finer levels that counts e times: they say less of what a thing is than the coarsest one does."""
TRUST = 0.12
"""How far from where the pairs around carry it, in units of the longer side, a partner may well lie."""
MOST_DOUBT = 3.0
"""Log-weight that lying elsewhere costs at most: the pairs around can all be wrong. On 80 couples of held-out animals,
same kind / across kinds, 0.417 / 0.312 of the key points right, at 1 0.412 / 0.294, at 9 hardly less; BuddyNet 3."""
FEWEST = 3
"""With fewer pairs than this nothing is transferred."""


def transfer_points(memory: MatchMemory, points: Points, pairs: PairSet, side: Side = "A") -> Points | None:
    """Where points of picture `side` lie in the other one: the most likely of their `partners`.

    Parameters
    ----------
    memory : MatchMemory
        Of the two pictures.
    points : (N, 2)
        In full-size pixels; what lies outside counts as the edge.
    pairs : PairSet
        Those that are there; enabled ones are followed.

    Returns
    -------
    (N, 2) in full-size pixels of the other picture, NaN for a point at which nothing is to be seen or if nothing of the
    other picture is; or None if `memory` is empty.
    """
    asked = asked_of(memory, points, pairs, side)
    if asked is None:
        return None
    there = np.full((len(asked[1]), 2), np.nan)
    seen = has_partners(memory, points, side)
    if seen.any():
        feature_pair, start, *known = asked
        places, _ = partners(feature_pair, start[seen], *known)
        there[seen] = feature_pair.plan.full_points(places[:, 0], "B" if side == "A" else "A")
    return there


def has_partners(memory: MatchMemory, points: Points, side: Side) -> npt.NDArray[np.bool_]:
    """(N,) whether something is to be seen at points, in full-size pixels of a picture, and anywhere in the other."""
    held = memory.held
    if held is None:
        return np.zeros(len(as_points(points)), dtype=bool)
    look, other = (held.a, held.b) if side == "A" else (held.b, held.a)
    cells = active_cells(other.maps[held.feature_pair.levels[0].number])
    return visible_points(look.picture(), points) & (cells is None or bool(cells.any()))


def transferred_pairs(memory: MatchMemory, points: Points, pairs: PairSet) -> PairSet:
    """Points of picture A and where `transfer_points` has them in B as pairs, with their confidence.

    `points` are (N, 2) full-size pixels.

    They are numbered from 1 in the order of the points; those at which nothing is to be seen are left out. `memory`
    must not be empty.
    """
    there = transfer_points(memory, points, pairs)
    held = memory.held
    if there is None or held is None:
        raise ValueError("nothing is remembered of these pictures")
    first, finest = pairs.next_id(), held.feature_pair.levels[-1].number
    known: npt.NDArray[np.bool_] = np.asarray(np.isfinite(there).all(axis=1), bool)
    ends = zip(points.tolist(), there.tolist(), known.tolist(), strict=True)
    new = [
        PointPair(first + number, (a[0], a[1]), (b[0], b[1]), level=finest, origin="matched")
        for number, (a, b, is_known) in enumerate(ends)
        if is_known
    ]
    judged = with_confidence(memory, PairSet((*pairs.pairs, *new)), only=[pair.id for pair in new])
    transferred = judged.pairs[len(pairs) :]
    return PairSet(tuple(replace(pair, id=pair.id - first + 1) for pair in transferred))


def asked_of(
    memory: MatchMemory, points: Points, pairs: PairSet, side: Side
) -> tuple[FeaturePair, Points, Points, Points] | None:
    """What `partners` asks for, from full-size points and pairs; None if `memory` is empty.

    `points` are (N, 2) pixels of the picture `side`. The three arrays are (N, 2), (P, 2) and (P, 2) pixels at the
    working size: where to start, and the enabled pairs there and in the other picture.
    """
    held = memory.held
    if held is None:
        return None
    plan, known = held.plan, pairs.enabled()
    a, b = plan.working_at(known.a, "A"), plan.working_at(known.b, "B")
    feature_pair = held.feature_pair.back if side == "B" else held.feature_pair
    start = np.clip(plan.working_at(points, side), 0.0, np.subtract(feature_pair.start_size, 1.0))
    return (feature_pair, start, b, a) if side == "B" else (feature_pair, start, a, b)


def partners(feature_pair: FeaturePair, points: Points, starts: Points, ends: Points) -> tuple[Points, Reals]:
    """The most likely places of each point, the best first.

    The coarse cells of the other picture are compared with the point (with neighbours that agree, as in
    `studio.buddies.dual_softmax`, and near to where the pairs around it go); from the best few the point is followed
    down the levels on its own; and the one that stays most alike wins.

    Parameters
    ----------
    feature_pair : FeaturePair
    points : (N, 2)
        At the working size of the picture to start from.
    starts, ends : (M, 2)
        The points of pairs, at the working sizes of the picture to start from and of the other one.

    Returns
    -------
    (places, likely) : (N, K, 2) and (N, K) float64
        At the working size of the other picture, and their log-weights; K is `STARTS`, or how many coarse cells there
        are.
    """
    doubt = _doubt(feature_pair, points, starts, ends)
    level, (rows, columns) = feature_pair.levels[0], feature_pair.shapes[1]
    count = min(STARTS, rows * columns)
    first, likely = np.empty((len(points), count, 2)), np.empty((len(points), count))
    middles = feature_pair.plan.working_points(np.stack(np.divmod(np.arange(rows * columns), columns), axis=1), level)
    for begin in range(0, len(points), AT_ONCE):
        some = slice(begin, begin + AT_ONCE)
        matches = _matches_of(feature_pair, points[some])
        if doubt is not None:
            matches -= torch.from_numpy(doubt(middles, level.stride / 2, some).astype(np.float32)).to(matches.device)
        best = matches.topk(count, 1)
        chosen, which = best.indices.cpu().numpy(), np.repeat(np.arange(matches.shape[0]), count)
        beside = peaks_of(partial(_beside, which), matches, (rows, columns), chosen.ravel())[:, ::-1]
        first[some] = middles[chosen] + beside.reshape(len(chosen), count, 2) * level.stride
        likely[some] = best.values.cpu().numpy()
    found, similarity = transferred(feature_pair, np.repeat(points, count, axis=0), first.reshape(-1, 2))
    places = found.reshape(first.shape)
    likely += similarity.reshape(likely.shape) / FINE_TEMPERATURE
    order = np.argsort(-likely, axis=1, kind="stable")
    return np.take_along_axis(places, order[:, :, None], 1), np.take_along_axis(likely, order, 1)


def _beside(rows: Index, cells: Index) -> tuple[Index, Index]:
    return rows, cells


def _matches_of(feature_pair: FeaturePair, points: Points) -> Tensor:
    """(N, M) log-weights of the matches of `points`, (N, 2), with all coarse cells of the other picture.

    Between the middles of the cells they are those of the four around, weighted.
    """
    level, (rows, columns) = feature_pair.levels[0], feature_pair.shapes[0]
    most = np.subtract((rows, columns), 1)
    first = feature_pair.plan.working_points(np.zeros((1, 2), np.int64), level)
    place = np.clip((points - first)[:, ::-1] / level.stride, 0.0, most)
    low = np.minimum(place.astype(np.int64), np.maximum(most - 1, 0))
    total = torch.zeros((len(points), int(np.prod(feature_pair.shapes[1]))), device=feature_pair.matches.device)
    for corner in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = np.abs(1 - np.asarray(corner) - (place - low)).prod(axis=1).astype(np.float32)
        cells = torch.from_numpy(np.minimum(low + corner, most) @ (columns, 1)).to(total.device)
        total += feature_pair.matches[cells] * torch.from_numpy(weight).to(total.device)[:, None]
    return total


def _doubt(
    feature_pair: FeaturePair, points: Points, starts: Points, ends: Points
) -> Callable[[Points, float, slice], Reals] | None:
    """(N, K) how much less likely places, (K, 2), become by lying elsewhere than the pairs take some of the points.

    The number is how far around the middle of a cell that cell still is, in pixels.
    """
    if len(starts) < FEWEST:
        return None
    expected, spread = fitted(points, starts, ends, (feature_pair.start_size, feature_pair.end_size))
    nearest = np.array([np.hypot(*(starts - point).T).min() for point in points]) / max(feature_pair.start_size)
    # Close to a pair its word counts; far from all of them, or where they disagree, little does.
    trust = np.hypot(np.minimum(TRUST, nearest), np.maximum(spread, 0.02)) + 0.25 * np.maximum(0.0, nearest - SOFT)
    trust *= max(feature_pair.end_size)

    def doubt(places: Points, within: float, some: slice) -> Reals:
        away = np.hypot(*(places[None] - expected[some, None]).transpose(2, 0, 1))
        unlikely = (np.maximum(0.0, away - within) / (trust[some, None] + within)) ** 2
        return np.asarray(np.minimum(unlikely, MOST_DOUBT), np.float64)

    return doubt
