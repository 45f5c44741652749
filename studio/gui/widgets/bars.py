"""Ranked bars that add up: what each channel of a layer gives to the similarity of two places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui.widgets.theme import colors
from studio.language import tr

ROW = 21
NAME, VALUE = 96.0, 122.0
"""Widths of the columns beside the bars, screen pixels."""
POSITIVE, NEGATIVE = QColor("#e8963a"), QColor("#4f8fd0")
"""Orange and blue: people who confuse red and green tell them apart."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: a channel and its part, or many channels taken together (`channel` is -1)."""

    channel: int
    label: str
    value: float


class ChannelBars(QWidget):
    """A bar a row, the sum so far beside it, and below them the sum of all."""

    chosen = Signal(int)
    """(channel)"""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Channels by their part in the similarity"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._bars: tuple[Bar, ...] = ()
        self._total = 0.0
        self._current = -1
        self._over = -1

    @property
    def bars(self) -> tuple[Bar, ...]:
        return self._bars

    @property
    def total(self) -> float:
        """The sum that is written below the bars."""
        return self._total

    @property
    def current(self) -> int:
        """The channel that is lit up, or -1."""
        return self._current

    def set_bars(self, bars: Sequence[Bar], total: float) -> None:
        """Show rows; `total` is what they add up to."""
        self._bars, self._total = tuple(bars), total
        self.setFixedHeight(ROW * (len(self._bars) + 1) + 8 if self._bars else ROW)
        self.updateGeometry()
        self.update()

    def set_current(self, channel: int) -> None:
        self._current = channel
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, self.height())

    def row_rect(self, index: int) -> QRectF:
        """Where a row lies, in pixels of this widget."""
        return QRectF(0, 2 + index * ROW, self.width(), ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(colors().canvas))
        if not self._bars:
            return
        font = QFont(painter.font())
        font.setPixelSize(12)
        painter.setFont(font)
        left, right = self._name_column(painter), self.width() - VALUE
        # What many channels give together may be longer than the row: only single ones can be compared.
        alone = [bar.value for bar in self._bars if bar.channel >= 0] or [bar.value for bar in self._bars]
        most = max(abs(value) for value in alone) or 1.0
        has_negative = any(value < 0 for value in alone)
        zero = left + (right - left) * (0.3 if has_negative else 0.0)
        unit = (right - zero) / most
        if has_negative:
            unit = min(unit, (zero - left) / max(-min(alone), 1e-12))
        running = 0.0
        for index, bar in enumerate(self._bars):
            running += bar.value
            self._paint_row(painter, index, bar, running, (left, zero, unit))
        painter.setPen(QPen(QColor(colors().border), 1))
        painter.drawLine(QPointF(zero, 2), QPointF(zero, 2 + ROW * len(self._bars)))
        self._paint_total(painter)

    def _name_column(self, painter: QPainter) -> float:
        """Width of the names, which depends on the language."""
        metrics = painter.fontMetrics()
        return max(NAME, 18.0 + max((metrics.horizontalAdvance(bar.label) for bar in self._bars), default=0))

    def _paint_row(
        self, painter: QPainter, index: int, bar: Bar, running: float, scale: tuple[float, float, float]
    ) -> None:
        left, zero, unit = scale
        row = self.row_rect(index)
        lit = bar.channel >= 0 and bar.channel == self._current
        if lit or (index == self._over and bar.channel >= 0):
            painter.fillRect(row, QColor(colors().hover))
        if lit:
            painter.fillRect(QRectF(0, row.top(), 3, row.height()), QColor(colors().accent))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(colors().text if bar.channel >= 0 else colors().muted))
        painter.drawText(QRectF(10, row.top(), left - 14, ROW), middle | Qt.AlignmentFlag.AlignLeft, bar.label)
        color = QColor(POSITIVE if bar.value >= 0 else NEGATIVE)
        if bar.channel < 0:
            color.setAlpha(120)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        length = min(max(bar.value * unit, left - zero), self.width() - VALUE - zero)
        painter.drawRoundedRect(QRectF(min(zero, zero + length), row.top() + 4, abs(length), ROW - 8), 2, 2)
        self._paint_numbers(painter, row, f"{bar.value:+.3f}", f"{running:.3f}")

    def _paint_numbers(self, painter: QPainter, row: QRectF, value: str, running: str) -> None:
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.setPen(QColor(colors().text))
        painter.drawText(QRectF(row.right() - VALUE, row.top(), VALUE / 2 - 4, ROW), right, value)
        painter.setPen(QColor(colors().muted))
        painter.drawText(QRectF(row.right() - VALUE / 2, row.top(), VALUE / 2 - 8, ROW), right, running)

    def _paint_total(self, painter: QPainter) -> None:
        row = self.row_rect(len(self._bars))
        painter.setPen(QPen(QColor(colors().border), 1))
        painter.drawLine(row.topLeft(), row.topRight())
        font = QFont(painter.font())
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(colors().text))
        align = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(row.adjusted(10, 2, 0, 0), align, tr("all channels together = the similarity"))
        painter.drawText(row.adjusted(0, 2, -8, 0), align | Qt.AlignmentFlag.AlignRight, f"{self._total:.3f}")

    # --- gestures ---

    def _row_at(self, y: float) -> int:
        index = int((y - 2) // ROW)
        return index if 0 <= index < len(self._bars) and self._bars[index].channel >= 0 else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._over = self._row_at(event.position().y())
        self.setCursor(Qt.CursorShape.PointingHandCursor if self._over >= 0 else Qt.CursorShape.ArrowCursor)
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._over = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._row_at(event.position().y())
        if index >= 0:
            self.chosen.emit(self._bars[index].channel)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        rows = [bar.channel for bar in self._bars if bar.channel >= 0]
        if step is None or not rows:
            super().keyPressEvent(event)
            return
        index = rows.index(self._current) + step if self._current in rows else 0
        self.chosen.emit(rows[min(max(index, 0), len(rows) - 1)])
