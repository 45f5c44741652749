"""The main window: puts the parts together and connects them; each part does its own work."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QActionGroup, QCloseEvent, QDesktopServices, QGuiApplication, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QVBoxLayout,
    QWidget,
)

from studio.arrays import SIDES, Side
from studio.device import DeviceInfo
from studio.document import Document
from studio.gui.canvas.conditions import Shared
from studio.gui.canvas.displays import remember
from studio.gui.canvas.opening import Opened, PictureOpener
from studio.gui.canvas.pair_files import PairFiles
from studio.gui.canvas.pairs_table import PairsTable
from studio.gui.canvas.state import StudioState
from studio.gui.canvas.viewer import ARRANGEMENTS, Arrangement, Viewer
from studio.gui.mode.mode import Mode, ModePanel, Services
from studio.gui.mode.network import NetworkChooser
from studio.gui.mode_table import MODES
from studio.gui.shell.actions import Actions, menus, specs
from studio.gui.shell.dialogs import about_dialog
from studio.gui.shell.docks import Docks
from studio.gui.shell.editing import Editing
from studio.gui.shell.helping import Helping
from studio.gui.shell.keys import Keys
from studio.gui.shell.layouts import Layouts
from studio.gui.shell.modes import Modes
from studio.gui.shell.presets import PresetBar
from studio.gui.shell.project.file_menus import FileMenus
from studio.gui.shell.screen import FIRST_SIZE, bring_on_screen
from studio.gui.shell.settings.controller import SettingsController
from studio.gui.shell.status_bar import StatusBar
from studio.gui.shell.toolbar import ToolBar
from studio.gui.shell.works import Works
from studio.gui.widgets.action import ActionSpec, Condition
from studio.gui.widgets.floating import Floating
from studio.gui.widgets.giving import PictureServices
from studio.gui.widgets.jobs_view import JobsView
from studio.gui.widgets.messages import LogView, MessageBar, Messages, Severity
from studio.gui.widgets.modal import run_modal
from studio.gui.widgets.names import CHANGED, in_title
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.theme import apply_theme, icon, is_dark
from studio.jobs import JobQueue
from studio.language import tr
from studio.paths import log_dir
from studio.progress import Job, Progress

log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 5.0


class MainWindow(QMainWindow):
    """Two pictures, their pairs, and everything one does with them."""

    first_painted = Signal()
    ready = Signal()
    """All is loaded."""

    def __init__(self, settings: Settings | None = None, warm_up: bool = True, modes: Sequence[Mode] = MODES) -> None:
        super().__init__()
        self.setWindowTitle("Buddies Studio")
        self.setWindowIcon(icon("app"))
        self.settings = settings or Settings()
        self.state = StudioState(self)
        self.jobs = JobQueue(self)
        self.stopped_cleanly = True
        self._painted = False
        self.devices: list[DeviceInfo] = []
        self.log_view = LogView()
        self.messages, self.sink = MessageBar(), Messages(self)
        self.viewer = Viewer(self.state)
        self.opener = PictureOpener(self.state, self.jobs, self.settings, self.sink, self)
        self.pictures = PictureServices(self.jobs, self.settings, self.sink, self)
        self.pair_files = PairFiles(self.state, self.jobs, self.settings, self.sink, self)
        self.pairs_table = PairsTable(self.state)
        self.network = NetworkChooser(self.settings)
        self.editing = Editing(self.state, self.viewer, self.pairs_table, self.jobs, self.settings, self.sink, self)
        self.document = self.editing.document
        self.modes = Modes(
            modes,
            Services(self.state, self.jobs, self.settings, self.sink, self.viewer, self.editing.pairs, self.network),
            self,
        )
        self.settings_controller = SettingsController(
            self.settings, self.network, self.viewer, self.pairs_table, self.editing, self.jobs, self.sink, self
        )
        self.jobs_view = JobsView(self.jobs)
        self.helping = Helping(self)
        self.keys = Keys(specs(self.modes), self.settings, self)
        self.works = Works(self.modes, self)
        self.presets = PresetBar(self.modes, self.editing.options, self.settings, self.sink)
        self.actions_ = Actions(self, self.modes, self._handlers(), self.keys)
        self._lay_out()
        self.status = StatusBar(self)
        self.setStatusBar(self.status)
        self._build_menus()
        self._connect()
        self.modes.show(modes[0].name)
        self._restore()
        self._refresh()
        if self.network.fell_back:
            self.sink.info(self.network.fell_back)
        if warm_up:
            # Thumbnails first: they are half a second's work, and wait for seconds beside the import of torch.
            self.first_painted.connect(
                lambda: self.helping.fill_welcome(self._warm_up), Qt.ConnectionType.QueuedConnection
            )

    # --- construction ---

    def _handlers(self) -> dict[str, Callable[..., object]]:
        viewer, files = self.viewer, self.pair_files
        return {
            "open_a": lambda: self.opener.open_dialog("A"),
            "open_b": lambda: self.opener.open_dialog("B"),
            "import_pairs": files.import_dialog,
            "export_pairs": files.export_dialog,
            "export_overlay": files.overlay_dialog,
            "quit": self.close,
            "paste": self.paste,
            "swap": self.state.swap,
            **self.editing.handlers(),
            **self.settings_controller.handlers(),
            "fit": viewer.fit,
            "actual_size": viewer.actual_size,
            "zoom_in": lambda: viewer.zoom_by(1.25),
            "zoom_out": lambda: viewer.zoom_by(0.8),
            "link": self._switch("link", viewer.set_linked),
            "lines": self._switch("lines", viewer.set_lines_shown),
            "numbers": self._switch("numbers", viewer.set_numbers_shown),
            **{f"arrange_{kind}": partial(self._arrange, kind) for kind in ARRANGEMENTS},
            "full_screen": lambda: self.layouts.toggle_full_screen(),
            "hide_panels": lambda on: self.layouts.set_panels_hidden(on),
            **{f"mode_{name}": partial(self._enter, name) for name in self.modes.names},
            **{spec.id: self.modes.handler(mode.name, spec.id) for mode in self.modes for spec in mode.specs},
            "cancel_in_view": self._cancel_in_view,
            "theme": self.switch_theme,
            **self.helping.handlers(),
            "open_logs": lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_dir()))),
            "about": lambda: run_modal(about_dialog(self, self._device_text())),
        }

    def _enter(self, name: str, on: bool) -> None:
        if on:
            self.modes.show(name)

    def _arrange(self, kind: Arrangement, on: bool) -> None:
        if on:
            self.layouts.choose(kind)

    def _switch(self, name: str, apply: Callable[[bool], None]) -> Callable[[bool], None]:
        def handler(on: bool) -> None:
            self.settings.set_flag(name, on)
            apply(on)

        return handler

    def _lay_out(self) -> None:
        center = QWidget()
        column = QVBoxLayout(center)
        column.setContentsMargins(2, 0, 2, 0)
        column.addWidget(self.modes.splitter, 5)
        column.addWidget(self.helping.welcome, 3)
        self.setCentralWidget(center)
        self.bars = Floating(center, (self.document.recovery_bar, self.messages))
        below = {
            "pairs": (tr("Pairs"), self.pairs_table),
            "history": (tr("History"), self.editing.history_view),
            "jobs": (tr("Jobs"), self.jobs_view),
            "log": (tr("Log"), self.log_view),
        }
        self.docks = Docks(self, self.presets.over(self.modes.panels), below)
        self.modes.fill(self.docks["mode"])
        self.resize(*FIRST_SIZE)
        self.docks.size_first()

    def _build_menus(self) -> None:
        for name, entries in menus(self.modes).items():
            menu = self.menuBar().addMenu(tr(name))
            menu.setToolTipsVisible(True)  # they say why an entry can't be used
            for entry in entries:
                if not isinstance(entry, ActionSpec):
                    menu.addSeparator()
                    continue
                menu.addAction(self.actions_[entry.id])
                if entry.id == "open_b":
                    self.file_menus = FileMenus(menu, self.opener, self.document, self.settings, self.sink, self)
            if name == "View":
                menu.addSeparator()
                self.docks.list_in(menu)
        self.toolbar = ToolBar(self, self.actions_)
        self.modes.changed.connect(lambda name: self.toolbar.set_mode(self.modes[name]))
        bar = {name: self.actions_[f"mode_{name}"] for name in self.modes.names}
        self.modes_bar = self.modes.build_bar(self, bar)
        self.works.mark_on(bar)
        bars = (self.modes_bar, self.status)
        self.layouts = Layouts(self, self.modes, self.viewer, self.settings, self.docks, bars)
        kinds = QActionGroup(self)
        for kind in ARRANGEMENTS:
            kinds.addAction(self.actions_[f"arrange_{kind}"])
        for mode in self.modes:
            self.actions_[f"mode_{mode.name}"].setWhatsThis(tr(mode.help))

    def _connect(self) -> None:
        self.opener.opened.connect(self._on_opened)
        self.pictures.open_asked.connect(self.opener.open_made)
        self.opener.project_dropped.connect(self.document.open_path)
        self.opener.pairs_dropped.connect(self.pair_files.import_from)
        self.sink.told.connect(self.show_message)
        self.sink.written.connect(lambda text, path: self.show_message(Severity.SUCCESS, text, path=path))
        self.editing.changed.connect(self._refresh)
        self.settings_controller.theme_changed.connect(self._apply_theme)
        self.settings_controller.shortcuts_asked.connect(self.helping.change_shortcuts)
        self.editing.follow(self.actions_, self.modes)
        self.document.close_asked.connect(self.close)
        self.document.opening.connect(self._make_panels_for)
        self.editing.keep_mode(self.modes)
        self.modes.made.connect(self._on_panel_made)
        self.works.changed.connect(self._on_works)
        self.modes.changed.connect(self._refresh)
        self.layouts.changed.connect(self._show_arrangement)
        self.state.pairs_changed.connect(self._refresh)
        self.state.picture_changed.connect(self._refresh)
        for side, frame in self.viewer.frames.items():
            frame.open_asked.connect(lambda side=side: self.opener.open_dialog(side))
            frame.dropped.connect(lambda mime, side=side: self.opener.open_mime(mime, side))
            frame.canvas.cursor_moved.connect(lambda point, side=side: self.status.show_cursor(side, point))
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_desktop_scheme)

    def _on_panel_made(self, name: str) -> None:
        panel = self.modes.panel(name)
        panel.ready_changed.connect(self._refresh)
        panel.action_asked.connect(self._do)
        panel.picture_made.connect(self.opener.open_made)
        panel.view_asked.connect(self._open_dock)
        panel.pictures_asked.connect(self.layouts.give_room)
        panel.pane_toggled.connect(self.layouts.share_anew)
        panel.follow(self.actions_)
        self.editing.take_in(panel)
        if self.devices and panel.network is not None:
            panel.network.set_devices(self.devices)
        for view in panel.docks():
            self.docks.add(view)

    def _make_panels_for(self, document: Document) -> None:
        """Whatever shows what a project keeps has to be there before the project is shown."""
        for mode in self.modes:
            if mode.is_in(document):
                self.modes.panel(mode.name)

    def _restore(self) -> None:
        geometry, state = self.settings.layout()
        if geometry is not None:
            self.restoreGeometry(geometry)
        if state is not None:
            self.restoreState(state)
        bring_on_screen(self)
        self.layouts.apply(self.modes.current)
        for name in ("link", "lines", "numbers"):
            self.actions_[name].setChecked(self.settings.flag(name, True))

    # --- what the menus do ---

    def paste(self) -> None:
        mime = QGuiApplication.clipboard().mimeData()
        if not self.editing.pairs.paste(mime):
            self.opener.open_mime(mime, self.opener.paste_side(self.viewer.active))

    def switch_theme(self) -> None:
        self.settings.theme = "light" if is_dark() else "dark"
        self._apply_theme()

    def run(self) -> None:
        """Do what the first mode is for, as its first button in the tool bar does."""
        self._do(next(iter(self.modes)).run_buttons[0])

    def panel(self, name: str) -> ModePanel:
        """The panel of a mode, made now if nobody entered it yet."""
        return self.modes.panel(name)

    def _do(self, action: str) -> None:
        """Enter the mode that has an action, and do it."""
        mode = next(mode.name for mode in self.modes if action in {spec.id for spec in mode.specs})
        self.modes.show(mode)
        self.actions_[action].trigger()

    def _open_dock(self, name: str) -> None:
        self.actions_["hide_panels"].setChecked(False)
        self.layouts.open_dock(name)

    def show_message(self, severity: Severity, text: str, details: str = "", path: Path | None = None) -> None:
        """Show a sentence in the bar above the pictures, and log it; the file at `path` can be opened from there."""
        log.log(severity.level, "%s", text)
        self.messages.show_message(severity, text, details, path)

    # --- keeping in step ---

    def _show_arrangement(self) -> None:
        self.actions_[f"arrange_{self.layouts.arrangement}"].setChecked(True)

    def _on_opened(self, side: Side, opened: Opened) -> None:
        remember(opened.picture, opened.display)
        self.state.set_picture(side, opened.picture)

    def _refresh(self, *_: object) -> None:
        pictures = [self.state.picture(side) for side in SIDES]
        self.actions_.refresh(frozenset(self._conditions()))
        pane = self.modes.panel(self.modes.current).result_pane if self.modes.current else None
        has_room = bool(self.modes.current) and (pane is None or pane.isHidden())
        self.helping.show_welcome(has_room and not any(pictures))
        network = self._network_now
        self.status.show_setup(network.backbone.currentText(), self._device_text())
        self.status.show_sizes([picture.size for picture in pictures if picture is not None])
        self._show_title()

    def _show_title(self) -> None:
        pictures = any(self.state.picture(side) for side in SIDES)
        named = pictures or self.document.project is not None or len(self.state.pairs) > 0
        words = f"{in_title(self.document.name)}{CHANGED} – Buddies Studio" if named else "Buddies Studio"
        self.setWindowTitle(self.works.title + words)
        self.setWindowModified(named and self.document.is_modified)

    def _on_works(self) -> None:
        """Something began, came further or ended: often, so that only what depends on it is looked at."""
        self._show_title()
        works = self.works.in_view is not None
        if works is not self.actions_["cancel_in_view"].isEnabled():
            self._refresh()

    def _cancel_in_view(self) -> None:
        """Esc: first what the hand does in a picture, then the tool it has, then what works."""
        if any(self.viewer.canvas(side).give_up_drag() for side in SIDES):
            return
        if self.modes.panel(self.modes.current).leave_tool():
            return
        if self.viewer.tool != "select":
            self.actions_["tool_select"].trigger()
            return
        self.works.cancel_in_view()

    def event(self, event: QEvent) -> bool:
        is_escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if is_escape and event.type() == QEvent.Type.ShortcutOverride and self.works.is_writing():
            event.accept()  # it is a key of the field, and no shortcut
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.works.leave_field()
        super().keyPressEvent(event)

    def _conditions(self) -> set[Condition]:
        state, now = self.state, set[Condition]()
        pictures = [state.picture(side) for side in SIDES]
        shown = len(state.shown_pairs) > 0
        for condition, holds in (
            (Shared.ANY_PICTURE, any(pictures)),
            (Shared.BOTH_PICTURES, all(pictures)),
            (Shared.PAIRS, shown),
            (Shared.CONTENT, any(pictures) or shown),
            (Shared.MATCHING, state.is_held),
            (Shared.WORKING, self.works.in_view is not None),
        ):
            if holds:
                now.add(condition)
        return now | self.editing.conditions() | self.modes.conditions(state)

    @property
    def _network_now(self) -> NetworkChooser:
        """The choice of the mode that is on."""
        return (self.modes.panel(self.modes.current).network if self.modes.current else None) or self.network

    def _device_text(self) -> str:
        name = self.network.device_name
        if name == "auto":
            return self.devices[0].label if self.devices else tr("automatic device")
        return next((info.label for info in self.devices if info.name == name), name)

    # --- theme ---

    def _apply_theme(self) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply_theme(app, self.settings.theme)
        self.actions_.refresh_theme()
        self.toolbar.refresh_theme()
        self.works.refresh_theme()
        self.viewer.refresh_theme()
        for panel in self.modes.built:
            panel.refresh_theme()
        self.messages.refresh_theme()
        self.document.recovery_bar.refresh_theme()
        self.jobs_view.refresh_theme()
        self.helping.refresh_theme()

    def _on_desktop_scheme(self) -> None:
        if self.settings.theme == "system":
            self._apply_theme()

    # --- start and end ---

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            # After this paint has reached the screen, not within it.
            QTimer.singleShot(0, self.first_painted.emit)

    def _warm_up(self) -> None:
        """Load torch and look for devices on the compute thread, so that the first match need not."""

        def make() -> Job[list[DeviceInfo]]:
            yield Progress(0.1, tr("loading torch"))
            from studio.device import available_devices

            return available_devices()

        handle = self.jobs.submit(tr("Get ready"), make)
        handle.finished.connect(self._on_devices)
        handle.failed.connect(self.sink.error)

    def _on_devices(self, devices: list[DeviceInfo]) -> None:
        self.devices = devices
        self.settings_controller.on_devices(devices)
        for network in {self.network, *(panel.network for panel in self.modes.built if panel.network is not None)}:
            network.set_devices(devices)
        self._refresh()
        self.ready.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.document.may_close():
            event.ignore()
            return
        self.layouts.keep_now()
        self.helping.shutdown()
        self.settings.set_layout(self.saveGeometry(), self.saveState())
        self.settings.sync()
        self.works.shutdown()
        self.hide()  # at once: what is left to end is not worth waiting for in front of a window
        stopped = [panel.shutdown(SHUTDOWN_SECONDS) for panel in self.modes.built]
        stopped.append(self.jobs.shutdown(SHUTDOWN_SECONDS))
        stopped.append(self.editing.shutdown(SHUTDOWN_SECONDS))
        self.stopped_cleanly = all(stopped)
        self.log_view.stop()
        super().closeEvent(event)
