"""What the window shows at the moment: two pictures, the pairs, and which pair is hot."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QObject, Signal

from studio.pairs import PairSet
from studio.picture import Picture

Side = Literal["A", "B"]
SIDES: tuple[Side, Side] = ("A", "B")
RESULT_LEVEL = 0
"""`shown_level` for the final pairs; other values are pyramid levels, 1 being the finest."""


def other(side: Side) -> Side:
    """The opposite side."""
    return "B" if side == "A" else "A"


class StudioState(QObject):
    """The one place that views read from and write to; each change is signalled once."""

    picture_changed = Signal(str)
    pairs_changed = Signal()
    hovered_changed = Signal()
    selected_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures: dict[Side, Picture | None] = {"A": None, "B": None}
        self._pairs = PairSet()
        self._levels: dict[int, PairSet] = {}
        self._shown_level = RESULT_LEVEL
        self._hovered = 0
        self._selected = 0
        self._dragging = False

    def picture(self, side: Side) -> Picture | None:
        return self._pictures[side]

    @property
    def has_both(self) -> bool:
        return all(self._pictures.values())

    def set_picture(self, side: Side, picture: Picture | None) -> None:
        """Put a picture on a side. Pairs of the picture that was there are dropped."""
        self._pictures[side] = picture
        self.set_pairs(PairSet())
        self.picture_changed.emit(side)

    def swap(self) -> None:
        """Exchange the pictures and every pair with them."""
        self._pictures = {"A": self._pictures["B"], "B": self._pictures["A"]}
        pairs, levels = self._pairs.swapped(), {level: found.swapped() for level, found in self._levels.items()}
        for side in SIDES:
            self.picture_changed.emit(side)
        self._pairs, self._levels = pairs, levels
        self.pairs_changed.emit()

    @property
    def pairs(self) -> PairSet:
        """The final pairs."""
        return self._pairs

    @property
    def levels(self) -> dict[int, PairSet]:
        """The pairs found at each level of the last match, by level number."""
        return dict(self._levels)

    @property
    def shown_level(self) -> int:
        return self._shown_level

    @property
    def shown_pairs(self) -> PairSet:
        """What canvases and table show: the final pairs, or those of the level chosen."""
        if self._shown_level == RESULT_LEVEL:
            return self._pairs
        return self._levels.get(self._shown_level, PairSet())

    def set_pairs(self, pairs: PairSet, levels: dict[int, PairSet] | None = None) -> None:
        """Show `pairs` as the result; `levels` are those of its match."""
        self._pairs = pairs
        self._levels = dict(levels or {})
        self._shown_level = RESULT_LEVEL
        self._forget_hot()
        self.pairs_changed.emit()

    def drag_point(self, side: Side, number: int, point: tuple[float, float]) -> None:
        """Move one point of a final pair, within its picture; to be followed by more of it or by `drop_point`."""
        pair, picture = self._pairs.by_id(number), self._pictures[side]
        if self._shown_level != RESULT_LEVEL or pair is None or picture is None:
            return
        (width, height), (x, y) = picture.size, point
        inside = (min(max(x, -0.5), width - 0.5), min(max(y, -0.5), height - 0.5))
        moved = replace(pair, a=inside) if side == "A" else replace(pair, b=inside)
        self._pairs = self._pairs.with_pair(replace(moved, origin="edited"))
        self._dragging = True
        self.pairs_changed.emit()

    def drop_point(self) -> None:
        """The point that was dragged lies still."""
        if self._dragging:
            self._dragging = False
            self.pairs_changed.emit()

    @property
    def is_dragging(self) -> bool:
        """Whether a point is on its way: what takes long should wait for its end."""
        return self._dragging

    def add_level(self, level: int, pairs: PairSet) -> None:
        """Take in, and show, the pairs of a level while a match runs."""
        self._levels[level] = pairs
        self._shown_level = level
        self._forget_hot()
        self.pairs_changed.emit()

    def show_level(self, level: int) -> None:
        if level != self._shown_level:
            self._shown_level = level
            self._forget_hot()
            self.pairs_changed.emit()

    @property
    def hovered(self) -> int:
        """Number of the pair under the mouse, or 0."""
        return self._hovered

    def set_hovered(self, pair_id: int) -> None:
        if pair_id != self._hovered:
            self._hovered = pair_id
            self.hovered_changed.emit()

    @property
    def selected(self) -> int:
        """Number of the selected pair, or 0."""
        return self._selected

    def set_selected(self, pair_id: int) -> None:
        if pair_id != self._selected:
            self._selected = pair_id
            self.selected_changed.emit()

    @property
    def hot(self) -> set[int]:
        """Numbers of the pairs to light up."""
        return {self._hovered, self._selected} - {0}

    def _forget_hot(self) -> None:
        self.set_hovered(0)
        self.set_selected(0)
