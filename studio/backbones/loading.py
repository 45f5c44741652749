"""The one place where backbones come from: the job that loads them, and the few that stay loaded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.backbones.backbone import Backbone
from studio.backbones.catalog import Entry, catalogued
from studio.backbones.levels import WeightsError
from studio.backbones.networks import assemble, generate, select
from studio.backbones.status import converted_file
from studio.backbones.weights import fetch_weights, read_weights
from studio.device import choose_device
from studio.language import tr
from studio.progress import Job, Progress, part

KEPT = 2
"""How many backbones stay in memory: the one in use, and the one it is compared with."""

_Key = tuple[str, str, int, int, str]
_loaded: OrderedDict[_Key, Backbone] = OrderedDict()
_lock = threading.Lock()


def load_backbone(name: str | Entry = "buddynet", weights: Path | None = None, device: str = "auto") -> Job[Backbone]:
    """Load a pretrained network; downloads its weights if they are not on this machine.

    A second call with the same file and device hands out the same backbone, without reading the file.

    Parameters
    ----------
    name : str or Entry
        A name of the catalogue.
    weights : Path, optional
        A weights file of the user's: `.safetensors`, or a state dict saved by torch, with or without a
        classifier. By default the published weights.
    device : str
        As `studio.device.choose_device` takes it.

    Raises
    ------
    WeightsError
        See `fetch_weights` and `read_weights`.
    DeviceError
        No such device.
    """
    entry = catalogued(name) if isinstance(name, str) else name
    yield Progress(0.0, tr("loading {title}", title=entry.title))
    target = choose_device(device)
    path = yield from part(fetch_weights(entry, weights), 0.0, 0.9)
    key = _key(entry, path, str(target))
    if (known := _recall(key)) is not None:
        return known
    yield Progress(0.9, tr("reading the weights of {title}", title=entry.title))
    try:
        tensors = read_weights(path, entry)
    except WeightsError:
        if path != converted_file(entry):
            raise
        # Our own copy is damaged, or from a version that kept less.
        path.unlink(missing_ok=True)
        path = yield from part(fetch_weights(entry), 0.9, 0.97)
        key = _key(entry, path, str(target))
        tensors = read_weights(path, entry)
    yield Progress(0.97, tr("setting up {title}", title=entry.title))
    backbone = assemble(entry, tensors, target)
    _remember(key, backbone)
    return backbone


def build_backbone(
    name: str | Entry, state_dict: Mapping[str, Any] | None = None, device: str = "cpu", seed: int = 0
) -> Backbone:
    """A backbone from tensors in memory, or with generated weights, for tests and benchmarks.

    Parameters
    ----------
    name : str or Entry
        A name of the catalogue.
    state_dict : mapping, optional
        As torchvision's networks have it; by default weights drawn with `seed`.

    Raises
    ------
    WeightsError
        The tensors are not those of this network.
    DeviceError
        No such device.
    """
    entry = catalogued(name) if isinstance(name, str) else name
    tensors = generate(entry, seed) if state_dict is None else select(entry, state_dict, tr("the state dict"))
    return assemble(entry, tensors, choose_device(device))


def _key(entry: Entry, path: Path, device: str) -> _Key:
    try:
        state = path.stat()
    except OSError as error:
        raise WeightsError(tr("The weights file “{path}” has gone; choose another one.", path=path)) from error
    return entry.name, str(path.resolve()), state.st_mtime_ns, state.st_size, device


def _recall(key: _Key) -> Backbone | None:
    with _lock:
        if key in _loaded:
            _loaded.move_to_end(key)
        return _loaded.get(key)


def _remember(key: _Key, backbone: Backbone) -> None:
    with _lock:
        _loaded[key] = backbone
        _loaded.move_to_end(key)
        while len(_loaded) > KEPT:
            _loaded.popitem(last=False)
