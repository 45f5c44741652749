"""A and B on top of each other: the other picture as a ghost over a canvas, and the slider that fades between them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QTransform
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from studio.arrays import Side, Size
from studio.gui.canvas.items import DisplayPicture, PictureItem
from studio.gui.widgets.painting import paint_plate
from studio.language import tr

GHOST_HEIGHT = 5.0
"""Z value: over the picture of the canvas, under what is painted on it and under the points."""
MARGIN = 10
"""Between the slider and the edge of the pictures, px."""
FADE_WIDTH = 150


def onto(size: Size, other: Size) -> QTransform:
    """From pixels of a picture of size `other`, (width, height), to those of one of `size`: edge comes to edge."""
    x, y = size[0] / other[0], size[1] / other[1]
    return QTransform(x, 0.0, 0.0, y, (x - 1) / 2, (y - 1) / 2)


class Ghost(PictureItem):
    """The picture of the other side, stretched over that of a canvas."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(GHOST_HEIGHT)
        self.hide()

    def lie_over(self, size: Size, display: DisplayPicture) -> None:
        """Show `display` over a picture of size (width, height)."""
        self.set_display(display)
        self.setTransform(onto(size, display.size))


class Fade(QWidget):
    """A slider from A to B that floats at the lower edge of the pictures."""

    changed = Signal(float)
    """(share of B, 0 to 1)"""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setValue(40)
        self.slider.setMinimumWidth(40)
        self.slider.setAccessibleName(tr("From A to B"))
        self.slider.setToolTip(tr("Fade from A to B; the points of the picture that is seen more can be dragged"))
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 5, 10, 5)
        row.setSpacing(8)
        row.addWidget(QLabel("A"))
        row.addWidget(self.slider, 1)
        row.addWidget(QLabel("B"))
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.slider.valueChanged.connect(lambda value: self.changed.emit(value / 100))
        over.installEventFilter(self)
        self.hide()

    @property
    def share(self) -> float:
        """How much of B is seen, 0 to 1."""
        return self.slider.value() / 100

    @property
    def side(self) -> Side:
        """Whose picture is seen more."""
        return "A" if self.share < 0.5 else "B"

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_plate(QPainter(self), QRectF(self.rect()))

    def place(self) -> None:
        """Go to the lower edge of what it floats over."""
        over = self._over
        width = min(FADE_WIDTH + 60, over.width() - 2 * MARGIN)
        self.resize(width, self.sizeHint().height())
        self.move((over.width() - width) // 2, over.height() - self.height() - MARGIN)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.place()
        return super().eventFilter(watched, event)


def paint_ghost_point(painter: QPainter, at: QPointF, color: QColor, radius: float) -> None:
    """Where the point of the other picture lies: a ring, for it can't be dragged there."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(0, 0, 0, 130), 3.6))
    painter.drawEllipse(at, radius, radius)
    painter.setPen(QPen(color, 1.8))
    painter.drawEllipse(at, radius, radius)
