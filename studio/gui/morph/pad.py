"""A square in which one drag sets shape and colour: across moves the shapes, up fades the colours."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui.widgets.theme import colors
from studio.language import tr

STEP = 0.02
LEFT, BOTTOM, EDGE = 24.0, 22.0, 9.0
"""Room for the words beside and below the square, and for half a handle on the other sides."""


class ShapeColourPad(QWidget):
    """Two values of 0 to 1; the time slider moves the handle along its way from A to B."""

    moved = Signal(float, float)
    """(shape, colour) the person chose"""

    def __init__(self) -> None:
        super().__init__()
        self.shape, self.colour = 0.0, 0.0
        self._way: list[tuple[float, float]] = [(0.0, 0.0), (1.0, 1.0)]
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(172)
        self.setAccessibleName(tr("Shape and colour"))
        self.setToolTip(
            tr(
                "Drag: right moves the shapes from A to B, up fades the colours from A to B.\n"
                "Arrow keys move in steps; a double click goes back to the way of the slider."
            )
        )

    def sizeHint(self) -> QSize:
        return QSize(200, 172)

    def set_position(self, shape: float, colour: float) -> None:
        """Move the handle; sends no `moved`."""
        self.shape, self.colour = min(max(shape, 0.0), 1.0), min(max(colour, 0.0), 1.0)
        self.update()

    def set_way(self, way: list[tuple[float, float]]) -> None:
        """The way that the slider takes, as (shape, colour): straight, or bent by the curves."""
        self._way = way
        self.update()

    def square(self) -> QRectF:
        """Where the values lie, in pixels of this widget."""
        side = min(self.width() - LEFT - EDGE, self.height() - BOTTOM - EDGE)
        left = LEFT + (self.width() - LEFT - EDGE - side) // 2  # a whole pixel: a click on a corner is that corner
        return QRectF(left, EDGE, side, side)

    def position(self, shape: float, colour: float) -> QPointF:
        """Where two values lie on the screen."""
        square = self.square()
        return QPointF(square.left() + shape * square.width(), square.bottom() - colour * square.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        c, square = colors(), self.square()
        on = self.isEnabled()
        painter.setPen(QPen(QColor(c.accent if self.hasFocus() else c.border), 1.2))
        painter.setBrush(QColor(c.raised))
        painter.drawRoundedRect(square, 4, 4)
        painter.setPen(QPen(QColor(c.border), 1))
        for share in (0.25, 0.5, 0.75):
            painter.drawLine(self.position(share, 0), self.position(share, 1))
            painter.drawLine(self.position(0, share), self.position(1, share))
        painter.setPen(QPen(QColor(c.muted), 1.4, Qt.PenStyle.DashLine))
        painter.drawPolyline([self.position(*values) for values in self._way])
        painter.setPen(QColor(c.muted))
        below = QRectF(square.left(), square.bottom() + 4, square.width(), BOTTOM - 4)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "A")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, "B")
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, tr("shape →"))
        painter.save()
        painter.translate(square.left() - 4, square.bottom())
        painter.rotate(-90)
        beside = QRectF(0, -18, square.height(), 16)
        painter.drawText(beside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, "A")
        painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, "B")
        painter.drawText(beside, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, tr("colour →"))
        painter.restore()
        painter.setPen(QPen(QColor(c.text), 1.6))
        painter.setBrush(QColor(c.accent if on else c.border))
        painter.drawEllipse(self.position(self.shape, self.colour), 7, 7)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._move_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move_to(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._tell(self.shape, self.shape)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (-STEP, 0.0),
            Qt.Key.Key_Right: (STEP, 0.0),
            Qt.Key.Key_Down: (0.0, -STEP),
            Qt.Key.Key_Up: (0.0, STEP),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._tell(self.shape + step[0], self.colour + step[1])

    def _move_to(self, at: QPointF) -> None:
        square = self.square()
        self._tell((at.x() - square.left()) / square.width(), (square.bottom() - at.y()) / square.height())

    def _tell(self, shape: float, colour: float) -> None:
        self.set_position(shape, colour)
        self.moved.emit(self.shape, self.colour)
