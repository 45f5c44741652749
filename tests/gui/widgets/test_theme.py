"""Contrast of what is written and of the focus, computed from the palettes and from the rules that the window wears."""

from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QColor, QPalette

from studio.gui.widgets.palette import DARK, LIGHT, Colors, contrast
from studio.gui.widgets.theme import _palette, _style_sheet

TEXT, RING = 4.5, 3.0
"""WCAG 2.2, 1.4.3 and 1.4.11."""
GROUNDS = ("window", "panel", "raised", "canvas", "hover")
"""What anything may be written on."""

themes = pytest.mark.parametrize("colors", [DARK, LIGHT], ids=["dark", "light"])


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#ffffff", "#0000ff") == pytest.approx(8.59, abs=0.005)


@themes
@pytest.mark.parametrize("name", ["text", "muted", "success", "warning", "error"])
def test_words_can_be_read_on_every_ground(colors: Colors, name: str):
    for ground in GROUNDS:
        assert contrast(getattr(colors, name), getattr(colors, ground)) >= TEXT, ground


@themes
def test_words_on_what_is_chosen_can_be_read(colors: Colors):
    assert contrast(colors.on_accent, colors.accent) >= TEXT
    assert contrast(colors.on_accent, QColor(colors.accent).lighter(112).name()) >= TEXT, "Run under the mouse"


@themes
def test_focus_and_what_shows_a_state_can_be_told_from_every_ground(colors: Colors):
    for ground in GROUNDS:
        assert contrast(colors.focus, getattr(colors, ground)) >= RING, ground
        assert contrast(colors.accent, getattr(colors, ground)) >= RING, ground
    assert contrast(colors.focus, colors.border) >= RING


def rules(sheet: str) -> list[tuple[str, dict[str, str]]]:
    """(selector, its declarations) of a style sheet."""
    found = []
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet):
        pairs = (one.split(":", 1) for one in body.split(";") if ":" in one)
        found.append((" ".join(selector.split()), {key.strip(): value.strip() for key, value in pairs}))
    return found


@themes
def test_every_rule_with_colour_and_ground_can_be_read(colors: Colors):
    checked = 0
    for selector, body in rules(_style_sheet(colors)):
        ground = body.get("background", body.get("background-color", ""))
        for ink, paper in (
            (body.get("color"), ground),
            (body.get("selection-color"), body.get("selection-background-color")),
        ):
            if ink and paper and paper.startswith("#"):
                checked += 1
                assert contrast(ink, paper) >= TEXT, selector
    assert checked > 10


@themes
def test_every_control_has_a_rule_for_the_focus(colors: Colors):
    sheet = rules(_style_sheet(colors))
    focused = {one.strip() for selector, body in sheet if ":focus" in selector for one in selector.split(",")}
    for kind in ("QPushButton", "QToolButton", "QComboBox", "QSpinBox", "QDoubleSpinBox", "QLineEdit"):
        assert f"{kind}:focus" in focused


@themes
def test_palette_can_be_read(colors: Colors):
    palette = _palette(colors)
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    for ink, paper in (
        (role.WindowText, role.Window), (role.Text, role.Base), (role.ButtonText, role.Button),
        (role.Link, role.Window),
        (role.ToolTipText, role.ToolTipBase), (role.PlaceholderText, role.Base), (role.HighlightedText, role.Highlight),
    ):  # fmt: skip
        assert contrast(palette.color(ink).name(), palette.color(paper).name()) >= TEXT, ink
    assert contrast(palette.color(group.Disabled, role.Text).name(), palette.color(role.Base).name()) >= RING
