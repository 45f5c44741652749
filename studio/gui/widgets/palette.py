"""The colours that everything is painted with, light and dark, and how well they can be told apart."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor


@dataclass(frozen=True, slots=True)
class Colors:
    """What everything is painted with; `canvas` lies behind the pictures, `focus` rings what the keys go to."""

    window: str
    panel: str
    raised: str
    canvas: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    hover: str
    focus: str
    success: str
    warning: str
    error: str


DARK = Colors(
    window="#1c1d22",
    panel="#24262c",
    raised="#2f323a",
    canvas="#15161a",
    border="#383b45",
    text="#e7e8ec",
    muted="#aaaeb9",
    accent="#6d8dff",
    on_accent="#0e1020",
    hover="#3a3e49",
    focus="#ffd479",
    success="#4cc38a",
    warning="#f2b84b",
    error="#ff8787",
)
LIGHT = Colors(
    window="#eef0f3",
    panel="#f9fafb",
    raised="#ffffff",
    canvas="#dfe2e8",
    border="#cfd4dd",
    text="#1d2129",
    muted="#566070",
    accent="#3557d6",
    on_accent="#ffffff",
    hover="#e4e8f0",
    focus="#b45309",
    success="#126b43",
    warning="#835200",
    error="#b8252b",
)

_current: Colors = DARK


def colors() -> Colors:
    """The colours in force."""
    return _current


def is_dark() -> bool:
    """Whether the dark palette is in force."""
    return _current is DARK


def take_colors(chosen: Colors) -> None:
    """Put these in force; what is painted already stays as it is."""
    global _current
    _current = chosen


def contrast(one: str, other: str) -> float:
    """How well two colours can be told apart, 1 to 21 (WCAG 2.2)."""
    brighter, darker = sorted((_luminance(QColor(one)), _luminance(QColor(other))), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(color: QColor) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (color.redF(), color.greenF(), color.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
