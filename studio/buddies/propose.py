"""The probable partner of a point that was clicked, from features that are there already."""

from __future__ import annotations

import numpy as np
import torch

from studio.buddies.agreement import TEMPERATURE
from studio.buddies.answers import Proposal, Side
from studio.buddies.carry import Scene, carried
from studio.buddies.confidence import APART, SOFT, confidences, fitted
from studio.buddies.memory import MatchMemory
from studio.buddies.ranking import Floats, Index
from studio.geometry import Points, as_points
from studio.pairs import PairSet, Point, PointPair

STARTS = 5
"""Coarse cells that are followed down."""
TRUST = 0.12
"""How far from where the pairs around carry it, in units of the longer side, a partner may well lie."""
FEWEST = 3
"""With fewer pairs than this nothing is carried."""


def propose(memory: MatchMemory, side: Side, point: Point, pairs: PairSet | None = None) -> Proposal | None:
    """Where the partner of a point probably lies in the other picture.

    The coarse cell it lies in is compared with all of the other picture (with neighbours that agree, as in
    `studio.buddies.agreement`, and near to where the pairs around it go); from the best few the point is followed
    down the levels on its own; and the one that stays most alike wins.

    Parameters
    ----------
    memory : MatchMemory
        Of the two pictures.
    side : "a" or "b"
        The picture that was clicked.
    point : (float, float)
        In its full-size pixels; what lies outside counts as the edge.
    pairs : PairSet, optional
        The pairs that are there; enabled ones are followed.

    Returns
    -------
    Proposal or None
        None if `memory` is empty. Takes some milliseconds on a CPU; not for the thread of the window.
    """
    held = memory.held
    if held is None:
        return None
    plan, swapped = held.plan, side == "b"
    known = (pairs or PairSet()).enabled()
    scene = held.scene.back if swapped else held.scene
    start = np.clip(plan.working_at(as_points([point]), side), 0.0, np.subtract(scene.start_size, 1.0))
    starts = plan.working_at(known.b if swapped else known.a, side)
    ends = plan.working_at(known.a if swapped else known.b, "a" if swapped else "b")
    expected, trust = _expected(scene, start, starts, ends)
    cells, scores = _starts(scene, start, expected, trust)
    places, similarity = carried(scene, np.repeat(start, len(cells), axis=0), cells)
    best = _order(scene, places, scores, similarity, expected, trust)
    chosen = [int(best[0])]
    apart = APART * 2 * max(scene.end_size)
    chosen += [int(other) for other in best[1:] if np.hypot(*(places[other] - places[best[0]])) > apart][:1]
    finest = scene.levels[-1].number
    rank = _rank(scene, start, places[chosen])
    full = plan.full_points(places[chosen], "a" if swapped else "b")
    own = plan.full_points(start, side)[0]
    new = [
        PointPair(known.next_id() + number, *_ends(own, place, swapped), float(strength), 0.0, finest, "matched")
        for number, (place, strength) in enumerate(zip(full, rank, strict=True))
    ]
    # Two that share a point do not judge each other.
    rows = np.arange(len(known), len(known) + len(new))
    sure = confidences(held.scene, PairSet((*known.pairs, *new)), rows).tolist()
    runner_up = (float(full[1][0]), float(full[1][1])) if len(chosen) > 1 else None
    return Proposal(
        (float(full[0][0]), float(full[0][1])),
        sure[0],
        runner_up,
        sure[1] if runner_up else 0.0,
        float(rank[0]),
        finest,
    )


def _ends(own: Points, place: Points, swapped: bool) -> tuple[Point, Point]:
    """A point and its partner as the points of A and of B."""
    one, other = (float(own[0]), float(own[1])), (float(place[0]), float(place[1]))
    return (other, one) if swapped else (one, other)


def _expected(scene: Scene, start: Points, starts: Points, ends: Points) -> tuple[Points | None, float]:
    """Where the pairs carry the point at the working size, (1, 2), and how far it may well lie from there, in px."""
    if len(starts) < FEWEST:
        return None, 0.0
    sizes = scene.start_size, scene.end_size
    place, spread = fitted(start, starts, ends, sizes)
    nearest = np.hypot(*(starts - start).T).min() / max(scene.start_size)
    # Close to a pair its word counts; far from all of them, or where they disagree, little does.
    trust = float(np.hypot(min(TRUST, nearest), max(spread, 0.02))) + 0.25 * max(0.0, nearest - SOFT)
    return place, trust * max(scene.end_size)


def _starts(scene: Scene, start: Points, expected: Points | None, trust: float) -> tuple[Index, Floats]:
    """The best few coarse cells of the other picture, (K, 2), and their scores, as log-weights."""
    (_, width), (_, width_there) = scene.shapes
    level = scene.levels[0]
    scores = scene.matches[int((scene.cells(start, level) @ (width, 1))[0])]
    columns = np.stack(np.divmod(np.arange(len(scores)), width_there), axis=1)
    if expected is not None:
        away = np.hypot(*(scene.plan.working_points(columns, level) - expected).T)
        beyond = np.maximum(0.0, away - level.stride / 2) / (trust + level.stride / 2)
        scores = scores - torch.from_numpy((beyond**2).astype(np.float32)).to(scores.device)
    best = scores.topk(min(STARTS, len(scores)))
    return columns[best.indices.cpu().numpy()], best.values.cpu().numpy()


def _order(
    scene: Scene, places: Points, scores: Floats, similarity: Floats, expected: Points | None, trust: float
) -> Index:
    """Numbers of the places, the most likely first."""
    likely = scores + similarity / TEMPERATURE
    if expected is not None:
        likely = likely - (np.hypot(*(places - expected).T) / (trust + scene.levels[-1].stride)) ** 2
    order: Index = np.argsort(-likely, kind="stable")
    return order


def _rank(scene: Scene, start: Points, places: Points) -> Floats:
    """What pairs of the point and each of `places` would have for a rank."""
    total = np.zeros(len(places), np.float32)
    for level in scene.levels:
        for points, seen, of_start in ((start, scene, True), (places, scene.back, False)):
            rows, columns = seen.cells(points, level).T
            total += np.float32(0.5) * scene.response(level, of_start)[rows, columns]
    return total
