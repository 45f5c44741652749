"""What a canvas draws: a picture in levels of detail, and all of its numbered points as one item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

import cv2
import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QTransform,
)
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from studio.geometry import Size
from studio.overlay import pair_color
from studio.picture import Picture

POINT_SIZE = 13.0
"""Diameter of a point, screen pixels."""
MOST_NUMBERS = 150
"""With more points than this only hot ones are numbered: the numbers would hide the picture."""
SMOOTH_BELOW = 4.0
"""Below so many screen pixels per picture pixel pictures are smoothed; above it pixels show as squares."""


@dataclass(frozen=True, eq=False)
class DisplayPicture:
    """A picture made ready for the screen: RGB or RGBA, each level half the size of the one before.

    Made off the GUI thread; drawing picks the level that is nearest above the zoom, so that a large
    picture shown small neither flickers nor costs more than a small one.
    """

    size: Size
    levels: tuple[npt.NDArray[np.uint8], ...]

    @classmethod
    def of(cls, picture: Picture) -> DisplayPicture:
        pixels = picture.pixels
        if picture.alpha is not None:
            pixels = np.dstack([pixels, picture.alpha])
        levels = [np.ascontiguousarray(pixels)]
        while max(levels[-1].shape[:2]) > 256:
            height, width = levels[-1].shape[:2]
            half = cv2.resize(levels[-1], (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
            levels.append(np.ascontiguousarray(half, dtype=np.uint8))
        return cls(picture.size, tuple(levels))


class PictureItem(pg.GraphicsObject):
    """Draws a `DisplayPicture` in the coordinates of the full-size picture."""

    def __init__(self) -> None:
        super().__init__()
        self._display: DisplayPicture | None = None
        self._images: tuple[QImage, ...] = ()

    def set_display(self, display: DisplayPicture | None) -> None:
        self.prepareGeometryChange()
        self._display = display
        self._images = () if display is None else tuple(image_of(level) for level in display.levels)
        self.update()

    def boundingRect(self) -> QRectF:
        if self._display is None:
            return QRectF()
        width, height = self._display.size
        return QRectF(-0.5, -0.5, width, height)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self._display is None:
            return
        transform = painter.worldTransform()
        ratio = widget.devicePixelRatioF() if widget is not None else 1.0
        zoom = abs(transform.m11()) * ratio
        shown_width = zoom * self._display.size[0]
        image = next((level for level in reversed(self._images) if level.width() >= shown_width), self._images[0])
        rect = self.boundingRect()
        if image.hasAlphaChannel():
            painter.save()
            painter.resetTransform()
            painter.fillRect(transform.mapRect(rect), checkerboard())
            painter.restore()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, zoom < SMOOTH_BELOW)
        painter.drawImage(rect, image)


class PairScatter(pg.ScatterPlotItem):
    """All points of one picture and their numbers, drawn by one item."""

    def __init__(self) -> None:
        super().__init__(pxMode=True, symbol="o", size=POINT_SIZE, antialias=True)
        self.setZValue(10)
        self._points: dict[int, QPointF] = {}
        self._hot: set[int] = set()
        self.show_numbers = True

    def set_points(self, points: Iterable[tuple[int, tuple[float, float]]]) -> None:
        """Show `(number, (x, y))` in full-size pixels."""
        rows = [(number, (float(x), float(y))) for number, (x, y) in points]
        if rows == [(number, (point.x(), point.y())) for number, point in self._points.items()]:
            return  # while a point is dragged, the other picture's stay
        self._points = {number: QPointF(*point) for number, point in rows}
        self._hot &= self._points.keys()
        self.setData(
            pos=np.asarray([point for _, point in rows], dtype=float).reshape(-1, 2),
            brush=[_brush(pair_color(number)) for number, _ in rows],
            pen=pg.mkPen(255, 255, 255, 235, width=1.6),
        )

    def set_hot(self, numbers: set[int]) -> None:
        """Light up the points of these numbers."""
        self._hot = set(numbers)
        self.update()

    @property
    def numbered_points(self) -> list[tuple[int, QPointF]]:
        """What is shown: (number, point in full-size pixels)."""
        return list(self._points.items())

    def point_of(self, number: int) -> QPointF | None:
        """Where the point of a pair lies, in full-size pixels."""
        return self._points.get(number)

    def paint(self, painter: QPainter, *args: object) -> None:
        transform = painter.worldTransform()
        super().paint(painter, *args)
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.show_numbers and len(self._points) <= MOST_NUMBERS:
            for number, point in self._points.items():
                if number not in self._hot:
                    paint_number(painter, transform.map(point), number, False)
        for number in self._hot & self._points.keys():  # last, so that they lie on top
            at = transform.map(self._points[number])
            self._paint_halo(painter, at, number)
            paint_number(painter, at, number, True)
        painter.restore()

    def _paint_halo(self, painter: QPainter, at: QPointF, number: int) -> None:
        painter.setPen(QPen(QColor(0, 0, 0, 150), 4.5))
        painter.setBrush(QBrush(QColor(*pair_color(number))))
        painter.drawEllipse(at, 9.5, 9.5)
        painter.setPen(QPen(QColor(255, 255, 255), 2.4))
        painter.drawEllipse(at, 9.5, 9.5)


@cache
def _brush(color: tuple[int, int, int]) -> QBrush:
    # One object a colour: pyqtgraph renders each brush that it has not met before.
    return QBrush(QColor(*color))


def image_of(pixels: npt.NDArray[np.uint8]) -> QImage:
    """A QImage over the array's own memory; the caller keeps the array alive."""
    height, width, channels = pixels.shape
    kind = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_RGB888
    return QImage(pixels.data, width, height, width * channels, kind)


def checkerboard() -> QBrush:
    """What shows through where a picture is transparent."""
    tile = QImage(16, 16, QImage.Format.Format_RGB32)
    tile.fill(QColor("#c8c8c8"))
    painter = QPainter(tile)
    painter.fillRect(0, 0, 8, 8, QColor("#efefef"))
    painter.fillRect(8, 8, 8, 8, QColor("#efefef"))
    painter.end()
    brush = QBrush(tile)
    brush.setTransform(QTransform())
    return brush


def paint_number(painter: QPainter, at: QPointF, number: int, hot: bool) -> None:
    """Write the number of a pair beside its point, readable on any ground."""
    ratio = painter.device().devicePixelRatioF() if painter.device() is not None else 1.0
    image, ascent = _number_image(number, hot, ratio)
    offset = 11.0 if hot else POINT_SIZE / 2 + 2.5
    painter.drawImage(QPointF(at.x() + offset - _HALO, at.y() - offset - ascent / 2 - _HALO), image)


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
