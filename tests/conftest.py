"""Shared fixtures: offscreen Qt, folders of this user kept out of the tests, sample material."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_configure() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def private_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, caches and logs of a test go to a folder of its own."""
    home = tmp_path_factory.mktemp("home")
    for name in ("CACHE", "CONFIG", "DATA", "LOGS"):
        monkeypatch.setenv(f"BUDDIES_STUDIO_{name}", str(home / name.lower()))
    monkeypatch.setenv("TORCH_HOME", str(home / "torch"))
    return home


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """A test that leaves a Python thread running fails, and names it."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in left:
        thread.join(2.0)
    left = [thread for thread in left if thread.is_alive()]
    assert not left, f"threads left behind: {[thread.name for thread in left]}"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder `shared` beside the checkout, with reference pictures and networks."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "weights").is_dir():
        pytest.skip("the folder `shared` with reference networks and pictures is not beside this checkout")
    return folder
