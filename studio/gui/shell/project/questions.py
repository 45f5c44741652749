"""What a person is asked before work could be lost."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from studio.document import SUFFIX
from studio.gui.widgets.modal import run_modal
from studio.language import tr

Answer = Literal["save", "discard", "cancel"]


def project_filter() -> str:
    """What a dialog for project files lists."""
    return tr("Buddies Studio projects ({pattern})", pattern=f"*{SUFFIX}")


def ask_to_save(window: QWidget, name: str) -> Answer:
    """Whether the changes to a project are to be saved before it goes."""
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(tr("Unsaved changes"))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(tr("Save the changes to “{name}”?", name=name))
    box.setInformativeText(tr("They are lost otherwise."))
    buttons = QMessageBox.StandardButton
    box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
    box.setDefaultButton(buttons.Save)
    answers: dict[int, Answer] = {buttons.Save.value: "save", buttons.Discard.value: "discard"}
    return answers.get(run_modal(box), "cancel")


def ask_to_overwrite(window: QWidget, name: str) -> bool:
    """Whether a file is to be replaced that another program changed meanwhile."""
    buttons = QMessageBox.StandardButton
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(tr("Changed by another program"))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(tr("“{name}” was changed by another program since it was opened. Replace it?", name=name))
    box.setStandardButtons(buttons.Yes | buttons.Cancel)
    box.setDefaultButton(buttons.Cancel)
    return run_modal(box) == buttons.Yes.value


def signature(path: Path) -> tuple[int, int] | None:
    """Tells whether another program wrote to a file; None if it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
