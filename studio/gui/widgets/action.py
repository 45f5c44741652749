"""What one action of the window is, and what it depends on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Self

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from studio.gui.widgets.usable import own_tip, set_tip
from studio.language import tr


class Condition(Enum):
    """Something that is so at the moment; rooms add their own by an enum below this one, which has no members.

    A member is made of sentences for people, translatable: what is missing while it is not so, and, for what some
    actions can't be used with, what is in the way while it is so.
    """

    missing: str
    in_the_way: str

    def __new__(cls, missing: object = "", in_the_way: str = "") -> Self:
        made = object.__new__(cls)
        made._value_ = len(cls.__members__) + 1
        made.missing, made.in_the_way = missing if isinstance(missing, str) else "", in_the_way
        return made


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

    def why_not(self, now: frozenset[Condition]) -> str:
        """A sentence that says why it can't be used now; "" if it can."""
        reasons = [condition.in_the_way for condition in self.unless if condition in now]
        reasons += [condition.missing for condition in self.needs if condition not in now]
        return tr(reasons[0]) if reasons else ""


SEPARATOR = "-"


def shortcut_text(keys: str) -> str:
    """A shortcut as this desktop writes it."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)


def with_keys(tip: str, keys: Iterable[QKeySequence]) -> str:
    """A tooltip that ends with the first of some shortcuts, if there is one."""
    first = next(iter(keys), QKeySequence()).toString(QKeySequence.SequenceFormat.NativeText)
    return f"{tip} ({first})" if first else tip


class TipFollower(QObject):
    """Goes with its widget, and so hears of the action no longer than that."""

    def __init__(self, widget: QWidget, action: QAction) -> None:
        super().__init__(widget)
        self._widget, self._action, self._tip = widget, action, own_tip(widget)
        action.changed.connect(self._show)
        self._show()

    def say(self, tip: str) -> None:
        """Another tooltip, before the keys."""
        self._tip = tip
        self._show()

    def _show(self) -> None:
        set_tip(self._widget, with_keys(self._tip, self._action.shortcuts()))


def follow_keys(widget: QWidget, action: QAction) -> TipFollower:
    """Have the tooltip of a button tell the shortcut of the action that does the same, whatever it is set to."""
    return TipFollower(widget, action)
