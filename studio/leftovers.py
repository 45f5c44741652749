"""Knows which half-made files are this program's, so that those of a program that was killed are removed.

Each program that writes has a folder of its own below the user's data, locked as long as it lives; the system gives
the lock back however the program ends. In it lies one note for each file or folder that is being made, written before
that is. The next start removes what the notes without a living program name.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from studio.paths import data_dir

if TYPE_CHECKING:
    from filelock import BaseFileLock

log = logging.getLogger(__name__)

LOCK = "in-use"
MARK = "~bs~"
"""Part of the name of everything that is made here; what has it not is never removed."""


def notes_dir() -> Path:
    """Where the notes of all programs of this user lie."""
    return data_dir() / "unfinished"


def new_name(path: Path) -> Path:
    """A hidden name beside `path`, with its suffix, that nothing has yet."""
    return path.with_name(f".{path.stem[:40]}{MARK}{uuid.uuid4().hex[:12]}{path.suffix}")


@contextlib.contextmanager
def noted(path: Path) -> Iterator[None]:
    """Keep a note of `path`, a name of `new_name`, while the block lasts: if it never ends, the next start removes it.

    Where no note can be kept (a full or read-only home) the block goes on without one.
    """
    folder = _own.folder()
    note = None if folder is None else folder / uuid.uuid4().hex
    if note is not None:
        try:
            note.write_bytes(os.fsencode(path.absolute()))
        except OSError as error:
            log.info("no note of %s: %s", path, error)
    try:
        yield
    finally:
        if note is not None:
            with contextlib.suppress(OSError):
                note.unlink(missing_ok=True)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder among the system's temporary ones that is gone when the block ends, or at the next start."""
    folder = new_name(Path(tempfile.gettempdir(), "buddies-studio"))
    with noted(folder):
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers() -> list[Path]:
    """Remove what ended programs have left half done; returns it. What a living one is making is left alone."""
    removed: list[Path] = []
    with contextlib.suppress(OSError):
        for folder in notes_dir().iterdir():
            if folder != _own.known() and folder.is_dir():
                removed += _removed_by(folder)
    return removed


def _removed_by(folder: Path) -> list[Path]:
    lock = _locked(folder)
    if lock is None:
        return []
    removed, left = [], False
    try:
        for note in folder.iterdir():
            if note.name == LOCK:
                continue
            try:
                path = Path(os.fsdecode(note.read_bytes()))
                if _remove(path):
                    removed.append(path)
                note.unlink()
            except (OSError, ValueError) as error:
                log.info("%s stays: %s", note, error)
                left = True
    finally:
        lock.release()
    if not left:
        shutil.rmtree(folder, ignore_errors=True)
    return removed


def _remove(path: Path) -> bool:
    """Remove a leftover if it is one and still there. Raises `OSError`."""
    if MARK not in path.name or not path.is_absolute() or path.is_symlink() or not path.exists():
        return False
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
        for beside in ("-journal", "-wal", "-shm"):  # of a database that was being written
            path.with_name(path.name + beside).unlink(missing_ok=True)
    return True


def _locked(folder: Path) -> BaseFileLock | None:
    """The lock of a folder of notes; None if a living program has it, or locks are not to be had here."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError, NotImplementedError):
        return None
    return lock


class _Own:
    """The folder of notes of this process, made when it first writes something."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._process = 0
        self._above: Path | None = None
        self._folder: Path | None = None
        self._lock: BaseFileLock | None = None

    def known(self) -> Path | None:
        """The folder, if it was made."""
        return self._folder if self._process == os.getpid() else None

    def folder(self) -> Path | None:
        """The folder; None if none can be made."""
        with self._guard:
            above = notes_dir()
            # A forked process is another program, and its parent's lock is not its own.
            if (self._process, self._above) != (os.getpid(), above):
                if self._process != os.getpid():
                    self._lock = None
                self._give_back()
                self._process, self._above = os.getpid(), above
                self._make(above)
            return self._folder

    def _make(self, above: Path) -> None:
        folder = above / f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            log.info("no notes of unfinished files: %s", error)
            return
        self._lock = _locked(folder)
        if self._lock is None:
            shutil.rmtree(folder, ignore_errors=True)
            return
        self._folder = folder

    def _give_back(self) -> None:
        if self._lock is not None:
            self._lock.release()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
        self._lock = self._folder = None

    def close(self) -> None:
        """Remove the folder at the end of the program."""
        if self._process == os.getpid():
            self._give_back()


_own = _Own()
atexit.register(_own.close)
