"""What the mode Inspect lays over a picture, and how it is drawn: on the big canvases and on every small map alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from studio.arrays import Pixels, Size
from studio.gui.widgets.painting import image_of
from studio.overlay import pair_color

MarkKind = Literal["cursor", "best", "pinned", "runner"]
FrameKind = Literal["chosen", "other", "window"]
ToScreen = Callable[[float, float], QPointF]

_SHADOW = QColor(0, 0, 0, 170)
_WHITE = QColor(255, 255, 255)
_GOLD = QColor("#ffd23f")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place, in full-size pixels of its picture."""

    x: float
    y: float
    kind: MarkKind = "cursor"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle (x0, y0, x1, y1), its edges in full-size pixels of its picture."""

    edges: tuple[float, float, float, float]
    kind: FrameKind = "other"
    label: str = ""


@dataclass(frozen=True, eq=False)
class Overlay:
    """Everything that lies over one picture.

    Attributes
    ----------
    tint : (h, w, 3|4) uint8, optional
        The coloured map.
    extent : (float, float)
        Width and height, in full-size pixels, that `tint` covers from the picture's upper left corner on.
    opacity : float
        Of `tint`, 0 to 1.
    smooth : bool
        Draw the map smoothly; else each cell is a square.
    trace : tuple of (x, y)
        Places from the coarsest level to the finest.
    dots : tuple of (number, (x, y))
        Points of pairs, drawn small.
    values : (h, w) float32, optional
        The numbers behind `tint`, in `unit`, to be read at a place.
    """

    tint: Pixels | None = None
    extent: tuple[float, float] = (0.0, 0.0)
    opacity: float = 0.7
    smooth: bool = True
    marks: tuple[Mark, ...] = ()
    boxes: tuple[Frame, ...] = ()
    trace: tuple[tuple[float, float], ...] = field(default=())
    dots: tuple[tuple[int, tuple[float, float]], ...] = field(default=())
    values: npt.NDArray[np.float32] | None = None
    unit: str = ""

    @property
    def is_empty(self) -> bool:
        return self.tint is None and not (self.marks or self.boxes or self.trace)

    def value_at(self, x: float, y: float) -> float | None:
        """The number of the cell that holds a place, full-size pixels; None where there is no map."""
        if self.values is None or not self.values.size:
            return None
        height, width = self.values.shape
        column = min(max(int((x + 0.5) / self.extent[0] * width), 0), width - 1)
        row = min(max(int((y + 0.5) / self.extent[1] * height), 0), height - 1)
        return float(self.values[row, column])


NOTHING = Overlay()


def paint_map(painter: QPainter, size: Size, grey: Pixels | None, overlay: Overlay) -> None:
    """Draw picture and map in full-size pixels, with the painter's transform as it is.

    `grey` is (h, w, 3|4) uint8 of any size; it fills `size`, as the overlay does.
    """
    whole = QRectF(-0.5, -0.5, *size)
    if grey is not None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(whole, image_of(grey))
    if overlay.tint is not None:
        painter.save()
        painter.setClipRect(whole, Qt.ClipOperation.IntersectClip)
        painter.setOpacity(overlay.opacity)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, overlay.smooth)
        painter.drawImage(QRectF(-0.5, -0.5, *overlay.extent), image_of(overlay.tint))
        painter.restore()


def paint_signs(painter: QPainter, to_screen: ToScreen, size: Size, overlay: Overlay, small: bool = False) -> None:
    """Draw boxes, trace and marks in pixels of the screen."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    radius = 2.0 if small else 3.5
    painter.setPen(QPen(QColor(255, 255, 255, 200), 1.0))
    for number, (x, y) in overlay.dots:
        painter.setBrush(QColor(*pair_color(number)))
        painter.drawEllipse(to_screen(x, y), radius, radius)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for box in overlay.boxes:
        _paint_box(painter, to_screen, size, box, small)
    if len(overlay.trace) > 1:
        _paint_trace(painter, to_screen, overlay.trace, small)
    for mark in overlay.marks:
        _paint_mark(painter, to_screen(mark.x, mark.y), mark, small)


def _paint_box(painter: QPainter, to_screen: ToScreen, size: Size, box: Frame, small: bool) -> None:
    if small and box.kind == "other":
        return
    x0, y0, x1, y1 = box.edges
    # A field that is larger than the picture ends, for the eye, at the picture's edge.
    x0, x1 = (min(max(x, -0.5), size[0] - 0.5) for x in (x0, x1))
    y0, y1 = (min(max(y, -0.5), size[1] - 0.5) for y in (y0, y1))
    rect = QRectF(to_screen(x0, y0), to_screen(x1, y1))
    chosen = box.kind != "other"
    color = QColor(_GOLD if box.kind == "chosen" else _WHITE)
    color.setAlpha(255 if chosen else 150)
    wide, narrow = (2.8, 1.4) if small else (4.0, 2.0) if chosen else (2.4, 1.0)
    style = Qt.PenStyle.DashLine if box.kind == "window" else Qt.PenStyle.SolidLine
    painter.setPen(QPen(QColor(0, 0, 0, 130), wide))
    painter.drawRect(rect)
    painter.setPen(QPen(color, narrow, style))
    painter.drawRect(rect)
    if box.label and not small:
        paint_chip(painter, QPointF(rect.left() + 4, rect.top() + 4), box.label)


def _paint_trace(painter: QPainter, to_screen: ToScreen, trace: tuple[tuple[float, float], ...], small: bool) -> None:
    points = [to_screen(*place) for place in trace]
    for color, width in ((_SHADOW, 3.6 if small else 5.0), (_GOLD, 1.4 if small else 2.2)):
        painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.drawPolyline(points)
    if small:
        return
    painter.setPen(QPen(_SHADOW, 1.2))
    painter.setBrush(_GOLD)
    for step, at in enumerate(points):
        radius = 6.0 - 3.2 * step / max(len(points) - 1, 1)
        painter.drawEllipse(at, radius, radius)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_mark(painter: QPainter, at: QPointF, mark: Mark, small: bool) -> None:
    radius = {"cursor": 7.0, "pinned": 9.0, "best": 9.0, "runner": 6.0}[mark.kind] * (0.6 if small else 1.0)
    color = {"cursor": _WHITE, "pinned": _GOLD, "best": _GOLD, "runner": QColor(255, 255, 255, 190)}[mark.kind]
    style = Qt.PenStyle.DotLine if mark.kind == "runner" else Qt.PenStyle.SolidLine
    path = QPainterPath()
    path.addEllipse(at, radius, radius)
    gap = radius * 0.45
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        path.moveTo(at.x() + dx * gap, at.y() + dy * gap)
        path.lineTo(at.x() + dx * (radius + gap), at.y() + dy * (radius + gap))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_SHADOW, 2.8 if small else 4.2))
    painter.drawPath(path)
    painter.setPen(QPen(color, 1.3 if small else 2.0, style))
    painter.drawPath(path)
    if mark.label and not small:
        paint_chip(painter, at + QPointF(radius + 6, -9), mark.label)


def paint_chip(painter: QPainter, at: QPointF, text: str) -> None:
    """Write `text` on a dark plate whose upper left corner is `at`; it stays inside the device."""
    font = QFont(painter.font())
    font.setPixelSize(11)
    metrics = QFontMetricsF(font)
    width, height = metrics.horizontalAdvance(text) + 12, 18.0
    device = painter.device()
    if device is not None:
        most_x, most_y = device.width() / device.devicePixelRatio(), device.height() / device.devicePixelRatio()
        at = QPointF(min(max(at.x(), 2.0), most_x - width - 2), min(max(at.y(), 2.0), most_y - height - 2))
    rect = QRectF(at.x(), at.y(), width, height)
    painter.save()
    painter.setFont(font)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(18, 19, 24, 225))
    painter.drawRoundedRect(rect, 4, 4)
    painter.setPen(_WHITE)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
