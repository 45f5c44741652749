"""What one action of the window is, and what it depends on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtGui import QKeySequence


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


SEPARATOR = "-"


def shortcut_text(keys: str) -> str:
    """A shortcut as this desktop writes it."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
