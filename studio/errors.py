"""The one family of errors whose text is a sentence meant for the person at the screen."""

from __future__ import annotations


class StudioError(Exception):
    """A foreseen failure. `str(error)` is one sentence: what happened and what to do about it.

    The window shows it as it stands, the command line prints it on one line; anything that is not
    a `StudioError` is a bug and is logged with its traceback.
    """


class OutOfMemory(StudioError):
    """No device and no smaller size was left to try."""


def words_of(error: BaseException) -> str:
    """What an error says of itself; nothing if it fails even at that, as some of libraries do."""
    try:
        return str(error)
    except Exception:
        return ""
