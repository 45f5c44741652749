"""Small pieces that every panel is made of."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QLabel


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
