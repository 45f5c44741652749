"""Sentences for what goes wrong with a project file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.errors import StudioError
from studio.files import Deed, FileError, explain_os_error, refusal
from studio.language import tr, translatable

_BUSY, _READ_ONLY, _IO, _CORRUPT, _FULL, _CANT_OPEN, _NOT_A_DATABASE = 5, 8, 10, 11, 13, 14, 26
_REASONS = {
    _BUSY: translatable("another program is using it"),
    _READ_ONLY: translatable("it or its folder is read-only"),
    _IO: translatable("the disk reports an error"),
    _CORRUPT: translatable("it is damaged"),
    _FULL: translatable("the disk is full; free some room and try again"),
    _CANT_OPEN: translatable("there is no such file or folder, or this user is not allowed to"),
    _NOT_A_DATABASE: translatable("it is not a project of Buddies Studio, or it is damaged"),
}


UNSAVED = translatable("Unsaved work")
"""What sentences call the working file."""


class DocumentError(StudioError):
    """A project that can't be opened or written."""


class NotKept(DocumentError):
    """The working file can't be made or written; the project's own file has nothing to do with it."""


@contextmanager
def explained(path: Path, what: Deed, kind: type[DocumentError] = DocumentError) -> Iterator[None]:
    """Turn errors of SQLite and of the disk into one sentence; `what` is a participle ("saved", "opened")."""
    try:
        yield
    except sqlite3.Error as error:
        raise kind(refusal(path.name, what, reason(error))) from error
    except OSError as error:
        raise kind(explain_os_error(error, path, what)) from error


@contextmanager
def keeping() -> Iterator[None]:
    """As `explained`, around all that is done to the folder of the working file. Raises `NotKept`."""
    try:
        with explained(Path(tr(UNSAVED)), "kept safe", NotKept):
            yield
    except FileError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        raise NotKept(explain_os_error(error.__cause__, tr(UNSAVED), "kept safe")) from error


def reason(error: sqlite3.Error) -> str:
    """What SQLite means, for a person."""
    return tr(_REASONS.get(_code(error), str(error)))


def is_refusal(error: sqlite3.Error) -> bool:
    """Whether the disk takes nothing, whatever the file is."""
    return _code(error) in (_READ_ONLY, _IO, _FULL, _CANT_OPEN)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the bytes of the file are to blame."""
    return _code(error) in (_CORRUPT, _NOT_A_DATABASE, _IO)


def _code(error: sqlite3.Error) -> int:
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    return _FULL if not code and "full" in str(error) else code
