"""Shared fixtures: offscreen Qt, folders of this user kept out of the tests, sample material."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

PATIENCE = 120
"""Seconds until a test gives up what it waits for: a machine may be busy with other things, and lanes stand back behind
all of them (`studio.jobs.COURTESY`). It only takes that long where a test fails."""


def pytest_configure() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Names that are not UTF-8 are logged as what they are; xdist sends text that is, and would end the whole run."""
    report = yield
    report.sections = [(title, text.encode("utf-8", "backslashreplace").decode()) for title, text in report.sections]
    if report.longrepr is not None and not isinstance(report.longrepr, tuple):
        words = str(report.longrepr)
        if words != words.encode("utf-8", "replace").decode():
            report.longrepr = words.encode("utf-8", "backslashreplace").decode()
    return report


@pytest.fixture(autouse=True)
def private_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, caches and logs of a test go to a folder of its own."""
    home = tmp_path_factory.mktemp("home")
    for name in ("CACHE", "CONFIG", "DATA", "LOGS"):
        monkeypatch.setenv(f"BUDDIES_STUDIO_{name}", str(home / name.lower()))
    monkeypatch.setenv("TORCH_HOME", str(home / "torch"))
    return home


class PatientBot(QtBot):
    """Waits `PATIENCE` unless told otherwise, and takes Ctrl+C where Python code may be left.

    Python would raise it wherever it happens to be: within a slot or a paint event Qt passes it over, and the test
    waits for what never comes; within the making of a window half of it is left, and the next test that puts a theme
    in force ends the process with signal 11.
    """

    is_interrupted = False

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.is_interrupted:  # somebody means it
            signal.default_int_handler(number, frame)
        self.is_interrupted = True

    def wait(self, ms):
        super().wait(ms)
        if self.is_interrupted:
            raise KeyboardInterrupt

    def waitUntil(self, callback, *, timeout=PATIENCE * 1000):
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal, *, timeout=PATIENCE * 1000, **more):
        return super().waitSignal(signal, timeout=timeout, **more)

    def waitExposed(self, widget, *, timeout=PATIENCE * 1000):
        return super().waitExposed(widget, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[PatientBot]:
    bot = PatientBot(request)
    before = signal.signal(signal.SIGINT, bot.interrupt)
    yield bot
    signal.signal(signal.SIGINT, before)
    if bot.is_interrupted:
        raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """A test that leaves a Python thread running fails, and names it."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in left:
        thread.join(PATIENCE)
    left = [thread for thread in left if thread.is_alive()]
    assert not left, f"threads left behind: {[thread.name for thread in left]}"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder `shared` beside the checkout, with reference pictures and networks."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "weights").is_dir():
        pytest.skip("the folder `shared` with reference networks and pictures is not beside this checkout")
    return folder
