"""The losses of style transfer: each says how a style is represented, and how two representations are compared.

All are relative: 1 is about how far nothing at all (features of 0) is from the target, so that weights mean the same
for any network and layer. All work in the precision of what they are given, but for `Wasserstein`, which needs double.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from studio.style.options import StyleLossName
from studio.style.statistics import moments, root_of, second_moments, trace_sqrt, wide

Sums = tuple[Tensor, ...]
"""A representation of feature cells."""
Target = tuple[Tensor, ...]
"""A style's representation, with what can be computed from it in advance."""

TINY = 1e-12
MOST_CELLS = 16_384
"""Cells of a layer that are sorted at most, those of 128 x 128; of more a random choice, another one in each step, is
taken, for the time of sorting grows with them."""


@dataclass(frozen=True, slots=True)
class Places:
    """Which of the `total` cells of a picture those of a piece are: their numbers, (n,) int64, row by row."""

    rows: Tensor
    total: int


class StyleLoss(Protocol):
    """A representation of cells and a comparison.

    Attributes
    ----------
    additive : bool
        Whether the representation of a picture is the sum of those of its pieces.
    """

    additive: ClassVar[bool]

    def sums(self, cells: Tensor, weights: Tensor | None, rng: torch.Generator, piece: Places | None = None) -> Sums:
        """Represent `cells`, (n, C), of `weights`, (n,), which sum to 1 over all cells; None is 1 / n.

        `piece` says where among all cells of the picture these lie, if they are not all of them.
        """
        ...

    def target(self, sums: Sums) -> Target:
        """Make a style's representation ready for comparing."""
        ...

    def distance(self, sums: Sums, target: Target, rng: torch.Generator) -> Tensor:
        """How far apart; a scalar, 0 where they are equal, relative to the target.

        `sums` and `target` are what the two others gave; the scalar is (), float, 0 or more.
        """
        ...


class Gram:
    """Gatys et al. 2016: the second moments of the features, compared by the squared Frobenius norm."""

    additive: ClassVar[bool] = True

    def sums(self, cells: Tensor, weights: Tensor | None, rng: torch.Generator, piece: Places | None = None) -> Sums:
        del rng, piece
        return (second_moments(cells, weights),)

    def target(self, sums: Sums) -> Target:
        return sums[0], sums[0].square().sum() + TINY

    def distance(self, sums: Sums, target: Target, rng: torch.Generator) -> Tensor:
        del rng
        gram, scale = target
        return (sums[0] - gram).square().sum() / scale


class MeanStd:
    """Huang and Belongie 2017: mean and standard deviation of each channel, compared by the squared distance."""

    additive: ClassVar[bool] = True

    def sums(self, cells: Tensor, weights: Tensor | None, rng: torch.Generator, piece: Places | None = None) -> Sums:
        del rng, piece
        if weights is None:
            return cells.mean(0), cells.square().mean(0)
        return weights @ cells, weights @ cells.square()

    def target(self, sums: Sums) -> Target:
        first, second = sums
        floor = 1e-6 * second.mean() + TINY
        return first, deviation(first, second, floor), second.sum() + TINY, floor

    def distance(self, sums: Sums, target: Target, rng: torch.Generator) -> Tensor:
        del rng
        mean, std, scale, floor = target
        spread = deviation(sums[0], sums[1], floor)
        return ((sums[0] - mean).square().sum() + (spread - std).square().sum()) / scale


def deviation(first: Tensor, second: Tensor, floor: Tensor | float) -> Tensor:
    """Standard deviations from raw moments; `floor` is added to the variance, for the root has no slope at 0.

    (C,) each: the sums of w x and of w x x; `floor` is in units of the variance.
    """
    return ((second - first.square()).clamp_min(0.0) + floor).sqrt()


class Wasserstein:
    """The squared 2-Wasserstein distance of the Gaussians with the features' means and covariances.

    |m - m0|^2 + tr(C + C0 - 2 (C0^1/2 C C0^1/2)^1/2). The trace of the root is that of X C0 X' where there are fewer
    cells than channels (X: the centred cells, by the roots of their weights), which is the smaller matrix then. So
    cells that are few are kept as they are, beside their weights, and those of a piece lie in their places among all.

    The moments of single precision suffice, but what is made of them here does not: see `trace_sqrt`.
    """

    additive: ClassVar[bool] = True

    def sums(self, cells: Tensor, weights: Tensor | None, rng: torch.Generator, piece: Places | None = None) -> Sums:
        del rng
        count = len(cells) if piece is None else piece.total
        if count > cells.shape[1]:
            first, second = moments(cells, weights)
            return wide(first), wide(second)
        shares = cells.new_full((len(cells),), 1.0 / count) if weights is None else weights
        if piece is None:
            return cells, shares
        return (
            cells.new_zeros(count, cells.shape[1]).index_copy(0, piece.rows, cells),
            shares.new_zeros(count).index_copy(0, piece.rows, shares),
        )

    def target(self, sums: Sums) -> Target:
        mean, covariance = mean_and_covariance(sums)
        trace = covariance.trace()
        return mean, covariance, root_of(covariance), trace, trace + mean.square().sum() + TINY

    def distance(self, sums: Sums, target: Target, rng: torch.Generator) -> Tensor:
        del rng
        mean, covariance, root, trace, scale = target
        if are_cells(sums):
            own, centred = _centred(sums)
            spread, product = centred.square().sum(), centred @ covariance @ centred.T
        else:
            own, mine = mean_and_covariance(sums)
            spread, product = mine.trace(), root @ mine @ root
        apart = (own - mean).square().sum() + spread + trace - 2.0 * trace_sqrt(0.5 * (product + product.T))
        distance: Tensor = apart.clamp_min(0.0) / scale
        return distance


def are_cells(sums: Sums) -> bool:
    """Whether those of `Wasserstein` are few cells, (n, C), and their weights, instead of moments."""
    return sums[0].ndim == 2


def _centred(sums: Sums) -> tuple[Tensor, Tensor]:
    """The mean of few cells, and what they are apart from it, by the roots of their weights; double precision."""
    cells, weights = (wide(one) for one in sums)
    mean = weights @ cells
    return mean, (cells - mean) * weights.sqrt()[:, None]


def mean_and_covariance(sums: Sums) -> tuple[Tensor, Tensor]:
    """(C,) and (C, C), in double precision, from the sums of `Wasserstein`."""
    if are_cells(sums):
        mean, centred = _centred(sums)
        return mean, centred.T @ centred
    mean, second = (wide(one) for one in sums)
    return mean, second - torch.outer(mean, mean)


class Histogram:
    """Risser et al. 2017: the values of each channel in their order, compared by their squared differences.

    That is the squared 2-Wasserstein distance of each channel's distribution, summed over the channels.
    """

    additive: ClassVar[bool] = False

    def sums(self, cells: Tensor, weights: Tensor | None, rng: torch.Generator, piece: Places | None = None) -> Sums:
        del piece
        return (_choice(cells, weights, rng),)

    def target(self, sums: Sums) -> Target:
        return sums[0].sort(0).values, sums[0].square().sum(1).mean() + TINY

    def distance(self, sums: Sums, target: Target, rng: torch.Generator) -> Tensor:
        del rng
        ordered, scale = target
        return quantile_distance(sums[0], ordered).sum() / scale


DIRECTIONS = 64
"""Directions that a step draws, at right angles to each other; the article takes as many as there are channels. They
are others in each step, so that none is left out for long."""


class Sliced:
    """Heitz et al. 2021: as `Histogram`, but of the features along random directions, drawn anew in each step."""

    additive: ClassVar[bool] = False

    def sums(self, cells: Tensor, weights: Tensor | None, rng: torch.Generator, piece: Places | None = None) -> Sums:
        del piece
        return (_choice(cells, weights, rng),)

    def target(self, sums: Sums) -> Target:
        return sums[0], sums[0].square().sum(1).mean() / sums[0].shape[1] + TINY

    def distance(self, sums: Sums, target: Target, rng: torch.Generator) -> Tensor:
        cells, scale = target
        channels = cells.shape[1]
        drawn = torch.randn(channels, min(channels, DIRECTIONS), generator=rng, dtype=torch.float64)
        directions = torch.linalg.qr(drawn).Q.to(cells.device, cells.dtype)
        return quantile_distance(sums[0] @ directions, (cells @ directions).sort(0).values).mean() / scale


def quantile_distance(values: Tensor, ordered: Tensor) -> Tensor:
    """(k,): for each column the mean squared difference of `values`, (n, k), from `ordered`, (n0, k), by rank.

    Where their numbers differ, `ordered` is read between its rows. 0 without values.
    """
    if not len(values):
        return values.sum(0)
    mine = values.sort(0).values
    if len(mine) != len(ordered):
        place = (torch.arange(len(mine), device=mine.device, dtype=mine.dtype) + 0.5) * (len(ordered) / len(mine)) - 0.5
        place = place.clamp(0.0, len(ordered) - 1.0)
        below = place.floor().long()
        above = (below + 1).clamp_max(len(ordered) - 1)
        ordered = torch.lerp(ordered[below], ordered[above], (place - below)[:, None])
    return (mine - ordered).square().mean(0)


def _choice(cells: Tensor, weights: Tensor | None, rng: torch.Generator) -> Tensor:
    """The cells of at least half of the greatest weight, or a random choice of them if they are many."""
    if weights is not None:
        cells = cells[weights > 0.5 * weights.max()]
    if len(cells) > MOST_CELLS:
        chosen = torch.randint(len(cells), (MOST_CELLS,), generator=rng)
        cells = cells[chosen.to(cells.device)]
    return cells


STYLE_LOSSES: dict[StyleLossName, StyleLoss] = {
    "wasserstein": Wasserstein(),
    "gram": Gram(),
    "mean_std": MeanStd(),
    "histogram": Histogram(),
    "sliced": Sliced(),
}


def content_sum(cells: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """The sum over cells of w |x - x0|^2, both (n, C); `weights`, (n,), are 1 / n by default. A scalar."""
    apart = cells - target
    if weights is None:
        return apart.square().sum() / len(cells)
    return (apart * weights[:, None] * apart).sum()


def total_variation(image: Tensor, circular: bool = False) -> Tensor:
    """Squared differences of each pixel of (N, C, h, w) from its eight neighbours, per pixel of one image.

    Each pair of neighbours counts once; diagonal ones count half, for they are the root of two apart. With `circular`
    the opposite edges are neighbours.
    """
    total: Tensor = _Variation.apply(image, circular)
    return total


class _Variation(Function):
    """Value and gradient in one go, without a map of zeros for each shift on the way back."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, circular: bool) -> Tensor:
        height, width = image.shape[-2:]
        slope, total = torch.zeros_like(image), image.new_zeros(())
        for down, right, weight in ((0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.5), (1, -1, 0.5)):
            if circular:
                apart = image - torch.roll(image, (-down, -right), (-2, -1))
                slope.add_(apart, alpha=weight).sub_(torch.roll(apart, (down, right), (-2, -1)), alpha=weight)
            else:
                rows = slice(0, height - down), slice(down, height)
                columns = slice(0, width - 1), slice(1, width)
                first, second = columns if right > 0 else columns[::-1] if right < 0 else (slice(None), slice(None))
                here, there = (..., rows[0], first), (..., rows[1], second)
                apart = image[here] - image[there]
                slope[here].add_(apart, alpha=weight)
                slope[there].sub_(apart, alpha=weight)
            total += weight * apart.square().sum()
        count = len(image) * height * width
        ctx.save_for_backward(slope.mul_(2.0 / count))
        return total / count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return gradient * slope, None


def range_norm(image: Tensor) -> Tensor:
    """The mean of the sixth power of how far values of [0, 1] are from the middle, 1 at its ends (the alpha-norm).

    `image` is (1, 3, h, w).
    """
    return (2.0 * image - 1.0).pow(6).mean()
