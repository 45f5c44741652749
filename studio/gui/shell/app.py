"""Starts the window: the application object, the theme, the error hooks, and a bounded end."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from types import TracebackType

import pyqtgraph as pg
from PySide6.QtCore import QMessageLogContext, QObject, Qt, QTimer, QtMsgType, Signal, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from studio import __version__
from studio.document import SUFFIX
from studio.gui.shell.main_window import MainWindow
from studio.gui.shell.settings.language import take_language
from studio.gui.shell.settings.preferences import load_preferences
from studio.gui.widgets.error_dialog import ErrorDialog
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.theme import apply_theme
from studio.language import tr
from studio.leftovers import remove_leftovers
from studio.progress import Job, Progress
from studio.signals import on_ending

log = logging.getLogger(__name__)

SWITCH_INTERVAL = 0.002
"""Seconds after which a busy Python thread must let the GUI thread run (the default is 0.005)."""


class _ErrorRelay(QObject):
    """Brings errors that nobody caught, from any thread, before the user's eyes."""

    caught = Signal(str, str)

    def install(self, window: MainWindow) -> None:
        self._window, self.dialog = window, ErrorDialog(window)
        self.caught.connect(self._show, Qt.ConnectionType.QueuedConnection)
        sys.excepthook = self._on_error
        threading.excepthook = lambda args: self._on_error(args.exc_type, args.exc_value, args.exc_traceback)

    def _show(self, text: str, details: str) -> None:
        self._window.sink.error(text, details)
        self.dialog.add(text, details)

    def _on_error(self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QTimer.singleShot(0, QApplication.closeAllWindows)
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        log.error("unhandled error\n%s", details)
        self.caught.emit(
            tr(
                "An error in the program ({kind}: {error}). It goes on; the log has the details.",
                kind=kind.__name__,
                error=error,
            ),
            details,
        )


def make_application() -> QApplication:
    """The one QApplication, with the program's name and pyqtgraph's conventions set."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("buddies-studio")
    app.setApplicationDisplayName("Buddies Studio")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("buddies-studio")
    pg.setConfigOptions(imageAxisOrder="row-major", antialias=True)
    return app


def log_qt(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """What Qt and its image readers say goes to the log file, not to the terminal that the window was started from."""
    levels = {QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO}
    logging.getLogger("qt").log(levels.get(kind, logging.WARNING), "%s: %s", context.category or "default", text)


def run_window(a: Path | None = None, b: Path | None = None, sample: str | None = None) -> int:
    """Open the window and stay until it is closed.

    Parameters
    ----------
    a, b : Path, optional
        Pictures to open; or a project file alone.
    sample : str, optional
        A key of `studio.samples.SAMPLES` to open and match instead.

    Returns
    -------
    int
        The exit code.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    app = make_application()
    qInstallMessageHandler(log_qt)
    settings = Settings()
    take_language(app, load_preferences(settings).language)
    apply_theme(app, settings.theme)
    window = MainWindow(settings)
    relay = _ErrorRelay()
    relay.install(window)
    # Python sees Ctrl+C in the terminal only when some Python code runs.
    signal.signal(signal.SIGINT, lambda *_: app.closeAllWindows())
    on_ending(lambda _: _end_unasked(app, window))
    heartbeat = QTimer()
    heartbeat.start(300)
    heartbeat.timeout.connect(lambda: None)
    # What is there by now, torch and the window, stays: else Python looks through all of it for garbage again and
    # again, 70 ms each time, in the middle of a stroke of the brush.
    window.ready.connect(gc.freeze)
    window.first_painted.connect(lambda: _mark_start(window))
    if sample is not None:
        window.first_painted.connect(lambda: window.opener.open_sample(sample, then=window.run))
    window.first_painted.connect(window.document.offer_recoveries)
    window.first_painted.connect(lambda: window.document.autosave.run(tr("Tidy up"), _removing_leftovers))
    paths = [path for path in (a, b) if path is not None]
    if paths and paths[0].suffix == SUFFIX:
        window.first_painted.connect(lambda: window.document.open_path(paths[0]))
    elif paths:
        window.first_painted.connect(lambda: window.opener.open_paths(paths, "A"))
    window.show()
    code = app.exec()
    heartbeat.stop()
    if not window.stopped_cleanly:
        # A thread is inside a long native call and can't be stopped from outside.
        logging.shutdown()
        os._exit(code)
    return code


def _end_unasked(app: QApplication, window: MainWindow) -> None:
    """End as the system wants it: nobody may be there to answer, so unsaved work waits for the next start."""
    window.document.end_unasked()
    app.closeAllWindows()


def _removing_leftovers() -> Job[None]:
    yield Progress(0.5, tr("tidying up"))
    for path in remove_leftovers():
        log.info("removed what an ended program left half done: %s", path)


def _mark_start(window: MainWindow) -> None:
    """For the start benchmark: write the time of the first paint where it asks for it."""
    mark = os.environ.get("BUDDIES_STUDIO_START_MARK")
    if mark:
        Path(mark).write_text(repr(time.time()), encoding="utf-8")
    if os.environ.get("BUDDIES_STUDIO_QUIT_AFTER_PAINT"):
        window.close()
