"""Weights are downloaded once, kept small, found again, and read no more often than needed."""

from __future__ import annotations

import gc
import hashlib
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from studio.backbones import (
    CATALOG,
    Backbone,
    Entry,
    WeightsError,
    build_backbone,
    fetch_weights,
    load_backbone,
    weights_status,
)
from studio.backbones import loading as loading_module
from studio.backbones.networks import generate, wanted
from studio.backbones.status import converted_file, hub_file, partial_file
from studio.backbones.weights import read_weights
from studio.paths import weights_dir
from studio.progress import Progress, run_to_end
from tests.backbones.server import FileServer, breaks_off, instead, stalls
from tests.backbones.testnet import IMAGE, loaded, same, saved, state


def left() -> set[str]:
    """What lies in our cache, locks aside (they are empty)."""
    assert all(not file.stat().st_size for file in weights_dir().glob("*.lock"))
    return {file.name for file in weights_dir().iterdir() if file.suffix != ".lock"}


def test_downloaded_converted_and_found_again(server: FileServer, published: Entry, forget: Callable[[], None]) -> None:
    assert not weights_status("testnet").ready and weights_status("testnet").text.startswith("download of ")
    events: list[Progress] = []
    backbone = run_to_end(load_backbone("testnet", device="cpu"), events.append)
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions) and fractions[0] == 0 and fractions[-1] <= 1
    assert any("downloading TestNet" in event.message for event in events)
    assert same(backbone, build_backbone("testnet", state()))

    kept = converted_file(published)
    assert left() == {kept.name}, "the published file and its parts are gone"
    assert set(load_file(kept)) == set(wanted(published)), "the classifier is not kept"
    with safe_open(kept, "pt") as file:
        assert file.metadata() == {"name": "testnet", "source": published.url[-20:], "licence": "MIT"}
    assert weights_status("testnet").ready and weights_status("testnet").path == kept

    forget()
    assert same(loaded("testnet"), backbone)
    assert len(server.requests) == 1


def test_a_mirror_may_be_a_folder(
    server: FileServer, published: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in server.files.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("BUDDIES_STUDIO_WEIGHTS_URL", tmp_path.as_uri())
    assert same(loaded("testnet"), build_backbone("testnet", state()))
    assert server.requests == []


def test_a_broken_download_is_resumed_by_the_next_run(server: FileServer, published: Entry) -> None:
    server.script += [breaks_off(9_000), *[instead(b"", status=503)] * 4]
    with pytest.raises(WeightsError, match=r"TestNet can't be downloaded, for .* answered 503"):
        loaded("testnet")
    assert left() == {partial_file(published).name}
    assert partial_file(published).stat().st_size == 9_000
    loaded("testnet")
    assert server.ranges[-1] == "bytes=9000-"
    assert left() == {converted_file(published).name}


def test_cancelled_in_the_middle(server: FileServer, published: Entry) -> None:
    server.script.append(stalls(9_000))
    job = load_backbone("testnet", device="cpu")
    while not (partial_file(published).is_file() and partial_file(published).stat().st_size == 9_000):
        next(job)
    job.close()
    assert left() == {partial_file(published).name}
    assert same(loaded("testnet"), build_backbone("testnet", state()))


def test_the_wrong_file(server: FileServer, published: Entry) -> None:
    server.script.append(instead(os.urandom(5000)))
    with pytest.raises(WeightsError, match="is not the published file"):
        loaded("testnet")
    assert left() == set()


def test_a_published_file_that_does_not_fit(
    server: FileServer, published: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = saved({"features.0.weight": torch.zeros(2, 2)})
    server.files[published.url.rpartition("/")[2]] = content
    entry = replace(published, sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(WeightsError, match="does not fit TestNet"):
        run_to_end(load_backbone(entry, device="cpu"))
    assert left() == set()


def test_no_room_for_the_kept_part(server: FileServer, published: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(WeightsError, match="the disk is full"):
        loaded("testnet")
    assert left() == set()


def test_a_cache_that_can_not_be_written(published: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("BUDDIES_STUDIO_CACHE", str(tmp_path / "cache"))
    with pytest.raises(WeightsError, match="“weights” can't be written"):
        loaded("testnet")


def test_two_programs_at_once_download_once(server: FileServer, published: Entry) -> None:
    results: list[Backbone] = []
    threads = [threading.Thread(target=lambda: results.append(loaded("testnet"))) for _ in range(3)]
    server.script.append(breaks_off(20_000))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 3 and same(results[0], results[1])
    assert server.ranges == [None, "bytes=20000-"]
    assert left() == {converted_file(published).name}


@pytest.mark.slow
def test_two_processes_at_once_download_once(server: FileServer, published: Entry) -> None:
    script = (
        "import pickle, sys; from studio.backbones import fetch_weights; from studio.progress import run_to_end\n"
        "entry = pickle.load(sys.stdin.buffer); print('ready', flush=True)\n"
        "print(run_to_end(fetch_weights(entry)))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    outputs = [process.communicate(pickle.dumps(published), timeout=100)[0].decode().split() for process in processes]
    assert outputs == [["ready", str(converted_file(published))]] * 2
    assert len(server.requests) == 1
    assert left() == {converted_file(published).name}


def test_waiting_for_another_program_can_be_cancelled(server: FileServer, published: Entry) -> None:
    server.script.append(stalls(100))
    first = fetch_weights("testnet")
    while not server.requests:
        next(first)
    second = fetch_weights("testnet")
    assert "looking" in next(second).message
    assert "waiting" in next(second).message
    second.close()
    first.close()
    assert run_to_end(fetch_weights("testnet")) == converted_file(published)


def test_a_damaged_copy_of_ours_is_fetched_again(
    server: FileServer, published: Entry, forget: Callable[[], None]
) -> None:
    loaded("testnet")
    forget()
    kept = converted_file(published)
    kept.write_bytes(kept.read_bytes()[:-100])
    assert same(loaded("testnet"), build_backbone("testnet", state()))
    assert len(server.requests) == 2


def test_torchs_own_cache_is_used_and_left_alone(server: FileServer, published: Entry) -> None:
    hub = hub_file(published)
    assert hub.parent == Path(torch.hub.get_dir()) / "checkpoints"
    hub.parent.mkdir(parents=True)
    hub.write_bytes(next(iter(server.files.values())))
    assert weights_status("testnet").text == "ready"
    assert same(loaded("testnet"), build_backbone("testnet", state()))
    assert hub.is_file() and converted_file(published).is_file()
    assert server.requests == []


def test_a_damaged_file_in_torchs_cache_is_passed_over(
    server: FileServer, published: Entry, caplog: pytest.LogCaptureFixture
) -> None:
    hub = hub_file(published)
    hub.parent.mkdir(parents=True)
    hub.write_bytes(b"half of it")
    events: list[Progress] = []
    run_to_end(load_backbone("testnet", device="cpu"), events.append)
    assert [event.fraction for event in events] == sorted(event.fraction for event in events)
    assert len(server.requests) == 1
    assert hub.read_bytes() == b"half of it" and "not the published file" in caplog.text


def test_without_room_torchs_file_is_read_itself(published: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = hub_file(published)
    hub.parent.mkdir(parents=True)
    hub.write_bytes(saved(state()))
    entry = replace(published, sha256=hashlib.sha256(hub.read_bytes()).hexdigest())

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    assert run_to_end(fetch_weights(entry)) == hub


def test_a_second_load_does_not_read_the_file(
    tmp_path: Path, published: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.safetensors"
    save_file(state(), file)
    reads: list[Path] = []
    read = read_weights
    monkeypatch.setattr(loading_module, "read_weights", lambda path, entry: reads.append(path) or read(path, entry))
    first = loaded("testnet", file)
    assert loaded("testnet", file) is first and reads == [file]

    save_file({name: tensor * 2 for name, tensor in state().items()}, file)
    os.utime(file, ns=(1, 1))
    assert not same(loaded("testnet", file), first), "a changed file is read again"
    assert len(reads) == 2


def test_two_stay_loaded_and_their_memory_comes_back(tmp_path: Path, published: Entry) -> None:
    kept = []
    for number in range(3):
        file = tmp_path / f"{number}.safetensors"
        save_file(state(), file)
        kept.append(weakref.ref(loaded("testnet", file)))
    gc.collect()
    assert [reference() is None for reference in kept] == [True, False, False]


def test_loading_from_a_thread(published: Entry) -> None:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(loaded("testnet").features(IMAGE)[2]))
    thread.start()
    thread.join(60)
    assert torch.equal(results[0], build_backbone("testnet", state()).features(IMAGE)[2])


def test_build_backbone_takes_any_spelling() -> None:
    tensors = generate(CATALOG["squeezenet1_1"], seed=2)
    renamed = {f"module.{name}": tensor for name, tensor in tensors.items()}
    assert same(build_backbone("squeezenet1_1", renamed), build_backbone("squeezenet1_1", seed=2))
    with pytest.raises(WeightsError, match="other weights"):
        build_backbone("vgg16", {"a": torch.zeros(1)})
