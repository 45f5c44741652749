"""Puts the settings in force, at the start and whenever one changes."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from studio.backbones.catalog import CATALOG
from studio.cache import cache_size, prune
from studio.device import DeviceInfo, set_threads
from studio.gui.canvas.pairs_table import PairsTable
from studio.gui.canvas.point_style import set_point_style
from studio.gui.canvas.viewer import Viewer
from studio.gui.mode.network import NetworkChooser
from studio.gui.shell.editing import Editing
from studio.gui.shell.settings.dialog import SettingsDialog
from studio.gui.shell.settings.language import language_names
from studio.gui.shell.settings.preferences import Preferences, load_preferences, store_preferences
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.settings_store import Settings
from studio.jobs import JobQueue
from studio.language import tr, trn
from studio.paths import cache_dir, choose_cache_dir
from studio.progress import Job, Progress

log = logging.getLogger(__name__)


class SettingsController(QObject):
    """Knows who has to be told of which setting."""

    theme_changed = Signal()

    def __init__(
        self,
        settings: Settings,
        network: NetworkChooser,
        viewer: Viewer,
        table: PairsTable,
        editing: Editing,
        jobs: JobQueue,
        messages: Messages,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._messages = messages
        self._settings, self._network, self._viewer, self._table = settings, network, viewer, table
        self._editing, self._jobs, self._window = editing, jobs, window
        self._devices: list[DeviceInfo] = []
        self.dialog: SettingsDialog | None = None
        self.now = load_preferences(settings)
        choose_cache_dir(self.now.cache_place)
        set_point_style(self.now.point_style)
        editing.document.autosave.enabled = self.now.autosave

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the actions do, by their ids."""
        return {"settings": self.show}

    def on_devices(self, devices: list[DeviceInfo]) -> None:
        """Torch is there: what waited for it can be put in force."""
        self._devices = devices
        if self.now.threads:
            self._set_threads(self.now.threads)
        if self.now.cache_limit:
            self._prune(self.now.cache_limit)

    def show(self) -> None:
        """Open the dialog, or bring it to the front."""
        self.now = load_preferences(self._settings)
        if self.dialog is None:
            devices = {info.name: info.label for info in self._devices}
            devices.setdefault(self.now.device, self.now.device)
            devices["auto"] = tr("Automatic")
            choices = {
                "device": dict(sorted(devices.items(), key=lambda entry: entry[0] != "auto")),
                "backbone": {name: entry.title for name, entry in CATALOG.items()},
                "language": language_names(self.now.language),
            }
            self.dialog = dialog = SettingsDialog(self.now, choices, self._window)
            dialog.preferences_changed.connect(self.put_in_force)
            dialog.clear_asked.connect(lambda: self._prune(0.0))
            dialog.finished.connect(self._on_closed)
            self._measure_cache()
        self.dialog.show()
        self.dialog.activateWindow()

    def put_in_force(self, new: Preferences) -> None:
        """Remember the settings and do at once what those that changed ask for."""
        old, self.now = load_preferences(self._settings), new
        store_preferences(self._settings, new)
        if new.theme != old.theme:
            self.theme_changed.emit()
        if new.point_style != old.point_style:
            set_point_style(new.point_style)
            self._viewer.refresh_points()
            self._table.refresh_points()
        if new.device != old.device:
            self._network.set_devices(self._devices)
            self._network.changed.emit()
        if new.backbone != old.backbone:
            self._network.choose(new.backbone)
        if new.threads != old.threads:
            self._set_threads(new.threads)
        if new.autosave != old.autosave:
            self._editing.document.autosave.enabled = new.autosave
            self._editing.document.autosave.touch()
        if new.cache_place != old.cache_place:
            choose_cache_dir(new.cache_place)
            self._network.refresh()
            self._measure_cache()
        if new.cache_limit and new.cache_limit != old.cache_limit:
            self._prune(new.cache_limit)

    def _set_threads(self, count: int) -> None:
        def make() -> Job[None]:
            yield Progress(0.5, tr("setting threads"))
            set_threads(count)

        self._jobs.submit(tr("Set threads"), make)

    def _prune(self, gigabytes: float) -> None:
        def make() -> Job[int]:
            yield Progress(0.5, tr("tidying the cache"))
            return len(prune(round(gigabytes * 1e9)))

        def done(removed: int) -> None:
            if removed:
                self._messages.info(
                    trn(
                        "{number} files were removed from the cache.",
                        "{number} files were removed from the cache.",
                        removed,
                    )
                )
            self._network.refresh()
            self._measure_cache()

        self._jobs.submit(tr("Tidy the cache"), make, lane="files").finished.connect(done)

    def _measure_cache(self) -> None:
        def make() -> Job[int]:
            yield Progress(0.5, tr("measuring the cache"))
            return cache_size()

        def done(size: int) -> None:
            if self.dialog is not None:
                self.dialog.set_cache_note(
                    tr("The cache holds {size:,.0f} MB in {folder}", size=size / 1e6, folder=cache_dir())
                )

        if self.dialog is not None:
            self._editing.document.autosave.run(tr("Measure the cache"), make).finished.connect(done)

    def _on_closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
