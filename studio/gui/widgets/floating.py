"""Bars that float over the upper edge of what is below them, so that nothing moves when they come and go."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

MOST_WIDTH = 760
"""A sentence in a wider bar is hard to read, px."""
MARGIN = 8


class Floating(QWidget):
    """Holds bars, each of which shows and hides itself, over `below`."""

    def __init__(self, below: QWidget, bars: Sequence[QWidget]) -> None:
        super().__init__(below)
        self._below, self._bars = below, tuple(bars)
        self._placing = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for bar in self._bars:
            column.addWidget(bar)
            bar.installEventFilter(self)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        below.installEventFilter(self)
        self.place()

    def place(self) -> None:
        """Go to the middle of the upper edge, as high as the bars that are shown need it."""
        if self._placing:  # what lays out the bars is heard of here
            return
        self._placing = True
        try:
            self._place()
        finally:
            self._placing = False

    def _place(self) -> None:
        if all(bar.isHidden() for bar in self._bars):
            self.resize(self.width(), 0)  # not hidden: a bar is to be seen at once when it shows itself
            return
        width = max(min(self._below.width() - 2 * MARGIN, MOST_WIDTH), 1)
        layout = self.layout()
        assert layout is not None
        layout.invalidate()
        height = layout.heightForWidth(width) if layout.hasHeightForWidth() else layout.sizeHint().height()
        self.setGeometry((self._below.width() - width) // 2, MARGIN, width, height)
        self.raise_()

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.place()
        return handled

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        shown_or_hidden = event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent)
        if (watched is self._below and event.type() == QEvent.Type.Resize) or (
            watched is not self._below and shown_or_hidden
        ):
            self.place()
        return super().eventFilter(watched, event)
