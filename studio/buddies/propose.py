"""The probable partner of a point that was clicked, from features that are there already."""

from __future__ import annotations

import numpy as np

from studio.arrays import Floats, Point, Points, Side
from studio.buddies.answers import Proposal
from studio.buddies.confidence import APART, confidences
from studio.buddies.memory import MatchMemory
from studio.buddies.partners import asked_of, has_partners, partners
from studio.buddies.transfer import FeaturePair
from studio.geometry import as_points
from studio.pairs import PairSet, PointPair


def propose(memory: MatchMemory, side: Side, point: Point, pairs: PairSet | None = None) -> Proposal | None:
    """Where the partner of a point probably lies in the other picture.

    See `studio.buddies.partners`.

    Parameters
    ----------
    memory : MatchMemory
        Of the two pictures.
    side : "A" or "B"
        The picture that was clicked.
    point : (float, float)
        In its full-size pixels; what lies outside counts as the edge.
    pairs : PairSet, optional
        The pairs that are there; enabled ones are followed.

    Returns
    -------
    Proposal or None
        None if `memory` is empty, or nothing is to be seen at the point or in the other picture. Takes some
        milliseconds on a CPU; not for the thread of the window.
    """
    known = (pairs or PairSet()).enabled()
    asked = asked_of(memory, as_points([point]), known, side)
    if asked is None or not has_partners(memory, as_points([point]), side).all():
        return None
    feature_pair, start, *_ = asked
    plan, swapped = feature_pair.plan, side == "B"
    places = partners(*asked)[0][0]
    apart = APART * 2 * max(feature_pair.end_size)
    chosen = [0, *np.flatnonzero(np.hypot(*(places - places[0]).T) > apart).tolist()[:1]]
    finest = feature_pair.levels[-1].number
    rank = _rank(feature_pair, start, places[chosen])
    full = plan.full_points(places[chosen], "A" if swapped else "B")
    own = plan.full_points(start, side)[0]
    new = [
        PointPair(known.next_id() + number, *_ends(own, place, swapped), float(strength), 0.0, finest, "matched")
        for number, (place, strength) in enumerate(zip(full, rank, strict=True))
    ]
    # Two that share a point do not judge each other.
    rows = np.arange(len(known), len(known) + len(new))
    sure = confidences(feature_pair.back if swapped else feature_pair, PairSet((*known.pairs, *new)), rows).tolist()
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


def _rank(feature_pair: FeaturePair, start: Points, places: Points) -> Floats:
    """What pairs of the point and each of `places` would have for a rank."""
    total = np.zeros(len(places), np.float32)
    for level in feature_pair.levels:
        for points, seen, of_start in ((start, feature_pair, True), (places, feature_pair.back, False)):
            rows, columns = seen.cells(points, level).T
            total += np.float32(0.5) * feature_pair.response(level, of_start)[rows, columns]
    return total
