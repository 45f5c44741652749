"""Runs what a mode makes on the compute thread, one run at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.gui.widgets.messages import Messages
from studio.gui.widgets.run_foot import RunFoot
from studio.job_kinds import JobKind
from studio.jobs import JobHandle, JobQueue, JobState
from studio.language import tr
from studio.progress import Job


class OneRun(QObject):
    """The run of the person, which waits, goes on, pauses, or ends."""

    progressed = Signal(object)
    """(Progress)"""
    finished = Signal(object)
    """(what the job gives)"""
    failed = Signal(str, str)
    """(sentence, details)"""
    cancelled = Signal()
    changed = Signal()
    """It began, paused, went on or ended."""

    def __init__(self, jobs: JobQueue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.handle: JobHandle | None = None

    @property
    def is_running(self) -> bool:
        """Whether a run waits, goes on or pauses."""
        return self.handle is not None

    @property
    def is_paused(self) -> bool:
        return self.handle is not None and self.handle.state is JobState.PAUSED

    def begin(self, title: str, make: Callable[[], Job[Any]], kind: JobKind) -> JobHandle:
        """Submit a job; there must be none."""
        assert self.handle is None
        self.handle = handle = self._jobs.submit(title, make, kind=kind)
        handle.progressed.connect(self.progressed)
        handle.finished.connect(self.finished)
        handle.failed.connect(self.failed)
        handle.cancelled.connect(self.cancelled)
        handle.state_changed.connect(self.changed)
        handle.ended.connect(self._on_ended)
        self.changed.emit()
        return handle

    def tell_ends(self, foot: RunFoot, messages: Messages, keep_last: Callable[[], bool]) -> None:
        """Say how a run ended that did not come to its end; `keep_last` keeps what was seen last, if there is any."""

        def failed(sentence: str, details: str) -> None:
            foot.say(tr("Failed"), 0.0)
            messages.error(sentence, details)
            keep_last()

        def cancelled() -> None:
            kept = keep_last()
            foot.say(tr("Cancelled; the last picture stays") if kept else tr("Cancelled"), 0.0)

        self.failed.connect(failed)
        self.cancelled.connect(cancelled)

    def set_paused(self, paused: bool) -> None:
        if self.handle is not None:
            (self.handle.pause if paused else self.handle.resume)()

    def cancel(self) -> None:
        if self.handle is not None:
            self.handle.cancel()

    def _on_ended(self) -> None:
        self.handle = None
        self.changed.emit()
