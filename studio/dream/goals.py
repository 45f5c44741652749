"""What a picture is to excite: a channel, a cell, a class, a direction, a pair. Imports no torch."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TypeAlias

from studio.arrays import Point
from studio.errors import StudioError
from studio.language import tr


class GoalError(StudioError):
    """Something to dream of that this network or these pictures do not have."""


@dataclass(frozen=True, slots=True)
class ChannelGoal:
    """The mean of a channel of a layer over its map (Erhan et al. 2009)."""

    layer: str
    channel: int

    def describe(self) -> str:
        """In English, for recipes and the command line; the same for the other goals."""
        return f"channel {self.channel} of {self.layer}"


@dataclass(frozen=True, slots=True)
class CellGoal:
    """A channel of a layer in one cell of its map, the middle one unless it is said."""

    layer: str
    channel: int
    column: int | None = None
    row: int | None = None

    def describe(self) -> str:
        where = "the middle" if self.column is None else f"cell {self.column}, {self.row}"
        return f"channel {self.channel} of {self.layer} in {where}"


@dataclass(frozen=True, slots=True)
class ClassGoal:
    """The score of a class before softmax, by name or by number from 0 (Simonyan et al. 2014)."""

    which: str | int

    def describe(self) -> str:
        return f"class {self.which}"


@dataclass(frozen=True, slots=True)
class DirectionGoal:
    """What the network sees at a place of picture A or B: a direction in the channels of a layer.

    Measured as the mean over the map of <f, v> max(0.1, cos(f, v))^4 (Olah et al. 2017, appendix), which asks for the
    direction more than for its length.
    """

    layer: str
    point: Point
    side: str = "A"

    def describe(self) -> str:
        x, y = self.point
        return f"what {self.layer} sees at {self.side} {x:.0f}, {y:.0f}"


@dataclass(frozen=True, slots=True)
class PairGoal:
    """What both points of a pair have in common: the direction of the mean of their features, each of length 1."""

    layer: str
    a: Point
    b: Point

    def describe(self) -> str:
        (ax, ay), (bx, by) = self.a, self.b
        return f"what A {ax:.0f}, {ay:.0f} and B {bx:.0f}, {by:.0f} share in {self.layer}"


Goal: TypeAlias = ChannelGoal | CellGoal | ClassGoal | DirectionGoal | PairGoal


@dataclass(frozen=True, slots=True)
class Weighted:
    """A goal and how much it counts in a sum; below 0 it is avoided."""

    goal: Goal
    weight: float = 1.0

    def describe(self) -> str:
        return self.goal.describe() if self.weight == 1.0 else f"{self.weight:g} x {self.goal.describe()}"


_NUMBER = r"-?\d+(?:\.\d+)?"


def parse_goal(text: str, layer: str) -> Weighted:
    """A goal as the command line has it, with a weight before it if it is not 1.

    “channel:17”, “cell:17” and “cell:17@3,4”, “class:lion”, “at:A:311,97”, “pair:311,97:120,88”; “-0.5*channel:3”.

    Parameters
    ----------
    layer : str
        That channels, cells and directions belong to.

    Raises
    ------
    GoalError
    """
    *weights, rest = text.split("*")
    kind, _, value = rest.strip().partition(":")
    try:
        share = math.prod(float(weight) for weight in weights)
        return Weighted(_goal(kind, value.strip(), layer), share)
    except ValueError as error:
        raise GoalError(
            tr(
                "“{text}” can't be dreamt of: write “channel:17”, “cell:17@3,4”, “class:lion”, “at:A:311,97” or "
                "“pair:311,97:120,88”, with a weight before it as in “-0.5*channel:3”.",
                text=text,
            )
        ) from error


def write_goal(one: Weighted) -> str:
    """What `parse_goal` makes the same of again, with the goal's layer; places are rounded to hundredths of a pixel."""
    match one.goal:
        case ChannelGoal(_, channel):
            text = f"channel:{channel}"
        case CellGoal(_, channel, column, row):
            text = f"cell:{channel}" if column is None else f"cell:{channel}@{column},{row}"
        case ClassGoal(which):
            text = f"class:{which}"
        case DirectionGoal(_, point, side):
            text = f"at:{side}:{_written(point)}"
        case PairGoal(_, a, b):
            text = f"pair:{_written(a)}:{_written(b)}"
    return text if one.weight == 1.0 else f"{one.weight:g}*{text}"


def _written(point: Point) -> str:
    return f"{point[0]:.2f},{point[1]:.2f}"


def _goal(kind: str, value: str, layer: str) -> Goal:
    if kind == "channel":
        return ChannelGoal(layer, _whole(value))
    if kind == "cell":
        channel, at, cell = value.partition("@")
        if not at:
            return CellGoal(layer, _whole(channel))
        column, row = cell.split(",")
        return CellGoal(layer, _whole(channel), _whole(column), _whole(row))
    if kind == "class" and value:
        return ClassGoal(int(value) if value.isdecimal() else value)
    if kind == "at":
        side, _, point = value.partition(":")
        if side in ("A", "B"):
            return DirectionGoal(layer, _point(point), side)
    if kind == "pair":
        a, b = value.split(":")
        return PairGoal(layer, _point(a), _point(b))
    raise ValueError(kind)


def _whole(text: str) -> int:
    if not re.fullmatch(r"\d+", text.strip()):
        raise ValueError(text)
    return int(text)


def _point(text: str) -> Point:
    match = re.fullmatch(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\s*", text)
    if match is None:
        raise ValueError(text)
    return float(match[1]), float(match[2])
