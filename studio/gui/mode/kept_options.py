"""The options of all modes as parts of the state: undone, saved and put back like the pairs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QObject

from studio.gui.canvas.state import StudioState
from studio.gui.widgets.forms import OptionsHolder
from studio.gui.widgets.messages import Messages
from studio.language import tr
from studio.options import Options, OptionsError

log = logging.getLogger(__name__)

Values = Mapping[str, Any]


class KeptOptions(QObject):
    """Knows who has which options."""

    def __init__(self, state: StudioState, messages: Messages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._messages = state, messages
        self._holders: dict[str, OptionsHolder] = {}
        self._kinds: dict[str, type[Options]] = {}
        self._others: Mapping[str, Values] = {}

    def keep(self, name: str, holder: OptionsHolder) -> None:
        """Have changes of these options undone, and saved under `name`."""
        self._holders[name] = holder
        self._kinds[name] = type(holder.value())
        self._state.add_part(name, holder.value().to_dict(), partial(self._show, name))
        holder.stepped.connect(partial(self._on_step, name))

    def saved(self, options: Mapping[str, Values]) -> dict[str, Values]:
        """What a project is to keep: `options` as they are, and what nobody here knows of those it came with."""
        return {**self._others, **options}

    def taken(self, options: Mapping[str, Values]) -> tuple[dict[str, Values], list[str]]:
        """The options of a project, by the names of parts of the state, and a sentence for each that is not usable.

        Nothing is changed; what nobody here knows is for `keep_others`.
        """
        usable: dict[str, Values] = {}
        notes = []
        for name in self._holders.keys() & options.keys():
            try:
                usable[name] = self._usable(name, options[name]).to_dict()
            except OptionsError as error:
                notes.append(_refused(error))
        return usable, sorted(notes)

    def keep_others(self, options: Mapping[str, Values]) -> None:
        """Keep those of a project that nobody here knows, to be saved as they came."""
        self._others = {name: values for name, values in options.items() if name not in self._holders}

    def _usable(self, name: str, values: Values) -> Options:
        """The values as options, without knobs of other versions of the program. Raises `OptionsError`."""
        kind = self._kinds[name]
        return kind.from_dict({key: value for key, value in values.items() if key in kind.model_fields})

    def _show(self, name: str, values: Values) -> None:
        try:
            self._holders[name].set_value(self._usable(name, values))
        except OptionsError as error:
            self._messages.warning(_refused(error))

    def _on_step(self, name: str, text: str, key: str) -> None:
        try:
            values = self._holders[name].value().to_dict()
        except OptionsError as error:
            log.debug("options not usable yet: %s", error)
            return
        self._state.set_part(name, values, text, f"{key} of {name}" if key else "")


def _refused(error: OptionsError) -> str:
    return tr("Options of the project could not be used: {error}", error=error)
