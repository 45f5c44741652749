"""Shows a person around: a few steps, each pointing at the control that it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from studio.gui.shell.modes import Modes
from studio.gui.widgets.bubble import Bubble, Follower, Ring, is_in_sight


@dataclass(frozen=True, slots=True)
class Step:
    """One bubble.

    Attributes
    ----------
    title, words : str
        In the person's language.
    mode : str
        The mode that is entered for it.
    targets : sequence of callables
        Give the control; the first one that can be seen is pointed at.
    """

    title: str
    words: str
    mode: str
    targets: Sequence[Callable[[], QWidget | None]]

    def target(self, window: QWidget) -> QWidget | None:
        """What is pointed at now."""
        found = (find() for find in self.targets)
        return next((one for one in found if one is not None and is_in_sight(window, one)), None)


class Tour(QObject):
    """Goes through the steps; nothing else is kept from being used meanwhile."""

    ended = Signal()

    def __init__(self, steps: Sequence[Step], modes: Modes, window: QWidget) -> None:
        super().__init__(window)
        self._steps, self._modes, self._window = steps, modes, window
        self._before = modes.current
        self._at = 0
        self.ring, self.bubble = Ring(window), Bubble(window)
        self.bubble.next_asked.connect(lambda: self.go(self._at + 1))
        self.bubble.back_asked.connect(lambda: self.go(self._at - 1))
        self.bubble.skip_asked.connect(self.end)
        self._follower: Follower | None = None
        self.go(0)

    @property
    def at(self) -> int:
        """The step that is shown, from 0."""
        return self._at

    @property
    def step(self) -> Step:
        return self._steps[self._at]

    def go(self, number: int) -> None:
        """Show a step; beyond the last one the tour is over."""
        if number >= len(self._steps):
            self.end()
            return
        self._at = max(0, number)
        step = self.step
        self._modes.show(step.mode)
        self.bubble.say(step.title, step.words, self._at, len(self._steps))
        if self._follower is not None:
            self._follower.stop()
        self._follower = Follower(self._window, lambda: step.target(self._window), self._point_at)

    def end(self) -> None:
        """Go back to the mode that was on, unless the person went elsewhere."""
        if self._follower is None:
            return
        self._follower.stop()
        self._follower = None
        if self._modes.current == self.step.mode:
            self._modes.show(self._before)
        self.ring.deleteLater()
        self.bubble.hide()
        self.bubble.deleteLater()
        self.ring.hide()
        self.ended.emit()

    def _point_at(self, target: QWidget | None) -> None:
        self.ring.go_around(target)
        self.bubble.point_at(target)
