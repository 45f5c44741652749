"""Keeps the open work safe: every edit reaches the disk within a second, without the window waiting for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from studio.document import Document, NotKept, Session, saving
from studio.errors import StudioError
from studio.jobs import JobHandle, JobQueue
from studio.language import tr
from studio.progress import Job, Progress, run_to_end

log = logging.getLogger(__name__)

DELAY = 0.3
"""Seconds from an edit until it is kept: more edits in a row are kept together."""


class Autosave(QObject):
    """Owns the working file of one window and writes the newest state to it on a thread of its own."""

    failed = Signal(str)
    """(sentence), once for several failures in a row"""
    recovered = Signal()
    """Keeping works again after it failed."""

    def __init__(self, snapshot: Callable[[], Document], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._snapshot = snapshot
        self._queue = JobQueue(self)
        self._making = threading.Lock()
        self._session: Session | None = None
        self._project: Path | None = None
        self._number = 0
        self._running: JobHandle | None = None
        self._again = False
        self._failing = False
        self.enabled = True
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(round(DELAY * 1000))
        self._timer.timeout.connect(self.keep_now)

    def touch(self) -> None:
        """Something changed."""
        if self.enabled and not self._timer.isActive():
            self._timer.start()

    def keep_now(self) -> None:
        """Write the newest state; while one is being written the next one waits."""
        self._timer.stop()
        if not self.enabled:
            return
        if self._running is not None:
            self._again = True
            return
        document, number = self._snapshot(), self.next_number()
        if self._session is None and document.is_empty:
            return
        handle = self._queue.submit(tr("Keep changes"), lambda: self.session().write(document, number), lane="document")
        self._running = handle
        handle.ended.connect(self._on_ended)
        handle.failed.connect(self._on_failed)
        handle.finished.connect(lambda _: self._on_kept())

    @property
    def is_idle(self) -> bool:
        """Whether everything is kept."""
        return self._running is None and not self._timer.isActive()

    def next_number(self) -> int:
        """The number of the state that is taken now; see `Session.write`."""
        self._number += 1
        return self._number

    def session(self) -> Session:
        """The working file, made when it is first asked for. To be called off the GUI thread."""
        with self._making:
            if self._session is None:
                self._session = Session.create(self._project)
            return self._session

    def saving(self, document: Document, path: Path, number: int) -> Job[None]:
        """The job that writes the project file; where there can be no working file, without one."""
        try:
            session = self.session()
        except NotKept as error:
            log.warning("saved without a working file: %s", error)
            return (yield from saving(document, path))
        return (yield from session.save(document, path, number))

    def set_project(self, project: Path | None) -> None:
        """Which file the work belongs to; a recovery says so."""
        self._project = project
        if self._session is not None:
            try:
                self._session.set_project(project)
            except NotKept as error:
                log.warning("%s", error)

    def replace(self, session: Session | None, project: Path | None) -> None:
        """Go on with another working file; the one before is thrown away."""
        with self._making:
            old, self._session, self._project = self._session, session, project
        self._number, self._again = 0, False
        self._timer.stop()
        if self._running is not None:
            self._running.cancel()
        self.discard(old)

    def discard(self, session: Session | None) -> None:
        """Throw a working file away that nobody wants."""
        if session is not None:
            self._queue.submit(tr("Tidy up"), lambda: _discarding(session), lane="document")

    def run(self, title: str, make: Callable[[], Job[object]]) -> JobHandle:
        """Do something small out of sight, after what is waiting."""
        return self._queue.submit(title, make, lane="document")

    def shutdown(self, timeout: float, leave: bool = False) -> bool:
        """End the thread and throw the working file away: it is saved, or not wanted.

        With `leave` it is brought up to date and left for the next start to offer.
        """
        self._timer.stop()
        stopped = self._queue.shutdown(timeout)
        if not stopped:
            return False
        if leave:
            try:
                run_to_end(self.session().write(self._snapshot(), self.next_number()))
            except StudioError as error:
                log.warning("%s", error)
        if self._session is not None:
            (self._session.close if leave else self._session.discard)()
            self._session = None
        return True

    def _on_ended(self) -> None:
        self._running = None
        if self._again:
            self._again = False
            self.touch()

    def _on_kept(self) -> None:
        if self._failing:
            self._failing = False
            self.recovered.emit()

    def _on_failed(self, sentence: str, _: str) -> None:
        if not self._failing:
            self._failing = True
            self.failed.emit(sentence)


def _discarding(session: Session) -> Job[None]:
    yield Progress(0.5, tr("tidying up"))
    session.discard()


__all__ = ["DELAY", "Autosave"]
