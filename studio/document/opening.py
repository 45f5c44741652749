"""Opens a project file: a working copy is made of it, brought up to date, and read as far as it goes."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock

from studio.document import schema
from studio.document.errors import DocumentError, explained, is_damage, reason
from studio.document.model import Document
from studio.document.reader import Reading, reading_database
from studio.document.session import WORK, Session, connect, new_folder, take
from studio.files import ordinary, refusal
from studio.language import tr
from studio.progress import Job, Progress, part, run_to_end

DAMAGED = "damaged.buddies"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class OpenedDocument:
    """A project that was opened: what it holds, its working file, and sentences on what was not readable."""

    document: Document
    session: Session
    notes: tuple[str, ...] = ()
    project: Path | None = None


def opening(path: Path) -> Job[OpenedDocument]:
    """Open a project. The file itself is only read.

    Raises
    ------
    DocumentError
        It is missing, no project, saved by a newer program, or so damaged that nothing of it can be read.
    """
    path = Path(path)
    yield Progress(0.0, tr("opening {name}", name=path.name))
    _check_magic(path)
    folder = new_folder()
    lock = take(folder)
    try:
        yield from part(_copying(path, folder / WORK), 0.0, 0.2)
        return (yield from part(opening_work(folder, lock, path, path), 0.2, 1.0))
    except BaseException:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)
        raise


def reading(path: Path) -> Document:
    """What a project file holds, for scripts. Raises `DocumentError`."""
    opened = run_to_end(opening(path))
    opened.session.discard()
    return opened.document


def opening_work(folder: Path, lock: FileLock, shown: Path, project: Path | None) -> Job[OpenedDocument]:
    """Read the working file in `folder` and go on with it, or with a sound one made of what could be read."""
    found = yield from part(_reading(folder, shown), 0.0, 0.9)
    if not found.damaged:
        session = Session.over(folder, lock, found.document, project)
        return OpenedDocument(found.document, session, tuple(found.notes), project)
    for file in folder.glob(f"{WORK}*"):  # kept: what could not be read may be wanted still
        file.replace(file.with_name(file.name.replace(WORK, DAMAGED)))
    session = Session.over(folder, lock, None, project)
    document = replace(found.document, modified=True)
    yield from part(session.write(document), 0.9, 1.0)
    return OpenedDocument(document, session, tuple(found.notes), project)


def _reading(folder: Path, shown: Path) -> Job[Reading]:
    with explained(shown, "opened"):
        was_cut_off = _fill_up(folder / WORK)
        connection = connect(folder / WORK)
    try:
        try:
            version = schema.check(connection, shown)
            schema.migrate(connection, version)
        except sqlite3.Error as error:
            raise DocumentError(refusal(shown.name, "opened", reason(error))) from error
        found = yield from reading_database(connection, folder)
        if was_cut_off or (not found.damaged and not _is_sound(connection)):
            found.damaged = True
            found.notes.insert(0, tr("“{name}” is damaged; it was opened as far as it goes.", name=shown.name))
        return found
    finally:
        connection.close()


def _is_sound(connection: sqlite3.Connection) -> bool:
    try:
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.Error as error:
        if is_damage(error):
            return False
        raise


def _check_magic(path: Path) -> None:
    with explained(path, "opened"), ordinary(path).open("rb") as file:
        start = file.read(len(schema.MAGIC))
    if start != schema.MAGIC:
        raise DocumentError(tr("“{name}” is not a project of Buddies Studio.", name=path.name))


def _copying(source: Path, target: Path) -> Job[None]:
    with explained(source, "opened"), source.open("rb") as old, target.open("wb") as new:
        length = max(source.stat().st_size, 1)
        done = 0
        while chunk := old.read(_CHUNK):
            new.write(chunk)
            done += len(chunk)
            yield Progress(min(done / length, 1.0), tr("reading {name}", name=source.name))


def _fill_up(work: Path) -> bool:
    """Bring a file whose end is missing to the length that its header tells, or SQLite reads nothing of it.

    Returns whether that was necessary. Pages of zeros are damage that SQLite notices where it meets them.
    """
    with work.open("rb+") as file:
        header = file.read(32)
        if len(header) < 32:
            return False
        page = int.from_bytes(header[16:18], "big")
        expected = (65536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
        actual = file.seek(0, 2)
        if actual >= expected:
            return False
        file.truncate(expected)
        return True
