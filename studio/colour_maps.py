"""Colours for numbers, for people who confuse red and green too, and the scale that two maps share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.uint8]
Maps = npt.NDArray[np.floating[Any]]


def _through(stops: list[tuple[float, float, float]]) -> Table:
    """(256, 3) sRGB along a smooth way through colours of OKLab (Ottosson 2020), whose lightness is even to the eye."""
    places = np.linspace(0.0, 1.0, len(stops))
    lab = np.stack([np.interp(np.linspace(0.0, 1.0, 256), places, [stop[k] for stop in stops]) for k in range(3)], 1)
    # Hue bends gently where the straight pieces meet; lightness, what numbers are read by, stays as it is.
    kernel = np.hanning(49) / np.hanning(49).sum()
    for k in (1, 2):
        lab[:, k] = np.convolve(np.pad(lab[:, k], 24, mode="edge"), kernel, mode="valid")
    cone = lab @ np.array([[1.0, 1.0, 1.0], [0.3963377774, -0.1055613458, -0.0894841775],
                           [0.2158037573, -0.0638541728, -1.2914855480]])  # fmt: skip
    linear = cone**3 @ np.array([[4.0767416621, -1.2684380046, -0.0041960863],
                                 [-3.3077115913, 2.6097574011, -0.7034186147],
                                 [0.2309699292, -0.3413193965, 1.7076147010]])  # fmt: skip
    linear = np.clip(linear, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    colours: Table = np.rint(encoded * 255.0).astype(np.uint8)
    colours.flags.writeable = False
    return colours


SEQUENTIAL: dict[str, Table] = {
    "ember": _through([(0.14, 0.02, -0.06), (0.36, 0.12, -0.10), (0.58, 0.19, 0.02), (0.76, 0.08, 0.15),
                       (0.96, -0.03, 0.12)]),
    "lagoon": _through([(0.20, 0.02, -0.10), (0.40, -0.02, -0.12), (0.60, -0.10, -0.03), (0.78, -0.12, 0.10),
                        (0.96, -0.04, 0.17)]),
    "grey": _through([(0.0, 0.0, 0.0), (1.0, 0.0, 0.0)]),
}  # fmt: skip
"""(256, 3) uint8 by name: lightness rises evenly from the low end to the high one."""

SIGNED: Table = _through(
    [(0.86, -0.06, -0.10), (0.55, -0.03, -0.15), (0.16, 0.0, -0.01), (0.62, 0.08, 0.13), (0.90, 0.02, 0.13)]
)
"""(256, 3) uint8: blue for below zero, near black for zero, orange for above."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What the ends of a colour map stand for, in `unit`; a signed scale has zero in its middle."""

    low: float
    high: float
    unit: str = ""
    signed: bool = False

    @classmethod
    def shared(cls, maps: Iterable[Maps], unit: str = "", *, signed: bool = False, percentile: float = 100.0) -> Scale:
        """One scale for all of `maps`, so that equal colours mean equal numbers.

        Parameters
        ----------
        maps : iterable of arrays of any shape
            What is not finite is left out.
        signed : bool
            From -m to m instead of from 0 (or the lowest number, if that is below) to the highest.
        percentile : float
            Of the numbers' sizes, that the scale reaches; below 100 a few extreme pixels don't make the rest dark.

        Maps of zeros alone, or of nothing, give a scale of width 1, so that they can be drawn.
        """
        values = [np.asarray(one, np.float64).ravel() for one in maps]
        together = np.concatenate(values) if values else np.zeros(0)
        together = together[np.isfinite(together)]
        if not together.size:
            return cls(-1.0 if signed else 0.0, 1.0, unit, signed)
        if signed:
            most = float(np.percentile(np.abs(together), percentile)) or float(np.abs(together).max()) or 1.0
            return cls(-most, most, unit, True)
        low = min(0.0, float(together.min()))
        high = float(np.percentile(together, percentile))
        high = high if high > low else float(together.max())
        return cls(low, high if high > low else low + 1.0, unit, False)

    def index(self, values: Maps) -> npt.NDArray[np.uint8]:
        """Rows of a colour table for `values`, of the same shape; what is not a number counts as nothing.

        Numbers in the unit of the scale become 0 at `low` and below, 255 at `high` and above.
        """
        numbers = np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=self.high, neginf=self.low)
        share = (numbers - self.low) / (self.high - self.low)
        rows: npt.NDArray[np.uint8] = np.rint(np.clip(share, 0.0, 1.0) * 255.0).astype(np.uint8)
        return rows

    def coloured(self, values: Maps, table: Table) -> npt.NDArray[np.uint8]:
        """(..., 3) colours for `values` out of a `table` of (256, 3)."""
        return table[self.index(values)]


def table_for(signed: bool, name: str = "ember") -> Table:
    """The colour table for a map; raises `KeyError` for a name that is none of `SEQUENTIAL`."""
    return SIGNED if signed else SEQUENTIAL[name]
