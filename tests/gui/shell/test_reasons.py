"""What is grey says why: every control of every mode, and every action, in each state of a window."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollBar,
    QVBoxLayout,
    QWidget,
)

from studio.gui.mode_table import MODES
from studio.gui.shell.actions import specs
from studio.gui.widgets.usable import reason_of, set_usable, with_reason
from studio.pairs import PairSet
from tests.gui.inspecting import enter
from tests.gui.morphing import A_POINTS, B_POINTS
from tests.gui.styling import LONG, began, ended

CONTROLS = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)
QT_OWN = ("ScrollLeftButton", "ScrollRightButton", "qt_toolbar_ext_button", "qt_spinbox_lineedit")


def dead_without_reason(window) -> list[str]:
    """Controls that a person sees, can't use, and is told nothing about."""
    found = []
    for widget in window.findChildren(QWidget):
        if not isinstance(widget, CONTROLS) or isinstance(widget, QScrollBar) or not widget.isVisible():
            continue
        if widget.isEnabled() or widget.objectName() in QT_OWN or isinstance(widget.parent(), QComboBox):
            continue
        action = widget.defaultAction() if hasattr(widget, "defaultAction") else None
        told = action or widget
        if not reason_of(told) or reason_of(told) not in told.toolTip():
            words = widget.text() if isinstance(widget, QAbstractButton) else widget.accessibleName()
            found.append(f"{type(widget).__name__} {words!r} of {type(widget.parent()).__name__}")
    return found


def dead_actions(window) -> list[str]:
    return [name for name, action in window.actions_.items() if not action.isEnabled() and not reason_of(action)]


def walk(window, qtbot) -> list[str]:
    found = []
    window.panel("style").result_pane.strip_button.setChecked(False)
    for mode in MODES:
        if mode.name == "inspect" and window.state.has_both:
            enter(window, qtbot)
        window.actions_[f"mode_{mode.name}"].trigger()
        qtbot.wait(5)
        panel = window.panel(mode.name)
        pane = panel.result_pane
        pages = range(len(panel.views)) if hasattr(panel, "views") else (None,)
        for page in pages:
            if page is not None:
                pane.show_view(page)
            found += [f"{mode.name} {page}: {one}" for one in dead_without_reason(window) + dead_actions(window)]
    return found


def test_every_condition_of_every_action_has_its_sentence():
    silent = [
        (spec.id, condition.name)
        for spec in specs(MODES)
        for condition, words in (
            *((need, need.missing) for need in spec.needs),
            *((other, other.in_the_way) for other in spec.unless),
        )
        if not words
    ]
    assert silent == []


def test_what_is_grey_in_an_empty_window_says_why(window, qtbot):
    assert walk(window, qtbot) == []


@pytest.mark.parametrize("with_pairs", (False, True))
def test_what_is_grey_with_two_pictures_says_why(opened, qtbot, with_pairs):
    if with_pairs:
        opened.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS, level=1))
    assert walk(opened, qtbot) == []


def test_what_is_grey_while_something_runs_says_why(style, qtbot):
    began(style, qtbot, LONG)
    assert dead_without_reason(style) + dead_actions(style) == []
    style.actions_["style_cancel"].trigger()
    ended(style, qtbot)
    style.state.hold(True)
    try:
        style.actions_["mode_match"].trigger()
        assert dead_without_reason(style) + dead_actions(style) == []
    finally:
        style.state.hold(False)


def test_a_reason_comes_and_goes_with_its_cause_and_the_outermost_one_counts(qtbot):
    box = QWidget()
    qtbot.addWidget(box)
    inner, label = QPushButton("Save"), QLabel("as")
    inner.setToolTip("Write it")
    QVBoxLayout(box).addWidget(inner)
    box.layout().addWidget(label)
    set_usable(inner, False, "Nothing is there.")
    assert inner.toolTip() == "Write it\nNothing is there."
    set_usable(box, False, "A run is under way.")
    assert inner.toolTip() == "Write it\nA run is under way." and label.toolTip() == "A run is under way."
    inner.setToolTip("Write it down")  # another tip meanwhile
    set_usable(box, True, "A run is under way.")
    assert inner.toolTip() == "Write it down\nNothing is there." and label.toolTip() == ""
    set_usable(inner, True, "Nothing is there.")
    assert inner.toolTip() == "Write it down" and reason_of(inner) == ""
    assert with_reason("<b>Write</b>", "a < b") == "<b>Write</b>\na < b"  # tooltips are plain text
