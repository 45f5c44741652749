"""Asks where to save: the one way in which the window comes by a name, so that nothing is replaced unasked."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from studio.files import ENDINGS, completed
from studio.gui.widgets.modal import run_modal
from studio.gui.widgets.settings_store import Settings
from studio.language import listed, tr, trn

Written = Callable[[Path, str], Sequence[Path]]
"""All files that saving to a path, with a filter of the dialog, writes."""


def ask_where_to_save(
    window: QWidget,
    settings: Settings,
    title: str,
    name: str,
    kinds: Mapping[str, str],
    *,
    accepted: Collection[str] = ENDINGS,
    written: Written = lambda path, _: [path],
) -> tuple[Path, str] | None:
    """Ask for a file; None if nobody wants one.

    Parameters
    ----------
    name : str
        What is proposed.
    kinds : mapping
        The filters of the dialog, each with the ending that it adds to a name without one.
    accepted : collection of str
        Endings that a name may come with; what else stands behind a dot belongs to the name.
    written : callable
        Files that exist among these are asked for, but for the one that the dialog itself has asked for.

    Returns
    -------
    path : Path
        With its ending.
    kind : str
        The filter that was chosen.
    """
    start = Path(settings.last_folder or ".", name)
    while True:
        answer, kind = QFileDialog.getSaveFileName(window, title, str(start), ";;".join(kinds))
        if not answer:
            return None
        kind = kind if kind in kinds else next(iter(kinds))
        typed = Path(answer)
        path = completed(typed, kinds[kind], accepted)
        settings.last_folder = str(path.parent)
        there = [file for file in written(path, kind) if file != typed and os.path.lexists(file)]
        if not there or ask_to_replace(window, there):
            return path, kind
        start = path


def ask_to_replace(window: QWidget, files: Iterable[Path]) -> bool:
    """Whether files that exist are to be replaced."""
    names = [file.name for file in files]
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(tr("Replace?"))
    box.setText(
        trn(
            "{names} exists already. Replace it?",
            "{names} exist already. Replace them?",
            len(names),
            names=listed(f"“{name}”" for name in names),
        )
    )
    replace = box.addButton(tr("Replace"), QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    run_modal(box)
    return box.clickedButton() is replace
