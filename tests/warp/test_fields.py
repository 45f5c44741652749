"""Moving least squares against closed forms and a plain-loop reading of Schaefer et al. 2006."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.warp.fields import LeastSquares, moving_least_squares

KINDS: tuple[LeastSquares, ...] = ("affine", "similarity", "rigid")


def scattered(count: int, seed: int = 0, low: float = 0.0, high: float = 200.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, (count, 2))


def rotation(degrees: float) -> np.ndarray:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, s], [-s, c]])  # for row vectors


def plain(v: np.ndarray, p: np.ndarray, q: np.ndarray, kind: str, alpha: float) -> np.ndarray:
    """The paper's formulas (5), (6) and (8), one point and one pair at a time."""
    w = [1 / math.dist(v, a) ** (2 * alpha) for a in p]
    p_star = sum(wi * a for wi, a in zip(w, p, strict=True)) / sum(w)
    q_star = sum(wi * b for wi, b in zip(w, q, strict=True)) / sum(w)
    hats = [(wi, a - p_star, b - q_star) for wi, a, b in zip(w, p, q, strict=True)]
    if kind == "affine":
        left = sum(wi * np.outer(a, a) for wi, a, _ in hats)
        right = sum(wi * np.outer(a, b) for wi, a, b in hats)
        return (v - p_star) @ np.linalg.inv(left) @ right + q_star

    def perp(a: np.ndarray) -> np.ndarray:
        return np.array([-a[1], a[0]])

    d = v - p_star
    f = np.zeros(2)
    for wi, a, b in hats:
        f = f + b @ (wi * np.stack([a, -perp(a)]) @ np.stack([d, -perp(d)]).T)
    if kind == "similarity":
        return f / sum(wi * a @ a for wi, a, _ in hats) + q_star
    return np.linalg.norm(d) * f / np.linalg.norm(f) + q_star


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("alpha", [0.7, 1.0, 2.0])
def test_agrees_with_the_papers_formulas(kind: LeastSquares, alpha: float) -> None:
    p, v = scattered(7), scattered(40, seed=1, low=-50, high=250)
    q = p + np.random.default_rng(2).normal(0, 15, p.shape)
    expected = [plain(x, p, q, kind, alpha) for x in v]
    np.testing.assert_allclose(moving_least_squares(v, p, q, kind, alpha), expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_reproduces_its_own_kind_of_transformation_everywhere(kind: LeastSquares) -> None:
    turn = rotation(33)
    matrix = {"rigid": turn, "similarity": 1.7 * turn, "affine": np.array([[1.3, 0.4], [-0.2, 0.8]])}[kind]
    p, v = scattered(9, seed=3), scattered(50, seed=4, low=-300, high=500)
    np.testing.assert_allclose(
        moving_least_squares(v, p, p @ matrix + np.array([12, -7]), kind),
        v @ matrix + np.array([12, -7]),
        rtol=0,
        atol=1e-7,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_sources_reach_their_targets_and_nothing_jumps_beside_them(kind: LeastSquares) -> None:
    p = scattered(12, seed=5)
    q = p + np.random.default_rng(6).normal(0, 10, p.shape)
    np.testing.assert_allclose(moving_least_squares(p, p, q, kind), q, rtol=0, atol=1e-9)
    for distance in (1e-12, 1e-9, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3):
        beside = moving_least_squares(p + np.array([distance, -distance]), p, q, kind)
        assert np.abs(beside - q).max() <= 20 * distance + 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_no_pair_is_the_identity_and_one_a_translation(kind: LeastSquares) -> None:
    v = scattered(20)
    np.testing.assert_array_equal(moving_least_squares(v, [], [], kind), v)
    np.testing.assert_allclose(moving_least_squares(v, [[3, 4]], [[13, -6]], kind), v + np.array([10, -10]), atol=1e-12)
    assert moving_least_squares([], [[3, 4]], [[13, -6]], kind).shape == (0, 2)


def test_two_pairs_are_a_rotation_or_a_similarity() -> None:
    p = np.array([[10.0, 10.0], [50.0, 10.0]])
    matrix = 1.5 * rotation(90)
    v = scattered(20, seed=7)
    for kind in ("similarity", "affine"):  # two points say nothing of a shear
        np.testing.assert_allclose(moving_least_squares(v, p, p @ matrix, kind), v @ matrix, rtol=0, atol=1e-8)
    # a rigid fit keeps lengths: the two sources' line turns, and so does everything around it
    out = moving_least_squares(v, p, p @ rotation(90), "rigid")
    np.testing.assert_allclose(out, v @ rotation(90), rtol=0, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "sources",
    [
        [[5, 5]] * 4,  # one place
        [[0, 0], [10, 10], [20, 20], [30, 30]],  # a line
        [[0, 0], [0, 0], [40, 0], [0, 40]],  # a double
        [[0, 0], [1e-9, 0], [40, 0], [0, 40]],  # almost one
        [[1e6, 1e6], [1e6 + 1, 1e6], [1e6, 1e6 + 1], [1e6 + 2, 1e6]],  # far away
    ],
)
def test_degenerate_sources_stay_finite(kind: LeastSquares, sources: list[list[float]]) -> None:
    targets = np.array([[3.0, 1.0], [20.0, 8.0], [-5.0, 30.0], [40.0, 2.0]])
    v = np.concatenate([scattered(30, low=-100, high=100), np.asarray(sources, float), [[15.0, 15.0]]])
    assert np.isfinite(moving_least_squares(v, sources, targets, kind)).all()
    assert np.isfinite(moving_least_squares(v, targets, sources, kind)).all()


def test_a_double_source_goes_to_the_mean_of_its_targets() -> None:
    out = moving_least_squares([[1, 1]], [[1, 1], [1, 1], [9, 9]], [[0, 0], [4, 2], [9, 9]])
    np.testing.assert_allclose(out, [[2, 1]], atol=1e-12)


def test_opposed_pairs_that_fit_no_rotation_do_not_turn() -> None:
    # the targets of a symmetric cross all coincide: every rotation fits equally well at its centre
    p = [[-1, 0], [1, 0], [0, -1], [0, 1]]
    np.testing.assert_allclose(moving_least_squares([[0, 0]], p, [[5, 5]] * 4), [[5, 5]], atol=1e-12)


def test_many_points_are_the_same_as_few() -> None:
    p = scattered(64, seed=8)
    q = p + np.random.default_rng(9).normal(0, 5, p.shape)
    v = scattered(9000, seed=10)  # more than one chunk
    whole = moving_least_squares(v, p, q)
    np.testing.assert_allclose(whole[::1000], moving_least_squares(v[::1000], p, q), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("sources", "targets", "kind", "alpha"),
    [
        ([[0, 0]], [], "rigid", 1.0),
        ([[0, 0]], [[1, 1]], "projective", 1.0),
        ([[0, 0]], [[1, 1]], "rigid", 0.0),
        ([[0, float("nan")]], [[1, 1]], "rigid", 1.0),
    ],
)
def test_refuses_what_has_no_answer(sources: list, targets: list, kind: LeastSquares, alpha: float) -> None:
    with pytest.raises(ValueError, match=r"."):
        moving_least_squares([[0, 0]], sources, targets, kind, alpha)
