"""The contract between the window and its modes: one more mode is one more room and one line in a table."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QScrollArea, QWidget

from studio.document import Document
from studio.gui.canvas.conditions import Shared
from studio.gui.mode.mode import Mode, ModePanel, Services, View
from studio.gui.mode_table import MODES
from studio.gui.shell.main_window import MainWindow
from studio.gui.widgets.action import ActionSpec, Condition
from studio.gui.widgets.forms import OptionsForm
from studio.gui.widgets.run_foot import RunFoot
from studio.gui.widgets.settings_store import Settings
from studio.options import Options, knob


class CountingCan(Condition):
    COUNT = "the mode is on"


class CountingOptions(Options):
    step: int = knob(1, "How much is added.", minimum=1, maximum=10, label="Step")


class CountingPanel(ModePanel):
    def __init__(self, services: Services) -> None:
        super().__init__()
        self.messages = services.messages
        self.result_pane: QLabel = QLabel("0")
        self.view, self.form, self.active = QLabel("the count"), OptionsForm(CountingOptions()), False

    def handlers(self):
        return {"count": self.count}

    def conditions(self):
        return {CountingCan.COUNT} if self.active else set()

    def docks(self):
        return (View("counting", "Count", self.view),)

    def kept_options(self):
        return {"counting": self.form}

    def set_active(self, active: bool) -> None:
        self.active = active
        self.ready_changed.emit()

    def count(self) -> None:
        self.result_pane.setText(str(int(self.result_pane.text()) + self.form.value().step))
        self.messages.info(f"counted to {self.result_pane.text()}")


COUNTING = Mode(
    name="counting",
    title="Count",
    entry="Count Mode",
    tip="Count clicks",
    help="Counts.",
    icon="help",
    actions=(ActionSpec("count", "Count", "One more", ("Ctrl+Alt+7",), needs=(CountingCan.COUNT,), worded=True),),
    run_buttons=("count",),
    make=CountingPanel,
)


@pytest.fixture
def counting(themed, qtbot, tmp_path: Path):
    window = MainWindow(Settings(tmp_path / "settings"), warm_up=False, modes=(*MODES, COUNTING))
    window.document.ask_to_save = lambda _: "discard"
    window.show()
    yield window
    window.close()
    assert window.stopped_cleanly
    window.deleteLater()


def test_a_mode_of_ones_own_has_its_place_everywhere(counting, qtbot):
    window: MainWindow = counting
    assert "Count" in [menu.text() for menu in window.menuBar().actions()]
    assert not window.actions_["count"].isEnabled()
    assert all(not isinstance(panel, CountingPanel) for panel in window.modes.built)
    window.actions_["mode_counting"].trigger()
    panel = window.modes.built[-1]
    assert isinstance(panel, CountingPanel) and panel.result_pane.isVisible()
    assert window.docks["mode"].windowTitle() == "Count"
    assert window.docks["counting"].widget() is panel.view
    assert "count" in [action.objectName() for action in window.toolbar.actions()]
    assert window.actions_["count"].isEnabled()
    window.actions_["count"].trigger()
    assert panel.result_pane.text() == "1"
    window.modes.show("match")
    assert not panel.result_pane.isVisible() and not window.actions_["count"].isEnabled()


def test_its_options_are_undone_and_saved_like_those_of_others(counting, qtbot, tmp_path):
    window: MainWindow = counting
    panel = window.panel("counting")
    panel.form.set_value(CountingOptions(step=3), "Count in threes")
    window.actions_["undo"].trigger()
    assert panel.form.value().step == 1
    window.actions_["redo"].trigger()
    assert panel.form.value().step == 3
    assert window.document.snapshot().options["counting"] == {"step": 3}


@pytest.mark.parametrize("mode", [mode.name for mode in MODES])
def test_every_panel_is_the_same_skeleton(window, mode):
    """A body to scroll through that is never cut at its right, and one foot below it."""
    panel = window.panel(mode)
    window.modes.show(mode)
    (scroll,) = panel.findChildren(QScrollArea, options=Qt.FindChildOption.FindDirectChildrenOnly)
    (foot,) = panel.findChildren(RunFoot)
    assert foot.parent() is panel and foot.isVisible()
    assert scroll.geometry().bottom() < foot.geometry().top()
    assert scroll.widget().minimumSizeHint().width() <= scroll.viewport().width()


def test_panels_are_made_when_they_are_first_entered(window):
    assert len(window.modes.built) == 1
    few = len(window.findChildren(QWidget))
    window.modes.show("style")
    assert len(window.modes.built) == 2
    assert len(window.findChildren(QWidget)) > few + 200


def test_a_project_makes_the_panels_that_show_what_it_keeps(window):
    window.document.opening.emit(Document(options={"inspect/colours": {}}))
    assert [type(panel).__name__ for panel in window.modes.built] == ["MatchPanel", "InspectPanel"]


def test_a_panel_that_forgets_an_action_is_refused_at_once(themed, tmp_path):
    class Forgetful(CountingPanel):
        def handlers(self):
            return {}

    forgetful = Mode(**{**vars(COUNTING), "make": Forgetful})
    window: QMainWindow = MainWindow(Settings(tmp_path / "settings"), warm_up=False, modes=(*MODES, forgetful))
    with pytest.raises(KeyError, match="counting"):
        window.panel("counting")
    window.close()
    window.deleteLater()


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_every_mode_has_its_texts_and_its_buttons(mode):
    assert mode.title and mode.tip and len(mode.help) > 60
    assert set(mode.run_buttons) | set(mode.point_menu) | set(mode.table_buttons) <= {spec.id for spec in mode.specs}
    needed = {condition for spec in mode.specs for condition in (*spec.needs, *spec.unless)}
    assert all(isinstance(condition, Condition) for condition in needed)
    assert not {condition for condition in needed if type(condition) is Condition}
    assert isinstance(Shared.PAIRS, Condition)


@pytest.mark.parametrize("mode", [mode.name for mode in MODES])
def test_no_part_of_a_panel_is_a_window_while_it_is_made(window, mode):
    """It would flash up and take the keyboard from the window."""

    class Watch(QObject):
        seen: ClassVar[list[str]] = []

        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                self.seen.append(type(watched).__name__)
            return False

    watch = Watch()
    QApplication.instance().installEventFilter(watch)
    window.modes.show(mode)
    QApplication.instance().removeEventFilter(watch)
    assert not watch.seen
