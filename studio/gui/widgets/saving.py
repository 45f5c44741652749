"""Asks where to save: the one way in which the window comes by a name, so that nothing is replaced unasked."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from studio.files import ENDINGS, completed
from studio.gui.widgets.modal import run_modal
from studio.gui.widgets.names import breakable
from studio.gui.widgets.settings_store import Settings
from studio.language import listed, tr, translatable, trn

SAVE_FILTERS: dict[str, tuple[str, int | None]] = {
    translatable("PNG (*.png)"): (".png", None),
    translatable("PNG, 16 bit (*.png)"): (".png", 16),
    translatable("TIFF, 16 bit (*.tif)"): (".tif", 16),
    translatable("JPEG (*.jpg)"): (".jpg", None),
    translatable("WebP (*.webp)"): (".webp", None),
}
"""Kinds of pictures: the ending, and bits a channel where there is a choice."""
FILM_FILTERS = {
    ".mp4": translatable("MP4 video (*.mp4)"),
    ".mov": translatable("QuickTime video (*.mov)"),
    ".mkv": translatable("Matroska video (*.mkv)"),
    ".webp": translatable("Animated WebP (*.webp)"),
    ".apng": translatable("Animated PNG (*.apng)"),
    ".gif": translatable("Animated GIF (*.gif)"),
    "": translatable("Folder of PNG frames (*)"),
}
Written = Callable[[Path, str], Sequence[Path]]
"""All files that saving to a path, with a filter of the dialog, writes."""


def ask_where_to_save(
    window: QWidget,
    settings: Settings,
    title: str,
    name: str,
    kinds: Mapping[str, str],
    *,
    purpose: str = "files",
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
    purpose : str
        What is saved, a word of our own: each has its last folder and kind, and, as long as the same name is
        proposed, the last name.
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
    last_name, last_kind = settings.saved_as(purpose, name)
    if not last_name:
        last_name = str(Path(name).with_suffix(kinds[last_kind])) if last_kind in kinds else name
    start = Path(settings.folder_of(purpose) or ".", last_name)
    # The first filter is the one that is chosen, and its ending the one of a name without.
    kinds = dict(sorted(kinds.items(), key=lambda item: item[0] != last_kind))
    while True:
        answer, kind = QFileDialog.getSaveFileName(window, title, str(start), ";;".join(kinds))
        if not answer:
            return None
        kind = kind if kind in kinds else next(iter(kinds))
        typed = Path(answer)
        path = completed(typed, kinds[kind], accepted)
        settings.set_folder_of(purpose, path.parent)
        there = [file for file in written(path, kind) if file != typed and os.path.lexists(file)]
        if not there or ask_to_replace(window, there):
            settings.set_saved_as(purpose, name, path.name, kind)
            return path, kind
        start = path


def film_kinds() -> dict[str, str]:
    """The kinds of films, as `ask_where_to_save` takes them."""
    return {tr(words): suffix for suffix, words in FILM_FILTERS.items()}


def film_written(path: Path) -> list[Path]:
    """What exporting a film may replace: a folder of frames that is not empty is refused, so nothing of it."""
    return [path] if path.suffix else []


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
            names=listed(f"“{breakable(name)}”" for name in names),
        )
    )
    replace = box.addButton(tr("Replace"), QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    run_modal(box)
    return box.clickedButton() is replace
