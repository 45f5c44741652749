"""The signals by which a system asks a program to end: each ends it as Ctrl+C does, with everything tidied up."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn


class Ended(KeyboardInterrupt):
    """The system asks the program to end, by the signal `number`."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class _Listener:
    """What the system calls."""

    def __init__(self, then: Callable[[int], object]) -> None:
        self._then = then

    def __call__(self, number: int, _frame: object) -> None:
        self._then(number)


def on_ending(then: Callable[[int], object]) -> list[int]:
    """Call `then(number)` when the system asks for the end; returns the signals that are listened to.

    The last one who calls this is heard. Signals that others listen to, or that are to be passed over (`nohup`), stay
    as they are. To be called on the main thread.
    """
    heard: list[int] = []
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is None:
            continue
        before = signal.getsignal(number)
        if before is signal.SIG_DFL or isinstance(before, _Listener):
            signal.signal(number, _Listener(then))
            heard.append(number)
    return heard


@contextmanager
def ending_as_interrupt() -> Iterator[None]:
    """Within the block `Ended` is raised, once, where the system asks for the end: every `finally` has its turn."""
    listening: list[int] = []

    def end(number: int) -> NoReturn:
        for other in listening:
            signal.signal(other, signal.SIG_IGN)  # what tidies up is not to be interrupted again
        if number == getattr(signal, "SIGHUP", None):
            # The terminal is gone, and a word to it would be an error in the midst of tidying up.
            sys.stdout = sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        raise Ended(number)

    listening += on_ending(end)
    try:
        yield
    finally:
        for number in listening:
            signal.signal(number, signal.SIG_DFL)
