"""Undo and redo of everything: each step knows what there was before and after it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from weakref import ref

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from studio.document import OptionsChange, Regions, RegionsChange, Step
from studio.document.model import HISTORY_LIMIT
from studio.gui.canvas.state import REGIONS, Content, StudioState
from studio.pairs import PairChange, PairsError
from studio.picture import Picture

TOGETHER = 1.5
"""Seconds within which steps of the same key are taken together (presses of an arrow key)."""
TIMED = ("nudge", "turn")
"""How keys begin whose steps a pause parts; steps of other keys are taken together however long it lasts."""
PAINT_KEPT = 16 << 20
"""Bytes of packed paint that only undo can bring back; with more, the oldest steps go."""
PICTURES_KEPT = 6
"""Pictures that only undo can bring back; with more, the oldest steps go, for each may take 100 MB."""


class _Command(QUndoCommand):
    """One step. Pushing it does nothing: the state has changed already."""

    def __init__(self, history: UndoHistory, text: str, before: Content, after: Content, key: str = "") -> None:
        super().__init__(text)
        # Weak: in a circle with its stack Python's collector frees a command that Qt, which owns it, frees again.
        self._history = ref(history)
        self.before, self.after, self.key = before, after, key
        self.at = time.monotonic()
        self.step = step_between(text, before, after)
        self.pictures, self.paint = _held_by(before, after)
        self._is_new = True

    def redo(self) -> None:
        if not self._is_new:
            self._restore(self.after)
        self._is_new = False

    def undo(self) -> None:
        self._restore(self.before)

    def _restore(self, content: Content) -> None:
        history = self._history()
        if history is not None:
            history.restore(content)

    def id(self) -> int:
        return 1 if self.key else -1

    def mergeWith(self, newer: QUndoCommand) -> bool:
        if not isinstance(newer, _Command) or newer.key != self.key:
            return False
        if self.key.startswith(TIMED) and newer.at - self.at > TOGETHER:
            return False
        self.after, self.at = newer.after, newer.at
        self.step = step_between(self.text(), self.before, self.after)
        self.pictures, self.paint = _held_by(self.before, self.after)
        # There and back again is no step. Qt takes this one away.
        self.setObsolete(self.after.same(self.before))
        return True


def options_of(content: Content) -> dict[str, Mapping[str, Any]]:
    """The options of all forms, by the name they are kept under."""
    return {name: value for name, value in content.parts.items() if isinstance(value, Mapping)}


def regions_of(content: Content) -> Regions:
    """What is painted."""
    return tuple(content.parts.get(REGIONS, ()))


def step_between(text: str, before: Content, after: Content) -> Step:
    """The step from one content to another, as a document keeps it."""
    regions = regions_of(before), regions_of(after)
    return Step(
        text,
        PairChange.between(before.pairs, after.pairs),
        OptionsChange.between(options_of(before), options_of(after)),
        None if regions[0] == regions[1] else RegionsChange(*regions),
    )


def _moved(content: Content, step: Step, forward: bool) -> Content:
    """What there is after a step, or was before it. Raises `PairsError` if it does not fit."""
    change, options = step.change, step.options
    parts = {**content.parts, **(options.apply if forward else options.undo)(options_of(content))}
    if step.regions is not None:
        parts[REGIONS] = step.regions.after if forward else step.regions.before
    if change.is_empty:
        return replace(content, parts=parts)
    pairs = (change.apply if forward else change.undo)(content.pairs)
    return replace(content, pairs=pairs, levels={}, parts=parts)


@dataclass(frozen=True, eq=False)
class PreparedHistory:
    """Steps that were worked out; `content` is what there is after `position` of them."""

    content: Content
    commands: list[_Command]
    position: int


class UndoHistory(QObject):
    """The steps of this window: it listens to what the state commits."""

    changed = Signal()
    """Something was done, undone or done again, or is saved now."""

    def __init__(self, state: StudioState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(HISTORY_LIMIT)
        self._last = state.content
        self._loading = False
        state.committed.connect(self._on_commit)
        state.part_added.connect(self._on_part_added)
        self.stack.indexChanged.connect(self._on_index)
        self.stack.cleanChanged.connect(self._on_clean)

    def restore(self, content: Content) -> None:
        """Show what there was before or after a step."""
        if not self._loading:
            self._state.restore(content)

    def _now(self) -> Content:
        """What there is, without what is shown for a while only."""
        now = self._state.content
        if self._state.is_provisional:
            now = replace(now, pairs=self._last.pairs, levels=self._last.levels)
        return now

    def _on_part_added(self, name: str) -> None:
        """It has been there from the start: no step takes it away."""
        self._last = replace(self._last, parts={**self._last.parts, name: self._state.part(name)})

    def _on_commit(self, text: str, key: str) -> None:
        now = self._now()
        if now.same(self._last):
            return
        before, self._last = self._last, now
        self.stack.push(_Command(self, text, before, now, key))
        self._bound()

    def _on_index(self, _: int) -> None:
        if not self._loading:
            self._last = self._now()
            self._tell()

    def _on_clean(self, _: bool) -> None:
        self._tell()

    def _tell(self) -> None:
        if not self._loading:
            self.changed.emit()

    @property
    def content(self) -> Content:
        """What there was after the last step: without what is shown for a while only."""
        return self._last

    # --- saved or not ---

    @property
    def is_clean(self) -> bool:
        """Whether all steps are saved."""
        return self.stack.isClean()

    @property
    def mark(self) -> object:
        """Stands for the state as it is now, for `mark_clean`."""
        return self._last

    def mark_clean(self, mark: object) -> None:
        """The file has what was there at `mark`; if there were edits since, these are not saved."""
        if mark is self._last:
            self.stack.setClean()
        else:
            self.stack.resetClean()
        self._tell()

    # --- the part of it that a document keeps ---

    def steps(self) -> tuple[tuple[Step, ...], int]:
        """The steps since the pictures were opened, and how many of them are done.

        What a step did to things that a document does not keep is not in it.
        """
        commands, index = self._commands(), self.stack.index()
        pictures = self._state.content
        first = index
        while first > 0 and commands[first - 1].before.same_pictures(pictures):
            first -= 1
        last = index
        while last < len(commands) and commands[last].after.same_pictures(pictures):
            last += 1
        done = [command.step for command in commands[first:index] if not command.step.is_empty]
        undone = [command.step for command in commands[index:last] if not command.step.is_empty]
        return (*done, *undone), len(done)

    def prepared(self, content: Content, steps: tuple[Step, ...], position: int) -> PreparedHistory:
        """The history that a document had, for `begin`; nothing is changed yet."""
        contents = [content]
        try:
            for step in reversed(steps[:position]):
                contents.insert(0, _moved(contents[0], step, forward=False))
            for step in steps[position:]:
                contents.append(_moved(contents[-1], step, forward=True))
        except PairsError:
            steps, position, contents = (), 0, [content]
        commands = [
            _Command(self, step.text, before, after)
            for step, before, after in zip(steps, contents, contents[1:], strict=False)
        ]
        return PreparedHistory(content, commands, position)

    def load(self, content: Content, steps: tuple[Step, ...], position: int, clean: bool) -> None:
        """Begin with `content` and the history that a document had."""
        self.begin(self.prepared(content, steps, position), clean)

    def begin(self, prepared: PreparedHistory, clean: bool) -> None:
        """Begin with what was prepared."""
        self._fill(prepared.commands, prepared.position)
        if clean:
            self.stack.setClean()
        else:
            self.stack.resetClean()
        self._last = prepared.content
        self._state.restore(prepared.content)
        self.changed.emit()

    def _fill(self, commands: list[_Command], position: int) -> None:
        self._loading = True
        try:
            self.stack.clear()
            for command in commands:
                self.stack.push(command)
            self.stack.setIndex(position)
        finally:
            self._loading = False

    def _commands(self) -> list[_Command]:
        commands = [self.stack.command(number) for number in range(self.stack.count())]
        return [command for command in commands if isinstance(command, _Command)]

    def _bound(self) -> None:
        """Let the oldest steps go if they hold more than they may of what takes much memory."""
        commands = self._commands()
        pictures, paint = set[int](), dict[str, int]()
        shown = {id(picture) for picture in _pictures_of(self._last)}
        for number in range(len(commands) - 1, -1, -1):
            pictures |= commands[number].pictures
            paint |= commands[number].paint
            if len(pictures - shown) > PICTURES_KEPT or sum(paint.values()) > PAINT_KEPT:
                clean = self.stack.cleanIndex() - (number + 1)
                left = commands[number + 1 :]
                # Without their keys, or Qt would take some together that a pause has parted.
                keys = ["" for _ in left[:-1]] + [old.key for old in left[-1:]]
                kept = [
                    _Command(self, old.text(), old.before, old.after, key) for old, key in zip(left, keys, strict=True)
                ]
                self._fill(kept, len(kept))
                if clean != len(kept):
                    self.stack.resetClean()
                return


def _pictures_of(content: Content) -> Iterable[Picture]:
    """Those on both sides, and those that parts have, which name them `pictures`."""
    yield from (picture for picture in (content.a, content.b) if picture is not None)
    for part in content.parts.values():
        yield from getattr(part, "pictures", ())


def _held_by(before: Content, after: Content) -> tuple[set[int], dict[str, int]]:
    """What takes memory: pictures, by their ids, and packed masks, key to bytes."""
    pictures, paint = set[int](), dict[str, int]()
    for content in (before, after):
        pictures |= {id(picture) for picture in _pictures_of(content)}
        paint |= {mask.key: len(mask.packed) for region in regions_of(content) for mask in region.masks}
    return pictures, paint
