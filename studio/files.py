"""Writing files so that a reader never meets half of one."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from studio.errors import StudioError
from studio.language import tr, translatable

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


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 at one stroke. Raises `FileError`."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def read_text(path: Path) -> str:
    """The UTF-8 text of a file (a byte order mark is dropped). Raises `FileError`."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
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
    }.get(error.errno or 0, error.strerror or str(error))
    return refusal(name, what, reason)


def refusal(name: str, what: Deed, reason: str) -> str:
    """The sentence that says why the file of that name can't be read, written and so on."""
    return tr(_REFUSALS[what], name=name, reason=reason)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
