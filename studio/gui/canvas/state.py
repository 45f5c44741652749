"""What the window shows at the moment: two pictures, the pairs, and which of them are selected or hot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.arrays import SIDES, Side
from studio.language import tr, trn
from studio.pairs import PairSet
from studio.pairs.edits import shifted, with_point, within
from studio.picture import Picture

RESULT_LEVEL = 0
"""`shown_level` for the final pairs; other values are pyramid levels, 1 being the finest."""
REGIONS = "regions"
"""The part of the state that is painted: `studio.document.Regions`. Options of forms are parts that are mappings."""


def other(side: Side) -> Side:
    """The opposite side."""
    return "B" if side == "A" else "A"


@dataclass(frozen=True, eq=False)
class Content:
    """All that an edit can change, and that undo brings back; the parts are shared between contents."""

    a: Picture | None = None
    b: Picture | None = None
    pairs: PairSet = field(default_factory=PairSet)
    levels: Mapping[int, PairSet] = field(default_factory=dict)
    parts: Mapping[str, Any] = field(default_factory=dict)
    """What else there is, by name; see `StudioState.add_part`."""

    def picture(self, side: Side) -> Picture | None:
        return self.a if side == "A" else self.b

    def same_pictures(self, than: Content) -> bool:
        """Whether both have the very same pictures."""
        return self.a is than.a and self.b is than.b

    def same(self, than: Content) -> bool:
        """Whether nothing differs that a person would see."""
        same_pairs = self.pairs == than.pairs and self.levels == than.levels
        return self.same_pictures(than) and same_pairs and self.parts == than.parts


class StudioState(QObject):
    """The one place that views read from and write to; each change is signalled once.

    An edit ends with a `commit`, which is one step of undo. What is shown for a while only (the levels of a match
    that runs, a point on its way) is not committed.
    """

    picture_changed = Signal(str)
    pairs_changed = Signal()
    hovered_changed = Signal()
    selected_changed = Signal()
    editable_changed = Signal()
    committed = Signal(str, str)
    """(what was done, key): steps with the same key, if there is one, may be taken together"""
    part_added = Signal(str)
    """(name)"""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures: dict[Side, Picture | None] = {"A": None, "B": None}
        self._pairs = PairSet()
        self._levels: Mapping[int, PairSet] = {}
        self._shown_level = RESULT_LEVEL
        self._hovered = 0
        self._selected = 0
        self._selection: frozenset[int] = frozenset()
        self._dragging = False
        self._before_drag = PairSet()
        self._held = False
        self._provisional = False
        self._steps_open = 0
        self._parts: Mapping[str, Any] = {}
        self._show_part: dict[str, Callable[[Any], None]] = {}
        self._restoring = False

    # --- pictures ---

    def picture(self, side: Side) -> Picture | None:
        return self._pictures[side]

    @property
    def has_both(self) -> bool:
        return all(self._pictures.values())

    def set_picture(self, side: Side, picture: Picture | None) -> None:
        """Put a picture on a side. Pairs of the picture that was there are dropped."""
        was_empty = self._pictures[side] is None
        self._pictures[side] = picture
        self._provisional = False
        with self.one_step(
            tr("Open {name} as {side}", name=picture.name, side=side) if picture else tr("Close {side}", side=side)
        ):
            if not was_empty:  # pairs that wait for a picture which could not be read are kept
                self.set_pairs(PairSet())
            elif not self._pairs:
                self._forget_levels()
            self.picture_changed.emit(side)

    def _forget_levels(self) -> None:
        self._levels = {}
        if self._shown_level == RESULT_LEVEL:
            self.pairs_changed.emit()
        else:
            self.show_level(RESULT_LEVEL)

    def swap(self) -> None:
        """Exchange the pictures and every pair with them."""
        self._pictures = {"A": self._pictures["B"], "B": self._pictures["A"]}
        pairs, levels = self._pairs.swapped(), {level: found.swapped() for level, found in self._levels.items()}
        for side in SIDES:
            self.picture_changed.emit(side)
        self._pairs, self._levels, self._provisional = pairs, levels, False
        self.pairs_changed.emit()
        self.commit(tr("Swap A and B"))

    def exchange(self, side: Side, picture: Picture, pairs: PairSet, step: str) -> None:
        """Put another form of the same picture on a side, with the pairs that go with it, as one step."""
        self._pictures[side] = picture
        self._pairs, self._levels, self._shown_level = pairs, {}, RESULT_LEVEL
        self._provisional = False
        self.picture_changed.emit(side)
        self.pairs_changed.emit()
        self.commit(step)

    # --- steps ---

    @property
    def content(self) -> Content:
        """What there is now."""
        return Content(self._pictures["A"], self._pictures["B"], self._pairs, self._levels, self._parts)

    @property
    def is_provisional(self) -> bool:
        """Whether the pairs are shown for a while only, so that no step may take them for its own."""
        return self._provisional or self._dragging

    def restore(self, content: Content) -> None:
        """Put everything as it was; no step."""
        changed = [side for side in SIDES if self._pictures[side] is not content.picture(side)]
        self._dragging = self._provisional = False
        self._pictures = {"A": content.a, "B": content.b}
        self._pairs, self._levels = content.pairs, content.levels
        self._shown_level = RESULT_LEVEL
        parts, self._parts = self._parts, {**self._parts, **content.parts}
        self._restoring = True
        try:
            for side in changed:
                self.picture_changed.emit(side)
            for name, show in self._show_part.items():
                if changed or self._parts[name] != parts[name]:  # other pictures may have changed what shows a part
                    show(self._parts[name])
        finally:
            self._restoring = False
        self.set_hovered(0)
        self._keep_selection()
        self.pairs_changed.emit()

    @property
    def is_restoring(self) -> bool:
        """Whether all is being put as it was: nothing need be worked out from other pictures."""
        return self._restoring

    # --- what else steps are made of ---

    def add_part(self, name: str, value: Any, show: Callable[[Any], None]) -> None:
        """Something besides pictures and pairs that undo brings back: options of a form, say.

        `value` is what there is of it now, never to be changed and comparable with ==; `show` is called with what it
        was at another time, and brings that before the person.
        """
        self._parts = {**self._parts, name: value}
        self._show_part[name] = show
        self.part_added.emit(name)

    def part(self, name: str) -> Any:
        """What there is of a part now; None if it was never added."""
        return self._parts.get(name)

    def set_part(self, name: str, value: Any, step: str | None, key: str = "") -> None:
        """A part is something else now; `step` None: another step, which comes, has it with it.

        While all is put as it was, parts are what they were, whatever the one that shows them says.
        """
        if self._restoring or self._parts[name] == value:
            return
        self._parts = {**self._parts, name: value}
        if step is not None:
            self.commit(step, key)

    def commit(self, text: str, key: str = "") -> None:
        """What was done until now is a step of its own, called `text`."""
        if not self._steps_open:
            self.committed.emit(text, key)

    @contextmanager
    def one_step(self, text: str) -> Iterator[None]:
        """Everything inside the block is one step."""
        self._steps_open += 1
        try:
            yield
        finally:
            self._steps_open -= 1
        self.commit(text)

    # --- pairs ---

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

    @property
    def can_edit(self) -> bool:
        """Whether the pairs shown may be edited: the final ones, while no match runs."""
        return self._shown_level == RESULT_LEVEL and not self._held

    @property
    def is_held(self) -> bool:
        """Whether a match runs, so that nothing can be edited."""
        return self._held

    def hold(self, held: bool) -> None:
        """No edits, for a match is running."""
        if held != self._held:
            self._held = held
            self.editable_changed.emit()

    def set_pairs(self, pairs: PairSet, levels: Mapping[int, PairSet] | None = None, step: str | None = "") -> None:
        """Show `pairs` as the result; `levels` are those of its match. `step` names it; None: for a while only."""
        self._pairs = pairs
        self._levels = dict(levels or {})
        self._shown_level = RESULT_LEVEL
        self._dragging, self._provisional = False, step is None
        self._forget_hot()
        self.pairs_changed.emit()
        if step is not None:
            self.commit(step or tr("Change pairs"))

    def edit_pairs(self, pairs: PairSet, step: str, key: str = "", select: Iterable[int] | None = None) -> None:
        """As `set_pairs` for an edit by hand: levels and selection stay, or `select` becomes the selection."""
        if not self.can_edit or (pairs == self._pairs and not self._dragging):
            return
        self._dragging = self._provisional = False
        self._pairs = pairs
        if select is not None:
            self._set_selection(frozenset(select))
        self._keep_selection()
        self.pairs_changed.emit()
        self.commit(step, key)

    def drag_point(self, side: Side, number: int, point: tuple[float, float]) -> None:
        """Move one point of a final pair, within its picture; to be followed by more of it or by `drop_point`.

        If the pair is one of several that are selected, all of them come along.
        """
        pair, picture = self._pairs.by_id(number), self._pictures[side]
        if not self.can_edit or pair is None or picture is None or pair.locked:
            return
        if not self._dragging:
            self._before_drag = self._pairs
        if number in self._selection and len(self._selection) > 1:
            at = pair.a if side == "A" else pair.b
            by = (point[0] - at[0], point[1] - at[1])
            self._pairs = shifted(self._pairs, self._selection, side, by, picture.size)
        else:
            self._pairs = self._pairs.with_pair(with_point(pair, side, within(point, picture.size)))
        self._dragging = True
        self.pairs_changed.emit()

    def drop_point(self, side: Side | None = None, number: int = 0) -> None:
        """The point that was dragged lies still: one step."""
        if self._dragging:
            self._dragging = False
            self.pairs_changed.emit()
            several = len(self._selection) if number in self._selection else 1
            self.commit(_moved(several, number, side))

    def give_up_drag(self) -> None:
        """The point on its way goes back."""
        if self._dragging:
            self._dragging = False
            self._pairs = self._before_drag
            self.pairs_changed.emit()

    @property
    def is_dragging(self) -> bool:
        """Whether a point is on its way: what takes long should wait for its end."""
        return self._dragging

    def keep_level(self, level: int, pairs: PairSet) -> None:
        """Take in the pairs of a level while a match runs, to be looked at later."""
        self._levels = {**self._levels, level: pairs}

    def add_level(self, level: int, pairs: PairSet) -> None:
        """Take in, and show, the pairs of a level while a match runs."""
        self.keep_level(level, pairs)
        self._shown_level, self._provisional = level, True
        self._forget_hot()
        self.pairs_changed.emit()

    def show_level(self, level: int) -> None:
        if level != self._shown_level:
            self._shown_level = level
            self._forget_hot()
            self.pairs_changed.emit()
            self.editable_changed.emit()

    # --- hovered and selected ---

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
        """Number of the pair that was selected last, or 0."""
        return self._selected

    @property
    def selection(self) -> frozenset[int]:
        """Numbers of all selected pairs."""
        return self._selection

    def set_selected(self, pair_id: int) -> None:
        """Select one pair, or none (0)."""
        self.set_selection({pair_id} - {0}, pair_id)

    def toggle_selected(self, pair_id: int) -> None:
        """Take one pair into the selection, or out of it."""
        if pair_id:
            selection = self._selection ^ {pair_id}
            self.set_selection(selection, pair_id if pair_id in selection else min(selection, default=0))

    def set_selection(self, pair_ids: Iterable[int], current: int = 0) -> None:
        """Select these pairs, `current` (or the first) being the one that is told of in detail."""
        selection = frozenset(pair_ids)
        if (selection, current or min(selection, default=0)) != (self._selection, self._selected):
            self._set_selection(selection, current)

    def _set_selection(self, selection: frozenset[int], current: int = 0) -> None:
        self._selection = selection
        self._selected = current if current in selection else min(selection, default=0)
        self.selected_changed.emit()

    def _keep_selection(self) -> None:
        """What is gone is not selected any more."""
        there = self._selection & set(self.shown_pairs.ids)
        if there != self._selection:
            self._set_selection(there, self._selected)

    @property
    def hot(self) -> set[int]:
        """Numbers of the pairs to light up."""
        return ({self._hovered} | self._selection) - {0}

    def _forget_hot(self) -> None:
        self.set_hovered(0)
        self.set_selected(0)


def _moved(several: int, number: int, side: Side | None) -> str:
    """The name of the step that moved points."""
    if side is None:
        return tr("Move a point")
    if several > 1:
        return trn("Move {number} point in {side}", "Move {number} points in {side}", several, side=side)
    if number:
        return tr("Move point {number} in {side}", number=number, side=side)
    return tr("Move a point in {side}", side=side)
