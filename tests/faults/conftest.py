"""One window for all faults, with a project of its own open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from studio.gui.shell.app import make_application
from studio.gui.shell.main_window import MainWindow
from studio.gui.widgets.messages import Severity
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.theme import apply_theme
from tests.faults import projects
from tests.gui.projects import open_project


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    return QApplication


@pytest.fixture(scope="module")
def one_window(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainWindow]:
    folder = tmp_path_factory.mktemp("window")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CACHE", "CONFIG", "DATA", "LOGS"):
            patch.setenv(f"BUDDIES_STUDIO_{name}", str(folder / name.lower()))
        apply_theme(make_application(), "dark")
        made = MainWindow(Settings(folder / "settings"), warm_up=False)
        made.document.ask_to_save = lambda _: "discard"  # no test waits for an answer
        made.resize(1200, 800)
        made.show()
        yield made
        made.close()
        assert made.stopped_cleanly
        made.deleteLater()


@pytest.fixture
def window(one_window: MainWindow, qtbot, tmp_path: Path) -> MainWindow:
    """The window with the project `mine.buddies`, saved and unchanged."""
    (tmp_path / "before").mkdir()
    open_project(one_window, qtbot, projects.good(tmp_path / "before" / "mine.buddies"))
    one_window.show_message(Severity.INFO, "before")
    assert one_window.document.project == tmp_path / "before" / "mine.buddies"
    return one_window
