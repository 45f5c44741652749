"""What a map explains: a class score, a channel, a cell, or the similarity of two places. Imports no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from studio.arrays import Point
from studio.errors import StudioError
from studio.language import tr

TargetKind = Literal["class", "channel", "cell", "pair"]


class Quantity(StrEnum):
    """What is measured of a target; the value is its name in records."""

    ACTIVATION = "activation"
    SCORE = "score"
    COSINE = "cosine"


class TargetError(StudioError):
    """Something to explain that this network or this picture does not have."""


class NothingSeen(TargetError):
    """A place at which the network reacts to nothing at all."""


@dataclass(frozen=True, slots=True)
class ClassTarget:
    """The score (before softmax) of a class: by name, by number from 0, or (None) the strongest one."""

    which: str | int | None = None
    kind: TargetKind = "class"

    def describe(self) -> str:
        """In English, for records and the command line; the same for the other targets."""
        return "the strongest class" if self.which is None else f"class {self.which}"


@dataclass(frozen=True, slots=True)
class ChannelTarget:
    """The mean of one channel of a layer over its map."""

    layer: str
    channel: int
    kind: TargetKind = "channel"

    def describe(self) -> str:
        return f"channel {self.channel} of {self.layer}"


@dataclass(frozen=True, slots=True)
class CellTarget:
    """The activation of one cell of a layer: of one channel, or (None) the length of its vector of channels."""

    layer: str
    column: int
    row: int
    channel: int | None = None
    kind: TargetKind = "cell"

    def describe(self) -> str:
        what = "" if self.channel is None else f", channel {self.channel}"
        return f"cell {self.column}, {self.row} of {self.layer}{what}"


@dataclass(frozen=True, slots=True)
class PairTarget:
    """The cosine between the cell of A at point `a` and the cell of B at `b`, full-size pixels, in a layer."""

    layer: str
    a: Point
    b: Point
    kind: TargetKind = "pair"

    def describe(self) -> str:
        (ax, ay), (bx, by) = self.a, self.b
        return f"similarity of A {ax:.0f}, {ay:.0f} and B {bx:.0f}, {by:.0f} in {self.layer}"


Target: TypeAlias = ClassTarget | ChannelTarget | CellTarget
"""What a map of one picture explains."""
AnyTarget: TypeAlias = Target | PairTarget


def parse_target(text: str, layer: str) -> Target:
    """A target as the command line has it: “strongest”, “class:lion”, “class:291”, “channel:17”, “cell:7,5”.

    Parameters
    ----------
    layer : str
        That channels and cells belong to.

    Raises
    ------
    TargetError
    """
    kind, _, rest = text.partition(":")
    rest = rest.strip()
    if text in ("strongest", "class", "class:strongest"):
        return ClassTarget()
    if kind == "class" and rest:
        return ClassTarget(int(rest) if rest.isdecimal() else rest)
    if kind == "channel" and rest.isdecimal():
        return ChannelTarget(layer, int(rest))
    if kind == "cell" and (match := re.fullmatch(r"(\d+)\s*,\s*(\d+)(?:\s*,\s*(\d+))?", rest)):
        channel = None if match[3] is None else int(match[3])
        return CellTarget(layer, int(match[1]), int(match[2]), channel)
    raise TargetError(
        tr("“{text}” can't be explained: write “class:lion”, “channel:17”, “cell:7,5” or “strongest”.", text=text)
    )


def parse_pair(text: str) -> tuple[Point, Point]:
    """The places of “311,97:120,88”, full-size pixels of A, then of B. Raises `TargetError`."""
    number = r"\s*(-?\d+(?:\.\d*)?)\s*"
    match = re.fullmatch(f"{number},{number}:{number},{number}", text)
    if match is None:
        raise TargetError(
            tr("“{text}” is no pair: write the place in A and the place in B as “311,97:120,88”.", text=text)
        )
    ax, ay, bx, by = (float(match[index]) for index in range(1, 5))
    return (ax, ay), (bx, by)
