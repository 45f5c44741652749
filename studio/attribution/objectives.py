"""From a target to a number per picture that can be differentiated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.arrays import Point, Size
from studio.attribution.network import SCORES, HasClasses, Network
from studio.attribution.targets import (
    AnyTarget,
    ChannelTarget,
    ClassTarget,
    NothingSeen,
    PairTarget,
    Quantity,
    Target,
    TargetError,
    TargetKind,
)
from studio.backbones.layers import no_channel, no_layer
from studio.backbones.receptive import theoretical
from studio.errors import StudioError
from studio.features.placing import Placing
from studio.features.split import TINY
from studio.language import tr


class ExplainError(StudioError):
    """A network that gives no numbers, or a method that it has no answer to."""


@dataclass(frozen=True, eq=False)
class Objective:
    """`measure` takes (N, C, h, w) activations of `layer` (or (N, K) scores) to (N,) numbers, each a `quantity`."""

    kind: TargetKind
    layer: str
    measure: Callable[[Tensor], Tensor]
    target: AnyTarget
    """With the name of the class, where the strongest one was asked for."""
    quantity: Quantity
    index: int = -1
    """Number of the class."""
    cell: tuple[int, int] | None = None
    """(column, row) of the one cell that is measured, where it is one."""

    def __call__(self, network: Network, images: Tensor) -> Tensor:
        """The numbers, (N,), for `images`, (N, 3, h, w)."""
        return self.measure(network.activations(images, [self.layer])[self.layer])


def objective_for(network: Network, target: Target, image: Tensor) -> Objective:
    """What `target` means to this network on this picture, (1, 3, h, w) in [0, 1].

    Raises
    ------
    TargetError
        The network has no classes, or there is no such class, layer, channel or cell.
    ExplainError
        The network gives something that is no number.
    """
    if isinstance(target, ClassTarget):
        return _class_objective(network, target, image)
    maps = look(network, target.layer, image)
    _, channels, rows, columns = maps.shape
    if target.channel is not None and not 0 <= target.channel < channels:
        raise TargetError(no_channel(target.layer, channels, target.channel))
    if isinstance(target, ChannelTarget):
        number = target.channel

        def mean(maps: Tensor) -> Tensor:
            return maps[:, number].mean((1, 2))

        return Objective("channel", target.layer, mean, target, Quantity.ACTIVATION)
    column, row, one = target.column, target.row, target.channel
    if not (0 <= column < columns and 0 <= row < rows):
        raise TargetError(
            tr(
                "{layer} has {columns} x {rows} cells at this working size, there is no cell {column}, {row}.",
                layer=target.layer,
                columns=columns,
                rows=rows,
                column=column,
                row=row,
            )
        )

    def strength(maps: Tensor) -> Tensor:
        cell = maps[:, :, row, column]
        return torch.linalg.vector_norm(cell, dim=1) if one is None else cell[:, one]

    return Objective("cell", target.layer, strength, target, Quantity.ACTIVATION, cell=(column, row))


def _class_objective(network: Network, target: ClassTarget, image: Tensor) -> Objective:
    if not isinstance(network, HasClasses):
        raise TargetError(
            tr(
                "{title} is used without class scores; explain a channel, a cell or a pair, or choose a network "
                "and a weights file that have classes.",
                title=network.title,
            )
        )
    if target.which is None:
        with torch.no_grad():
            index = int(_numbers(network.activations(image, [SCORES])[SCORES], network)[0].argmax())
    else:
        index = network.class_number(target.which)

    def score(scores: Tensor) -> Tensor:
        return scores[:, index]

    return Objective("class", SCORES, score, ClassTarget(network.class_names[index]), Quantity.SCORE, index)


def pair_objectives(
    network: Network, target: PairTarget, images: tuple[Tensor, Tensor], full: tuple[Size, Size]
) -> tuple[Objective, Objective]:
    """For each picture the cosine of its cell with the cell of the other one, which is held as it is.

    Parameters
    ----------
    images : (1, 3, h, w) each
    full : sizes of the pictures that the points of `target` lie in

    Raises
    ------
    TargetError, ExplainError
    """
    units, cells = [], []
    for image, size, point in zip(images, full, (target.a, target.b), strict=True):
        maps = look(network, target.layer, image)
        column, row = cell_at(network, target.layer, point, size, image, maps)
        vector = maps[0, :, row, column]
        if not bool(vector.any()):
            raise NothingSeen(
                tr(
                    "{title} sees nothing at all at one of the two places in {layer}.",
                    title=network.title,
                    layer=target.layer,
                )
            )
        units.append(vector / torch.linalg.vector_norm(vector).clamp_min(TINY))
        cells.append((column, row))
    first, second = (
        Objective(
            "pair", target.layer, _cosine(*cells[here], units[1 - here]), target, Quantity.COSINE, cell=cells[here]
        )
        for here in (0, 1)
    )
    return first, second


def _cosine(column: int, row: int, unit: Tensor) -> Callable[[Tensor], Tensor]:
    def cosine(maps: Tensor) -> Tensor:
        cell = maps[:, :, row, column]
        lengths = torch.linalg.vector_norm(cell, dim=1, keepdim=True)
        cosines: Tensor = ((cell / lengths.clamp_min(TINY)) * unit).sum(1)
        return cosines

    return cosine


def cell_at(network: Network, layer: str, point: Point, full: Size, image: Tensor, maps: Tensor) -> tuple[int, int]:
    """The cell (column, row) whose centre is nearest to a place in full-size pixels."""
    field = theoretical(network, [layer])[layer]
    size, cells = (image.shape[3], image.shape[2]), (maps.shape[3], maps.shape[2])
    return Placing(field, size, full, cells).cell_at(point)


def look(network: Network, layer: str, image: Tensor) -> Tensor:
    """The activations of a layer, (1, C, h, w). Raises `TargetError` if there is no such layer, `ExplainError`."""
    if layer not in network.layer_names:
        raise TargetError(no_layer(network, layer))
    with torch.no_grad():
        return _numbers(network.activations(image, [layer])[layer], network)


def _numbers(values: Tensor, network: Network) -> Tensor:
    if not bool(torch.isfinite(values).all()):
        raise ExplainError(
            tr("{title} gives numbers that are not finite; its weights file is damaged.", title=network.title)
        )
    return values
