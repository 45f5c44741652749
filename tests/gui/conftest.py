"""A window of its own for each test, closed and checked at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from studio.gui.shell.app import make_application
from studio.gui.shell.main_window import MainWindow
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.theme import apply_theme
from studio.pairs import PairSet
from tests.gui.morphing import A_POINTS, B_POINTS, shots, wait_for


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    return QApplication


@pytest.fixture(scope="session", autouse=True)
def _clipboard_left_empty() -> Iterator[None]:
    """Qt's platform without a screen frees what was copied after Python has ended, which crashes: PySide 6.11."""
    yield
    if isinstance(QApplication.instance(), QApplication):
        QApplication.clipboard().clear()


@pytest.fixture
def themed(qapp: QApplication) -> QApplication:
    app = make_application()
    apply_theme(app, "dark")
    return app


@pytest.fixture
def window(themed: QApplication, qtbot, tmp_path: Path) -> Iterator[MainWindow]:
    made = MainWindow(Settings(tmp_path / "settings"), warm_up=False)
    made.document.ask_to_save = lambda _: "discard"  # no test waits for an answer
    made.resize(1200, 800)
    made.show()
    qtbot.waitExposed(made)
    yield made
    lanes = made.jobs.threads
    made.close()
    assert made.stopped_cleanly
    assert all(lane.isFinished() for lane in lanes)
    assert not any(panel.worker.is_running for panel in made.modes.built if hasattr(panel, "worker"))
    assert not any("_QtLogHandler" in type(handler).__name__ for handler in logging.getLogger("studio").handlers)
    made.deleteLater()
    # Now, and not when the next window is dressed: Qt would dress this one too.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def another(themed, qtbot, tmp_path):
    """Makes further windows with the same settings."""
    made = []

    def make() -> MainWindow:
        window = MainWindow(Settings(tmp_path / "settings"), warm_up=False)
        window.document.ask_to_save = lambda _: "discard"
        window.show()
        made.append(window)
        return window

    yield make
    for window in made:
        window.close()
        assert window.stopped_cleanly
        window.deleteLater()


@pytest.fixture(scope="session")
def two_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two photographs of different size and shape."""
    from skimage import data

    folder = tmp_path_factory.mktemp("pictures")
    a, b = folder / "cat.png", folder / "coffee.jpg"
    Image.fromarray(np.asarray(data.chelsea())).save(a)
    Image.fromarray(np.asarray(data.coffee())).crop((50, 0, 450, 400)).save(b)
    return a, b


@pytest.fixture
def opened(window: MainWindow, qtbot, two_files: tuple[Path, Path]) -> MainWindow:
    """The window with both pictures open."""
    window.opener.open_paths(list(two_files), "A")
    qtbot.waitUntil(lambda: window.state.has_both)
    qtbot.wait(20)
    return window


@pytest.fixture
def morph(opened, qtbot):
    """The window in the mode Morph at A, with points, and the first frame in the result pane; nothing repeats."""
    opened.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS, level=1))
    panel = opened.panel("morph")
    panel.layers["points"].setChecked(True)
    panel.result_pane.transport.ping_pong_button.setChecked(False)
    panel.result_pane.transport.set_time(0.0)
    opened.actions_["mode_morph"].trigger()
    wait_for(opened, qtbot, lambda: bool(shots(opened)))
    qtbot.wait(10)
    return opened


@pytest.fixture
def style(opened, qtbot):
    """The window in the mode Style; previews of variants are off."""
    opened.panel("style").result_pane.strip_button.setChecked(False)
    opened.actions_["mode_style"].trigger()
    qtbot.wait(10)
    return opened


@pytest.fixture
def dream(opened, qtbot):
    """The window in the mode Dream."""
    opened.actions_["mode_dream"].trigger()
    qtbot.wait(10)
    return opened


@pytest.fixture
def one_thread():
    """Small convolutions only wait for each other on more, and sums of numbers come in the same order each time."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
