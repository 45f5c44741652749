"""What the command line shows: a progress bar on a terminal, plain lines in a pipe; tables that machines can read."""

from __future__ import annotations

import codecs
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from studio.chatter import chatter_logged, person
from studio.errors import one_line
from studio.progress import Job, Progress, run_to_end

T = TypeVar("T")

KEEP_BYTES = "studio.keep-bytes"
"""How streams treat what they can't encode: bytes of file names as they are, anything else as a question mark."""

LINE_INTERVAL = 1.0
"""Seconds at least between two plain lines of the same phase."""


def _keep_bytes(error: UnicodeError) -> tuple[str | bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    letters = error.object[error.start : error.end]
    kept = [bytes([ord(one) - 0xDC00]) if "\udc80" <= one <= "\udcff" else b"?" for one in letters]
    return b"".join(kept), error.end


codecs.register_error(KEEP_BYTES, _keep_bytes)


def say(text: str) -> None:
    """A line for the person, on the error stream; the output stream is for results."""
    print(text, file=person("stderr"), flush=True)


def result(text: str) -> None:
    """A line of the result, on the output stream."""
    print(text, flush=True)  # noqa: T201


def drain(job: Job[T], title: str) -> T:
    """Run a job to its end and show how far it is, on the error stream; then what it remarks.

    What libraries print meanwhile goes to the log.
    """
    remarks: list[str] = []
    with _bar(title) if sys.stderr.isatty() else _lines(title) as show, chatter_logged():

        def watch(event: Progress) -> None:
            show(event)
            if event.remark:
                remarks.append(event.remark)

        found = run_to_end(job, watch)
    for remark in dict.fromkeys(remarks):
        say(remark)
    return found


@contextmanager
def _bar(title: str) -> Iterator[Callable[[Progress], None]]:
    # Names of files may stand in square brackets, which are markup to rich.
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(file=person("stderr"))
    with Bar(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as bar:
        task = bar.add_task(title, total=1.0)

        def show(event: Progress) -> None:
            bar.update(task, completed=event.fraction, description=one_line(f"{title}: {event.message}"))

        yield show


@contextmanager
def _lines(title: str) -> Iterator[Callable[[Progress], None]]:
    pace = Pace()

    def show(event: Progress) -> None:
        if pace.wants(event, time.monotonic()):
            say(one_line(f"{title}: {event.fraction:4.0%} {event.message}"))

    yield show


class Pace:
    """Which moments of a job become a line: each tenth, each new phase, each new attempt, but no flood."""

    def __init__(self) -> None:
        self._tenth = -1
        self._phase = ""
        self._fraction = 0.0
        self._time = -LINE_INTERVAL

    def wants(self, event: Progress, now: float) -> bool:
        """Whether `event`, which comes at `now` (seconds), is worth a line."""
        tenth, phase = int(event.fraction * 10 + 1e-9), event.message.partition(":")[0]
        new_attempt = event.fraction < self._fraction
        waited = now - self._time >= LINE_INTERVAL
        self._fraction = event.fraction
        if not new_attempt and not (waited and (tenth > self._tenth or phase != self._phase)):
            return False
        self._tenth, self._phase, self._time = tenth, phase, now
        return True


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: drawn on a terminal, tab-separated with a row of names in a pipe."""
    if not sys.stdout.isatty():
        for row in [columns, *rows]:
            result("\t".join(row))
        return
    drawn = Table(*columns)
    for row in rows:
        drawn.add_row(*map(Text, row))
    Console().print(drawn)
