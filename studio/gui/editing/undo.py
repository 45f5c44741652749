"""Undo and redo of everything: each step knows what there was before and after it."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from studio.document import Step
from studio.document.model import HISTORY_LIMIT
from studio.gui.state import Content, StudioState
from studio.pairs import PairChange, PairsError

TOGETHER = 1.5
"""Seconds within which steps of the same key are taken together (presses of an arrow key)."""
PICTURES_KEPT = 6
"""Pictures that only undo can bring back; with more, the oldest steps go, for each may take 100 MB."""


class _Command(QUndoCommand):
    """One step. Pushing it does nothing: the state has changed already."""

    def __init__(self, history: UndoHistory, text: str, before: Content, after: Content, key: str = "") -> None:
        super().__init__(text)
        self._history, self.before, self.after, self.key = history, before, after, key
        self.at = time.monotonic()
        self.step = Step(text, PairChange.between(before.pairs, after.pairs))
        self._is_new = True

    def redo(self) -> None:
        if not self._is_new:
            self._history.restore(self.after)
        self._is_new = False

    def undo(self) -> None:
        self._history.restore(self.before)

    def id(self) -> int:
        return 1 if self.key else -1

    def mergeWith(self, newer: QUndoCommand) -> bool:
        if not isinstance(newer, _Command) or newer.key != self.key:
            return False
        if self.key.startswith("nudge") and newer.at - self.at > TOGETHER:
            return False
        self.after, self.at = newer.after, newer.at
        self.step = Step(self.text(), PairChange.between(self.before.pairs, self.after.pairs))
        return True


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
        self.stack.indexChanged.connect(self._on_index)
        self.stack.cleanChanged.connect(self._on_clean)

    def restore(self, content: Content) -> None:
        """Show what there was before or after a step."""
        if not self._loading:
            self._state.restore(content)

    def _on_commit(self, text: str, key: str) -> None:
        now = self._state.content
        if now.same(self._last):
            return
        before, self._last = self._last, now
        self.stack.push(_Command(self, text, before, now, key))
        self._bound_pictures()

    def _on_index(self, _: int) -> None:
        if not self._loading:
            self._last = self._state.content
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
        """The steps since the pictures were opened, and how many of them are done."""
        commands, index = self._commands(), self.stack.index()
        pictures = self._state.content
        first = index
        while first > 0 and commands[first - 1].before.same_pictures(pictures):
            first -= 1
        last = index
        while last < len(commands) and commands[last].after.same_pictures(pictures):
            last += 1
        return tuple(command.step for command in commands[first:last]), index - first

    def load(self, content: Content, steps: tuple[Step, ...], position: int, clean: bool) -> None:
        """Begin with `content` and the history that a document had."""
        contents = [content.pairs]
        try:
            for step in reversed(steps[:position]):
                contents.insert(0, step.change.undo(contents[0]))
            for step in steps[position:]:
                contents.append(step.change.apply(contents[-1]))
        except PairsError:
            steps, position, contents = (), 0, [content.pairs]

        def at(number: int) -> Content:
            return content if number == position else Content(content.a, content.b, contents[number])

        commands = [_Command(self, step.text, at(number), at(number + 1)) for number, step in enumerate(steps)]
        self._fill(commands, position)
        if clean:
            self.stack.setClean()
        else:
            self.stack.resetClean()
        self._last = content
        self._state.restore(content)
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

    def _bound_pictures(self) -> None:
        commands = self._commands()
        held: set[int] = set()
        for number in range(len(commands) - 1, -1, -1):
            contents = (commands[number].before, commands[number].after)
            held |= {id(picture) for content in contents for picture in (content.a, content.b) if picture is not None}
            if len(held) > PICTURES_KEPT + 2:
                clean = self.stack.cleanIndex() - (number + 1)
                kept = [_Command(self, old.text(), old.before, old.after, old.key) for old in commands[number + 1 :]]
                self._fill(kept, len(kept))
                if clean != len(kept):
                    self.stack.resetClean()
                return
