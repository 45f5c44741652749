"""Names that people gave, shown as they are: Qt takes `&` for a shortcut, `[*]` for a change and `<b>` for markup.

Labels and tooltips show plain text anyway (`HouseStyle`). What is too long loses its middle, since names tend to begin
alike and to end in what tells them apart, or is broken where no word ends.
"""

from __future__ import annotations

import re

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy

CHANGED = "[*]"
"""Where a window's title tells of changes that are not saved."""
LONGEST = 60
"""Letters of a name in a menu, a button or a title."""
BAR = 36
"""Letters in a bar of progress."""
UNBROKEN = 30
"""Letters without a space that a line may well hold."""
_RUN = re.compile(rf"\S{{{UNBROKEN}}}(?=\S)")
_HERE = "\u200b"
"""Allows to break a line, and is not seen."""


class PlainLabel(QLabel):
    """A label for texts that a name may stand in."""

    def __init__(self, text: str = "", *, wordWrap: bool = False) -> None:
        super().__init__(wordWrap=wordWrap, textFormat=Qt.TextFormat.PlainText)
        self._text = ""
        self.setText(text)

    def setText(self, text: str) -> None:
        self._text = text
        super().setText(breakable(text) if self.wordWrap() else text)

    def text(self) -> str:
        """As it was set."""
        return self._text


class NameLabel(PlainLabel):
    """A label for a name alone, in one line: as wide as there is room for it."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        return QSize(4 * self.fontMetrics().averageCharWidth(), super().minimumSizeHint().height())

    def shown_text(self) -> str:
        """What there is room for."""
        line = " ".join(self.text().splitlines())
        return self.fontMetrics().elidedText(line, Qt.TextElideMode.ElideMiddle, self.contentsRect().width())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.style().drawItemText(
            painter,
            self.contentsRect(),
            self.alignment(),
            self.palette(),
            self.isEnabled(),
            self.shown_text(),
            self.foregroundRole(),
        )


def shortened(name: str, most: int = LONGEST) -> str:
    """`name`, without its middle if it has more than `most` letters."""
    head = (most - 1) // 2
    return name if len(name) <= most else f"{name[:head]}…{name[len(name) - (most - 1 - head) :]}"


def breakable(text: str) -> str:
    """`text` with places in what has no spaces for long at which a line may end."""
    return _RUN.sub(lambda run: run.group() + _HERE, text)


def in_menu(name: str) -> str:
    """`name` for the text of an action, a button or a tab."""
    return shortened(name).replace("&", "&&")


def in_tip(name: str) -> str:
    """`name` for a tooltip."""
    return breakable(name)


def in_bar(text: str) -> str:
    """`text` for a bar of progress, which puts numbers in the place of `%p`, `%v` and `%m`."""
    return shortened(text, BAR).replace("%", f"%{_HERE}")


def in_title(name: str) -> str:
    """`name` for the title of a window, before `CHANGED`."""
    return shortened(name).replace(CHANGED, CHANGED * 2)
