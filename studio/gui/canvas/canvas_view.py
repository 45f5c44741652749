"""A picture and its numbered points in a view that zooms, pans and fits; `canvas` beside it has the gestures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.arrays import Size
from studio.gui.canvas.items import DisplayPicture, Mark, PairScatter, PictureItem
from studio.gui.widgets.theme import colors

HIT_RADIUS = 12.0
"""Screen pixels within which the mouse finds a point, at any zoom."""
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


WHOLE = ViewState()
"""The whole picture: who takes this over stays fitted when its size changes, like the one it comes from."""


class CanvasView(pg.GraphicsView):
    """Shows a picture and its points, and knows where on the widget each place of the picture is."""

    view_changed = Signal()
    """The user moved the view, or `fit` and its like did; not sent by `set_view_state`."""
    redrawn = Signal()
    """The view moved for any reason: what is drawn over the canvas must follow."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, useOpenGL=False)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(False)  # the frame around takes drops
        self.setFrameShape(pg.GraphicsView.Shape.NoFrame)
        self._box = _PanZoomBox()
        self.setCentralItem(self._box)
        self._item = PictureItem()
        self.scatter = PairScatter()
        self._numbers_wanted, self._is_narrow = True, False
        self._box.addItem(self._item, ignoreBounds=True)
        self._box.addItem(self.scatter, ignoreBounds=True)
        self._size: Size | None = None
        self._state = WHOLE
        self._box.sigRangeChangedManually.connect(self._on_moved_by_hand)
        self._box.sigRangeChanged.connect(lambda *_: self.redrawn.emit())
        self.refresh_theme()

    # --- what is shown ---

    def refresh_theme(self) -> None:
        self.setBackground(colors().canvas)
        self.scatter.update()

    def set_display(self, display: DisplayPicture | None) -> None:
        """Show another picture, or none, in a view that fits it."""
        self._item.set_display(display)
        self._size = display.size if display else None
        if display is not None:
            self._set_limits()
            self._apply(WHOLE)
        self._state = WHOLE

    @property
    def picture_size(self) -> Size | None:
        return self._size

    def add_layer(self, layer: pg.GraphicsObject) -> None:
        """Draw `layer`, which lives in pixels of the full-size picture, at the height of its Z value (points: 10)."""
        self._box.addItem(layer, ignoreBounds=True)

    def set_marks(self, marks: Iterable[Mark]) -> None:
        """Show these points."""
        self.scatter.set_marks(marks)
        self.redrawn.emit()

    def set_hot(self, numbers: set[int]) -> None:
        self.scatter.set_hot(numbers)

    def set_numbers_shown(self, shown: bool) -> None:
        self._numbers_wanted = shown
        self._show_numbers()

    def set_in_strip(self, narrow: bool) -> None:
        """A strip has no room for numbers beside the points; the one under the mouse has its own all the same."""
        self._is_narrow = narrow
        self._show_numbers()

    def _show_numbers(self) -> None:
        shown = self._numbers_wanted and not self._is_narrow
        if shown != self.scatter.show_numbers:
            self.scatter.show_numbers = shown
            self.scatter.update()

    def point_of(self, number: int) -> QPointF | None:
        """Where the point of a pair lies, in full-size pixels."""
        return self.scatter.point_of(number)

    def point_position(self, number: int) -> QPointF | None:
        """Where the point of a pair lies, in pixels of this widget."""
        point = self.scatter.point_of(number)
        return None if point is None else self.to_widget(point)

    def pair_at(self, position: QPointF) -> int:
        """The number of the point nearest to a widget position within `HIT_RADIUS`, or 0."""
        point = self.to_picture(position)
        return self.scatter.near((point.x(), point.y()), HIT_RADIUS / self.screen_scale())

    def screen_scale(self) -> float:
        """Pixels of this widget that one pixel of the picture fills."""
        return self.viewport().width() / max(self._box.viewRect().width(), 1e-9)

    # --- the view ---

    def view_state(self) -> ViewState:
        """Where this canvas looks now; `WHOLE`, to the bit, for as long as it shows the whole picture at any size."""
        return self._state

    def _measured(self) -> ViewState:
        assert self._size is not None
        width, height = self._size
        rect = self._box.viewRect()
        center = ((rect.center().x() + 0.5) / width, (rect.center().y() + 0.5) / height)
        return ViewState(center, self._fit_width() / max(rect.width(), 1e-9))

    def set_view_state(self, state: ViewState) -> None:
        """Look where another canvas looks; sends no `view_changed`."""
        if self._size is not None:
            self._apply(state)

    def fit(self) -> None:
        """Show the whole picture."""
        if self._size is not None:
            self._apply(WHOLE)
            self.view_changed.emit()

    def actual_size(self) -> None:
        """One picture pixel to one screen pixel, around the middle of the view."""
        if self._size is not None:
            self._apply(ViewState(self.view_state().center, self._fit_scale_inverse()))
            self.view_changed.emit()

    def zoom_by(self, factor: float) -> None:
        """Enlarge by `factor` around the middle of the view."""
        if self._size is not None:
            before = self._state
            self._apply(ViewState(before.center, before.zoom * factor))
            self.view_changed.emit()

    def look_at(self, point: QPointF, zoom: float) -> None:
        """Bring a place to the middle, at least that much enlarged."""
        if self._size is not None:
            width, height = self._size
            center = ((point.x() + 0.5) / width, (point.y() + 0.5) / height)
            self._apply(ViewState(center, max(zoom, self.view_state().zoom)))

    def _apply(self, state: ViewState) -> None:
        assert self._size is not None
        width, height = self._size
        view_width = self._fit_width() / state.zoom
        view_height = view_width * self._aspect()
        x, y = state.center[0] * width - 0.5, state.center[1] * height - 0.5
        self._state = state
        self._box.setRange(
            QRectF(x - view_width / 2, y - view_height / 2, view_width, view_height), padding=0, update=True
        )
        if state != WHOLE:
            self._state = self._measured()  # which has its limits
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
        self._state = self._measured()
        self.redrawn.emit()  # once more: while the box moved nobody could know where to
        self.view_changed.emit()

    def to_widget(self, point: QPointF) -> QPointF:
        # In floating point all the way: mapFromScene would round to whole pixels.
        return self.viewportTransform().map(self._box.mapViewToScene(point))

    def to_picture(self, position: QPointF) -> QPointF:
        scene, _ = self.viewportTransform().inverted()
        return self._box.mapSceneToView(scene.map(position))

    def resizeEvent(self, ev: QResizeEvent) -> None:
        super().resizeEvent(ev)
        if hasattr(self, "_size") and self._size is not None:
            # Not what is measured now: the viewport has its new size already, and the view still the old one.
            self._set_limits()
            self._apply(self._state)
