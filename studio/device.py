"""Which device computes, how much memory it has, and what to do when that is full."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from studio.errors import OutOfMemory, StudioError, words_of
from studio.language import tr, trn
from studio.progress import Job, Progress, part

if TYPE_CHECKING:
    import torch

T = TypeVar("T")
Plan = TypeVar("Plan")


class DeviceError(StudioError):
    """A device that this machine or this torch does not have."""


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """One device to compute on: `name` as torch spells it, `label` and `memory` (bytes) for people."""

    name: str
    label: str
    memory: int | None


def available_devices() -> list[DeviceInfo]:
    """All devices, the fastest first. Imports torch."""
    import torch

    devices = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        properties = torch.cuda.get_device_properties(index)
        devices.append(DeviceInfo(f"cuda:{index}", properties.name, properties.total_memory))
    if torch.backends.mps.is_available():
        devices.append(DeviceInfo("mps", tr("Apple GPU"), None))
    devices.append(
        DeviceInfo("cpu", trn("CPU, {number} threads", "CPU, {number} threads", torch.get_num_threads()), None)
    )
    return devices


_own_threads = 0


def set_threads(count: int) -> None:
    """How many processor cores torch uses on the calling thread; 0 is what it chose itself. Imports torch."""
    global _own_threads
    import torch

    if not _own_threads:
        _own_threads = torch.get_num_threads()
    torch.set_num_threads(count or _own_threads)


def choose_device(name: str = "auto") -> torch.device:
    """The torch device called `name`; "auto" is the fastest there is.

    Raises
    ------
    DeviceError
        No such device here.
    """
    import torch

    names = [device.name for device in available_devices()]
    wanted = names[0] if name == "auto" else name
    if wanted == "cuda" and "cuda:0" in names:
        wanted = "cuda:0"
    if wanted not in names:
        raise DeviceError(
            tr("There is no device “{name}” here; this machine has {names}.", name=name, names=", ".join(names))
        )
    return torch.device(wanted)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory ran out, on a GPU or on the CPU."""
    if isinstance(error, MemoryError):
        return True
    text = words_of(error)
    return isinstance(error, RuntimeError) and any(
        phrase in text
        for phrase in (
            "out of memory",
            "can't allocate memory",
            "not enough memory",
            "Cannot allocate memory",
            "STATUS_ALLOC_FAILED",  # cuBLAS and cuDNN
        )
    )


def free_memory() -> None:
    """Give back what nobody holds any more: Python's cycles, then the allocator's cached blocks."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


@dataclass(frozen=True, slots=True)
class Attempt(Generic[Plan]):
    """One way of doing a job: `plan` is handed to it, `label` tells a person what is tried."""

    plan: Plan
    label: str


def with_memory_fallback(make: Callable[[Plan], Job[T]], attempts: Sequence[Attempt[Plan]]) -> Job[T]:
    """Run the job that `make` builds, with the next plan each time memory runs out.

    The error is let go of before the next attempt, for its traceback holds the tensors that filled
    the memory. The switch is reported as a `Progress` message that no watcher skips, and the next
    attempt fills the part of the progress that was left.

    Raises
    ------
    OutOfMemory
        The last plan ran out as well.
    """
    reached = 0.0
    for index, attempt in enumerate(attempts):
        result, reached = yield from _try(make, attempt.plan, reached)
        if result is not None:
            return result[0]
        free_memory()
        if index + 1 < len(attempts):
            label = attempts[index + 1].label
            yield Progress(reached, tr("Out of memory; trying again {label}", label=label), milestone=True)
    raise OutOfMemory(
        tr("There is not enough memory for this; choose a smaller working size, or close other programs.")
    )


def _try(make: Callable[[Plan], Job[T]], plan: Plan, start: float) -> Job[tuple[tuple[T] | None, float]]:
    """The result in a tuple, or None if memory ran out; and how far the progress came."""
    reached = start
    job: Job[T] | None = None
    try:
        job = part(make(plan), start, 1.0)
        while True:
            try:
                event = next(job)
            except StopIteration as stop:
                return (stop.value,), 1.0
            reached = event.fraction
            yield event
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
    finally:
        if job is not None:
            job.close()
    return None, reached
