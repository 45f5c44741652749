"""Decoder: from the features of one level back to pixels, for styles that are given in one go.

The tensors' names are the architecture, as in `studio.backbones.buddynet`: `up{stage}_{n}.weight` and `.bias` are the
n-th convolution at the stride of a stage, from the level that is decoded down to stage 1. Borders are repeated; a ReLU
follows every convolution but the last; between two stages each cell becomes 2 x 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from studio.backbones.buddynet import DECODER_TENSOR
from studio.backbones.levels import Level, WeightsError
from studio.language import tr


class Decoder(nn.Module):
    """Takes (N, C, h, w) of level `level` and gives (N, 3, h s, w s) for its stride s, about [0, 1] but not clamped.

    Attributes
    ----------
    level : int
        Number of the level it decodes.
    stride : int
        Pixels per cell of that level.
    reach : int
        Cells of that level, around its own, that a pixel depends on.
    """

    def __init__(self, tensors: Mapping[str, Tensor], levels: Sequence[Level]) -> None:
        """Raises `WeightsError`: these are not the tensors of a decoder of one of `levels`."""
        super().__init__()
        stages = plan({name: tuple(tensor.shape) for name, tensor in tensors.items()}, levels)
        self.level = len(stages)
        self.stride = levels[self.level - 1].stride
        self._counts = tuple(map(len, stages))
        self.convolutions = nn.ModuleList()
        self._sides: list[int] = []
        self.reach, seen = 0, 0.0
        for index, names in enumerate(stages):
            for name in names:
                weight = tensors[f"{name}.weight"]
                width, channels, side, _ = weight.shape
                layer = nn.Conv2d(channels, width, side, device="meta")
                layer.load_state_dict({"weight": weight, "bias": tensors[f"{name}.bias"]}, assign=True)
                self.convolutions.append(layer)
                self._sides.append(side // 2)
                seen += (side // 2) / 2.0**index
        self.reach = int(seen) + 1

    def forward(self, features: Tensor) -> Tensor:
        """Pixels, (N, 3, H, W) about in [0, 1], of `features`, (N, C, h, w) of the level that it starts from."""
        x, left = features, list(zip(self.convolutions, self._sides, strict=True))
        for index, count in enumerate(self._counts):
            if index:
                x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            for layer, side in left[:count]:
                x = layer(F.pad(x, (side,) * 4, mode="replicate"))
                if layer is not self.convolutions[-1]:
                    x = F.relu(x, inplace=True)
            left = left[count:]
        return x


def plan(shapes: Mapping[str, Sequence[int]], levels: Sequence[Level]) -> list[tuple[str, ...]]:
    """The names of the convolutions of each stage, the coarsest first.

    Raises
    ------
    WeightsError
        They do not lead from one of `levels` to pixels.
    """
    numbers = {(int(match[1]), int(match[2])) for name in shapes if (match := DECODER_TENSOR.fullmatch(name))}
    wrong = WeightsError(tr("These are not BuddyNet's weights: its decoder does not fit the levels."))
    first = max((stage for stage, _ in numbers), default=0)
    if not 1 <= first <= len(levels):
        raise wrong
    stages, channels = [], levels[first - 1].channels
    for stage in range(first, 0, -1):
        count = sum(1 for number, _ in numbers if number == stage)
        names = tuple(f"up{stage}_{index}" for index in range(1, count + 1))
        for name in names:
            weight, bias = (tuple(shapes.get(f"{name}.{kind}", ())) for kind in ("weight", "bias"))
            square = len(weight) == 4 and weight[2] == weight[3] and weight[2] % 2 == 1
            if not square or weight[1] != channels or bias != weight[:1]:
                raise wrong
            channels = weight[0]
        if not names:
            raise wrong
        stages.append(names)
    if channels != 3:
        raise wrong
    return stages


def decoder_of(tensors: Mapping[str, Tensor], levels: Sequence[Level]) -> Decoder | None:
    """The decoder among the tensors of a network, or None if it has none. Raises `WeightsError` as `plan`."""
    own = {name: tensor for name, tensor in tensors.items() if DECODER_TENSOR.fullmatch(name)}
    return Decoder(own, levels) if own else None
