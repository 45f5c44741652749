"""Small pieces that several widgets paint with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen

from studio.gui.widgets.theme import colors

GRAB_RADIUS = 14.0
"""Screen pixels beside the handle of the wipe that still take hold of it."""


def image_of(pixels: npt.NDArray[np.uint8]) -> QImage:
    """A QImage over the array's own memory; the caller keeps the array alive.

    `pixels` are (h, w, 3|4) uint8, C-contiguous, straight alpha.
    """
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


def paint_chip(painter: QPainter, rect: QRectF, text: str) -> None:
    """A short word on the accent colour."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colors().accent))
    painter.drawRoundedRect(rect, 5, 5)
    painter.setPen(QColor(colors().on_accent))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
