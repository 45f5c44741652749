"""Choosing a device, and falling back when its memory is full."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
import torch

from studio.device import (
    Attempt,
    DeviceError,
    available_devices,
    choose_device,
    free_memory,
    is_out_of_memory,
    with_memory_fallback,
)
from studio.errors import OutOfMemory, StudioError
from studio.progress import Job, Progress, run_to_end

ATTEMPTS = [Attempt(100, "at full size"), Attempt(50, "at half the size"), Attempt(10, "on the CPU")]


class Block:
    """Stands for a tensor that fills the memory."""


# --- devices -----------------------------------------------------------------------------------


def test_the_cpu_is_always_there_and_comes_last() -> None:
    devices = available_devices()
    assert devices[-1].name == "cpu" and "threads" in devices[-1].label
    assert choose_device("auto").type == torch.device(devices[0].name).type
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda:99", "tpu", "", "CPU "])
def test_a_device_that_is_not_here_is_named(name: str) -> None:
    with pytest.raises(DeviceError, match=rf"no device “{name}” here; this machine has .*cpu"):
        choose_device(name)


def test_plain_cuda_means_the_first_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    class Properties:
        name, total_memory = "Big GPU", 80 * 2**30

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: Properties)
    assert [device.name for device in available_devices()][:2] == ["cuda:0", "cuda:1"]
    assert available_devices()[0].label == "Big GPU" and available_devices()[0].memory == 80 * 2**30
    assert choose_device("auto") == choose_device("cuda") == torch.device("cuda:0")
    assert choose_device("cuda:1") == torch.device("cuda:1")


# --- what out of memory looks like -------------------------------------------------------------


def real_cpu_failure() -> BaseException:
    try:
        torch.empty(2**60, dtype=torch.uint8)
    except RuntimeError as error:
        return error
    raise AssertionError


def real_numpy_failure() -> BaseException:
    try:
        np.zeros(2**60, np.uint8)
    except MemoryError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    "error",
    [
        real_cpu_failure(),
        real_numpy_failure(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
        RuntimeError("MPS backend out of memory (MPS allocated: 5.00 GB)"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
    ids=lambda error: str(error)[:30],
)
def test_full_memory_is_recognised(error: BaseException) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error", [RuntimeError("shape mismatch"), ValueError("out of memory"), StudioError("out of memory"), KeyError("x")]
)
def test_other_errors_are_not(error: BaseException) -> None:
    assert not is_out_of_memory(error)


def test_free_memory_collects_cycles() -> None:
    block = Block()
    block.itself = block  # type: ignore[attr-defined]
    alive = weakref.ref(block)
    gc.disable()
    try:
        del block
        assert alive() is not None
        free_memory()
        assert alive() is None
    finally:
        gc.enable()


# --- falling back ------------------------------------------------------------------------------


def too_large_above(limit: int, error: type[BaseException] = torch.OutOfMemoryError) -> Any:
    def make(plan: int) -> Job[str]:
        yield Progress(0.0, f"trying {plan}")
        yield Progress(0.5, f"half of {plan}", preview=plan)
        if plan > limit:
            raise error("CUDA out of memory")
        yield Progress(1.0, "end")
        return f"done with {plan}"

    return make


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError])
def test_the_next_plan_is_tried_and_said(error: type[BaseException]) -> None:
    events: list[Progress] = []
    assert run_to_end(with_memory_fallback(too_large_above(20, error), ATTEMPTS), events.append) == "done with 10"
    messages = [event.message for event in events]
    assert messages == [
        "trying 100", "half of 100", "Out of memory; trying again at half the size",
        "trying 50", "half of 50", "Out of memory; trying again on the CPU",
        "trying 10", "half of 10", "end",
    ]  # fmt: skip
    assert all(event.milestone for event in events if event.message.startswith("Out of memory"))
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0, "progress never falls"
    assert events[1].preview == 100


def test_a_plan_that_fits_is_left_alone() -> None:
    events: list[Progress] = []
    assert run_to_end(with_memory_fallback(too_large_above(100), ATTEMPTS), events.append) == "done with 100"
    assert [event.fraction for event in events] == [0.0, 0.5, 1.0]


def test_a_result_of_none_is_a_result() -> None:
    def make(_: int) -> Job[None]:
        yield Progress(1.0, "end")

    run_to_end(with_memory_fallback(make, ATTEMPTS))


def test_when_the_last_plan_fails_a_sentence_says_what_to_do() -> None:
    with pytest.raises(OutOfMemory, match="choose a smaller working size"):
        run_to_end(with_memory_fallback(too_large_above(1), ATTEMPTS))


def test_memory_that_runs_out_before_the_first_step() -> None:
    def make(plan: int) -> Job[int]:
        if plan > 20:
            raise MemoryError

        def job() -> Job[int]:
            yield Progress(1.0, "end")
            return plan

        return job()

    assert run_to_end(with_memory_fallback(make, ATTEMPTS)) == 10


def test_the_memory_of_a_failed_attempt_is_free_before_the_next() -> None:
    blocks: list[weakref.ref[Block]] = []
    alive_at_start: list[int] = []

    def fills(depth: int) -> None:
        block = Block()  # held by a frame of the traceback only
        blocks.append(weakref.ref(block))
        if depth:
            fills(depth - 1)
        raise torch.OutOfMemoryError("CUDA out of memory")

    def make(plan: int) -> Job[str]:
        alive_at_start.append(sum(block() is not None for block in blocks))
        mine = Block()
        mine.itself = mine  # type: ignore[attr-defined]
        blocks.append(weakref.ref(mine))
        yield Progress(0.0, "working")
        if plan > 20:
            fills(3)
        return "done"

    gc.disable()
    try:
        assert run_to_end(with_memory_fallback(make, ATTEMPTS)) == "done"
    finally:
        gc.enable()
    assert alive_at_start == [0, 0, 0] and len(blocks) == 11


@pytest.mark.parametrize("error", [ValueError("bug"), RuntimeError("shape mismatch"), StudioError("sentence")])
def test_other_errors_pass_at_once(error: Exception) -> None:
    plans = []

    def make(plan: int) -> Job[str]:
        plans.append(plan)
        yield Progress(0.0, "working")
        raise error

    with pytest.raises(type(error), match=str(error)):
        run_to_end(with_memory_fallback(make, ATTEMPTS))
    assert plans == [100]


def test_closing_closes_the_attempt_and_tries_no_other() -> None:
    log = []

    def make(plan: int) -> Job[str]:
        try:
            log.append(f"start {plan}")
            yield Progress(0.0, "working")
            return "done"
        finally:
            log.append(f"closed {plan}")

    job = with_memory_fallback(make, ATTEMPTS)
    next(job)
    job.close()
    assert log == ["start 100", "closed 100"]
