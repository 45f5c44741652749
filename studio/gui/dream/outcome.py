"""What becomes of a result of the mode Dream: a file with its recipe inside, or picture A or B."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QGridLayout

from studio.files import bare_name
from studio.gui.dream.actions import DreamCan
from studio.gui.mode.outcome import Outcome
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.saving import SAVE_FILTERS
from studio.gui.widgets.settings_store import Settings
from studio.jobs import JobQueue
from studio.language import tr
from studio.picture import Picture, save
from studio.progress import Job, Progress

EXACT = (".png", None)
LOSSLESS = (".png", ".tif", ".tiff")
"""What keeps every level of a picture that fools a network by some of them."""


class DreamOutcome(Outcome):
    """Of several pictures for the one that is picked."""

    purpose, missing = "dream", DreamCan.SAVE.missing

    def __init__(self, jobs: JobQueue, settings: Settings, messages: Messages) -> None:
        super().__init__(jobs, settings, messages)
        self._pictures: tuple[Picture, ...] = ()
        self._recipe: Mapping[str, Any] | None = None
        self._name, self._is_exact = "dream", False
        self.picked = 0
        self.save_button.setToolTip(tr("Save as PNG, JPEG, WebP or TIFF, with the recipe inside (Ctrl+Alt+S)"))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        grid.addWidget(self.save_button, 0, 0, 1, 2)
        grid.addWidget(self.a_button, 1, 0)
        grid.addWidget(self.b_button, 1, 1)
        self._refresh()

    @property
    def picture(self) -> Picture | None:
        """The result, or the one that is picked of several, or how far a run came that was given up."""
        return self._pictures[self.picked] if self._pictures else None

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

    def save_dialog(self) -> None:
        if not self.has_picture:
            return
        filters = {words: how for words, how in SAVE_FILTERS.items() if not self._is_exact or how == EXACT}
        chosen = self._ask(f"{self._name}-{tr('dream').lower()}.png", filters)
        if chosen is not None:
            self.save_to(*chosen)

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

        self._write(path, make)
