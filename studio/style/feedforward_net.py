"""The feed-forward style network of Johnson, Alahi and Fei-Fei (2016), with conditional instance normalisation.

Layers are named as in the public checkpoints (pytorch/examples, fast_neural_style), so those can be loaded as they
are. Of the paper's network the public one differs in two things, and so does this: instance normalisation instead of
batch normalisation (Ulyanov et al. 2016), and enlarging by nearest neighbours before a convolution instead of
transposed convolutions, which draw checkerboards. One network holds one or more styles: each normalisation then has
a scale and a shift per style (Dumoulin et al. 2017, section 2.2), which may be mixed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-5
"""Added to the variance, as torch's own instance normalisation does."""


class Convolution(nn.Module):
    """A convolution that keeps the size (but for its stride), with mirrored edges; `up` enlarges before."""

    def __init__(self, channels: int, width: int, kernel: int, stride: int = 1, up: int = 1) -> None:
        super().__init__()
        self.conv2d = nn.Conv2d(channels, width, kernel, stride)
        self.pad = kernel // 2
        self.stride = stride
        self.up = up

    def forward(self, x: Tensor) -> Tensor:
        """(N, C', h', w') of `x`, (N, C, h, w): `up` times as large, over the stride."""
        if self.up > 1:
            x = F.interpolate(x, scale_factor=self.up, mode="nearest")
        y: Tensor = self.conv2d(F.pad(x, (self.pad,) * 4, mode="reflect"))
        return y


class ConditionalNorm(nn.Module):
    """Instance normalisation with a scale and a shift per style: tables of (styles, channels)."""

    def __init__(self, channels: int, styles: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(styles, channels))
        self.bias = nn.Parameter(torch.zeros(styles, channels))

    def affine(self, mix: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift, (N, C, 1, 1) each, of `mix`, (N, styles): how much of each style."""
        return (mix @ self.weight)[..., None, None], (mix @ self.bias)[..., None, None]

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        """`x`, (N, C, h, w), normalised by picture and channel, with the scale and shift of `mix`, (N, styles)."""
        scale, shift = self.affine(mix)
        variance, mean = torch.var_mean(x, dim=(2, 3), keepdim=True, correction=0)
        return (x - mean) * torch.rsqrt(variance + EPSILON) * scale + shift


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to what went in; nothing is cut off after the sum."""

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.conv1 = Convolution(channels, channels, 3)
        self.in1 = ConditionalNorm(channels, styles)
        self.conv2 = Convolution(channels, channels, 3)
        self.in2 = ConditionalNorm(channels, styles)

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        """(N, C, h, w) of `x` of that shape; `mix`, (N, styles), is how much of each style."""
        y: Tensor = self.in2(self.conv2(F.relu(self.in1(self.conv1(x), mix))), mix)
        return x + y


@dataclass(frozen=True, slots=True)
class NetPlan:
    """What distinguishes one network of this kind from another.

    `width` is the number of channels after the first convolution (32 in the paper), `blocks` that of residual
    blocks (5 in the paper), `styles` how many styles it holds.
    """

    width: int = 32
    blocks: int = 5
    styles: int = 1


class StyleNet(nn.Module):
    """A picture in, the same picture in a style out: (N, 3, H, W), RGB from 0 to 255, H and W multiples of 4."""

    def __init__(self, plan: NetPlan | None = None) -> None:
        super().__init__()
        self.plan = plan = plan or NetPlan()
        width, styles = plan.width, plan.styles
        self.conv1, self.in1 = Convolution(3, width, 9), ConditionalNorm(width, styles)
        self.conv2, self.in2 = Convolution(width, 2 * width, 3, stride=2), ConditionalNorm(2 * width, styles)
        self.conv3, self.in3 = Convolution(2 * width, 4 * width, 3, stride=2), ConditionalNorm(4 * width, styles)
        for number in range(1, plan.blocks + 1):
            self.add_module(f"res{number}", ResidualBlock(4 * width, styles))
        self.deconv1, self.in4 = Convolution(4 * width, 2 * width, 3, up=2), ConditionalNorm(2 * width, styles)
        self.deconv2, self.in5 = Convolution(2 * width, width, 3, up=2), ConditionalNorm(width, styles)
        self.deconv3 = Convolution(width, 3, 9)

    @property
    def blocks(self) -> list[ResidualBlock]:
        """The residual blocks in their order."""
        found = [getattr(self, f"res{number}") for number in range(1, self.plan.blocks + 1)]
        return [block for block in found if isinstance(block, ResidualBlock)]

    def one_hot(self, styles: Sequence[int]) -> Tensor:
        """(N, styles) with the style `styles[n]` alone in row n."""
        numbers = torch.tensor(list(styles), device=self.in1.weight.device)
        return F.one_hot(numbers, self.plan.styles).to(self.in1.weight.dtype)

    def forward(self, x: Tensor, mix: Tensor | None = None) -> Tensor:
        """The picture in the first style, or in `mix`, (N, styles)."""
        if mix is None:
            mix = self.one_hot([0] * len(x))
        y = F.relu(self.in1(self.conv1(x), mix))
        y = F.relu(self.in2(self.conv2(y), mix))
        y = F.relu(self.in3(self.conv3(y), mix))
        for block in self.blocks:
            y = block(y, mix)
        y = F.relu(self.in4(self.deconv1(y), mix))
        y = F.relu(self.in5(self.deconv2(y), mix))
        out: Tensor = self.deconv3(y)
        return out


def plan_of(shapes: Mapping[str, Sequence[int]]) -> NetPlan:
    """Read the network off the shapes of its tensors.

    Raises
    ------
    ValueError
        They are not those of a network of this kind.
    """
    first, table = shapes.get("conv1.conv2d.weight"), shapes.get("in1.weight")
    if first is None or table is None or len(first) != 4 or len(table) not in (1, 2):
        raise ValueError("no first convolution, or no normalisation after it")
    blocks = 0
    while f"res{blocks + 1}.conv1.conv2d.weight" in shapes:
        blocks += 1
    plan = NetPlan(int(first[0]), blocks, int(table[0]) if len(table) == 2 else 1)
    if plan.width < 1 or plan.styles < 1 or max(plan.width, plan.styles) > 4096:
        raise ValueError("a width that no network has")
    return plan
