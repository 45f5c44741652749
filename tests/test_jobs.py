"""Jobs on real QThreads: order, rate, cancel, pause, errors, shutdown."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import time
import weakref

import pytest
from PySide6.QtCore import QObject, QThread, QTimer

from studio.errors import StudioError
from studio.jobs import PREVIEW_INTERVAL, JobQueue, JobState
from studio.progress import Job, Progress
from tests.conftest import PATIENCE


@pytest.fixture
def jobs(qtbot):
    queue = JobQueue()
    yield queue
    assert queue.shutdown(PATIENCE)


def counting(steps: int, pause: float = 0.0, closed: list[str] | None = None) -> Job[int]:
    try:
        for step in range(steps):
            time.sleep(pause)
            yield Progress(step / steps, f"step {step}", preview=step)
        return steps
    finally:
        if closed is not None:
            closed.append("closed")


def test_result_arrives_on_the_gui_thread_whatever_is_connected(jobs, qtbot):
    ran_on, heard_on = [], []

    def make():
        ran_on.append(threading.get_ident())
        return counting(3)

    handle = jobs.submit("count", make)
    results = []
    handle.finished.connect(lambda result: (results.append(result), heard_on.append(threading.get_ident())))
    qtbot.waitUntil(lambda: handle.state is JobState.FINISHED)
    assert results == [3]
    assert heard_on == [threading.get_ident()]
    assert ran_on[0] != threading.get_ident()


@pytest.mark.skipif(sys.platform != "linux", reason="niceness of single threads is Linux's")
def test_lanes_and_the_threads_they_start_stand_back_behind_the_window(jobs, qtbot):
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def measured() -> Job[list[int]]:
        yield Progress(0.0, "measuring")
        found = [niceness()]
        child = threading.Thread(target=lambda: found.append(niceness()))  # as torch's own threads are
        child.start()
        child.join()
        return found

    before, results = niceness(), []
    jobs.submit("measure", measured).finished.connect(results.append)
    qtbot.waitUntil(lambda: bool(results))
    assert all(found > before or found == 19 for found in results[0])
    assert len(results[0]) == 2
    assert niceness() == before


def test_one_job_at_a_time_per_lane_and_lanes_side_by_side(jobs, qtbot):
    running, most = set(), [0]
    meet = threading.Barrier(2, timeout=PATIENCE)

    def tracked(name):
        running.add(name)
        most[0] = max(most[0], len(running))
        yield Progress(0.5, name)
        time.sleep(0.02)
        running.discard(name)

    handles = [jobs.submit(str(number), lambda number=number: tracked(number)) for number in range(5)]
    qtbot.waitUntil(lambda: all(handle.state is JobState.FINISHED for handle in handles))
    assert most == [1]

    def meeting():
        meet.wait()
        yield Progress(1.0, "met")

    pair = [jobs.submit("m", meeting, lane=lane) for lane in ("compute", "files")]
    qtbot.waitUntil(lambda: all(handle.state is JobState.FINISHED for handle in pair))


def test_previews_are_limited_but_milestones_all_arrive(jobs, qtbot):
    def fast():
        for step in range(3000):
            yield Progress(step / 3000, "fast", preview=step, milestone=step % 500 == 0)
            time.sleep(0.0002)

    handle = jobs.submit("fast", fast)
    seen = []
    handle.progressed.connect(seen.append)
    started = time.monotonic()
    qtbot.waitUntil(lambda: handle.state is JobState.FINISHED)
    took = time.monotonic() - started
    assert [event.preview for event in seen if event.milestone] == [0, 500, 1000, 1500, 2000, 2500]
    ordinary = [event for event in seen if not event.milestone]
    assert 1 <= len(ordinary) <= took / PREVIEW_INTERVAL + 2
    fractions = [event.fraction for event in seen]
    assert fractions == sorted(fractions)


def test_a_message_before_a_long_step_is_shown_during_it(jobs, qtbot):
    go_on = threading.Event()

    def slow():
        yield Progress(0.1, "quick")
        yield Progress(0.2, "long step")
        go_on.wait(PATIENCE)

    handle = jobs.submit("slow", slow)
    qtbot.waitUntil(lambda: handle.progress.message == "long step")
    go_on.set()
    qtbot.waitUntil(lambda: handle.state.is_final)


def test_cancel_closes_the_generator_within_a_step_and_drops_what_comes_later(jobs, qtbot):
    closed: list[str] = []
    handle = jobs.submit("long", lambda: counting(10_000, 0.005, closed))
    heard = []
    handle.finished.connect(lambda _: heard.append("finished"))
    handle.progressed.connect(lambda _: heard.append("progress"))
    qtbot.waitUntil(lambda: "progress" in heard)
    with qtbot.waitSignal(handle.cancelled):
        handle.cancel()
    heard.clear()
    qtbot.waitUntil(lambda: closed == ["closed"])
    qtbot.wait(100)
    assert heard == []
    assert handle.state is JobState.CANCELLED
    handle.cancel()  # a second time does nothing


def test_cancel_of_a_waiting_job_never_starts_it(jobs, qtbot):
    first = jobs.submit("first", lambda: counting(50, 0.005))
    started = []

    def make():
        started.append(1)
        return counting(1)

    second = jobs.submit("second", make)
    second.cancel()
    qtbot.waitUntil(lambda: first.state is JobState.FINISHED)
    third = jobs.submit("third", lambda: counting(1))
    qtbot.waitUntil(lambda: third.state is JobState.FINISHED)
    assert started == []


def test_pause_stops_the_steps_and_resume_goes_on(jobs, qtbot):
    steps = []

    def job():
        for step in range(100):
            steps.append(step)
            time.sleep(0.002)
            yield Progress(step / 100, "s")
        return len(steps)

    handle = jobs.submit("pausing", job)
    qtbot.waitUntil(lambda: len(steps) > 5)
    handle.pause()
    qtbot.wait(50)
    stood_at = len(steps)
    qtbot.wait(100)
    assert len(steps) == stood_at
    assert handle.state is JobState.PAUSED
    handle.resume()
    qtbot.waitUntil(lambda: handle.state is JobState.FINISHED)
    assert steps == list(range(100))


def test_paused_jobs_can_be_cancelled(jobs, qtbot):
    closed: list[str] = []
    handle = jobs.submit("p", lambda: counting(1000, 0.002, closed))
    qtbot.waitUntil(lambda: handle.state is JobState.RUNNING)
    handle.pause()
    handle.cancel()
    qtbot.waitUntil(lambda: closed == ["closed"])


@pytest.mark.parametrize(
    ("error", "sentence", "has_traceback"),
    [
        (StudioError("The file is gone: choose another."), "The file is gone: choose another.", False),
        (MemoryError(), "not enough memory", True),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "not enough memory", True),
        (ZeroDivisionError("division by zero"), "error in the program (ZeroDivisionError", True),
    ],
)
def test_errors_become_a_sentence_and_the_lane_goes_on(jobs, qtbot, caplog, error, sentence, has_traceback):
    def failing():
        yield Progress(0.1, "so far so good")
        raise error

    with caplog.at_level(logging.WARNING):
        handle = jobs.submit("Breaking", failing)
        with qtbot.waitSignal(handle.failed) as blocker:
            pass
    assert sentence in blocker.args[0]
    assert bool(blocker.args[1]) is has_traceback
    assert caplog.records
    after = jobs.submit("after", lambda: counting(1))
    qtbot.waitUntil(lambda: after.state is JobState.FINISHED)


class Wordless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), GeneratorExit(), Wordless()])
def test_no_failure_takes_the_lane_with_it(qtbot, error):
    """It did: the job ran for ever, later ones waited, and closing ended with a job that did not stop."""
    queue = JobQueue()

    def failing():
        yield Progress(0.1, "so far so good")
        raise error

    handle = queue.submit("Breaking", failing)
    qtbot.waitUntil(lambda: handle.state is JobState.FAILED)
    assert f"error in the program ({type(error).__name__}" in handle.error
    after = queue.submit("after", lambda: counting(1))
    qtbot.waitUntil(lambda: after.state is JobState.FINISHED)
    assert queue.shutdown(PATIENCE)


def test_a_paused_job_that_is_given_up_takes_no_further_step(jobs, qtbot):
    steps = []

    def job():
        for step in range(1000):
            steps.append(step)
            time.sleep(0.002)
            yield Progress(step / 1000, "s")

    handle = jobs.submit("pausing", job)
    qtbot.waitUntil(lambda: len(steps) > 2)
    handle.pause()
    qtbot.wait(50)
    stood_at = len(steps)
    handle.cancel()
    qtbot.wait(50)
    assert len(steps) == stood_at


def test_what_a_job_held_is_let_go_of_after_its_end(jobs, qtbot):
    class Big:
        pass

    seen: list[weakref.ref[Big]] = []

    def holding(fail: bool):
        big = Big()
        seen.append(weakref.ref(big))
        yield Progress(0.5, "holding", preview=big)
        if fail:
            raise RuntimeError("no")

    for fail in (False, True):
        handle = jobs.submit("holding", lambda fail=fail: holding(fail))
        qtbot.waitUntil(lambda handle=handle: handle.state.is_final)
    qtbot.wait(20)
    gc.collect()
    assert [ref() for ref in seen] == [None, None]


def test_shutdown_ends_the_threads_and_cancels_what_runs(qtbot):
    queue = JobQueue()
    closed: list[str] = []
    handle = queue.submit("long", lambda: counting(100_000, 0.002, closed))
    waiting = queue.submit("waiting", lambda: counting(3))
    qtbot.waitUntil(lambda: handle.state is JobState.RUNNING)
    lanes = queue.threads
    assert queue.shutdown(PATIENCE)
    assert closed == ["closed"]
    assert waiting.state is JobState.CANCELLED
    assert all(lane.isFinished() for lane in lanes)
    with pytest.raises(RuntimeError):
        queue.submit("late", lambda: counting(1))


def test_shutdown_is_bounded_when_a_step_hangs(qtbot):
    queue = JobQueue()
    let_go = threading.Event()

    def stuck():
        yield Progress(0.0, "stuck")
        let_go.wait(PATIENCE)
        yield Progress(0.5, "free")

    handle = queue.submit("stuck", stuck)
    qtbot.waitUntil(lambda: handle.progress.message == "stuck")
    started = time.monotonic()
    assert queue.shutdown(timeout=0.3) is False
    assert time.monotonic() - started < 20
    let_go.set()
    assert queue.shutdown(PATIENCE)


def test_the_gui_thread_stays_free_while_a_job_computes(jobs, qtbot):
    ticks = []
    timer = QTimer()
    timer.setInterval(8)
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))
    timer.start()

    def busy():
        for step in range(60):
            sum(range(200_000))  # holds the interpreter lock, as Python code does
            yield Progress(step / 60, "busy")

    handle = jobs.submit("busy", busy)
    qtbot.waitUntil(lambda: handle.state is JobState.FINISHED)
    timer.stop()
    assert len(ticks) > 5


def test_handles_live_on_the_queue_s_thread(jobs, qtbot):
    handle = jobs.submit("x", lambda: counting(1))
    assert isinstance(handle, QObject)
    assert handle.thread() is QThread.currentThread()
    qtbot.waitUntil(lambda: handle.state.is_final)
