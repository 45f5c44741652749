"""What works is seen from everywhere: title, task bar, bar of modes; Esc gives it up; its end is told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QSpinBox

from studio.gui.shell import works as module
from studio.gui.shell.task_bar import TaskBar
from studio.jobs import JobState
from studio.progress import Progress
from tests.conftest import PATIENCE
from tests.gui.canvas.test_canvas import mouse
from tests.gui.styling import LONG, began

ESCAPE, LEFT = Qt.Key.Key_Escape, Qt.MouseButton.LeftButton


def slow(shares, gate=None):
    for share in shares:
        yield Progress(share, "working", milestone=True)
        while gate is not None and not gate:
            yield Progress(share, "working")
            time.sleep(0.005)
    return "done"


@pytest.fixture
def working(opened, qtbot):
    """A job in the foot of Match, at 42 %, that ends when something is put into the list."""
    gate = []
    handle = opened.jobs.submit("long", lambda: slow([0.42], gate))
    foot = opened.panel("match").foot
    foot.follow(handle)
    foot.cancel_button.clicked.connect(handle.cancel)  # the panel gives up matches of its own only
    qtbot.waitUntil(lambda: opened.works.title == "42 % – ")
    return opened, handle, gate


def icon_of(window, mode):
    return window.actions_[f"mode_{mode}"].icon().pixmap(20, 20).toImage()


def test_title_task_bar_and_bar_of_modes_say_what_works(opened, qtbot, monkeypatch):
    shown, plain = [], icon_of(opened, "match")
    monkeypatch.setattr(opened.works.task_bar, "show", lambda *said: shown.append(said[0]))
    title, gate = opened.windowTitle(), []
    handle = opened.jobs.submit("long", lambda: slow([0.1, 0.42], gate))
    opened.panel("match").foot.follow(handle)
    qtbot.waitUntil(lambda: opened.works.title == "10 % – ")
    opened.actions_["mode_style"].trigger()
    gate.append(1)
    qtbot.waitUntil(lambda: handle.state is JobState.FINISHED)
    assert 0.42 in shown and shown[-1] is None
    assert opened.windowTitle() == title and icon_of(opened, "match") == plain


def test_the_mode_that_works_is_marked_in_both_themes_until_it_ends(working, qtbot):
    window, handle, _ = working
    assert window.windowTitle().startswith("42 % – cat.png")
    for _ in range(2):
        window.switch_theme()
        marked = icon_of(window, "match")
        assert "working" in window.actions_["mode_match"].toolTip()
        assert "working" not in window.actions_["mode_style"].toolTip()
        handle_less = module.icon("mode-match").pixmap(20, 20).toImage()
        assert marked != handle_less
    handle.cancel()
    assert "working" not in window.actions_["mode_match"].toolTip()
    assert icon_of(window, "match") == module.icon("mode-match").pixmap(20, 20).toImage()
    assert "%" not in window.windowTitle()


def test_esc_gives_up_what_is_in_view_and_nothing_else(style, qtbot):
    began(style, qtbot, LONG)
    runner = style.panel("style").runner
    style.actions_["mode_morph"].trigger()
    style.activateWindow()
    qtbot.keyClick(style, ESCAPE)
    assert runner.is_running and not style.actions_["cancel_in_view"].isEnabled()
    style.actions_["mode_style"].trigger()
    assert style.actions_["cancel_in_view"].isEnabled()
    qtbot.keyClick(style, ESCAPE)
    assert not runner.is_running and "Cancelled" in style.panel("style").foot.status.text()


def test_esc_leaves_a_field_first(working, qtbot):
    window, handle, _ = working
    window.activateWindow()
    field = window.panel("match").form.editors["pairs"].findChild(QSpinBox)
    line = QLineEdit(window)
    line.show()
    field.setEnabled(True)
    for box in (field, line):
        box.setFocus()
        qtbot.waitUntil(box.hasFocus)
        qtbot.keyClick(box, ESCAPE)
        assert not box.hasFocus() and not handle.state.is_final
    qtbot.keyClick(window, ESCAPE)
    assert handle.state is JobState.CANCELLED


def test_esc_leaves_a_drag_and_a_tool_first(working, qtbot):
    window, handle, _ = working
    canvas = window.viewer.canvas("A")
    window.actions_["tool_lasso"].trigger()
    at = canvas.to_widget(QPointF(150, 120))
    mouse(canvas, QEvent.Type.MouseButtonPress, at, LEFT, LEFT)
    mouse(canvas, QEvent.Type.MouseMove, at + QPointF(40, 10), Qt.MouseButton.NoButton, LEFT)
    window.actions_["cancel_in_view"].trigger()
    assert window.viewer.tool == "lasso" and not canvas._lasso.is_drawing
    window.actions_["cancel_in_view"].trigger()
    assert window.viewer.tool == "select" and not handle.state.is_final
    window.actions_["mode_style"].trigger()
    foot = window.panel("style").foot
    foot.follow(window.jobs.submit("style", lambda: slow([0.5], [])))
    window.panel("style").regions.add_button.click()
    assert window.panel("style").regions.paint_button.isChecked()
    window.actions_["cancel_in_view"].trigger()
    assert not window.panel("style").regions.paint_button.isChecked() and foot.is_running


@pytest.mark.parametrize(("long", "active", "told"), [(True, False, True), (True, True, False), (False, False, False)])
def test_the_end_of_a_long_job_is_told_when_nobody_looks(working, qtbot, monkeypatch, long, active, told):
    window, handle, gate = working
    alerts, notes = [], []
    monkeypatch.setattr(QApplication, "alert", lambda *_: alerts.append(1))
    monkeypatch.setattr(window.works, "notify", lambda *words: notes.append(words))
    monkeypatch.setattr(window, "isActiveWindow", lambda: active)
    monkeypatch.setattr(module, "LONG_SECONDS", 0.0 if long else 1e6)
    gate.append(1)
    qtbot.waitUntil(lambda: handle.state is JobState.FINISHED)
    assert bool(alerts) == bool(notes) == told
    if told:
        assert notes[0][0] == "long" and notes[0][1].startswith("Done after")


def test_without_a_bus_nothing_is_sent(monkeypatch):
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    bar = TaskBar()
    bar.show(0.5)
    assert not bar.is_there


@pytest.mark.skipif(shutil.which("dbus-run-session") is None, reason="needs a session bus of its own")
def test_docks_of_linux_hear_how_far_it_is(tmp_path):
    """A bus of its own, and what listens on it."""
    script = tmp_path / "tell.py"
    script.write_text(
        "from PySide6.QtCore import QCoreApplication\n"
        "from studio.gui.shell.task_bar import TaskBar\n"
        "app = QCoreApplication([])\n"
        "bar = TaskBar()\n"
        "for share in (0.25, 0.25, None):\n"
        "    bar.show(share)\n"
        "assert bar.is_there\n",
        encoding="utf-8",
    )
    listen = (
        f"dbus-monitor --session \"interface='com.canonical.Unity.LauncherEntry'\" > {tmp_path}/heard & sleep 0.5; "
    )
    tell = f"{sys.executable} {script}; sleep 0.5; kill %1"
    done = subprocess.run(
        ["dbus-run-session", "--", "bash", "-c", f"set -m; {listen}{tell}"],
        timeout=PATIENCE,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    heard = (tmp_path / "heard").read_text(encoding="utf-8")
    assert "application://buddies-studio.desktop" in heard, done.stderr
    assert heard.count("member=Update") == 2
    assert "double 0.25" in heard and "boolean true" in heard and "boolean false" in heard
