"""What the panels of all modes look like: sections to scroll through, and a foot that stays."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from studio.gui.widgets.parts import heading, rule, scrolling

WIDTH = 300
"""No panel is narrower, px: a knob with its words takes that much."""

Section = tuple[str | QLabel, Sequence[QWidget]]
"""Its title, or "" for none, and what it holds."""


def lay_out(panel: QWidget, sections: Sequence[Section], foot: QWidget) -> None:
    """Fill a panel: a heading a section and a rule between two of them.

    A section without a title brings headings of its own; as the first one it is what comes before all others.
    """
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(14, 10, 14, 10)
    column.setSpacing(10)
    for number, (title, widgets) in enumerate(sections):
        if number and (number > 1 or sections[0][0]):
            column.addWidget(rule())
        if title:
            column.addWidget(heading(title) if isinstance(title, str) else title)
        for widget in widgets:
            column.addWidget(widget)
    column.addStretch(1)
    layout = QVBoxLayout(panel)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(scrolling(body), 1)
    layout.addWidget(rule())
    layout.addWidget(foot)
    layout.addStrut(WIDTH)
