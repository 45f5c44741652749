"""One file over HTTP: goes on where it broke off, checked by its SHA-256, given up at once.

Plain `urllib`, which knows the proxies of the environment; the libraries for hashed downloads can
neither go on nor be stopped.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import queue
import shutil
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from studio.backbones.connection import Answer, Broken, Connection, Refused, StartAgain
from studio.backbones.levels import WeightsError
from studio.files import explain_os_error
from studio.language import tr
from studio.progress import Job, Progress

MEGABYTE = 1 << 20
POLL = 0.1
"""Seconds between two looks at a silent connection, and between two reports."""
PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each new try; the count starts again whenever a try has brought something."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Remote:
    """A published file: `size` in bytes (about), `sha256` in full or its first digits, `title` for people."""

    title: str
    url: str
    size: int
    sha256: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc or self.url


def download(remote: Remote, target: Path, room: int = 0) -> Job[None]:
    """Bring `remote` to `target`, going on with what is there already, and check its hash.

    Closing the job ends it at once and keeps what has arrived, to go on with later; so does a broken
    connection. A file that turns out wrong, or that the disk has no room for, is removed.

    Parameters
    ----------
    room : int
        Bytes of disk that must be left over afterwards.

    Raises
    ------
    WeightsError
        No network, no such file, not the published file, no room; the sentence says what to do.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a+b") as file:
            transfer = _Transfer(remote, target, file, room)
            yield from transfer.recall()
            yield from transfer.run()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            target.unlink(missing_ok=True)
        raise WeightsError(explain_os_error(error, target, "written")) from error
    finally:
        if target.exists() and not target.stat().st_size:
            target.unlink()
    if not transfer.is_right:
        target.unlink(missing_ok=True)
        raise WeightsError(
            tr(
                "What {host} sent for {title} is not the published file (its SHA-256 differs); try again later, "
                "or get {url} by other means and choose that file.",
                host=remote.host,
                title=remote.title,
                url=remote.url,
            )
        )


def sha256_of(path: Path) -> Job[str]:
    """The SHA-256 of a file, in hexadecimal. Raises `OSError`."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = max(1, path.stat().st_size)
        while block := file.read(4 * MEGABYTE):
            digest.update(block)
            yield Progress(min(1.0, file.tell() / size), tr("checking {name}", name=path.name))
    return digest.hexdigest()


class _Transfer:
    """What has arrived of one file, and how fast."""

    def __init__(self, remote: Remote, target: Path, file: BinaryIO, room: int) -> None:
        self._remote = remote
        self._target = target
        self._file = file
        self._room = room
        self._digest = hashlib.sha256()
        self._position = 0
        self._total: int | None = None
        self._validator: str | None = None
        self._reached = 0.0
        self._last_report = 0.0
        self._marks: deque[tuple[float, int]] = deque(maxlen=30)

    @property
    def is_right(self) -> bool:
        return self._position > 0 and self._digest.hexdigest().startswith(self._remote.sha256)

    @property
    def _complete(self) -> bool:
        """Whether all has arrived that the server speaks of."""
        return self._total is None or self._position >= self._total

    def recall(self) -> Job[None]:
        """Take in what an earlier try has left."""
        self._file.seek(0)
        while block := self._file.read(4 * MEGABYTE):
            self._digest.update(block)
            self._position += len(block)
            yield Progress(0.0, tr("checking what is here of {title}", title=self._remote.title))

    def run(self) -> Job[None]:
        """Connect as often as it takes. Raises `WeightsError`, and `OSError` of the disk."""
        failures, farthest, resumed = 0, self._position, self._position > 0
        while not self.is_right:
            problem = tr("the connection broke off")
            try:
                yield from self._receive()
                if self.is_right or (self._complete and not resumed):
                    return
                if self._complete:
                    _log.warning("%s was not what %s publishes; starting again", self._target, self._remote.host)
                    self._start_again()
                    resumed = False
                    continue
            except StartAgain:
                self._start_again()
            except Broken as error:
                problem = str(error)
            if self._position > farthest:
                farthest, failures = self._position, 0
            if failures == len(PAUSES):
                raise WeightsError(
                    tr(
                        "{title} can't be downloaded, for {problem}; check the network and try again, or get {url} by "
                        "other means and choose that file.",
                        title=self._remote.title,
                        problem=problem,
                        url=self._remote.url,
                    )
                )
            _log.info("download of %s: %s at byte %d", self._remote.title, problem, self._position)
            yield from self._pause(PAUSES[failures], problem)
            failures += 1

    def _pause(self, seconds: float, problem: str) -> Job[None]:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            yield self._report(tr("trying again, for {problem}", problem=problem))
            time.sleep(min(POLL, left))

    def _receive(self) -> Job[None]:
        connection = Connection(self._remote.url, self._position, self._validator)
        connection.start()
        yield self._report(tr("connecting to {host}", host=self._remote.host))
        try:
            while True:
                try:
                    event = connection.events.get(timeout=POLL)
                except queue.Empty:
                    yield self._report()
                    continue
                if isinstance(event, Answer):
                    self._begin(event)
                elif isinstance(event, Refused):
                    raise WeightsError(
                        tr(
                            "{title} can't be downloaded, for {event}; get {url} by other means and choose that file.",
                            title=self._remote.title,
                            event=event,
                            url=self._remote.url,
                        )
                    )
                elif isinstance(event, BaseException):
                    raise event
                elif event:
                    self._accept(event)
                else:
                    yield self._report()
                    return
                if time.monotonic() - self._last_report >= POLL:
                    yield self._report()
        finally:
            connection.abort()

    def _begin(self, answer: Answer) -> None:
        if answer.start != self._position:
            self._start_again()
        self._total = answer.total
        self._validator = answer.validator or self._validator
        needed = max(0, (self._total or self._remote.size) - self._position) + self._room
        free = shutil.disk_usage(self._target.parent).free
        if free < needed:
            self._discard()
            raise WeightsError(
                tr(
                    "{title} needs {needed} MB in “{folder}”, where only {free} MB are free; free some room and try "
                    "again.",
                    title=self._remote.title,
                    needed=needed // MEGABYTE + 1,
                    folder=self._target.parent,
                    free=free // MEGABYTE,
                )
            )

    def _accept(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._position += len(data)
        if self._position > 1.1 * max(self._total or 0, self._remote.size) + MEGABYTE:
            self._discard()
            raise WeightsError(
                tr(
                    "{host} sends more than the {size:.0f} MB that {title} has; get {url} by other means and choose "
                    "that file.",
                    host=self._remote.host,
                    size=self._remote.size / MEGABYTE,
                    title=self._remote.title,
                    url=self._remote.url,
                )
            )

    def _start_again(self) -> None:
        self._file.truncate(0)
        self._digest = hashlib.sha256()
        self._position = 0
        self._marks.clear()

    def _discard(self) -> None:
        self._file.close()
        self._target.unlink(missing_ok=True)

    def _report(self, message: str = "") -> Progress:
        self._file.flush()  # what is told has arrived survives a crash
        now = self._last_report = time.monotonic()
        self._marks.append((now, self._position))
        total = self._total or self._remote.size
        self._reached = max(self._reached, min(1.0, self._position / max(1, total)))
        if not message:
            then, position = self._marks[0]
            rate = (self._position - position) / (now - then) if now > then else 0.0
            message = tr(
                "downloading {title}: {position:.0f} of {total:.0f} MB, {rate:.1f} MB/s",
                title=self._remote.title,
                position=self._position / MEGABYTE,
                total=total / MEGABYTE,
                rate=rate / MEGABYTE,
            )
        return Progress(self._reached, message)
