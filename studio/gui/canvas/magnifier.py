"""A round glass that shows the pixels around a point while it is placed or dragged."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from studio.gui.canvas.items import DisplayPicture
from studio.gui.widgets.painting import checkerboard, image_of

SIDE = 176
"""Screen pixels."""
MARGIN = 12
LEAST_SCALE, MOST_SCALE = 4.0, 24.0
"""Screen pixels that one picture pixel fills under the glass."""
TIMES = 4.0
"""How much larger than in the canvas the glass shows things."""


class Magnifier(QWidget):
    """Lies over a canvas, in the corner that is farthest from the cursor."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFixedSize(SIDE, SIDE)
        self._display: DisplayPicture | None = None
        self._image: QImage | None = None
        self._point = QPointF()
        self._scale = LEAST_SCALE
        self._color = QColor("white")
        self.hide()

    def set_display(self, display: DisplayPicture | None) -> None:
        """The picture to look at."""
        self._display = display
        self._image = None if display is None else image_of(display.levels[0])
        self.hide()

    def look_at(self, point: QPointF, cursor: QPointF, scale: float, color: QColor) -> None:
        """Show the surroundings of `point`, in full-size pixels; `scale` is that of the canvas, screen per picture."""
        parent = self._canvas
        if self._image is None or parent.width() < 2 * SIDE or parent.height() < 1.3 * SIDE:
            self.hide()
            return
        self._point, self._color = point, color
        self._scale = min(max(scale * TIMES, LEAST_SCALE), MOST_SCALE)
        near_left = cursor.x() < SIDE + 3 * MARGIN and cursor.y() < SIDE + 3 * MARGIN
        self.move(parent.width() - SIDE - MARGIN if near_left else MARGIN, MARGIN)
        self.show()
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._display is None or self._image is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(1.5, 1.5, SIDE - 3, SIDE - 3)
        glass = QPainterPath()
        glass.addEllipse(frame)
        painter.setClipPath(glass)
        painter.fillPath(glass, QColor("#15161a"))
        middle = frame.center()
        width, height = self._display.size
        scale = self._scale
        whole = QRectF(
            middle.x() - (self._point.x() + 0.5) * scale,
            middle.y() - (self._point.y() + 0.5) * scale,
            width * scale,
            height * scale,
        )
        # Only what lies under the glass: the whole picture would be a hundred thousand pixels wide.
        shown = whole.intersected(frame)
        if not shown.isEmpty():
            x, y = self._image.width() / width / scale, self._image.height() / height / scale
            corner = shown.topLeft() - whole.topLeft()
            source = QRectF(corner.x() * x, corner.y() * y, shown.width() * x, shown.height() * y)
            # A copy of the few pixels that are seen: Qt would convert whole rows of the picture.
            part = source.toAlignedRect().adjusted(-1, -1, 1, 1).intersected(self._image.rect())
            pixels = self._image.copy(part)
            if self._image.hasAlphaChannel():
                painter.fillRect(shown, checkerboard())
            painter.drawImage(shown, pixels, source.translated(-part.x(), -part.y()))
        self._paint_cross(painter, middle)
        painter.setClipping(False)
        painter.setPen(QPen(QColor(0, 0, 0, 160), 3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(frame)
        painter.setPen(QPen(QColor(255, 255, 255, 230), 1.6))
        painter.drawEllipse(frame)
        self._paint_numbers(painter, frame)

    def _paint_cross(self, painter: QPainter, middle: QPointF) -> None:
        arms = [(gap, reach) for gap, reach in ((5.0, 26.0),)]
        for pen in (QPen(QColor(0, 0, 0, 170), 3.4), QPen(self._color, 1.6)):
            painter.setPen(pen)
            for gap, reach in arms:
                for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                    direction = QPointF(dx, dy)
                    painter.drawLine(middle + direction * gap, middle + direction * reach)
        painter.setPen(QPen(QColor(0, 0, 0, 170), 1))
        painter.setBrush(self._color)
        painter.drawEllipse(middle, 2.2, 2.2)

    def _paint_numbers(self, painter: QPainter, frame: QRectF) -> None:
        text = f"{self._point.x():.2f}, {self._point.y():.2f}"
        font = self.font()
        font.setPixelSize(11)
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(text) + 14
        plate = QRectF(frame.center().x() - width / 2, frame.bottom() - 36, width, 19)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(16, 17, 20, 205))
        painter.drawRoundedRect(plate, 6, 6)
        painter.setPen(QColor("white"))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
