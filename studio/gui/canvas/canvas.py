"""The gestures on a picture: select, add and drag points, pan, zoom at the cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QRubberBand, QWidget

from studio.gui.canvas.canvas_view import CanvasView, ViewState
from studio.gui.canvas.items import DisplayPicture
from studio.gui.canvas.lasso import Lasso
from studio.gui.canvas.magnifier import Magnifier
from studio.language import tr

__all__ = ["TOOLS", "PictureCanvas", "Tool", "ViewState"]

Tool = Literal["select", "add", "lasso", "pan"]
TOOLS: tuple[Tool, ...] = ("select", "add", "lasso", "pan")
DRAG_DISTANCE = 3
"""Screen pixels the mouse moves before a press on a point becomes a drag."""
LEAST_CORNERS = 8
"""A shorter lasso is a slip of the hand."""
FINE = 0.1
"""Share of the mouse's way that a point goes while Shift is held."""
ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}


@dataclass(slots=True)
class _Grabbed:
    """A point under the pressed mouse. `at` is where it goes and `mouse` where the mouse was last, in the widget."""

    number: int
    at: QPointF
    mouse: QPointF
    pressed_at: QPointF
    moved: bool = False


class PictureCanvas(CanvasView):
    """A picture, its points, and the gestures on them."""

    pair_hovered = Signal(int)
    """(number of the pair under the mouse, or 0)"""
    pair_clicked = Signal(int)
    """(number, or 0 for a click beside all points)"""
    menu_asked = Signal(int)
    """(number of the pair under the right mouse button, or 0)"""
    pair_toggled = Signal(int)
    """(number of a pair that goes into the selection, or out of it)"""
    band_drawn = Signal(object, bool)
    """(set of numbers inside a rectangle, whether they come to those selected already)"""
    pair_dragged = Signal(int, QPointF)
    """(number, where its point was dragged to, in full-size pixels), at every step of a drag"""
    pair_dropped = Signal(int)
    """(number of the pair whose drag has ended)"""
    drag_given_up = Signal()
    place_asked = Signal(QPointF)
    """(where a new pair is wanted, in full-size pixels)"""
    place_clicked = Signal(QPointF)
    """(a place beside all points, in full-size pixels), after `pair_clicked` of 0"""
    why_asked = Signal(QPointF)
    """(a place, in full-size pixels, whose lack of a pair is asked about)"""
    lasso_drawn = Signal(object)
    """([(x, y), ...] in full-size pixels) around a part of the picture"""
    nudged = Signal(float, float)
    """(dx, dy) in full-size pixels, by an arrow key"""
    cursor_moved = Signal(object)
    """(QPointF in full-size pixels, or None outside the picture)"""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Picture {name}", name=name))
        self.tool: Tool = "select"
        self.points_movable = True
        self.locked_numbers: frozenset[int] = frozenset()
        self._pressed_at: QPoint | None = None
        self._space_down = False
        self._grabbed: _Grabbed | None = None
        self._band = QRubberBand(QRubberBand.Shape.Rectangle, self)
        self._band_from: QPointF | None = None
        self._lasso = Lasso(self)
        self.magnifier = Magnifier(self)

    def set_display(self, display: DisplayPicture | None) -> None:
        """Show another picture, or none, in a view that fits it."""
        super().set_display(display)
        self.magnifier.set_display(display)

    def set_tool(self, tool: Tool) -> None:
        """What the left button does."""
        self.tool = tool
        self.magnifier.hide()
        self.viewport().setCursor(self._tool_cursor())

    @property
    def space_down(self) -> bool:
        """Whether the left button pans for as long as Space is held."""
        return self._space_down

    # --- the mouse ---

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        if ev.button() == Qt.MouseButton.LeftButton and self._begin(ev):
            ev.accept()
            return
        if ev.button() == Qt.MouseButton.RightButton:
            self.menu_asked.emit(self.pair_at(ev.position()))
        self._pressed_at = ev.position().toPoint()
        super().mousePressEvent(ev)

    def _begin(self, ev: QMouseEvent) -> bool:
        """What the left button starts; False if it pans."""
        if self._space_down or self.tool == "pan" or self._size is None:
            return False
        if self.tool == "lasso":
            if self.points_movable:
                self._lasso.begin(ev.position())
            return True
        number = self.pair_at(ev.position())
        if not number and ev.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.why_asked.emit(self.to_picture(ev.position()))
            return True
        several = bool(ev.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if number and several:
            self.pair_toggled.emit(number)
            return True
        if number and self.points_movable:
            self._grab(number, ev.position())
            return True
        if self.tool == "add" and self.points_movable:
            point = self.to_picture(ev.position())
            if not number and self._is_inside(point):
                self.place_asked.emit(point)
                placed = self.pair_at(ev.position())
                if placed:
                    self._grab(placed, ev.position())
            return True
        if number:
            return False  # a click on a point that can't be moved
        self._band_from = ev.position()
        return True

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        if ev.button() == Qt.MouseButton.LeftButton and self._grabbed is not None:
            self._let_go(ev)
            return
        if ev.button() == Qt.MouseButton.LeftButton and self._band_from is not None:
            self._end_band(ev)
            return
        if ev.button() == Qt.MouseButton.LeftButton and self._lasso.is_drawing:
            corners = [self.to_picture(corner) for corner in self._lasso.end()]
            if len(corners) >= LEAST_CORNERS:
                self.lasso_drawn.emit([(corner.x(), corner.y()) for corner in corners])
            return
        super().mouseReleaseEvent(ev)
        pressed, self._pressed_at = self._pressed_at, None
        moved = pressed is None or (ev.position().toPoint() - pressed).manhattanLength() > 4
        if ev.button() == Qt.MouseButton.LeftButton and not moved and not self._space_down:
            self.pair_clicked.emit(self.pair_at(ev.position()))
        self._update_cursor(ev.position())

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        if self._grabbed is not None:
            self._drag(self._grabbed, ev)
            return
        if self._band_from is not None:
            self._draw_band(self._band_from, ev.position())
            self._tell_cursor(ev.position())
            return
        if self._lasso.is_drawing:
            self._lasso.go_on(ev.position())
            return
        super().mouseMoveEvent(ev)
        if ev.buttons() == Qt.MouseButton.NoButton:
            self.pair_hovered.emit(self.pair_at(ev.position()))
        elif self._size is not None:
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        self._tell_cursor(ev.position())
        if ev.buttons() == Qt.MouseButton.NoButton:
            self._update_cursor(ev.position())
            self._show_magnifier_to_add(ev.position())

    def mouseDoubleClickEvent(self, ev: QMouseEvent) -> None:
        if self.tool == "add":
            self.mousePressEvent(ev)  # two quick clicks are two points
            return
        super().mouseDoubleClickEvent(ev)
        if ev.button() == Qt.MouseButton.LeftButton and not self.pair_at(ev.position()):
            self.fit()

    def leaveEvent(self, ev: QEvent) -> None:
        super().leaveEvent(ev)
        self.magnifier.hide()
        self.pair_hovered.emit(0)
        self.cursor_moved.emit(None)

    # --- dragging a point ---

    def _grab(self, number: int, position: QPointF) -> None:
        """Take hold of a point; a drag begins only when the mouse moves."""
        where = self.point_position(number)
        if where is not None:
            self._grabbed = _Grabbed(number, where, position, position)

    def _drag(self, grabbed: _Grabbed, ev: QMouseEvent) -> None:
        position = ev.position()
        if not grabbed.moved:
            if (position - grabbed.pressed_at).manhattanLength() < DRAG_DISTANCE:
                return
            grabbed.moved = True
            self.pair_hovered.emit(grabbed.number)
            locked = grabbed.number in self.locked_numbers
            self.viewport().setCursor(Qt.CursorShape.ForbiddenCursor if locked else Qt.CursorShape.BlankCursor)
        fine = bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        grabbed.at = grabbed.at + (position - grabbed.mouse) * (FINE if fine else 1.0)
        grabbed.mouse = position
        self._tell_cursor(grabbed.at)
        self.pair_dragged.emit(grabbed.number, self.to_picture(grabbed.at))
        self._magnify(grabbed.number, position)

    def _magnify(self, number: int, position: QPointF) -> None:
        point, color = self.scatter.point_of(number), self.scatter.color_of(number)
        if point is not None:
            self.magnifier.look_at(point, position, self.screen_scale(), QColor(*color))

    def _show_magnifier_to_add(self, position: QPointF) -> None:
        point = self.to_picture(position)
        if self.tool == "add" and self._size is not None and self._is_inside(point) and not self._space_down:
            self.magnifier.look_at(point, position, self.screen_scale(), QColor("white"))
        else:
            self.magnifier.hide()

    def _let_go(self, ev: QMouseEvent) -> None:
        grabbed, self._grabbed = self._grabbed, None
        assert grabbed is not None
        self.magnifier.hide()
        if grabbed.moved:
            self.pair_dropped.emit(grabbed.number)
        else:
            self.pair_clicked.emit(grabbed.number)
        self._update_cursor(ev.position())

    def give_up_drag(self) -> bool:
        """End a drag, the point going back; False if there was none."""
        if self._grabbed is None and self._band_from is None and not self._lasso.is_drawing:
            return False
        self._lasso.end()
        self._grabbed = self._band_from = None
        self._band.hide()
        self.magnifier.hide()
        self.drag_given_up.emit()
        return True

    # --- drawing a rectangle around points ---

    def _draw_band(self, start: QPointF, end: QPointF) -> None:
        if (end - start).manhattanLength() >= DRAG_DISTANCE or self._band.isVisible():
            self._band.setGeometry(QRect(start.toPoint(), end.toPoint()).normalized())
            self._band.show()

    def _end_band(self, ev: QMouseEvent) -> None:
        start, self._band_from = self._band_from, None
        assert start is not None
        more = bool(ev.modifiers() & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier))
        if self._band.isVisible():
            self._band.hide()
            rect = QRectF(self.to_picture(start), self.to_picture(ev.position())).normalized()
            self.band_drawn.emit(self.scatter.within(rect), more)
        elif not more:
            self.pair_clicked.emit(0)
            self.place_clicked.emit(self.to_picture(start))

    # --- keys ---

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        if ev.key() == Qt.Key.Key_Space:
            self._space_down = True
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
            ev.accept()
            return
        if ev.key() == Qt.Key.Key_Escape:
            if not self.give_up_drag():
                self.pair_clicked.emit(0)
            ev.accept()
            return
        arrow = ARROWS.get(Qt.Key(ev.key()))
        modifiers = ev.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        steps = {
            Qt.KeyboardModifier.NoModifier: 1.0,
            Qt.KeyboardModifier.ShiftModifier: 10.0,
            Qt.KeyboardModifier.AltModifier: 0.1,
        }
        if arrow is not None and modifiers in steps:
            step = steps[modifiers]
            self.nudged.emit(arrow[0] * step, arrow[1] * step)
            ev.accept()
            return
        ev.ignore()  # the window's shortcuts

    def keyReleaseEvent(self, ev: QKeyEvent) -> None:
        if ev.key() == Qt.Key.Key_Space and not ev.isAutoRepeat():
            self._space_down = False
            self.viewport().setCursor(self._tool_cursor())
        ev.ignore()

    # --- the cursor ---

    def _is_inside(self, point: QPointF) -> bool:
        assert self._size is not None
        return -0.5 <= point.x() < self._size[0] - 0.5 and -0.5 <= point.y() < self._size[1] - 0.5

    def _tell_cursor(self, position: QPointF) -> None:
        if self._size is not None:
            point = self.to_picture(position)
            self.cursor_moved.emit(point if self._is_inside(point) else None)

    def _tool_cursor(self) -> Qt.CursorShape:
        return {
            "select": Qt.CursorShape.ArrowCursor,
            "add": Qt.CursorShape.CrossCursor,
            "lasso": Qt.CursorShape.CrossCursor,
            "pan": Qt.CursorShape.OpenHandCursor,
        }[self.tool]

    def _update_cursor(self, position: QPointF) -> None:
        number = 0 if self.tool in ("pan", "lasso") or self._space_down else self.pair_at(position)
        if self._space_down:
            shape = Qt.CursorShape.OpenHandCursor
        elif number:
            shape = Qt.CursorShape.PointingHandCursor
        else:
            shape = self._tool_cursor()
        self.viewport().setCursor(shape)
