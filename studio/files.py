"""Writing files so that a reader never meets half of one."""

from __future__ import annotations

import errno
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from studio.errors import StudioError
from studio.language import tr, translatable

_NOT_ORDINARY = errno.ENXIO
"""The number under which `ordinary` refuses pipes, sockets and devices, as a system refuses to open a socket."""

Deed = Literal["read", "written", "opened", "saved", "made", "kept safe"]
"""What was to be done to a file."""
_REFUSALS: dict[Deed, str] = {
    "read": translatable("“{name}” can't be read: {reason}."),
    "written": translatable("“{name}” can't be written: {reason}."),
    "opened": translatable("“{name}” can't be opened: {reason}."),
    "saved": translatable("“{name}” can't be saved: {reason}."),
    "made": translatable("“{name}” can't be made: {reason}."),
    "kept safe": translatable("“{name}” can't be kept safe: {reason}."),
}


class FileError(StudioError):
    """A file that can't be read or written."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path`, which takes its place when the block ends well.

    Yields the temporary path, with the same suffix as `path` so that libraries which go by the
    suffix work. If the block raises, the temporary file is removed and `path` stays as it was.

    Raises
    ------
    FileError
        The folder is missing or not writable, or the disk is full.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        if path.is_symlink():
            path = path.resolve()  # or else the link itself would be replaced
        handle, name = tempfile.mkstemp(prefix=f".{path.stem[:40]}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        temporary.chmod(mode)
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise FileError(explain_os_error(error, path, "written")) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def ordinary(path: Path) -> Path:
    """`path`, if it is a file that can be read to its end.

    A pipe that lies in a folder may never be written to, and a device may never end: who reads it waits for ever. What
    a shell hands over (`/dev/stdin`, `<(command)`) has a writer and is taken.

    Raises
    ------
    OSError
        There is no such file, or it is a folder or another thing than a file; `explain_os_error` knows the words.
    """
    path = Path(path)
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))  # Windows would call it a missing permission
    if not stat.S_ISREG(mode) and not (stat.S_ISFIFO(mode) and path.absolute().parts[1:2] == ("dev",)):
        raise OSError(_NOT_ORDINARY, os.strerror(_NOT_ORDINARY))
    return path


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 at one stroke; bytes of file names that are not UTF-8 as they are. Raises `FileError`."""
    with replacing(path) as temporary:
        temporary.write_text(to_text(to_bytes(text)), encoding="utf-8", errors="surrogateescape", newline="\n")


def to_bytes(text: str) -> bytes:
    """UTF-8 that `to_text` turns into the same text, whatever bytes a file name in it was made of.

    Python shows a byte that is not UTF-8 as a lone surrogate, which is no character and can't be encoded as one.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # halves of characters, as names may have them on Windows
        return text.encode("utf-8", "surrogatepass")


def to_text(content: bytes) -> str:
    """The inverse of `to_bytes`."""
    return content.decode("utf-8", "surrogateescape")


def to_json(values: Any) -> str:
    """JSON that a person can read, in ASCII only where names that are not UTF-8 would spoil it."""
    text = json.dumps(values, ensure_ascii=False)
    return json.dumps(values) if any("\ud800" <= letter <= "\udfff" for letter in text) else text


def read_text(path: Path) -> str:
    """The UTF-8 text of a file (a byte order mark is dropped). Raises `FileError`."""
    try:
        return ordinary(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileError(explain_os_error(error, path, "read")) from error
    except UnicodeDecodeError as error:
        raise FileError(tr("“{name}” is not a text file.", name=Path(path).name)) from error


def check_target(path: Path, suffixes: Sequence[str]) -> None:
    """Refuse what can't be written before minutes are spent on it. Raises `FileError`."""
    if path.suffix.lower() not in suffixes:
        raise FileError(
            tr("“{name}” can't be written: its name must end in {names}.", name=path.name, names=", ".join(suffixes))
        )
    if not path.absolute().parent.is_dir():
        raise FileError(
            tr("“{name}” can't be written: there is no folder “{folder}”.", name=path.name, folder=path.parent)
        )


def check_source(path: Path) -> None:
    """Refuse what can't be read before minutes are spent on something else. Raises `FileError`."""
    try:
        ordinary(path)
    except OSError as error:
        raise FileError(explain_os_error(error, path, "read")) from error


def explain_os_error(error: OSError, path: Path | str, what: Deed) -> str:
    """One sentence for a failed file operation; `what` is a participle ("written", "read")."""
    name = Path(path).name
    reason = {
        errno.ENOENT: tr("there is no such file or folder"),
        errno.EACCES: tr("this user is not allowed to"),
        errno.EPERM: tr("this user is not allowed to"),
        errno.EROFS: tr("the disk is read-only"),
        errno.ENOSPC: tr("the disk is full; free some room and try again"),
        errno.EDQUOT: tr("the disk quota is used up; free some room and try again"),
        errno.EISDIR: tr("it is a folder"),
        errno.ENOTDIR: tr("part of its path is not a folder"),
        errno.ENAMETOOLONG: tr("its name is too long"),
        errno.ELOOP: tr("it is a link that leads back to itself"),
        _NOT_ORDINARY: tr("it is not an ordinary file"),
    }.get(error.errno or 0, error.strerror or str(error))
    return refusal(name, what, reason)


def refusal(name: str, what: Deed, reason: str) -> str:
    """The sentence that says why the file of that name can't be read, written and so on."""
    return tr(_REFUSALS[what], name=name, reason=reason)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
