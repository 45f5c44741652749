"""The match with its network: what happens when memory runs out, and what is loaded."""

from __future__ import annotations

import numpy as np
import pytest

import studio.buddies.run as run
from studio.backbones import NetworkChoice
from studio.buddies import MatchOptions, find_buddies
from studio.device import DeviceError
from studio.errors import OutOfMemory
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import Progress, run_to_end

CPU = NetworkChoice(device="cpu")
BLANK = Picture.from_array(np.zeros((64, 64, 3), np.uint8))


def pretend(monkeypatch: pytest.MonkeyPatch, fits: int) -> list[tuple[str, str, int]]:
    """A match that runs out of memory above the working size `fits`; returns what it was asked."""
    asked: list[tuple[str, str, int]] = []

    def job(_a, _b, network, options, **_others):
        asked.append((network.name, str(network.device), options.working_size))
        yield Progress(0.5, "half")
        if options.working_size > fits:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes")
        return PairSet.from_arrays([[1, 2]], [[3, 4]])

    monkeypatch.setattr(run, "match", job)
    return asked


def test_full_memory_is_answered_with_half_the_size_and_told(monkeypatch):
    asked = pretend(monkeypatch, fits=300)
    events: list[Progress] = []
    pairs = run_to_end(find_buddies(BLANK, BLANK, MatchOptions(working_size=448), network=CPU), events.append)
    assert len(pairs) == 1
    assert asked == [("buddynet", "cpu", 448), ("buddynet", "cpu", 224)]
    assert any("224 px" in event.message for event in events)
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions)


def test_when_nothing_fits_it_is_said_in_a_sentence(monkeypatch):
    pretend(monkeypatch, fits=10)
    with pytest.raises(OutOfMemory, match="smaller working size"):
        run_to_end(find_buddies(BLANK, BLANK, MatchOptions(working_size=448), network=CPU))


def test_official_is_never_computed_at_another_size(monkeypatch):
    asked = pretend(monkeypatch, fits=10)
    with pytest.raises(OutOfMemory):
        run_to_end(find_buddies(BLANK, BLANK, MatchOptions(preset="official", working_size=448), network=CPU))
    assert [size for *_, size in asked] == [448]


def test_an_unknown_device_is_named(monkeypatch):
    pretend(monkeypatch, fits=9999)
    with pytest.raises(DeviceError, match="abacus"):
        run_to_end(find_buddies(BLANK, BLANK, MatchOptions(), network=NetworkChoice(device="abacus")))


def test_progress_ends_at_one_and_the_real_network_is_used():
    from skimage import data

    cat = Picture.from_array(data.chelsea()[:, 60:360])
    events: list[Progress] = []
    pairs = run_to_end(find_buddies(cat, cat, MatchOptions(working_size=96, pairs=8), network=CPU), events.append)
    assert len(pairs) == 8
    assert np.abs(pairs.a - pairs.b).max() < 3 * 300 / 96  # a picture's buddies in itself are its own places
    assert events[-1].fraction == 1.0
