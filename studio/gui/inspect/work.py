"""Where the mode Inspect calls the engines: turns what they give into what the views show. Knows no Qt.

The functions here run on the compute thread or on the responder's thread; importing this module imports torch.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from studio.arrays import SIDES, Pixels, Side, Size
from studio.backbones.choice import NetworkChoice
from studio.backbones.classifier import class_names
from studio.backbones.receptive import Receptive, known_fields
from studio.backbones.run import load_chosen
from studio.buddies.options import MatchOptions
from studio.buddies.plan import Plan
from studio.device import choose_device
from studio.features.placing import Placing
from studio.features.store import FeatureStore
from studio.featurevis.hover import HoverCache, prepare_hover
from studio.gui.inspect.colour import HeatMap
from studio.gui.inspect.readings import (
    AS_MATCHED,
    Edges,
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
KEPT_BYTES = 256 * 2**20
"""Activations of single layers that are kept in memory."""


@dataclass(eq=False)
class Prepared:
    """The engine's side of a session: network, pictures as tensors, features, and layers asked for so far."""

    backbone: Backbone
    hover: HoverCache
    images: dict[Side, Any]
    fields: dict[str, Receptive]
    full: dict[Side, Size]
    options: dict[str, Any]
    """How the session was made: backbone, weights, device, size."""
    classifier: Any = None
    """The whole network with its classes, once somebody has asked for one."""
    _kept: OrderedDict[str, dict[Side, Any]] = field(default_factory=OrderedDict)

    @property
    def size(self) -> int:
        """Longer side of the pictures as the network sees them, pixels."""
        return int(self.options["size"])

    def placing(self, side: Side, layer: str) -> Placing:
        """Where the cells of a layer lie in a picture; those of one that has no field of its own see their block."""
        field = self.fields.get(layer) or Receptive.block(self.backbone.layer(layer).stride)
        return Placing(field, self.hover.size_a if side == "A" else self.hover.size_b, self.full[side])

    def activations(self, layer: str) -> dict[Side, Any]:
        """(1, C, h, w) of each picture, computed once; those of a level are what the match compares."""
        for level in self.hover.levels:
            if level.name == layer:
                return {side: self.hover.features(side, level.number) for side in SIDES}
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


def prepare(
    a: Picture, b: Picture, choice: NetworkChoice, size: int, store: FeatureStore, options: MatchOptions | None
) -> Job[InspectSession]:
    """Load the network and ask it about both pictures, unless `store` knows already what it says.

    Parameters
    ----------
    size : int
        To which the longer side of both pictures is brought, pixels. `AS_MATCHED` takes what the match of the two
        pictures compared; without one, what a match with `options` is going to compare.
    store : FeatureStore
        What is computed is kept there.

    Raises
    ------
    WeightsError, DeviceError
    """
    where = str(choose_device(choice.device))
    network = yield from part(load_chosen(replace(choice, device=where)), 0.0, 0.4)
    hover = yield from part(_hover(a, b, network, size, store, options), 0.4, 0.9)
    yield Progress(0.9, tr("measuring what cells can see"))
    fields = known_fields(network)
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
    tops = hover.usual_tops()
    # Perhaps smaller than asked for: memory may not have sufficed.
    made = {"backbone": choice.name, "weights": choice.weights, "device": where, "size": max(hover.size_a)}
    return InspectSession(
        pictures=pictures,
        greys={side: grey_of(pictures[side]) for side in SIDES},
        network=network.title,
        backbone=choice.name,
        sizes=sizes,
        layers=tuple(layers),
        levels=tuple(layer for layer in layers if layer.level),
        cache=Prepared(network, hover, images, fields, {"A": a.size, "B": b.size}, made),
        classes=class_names(choice.name, choice.weights),
        tops=tops,
    )


def _hover(
    a: Picture, b: Picture, network: Backbone, size: int, store: FeatureStore, options: MatchOptions | None
) -> Job[HoverCache]:
    if size != AS_MATCHED:
        return (yield from prepare_hover(a, b, network, size, store=store))
    matched = store.matched(a, b, network)
    if matched is not None:
        sizes, plain = (matched.a.size, matched.b.size), matched.a.plain
    else:
        options = options or MatchOptions()
        plan = Plan.of(a.size, b.size, network.levels, options)
        sizes, plain = (plan.size_a, plan.size_b), options.preset == "official"
    return (yield from prepare_hover(a, b, network, sizes, plain=plain, store=store))


def grey_of(picture: Picture) -> Pixels:
    """(h, w, 3) uint8: the picture without its colours, a little darker, at most `GREY_SIDE` pixels."""
    pixels = picture.pixels
    scale = min(1.0, GREY_SIDE / max(pixels.shape[:2]))
    if scale < 1:
        size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    return np.ascontiguousarray(np.repeat(np.asarray(grey, np.uint8)[..., None], 3, axis=2))


def prepared(session: InspectSession) -> Prepared:
    cache = session.cache
    assert isinstance(cache, Prepared)
    return cache


def layer_info(session: InspectSession, name: str) -> LayerInfo:
    return next(layer for layer in session.layers if layer.name == name)


# --- hover and why: at once, from features that are there ---


def hover(request: HoverRequest) -> HoverReading:
    """Compare a place with all of the other picture."""
    session = request.session
    answer = prepared(session).hover.answer(request.side, *request.place)
    levels = tuple(LevelReading(layer_info(session, one.name), one) for one in reversed(answer.levels))
    return HoverReading(request, levels, tuple(step.place for step in answer.trace))


def why(request: WhyRequest) -> WhyReading:
    """Split the similarity of two places by channel."""
    session = request.session
    cache, info = prepared(session), layer_info(session, request.layer)
    split = cache.hover.contributions(info.level, request.a, request.b)
    maps: dict[Side, HeatMap] | None = None
    if request.channel >= 0:
        a, b = cache.hover.channel_maps(info.level, request.channel)
        maps = {
            "A": HeatMap(a, cache.hover.extent("A", info.level)),
            "B": HeatMap(b, cache.hover.extent("B", info.level)),
        }
    boxes: dict[Side, Edges] = {
        "A": cache.placing("A", info.name).box(split.cell_a),
        "B": cache.placing("B", info.name).box(split.cell_b),
    }
    return WhyReading(request, split, maps, boxes)
