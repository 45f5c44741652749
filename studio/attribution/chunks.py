"""Many pictures through a network in chunks: as large as memory allows, as small as a cancel needs."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from torch import Tensor

from studio.device import free_memory, is_out_of_memory
from studio.progress import Job, Progress

T = TypeVar("T")

SECONDS = 0.4
"""That a chunk may take: so long a cancel waits at most, beyond the time of one picture."""
LARGEST = 64
"""Pictures in a chunk; more fill no device better."""
CPU_BYTES = 1 << 30
"""Of activations in a chunk on a CPU, at most."""


def in_chunks(
    work: Callable[[int, int], T], count: int, device: torch.device, message: str, per_item: int | None = None
) -> Job[list[T]]:
    """Call `work(start, stop)` for ranges that together cover `count` items, and hand out what it returned.

    The first range is a single item. What it takes of memory (`per_item` if that is known, else what autograd
    keeps of it) and of time tells how many are taken on at once; if memory runs out after all, half as many.

    Parameters
    ----------
    per_item : int, optional
        Bytes.
    """
    results: list[T] = []
    start, size, ceiling = 0, 1, LARGEST
    bytes_each = per_item or 0
    while start < count:
        stop = min(start + size, count)
        begun = time.perf_counter()
        if start == 0 and per_item is None:
            with _kept_bytes() as kept:
                found = _try(work, start, stop)
            bytes_each = kept[0]
        else:
            found = _try(work, start, stop)
        if found is None:
            if size == 1:
                raise MemoryError("out of memory for a single picture")
            free_memory()
            size = ceiling = max(1, size // 2)
            continue
        results += found
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        each = (time.perf_counter() - begun) / (stop - start)
        start = stop
        room = budget(device) // max(1, bytes_each)
        size = max(1, min(ceiling, room, int(SECONDS / max(each, 1e-6)), 4 * size))
        yield Progress(start / count, message)
    return results


def _try(work: Callable[[int, int], T], start: int, stop: int) -> list[T] | None:
    """The result in a list, or None if memory ran out; the error and what it holds are gone by then."""
    try:
        return [work(start, stop)]
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
    return None


def budget(device: torch.device) -> int:
    """Bytes that a chunk may take on `device` now."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return (free + unused) // 2
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows, macOS
        return CPU_BYTES
    return max(64 << 20, min(CPU_BYTES, free // 4))


@contextlib.contextmanager
def _kept_bytes() -> Iterator[list[int]]:
    """Counts what autograd keeps for the way back, each memory once; of runs without gradients that is nothing."""
    seen: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    kept = [0]
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield kept
    # The way back needs gradients of about the size of the largest two maps besides.
    kept[0] = sum(seen.values()) + 2 * max(seen.values(), default=0)
