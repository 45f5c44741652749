"""The layers of a network by their customary names: what can be asked for besides the levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import nn

from studio.backbones.points import PointHead
from studio.language import tr


class NamesLayers(Protocol):
    """A backbone, or a classifier."""

    @property
    def title(self) -> str: ...

    @property
    def layer_names(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer whose activations can be asked for.

    Attributes
    ----------
    name : str
        As the field calls it ("relu4_2", "pool3", "fire5", "layer2.1").
    channels : int
    stride : int
        Pixels of the image per cell.
    kind : str
        "relu", "pool", "points" (a head that was taught what points are) or "block" (a module of several layers: a
        fire module, a residual block).
    """

    name: str
    channels: int
    stride: int
    kind: str


def no_layer(network: NamesLayers, layer: str) -> str:
    """That a network has no such layer, and which it has, in a sentence for a person."""
    return tr(
        "{title} has no layer “{layer}”; its layers are {names}.",
        title=network.title,
        layer=layer,
        names=", ".join(network.layer_names),
    )


def no_channel(layer: str, count: int, channel: int) -> str:
    """That a layer of `count` channels has no such one, in a sentence for a person."""
    return tr(
        "{layer} has channels 0 to {channels}, there is no channel {channel}.",
        layer=layer,
        channels=count - 1,
        channel=channel,
    )


def flat(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The modules of a chain in their order, with their paths; plain sequences within it are opened."""
    for name, child in module.named_children():
        if type(child) is nn.Sequential:
            yield from flat(child, f"{prefix}{name}.")
        else:
            yield prefix + name, child


def kind_of(module: nn.Module) -> str:
    """The `kind` of the `Layer` that `module` gives."""
    if isinstance(module, nn.ReLU):
        return "relu"
    if isinstance(module, PointHead):
        return "points"
    return "pool" if isinstance(module, nn.MaxPool2d | nn.AvgPool2d) else "block"


def reduces(module: nn.Module) -> bool:
    """Whether what `module` gives has a larger stride than what it takes."""
    return any(getattr(part, "stride", 1) not in (1, (1, 1)) for part in module.modules())


_PLAIN = nn.Conv2d | nn.BatchNorm2d | nn.LayerNorm
"""What is never named: nobody asks for what comes before an activation, and ReLUs write over it."""


def plain_names(bodies: Sequence[nn.Module], last: Sequence[str]) -> list[tuple[str, ...]]:
    """Names for chains of convolutions, ReLUs and 2 x 2 pools as in VGG: block and number, `relu3_2`, `pool3`.

    One name for each module that `flat` gives, "" for those that can't be asked for. `last` are the names of the
    levels, which the last modules of the bodies have in any case.
    """
    block, number = 1, 0
    names = []
    for body, level in zip(bodies, last, strict=True):
        row = []
        for _, module in flat(body):
            if isinstance(module, nn.MaxPool2d):
                row.append(f"pool{block}")
                block, number = block + 1, 0
            elif isinstance(module, nn.ReLU):
                number += 1
                row.append(f"relu{block}_{number}")
            else:
                row.append("")
        names.append((*row[:-1], level))
    return names


def block_names(
    bodies: Sequence[nn.Module], paths: Sequence[Sequence[str]], last: Sequence[str]
) -> list[tuple[str, ...]]:
    """Names for chains of larger modules (fire modules, residual blocks); see `plain_names`.

    `paths` are those of the bodies' children in their network.
    """
    fire, pool, stage = 1, 0, 0
    names = []
    for body, roots, level in zip(bodies, paths, last, strict=True):
        row = []
        for path, module in flat(body):
            root, _, inner = path.partition(".")
            root = roots[int(root)]
            kind = type(module).__name__
            if isinstance(module, _PLAIN):
                row.append("")
            elif isinstance(module, nn.MaxPool2d):
                pool += 1
                row.append(f"pool{pool}")
            elif kind == "Fire":
                fire += 1
                row.append(f"fire{fire}")
            elif kind == "CNBlock":
                stage += inner == "0"
                row.append(f"stage{stage}.{inner}")
            elif root.startswith("layer"):
                row.append(f"{root}.{inner}")
            else:
                row.append("stem" if kind == "Conv2dNormActivation" else "")
        names.append((*row[:-1], level))
    return names
