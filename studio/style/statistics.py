"""What the losses are made of: moments of feature cells, over all of them or within windows, and a matrix trace.

Cells are the rows of an (n, C) matrix. Sums over cells are additive: those of a picture are those of its pieces
added up, which is what lets a large picture be computed in tiles with the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable


def cells_of(features: Tensor) -> Tensor:
    """(1, C, h, w) as (h w, C); a view where the channels lie innermost."""
    return features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])  # taking [0] would cost a map on the way back


def moments(cells: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """First and second moments of `cells`: the sums of w x, (C,), and of w x x', (C, C).

    Parameters
    ----------
    cells : (n, C)
    weights : (n,), optional
        By default 1 / n.
    """
    first, second = _Moments.apply(cells, weights)
    return first, second


BLOCKS = 4
"""Into how many blocks of columns a symmetric product is cut on a CPU."""


def symmetric_product(cells: Tensor) -> Tensor:
    """`cells.T @ cells`, (C, C), where a CPU computes only the blocks on and above the diagonal."""
    channels = cells.shape[1]
    if cells.device.type != "cpu" or channels < 128 or channels % BLOCKS:
        return cells.T @ cells
    product, side = cells.new_empty(channels, channels), channels // BLOCKS
    for first in range(0, channels, side):
        last = first + side
        rows = cells[:, first:last].T @ cells[:, first:]
        product[first:last, first:] = rows
        product[last:, first:last] = rows[:, side:].T
    return product


def second_moments(cells: Tensor, weights: Tensor | None = None) -> Tensor:
    """Of `moments` the second alone. (C, C) of `cells`, (n, C), and `weights`, (n,)."""
    second: Tensor = _SecondMoments.apply(cells, weights)
    return second


class _Moments(Function):
    """As autograd would do it, but in one go and with one product with the cells on the way back instead of two."""

    @staticmethod
    def forward(ctx: Any, cells: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(cells, weights)
        if weights is None:
            return cells.mean(0), symmetric_product(cells).div_(len(cells))
        weighted = cells * weights[:, None]
        return weighted.sum(0), weighted.T @ cells

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, first: Tensor, second: Tensor) -> tuple[Tensor, None]:
        cells, weights = ctx.saved_tensors
        both = second + second.T
        if weights is None:
            return F.linear(cells, both / len(cells), first / len(cells)), None
        return F.linear(cells, both, first).mul_(weights[:, None]), None


class _SecondMoments(Function):
    """The same without the mean, which takes two passes over the cells."""

    @staticmethod
    def forward(ctx: Any, cells: Tensor, weights: Tensor | None) -> Tensor:
        ctx.save_for_backward(cells, weights)
        if weights is None:
            return symmetric_product(cells).div_(len(cells))
        return (cells * weights[:, None]).T @ cells

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, second: Tensor) -> tuple[Tensor, None]:
        cells, weights = ctx.saved_tensors
        both = second + second.T
        return (cells @ (both / len(cells)) if weights is None else (cells @ both).mul_(weights[:, None])), None


def wide(values: Tensor) -> Tensor:
    """`values` in double precision, on the CPU if their device has none. Of any shape, which stays."""
    return values.to("cpu", torch.float64) if values.device.type == "mps" else values.double()


def trace_sqrt(matrix: Tensor) -> Tensor:
    """The trace of the square root of a symmetric matrix without negative eigenvalues, (k, k); differentiable.

    In double precision, and `matrix` has to be of it too: hundreds of eigenvalues lie below the rounding of single
    precision, and together their roots are no small part of the trace. (With it a distance of real features came out
    16 % too large, its gradient in another direction altogether.) The gradient, half the inverse root, is that of
    eigenvalues not below `SMALLEST_EIGENVALUE` of the largest.
    """
    trace: Tensor = _TraceSqrt.apply(wide(matrix))
    return trace.to(matrix)


SMALLEST_EIGENVALUE = 1e-12
NEWTON_FROM = 64
"""Side from which a GPU, whose eigenvalue solvers are slow, iterates instead."""


class _TraceSqrt(Function):
    @staticmethod
    def forward(ctx: Any, matrix: Tensor) -> Tensor:
        if matrix.device.type == "cuda" and len(matrix) >= NEWTON_FROM:
            root, inverse = newton_root(matrix)
            ctx.save_for_backward(inverse)
            return root.trace()
        values, vectors = _eigen(matrix)
        numbers = torch.finfo(values.dtype)
        # What is 0 but for rounding would have a root that is not small.
        values = torch.where(values > len(values) * numbers.eps * values[-1], values, torch.zeros_like(values))
        floor = (SMALLEST_EIGENVALUE * values[-1]).clamp_min(numbers.tiny)
        ctx.save_for_backward((vectors * values.clamp_min(floor).rsqrt()) @ vectors.T)
        trace: Tensor = values.sqrt().sum()
        return trace

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (inverse,) = ctx.saved_tensors
        half: Tensor = 0.5 * gradient * inverse
        return half


def newton_root(matrix: Tensor, steps: int = 40) -> tuple[Tensor, Tensor]:
    """The square root of a symmetric positive matrix and the inverse of it, by products alone.

    The coupled iteration of Denman and Beavers in the form of Newton and Schulz (Higham, Functions of Matrices, 2008,
    section 6.7), on the matrix over its norm, with `SMALLEST_EIGENVALUE` of that added to the diagonal: the roots of
    what is as small as that grow by half in each step, and 40 steps take a millionth to 1.
    """
    one = torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device)
    norm = torch.linalg.matrix_norm(matrix).clamp_min(torch.finfo(matrix.dtype).tiny)
    y, z = matrix / norm + SMALLEST_EIGENVALUE * one, one
    for _ in range(steps):
        t = 1.5 * one - 0.5 * (z @ y)
        y, z = y @ t, t @ z
    return y * norm.sqrt(), z / norm.sqrt()


def root_of(matrix: Tensor) -> Tensor:
    """The symmetric square root of a symmetric matrix, in double precision; negative eigenvalues count as 0.

    Both (k, k).
    """
    return powers_of(matrix, (0.5,), 0.0)[0]


def powers_of(matrix: Tensor, powers: Sequence[float], floor: float) -> list[Tensor]:
    """Powers of a symmetric matrix, in double precision; eigenvalues below `floor` of the largest count as that.

    (k, k) each.
    """
    values, vectors = _eigen(wide(matrix))
    values = values.clamp_min(0.0).clamp_min(floor * float(values[-1]))
    return [((vectors * values.pow(power)) @ vectors.T).to(matrix) for power in powers]


def _eigen(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues and vectors of a symmetric matrix; not a number where it holds one, for whoever looks later."""
    if bool(torch.isfinite(matrix).all()):
        # Threads meet hundreds of times in one solution; where other programs want the cores too, each meeting takes
        # milliseconds, and one thread is about as quick for matrices of this size anyway.
        threads = torch.get_num_threads()
        if matrix.device.type == "cpu" and threads > 1:
            torch.set_num_threads(1)
        try:
            return _solved(matrix)
        finally:
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)
    return matrix.new_full((len(matrix),), torch.nan), torch.full_like(matrix, torch.nan)


def _solved(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """`eigh`; where the solver does not converge, as with many equal eigenvalues, that of a matrix a hair away."""
    try:
        values, vectors = torch.linalg.eigh(matrix)
    except torch.linalg.LinAlgError:  # type: ignore[attr-defined]
        wide = matrix.double()
        hair = 1e-7 * wide.abs().amax() * torch.linspace(0.0, 1.0, len(wide), dtype=wide.dtype, device=wide.device)
        try:
            values, vectors = torch.linalg.eigh(wide + torch.diag(hair))
        except torch.linalg.LinAlgError:  # type: ignore[attr-defined]
            return matrix.new_full((len(matrix),), torch.nan), torch.full_like(matrix, torch.nan)
    return values.to(matrix.dtype), vectors.to(matrix.dtype)


@dataclass(frozen=True, eq=False)
class Window:
    """A bell around one place of a feature map, cut off at the border of its box.

    Attributes
    ----------
    top, left : int
        The first cell.
    rows, columns : (r,), (c,) tensors
        Weights along either side; those of the cells are their products, and sum to 1 over the whole map.
    """

    top: int
    left: int
    rows: Tensor
    columns: Tensor

    def within(self, top: int, left: int, height: int, width: int) -> Window | None:
        """The part of it in a piece of the map, counted from that piece's corner; None if there is none."""
        first, last = max(self.top, top), min(self.top + len(self.rows), top + height)
        start, stop = max(self.left, left), min(self.left + len(self.columns), left + width)
        if first >= last or start >= stop:
            return None
        return Window(
            first - top,
            start - left,
            self.rows[first - self.top : last - self.top],
            self.columns[start - self.left : stop - self.left],
        )


def bell(centre: tuple[float, float], spread: float, size: tuple[int, int], like: Tensor) -> Window:
    """A Gaussian window of standard deviation `spread` cells around `centre`, (column, row), of a map of `size`.

    `size` is (rows, columns). It ends at two and a half deviations, at the least with the cells around the centre.
    """
    sides = []
    for middle, length in ((centre[1], size[0]), (centre[0], size[1])):
        middle = min(max(middle, 0.0), length - 1.0)
        reach = max(2.5 * spread, 0.75)
        first = min(max(0, round(middle - reach)), length - 1)
        places = torch.arange(first, max(min(length, round(middle + reach) + 1), first + 1), dtype=torch.float64)
        weights = torch.exp(-0.5 * ((places - middle) / max(spread, 0.3)) ** 2)
        sides.append((first, (weights / weights.sum()).to(like.device, like.dtype)))
    return Window(sides[0][0], sides[1][0], sides[0][1], sides[1][1])


def window_moments(features: Tensor, windows: Sequence[Window | None]) -> tuple[Tensor, Tensor]:
    """First and raw second moments of each channel within each window, (P, C) both; None counts as all 0.

    `features` is (1, C, h, w).
    """
    first, second = _WindowMoments.apply(features, windows)
    return first, second


class _WindowMoments(Function):
    """Window by window, so that neither way makes more than one map of the size of `features`."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, windows: Sequence[Window | None]) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(features)
        ctx.windows = windows
        maps = features.permute(0, 2, 3, 1)[0]
        first = features.new_zeros(len(windows), features.shape[1])
        second = torch.zeros_like(first)
        for index, window in enumerate(windows):
            if window is not None:
                cells, weights = _cut(maps, window), torch.outer(window.rows, window.columns).reshape(-1)
                cells = cells.reshape(len(weights), -1)
                first[index] = weights @ cells
                second[index] = weights @ cells.square()
        return first, second

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, first: Tensor, second: Tensor) -> tuple[Tensor, None]:
        (features,) = ctx.saved_tensors
        maps = features.permute(0, 2, 3, 1)[0]
        gradient = torch.zeros_like(maps)
        for index, window in enumerate(ctx.windows):
            if window is not None:
                weights = torch.outer(window.rows, window.columns)[..., None]
                slope = torch.addcmul(first[index], _cut(maps, window), second[index], value=2.0)
                _cut(gradient, window).addcmul_(slope, weights)
        return gradient.permute(2, 0, 1)[None], None


def _cut(maps: Tensor, window: Window) -> Tensor:
    """The part of (h, w, C) maps below a window."""
    return maps[window.top : window.top + len(window.rows), window.left : window.left + len(window.columns)]
