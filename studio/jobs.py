"""Runs job generators on background QThreads: queue, progress, pause, cancel, errors, and a bounded end.

A `JobQueue` has lanes; each lane is one thread that drains one job at a time ("compute" for networks,
"files" for decoding). Everything the window hears arrives on the thread of the `JobQueue`, so any
callable may be connected to a `JobHandle` without a thought for threads.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Literal

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEvent, QObject, Qt, QThread, QTimer, Signal, Slot

from studio.device import is_out_of_memory
from studio.errors import StudioError, words_of
from studio.job_kinds import JobKind
from studio.language import tr
from studio.progress import Job, Progress

log = logging.getLogger(__name__)

PREVIEW_INTERVAL = 1 / 15
"""Seconds between two reports of a job that are not milestones: a screen shows no more."""


class JobState(Enum):
    """Where a job stands; the last three are final."""

    QUEUED = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in (JobState.FINISHED, JobState.FAILED, JobState.CANCELLED)


class JobHandle(QObject):
    """One submitted job, as the window sees it. Lives on, and signals from, the thread of its queue."""

    progressed = Signal(object)
    """(Progress) at most 15 times a second, milestones always."""
    finished = Signal(object)
    """(result)"""
    failed = Signal(str, str)
    """(sentence for a person, traceback or "")"""
    cancelled = Signal()
    ended = Signal()
    """After any of the three ends."""
    state_changed = Signal()

    def __init__(self, title: str, lane: str, parent: QObject | None = None, kind: JobKind | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.kind = kind
        self.lane = lane
        self.state = JobState.QUEUED
        self.progress = Progress(0.0, tr("waiting"))
        self.error = ""
        self._started: float | None = None
        self._stopped: float | None = None
        self._cancel_asked = threading.Event()
        self._may_run = threading.Event()
        self._may_run.set()
        # Written by the lane, read by the queue's timer: the newest event, the others are skipped.
        self._latest: Progress | None = None

    def cancel(self) -> None:
        """Give the job up. Its generator is closed after the step it is in; nothing more is heard of it."""
        if self.state.is_final:
            return
        self._cancel_asked.set()
        self._may_run.set()
        self._end(JobState.CANCELLED)
        self.cancelled.emit()
        self.ended.emit()

    def pause(self) -> None:
        """Stop before the next step, keeping everything."""
        if self.state is JobState.RUNNING:
            self._may_run.clear()
            self._set_state(JobState.PAUSED)

    def resume(self) -> None:
        """Go on after `pause`."""
        if self.state is JobState.PAUSED:
            self._may_run.set()
            self._set_state(JobState.RUNNING)

    def elapsed(self) -> float:
        """Seconds since the job began to run, until now or its end."""
        if self._started is None:
            return 0.0
        return (self._stopped or time.monotonic()) - self._started

    def seconds_left(self) -> float | None:
        """An estimate from the fraction done, or None while there is nothing to go by."""
        fraction, elapsed = self.progress.fraction, self.elapsed()
        if self.state is not JobState.RUNNING or fraction < 0.03 or elapsed < 0.5:
            return None
        return elapsed * (1 - fraction) / fraction

    def _set_state(self, state: JobState) -> None:
        self.state = state
        self.state_changed.emit()

    def _end(self, state: JobState) -> None:
        self._stopped = time.monotonic()
        self._latest = None
        self.progress = replace(self.progress, preview=None)
        self._set_state(state)


COURTESY = 5
"""By how much lanes, and the threads that torch starts for them, stand back behind the window."""


def _step_back() -> None:
    """Let the window's thread go first where both want a core. Linux counts niceness thread by thread."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            this = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, this, os.getpriority(os.PRIO_PROCESS, this) + COURTESY)
    else:
        QThread.currentThread().setPriority(QThread.Priority.LowPriority)


@dataclass(frozen=True, slots=True)
class _Report:
    """What a lane tells the queue about a job."""

    handle: JobHandle
    kind: Literal["started", "progress", "finished", "failed"]
    payload: Any = None


class _Lane(QThread):
    """Drains one job after the other. `run` is the only code here that runs on the thread itself."""

    told = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(f"lane-{name}")
        self._tasks: queue.SimpleQueue[tuple[JobHandle, Callable[[], Job[Any]]] | None] = queue.SimpleQueue()

    def put(self, handle: JobHandle, make: Callable[[], Job[Any]]) -> None:
        self._tasks.put((handle, make))

    def put_end(self) -> None:
        self._tasks.put(None)

    def run(self) -> None:
        _step_back()
        while True:
            task = self._tasks.get()
            if task is None:
                return
            handle, make = task
            if not handle._cancel_asked.is_set():
                self._drain(handle, make)
            # The locals would keep the last job's tensors alive until the next one comes.
            del task, handle, make

    def _drain(self, handle: JobHandle, make: Callable[[], Job[Any]]) -> None:
        self.told.emit(_Report(handle, "started"))
        try:
            result = self._steps(handle, make())
        except StudioError as error:
            log.warning("%s: %s", handle.title, error)
            self.told.emit(_Report(handle, "failed", (str(error), "")))
        except BaseException as error:  # a library's `sys.exit` too: it would take the lane with it, and its jobs
            details = traceback.format_exc()
            log.error("%s failed\n%s", handle.title, details)
            self.told.emit(_Report(handle, "failed", (_sentence(handle.title, error), details)))
        else:
            if not handle._cancel_asked.is_set():
                self.told.emit(_Report(handle, "finished", result))

    def _steps(self, handle: JobHandle, job: Job[Any]) -> Any:
        try:
            while True:
                handle._may_run.wait()
                if handle._cancel_asked.is_set():  # while it paused, too: it must not do one more step
                    return None
                try:
                    event = next(job)
                except StopIteration as stop:
                    return stop.value
                if event.milestone:
                    handle._latest = None
                    self.told.emit(_Report(handle, "progress", event))
                else:
                    handle._latest = event
        finally:
            job.close()


class JobQueue(QObject):
    """Takes jobs and runs each on its lane. Create it, and call it, on the GUI thread."""

    submitted = Signal(object)
    """(JobHandle)"""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lanes: dict[str, _Lane] = {}
        self._open: list[JobHandle] = []
        self._closed = False
        self._ticker = QTimer(self)
        self._ticker.setInterval(round(PREVIEW_INTERVAL * 1000))
        self._ticker.timeout.connect(self._on_tick)

    def submit(
        self, title: str, make: Callable[[], Job[Any]], lane: str = "compute", kind: JobKind | None = None
    ) -> JobHandle:
        """Queue the job that `make()` returns; `make` itself runs on the lane too, so it may import torch.

        Parameters
        ----------
        title : str
            What the list of jobs calls it.
        lane : str
            Jobs of one lane run one after the other.
        kind : JobKind, optional
            What the job does, for whoever has to tell it from others.
        """
        if self._closed:
            raise RuntimeError("the job queue is closed")
        handle = JobHandle(title, lane, self, kind)
        self._open.append(handle)
        handle.ended.connect(self._on_ended)
        self._ticker.start()
        if lane not in self._lanes:
            self._lanes[lane] = _Lane(lane)
            # Queued, and to a bound method: the report is taken on this object's thread.
            self._lanes[lane].told.connect(self._on_report, Qt.ConnectionType.QueuedConnection)
            self._lanes[lane].start()
        self.submitted.emit(handle)
        self._lanes[lane].put(handle, make)
        return handle

    @property
    def open_jobs(self) -> tuple[JobHandle, ...]:
        """Jobs that wait, run or pause, in the order of submission."""
        return tuple(self._open)

    @property
    def threads(self) -> tuple[QThread, ...]:
        """The threads of the lanes that were used so far; none after `shutdown`, if all have ended."""
        return tuple(self._lanes.values())

    def shutdown(self, timeout: float = 5.0) -> bool:
        """Cancel everything and end the threads.

        Returns False if a thread is still inside one step after `timeout` seconds; the process should
        then leave by `os._exit`, because a thread can't be stopped from outside without harm.
        """
        self._closed = True
        self._ticker.stop()
        for handle in self.open_jobs:
            handle.cancel()
        for lane in self._lanes.values():
            lane.put_end()
        deadline = QDeadlineTimer(int(timeout * 1000))
        ended = [lane.wait(deadline) for lane in self._lanes.values()]
        if all(ended):
            self._lanes.clear()
            return True
        log.warning("a job did not stop within %.0f s", timeout)
        return False

    @Slot()
    def _on_ended(self) -> None:
        self._open = [handle for handle in self._open if not handle.state.is_final]
        if not self._open:
            self._ticker.stop()

    @Slot()
    def _on_tick(self) -> None:
        for handle in self.open_jobs:
            self._show_latest(handle)

    @staticmethod
    def _show_latest(handle: JobHandle) -> None:
        event, handle._latest = handle._latest, None
        if event is not None and handle.state is JobState.RUNNING:
            handle.progress = event
            handle.progressed.emit(event)

    @Slot(object)
    def _on_report(self, report: _Report) -> None:
        handle, kind, payload = report.handle, report.kind, report.payload
        if handle.state.is_final:
            return  # cancelled meanwhile: what it found is stale
        if kind == "started":
            handle._started = time.monotonic()
            handle._set_state(JobState.RUNNING)
        elif kind == "progress":
            handle.progress = payload
            handle.progressed.emit(payload)
        elif kind == "finished":
            self._show_latest(handle)
            handle.progress = Progress(1.0, tr("done"))
            handle._end(JobState.FINISHED)
            handle.finished.emit(payload)
            handle.ended.emit()
        elif kind == "failed":
            handle.error = payload[0]
            handle._end(JobState.FAILED)
            handle.failed.emit(*payload)
            handle.ended.emit()


def _sentence(title: str, error: BaseException) -> str:
    """One sentence for an error that nobody foresaw."""
    if is_out_of_memory(error):
        return tr(
            "{title}: there is not enough memory; choose a smaller working size or close other programs.", title=title
        )
    return tr(
        "{title} failed because of an error in the program ({kind}: {error}); the log has the details.",
        title=title,
        kind=type(error).__name__,
        error=words_of(error),
    )


def wait_for(handle: JobHandle, timeout: float = 60.0) -> None:
    """Turn the event loop until `handle` ends; for scripts and tests, never for the window.

    Raises `TimeoutError`.
    """
    deadline = time.monotonic() + timeout
    while not handle.state.is_final:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{handle.title} did not end within {timeout:.0f} s")
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QThread.msleep(2)


__all__ = ["PREVIEW_INTERVAL", "JobHandle", "JobQueue", "JobState", "wait_for"]
