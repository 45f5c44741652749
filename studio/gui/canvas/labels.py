"""The numbers beside points: small pictures made before, and which of them there is room for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QImage, QPainter, QPainterPath, QPen

POINT_SIZE = 13.0
"""Diameter of a point, screen pixels."""
MOST_NUMBERS = 150
"""With more points in view than this only hot ones are numbered: the numbers would hide the picture."""
APART = 2.0
"""Half of what lies between two numbers in a row at least, screen pixels: less, and 97 and 92 read as one."""
CELL = 32.0
"""Side of the squares that labels are looked up by, screen pixels; about the size of one."""


Box = tuple[float, float, float, float]
"""Left, top, right and bottom, screen pixels."""


@dataclass(frozen=True, slots=True)
class Label:
    """The number of a pair beside its point, which lies `at` this place of the screen."""

    number: int
    at: QPointF
    hot: bool = False

    def box(self) -> Box:
        """What it covers; the dark halo may touch another's."""
        width, height = _size(self.number, self.hot)
        offset = _offset(self.hot)
        left, top = self.at.x() + offset, self.at.y() - offset - height / 2
        return left - APART, top, left + width + APART, top + height


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes have something in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def with_room(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Those of the labels, the first ones before others, of which none lies over another."""
    cells: dict[tuple[int, int], list[Box]] = defaultdict(list)
    kept = []
    for label in labels:
        box = label.box()
        left, top, right, bottom = (int(edge // CELL) for edge in box)
        squares = [(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]
        if any(overlap(box, other) for square in squares for other in cells[square]):
            continue
        kept.append(label)
        for square in squares:
            cells[square].append(box)
    return tuple(kept)


def paint_number(painter: QPainter, at: QPointF, number: int, hot: bool) -> None:
    """Write the number of a pair beside its point, readable on any ground."""
    ratio = painter.device().devicePixelRatioF() if painter.device() is not None else 1.0
    image, ascent = _number_image(number, hot, ratio)
    offset = _offset(hot)
    painter.drawImage(QPointF(at.x() + offset - _HALO, at.y() - offset - ascent / 2 - _HALO), image)


def _offset(hot: bool) -> float:
    """How far from the middle of its point a number stands, to the right and up."""
    return 11.0 if hot else POINT_SIZE / 2 + 2.5


@lru_cache(maxsize=4096)
def _size(number: int, hot: bool) -> tuple[float, float]:
    """Width and height of a number without its halo, screen pixels."""
    image, ascent = _number_image(number, hot, 1.0)
    return image.width() - 2 * _HALO, ascent


_HALO = 3.0
"""Room around a number for its dark outline."""


@lru_cache(maxsize=4096)
def _number_image(number: int, hot: bool, ratio: float) -> tuple[QImage, float]:
    """A number with its outline, and the ascent of its font; outlines cost too much to draw in every frame."""
    font = QFont(QGuiApplication.font())
    font.setPixelSize(15 if hot else 12)
    font.setBold(True)
    text = str(number)
    metrics = QFontMetricsF(font)
    path = QPainterPath()
    path.addText(_HALO, _HALO + metrics.ascent(), font, text)
    size = QSizeF(metrics.horizontalAdvance(text) + 2 * _HALO, metrics.height() + 2 * _HALO) * ratio
    image = QImage(size.toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(
        QPen(QColor(0, 0, 0, 210), 3.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    )
    painter.drawPath(path)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(255, 255, 255))
    painter.drawPath(path)
    painter.end()
    return image, metrics.ascent()
