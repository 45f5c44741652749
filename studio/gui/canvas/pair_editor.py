"""Editing pairs by hand: what the menu Edit, the keys and the clicks in the pictures do to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QMimeData, QObject, QPointF, Signal
from PySide6.QtGui import QGuiApplication

from studio.arrays import SIDES, Point, Side
from studio.buddies.answers import Proposal
from studio.geometry import denormalise, normalise
from studio.gui.canvas.canvas import TOOLS, Tool
from studio.gui.canvas.conditions import Shared
from studio.gui.canvas.displays import display_of
from studio.gui.canvas.state import StudioState, other
from studio.gui.canvas.viewer import Viewer
from studio.gui.widgets.action import Condition
from studio.gui.widgets.messages import Messages
from studio.jobs import JobQueue
from studio.language import tr, trn
from studio.pairs import PairsError, PairSet, PointPair, check_pairs, edits, is_table, parse_table
from studio.picture import Picture
from studio.progress import Job, Progress

PAIRS_MIME = "application/x-buddies-studio-pairs"
SURE = 0.5
"""Pairs below this confidence wait in the queue of doubtful ones."""


class PairEditor(QObject):
    """Does every edit as one step of undo."""

    changed = Signal()
    """What can be done may be something else now."""
    placed = Signal(int, str)
    """(number of a new pair, side that was clicked on)"""

    def __init__(
        self, state: StudioState, viewer: Viewer, jobs: JobQueue, messages: Messages, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._viewer, self._jobs, self._messages = state, viewer, jobs, messages
        for side in SIDES:
            canvas = viewer.canvas(side)
            canvas.place_asked.connect(lambda point, side=side: self.place(side, point))
            canvas.nudged.connect(lambda dx, dy, side=side: self.nudge(side, dx, dy))
            canvas.pair_dragged.connect(self._tell_locked)
        state.selected_changed.connect(self.changed)
        state.editable_changed.connect(self.changed)

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the actions do, by their ids."""
        return {
            **{f"tool_{tool}": self._tool_handler(tool) for tool in TOOLS},
            "delete_pairs": self.delete,
            "enable_pairs": self.toggle_enabled,
            "lock_pairs": self.toggle_locked,
            "select_all": lambda: self._state.set_selection(self._state.shown_pairs.ids),
            "select_none": lambda: self._state.set_selection(()),
            "renumber": self.renumber,
            "mirror_b": self.mirror_b,
            "clear_pairs": self.clear,
            "cut_pairs": self.cut,
            "copy_pairs": self.copy,
        }

    def conditions(self) -> set[Condition]:
        """What of `Shared` is so, as far as edits by hand are concerned."""
        now = set[Condition]()
        if self._state.can_edit:
            now.add(Shared.CAN_EDIT)
            if self._state.selection:
                now.add(Shared.CAN_EDIT_SELECTION)
        if self._state.selection:
            now.add(Shared.SELECTION)
        return now

    def _tool_handler(self, tool: Tool) -> Callable[[bool], None]:
        return lambda on: self._viewer.set_tool(tool) if on else None

    # --- adding ---

    def place(self, side: Side, point: QPointF) -> None:
        """Add a pair where somebody clicked; its partner is put where the other pairs say that it should be."""
        here, there = self._state.picture(side), self._state.picture(other(side))
        if not self._state.can_edit:
            return
        if here is None or there is None:
            self._messages.info(tr("A pair needs both pictures: open the other one first."))
            return
        at = (point.x(), point.y())
        partner = edits.within(guess_partner(self._state.pairs, side, at, here, there), there.size)
        a, b = (at, partner) if side == "A" else (partner, at)
        pairs, number = edits.placed(self._state.pairs, a, b)
        self._state.edit_pairs(pairs, tr("Add pair {number}", number=number), f"place-{number}", select=[number])
        self.placed.emit(number, side)

    def correct_partner(self, number: int, side: Side, proposal: Proposal) -> None:
        """A better place for the partner of a new pair was found."""
        pair, picture = self._state.pairs.by_id(number), self._state.picture(other(side))
        if pair is None or picture is None or self._state.is_dragging:
            return
        partner = edits.within(proposal.partner, picture.size)
        moved = replace(pair, b=partner) if side == "A" else replace(pair, a=partner)
        moved = replace(moved, confidence=proposal.confidence, rank=proposal.rank)
        self._state.edit_pairs(
            self._state.pairs.with_pair(moved), tr("Add pair {number}", number=number), f"place-{number}"
        )

    # --- what is selected ---

    def nudge(self, side: Side, dx: float, dy: float) -> None:
        """Move the selected points of one picture by some pixels; quick presses are one step."""
        picture, selection = self._state.picture(side), self._state.selection
        if picture is None or not selection or not self._state.can_edit:
            return
        pairs = edits.shifted(self._state.pairs, selection, side, (dx, dy), picture.size)
        if len(selection) == 1:
            step = tr("Nudge point {number} in {side}", number=min(selection), side=side)
        else:
            step = trn("Nudge {number} point in {side}", "Nudge {number} points in {side}", len(selection), side=side)
        self._state.edit_pairs(pairs, step, f"nudge-{side}-{sorted(selection)}")
        if self._all_locked():
            self._say_locked()

    def delete(self) -> None:
        """Remove the selected pairs; locked ones stay."""
        selection = self._state.selection
        pairs = edits.deleted(self._state.pairs, selection)
        count = len(self._state.pairs) - len(pairs)
        step = trn("Delete {number} pair", "Delete {number} pairs", count)
        if count == 1 and len(selection) == 1:
            step = tr("Delete pair {number}", number=min(selection))
        self._state.edit_pairs(pairs, step)
        if count < len(selection):
            self._say_locked()

    def clear(self) -> None:
        """Remove all pairs but the locked ones."""
        self._state.edit_pairs(edits.deleted(self._state.pairs, self._state.pairs.ids), tr("Clear pairs"))
        if len(self._state.pairs):
            self._messages.info(tr("Locked pairs were kept; unlock them to remove them too."))

    def toggle_enabled(self) -> None:
        """Take the selected pairs out of use, or into it if all of them are out."""
        chosen = self._state.pairs.only(self._state.selection)
        enabled = not any(pair.enabled for pair in chosen)
        pairs = edits.with_enabled(self._state.pairs, self._state.selection, enabled)
        count, number = len(chosen), min(self._state.selection, default=0)
        if count == 1:
            step = tr("Enable pair {number}", number=number) if enabled else tr("Disable pair {number}", number=number)
        elif enabled:
            step = trn("Enable {number} pair", "Enable {number} pairs", count)
        else:
            step = trn("Disable {number} pair", "Disable {number} pairs", count)
        self._state.edit_pairs(pairs, step)

    def toggle_locked(self) -> None:
        """Hold the selected pairs fast, or free them if all of them are held."""
        chosen = self._state.pairs.only(self._state.selection)
        locked = not all(pair.locked for pair in chosen)
        pairs = edits.with_locked(self._state.pairs, self._state.selection, locked)
        count, number = len(chosen), min(self._state.selection, default=0)
        if count == 1:
            step = tr("Lock pair {number}", number=number) if locked else tr("Unlock pair {number}", number=number)
        elif locked:
            step = trn("Lock {number} pair", "Lock {number} pairs", count)
        else:
            step = trn("Unlock {number} pair", "Unlock {number} pairs", count)
        self._state.edit_pairs(pairs, step)

    def edit_row(self, pair: PointPair, what: str) -> None:
        """Put a pair that was edited in the table in the place of the one of its number."""
        old = self._state.pairs.by_id(pair.id)
        if old is None or old == pair:
            return
        if old.locked and (old.a, old.b) != (pair.a, pair.b):
            self._say_locked()
            return
        points = {}
        for side, point in (("a", pair.a), ("b", pair.b)):
            picture = self._state.picture("A" if side == "a" else "B")
            points[side] = point if picture is None else edits.within(point, picture.size)
        origin = "edited" if old.origin == "matched" and (old.a, old.b) != (pair.a, pair.b) else old.origin
        self._state.edit_pairs(
            self._state.pairs.with_pair(replace(pair, a=points["a"], b=points["b"], origin=origin)), what
        )

    # --- all of them ---

    def renumber(self) -> None:
        """Number the pairs from 1 in their order."""
        number_of = {pair.id: place for place, pair in enumerate(self._state.pairs, start=1)}
        selection = [number_of[number] for number in self._state.selection if number in number_of]
        self._state.edit_pairs(edits.renumbered(self._state.pairs), tr("Renumber pairs"), select=selection)

    def mirror_b(self) -> None:
        """Turn picture B left to right, with its points: two animals that look the other way can be matched then."""
        picture = self._state.picture("B")
        if picture is None or not self._state.can_edit:
            return

        def make() -> Job[Picture]:
            yield Progress(0.2, tr("mirroring {name}", name=picture.name))
            flipped = picture.flipped()
            display_of(flipped)
            return flipped

        def done(flipped: Picture) -> None:
            if self._state.picture("B") is picture and self._state.can_edit:
                pairs = edits.mirrored(self._state.pairs, "B", picture.size[0])
                self._state.exchange("B", flipped, pairs, tr("Mirror B"))

        handle = self._jobs.submit(tr("Mirror {name}", name=picture.name), make, lane="files")
        handle.finished.connect(done)
        handle.failed.connect(self._messages.error)

    # --- the clipboard ---

    def copy(self) -> None:
        """Put the selected pairs, or all if none is, on the clipboard: as they are, and as a table for spreadsheets."""
        pairs = self._state.shown_pairs
        if self._state.selection:
            pairs = pairs.only(self._state.selection)
        rows = ["ax\tay\tbx\tby"]
        rows += ["\t".join(f"{value:g}" for value in (*pair.a, *pair.b)) for pair in pairs]
        mime = QMimeData()
        mime.setText("\n".join(rows))
        mime.setData(PAIRS_MIME, json.dumps(pairs.to_dicts()).encode())
        QGuiApplication.clipboard().setMimeData(mime)
        self._messages.info(trn("One pair was copied.", "{number} pairs were copied.", len(pairs)))

    def cut(self) -> None:
        """Copy the selected pairs and remove them."""
        self.copy()
        self.delete()

    def paste(self, mime: QMimeData) -> bool:
        """Add the pairs on the clipboard; False if it holds none."""
        if not self._state.can_edit:
            return False
        try:
            pasted = pairs_of(mime)
            if pasted is not None:
                a, b = (None if one is None else one.size for one in map(self._state.picture, SIDES))
                check_pairs(pasted, a, b)
        except PairsError as error:
            self._messages.error(str(error))
            return True
        if pasted is None:
            return False
        if not len(pasted):
            self._messages.info(tr("There are no pairs on the clipboard, only the names of their columns."))
            return True
        pairs, numbers = edits.added(self._state.pairs, pasted)
        self._state.edit_pairs(pairs, trn("Paste {number} pair", "Paste {number} pairs", len(pasted)), select=numbers)
        return True

    # --- doubtful pairs ---

    def doubtful(self) -> list[int]:
        """The numbers of the pairs that nobody has looked at and that are least sure, the most doubtful first."""
        pairs = [pair for pair in self._state.pairs if pair.origin == "matched" and pair.enabled and not pair.locked]
        return [pair.id for pair in sorted(pairs, key=lambda pair: (pair.confidence, pair.id))]

    def go_to_doubtful(self, by: int) -> None:
        """Select the next pair in the queue, or the one before, and look at it."""
        queue = self.doubtful()
        if not queue:
            self._messages.info(tr("No matched pair is left to look at."))
            return
        selected = self._state.selected
        place = (queue.index(selected) + by) % len(queue) if selected in queue else (0 if by > 0 else -1)
        number = queue[place]
        self._state.set_selected(number)
        self._viewer.show_pair(number)
        pair = self._state.pairs.by_id(number)
        assert pair is not None
        self._messages.info(
            tr(
                "Pair {number}, confidence {confidence:.2f}: {place} of {total}.",
                number=number,
                confidence=pair.confidence,
                place=place % len(queue) + 1,
                total=len(queue),
            )
        )

    # --- words ---

    def _all_locked(self) -> bool:
        chosen = self._state.pairs.only(self._state.selection)
        return len(chosen) > 0 and all(pair.locked for pair in chosen)

    def _tell_locked(self, number: int, _: QPointF) -> None:
        pair = self._state.pairs.by_id(number)
        if pair is not None and pair.locked:
            self._say_locked()

    def _say_locked(self) -> None:
        self._messages.info(tr("Locked pairs stay where they are; Ctrl+L unlocks the selected ones."))


def guess_partner(pairs: PairSet, side: Side, point: Point, here: Picture, there: Picture) -> Point:
    """Where the other pairs would carry a point, by moving least squares; its relative place if there are none."""
    from studio.warp.fields import moving_least_squares

    used = pairs.enabled()
    sources, targets = (used.a, used.b) if side == "A" else (used.b, used.a)
    start = denormalise(normalise([point], here.size), there.size)
    if len(used):
        sources = denormalise(normalise(sources, here.size), there.size)
        start = moving_least_squares(start, sources, targets, "similarity")
    return float(start[0, 0]), float(start[0, 1])


def pairs_of(mime: QMimeData) -> PairSet | None:
    """The pairs on a clipboard, ours or a table with the columns ax, ay, bx, by; None if there are none.

    Raises
    ------
    PairsError
        There is such a table, but a number in it is none.
    """
    if mime.hasFormat(PAIRS_MIME):
        try:
            return PairSet.from_dicts(json.loads(bytes(mime.data(PAIRS_MIME).data())), tr("the clipboard"))
        except (ValueError, TypeError) as error:
            raise PairsError(tr("The pairs on the clipboard can't be read.")) from error
    text = mime.text() if mime.hasText() else ""
    return parse_table(text, tr("the clipboard")) if is_table(text) else None
