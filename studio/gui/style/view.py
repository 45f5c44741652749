"""Shows pictures of the mode Style: one, several side by side with one zoom, or two under a wipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui.canvas.drawing import paint_hint
from studio.gui.canvas.items import SMOOTH_BELOW
from studio.gui.widgets.painting import GRAB_RADIUS, checkerboard, image_of, paint_chip, paint_wipe_handle
from studio.gui.widgets.theme import colors
from studio.language import tr

Pixels = npt.NDArray[np.uint8]

MARGIN = 8.0
TITLE_HEIGHT = 24.0
MOST_ZOOM = 32.0
NOTCH = 1.25
"""How much one notch of the wheel enlarges."""


@dataclass(frozen=True, eq=False)
class Shown:
    """One picture on the stage; `second`, if there, is seen on the right of a wipe's handle."""

    title: str
    pixels: Pixels = field(repr=False)
    second: Pixels | None = field(default=None, repr=False)
    second_title: str = ""


@dataclass(frozen=True, slots=True)
class _Pane:
    shown: Shown
    space: QRectF
    """The part of the widget that it may draw on."""
    rect: QRectF
    """Where the whole picture lies; beyond `space` when enlarged."""

    def handle_x(self, wipe: float) -> float:
        """Screen position of the wipe, always within reach."""
        x = self.rect.left() + wipe * self.rect.width()
        visible = self.rect.intersected(self.space)
        return min(max(x, visible.left()), visible.right())


class StyleView(QWidget):
    """Pictures, each fitted into its part; wheel to enlarge, drag to move, double-click to fit again."""

    wiped = Signal(float)
    """(share of the picture on the left of the handle)"""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Style result"))
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._shown: tuple[Shown, ...] = ()
        self._hint = ("", "")
        self._wipe = 0.5
        self._wiping = False
        self._dragged_at: QPointF | None = None
        self._zoom = 1.0
        self._center = QPointF(0.5, 0.5)

    @property
    def shown(self) -> tuple[Shown, ...]:
        return self._shown

    def set_shown(self, shown: Sequence[Shown]) -> None:
        """Show pictures; zoom and wipe stay as they are."""
        self._shown = tuple(shown)
        self.update()

    def set_hint(self, title: str, text: str) -> None:
        """Show words instead."""
        self._shown, self._hint = (), (title, text)
        self.update()

    @property
    def wipe(self) -> float:
        """Share of the picture, from the left, in which a wipe shows the first picture."""
        return self._wipe

    def set_wipe(self, share: float) -> None:
        self._wipe = min(max(share, 0.0), 1.0)
        self.wiped.emit(self._wipe)
        self.update()

    @property
    def zoom(self) -> float:
        """1 is fitted."""
        return self._zoom

    def fit(self) -> None:
        self._zoom, self._center = 1.0, QPointF(0.5, 0.5)
        self.update()

    def zoom_at(self, factor: float, at: QPointF | None = None) -> None:
        """Enlarge so that the place below `at`, the middle by default, stays there."""
        pane = self._pane_at(at) if at is not None else None
        before = self._place(pane, at) if pane is not None and at is not None else None
        self._zoom = min(max(self._zoom * factor, 1.0), MOST_ZOOM)
        if before is not None and at is not None:
            after = self._place(self._pane_at(at), at)
            if after is not None:
                self._center += before - after
        self._keep_inside()
        self.update()

    def rect_of(self, index: int = 0) -> QRectF:
        """Where picture `index` lies, in pixels of this widget."""
        return self._panes()[index].rect

    # --- geometry ---

    def _panes(self) -> list[_Pane]:
        panes = []
        count = len(self._shown)
        for index, shown in enumerate(self._shown):
            height, width = shown.pixels.shape[:2]
            space = QRectF(index * self.width() / count, 0, self.width() / count, self.height())
            space.adjust(MARGIN, TITLE_HEIGHT if count > 1 else MARGIN, -MARGIN, -MARGIN)
            scale = max(min(space.width() / width, space.height() / height), 1e-3) * self._zoom
            rect = QRectF(0, 0, width * scale, height * scale)
            rect.moveTopLeft(
                space.center() - QPointF(self._center.x() * rect.width(), self._center.y() * rect.height())
            )
            panes.append(_Pane(shown, space, rect))
        return panes

    def _pane_at(self, at: QPointF) -> _Pane | None:
        return next((pane for pane in self._panes() if pane.space.contains(at)), None)

    @staticmethod
    def _place(pane: _Pane | None, at: QPointF) -> QPointF | None:
        """What part of the picture is at a screen position: (0, 0) to (1, 1)."""
        if pane is None:
            return None
        return QPointF((at.x() - pane.rect.left()) / pane.rect.width(), (at.y() - pane.rect.top()) / pane.rect.height())

    def _keep_inside(self) -> None:
        """Where the picture is smaller than its space it is centred, elsewhere it fills it."""
        panes = self._panes()
        if not panes:
            return
        pane = panes[0]

        def kept(center: float, length: float, room: float) -> float:
            half = min(room / length / 2, 0.5)
            return min(max(center, half), 1 - half)

        self._center = QPointF(
            kept(self._center.x(), pane.rect.width(), pane.space.width()),
            kept(self._center.y(), pane.rect.height(), pane.space.height()),
        )

    # --- drawing ---

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(colors().canvas))
        if not self._shown:
            paint_hint(painter, QRectF(self.rect()), *self._hint)
        for pane in self._panes():
            painter.save()
            painter.setClipRect(pane.space)
            self._paint_picture(painter, pane)
            painter.restore()
            if len(self._shown) > 1:
                self._paint_title(painter, pane)
        if self._zoom > 1.001:
            self._paint_zoom(painter)

    def _paint_picture(self, painter: QPainter, pane: _Pane) -> None:
        shown = pane.shown
        if shown.second is None:
            _paint(painter, pane.rect, shown.pixels)
            return
        x = pane.handle_x(self._wipe)
        for pixels, left, right in ((shown.pixels, pane.space.left(), x), (shown.second, x, pane.space.right())):
            painter.save()
            painter.setClipRect(QRectF(left, pane.space.top(), right - left, pane.space.height()))
            _paint(painter, pane.rect, pixels)
            painter.restore()
        visible = pane.rect.intersected(pane.space)
        paint_wipe_handle(painter, visible, x, self._wiping or self.hasFocus())
        metrics = QFontMetricsF(painter.font())
        for title, on_left in ((shown.title, True), (shown.second_title, False)):
            width = metrics.horizontalAdvance(title) + 14
            chip = QRectF(x - 10 - width if on_left else x + 10, visible.top() + 7, width, 20)
            if title and visible.contains(chip):
                paint_chip(painter, chip, title)

    @staticmethod
    def _paint_title(painter: QPainter, pane: _Pane) -> None:
        painter.setPen(QColor(colors().muted))
        rect = QRectF(pane.space.left(), 0, pane.space.width(), TITLE_HEIGHT)
        title = QFontMetricsF(painter.font()).elidedText(
            pane.shown.title, Qt.TextElideMode.ElideMiddle, pane.space.width()
        )
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, title)

    def _paint_zoom(self, painter: QPainter) -> None:
        text = f"{self._zoom:.1f} ×"
        width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 16
        paint_chip(painter, QRectF(self.width() - width - 12, self.height() - 32, width, 20), text)

    # --- mouse and keyboard ---

    def _handle_at(self, at: QPointF) -> _Pane | None:
        for pane in self._panes():
            near = abs(at.x() - pane.handle_x(self._wipe)) <= GRAB_RADIUS
            if pane.shown.second is not None and near and pane.space.contains(at):
                return pane
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._handle_at(event.position()) is not None:
            self._wiping = True
        elif event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton) and self._shown:
            self._dragged_at = event.position()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if not self._shown:
            self._wiping, self._dragged_at = False, None
        if self._wiping:
            pane = min(self._panes(), key=lambda pane: abs(pane.space.center().x() - at.x()))
            self.set_wipe((at.x() - pane.rect.left()) / pane.rect.width())
        elif self._dragged_at is not None:
            pane = self._panes()[0]
            moved = at - self._dragged_at
            self._center -= QPointF(moved.x() / pane.rect.width(), moved.y() / pane.rect.height())
            self._dragged_at = at
            self._keep_inside()
            self.update()
        over = self._wiping or self._handle_at(at) is not None
        dragging = self._dragged_at is not None and self._zoom > 1.0
        shape = Qt.CursorShape.ClosedHandCursor if dragging else Qt.CursorShape.ArrowCursor
        self.setCursor(Qt.CursorShape.SplitHCursor if over else shape)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._wiping, self._dragged_at = False, None
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        if notches and self._shown:
            self.zoom_at(NOTCH**notches, event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -0.02, Qt.Key.Key_Right: 0.02}.get(Qt.Key(event.key()))
        if step is not None and any(shown.second is not None for shown in self._shown):
            self.set_wipe(self._wipe + step)
        else:
            super().keyPressEvent(event)


def _paint(painter: QPainter, rect: QRectF, pixels: Pixels) -> None:
    if pixels.shape[2] == 4:
        painter.save()
        painter.setBrushOrigin(rect.topLeft())
        painter.fillRect(rect, checkerboard())
        painter.restore()
    scale = rect.width() / pixels.shape[1]
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < SMOOTH_BELOW)
    painter.drawImage(rect, image_of(pixels))
