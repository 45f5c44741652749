"""Projects of a window in tests: saved, opened, kept safe, and left behind as by a killed program."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import PATIENCE


def save(window, qtbot, path: Path) -> None:
    window.document.save_to(path)
    qtbot.waitUntil(lambda: window.document.project == path)


def open_project(window, qtbot, path: Path) -> None:
    window.document.open_path(path)
    qtbot.waitUntil(lambda: not window.document.is_busy)


def kept(window, qtbot) -> None:
    qtbot.waitUntil(lambda: window.document.autosave.is_idle)


def kill(window, qtbot) -> None:
    """End autosave as a killed program would: the working file stays."""
    kept(window, qtbot)
    autosave = window.document.autosave
    autosave.enabled = False
    assert autosave.shutdown(PATIENCE, leave=True)
