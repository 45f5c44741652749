"""The job contract: draining, cancelling, nesting."""

from __future__ import annotations

import pytest

from studio.progress import Cancelled, Job, Progress, part, run_to_end


class Traced:
    """A job that notes what happens to it."""

    def __init__(self, steps: int = 4, fails_at: int | None = None) -> None:
        self.closed = False
        self.taken = 0
        self._steps, self._fails_at = steps, fails_at

    def run(self) -> Job[str]:
        try:
            for step in range(self._steps):
                if step == self._fails_at:
                    raise LookupError("broken")
                self.taken += 1
                yield Progress(step / self._steps, f"step {step}", preview=step)
            return "done"
        finally:
            self.closed = True


def test_run_to_end_returns_the_result_and_shows_every_event() -> None:
    traced, events = Traced(), list[Progress]()
    assert run_to_end(traced.run(), events.append) == "done"
    assert [event.preview for event in events] == [0, 1, 2, 3]
    assert traced.closed


def test_a_job_without_steps() -> None:
    assert run_to_end(Traced(steps=0).run()) == "done"


def test_cancelling_closes_the_job_after_the_step_that_was_under_way() -> None:
    traced = Traced()
    with pytest.raises(Cancelled):
        run_to_end(traced.run(), is_cancelled=lambda: traced.taken == 2)
    assert traced.taken == 2 and traced.closed


def test_an_error_passes_through_and_the_job_is_closed() -> None:
    traced = Traced(fails_at=2)
    with pytest.raises(LookupError, match="broken"):
        run_to_end(traced.run())
    assert traced.closed


def test_an_error_of_the_watcher_closes_the_job_too() -> None:
    traced = Traced()
    with pytest.raises(ZeroDivisionError):
        run_to_end(traced.run(), lambda _: 1 // 0)  # type: ignore[arg-type,return-value]
    assert traced.closed and traced.taken == 1


def test_part_maps_the_fractions_and_keeps_everything_else() -> None:
    inner = Progress(0.5, "half", preview="picture", milestone=True)

    def job() -> Job[int]:
        yield Progress(0.0, "start")
        yield inner
        yield Progress(1.5, "overshot")
        return 7

    def outer() -> Job[int]:
        result = yield from part(job(), 0.2, 0.6, prefix="inner: ")
        yield Progress(1.0, "end")
        return result

    events: list[Progress] = []
    assert run_to_end(outer(), events.append) == 7
    assert [event.fraction for event in events] == pytest.approx([0.2, 0.4, 0.6, 1.0])
    assert [event.message for event in events] == ["inner: start", "inner: half", "inner: overshot", "end"]
    assert events[1].preview == "picture" and events[1].milestone


def test_closing_the_outer_job_closes_the_inner_one() -> None:
    traced = Traced()

    def outer() -> Job[str]:
        return (yield from part(traced.run(), 0.0, 1.0))

    job = outer()
    next(job)
    assert not traced.closed
    job.close()
    assert traced.closed and traced.taken == 1
