"""The knobs of the attribution methods: each method keeps its own, and those of the one chosen are shown."""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.attribution.options import METHODS, ExplainOptions
from studio.gui.widgets.forms import OptionsForm
from studio.gui.widgets.settings_store import Settings
from studio.language import tr
from studio.options import OptionsError

log = logging.getLogger(__name__)


class MethodOptions(QObject):
    """What is set for one method, whether its form is shown or not."""

    stepped = Signal(str, str)
    """(what was done, key), after a change; see `StudioState.committed`"""

    def __init__(self, key: str, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._key, self._settings = key, settings
        self._options: ExplainOptions = settings.options(METHODS[key].options, f"inspect_{key}")
        self._form: OptionsForm | None = None

    def value(self) -> ExplainOptions:
        return self._options

    def set_value(self, options: ExplainOptions) -> None:
        """Set all knobs, as one step."""
        self._take(options)
        if self._form is not None:
            self._form.set_value(options)
        else:
            self.stepped.emit(tr("Change Options"), "")

    def make_form(self) -> OptionsForm:
        """A form for them, which takes the place of the one before."""
        self._form = form = OptionsForm(self._options)
        form.stepped.connect(self._on_form)
        return form

    def drop_form(self) -> None:
        """The form goes."""
        self._form = None

    def _on_form(self, step: str, key: str) -> None:
        assert self._form is not None
        try:
            options = self._form.value()
        except OptionsError as error:
            log.debug("options not usable yet: %s", error)
            return
        assert isinstance(options, ExplainOptions)
        self._take(options)
        self.stepped.emit(step, key)

    def _take(self, options: ExplainOptions) -> None:
        self._options = options
        self._settings.set_options(f"inspect_{self._key}", options)


class MethodForms(QWidget):
    """Shows the form of one method; forms are made when they are wanted."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.options = {key: MethodOptions(key, settings, self) for key in METHODS}
        self.form: OptionsForm | None = None
        self._key = ""
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def show_method(self, key: str) -> OptionsForm:
        """Put the form of a method in the place of the one before."""
        if self.form is not None:
            self.options[self._key].drop_form()
            self._layout.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
        self._key = key
        self.form = self.options[key].make_form()
        self._layout.addWidget(self.form)
        return self.form
