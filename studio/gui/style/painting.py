"""Regions painted by hand in both pictures: their masks, strokes of a round brush, and the steps back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from studio.geometry import shrink_within
from studio.gui.state import SIDES, Side, StudioState, other
from studio.overlay import Color, pair_color
from studio.style.model import Region

Paint = npt.NDArray[np.uint8]
"""(h, w) over the whole picture; 255 is inside."""
Place = tuple[float, float]

MASK_SIDE = 1024
"""Longer side, px, of a mask at most."""
MOST_STEPS = 30
LEAST_BRUSH, MOST_BRUSH = 0.002, 0.5
"""Diameter of the brush as a share of the picture's longer side."""


@dataclass(frozen=True, eq=False)
class PaintedRegion:
    """A part of picture A and a part of picture B that belong together.

    `masks` has no entry for a side without paint. A mask is never written to after its stroke, so that regions of
    earlier moments share it.
    """

    number: int
    masks: Mapping[Side, Paint] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        return f"Region {self.number}"

    @property
    def color(self) -> Color:
        return pair_color(self.number)

    @property
    def lacks(self) -> tuple[Side, ...]:
        """The sides without paint."""
        return tuple(side for side in SIDES if side not in self.masks)

    def with_mask(self, side: Side, mask: Paint | None) -> PaintedRegion:
        masks = {one: kept for one, kept in self.masks.items() if one != side}
        return replace(self, masks=masks if mask is None else {**masks, side: mask})


Regions = tuple[PaintedRegion, ...]


@dataclass(eq=False)
class _Stroke:
    side: Side
    erases: bool
    mask: Paint
    before: Regions
    last: Place


class Painting(QObject):
    """The regions of the pictures that are open; places are pixels of the full-size pictures."""

    changed = Signal()
    """Regions came, went, were painted or selected; sent at the end of a stroke."""
    touched = Signal(str)
    """(side) whose paint is to be drawn again"""
    brush_changed = Signal()

    def __init__(self, state: StudioState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._regions: Regions = ()
        self._selected = 0
        self._brush = 0.06
        self._steps: list[tuple[Regions, int]] = []
        self._stroke: _Stroke | None = None
        self._known = {side: state.picture(side) for side in SIDES}
        state.picture_changed.connect(self._on_picture)

    # --- what there is ---

    @property
    def regions(self) -> Regions:
        return self._regions

    @property
    def selected(self) -> PaintedRegion | None:
        """The region that the brush paints."""
        return next((region for region in self._regions if region.number == self._selected), None)

    @property
    def can_undo(self) -> bool:
        return bool(self._steps)

    @property
    def lacking(self) -> str:
        """What is to be painted before a run, in a sentence; nothing if all is there."""
        for region in self._regions:
            if len(region.lacks) == len(SIDES):
                return f"{region.name} has no paint yet: paint it in both pictures, or remove it."
            for side in region.lacks:
                return f"{region.name} has no paint in picture {side}: paint it there too, or remove it."
        return ""

    def given(self, content: Side) -> tuple[Region, ...]:
        """What is painted in both pictures, for a run whose content is that side's picture."""
        return tuple(
            Region(region.masks[content].copy(), region.masks[other(content)].copy(), 0, region.name)
            for region in self._regions
            if not region.lacks
        )

    # --- the list ---

    def add(self) -> None:
        """A further region, selected, with the first number that is free."""
        taken = {region.number for region in self._regions}
        number = next(number for number in range(1, len(taken) + 2) if number not in taken)
        self._set((*self._regions, PaintedRegion(number)), number)

    def select(self, number: int) -> None:
        self.end()
        if number != self._selected:
            self._selected = number
            self._tell()

    def remove(self, number: int) -> None:
        self._set(tuple(region for region in self._regions if region.number != number), self._selected)

    def clear(self) -> None:
        """Take all paint off the region selected."""
        if self.selected is not None and self.selected.masks:
            self._replace(PaintedRegion(self._selected))

    def take(self, masks: list[dict[Side, Paint]]) -> None:
        """Put regions in place of all there are, as one step."""
        self._set(tuple(PaintedRegion(number, one) for number, one in enumerate(masks, 1)), 1)

    def undo(self) -> None:
        """Take the last step back: a stroke, or a region that came, went or was cleared."""
        self.give_up()
        if self._steps:
            self._regions, self._selected = self._steps.pop()
            self._tell()

    # --- the brush ---

    @property
    def brush(self) -> float:
        """Its diameter as a share of the picture's longer side."""
        return self._brush

    def set_brush(self, share: float) -> None:
        self._brush = min(max(share, LEAST_BRUSH), MOST_BRUSH)
        self.brush_changed.emit()

    @property
    def is_painting(self) -> bool:
        """Whether a stroke is on its way."""
        return self._stroke is not None

    def begin(self, side: Side, at: Place, erases: bool = False) -> None:
        """Put the brush down on the region selected."""
        self.end()
        region, picture = self.selected, self._state.picture(side)
        if region is None or picture is None:
            return
        width, height = shrink_within(picture.size, MASK_SIDE)
        mask = region.masks[side].copy() if side in region.masks else np.zeros((height, width), np.uint8)
        self._stroke = _Stroke(side, erases, mask, self._regions, at)
        self._regions = self._with(region.with_mask(side, mask))
        self.go_to(at)

    def go_to(self, at: Place) -> None:
        """Draw the brush to a place in a straight line."""
        stroke = self._stroke
        picture = None if stroke is None else self._state.picture(stroke.side)
        if stroke is None or picture is None:
            return
        height, width = stroke.mask.shape
        factors = width / picture.size[0], height / picture.size[1]
        start, end = (((x + 0.5) * factors[0] - 0.5, (y + 0.5) * factors[1] - 0.5) for x, y in (stroke.last, at))
        _draw(stroke.mask, start, end, max(0.5 * self._brush * max(width, height), 0.5), stroke.erases)
        stroke.last = at
        self.touched.emit(stroke.side)

    def end(self) -> None:
        """Lift the brush: one step, if anything has changed."""
        stroke, self._stroke = self._stroke, None
        if stroke is None:
            return
        region = self.selected
        after, self._regions = self._regions, stroke.before
        before = None if self.selected is None else self.selected.masks.get(stroke.side)
        if region is None or np.array_equal(stroke.mask, np.zeros_like(stroke.mask) if before is None else before):
            self._tell()
        elif stroke.mask.any():
            self._set(after, self._selected)
        else:
            self._replace(region.with_mask(stroke.side, None))

    def give_up(self) -> None:
        """Lift the brush as if it had not been put down."""
        if self._stroke is not None:
            self._regions, self._stroke = self._stroke.before, None
            self._tell()

    # --- keeping in step ---

    def _with(self, region: PaintedRegion) -> Regions:
        return tuple(region if one.number == region.number else one for one in self._regions)

    def _replace(self, region: PaintedRegion) -> None:
        self._set(self._with(region), self._selected)

    def _set(self, regions: Regions, selected: int) -> None:
        """As one step."""
        self.give_up()
        self._steps = [*self._steps, (self._regions, self._selected)][-MOST_STEPS:]
        self._regions = regions
        numbers = [region.number for region in regions]
        self._selected = selected if selected in numbers else max(numbers, default=0)
        self._tell()

    def _tell(self) -> None:
        for side in SIDES:
            self.touched.emit(side)
        self.changed.emit()

    def _on_picture(self, _: str) -> None:
        """A swap takes the paint along; other pictures have none."""
        now = {side: self._state.picture(side) for side in SIDES}
        new = [side for side in SIDES if now[side] is not self._known[side]]
        if not new:
            return
        swapped = all(now[side] is self._known[other(side)] for side in SIDES)
        self._known = now
        self._stroke, self._steps = None, []  # what was painted on pictures that are gone does not come back
        if swapped:
            self._regions = tuple(
                replace(region, masks={other(side): mask for side, mask in region.masks.items()})
                for region in self._regions
            )
        else:
            kept = (replace(one, masks={s: m for s, m in one.masks.items() if s not in new}) for one in self._regions)
            self._regions = tuple(region for region in kept if region.masks)
        if self.selected is None:
            self._selected = max((region.number for region in self._regions), default=0)
        self._tell()


def _draw(mask: Paint, start: Place, end: Place, radius: float, erases: bool) -> None:
    """Draw a line with round ends and an edge one pixel soft; places are pixels of the mask."""
    height, width = mask.shape
    (left, right), (top, bottom) = (
        np.clip([min(ends) - radius - 1, max(ends) + radius + 2], 0, side).astype(int).tolist()
        for ends, side in zip(zip(start, end, strict=True), (width, height), strict=True)
    )
    if left >= right or top >= bottom:
        return
    x = np.arange(left, right, dtype=np.float32)[None, :] - start[0]
    y = np.arange(top, bottom, dtype=np.float32)[:, None] - start[1]
    along = end[0] - start[0], end[1] - start[1]
    length = along[0] ** 2 + along[1] ** 2
    share = np.clip((x * along[0] + y * along[1]) / length, 0.0, 1.0) if length > 0 else np.float32(0.0)
    distance = np.hypot(x - share * along[0], y - share * along[1])
    inside = np.rint(255.0 * np.clip(radius + 0.5 - distance, 0.0, 1.0)).astype(np.uint8)
    part = mask[top:bottom, left:right]
    if erases:
        np.minimum(part, 255 - inside, out=part)
    else:
        np.maximum(part, inside, out=part)
