"""Settings: one table makes the dialog, each is in force at once and is remembered; errors can be copied."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from studio import paths
from studio.cache import cache_size, prune
from studio.gui.canvas.point_style import PointStyle, confidence_color, point_style, set_point_style
from studio.gui.shell.app import _ErrorRelay
from studio.gui.shell.settings.preferences import SECTIONS, Preferences, load_preferences
from studio.gui.widgets.settings_store import Settings
from studio.pairs import PairSet, PointPair
from studio.progress import Progress


@pytest.fixture(autouse=True)
def put_back():
    """Looks and folders belong to the process."""
    yield
    set_point_style(PointStyle())
    paths.choose_cache_dir("")


def color_at(window, number):
    canvas = window.viewer.canvas("A")
    at = canvas.mapTo(window, canvas.point_position(number).toPoint())
    return window.grab().toImage().pixelColor(at).getRgb()[:3]


def test_every_setting_has_a_row_and_a_help_sentence():
    names = [name for _, names in SECTIONS for name in names]
    assert sorted(names) == sorted(Preferences.model_fields)
    assert all(knob.help and knob.label for knob in Preferences.knobs())


def test_settings_are_in_force_at_once_and_remembered(opened, qtbot, tmp_path):
    opened.viewer.set_lines_shown(False)
    opened.viewer.set_numbers_shown(False)
    opened.state.set_pairs(PairSet((PointPair(1, (200, 150), (100, 100), confidence=0.0, origin="matched"),)))
    opened.actions_["settings"].trigger()
    dialog = opened.settings_controller.dialog
    assert dialog.isVisible()
    before = color_at(opened, 1)
    dialog.editors["colouring"].set_value("by confidence")
    qtbot.wait(20)
    assert before != color_at(opened, 1) == confidence_color(0.0)
    dialog.editors["point_size"].set_value(24.0)
    assert point_style() == PointStyle(24.0, "by confidence")
    dark = opened.palette().window().color().lightness()
    dialog.editors["theme"].set_value("light")
    assert QApplication.instance().palette().window().color().lightness() > dark + 100
    dialog.editors["backbone"].set_value("vgg19")
    assert opened.panel("match").network.backbone_name == "vgg19"
    dialog.editors["autosave"].set_value(False)
    assert not opened.document.autosave.enabled
    dialog.editors["cache_place"].set_value(str(tmp_path / "elsewhere"))
    remembered = load_preferences(Settings(tmp_path / "settings"))
    opened.settings.sync()
    remembered = load_preferences(Settings(tmp_path / "settings"))
    assert remembered == dialog.value()
    assert (remembered.theme, remembered.backbone, remembered.point_size) == ("light", "vgg19", 24.0)
    dialog.set_value(Preferences(theme="dark"))
    assert point_style() == PointStyle() and opened.document.autosave.enabled
    dialog.close()
    qtbot.waitUntil(lambda: opened.settings_controller.dialog is None)


def test_threads_are_set_on_the_compute_thread(window, qtbot):
    import torch

    def count():
        yield Progress(0.5, "counting")
        return torch.get_num_threads()

    counts: list[int] = []
    for wanted in (3, 0):
        window.settings_controller.put_in_force(Preferences(threads=wanted))
        window.jobs.submit("count", count).finished.connect(counts.append)
    qtbot.waitUntil(lambda: len(counts) == 2)
    assert counts[0] == 3 and counts[1] == torch.get_num_threads()


def test_the_cache_moves_is_measured_and_pruned_by_age(tmp_path: Path, monkeypatch):
    import os

    monkeypatch.delenv("BUDDIES_STUDIO_CACHE")
    paths.choose_cache_dir(str(tmp_path / "cache"))
    assert paths.weights_dir() == tmp_path / "cache" / "weights"
    paths.weights_dir().mkdir(parents=True)
    for age, name in enumerate(["new.bin", "middle.bin", "old.bin", "oldest.part"]):
        path = paths.weights_dir() / name
        path.write_bytes(bytes(100))
        os.utime(path, (1e9 - age, 1e9 - age))
    assert cache_size() == 400
    assert [path.name for path in prune(250)] == ["old.bin", "middle.bin"]  # what is being fetched stays
    assert [path.name for path in prune(0)] == ["new.bin"]
    paths.choose_cache_dir(str(tmp_path / "nowhere"))
    assert cache_size() == 0 and prune(0) == []


def test_confidence_has_colours_that_every_eye_tells_apart():
    shades = [confidence_color(step / 10) for step in range(11)]
    blue = [shade[2] - shade[0] for shade in shades]
    assert blue == sorted(blue) and blue[-1] - blue[0] > 300
    sizes = [PointStyle().diameter(PointPair(1, (0, 0), (0, 0), confidence=step / 10)) for step in range(11)]
    assert sizes == sorted(sizes) and sizes[0] >= 0.6 * sizes[-1]


def test_an_error_opens_a_dialog_to_copy_and_the_program_goes_on(window, qtbot, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    relay = _ErrorRelay()
    relay.install(window)
    for text in ("first of them", "second of them"):
        try:
            raise RuntimeError(text)
        except RuntimeError as error:
            sys.excepthook(type(error), error, error.__traceback__)
    qtbot.waitUntil(lambda: "second" in relay.dialog.findChild(QPlainTextEdit).toPlainText())
    assert relay.dialog.isVisible() and not relay.dialog.isModal()
    relay.dialog.copy_button.click()
    copied = QApplication.clipboard().text()
    assert copied.startswith("Buddies Studio") and copied.count("Traceback") == 2 and "first of them" in copied
    window.state.set_pairs(PairSet.from_arrays([[1, 1]], [[2, 2]]))
    assert len(window.state.pairs) == 1
    relay.dialog.close()
