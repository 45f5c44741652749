"""Runs what the mode Style makes on the compute thread: one run at a time, and previews while nothing else runs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.arrays import Pixels
from studio.errors import StudioError
from studio.gui.style.tasks import Frame, thumbnail, watched
from studio.job_kinds import JobKind
from studio.jobs import JobHandle, JobQueue, JobState
from studio.progress import Job, Progress, part
from studio.style.task import StyleTask

if TYPE_CHECKING:
    from studio.style.model import StyleControl

log = logging.getLogger(__name__)

IDLE_INTERVAL = 400
"""Milliseconds after the last change before previews of variants begin."""


class StyleRunner(QObject):
    """The run of the person: what is shown, and what the weights are meanwhile."""

    moment = Signal(object)
    """(Moment) while it runs"""
    progressed = Signal(object)
    """(Progress)"""
    finished = Signal(object)
    """(StyleResult)"""
    failed = Signal(str, str)
    """(sentence, details)"""
    cancelled = Signal()
    changed = Signal()
    """It began, paused, went on or ended."""

    def __init__(self, jobs: JobQueue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.handle: JobHandle | None = None
        self.control: StyleControl | None = None
        self.task: StyleTask | None = None
        """What runs, or ran last."""
        self.last: Frame | None = None
        """What it showed last."""

    @property
    def is_running(self) -> bool:
        """Whether a run waits, goes on or pauses."""
        return self.handle is not None

    @property
    def is_paused(self) -> bool:
        return self.handle is not None and self.handle.state is JobState.PAUSED

    def start(self, task: StyleTask) -> JobHandle:
        """Begin a run; there must be none."""
        from studio.style.model import StyleControl

        assert self.handle is None
        self.task, self.last = task, None
        self.control = control = StyleControl()
        self.handle = handle = self._jobs.submit(task.title, lambda: watched(task, control), kind=task.kind)
        log.info("%s: %s", task.title, task.options.to_dict())
        handle.progressed.connect(self._on_progress)
        handle.finished.connect(self.finished)
        handle.failed.connect(self.failed)
        handle.cancelled.connect(self.cancelled)
        handle.state_changed.connect(self.changed)
        handle.ended.connect(self._on_ended)
        self.changed.emit()
        return handle

    def set_paused(self, paused: bool) -> None:
        if self.handle is not None:
            (self.handle.pause if paused else self.handle.resume)()

    def finish(self) -> None:
        """End with the picture as it is."""
        if self.control is not None:
            self.control.finish()
            self.set_paused(False)

    def cancel(self) -> None:
        if self.handle is not None:
            self.handle.cancel()

    def _on_progress(self, event: Progress) -> None:
        self.progressed.emit(event)
        if isinstance(event.preview, Frame):
            self.last = event.preview
            self.moment.emit(event.preview.moment)

    def _on_ended(self) -> None:
        self.handle = self.control = None
        self.changed.emit()


@dataclass(frozen=True, eq=False)
class VariantShot:
    """The small preview of a variant; without pixels it failed, and `error` says why."""

    index: int
    pixels: Pixels | None = field(repr=False)
    error: str = ""


class VariantRunner(QObject):
    """Computes small previews one after the other while the compute thread has nothing better to do."""

    shot = Signal(object)
    """(VariantShot)"""
    changed = Signal()

    def __init__(self, jobs: JobQueue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._tasks: tuple[StyleTask, ...] = ()
        self._left: list[int] = []
        self._handle: JobHandle | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(IDLE_INTERVAL)
        self._timer.timeout.connect(self._begin)
        jobs.submitted.connect(self._on_submitted)

    @property
    def is_running(self) -> bool:
        return self._handle is not None

    @property
    def left(self) -> int:
        """How many previews are still to come."""
        return len(self._left)

    def ask(self, tasks: tuple[StyleTask, ...], which: Sequence[int]) -> None:
        """Compute `which` of these instead of what was asked for before."""
        self._stop()
        self._tasks, self._left = tasks, list(which)
        if self._left:
            self._timer.start()
        else:
            self._timer.stop()
        self.changed.emit()

    def stop(self) -> None:
        """Forget what is left."""
        self.ask((), ())

    def _begin(self) -> None:
        if not self._left or self._handle is not None:
            return
        if any(handle.lane == "compute" for handle in self._jobs.open_jobs):
            self._timer.start()  # look again: what the person waits for goes first
            return
        tasks, left = self._tasks, tuple(self._left)
        self._handle = handle = self._jobs.submit(
            JobKind.PREVIEWS.title(), lambda: _previewing(tasks, left), kind=JobKind.PREVIEWS
        )
        handle.progressed.connect(self._on_progress)
        handle.failed.connect(self._on_failed)
        handle.ended.connect(self._on_ended)
        self.changed.emit()

    def _on_submitted(self, handle: JobHandle) -> None:
        """Something else wants the compute thread: let it through, and go on afterwards."""
        if handle is not self._handle and handle.lane == "compute" and self._handle is not None:
            self._stop()
            self._timer.start()

    def _stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _on_progress(self, event: Progress) -> None:
        shot = event.preview
        if isinstance(shot, VariantShot):
            if shot.index in self._left:
                self._left.remove(shot.index)
            self.shot.emit(shot)

    def _on_failed(self, sentence: str, details: str) -> None:
        log.warning("previews of variants: %s%s", sentence, f"\n{details}" if details else "")
        self._left.clear()

    def _on_ended(self) -> None:
        self._handle = None
        self.changed.emit()


def _previewing(tasks: tuple[StyleTask, ...], left: tuple[int, ...]) -> Job[None]:
    """One task after the other; its picture is a milestone, what fails is told and passed over."""
    from studio.style import styling

    for place, index in enumerate(left):
        task = tasks[index]
        start, stop = place / len(left), (place + 1) / len(left)
        try:
            result = yield from part(_without_previews(styling(task)), start, stop, f"{task.variant}: ")
        except StudioError as error:
            yield Progress(stop, task.variant, VariantShot(index, None, str(error)), milestone=True)
        else:
            yield Progress(stop, task.variant, VariantShot(index, thumbnail(result.picture)), milestone=True)


def _without_previews(job: Job[Any]) -> Job[Any]:
    try:
        while True:
            try:
                event = next(job)
            except StopIteration as stop:
                return stop.value
            yield Progress(event.fraction, event.message)
    finally:
        job.close()
