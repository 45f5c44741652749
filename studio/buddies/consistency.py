"""Which pairs agree on one rough movement from A to B: a vote among all of them, after the search.

Not part of the paper, whose pairs are judged one by one: the features of small networks find many
a cell alike by chance, and chance pairs point everywhere while right ones point the same way. The
movement asked for is loose (a similarity, or its mirror image, within a tolerance of a sixth of the
picture), so limbs may bend and proportions differ. After the generalised Hough transform for
keypoints (Lowe 2004, section 7.1) and RANSAC (Fischler and Bolles 1981), without the chance: every
two of the strongest pairs make a hypothesis.

Neither picture comes first: the movement is fitted both ways, and how far a pair lies from it is measured in both
pictures, so that exchanging them exchanges the pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.arrays import Complex, Indices, Points, Reals, Size
from studio.geometry import as_points

Flags = npt.NDArray[np.bool_]

TOLERANCE = 1 / 6
"""How far, in units of the pictures' longer sides, a pair may lie from the movement at a consistency of 0.5."""
FEWEST = 6
"""With fewer pairs than this there is nothing to vote with, and all are kept."""
VOTERS = 600
"""Where there are more pairs, every n-th in the order of their rank votes on what holds for all."""
SEEDS = 64
"""Pairs that hypotheses are made of: the strongest, spread over the picture."""
NEIGHBOURHOOD = 0.06
"""Pairs nearer to each other than this, in both pictures, are a crowd; in units of the longer sides."""
MOST_SCALE = 2.5
"""How much larger or smaller, relative to its picture, an object may be in B."""
SHORTEST_BASE = 0.12
"""Two pairs nearer to each other than this, in units of the longer sides (the geometric mean of both pictures), tell
no direction."""
SURE = 10.0
"""What the vote of a pair placed by hand weighs, in those of the strongest found pair."""
CHUNK = 1 << 15
"""Residuals computed at once: what fits into a core's cache."""


def tolerance_of(strength: float) -> float:
    """How far a pair may lie from the movement, in units of the pictures' longer sides; see `consistent`."""
    return float(TOLERANCE * 2.0 ** (1 - 2 * strength))


def consistent(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    rank: npt.ArrayLike,
    sizes: tuple[Size, Size],
    strength: float,
    sure: Flags | None = None,
) -> Flags:
    """Flags the pairs that agree with the movement which most of the others support.

    Parameters
    ----------
    a, b : (N, 2)
        Points of the pairs, pixels of pictures of the `sizes` (width, height).
    rank : (N,)
        Strength of the pairs, at least 0: what their votes weigh.
    sizes : (Size, Size)
        Of picture A and picture B.
    strength : float
        0 keeps all; 0.5 keeps what lies within `TOLERANCE`; 1 within half of it.
    sure : (N,) bool, optional
        Pairs placed by hand: always kept, and each votes like `SURE` of the strongest others.

    Returns
    -------
    (N,) bool
    """
    points_a, points_b = as_points(a), as_points(b)
    count = len(points_a)
    if strength <= 0 or count < FEWEST:
        return np.ones(count, dtype=bool)
    tolerance = tolerance_of(strength)
    start, end = in_units(points_a, sizes[0]), in_units(points_b, sizes[1])
    strength_of = np.maximum(np.asarray(rank, dtype=np.float64), 1e-6)
    kept = np.zeros(count, dtype=bool) if sure is None else sure
    strength_of[kept] = SURE * strength_of.max()
    voters = np.argsort(-strength_of, kind="stable")[:: -(-count // VOTERS)]
    movement = common_movement(start[voters], end[voters], strength_of[voters], tolerance)
    if movement is None:
        return np.ones(count, dtype=bool)
    return np.asarray((movement.squares_apart(start, end) <= tolerance**2) | kept)


@dataclass(frozen=True, eq=False)
class Movement:
    """An affine movement from A to B, and the one back, which is fitted on its own: (p, q, r) of p z + q conj(z) +
    r."""

    there: Complex
    back: Complex

    def squares_apart(self, start: Complex, end: Complex) -> Reals:
        """How far pairs lie from it: the mean of the squares in B and in A. The two are broadcast.

        In units of the longer side of the picture that each is measured in.
        """
        in_b, in_a = end - moved(start, self.there), start - moved(end, self.back)
        return np.asarray((in_b.real**2 + in_b.imag**2 + in_a.real**2 + in_a.imag**2) / 2)


def common_movement(start: Complex, end: Complex, rank: Reals, tolerance: float) -> Movement | None:
    """The affine movement that most pairs support; None if none has support.

    Parameters
    ----------
    start, end : (N,) complex128
        Places in A and in B as `in_units` gives them.
    rank : (N,) float64
        Above 0: what the votes weigh.
    tolerance : float
        Votes fade out at this distance.
    """
    # A crowd counts for more than one of its pairs, but not for as many as it has: its pairs are not independent.
    votes = rank / np.sqrt(_crowd(start, end))
    similarity = _best_similarity(start, end, votes, _spread(start, end, rank), tolerance)
    if similarity is None:
        return None
    movement = _of_similarity(*similarity)
    # The object need not move rigidly: an affine fit to the supporters takes up foreshortening.
    for _ in range(5):
        away = movement.squares_apart(start, end) / (1.5 * tolerance) ** 2
        weights = votes * np.maximum(0.0, 1 - away)
        movement = Movement(_affine(start, end, weights), _affine(end, start, weights))
    return movement


def _of_similarity(mirrored: bool, factor: complex, shift: complex) -> Movement:
    """The movement of a similarity as `_best_similarity` gives it, and its inverse."""
    if mirrored:
        turned = factor.conjugate()
        there, back = [0, -factor, shift], [0, -1 / turned, shift.conjugate() / turned]
    else:
        there, back = [factor, 0, shift], [1 / factor, 0, -shift / factor]
    return Movement(np.asarray(there, np.complex128), np.asarray(back, np.complex128))


def moved(start: Complex, movement: Complex) -> Complex:
    """Where one way of a movement takes places."""
    return np.asarray(movement[0] * start + movement[1] * np.conj(start) + movement[2], dtype=np.complex128)


def in_units(points: Points, size: Size) -> Complex:
    """Points as complex numbers around the middle, in units of the longer side.

    `points` are (N, 2) pixels of a picture of `size`; the result is (N,), 0 in the middle, its real and imaginary parts
    within about half a unit.
    """
    centred = (points + 0.5 - np.asarray(size) / 2) / max(size)
    return np.asarray(centred[:, 0] + 1j * centred[:, 1], dtype=np.complex128)


def _crowd(start: Complex, end: Complex) -> Reals:
    """(N,) how many pairs lie where each one lies, itself included."""
    crowd = np.empty(len(start))
    step = max(1, CHUNK // max(len(start), 1))
    for first in range(0, len(start), step):
        rows = slice(first, first + step)
        near = np.abs(start[rows, None] - start[None]) < NEIGHBOURHOOD
        near &= np.abs(end[rows, None] - end[None]) < NEIGHBOURHOOD
        crowd[rows] = near.sum(axis=1)
    return crowd


def _best_similarity(
    start: Complex, end: Complex, votes: Reals, seeds: Indices, tolerance: float
) -> tuple[bool, complex, complex] | None:
    """The similarity z -> factor z + shift, of z flipped left to right if mirrored, with the most support."""
    i, j = (seeds[index] for index in np.triu_indices(len(seeds), 1))
    best, found = 0.0, None
    for mirrored in (False, True):
        base = -np.conj(start) if mirrored else start
        apart, apart_there = base[j] - base[i], end[j] - end[i]
        usable = np.abs(apart) * np.abs(apart_there) > SHORTEST_BASE**2
        first = i[usable]
        factor = apart_there[usable] / apart[usable]
        usable = (np.abs(factor) < MOST_SCALE) & (np.abs(factor) > 1 / MOST_SCALE)
        factor, first = factor[usable], first[usable]
        shift = end[first] - factor * base[first]
        # Pictures are mostly upright and mostly not mirrored: others need more support.
        prior = (0.55 + 0.45 * np.cos(np.angle(factor))) * (0.8 if mirrored else 1.0)
        step = max(1, CHUNK // len(start))
        for begin in range(0, len(factor), step):
            rows = slice(begin, begin + step)
            gap = factor[rows, None] * base[None]
            gap += shift[rows, None]
            gap -= end[None]
            squared = gap.real**2 + gap.imag**2  # np.abs takes three times as long, for it guards against overflow
            squared *= (-1 / tolerance**2 / np.abs(factor[rows]))[:, None]  # half-way between both pictures
            squared += 1
            support = prior[rows] * (np.maximum(0.0, squared, out=squared) @ votes)
            winner = int(support.argmax())
            if support[winner] > best:
                best = float(support[winner])
                found = (mirrored, complex(factor[rows][winner]), complex(shift[rows][winner]))
    return found


def _spread(start: Complex, end: Complex, rank: Reals) -> Indices:
    """At most `SEEDS` pairs, the strongest of each place, the strongest place first."""
    order = np.argsort(-rank, kind="stable")
    chosen: list[int] = []
    for index in order:
        near = (np.abs(start[chosen] - start[index]) < NEIGHBOURHOOD) & (
            np.abs(end[chosen] - end[index]) < NEIGHBOURHOOD
        )
        if not near.any():
            chosen.append(int(index))
            if len(chosen) == SEEDS:
                break
    return np.asarray(chosen, dtype=np.intp)


def _affine(start: Complex, end: Complex, weights: Reals) -> Complex:
    """The affine movement (p, q, r) that fits best: end = p start + q conj(start) + r."""
    design = np.stack([start, np.conj(start), np.ones_like(start)], axis=1)
    root = np.sqrt(weights)[:, None]
    # A little of the identity keeps few or collinear supporters from shearing the rest away.
    ridge = 0.05 * np.sqrt(weights.sum()) * np.eye(3)[:2]
    target = np.concatenate([root[:, 0] * end, ridge @ np.asarray([1.0, 0.0, 0.0])])
    solution, *_ = np.linalg.lstsq(np.concatenate([root * design, ridge]), target, rcond=None)
    return np.asarray(solution, dtype=np.complex128)
