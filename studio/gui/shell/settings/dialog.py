"""The dialog of the settings, made from `studio.gui.shell.settings.preferences`; all but the language act at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.gui.shell.settings.preferences import SECTIONS, Preferences
from studio.gui.widgets.forms import KnobEditor
from studio.gui.widgets.parts import heading, rule
from studio.language import tr
from studio.options import Knob, OptionsError


class SettingsDialog(QDialog):
    """Lives beside the window, so that the effect of a setting is seen."""

    preferences_changed = Signal(object)
    """(Preferences)"""
    clear_asked = Signal()
    """The cache is to be emptied."""

    def __init__(self, preferences: Preferences, choices: Mapping[str, Mapping[str, str]], parent: QWidget) -> None:
        """`choices` names the values of a knob that depend on this machine: value to words."""
        super().__init__(parent)
        self.setWindowTitle(tr("Settings"))
        self._choices = choices
        self.editors: dict[str, KnobEditor] = {}
        knobs = {knob.name: knob for knob in Preferences.knobs()}
        body = QVBoxLayout(self)
        body.setContentsMargins(22, 16, 22, 14)
        body.setSpacing(11)
        for number, (title, names) in enumerate(SECTIONS):
            if number:
                body.addWidget(rule())
            body.addWidget(heading(tr(title)))
            body.addLayout(self._rows([knobs[name] for name in names]))
            if "language" in names:
                later = QLabel(tr("The language changes with the next start, everything else at once."), wordWrap=True)
                later.setObjectName("muted")
                body.addWidget(later)
        self._note = QLabel(wordWrap=True)
        self._note.setObjectName("muted")
        self._clear = QPushButton(tr("Empty Cache"))
        self._clear.setToolTip(tr("Remove everything that can be had again; networks are downloaded anew when needed"))
        self._clear.clicked.connect(self.clear_asked)
        foot = QHBoxLayout()
        foot.addWidget(self._note, 1)
        foot.addWidget(self._clear)
        body.addLayout(foot)
        body.addStretch(1)
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.RestoreDefaults | kinds.Close)
        buttons.rejected.connect(self.reject)
        buttons.button(kinds.RestoreDefaults).clicked.connect(lambda: self.set_value(Preferences()))
        body.addWidget(buttons)
        self.setMinimumWidth(480)
        self._quiet = False
        self._show(preferences)

    def _rows(self, knobs: list[Knob]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(9)
        grid.setColumnMinimumWidth(0, 120)
        grid.setColumnStretch(1, 1)
        for row, knob in enumerate(knobs):
            words = self._choices.get(knob.name)
            editor = KnobEditor(replace(knob, kind="choice", choices=tuple(words)) if words else knob, words)
            editor.changed.connect(self._on_changed)
            label = QLabel(tr(knob.label))
            label.setToolTip(tr(knob.help))
            label.setBuddy(editor)
            grid.addWidget(label, row, 0)
            grid.addWidget(editor, row, 1)
            if knob.name == "cache_place":
                browse = QPushButton(tr("Choose…"))
                browse.clicked.connect(self.choose_folder)
                grid.addWidget(browse, row, 2)
            self.editors[knob.name] = editor
        return grid

    def value(self) -> Preferences:
        """The settings as the dialog stands. Raises `OptionsError`."""
        return Preferences.from_dict({name: editor.value() for name, editor in self.editors.items()})

    def set_value(self, preferences: Preferences) -> None:
        """Show these settings and put them in force."""
        self._show(preferences)
        self._on_changed()

    def set_cache_note(self, text: str) -> None:
        """Say how large the cache is."""
        self._note.setText(text)

    def _show(self, preferences: Preferences) -> None:
        self._quiet = True
        for name, editor in self.editors.items():
            editor.set_value(getattr(preferences, name))
        self._quiet = False

    def _on_changed(self) -> None:
        if self._quiet:
            return
        try:
            self.preferences_changed.emit(self.value())
        except OptionsError as error:
            self._note.setText(str(error))

    def choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Folder for the cache"), self.editors["cache_place"].value())
        if folder:
            self.editors["cache_place"].set_value(folder)
