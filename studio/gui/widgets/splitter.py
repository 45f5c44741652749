"""A splitter whose handles can be seen: a grip in the middle that lights up under the mouse."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget

from studio.gui.widgets.theme import colors
from studio.language import tr

HANDLE = 8
"""Width of a handle, px: what a hand hits without aiming."""
GRIP, THICK = 36.0, 4.0
"""Length and thickness of the grip, px."""


class _Handle(QSplitterHandle):
    """Two parts are moved against each other with it."""

    def __init__(self, orientation: Qt.Orientation, parent: QSplitter) -> None:
        super().__init__(orientation, parent)
        self.setToolTip(tr("Drag to share the room out another way"))
        self._lit = False

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._light(True)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._light(False)

    def _light(self, lit: bool) -> None:
        self._lit = lit
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors().accent if self._lit else colors().muted))
        upright = self.orientation() == Qt.Orientation.Horizontal
        length = min(GRIP, (self.height() if upright else self.width()) * 0.6)
        width, height = (THICK, length) if upright else (length, THICK)
        middle = QRectF(self.rect()).center()
        painter.drawRoundedRect(QRectF(middle.x() - width / 2, middle.y() - height / 2, width, height), 2, 2)


class Splitter(QSplitter):
    """None of its parts can be folded away by accident."""

    def __init__(self, orientation: Qt.Orientation, parent: QWidget | None = None) -> None:
        super().__init__(orientation, parent)
        self.setChildrenCollapsible(False)
        self.setHandleWidth(HANDLE)

    def createHandle(self) -> QSplitterHandle:
        return _Handle(self.orientation(), self)
