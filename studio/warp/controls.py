"""Control points of a warp: the pairs of two pictures brought into one frame, with what holds its border."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from studio.arrays import Points, Size
from studio.geometry import rescale, shrink_within
from studio.language import tr
from studio.pairs import PairSet, PointPair
from studio.warp.best_map import best_map, contradictions
from studio.warp.control_set import Controls
from studio.warp.fields import moving_least_squares
from studio.warp.giving_way import give_way
from studio.warp.options import WarpOptions
from studio.warp.point_warp import FieldPair, PointWarp
from studio.warp.ways import bows

Frame = Literal["a", "b", "between"]

_EDGE_PINS = 8
"""Pinned points along the longer edge."""

_SAME = 0.5
"""Pixels of the frame: what is nearer is one point."""

_TURNED = np.pi / 3
"""From here on what is pinned all around can't follow what turns inside it."""

_AGREED = 0.5
"""Below this, in the median, pairs contradict each other little enough to say something together."""

_AGREES = 4.0
"""Pixels of the frame, as many as between the nodes of a field, up to which two pairs that share a point say the same
of it."""

_NAMED = 6
"""So many pairs are named in a sentence."""


def frame_size(size_a: Size, size_b: Size, frame: Frame) -> Size:
    """The size that both pictures are brought to: that of A, that of B, or their mean."""
    if frame == "a":
        return size_a
    if frame == "b":
        return size_b
    return (size_a[0] + size_b[0] + 1) // 2, (size_a[1] + size_b[1] + 1) // 2


def control_points(
    pairs: PairSet, size_a: Size, size_b: Size, frame: Size, options: WarpOptions, moment: float | None = None
) -> Controls:
    """The enabled pairs, scaled from pictures of `size_a` and `size_b` to the `frame`, and the pins of the border.

    With `options.untangle` matched pairs give way until nothing folds, and what can't be untangled is left out and
    named in the notes (`studio.warp.giving_way`): so that nothing folds all the way, or, if given, at one `moment` of 0
    to 1, for which less has to give way.
    """
    used = tuple(pairs.enabled())
    a, b = rescale([p.a for p in used], size_a, frame), rescale([p.b for p in used], size_b, frame)
    out: list[int] = []
    whole = _of_the_whole(a, b, options)
    if options.untangle and len(used) > 1:
        used, a, b, out = _untangled(used, a, b, frame, options, moment)
    notes = (*_notes(used, a, b, frame, options), *whole, *_left_out(out))
    return replace(_held_border(a, b, frame, options), ids=tuple(pair.id for pair in used), notes=notes)


def _held_border(a: Points, b: Points, frame: Size, options: WarpOptions) -> Controls:
    """Points that are numbered from 0, with the pins of the border and ways around each other."""
    pins_a, pins_b = _pins(a, b, frame, options)
    # "halfway" bends the ways by the pictures.
    bent = bows(a, b) if options.warp != "halfway" else np.zeros((0, 2))
    around = np.concatenate([bent, np.zeros_like(pins_a)]) if bent.any() else None
    points = np.concatenate([a, pins_a]), np.concatenate([b, pins_b])
    return Controls(frame, *points, tuple(range(len(a))), bows=around)


def _untangled(
    used: tuple[PointPair, ...], a: Points, b: Points, frame: Size, options: WarpOptions, moment: float | None
) -> tuple[tuple[PointPair, ...], Points, Points, list[int]]:
    """The pairs that are left, their points, and the numbers of those that are not."""
    held = np.array([is_own(pair) for pair in used], bool)

    def judge(some_a: Points, some_b: Points, longest: int) -> FieldPair:
        size = shrink_within(frame, longest)
        ends = [rescale(points, frame, size) for points in (some_a, some_b)]
        warp = PointWarp(_held_border(ends[0], ends[1], size, options), options)
        # Where A takes all of B's shape and B all of A's they are bent most.
        return (warp.one_field(1.0, 0), warp.one_field(0.0, 1)) if moment is None else warp.fields(moment)

    beside = _beside_a_better(a, b, held, [pair.confidence for pair in used])
    single = np.array([index for index in range(len(used)) if index not in beside], np.intp)
    pins = _outline(frame, _EDGE_PINS if options.border == "edges" else 1)
    still = pins if options.border != "free" else pins[:0]
    given = give_way(a[single], b[single], held[single], frame, still, judge)
    kept = single[given.kept]
    # Who lies beside a better one in both pictures contradicts nobody.
    apart = {i for i, j in beside.items() if max(np.hypot(*(a[i] - a[j])), np.hypot(*(b[i] - b[j]))) > _AGREES}
    out = [used[index].id for index in sorted(apart | set(single.tolist()) - set(kept.tolist()))]
    return tuple(used[index] for index in kept), given.a, given.b, out


def _beside_a_better(a: Points, b: Points, held: npt.NDArray[np.bool_], confidences: list[float]) -> dict[int, int]:
    """Indices of the pairs that share a point with a better one, and which: a place can't go to two others."""
    from scipy.spatial import cKDTree

    twice = np.zeros((0, 2), np.intp)
    for points in (a, b):
        twice = np.concatenate([twice, cKDTree(points).query_pairs(_SAME, output_type="ndarray")])
    beside: dict[int, set[int]] = {}
    for first, second in twice.tolist():
        beside.setdefault(first, set()).add(second)
        beside.setdefault(second, set()).add(first)
    gone: dict[int, int] = {}
    for index in np.lexsort((np.arange(len(a)), -np.asarray(confidences), ~held)).tolist():
        if index not in gone:
            gone.update({other: index for other in beside.get(index, ()) if not held[other] and other not in gone})
    return gone


def _left_out(numbers: list[int]) -> tuple[str, ...]:
    """A sentence that names the pairs."""
    if not numbers:
        return ()
    if len(numbers) == 1:
        return (tr("Pair {number} contradicts its neighbours: not used.", number=numbers[0]),)
    named = ", ".join(str(number) for number in numbers[:_NAMED])
    if len(numbers) > _NAMED:
        return (
            tr(
                "{count} pairs contradict their neighbours: not used ({numbers} and others).",
                count=len(numbers),
                numbers=named,
            ),
        )
    return (tr("Pairs {numbers} contradict their neighbours: not used.", numbers=named),)


def _pins(a: Points, b: Points, frame: Size, options: WarpOptions) -> tuple[Points, Points]:
    if options.warp == "delaunay" and options.border == "free":
        # Triangles need something to end at: a frame around the frame, that goes along with the points.
        outside = _outline(frame, 2, grow=0.5)
        return outside, moving_least_squares(outside, a, b, "similarity")
    if options.border == "free":
        return np.zeros((0, 2)), np.zeros((0, 2))
    pins = _outline(frame, 1 if options.border == "corners" else _EDGE_PINS)
    if options.warp == "delaunay":
        # The outermost nodes of a field lie just outside; there they follow the edge.
        pins = np.concatenate([pins, _outline(frame, 1, grow=0.5)])
    return pins, pins


def _outline(frame: Size, pieces: int, grow: float = 0.0) -> Points:
    """Points around the frame, a longer side cut into `pieces`; `grow` moves it out by that share of its size."""
    width, height = frame
    longest = max(width, height)
    columns = max(1, round(pieces * width / longest))
    rows = max(1, round(pieces * height / longest))
    x = np.linspace(-grow, 1 + grow, columns + 1) * width - 0.5
    y = np.linspace(-grow, 1 + grow, rows + 1) * height - 0.5
    across = [(value, edge) for edge in (y[0], y[-1]) for value in x]
    down = [(edge, value) for edge in (x[0], x[-1]) for value in y[1:-1]]
    return np.asarray(across + down, dtype=np.float64)


def _notes(pairs: Sequence[PointPair], a: Points, b: Points, frame: Size, options: WarpOptions) -> tuple[str, ...]:
    count = len(pairs)
    if not count:
        return (tr("There are no pairs: nothing moves, one picture fades into the other."),)
    notes = []
    if options.border == "free" and count == 1:
        notes.append(tr("With one pair the whole picture is only shifted."))
    elif options.border == "free" and count == 2:
        notes.append(tr("With two pairs the whole picture is only turned, scaled and shifted."))
    elif count >= 3 and (_on_a_line(a, frame) or _on_a_line(b, frame)):
        notes.append(
            tr("The points lie on one line, so nothing tells how the places beside it move; add one off the line.")
        )
    own = [index for index, pair in enumerate(pairs) if is_own(pair)]
    for points, others, name in ((a[own], b[own], "A"), (b[own], a[own], "B")):
        twice = _twice(points, others)
        if twice is not None:
            first, second = (pairs[own[index]].id for index in twice)
            notes.append(
                tr(
                    "Pairs {first} and {second} share one point of {name} but not of the other picture: the warp "
                    "tears or folds there, move or disable one of them.",
                    first=first,
                    second=second,
                    name=name,
                )
            )
    # A few pairs between pins that lie still have no say in what is the right way round.
    carried = best_map(a, b)(a) if options.border == "free" or count > 3 else a
    crossed = _crossed(carried[own], b[own])
    if crossed is not None:
        first, second = (pairs[own[index]].id for index in crossed)
        notes.append(
            tr(
                "Pairs {first} and {second} cross each other: the picture between them is turned over, move or "
                "disable one of them.",
                first=first,
                second=second,
            )
        )
    return tuple(notes)


def _of_the_whole(a: Points, b: Points, options: WarpOptions) -> tuple[str, ...]:
    """What all pairs together ask of a warp that it can't do."""
    found = best_map(a, b)
    if found.mirrored:
        return (
            tr("The pairs say that one picture is a mirror image of the other, which no warp can make: mirror one."),
        )
    agree = float(np.median(contradictions(found(a), b))) < _AGREED if len(a) >= 3 else False
    if options.border != "free" and agree and found.turn > _TURNED:
        return (
            tr(
                "The pairs turn the picture by {angle} degrees while its border is held still; with the border “free” "
                "it turns along.",
                angle=round(np.degrees(found.turn)),
            ),
        )
    return ()


def is_own(pair: PointPair) -> bool:
    """Whether a person placed, moved or locked a pair: it is used exactly as it is."""
    return pair.locked or pair.origin != "matched"


def _crossed(carried: Points, b: Points) -> tuple[int, int] | None:
    """The first two neighbours that lie the other way round in B than `carried` there by the map that most agree on."""
    from scipy.spatial import cKDTree

    if len(b) < 2:
        return None
    near = cKDTree(carried).query(carried, min(4, len(b)))[1]
    for first, row in enumerate(near):
        for second in row[1:].tolist():
            along = (carried[second] - carried[first]) @ (b[second] - b[first])
            if first < second and along < 0.0:
                return first, second
    return None


def _on_a_line(points: Points, frame: Size) -> bool:
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return bool(spread[-1] < 1e-3 * max(frame))


def _twice(points: Points, others: Points) -> tuple[int, int] | None:
    """The first two that lie within half a pixel while their partners do not."""
    for index in range(len(points) - 1):
        near = np.hypot(*(points[index + 1 :] - points[index]).T) < 0.5
        apart = np.hypot(*(others[index + 1 :] - others[index]).T) >= 0.5
        hits = np.flatnonzero(near & apart)
        if len(hits):
            return index, index + 1 + int(hits[0])
    return None
