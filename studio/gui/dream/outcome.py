"""What becomes of a result of the mode Dream: a file with its recipe inside, or picture A or B."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from studio.arrays import Side
from studio.files import bare_name
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.saving import SAVE_FILTERS, ask_where_to_save
from studio.gui.widgets.settings_store import Settings
from studio.jobs import JobQueue
from studio.language import tr
from studio.picture import Picture, save
from studio.progress import Job, Progress

EXACT = (".png", None)
LOSSLESS = (".png", ".tif", ".tiff")
"""What keeps every level of a picture that fools a network by some of them."""


class DreamOutcome(QWidget):
    """Buttons for the last result, finished or not; of several pictures for the one that is picked."""

    changed = Signal()
    send_asked = Signal(str, object)
    """(side, Picture)"""

    def __init__(self, jobs: JobQueue, settings: Settings, messages: Messages) -> None:
        super().__init__()
        self._jobs, self._settings, self._messages = jobs, settings, messages
        self._pictures: tuple[Picture, ...] = ()
        self._recipe: Mapping[str, Any] | None = None
        self._name, self._is_exact = "dream", False
        self.picked = 0
        self.save_button = QPushButton(tr("Save…"))
        self.save_button.setToolTip(tr("Save as PNG, JPEG, WebP or TIFF, with the recipe inside (Ctrl+Alt+S)"))
        self.a_button, self.b_button = QPushButton(tr("Send to A")), QPushButton(tr("Send to B"))
        for side, button in (("A", self.a_button), ("B", self.b_button)):
            button.setToolTip(tr("Put the result in the place of picture {side}, to match and morph it", side=side))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        grid.addWidget(self.save_button, 0, 0, 1, 2)
        grid.addWidget(self.a_button, 1, 0)
        grid.addWidget(self.b_button, 1, 1)
        self.save_button.clicked.connect(self.save_dialog)
        self.a_button.clicked.connect(lambda: self.send("A"))
        self.b_button.clicked.connect(lambda: self.send("B"))
        self._refresh()

    @property
    def picture(self) -> Picture | None:
        """The result, or the one that is picked of several, or how far a run came that was given up."""
        return self._pictures[self.picked] if self._pictures else None

    @property
    def has_picture(self) -> bool:
        return bool(self._pictures)

    def set_pictures(
        self, pictures: Sequence[Picture], name: str, recipe: Mapping[str, Any] | None = None, is_exact: bool = False
    ) -> None:
        """Take in a result; `is_exact`: 8 bits a channel, of which none may be lost."""
        self._pictures, self._recipe = tuple(pictures), recipe
        self._name, self._is_exact = bare_name(name), is_exact
        self.picked = 0
        self._refresh()

    def forget(self) -> None:
        """A new run begins."""
        self.set_pictures((), "dream")

    def pick(self, index: int) -> None:
        """Choose one of several."""
        self.picked = min(max(index, 0), max(len(self._pictures) - 1, 0))
        self._refresh()

    def _refresh(self) -> None:
        for button in (self.save_button, self.a_button, self.b_button):
            button.setEnabled(self.has_picture)
        self.changed.emit()

    def send(self, side: Side) -> None:
        """Put the result in the place of a picture of the window."""
        picture = self.picture
        if picture is not None:
            self.send_asked.emit(side, picture)
            self._messages.success(tr("The result is picture {side} now.", side=side))

    def save_dialog(self) -> None:
        if not self.has_picture:
            return
        kinds = {tr(words): how for words, how in SAVE_FILTERS.items() if not self._is_exact or how == EXACT}
        endings = {words: suffix for words, (suffix, _) in kinds.items()}
        chosen = ask_where_to_save(self, self._settings, tr("Save result"), f"{self._name}-dream.png", endings)
        if chosen is not None:
            self.save_to(chosen[0], kinds[chosen[1]][1])

    def save_to(self, path: Path, depth: int | None = None) -> None:
        """Write the result, off the GUI thread; the suffix says how."""
        picture, recipe = self.picture, self._recipe
        if picture is None:
            return
        if self._is_exact and path.suffix.lower() not in LOSSLESS:
            self._messages.warning(
                tr("This kind of file changes levels, so the network may not be fooled any more; choose PNG or TIFF.")
            )
            return
        depth = 8 if self._is_exact or depth is None else depth

        def make() -> Job[Path]:
            yield Progress(0.1, tr("writing {name}", name=path.name))
            text = {} if recipe is None else {"Recipe": json.dumps(recipe)}
            save(picture.full(), path, text=text, depth=depth)
            return path

        handle = self._jobs.submit(tr("Save {name}", name=path.name), make, lane="files")
        handle.finished.connect(self._on_saved)
        handle.failed.connect(self._messages.error)

    def _on_saved(self, path: Path) -> None:
        self._messages.success(tr("The picture was written to “{name}”.", name=path.name))
