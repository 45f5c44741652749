"""Names that people gave, shown as they are: Qt takes `&` for a shortcut, `[*]` for a change and `<b>` for markup."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy

CHANGED = "[*]"
"""Where a window's title tells of changes that are not saved."""


class PlainLabel(QLabel):
    """A label for texts that a name may stand in."""

    def __init__(self, text: str = "", *, wordWrap: bool = False) -> None:
        super().__init__(text, wordWrap=wordWrap, textFormat=Qt.TextFormat.PlainText)


class ElidedLabel(PlainLabel):
    """One line that ends in an ellipsis where it is longer than its place; then its tooltip has all of it."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def words(self) -> str:
        """All of it."""
        return self._words

    def set_words(self, words: str) -> None:
        self._words = words
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        shown = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, self.width())
        self.setText(shown)
        self.setToolTip(in_tip(self._words) if shown != self._words else "")


def in_menu(name: str) -> str:
    """`name` for the text of an action, a button or a tab."""
    return name.replace("&", "&&")


def in_tip(name: str) -> str:
    """`name` for a tooltip."""
    return Qt.convertFromPlainText(name) if Qt.mightBeRichText(name) else name


def in_title(name: str) -> str:
    """`name` for the title of a window, before `CHANGED`."""
    return name.replace(CHANGED, CHANGED * 2)
