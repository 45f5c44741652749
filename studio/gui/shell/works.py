"""What works now, seen from everywhere: in the title and the task bar, on the bar of modes, and when it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QObject, QPointF, QTimer, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSystemTrayIcon,
    QTextEdit,
    QWidget,
)

from studio.gui.shell.modes import Modes
from studio.gui.shell.task_bar import TaskBar
from studio.gui.widgets.jobs_view import duration
from studio.gui.widgets.run_foot import RunFoot
from studio.gui.widgets.theme import colors, icon
from studio.gui.widgets.usable import with_reason
from studio.jobs import JobHandle, JobState
from studio.language import tr

LONG_SECONDS = 10.0
"""A job that took longer is told of when it ends and nobody looks at the window."""
TOLD_SECONDS = 15
"""How long that is shown."""


class Works(QObject):
    """Follows the feet of all panels: what runs in one of them is what a person waits for."""

    changed = Signal()
    """Something began, came on by a percent, or ended."""

    def __init__(self, modes: Modes, window: QWidget) -> None:
        super().__init__(window)
        self._modes, self._window = modes, window
        self._actions: Mapping[str, QAction] = {}
        self._marked: set[str] = set()
        self._feet: dict[str, list[RunFoot]] = {}
        self._percent: int | None = None
        self._tray: QSystemTrayIcon | None = None
        self.task_bar = TaskBar()
        modes.made.connect(self._follow)

    def mark_on(self, actions: Mapping[str, QAction]) -> None:
        """The actions that enter the modes, by their names: they show which modes work."""
        self._actions = actions

    def _follow(self, mode: str) -> None:
        self._feet[mode] = self._modes.panel(mode).findChildren(RunFoot)
        for foot in self._feet[mode]:
            foot.running_changed.connect(partial(self._on_running, foot))
            foot.progressed.connect(self._refresh)

    # --- what works ---

    @property
    def in_view(self) -> RunFoot | None:
        """The foot of what works in the mode that is on."""
        return self._working(self._modes.current)

    @property
    def title(self) -> str:
        """What stands before the title of the window while something works: “42 % – ”."""
        return "" if self._percent is None else tr("{share} % – ", share=self._percent)

    def _working(self, mode: str) -> RunFoot | None:
        return next((foot for foot in self._feet.get(mode, ()) if foot.is_running), None)

    def _shown(self) -> RunFoot | None:
        """Of what works, that of the mode that is on first, then what runs already."""
        feet = [self.in_view, *(self._working(mode) for mode in self._feet)]
        working = [foot for foot in feet if foot is not None]
        running = [foot for foot in working if foot.handle is not None and foot.handle.state is not JobState.QUEUED]
        return next(iter(running or working), None)

    def _on_running(self, foot: RunFoot) -> None:
        if foot.handle is not None:
            for ended in (foot.handle.finished, foot.handle.failed):
                ended.connect(partial(self._on_end, foot.handle))
        self._refresh()

    def _refresh(self) -> None:
        foot = self._shown()
        handle = None if foot is None else foot.handle
        percent = None if handle is None else round(100 * handle.progress.fraction)
        working = {mode for mode in self._feet if self._working(mode) is not None}
        if working != self._marked:
            self._marked = working
            self.refresh_theme()
        if percent != self._percent:
            self._percent = percent
            self.task_bar.show(None if percent is None else percent / 100)
            self.changed.emit()
        elif percent is None:
            self.changed.emit()

    def refresh_theme(self) -> None:
        """Draw the marks on the bar of modes, in the colours in force."""
        for name, action in self._actions.items():
            plain, works = icon(self._modes[name].icon), name in self._marked
            action.setIcon(_with_dot(plain) if works else plain)
            tip = action.property("plain_tip") or action.toolTip()
            action.setProperty("plain_tip", tip)
            action.setToolTip(with_reason(tip, tr("It is working.") if works else ""))

    # --- the end of a long one ---

    def _on_end(self, handle: JobHandle, *_: object) -> None:
        if handle.elapsed() < LONG_SECONDS or self._window.isActiveWindow():
            return
        took = duration(handle.elapsed())
        QApplication.alert(self._window)
        self.task_bar.show(None, urgent=True)
        self.notify(handle.title, handle.error or tr("Done after {duration}", duration=took))

    def notify(self, title: str, words: str) -> None:
        """Tell of something on the desktop, where it can be told."""
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.windowIcon(), self)
            self._tray.messageClicked.connect(self._come_forward)
            self._tray.activated.connect(self._come_forward)
        self._tray.show()
        self._tray.showMessage(title, words, self._window.windowIcon(), TOLD_SECONDS * 1000)
        QTimer.singleShot(TOLD_SECONDS * 1000, self._tray, self._tray.hide)

    def _come_forward(self, *_: object) -> None:
        self._window.raise_()
        self._window.activateWindow()

    # --- Esc ---

    def cancel_in_view(self) -> None:
        """Give up what works in the mode that is on."""
        foot = self.in_view
        if foot is not None:
            foot.cancel_button.click()

    def is_writing(self) -> bool:
        """Whether the keyboard is in a field for text or numbers of the window: Esc leaves that first."""
        field = QApplication.focusWidget()
        if field is None or field.window() is not self._window.window():
            return False
        editable = isinstance(field, QComboBox) and field.isEditable()
        text = isinstance(field, QTextEdit | QPlainTextEdit | QLineEdit) and not field.isReadOnly()
        return editable or text or isinstance(field, QAbstractSpinBox)

    def leave_field(self) -> None:
        """Take the keyboard out of the field."""
        field = QApplication.focusWidget()
        if field is not None and self.is_writing():
            field.clearFocus()

    def shutdown(self) -> None:
        """The window closes."""
        self.task_bar.show(None)
        if self._tray is not None:
            self._tray.hide()


def _with_dot(plain: QIcon) -> QIcon:
    """An icon with a dot in its corner, in the colour that stands out."""
    made = QIcon()
    for size in plain.availableSizes():
        pixmap = QPixmap(plain.pixmap(size))
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = pixmap.width() / pixmap.devicePixelRatio()
        middle = QPointF(side * 0.8, side * 0.2)
        painter.setPen(QColor(0, 0, 0, 0))
        painter.setBrush(QColor(colors().panel))
        painter.drawEllipse(middle, side * 0.24, side * 0.24)
        painter.setBrush(QColor(colors().accent))
        painter.drawEllipse(middle, side * 0.18, side * 0.18)
        painter.end()
        made.addPixmap(pixmap)
    return made
