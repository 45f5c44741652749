"""All channels of a layer as small maps, A beside B, on one scale; click one to see it large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QToolTip, QWidget

from studio.arrays import Pixels
from studio.gui.widgets.painting import image_of, paint_hint
from studio.gui.widgets.theme import colors
from studio.language import tr

SIDE = 64
"""Longer side of one small map, screen pixels."""
PAD, LABEL = 9, 17


@dataclass(frozen=True, eq=False)
class ChannelTiles:
    """What the grid shows.

    Attributes
    ----------
    channels : (K,) int
        Numbers of the channels, in the order shown.
    a, b : (K, h, w) uint8
        Their maps, from the low end of the scale to the high one; one of them may be (0, 0, 0).
    values : (K,) float
        What they are ranked by; `caption` says what it is.
    """

    channels: npt.NDArray[np.int64]
    a: Pixels
    b: Pixels
    values: npt.NDArray[np.float64]
    caption: str = ""


class _Grid(QWidget):
    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Channels"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.tiles: ChannelTiles | None = None
        self.table: Pixels = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
        self.current = -1
        self.hint = ("", "")
        self._over = -1

    # --- geometry ---

    def _sizes(self) -> tuple[float, float, float]:
        """Width of A's map, width of B's, and the height of both."""
        assert self.tiles is not None
        shapes = [maps.shape[1:] for maps in (self.tiles.a, self.tiles.b)]
        aspects = [shape[1] / shape[0] if shape[0] else 0.0 for shape in shapes]
        height = min(SIDE, SIDE / max(*aspects, 1e-6)) if max(aspects) > 1 else float(SIDE)
        return aspects[0] * height, aspects[1] * height, height

    def columns(self) -> int:
        if self.tiles is None:
            return 1
        a, b, _ = self._sizes()
        return max(1, int((self.width() - PAD) // (a + b + PAD + 2)))

    def cell(self, index: int) -> QRectF:
        """Where a pair of maps lies."""
        a, b, height = self._sizes()
        columns = self.columns()
        row, column = divmod(index, columns)
        pitch = (self.width() - PAD) / columns
        left = PAD + column * pitch + (pitch - PAD - a - b - 2) / 2
        return QRectF(left, PAD + row * (height + LABEL + PAD), a + b + 2, height)

    def fit_height(self) -> None:
        if self.tiles is None or not len(self.tiles.channels):
            self.setMinimumHeight(0)
            return
        rows = -(-len(self.tiles.channels) // self.columns())
        self.setMinimumHeight(round(PAD + rows * (self._sizes()[2] + LABEL + PAD)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_height()

    # --- drawing ---

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor(colors().canvas))
        if self.tiles is None or not len(self.tiles.channels):
            paint_hint(painter, QRectF(self.rect()), *self.hint)
            return
        font = QFont(painter.font())
        font.setPixelSize(10)
        painter.setFont(font)
        a_width, b_width, height = self._sizes()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for index, channel in enumerate(self.tiles.channels.tolist()):
            cell = self.cell(index)
            if not cell.adjusted(0, 0, 0, LABEL).intersects(QRectF(event.rect())):
                continue
            for maps, left, width in (
                (self.tiles.a, cell.left(), a_width),
                (self.tiles.b, cell.left() + a_width + 2, b_width),
            ):
                if width:
                    pixels = np.ascontiguousarray(self.table[maps[index]])
                    painter.drawImage(QRectF(left, cell.top(), width, height), image_of(pixels))
            lit = channel == self.current
            if lit or index == self._over:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(colors().accent), 2.4 if lit else 1.2))
                painter.drawRoundedRect(cell.adjusted(-2, -2, 2, 2), 3, 3)
            painter.setPen(QColor(colors().text if lit else colors().muted))
            below = QRectF(cell.left() - PAD / 2, cell.bottom() + 2, cell.width() + PAD, LABEL - 2)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"{channel}  ·  {self.tiles.values[index]:.3g}")

    # --- gestures ---

    def at(self, x: float, y: float) -> int:
        if self.tiles is None or not len(self.tiles.channels):
            return -1
        height, columns = self._sizes()[2], self.columns()
        row = int((y - PAD) // (height + LABEL + PAD))
        column = int((x - PAD) // ((self.width() - PAD) / columns))
        index = row * columns + column
        return index if 0 <= column < columns and 0 <= index < len(self.tiles.channels) else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self.at(event.position().x(), event.position().y())
        if over != self._over:
            self._over = over
            self.setCursor(Qt.CursorShape.PointingHandCursor if over >= 0 else Qt.CursorShape.ArrowCursor)
            self.update()

    def leaveEvent(self, event: object) -> None:
        self._over = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.at(event.position().x(), event.position().y())
        if index >= 0 and self.tiles is not None:
            self.chosen.emit(int(self.tiles.channels[index]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self.columns(),
            Qt.Key.Key_Down: self.columns(),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or self.tiles is None or not len(self.tiles.channels):
            super().keyPressEvent(event)
            return
        order = self.tiles.channels.tolist()
        index = order.index(self.current) + step if self.current in order else 0
        if 0 <= index < len(order):
            self.chosen.emit(order[index])

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self.tiles is not None:
            index = self.at(event.x(), event.y())
            if index >= 0:
                value = f"{self.tiles.caption} {self.tiles.values[index]:.4g}"
                words = tr(
                    "Channel {channel}\n{value}\nClick to see it large on both pictures",
                    channel=self.tiles.channels[index],
                    value=value,
                )
                QToolTip.showText(event.globalPos(), words, self)
                return True
        return super().event(event)


class ChannelGrid(QScrollArea):
    """The grid with its scroll bar."""

    chosen = Signal(int)
    """(channel)"""

    def __init__(self) -> None:
        super().__init__()
        self.grid = _Grid()
        self.grid.chosen.connect(self.chosen)
        self.setWidget(self.grid)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        return QSize(700, 220)

    @property
    def tiles(self) -> ChannelTiles | None:
        return self.grid.tiles

    @property
    def current(self) -> int:
        """The channel that is lit up, or -1."""
        return self.grid.current

    def set_tiles(self, tiles: ChannelTiles | None) -> None:
        self.grid.tiles = tiles
        self.grid.fit_height()
        self.grid.update()

    def set_table(self, table: Pixels) -> None:
        """(256, 3) uint8: the colours of the scale."""
        self.grid.table = table
        self.grid.update()

    def set_current(self, channel: int) -> None:
        """Light a channel up and bring it into view."""
        self.grid.current = channel
        tiles = self.grid.tiles
        if tiles is not None and channel in tiles.channels:
            cell = self.grid.cell(tiles.channels.tolist().index(channel))
            self.ensureVisible(round(cell.center().x()), round(cell.center().y()), 0, round(cell.height()))
        self.grid.update()

    def set_hint(self, title: str, text: str) -> None:
        self.grid.hint = (title, text)
        self.set_tiles(None)
