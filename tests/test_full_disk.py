"""A disk without room is one and the same sentence, whichever library meets it, and leaves nothing half done."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from studio.files import FileError, replacing
from studio.morph.export import exporting, save_field
from studio.morph.options import ExportOptions, MorphOptions
from studio.morph.render import PreparedMorph, prepare
from studio.pairs import PairSet
from studio.picture import Picture, save
from studio.progress import run_to_end
from studio.warp.field import Field

resource = pytest.importorskip("resource", reason="limits of the size of files are POSIX's")

ROOM = 40_000
"""Bytes; what is written below has far more, and what pytest itself writes meanwhile has less."""


def noisy(seed: int) -> Picture:
    return Picture.from_array(np.random.default_rng(seed).integers(0, 255, (201, 201, 3), dtype=np.uint8), str(seed))


@pytest.fixture(scope="module")
def morph() -> PreparedMorph:
    return prepare(noisy(0), noisy(1), PairSet(), MorphOptions())


@contextmanager
def no_more_than(size: int) -> Iterator[None]:
    """Within the block the system lets no file of this process grow beyond `size` bytes, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def still_open(folder: Path) -> list[str]:
    """Files below `folder` that this process has not closed, where the system tells it."""
    found = []
    for link in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):
            found.append(str(link.readlink()))
    return [name for name in found if name.startswith(str(folder))]


def field(path: Path, _morph: PreparedMorph) -> None:
    nodes = np.random.default_rng(2).random((53, 53, 2), dtype=np.float32)
    save_field(Field((201, 201), nodes), path)


def film(path: Path, morph: PreparedMorph) -> None:
    run_to_end(exporting(morph, path, ExportOptions(frames=4, quality=100)))


def picture(path: Path, _morph: PreparedMorph) -> None:
    save(noisy(3).pixels, path)


def numbers(path: Path, _morph: PreparedMorph) -> None:
    with replacing(path) as temporary:
        np.save(temporary, np.zeros(100_000))


def tensors(path: Path, _morph: PreparedMorph) -> None:
    with replacing(path) as temporary:
        save_file({"x": torch.zeros(100_000)}, temporary)


def checkpoint(path: Path, _morph: PreparedMorph) -> None:
    with replacing(path) as temporary, temporary.open("wb") as file:
        torch.save({"x": torch.zeros(100_000)}, file)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        *((f"field{suffix}", field) for suffix in (".npy", ".tif")),
        *((f"film{suffix}", film) for suffix in (".mp4", ".mkv", ".gif", ".webp", ".apng", "")),
        *((f"picture{suffix}", picture) for suffix in (".png", ".tif", ".webp", ".jpg")),
        ("numbers.npy", numbers),
        ("tensors.safetensors", tensors),
        ("checkpoint.pt", checkpoint),
    ],
)
def test_no_room(tmp_path: Path, morph: PreparedMorph, name: str, write: Callable[[Path, PreparedMorph], None]) -> None:
    path = tmp_path / name
    if path.suffix:
        path.write_text("old")
    with no_more_than(ROOM), pytest.raises(FileError) as caught:
        write(path, morph)
    assert str(caught.value).endswith("can't be written: it is too large for this disk.")
    assert [entry.name for entry in tmp_path.iterdir()] == ([name] if path.suffix else [])
    assert not path.suffix or path.read_text() == "old"
    assert not still_open(tmp_path)


def test_a_full_disk_behind_the_words_of_a_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, real = tmp_path / "field.npy", Path.open

    def full(self: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if mode == "ab":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, mode, *rest, **named)

    monkeypatch.setattr(Path, "open", full)
    for words in (OSError("51200 requested and 4064 written"), RuntimeError("write failed")):
        with pytest.raises(FileError, match=r"“field\.npy” can't be written: the disk is full"), replacing(path):
            raise words
    monkeypatch.undo()
    with pytest.raises(RuntimeError, match="a bug"), replacing(path):
        raise RuntimeError("a bug")
    assert list(tmp_path.iterdir()) == []
