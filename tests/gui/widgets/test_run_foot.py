"""The run foot by itself, on real jobs: follows, pauses, and says what it does next."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from studio.gui.widgets.run_foot import RunFoot
from studio.jobs import JobQueue, JobState
from studio.progress import Progress

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def jobs(qapp):
    queue = JobQueue()
    yield queue
    assert queue.shutdown(5)


@pytest.fixture
def foot(themed, qtbot):
    made = RunFoot("Progress", "Give up", run="Run", pause_tip="Hold", finish="End now", paused="held")
    qtbot.addWidget(made)
    made.set_ready(True)
    made.show()
    return made


def steps(count: int, pause: float = 0.01):
    for step in range(count):
        time.sleep(pause)
        yield Progress(step / count, f"step {step}")
    return "done"


def test_it_follows_a_job_and_stops_with_it(foot, jobs, qtbot):
    assert foot.run_button.isEnabled() and not foot.cancel_button.isEnabled() and not foot.pause_button.isEnabled()
    handle = jobs.submit("count", lambda: steps(100))
    foot.follow(handle)
    assert foot.status.text() == "waiting" and foot.bar.value() == 0
    assert not foot.run_button.isEnabled() and foot.cancel_button.isEnabled()
    qtbot.waitUntil(lambda: foot.bar.value() > 100 and foot.status.text().startswith("step"), timeout=5000)
    qtbot.waitUntil(lambda: "left" in foot.time_left.text(), timeout=5000)
    handle.cancel()
    assert foot.run_button.isEnabled() and not foot.cancel_button.isEnabled() and not foot.time_left.text()


def test_pause_says_continue_while_it_is_paused(foot, jobs, qtbot):
    action = QAction("Pause Counting", checkable=True)
    action.toggled.connect(foot.set_paused)
    foot.lend_pause_to(action)
    handle = jobs.submit("count", lambda: steps(10_000))
    foot.follow(handle)
    qtbot.waitUntil(lambda: handle.state is JobState.RUNNING, timeout=5000)
    qtbot.mouseClick(foot.pause_button, LEFT)
    assert handle.state is JobState.PAUSED and foot.status.text() == "held"
    assert foot.pause_button.text() == action.text() == "Continue" and action.isChecked()
    action.trigger()
    assert handle.state is JobState.RUNNING
    assert foot.pause_button.text() == "Pause" and action.text() == "Pause Counting"
    qtbot.mouseClick(foot.pause_button, LEFT)
    handle.cancel()
    assert not foot.pause_button.isChecked() and not action.isChecked() and foot.pause_button.text() == "Pause"


def test_what_can_not_pause_stays_unchecked(foot):
    action = QAction("Pause", checkable=True)
    action.toggled.connect(foot.set_paused)
    foot.lend_pause_to(action)
    action.trigger()
    assert not action.isChecked() and action.text() == "Pause"


def test_of_two_jobs_only_the_last_is_shown(foot, jobs, qtbot):
    first = jobs.submit("first", lambda: steps(10_000))
    foot.follow(first)
    second = jobs.submit("second", lambda: steps(10_000), lane="files")
    foot.follow(second)
    first.cancel()
    assert foot.is_running and foot.cancel_button.isEnabled()
    qtbot.waitUntil(lambda: foot.status.text().startswith("step"), timeout=5000)
    second.cancel()
    assert not foot.is_running


def test_buttons_that_are_not_asked_for_are_not_there(themed, qtbot):
    foot = RunFoot("Progress", "Give up")
    qtbot.addWidget(foot)
    foot.show()
    assert foot.cancel_button.isVisible()
    assert not any(button.isVisible() for button in (foot.run_button, foot.pause_button, foot.finish_button))
