"""The network as style sees it: which layers count how much, with which borders and in which precision."""

from __future__ import annotations

import copy
import math
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.backbones import Backbone, Stage
from studio.backbones.layers import no_layer
from studio.backbones.levels import Level
from studio.language import tr
from studio.style.model import StyleError
from studio.style.options import Precision

Border = Literal["replicate", "circular"]

CONTENT_LAYER = "relu4_2"
"""Of VGG, as in Gatys et al. 2016."""
CONTENT_STRIDE = 8
"""Of the layer that stands for it in networks without one, at most: that of `relu4_2`."""
USUAL = {1: 2.0, 2: 2.0, 4: 2.0, 8: 1.0, 16: 0.5}
"""Strides of the levels that make the style, and how much each counts: colours and strokes before compositions.
Gatys et al. weigh five layers alike."""


class Extractor:
    """A backbone with other borders and, on demand, less precision; it shares the backbone's weights.

    With the border "replicate" the first convolution repeats the picture's last pixels instead of seeing black (the
    mean) beyond them, which would tint the edges of the result. With "circular" every convolution does so with the
    opposite edge: the left and the right of the picture are neighbours. Layers whose channels have a map for style are
    seen through it, unless `raw`.
    """

    def __init__(
        self, backbone: Backbone, border: Border = "replicate", precision: Precision = "float32", raw: bool = False
    ) -> None:
        self.name = backbone.name
        self.device = backbone.device
        self.precision = precision
        self._maps = {} if raw else backbone.style_maps
        self._backbone = _with_border(backbone, border)

    def in_full_precision(self) -> Extractor:
        """The same without saving precision."""
        twin = copy.copy(self)
        twin.precision = "float32"
        return twin

    def maps(self, image: Tensor, names: Collection[str]) -> dict[str, Tensor]:
        """As `Backbone.activations`, as style sees them; float32 in any precision."""
        with self._context():
            found = self._backbone.activations(image, names)
            return {name: self._mapped(name, found[name]).float() for name in names}

    def _mapped(self, name: str, features: Tensor) -> Tensor:
        if name not in self._maps:
            return features
        return F.linear(features.permute(0, 2, 3, 1), *self._maps[name]).permute(0, 3, 1, 2)

    def stride(self, name: str) -> int:
        """Pixels per cell of a layer."""
        return self._backbone.layer(name).stride

    def _context(self) -> AbstractContextManager[object]:
        if self.precision in ("float32", "auto"):
            return nullcontext()
        return torch.autocast(self.device.type, getattr(torch, self.precision))

    def reach(self, names: Collection[str]) -> int:
        """Pixels, from above, by which the cells of these layers see beyond the block they stand for."""
        last = max(self._backbone.layer_names.index(name) for name in names)
        wanted = self._backbone.layer_names[last]
        reach, stride = 0, 1
        for number, level in enumerate(self._backbone.levels, 1):
            stage = self._backbone.stage(number)
            reach += max(stage.pad) * stride
            # A stage reduces in its first modules; what comes before sees less far than is counted here.
            for part in stage.body.modules():
                if isinstance(part, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
                    reduces = _side(part.stride or 1) > 1
                    reach += (_side(part.kernel_size) // 2) * (stride if reduces else level.stride)
            stride = level.stride
            if wanted in stage.names:
                break
        return reach


def _side(value: int | tuple[int, ...]) -> int:
    return value if isinstance(value, int) else value[0]


def _with_border(backbone: Backbone, border: Border) -> Backbone:
    stages = [backbone.stage(level.number) for level in backbone.levels]
    shared = {id(weight): weight for stage in stages for weight in (*stage.parameters(), *stage.buffers())}
    changed = [
        _bordered(stage, border, shared) if border == "circular" or not index else stage
        for index, stage in enumerate(stages)
    ]
    return backbone.with_stages(changed)


def _bordered(stage: Stage, border: Border, shared: Mapping[int, Tensor]) -> Stage:
    twin = copy.deepcopy(stage, dict(shared))
    for module in twin.modules():
        if isinstance(module, nn.Conv2d) and module.padding != (0, 0):
            module.padding_mode = border
            if border == "replicate":
                break
    return twin


def choose_precision(wanted: Precision, device: torch.device) -> Precision:
    """What "auto" means on a device."""
    if wanted != "auto":
        return wanted
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return "bfloat16"
    return "float32"


def style_layers(backbone: Backbone, text: str) -> dict[str, float]:
    """Layers and their weights, which sum to 1; see `StyleOptions.layers`. Raises `StyleError`."""
    if not text.strip():
        chosen = {
            plain_layer(backbone, level): USUAL[level.stride] for level in backbone.levels if level.stride in USUAL
        }
        return {name: weight / sum(chosen.values()) for name, weight in chosen.items()}
    weights: dict[str, float] = {}
    for word in text.split(","):
        name, _, number = word.partition(":")
        try:
            weight = float(number) if number.strip() else 1.0
        except ValueError:
            weight = math.nan
        if not 0.0 <= weight < math.inf:
            raise StyleError(
                tr("“{text}” is no layer with a weight; write them as “relu1_1:1, relu2_1:0.5”.", text=word.strip())
            )
        weights[known_layer(backbone, name)] = weight
    total = sum(weights.values())
    if total <= 0.0:
        raise StyleError(tr("The weights of the style layers are all 0."))
    return {name: weight / total for name, weight in weights.items() if weight > 0.0}


def plain_layer(backbone: Backbone, level: Level) -> str:
    """The layer of a level that looks make: of one that was taught what points are the one that its head stands on.

    Points have no look of their own, and a head that sees 7 x 7 cells wants more of them than small textures have.
    """
    names = backbone.layer_names
    return names[names.index(level.name) - 1] if backbone.layer(level.name).kind == "points" else level.name


def content_layers(backbone: Backbone, text: str) -> tuple[str, ...]:
    """The layers that hold the content; see `StyleOptions.content_layers`. Raises `StyleError`."""
    if text.strip():
        return tuple(dict.fromkeys(known_layer(backbone, word) for word in text.split(",")))
    if CONTENT_LAYER in backbone.layer_names:
        return (CONTENT_LAYER,)
    return (middle_layer(backbone),)


def middle_layer(backbone: Backbone) -> str:
    """The last layer of the stride at which things have their shapes but no longer their brush strokes."""
    layers = [backbone.layer(name) for name in backbone.layer_names]
    fine = [layer for layer in layers if layer.stride <= CONTENT_STRIDE and layer.kind != "pool"]
    return (fine or layers[:1])[-1].name


def known_layer(backbone: Backbone, name: str) -> str:
    """`name` without spaces, if the backbone has it. Raises `StyleError`."""
    name = name.strip()
    if name not in backbone.layer_names:
        raise StyleError(no_layer(backbone, name))
    return name
