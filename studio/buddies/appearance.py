"""Common local appearance: what lets features of two domains be compared.

The article's closed form (Aberman et al. 2018, equation 5) gives two regions the mean and the spread
that lie half-way between theirs. The authors' program goes another way instead: it rebuilds each
picture's features from the other's by the matches of the level above, and inverts the network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.buddies.search import Cells
from studio.language import tr
from studio.progress import Job, Progress

LEARNING_RATE = 0.05
BETAS = (0.5, 0.999)
FIRST_LOSSES = (0.0, 100.0, 200.0, 300.0, 400.0, 500.0)
"""What the record of losses holds before there are any, as in the authors' program."""
FIRST_CHANGE = 100.0
"""How much those differ from one to the next."""
LEAST_CHANGE = 0.001
"""The inversion ends when the losses of the record differ from one to the next by no more than this on average."""
MOST_STEPS = 20_000
"""Guards against features on which the inversion never settles; ImageNet networks take some hundred steps."""


def common_appearance(
    a: Tensor, b: Tensor, weight_a: Tensor, weight_b: Tensor, least_a: Tensor, least_b: Tensor
) -> None:
    """Give pairs of regions the appearance half-way between theirs, in place: F becomes
    (F - mean) / spread * common spread + common mean, channel by channel.

    Parameters
    ----------
    a, b : (R, M, C), (R, N, C)
        Cells of the regions, with margins.
    weight_a, weight_b : (R, 1, M), (R, 1, N)
        How much each cell counts for mean and spread; sums to 1, 0 for margins.
    least_a, least_b : (C,)
        Added to the variances, so that a flat region does not become amplified noise.
    """
    mean_a, spread_a = _centre(a, weight_a, least_a)
    mean_b, spread_b = _centre(b, weight_b, least_b)
    mean, spread = (mean_a + mean_b) / 2, (spread_a + spread_b) / 2
    torch.addcmul(mean, a, spread / spread_a, out=a)
    torch.addcmul(mean, b, spread / spread_b, out=b)


def _centre(cells: Tensor, weight: Tensor, least: Tensor) -> tuple[Tensor, Tensor]:
    """Subtract the mean in place; the mean and the spread, (R, 1, C)."""
    mean = torch.bmm(weight, cells)
    cells -= mean
    return mean, (torch.bmm(weight, cells.square()) + least).sqrt()


def vote_warp(features: Tensor, match: Tensor, shape: tuple[int, int], patch: int) -> Tensor:
    """Rebuild A from patches of B: every patch of A votes with its match, and a cell takes the mean of its votes.

    Parameters
    ----------
    features : (1, C, Hb, Wb)
        B's.
    match : (Ha * Wa,) int64
        Flat index of the cell of B whose patch goes to each cell of A.
    shape : (int, int)
        (Ha, Wa).
    patch : int
        Side of the patches; at the edge of B they see it mirrored.

    Returns
    -------
    (1, C, Ha, Wa)
    """
    cells = Cells.of(features)
    height, width = shape
    reach = patch // 2
    edge = torch.tensor([-reach], device=features.device)
    padded = cells.blocks(edge, edge, cells.height + 2 * reach, cells.width + 2 * reach)[0]
    stride = cells.width + 2 * reach
    index = ((match // cells.width + reach) * stride + match % cells.width + reach).view(height, width)
    votes = torch.zeros((height, width, padded.shape[1]), device=features.device)
    count = torch.zeros((height, width, 1), device=features.device)
    # Cell t gets from the patch around t - offset what lies at +offset in it. From the last offset to the first
    # the voters come in row-major order, so sums round as they would in a plain loop over the patches.
    for dy in range(reach, -reach - 1, -1):
        rows_to, rows_from = _overlap(dy, height)
        for dx in range(reach, -reach - 1, -1):
            columns_to, columns_from = _overlap(dx, width)
            source = index[rows_from, columns_from] + (dy * stride + dx)
            votes[rows_to, columns_to] += padded.index_select(0, source.flatten()).view(*source.shape, -1)
            count[rows_to, columns_to] += 1
    return (votes / count).permute(2, 0, 1)[None]


def _overlap(offset: int, length: int) -> tuple[slice, slice]:
    """Where a map shifted by `offset` meets itself: the receiving range and the giving one."""
    return slice(max(0, offset), length + min(0, offset)), slice(max(0, -offset), length + min(0, -offset))


def invert(stage: nn.Module, targets: Tensor, shape: Sequence[int], batched: bool) -> Job[Tensor]:
    """Find features that `stage` turns into `targets`: optimisation from zero with Adam.

    Each image stops on its own, once its loss (mean squared difference) hardly changes any more; what is
    done with the others no longer touches it.

    Parameters
    ----------
    stage : nn.Module
        Differentiable with respect to its input, its weights without gradients.
    targets : (N, C, H, W)
    shape : sequence of 3 int
        (C', H', W') of the stage's input.
    batched : bool
        Send the images through the stage together: quicker on a GPU, no quicker on a CPU, and there a batch
        of one can round differently.

    Returns
    -------
    (N, C', H', W') tensor
    """
    images = [_Inversion(target, shape) for target in torch.split(targets, 1)]
    done = 0.0
    for step in range(1, MOST_STEPS + 1):
        running = [image for image in images if image.change > LEAST_CHANGE]
        if not running:
            break
        for together in [running] if batched else [[image] for image in running]:
            _step(stage, together)
            # The change falls by five orders of magnitude, about as fast at the end as at the beginning.
            left = max(math.log(max(image.change / LEAST_CHANGE, 1.0)) for image in images)
            done = max(done, 1.0 - left / math.log(FIRST_CHANGE / LEAST_CHANGE))
            yield Progress(done, tr("adapting the appearance, step {step}", step=step))
    return torch.cat([image.features.detach() for image in images])


def _step(stage: nn.Module, images: Sequence[_Inversion]) -> None:
    with torch.enable_grad():
        reached = stage(torch.cat([image.features for image in images]))
        losses = [F.mse_loss(now, image.target) for now, image in zip(torch.split(reached, 1), images, strict=True)]
        gradients = torch.autograd.grad(losses, [image.features for image in images])
    for image, loss, gradient in zip(images, torch.stack(losses).tolist(), gradients, strict=True):
        image.step(loss, gradient)


class _Inversion:
    """The features looked for of one image, and how far the search is."""

    def __init__(self, target: Tensor, shape: Sequence[int]) -> None:
        self.target = target
        self.features = torch.zeros((1, *shape), device=target.device, requires_grad=True)
        self.change = FIRST_CHANGE
        self._losses = FIRST_LOSSES
        # Not the fused one: it rounds differently, and after some hundred steps that is another result.
        self._optimiser = torch.optim.Adam([self.features], lr=LEARNING_RATE, betas=BETAS)

    def step(self, loss: float, gradient: Tensor) -> None:
        """Take the step that ends in a new record of losses; without one if the loss is not a number."""
        if not math.isfinite(loss):
            self.change = 0.0
            return
        self._losses = (*self._losses[1:], loss)
        self.change = sum(abs(late - early) for early, late in pairwise(self._losses)) / (len(self._losses) - 1)
        self.features.grad = gradient
        self._optimiser.step()
