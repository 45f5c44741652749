"""Backbone: a batch of images to named activations, truncated after the last one asked for."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.backbones.decoder import Decoder
from studio.backbones.layers import Layer, flat, kind_of, reduces
from studio.backbones.levels import Level

PROBE = 4
"""Cells along the side of the coarsest map by which layers are looked at."""


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
    names : tuple of str
        What the layers in `body` are called, one for each that `studio.backbones.layers.flat` gives, "" for those that
        can't be asked for; the last one is the level's.
    """

    def __init__(
        self,
        body: nn.Sequential,
        ratio: int,
        pad: tuple[int, int] = (0, 0),
        drop: int = 0,
        names: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self.names = names
        self.body = body
        self.ratio = ratio
        self.pad = pad
        self.drop = drop
        _protect_input(body)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C', h', w') after this stage, of `x`, (N, C, h, w): maps of the stage before, or a normalised picture."""
        rows, columns = self._cells(x)
        y: Tensor = self.body(self._padded(x))
        if y.shape[-2] < self.drop + rows or y.shape[-1] < self.drop + columns:
            raise ValueError(f"the stage gives too few cells ({tuple(y.shape)}): its row needs more padding")
        return y[..., self.drop : self.drop + rows, self.drop : self.drop + columns]

    def tapped(self, x: Tensor, wanted: Collection[str], raw: dict[str, Tensor] | None = None) -> dict[str, Tensor]:
        """As calling it, but gives the layers of these `names`, and computes nothing beyond the last of them.

        `x` is (N, C, h, w), and so are the maps, by name, each with its layer's channels.

        Layers of the stride of `x` have the cells of `x`, the others those of the result. `raw` is filled with
        them before they are cropped.
        """
        rows, columns = self._cells(x)
        height, width = x.shape[-2:]
        y = self._padded(x)
        left = set(wanted)
        maps: dict[str, Tensor] = {}
        fine = True
        for name, (_, module) in zip(self.names, flat(self.body), strict=True):
            y = module(y)
            fine = fine and not reduces(module)
            if name in left:
                left.discard(name)
                first = self.pad[0] if fine else self.drop
                shape = (height, width) if fine else (rows, columns)
                maps[name] = y[..., first : first + shape[0], first : first + shape[1]]
                if raw is not None:
                    raw[name] = y
            if not left:
                break
        return maps

    def _cells(self, x: Tensor) -> tuple[int, int]:
        height, width = x.shape[-2:]
        return -(-height // self.ratio), -(-width // self.ratio)

    def _padded(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        rows, columns = self._cells(x)
        before, after = self.pad
        right = after + columns * self.ratio - width
        bottom = after + rows * self.ratio - height
        if before or right or bottom:
            x = F.pad(x, (before, right, before, bottom), mode="replicate")
        return x


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
    decoder : Decoder or None
        From the features of one level back to pixels, where the network has been taught that.
    style_maps : dict
        Name of a layer to (D, C) and (D,): a linear map of its channels to those that style is measured in.
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
        decoder: Decoder | None = None,
        style_maps: Mapping[str, tuple[Tensor, Tensor]] | None = None,
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
        for level, stage in zip(self.levels, self._stages, strict=True):
            count = sum(1 for _ in flat(stage.body))
            stage.names = stage.names or (*[""] * (count - 1), level.name)
        self.style_maps = {
            name: (weight.to(device, torch.float32), bias.to(device, torch.float32))
            for name, (weight, bias) in (style_maps or {}).items()
        }
        self.decoder = decoder
        if decoder is not None:
            decoder.eval().requires_grad_(False).to(device, torch.float32).to(memory_format=layout)
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
        _check_batch(image)
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

    @property
    def layer_names(self) -> tuple[str, ...]:
        """All layers that can be asked for by name, in their order; the levels are among them."""
        return tuple(name for stage in self._stages for name in stage.names if name)

    @cached_property
    def _layers(self) -> dict[str, Layer]:
        layers: dict[str, Layer] = {}
        with torch.no_grad():
            # As many cells as the head of points sees: a border that goes round wants no fewer.
            side = PROBE * self.levels[-1].stride
            stride, x = 1, self._mean.expand(1, 3, side, side)
            for stage in self._stages:
                modules = (module for _, module in flat(stage.body))
                fine = True
                maps = stage.tapped(x, [name for name in stage.names if name])
                for name, module in zip(stage.names, modules, strict=True):
                    fine = fine and not reduces(module)
                    if name:
                        shown = stride if fine else stride * stage.ratio
                        layers[name] = Layer(name, maps[name].shape[1], shown, kind_of(module))
                stride, x = stride * stage.ratio, stage(x)
        return layers

    def layer(self, name: str) -> Layer:
        """What the layer called `name` is like.

        Raises
        ------
        ValueError
            There is no such layer.
        """
        self._check_layers([name])
        return self._layers[name]

    def activations(
        self, image: Tensor, names: Collection[str], raw: dict[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Activations of `image` at some layers; nothing beyond the last of them is computed.

        Parameters
        ----------
        image : (N, 3, H, W) tensor in [0, 1]
            As for `features`.
        names : collection of str
            Of `layer_names`. The names of levels give exactly what `features` gives.
        raw : dict, optional
            Is filled with the same layers as the later ones are computed from them: perhaps with cells that
            stand for nothing at the edges. These, not the cropped ones, a gradient can be asked of.

        Returns
        -------
        dict
            Name to (N, C, ceil(H / s), ceil(W / s)) for a layer of stride s, in the network's order.

        Raises
        ------
        ValueError
            `image` has another shape, or there is no such layer.
        """
        _check_batch(image)
        self._check_layers(names)
        left = set(names)
        maps: dict[str, Tensor] = {}
        with torch.set_grad_enabled(torch.is_grad_enabled() and image.requires_grad):
            x = self.normalise(image)
            for stage in self._stages:
                here = left.intersection(stage.names)
                left -= here
                if here or left:
                    # The level is computed in one go wherever it can, for that is what `features` does.
                    level = stage.names[-1]
                    if here - {level}:
                        found = stage.tapped(x, here | ({level} if left else set()), raw)
                        if raw is not None and level in found:
                            raw[level] = found[level]
                    else:
                        found = {level: stage(x)}
                        if raw is not None:
                            raw[level] = found[level]
                    maps.update((name, value) for name, value in found.items() if name in here)
                    x = found[level] if left else x
                if not left:
                    break
        return maps

    def _check_layers(self, names: Collection[str]) -> None:
        known = self.layer_names
        unknown = sorted(set(names) - set(known))
        if unknown or not names:
            wrong = f"no layer “{unknown[0]}”" if unknown else "no layer without a name"
            raise ValueError(f"{self.title} has {wrong}; its layers are {', '.join(known)}.")

    def with_stages(self, stages: Sequence[Stage]) -> Backbone:
        """This backbone with other stages of the same shapes, which are taken as they are (changed copies, say)."""
        twin = copy.copy(self)
        twin.__dict__.pop("_layers", None)
        twin._stages = list(stages)
        return twin

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


def _check_batch(image: Tensor) -> None:
    if image.ndim != 4 or image.shape[1] != 3 or 0 in image.shape:
        raise ValueError(f"an image batch is (N, 3, H, W), not {tuple(image.shape)}")


def _protect_input(body: nn.Module) -> None:
    """Keep the first layer from writing into its input, which is a result of the stage before."""
    first: Any = body
    while first is not None:
        if hasattr(first, "inplace"):
            first.inplace = False
        first = next(first.children(), None)
