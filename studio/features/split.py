"""A cosine split by channel: which channels make two places look the same. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

TINY = 1e-12
"""Below the length of any cell that is active at all."""

Cell = tuple[int, int]
"""(column, row)."""


class Most(NamedTuple):
    """The channels that give most, (K,) int64 and (K,) float64, and what the `others` give together."""

    channels: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    others: float


@dataclass(frozen=True, eq=False)
class ChannelSplit:
    """A cosine as a sum over channels.

    Attributes
    ----------
    channels : (C,) int64
        Numbers of all channels, the one that changes the cosine most first.
    values : (C,) float64
        What each gives: a_c b_c of the two vectors of length 1; they add up to `cosine`, -1 to 1.
    cosine : float
    cell_a, cell_b : (int, int)
        The two cells, (column, row).
    """

    channels: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    cosine: float
    cell_a: Cell = (0, 0)
    cell_b: Cell = (0, 0)

    @classmethod
    def of(cls, parts: npt.NDArray[np.float64], cell_a: Cell = (0, 0), cell_b: Cell = (0, 0)) -> ChannelSplit:
        """Of what each channel gives, (C,) in the order of the channels."""
        order = np.argsort(-np.abs(parts), kind="stable").astype(np.int64)
        return cls(order, parts[order], float(parts.sum()), cell_a, cell_b)

    def most(self, count: int) -> Most:
        """The channels that add most, at most `count` of them, the largest value first."""
        order = np.argsort(-self.values, kind="stable")
        shown, rest = order[:count], order[count:]
        return Most(self.channels[shown], self.values[shown], float(self.values[rest].sum()))

    def half(self) -> int:
        """How many of the channels that add most it takes for half of the cosine; all of them where none suffice."""
        reached = np.flatnonzero(np.cumsum(np.sort(self.values)[::-1]) >= self.cosine / 2)
        return int(reached[0]) + 1 if len(reached) else len(self.values)


def split_cosine(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], cell_a: Cell = (0, 0), cell_b: Cell = (0, 0)
) -> ChannelSplit:
    """The cosine of two vectors of activations, (C,) each and of any length, split exactly by channel.

    Computed in float64. A vector that is zero everywhere gives a cosine of 0.
    """
    one, other = (np.asarray(vector, np.float64) for vector in (a, b))
    return ChannelSplit.of(_unit(one) * _unit(other), cell_a, cell_b)


def _unit(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    unit: npt.NDArray[np.float64] = vector / max(float(np.linalg.norm(vector)), TINY)
    return unit
