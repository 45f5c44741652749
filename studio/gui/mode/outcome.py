"""What becomes of a picture that a mode has made: a file, or picture A or B."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from studio.arrays import Side
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.saving import ask_where_to_save
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.usable import set_usable
from studio.jobs import JobQueue
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job


class Outcome(QWidget):
    """Buttons for the last result; what that is, where they stand, and how it is written is each mode's business.

    Two methods are each mode's own. `abc` would say so, but its metaclass and that of Qt do not go together.
    """

    purpose = "files"
    """Of `ask_where_to_save`."""
    missing = ""
    """A translatable sentence: why there is nothing to save yet."""

    changed = Signal()
    send_asked = Signal(str, object)
    """(side, Picture)"""

    def __init__(self, jobs: JobQueue, settings: Settings, messages: Messages) -> None:
        super().__init__()
        self._jobs, self._settings, self._messages = jobs, settings, messages
        self.save_button = QPushButton(tr("Save…"))
        self.a_button, self.b_button = QPushButton(tr("Send to A")), QPushButton(tr("Send to B"))
        for side, button in (("A", self.a_button), ("B", self.b_button)):
            button.setToolTip(tr("Put the result in the place of picture {side}, to match and morph it", side=side))
        self.save_button.clicked.connect(self.save_dialog)
        self.a_button.clicked.connect(lambda: self.send("A"))
        self.b_button.clicked.connect(lambda: self.send("B"))

    @property
    def picture(self) -> Picture | None:
        """The result, if there is one."""
        raise NotImplementedError

    @property
    def has_picture(self) -> bool:
        return self.picture is not None

    def save_dialog(self) -> None:
        """Ask for a file, and write it."""
        raise NotImplementedError

    def send(self, side: Side) -> None:
        """Put the result in the place of a picture of the window."""
        picture = self.picture
        if picture is not None:
            self.send_asked.emit(side, picture)
            self._messages.success(tr("The result is picture {side} now.", side=side))

    def _refresh(self) -> None:
        for button in (self.save_button, self.a_button, self.b_button):
            set_usable(button, self.has_picture, tr(self.missing))
        self.changed.emit()

    def _ask(self, name: str, filters: Mapping[str, tuple[str, int | None]]) -> tuple[Path, int | None] | None:
        """Where to save, and with how many bits a channel; `filters` as `SAVE_FILTERS`."""
        kinds = {tr(words): how for words, how in filters.items()}
        endings = {words: suffix for words, (suffix, _) in kinds.items()}
        chosen = ask_where_to_save(self, self._settings, tr("Save result"), name, endings, purpose=self.purpose)
        return None if chosen is None else (chosen[0], kinds[chosen[1]][1])

    def _write(self, path: Path, make: Callable[[], Job[Path]]) -> None:
        """Run a job that writes the result, off the GUI thread."""
        self._submit(tr("Save {name}", name=path.name), make, self._on_saved)

    def _on_saved(self, path: Path) -> None:
        self._messages.wrote(tr("The picture was written to “{name}”.", name=path.name), path)

    def _submit(self, title: str, make: Callable[[], Job[Any]], done: Callable[[Any], object]) -> None:
        handle = self._jobs.submit(title, make, lane="files")
        handle.finished.connect(done)
        handle.failed.connect(self._messages.error)
