"""What an explanation hands out. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.attribution.options import METHODS
from studio.attribution.targets import AnyTarget, Quantity

Map = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Attribution:
    """A map of one picture that says how much each pixel matters for a target.

    Attributes
    ----------
    map : (h, w) float32
        In `unit`, over the whole picture at the working size.
    colours : (h, w, 3) float32 or None
        The same apart by red, green and blue, signed, where the method knows them.
    cells : (rows, columns) float32 or None
        What the map was enlarged from, of the methods that look at a layer.
    quantity : Quantity
        What was measured of the target; `unit` is that of the map, by its method, in English for records.
    signed : bool
        Whether numbers below zero mean something.
    method : str
        Key of `METHODS`.
    explained : ClassTarget, ChannelTarget, CellTarget or PairTarget
        With the name of the class, where the strongest one was asked for; `target` is it in English, for records.
    value : float
        Of the target, for this picture.
    checks : dict
        Numbers that tell how far to trust the map; “residual” is what is missing for the parts to add up to
        “change”.
    record : dict
        Everything needed to make the map again, fit for JSON.
    note : str
        A sentence for the person who looks at it; perhaps empty.
    """

    map: Map = field(repr=False)
    quantity: Quantity
    signed: bool
    method: str
    explained: AnyTarget
    value: float
    colours: Map | None = field(default=None, repr=False)
    cells: Map | None = field(default=None, repr=False)
    checks: dict[str, float] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict, repr=False)
    note: str = ""

    @property
    def unit(self) -> str:
        return METHODS[self.method].unit.format(target=self.quantity)

    @property
    def target(self) -> str:
        return self.explained.describe()


@dataclass(frozen=True, eq=False)
class PairAttribution:
    """The maps of both pictures for the cosine of a pair; each one with the other picture held as it is."""

    a: Attribution
    b: Attribution
    cosine: float
