"""The list of jobs: what runs, waits or ended, each with its own progress, pause and cancel."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QWidget,
)

from studio.gui.widgets.names import in_tip
from studio.gui.widgets.theme import icon
from studio.jobs import JobHandle, JobQueue, JobState
from studio.language import tr, translatable

HEADERS = (translatable("Job"), translatable("State"), translatable("Progress"), translatable("Time"), "")
STATES = {
    JobState.QUEUED: translatable("waiting"),
    JobState.RUNNING: translatable("running"),
    JobState.PAUSED: translatable("paused"),
    JobState.FINISHED: translatable("done"),
    JobState.FAILED: translatable("failed"),
    JobState.CANCELLED: translatable("cancelled"),
}
KEPT = 40
"""Rows kept of jobs that ended."""


def duration(seconds: float) -> str:
    """ "0.8 s", "42 s" or "3 min 05 s"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return tr("{minutes} min {rest:02d} s", minutes=minutes, rest=rest)


class _Row(QWidget):
    """The buttons of one job."""

    def __init__(self, handle: JobHandle) -> None:
        super().__init__()
        self.handle = handle
        self.pause, self.cancel = QToolButton(), QToolButton()
        for button, name, tip in (
            (self.pause, "pause", tr("Pause or go on")),
            (self.cancel, "cancel", tr("Cancel this job")),
        ):
            button.setIcon(icon(name))
            button.setIconSize(QSize(14, 14))
            button.setToolTip(tip)
            button.setAccessibleName(f"{tip}: {handle.title}")
        self.pause.clicked.connect(self._toggle)
        self.cancel.clicked.connect(handle.cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 0, 2, 0)
        layout.setSpacing(2)
        layout.addWidget(self.pause)
        layout.addWidget(self.cancel)

    def _toggle(self) -> None:
        if self.handle.state is JobState.PAUSED:
            self.handle.resume()
        else:
            self.handle.pause()

    def refresh(self) -> None:
        self.pause.setEnabled(self.handle.state in (JobState.RUNNING, JobState.PAUSED))
        self.cancel.setEnabled(not self.handle.state.is_final)


class JobsView(QTableWidget):
    """Newest job on top."""

    def __init__(self, jobs: JobQueue) -> None:
        super().__init__(0, len(HEADERS))
        self.setHorizontalHeaderLabels([tr(header) for header in HEADERS])
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setShowGrid(False)
        self.setAccessibleName(tr("Jobs"))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(32)
        header = self.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        for column, width in ((2, 240), (3, 110), (4, 84)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, width)
        self._handles: list[JobHandle] = []
        self._timer = QTimer(self)
        self._timer.setInterval(200)
        self._timer.timeout.connect(self._refresh_running)
        jobs.submitted.connect(self._add)

    def refresh_theme(self) -> None:
        for row, _ in enumerate(self._handles):
            buttons = self.cellWidget(row, 4)
            if isinstance(buttons, _Row):
                buttons.pause.setIcon(icon("pause"))
                buttons.cancel.setIcon(icon("cancel"))

    def _add(self, handle: JobHandle) -> None:
        self._handles.insert(0, handle)
        self.insertRow(0)
        for column in (0, 1, 3):
            self.setItem(0, column, QTableWidgetItem())
        bar = QProgressBar()
        bar.setRange(0, 1000)
        holder = QWidget()
        inner = QHBoxLayout(holder)
        inner.setContentsMargins(4, 7, 8, 7)
        inner.addWidget(bar)
        self.setCellWidget(0, 2, holder)
        self.setCellWidget(0, 4, _Row(handle))
        handle.state_changed.connect(lambda: self._refresh(handle))
        self._refresh(handle)
        self._timer.start()
        while len(self._handles) > KEPT and self._handles[-1].state.is_final:
            self._handles.pop().deleteLater()
            self.removeRow(self.rowCount() - 1)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh_running()

    def _refresh_running(self) -> None:
        # Behind another tab nobody sees it, and a match draws enough as it is.
        for handle in self._handles if self.isVisible() else ():
            if handle.state is JobState.RUNNING:
                self._refresh(handle)
        if all(handle.state.is_final for handle in self._handles):
            self._timer.stop()

    def _refresh(self, handle: JobHandle) -> None:
        if handle not in self._handles:
            return
        row = self._handles.index(handle)
        texts = {
            0: handle.title,
            1: tr(STATES[handle.state]),
            3: duration(handle.elapsed()) if handle.elapsed() else "",
        }
        for column, text in texts.items():
            item = self.item(row, column)
            if item is not None:
                item.setText(text)
                item.setToolTip(in_tip(handle.error if column == 1 else text))
        holder, buttons = self.cellWidget(row, 2), self.cellWidget(row, 4)
        bar = holder.findChild(QProgressBar) if holder is not None else None
        if isinstance(bar, QProgressBar):
            bar.setValue(round(handle.progress.fraction * 1000))
            bar.setFormat(handle.progress.message)
            bar.setToolTip(in_tip(handle.progress.message))
        if isinstance(buttons, _Row):
            buttons.refresh()
