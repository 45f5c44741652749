"""Rows of small maps, all with the view and the cursor of the big pictures; one of them can be chosen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.arrays import Pixels, Side, Size
from studio.gui.canvas.canvas import ViewState
from studio.gui.canvas.drawing import NOTHING, Mark, Overlay, paint_map, paint_signs
from studio.gui.widgets.painting import paint_hint
from studio.gui.widgets.theme import colors

GAP = 10.0
HEAD, LINE = 20.0, 16.0
"""Heights of a tile's title and of a line below it, screen pixels."""


@dataclass(frozen=True, eq=False)
class Tile:
    """One small map.

    Attributes
    ----------
    side : "A" or "B"
        Whose picture and view it has.
    lines : tuple of str
        What stands below it.
    good : bool or None
        Colours the last line as good news or bad; None as neither.
    """

    side: Side
    title: str
    size: Size
    grey: Pixels | None
    overlay: Overlay = NOTHING
    lines: tuple[str, ...] = ()
    good: bool | None = None
    tip: str = ""
    linked: bool = True
    """Whether it shows the part of its picture that the big canvas shows."""


def whole_tile(side: Side, title: str, pixels: Pixels, lines: tuple[str, ...] = (), smooth: bool = True) -> Tile:
    """A tile that shows a little picture of its own, (h, w, 3|4) uint8, whatever the big canvases show."""
    height, width = pixels.shape[:2]
    whole = Overlay(pixels, (float(width), float(height)), 1.0, smooth)
    return Tile(side, title, (width, height), None, whole, lines, linked=False)


def visible_part(size: Size, view: ViewState) -> QRectF:
    """The part of a picture, in full-size pixels, that a tile of its own shape shows for this view."""
    width, height = size[0] / max(view.zoom, 1.0), size[1] / max(view.zoom, 1.0)
    x = min(max(view.center[0] * size[0] - width / 2, 0.0), size[0] - width)
    y = min(max(view.center[1] * size[1] - height / 2, 0.0), size[1] - height)
    return QRectF(x - 0.5, y - 0.5, width, height)


class MapStrip(QWidget):
    """Tiles in one row, or in several where that makes them larger."""

    chosen = Signal(int)
    """(index of the tile that was clicked)"""
    cursor_moved = Signal(str, object)
    """(side, QPointF in full-size pixels or None): the mouse over a tile is the mouse over its picture"""

    def __init__(self, name: str, choosable: bool = True) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(110)
        if choosable:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._choosable = choosable
        self._tiles: tuple[Tile, ...] = ()
        self._current = -1
        self._lit: frozenset[int] = frozenset()
        self.hint = ("", "")
        self.views: dict[Side, ViewState] = {"A": ViewState(), "B": ViewState()}
        self._over = -1
        self.marked_place: tuple[Side, QPointF] | None = None

    @property
    def tiles(self) -> tuple[Tile, ...]:
        return self._tiles

    @property
    def current(self) -> int:
        """Index of the tile that is lit up, or -1."""
        return self._current

    def set_tiles(self, tiles: Sequence[Tile], current: int = -1, lit: Collection[int] = ()) -> None:
        """Show tiles; `current` is the chosen one, `lit` are others that belong to it."""
        self._tiles, self._current = tuple(tiles), current
        self._lit = frozenset(lit) | {current}
        self.update()

    def set_hint(self, title: str, text: str) -> None:
        """What to say while there are no tiles."""
        self.hint = (title, text)
        self._tiles = ()
        self.update()

    def set_view(self, side: Side, view: ViewState) -> None:
        """Show the part of the pictures that a canvas shows."""
        self.views[side] = view
        self.update()

    def set_cursor(self, side: Side, place: QPointF | None) -> None:
        """Mark where the mouse is over the big picture of a side, on all of its tiles."""
        self.marked_place = None if place is None else (side, place)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(700, 220)

    def tile_rect(self, index: int) -> QRectF:
        """Where the picture of a tile lies, in pixels of this widget."""
        return self._cells()[index]

    # --- drawing ---

    def _cells(self) -> list[QRectF]:
        """The rectangles of the pictures: all in boxes of one size, as large as the widget allows."""
        count = len(self._tiles)
        if not count:
            return []
        below = LINE * max(len(tile.lines) for tile in self._tiles) + 4
        aspect = max(tile.size[0] / tile.size[1] for tile in self._tiles)
        best_rows, best = 1, 0.0
        for rows in range(1, count + 1):
            columns = -(-count // rows)
            width = (self.width() - GAP) / columns - GAP
            height = (self.height() - 6) / rows - HEAD - below
            side = min(width, height * aspect)
            if side > best * 1.02:
                best_rows, best = rows, side
        columns = -(-count // best_rows)
        width, height = (self.width() - GAP) / columns, (self.height() - 6) / best_rows
        cells = []
        for index, tile in enumerate(self._tiles):
            row, column = divmod(index, columns)
            space = QRectF(GAP + column * width, 3 + row * height + HEAD, width - GAP, height - HEAD - below)
            scale = max(min(space.width() / tile.size[0], space.height() / tile.size[1]), 1e-4)
            cell = QRectF(0, 0, tile.size[0] * scale, tile.size[1] * scale)
            cell.moveCenter(space.center())
            cell.moveTop(space.top())
            cells.append(cell)
        return cells

    def _transform(self, index: int, cell: QRectF) -> QTransform:
        """From full-size pixels of a tile's picture to pixels of this widget."""
        tile = self._tiles[index]
        part = visible_part(tile.size, self.views[tile.side] if tile.linked else ViewState())
        scale = cell.width() / part.width()
        return QTransform(scale, 0, 0, scale, cell.left() - part.left() * scale, cell.top() - part.top() * scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(colors().canvas))
        if not self._tiles:
            paint_hint(painter, QRectF(self.rect()), *self.hint)
            return
        for index, cell in enumerate(self._cells()):
            self._paint_tile(painter, index, cell)

    def _paint_tile(self, painter: QPainter, index: int, cell: QRectF) -> None:
        tile, transform = self._tiles[index], self._transform(index, cell)
        painter.save()
        painter.setClipRect(cell)
        painter.setTransform(transform)
        paint_map(painter, tile.size, tile.grey, tile.overlay)
        painter.resetTransform()
        overlay = tile.overlay
        if self.marked_place is not None and self.marked_place[0] == tile.side and tile.linked:
            place = self.marked_place[1]
            overlay = replace(overlay, marks=(*overlay.marks, Mark(place.x(), place.y())))
        paint_signs(painter, lambda x, y: transform.map(QPointF(x, y)), tile.size, overlay, small=True)
        painter.restore()
        chosen, over = index in self._lit, index == self._over and self._choosable
        if chosen or over:
            color = QColor(colors().accent)
            color.setAlpha(255 if chosen else 130)
            painter.setPen(QPen(color, 2.4 if chosen else 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(cell.adjusted(-2, -2, 2, 2), 3, 3)
        self._paint_words(painter, tile, cell, chosen)

    def _paint_words(self, painter: QPainter, tile: Tile, cell: QRectF, chosen: bool) -> None:
        font = QFont(painter.font())
        font.setPixelSize(12)
        font.setBold(True)
        columns = max(1, round(self.width() / max(self._pitch(), 1.0)))
        room = self.width() / columns - 6
        left = cell.center().x() - room / 2
        align = Qt.AlignmentFlag.AlignCenter

        def write(top: float, height: float, text: str, color: str) -> None:
            painter.setPen(QColor(color))
            shown = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRectF(left, top, room, height), align, shown)

        painter.save()
        painter.setFont(font)
        write(cell.top() - HEAD, HEAD - 2, tile.title, colors().text if chosen or self._current < 0 else colors().muted)
        font.setBold(False)
        font.setPixelSize(11)
        painter.setFont(font)
        for number, line in enumerate(tile.lines):
            color = colors().muted
            if number == len(tile.lines) - 1 and tile.good is not None:
                color = colors().success if tile.good else colors().warning
            write(cell.bottom() + 3 + number * LINE, LINE, line, color)
        painter.restore()

    def _pitch(self) -> float:
        """Distance from one tile to the next in a row."""
        cells = self._cells()
        if len(cells) < 2 or cells[1].center().x() <= cells[0].center().x():
            return float(self.width())
        return cells[1].center().x() - cells[0].center().x()

    # --- gestures ---

    def _at(self, position: QPointF) -> int:
        for index, cell in enumerate(self._cells()):
            if cell.adjusted(-GAP / 2, -HEAD, GAP / 2, LINE).contains(position):
                return index
        return -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position())
        if index != self._over:
            self._over = index
            self.setToolTip(self._tiles[index].tip if index >= 0 else "")
            self.setCursor(
                Qt.CursorShape.PointingHandCursor if index >= 0 and self._choosable else Qt.CursorShape.ArrowCursor
            )
            self.update()
        if index >= 0:
            cell = self._cells()[index]
            inside = cell.contains(event.position())
            place = self._transform(index, cell).inverted()[0].map(event.position()) if inside else None
            if self._tiles[index].linked:
                self.cursor_moved.emit(self._tiles[index].side, place)

    def leaveEvent(self, event: object) -> None:
        if self._over >= 0 and self._tiles:
            self.cursor_moved.emit(self._tiles[min(self._over, len(self._tiles) - 1)].side, None)
        self._over = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position())
        if index >= 0 and self._choosable and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self._tiles or not self._choosable:
            super().keyPressEvent(event)
            return
        self.chosen.emit(min(max(self._current + step, 0), len(self._tiles) - 1))
