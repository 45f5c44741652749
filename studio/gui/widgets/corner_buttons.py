"""Small buttons in the corner of a view, seen while the mouse is over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from studio.gui.widgets.painting import paint_plate
from studio.gui.widgets.theme import icon

Look = tuple[str, str, str, Callable[[], object]]
"""(icon, words, key, what it does)"""


class CornerButtons(QWidget):
    """Buttons at the upper right, seen while the mouse is over the view."""

    def __init__(self, view: QWidget, looks: Sequence[Look]) -> None:
        super().__init__(view)
        self._view = view
        self._buttons: list[tuple[QToolButton, str]] = []
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3, 3, 3, 3)
        layout.setSpacing(1)
        for name, words, key, handler in looks:
            button = QToolButton()
            button.setToolTip(f"{words} ({key})" if key else words)
            button.setAccessibleName(words)
            button.setIconSize(QSize(16, 16))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, handler=handler: handler())
            layout.addWidget(button)
            self._buttons.append((button, name))
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.refresh_theme()
        self.hide()

    def refresh_theme(self) -> None:
        for button, name in self._buttons:
            button.setIcon(icon(name))

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_plate(QPainter(self), QRectF(self.rect()))

    def place(self) -> None:
        """Go to the upper right of the view."""
        self.adjustSize()
        self.move(self._view.width() - self.width() - 6, 6)
