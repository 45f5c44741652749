"""What the methods ask of a network, and the pictures they start from."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.attribution.options import Fill
from studio.backbones.catalog import IMAGENET_MEAN

SCORES = "scores"
"""Beside its layers, what `activations` of a network with classes takes: gives (N, K) scores before softmax."""


class Network(Protocol):
    """A backbone, a classifier, or whatever else gives maps by name."""

    @property
    def title(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def layer_names(self) -> tuple[str, ...]: ...

    def activations(
        self, image: Tensor, names: Collection[str], raw: dict[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """See `studio.backbones.Backbone.activations`.

        `image` is (N, 3, h, w) in [0, 1]; the maps are (N, C, rows, columns) by name of layer.
        """
        ...


@runtime_checkable
class HasClasses(Protocol):
    """A network that ends in class scores."""

    @property
    def class_names(self) -> tuple[str, ...]: ...

    def class_number(self, which: str | int) -> int:
        """The number of a class by its name. Raises `StudioError`."""
        ...


@runtime_checkable
class HasLinearHead(Protocol):
    """A network whose class scores are the mean over the cells of a linear function of a layer."""

    def head(self) -> tuple[str, Tensor] | None:
        """The layer, and (K, C) weights; None if it does not end so."""
        ...


def layers_of(network: Network) -> list[nn.Module]:
    """The modules of a network that have weights of their own."""
    roots: list[nn.Module]
    if isinstance(network, nn.Module):
        roots = [network]
    elif hasattr(network, "levels"):
        roots = [network.stage(level.number) for level in network.levels]  # type: ignore[attr-defined]
    else:
        roots = [network.model]  # type: ignore[attr-defined]
    return [module for root in roots for module in root.modules() if isinstance(module, nn.Conv2d | nn.Linear)]


def emptied(image: Tensor, fill: Fill) -> Tensor:
    """A picture of the size of `image`, (N, 3, h, w), with nothing to see in it."""
    if fill == "blurred":
        return blurred(image, max(image.shape[-2:]) / 20.0)
    if fill == "grey":  # what the networks' makers subtract
        return image.new_tensor(IMAGENET_MEAN).view(1, 3, 1, 1).expand_as(image).contiguous()
    return torch.full_like(image, 1.0 if fill == "white" else 0.0)


def blurred(image: Tensor, sigma: float) -> Tensor:
    """`image`, (N, C, h, w), through a Gaussian of `sigma` pixels; beyond the edge the last pixels are repeated."""
    reach = max(1, round(3.0 * sigma))
    x = torch.arange(-reach, reach + 1, device=image.device, dtype=image.dtype)
    kernel = torch.exp(-0.5 * (x / sigma) ** 2)
    kernel = kernel / kernel.sum()
    channels = image.shape[1]
    rows = kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    image = F.conv2d(F.pad(image, (0, 0, reach, reach), mode="replicate"), rows, groups=channels)
    columns = kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    return F.conv2d(F.pad(image, (reach, reach, 0, 0), mode="replicate"), columns, groups=channels)
