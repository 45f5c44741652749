"""A line drawn freely around a part of a picture."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from studio.gui.widgets.theme import colors

LEAST_STEP = 3.0
"""Screen pixels between two corners."""


class Lasso(QWidget):
    """Lies over a canvas while the line is drawn; places are pixels of the widget."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._corners: list[QPointF] = []
        self.hide()

    @property
    def is_drawing(self) -> bool:
        return bool(self._corners)

    def begin(self, at: QPointF) -> None:
        """The first corner."""
        self._corners = [QPointF(at)]
        self.setGeometry(self._canvas.rect())
        self.show()
        self.update()

    def go_on(self, at: QPointF) -> None:
        """The next corner, if it is far enough from the last."""
        if (at - self._corners[-1]).manhattanLength() >= LEAST_STEP:
            self._corners.append(QPointF(at))
            self.update()

    def end(self) -> list[QPointF]:
        """The corners; the line is gone."""
        corners, self._corners = self._corners, []
        self.hide()
        return corners

    def paintEvent(self, event: QPaintEvent) -> None:
        if len(self._corners) < 2:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = QColor(colors().accent)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(accent.red(), accent.green(), accent.blue(), 45))
        shape = QPolygonF(self._corners)
        painter.drawPolygon(shape)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(QColor(0, 0, 0, 150), 3.6), QPen(accent, 1.8, Qt.PenStyle.DashLine)):
            painter.setPen(pen)
            painter.drawPolyline(shape)
