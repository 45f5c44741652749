"""The options of all modes as parts of the state: undone, saved and put back like the pairs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, runtime_checkable

from PySide6.QtCore import QObject, Signal

from studio.gui.canvas.state import StudioState
from studio.gui.widgets.forms import OptionsHolder
from studio.gui.widgets.messages import Messages
from studio.language import tr
from studio.options import Options, OptionsError

log = logging.getLogger(__name__)

Values = Mapping[str, Any]


@runtime_checkable
class StartsElsewhere(Protocol):
    """A holder whose options are not the defaults in a new project: they are a setting of the machine, say."""

    def at_start(self) -> Options:
        """The options of a new project."""


class KeptOptions(QObject):
    """Knows who has which options."""

    changed = Signal()
    """Some of them may be others than before."""

    def __init__(
        self,
        state: StudioState,
        messages: Messages,
        parent: QObject | None = None,
        preferred: Callable[[str], Values] = lambda _: {},
    ) -> None:
        """`preferred` gives what a person wants in a new project instead of the defaults, by the name of options."""
        super().__init__(parent)
        self._state, self._messages, self._preferred = state, messages, preferred
        self._holders: dict[str, OptionsHolder] = {}
        self._kinds: dict[str, type[Options]] = {}
        self._others: Mapping[str, Values] = {}

    def keep(self, name: str, holder: OptionsHolder) -> None:
        """Have changes of these options undone, and saved under `name`; they become what a new project has."""
        self._holders[name] = holder
        self._kinds[name] = type(holder.value())
        holder.set_value(self._at_start(name))
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

    def at_start(self) -> dict[str, Values]:
        """What a new project has: the defaults, or what the person prefers."""
        return {name: self._at_start(name).to_dict() for name in self._holders}

    def _at_start(self, name: str) -> Options:
        holder = self._holders[name]
        options = holder.at_start() if isinstance(holder, StartsElsewhere) else self._kinds[name]()
        try:
            return self._usable(name, {**options.to_dict(), **self._preferred(name)})
        except OptionsError as error:
            log.info("preferred options %s are not usable: %s", name, error)
            return options

    # --- presets ---

    def of_mode(self, mode: str) -> dict[str, Values]:
        """The options of a mode as they are."""
        return {name: self._state.part(name) for name in self._holders if _is_of(mode, name)}

    def defaults_of(self, mode: str) -> dict[str, Values]:
        """The options of a mode as they are declared."""
        return {name: kind().to_dict() for name, kind in self._kinds.items() if _is_of(mode, name)}

    def take(self, options: Mapping[str, Values], step: str) -> None:
        """Set some options, as one step called `step`; knobs of other versions of the program are passed over.

        Raises
        ------
        OptionsError
            A value can't be taken; nothing was changed.
        """
        usable = {
            name: self._usable(name, {**self._state.part(name), **values})
            for name, values in options.items()
            if name in self._holders
        }
        with self._state.one_step(step):
            for name, value in usable.items():
                self._holders[name].set_value(value)
        self.changed.emit()

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
        self.changed.emit()

    def _on_step(self, name: str, text: str, key: str) -> None:
        try:
            values = self._holders[name].value().to_dict()
        except OptionsError as error:
            log.debug("options not usable yet: %s", error)
            return
        self._state.set_part(name, values, text, f"{key} of {name}" if key else "")
        self.changed.emit()


def _is_of(mode: str, name: str) -> bool:
    return name == mode or name.startswith(f"{mode}/")


def _refused(error: OptionsError) -> str:
    return tr("Options of the project could not be used: {error}", error=error)
