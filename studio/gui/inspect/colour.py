"""From numbers to colours: maps of both pictures on one scale, or each on its own. Knows no Qt widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from studio.arrays import Pixels, Side
from studio.colour_maps import Scale, table_for
from studio.gui.canvas.drawing import Overlay
from studio.gui.inspect.legend import LegendEntry

Numbers = npt.NDArray[np.float32]
SMALL = 160
"""Numbers along the longer side of a small map."""
REACHED = 99.7
"""Percentile of the numbers that an open scale reaches: single pixels of a gradient would darken all others."""


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Numbers over a picture.

    Attributes
    ----------
    values : (h, w) float32
    extent : (float, float)
        Width and height, in full-size pixels, that they cover from the picture's upper left corner on.
    """

    values: Numbers
    extent: tuple[float, float]


def reduced(heat: HeatMap, side: int = SMALL) -> HeatMap:
    """The map with no more numbers than a small picture of it can show."""
    step = max(1, max(heat.values.shape) // side)
    if step == 1:
        return heat
    height, width = heat.values.shape
    values = heat.values[::step, ::step]
    # The last cell may reach over what it stands for.
    extent = (heat.extent[0] * values.shape[1] * step / width, heat.extent[1] * values.shape[0] * step / height)
    return HeatMap(values, extent)


def stretched(values: Numbers, unit: str = "") -> Scale:
    """A scale from the lowest number to the highest: it shows the most, and can't be compared."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return Scale(low, high if high > low else low + 1.0, unit)


def clips(scale: Scale, values: Numbers) -> bool:
    """Whether some of these numbers lie clearly beyond the ends of a scale."""
    slack = 0.01 * (scale.high - scale.low)
    finite = values[np.isfinite(values)]
    return bool(finite.size) and bool(finite.max() > scale.high + slack or finite.min() < scale.low - slack)


@dataclass(frozen=True, slots=True)
class Coloured:
    """The person's choice of how maps are coloured."""

    table: str
    opacity: float
    smooth: bool
    own: bool

    def colours(self, signed: bool) -> Pixels:
        """(256, 3) uint8."""
        return table_for(signed, self.table)

    def tint(self, values: Numbers, scale: Scale) -> Pixels:
        """(h, w, 4) uint8; the picture shows through where there is nothing to tell."""
        table = np.dstack([self.colours(scale.signed)[None], _veil(scale.signed)[None, :, None]])[0]
        return np.ascontiguousarray(table[scale.index(values)])

    def overlay(self, heat: HeatMap, scale: Scale) -> Overlay:
        """The map alone, to be laid over its picture."""
        tint = self.tint(heat.values, scale)
        return Overlay(tint, heat.extent, self.opacity, self.smooth, values=heat.values, unit=scale.unit)

    def both(
        self,
        maps: Mapping[Side, HeatMap],
        title: str,
        unit: str,
        signed: bool,
        beside: Sequence[Numbers] = (),
    ) -> tuple[dict[Side, Overlay], list[LegendEntry]]:
        """Maps of one or both pictures with their legends: one shared scale, or one each if that is asked for.

        Parameters
        ----------
        beside : sequence of arrays
            Other maps that are shown and have the same unit: they share the scale too.
        """
        scales = self.scales(maps, signed, unit, beside)
        overlays = {side: self.overlay(heat, scales[side]) for side, heat in maps.items()}
        legends = []
        for side, scale in scales.items():
            shown = [maps[side]] if self.own else list(maps.values())
            clipped = any(clips(scale, heat.values) for heat in shown)
            words = f"{side}: {title}" if self.own else title
            legends.append(LegendEntry(words, self.colours(signed), scale.low, scale.high, unit, clipped))
        return overlays, legends if self.own else legends[:1]

    def scales(
        self, maps: Mapping[Side, HeatMap], signed: bool, unit: str = "", beside: Sequence[Numbers] = ()
    ) -> dict[Side, Scale]:
        """The scale of each picture; see `both`."""
        if not self.own:
            values = [*(heat.values for heat in maps.values()), *beside]
            return dict.fromkeys(maps, Scale.shared(values, unit, signed=signed, percentile=REACHED))
        if not signed:
            return {side: stretched(heat.values, unit) for side, heat in maps.items()}
        return {side: Scale.shared([heat.values], unit, signed=True, percentile=REACHED) for side, heat in maps.items()}


def _veil(signed: bool) -> Pixels:
    """(256,) uint8 opacity over the places of a table: half at nothing, all from a third of the scale on."""
    share = np.linspace(-1.0, 1.0, 256) if signed else np.linspace(0.0, 1.0, 256)
    least = 0.3 if signed else 0.55
    return np.asarray(255.0 * (least + (1 - least) * np.minimum(np.abs(share) * 3.0, 1.0)), np.uint8)


def with_signs(overlay: Overlay | None, **signs: object) -> Overlay:
    """The overlay with marks, boxes and trace."""
    return replace(overlay or Overlay(), **signs)  # type: ignore[arg-type]
