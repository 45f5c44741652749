"""The one family of errors whose text is a sentence meant for the person at the screen."""

from __future__ import annotations

import re

_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What ends a line, or what a terminal obeys."""


def one_line(text: str) -> str:
    """`text` with signs that end a line or steer a terminal written out (`\\n`, `\\x1b`), as names may hold them."""
    return _NOT_IN_A_LINE.sub(lambda sign: sign[0].encode("unicode_escape").decode("ascii"), text)


class StudioError(Exception):
    """A foreseen failure. `str(error)` is one sentence: what happened and what to do about it.

    The window shows it as it stands, the command line prints it on one line; anything that is not
    a `StudioError` is a bug and is logged with its traceback.
    """

    def __str__(self) -> str:
        return one_line(super().__str__())


class OutOfMemory(StudioError):
    """No device and no smaller size was left to try."""


def words_of(error: BaseException) -> str:
    """What an error says of itself; nothing if it fails even at that, as some of libraries do."""
    try:
        return str(error)
    except Exception:
        return ""
