"""From coarse to fine: the sizes, how many steps each gets, and what is carried from one to the next."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.arrays import Size
from studio.geometry import fit_within


def sizes(final: Size, smallest: int) -> list[Size]:
    """Sizes of one shape up to `final`, each about the square root of two larger than the one before.

    The first has a longer side of about `smallest`, or is `final` if that is no larger.
    """
    sides = [float(max(final))]
    while sides[-1] / 2**0.5 >= smallest * 0.95:
        sides.append(sides[-1] / 2**0.5)
    return [*(fit_within(final, round(side)) for side in reversed(sides[1:])), final]


def shares(steps: int, count: int) -> list[int]:
    """How many of `steps` each of `count` sizes gets: coarse ones, where all is laid out and steps are cheap, get more.

    Each size gets the square root of two less than the one before it, and the first another half more. What does not
    divide goes to the last.
    """
    weights = [2.0 ** (-0.5 * index) for index in range(count)]
    if count > 1:
        weights[0] *= 1.5
    earlier = [int(steps * weight / sum(weights)) for weight in weights[:-1]]
    return [*earlier, steps - sum(earlier)]


def resized(values: Tensor, size: Size, smooth: bool = True) -> Tensor:
    """(N, C, h, w) at another (width, height); bicubic, or bilinear where it must not overshoot."""
    if tuple(values.shape[-2:]) == (size[1], size[0]):
        return values
    mode = "bicubic" if smooth else "bilinear"
    with torch.no_grad():
        return F.interpolate(values, (size[1], size[0]), mode=mode, align_corners=False)
