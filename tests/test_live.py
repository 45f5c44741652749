"""The live worker, with real threads: the newest request wins, errors are sentences, and it ends in time."""

from __future__ import annotations

import threading
import time

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication

from studio.errors import StudioError
from studio.live import LiveWorker
from studio.progress import Progress
from tests.conftest import PATIENCE


class SlowDesk:
    """Answers after its gate was opened; remembers what it did, and on which thread."""

    def __init__(self, rests: int = 0) -> None:
        self.gate = threading.Event()
        self.begun = threading.Event()
        self.seen: list[object] = []
        self.threads: set[object] = set()
        self.rests = rests
        self.closed = 0

    def answer(self, request):
        self.threads.add(threading.get_ident())
        self.seen.append(request)
        self.begun.set()
        assert self.gate.wait(PATIENCE)
        if isinstance(request, Exception):
            raise request
        return request * 2

    def rest(self):
        self.threads.add(threading.get_ident())
        if not self.rests:
            return None
        self.rests -= 1
        time.sleep(0.002)
        return Progress(0.5, "resting", milestone=not self.rests)

    def close(self):
        self.threads.add(threading.get_ident())
        self.closed += 1


@pytest.fixture
def worker_of(qtbot):
    made: list[LiveWorker] = []

    def make(responder) -> LiveWorker:
        made.append(LiveWorker("test", responder))
        return made[-1]

    yield make
    for worker in made:
        assert worker.shutdown(PATIENCE)
        assert not worker.is_running


def test_only_the_newest_of_those_that_wait_is_answered_and_on_the_gui_thread(worker_of, qtbot):
    responder, answers, threads = SlowDesk(), [], []
    worker = worker_of(responder)
    worker.answered.connect(lambda tag, answer: answers.append((tag, answer)))
    worker.answered.connect(lambda *_: threads.append(QThread.currentThread()))
    assert not worker.is_running  # a window that never asks has no thread
    worker.ask(1, "one")
    assert responder.begun.wait(PATIENCE)
    for number in range(2, 60):
        worker.ask(number, str(number))
    responder.gate.set()
    qtbot.waitUntil(lambda: len(answers) == 2)
    assert answers == [("one", 2), ("59", 118)]
    assert responder.seen == [1, 59]
    assert threads == [QApplication.instance().thread()] * 2
    assert len(responder.threads) == 1 and threading.get_ident() not in responder.threads


def test_a_request_that_waits_can_be_dropped(worker_of, qtbot):
    responder = SlowDesk()
    worker = worker_of(responder)
    worker.ask(1)
    assert responder.begun.wait(PATIENCE)
    worker.ask(2)
    worker.drop()
    with qtbot.waitSignal(worker.answered):
        responder.gate.set()
    qtbot.wait(30)
    assert responder.seen == [1]


@pytest.mark.parametrize(
    ("error", "words", "has_details"),
    [
        (StudioError("The points lie on one line."), "The points lie on one line.", False),
        (ZeroDivisionError("by zero"), "by zero", True),
        (MemoryError(), "not enough memory", True),
    ],
)
def test_an_error_comes_as_a_sentence_and_the_thread_goes_on(worker_of, qtbot, error, words, has_details):
    responder = SlowDesk()
    responder.gate.set()
    worker = worker_of(responder)
    with qtbot.waitSignal(worker.failed) as failed:
        worker.ask(error, "bad")
    tag, sentence, details = failed.args
    assert tag == "bad" and words in sentence
    assert ("Traceback" in details) is has_details
    with qtbot.waitSignal(worker.answered) as answered:
        worker.ask(4, "good")
    assert answered.args == ["good", 8]


def test_it_rests_until_nothing_is_left_and_a_request_comes_first(worker_of, qtbot):
    responder, order = SlowDesk(rests=400), []
    responder.gate.set()
    worker = worker_of(responder)
    worker.answered.connect(lambda tag, _: order.append(tag))
    worker.rested.connect(lambda event: order.append(event.milestone))
    worker.ask(1, "first")
    qtbot.waitUntil(lambda: order.count(False) > 5)
    worker.ask(2, "second")
    qtbot.waitUntil(lambda: True in order)
    assert order[0] == "first"
    assert order.index("second") < 300
    assert order.count(False) == 399 and order[-1] is True


def test_the_end_is_bounded_closes_the_desk_and_nothing_is_heard_afterwards(worker_of, qtbot):
    responder, heard = SlowDesk(), []
    worker = worker_of(responder)
    worker.answered.connect(lambda *_: heard.append("answer"))
    worker.ask(1)
    assert responder.begun.wait(PATIENCE)
    began = time.monotonic()
    assert not worker.shutdown(0.1)  # it is inside a step that nobody can stop
    assert time.monotonic() - began < 20
    responder.gate.set()
    assert worker.shutdown(PATIENCE)
    assert responder.closed == 1 and len(responder.threads) == 1
    worker.ask(2)
    qtbot.wait(30)
    assert heard == [] and responder.seen == [1]
    assert not worker.is_running


def test_ending_one_that_never_began_is_at_once(worker_of):
    responder = SlowDesk()
    assert worker_of(responder).shutdown(0.0)
    assert responder.closed == 0


def test_no_failure_ends_the_thread(worker_of, qtbot):
    class Leaving(SlowDesk):
        def answer(self, request):
            if request:
                raise request
            return "here"

    worker = worker_of(Leaving())
    with qtbot.waitSignal(worker.failed) as blocker:
        worker.ask(SystemExit(1))
    assert "SystemExit" in blocker.args[1]
    with qtbot.waitSignal(worker.answered):
        worker.ask(None)
