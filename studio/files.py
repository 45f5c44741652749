"""Writing files so that a reader never meets half of one."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from studio.errors import StudioError
from studio.language import tr, translatable
from studio.leftovers import new_name, noted

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


_ENDINGS = (
    "png jpg jpeg jpe webp tif tiff bmp gif avif heic heif ppm pgm apng mp4 mov mkv webm avi wmv "
    "csv json txt npy npz safetensors pth pt model checkpoint buddies"
)
ENDINGS = frozenset(f".{ending}" for ending in _ENDINGS.split())
"""Of the kinds of files that this program reads, writes or refuses by name; any other dot belongs to a name."""


class FileError(StudioError):
    """A file that can't be read or written."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path`, which takes its place when the block ends well.

    Yields the temporary path, with the same suffix as `path` so that libraries which go by the
    suffix work. If the block raises, the temporary file is removed and `path` stays as it was; if
    the program is killed in it, the next start removes it (see `studio.leftovers`).

    Raises
    ------
    FileError
        The folder is missing or not writable, or the disk is full, whatever a library says of that.
    """
    path = Path(path)
    with _explaining(path):
        path = path.resolve() if path.is_symlink() else path  # or else the link itself would be replaced
        temporary = new_name(path)
        with noted(temporary):
            try:
                os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                with _telling_a_full_disk(temporary):
                    yield temporary
                mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
                temporary.chmod(mode)
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """As `replacing`, for a folder: `path` is not there yet, or empty. Raises `FileError`."""
    path = Path(path)
    with _explaining(path):
        temporary = new_name(path.absolute())
        with noted(temporary):
            try:
                temporary.mkdir(0o700)
                yield temporary
                temporary.chmod(0o777 & ~_umask())
                if path.is_dir():
                    path.rmdir()
                temporary.rename(path)
            except BaseException:
                shutil.rmtree(temporary, ignore_errors=True)
                raise


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileError(explain_os_error(error, path, "written")) from error


@contextmanager
def _telling_a_full_disk(temporary: Path) -> Iterator[None]:
    """Libraries have words of their own for a full disk ("51200 requested and 4064 written"): the system's come out.

    Raises `OSError` with the number of the system where `temporary` can't grow.
    """
    try:
        yield
    except StudioError:
        raise
    except Exception as error:
        if not getattr(error, "errno", None):
            obstacle = _obstacle_to_growth(temporary)
            if obstacle is not None:
                raise obstacle from error
        raise


_MORE = 1 << 20
"""Bytes a file is tried to grow by, to learn whether there is room: less than any library asks for at a time."""


def _obstacle_to_growth(temporary: Path) -> OSError | None:
    """Why no more can be written to a file, if that is so."""
    try:
        with temporary.open("ab") as file:
            for _ in range(_MORE >> 16):
                file.write(bytes(1 << 16))
                file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None


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


def bare_name(name: str) -> str:
    """The name of a file or a picture without the ending of its kind, if it has one: “my.cat.v2” stays whole."""
    path = Path(name)
    return path.stem if path.suffix.lower() in ENDINGS else path.name


def beside(path: Path, words: str) -> Path:
    """The file in the same folder whose name has `words` before its ending."""
    bare = bare_name(path.name)
    return path.with_name(bare + words + path.name[len(bare) :])


def completed(path: Path, ending: str, accepted: Collection[str] = ENDINGS) -> Path:
    """`path` as it is if it has one of the `accepted` endings, or else with `ending` behind all that it is called."""
    return path if path.suffix.lower() in accepted else path.with_name(path.name + ending)


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
        errno.EFBIG: tr("it is too large for this disk"),
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
