"""How sure a pair is, 0 to 1, from what is known about it without knowing the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from studio.arrays import Complex, Index, Points, Reals, Shape, Size
from studio.buddies.dual_softmax import NOTHING
from studio.buddies.memory import MatchMemory
from studio.buddies.search import to_unit
from studio.buddies.transfer import FeaturePair, best_places, transferred
from studio.pairs import PairSet


@dataclass(frozen=True, eq=False)
class Evidence:
    """What speaks for and against pairs, (N,) each.

    Attributes
    ----------
    rank : 0 to 1
        Mean response over the levels and both pictures.
    margin : -2 to 2
        How much more the coarsest cells of the pair look like each other than like the best cell elsewhere: mean
        cosine over neighbours that agree, the mean of both directions.
    cycle : 0 or more
        How far from the pair one lands that follows its points from A to B and from B to A, each on its own; in
        units of the pictures' longer sides.
    residual : 0 or more
        How far the pair lies from where the other pairs carry its point of A, and its point of B: the mean, in units of
        the pictures' longer sides.
    common : -2.5 to 3
        Natural logarithm of the `common_ground` of the two pictures.
    """

    rank: Reals
    margin: Reals
    cycle: Reals
    residual: Reals
    common: Reals


def confidences(feature_pair: FeaturePair, pairs: PairSet, rows: Index) -> Reals:
    """The confidence of the pairs at `rows`, (N,), 0 to 1, from the features of A and B and all `pairs`."""
    doubt = DOUBT if len(rows) and has_little_in_common(feature_pair) else 0.0
    return combined(evidence(feature_pair, pairs, rows), doubt, calibration_of(feature_pair.plan.network))


def has_little_in_common(feature_pair: FeaturePair) -> bool:
    """Whether two pictures look like ones that do not belong together, so that few pairs of theirs can be right.

    By `common_ground` and, for networks of which that was measured, by `likeness`. Two pictures of noise choose by
    where the edges of the pictures are, and need more.
    """
    return _falls_short(feature_pair, "little in common", calibration_of(feature_pair.plan.network).little)


def has_nothing_in_common(feature_pair: FeaturePair) -> bool:
    """The same for pictures of which hardly any pair can be right; never, for networks of which that is not known."""
    return _falls_short(feature_pair, "nothing in common", calibration_of(feature_pair.plan.network).nothing)


def _falls_short(feature_pair: FeaturePair, verdict: str, least: Least | None) -> bool:
    if verdict not in feature_pair.verdicts:
        noise = feature_pair.verdicts.get("noise", False) and verdict == "little in common"
        ground = common_ground(feature_pair)
        short = least is not None and ground < least.ground and likeness(feature_pair) < least.likeness
        feature_pair.verdicts[verdict] = short or (noise and ground < LEAST_OF_NOISE)
    return feature_pair.verdicts[verdict]


def likeness(feature_pair: FeaturePair) -> float:
    """How much the coarsest cells of two pictures look like the cell of the other that looks most like them.

    The mean cosine of the features as the network gives them, -1 to 1, with the network's response to a cell for a
    weight, and of both pictures. In their common appearance, which takes the means away, unrelated pictures are as
    alike as related ones.
    """
    level = feature_pair.levels[0]
    sides = (True, False)
    one, other = (to_unit(feature_pair.prepared(level, of_start)[0].vectors.clone()) for of_start in sides)
    cosines = one @ other.T
    means = []
    for best, of_start in ((cosines.amax(1), True), (cosines.amax(0), False)):
        weight = feature_pair.response(level, of_start).ravel().astype(np.float64)
        means.append(float(best.double().cpu().numpy() @ weight / max(weight.sum(), 1e-12)))
    return float(np.mean(means))


def common_ground(feature_pair: FeaturePair) -> float:
    """How sure coarse cells are of their choices over how far the way there and back ends from its start.

    Of unrelated pictures both are hardly better than chance.

    0 or more; the same whichever picture comes first. The more cells there are to choose from, the less sure is each:
    measured at working sizes of 112 and 224 px, and made up for.
    """
    matches, shapes = feature_pair.matches, feature_pair.shapes
    best, there = matches.max(1)
    best_back, back = matches.max(0)
    sure, away = [], []
    for values, choice, answer, shape in ((best, there, back, shapes[0]), (best_back, back, there, shapes[1])):
        known = (values > NOTHING).cpu().numpy()
        if not known.any():
            return 0.0
        start, end = np.flatnonzero(known), answer[choice].cpu().numpy()[known]
        (row, column), (row_back, column_back) = np.divmod(start, shape[1]), np.divmod(end, shape[1])
        away.append(np.hypot(row - row_back, column - column_back).mean() / max(shape))
        sure.append((values / 2).exp().double().cpu().numpy()[known].mean())
    cells = float(np.sqrt(matches.shape[0] * matches.shape[1]))
    return float(np.mean(sure) / (np.mean(away) + NEAR) * (cells / USUAL_CELLS) ** 0.4)


def with_confidence(memory: MatchMemory, pairs: PairSet, only: Iterable[int] | None = None) -> PairSet:
    """`pairs` with the confidence of matched ones judged anew, as after some were moved, added or deleted.

    Parameters
    ----------
    memory : MatchMemory
        Of the two pictures; if it is empty nothing changes.
    only : ids, optional
        Of the pairs to judge; all matched and enabled ones by default. What a hand placed or moved is not judged.
    """
    held, wanted = memory.held, None if only is None else set(only)
    judged = [pair.enabled and pair.origin == "matched" and (wanted is None or pair.id in wanted) for pair in pairs]
    if held is None or not any(judged):
        return pairs
    used = pairs.enabled()
    rows = np.array([row for row, pair in enumerate(used) if pair.origin == "matched"])
    sure = dict(
        zip((used[row].id for row in rows.tolist()), confidences(held.feature_pair, used, rows).tolist(), strict=True)
    )
    return PairSet(
        tuple(
            replace(pair, confidence=sure[pair.id]) if is_judged else pair
            for pair, is_judged in zip(pairs, judged, strict=True)
        )
    )


def evidence(feature_pair: FeaturePair, pairs: PairSet, rows: Index) -> Evidence:
    """What speaks for and against the pairs at `rows` (numbers)."""
    plan = feature_pair.plan
    a, b = plan.working_at(pairs.a, "A"), plan.working_at(pairs.b, "B")
    margin, cycle = _coarse(feature_pair, a[rows], b[rows])
    there = residuals(a, b, (plan.size_a, plan.size_b), pairs.ranks, rows)
    back = residuals(b, a, (plan.size_b, plan.size_a), pairs.ranks, rows)
    ground = common_ground(feature_pair)
    if feature_pair.verdicts.get("noise", False):  # noise has more of it, by as much as it needs more
        ground *= calibration_of(plan.network).little.ground / LEAST_OF_NOISE
    common = float(np.clip(np.log(max(ground, 1e-9)), *MOST_COMMON))
    rank = np.clip(pairs.ranks[rows] / len(plan.levels), 0.0, 1.0)
    return Evidence(rank, margin, cycle, (there + back) / 2, np.full(len(rows), common))


STOP = 3
"""Level to which points are transferred for the cycle: finer ones move them by less than what counts."""
BESIDE = 1
"""Cells around the best one that are no other place."""


def _coarse(feature_pair: FeaturePair, a: Points, b: Points) -> tuple[Reals, Reals]:
    margin, cycle = np.zeros((2, len(a)))
    for way, points, partners in ((feature_pair, a, b), (feature_pair.back, b, a)):
        level = way.levels[0]
        margin += _margins(way.consensus, way.cells(points, level), way.back.cells(partners, level), way.shapes) / 2
        there, _ = transferred(way, points, best_places(way, points), STOP)
        cycle += np.hypot(*(there - partners).T) / max(way.end_size) / 2
    return margin, cycle


def _margins(alike: torch.Tensor, cells: Index, partners: Index, shapes: tuple[Shape, Shape]) -> Reals:
    """The value of each pair of cells minus the best one of the row that is not beside it."""
    rows = alike[torch.from_numpy(cells @ (shapes[0][1], 1)).to(alike.device)].double().cpu().numpy()
    own = np.take_along_axis(rows, (partners @ (shapes[1][1], 1))[:, None], 1)[:, 0]
    row, column = np.divmod(np.arange(rows.shape[1]), shapes[1][1])
    near = (abs(row - partners[:, :1]) <= BESIDE) & (abs(column - partners[:, 1:]) <= BESIDE)
    other = np.where(near, -np.inf, rows).max(axis=1)
    return np.where(np.isfinite(other), own - other, 0.0)


APART = 0.06
"""Pairs nearer to each other than this in A or in B say nothing about each other: they come from the same parents."""
SOFT = 0.1
"""Distance, in units of A's longer side, up to which all pairs have about the same say."""
MOST_WITNESSES = 256
"""Where there are more pairs, every n-th in the order of their rank tells where a point should go."""
FEWEST = 3
"""Witnesses without whom there is no saying."""
UNKNOWN = 0.15
"""What the residual of a pair counts as that too few others can judge."""


def residuals(a: Points, b: Points, sizes: tuple[Size, Size], rank: Reals, rows: Index) -> Reals:
    """(N,) how far the pairs at `rows` lie from where the others carry them.

    The others' movement is, for each point, the similarity or mirrored similarity that fits them best, with weights
    that fall off with their distance (as in moving least squares, Schaefer et al. 2006, section 2.2). Points, (M, 2),
    are in pixels of pictures of `sizes`; the residuals in units of the longer side of B.
    """
    z, w = (_complex(points, size) for points, size in zip((a, b), sizes, strict=True))
    order = np.argsort(-rank, kind="stable")
    witnesses = order[:: max(1, -(-len(order) // MOST_WITNESSES))]
    found = np.empty(len(rows))
    step = max(1, (1 << 20) // max(len(witnesses), 1))
    for first in range(0, len(rows), step):
        some = rows[first : first + step]
        weight = _weights(z[some], z[witnesses])
        near = _near(z[some], z[witnesses]) | _near(w[some], w[witnesses])
        weight[near] = 0.0
        known = (weight > 0).sum(axis=1) >= FEWEST
        straight, mirrored = (_fit(base[some], base[witnesses], w[witnesses], weight) for base in (z, z.conj()))
        place = np.where(straight[1] <= mirrored[1], straight[0], mirrored[0])
        found[first : first + step] = np.where(known, np.abs(place - w[some]), UNKNOWN)
    return found


def fitted(points: Points, starts: Points, ends: Points, sizes: tuple[Size, Size]) -> tuple[Points, Reals]:
    """Where the movement of `residuals` takes points, (N, 2), and how far the pairs around them are from it, (N,).

    The first in pixels of the second picture, the second in units of its longer side (root of the weighted mean
    square).
    """
    z, zs = (_complex(some, sizes[0]) for some in (points, starts))
    ws = _complex(ends, sizes[1])
    weight = _weights(z, zs)
    straight, mirrored = (_fit(one, others, ws, weight) for one, others in ((z, zs), (z.conj(), zs.conj())))
    better = straight[1] <= mirrored[1]
    place = np.where(better, straight[0], mirrored[0])
    moved = np.stack([place.real, place.imag], axis=1) * max(sizes[1]) + np.asarray(sizes[1]) / 2 - 0.5
    return moved, np.where(better, straight[1], mirrored[1])


def _complex(points: Points, size: Size) -> Complex:
    """Around the middle, in units of the longer side."""
    centred = (points + 0.5 - np.asarray(size) / 2) / max(size)
    return np.asarray(centred @ np.array([1, 1j]), np.complex128)


def _weights(z: Complex, witnesses: Complex) -> Reals:
    away = np.abs(z[:, None] - witnesses[None])
    return np.asarray(1 / (away**2 + SOFT**2), np.float64)


def _near(z: Complex, witnesses: Complex) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs(z[:, None] - witnesses[None]) < APART)


def _fit(z: Complex, starts: Complex, ends: Complex, weight: Reals) -> tuple[Complex, Reals]:
    """Where the similarity that fits best takes each z, and the root of its weighted mean square residual, (N,)."""
    total = weight.sum(axis=1)
    share = weight / np.where(total > 0, total, 1.0)[:, None]
    middle, middle_there = share @ starts, share @ ends
    off, off_there = starts[None] - middle[:, None], ends[None] - middle_there[:, None]
    spread = (share * np.abs(off) ** 2).sum(axis=1)
    factor = (share * off.conj() * off_there).sum(axis=1) / np.maximum(spread, 1e-9)
    left = (share * np.abs(off_there - factor[:, None] * off) ** 2).sum(axis=1)
    return middle_there + factor * (z - middle), np.sqrt(left)


MOST_COMMON = (-2.5, 3.0)
"""Between these the common ground has a say."""
CLEAR = 0.1
"""Margin above which it may count for more: two animals hardly ever reach it, two pictures of one thing do."""


class Least(NamedTuple):
    """What two pictures fall short of, in both, that have too little in common."""

    ground: float
    likeness: float


USUAL_LEAST = Least(0.32, np.inf)
"""Where the likeness was not measured."""


@dataclass(frozen=True)
class Calibration:
    """Log-odds of a pair of one network, and for a unit of each piece of `Evidence`; and what two pictures need."""

    base: float
    rank: float
    margin: float
    cycle: float
    residual: float
    common: float
    clear: float = 0.0
    little: Least = USUAL_LEAST
    nothing: Least | None = None


CALIBRATIONS = {
    # Fitted to 1913 pairs of 120 couples of photographs of animals of kinds that nobody learnt from, and 470 of warped
    # copies at half the weight. Expected calibration error of animals left out 0.026, a right pair surer in 0.74 of
    # cases. `little`: 8 of these 120 couples fall short, and 2 of 85 pairs of theirs that can be judged are right; of
    # 85 unrelated couples 76. `nothing`: 1 of the 120, 1 of 24 couples of a class of Caltech-101, 64 of the 85.
    "buddynet": Calibration(-0.59, 2.37, 4.85, -2.79, -1.36, 0.8, little=Least(0.5, 0.56), nothing=Least(0.5, 0.5)),
    # The same 120 couples: 2070 pairs, 0.038 (on themselves).
    "squeezenet1_0": Calibration(-0.08, 2.25, 2.34, -2.45, -4.29, 1.8),
}
"""By the name of the network."""
OTHERS = Calibration(-0.7, 2.0, 2.5, -3.25, -5.0, 0.0, clear=12.0)
"""Of networks without figures of their own: fitted to an older BuddyNet."""


def calibration_of(network: str) -> Calibration:
    """Of a network of the catalogue, by its name."""
    return CALIBRATIONS.get(network, OTHERS)


NEAR = 0.02
"""In units of the longer sides: it keeps the common ground of a picture and itself finite."""
LEAST_OF_NOISE = 5.0
"""The same where one picture is noise: 2.6 to 4.5 for 12 pairs of white noise, 6.7 and more for one and itself."""
USUAL_CELLS = 150
"""Coarse cells of a picture at the default working size, roughly."""
DOUBT = 1.5
"""Log-odds that a pair of two such pictures loses."""


def combined(of: Evidence, doubt: float = 0.0, by: Calibration = CALIBRATIONS["buddynet"]) -> Reals:
    """(N,) how probably a pair lies within a tenth of B's longer side of the truth, as far as this can tell.

    It never falls with rank, margin or common ground, and never rises with cycle or residual. `doubt` is taken from all
    log-odds.
    """
    score = by.base + by.rank * of.rank + by.margin * of.margin + by.cycle * of.cycle + by.residual * of.residual
    score = score + by.common * of.common + by.clear * np.maximum(0.0, of.margin - CLEAR) - doubt
    return np.asarray(1 / (1 + np.exp(-score)), np.float64)
