"""Downloads from a real server that is slow, breaks off, lies about lengths and serves garbage."""

from __future__ import annotations

import errno
import hashlib
import random
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.backbones import WeightsError
from studio.backbones.connection import Connection
from studio.backbones.download import MEGABYTE, Remote, download, sha256_of
from studio.progress import Progress, run_to_end
from tests.backbones.server import (
    FileServer,
    breaks_off,
    endlessly,
    instead,
    promises,
    slowly,
    stalls,
    without_ranges,
    wrong_range,
)

CONTENT = random.Random(1).randbytes(700_000)


@pytest.fixture
def remote(server: FileServer) -> Remote:
    server.files["net.pth"] = CONTENT
    return Remote("TestNet", f"{server.url}/net.pth", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "weights" / "net.pth.part"


@pytest.fixture(autouse=True)
def no_download_thread_left() -> Iterator[None]:
    yield
    assert not downloading()


def downloading() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if isinstance(thread, Connection)]


def fetch(remote: Remote, target: Path) -> list[Progress]:
    """Download to the end; what the job reported must make sense."""
    events: list[Progress] = []
    try:
        run_to_end(download(remote, target), events.append)
    finally:
        fractions = [event.fraction for event in events]
        assert fractions == sorted(fractions) and all(0 <= fraction <= 1 for fraction in fractions)
    return events


def failing(remote: Remote, target: Path) -> str:
    """The sentence of a download that must fail."""
    with pytest.raises(WeightsError) as caught:
        fetch(remote, target)
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith(".") and len(sentence) < 320
    return sentence


def test_all_is_well(server: FileServer, remote: Remote, target: Path) -> None:
    fetch(remote, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges == [None]
    assert server.requests[0]["user-agent"].startswith("buddies-studio/")


def test_the_first_digits_of_the_hash_are_enough(remote: Remote, target: Path) -> None:
    fetch(replace(remote, sha256=remote.sha256[:8]), target)
    assert target.read_bytes() == CONTENT


def test_slowly_with_progress_and_rate(server: FileServer, remote: Remote, target: Path) -> None:
    server.script.append(slowly(pieces=8, seconds=0.06))
    events = fetch(remote, target)
    assert target.read_bytes() == CONTENT
    assert len({event.fraction for event in events}) >= 4
    assert any("of 1 MB" in event.message and "MB/s" in event.message for event in events)


@pytest.mark.parametrize("answer", ["well", "without_ranges", "wrong_range"])
def test_goes_on_after_a_break(answer: str, server: FileServer, remote: Remote, target: Path) -> None:
    server.script.append(breaks_off(300_000))
    server.script += {"well": [], "without_ranges": [without_ranges], "wrong_range": [wrong_range]}[answer]
    fetch(remote, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges[:2] == [None, "bytes=300000-"]
    assert server.requests[1]["if-range"] == '"first"'
    assert server.ranges[2:] == ([None] if answer == "wrong_range" else [])


def test_goes_on_as_long_as_something_comes(server: FileServer, remote: Remote, target: Path) -> None:
    server.script += [breaks_off(60_000)] * 10
    fetch(remote, target)
    assert target.read_bytes() == CONTENT
    assert len(server.requests) == 11


def test_a_file_that_was_replaced_meanwhile_is_not_mixed(server: FileServer, remote: Remote, target: Path) -> None:
    server.files["net.pth"] = bytes(len(CONTENT))
    server.script.append(breaks_off(300_000))
    job = download(remote, target)
    for _ in job:
        if target.exists() and target.stat().st_size == 300_000:
            server.files["net.pth"], server.etag = CONTENT, '"second"'
    assert target.read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_an_earlier_download_is_taken_up(server: FileServer, remote: Remote, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(CONTENT[:400_000])
    fetch(remote, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges == ["bytes=400000-"]


def test_what_is_complete_already_is_not_asked_for(server: FileServer, remote: Remote, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(CONTENT)
    fetch(remote, target)
    assert server.requests == []


@pytest.mark.parametrize("old", [bytes(400_000), bytes(len(CONTENT)), CONTENT + b"more"])
def test_an_earlier_download_of_something_else_is_dropped(
    old: bytes, server: FileServer, remote: Remote, target: Path
) -> None:
    target.parent.mkdir()
    target.write_bytes(old)
    fetch(remote, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges == [f"bytes={len(old)}-", None]


def test_server_trouble_passes(server: FileServer, remote: Remote, target: Path) -> None:
    server.script += [instead(b"", status=500), instead(b"", status=503)]
    fetch(remote, target)
    assert target.read_bytes() == CONTENT


def test_server_trouble_stays(server: FileServer, remote: Remote, target: Path) -> None:
    server.script += [instead(b"", status=500)] * 9
    sentence = failing(remote, target)
    assert "answered 500" in sentence and remote.url in sentence
    assert len(server.requests) == 4
    assert not target.exists()


def test_no_such_file(server: FileServer, remote: Remote, target: Path) -> None:
    del server.files["net.pth"]
    assert "answered 404" in failing(remote, target)
    assert len(server.requests) == 1, "asking again would not help"
    assert not target.exists()


def test_no_network(remote: Remote, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    sentence = failing(replace(remote, url=f"http://127.0.0.1:{port}/net.pth"), target)
    assert f"there is no connection to 127.0.0.1:{port}" in sentence and "check the network" in sentence
    assert not target.exists()


def test_a_log_in_page(server: FileServer, remote: Remote, target: Path) -> None:
    server.script.append(instead(b"<html>please pay</html>", "text/html; charset=utf-8"))
    assert "web page" in failing(remote, target)
    assert not target.exists()


def test_garbage(server: FileServer, remote: Remote, target: Path) -> None:
    server.script.append(instead(bytes(len(CONTENT))))
    sentence = failing(remote, target)
    assert "not the published file" in sentence and "choose that file" in sentence
    assert not target.exists() and len(server.requests) == 1


def test_too_short_a_length(server: FileServer, remote: Remote, target: Path) -> None:
    server.script.append(promises(len(CONTENT) - 1000))
    assert "not the published file" in failing(remote, target)
    assert not target.exists()


def test_too_long_a_length_is_forgiven_when_the_content_is_right(
    server: FileServer, remote: Remote, target: Path
) -> None:
    server.script.append(promises(len(CONTENT) + 1000))
    fetch(remote, target)
    assert target.read_bytes() == CONTENT
    assert len(server.requests) == 1


def test_too_long_a_length_for_the_wrong_content_ends(server: FileServer, remote: Remote, target: Path) -> None:
    server.files["net.pth"] = bytes(1000)
    server.script += [promises(2000)] * 20
    assert "broke off" in failing(remote, target)
    assert len(server.requests) < 10


def test_no_length_at_all(server: FileServer, remote: Remote, target: Path) -> None:
    server.script.append(promises(None))
    fetch(remote, target)
    assert target.read_bytes() == CONTENT


def test_a_server_that_never_ends_does_not_fill_the_disk(server: FileServer, remote: Remote, target: Path) -> None:
    server.script.append(endlessly)
    assert "more than" in failing(remote, target)
    assert not target.exists()


def test_a_silent_server_is_left(
    server: FileServer, remote: Remote, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.backbones.connection.SILENCE", 0.15)
    server.script.append(stalls(200_000))
    fetch(remote, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=200000-"]


@pytest.mark.parametrize("arrived", [0, 200_000])
def test_cancel_at_once_and_go_on_later(arrived: int, server: FileServer, remote: Remote, target: Path) -> None:
    server.script.append(stalls(arrived))
    job = download(remote, target)
    for event in job:
        if len(server.requests) == 1 and (not arrived or event.fraction > 0.25):
            break
    start = time.monotonic()
    job.close()
    assert time.monotonic() - start < 10
    assert not downloading()
    assert (target.stat().st_size if arrived else target.exists()) == arrived
    fetch(remote, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={arrived}-" if arrived else None]


def test_cancel_while_waiting_to_try_again(
    server: FileServer, remote: Remote, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.backbones.download.PAUSES", (60.0,))
    server.script.append(instead(b"", status=503))
    job = download(remote, target)
    while "trying again" not in next(job).message:
        pass
    start = time.monotonic()
    next(job)
    job.close()
    assert time.monotonic() - start < 10


def test_no_room_beforehand(server: FileServer, remote: Remote, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(target.parent.parent)._replace(free=len(CONTENT) + 5 * MEGABYTE)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    run_to_end(download(remote, target, room=5 * MEGABYTE))
    target.unlink()
    with pytest.raises(WeightsError, match=r"needs 6 MB in .* where only 5 MB are free; free some room"):
        run_to_end(download(remote, target, room=5 * MEGABYTE + 1))
    assert not target.exists()


def test_the_disk_fills_up_meanwhile(remote: Remote, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    class Full:
        def __init__(self, file: Any) -> None:
            self._file = file

        def write(self, data: bytes) -> int:
            if self._file.tell() + len(data) > 100_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return int(self._file.write(data))

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

    monkeypatch.setattr(Path, "open", lambda path, *rest, **more: Full(opened(path, *rest, **more)))
    assert "the disk is full; free some room" in failing(remote, target)
    monkeypatch.undo()
    assert list(target.parent.iterdir()) == []


def test_a_folder_that_can_not_be_made(remote: Remote, tmp_path: Path) -> None:
    (tmp_path / "weights").write_text("a file")
    assert "can't be written" in failing(remote, tmp_path / "weights" / "net.pth.part")


def test_through_a_proxy(server: FileServer, remote: Remote, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    server.files["http://weights.invalid/net.pth"] = CONTENT
    fetch(replace(remote, url="http://weights.invalid/net.pth"), target)
    assert target.read_bytes() == CONTENT


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody trusts, with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("the program `openssl` is not here to make a certificate")
    key, file = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=local -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*command.split(), "-keyout", key, "-out", file], check=True, capture_output=True, timeout=60)
    file.write_text(file.read_text() + key.read_text())
    return file


def test_over_tls(certificate: Path, remote: Remote, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer(certificate) as server:
        server.files["net.pth"] = CONTENT
        secure = replace(remote, url=f"{server.url}/net.pth")
        assert "certificate" in failing(secure, target)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        server.script += [breaks_off(200_000), stalls(0)]
        job = download(secure, target)
        while len(server.requests) < 2:
            next(job)
        start = time.monotonic()
        job.close()
        assert time.monotonic() - start < 10 and not downloading()
        fetch(secure, target)
    assert target.read_bytes() == CONTENT


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(CONTENT)
    assert run_to_end(sha256_of(tmp_path / "a")) == hashlib.sha256(CONTENT).hexdigest()
    (tmp_path / "empty").write_bytes(b"")
    assert run_to_end(sha256_of(tmp_path / "empty")).startswith("e3b0c442")
