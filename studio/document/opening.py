"""Opens a project file: a working copy is made of it, brought up to date, and read as far as it goes."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock

from studio.document import schema
from studio.document.errors import DocumentError, NotKept, explained, is_damage, is_refusal, keeping, reason
from studio.document.model import Document
from studio.document.reader import Reading, reading_database
from studio.document.session import WORK, Session, connect, making_folder
from studio.files import ordinary, refusal
from studio.language import tr
from studio.progress import Job, Progress, part, run_to_end

log = logging.getLogger(__name__)

DAMAGED = "damaged.buddies"
_CHUNK = 1 << 20
_MOST_LACKING = 1 << 30
"""Bytes at the end of a file that are made up for; a length in its header that asks for more is damaged itself."""
_HEADER = 32
"""Bytes at the start of a file that tell its length and how it is written."""


@dataclass(frozen=True)
class OpenedDocument:
    """A project that was opened: what it holds, its working file, and sentences on what was not readable.

    `session` is None where no working file can be made: what is open is kept by nothing but saving it.
    """

    document: Document
    session: Session | None
    notes: tuple[str, ...] = ()
    project: Path | None = None


def opening(path: Path) -> Job[OpenedDocument]:
    """Open a project. The file itself is only read; where the user's data can't be written, it is read in memory.

    Raises
    ------
    DocumentError
        It is missing, no project, saved by a newer program, or so damaged that nothing of it can be read.
    """
    path = Path(path)
    yield Progress(0.0, tr("opening {name}", name=path.name))
    _check_magic(path)
    try:
        with making_folder() as (folder, lock):
            yield from part(_copying(path, folder / WORK), 0.0, 0.2)
            found = yield from part(_reading(folder, path), 0.2, 0.9)
            return (yield from part(_going_on(found, folder, lock, path), 0.9, 1.0))
    except NotKept as error:
        log.warning("“%s” is opened without a working file: %s", path, error)
    found = yield from _reading_in_memory(path)
    return OpenedDocument(_document_of(found), None, tuple(found.notes), path)


def reading(path: Path) -> Document:
    """What a project file holds, for scripts. Raises `DocumentError`."""
    opened = run_to_end(opening(path))
    if opened.session is not None:
        opened.session.discard()
    return opened.document


def opening_work(folder: Path, lock: FileLock, shown: Path, project: Path | None) -> Job[OpenedDocument]:
    """Read the working file in `folder` and go on with it, or with a sound one made of what could be read.

    Where the disk takes nothing any more, what was read is handed out without a session, and the file stays there.
    """
    found = yield from part(_reading(folder, shown), 0.0, 0.9)
    try:
        return (yield from part(_going_on(found, folder, lock, project), 0.9, 1.0))
    except NotKept as error:
        log.warning("work in %s is opened without a working file: %s", folder, error)
    lock.release()
    return OpenedDocument(_document_of(found), None, tuple(found.notes), project)


def _document_of(found: Reading) -> Document:
    """What is to be shown; what is not as the file has it must be saved."""
    return replace(found.document, modified=True) if found.damaged else found.document


def _going_on(found: Reading, folder: Path, lock: FileLock, project: Path | None) -> Job[OpenedDocument]:
    """With the file in `folder` that was read. Raises `NotKept`; the file is then as it was."""
    document, notes = _document_of(found), tuple(found.notes)
    if not found.damaged:
        return OpenedDocument(document, Session.over(folder, lock, document, project), notes, project)
    _rename(folder, WORK, DAMAGED)  # kept: what could not be read may be wanted still
    session = None
    try:
        session = Session.over(folder, lock, None, project)
        yield from session.write(document)
    except BaseException:
        if session is not None:
            session.disconnect()
        for file in folder.glob(f"{WORK}*"):
            file.unlink(missing_ok=True)
        _rename(folder, DAMAGED, WORK)
        raise
    return OpenedDocument(document, session, notes, project)


def _rename(folder: Path, old: str, new: str) -> None:
    with keeping():
        for file in folder.glob(f"{old}*"):
            file.replace(file.with_name(file.name.replace(old, new)))


def _reading(folder: Path, shown: Path) -> Job[Reading]:
    with explained(shown, "opened"):
        was_cut_off = _fill_up(folder / WORK)
        connection = connect(folder / WORK)
    return (yield from _reading_connection(connection, folder, shown, was_cut_off))


def _reading_in_memory(path: Path) -> Job[Reading]:
    """Without any file. It takes as much memory as the project is long."""
    with explained(path, "opened"):
        content = bytearray(path.read_bytes())
        lacking = _lacking(content, len(content))
        content.extend(bytes(lacking))
        content[18:20] = b"\1\1"  # a journal of any kind is a file
        connection = connect(":memory:")
        try:
            connection.deserialize(bytes(content))
        except OverflowError as error:
            connection.close()
            raise DocumentError(refusal(path.name, "opened", tr("there is not enough memory"))) from error
    return (yield from _reading_connection(connection, None, path, lacking > 0))


def _reading_connection(
    connection: sqlite3.Connection, folder: Path | None, shown: Path, was_cut_off: bool
) -> Job[Reading]:
    with closing(connection):
        try:
            version = schema.check(connection, shown)
            schema.migrate(connection, version)
        except sqlite3.Error as error:
            kind = NotKept if folder is not None and is_refusal(error) else DocumentError
            raise kind(refusal(shown.name, "opened", reason(error))) from error
        found = yield from reading_database(connection, folder)
        if was_cut_off or (not found.damaged and not (_is_sound(connection) and schema.is_ours(connection))):
            found.damaged = True
            found.notes.insert(0, tr("“{name}” is damaged; it was opened as far as it goes.", name=shown.name))
        return found


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
    done = 0
    with keeping():
        new = target.open("wb")
    with new:
        for chunk, length in _chunks(source):
            with keeping():
                new.write(chunk)
                new.flush()
            done += len(chunk)
            yield Progress(min(done / length, 1.0), tr("reading {name}", name=source.name))


def _chunks(source: Path) -> Iterator[tuple[bytes, int]]:
    """All bytes of a file, and how many there are."""
    with explained(source, "opened"), source.open("rb") as old:
        length = max(source.stat().st_size, 1)
        while chunk := old.read(_CHUNK):
            yield chunk, length


def _fill_up(work: Path) -> bool:
    """Bring a file whose end is missing to the length that its header tells, or SQLite reads nothing of it.

    Returns whether that was necessary. Pages of zeros are damage that SQLite notices where it meets them.
    """
    with work.open("rb+") as file:
        header = file.read(_HEADER)
        actual = file.seek(0, 2)
        lacking = _lacking(header, actual)
        if lacking:
            file.truncate(actual + lacking)
    return lacking > 0


def _lacking(header: bytes | bytearray, actual: int) -> int:
    """Bytes that are missing at the end of a file of `actual` bytes that begins with `header`."""
    if len(header) < _HEADER:
        return 0
    page = int.from_bytes(header[16:18], "big")
    expected = (65536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
    return max(expected - actual, 0) if expected - actual <= _MOST_LACKING else 0
