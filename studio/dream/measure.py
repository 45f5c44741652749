"""From a goal to a number per picture that can be differentiated."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.arrays import Point, Side, Size
from studio.backbones.classifier import SCORES
from studio.backbones.layers import Layer, no_channel, no_layer
from studio.backbones.levels import Level
from studio.backbones.receptive import theoretical
from studio.dream.goals import CellGoal, ChannelGoal, ClassGoal, DirectionGoal, GoalError, PairGoal, Weighted
from studio.features.placing import Placing
from studio.geometry import contains, fit_within
from studio.language import tr
from studio.picture import Picture

SHARPNESS = 4
"""Power of the cosine in the measure of a direction (Olah et al. 2017, appendix)."""
LEAST_COSINE = 0.1
"""The cosine counts at least this much: else nothing leads to the direction from where it is not seen at all."""
LOOK = 224
"""Longer side at which the pictures are looked at that a direction is taken from, px."""

Maps = Mapping[str, Tensor]


class Network(Protocol):
    """A backbone, or a classifier, which has scores of classes too."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def layer_names(self) -> tuple[str, ...]: ...

    def activations(self, image: Tensor, names: Collection[str]) -> dict[str, Tensor]:
        """(N, C, rows, columns) by name of layer, of `image`, (N, 3, h, w) in [0, 1]."""
        ...

    def layer(self, name: str) -> Layer:
        """What a layer is like."""
        ...


@runtime_checkable
class HasClasses(Protocol):
    """A network that ends in class scores."""

    def class_number(self, which: str | int) -> int:
        """The number of a class by its name. Raises `StudioError`."""
        ...


@dataclass(frozen=True, eq=False)
class Measure:
    """A sum of goals: `layers` have to be computed, and `of` gives (N,) numbers of their maps."""

    layers: tuple[str, ...]
    terms: tuple[tuple[float, str, Callable[[Tensor], Tensor]], ...]

    def of(self, maps: Maps) -> Tensor:
        """(N,) of maps (N, C, rows, columns) by name of layer."""
        numbers = [weight * measure(maps[layer]) for weight, layer, measure in self.terms]
        return torch.stack(numbers).sum(dim=0)

    def __call__(self, network: Network, images: Tensor) -> Tensor:
        """(N,) of images, (N, 3, h, w) in [0, 1]."""
        return self.of(network.activations(images, self.layers))


def measure_for(network: Network, goals: Sequence[Weighted], pictures: Mapping[Side, Picture] | None = None) -> Measure:
    """What these goals mean to a network.

    Parameters
    ----------
    pictures : dict, optional
        What is open as "A" and "B", for goals that are taken from places in them.

    Raises
    ------
    GoalError
        The network has no classes, or there is no such layer, channel, class or picture.
    """
    if not goals:
        raise GoalError(tr("There is nothing to dream of: choose a channel, a place, a pair or a class."))
    terms = tuple((one.weight, *_term(network, one, pictures or {})) for one in goals)
    return Measure(tuple(dict.fromkeys(layer for _, layer, _ in terms)), terms)


def _term(network: Network, one: Weighted, pictures: Mapping[Side, Picture]) -> tuple[str, Callable[[Tensor], Tensor]]:
    goal = one.goal
    if isinstance(goal, ClassGoal):
        if not isinstance(network, HasClasses):
            raise GoalError(tr("{network} knows no classes; choose a network that does.", network=network.title))
        number = network.class_number(goal.which)
        return SCORES, lambda scores: scores[:, number]
    goal = replace(goal, layer=goal.layer or usual_layer(network))
    check_layer(network, goal.layer)
    if isinstance(goal, ChannelGoal | CellGoal):
        _check_channel(network, goal)
        channel = goal.channel
        if isinstance(goal, ChannelGoal):
            return goal.layer, lambda maps: maps[:, channel].mean(dim=(1, 2))
        return goal.layer, lambda maps: _cell(maps[:, channel], goal)
    wanted = _direction(network, goal, pictures)
    return goal.layer, lambda maps: along(maps, wanted)


def usual_layer(network: Network) -> str:
    """What is dreamt of unless a layer is said: the level before the coarsest, which knows parts of things."""
    levels: Sequence[Level] = getattr(network, "levels", ())
    return levels[-2].name if len(levels) > 1 else network.layer_names[-1]


def check_layer(network: Network, layer: str) -> None:
    """Raises `GoalError` if the network has no such layer."""
    if layer not in network.layer_names:
        raise GoalError(no_layer(network, layer))


def _check_channel(network: Network, goal: ChannelGoal | CellGoal) -> None:
    count = network.layer(goal.layer).channels
    if goal.channel >= count:
        raise GoalError(no_channel(goal.layer, count, goal.channel))


def _cell(maps: Tensor, goal: CellGoal) -> Tensor:
    """(N,) one cell of (N, rows, columns)."""
    rows, columns = maps.shape[-2:]
    column = columns // 2 if goal.column is None else goal.column
    row = rows // 2 if goal.row is None else goal.row
    if not (0 <= column < columns and 0 <= row < rows):
        raise GoalError(
            tr(
                "{layer} has {columns} x {rows} cells at this size, there is no cell {column}, {row}.",
                layer=goal.layer,
                columns=columns,
                rows=rows,
                column=column,
                row=row,
            )
        )
    return maps[:, row, column]


def along(maps: Tensor, direction: Tensor) -> Tensor:
    """(N,) how much maps, (N, C, rows, columns), go along a direction, (C,) of length 1, see `DirectionGoal`."""
    dot = torch.einsum("nchw,c->nhw", maps, direction)
    cosine = dot / maps.norm(dim=1).clamp_min(1e-6)
    found: Tensor = (dot * cosine.clamp_min(LEAST_COSINE) ** SHARPNESS).mean(dim=(1, 2))
    return found


def _direction(network: Network, goal: DirectionGoal | PairGoal, pictures: Mapping[Side, Picture]) -> Tensor:
    """(C,) of length 1."""
    places: list[tuple[Side, Point]]
    if isinstance(goal, PairGoal):
        places = [("A", goal.a), ("B", goal.b)]
    else:
        places = [("A" if goal.side == "A" else "B", goal.point)]
    seen = []
    for side, point in places:
        picture = pictures.get(side)
        if picture is None:
            raise GoalError(tr("Picture {side} is not open.", side=side))
        size = fit_within(picture.size, LOOK)
        with torch.no_grad():
            maps = network.activations(picture.tensor(size, network.device), [goal.layer])[goal.layer][0]
        column, row = cell_of(network, goal.layer, picture, point, size, (maps.shape[2], maps.shape[1]))
        vector = maps[:, row, column]
        if not bool(vector.norm() > 0):
            raise GoalError(tr("{layer} sees nothing at this place of {name}.", layer=goal.layer, name=picture.name))
        seen.append(F.normalize(vector, dim=0))
    return F.normalize(torch.stack(seen).mean(dim=0), dim=0)


def cell_of(network: Network, layer: str, picture: Picture, point: Point, size: Size, grid: Size) -> tuple[int, int]:
    """The cell (column, row) of a layer's map of (columns, rows) `grid` that stands for a place of a picture.

    `point` is in full-size pixels, `size` at which the network looked. Raises `GoalError` for a place outside.
    """
    if not contains([point], picture.size).all():
        raise GoalError(
            tr("The place {x:.0f}, {y:.0f} lies outside of {name}.", x=point[0], y=point[1], name=picture.name)
        )
    return Placing(theoretical(network, [layer])[layer], size, picture.size, grid).cell_at(point)
