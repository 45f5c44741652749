"""The layer of the mode Inspect on a canvas, over the picture and its points, and the clicks on it."""

from __future__ import annotations

from dataclasses import replace

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from studio.arrays import Pixels, Size
from studio.gui.canvas.canvas import PictureCanvas
from studio.gui.canvas.drawing import NOTHING, Mark, Overlay, paint_map, paint_signs

CLICK_DISTANCE = 4
"""Screen pixels between press and release that still make a click."""


class InspectLayer(pg.GraphicsObject):
    """Draws an `Overlay` over the picture of a canvas, in full-size pixels; under a map the picture turns grey."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(15)  # above the points too: a map is not to be read around them
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._size: Size | None = None
        self._grey: Pixels | None = None
        self._overlay = NOTHING
        self.pointer: tuple[float, float] | None = None

    @property
    def overlay(self) -> Overlay:
        return self._overlay

    def set_picture(self, size: Size | None, grey: Pixels | None) -> None:
        """The size of the picture below, and what to show of it under a map: (h, w, 3) uint8."""
        self.prepareGeometryChange()
        self._size, self._grey = size, grey
        self._overlay = NOTHING
        self.update()

    def set_overlay(self, overlay: Overlay) -> None:
        self._overlay = overlay
        self.update()

    def set_pointer(self, place: tuple[float, float] | None) -> None:
        """Mark the place that the mouse is over on a small map of the same picture."""
        self.pointer = place
        self.update()

    def boundingRect(self) -> QRectF:
        if self._size is None:
            return QRectF()
        # Signs reach beyond the picture's edge by some pixels of the screen.
        margin = 0.1 * max(self._size)
        return QRectF(-0.5, -0.5, *self._size).adjusted(-margin, -margin, margin, margin)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        overlay = self._overlay
        if self.pointer is not None:
            overlay = replace(overlay, marks=(*overlay.marks, Mark(*self.pointer)))
        if self._size is None or overlay.is_empty:
            return
        transform = painter.worldTransform()
        paint_map(painter, self._size, self._grey if overlay.tint is not None else None, overlay)
        painter.save()
        painter.resetTransform()
        paint_signs(painter, lambda x, y: transform.map(QPointF(x, y)), self._size, overlay)
        painter.restore()


class CanvasClicks(QObject):
    """Tells of clicks beside the gestures of a canvas: where the left button went down and up again."""

    clicked = Signal(QPointF)
    """(place in full-size pixels)"""

    def __init__(self, canvas: PictureCanvas, layer: InspectLayer, parent: QObject) -> None:
        super().__init__(parent)
        self._canvas, self._layer = canvas, layer
        self._pressed_at: QPointF | None = None
        self.active = False
        canvas.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.active and isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            if event.type() == QEvent.Type.MouseButtonPress:
                self._pressed_at = event.position()
            elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed_at is not None:
                distance = (event.position() - self._pressed_at).manhattanLength()
                at, self._pressed_at = self._pressed_at, None
                size = self._canvas.picture_size
                if distance <= CLICK_DISTANCE and size is not None and not self._canvas.pair_at(at):
                    scene = self._canvas.viewportTransform().inverted()[0].map(at)
                    place = self._layer.mapFromScene(scene)
                    if -0.5 <= place.x() < size[0] - 0.5 and -0.5 <= place.y() < size[1] - 0.5:
                        self.clicked.emit(place)
        return False
