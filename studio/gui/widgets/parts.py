"""Small pieces that every panel is made of."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QWidget


def heading(text: str) -> QLabel:
    """A section's title."""
    label = QLabel(text)
    label.setObjectName("heading")
    return label


def rule() -> QFrame:
    """A thin line between sections."""
    line = QFrame()
    line.setObjectName("rule")
    line.setFixedHeight(1)
    return line


class _Scrolling(QScrollArea):
    """Never narrower than what it holds, in whatever language: there is no bar below."""

    def minimumSizeHint(self) -> QSize:
        hint, body = super().minimumSizeHint(), self.widget()
        if body is None:
            return hint
        return hint.expandedTo(QSize(body.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width(), 0))


def scrolling(body: QWidget) -> QScrollArea:
    """What is longer than the window, with a bar on its right and none below."""
    area = _Scrolling()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(body)
    return area
