"""Shows the frames of a morph, with overlays drawn in pixels of the frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPen

from studio.gui.canvas.colour_maps import diverging
from studio.gui.canvas.items import POINT_SIZE, paint_number
from studio.gui.morph.overlays import HEAT_LIMIT, outline
from studio.gui.morph.responder import Shot
from studio.gui.widgets.compare import CompareView, Pane, Shown, Way
from studio.gui.widgets.painting import image_of
from studio.gui.widgets.theme import colors
from studio.language import tr
from studio.overlay import pair_color
from studio.warp.field import SPACING

FOLD_COLOR = QColor(230, 0, 50)


class ResultView(CompareView):
    """One frame, or those of two warps; A and B of a frame are compared in all ways."""

    def __init__(self) -> None:
        super().__init__(tr("Result"))
        self._shots: tuple[Shot, ...] = ()
        self._folds_shown = False

    @property
    def shots(self) -> tuple[Shot, ...]:
        """What is shown."""
        return self._shots

    def set_shots(self, shots: Sequence[Shot]) -> None:
        """Show frames."""
        self._shots = tuple(shots)
        self.set_shown([_as_shown(shot) for shot in self._shots])

    def set_hint(self, title: str, text: str) -> None:
        self._shots = ()
        super().set_hint(title, text)

    def set_folds_shown(self, shown: bool) -> None:
        """Whether a line goes around what folds."""
        self._folds_shown = shown
        self.update()

    def title_of(self, pane: Pane) -> tuple[str, str]:
        shot = self._shots[pane.index]
        words = f"{shot.title}  ·  {tr('folds') if shot.folds.count else tr('one to one')}"
        if self.way is Way.SIDES and shot.second is not None:
            words = f"{pane.shown.title}  ·  {words}" if len(self._shots) > 1 else pane.shown.title
        return words, colors().error if shot.folds.count else colors().text

    def paint_over(self, painter: QPainter, pane: Pane) -> None:
        shot = self._shots[pane.index]
        if shot.tint is not None:
            painter.drawImage(pane.rect, image_of(shot.tint))
        _paint_arrows(painter, pane, shot.arrows)
        if self._folds_shown:
            _paint_folds(painter, pane, shot.folds.places)
        _paint_points(painter, pane, shot)

    def paint_beside(self, painter: QPainter, pane: Pane) -> None:
        if self._shots[pane.index].has_heat:
            _paint_legend(painter, pane)


def _as_shown(shot: Shot) -> Shown:
    if shot.second is None:
        return Shown(shot.title, shot.frame, size=shot.size)
    return Shown("A", shot.frame, shot.second, "B", shot.size)


def _paint_arrows(painter: QPainter, pane: Pane, arrows: npt.NDArray[np.float64]) -> None:
    lines = _lines(pane, arrows)
    heads = [head for line in lines for head in _head(line)]
    for color, width in ((QColor(0, 0, 0, 130), 2.8), (QColor(255, 255, 255), 1.3)):
        painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLines(lines + heads)


def _lines(pane: Pane, arrows: npt.NDArray[np.float64]) -> list[QLineF]:
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


def _paint_folds(painter: QPainter, pane: Pane, places: npt.NDArray[np.float64]) -> None:
    """A line around each place that folds: the picture below it stays to be seen."""
    lines = [QLineF(pane.place(*line[:2]), pane.place(*line[2:])) for line in outline(places, SPACING).tolist()]
    for color, width in ((QColor(255, 255, 255, 200), 3.4), (FOLD_COLOR, 1.6)):
        painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLines(lines)


def _paint_points(painter: QPainter, pane: Pane, shot: Shot) -> None:
    radius = POINT_SIZE / 2 - 1
    for number, (x, y) in shot.points:
        at = pane.place(x, y)
        painter.setPen(QPen(QColor(255, 255, 255, 235), 1.5))
        painter.setBrush(QColor(*pair_color(number)))
        painter.drawEllipse(at, radius, radius)
        paint_number(painter, at, number, hot=False)


def _paint_legend(painter: QPainter, pane: Pane) -> None:
    """What the colours of the heat map stand for, at the lower left of the frame."""
    font = QFont(painter.font())
    font.setPixelSize(11)
    metrics = QFontMetricsF(font)
    title = tr("area in B / area in A")
    width, height = max(132.0, metrics.horizontalAdvance(title)) + 20, 52.0
    # Beside the frame if there is room.
    visible = pane.visible
    left = visible.left() - width - 8
    left = left if left >= pane.space.left() else visible.left() + 8
    box = QRectF(left, visible.bottom() - height - 8, width, height)
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
