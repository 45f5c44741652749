"""The student, and the teachers whose features it learns to give."""

from __future__ import annotations

import logging
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

LOG = logging.getLogger("train_buddynet")
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
Widths = tuple[tuple[int, ...], ...]
WIDTHS: Widths = ((32,), (64,), (128, 128), (256, 256, 256), (384, 384, 512))
SQUEEZE = 256
"""Channels of fire4 of SqueezeNet, the coarse teacher of level 3."""
FINE = {1: 64, 2: 128, 3: 256}
"""Channels of the fine teacher's."""


def at_cells(features: Tensor, first: float, stride: int, side: int, cell: int) -> Tensor:
    """Features whose cell i is centred on pixel first + i stride, at the centres of the cells of a `side` px picture.

    (N, C, h, w) to (N, C, side / cell, side / cell), bilinear.
    """
    centres = torch.arange(side // cell) * cell + (cell - 1) / 2
    index = (centres - first) / stride
    gx, gy = (2 * index + 1) / features.shape[3] - 1, (2 * index + 1) / features.shape[2] - 1
    grid = torch.stack(torch.meshgrid(gy, gx, indexing="ij")[::-1], -1).expand(len(features), -1, -1, -1)
    return F.grid_sample(features, grid, mode="bilinear", padding_mode="border", align_corners=False)


class SqueezeTeacher:
    """fire4 of SqueezeNet 1.0 for the student's level 3, brought to its cells.

    Takes (N, 3, side, side) in [0, 1]. SqueezeNet pads nothing, so its first cell lies inside the picture: it is shown
    with its mirror image around it.
    """

    MARGIN = 16
    LAYERS = 6
    FIRST, STRIDE = 5, 4
    """Centre of the first cell and distance of the cells, px."""

    def __init__(self, file: Path) -> None:
        from torchvision.models import squeezenet1_0

        net = squeezenet1_0()
        net.load_state_dict(load_file(file))
        layers = net.features[: self.LAYERS]
        self.layers = layers.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        side = images.shape[-1]
        x = F.pad((images - MEAN) / STD, (self.MARGIN,) * 4, mode="reflect").to(memory_format=torch.channels_last)
        return at_cells(self.layers(x), self.FIRST - self.MARGIN, self.STRIDE, side, self.STRIDE)


class FineTeacher:
    """relu1_1, relu2_1 and relu3_1 of VGG-19 for the student's levels 1, 2, 3."""

    LEVELS = (1, 2, 3)

    def __init__(self, file: Path) -> None:
        self.weights = load_file(file)

    @torch.no_grad()
    def __call__(self, images: Tensor) -> dict[int, Tensor]:
        x, out = ((images - MEAN) / STD).to(memory_format=torch.channels_last), {}
        for index in (0, 2, 5, 7, 10):
            if index in (5, 10):
                x = F.max_pool2d(x, 2)
            weight, bias = (self.weights[f"features.{index}.{kind}"] for kind in ("weight", "bias"))
            x = F.relu(F.conv2d(x, weight, bias, padding=1))
            if index in (0, 5, 10):
                out[len(out) + 1] = x
        return out


class Student(nn.Module):
    """Stages of 3 x 3 convolutions with ReLU, 2 x 2 max pooling between; a level is the output of a stage.

    The coarse stages have batch norm, which `folded` folds into the convolutions; in the fine ones it would
    cost half of all the time. Only the stages `learn`, (first, last), get gradients, and none after them is computed.
    """

    NORMALISED = 4

    def __init__(self, widths: Widths = WIDTHS, learn: tuple[int, int] = (1, 5)) -> None:
        super().__init__()
        self.learn = learn
        self.stages = nn.ModuleList()
        last = 3
        for number, stage in enumerate(widths, 1):
            blocks = nn.ModuleList()
            for width in stage:
                conv = nn.Conv2d(last, width, 3, padding=1)
                nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
                nn.init.zeros_(conv.bias)
                norm = nn.BatchNorm2d(width) if number >= self.NORMALISED else nn.Identity()
                blocks.append(nn.ModuleDict({"conv": conv, "norm": norm}))
                last = width
            self.stages.append(blocks)

    def forward(self, images: Tensor) -> dict[int, Tensor]:
        x = ((images - MEAN) / STD).to(memory_format=torch.channels_last)
        out: dict[int, Tensor] = {}
        for number, stage in enumerate(self.stages[: self.learn[1]], 1):
            with torch.set_grad_enabled(torch.is_grad_enabled() and number >= self.learn[0]):
                if number > 1:
                    x = F.max_pool2d(x, 2)
                for block in stage:
                    x = F.relu(block["norm"](block["conv"](x)))
            out[number] = x
        return out

    @torch.no_grad()
    def start_from(self, file: Path, images: Tensor) -> None:
        """Take over the tensors of an exported network that fit; set the norms so that it computes the same.

        A layer that the exported network lacks begins close to the identity if it can.
        """
        known = load_file(file)
        x = (images - MEAN) / STD
        for number, stage in enumerate(self.stages, 1):
            if number > 1:
                x = F.max_pool2d(x, 2)
            for position, block in enumerate(stage, 1):
                conv, norm = block["conv"], block["norm"]
                weight = known.get(f"conv{number}_{position}.weight")
                kept = weight is not None and weight.shape == conv.weight.shape
                if kept:
                    conv.weight.copy_(weight.float())
                    conv.bias.copy_(known[f"conv{number}_{position}.bias"].float())
                elif conv.in_channels == conv.out_channels:
                    kept = True
                    conv.weight.mul_(0.2)
                    conv.weight[:, :, 1, 1] += torch.eye(conv.in_channels)
                x = conv(x)
                if isinstance(norm, nn.BatchNorm2d):
                    mean, deviation = x.mean((0, 2, 3)), x.std((0, 2, 3)) + 1e-3
                    norm.running_mean.copy_(mean)
                    norm.running_var.copy_(deviation**2)
                    if kept:
                        norm.weight.copy_(deviation)
                        norm.bias.copy_(mean)
                    x = F.batch_norm(x, mean, deviation**2, norm.weight, norm.bias)
                x = F.relu(x)
                LOG.info("conv%d_%d starts %s", number, position, "as it was" if kept else "from scratch")

    @torch.no_grad()
    def follow(self, before: Student, images: Tensor) -> None:
        """Make the first stage that does not learn see in the new features what it saw in those of `before`.

        The old features of the last stage that learns are fitted with the new ones, by least squares over
        (N, 3, side, side), and that linear map goes into the convolution behind them.
        """
        last = self.learn[1]
        if last == len(self.stages):
            return
        rows = [net.eval()(images)[last].permute(0, 2, 3, 1).flatten(0, 2).double() for net in (self, before)]
        solution = least_squares(rows[0], rows[1])
        conv, old = self.stages[last][0]["conv"], before.stages[last][0]["conv"]
        conv.weight.copy_(torch.einsum("oikl,ji->ojkl", old.weight, solution[:-1].float()))
        conv.bias.copy_(old.bias + torch.einsum("oikl,i->o", old.weight, solution[-1].float()))

    @torch.no_grad()
    def folded(self) -> dict[str, Tensor]:
        """Plain convolutions that compute the same, `conv{stage}_{n}.weight` and `.bias`, in half precision."""
        out: dict[str, Tensor] = {}
        for number, stage in enumerate(self.stages, 1):
            for position, block in enumerate(stage, 1):
                conv, norm = block["conv"], block["norm"]
                weight, bias = conv.weight.detach(), conv.bias.detach()
                if isinstance(norm, nn.BatchNorm2d):
                    factor = norm.weight / (norm.running_var + norm.eps).sqrt()
                    weight, bias = weight * factor.view(-1, 1, 1, 1), (bias - norm.running_mean) * factor + norm.bias
                out[f"conv{number}_{position}.weight"] = weight.half().contiguous()
                out[f"conv{number}_{position}.bias"] = bias.half().contiguous()
        return out


def in_bytes(weight: Tensor) -> tuple[Tensor, Tensor]:
    """A convolution's weight in whole numbers from -127 to 127, and what one is worth in each output channel, (O,)."""
    scale = (weight.float().abs().amax((1, 2, 3)).clamp_min(1e-6) / 127).half()
    whole = (weight.float() / scale.float().view(-1, 1, 1, 1)).round().clamp(-127, 127)
    return whole.to(torch.int8), scale


def least_squares(x: Tensor, y: Tensor) -> Tensor:
    """(C + 1, D): the linear map from (n, C) to (n, D) and, in its last row, what it adds."""
    x = torch.cat([x, torch.ones_like(x[:, :1])], 1)
    gram = x.T @ x
    gram += 1e-4 * gram.diagonal().mean() * torch.eye(len(gram), dtype=x.dtype)
    return torch.linalg.solve(gram, x.T @ y)


class PerCell(nn.Conv2d):
    """A linear map of the channels of each cell: a 1 x 1 convolution, several times faster as a matrix product."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__(channels, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x.permute(0, 2, 3, 1), self.weight.flatten(1), self.bias).permute(0, 3, 1, 2)


class Heads(nn.Module):
    """What the student needs in training only: linear maps to teachers' channels, and the sharpness of its matches."""

    def __init__(self, widths: Widths = WIDTHS, joint: int = 1) -> None:
        super().__init__()
        last = {number: stage[-1] for number, stage in enumerate(widths, 1)}
        self.squeeze = PerCell(last[3], SQUEEZE)
        self.joint = nn.ModuleDict({str(k): PerCell(last[k], joint) for k in (4, 5)})
        self.fine = nn.ModuleDict({str(k): PerCell(last[k], n) for k, n in FINE.items()})
        self.scale = nn.ParameterDict({str(k): nn.Parameter(torch.ones(()), requires_grad=False) for k in FINE})
        self.sharpness = nn.ParameterDict({k: torch.tensor(math.log(15.0)) for k in ("4", "5")})

    @torch.no_grad()
    def fit(self, features: dict[int, Tensor], fine: dict[int, Tensor]) -> None:
        """Set the maps to the fine teacher's channels by least squares; step by step that would take thousands.

        What they are to give is in units of its own size, for a fine teacher's numbers are large.
        """
        for level, real in fine.items():
            scale, head = self.scale[str(level)], self.fine[str(level)]
            scale.copy_(real.square().mean().sqrt())
            x = features[level].permute(0, 2, 3, 1).flatten(0, 2).double()
            y = (real / scale).permute(0, 2, 3, 1).flatten(0, 2).double()
            solution = least_squares(x, y).float()
            head.weight.copy_(solution[:-1].T[..., None, None])
            head.bias.copy_(solution[-1])
