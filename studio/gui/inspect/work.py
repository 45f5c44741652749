"""Where the mode Inspect calls the engines: turns what they give into what the views show. Knows no Qt.

The functions here run on the compute thread or on the desk's thread; importing this module imports torch.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from studio.backbones.choice import NetworkChoice
from studio.backbones.classifier import class_names
from studio.backbones.receptive import Receptive, clipped, theoretical
from studio.backbones.run import load_chosen
from studio.device import choose_device
from studio.featurevis.hover import HoverCache, LevelAnswer, prepare_hover
from studio.geometry import Size, pixel_to_cell, rescale
from studio.gui.canvas.state import SIDES, Side
from studio.gui.inspect.colour import HeatMap, Pixels
from studio.gui.inspect.readings import (
    HoverReading,
    HoverRequest,
    InspectSession,
    LayerInfo,
    LevelReading,
    WhyReading,
    WhyRequest,
)
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job, Progress, part

if TYPE_CHECKING:
    from studio.backbones import Backbone

GREY_SIDE = 1024
"""Longest side of the grey pictures below the maps."""
SAMPLES = 4
"""Places along each side that tell how similar places become."""
KEPT_BYTES = 256 * 2**20
"""Activations of single layers that are kept in memory."""


@dataclass(eq=False)
class Looked:
    """The engine's side of a session: network, pictures as tensors, features, and layers asked for so far."""

    backbone: Backbone
    hover: HoverCache
    images: dict[Side, Any]
    fields: dict[str, Receptive]
    options: dict[str, Any]
    """How the session was made: backbone, weights, device, size."""
    classifier: Any = None
    """The whole network with its classes, once somebody has asked for one."""
    _kept: OrderedDict[str, dict[Side, Any]] = field(default_factory=OrderedDict)

    @property
    def size(self) -> int:
        """Longer side of the pictures as the network sees them, pixels."""
        return int(self.options["size"])

    def field(self, layer: str) -> Receptive:
        """Where the cells of a layer lie; one that has no field of its own counts as cells at the corner."""
        known = self.fields.get(layer)
        return Receptive(stride=self.backbone.layer(layer).stride) if known is None else known

    def activations(self, layer: str) -> dict[Side, Any]:
        """(1, C, h, w) of each picture, computed once."""
        if layer not in self._kept:
            self._kept[layer] = {
                side: self.backbone.activations(image, [layer])[layer] for side, image in self.images.items()
            }
            while len(self._kept) > 1 and self._bytes() > KEPT_BYTES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(layer)
        return self._kept[layer]

    def _bytes(self) -> int:
        return sum(4 * one.numel() for maps in self._kept.values() for one in maps.values())


def prepare(a: Picture, b: Picture, choice: NetworkChoice, size: int) -> Job[InspectSession]:
    """Load the network and let it look at both pictures, the longer side brought to `size` pixels.

    Raises
    ------
    WeightsError, DeviceError
    """
    where = str(choose_device(choice.device))
    network = yield from part(load_chosen(replace(choice, device=where)), 0.0, 0.4)
    hover = yield from part(prepare_hover(a, b, network, size), 0.4, 0.9)
    yield Progress(0.9, tr("measuring what cells can see"))
    fields = _fields(network)
    sizes: dict[Side, Size] = {"A": hover.size_a, "B": hover.size_b}
    pictures: dict[Side, Picture] = {"A": a, "B": b}
    images = {side: pictures[side].tensor(sizes[side], where) for side in SIDES}
    numbers = {level.name: level.number for level in network.levels}
    layers = []
    for name in network.layer_names:
        layer = network.layer(name)
        seen = fields[name].size if name in fields else 0
        layers.append(LayerInfo(name, layer.channels, layer.stride, numbers.get(name, 0), seen))
    yield Progress(0.95, tr("measuring how similar places are"))
    tops = _tops(hover, a.size)
    # Perhaps smaller than asked for: memory may not have sufficed.
    options = {"backbone": choice.name, "weights": choice.weights, "device": where, "size": max(hover.size_a)}
    return InspectSession(
        pictures=pictures,
        greys={side: grey_of(pictures[side]) for side in SIDES},
        network=network.title,
        backbone=choice.name,
        sizes=sizes,
        layers=tuple(layers),
        levels=tuple(layer for layer in layers if layer.level),
        cache=Looked(network, hover, images, fields, options),
        classes=class_names(choice.name, choice.weights),
        tops=tops,
    )


def _tops(hover: HoverCache, size: Size) -> dict[int, float]:
    """How similar to B most places of A become, by level: fixed ends for the scales, rounded up."""
    bests: dict[int, list[float]] = {}
    for x in np.linspace(0.1, 0.9, SAMPLES) * size[0]:
        for y in np.linspace(0.1, 0.9, SAMPLES) * size[1]:
            for level in hover.answer("A", float(x), float(y)).levels:
                bests.setdefault(level.level, []).append(level.value)
    tops = {level: float(np.percentile(values, 60)) for level, values in bests.items()}
    return {level: min(1.0, max(0.1, math.ceil(top * 20 - 1e-6) / 20)) for level, top in tops.items()}


def _fields(network: Backbone) -> dict[str, Receptive]:
    fields = {}
    try:
        fields = theoretical(network, list(network.layer_names))
    except ValueError:  # one layer that has none must not hide the others
        for name in network.layer_names:
            try:
                fields |= theoretical(network, [name])
            except ValueError:
                continue
    return fields


def grey_of(picture: Picture) -> Pixels:
    """(h, w, 3) uint8: the picture without its colours, a little darker, at most `GREY_SIDE` pixels."""
    pixels = picture.pixels
    scale = min(1.0, GREY_SIDE / max(pixels.shape[:2]))
    if scale < 1:
        size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    return np.ascontiguousarray(np.repeat(np.asarray(grey, np.uint8)[..., None], 3, axis=2))


def looked(session: InspectSession) -> Looked:
    cache = session.cache
    assert isinstance(cache, Looked)
    return cache


def layer_info(session: InspectSession, name: str) -> LayerInfo:
    return next(layer for layer in session.layers if layer.name == name)


# --- hover and why: at once, from features that are there ---


def hover(request: HoverRequest) -> HoverReading:
    """Compare a place with all of the other picture."""
    session = request.session
    answer = looked(session).hover.answer(request.side, *request.place)
    levels = tuple(_level(session, one) for one in reversed(answer.levels))
    return HoverReading(request, levels, tuple(step.place for step in answer.trace))


def _level(session: InspectSession, one: LevelAnswer) -> LevelReading:
    return LevelReading(
        layer=layer_info(session, one.name),
        similarity=HeatMap(one.similarity, one.extent),
        best=one.best,
        value=one.value,
        margin=one.margin,
        runner=one.runner_up,
        back=one.back,
        mutual=one.mutual,
        box_here=one.box_here,
        box_there=one.box_there,
    )


def why(request: WhyRequest) -> WhyReading:
    """Split the similarity of two places by channel."""
    session = request.session
    cache, info = looked(session), layer_info(session, request.layer)
    split = cache.hover.contributions(info.level, request.a, request.b)
    parts = np.zeros(info.channels)
    parts[split.channels] = split.values
    maps: dict[Side, HeatMap] | None = None
    if request.channel >= 0:
        a, b = cache.hover.channel_maps(info.level, request.channel)
        maps = {
            "A": HeatMap(a, cache.hover.extent("A", info.level)),
            "B": HeatMap(b, cache.hover.extent("B", info.level)),
        }
    places = {"A": request.a, "B": request.b}
    boxes = {side: box_at(session, side, info, cache.hover.cell_at(side, info.level, places[side])) for side in SIDES}
    return WhyReading(request, split.cosine, parts, maps, boxes)


# --- receptive fields ---


def cell_at(session: InspectSession, side: Side, layer: LayerInfo, place: tuple[float, float]) -> tuple[int, int]:
    """The cell (column, row) of a layer that holds a place, full-size pixels."""
    size = session.sizes[side]
    grid = -(-size[0] // layer.stride), -(-size[1] // layer.stride)
    known = looked(session).fields.get(layer.name)
    shift = 0.0 if known is None else known.start + (known.size - 1) / 2 - (known.stride - 1) / 2
    working = rescale([place], session.pictures[side].size, size) - shift
    ((column, row),) = pixel_to_cell(working, layer.stride, grid).tolist()
    return column, row


def box_at(
    session: InspectSession, side: Side, layer: LayerInfo, cell: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Edges of what a cell can see, in full-size pixels, cut at the picture's."""
    known = looked(session).fields.get(layer.name)
    if known is None:
        return block_at(session, side, layer, cell)
    return _to_full(session, side, known.box(*cell))


def block_at(
    session: InspectSession, side: Side, layer: LayerInfo, cell: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Edges of the block of pixels that a cell stands for."""
    x, y = (index * layer.stride - 0.5 for index in cell)
    return _to_full(session, side, (x, y, x + layer.stride, y + layer.stride))


def _to_full(
    session: InspectSession, side: Side, box: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    full = session.pictures[side].size
    ((x0, y0), (x1, y1)) = rescale([box[:2], box[2:]], session.sizes[side], full).tolist()
    return clipped((x0, y0, x1, y1), full)


def extent_of(session: InspectSession, side: Side, layer: LayerInfo) -> tuple[float, float]:
    """Width and height in full-size pixels that the maps of a layer cover."""
    (width, height), full = session.sizes[side], session.pictures[side].size
    columns, rows = -(-width // layer.stride), -(-height // layer.stride)
    return columns * layer.stride * full[0] / width, rows * layer.stride * full[1] / height
