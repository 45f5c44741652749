"""Sentences for what goes wrong with a project file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.errors import StudioError
from studio.files import Deed, explain_os_error, refusal
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


class DocumentError(StudioError):
    """A project that can't be opened or written."""


@contextmanager
def explained(path: Path, what: Deed) -> Iterator[None]:
    """Turn errors of SQLite and of the disk into one sentence; `what` is a participle ("saved", "opened")."""
    try:
        yield
    except sqlite3.Error as error:
        raise DocumentError(refusal(path.name, what, reason(error))) from error
    except OSError as error:
        raise DocumentError(explain_os_error(error, path, what)) from error


def reason(error: sqlite3.Error) -> str:
    """What SQLite means, for a person."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if not code and "full" in str(error):
        code = _FULL
    return tr(_REASONS.get(code, str(error)))


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the bytes of the file are to blame."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in (_CORRUPT, _NOT_A_DATABASE, _IO)
