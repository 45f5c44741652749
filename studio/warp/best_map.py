"""The map that most pairs agree on, and how far each pair contradicts its neighbours: wrong pairs decide neither."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.arrays import Points

_HYPOTHESES = 2000
"""Similarities through two pairs that are tried; all of them up to 63 pairs."""

_WITNESSES = 500
"""Pairs by which each of them is judged."""

_SCALES = (0.1, 10.0)
"""Of a similarity through two pairs: beyond it one of the two is wrong."""

_SHEAR = 3.0
"""How much longer or shorter than the similarity the affine map may make a direction, so that its inverse holds."""

_MANY = 8
"""Pairs from which on a mirror image is believed; fewer lie on one by chance."""

_NEIGHBOURS = 6
"""Nearest pairs in each picture that a pair is compared with."""


@dataclass(frozen=True, eq=False)
class BestMap:
    """x -> linear x + shift, from A to B; well conditioned, of positive determinant.

    Attributes
    ----------
    linear : (2, 2)
    shift : (2,)
    mirrored : bool
        Whether a mirror image fits the pairs far better, which no warp of a sheet can become.
    """

    linear: npt.NDArray[np.float64]
    shift: npt.NDArray[np.float64]
    mirrored: bool

    @property
    def turn(self) -> float:
        """By how much it turns, either way, in radians."""
        (xx, xy), (yx, yy) = self.linear
        return float(abs(np.arctan2(yx - xy, xx + yy)))

    def __call__(self, points: Points) -> Points:
        """Where `points`, (N, 2) of A, go in B: (N, 2), in the units that the map was fitted in."""
        return np.asarray(points @ self.linear.T + self.shift, np.float64)


def best_map(a: Points, b: Points) -> BestMap:
    """The affine map that most of the pairs, (N, 2) and (N, 2), agree on; the identity with a shift for fewer than two.

    The similarity through two pairs of least median distance from all of them (Rousseeuw 1984), then weighted least
    squares in which a pair that lies far off counts nothing (Geman and McClure 1987), drawn towards the similarity.
    """
    if len(a) < 2:
        return BestMap(np.eye(2), (b - a).mean(axis=0) if len(a) else np.zeros(2), False)
    p, q = a @ np.array([1, 1j]), b @ np.array([1, 1j])
    factor, offset, median = _least_median(p, q)
    mirrored = len(a) >= _MANY and _least_median(p.conj(), q)[2] < 0.3 * median
    similar = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    linear, shift = similar, np.array([offset.real, offset.imag])
    # Nothing is known better than to a hundredth of what the points span.
    tolerance = 3.0 * median + 0.01 * float(np.abs(q - np.median(q.real) - 1j * np.median(q.imag)).max()) + 1e-9
    for _ in range(8):
        missed = b - a @ linear.T - shift
        weights = 1.0 / (1.0 + (missed**2).sum(axis=1) / tolerance**2) ** 2
        mean_a, mean_b = weights @ a / weights.sum(), weights @ b / weights.sum()
        x, y = a - mean_a, b - mean_b
        spread = weights @ (x**2).sum(axis=1)
        if spread < 1e-9:
            break
        pull = 0.025 * spread * np.eye(2)
        linear = ((y * weights[:, None]).T @ x + similar @ pull) @ np.linalg.inv((x * weights[:, None]).T @ x + pull)
        linear = _conditioned(linear, similar, abs(factor))
        shift = mean_b - linear @ mean_a
    return BestMap(linear, shift, mirrored)


def contradictions(carried: Points, b: Points) -> npt.NDArray[np.float64]:
    """How far each pair contradicts its neighbours: 0 not at all, 2 at most.

    Two pairs contradict each other by the difference of their rests, `b - carried`, in units of their mean distance in
    the two pictures. Of a pair's neighbours in either picture the median counts, so that the few that are wrong
    themselves do not.

    Parameters
    ----------
    carried, b : (N, 2)
        The points of A by the best map, and those of B.
    """
    from scipy.spatial import cKDTree

    count = len(b)
    if count < 2:
        return np.zeros(count)
    near = [cKDTree(points).query(points, min(_NEIGHBOURS + 1, count))[1] for points in (carried, b)]
    others = np.concatenate(near, axis=1)
    before, after = carried[:, None] - carried[others], b[:, None] - b[others]
    apart = (np.linalg.norm(before, axis=2) + np.linalg.norm(after, axis=2)) / 2
    degree = np.linalg.norm(after - before, axis=2) / np.maximum(apart, 1e-9)
    degree[others == np.arange(count)[:, None]] = np.nan
    return np.asarray(np.nan_to_num(np.nanmedian(degree, axis=1)), np.float64)


def _least_median(p: npt.NDArray[np.complex128], q: npt.NDArray[np.complex128]) -> tuple[complex, complex, float]:
    """Factor and offset of the similarity, and the median distance."""
    first, second = np.triu_indices(len(p), 1) if len(p) <= 63 else _some_two(len(p))
    apart = p[second] - p[first]
    usable = np.abs(apart) > 1e-6
    first, second = first[usable], second[usable]
    factors = (q[second] - q[first]) / apart[usable]
    sane = (np.abs(factors) >= _SCALES[0]) & (np.abs(factors) <= _SCALES[1])
    factors, middle_p, middle_q = factors[sane], (p[first] + p[second])[sane] / 2, (q[first] + q[second])[sane] / 2
    # Last of all, nothing turns and nothing grows.
    factors = np.append(factors, 1.0)
    offsets = np.append(middle_q - factors[:-1] * middle_p, np.median((q - p).real) + 1j * np.median((q - p).imag))
    some = np.linspace(0, len(p) - 1, min(len(p), _WITNESSES)).astype(int)
    missed = np.abs(factors[:, None] * p[some] + offsets[:, None] - q[some])
    # Two are met by making: the median is that of all others, where there are any.
    rank = min(len(some) - 1, len(some) // 2 + (1 if len(some) > 3 else 0))
    medians = np.partition(missed, rank, axis=1)[:, rank]
    best = int(medians.argmin())
    return complex(factors[best]), complex(offsets[best]), float(medians[best])


def _some_two(count: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Pairs of indices, the same in each run."""
    drawn = np.random.default_rng(0).integers(0, count, (2, _HYPOTHESES))
    return drawn[0], drawn[1]


def _conditioned(
    linear: npt.NDArray[np.float64], similar: npt.NDArray[np.float64], scale: float
) -> npt.NDArray[np.float64]:
    """`linear`, with its stretches brought within reach of those of the similarity."""
    left, stretches, right = np.linalg.svd(linear)
    if np.linalg.det(linear) <= 0:
        return similar
    return np.asarray((left * np.clip(stretches, scale / _SHEAR, scale * _SHEAR)) @ right, np.float64)
