"""One picture with its numbered points: zoom to the cursor, pan, fit, 100 %, hover and select."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from studio.geometry import Size
from studio.gui.items import DisplayPicture, PairScatter, PictureItem
from studio.gui.theme import colors

HIT_RADIUS = 12.0
"""Screen pixels within which the mouse finds a point, at any zoom."""
DRAG_DISTANCE = 3
"""Screen pixels the mouse moves before a press on a point becomes a drag."""
MOST_ZOOM = 64.0
"""Screen pixels that one picture pixel may fill."""
LEAST_ZOOM = 0.5
"""Smallest zoom, as a share of the view in which the whole picture fits."""


class _PanZoomBox(pg.ViewBox):
    """A view with square pixels in which left and middle button pan, and nothing else is dragged."""

    def __init__(self) -> None:
        super().__init__(lockAspect=True, invertY=True, enableMenu=False, defaultPadding=0.0)
        self.setMouseEnabled(x=True, y=True)

    def mouseDragEvent(self, ev: object, axis: int | None = None) -> None:
        ev.accept()  # type: ignore[attr-defined]
        shift = self.mapToView(ev.lastPos()) - self.mapToView(ev.pos())  # type: ignore[attr-defined]
        self.translateBy(x=shift.x(), y=shift.y())
        self.sigRangeChangedManually.emit(self.state["mouseEnabled"])

    def mouseClickEvent(self, ev: object) -> None:
        """Clicks belong to the canvas."""


@dataclass(frozen=True, slots=True)
class ViewState:
    """Where a canvas looks, free of its size and of the picture's: what linked views share.

    `center` is in units of the picture, (0, 0) to (1, 1); `zoom` is 1 where the whole picture fits.
    """

    center: tuple[float, float] = (0.5, 0.5)
    zoom: float = 1.0


@dataclass(slots=True)
class _Grabbed:
    """A point under the pressed mouse. `offset` leads from the mouse to the point, in pixels of the widget."""

    number: int
    offset: QPointF
    pressed_at: QPointF
    moved: bool = False


class PictureCanvas(pg.GraphicsView):
    """A picture, its points, and the gestures on them."""

    pair_hovered = Signal(int)
    """(number of the pair under the mouse, or 0)"""
    pair_clicked = Signal(int)
    """(number, or 0 for a click beside all points)"""
    pair_dragged = Signal(int, QPointF)
    """(number, where its point was dragged to, in full-size pixels), at every step of a drag"""
    pair_dropped = Signal(int)
    """(number of the pair whose drag has ended)"""
    cursor_moved = Signal(object)
    """(QPointF in full-size pixels, or None outside the picture)"""
    view_changed = Signal()
    """The user moved the view, or `fit` and its like did; not sent by `set_view_state`."""
    redrawn = Signal()
    """The view moved for any reason: what is drawn over the canvas must follow."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, useOpenGL=False)
        self.setAccessibleName(f"Picture {name}")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(False)  # the frame around takes drops
        self.setFrameShape(pg.GraphicsView.Shape.NoFrame)
        self._box = _PanZoomBox()
        self.setCentralItem(self._box)
        self._item = PictureItem()
        self._scatter = PairScatter()
        self._box.addItem(self._item, ignoreBounds=True)
        self._box.addItem(self._scatter, ignoreBounds=True)
        self._size: Size | None = None
        self._fitted = True
        self._pressed_at: QPoint | None = None
        self._space_down = False
        self.points_movable = True
        self._grabbed: _Grabbed | None = None
        self._box.sigRangeChangedManually.connect(self._on_moved_by_hand)
        self._box.sigRangeChanged.connect(lambda *_: self.redrawn.emit())
        self.refresh_theme()

    # --- what is shown ---

    def refresh_theme(self) -> None:
        self.setBackground(colors().canvas)
        self._scatter.update()

    def set_display(self, display: DisplayPicture | None) -> None:
        """Show another picture, or none, in a view that fits it."""
        self._item.set_display(display)
        self._size = display.size if display else None
        if display is not None:
            self._set_limits()
            self._apply(ViewState())
        self._fitted = True

    @property
    def picture_size(self) -> Size | None:
        return self._size

    def set_points(self, points: Iterable[tuple[int, tuple[float, float]]]) -> None:
        self._scatter.set_points(points)
        self.redrawn.emit()

    def set_hot(self, numbers: set[int]) -> None:
        self._scatter.set_hot(numbers)

    def set_numbers_shown(self, shown: bool) -> None:
        self._scatter.show_numbers = shown
        self._scatter.update()

    def point_position(self, number: int) -> QPointF | None:
        """Where the point of a pair lies, in pixels of this widget."""
        point = self._scatter.point_of(number)
        return None if point is None else self._to_widget(point)

    def pair_at(self, position: QPointF) -> int:
        """The number of the point nearest to a widget position within `HIT_RADIUS`, or 0."""
        best, best_distance = 0, HIT_RADIUS
        for number, point in self._scatter.numbered_points:
            where = self._to_widget(point)
            distance = math.hypot(where.x() - position.x(), where.y() - position.y())
            if distance <= best_distance:
                best, best_distance = number, distance
        return best

    # --- the view ---

    def view_state(self) -> ViewState:
        """Where this canvas looks now."""
        if self._size is None:
            return ViewState()
        width, height = self._size
        rect = self._box.viewRect()
        center = ((rect.center().x() + 0.5) / width, (rect.center().y() + 0.5) / height)
        return ViewState(center, self._fit_width() / max(rect.width(), 1e-9))

    def set_view_state(self, state: ViewState) -> None:
        """Look where another canvas looks; sends no `view_changed`."""
        if self._size is not None:
            self._apply(state)
            self._fitted = state == ViewState()

    def fit(self) -> None:
        """Show the whole picture."""
        if self._size is not None:
            self._apply(ViewState())
            self._fitted = True
            self.view_changed.emit()

    def actual_size(self) -> None:
        """One picture pixel to one screen pixel, around the middle of the view."""
        if self._size is not None:
            self._apply(ViewState(self.view_state().center, self._fit_scale_inverse()))
            self._on_moved_by_hand()

    def zoom_by(self, factor: float) -> None:
        """Enlarge by `factor` around the middle of the view."""
        if self._size is not None:
            self._box.scaleBy((1 / factor, 1 / factor))
            self._on_moved_by_hand()

    def _apply(self, state: ViewState) -> None:
        assert self._size is not None
        width, height = self._size
        view_width = self._fit_width() / state.zoom
        view_height = view_width * self._aspect()
        x, y = state.center[0] * width - 0.5, state.center[1] * height - 0.5
        self._box.setRange(
            QRectF(x - view_width / 2, y - view_height / 2, view_width, view_height), padding=0, update=True
        )
        self.redrawn.emit()

    def _aspect(self) -> float:
        return max(self.viewport().height(), 1) / max(self.viewport().width(), 1)

    def _fit_width(self) -> float:
        """Width, in picture pixels, of the view in which the whole picture has a small margin."""
        assert self._size is not None
        width, height = self._size
        return 1.04 * max(width, height / self._aspect())

    def _fit_scale_inverse(self) -> float:
        """The zoom, relative to fit, at which picture and screen pixels agree."""
        return self._fit_width() / max(self.viewport().width() * self.devicePixelRatioF(), 1)

    def _set_limits(self) -> None:
        widest = self._fit_width() / LEAST_ZOOM
        self._box.setLimits(minXRange=max(self.viewport().width() / MOST_ZOOM, 2), maxXRange=max(widest, 4 * MOST_ZOOM))

    def _on_moved_by_hand(self, *_: object) -> None:
        self._fitted = False
        self.view_changed.emit()

    def _to_widget(self, point: QPointF) -> QPointF:
        # In floating point all the way: mapFromScene would round to whole pixels.
        return self.viewportTransform().map(self._box.mapViewToScene(point))

    def _to_picture(self, position: QPointF) -> QPointF:
        scene, _ = self.viewportTransform().inverted()
        return self._box.mapSceneToView(scene.map(position))

    # --- gestures ---

    def resizeEvent(self, ev: QResizeEvent) -> None:
        state = self.view_state() if hasattr(self, "_size") else ViewState()
        super().resizeEvent(ev)
        if hasattr(self, "_size") and self._size is not None:
            self._set_limits()
            self._apply(ViewState() if self._fitted else state)

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        if ev.button() == Qt.MouseButton.LeftButton and self._grab(ev.position()):
            ev.accept()
            return
        self._pressed_at = ev.position().toPoint()
        super().mousePressEvent(ev)

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        if ev.button() == Qt.MouseButton.LeftButton and self._grabbed is not None:
            self._let_go(ev)
            return
        super().mouseReleaseEvent(ev)
        pressed, self._pressed_at = self._pressed_at, None
        moved = pressed is None or (ev.position().toPoint() - pressed).manhattanLength() > 4
        if ev.button() == Qt.MouseButton.LeftButton and not moved and not self._space_down:
            self.pair_clicked.emit(self.pair_at(ev.position()))
        self._update_cursor(ev.position())

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        if self._grabbed is not None:
            self._drag(self._grabbed, ev.position())
            return
        super().mouseMoveEvent(ev)
        if ev.buttons() == Qt.MouseButton.NoButton:
            self.pair_hovered.emit(self.pair_at(ev.position()))
        elif self._size is not None:
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        self._tell_cursor(ev.position())
        if ev.buttons() == Qt.MouseButton.NoButton:
            self._update_cursor(ev.position())

    def _grab(self, position: QPointF) -> bool:
        """Take hold of the point under the mouse, if there is one; a drag begins only when the mouse moves."""
        number = 0 if self._space_down or not self.points_movable else self.pair_at(position)
        where = self.point_position(number)
        if where is None:
            return False
        self._grabbed = _Grabbed(number, where - position, position)
        return True

    def _drag(self, grabbed: _Grabbed, position: QPointF) -> None:
        if not grabbed.moved:
            if (position - grabbed.pressed_at).manhattanLength() < DRAG_DISTANCE:
                return
            grabbed.moved = True
            self.pair_hovered.emit(grabbed.number)
            self.viewport().setCursor(Qt.CursorShape.BlankCursor)
        self._tell_cursor(position + grabbed.offset)
        self.pair_dragged.emit(grabbed.number, self._to_picture(position + grabbed.offset))

    def _let_go(self, ev: QMouseEvent) -> None:
        grabbed, self._grabbed = self._grabbed, None
        assert grabbed is not None
        if grabbed.moved:
            self.pair_dropped.emit(grabbed.number)
        else:
            self.pair_clicked.emit(grabbed.number)
        self._update_cursor(ev.position())

    def mouseDoubleClickEvent(self, ev: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(ev)
        if ev.button() == Qt.MouseButton.LeftButton and not self.pair_at(ev.position()):
            self.fit()

    def leaveEvent(self, ev: QEvent) -> None:
        super().leaveEvent(ev)
        self.pair_hovered.emit(0)
        self.cursor_moved.emit(None)

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        if ev.key() == Qt.Key.Key_Space:
            self._space_down = True
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
            ev.accept()
            return
        ev.ignore()  # the window's shortcuts

    def keyReleaseEvent(self, ev: QKeyEvent) -> None:
        if ev.key() == Qt.Key.Key_Space and not ev.isAutoRepeat():
            self._space_down = False
            self.viewport().unsetCursor()
        ev.ignore()

    def _tell_cursor(self, position: QPointF) -> None:
        if self._size is None:
            return
        point = self._to_picture(position)
        inside = -0.5 <= point.x() < self._size[0] - 0.5 and -0.5 <= point.y() < self._size[1] - 0.5
        self.cursor_moved.emit(point if inside else None)

    def _update_cursor(self, position: QPointF) -> None:
        if self._space_down:
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif self.pair_at(position):
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.viewport().setCursor(Qt.CursorShape.CrossCursor)
