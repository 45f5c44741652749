"""Asks which files to read: the one way in which the window comes by them, each purpose with a folder of its own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from studio.gui.widgets.settings_store import Settings


def ask_for_file(window: QWidget, settings: Settings, purpose: str, title: str, kinds: str) -> Path | None:
    """Ask for one file, where the last one of this `purpose` was; None if nobody wants one.

    `kinds` are the filters of the dialog, with ;; between them.
    """
    name, _ = QFileDialog.getOpenFileName(window, title, settings.folder_of(purpose), kinds)
    if not name:
        return None
    settings.set_folder_of(purpose, Path(name).parent)
    return Path(name)


def ask_for_files(window: QWidget, settings: Settings, purpose: str, title: str, kinds: str) -> list[Path]:
    """Ask for several files of one folder; none if nobody wants any. See `ask_for_file`."""
    names, _ = QFileDialog.getOpenFileNames(window, title, settings.folder_of(purpose), kinds)
    paths = [Path(name) for name in names]
    if paths:
        settings.set_folder_of(purpose, paths[0].parent)
    return paths


def ask_for_folder(window: QWidget, settings: Settings, purpose: str, title: str, start: str = "") -> Path | None:
    """Ask for a folder; `start` is where to begin instead of the last one."""
    name = QFileDialog.getExistingDirectory(window, title, start or settings.folder_of(purpose))
    if not name:
        return None
    settings.set_folder_of(purpose, Path(name))
    return Path(name)
