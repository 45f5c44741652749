"""The line at the foot of the window: with what it computes, how large the pictures are, and where the mouse is."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from studio.arrays import Side, Size
from studio.language import tr

CURSOR_WIDTH = 190
"""Room for the longest place of the mouse, px, so that nothing moves while the mouse does."""


class StatusBar(QStatusBar):
    """Three texts; whoever knows them says them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setup_label, self.sizes_label, self.cursor_label = QLabel(), QLabel(), QLabel()
        self.cursor_label.setMinimumWidth(CURSOR_WIDTH)
        self.cursor_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.addWidget(self.setup_label)
        self.addWidget(self.sizes_label, 1)
        self.addPermanentWidget(self.cursor_label)

    def show_setup(self, network: str, device: str) -> None:
        """Names, for people, of the network and of where it computes."""
        self.setup_label.setText(f"{network}  ·  {device}")

    def show_sizes(self, sizes: Iterable[Size]) -> None:
        """Of the pictures that are open, full-size pixels."""
        self.sizes_label.setText("  |  ".join(f"{width} × {height}" for width, height in sizes))

    def show_cursor(self, side: Side, point: QPointF | None) -> None:
        """Where the mouse is in a picture, full-size pixels; None: beside it."""
        words = "" if point is None else tr("cursor {side}  {x:.1f}, {y:.1f}", side=side, x=point.x(), y=point.y())
        self.cursor_label.setText(words)
