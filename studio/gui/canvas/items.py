"""What a canvas draws: a picture in levels of detail, and all of its numbered points as one item."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

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
    QPixmap,
    QTransform,
)
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from studio.arrays import Size
from studio.gui.widgets.painting import SMOOTH_BELOW, checkerboard, image_of
from studio.overlay import Color
from studio.picture import Picture

POINT_SIZE = 13.0
"""Diameter of a point, screen pixels."""
MOST_NUMBERS = 150
"""With more points than this only hot ones are numbered: the numbers would hide the picture."""


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


class Still:
    """A picture of what an item last drew on a widget: drawn again from the same place it costs next to nothing."""

    def __init__(self) -> None:
        self._key: object = None
        self._seen: object = None
        self._pixmap = QPixmap()

    def draw(
        self, painter: QPainter, widget: QWidget | None, what: object, render: Callable[[QPainter, QTransform], None]
    ) -> None:
        """Call `render(painter, transform)`, or draw what it drew when `what` and the view were the same.

        The picture is made when something is drawn for the second time: while a view moves there is none to be made.
        """
        transform = painter.worldTransform()
        if widget is None:
            render(painter, transform)
            return
        ratio = widget.devicePixelRatioF()
        place = (transform.m11(), transform.m22(), transform.dx(), transform.dy())
        key = (what, place, widget.width(), widget.height(), ratio)
        if key != self._key:
            if key != self._seen:
                self._seen = key
                render(painter, transform)
                return
            self._pixmap = QPixmap(widget.size() * ratio)
            self._pixmap.setDevicePixelRatio(ratio)
            self._pixmap.fill(Qt.GlobalColor.transparent)
            inner = QPainter(self._pixmap)
            inner.setRenderHints(painter.renderHints())
            inner.setWorldTransform(transform)
            render(inner, transform)
            inner.end()
            self._key = key
        painter.save()
        painter.resetTransform()
        painter.drawPixmap(0, 0, self._pixmap)
        painter.restore()


class PictureItem(pg.GraphicsObject):
    """Draws a `DisplayPicture` in the coordinates of the full-size picture."""

    def __init__(self) -> None:
        super().__init__()
        self._display: DisplayPicture | None = None
        self._images: tuple[QImage, ...] = ()
        self._still = Still()

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
        if self._display is not None:
            self._still.draw(painter, widget, id(self._display), self._render)

    def _render(self, painter: QPainter, transform: QTransform) -> None:
        assert self._display is not None
        zoom = abs(transform.m11()) * painter.device().devicePixelRatioF()
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


@dataclass(frozen=True, slots=True)
class Mark:
    """One point as it is drawn: `at` in full-size pixels, `size` in screen pixels."""

    number: int
    at: tuple[float, float]
    color: Color
    size: float = POINT_SIZE
    enabled: bool = True
    locked: bool = False


class PairScatter(pg.GraphicsObject):
    """All points of one picture and their numbers, drawn by one item from small pictures made before."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(10)
        self._marks: dict[int, Mark] = {}
        self.hot: set[int] = set()
        self._cold: tuple[Mark, ...] = ()
        self._still = Still()
        self.show_numbers = True

    def set_marks(self, marks: Iterable[Mark]) -> None:
        """Show these points."""
        new = {mark.number: mark for mark in marks}
        if new == self._marks:
            return  # while a point is dragged, the other picture's stay
        self._marks = new
        self.hot &= new.keys()
        self._sort_out()

    def set_hot(self, numbers: set[int]) -> None:
        """Light up the points of these numbers."""
        self.hot = set(numbers)
        self._sort_out()

    def _sort_out(self) -> None:
        cold = tuple(mark for mark in self._marks.values() if mark.number not in self.hot)
        if cold != self._cold:
            self._cold = cold
        self.update()

    def point_of(self, number: int) -> QPointF | None:
        """Where the point of a pair lies, in full-size pixels."""
        mark = self._marks.get(number)
        return None if mark is None else QPointF(*mark.at)

    def color_of(self, number: int) -> Color:
        """The colour of the point of a pair; white if there is none."""
        mark = self._marks.get(number)
        return (255, 255, 255) if mark is None else mark.color

    def near(self, point: tuple[float, float], radius: float) -> int:
        """The number of the point nearest to `point` within `radius`, both in full-size pixels, or 0."""
        best, best_distance = 0, radius
        for mark in self._marks.values():
            distance = math.hypot(mark.at[0] - point[0], mark.at[1] - point[1])
            if distance <= best_distance:
                best, best_distance = mark.number, distance
        return best

    def within(self, rect: QRectF) -> set[int]:
        """The numbers of the points inside a rectangle in full-size pixels."""
        left, top, right, bottom = rect.left(), rect.top(), rect.right(), rect.bottom()
        return {
            number
            for number, mark in self._marks.items()
            if left <= mark.at[0] <= right and top <= mark.at[1] <= bottom
        }

    def boundingRect(self) -> QRectF:
        # Points keep their size on the screen and may lie outside the picture: everywhere.
        return QRectF(-1e7, -1e7, 2e7, 2e7)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        numbered = self.show_numbers and len(self._marks) <= MOST_NUMBERS
        clip = QRectF(widget.rect()).adjusted(-30, -30, 30, 30) if widget is not None else None

        def draw(marks: Iterable[Mark], hot: bool, to: QPainter, transform: QTransform) -> None:
            to.save()
            to.resetTransform()
            ratio = to.device().devicePixelRatioF()
            placed = [(mark, transform.map(QPointF(*mark.at))) for mark in marks]
            placed = [(mark, at) for mark, at in placed if clip is None or clip.contains(at)]
            for mark, at in placed:
                draw_mark(to, at, mark, hot, ratio)
            if numbered or (hot and len(placed) <= MOST_NUMBERS):
                for mark, at in placed:
                    paint_number(to, at, mark.number, hot)
            to.restore()

        # While one point is dragged the others stay: they are one picture.
        self._still.draw(painter, widget, (id(self._cold), numbered), lambda to, by: draw(self._cold, False, to, by))
        hot = [mark for number, mark in self._marks.items() if number in self.hot]  # last, so that they lie on top
        draw(hot, True, painter, painter.worldTransform())


def draw_mark(painter: QPainter, at: QPointF, mark: Mark, hot: bool, ratio: float) -> None:
    """Draw one point at a place of the device, to a quarter of a pixel."""
    x, y = math.floor(at.x() * 4) / 4, math.floor(at.y() * 4) / 4
    left, top = math.floor(x), math.floor(y)
    size = round((max(mark.size, POINT_SIZE) + 6 if hot else mark.size) * 2) / 2
    image, half = _mark_image(mark.color, size, mark.enabled, mark.locked, hot, x - left, y - top, ratio)
    painter.drawPixmap(QPointF(left - half, top - half), image)


@lru_cache(maxsize=8192)
def _mark_image(
    color: Color, size: float, enabled: bool, locked: bool, hot: bool, dx: float, dy: float, ratio: float
) -> tuple[QPixmap, int]:
    """A point, and how far its middle lies from the corner; antialiased ellipses cost too much in every frame."""
    half = math.ceil(size / 2) + 4
    image = QPixmap(round((2 * half + 1) * ratio), round((2 * half + 1) * ratio))
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    rect = QRectF(half + dx - size / 2, half + dy - size / 2, size, size)
    fill, white = QColor(*color), QColor(255, 255, 255, 255 if hot else 235)
    draw = painter.drawRect if locked else painter.drawEllipse
    if not enabled:  # an empty ring in its colour
        painter.setBrush(QBrush(QColor(0, 0, 0, 40)))
        painter.setPen(QPen(QColor(0, 0, 0, 130), 3.6))
        draw(rect)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(white if hot else fill, 2.0))
        draw(rect)
    elif hot:
        painter.setPen(QPen(QColor(0, 0, 0, 150), 4.5))
        painter.setBrush(QBrush(fill))
        draw(rect)
        painter.setPen(QPen(white, 2.4))
        draw(rect)
    else:
        painter.setPen(QPen(white, 1.6))
        painter.setBrush(QBrush(fill))
        draw(rect)
    painter.end()
    return image, half


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
