"""What a mode draws on a canvas, over the picture and its points."""

from __future__ import annotations

from dataclasses import replace

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from studio.arrays import Pixels, Size
from studio.gui.canvas.drawing import NOTHING, Mark, Overlay, paint_map, paint_signs


class OverlayLayer(pg.GraphicsObject):
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
