"""What one action of the window is, and what it depends on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import chain

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


class Condition(Enum):
    """Something that is so at the moment; rooms add their own by an enum below this one, which has no members."""


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action: it can be used while all of `needs` hold and none of `unless`."""

    id: str
    title: str
    tip: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False
    checked: bool = False
    needs: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    short: str = ""
    """What the button in the tool bar says, where the title is long."""
    worded: bool = False
    """Whether the button in the tool bar says what it does; others show their icon only."""

    def is_enabled(self, now: frozenset[Condition]) -> bool:
        """Whether it can be used now."""
        return now.issuperset(self.needs) and now.isdisjoint(self.unless)

    def obstacle(self, now: frozenset[Condition]) -> Condition | None:
        """The first condition that stands in the way now: one of `needs` that is not so, or one of `unless` that is."""
        lacking = (need for need in self.needs if need not in now)
        return next(chain(lacking, (one for one in self.unless if one in now)), None)


SEPARATOR = "-"


def shortcut_text(keys: str) -> str:
    """A shortcut as this desktop writes it."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)


def with_keys(tip: str, keys: Iterable[QKeySequence]) -> str:
    """A tooltip that ends with the first of some shortcuts, if there is one."""
    first = next(iter(keys), QKeySequence()).toString(QKeySequence.SequenceFormat.NativeText)
    return f"{tip} ({first})" if first else tip


class _TipFollower(QObject):
    """Goes with its widget, and so hears of the action no longer than that."""

    def __init__(self, widget: QWidget, action: QAction) -> None:
        super().__init__(widget)
        self._widget, self._action, self._tip = widget, action, widget.toolTip()
        action.changed.connect(self.show)
        self.show()

    def show(self) -> None:
        tip = with_keys(self._tip, self._action.shortcuts())
        if tip != self._widget.toolTip():
            self._widget.setToolTip(tip)


def follow_keys(widget: QWidget, action: QAction) -> None:
    """Have the tooltip of a button tell the shortcut of the action that does the same, whatever it is set to."""
    _TipFollower(widget, action)
