"""Regions painted by hand in both pictures: their masks, and strokes of a round brush, each a step of the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from studio import document
from studio.arrays import SIDES, Side
from studio.document import Mask, Paint
from studio.geometry import shrink_within
from studio.gui.canvas.state import REGIONS, StudioState, other
from studio.language import tr, translatable
from studio.overlay import Color, pair_color
from studio.picture import Picture
from studio.style.model import Region

Place = tuple[float, float]

MASK_SIDE = 1024
"""Longer side, px, of a mask at most."""
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
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", tr("Region {number}", number=self.number))

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


class _Packer:
    """Packs masks for the history, each once, and gives those that are there already back as they are."""

    def __init__(self) -> None:
        self._known: list[tuple[Paint, Mask]] = []

    def packed(self, regions: Regions) -> document.Regions:
        """As a document keeps them; only masks of these are known afterwards."""
        now: list[tuple[Paint, Mask]] = []

        def pack(paint: Paint | None) -> Mask | None:
            if paint is None:
                return None
            mask = next((mask for known, mask in self._known if known is paint), None) or Mask.of(paint)
            now.append((paint, mask))
            return mask

        kept = tuple(
            document.PaintedRegion(one.number, one.name, *(pack(one.masks.get(side)) for side in SIDES))
            for one in regions
        )
        self._known = now
        return kept

    def unpacked(self, regions: document.Regions) -> Regions:
        """As they are painted on. Raises `DocumentError` for masks that are damaged."""
        now: list[tuple[Paint, Mask]] = []

        def unpack(mask: Mask) -> Paint:
            found = next((paint for paint, known in self._known if known == mask), None)
            paint = mask.paint() if found is None else found
            now.append((paint, mask))
            return paint

        painted = tuple(
            PaintedRegion(
                one.number,
                {side: unpack(mask) for side, mask in zip(SIDES, (one.a, one.b), strict=True) if mask is not None},
                one.name,
            )
            for one in regions
        )
        self._known = now
        return painted


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
        self._packer = _Packer()
        self._stroke: _Stroke | None = None
        self._known = {side: state.picture(side) for side in SIDES}
        state.add_part(REGIONS, (), self._show)
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
    def lacking(self) -> str:
        """What is to be painted before a run, in a sentence; nothing if all is there."""
        for region in self._regions:
            if len(region.lacks) == len(SIDES):
                return tr("{name} has no paint yet: paint it in both pictures, or remove it.", name=region.name)
            for side in region.lacks:
                return tr(
                    "{name} has no paint in picture {side}: paint it there too, or remove it.",
                    name=region.name,
                    side=side,
                )
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
        region = PaintedRegion(number)
        self._set((*self._regions, region), number, tr("Add {name}", name=region.name))

    def select(self, number: int) -> None:
        self.end()
        if number != self._selected:
            self._selected = number
            self._tell()

    def remove(self, number: int) -> None:
        gone = [region.name for region in self._regions if region.number == number]
        kept = tuple(region for region in self._regions if region.number != number)
        self._set(kept, self._selected, tr("Remove {name}", name=" ".join(gone)))

    def rename(self, number: int, name: str) -> None:
        """Give a region another name; spaces around it are left out, and an empty one changes nothing."""
        name = " ".join(name.split())
        for region in self._regions:
            if region.number == number and name and name != region.name:
                self._replace(replace(region, name=name), tr("Rename {name}", name=region.name))

    def clear(self) -> None:
        """Take all paint off the region selected."""
        region = self.selected
        if region is not None and region.masks:
            self._replace(replace(region, masks={}), tr("Clear {name}", name=region.name))

    def take(self, regions: Sequence[tuple[str, Mapping[Side, Paint]]]) -> None:
        """Put regions, each with its name, in place of all there are."""
        made = tuple(PaintedRegion(number, masks, name) for number, (name, masks) in enumerate(regions, 1))
        self._set(made, 1, tr("Take regions"))

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
        else:
            step = translatable("Erase {name} in {side}") if stroke.erases else translatable("Paint {name} in {side}")
            step = tr(step, name=region.name, side=stroke.side)
            if stroke.mask.any():
                self._set(after, self._selected, step)
            else:
                self._replace(region.with_mask(stroke.side, None), step)

    def give_up(self) -> None:
        """Lift the brush as if it had not been put down."""
        if self._stroke is not None:
            self._regions, self._stroke = self._stroke.before, None
            self._tell()

    # --- keeping in step ---

    def _with(self, region: PaintedRegion) -> Regions:
        return tuple(region if one.number == region.number else one for one in self._regions)

    def _replace(self, region: PaintedRegion, step: str) -> None:
        self._set(self._with(region), self._selected, step)

    def _set(self, regions: Regions, selected: int, step: str | None) -> None:
        """As one step, or as a part of the step that comes."""
        self.give_up()
        self._take_over(regions, selected)
        self._state.set_part(REGIONS, self._packer.packed(regions), step)
        self._tell()

    def _take_over(self, regions: Regions, selected: int) -> None:
        self._regions, self._stroke = regions, None
        numbers = [region.number for region in regions]
        self._selected = selected if selected in numbers else max(numbers, default=0)

    def _show(self, regions: document.Regions) -> None:
        """What was painted at another time."""
        self._take_over(self._packer.unpacked(regions), self._selected)
        self._tell()

    def _tell(self) -> None:
        for side in SIDES:
            self.touched.emit(side)
        self.changed.emit()

    def _on_picture(self, _: str) -> None:
        """A swap takes the paint along, a mirrored picture mirrors it; other pictures have none."""
        was, self._known = self._known, {side: self._state.picture(side) for side in SIDES}
        if self._state.is_restoring:
            return
        new = [side for side in SIDES if self._known[side] is not was[side]]
        if not new:
            return
        if all(self._known[side] is was[other(side)] for side in SIDES):
            moved = [{other(side): mask for side, mask in one.masks.items()} for one in self._regions]
        else:
            turned = [side for side in new if _is_mirrored(was[side], self._known[side])]
            moved = [
                {
                    side: np.ascontiguousarray(mask[:, ::-1]) if side in turned else mask
                    for side, mask in one.masks.items()
                    if side not in new or side in turned
                }
                for one in self._regions
            ]
        regions = [replace(one, masks=masks) for one, masks in zip(self._regions, moved, strict=True)]
        self._set(tuple(one for one in regions if one.masks), self._selected, None)


def _is_mirrored(was: Picture | None, now: Picture | None) -> bool:
    """Whether these are one picture and its mirror image."""
    if was is None or now is None or was.mirrored == now.mirrored:
        return False
    return was.origin is not None and was.origin is now.origin


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
