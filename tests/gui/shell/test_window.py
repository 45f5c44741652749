"""The frame around it all: actions, forms, settings, themes, dialogs, messages, start and end."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from typing import Literal

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QDialog, QLabel, QLineEdit, QMessageBox, QSlider

from studio.gui.mode_table import MODES
from studio.gui.shell import dialogs
from studio.gui.shell.actions import RUN_BUTTONS, TOOLBAR, Actions, menus, specs
from studio.gui.shell.main_window import MainWindow
from studio.gui.shell.project.questions import ask_to_overwrite, ask_to_save
from studio.gui.widgets.forms import OptionsForm
from studio.gui.widgets.messages import Severity
from studio.gui.widgets.saving import ask_to_replace
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.theme import DARK, LIGHT, Colors, apply_theme
from studio.options import Options, knob


def test_every_action_stands_in_a_menu_with_tip_and_unique_shortcuts(window):
    keys = [QKeySequence(key).toString() for spec in specs(MODES) for key in spec.shortcuts]
    assert len(keys) == len(set(keys))
    in_menus = [action.objectName() for menu in window.menuBar().actions() for action in menu.menu().actions()]
    for spec in specs(MODES):
        action = window.actions_[spec.id]
        assert spec.id in in_menus
        assert spec.tip in action.toolTip()
        if spec.shortcuts:
            assert action.shortcut().toString(QKeySequence.SequenceFormat.NativeText) in action.toolTip()
    assert set(TOOLBAR) - {"-", RUN_BUTTONS} <= {spec.id for spec in specs(MODES)}
    assert sum(len(entries) for entries in menus(MODES).values()) > len(specs(MODES))  # separators


def test_an_action_without_a_handler_is_refused(window):
    with pytest.raises(KeyError, match="open_a"):
        Actions(window, MODES, {spec.id: lambda: None for spec in specs(MODES) if spec.id != "open_a"})


class Everything(Options):
    """One knob of each kind."""

    kind: Literal["one", "two"] = knob("one", "Which of the two.")
    count: int = knob(3, "How many.", minimum=0, maximum=9, special="all")
    share: float = knob(0.25, "How much.", minimum=0.0, maximum=1.0, step=0.05, unit="of all")
    fine: float = knob(0.001, "Very little.", minimum=0.0, maximum=0.01, step=0.0005)
    open_ended: int = knob(12, "No slider for this one.", minimum=0, maximum=2**31 - 1)
    maybe: float | None = knob(None, "Left to the program, or a number.", minimum=0.0, maximum=1.0, step=0.01)
    name: str = knob("x", "A word.")
    on: bool = knob(True, "Whether.", advanced=True)


def test_a_form_shows_every_knob_and_gives_back_what_was_set(themed, qtbot):
    form = OptionsForm(Everything())
    qtbot.addWidget(form)
    form.show()
    assert form.value() == Everything()
    wanted = Everything(kind="two", count=0, share=0.85, fine=0.0015, open_ended=2**31 - 1, name="other", on=False)
    form.set_value(wanted)
    assert form.value() == wanted
    assert form.editors["count"].findChild(QAbstractSpinBox).text() == "all"
    assert form.editors["share"].toolTip().startswith("How much.")
    assert "0 to 1" in form.editors["share"].toolTip()
    assert form.editors["maybe"].findChild(QLineEdit).text() == "auto"
    for number in (0.0, 0.37, 1.0):
        form.editors["maybe"].set_value(number)
        assert form.value().maybe == pytest.approx(number)
    form.reset_button.click()
    assert form.value() == Everything()
    assert not form.editors["on"].isVisible()
    form.more_button.click()
    assert form.editors["on"].isVisible()


def test_slider_and_field_move_together(themed, qtbot):
    form = OptionsForm(Everything())
    qtbot.addWidget(form)
    editor = form.editors["share"]
    editor.findChild(QSlider).setValue(10)
    assert editor.value() == pytest.approx(0.5)
    editor.set_value(0.75)
    assert editor.findChild(QSlider).value() == 15
    with qtbot.waitSignal(form.changed):
        editor.findChild(QSlider).setValue(3)


def test_settings_survive_and_broken_ones_do_no_harm(tmp_path):
    settings = Settings(tmp_path)
    settings.theme = "light"
    settings.backbone = "vgg19"
    settings.set_flag("lines", False)
    settings.set_options("match", Everything(count=5))
    for number in range(14):
        settings.add_recent_picture(tmp_path / f"{number}.png")
    settings.add_recent_picture(tmp_path / "9.png")
    settings.sync()
    again = Settings(tmp_path)
    assert (again.theme, again.backbone, again.flag("lines", True)) == ("light", "vgg19", False)
    assert again.options(Everything, "match").count == 5
    assert [path.name for path in again.recent_pictures][:3] == ["9.png", "13.png", "12.png"]
    assert len(again.recent_pictures) == 10
    (tmp_path / "settings.ini").write_text(
        '[General]\ntheme=plaid\n[recent]\npictures={"no": 1}\n[options]\nmatch="{\\"count\\": 99, \\"gone\\": 1}"\n',
        encoding="utf-8",
    )
    broken = Settings(tmp_path)
    assert broken.theme == "system"
    assert broken.recent_pictures == []
    assert broken.options(Everything, "match") == Everything()


def test_layout_and_switches_are_kept_between_windows(themed, qtbot, tmp_path):
    for round_number in range(2):
        window = MainWindow(Settings(tmp_path), warm_up=False)
        window.show()
        qtbot.waitExposed(window)
        if round_number == 0:
            window.resize(1000, 640)
            window.docks["log"].hide()
            window.actions_["lines"].trigger()
        else:
            assert window.height() == 640  # Qt may narrow the width to the screen's
            assert window.docks["log"].isHidden()
            assert not window.actions_["lines"].isChecked()
            assert not window.viewer.lines_shown
        window.close()
        window.deleteLater()


def relative_luminance(color: str) -> float:
    parts = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_text_can_be_read_in_both_themes(theme: Colors):
    """Contrast of WCAG 2.1, success criterion 1.4.3: 4.5 to 1."""
    for text, ground in [
        (theme.text, theme.panel), (theme.text, theme.window), (theme.text, theme.raised), (theme.muted, theme.panel),
        (theme.muted, theme.window), (theme.on_accent, theme.accent), (theme.error, theme.panel),
        (theme.warning, theme.panel),
    ]:  # fmt: skip
        light, dark = sorted((relative_luminance(text), relative_luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


def test_the_theme_switches_at_once(window, qtbot):
    before = window.grab().toImage().pixelColor(5, 5)
    window.actions_["theme"].trigger()
    qtbot.wait(30)
    after = window.grab().toImage().pixelColor(5, 5)
    assert after.lightness() > before.lightness() + 100
    assert window.settings.theme == "light"
    window.actions_["theme"].trigger()
    apply_theme(QApplication.instance(), "dark")


def test_the_shortcut_sheet_lists_every_shortcut(window, qtbot):
    sheet = dialogs.shortcut_sheet(window, MODES)
    qtbot.addWidget(sheet)
    texts = {label.text() for label in sheet.findChildren(QLabel)}
    assert {spec.title.rstrip("…") for spec in specs(MODES) if spec.shortcuts} <= texts


def test_about_tells_versions_and_device(window, qtbot):
    about = dialogs.about_dialog(window, "CPU, 2 threads")
    qtbot.addWidget(about)
    text = "\n".join(label.text() for label in about.findChildren(QLabel))
    for word in ("Buddies Studio 0", "Python 3", "Qt 6", "torch", "CPU, 2 threads", "MIT"):
        assert word in text


def test_dialogs_that_were_answered_are_let_go(window, qtbot, monkeypatch, tmp_path):
    for kind in (QDialog, QMessageBox):
        monkeypatch.setattr(kind, "exec", lambda _: 0)
    before = len(window.findChildren(QDialog))
    for action in ("about", "shortcuts"):
        window.actions_[action].trigger()
    ask_to_save(window, "a.buddies")
    ask_to_overwrite(window, "a.buddies")
    ask_to_replace(window, [tmp_path / "a.png"])
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert len(window.findChildren(QDialog)) == before


def test_the_log_filters_and_takes_records_of_other_threads(window, qtbot):
    logger = logging.getLogger("studio.tests")
    logger.setLevel(logging.INFO)
    thread = threading.Thread(target=lambda: logger.info("from another thread"))
    thread.start()
    thread.join()
    logger.error("something broke")
    view = window.log_view
    qtbot.waitUntil(lambda: "something broke" in view.text() and "from another thread" in view.text())
    view.filter_box.setCurrentIndex(2)
    assert "from another thread" not in view.text()
    assert "something broke" in view.text()


def test_messages_have_a_severity_and_errors_stay(window, qtbot):
    window.show_message(Severity.INFO, "short-lived")
    assert window.messages.hide_timer.isActive()
    window.show_message(Severity.ERROR, "stays", "details")
    assert not window.messages.hide_timer.isActive()
    window.messages.copy_button.click()
    assert QApplication.clipboard().text() == "stays\n\ndetails"
    window.messages.close_button.click()
    assert window.messages.isHidden()


def test_an_error_that_nobody_caught_is_shown_and_the_program_goes_on(window, qtbot, monkeypatch):
    from studio.gui.shell.app import _ErrorRelay

    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    relay = _ErrorRelay()
    relay.install(window)
    try:
        raise RuntimeError("nobody expects this")
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    qtbot.waitUntil(lambda: window.messages.isVisible())
    assert "nobody expects this" in window.messages.text()
    assert "Traceback" in window.messages.details


def test_warming_up_finds_the_devices(themed, qtbot, tmp_path):
    window = MainWindow(Settings(tmp_path), warm_up=True)
    window.show()
    qtbot.waitUntil(lambda: bool(window.devices))
    network = window.panel("match").network
    assert network.device.findData("cpu") > 0
    assert (
        "CPU" in window.status.setup_label.text() or "cuda" in window.devices[0].name or "mps" in window.devices[0].name
    )
    window.close()
    assert window.stopped_cleanly
    window.deleteLater()


def test_menus_of_docks_and_samples_exist(window):
    names = {action.objectName() for action in window.findChildren(QAction)}
    assert any(name.startswith("sample_") for name in names)


def test_the_window_paints_before_torch_is_imported(tmp_path):
    """In a process of its own: torch is not there at the first paint, and is soon after."""
    code = """
import sys
from PySide6.QtCore import QTimer
from studio.gui.shell.app import make_application
from studio.gui.shell.main_window import MainWindow
app = make_application()
window = MainWindow()
seen = []
window.first_painted.connect(lambda: seen.append("torch" in sys.modules))
def look():
    if window.devices:
        timer.stop()
        seen.append("torch" in sys.modules)
        window.close()
timer = QTimer(); timer.timeout.connect(look); timer.start(20)
QTimer.singleShot(60000, app.quit)
window.show()
app.exec()
print(seen)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "[False, True]", done.stderr[-2000:]


@pytest.mark.parametrize("mode", ["morph", "style", "inspect", "match"])
def test_the_tool_bar_runs_the_mode_that_is_on(window, mode):
    buttons = {one.name: one.run_buttons for one in MODES}
    always = [action for action in window.toolbar.actions() if action.objectName() not in buttons["match"]]
    window.modes.show("inspect" if mode != "inspect" else "style")
    window.modes.show(mode)
    shown = [action.objectName() for action in window.toolbar.actions()]
    assert [name for name in shown if name in sum(buttons.values(), ())] == list(buttons[mode])
    assert shown.index(buttons[mode][0]) == always.index(window.actions_["tool_pan"]) + 2  # behind a separator
    assert [action for action in window.toolbar.actions() if action in always] == always


def test_each_mode_keeps_its_share_of_the_height(window, qtbot):
    def share():
        qtbot.wait(20)
        sizes = window.modes.splitter.sizes()
        return sizes[0] / sum(sizes)

    window.modes.show("inspect")
    of_inspect = share()
    window.modes.show("style")
    of_style = share()
    assert of_style < of_inspect - 0.05  # the maps lie on the pictures there
    window.modes.splitter.setSizes([500, 0, 500, 0])
    chosen = share()
    window.modes.show("inspect")
    assert share() == pytest.approx(of_inspect, abs=0.03)
    window.modes.show("style")
    assert share() == pytest.approx(chosen, abs=0.03)
