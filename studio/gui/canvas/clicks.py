"""Clicks on a canvas, for modes that take a place in a picture."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent

from studio.gui.canvas.canvas import PictureCanvas
from studio.gui.canvas.overlay_layer import OverlayLayer

CLICK_DISTANCE = 4
"""Screen pixels between press and release that still make a click."""


class CanvasClicks(QObject):
    """Tells of clicks beside the gestures of a canvas: where the left button went down and up again."""

    clicked = Signal(QPointF)
    """(place in full-size pixels)"""

    def __init__(self, canvas: PictureCanvas, layer: OverlayLayer, parent: QObject) -> None:
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
