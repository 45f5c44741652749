"""The lines between partners, drawn over both canvases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QWidget

from studio.arrays import SIDES
from studio.gui.canvas.canvas import PictureCanvas
from studio.gui.canvas.labels import POINT_SIZE
from studio.gui.canvas.overlay import onto, paint_ghost_point
from studio.gui.canvas.point_style import point_style
from studio.gui.canvas.state import other

if TYPE_CHECKING:
    from studio.gui.canvas.viewer import Viewer

MOST_LINES = 80
"""With more pairs than this only hot ones get a line: the lines would hide the pictures."""
STRIP = 200
"""Where both pictures stand in a strip narrower or lower than this, px, only hot ones get a line, too."""


class Lines(QWidget):
    """Draws a line from each point to its partner, which lies in the other canvas, or in the same where they overlay.

    It never takes the mouse.
    """

    def __init__(self, viewer: Viewer) -> None:
        super().__init__(viewer)
        self._viewer = viewer
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)

    def paintEvent(self, event: QPaintEvent) -> None:
        viewer = self._viewer
        state = viewer.state
        if not state.has_both:
            return
        hot = state.hot
        pairs = state.shown_pairs
        narrow = min(self.width(), self.height()) < STRIP
        all_of_them = viewer.lines_shown and len(pairs) <= MOST_LINES and not narrow
        shown = [pair for pair in pairs if (all_of_them and pair.enabled) or pair.id in hot]
        if not shown:
            return
        palette = point_style()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRegion(self._region())
        for pair in sorted(shown, key=lambda pair: pair.id in hot):
            number = pair.id
            start, end = self._ends(number)
            if start is None or end is None:
                continue
            color = QColor(*palette.color(pair))
            radius = 10.0 if number in hot else POINT_SIZE / 2
            if viewer.is_overlaid:
                paint_ghost_point(painter, end, color, radius - 1.5)
            line = _between_points(start, end, radius)
            if number in hot:
                painter.setPen(QPen(QColor(0, 0, 0, 130), 4.5))
                painter.drawLine(line)
                painter.setPen(QPen(color, 2.4))
            else:
                color.setAlpha(70 if hot else 150)
                painter.setPen(QPen(color, 1.3))
            painter.drawLine(line)

    def _ends(self, number: int) -> tuple[QPointF | None, QPointF | None]:
        """Where the two points of a pair are seen, in pixels of this widget; the ghost's comes second."""
        viewer = self._viewer
        if not viewer.is_overlaid:
            a, b = (
                self._end(canvas, canvas.point_position(number)) for canvas in (viewer.canvas(side) for side in SIDES)
            )
            return a, b
        canvas, ghost = viewer.canvas(viewer.upper), viewer.canvas(other(viewer.upper))
        partner, size, its_size = ghost.point_of(number), canvas.picture_size, ghost.picture_size
        if partner is None or size is None or its_size is None:
            return None, None
        seen = canvas.to_widget(onto(size, its_size).map(partner))
        return self._end(canvas, canvas.point_position(number)), self._end(canvas, seen)

    def _end(self, canvas: PictureCanvas, position: QPointF | None) -> QPointF | None:
        if position is None or not QRectF(canvas.viewport().rect()).contains(position):
            return None
        return QPointF(canvas.mapTo(self._viewer, position.toPoint()))

    def _region(self) -> QRegion:
        """From the first edge of A's canvas to the last one of B's, the handle between them included."""
        region = QRegion()
        for canvas in (self._viewer.canvas(side) for side in SIDES):
            if canvas.isVisible():
                region += canvas.rect().translated(canvas.mapTo(self._viewer, canvas.rect().topLeft()))
        return QRegion(region.boundingRect())


def _between_points(start: QPointF, end: QPointF, radius: float) -> QLineF:
    """The line from edge to edge of two points of that radius."""
    line = QLineF(start, end)
    length = line.length()
    if length <= 2 * radius:
        return QLineF()
    return QLineF(line.pointAt(radius / length), line.pointAt(1 - radius / length))
