"""What can be asked about a match afterwards, and what is answered. Imports no torch: the window reads these."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

import numpy as np
import numpy.typing as npt

from studio.arrays import Box, Point
from studio.language import translatable


class Remark(Enum):
    """What a person must know about a match that has ended."""

    LITTLE_IN_COMMON = auto()
    PLAIN_PICTURE = auto()
    NOTHING_FOUND = auto()
    TURNED = auto()
    NOTHING_IN_COMMON = auto()


NOTHING_FOUND = translatable("No pairs found: the pictures have nothing in common that is strong enough")
NOTHING_IN_COMMON = translatable(
    "No pairs: these two pictures have nothing in common. With “Consistency” at 0 the likeliest are shown all the same."
)
LITTLE_IN_COMMON = translatable("These two pictures have little in common: few of these pairs are likely right.")


Reason = Literal["paired", "inactive", "no region", "not mutual", "taken", "repeat", "border", "inconsistent", "group"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where the partner of a point probably is.

    Attributes
    ----------
    partner : (float, float)
        In full-size pixels of the other picture.
    confidence : float
        0 to 1, as that of a pair.
    runner_up : (float, float) or None
        The best place well away from `partner`, None if there was no other.
    runner_up_confidence : float
        0 to 1.
    rank : float
        What a matched pair there would have for a rank.
    level : int
        The finest level that was looked at.
    """

    partner: Point
    confidence: float
    runner_up: Point | None
    runner_up_confidence: float
    rank: float
    level: int


@dataclass(frozen=True, slots=True)
class Step:
    """One level of the way on which a pair was found.

    Attributes
    ----------
    level : int
        Its number, 1 being the finest.
    cell_a, cell_b : Box
        The cells of the pair's ancestor (of itself at the finest level).
    window_a, window_b : Box
        Where that could have been found: the regions opened by the ancestor of the level above, as far as the
        pictures reach; both whole pictures at the coarsest level.
    similarity : float
        Mean cosine between the patches around the two cells, -1 to 1.
    rank : float
        Accumulated up to this level.
    """

    level: int
    cell_a: Box
    cell_b: Box
    window_a: Box
    window_b: Box
    similarity: float
    rank: float


@dataclass(frozen=True, eq=False, slots=True)
class SimilarityMap:
    """How much every cell of a search window looks like a given cell of the other picture.

    Attributes
    ----------
    values : (h, w) float32
        Mean cosine between patches, -1 to 1, row by row from the top.
    box : Box
        What `values` cover of the picture that was searched; each value a block of equal size.
    peak : (float, float)
        The centre of the best cell, in full-size pixels of that picture.
    runner_up : (float, float) or None
        The centre of the best cell that does not touch the peak's, None if there is none.
    margin : float
        Similarity of the peak minus that of the runner-up, 0 to 2; 0 without a runner-up.
    """

    values: npt.NDArray[np.float32]
    box: Box
    peak: Point
    runner_up: Point | None
    margin: float


@dataclass(frozen=True, slots=True)
class Absence:
    """Why no pair stands at a place.

    Attributes
    ----------
    reason : str
        "paired": a pair does stand in this very cell;
        "inactive": the network reacts too little to the place, or to its partner (below tau);
        "no region": no pair of the level above opened its region here;
        "not mutual": its best partner prefers another place;
        "taken": it or its partner already had a more similar one;
        "repeat", "border", "inconsistent", "group": found, and dropped at the end because a point of A can have
        one pair only; as too near to the edge; as against the common movement; for a stronger one of its group.
    level : int
        The level at which it was lost.
    sentence : str
        All that in one sentence for a person.
    partner : (float, float) or None
        The best partner, in full-size pixels of the other picture, as far as it was looked for.
    rival : (float, float) or None
        In the picture asked about: what the partner prefers, or the pair that was kept instead.
    """

    reason: Reason
    level: int
    sentence: str
    partner: Point | None = None
    rival: Point | None = None
