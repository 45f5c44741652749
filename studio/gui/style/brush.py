"""Painting on a canvas: what is painted as a translucent colour, the brush's outline, and the mouse that moves it."""

from __future__ import annotations

from functools import lru_cache

import cv2
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    qRgba,
)
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from studio.arrays import Side, Size
from studio.document import Paint
from studio.gui.canvas.canvas import PictureCanvas
from studio.gui.canvas.state import StudioState
from studio.gui.style.painting import PaintedRegion, Painting
from studio.overlay import Color

OPACITY, FAINT = 0.5, 0.35
"""Of the region selected, and of the others."""
NEAR = 0.6
"""How far a border that is drawn may be from that of the paint, in pixels of the mask; few points will do then."""
BRUSH_STEP = 1.2
"""How much the keys [ and ] change the brush."""
BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)


class PaintLayer(pg.GraphicsObject):
    """Draws the paint on one picture, below its points, in full-size pixels."""

    def __init__(self, state: StudioState, painting: Painting, side: Side) -> None:
        super().__init__()
        self.setZValue(8)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._state, self._painting, self._side = state, painting, side
        self._at: QPointF | None = None
        self._borders: dict[int, tuple[Paint, QPainterPath]] = {}
        self.setVisible(False)
        painting.touched.connect(self._on_touched)
        painting.brush_changed.connect(self.update)
        state.picture_changed.connect(self._on_picture)

    def set_cursor(self, at: QPointF | None) -> None:
        """Where the brush is, or None."""
        self._at = at
        self.update()

    @property
    def _size(self) -> Size | None:
        picture = self._state.picture(self._side)
        return None if picture is None else picture.size

    def boundingRect(self) -> QRectF:
        size = self._size
        if size is None:
            return QRectF()
        margin = self._painting.brush * max(size)  # the brush reaches beyond the edge
        return QRectF(-0.5, -0.5, *size).adjusted(-margin, -margin, margin, margin)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        size, selected = self._size, self._painting.selected
        if size is None:
            return
        painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
        for region in self._painting.regions:
            self._paint_region(painter, QRectF(-0.5, -0.5, *size), region, OPACITY if region is selected else FAINT)
        if self._at is not None and selected is not None:
            radius = 0.5 * self._painting.brush * max(size)
            circle = QPainterPath()
            circle.addEllipse(self._at, radius, radius)
            _draw_line(painter, selected, circle, 1.6)

    def _paint_region(self, painter: QPainter, rect: QRectF, region: PaintedRegion, opacity: float) -> None:
        mask = region.masks.get(self._side)
        if mask is None:
            return
        height, width = mask.shape
        image = QImage(mask.data, width, height, width, QImage.Format.Format_Indexed8)  # over the mask's own memory
        image.setColorTable(_shades(region.color, opacity))
        painter.drawImage(rect, image)
        painter.save()
        painter.translate(rect.topLeft())
        painter.scale(rect.width() / width, rect.height() / height)
        _draw_line(painter, region, self._border(region.number, mask), 1.0)
        painter.restore()

    def _border(self, number: int, mask: Paint) -> QPainterPath:
        """Around what is painted, in pixels of the mask: on a picture of its own colour paint would not be seen."""
        kept = self._borders.get(number)
        if kept is None or kept[0] is not mask or self._painting.is_painting:
            path = QPainterPath()
            lines, _ = cv2.findContours((mask > 127).astype("u1"), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
            for line in (cv2.approxPolyDP(one, NEAR, True) for one in lines):
                path.addPolygon(QPolygonF([QPointF(x + 0.5, y + 0.5) for x, y in line[:, 0].tolist()]))
                path.closeSubpath()
            kept = self._borders[number] = mask, path
        return kept[1]

    def _on_touched(self, side: str) -> None:
        if side == self._side:
            self.update()

    def _on_picture(self, _: str) -> None:
        self.prepareGeometryChange()
        self._at = None
        self._borders.clear()
        self.update()


@lru_cache
def _shades(color: Color, opacity: float) -> list[int]:
    """The colour of each value of a mask."""
    return [qRgba(*color, round(opacity * value)) for value in range(256)]


def _draw_line(painter: QPainter, region: PaintedRegion, path: QPainterPath, width: float) -> None:
    """In the region's colour on dark, of the same width at every zoom."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, more in ((QColor(0, 0, 0, 170), 1.8), (QColor(*region.color).lighter(125), 0.0)):
        pen = QPen(color, width + more)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawPath(path)


class PaintBrush(QObject):
    """Takes the left and the right button of a canvas, and leaves panning and zooming to it.

    Left paints; right, or left with Shift, erases. The middle button, or Space, moves the picture as ever.
    """

    def __init__(
        self, canvas: PictureCanvas, layer: PaintLayer, painting: Painting, side: Side, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._canvas, self._layer, self._painting, self._side = canvas, layer, painting, side
        self._button = Qt.MouseButton.NoButton
        self._active = False
        canvas.installEventFilter(self)
        canvas.viewport().installEventFilter(self)

    def set_active(self, active: bool) -> None:
        """Whether the mouse paints."""
        if self._active and not active:
            self._painting.end()
            self._canvas.set_tool(self._canvas.tool)  # with its cursor
        self._active = active
        self._button = Qt.MouseButton.NoButton
        self._layer.set_cursor(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not self._active or self._painting.selected is None or self._canvas.picture_size is None:
            return False
        if isinstance(event, QKeyEvent) and watched is self._canvas:
            return self._on_key(event)
        if watched is self._canvas:
            return False
        if isinstance(event, QMouseEvent):
            return self._on_mouse(event)
        if event.type() == QEvent.Type.Leave:
            self._layer.set_cursor(None)
        return event.type() == QEvent.Type.ContextMenu

    def _on_mouse(self, event: QMouseEvent) -> bool:
        """Whether the canvas is to hear nothing of it."""
        place = self._layer.mapFromScene(self._canvas.viewportTransform().inverted()[0].map(event.position()))
        kind, at = event.type(), (place.x(), place.y())
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            if event.button() not in BUTTONS or self._canvas.space_down:
                return False
            if self._button == Qt.MouseButton.NoButton:
                self._button = event.button()
                shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                self._painting.begin(self._side, at, shift or self._button == Qt.MouseButton.RightButton)
            return True
        if kind == QEvent.Type.MouseButtonRelease:
            if self._button == Qt.MouseButton.NoButton:
                return False
            if event.button() == self._button:
                self._button = Qt.MouseButton.NoButton
                self._painting.end()
            return event.button() in BUTTONS
        if kind != QEvent.Type.MouseMove or self._canvas.space_down:
            return False
        self._layer.set_cursor(place)
        if self._button != Qt.MouseButton.NoButton:
            self._painting.go_to(at)
        elif event.buttons() != Qt.MouseButton.NoButton:
            return False
        self._canvas.viewport().setCursor(Qt.CursorShape.CrossCursor)
        width, height = self._canvas.picture_size or (0, 0)
        inside = -0.5 <= place.x() < width - 0.5 and -0.5 <= place.y() < height - 0.5
        self._canvas.cursor_moved.emit(place if inside else None)
        return True

    def _on_key(self, event: QKeyEvent) -> bool:
        """[ and ] are the brush's size; Ctrl+Z during a stroke gives it up, and nothing that was done before."""
        undoes = self._painting.is_painting and event.matches(QKeySequence.StandardKey.Undo)
        factor = {"[": 1 / BRUSH_STEP, "]": BRUSH_STEP}.get(event.text())
        if not undoes and factor is None:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress and factor is not None:
            self._painting.set_brush(self._painting.brush * factor)
        elif event.type() == QEvent.Type.KeyPress:
            self._painting.give_up()
        return True
