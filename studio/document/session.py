"""The working file of an open project: every edit goes there at once, and a saved project is a copy of it.

It lies in a folder of its own below the user's data, locked as long as the program lives, so that the next start
knows which ones were left behind by a program that was killed (see `studio.document.recovery`).
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import threading
import uuid
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from studio.document import schema
from studio.document.errors import DocumentError, explained
from studio.document.model import Document
from studio.document.summary import write_summary
from studio.document.writer import Writer
from studio.errors import StudioError
from studio.files import replacing, to_bytes, to_text, write_text
from studio.language import tr, translatable
from studio.paths import data_dir
from studio.progress import Job, Progress, part

WORK = "work.buddies"
ABOUT = "about.json"
LOCK = "in-use"
UNSAVED = translatable("Unsaved work")
"""What sentences call the working file."""
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
        """Begin with an empty working file. Raises `DocumentError`."""
        folder = new_folder()
        return cls.over(folder, take(folder), None, project)

    @classmethod
    def over(cls, folder: Path, lock: FileLock, written: Document | None, project: Path | None) -> Session:
        """Go on with the working file in `folder`, which holds `written`; None begins an empty one."""
        with explained(Path(tr(UNSAVED)), "kept safe"):
            connection = connect(folder / WORK)
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
        return session

    def set_project(self, project: Path | None) -> None:
        """Note which file this is the working copy of, for a recovery. Raises `FileError`."""
        write_text(self.folder / ABOUT, json.dumps({"project": str(project.absolute()) if project else None}))

    def write(self, document: Document, number: int = 0) -> Job[None]:
        """Keep `document` safe in the working file.

        Parameters
        ----------
        number : int
            Counts the edits: one that comes late, after a newer one, changes nothing.

        Raises
        ------
        DocumentError
            The disk is full, or the like; the working file is as it was.
        """
        with self._busy:
            yield from self._write(document, number)

    def _write(self, document: Document, number: int) -> Job[None]:
        if self._closed or number < self._newest:
            return
        before = self._writer.written
        with explained(Path(tr(UNSAVED)), "kept safe"):
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
            yield Progress(0.3, tr("writing {name}", name=path.name))
            with explained(path, "saved"), replacing(path) as temporary:
                if is_kept:
                    # As bytes, for the path may be none that is UTF-8.
                    self._connection.execute("VACUUM INTO CAST(? AS TEXT)", (to_bytes(str(temporary)),))
                copy = connect(temporary)
                try:
                    if not is_kept:
                        schema.create(copy)
                        yield from part(Writer(copy).write(document), 0.3, 0.8)
                    yield Progress(0.8, tr("writing {name}", name=path.name))
                    copy.execute("INSERT OR REPLACE INTO meta VALUES ('modified', 0)")
                    write_summary(copy, document)
                finally:
                    copy.close()
                with temporary.open("rb+") as file:
                    os.fsync(file.fileno())

    def close(self) -> None:
        """Let go of the working file but leave it, as a killed program would."""
        with self._busy:
            self._closed = True
            self._connection.close()
            self._lock.release()

    def discard(self) -> None:
        """Remove the working file: everything in it is saved, or not wanted."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def new_folder() -> Path:
    """An empty folder for a working file. Raises `DocumentError`."""
    folder = sessions_dir() / uuid.uuid4().hex
    with explained(folder, "made"):
        folder.mkdir(parents=True)
    return folder


def take(folder: Path, patience: float = 0.0) -> FileLock:
    """Mark the folder as in use by this program.

    Raises `DocumentError` if another one has it, and does not give it back within `patience` seconds.
    """
    lock = FileLock(folder / LOCK, thread_local=False)  # taken on one thread, given back on another
    try:
        lock.acquire(timeout=patience)
    except Timeout as error:
        raise DocumentError(tr("That work is open in another window.")) from error
    except OSError as error:
        raise DocumentError(
            tr("The folder “{folder}” can't be written: {reason}.", folder=folder.parent, reason=error.strerror)
        ) from error
    return lock


def connect(path: Path) -> sqlite3.Connection:
    """A connection with explicit transactions that any thread may use, and texts that keep bytes that are not UTF-8."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    connection.text_factory = to_text
    return connection


def about(folder: Path) -> dict[str, Any]:
    """What `set_project` noted; nothing if that is not readable."""
    try:
        values = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
