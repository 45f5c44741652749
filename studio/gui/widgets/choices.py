"""Lists that choose the knobs of an options model, for panels that have lists of their own instead of a form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QComboBox

from studio.gui.widgets.forms import step_of
from studio.language import tr
from studio.options import Options


class Choices(QObject):
    """Answers for some lists as a form does for its editors; the data of their entries are values of the knobs."""

    stepped = Signal(str, str)
    """(what was done, key), after a change; see `StudioState.committed`"""

    def __init__(self, kind: type[Options], lists: Mapping[str, QComboBox], parent: QObject | None = None) -> None:
        """`lists` by the names of the knobs; whoever else follows them is to be connected already."""
        super().__init__(parent)
        self._kind, self._lists = kind, dict(lists)
        self._setting = False
        steps = {knob.name: step_of(knob) for knob in kind.knobs()}
        for name, box in self._lists.items():
            box.currentIndexChanged.connect(partial(self._on_chosen, steps[name], f"turn {name}"))

    def value(self) -> Options:
        """What is chosen."""
        return self._kind.from_dict({name: box.currentData() for name, box in self._lists.items()})

    def set_value(self, options: Options) -> None:
        """Choose this, as one step; what a list does not have is left as it is."""
        before, self._setting = self.value(), True
        try:
            for name, box in self._lists.items():
                index = box.findData(getattr(options, name))
                if index >= 0:
                    box.setCurrentIndex(index)
        finally:
            self._setting = False
        if self.value() != before:
            self.stepped.emit(tr("Change Options"), "")

    def _on_chosen(self, step: str, key: str, index: int) -> None:
        if not self._setting and index >= 0:
            self.stepped.emit(step, key)
