"""Named presets above the panel of every mode: taken, saved, renamed, deleted, and carried from machine to machine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMenu,
    QMessageBox,
    QStyledItemDelegate,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio import presets
from studio.errors import StudioError
from studio.gui.mode.kept_options import KeptOptions
from studio.gui.shell.modes import Modes
from studio.gui.widgets.asking import ask_for_file
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.modal import run_modal
from studio.gui.widgets.parts import rule
from studio.gui.widgets.run_foot import RunFoot
from studio.gui.widgets.saving import ask_where_to_save
from studio.gui.widgets.search_box import narrow
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.usable import set_action_usable, set_usable
from studio.language import tr, translatable
from studio.options import OptionsError
from studio.presets import Preset

log = logging.getLogger(__name__)

PICTURE, LIST, ROW = QSize(72, 54), 270, 26
"""Of a preset in the list, the width of that, and the height of what has no picture, px."""
FILTER = translatable("Presets (*.json)")


def preferred(settings: Settings, name: str) -> Mapping[str, Any]:
    """The options, of those kept under `name`, that a person wants in a new project instead of the defaults."""
    mode = name.partition("/")[0]
    preset = presets.preset_named(mode, settings.preset(mode))
    return {} if preset is None else preset.options.get(name, {})


class PresetBar(QWidget):
    """The presets of the mode that is on: a list to choose from, and a menu for all else."""

    def __init__(self, modes: Modes, options: KeptOptions, settings: Settings, messages: Messages) -> None:
        super().__init__()
        self._modes, self._options, self._settings, self._messages = modes, options, settings, messages
        self._listed: list[Preset] = []
        self.may_delete: Callable[[str], bool] = self._ask_to_delete
        self.choice = QComboBox()
        narrow(self.choice)
        self.choice.setAccessibleName(tr("Preset"))
        self.choice.setToolTip(tr("Options under a name: the program's and your own"))
        self.choice.setPlaceholderText(tr("Your own settings"))
        self.choice.setIconSize(QSize(24, 18))
        # Its own would draw the pictures of the list as small as that in the box.
        self.choice.setItemDelegate(QStyledItemDelegate(self.choice))
        self.choice.view().setIconSize(PICTURE)
        self.choice.view().setMinimumWidth(LIST)
        self.more = QToolButton()
        self.more.setText("⋯")
        self.more.setToolTip(tr("Save, rename, delete, import and export presets"))
        self.more.setAccessibleName(tr("Presets"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.more)
        self.menu.setToolTipsVisible(True)
        self.more.setMenu(self.menu)
        self.save_action = self._add(tr("Save as Preset…"), tr("Keep the options as they are under a name"), self.save)
        self.rename_action = self._add(tr("Rename…"), "", self.rename)
        self.delete_action = self._add(tr("Delete"), "", self.delete)
        self.menu.addSeparator()
        self.start_action = self._add(
            tr("Begin New Projects with It"), tr("What a new project has; without any, the defaults"), self.set_start
        )
        self.start_action.setCheckable(True)
        self.menu.addSeparator()
        self.import_action = self._add(tr("Import…"), tr("Take a preset out of a file"), self.import_dialog)
        self.export_action = self._add(tr("Export…"), tr("Write the preset to a file"), self.export_dialog)
        row = QHBoxLayout()
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(6)
        words = QLabel(tr("Preset"))
        words.setObjectName("muted")
        words.setBuddy(self.choice)
        row.addWidget(words)
        row.addWidget(self.choice, 1)
        row.addWidget(self.more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(rule())
        self.choice.activated.connect(self._on_chosen)
        options.changed.connect(self.refresh)
        modes.changed.connect(lambda _: self.reload())
        modes.made.connect(lambda name: self._follow(name))

    def over(self, panels: QWidget) -> QWidget:
        """The bar with the panels below it."""
        both = QWidget()
        column = QVBoxLayout(both)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self)
        column.addWidget(panels, 1)
        return both

    def _add(self, words: str, tip: str, do: Callable[[], object]) -> QAction:
        action = QAction(words, self.menu)
        action.setToolTip(tip)
        action.triggered.connect(lambda *_: do())
        self.menu.addAction(action)
        return action

    def _follow(self, mode: str) -> None:
        for foot in self._modes.panel(mode).findChildren(RunFoot):
            foot.running_changed.connect(self.refresh)

    # --- what there is ---

    @property
    def mode(self) -> str:
        """Whose presets are shown."""
        return self._modes.current

    @property
    def listed(self) -> list[Preset]:
        """What is offered: the defaults, what ships, and the person's own."""
        return list(self._listed)

    @property
    def current(self) -> Preset | None:
        """The preset that the options are as they are in; None if there is none."""
        return next((preset for preset in self._listed if self._is_so(preset)), None)

    def reload(self) -> None:
        """Look again which presets there are."""
        mode = self.mode
        if not mode:
            return
        defaults = self._modes.panel(mode).for_preset(self._options.defaults_of(mode))
        self._listed = [Preset(mode, tr("Defaults"), defaults), *presets.presets_of(mode)]
        with QSignalBlocker(self.choice):
            self.choice.clear()
            for number, preset in enumerate(self._listed):
                if number and preset.shipped != self._listed[number - 1].shipped and not preset.shipped:
                    self.choice.insertSeparator(self.choice.count())
                picture = preset.picture
                icon = QIcon() if picture is None else QIcon(str(picture))
                self.choice.addItem(icon, preset.title, number)
                if picture is None:
                    self.choice.setItemData(self.choice.count() - 1, QSize(0, ROW), Qt.ItemDataRole.SizeHintRole)
        self.refresh()

    def refresh(self) -> None:
        """Take in what the options are now."""
        if not self._listed:
            return
        now = self.current
        with QSignalBlocker(self.choice):
            self.choice.setCurrentIndex(-1 if now is None else self.choice.findData(self._listed.index(now)))
        busy = any(foot.is_running for foot in self._modes.panel(self.mode).findChildren(RunFoot))
        set_usable(self.choice, not busy, tr("Something is running: wait for its end, or cancel it."))
        own = now is not None and bool(now.key) and not now.shipped
        none = tr("Choose a preset, or save the options as one, first.")
        for action in (self.rename_action, self.delete_action):
            set_action_usable(action, own, none if now is None else tr("This preset came with the program."))
        set_action_usable(self.export_action, now is not None, none)
        set_action_usable(self.start_action, now is not None, none)
        self.start_action.setChecked(now is not None and now.key == self._settings.preset(self.mode))

    def _is_so(self, preset: Preset) -> bool:
        now = self._options.of_mode(self.mode)
        return all(name in now and {**now[name], **values} == now[name] for name, values in self._whole(preset).items())

    def _whole(self, preset: Preset) -> dict[str, dict[str, Any]]:
        """All that a preset says: what it leaves out is as by default."""
        defaults = self._options.defaults_of(preset.mode)
        wanted = {name: {**defaults.get(name, {}), **values} for name, values in preset.options.items()}
        if wanted.keys() - defaults.keys():
            wanted = {name: values for name, values in wanted.items() if name in defaults}
        return {
            name: {key: value for key, value in values.items() if key in defaults[name]}
            for name, values in self._kept(preset.mode, defaults, wanted).items()
        }

    def _kept(self, mode: str, defaults: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Of `wanted`, what presets of a mode are about."""
        known = self._modes.panel(mode).for_preset({**defaults, **wanted})
        return {name: {key: wanted[name][key] for key in known[name]} for name in wanted if name in known}

    # --- what one does ---

    def _on_chosen(self, index: int) -> None:
        number = self.choice.itemData(index)
        if isinstance(number, int):
            self.take(self._listed[number])

    def take(self, preset: Preset) -> None:
        """Set the options as a preset has them."""
        try:
            self._options.take(self._whole(preset), tr("Take Preset {name}", name=preset.title))
        except OptionsError as error:
            self._messages.warning(tr("The preset “{name}” could not be used: {error}", name=preset.title, error=error))
        self.refresh()

    def save(self) -> None:
        """Keep the options under a name that is asked for."""
        now = self.current
        name = self._ask_name(tr("Save as preset"), now.title if now is not None and now.path else "")
        if name:
            self._try(lambda: self.keep(name))

    def keep(self, name: str) -> Preset:
        """Keep the options as they are under a name. Raises `FileError`."""
        options = self._modes.panel(self.mode).for_preset(self._options.of_mode(self.mode))
        return presets.keep_preset(self.mode, name, options)

    def rename(self) -> None:
        now = self.current
        if now is None or now.shipped or not now.key:
            return
        name = self._ask_name(tr("Rename preset"), now.title)
        if name:
            self._try(lambda: presets.rename_preset(now, name))

    def delete(self) -> None:
        now = self.current
        if now is not None and now.key and not now.shipped and self.may_delete(now.title):
            self._try(lambda: presets.delete_preset(now))

    def _ask_to_delete(self, name: str) -> bool:
        box = QMessageBox(self.window())
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(tr("Delete preset"))
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(tr("Delete the preset “{name}”? The options stay as they are.", name=name))
        delete = box.addButton(tr("Delete"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        run_modal(box)
        return box.clickedButton() is delete

    def set_start(self) -> None:
        """New projects begin with the preset shown, or not any more."""
        now = self.current
        if now is not None:
            self._settings.set_preset(self.mode, now.key if self.start_action.isChecked() else "")
        self.refresh()

    def import_dialog(self) -> None:
        path = ask_for_file(self.window(), self._settings, "preset", tr("Import preset"), tr(FILTER))
        if path is not None:
            self.import_from(path)

    def import_from(self, path: Path) -> None:
        """Take a preset out of a file, and say for which mode it is."""

        def take_in() -> None:
            preset = presets.import_preset(path)
            if preset.mode not in self._modes.names:
                presets.delete_preset(preset)
                raise presets.PresetError(tr("“{name}” is not a preset of this program.", name=path.name))
            mode = tr(self._modes[preset.mode].title)
            self._messages.success(tr("The preset “{name}” is there, in {mode}.", name=preset.name, mode=mode))
            if preset.mode == self.mode:
                self.take(preset)

        self._try(take_in)

    def export_dialog(self) -> None:
        now = self.current
        if now is None:
            return
        kinds = {tr(FILTER): presets.SUFFIX}
        chosen = ask_where_to_save(
            self.window(), self._settings, tr("Export preset"), f"{now.title}{presets.SUFFIX}", kinds,
            purpose="preset", accepted=[presets.SUFFIX],
        )  # fmt: skip
        if chosen is not None:
            self.export_to(now, chosen[0])

    def export_to(self, preset: Preset, path: Path) -> None:
        """Write a preset to a file."""
        if self._try(lambda: presets.write_preset(preset, path)):
            self._messages.success(tr("“{name}” was written.", name=path.name))

    def _ask_name(self, title: str, name: str) -> str:
        dialog = QInputDialog(self.window())
        dialog.setWindowTitle(title)
        dialog.setLabelText(tr("Name"))
        dialog.setTextValue(name)
        return dialog.textValue().strip() if run_modal(dialog) else ""

    def _try(self, do: Callable[[], object]) -> bool:
        try:
            do()
        except StudioError as error:
            self._messages.error(str(error))
            return False
        finally:
            self.reload()
        return True
