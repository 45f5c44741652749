"""Backbone: a batch of images to named activations, truncated after the coarsest level asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.backbones.levels import Level


class Stage(nn.Module):
    """The piece of a network from the activations of one level to those of the next.

    Takes (N, C, h, w) of any size and gives (N, C', ceil(h / ratio), ceil(w / ratio)). What a
    size that does not divide lacks is added on the right and at the bottom by repeating the last
    cells, and cropped again: repeating needs no minimal size, draws no edge (as zeros would) and
    makes no mirror image that could pass for a match (as reflection would).

    Parameters
    ----------
    body : nn.Sequential
        The layers.
    ratio : int
        Stride of this level over that of the level before.
    pad : (int, int)
        Cells to add before and after in any case; see `studio.backbones.catalog.Cut`.
    drop : int
        Cells of the result to drop before.
    """

    def __init__(self, body: nn.Sequential, ratio: int, pad: tuple[int, int] = (0, 0), drop: int = 0) -> None:
        super().__init__()
        self.body = body
        self.ratio = ratio
        self.pad = pad
        self.drop = drop
        _protect_input(body)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        rows, columns = -(-height // self.ratio), -(-width // self.ratio)
        before, after = self.pad
        right = after + columns * self.ratio - width
        bottom = after + rows * self.ratio - height
        if before or right or bottom:
            x = F.pad(x, (before, right, before, bottom), mode="replicate")
        y: Tensor = self.body(x)
        if y.shape[-2] < self.drop + rows or y.shape[-1] < self.drop + columns:
            raise ValueError(f"the stage gives too few cells ({tuple(y.shape)}): its row needs more padding")
        return y[..., self.drop : self.drop + rows, self.drop : self.drop + columns]


class Backbone:
    """A pretrained network as a pyramid of features; made by `load_backbone` or `build_backbone`.

    It has no state besides its frozen weights, so it may be used from any thread.

    Convention
    ----------
    Cell (column, row) of a level of stride s stands for the s x s block of pixels below it, to within
    the level's `offset`; maps are exactly ceil(H / s) x ceil(W / s). A level is a function of the level
    before it, so it does not depend on which other levels are asked for.

    Attributes
    ----------
    name, title : str
        The catalogue's key, and the name for people.
    levels : tuple of Level
        Fine to coarse.
    device : torch.device
    """

    def __init__(
        self,
        name: str,
        title: str,
        levels: Sequence[Level],
        stages: Sequence[Stage],
        device: torch.device,
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        self.name = name
        self.title = title
        self.levels = tuple(levels)
        self.device = device
        # Channels last is what the CPU's convolutions work in (up to twice as fast); Metal's do not.
        layout = torch.contiguous_format if device.type == "mps" else torch.channels_last
        self._stages = [
            stage.eval().requires_grad_(False).to(device, torch.float32).to(memory_format=layout) for stage in stages
        ]
        self._layout = layout
        self._mean = torch.tensor(mean, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(std, device=device).view(1, 3, 1, 1)

    def __repr__(self) -> str:
        return f"<Backbone {self.name} on {self.device}, strides {[level.stride for level in self.levels]}>"

    def normalise(self, image: Tensor) -> Tensor:
        """What `stage(1)` takes: `image`, (N, 3, H, W) in [0, 1], brought to the network's mean and spread."""
        image = image.to(self.device, torch.float32)
        return ((image - self._mean) / self._std).contiguous(memory_format=self._layout)

    def features(self, image: Tensor, levels: Sequence[int] | None = None) -> dict[int, Tensor]:
        """Activations of `image` at some levels; nothing beyond the coarsest of them is computed.

        Parameters
        ----------
        image : (N, 3, H, W) tensor in [0, 1], RGB, of any size from 1 x 1
            If it requires gradients the result can be differentiated with respect to it; otherwise
            nothing is recorded. It is moved to the backbone's device.
        levels : sequence of int, optional
            Level numbers; all levels by default.

        Returns
        -------
        dict
            Level number to (N, C, ceil(H / s), ceil(W / s)), float32, on the backbone's device; in memory
            the channels may lie innermost.

        Raises
        ------
        ValueError
            `image` has another shape, or there is no such level.
        """
        if image.ndim != 4 or image.shape[1] != 3 or 0 in image.shape:
            raise ValueError(f"an image batch is (N, 3, H, W), not {tuple(image.shape)}")
        wanted = set(range(1, len(self.levels) + 1) if levels is None else levels)
        if not wanted or not wanted <= set(range(1, len(self.levels) + 1)):
            raise ValueError(f"levels of {self.name} are 1 to {len(self.levels)}, not {sorted(wanted)}")
        maps: dict[int, Tensor] = {}
        with torch.set_grad_enabled(torch.is_grad_enabled() and image.requires_grad):
            x = self.normalise(image)
            for number, stage in enumerate(self._stages[: max(wanted)], 1):
                x = stage(x)
                if number in wanted:
                    maps[number] = x
        return maps

    def stage(self, number: int) -> Stage:
        """The piece of network from the activations of level `number` - 1 to those of level `number`.

        For `number` 1 it starts from the normalised image. It can be differentiated with respect to its
        input; its weights have no gradients. Applying the stages one after the other gives exactly what
        `features` gives. It is the backbone's own: copy it before changing it.

        Raises
        ------
        ValueError
            There is no such level.
        """
        if not 1 <= number <= len(self._stages):
            raise ValueError(f"levels of {self.name} are 1 to {len(self._stages)}, not {number}")
        return self._stages[number - 1]


def _protect_input(body: nn.Module) -> None:
    """Keep the first layer from writing into its input, which is a result of the stage before."""
    first: Any = body
    while first is not None:
        if hasattr(first, "inplace"):
            first.inplace = False
        first = next(first.children(), None)
