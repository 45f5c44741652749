"""Names that people gave, shown as they are: Qt takes `&` for a shortcut, `[*]` for a change and `<b>` for markup."""

from __future__ import annotations

from PySide6.QtGui import Qt
from PySide6.QtWidgets import QLabel

CHANGED = "[*]"
"""Where a window's title tells of changes that are not saved."""


class PlainLabel(QLabel):
    """A label for texts that a name may stand in."""

    def __init__(self, text: str = "", *, wordWrap: bool = False) -> None:
        super().__init__(text, wordWrap=wordWrap, textFormat=Qt.TextFormat.PlainText)


def in_menu(name: str) -> str:
    """`name` for the text of an action, a button or a tab."""
    return name.replace("&", "&&")


def in_tip(name: str) -> str:
    """`name` for a tooltip."""
    return Qt.convertFromPlainText(name) if Qt.mightBeRichText(name) else name


def in_title(name: str) -> str:
    """`name` for the title of a window, before `CHANGED`."""
    return name.replace(CHANGED, CHANGED * 2)
