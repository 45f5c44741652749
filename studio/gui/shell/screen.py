"""Keeps the window on the screen: on a small one it starts small, and one that is gone takes it along no more."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

FIRST_SIZE = (1360, 860)
"""Width and height of the first window where the screen has room for it, px."""
FRAME = (8, 36)
"""What title bar and borders take, px: it is not known before the window is shown."""


def within(wanted: QRect, available: QRect) -> QRect:
    """`wanted` made smaller and moved as far as it has to be, so that all of it lies in `available`."""
    width, height = min(wanted.width(), available.width()), min(wanted.height(), available.height())
    x = min(max(wanted.x(), available.x()), available.x() + available.width() - width)
    y = min(max(wanted.y(), available.y()), available.y() + available.height() - height)
    return QRect(x, y, width, height)


def bring_on_screen(window: QWidget) -> None:
    """Bring a window that is not shown yet onto the screen that has most of it."""
    screen = QGuiApplication.screenAt(window.geometry().center()) or QGuiApplication.primaryScreen()
    if screen is None or window.isMaximized() or window.isFullScreen():
        return
    available = screen.availableGeometry()
    inside = available.adjusted(FRAME[0] // 2, FRAME[1] - FRAME[0] // 2, -FRAME[0] // 2, -FRAME[0] // 2)
    window.setGeometry(within(window.geometry(), inside))
