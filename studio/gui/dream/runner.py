"""Runs what the mode Dream makes, and keeps what it showed last."""

from __future__ import annotations

import logging

import numpy as np
from PySide6.QtCore import QObject, Signal

from studio.arrays import Pixels
from studio.gui.dream.tasks import DreamTask
from studio.gui.mode.one_run import OneRun
from studio.jobs import JobHandle, JobQueue
from studio.progress import Progress

log = logging.getLogger(__name__)


class DreamRunner(OneRun):
    """The run of the person."""

    shown = Signal(object)
    """((h, w, 3) uint8) while it runs"""

    def __init__(self, jobs: JobQueue, parent: QObject | None = None) -> None:
        super().__init__(jobs, parent)
        self.task: DreamTask | None = None
        """What runs, or ran last."""
        self.last: Pixels | None = None
        """What it showed last."""
        self.progressed.connect(self._on_progress)

    def start(self, task: DreamTask) -> JobHandle:
        """Begin a run; there must be none."""
        self.task, self.last = task, None
        log.info("%s: %s", task.title, task.options.to_dict())
        return self.begin(task.title, task.job, task.kind)

    def _on_progress(self, event: Progress) -> None:
        if isinstance(event.preview, np.ndarray):
            self.last = event.preview
            self.shown.emit(event.preview)
