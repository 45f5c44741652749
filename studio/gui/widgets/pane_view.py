"""Shows pictures and pairs of pictures, with one zoom; who looks at them by mouse and keyboard is `compare`."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui.widgets.compare_panes import MARGIN, TITLE_HEIGHT, Pane, Shown, Way, laid_out, paint_handle, paint_pane
from studio.gui.widgets.painting import paint_chip, paint_hint, paint_note
from studio.gui.widgets.theme import colors

MOST_ZOOM = 32.0
"""Relative to fitted, or of the screen's pixels to those of the picture: whichever is more."""
BLINK_MS = 500
"""One picture of a pair stays so long: slower and the eye forgets, faster is tiring."""


class PaneView(QWidget):
    """Pictures and pairs, each fitted into its part, all with one zoom.

    What a mode paints besides goes into `paint_over` and `paint_beside`, and `title_of` says what stands above one of
    several pictures.
    """

    wiped = Signal(float)
    """(share of the picture on the left of the handle)"""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._shown: tuple[Shown, ...] = ()
        self._hint = ("", "")
        self._way = Way.WIPE
        self._wipe = 0.5
        self._wiping = False
        self._cursor_at: QPointF | None = None
        self._zoom = 1.0
        self._center = QPointF(0.5, 0.5)
        self._second_now = False
        self._blink = QTimer(self, interval=BLINK_MS)
        self._blink.timeout.connect(self._on_blink)

    # --- what is shown ---

    @property
    def shown(self) -> tuple[Shown, ...]:
        return self._shown

    def set_shown(self, shown: Sequence[Shown]) -> None:
        """Show pictures; zoom and wipe stay as they are."""
        self._shown = tuple(shown)
        self._follow_way()

    def set_hint(self, title: str, text: str) -> None:
        """Show words instead."""
        self._shown, self._hint = (), (title, text)
        self._follow_way()

    @property
    def way(self) -> Way:
        """How pairs are compared."""
        return self._way

    def set_way(self, way: Way) -> None:
        self._way = way
        self._follow_way()

    def _follow_way(self) -> None:
        blinks = self._way is Way.BLINK and any(one.second is not None for one in self._shown)
        if blinks != self._blink.isActive():
            self._second_now = False
            (self._blink.start if blinks else self._blink.stop)()
        self.update()

    def _on_blink(self) -> None:
        if self.isVisible():
            self._second_now = not self._second_now
            self.update()

    @property
    def wipe(self) -> float:
        """Share of the picture, from the left, in which a wipe shows the first one."""
        return self._wipe

    def set_wipe(self, share: float) -> None:
        self._wipe = min(max(share, 0.0), 1.0)
        self.wiped.emit(self._wipe)
        self.update()

    # --- for the modes ---

    def paint_over(self, painter: QPainter, pane: Pane) -> None:
        """Draw over a picture, which the painter is clipped to."""

    def paint_beside(self, painter: QPainter, pane: Pane) -> None:
        """Draw where there is room, perhaps beside the picture."""

    def title_of(self, pane: Pane) -> tuple[str, str]:
        """What stands above one of several pictures, and its colour."""
        return pane.shown.title, colors().muted

    # --- zoom ---

    @property
    def zoom(self) -> float:
        """1 is fitted."""
        return self._zoom

    def fit(self) -> None:
        """Show the pictures whole."""
        self._zoom, self._center = 1.0, QPointF(0.5, 0.5)
        self.update()

    def actual_size(self) -> None:
        """One pixel of the picture on one of the screen, around the middle of what is seen."""
        panes = self.panes()
        if panes:
            self._zoom *= 1 / self._screen_scale(panes[0])
            self._keep_inside()
            self.update()

    def zoom_at(self, factor: float, at: QPointF | None = None) -> None:
        """Enlarge so that the place below `at`, the middle by default, stays there."""
        pane = self._pane_at(at)
        before = pane.share_at(at) if pane is not None and at is not None else None
        panes = self.panes()
        if not panes:
            return
        most = max(MOST_ZOOM, MOST_ZOOM * self._zoom / self._screen_scale(panes[0]))
        # Smaller than the view is of no use, but 100 % may be.
        self._zoom = min(max(self._zoom * factor, min(1.0, self._zoom)), most)
        pane = self._pane_at(at)
        if before is not None and at is not None and pane is not None:
            self._center += before - pane.share_at(at)
        self._keep_inside()
        self.update()

    def _screen_scale(self, pane: Pane) -> float:
        """Pixels of the screen per pixel of the picture at full size."""
        return pane.rect.width() / pane.shown.full_size[0] * self.devicePixelRatioF()

    def _keep_inside(self) -> None:
        """Where the picture is smaller than its space it is centred, elsewhere it fills it."""
        panes = self.panes()
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

    def panes(self) -> list[Pane]:
        """Where everything is now."""
        return laid_out(self._shown, self._way, QSizeF(self.size()), self._zoom, self._center)

    def rect_of(self, index: int = 0) -> QRectF:
        """Where pane `index` lies, in pixels of this widget."""
        return self.panes()[index].rect

    def _pane_at(self, at: QPointF | None) -> Pane | None:
        return None if at is None else next((pane for pane in self.panes() if pane.space.contains(at)), None)

    @property
    def _has_more(self) -> bool:
        """Whether some of a picture is out of sight."""
        return any(
            pane.rect.width() > pane.space.width() + 1 or pane.rect.height() > pane.space.height() + 1
            for pane in self.panes()
        )

    # --- drawing ---

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(colors().canvas))
        if not self._shown:
            paint_hint(painter, QRectF(self.rect()), *self._hint)
        panes = self.panes()
        for pane in panes:
            painter.save()
            painter.setClipRect(pane.space)
            paint_pane(painter, pane, self._way, self._wipe, self._second_now)
            painter.setClipRect(pane.visible)
            self.paint_over(painter, pane)
            painter.restore()
            if pane.shown.second is not None:
                self._paint_signs(painter, pane)
            self.paint_beside(painter, pane)
            if len(panes) > 1:
                self._paint_title(painter, pane)
        if panes and abs(self._zoom - 1.0) > 0.001:
            corner = QPointF(self.width() - MARGIN - 2, self.height() - MARGIN - 2)
            paint_note(painter, corner, f"{100 * self._screen_scale(panes[0]):.0f} %", Qt.AlignmentFlag.AlignRight)
        words = self.readout(self._cursor_at)
        if words:
            paint_note(painter, QPointF(MARGIN + 2, self.height() - MARGIN - 2), words, Qt.AlignmentFlag.AlignLeft)
        if self.hasFocus() and not self.window().isFullScreen():  # where nothing else could have it
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colors().accent), 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_signs(self, painter: QPainter, pane: Pane) -> None:
        """What tells the pictures of a pair apart."""
        if self._way is Way.WIPE:
            paint_handle(painter, pane, self._wipe, self._wiping or self.hasFocus())
        elif self._way is Way.BLINK:
            title = pane.shown.second_title if self._second_now else pane.shown.title
            width = QFontMetricsF(painter.font()).horizontalAdvance(title) + 14
            paint_chip(painter, QRectF(pane.visible.left() + 8, pane.visible.top() + 7, width, 20), title)

    def _paint_title(self, painter: QPainter, pane: Pane) -> None:
        words, color = self.title_of(pane)
        painter.setPen(QColor(color))
        rect = QRectF(pane.space.left(), pane.space.top() - TITLE_HEIGHT, pane.space.width(), TITLE_HEIGHT)
        words = QFontMetricsF(painter.font()).elidedText(words, Qt.TextElideMode.ElideMiddle, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)

    def readout(self, at: QPointF | None) -> str:
        """The pixel at a screen position: where it is in the picture at full size, and its channels."""
        pane = self._pane_at(at)
        if pane is None or at is None or not pane.rect.contains(at):
            return ""
        share, (width, height) = pane.share_at(at), pane.shown.full_size
        arrays = [pane.shown.pixels] if pane.shown.second is None else [pane.shown.pixels, pane.shown.second]
        values = []
        for array in arrays:
            rows, columns = array.shape[:2]
            pixel = array[min(int(share.y() * rows), rows - 1), min(int(share.x() * columns), columns - 1)]
            values.append(" ".join(map(str, pixel.tolist())))
        x, y = min(int(share.x() * width), width - 1), min(int(share.y() * height), height - 1)
        return f"{x}, {y}   ·   " + "   |   ".join(values)
