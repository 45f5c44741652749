"""Wheel and Tab over every control of every mode and of the dialogs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QLineEdit,
    QScrollArea,
    QScrollBar,
    QSpinBox,
    QTabBar,
    QWidget,
)

from studio.arrays import SIDES
from studio.gui import mode_table
from studio.gui.shell.dialogs import about_dialog, shortcut_sheet
from studio.gui.widgets.error_dialog import ErrorDialog
from studio.gui.widgets.forms import KnobEditor, OptionsForm
from studio.gui.widgets.hands import GAP, FocusRing, is_parked
from studio.gui.widgets.palette import colors
from studio.gui.widgets.theme import apply_theme
from studio.pairs import PairSet
from tests.gui.morphing import A_POINTS, B_POINTS

MODES = tuple(mode.name for mode in mode_table.MODES)


def value_of(widget: QWidget) -> object:
    """What a control says; None for what has no value."""
    if isinstance(widget, QComboBox):
        return widget.currentIndex(), widget.currentText()
    if isinstance(widget, QTabBar):
        return widget.currentIndex()
    if isinstance(widget, QSpinBox | QDoubleSpinBox):
        return widget.value()
    if isinstance(widget, QAbstractSlider) and not isinstance(widget, QScrollBar):
        return widget.value()
    if isinstance(widget, QAbstractButton):
        return widget.isChecked()
    return widget.text() if isinstance(widget, QLineEdit) else None


def values_in(root: QWidget) -> dict[QWidget, object]:
    return {one: value for one in root.findChildren(QWidget) if (value := value_of(one)) is not None}


def turn_wheel(widget: QWidget, steps: int = -3) -> None:
    """As Qt does with what comes from a mouse: whoever does not take it leaves it to the one around."""
    middle = QPointF(widget.rect().center())
    over: QWidget | None = widget
    while over is not None:
        event = QWheelEvent(
            QPointF(widget.mapTo(over, middle.toPoint())) if over is not widget else middle,
            QPointF(widget.mapToGlobal(middle.toPoint())),
            QPoint(),
            QPoint(0, 120 * steps),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(over, event)
        over = None if event.isAccepted() or over.isWindow() else over.parentWidget()


def wheel_over_all(*roots: QWidget) -> list[str]:
    """What changed while the wheel was turned both ways over every widget that holds no others, and every control."""
    before = {one: value for root in roots for one, value in values_in(root).items()}
    leaves = {one for root in roots for one in root.findChildren(QWidget) if not one.findChild(QWidget)}
    for widget in leaves | before.keys():
        turn_wheel(widget, 2)
        turn_wheel(widget, -3)
    return [
        f"{type(one).__name__} {one.accessibleName() or one.toolTip()[:30]}: {value} became {value_of(one)}"
        for one, value in before.items()
        if value_of(one) != value
    ]


@pytest.mark.parametrize("mode", MODES)
def test_wheel_changes_nothing_in_a_mode(window, qtbot, mode):
    window.actions_[f"mode_{mode}"].trigger()
    panel = window.panel(mode)
    for form in panel.findChildren(OptionsForm):
        form.more_button.setChecked(True)
    for widget in panel.findChildren(QWidget):  # what can't be used without pictures, or shows with another choice
        widget.setEnabled(True)
        widget.ensurePolished()
    around = [] if panel.result_pane is None else [panel.result_pane]
    assert wheel_over_all(panel, *around, *(view.widget for view in panel.docks())) == []


def test_wheel_changes_nothing_in_the_docks_of_all_modes(opened):
    assert (
        wheel_over_all(*opened.findChildren(QTabBar), *(opened.docks[name] for name in ("pairs", "jobs", "log"))) == []
    )


def dialogs(window) -> Iterator[QDialog]:
    window.actions_["settings"].trigger()
    yield from (dialog for dialog in window.findChildren(QDialog) if dialog.isVisible())
    error = ErrorDialog(window)
    error.add("A sentence.", "details\n" * 100)
    yield error
    files = QFileDialog(window)
    files.setOption(QFileDialog.Option.DontUseNativeDialog)
    yield from (files, shortcut_sheet(window, window.modes), about_dialog(window, "CPU"))


def test_wheel_changes_nothing_in_a_dialog(window, qtbot):
    for dialog in dialogs(window):
        dialog.show()
        qtbot.wait(1)
        # The first control has the focus now, and nobody put it there.
        assert wheel_over_all(dialog) == [], type(dialog).__name__
        dialog.close()


def test_wheel_over_a_control_scrolls_the_panel(opened, qtbot):
    opened.resize(1024, 700)
    opened.actions_["mode_style"].trigger()
    qtbot.wait(10)
    area = opened.panel("style").findChild(QScrollArea)
    bar = area.verticalScrollBar()
    assert bar.maximum() > 0
    shown = [
        one
        for kind in (QComboBox, QSpinBox, QDoubleSpinBox, QAbstractSlider)
        for one in area.widget().findChildren(kind)
        if one.isVisible() and one.isEnabled() and not isinstance(one, QScrollBar)
    ]
    assert len(shown) > 5
    for control in shown:
        area.ensureWidgetVisible(control)
        bar.setValue(min(bar.value(), bar.maximum() - 5))
        before, at = bar.value(), control.mapTo(opened, control.rect().center())
        QTest.wheelEvent(opened.windowHandle(), at, QPoint(0, -120))
        assert bar.value() > before, f"{type(control).__name__} {control.accessibleName()}"


def test_control_in_hand_takes_the_wheel(opened, qtbot):
    editor = next(one for one in opened.panel("match").findChildren(KnobEditor) if one.findChild(QSpinBox))
    box = editor.findChild(QSpinBox)
    box.setValue((box.minimum() + box.maximum()) // 2)
    before = box.value()
    box.setFocus(Qt.FocusReason.OtherFocusReason)
    turn_wheel(box, 1)
    assert box.value() == before, "the focus came by itself"
    qtbot.mouseClick(box.lineEdit(), Qt.MouseButton.LeftButton)
    turn_wheel(box, 1)
    assert box.value() > before
    box.clearFocus()
    before = box.value()
    turn_wheel(box, 1)
    assert box.value() == before
    slider = editor.findChild(QAbstractSlider)
    box.setFocus(Qt.FocusReason.TabFocusReason)
    turn_wheel(box, 1)
    assert box.value() > before, "reached by Tab"
    assert slider.focusPolicy() == Qt.FocusPolicy.StrongFocus


def tabbed(window, qtbot, key=Qt.Key.Key_Tab) -> list[QWidget]:
    """Where the focus goes until it comes to a place again, which is ringed each time."""
    seen: list[QWidget] = []
    for _ in range(400):
        qtbot.keyClick(QApplication.focusWidget() or window, key)
        focus = QApplication.focusWidget()
        if focus in seen:
            break
        seen.append(focus)
        (ring,) = window.findChildren(FocusRing)
        assert ring.isVisible() and ring.widget() is focus
        assert ring.mapToGlobal(QPoint(GAP, GAP)) == focus.mapToGlobal(QPoint(0, 0))
        assert ring.parentWidget().rect().contains(focus.mapTo(ring.parentWidget(), focus.rect().center())), "in view"
    return seen


def takes_tab(window) -> set[QWidget]:
    """What a person who has no mouse has to reach."""
    return {
        one
        for one in window.findChildren(QWidget)
        if one.focusPolicy() & Qt.FocusPolicy.TabFocus
        and one.isVisible()
        and one.isEnabled()
        and one.window() is window
        and one.focusProxy() is None
        and not is_parked(one)
    }


@pytest.mark.parametrize("mode", MODES)
def test_tab_reaches_everything_and_leaves_everything(window, qtbot, mode):
    window.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS, level=1))
    window.actions_[f"mode_{mode}"].trigger()
    for widget in window.panel(mode).findChildren(QWidget):
        widget.setEnabled(True)
    window.activateWindow()
    window.viewer.frames["A"].hint.button.setFocus()
    for name in ("pairs", "log"):
        window.docks[name].raise_()
        qtbot.wait(5)
        forward = tabbed(window, qtbot)
        missed = takes_tab(window) - set(forward)
        assert [f"{type(one).__name__} {one.accessibleName() or one.toolTip()}" for one in missed] == []
        assert set(tabbed(window, qtbot, Qt.Key.Key_Backtab)) == set(forward)


def test_tab_leaves_the_canvases(opened, qtbot):
    for side in SIDES:
        opened.viewer.canvas(side).setFocus()
        qtbot.keyClick(opened.viewer.canvas(side), Qt.Key.Key_Tab)
        assert not opened.viewer.canvas(side).hasFocus()


def test_ring_is_drawn_around_run_and_goes_with_a_click(opened, qtbot, themed):
    run, window = opened.panel("match").foot.run_button, opened
    window.activateWindow()
    run.setFocus(Qt.FocusReason.TabFocusReason)
    (ring,) = window.findChildren(FocusRing)
    shown = window.grab(QRect(ring.mapTo(window, QPoint(0, 0)), ring.size())).toImage()
    wanted = QColor(colors().focus)
    middle = shown.height() // 2
    assert shown.pixelColor(0, middle) == wanted == shown.pixelColor(shown.width() - 1, middle)
    assert shown.pixelColor(shown.width() // 2, 0) == wanted
    qtbot.mouseClick(window.viewer.canvas("A").viewport(), Qt.MouseButton.LeftButton)
    assert not ring.isVisible()
    apply_theme(themed, "light")
    run.setFocus(Qt.FocusReason.TabFocusReason)
    assert window.findChildren(FocusRing) == [ring] and ring.isVisible(), "one, whatever the theme"
    apply_theme(themed, "dark")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["link", "lines", "numbers", "mode_match"])
def test_menu_shows_what_is_on(window, themed, theme, name):
    apply_theme(themed, theme)
    menu = next(one.menu() for one in window.menuBar().actions() if one.text() == "View")
    menu.grab()  # lays it out
    place, action = menu.actionGeometry(window.actions_[name]), window.actions_[name]
    group, seen = action.actionGroup(), []
    if group is not None:
        group.setExclusive(False)
    for on in (True, False):
        action.blockSignals(True)
        action.setChecked(on)
        action.blockSignals(False)
        image = menu.grab(place).toImage()
        seen.append({image.pixelColor(x, y).name() for x in range(40) for y in range(image.height())})
    assert colors().accent in seen[0] and colors().accent not in seen[1]
    apply_theme(themed, "dark")
