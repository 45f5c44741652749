"""Answers the newest question on a thread of its own: for what follows a slider or a drag.

A `JobQueue` runs everything it is given; a `LiveWorker` has room for one request. Who asks faster than can be
answered gets the newest answer, and what became stale while waiting is never begun.
"""

from __future__ import annotations

import logging
import threading
import traceback
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from PySide6.QtCore import QDeadlineTimer, QObject, Qt, QThread, Signal, Slot

from studio.device import is_out_of_memory
from studio.errors import StudioError, words_of
from studio.language import tr
from studio.progress import Progress

log = logging.getLogger(__name__)


class Responder(Protocol):
    """Who answers. All methods are called on the worker's thread, so nothing in it needs a lock."""

    def answer(self, request: Any) -> Any:
        """The answer to one request. Requests are skipped, so each must say all that it wants."""

    def rest(self) -> Progress | None:
        """One short step of what can be done while nobody asks, or None if there is nothing to do."""

    def close(self) -> None:
        """Give back what is held; nothing is called afterwards."""


@dataclass(frozen=True, slots=True)
class _Report:
    kind: Literal["answered", "failed", "rested"]
    tag: Any = None
    payload: Any = None


class _Thread(QThread):
    """Waits for a request, answers it, and rests in between. `run` is the only code on the thread itself."""

    told = Signal(object)

    def __init__(self, name: str, responder: Responder) -> None:
        super().__init__()
        self.setObjectName(f"live-{name}")
        self._responder = responder
        self._bell = threading.Condition()
        self._waiting: tuple[Any, Any] | None = None
        self._closed = False

    def put(self, request: Any, tag: Any) -> None:
        with self._bell:
            self._waiting = (request, tag)
            self._bell.notify()

    def put_nothing(self) -> None:
        with self._bell:
            self._waiting = None

    def put_end(self) -> None:
        with self._bell:
            self._waiting, self._closed = None, True
            self._bell.notify()

    def run(self) -> None:
        busy = False
        try:
            while True:
                with self._bell:
                    while self._waiting is None and not busy and not self._closed:
                        self._bell.wait()
                    if self._closed:
                        return
                    waiting, self._waiting = self._waiting, None
                busy = self._rest() if waiting is None else self._answer(*waiting)
                # A picture must not live on because it was asked about last.
                del waiting
        finally:
            self._responder.close()

    def _answer(self, request: Any, tag: Any) -> bool:
        try:
            answer = self._responder.answer(request)
        except BaseException as error:  # a library's `sys.exit` too: it would end the thread, and nothing be answered
            self._tell_failure(error, tag)
        else:
            self.told.emit(_Report("answered", tag, answer))
        return True

    def _rest(self) -> bool:
        try:
            event = self._responder.rest()
        except BaseException as error:
            self._tell_failure(error, None)
            return False
        if event is not None:
            self.told.emit(_Report("rested", payload=event))
        return event is not None

    def _tell_failure(self, error: BaseException, tag: Any) -> None:
        if isinstance(error, StudioError):
            sentence, details = str(error), ""
        else:
            sentence, details = _sentence(error), traceback.format_exc()
        log.warning("%s: %s%s", self.objectName(), sentence, f"\n{details}" if details else "")
        self.told.emit(_Report("failed", tag, (sentence, details)))


class LiveWorker(QObject):
    """A thread with a mailbox of one. Create it, and call it, on the GUI thread; its signals come there."""

    answered = Signal(object, object)
    """(tag, answer)"""
    failed = Signal(object, str, str)
    """(tag, sentence for a person, traceback or "")"""
    rested = Signal(object)
    """(Progress) of what is done between requests"""

    def __init__(self, name: str, responder: Responder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = _Thread(name, responder)
        self._closed = False
        # Queued, and to a bound method: the report is taken on this object's thread.
        self._thread.told.connect(self._on_report, Qt.ConnectionType.QueuedConnection)

    def ask(self, request: Any, tag: Any = None) -> None:
        """Answer `request` as soon as the one being answered is done; one that still waits is dropped."""
        if self._closed:
            return
        self._thread.put(request, tag)
        if not self._thread.isRunning():
            self._thread.start()

    def drop(self) -> None:
        """Forget the request that waits."""
        self._thread.put_nothing()

    @property
    def is_running(self) -> bool:
        """Whether the thread is there; it begins with the first request."""
        return self._thread.isRunning()

    def shutdown(self, timeout: float = 5.0) -> bool:
        """End the thread; nothing is heard of it afterwards.

        Returns False if it is still inside one step after `timeout` seconds, as `JobQueue.shutdown` does.
        """
        self._closed = True
        self._thread.put_end()
        if self._thread.wait(QDeadlineTimer(int(timeout * 1000))):
            return True
        log.warning("%s did not stop within %.0f s", self._thread.objectName(), timeout)
        return False

    @Slot(object)
    def _on_report(self, report: _Report) -> None:
        if self._closed:
            return
        if report.kind == "answered":
            self.answered.emit(report.tag, report.payload)
        elif report.kind == "failed":
            self.failed.emit(report.tag, *report.payload)
        else:
            self.rested.emit(report.payload)


def _sentence(error: BaseException) -> str:
    """One sentence for an error that nobody foresaw."""
    if is_out_of_memory(error):
        return tr("There is not enough memory for the preview; close other programs or open smaller pictures.")
    what = f"{type(error).__name__}: {words_of(error)}"
    return tr("The preview failed because of an error in the program ({what}); the log has the details.", what=what)


__all__ = ["LiveWorker", "Responder"]
