"""Brings an opened document before the person: all of it is worked out before anything in the window changes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from studio.document import Document
from studio.gui.canvas.state import REGIONS, Content, StudioState
from studio.gui.canvas.undo import PreparedHistory, UndoHistory
from studio.gui.mode.kept_options import KeptOptions
from studio.gui.mode.kept_pictures import KeptPictures
from studio.gui.shell.project.kept_view import KeptView

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class PreparedDocument:
    """What of a document is shown; `notes` are sentences on what of it is not usable."""

    document: Document
    history: PreparedHistory
    looks: list[Callable[[], None]]
    notes: tuple[str, ...]


class Showing:
    """Knows all parts of the window that a document has something for."""

    def __init__(self, state: StudioState, history: UndoHistory, options: KeptOptions, view: KeptView) -> None:
        self._state, self._history, self._options, self._view = state, history, options, view
        self.lists: tuple[KeptPictures, ...] = ()

    def prepared(self, document: Document) -> PreparedDocument:
        """Work out everything; nothing is changed, whatever this raises."""
        options, notes = self._options.taken(document.options)
        parts = {**self._state.content.parts, **options, REGIONS: document.regions}
        parts |= {kept.part: kept.taken(document) for kept in self.lists}
        content = Content(document.a, document.b, document.pairs, document.levels, parts)
        history = self._history.prepared(content, document.history, document.position)
        looks, senseless = self._view.taken(document.view)
        if senseless:  # worth nobody's question: the pictures are shown whole
            log.warning("parts of the view make no sense: %s", ", ".join(senseless))
        return PreparedDocument(document, history, looks, tuple(notes))

    def show(self, prepared: PreparedDocument) -> None:
        """Put it in the place of what is open."""
        self._options.keep_others(prepared.document.options)
        self._history.begin(prepared.history, clean=not prepared.document.modified)
        for look in prepared.looks:
            look()
