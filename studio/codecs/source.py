"""Where the bytes of a picture come from, and one sentence for every way in which they can fail."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from studio.errors import StudioError
from studio.files import explain_os_error, ordinary
from studio.language import tr


class PictureError(StudioError):
    """A picture that can't be read or written."""


class Damaged(Exception):
    """The bytes end too early or contradict themselves; `reading` makes a sentence of it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A picture file, or its bytes in memory, and the name to call it by."""

    name: str
    content: Path | bytes = field(repr=False)

    def open(self) -> BinaryIO:
        """The bytes as a seekable file. Raises `OSError`, or `PictureError` if there are none."""
        if isinstance(self.content, bytes):
            file: BinaryIO = io.BytesIO(self.content)
        else:
            file = ordinary(self.content).open("rb")
        if not file.read(1):
            file.close()
            raise PictureError(tr("“{name}” is empty.", name=self.name))
        file.seek(0)
        return file


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn whatever a decoder raises into a `PictureError` about the picture called `name`.

    Decoders meet damage as a failed system call, a short read, a number out of place or a missing
    key, so the list is long; anything else passes through, for it is a bug.
    """
    try:
        yield
    except MemoryError as error:
        raise PictureError(
            tr("There is not enough memory to open “{name}”; close other programs or reduce it.", name=name)
        ) from error
    except OSError as error:
        # Pillow's own complaints are OSErrors without a number.
        if error.errno is not None:
            raise PictureError(explain_os_error(error, name, "opened")) from error
        raise _damaged(name) from error
    except (
        Damaged,
        SyntaxError,
        EOFError,
        struct.error,
        zlib.error,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        OverflowError,
        ZeroDivisionError,
        NotImplementedError,
    ) as error:
        raise _damaged(name) from error


def _damaged(name: str) -> PictureError:
    return PictureError(tr("“{name}” is damaged or incomplete: please get a whole copy of it.", name=name))
