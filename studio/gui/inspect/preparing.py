"""Lets a network look at both pictures, in the background, whenever pictures, network or size have changed."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from studio.arrays import Size
from studio.backbones.choice import NetworkChoice
from studio.buddies.options import MatchOptions
from studio.features.store import FeatureStore
from studio.gui.inspect.readings import InspectSession
from studio.gui.widgets.messages import Messages
from studio.jobs import JobHandle, JobQueue
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job


@dataclass(frozen=True)
class FeaturesRequest:
    """What a session is made of; `title` is that of the network."""

    a: Picture
    b: Picture
    network: NetworkChoice
    size: int
    title: str
    store: FeatureStore
    options: MatchOptions | None = None
    """Of the match that is to come, where the size is that of the match and there was none yet."""
    matched: tuple[Size, Size] | None = None
    """The working sizes of the match, where the size is that of the match."""


class Preparing(QObject):
    """Makes one session at a time; the one before is given up."""

    made = Signal(object)
    """(InspectSession)"""
    changed = Signal()
    """It began or ended."""

    def __init__(self, jobs: JobQueue, messages: Messages, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._messages = jobs, messages
        self._handle: JobHandle | None = None
        self._wanted: FeaturesRequest | None = None
        self.failure = ""
        """Why the last one has failed, or ""."""

    @property
    def is_running(self) -> bool:
        return self._handle is not None

    @property
    def handle(self) -> JobHandle | None:
        """The job that makes a session now."""
        return self._handle

    def is_for(self, request: FeaturesRequest) -> bool:
        """Whether the session that was, or is being, made is the one of `request`."""
        return self._wanted == request

    def prepare(self, request: FeaturesRequest) -> None:
        """Make the session of `request`."""
        self.cancel()
        self._wanted, self.failure = request, ""

        def make() -> Job[InspectSession]:
            from studio.gui.inspect.work import prepare  # on the compute thread: this imports torch

            return prepare(request.a, request.b, request.network, request.size, request.store, request.options)

        title = tr(
            "{network} looks at {first} and {second}",
            network=request.title,
            first=request.a.name,
            second=request.b.name,
        )
        self._handle = handle = self._jobs.submit(title, make)
        handle.finished.connect(self.made)
        handle.failed.connect(self._on_failed)
        handle.ended.connect(lambda: self._on_ended(handle))
        self.changed.emit()

    def cancel(self) -> None:
        """Give up, and forget what was made: the next request is looked at in any case."""
        self._wanted = None
        if self._handle is not None:
            self._handle.cancel()

    def _on_failed(self, sentence: str, details: str) -> None:
        self.failure = sentence
        self._messages.error(sentence, details)

    def _on_ended(self, handle: JobHandle) -> None:
        if self._handle is handle:
            self._handle = None
            self.changed.emit()
