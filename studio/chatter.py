"""What libraries write to the terminal on their own goes to the log; the program's own words still reach the person."""

from __future__ import annotations

import io
import logging
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

log = logging.getLogger(__name__)


class _Chatter(io.TextIOBase):
    """Stands for a stream of the process: each line that is written becomes one of the log."""

    encoding = "utf-8"

    def __init__(self, behind: TextIO | None = None) -> None:
        super().__init__()
        self.behind = behind
        self._line = ""
        self._busy = threading.RLock()
        self._is_logging = False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._busy:
            *lines, self._line = re.split(r"[\r\n]+", self._line + text)
            self._tell(lines)
        return len(text)

    def end(self) -> None:
        """The last line, which nothing ended."""
        with self._busy:
            self._tell([self._line])
            self._line = ""

    def _tell(self, lines: list[str]) -> None:
        if self._is_logging:
            return  # a log that complains on this very stream must not log its complaint
        self._is_logging = True
        try:
            for line in filter(str.strip, lines):
                log.info("a library says: %s", line)
        finally:
            self._is_logging = False


@contextmanager
def chatter_logged() -> Iterator[None]:
    """Within the block, what is printed on the output or the error stream goes to the log.

    Python's warnings go there by `logs.set_up` already. But libraries print as well: joblib writes a traceback where
    a machine doesn't tell its cores. Who has a word for the person writes to `person`.
    """
    mine: dict[str, _Chatter] = {}
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None:
            mine[name] = _Chatter(stream)
            setattr(sys, name, mine[name])
    try:
        yield
    finally:
        for name, chatter in mine.items():
            chatter.end()
            if getattr(sys, name) is chatter:  # else the terminal has gone meanwhile (`signals`)
                setattr(sys, name, chatter.behind)


_NOWHERE = _Chatter()
"""Where words go that nobody can read, as Windows gives a program without a console no streams."""


class _Person:
    """The stream `name` as the process has it, at every moment: signals may take the terminal away."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        stream = getattr(sys, self._name)
        return getattr((stream.behind if isinstance(stream, _Chatter) else stream) or _NOWHERE, attribute)


def person(name: str) -> TextIO:
    """The stream "stdout" or "stderr" that a person (or a pipe) reads, within `chatter_logged` too."""
    return _Person(name)  # type: ignore[return-value]
