"""Every loss against its closed form and finite differences, in double precision."""

from __future__ import annotations

import math
from typing import get_args

import pytest
import torch
from torch import Tensor

from studio.style.losses import (
    STYLE_LOSSES,
    Places,
    StyleLoss,
    content_sum,
    mean_and_covariance,
    quantile_distance,
    range_norm,
    total_variation,
)
from studio.style.options import StyleLossName
from studio.style.statistics import (
    bell,
    cells_of,
    moments,
    newton_root,
    root_of,
    second_moments,
    symmetric_product,
    trace_sqrt,
    window_moments,
)

NAMES = get_args(StyleLossName)


def cells(count: int, channels: int, seed: int) -> Tensor:
    return torch.randn(count, channels, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def apart(loss: StyleLoss, one: Tensor, other: Tensor, weights: Tensor | None = None) -> Tensor:
    return loss.distance(loss.sums(one, weights, rng()), loss.target(loss.sums(other, None, rng())), rng())


def test_moments_equal_a_loop() -> None:
    x = cells(7, 3, 1)
    weights = torch.rand(7, dtype=torch.float64)
    for given, used in ((None, torch.full((7,), 1 / 7, dtype=torch.float64)), (weights, weights)):
        first, second = moments(x, given)
        for i in range(3):
            assert float(first[i]) == pytest.approx(sum(float(used[n] * x[n, i]) for n in range(7)))
            for j in range(3):
                assert float(second[i, j]) == pytest.approx(sum(float(used[n] * x[n, i] * x[n, j]) for n in range(7)))


def test_a_symmetric_product_in_blocks() -> None:
    for channels in (6, 128, 130, 256):
        x = cells(10, channels, 17)
        torch.testing.assert_close(symmetric_product(x), x.T @ x)
        torch.testing.assert_close(second_moments(x), x.T @ x / 10)


def test_gram_equals_a_loop() -> None:
    a, b = cells(9, 4, 1), cells(11, 4, 2)
    above = below = 0.0
    for i in range(4):
        for j in range(4):
            mine = sum(float(row[i] * row[j]) for row in a) / len(a)
            theirs = sum(float(row[i] * row[j]) for row in b) / len(b)
            above += (mine - theirs) ** 2
            below += theirs**2
    assert float(apart(STYLE_LOSSES["gram"], a, b)) == pytest.approx(above / below)


def test_mean_and_spread_in_one_channel() -> None:
    a = torch.tensor([[1.0], [3.0]], dtype=torch.float64)  # mean 2, deviation 1
    b = torch.tensor([[2.0], [8.0]], dtype=torch.float64)  # mean 5, deviation 3, mean square 34
    assert float(apart(STYLE_LOSSES["mean_std"], a, b)) == pytest.approx((9 + 4) / 34, rel=1e-5)


def test_wasserstein_of_two_gaussians_on_a_line() -> None:
    """(m1 - m2)^2 + (s1 - s2)^2."""
    a = torch.tensor([[1.0], [3.0]], dtype=torch.float64)
    b = torch.tensor([[2.0], [8.0]], dtype=torch.float64)
    assert float(apart(STYLE_LOSSES["wasserstein"], a, b)) == pytest.approx((9 + 4) / 34)


def test_wasserstein_where_covariances_commute() -> None:
    """For covariances with the same axes it is the sum over the axes of what it is on a line."""
    turn = torch.linalg.qr(cells(3, 3, 3)).Q
    corners = torch.tensor([[sx, sy, sz] for sx in (-1, 1) for sy in (-1, 1) for sz in (-1, 1)], dtype=torch.float64)
    spreads, others = torch.tensor([1.0, 2.0, 0.5]).double(), torch.tensor([3.0, 0.1, 0.5]).double()
    shift = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64)
    expected = float(shift.square().sum() + (spreads - others).square().sum())
    scale = float(others.square().sum() + shift.square().sum())
    found = apart(STYLE_LOSSES["wasserstein"], corners * spreads @ turn.T, corners * others @ turn.T + shift)
    assert float(found) * scale == pytest.approx(expected)


def test_both_sides_of_wasserstein_agree() -> None:
    """Fewer cells than channels are compared through the matrix of cells, as their moments would be."""
    loss = STYLE_LOSSES["wasserstein"]
    few, many = cells(5, 8, 1).requires_grad_(), cells(40, 8, 2)
    uneven = torch.softmax(cells(5, 1, 3)[:, 0], 0)
    target = loss.target(loss.sums(many, None, rng()))
    small, large = apart(loss, few, many, uneven), loss.distance(moments(few, uneven), target, rng())
    assert len(loss.sums(few, uneven, rng())[1]) == 5
    torch.testing.assert_close(small, large, rtol=1e-7, atol=0)
    (one,), (other,) = torch.autograd.grad(small, few), torch.autograd.grad(large, few)
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [3, 20])
def test_equal_styles_are_not_apart_and_others_are(name: StyleLossName, count: int) -> None:
    loss, x = STYLE_LOSSES[name], cells(count, 6, 4)
    assert float(apart(loss, x, x)) == pytest.approx(0.0, abs=1e-9)
    assert float(apart(loss, x + 1.0, x)) > 0.01
    # Where a cell lies does not matter.
    assert float(apart(loss, x.flip(0), x)) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("count", "weighted"), [(3, False), (20, False), (20, True)])
def test_gradients_are_finite_differences(name: StyleLossName, count: int, weighted: bool) -> None:
    loss, style = STYLE_LOSSES[name], cells(15, 6, 5)
    weights = torch.softmax(cells(count, 1, 6)[:, 0], 0) if weighted else None
    x = cells(count, 6, 7).requires_grad_()
    assert torch.autograd.gradcheck(lambda y: apart(loss, y, style, weights), (x,), eps=1e-6, atol=1e-5)


def test_values_in_their_order() -> None:
    """Two samples as large: the differences of the sorted values, channel by channel."""
    a = torch.tensor([[3.0, 0.0], [1.0, 5.0], [2.0, 1.0]], dtype=torch.float64)
    b = torch.tensor([[2.0, 1.0], [6.0, 2.0], [4.0, 9.0]], dtype=torch.float64)
    expected = [(1 + 4 + 9) / 3, (1 + 1 + 16) / 3]
    torch.testing.assert_close(quantile_distance(a, b.sort(0).values), torch.tensor(expected, dtype=torch.float64))
    scale = float(b.square().sum(1).mean())
    assert float(apart(STYLE_LOSSES["histogram"], a, b)) == pytest.approx(sum(expected) / scale)


def test_samples_of_other_sizes_are_compared_by_rank() -> None:
    line = torch.linspace(0, 1, 2001, dtype=torch.float64)[:, None]
    coarse = torch.linspace(0, 1, 501, dtype=torch.float64)[:, None] + 0.25
    assert float(quantile_distance(coarse, line)) == pytest.approx(0.25**2, rel=1e-2)


def test_sliced_distance_of_shifted_cells() -> None:
    """Along orthonormal directions that span the space a shift's squared length is shared out exactly."""
    x, shift = cells(50, 5, 8), torch.tensor([1.0, 0.0, -2.0, 0.5, 0.0], dtype=torch.float64)
    expected = float(shift.square().sum()) / float(x.square().sum(1).mean())
    assert float(apart(STYLE_LOSSES["sliced"], x + shift, x)) == pytest.approx(expected)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_style_and_a_single_cell_are_taken(name: StyleLossName) -> None:
    nothing, one = torch.zeros(4, 3, dtype=torch.float64), cells(1, 3, 9)
    for a, b in ((nothing, nothing), (one, nothing), (nothing, one), (one, one)):
        x = a.clone().requires_grad_()
        value = apart(STYLE_LOSSES[name], x, b)
        (gradient,) = torch.autograd.grad(value, x)
        assert math.isfinite(float(value.detach())) and bool(torch.isfinite(gradient).all())


@pytest.mark.parametrize("count", [5, 40])
def test_sums_add_up_over_pieces(count: int) -> None:
    x = cells(count, 6, 10)
    weights = torch.softmax(cells(count, 1, 11)[:, 0], 0)
    for name in ("gram", "mean_std", "wasserstein"):
        loss = STYLE_LOSSES[name]
        whole = loss.sums(x, weights, rng())
        parts = [
            loss.sums(x[first:last], weights[first:last], rng(), Places(torch.arange(first, last), count))
            for first, last in ((0, 3), (3, count))
        ]
        for value, one, other in zip(whole, *parts, strict=True):
            torch.testing.assert_close(value, one + other)


def test_trace_of_a_root_and_its_slope() -> None:
    factor = cells(6, 6, 12)
    matrix = (factor @ factor.T).requires_grad_()
    assert float(trace_sqrt(matrix).detach()) == pytest.approx(float(torch.linalg.svdvals(factor).sum()))

    def symmetric(one: Tensor) -> Tensor:
        return trace_sqrt(one @ one.T)

    assert torch.autograd.gradcheck(symmetric, (factor.requires_grad_(),), eps=1e-6, atol=1e-6)
    root = root_of(matrix.detach())
    torch.testing.assert_close(root @ root, matrix.detach())


def test_root_by_products_is_the_root() -> None:
    """What a GPU does instead of eigenvalues."""
    turn = torch.linalg.qr(cells(8, 8, 13)).Q
    values = torch.logspace(0, -9, 8, dtype=torch.float64)
    root, inverse = newton_root(turn * values @ turn.T)
    torch.testing.assert_close(root, turn * values.sqrt() @ turn.T, rtol=1e-3, atol=1e-7)
    torch.testing.assert_close(inverse, turn / values.sqrt() @ turn.T, rtol=2e-3, atol=1e-2)


def test_content_is_the_mean_squared_difference() -> None:
    a, b = cells(4, 3, 14), cells(4, 3, 15)
    expected = sum(float((a[n, c] - b[n, c]) ** 2) for n in range(4) for c in range(3)) / 4
    assert float(content_sum(a, b)) == pytest.approx(expected)
    weights = torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=torch.float64)
    assert float(content_sum(a, b, weights)) == pytest.approx(float((a[0] - b[0]).square().sum()))


def test_total_variation_in_closed_form() -> None:
    flat = torch.full((1, 3, 5, 6), 0.3, dtype=torch.float64)
    assert float(total_variation(flat)) == 0.0 == float(total_variation(flat, circular=True))
    # A ramp of slope 1 along x: horizontal pairs 4 x 3, falling and rising diagonals 3 x 3 each at a half.
    ramp = torch.arange(4, dtype=torch.float64).expand(1, 1, 4, 4)
    assert float(total_variation(ramp)) == pytest.approx((4 * 3 + 0.5 * 3 * 3 * 2) / 16)
    # One bright pixel among dark ones that go around: four neighbours at 1, four at a half.
    dot = torch.zeros(1, 1, 5, 5, dtype=torch.float64)
    dot[..., 0, 0] = 1.0
    assert float(total_variation(dot, circular=True)) == pytest.approx((4 + 4 * 0.5) / 25)
    assert float(total_variation(dot)) == pytest.approx((2 + 0.5) / 25)
    x = torch.rand(1, 2, 4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(total_variation, (x,))
    assert float(total_variation(torch.rand(1, 3, 1, 1))) == 0.0


def test_range_norm() -> None:
    assert float(range_norm(torch.full((1, 3, 2, 2), 0.5))) == 0.0
    assert float(range_norm(torch.tensor([0.0, 1.0, 0.75, 0.25]))) == pytest.approx((2 + 2 * 0.5**6) / 4)


def test_windows_weigh_as_they_say() -> None:
    features = torch.rand(1, 3, 9, 12, dtype=torch.float64, requires_grad=True)
    window = bell((4.3, 2.8), 1.2, (9, 12), features)
    rows, columns = torch.arange(9).double(), torch.arange(12).double()
    down = torch.exp(-0.5 * ((rows - 2.8) / 1.2) ** 2) * ((rows - 2.8).abs() <= 3.5)
    across = torch.exp(-0.5 * ((columns - 4.3) / 1.2) ** 2) * ((columns - 4.3).abs() <= 3.5)
    bump = torch.outer(down / down.sum(), across / across.sum())
    first, second = window_moments(features, [window, None])
    torch.testing.assert_close(first[0], (features[0] * bump).sum((1, 2)), rtol=1e-6, atol=0)
    torch.testing.assert_close(second[0], (features[0].square() * bump).sum((1, 2)), rtol=1e-6, atol=0)
    assert not first[1].any() and not second[1].any()
    assert torch.autograd.gradcheck(lambda x: window_moments(x, [window, window]), (features,))


def test_windows_in_pieces_add_up() -> None:
    features = torch.rand(1, 2, 10, 10, dtype=torch.float64)
    window = bell((5.0, 4.0), 1.5, (10, 10), features)
    whole = window_moments(features, [window])
    total = [torch.zeros(1, 2, dtype=torch.float64) for _ in range(2)]
    for top in (0, 4):
        for left in (0, 6):
            height, width = (4 if top == 0 else 6), (6 if left == 0 else 4)
            piece = features[..., top : top + height, left : left + width]
            for place, value in enumerate(window_moments(piece, [window.within(top, left, height, width)])):
                total[place] += value
    for value, sum_of_parts in zip(whole, total, strict=True):
        torch.testing.assert_close(value, sum_of_parts)


@pytest.mark.parametrize("centre", [(-3.0, 40.0), (0.0, 0.0), (7.9, 4.9)])
def test_a_window_beyond_the_map_is_at_its_edge(centre: tuple[float, float]) -> None:
    window = bell(centre, 0.01, (5, 8), torch.zeros(1))
    assert window.top >= 0 and window.top + len(window.rows) <= 5
    assert window.left >= 0 and window.left + len(window.columns) <= 8
    assert float(window.rows.sum()) == pytest.approx(1.0) and float(window.columns.sum()) == pytest.approx(1.0)


def test_covariance_of_few_cells_is_that_of_the_moments() -> None:
    x = cells(4, 6, 16)
    expected = torch.cov(x.T, correction=0)
    for sums in ((x, torch.full((4,), 0.25, dtype=torch.float64)), moments(x)):
        mean, covariance = mean_and_covariance(sums)
        torch.testing.assert_close(mean, x.mean(0))
        torch.testing.assert_close(covariance, expected)


def test_cells_of_a_map() -> None:
    features = torch.arange(24.0).reshape(1, 2, 3, 4)
    assert cells_of(features)[5].tolist() == features[0, :, 1, 1].tolist()


def test_a_solver_that_does_not_converge_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.style.statistics import root_of

    solve, refused = torch.linalg.eigh, []

    def stubborn(matrix: torch.Tensor) -> object:
        if not refused:
            refused.append(matrix)
            raise torch.linalg.LinAlgError("did not converge")
        return solve(matrix)

    half = torch.randn(6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    matrix = half @ half.T
    monkeypatch.setattr(torch.linalg, "eigh", stubborn)
    root = root_of(matrix)
    assert refused
    torch.testing.assert_close(root @ root, matrix, rtol=1e-5, atol=1e-5)
