"""Work with a network: what is loaded and where, and the order in which full memory is answered."""

from __future__ import annotations

import pytest
import torch

import studio.backbones.run as run
from studio.backbones import NetworkChoice, with_network
from studio.device import Attempt
from studio.errors import OutOfMemory
from studio.progress import Job, Progress, run_to_end

ATTEMPTS = [Attempt(448, "at 448 px"), Attempt(224, "at 224 px")]


def tried(monkeypatch: pytest.MonkeyPatch, device: str, fits: tuple[str, int]) -> tuple[list[object], list[str]]:
    """What is done, in its order, on a machine whose best device is `device`, and what people are told."""
    monkeypatch.setattr(run, "choose_device", lambda _: torch.device(device))
    done: list[object] = []
    told: list[str] = []

    def load(choice: NetworkChoice) -> Job[NetworkChoice]:
        yield Progress(0.5, "loading")
        return choice

    def work(network: NetworkChoice, size: int) -> Job[tuple[str, int]]:
        done.append((network.name, network.device, size))
        yield Progress(0.5, "working")
        if (network.device, size) != fits:
            raise MemoryError
        return network.device, size

    job = with_network(
        NetworkChoice("vgg16"), load, work, ATTEMPTS, "on the CPU", before_retry=lambda: done.append("room")
    )
    assert run_to_end(job, lambda event: told.append(event.message)) == fits
    return done, [words for words in told if "memory" in words]


def test_smaller_comes_before_the_cpu_and_room_is_made_before_each(monkeypatch: pytest.MonkeyPatch) -> None:
    done, told = tried(monkeypatch, "cuda:0", ("cpu", 448))
    first, second, last = ("vgg16", "cuda:0", 448), ("vgg16", "cuda:0", 224), ("vgg16", "cpu", 448)
    assert done == [first, "room", second, "room", last]
    assert [words.rsplit("again ")[-1] for words in told] == ["at 224 px", "on the CPU"]


def test_what_fits_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tried(monkeypatch, "cuda:0", ("cuda:0", 448)) == ([("vgg16", "cuda:0", 448)], [])


def test_on_a_cpu_there_is_nowhere_else_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutOfMemory):
        tried(monkeypatch, "cpu", ("cuda:0", 448))
