"""Projects of a window in tests: saved, opened, kept safe, and left behind as by a killed program."""

from __future__ import annotations

from pathlib import Path


def save(window, qtbot, path: Path) -> None:
    window.document.save_to(path)
    qtbot.waitUntil(lambda: window.document.project == path)


def open_project(window, qtbot, path: Path) -> None:
    window.document.open_path(path)
    qtbot.waitUntil(lambda: window.document._busy is None)


def kept(window, qtbot) -> None:
    qtbot.waitUntil(lambda: window.document.keeper.is_idle)


def kill(window, qtbot) -> None:
    """End autosave as a killed program would: the working file stays."""
    kept(window, qtbot)
    keeper = window.document.keeper
    keeper.enabled = False
    if keeper._session is not None:
        keeper._session.close()
        keeper._session = None
