"""What every long computation yields: the job contract, shared by the window and the command line.

A job is a generator. It yields `Progress` often and returns its result; closing the generator
cancels it, so that its `finally` blocks give memory and files back.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """One moment of a running job.

    Attributes
    ----------
    fraction : float
        Share of the work that is done, 0 to 1; never falls within one job.
    message : str
        What is being done, a short phrase for a person ("level 3: searching").
    preview : object, optional
        Something worth showing already. Its type is the job's affair (`match` yields a `PairSet`).
    milestone : bool
        This event must reach the watcher. Others may be skipped where they come faster than a screen
        can show them (the pairs of a level are a milestone, the picture after a style step is not).
    remark : str
        A sentence about the result that a person must see after the job has ended; its event is a milestone.
    about : Enum, optional
        What the remark is about, as the job has it: nobody has to read the sentence to know.
    """

    fraction: float
    message: str
    preview: object | None = None
    milestone: bool = False
    remark: str = ""
    about: Enum | None = None


Job: TypeAlias = Generator[Progress, None, T]


class Cancelled(Exception):
    """The job was given up because somebody asked for it."""


def run_to_end(
    job: Job[T],
    on_progress: Callable[[Progress], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> T:
    """Drain `job` and hand out its result.

    Parameters
    ----------
    job : Job[T]
        The generator to drain. It is closed in every case.
    on_progress : callable, optional
        Called with every `Progress`, on the calling thread.
    is_cancelled : callable, optional
        Asked after every step.

    Raises
    ------
    Cancelled
        `is_cancelled` answered yes; the generator was closed first.
    """
    try:
        while True:
            try:
                event = next(job)
            except StopIteration as stop:
                result: T = stop.value
                return result
            if on_progress is not None:
                on_progress(event)
            if is_cancelled is not None and is_cancelled():
                raise Cancelled
    finally:
        job.close()


def part(job: Job[T], start: float, stop: float, prefix: str = "") -> Job[T]:
    """Run `job` as the part of a larger one that fills the fractions from `start` to `stop`.

    Use as `result = yield from part(inner(...), 0.0, 0.3)`. Messages get `prefix` in front.
    """
    try:
        while True:
            try:
                event = next(job)
            except StopIteration as end:
                result: T = end.value
                return result
            fraction = start + (stop - start) * min(max(event.fraction, 0.0), 1.0)
            yield replace(event, fraction=fraction, message=prefix + event.message)
    finally:
        job.close()
