"""The curves of the checks: how a score falls and rises while pixels are taken away and given back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui.widgets.theme import colors
from studio.language import tr

DELETION, INSERTION = "#4f8fd0", "#e8963a"


@dataclass(frozen=True, slots=True)
class Curve:
    """`values` at equal steps of the share of pixels, from none to all; `area` is the mean height below it."""

    title: str
    values: tuple[float, ...]
    area: float
    color: str


class CurveView(QWidget):
    """Curves over the share of pixels changed, on one axis."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Insertion and deletion curves"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(118)
        self._curves: tuple[Curve, ...] = ()

    @property
    def curves(self) -> tuple[Curve, ...]:
        return self._curves

    def set_curves(self, curves: Sequence[Curve]) -> None:
        self._curves = tuple(curves)
        self.setVisible(bool(self._curves))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, 118)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(painter.font())
        font.setPixelSize(10)
        painter.setFont(font)
        plot = QRectF(self.rect()).adjusted(34, 6, -6, -30)
        painter.fillRect(plot, QColor(colors().canvas))
        values = [value for curve in self._curves for value in curve.values]
        low, high = min(values, default=0.0), max(values, default=1.0)
        span = (high - low) or 1.0
        painter.setPen(QColor(colors().muted))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, plot.top() - 6, 30, 12), right, f"{high:.2g}")
        painter.drawText(QRectF(0, plot.bottom() - 6, 30, 12), right, f"{low:.2g}")
        painter.drawText(QRectF(plot.left(), plot.bottom() + 1, 60, 12), Qt.AlignmentFlag.AlignLeft, "0 %")
        painter.drawText(QRectF(plot.right() - 60, plot.bottom() + 1, 60, 12), Qt.AlignmentFlag.AlignRight, "100 %")
        middle = QRectF(plot.left() + 30, plot.bottom() + 1, plot.width() - 60, 12)
        painter.drawText(middle, Qt.AlignmentFlag.AlignCenter, tr("pixels, most telling first"))
        left = plot.left()
        for curve in self._curves:
            steps = max(len(curve.values) - 1, 1)
            line = QPolygonF(
                [
                    QPointF(
                        plot.left() + plot.width() * step / steps, plot.bottom() - plot.height() * (value - low) / span
                    )
                    for step, value in enumerate(curve.values)
                ]
            )
            painter.setPen(QPen(QColor(curve.color), 1.8))
            painter.drawPolyline(line)
            words = f"{curve.title}: {curve.area:.2f}"
            painter.drawText(QPointF(left, self.height() - 4), words)
            left += painter.fontMetrics().horizontalAdvance(words) + 14
