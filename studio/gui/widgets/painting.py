"""Small pieces that several widgets paint with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

from studio.gui.widgets.theme import colors

GRAB_RADIUS = 14.0
"""Screen pixels beside the handle of the wipe that still take hold of it."""
SMOOTH_BELOW = 4.0
"""Below so many screen pixels per picture pixel pictures are smoothed; above it pixels show as squares."""


def image_of(pixels: npt.NDArray[np.uint8]) -> QImage:
    """A QImage over the array's own memory; the caller keeps the array alive.

    `pixels` are (h, w, 3|4) uint8, C-contiguous, straight alpha.
    """
    height, width, channels = pixels.shape
    kind = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_RGB888
    return QImage(pixels.data, width, height, width * channels, kind)


def pixels_of(image: QImage) -> npt.NDArray[np.uint8]:
    """(h, w, 3|4) uint8 of an image, with the fourth channel, straight alpha, only if the image has one."""
    has_alpha = image.hasAlphaChannel()
    channels = 4 if has_alpha else 3
    image = image.convertToFormat(QImage.Format.Format_RGBA8888 if has_alpha else QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : channels * image.width()].reshape(image.height(), image.width(), channels).copy()


def checkerboard() -> QBrush:
    """What shows through where a picture is transparent."""
    tile = QImage(16, 16, QImage.Format.Format_RGB32)
    tile.fill(QColor("#c8c8c8"))
    painter = QPainter(tile)
    painter.fillRect(0, 0, 8, 8, QColor("#efefef"))
    painter.fillRect(8, 8, 8, 8, QColor("#efefef"))
    painter.end()
    return QBrush(tile)


def paint_wipe_handle(painter: QPainter, rect: QRectF, x: float, active: bool) -> None:
    """The line of a wipe at `x` over a picture at `rect`, with what one takes hold of in its middle."""
    middle = rect.center().y()
    line = QLineF(x, rect.top(), x, rect.bottom())
    for color, width in ((QColor(0, 0, 0, 120), 4.0), (QColor(255, 255, 255), 1.8)):
        painter.setPen(QPen(color, width))
        painter.drawLine(line)
    painter.setPen(QPen(QColor(0, 0, 0, 120), 1.2))
    painter.setBrush(QColor(colors().accent) if active else QColor(255, 255, 255))
    painter.drawRoundedRect(QRectF(x - 6, middle - 15, 12, 30), 6, 6)
    painter.setPen(QPen(QColor(60, 60, 60), 1.2))
    for offset in (-1.8, 1.8):
        painter.drawLine(QLineF(x + offset, middle - 5, x + offset, middle + 5))


def paint_plate(painter: QPainter, rect: QRectF) -> None:
    """What controls that float over a picture stand on."""
    ground = QColor(colors().panel)
    ground.setAlpha(220)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colors().border), 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)


def paint_chip(painter: QPainter, rect: QRectF, text: str) -> None:
    """A short word on the accent colour."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colors().accent))
    painter.drawRoundedRect(rect, 5, 5)
    painter.setPen(QColor(colors().on_accent))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def paint_note(painter: QPainter, corner: QPointF, text: str, align: Qt.AlignmentFlag) -> None:
    """A line of small words on a dark ground, whose lower left or lower right corner is at `corner`."""
    metrics = QFontMetricsF(painter.font())
    width = metrics.horizontalAdvance(text) + 16
    left = corner.x() if align == Qt.AlignmentFlag.AlignLeft else corner.x() - width
    rect = QRectF(left, corner.y() - 22, width, 22)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(20, 21, 26, 205))
    painter.drawRoundedRect(rect, 5, 5)
    painter.setPen(QColor(240, 240, 240))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def paint_hint(painter: QPainter, rect: QRectF, title: str, text: str) -> None:
    """Words in the middle of what has nothing to show yet."""
    font = QFont(painter.font())
    font.setPointSizeF(font.pointSizeF() * 1.2)
    font.setBold(True)
    middle = rect.adjusted(16, 0, -16, 0)
    wrapped = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
    painter.save()
    painter.setPen(QColor(colors().text))
    painter.setFont(font)
    above = QRectF(middle.left(), middle.top(), middle.width(), middle.height() / 2 - 2)
    painter.drawText(above, int(wrapped | Qt.AlignmentFlag.AlignBottom), title)
    painter.restore()
    painter.setPen(QColor(colors().muted))
    below = QRectF(middle.left(), middle.center().y() + 6, middle.width(), middle.height() / 2 - 6)
    painter.drawText(below, int(wrapped | Qt.AlignmentFlag.AlignTop), text)
