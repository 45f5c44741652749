"""Weights: found on this machine, or downloaded, verified and converted; read and fitted to the network.

The part of a published file that is worth keeping (80 MB of VGG-19's 548) lies as safetensors in the
cache of this program; the published file itself is removed, unless it is torch's own. The environment
variable `BUDDIES_STUDIO_WEIGHTS_URL` names a mirror: the folder there holds the files under their
published names. `HTTPS_PROXY` and its like are heeded.
"""

from __future__ import annotations

import logging
import os
import pickle
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from studio.backbones.catalog import Entry, catalogued
from studio.backbones.download import MEGABYTE, Remote, download, sha256_of
from studio.backbones.levels import WeightsError
from studio.backbones.status import converted_file, hub_file, partial_file, published_name
from studio.device import is_out_of_memory
from studio.files import FileError, explain_os_error, replacing
from studio.language import tr
from studio.progress import Job, Progress, part

if TYPE_CHECKING:
    from torch import Tensor

_log = logging.getLogger(__name__)


def fetch_weights(name: str | Entry, weights: Path | None = None) -> Job[Path]:
    """Find the file with the weights of a backbone, or download it; the result is ready to be read.

    Parameters
    ----------
    name : str or Entry
        A name of the catalogue.
    weights : Path, optional
        A file of the user's, which is taken as it is.

    Raises
    ------
    WeightsError
        There is no such backbone or file, or it can't be downloaded; see `download`.
    """
    entry = catalogued(name) if isinstance(name, str) else name
    if weights is not None:
        if not weights.is_file():
            raise WeightsError(tr("There is no weights file “{weights}”; choose another one.", weights=weights))
        return weights
    if entry.built_in:
        return entry.shipped
    converted = converted_file(entry)
    if converted.is_file():
        return converted
    yield Progress(0.0, tr("looking for the weights of {title}", title=entry.title))
    lock = FileLock(converted.with_suffix(".lock"), thread_local=False)
    while not _acquired(lock):
        yield Progress(0.0, tr("another program is downloading {title}; waiting for it", title=entry.title))
        time.sleep(0.1)
    try:
        if converted.is_file():
            return converted
        return (yield from _obtain(entry, converted))
    finally:
        lock.release()


def read_weights(path: Path, entry: Entry) -> dict[str, Tensor]:
    """The tensors of `entry` in a safetensors file or a state dict saved by torch; on the CPU.

    By name, in the shapes of torch's layers.

    Files of torch are opened with `weights_only=True`, so they can't run anything.

    Raises
    ------
    WeightsError
        The file can't be read, is damaged, holds programs, or holds other weights.
    """
    from studio.backbones.networks import select

    return select(entry, read_state(path), path.name)


def _obtain(entry: Entry, converted: Path) -> Job[Path]:
    hub = hub_file(entry)
    if hub.is_file() and (yield from _is_published(entry, hub)):
        try:
            _convert(entry, hub, converted)
        except FileError as error:  # no room for a copy: the original will do
            _log.warning("%s", error)
            return hub
        return converted
    partial = partial_file(entry)
    remote = Remote(entry.title, _address(entry), entry.download_bytes, entry.sha256)
    yield from part(download(remote, partial, room=entry.kept_bytes + 8 * MEGABYTE), 0.0, 0.95)
    try:
        yield Progress(0.95, tr("keeping the part of {title} that is needed", title=entry.title))
        _convert(entry, partial, converted)
    except FileError as error:
        raise WeightsError(str(error)) from error
    finally:
        # Verified and converted, or of no use: a file that came whole but can't be converted must go too.
        partial.unlink(missing_ok=True)
    return converted


def _is_published(entry: Entry, path: Path) -> Job[bool]:
    try:
        digest = yield from part(sha256_of(path), 0.0, 0.0)  # a download may follow
    except OSError as error:
        _log.warning("%s", explain_os_error(error, path, "read"))
        return False
    if not digest.startswith(entry.sha256):
        _log.warning("“%s” is not the published file of %s and is left alone", path, entry.title)
        return False
    return True


def _convert(entry: Entry, source: Path, target: Path) -> None:
    """Keep what is worth keeping of `source`. Raises `WeightsError` of the source, `FileError` of the target."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    tensors = {name: tensor.contiguous() for name, tensor in read_weights(source, entry).items()}
    metadata = {"name": entry.name, "source": published_name(entry), "licence": entry.licence}
    with replacing(target) as temporary:
        try:
            save_file(tensors, temporary, metadata)
        except SafetensorError as error:  # how the library reports a full disk
            raise OSError(f"{error}") from error


def read_state(path: Path) -> Mapping[str, Any]:
    """What a file of tensors holds, by name; never runs code from it. Raises `WeightsError`."""
    import torch
    from safetensors.torch import load_file

    try:
        if _is_safetensors(path):
            return load_file(path)
        with path.open("rb") as file:  # not the path: of a name torch would judge the content by its suffix
            state = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise WeightsError(explain_os_error(error, path, "read")) from error
    except Exception as error:  # the readers fail in every way on bytes that are not theirs
        if is_out_of_memory(error):
            raise
        _log.info("%s", error)
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            raise WeightsError(
                tr(
                    "“{name}” was not opened: it holds more than tensors and could run a program; choose a file that "
                    "holds a plain state dict.",
                    name=path.name,
                )
            ) from error
        raise WeightsError(
            tr("“{name}” is no weights file, or it is damaged; choose another one.", name=path.name)
        ) from error
    if not isinstance(state, Mapping):
        raise WeightsError(tr("“{name}” holds no state dict; choose another file.", name=path.name))
    return state


def _is_safetensors(path: Path) -> bool:
    """Whether the content, not the name, is safetensors: a length, then a header in JSON."""
    with path.open("rb") as file:
        start = file.read(9)
    return start[8:] == b"{"


def _address(entry: Entry) -> str:
    mirror = os.environ.get("BUDDIES_STUDIO_WEIGHTS_URL")
    return f"{mirror.rstrip('/')}/{published_name(entry)}" if mirror else entry.url


def _acquired(lock: FileLock) -> bool:
    folder = Path(lock.lock_file).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        return False
    except OSError as error:
        raise WeightsError(explain_os_error(error, folder, "written")) from error
    return True
