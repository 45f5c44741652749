"""A compare view whose pictures can be many, in rows, one of which is picked by a click."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen

from studio.gui.widgets.compare import CompareView
from studio.gui.widgets.compare_panes import Pane, laid_out
from studio.gui.widgets.theme import colors


class SheetView(CompareView):
    """Pictures stand in as many rows as make them largest."""

    picked = Signal(int)
    """(place among the pictures)"""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._picked: int | None = None

    def set_picked(self, index: int | None) -> None:
        """Which one is marked; None where there is nothing to pick."""
        self._picked = index
        self.update()

    def panes(self) -> list[Pane]:
        return laid_out(self._shown, self._way, QSizeF(self.size()), self._zoom, self._center, self._columns())

    def _columns(self) -> int:
        count = len(self._shown)
        if self._picked is None or count < 2:
            return 0
        width, height = self._shown[0].full_size

        def scale(columns: int) -> float:
            rows = math.ceil(count / columns)
            return min(self.width() / columns / width, self.height() / rows / height)

        return max(range(1, count + 1), key=scale)

    def title_of(self, pane: Pane) -> tuple[str, str]:
        words, color = super().title_of(pane)
        return words, colors().accent if pane.index == self._picked else color

    def paint_beside(self, painter: QPainter, pane: Pane) -> None:
        if pane.index == self._picked and len(self._shown) > 1:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colors().accent), 2))
            painter.drawRect(QRectF(pane.visible).adjusted(-1, -1, 1, 1))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pane = self._pane_at(event.position()) if self._pressed_at is not None else None
        super().mouseReleaseEvent(event)
        if pane is not None and self._picked is not None:
            self.picked.emit(pane.index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and self._picked is not None and len(self._shown) > 1:
            self.picked.emit((self._picked + step) % len(self._shown))
        else:
            super().keyPressEvent(event)
