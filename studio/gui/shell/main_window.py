"""The main window: puts the parts together and connects them; each part does its own work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QPointF, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QGuiApplication, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QLabel,
    QMainWindow,
    QVBoxLayout,
    QWidget,
)

from studio.device import DeviceInfo
from studio.gui.canvas.displays import remember
from studio.gui.canvas.opening import Opened, PictureOpener
from studio.gui.canvas.pair_files import PairFiles
from studio.gui.canvas.pairs_table import PairsTable
from studio.gui.canvas.state import SIDES, Side, StudioState
from studio.gui.canvas.viewer import Viewer
from studio.gui.inspect.panel import InspectPanel
from studio.gui.match.panel import MatchPanel
from studio.gui.mode.action import ActionSpec, Conditions
from studio.gui.mode.modes import Mode, ModePanel, Modes
from studio.gui.morph.panel import MorphPanel
from studio.gui.morph.stage import MorphStage
from studio.gui.shell.actions import MENUS, Actions
from studio.gui.shell.dialogs import about_dialog, shortcut_sheet
from studio.gui.shell.editing import Editing
from studio.gui.shell.project.file_menus import FileMenus
from studio.gui.shell.settings.controller import SettingsDesk
from studio.gui.shell.toolbar import ToolBar
from studio.gui.style.panel import StylePanel
from studio.gui.style.stage import StyleStage
from studio.gui.widgets.jobs_view import JobsView
from studio.gui.widgets.messages import LogView, MessageBar, Severity
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

    def __init__(self, settings: Settings | None = None, warm_up: bool = True) -> None:
        super().__init__()
        self.setWindowTitle("Buddies Studio")
        self.setWindowIcon(icon("app"))
        self.settings = settings or Settings()
        self.state = StudioState(self)
        self.jobs = JobQueue(self)
        self.stopped_cleanly = True
        self._painted = False
        self._devices: list[DeviceInfo] = []
        self.log_view = LogView()
        self.messages = MessageBar()
        self.viewer = Viewer(self.state)
        self.opener = PictureOpener(self.state, self.jobs, self.settings, self)
        self.pair_files = PairFiles(self.state, self.jobs, self.settings, self)
        self.match_panel = MatchPanel(self.state, self.jobs, self.settings)
        self.morph_panel = MorphPanel(self.state, self.jobs, self.settings, MorphStage())
        self.style_panel = StylePanel(self.state, self.jobs, self.settings, StyleStage(), self.viewer)
        self.inspect_panel = InspectPanel(self.state, self.jobs, self.settings, self.viewer, self.match_panel.network)
        self.mode_panels: tuple[ModePanel, ...] = (self.morph_panel, self.style_panel, self.inspect_panel)
        self.modes = Modes(
            [
                Mode("match", tr("Match"), self.match_panel),
                *(
                    Mode(name, title, panel, panel.stage, panel.set_active, share)
                    for name, title, panel, share in (
                        ("morph", tr("Morph"), self.morph_panel, 0.39),
                        ("style", tr("Style"), self.style_panel, 0.39),
                        ("inspect", tr("Inspect"), self.inspect_panel, 0.56),
                    )
                ),
            ],
            self.viewer,
            self,
        )
        self.pairs_table = PairsTable(self.state)
        self.editing = Editing(
            self.state, self.viewer, self.pairs_table, self.jobs, self.settings, self.match_panel, self
        )
        self.document = self.editing.document
        self.settings_desk = SettingsDesk(
            self.settings, self.match_panel.network, self.viewer, self.pairs_table, self.editing, self.jobs, self
        )
        self.jobs_view = JobsView(self.jobs)
        self.actions_ = Actions(self, self._handlers())
        self._lay_out()
        self._build_menus()
        self._build_status_bar()
        self._connect()
        self._restore()
        self._refresh()
        if warm_up:
            self.first_painted.connect(self._warm_up, Qt.ConnectionType.QueuedConnection)

    # --- construction ---

    def _handlers(self) -> dict[str, Callable[..., object]]:
        viewer, panel, files = self.viewer, self.match_panel, self.pair_files
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
            **self.settings_desk.handlers(),
            "fit": viewer.fit,
            "actual_size": viewer.actual_size,
            "zoom_in": lambda: viewer.zoom_by(1.25),
            "zoom_out": lambda: viewer.zoom_by(0.8),
            "link": self._switch("link", viewer.set_linked),
            "lines": self._switch("lines", viewer.set_lines_shown),
            "numbers": self._switch("numbers", viewer.set_numbers_shown),
            **{f"mode_{name}": partial(self._enter, name) for name in self.modes.names},
            "theme": self.switch_theme,
            "run": panel.run,
            "pause": panel.set_paused,
            "cancel": panel.cancel,
            "coarser": lambda: panel.levels.step(-1),
            "finer": lambda: panel.levels.step(+1),
            **{name: handler for panel in self.mode_panels for name, handler in panel.handlers().items()},
            "shortcuts": lambda: shortcut_sheet(self).exec(),
            "open_logs": lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_dir()))),
            "about": lambda: about_dialog(self, self._device_text()).exec(),
        }

    def _enter(self, name: str, on: bool) -> None:
        if on:
            self.modes.show(name)

    def _switch(self, name: str, apply: Callable[[bool], None]) -> Callable[[bool], None]:
        def handler(on: bool) -> None:
            self.settings.set_flag(name, on)
            apply(on)

        return handler

    def _lay_out(self) -> None:
        center = QWidget()
        column = QVBoxLayout(center)
        column.setContentsMargins(6, 2, 2, 2)
        column.setSpacing(4)
        column.addWidget(self.document.recovery_bar)
        column.addWidget(self.messages)
        column.addWidget(self.modes.splitter, 1)
        self.setCentralWidget(center)
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
        )
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.setTabPosition(
            Qt.DockWidgetArea.BottomDockWidgetArea, self.tabPosition(Qt.DockWidgetArea.TopDockWidgetArea)
        )
        right, bottom = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
        self.docks = {
            "mode": self._dock("match", tr("Match"), self.modes.panels, right),
            "pairs": self._dock("pairs", tr("Pairs"), self.pairs_table, bottom),
            "why": self._dock("provenance", tr("Provenance"), self.editing.provenance, bottom),
            "history": self._dock("history", tr("History"), self.editing.history_view, bottom),
            "jobs": self._dock("jobs", tr("Jobs"), self.jobs_view, bottom),
            "log": self._dock("log", tr("Log"), self.log_view, bottom),
        }
        for before, after in pairwise(("pairs", "why", "history", "jobs", "log")):
            self.tabifyDockWidget(self.docks[before], self.docks[after])
        self.docks["pairs"].raise_()
        self.editing.provenance.wanted.connect(self._show_why)
        self.modes.fill(self.docks["mode"])
        self.resize(1360, 860)
        self.resizeDocks([self.docks["mode"]], [330], Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks["pairs"]], [200], Qt.Orientation.Vertical)

    def _dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock-{name}")
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        return dock

    def _build_menus(self) -> None:
        menus = {name: self.menuBar().addMenu(tr(name)) for name in MENUS}
        for name, entries in MENUS.items():
            for entry in entries:
                if not isinstance(entry, ActionSpec):
                    menus[name].addSeparator()
                    continue
                menus[name].addAction(self.actions_[entry.id])
                if entry.id == "open_b":
                    self.file_menus = FileMenus(menus[name], self.opener, self.document, self.settings, self)
        menus["View"].addSeparator()
        for dock in self.docks.values():
            menus["View"].addAction(dock.toggleViewAction())
        self.toolbar = ToolBar(self, self.actions_)
        self.modes.changed.connect(self.toolbar.set_mode)
        self.modes.build_bar(self, {name: self.actions_[f"mode_{name}"] for name in self.modes.names})

    def _build_status_bar(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        self.setup_label, self.sizes_label, self.cursor_label = QLabel(), QLabel(), QLabel()
        self.cursor_label.setMinimumWidth(190)
        self.cursor_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        bar.addWidget(self.setup_label)
        bar.addWidget(self.sizes_label, 1)
        bar.addPermanentWidget(self.cursor_label)

    def _connect(self) -> None:
        self.opener.opened.connect(self._on_opened)
        self.opener.project_dropped.connect(self.document.open_path)
        self.opener.pairs_dropped.connect(self.pair_files.import_from)
        for source in (self.opener, self.match_panel, self.pair_files, self.editing, self.settings_desk):
            source.message.connect(self.show_message)
        for panel in self.mode_panels:
            panel.message.connect(self.show_message)
            panel.ready_changed.connect(self._refresh)
            panel.follow(self.actions_)
        self.editing.changed.connect(self._refresh)
        self.settings_desk.theme_changed.connect(self._apply_theme)
        self.editing.follow(self.actions_)
        self.document.close_asked.connect(self.close)
        self.editing.options.keep("match", self.match_panel.form)
        self.editing.options.keep("match/network", self.match_panel.network.choices)
        for panel in self.mode_panels:
            for name, holder in panel.kept_options().items():
                self.editing.options.keep(name, holder)
            self.document.keep_pictures(*panel.kept_pictures())
        self.morph_panel.further.changed.connect(self.document.touch)
        self.editing.keep_mode(self.modes)
        self.match_panel.running_changed.connect(self._refresh)
        self.match_panel.setup_changed.connect(self._refresh)
        self.style_panel.network.changed.connect(self._refresh)
        self.modes.changed.connect(self._refresh)
        self.modes.changed.connect(self._refresh)
        self.morph_panel.match_asked.connect(self.match_now)
        self.style_panel.send_asked.connect(self.opener.open_made)
        self.style_panel.runner.finished.connect(
            lambda made: self.document.add_picture("style", made.recipe["what"], made.recipe, made.picture)
        )
        self.state.pairs_changed.connect(self._refresh)
        self.state.picture_changed.connect(self._refresh)
        for side, frame in self.viewer.frames.items():
            frame.open_asked.connect(lambda side=side: self.opener.open_dialog(side))
            frame.dropped.connect(lambda mime, side=side: self.opener.open_mime(mime, side))
            frame.canvas.cursor_moved.connect(lambda point, side=side: self._show_cursor(side, point))
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_desktop_scheme)

    def _restore(self) -> None:
        geometry, state = self.settings.layout()
        if geometry is not None:
            self.restoreGeometry(geometry)
        if state is not None:
            self.restoreState(state)
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

    def match_now(self) -> None:
        """Find the pairs that another mode misses."""
        self.modes.show("match")
        self.match_panel.run()

    def _show_why(self) -> None:
        self.docks["why"].show()
        self.docks["why"].raise_()

    def show_message(self, severity: Severity, text: str, details: str = "") -> None:
        """Show a sentence in the bar above the pictures, and log it."""
        level = {"warning": logging.WARNING, "error": logging.ERROR}.get(severity, logging.INFO)
        log.log(level, "%s", text)
        self.messages.show_message(severity, text, details)

    # --- keeping in step ---

    def _on_opened(self, side: Side, opened: Opened) -> None:
        remember(opened.picture, opened.display)
        self.state.set_picture(side, opened.picture)

    def _refresh(self, *_: object) -> None:
        pictures = [self.state.picture(side) for side in SIDES]
        self.actions_.refresh(
            Conditions(
                any_picture=any(pictures),
                both_pictures=self.state.has_both,
                pairs=len(self.state.shown_pairs) > 0,
                running=self.match_panel.is_running,
                able=frozenset().union(self.editing.able(), *(panel.able() for panel in self.mode_panels)),
            )
        )
        if not self.match_panel.is_running:
            self.actions_["pause"].setChecked(False)
        network = (self.style_panel if self.modes.current == "style" else self.match_panel).network
        self.setup_label.setText(f"{network.backbone.currentText()}  ·  {self._device_text()}")
        sizes = [f"{picture.size[0]} × {picture.size[1]}" for picture in pictures if picture is not None]
        self.sizes_label.setText("  |  ".join(sizes))
        named = any(pictures) or self.document.project is not None or len(self.state.pairs) > 0
        self.setWindowTitle(f"{in_title(self.document.name)}{CHANGED} – Buddies Studio" if named else "Buddies Studio")
        self.setWindowModified(named and self.document.is_modified)

    def _show_cursor(self, side: Side, point: QPointF | None) -> None:
        words = "" if point is None else tr("cursor {side}  {x:.1f}, {y:.1f}", side=side, x=point.x(), y=point.y())
        self.cursor_label.setText(words)

    def _device_text(self) -> str:
        name = self.match_panel.network.device_name
        if name == "auto":
            return self._devices[0].label if self._devices else tr("automatic device")
        return next((info.label for info in self._devices if info.name == name), name)

    # --- theme ---

    def _apply_theme(self) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply_theme(app, self.settings.theme)
        self.actions_.refresh_theme()
        self.viewer.refresh_theme()
        for panel in self.mode_panels:
            panel.refresh_theme()
        self.messages.refresh_theme()
        self.document.recovery_bar.refresh_theme()
        self.jobs_view.refresh_theme()

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
        handle.failed.connect(lambda sentence, details: self.show_message("error", sentence, details))

    def _on_devices(self, devices: list[DeviceInfo]) -> None:
        self._devices = devices
        self.settings_desk.on_devices(devices)
        self.match_panel.network.set_devices(devices)
        self.style_panel.network.set_devices(devices)
        self._refresh()
        self.ready.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.document.may_close():
            event.ignore()
            return
        self.settings.set_layout(self.saveGeometry(), self.saveState())
        self.settings.sync()
        self.hide()  # at once: what is left to end is not worth waiting for in front of a window
        stopped = [panel.shutdown(SHUTDOWN_SECONDS) for panel in self.mode_panels]
        stopped.append(self.jobs.shutdown(SHUTDOWN_SECONDS))
        stopped.append(self.editing.shutdown(SHUTDOWN_SECONDS))
        self.stopped_cleanly = all(stopped)
        self.log_view.stop()
        super().closeEvent(event)
