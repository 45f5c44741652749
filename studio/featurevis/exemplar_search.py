"""Exemplars: in a folder of pictures, the places that excite each channel of a layer most (Zeiler and Fergus 2014).

One pass over the folder for all channels. What a picture gives, the strongest cell of each channel, is kept in the
cache under the hash of the picture's content, so that a pass that was given up goes on, and a picture that came into
the folder later is the only one that is looked at.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from studio.arrays import Box, Floats, Index, Pixels, Point, Size
from studio.backbones import Backbone
from studio.backbones.layers import no_channel, no_layer
from studio.backbones.receptive import Receptive, theoretical
from studio.errors import StudioError
from studio.features.placing import Placing
from studio.featurevis.regions import WORKING_SIDE, RegionsError
from studio.files import FileError, replacing
from studio.geometry import fit_within
from studio.language import tr
from studio.paths import cache_dir
from studio.picture import Picture, load
from studio.progress import Job, Progress

log = logging.getLogger(__name__)

COUNT = 9
"""Exemplars of a channel: three rows of three."""
KEEP_EVERY = 20
"""Pictures between two writes of what is known so far."""


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A place that excites a channel.

    Attributes
    ----------
    path : Path
        The picture.
    value : float
        The activation.
    point : (float, float)
        Centre, full-size pixels.
    box : (x0, y0, x1, y1)
        Edges of what the cell can see, full-size pixels, cut at the picture's.
    """

    path: Path
    value: float
    point: Point
    box: Box


@dataclass(frozen=True, eq=False)
class Exemplars:
    """What was found in a folder.

    Attributes
    ----------
    layer : str
    paths : tuple of Path
        The pictures that could be opened.
    values : (P, C) float32
        The strongest activation of each channel in each of them.
    """

    layer: str
    paths: tuple[Path, ...]
    values: Floats = field(repr=False)
    _cells: Index = field(repr=False)  # (P, C, 2): column, row
    _sizes: tuple[tuple[Size, Size], ...] = field(repr=False)  # working, full
    _field: Receptive = field(repr=False)

    @property
    def channels(self) -> int:
        """How many channels the layer has."""
        return int(self.values.shape[1])

    def of(self, channel: int, count: int = COUNT) -> tuple[Exemplar, ...]:
        """The strongest places of a channel, at most one a picture, the strongest first; none where it is silent.

        Raises
        ------
        RegionsError
            There is no such channel.
        """
        if not 0 <= channel < self.channels:
            raise RegionsError(no_channel(self.layer, self.channels, channel))
        order = np.argsort(-self.values[:, channel], kind="stable")[:count]
        found = []
        for number in order.tolist():
            value = float(self.values[number, channel])
            if not value > 0.0:
                break
            working, full = self._sizes[number]
            placing = Placing(self._field, working, full)
            column, row = self._cells[number, channel].tolist()
            found.append(Exemplar(self.paths[number], value, placing.centre((column, row)), placing.box((column, row))))
        return tuple(found)

    def strongest_channels(self, count: int) -> tuple[int, ...]:
        """Those whose best place stands out most: over the mean of their best places in all pictures."""
        best, usual = self.values.max(axis=0), self.values.mean(axis=0)
        order = np.argsort(-(best / np.maximum(usual, 1e-6)) * (best > 0), kind="stable")
        return tuple(int(number) for number in order[:count] if best[number] > 0)


def exemplars(
    paths: Sequence[Path], backbone: Backbone, layer: str, size: int = 224, cache: bool = True
) -> Job[Exemplars]:
    """Look through pictures; files that can't be opened are left out.

    Parameters
    ----------
    size : int
        Longer side at which the network looks at each, px.
    cache : bool
        Whether what is found is kept in the cache, and taken from there.

    Yields
    ------
    Progress whose preview is the `Exemplars` so far, now and then.

    Raises
    ------
    RegionsError
        There is no such layer, or none of the pictures can be opened.
    """
    if layer not in backbone.layer_names:
        raise RegionsError(no_layer(backbone, layer))
    kept = _Kept(backbone, layer, size) if cache else None
    known = kept.read() if kept else {}
    channels = backbone.layer(layer).channels
    field_of = theoretical(backbone, [layer])[layer]
    found: list[tuple[Path, _Found]] = []
    new = 0
    try:
        for number, path in enumerate(paths):
            milestone = number % KEEP_EVERY == 0 and number > 0
            preview = _joined(layer, found, channels, field_of) if milestone else None
            yield Progress(number / max(1, len(paths)), tr("looking at {name}", name=path.name), preview)
            key = _hash(path)
            if key is None:
                continue
            if key not in known:
                one = _look(path, backbone, layer, size)
                if one is None:
                    continue
                known[key] = one
                new += 1
                if kept is not None and new % KEEP_EVERY == 0:
                    kept.write(known)
            found.append((path, known[key]))
    finally:
        if kept is not None and new % KEEP_EVERY:
            kept.write(known)
    if not found:
        raise RegionsError(tr("None of these pictures can be opened."))
    return _joined(layer, found, channels, field_of)


@dataclass(frozen=True, eq=False)
class _Found:
    """Of one picture: (C,) values, (C, 2) cells (column, row), and its sizes."""

    values: Floats
    cells: npt.NDArray[np.int16]
    working: Size
    full: Size


def _look(path: Path, backbone: Backbone, layer: str, size: int) -> _Found | None:
    try:
        picture = load(path, WORKING_SIDE)
    except StudioError as error:
        log.info("left out of the exemplars: %s", error)
        return None
    working = fit_within(picture.size, size)
    with torch.no_grad():
        maps = backbone.activations(picture.tensor(working), [layer])[layer][0]
    columns = maps.shape[2]
    values, places = maps.flatten(1).max(dim=1)
    flat = places.cpu().numpy()
    cells = np.stack([flat % columns, flat // columns], axis=1).astype(np.int16)
    return _Found(values.float().cpu().numpy(), cells, working, picture.size)


def _joined(layer: str, found: Sequence[tuple[Path, _Found]], channels: int, field_of: Receptive) -> Exemplars:
    values = np.stack([one.values for _, one in found]) if found else np.zeros((0, channels), np.float32)
    cells = np.stack([one.cells for _, one in found]) if found else np.zeros((0, channels, 2), np.int16)
    sizes = tuple((one.working, one.full) for _, one in found)
    return Exemplars(layer, tuple(path for path, _ in found), values, cells.astype(np.int64), sizes, field_of)


def _hash(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha1").hexdigest()
    except OSError as error:
        log.info("%s is left out of the exemplars: %s", path.name, error)
        return None


class _Kept:
    """What is known of pictures by a network, a layer and a size, in one file of the cache."""

    def __init__(self, backbone: Backbone, layer: str, size: int) -> None:
        sample = backbone.stage(1).body.state_dict().values()
        weights = hashlib.sha1(b"".join(one.cpu().numpy().tobytes() for one in sample)).hexdigest()[:12]
        self._path = cache_dir() / "exemplars" / f"{backbone.name}-{weights}-{layer}-{size}.npz"

    def read(self) -> dict[str, _Found]:
        try:
            with np.load(self._path, allow_pickle=False) as file:
                keys, numbers = file["keys"].tolist(), file["sizes"].tolist()
                return {
                    key: _Found(values, cells, (row[0], row[1]), (row[2], row[3]))
                    for key, values, cells, row in zip(keys, file["values"], file["cells"], numbers, strict=True)
                }
        except FileNotFoundError:
            return {}
        except Exception as error:  # whatever is wrong with a file of the cache, it can be had again
            log.info("%s is not usable: %s", self._path.name, error)
            return {}

    def write(self, known: dict[str, _Found]) -> None:
        content = io.BytesIO()
        arrays: dict[str, Any] = {
            "keys": np.array(list(known)),
            "values": np.stack([one.values for one in known.values()]),
            "cells": np.stack([one.cells for one in known.values()]),
            "sizes": np.array([(*one.working, *one.full) for one in known.values()], np.int64),
        }
        np.savez(content, **arrays)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self._path) as temporary:
                temporary.write_bytes(content.getvalue())
        except (OSError, FileError) as error:
            log.info("exemplars are not kept: %s", error)


def crop(exemplar: Exemplar, side: int = 96, picture: Picture | None = None) -> Pixels:
    """(side, side, 3) uint8: what the cell can see, as a square; beyond the picture's edge it is grey.

    Raises
    ------
    PictureError
        The file can't be opened any more.
    """
    picture = picture or load(exemplar.path, WORKING_SIDE)
    x0, y0, x1, y1 = exemplar.box
    cx, cy = exemplar.point
    half = max(cx - x0, x1 - cx, cy - y0, y1 - cy)  # the box may be cut at the picture's edge
    scale = min(1.0, WORKING_SIDE / max(picture.size))
    size = max(1, round(picture.size[0] * scale)), max(1, round(picture.size[1] * scale))
    shown = picture.shown(size)
    factor = np.divide(size, picture.size)
    lookup = (np.arange(side) + 0.5) / side * 2.0 - 1.0
    columns = np.floor((cx + 0.5 + lookup * half) * factor[0]).astype(int)
    rows = np.floor((cy + 0.5 + lookup * half) * factor[1]).astype(int)
    there = ((rows >= 0) & (rows < size[1]))[:, None] & ((columns >= 0) & (columns < size[0]))[None]
    found = shown[np.clip(rows, 0, size[1] - 1)][:, np.clip(columns, 0, size[0] - 1)]
    return np.ascontiguousarray(np.where(there[..., None], found, np.uint8(128)))
