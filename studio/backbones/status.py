"""Where the weights of a network lie on this machine, and whether they are there; without torch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from studio.backbones.catalog import Entry, catalogued
from studio.language import tr
from studio.paths import weights_dir

_MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class WeightsStatus:
    """Whether a network can be used at once, and what to tell a person about it.

    `text` is "built in", "ready", or "download of 548 MB"; `path` is the file that would be read.
    """

    ready: bool
    text: str
    path: Path | None = None


def weights_status(name: str) -> WeightsStatus:
    """What using the backbone `name` takes. Raises `WeightsError` for a name that is not catalogued."""
    entry = catalogued(name)
    if entry.built_in:
        return WeightsStatus(True, tr("built in"), entry.shipped)
    for path in (converted_file(entry), hub_file(entry)):
        if path.is_file():
            return WeightsStatus(True, "ready", path)
    size = round(entry.download_bytes / _MEGABYTE)
    partial = partial_file(entry)
    have = partial.stat().st_size // _MEGABYTE if partial.is_file() else 0
    return WeightsStatus(
        False,
        tr("download of {size} MB, {have} MB of it are here", size=size, have=have)
        if have
        else tr("download of {size} MB", size=size),
    )


def published_name(entry: Entry) -> str:
    """The name of the file that the weights are published as."""
    return entry.url.rpartition("/")[2]


def converted_file(entry: Entry) -> Path:
    """Where the kept part of the weights of `entry` lies once it has been downloaded."""
    return weights_dir() / f"{published_name(entry).rpartition('.')[0]}.safetensors"


def partial_file(entry: Entry) -> Path:
    """Where a download of the published file grows."""
    return weights_dir() / f"{published_name(entry)}.part"


def hub_file(entry: Entry) -> Path:
    """Where `torch.hub` keeps the published file: the rule of `torch.hub.get_dir`."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    home = Path(os.environ.get("TORCH_HOME") or cache / "torch")
    return home.expanduser() / "hub" / "checkpoints" / published_name(entry)
