"""Tooltips of all kinds, of buttons, cells, headers and actions: plain text in lines that can be read."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget

LINE = 60
"""About how many letters a line of a tooltip has at most."""


def is_tip(widget: QWidget) -> bool:
    """Whether this is the label that Qt shows tooltips in."""
    return widget.isWindow() and widget.inherits("QTipLabel")


class Tips(QObject):
    """Breaks the lines of tooltips that are about to be shown.

    Qt writes plain text in one line however long, and breaks HTML only, in which a name could be markup. One label
    shows all tooltips, so that it is the place for all of them.
    """

    def take_in(self, label: QLabel) -> None:
        """See to the label; Qt makes a new one now and then."""
        label.setMaximumWidth(self._width(label))
        label.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        shown = event.type() in (QEvent.Type.Show, QEvent.Type.Resize, QEvent.Type.Paint)
        if shown and isinstance(watched, QLabel) and not watched.wordWrap():
            self._break_lines(watched)
        return False

    def _width(self, label: QLabel) -> int:
        return LINE * label.fontMetrics().averageCharWidth()

    def _break_lines(self, label: QLabel) -> None:
        """Qt laid the text out in one line, as wide as it may be: make it as high as it is."""
        metrics, room = label.fontMetrics(), self._width(label)
        if all(metrics.horizontalAdvance(line) <= room for line in label.text().splitlines()):
            return
        label.setWordWrap(True)
        place = QRect(label.pos(), label.size())
        place.setHeight(label.heightForWidth(place.width()))
        screen = QGuiApplication.screenAt(place.topLeft())
        if screen is not None and place.bottom() > screen.geometry().bottom():
            place.moveBottom(place.top() - 24)  # above the mouse, whose arrow Qt keeps free
        label.setGeometry(place)
