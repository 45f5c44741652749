"""Shows the frames of a morph, one or two side by side, with overlays drawn in pixels of the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui.canvas.colour_maps import diverging
from studio.gui.canvas.items import POINT_SIZE, paint_number
from studio.gui.morph.desk import Shot
from studio.gui.morph.overlays import HEAT_LIMIT
from studio.gui.widgets.painting import GRAB_RADIUS, checkerboard, image_of, paint_chip, paint_wipe_handle
from studio.gui.widgets.theme import colors
from studio.language import tr
from studio.overlay import pair_color

MARGIN = 10.0
TITLE_HEIGHT = 24.0
FOLD_COLOR = QColor(230, 0, 50)


@dataclass(frozen=True, slots=True)
class _Pane:
    """Where a shot is on the screen."""

    shot: Shot
    rect: QRectF
    left: float
    """Where its part of the widget begins."""

    @property
    def scale(self) -> float:
        return self.rect.width() / self.shot.frame.shape[1]

    def place(self, x: float, y: float) -> QPointF:
        """A point of the frame on the screen."""
        return QPointF(self.rect.left() + (x + 0.5) * self.scale, self.rect.top() + (y + 0.5) * self.scale)


class ResultView(QWidget):
    """One or two frames, each fitted into its half."""

    wiped = Signal(float)
    """(share of the frame on the left of the handle)"""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Result"))
        self.setMouseTracking(True)
        self.setMinimumHeight(120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._shots: tuple[Shot, ...] = ()
        self._hint = ("", "")
        self._wipe = 0.5
        self._wiping = False

    @property
    def shots(self) -> tuple[Shot, ...]:
        """What is shown."""
        return self._shots

    def set_shots(self, shots: Sequence[Shot]) -> None:
        """Show frames."""
        self._shots = tuple(shots)
        wipes = any(shot.second is not None for shot in self._shots)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if wipes else Qt.FocusPolicy.NoFocus)
        self.update()

    def set_hint(self, title: str, text: str) -> None:
        """Show words instead of frames."""
        self._shots = ()
        self._hint = (title, text)
        self.update()

    @property
    def wipe(self) -> float:
        """Share of the frame, from the left, in which a wipe shows A."""
        return self._wipe

    def set_wipe(self, share: float) -> None:
        self._wipe = min(max(share, 0.0), 1.0)
        self.wiped.emit(self._wipe)
        self.update()

    def frame_rect(self, index: int = 0) -> QRectF:
        """Where frame `index` lies, in pixels of this widget."""
        return self._panes()[index].rect

    # --- drawing ---

    def _panes(self) -> list[_Pane]:
        panes = []
        count = len(self._shots)
        for index, shot in enumerate(self._shots):
            height, width = shot.frame.shape[:2]
            space = QRectF(index * self.width() / count, 0, self.width() / count, self.height())
            top = TITLE_HEIGHT if count > 1 else MARGIN
            space.adjust(MARGIN, top, -MARGIN, -MARGIN)
            scale = max(min(space.width() / width, space.height() / height), 1e-3)
            rect = QRectF(0, 0, width * scale, height * scale)
            rect.moveCenter(space.center())
            panes.append(_Pane(shot, rect, index * self.width() / count))
        return panes

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(colors().canvas))
        if not self._shots:
            self._paint_hint(painter)
        for pane in self._panes():
            self._paint_frame(painter, pane)
            painter.save()
            painter.setClipRect(pane.rect)
            _paint_tint(painter, pane)
            _paint_arrows(painter, pane)
            _paint_folds(painter, pane)
            _paint_points(painter, pane)
            painter.restore()
            if pane.shot.second is not None:
                self._paint_handle(painter, pane)
            if pane.shot.has_heat:
                _paint_legend(painter, pane)
            if len(self._shots) > 1:
                _paint_title(painter, pane)

    def _paint_hint(self, painter: QPainter) -> None:
        title, text = self._hint
        font = QFont(painter.font())
        font.setPointSizeF(font.pointSizeF() * 1.25)
        font.setBold(True)
        middle = QRectF(self.rect()).adjusted(20, 0, -20, 0)
        painter.setPen(QColor(colors().text))
        painter.save()
        painter.setFont(font)
        painter.drawText(middle.adjusted(0, 0, 0, -26), Qt.AlignmentFlag.AlignCenter, title)
        painter.restore()
        painter.setPen(QColor(colors().muted))
        painter.drawText(middle.adjusted(0, 30, 0, 0), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_frame(self, painter: QPainter, pane: _Pane) -> None:
        shot = pane.shot
        if shot.frame.shape[2] == 4:
            painter.save()
            painter.setBrushOrigin(pane.rect.topLeft())
            painter.fillRect(pane.rect, checkerboard())
            painter.restore()
        if shot.second is None:
            painter.drawImage(pane.rect, image_of(shot.frame))
            return
        x = pane.rect.left() + self._wipe * pane.rect.width()
        for pixels, left, right in ((shot.frame, pane.rect.left(), x), (shot.second, x, pane.rect.right())):
            painter.save()
            painter.setClipRect(QRectF(left, pane.rect.top(), right - left, pane.rect.height()))
            painter.drawImage(pane.rect, image_of(pixels))
            painter.restore()

    def _paint_handle(self, painter: QPainter, pane: _Pane) -> None:
        x = self._handle_x(pane)
        paint_wipe_handle(painter, pane.rect, x, self._wiping or self.hasFocus())
        for letter, offset in (("A", -30.0), ("B", 10.0)):
            rect = QRectF(x + offset, pane.rect.top() + 7, 20, 20)
            if pane.rect.contains(rect):
                paint_chip(painter, rect, letter)

    # --- the handle of the wipe ---

    def _handle_x(self, pane: _Pane) -> float:
        return pane.rect.left() + self._wipe * pane.rect.width()

    def _pane_of_handle(self, at: QPointF) -> _Pane | None:
        for pane in self._panes():
            if pane.shot.second is not None and abs(at.x() - self._handle_x(pane)) <= GRAB_RADIUS:
                return pane
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._pane_of_handle(event.position()) is not None:
            self._wiping = True
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._wiping:
            pane = min(self._panes(), key=lambda pane: abs(pane.rect.center().x() - at.x()))
            self.set_wipe((at.x() - pane.rect.left()) / pane.rect.width())
        over = self._wiping or self._pane_of_handle(at) is not None
        self.setCursor(Qt.CursorShape.SplitHCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._wiping = False
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -0.02, Qt.Key.Key_Right: 0.02}.get(Qt.Key(event.key()))
        if step is not None and any(shot.second is not None for shot in self._shots):
            self.set_wipe(self._wipe + step)
        else:
            super().keyPressEvent(event)


def _paint_tint(painter: QPainter, pane: _Pane) -> None:
    if pane.shot.tint is not None:
        painter.drawImage(pane.rect, image_of(pane.shot.tint))


def _paint_arrows(painter: QPainter, pane: _Pane) -> None:
    lines = _lines(pane, pane.shot.arrows)
    heads = [head for line in lines for head in _head(line)]
    for color, width in ((QColor(0, 0, 0, 130), 2.8), (QColor(255, 255, 255), 1.3)):
        painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLines(lines + heads)


def _lines(pane: _Pane, arrows: npt.NDArray[np.float64]) -> list[QLineF]:
    return [QLineF(pane.place(*arrow[:2]), pane.place(*arrow[2:])) for arrow in arrows.tolist()]


def _head(line: QLineF) -> list[QLineF]:
    """The two strokes of an arrow's head; a move too small for one has none."""
    length = line.length()
    if length < 3.0:
        return []
    size = min(6.0, 0.45 * length)
    strokes = []
    for turn in (150.0, -150.0):
        stroke = QLineF(line.p2(), line.p2() + QPointF(1, 0))
        stroke.setAngle(line.angle() + turn)
        stroke.setLength(size)
        strokes.append(stroke)
    return strokes


def _paint_folds(painter: QPainter, pane: _Pane) -> None:
    places = pane.shot.folds.places
    if not len(places):
        return
    side = max(4.0 * pane.scale, 3.0)
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(FOLD_COLOR)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # cells join without seams
    centres = [pane.place(x, y) for x, y in places.tolist()]
    painter.drawRects([QRectF(at.x() - side / 2, at.y() - side / 2, side, side) for at in centres])
    painter.restore()


def _paint_points(painter: QPainter, pane: _Pane) -> None:
    radius = POINT_SIZE / 2 - 1
    for number, (x, y) in pane.shot.points:
        at = pane.place(x, y)
        painter.setPen(QPen(QColor(255, 255, 255, 235), 1.5))
        painter.setBrush(QColor(*pair_color(number)))
        painter.drawEllipse(at, radius, radius)
        paint_number(painter, at, number, hot=False)


def _paint_title(painter: QPainter, pane: _Pane) -> None:
    folds = pane.shot.folds.count
    words = f"{pane.shot.title}  ·  {tr('folds') if folds else tr('one to one')}"
    painter.setPen(QColor(colors().error if folds else colors().text))
    rect = QRectF(pane.rect.left() - 60, pane.rect.top() - TITLE_HEIGHT, pane.rect.width() + 120, TITLE_HEIGHT)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)


def _paint_legend(painter: QPainter, pane: _Pane) -> None:
    """What the colours of the heat map stand for, at the lower left of the frame."""
    font = QFont(painter.font())
    font.setPixelSize(11)
    metrics = QFontMetricsF(font)
    title = tr("area in B / area in A")
    width, height = max(132.0, metrics.horizontalAdvance(title)) + 20, 52.0
    # Beside the frame if there is room.
    left = pane.rect.left() - width - 8
    left = left if left >= pane.left + 4 else pane.rect.left() + 8
    box = QRectF(left, pane.rect.bottom() - height - 8, width, height)
    painter.save()
    painter.setFont(font)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(20, 21, 26, 215))
    painter.drawRoundedRect(box, 6, 6)
    bar = QRectF(box.left() + 10, box.top() + 20, box.width() - 20, 9)
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    for share, color in zip(np.linspace(0, 1, 9), diverging(np.linspace(-1, 1, 9)).tolist(), strict=True):
        # On white, as between the pictures' own colours, what is transparent shows pale.
        weight = color[3] / 255
        gradient.setColorAt(float(share), QColor(*(round(c * weight + 235 * (1 - weight)) for c in color[:3])))
    painter.setBrush(gradient)
    painter.drawRoundedRect(bar, 2, 2)
    painter.setPen(QColor(240, 240, 240))
    painter.drawText(QRectF(box.left() + 10, box.top() + 2, box.width(), 17), Qt.AlignmentFlag.AlignVCenter, title)
    most = 2**HEAT_LIMIT
    marks = ((bar.left(), f"1/{most:g}"), (bar.center().x(), "1"), (bar.right(), f"{most:g}"))
    for x, text in marks:
        advance = metrics.horizontalAdvance(text)
        left = min(max(x - advance / 2, bar.left()), bar.right() - advance)
        painter.drawText(QPointF(left, bar.bottom() + 15), text)
    painter.restore()
