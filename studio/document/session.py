"""The working file of an open project: every edit goes there at once, and a saved project is a copy of it.

It lies in a folder of its own below the user's data, locked as long as the program lives, so that the next start
knows which ones were left behind by a program that was killed (see `studio.document.recovery`).
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from studio.document import schema
from studio.document.errors import DocumentError, explained, keeping
from studio.document.model import Document
from studio.document.summary import write_summary
from studio.document.writer import Writer
from studio.errors import StudioError
from studio.files import replacing, to_bytes, to_text, write_text
from studio.language import tr
from studio.paths import data_dir
from studio.progress import Job, Progress, part

log = logging.getLogger(__name__)

WORK = "work.buddies"
ABOUT = "about.json"
LOCK = "in-use"
WAL_PAGES = 4000


def sessions_dir() -> Path:
    """Where the working files lie."""
    return data_dir() / "unsaved"


class Session:
    """One open project on disk. May be used from any thread; one thing at a time is done."""

    def __init__(self, folder: Path, lock: FileLock, connection: sqlite3.Connection, written: Document) -> None:
        self.folder = folder
        self._lock = lock
        self._connection = connection
        self._writer = Writer(connection, written)
        self._busy = threading.Lock()
        self._newest = -1
        self._closed = False

    @classmethod
    def create(cls, project: Path | None = None) -> Session:
        """Begin with an empty working file. Raises `NotKept`."""
        with making_folder() as (folder, lock):
            return cls.over(folder, lock, None, project)

    @classmethod
    def over(cls, folder: Path, lock: FileLock, written: Document | None, project: Path | None) -> Session:
        """Go on with the working file in `folder`, which holds `written`; None begins an empty one.

        Raises `NotKept`.
        """
        with keeping(), ExitStack() as stack:
            connection = connect(folder / WORK)
            stack.callback(connection.close)
            # Nobody else has business here, and without shared memory it works on network disks too.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            if written is None:
                schema.create(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            # A commit waits for the disk: nothing that was kept is lost when the power goes, either.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
            session = cls(folder, lock, connection, written or Document())
            session.set_project(project)
            stack.pop_all()
        return session

    def set_project(self, project: Path | None) -> None:
        """Note which file this is the working copy of, for a recovery. Raises `NotKept`."""
        with keeping():
            write_text(self.folder / ABOUT, json.dumps({"project": str(project.absolute()) if project else None}))

    def write(self, document: Document, number: int = 0) -> Job[None]:
        """Keep `document` safe in the working file.

        Parameters
        ----------
        number : int
            Counts the edits: one that comes late, after a newer one, changes nothing.

        Raises
        ------
        NotKept
            The disk is full, or the like; the working file is as it was.
        """
        with self._busy:
            yield from self._write(document, number)

    def _write(self, document: Document, number: int) -> Job[None]:
        if self._closed or number < self._newest:
            return
        before = self._writer.written
        with keeping():
            yield from self._writer.write(document)
            if (before.a, before.b) != (document.a, document.b):
                write_summary(self._connection, document)
        self._newest = number

    def save(self, document: Document, path: Path, number: int = 0) -> Job[None]:
        """Keep `document`, then write it to the project file `path`, at one stroke.

        Raises
        ------
        StudioError
            It could not be written; an older file of that name is then still as it was.
        """
        path = Path(path)
        with self._busy:
            try:
                yield from part(self._write(document, number), 0.0, 0.3)
                is_kept = not self._closed
            except StudioError:
                is_kept = False  # the disk of the project may be a better one
            kept = self._connection if is_kept else None
            yield from part(saving(document, path, kept), 0.3, 1.0)

    def disconnect(self) -> None:
        """Let go of the working file but not of its folder."""
        with self._busy:
            self._closed = True
            self._connection.close()

    def close(self) -> None:
        """Let go of the working file but leave it, as a killed program would."""
        self.disconnect()
        self._lock.release()

    def discard(self) -> None:
        """Remove the working file: everything in it is saved, or not wanted."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def saving(document: Document, path: Path, kept: sqlite3.Connection | None = None) -> Job[None]:
    """Write `document` to the project file `path`, at one stroke.

    `kept` is a database that holds it and need only be copied. If that fails, for the file of that database may lie
    on a worse disk than the project's, everything is written anew.

    Raises
    ------
    StudioError
        It could not be written; an older file of that name is then still as it was.
    """
    path = Path(path)
    yield Progress(0.0, tr("writing {name}", name=path.name))
    with explained(path, "saved"), replacing(path) as temporary:
        is_copied = kept is not None and _is_copied(kept, temporary)
        copy = connect(temporary)
        try:
            if not is_copied:
                schema.create(copy)
                yield from part(Writer(copy).write(document), 0.0, 0.7)
            yield Progress(0.7, tr("writing {name}", name=path.name))
            copy.execute("INSERT OR REPLACE INTO meta VALUES ('modified', 0)")
            write_summary(copy, document)
        finally:
            copy.close()
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())


def _is_copied(kept: sqlite3.Connection, target: Path) -> bool:
    try:
        # As bytes, for the path may be none that is UTF-8.
        kept.execute("VACUUM INTO CAST(? AS TEXT)", (to_bytes(str(target)),))
    except sqlite3.Error as error:
        log.warning("the working file could not be copied: %s", error)
        os.truncate(target, 0)
        return False
    return True


@contextmanager
def making_folder() -> Iterator[tuple[Path, FileLock]]:
    """An empty folder for a working file, marked as in use; gone again if the block fails. Raises `NotKept`."""
    folder = sessions_dir() / uuid.uuid4().hex
    with keeping():
        folder.mkdir(parents=True)
    try:
        lock = take(folder)
        try:
            yield folder, lock
        except BaseException:
            lock.release()
            raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def take(folder: Path, patience: float = 0.0) -> FileLock:
    """Mark the folder as in use by this program.

    Raises
    ------
    NotKept
        The disk takes nothing.
    DocumentError
        Another program has the folder, and does not give it back within `patience` seconds.
    """
    lock = FileLock(folder / LOCK, thread_local=False)  # taken on one thread, given back on another
    with keeping():
        try:
            lock.acquire(timeout=patience)
        except Timeout as error:
            raise DocumentError(tr("That work is open in another window.")) from error
    return lock


def connect(path: Path | str) -> sqlite3.Connection:
    """A connection with explicit transactions that any thread may use, and texts that keep bytes that are not UTF-8."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    connection.text_factory = to_text
    return connection


def about(folder: Path) -> Path | None:
    """The project that `set_project` noted; None if there was none, or it is not readable."""
    try:
        project = json.loads((folder / ABOUT).read_text(encoding="utf-8"))["project"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return Path(project) if isinstance(project, str) and "\0" not in project else None
