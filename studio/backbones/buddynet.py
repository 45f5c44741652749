"""BuddyNet: the small network whose weights ship with the program, built as its file says.

The tensors' names are the architecture: `conv{stage}_{n}.weight` and `.bias` are the n-th
convolution of a stage. Convolutions are zero padded to keep the size and followed by a ReLU; 2 x 2
max pooling stands between the stages; a level is the output of a stage. So a wider or deeper
successor needs no change here. A weight may be in whole numbers of 8 bits: then `conv{stage}_{n}.scale` says what one
of them stands for in each output channel. After the last stage there may be a head that was taught what points are
(`studio.backbones.points`); then the level is what the head gives. A file may hold a decoder besides
(`studio.backbones.decoder`), and for some levels `style{stage}.weight` and `.bias`, a linear map of the channels of
each cell to those that style is measured in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.backbones.levels import Level, WeightsError
from studio.files import explain_os_error
from studio.language import tr

if TYPE_CHECKING:
    import torch
    from torch import nn

_TENSOR = re.compile(r"conv([1-9]\d*)_([1-9]\d*)\.(weight|bias|scale)")
DECODER_TENSOR = re.compile(r"up([1-9]\d*)_([1-9]\d*)\.(weight|bias)")
_STYLE_TENSOR = re.compile(r"style([1-9]\d*)\.(weight|bias)")
_POINT_TENSOR = re.compile(r"point_(skip\.weight|(in|near|out)\.(weight|bias)|share)")
_LONGEST_HEADER = 1 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """The layers of one BuddyNet: for each stage the names of its convolutions, and its level."""

    stages: tuple[tuple[str, ...], ...]
    levels: tuple[Level, ...]


def plan(shapes: Mapping[str, Sequence[int]]) -> Plan:
    """Read the architecture off the names and shapes of the tensors.

    Raises
    ------
    WeightsError
        They are not those of a BuddyNet that this version knows.
    """
    numbers = set()
    for name in shapes:
        match = _TENSOR.fullmatch(name)
        if match is None and any(one.fullmatch(name) for one in (DECODER_TENSOR, _STYLE_TENSOR, _POINT_TENSOR)):
            continue
        if match is None:
            raise WeightsError(
                tr("These are not BuddyNet's weights, or they are for a newer version: “{name}” is unknown.", name=name)
            )
        numbers.add((int(match[1]), int(match[2])))
    stages: list[tuple[str, ...]] = []
    levels: list[Level] = []
    channels = 3
    while names := _convolutions(numbers, stage := len(stages) + 1):
        for name in names:
            channels = _width(shapes, name, channels)
        stages.append(names)
        levels.append(Level(stage, f"relu{stage}_{len(names)}", 2 ** (stage - 1), channels))
    if not stages or sum(map(len, stages)) != len(numbers):
        raise WeightsError(tr("These are not BuddyNet's weights: the numbering of the layers has a gap."))
    if taught := point_channels(shapes, channels):
        levels[-1] = replace(levels[-1], name=f"points{len(stages)}", channels=taught + channels)
    return Plan(tuple(stages), tuple(levels))


def _convolutions(numbers: set[tuple[int, int]], stage: int) -> tuple[str, ...]:
    count = 0
    while (stage, count + 1) in numbers:
        count += 1
    return tuple(f"conv{stage}_{index}" for index in range(1, count + 1))


def _width(shapes: Mapping[str, Sequence[int]], name: str, channels: int) -> int:
    weight, bias = tuple(shapes.get(f"{name}.weight", ())), tuple(shapes.get(f"{name}.bias", ()))
    fits = len(weight) == 4 and weight[1] == channels and weight[2] == weight[3] and weight[2] % 2 == 1
    scale = tuple(shapes.get(f"{name}.scale", weight[:1]))
    if not fits or bias != weight[:1] or scale != weight[:1]:
        raise WeightsError(tr("These are not BuddyNet's weights: the shapes of “{name}” do not fit.", name=name))
    return weight[0]


def point_channels(shapes: Mapping[str, Sequence[int]], channels: int) -> int:
    """How many channels the head of points adds to the `channels` of the level it stands on; 0 without a head.

    Raises
    ------
    WeightsError
        It does not fit the level.
    """
    if not any(_POINT_TENSOR.fullmatch(name) for name in shapes):
        return 0
    skip, first, near, out = (tuple(shapes.get(f"point_{name}.weight", ())) for name in ("skip", "in", "near", "out"))
    fits = all(map(len, (skip, first, near, out))) and len(near) == 4 and near[2] == near[3] and near[2] % 2 == 1
    if fits:
        taught, hidden = skip[0], first[0]
        fits = (skip, first, out) == ((taught, channels), (hidden, channels), (taught, hidden))
        fits = fits and near[:2] == (hidden, 1) and tuple(shapes.get("point_share", ())) == (1,)
        widths = {"in": hidden, "near": hidden, "out": taught}
        fits = fits and all(tuple(shapes.get(f"point_{name}.bias", ())) == (width,) for name, width in widths.items())
    if not fits:
        raise WeightsError(tr("These are not BuddyNet's weights: its head of points does not fit the last level."))
    return int(skip[0])


def style_maps(
    tensors: Mapping[str, torch.Tensor], levels: Sequence[Level]
) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """For the levels that have one, by name, the linear map to the channels of style: (D, C) and (D,).

    Raises
    ------
    WeightsError
        They do not fit the levels.
    """
    maps = {}
    for number in sorted({int(match[1]) for name in tensors if (match := _STYLE_TENSOR.fullmatch(name))}):
        weight, bias = (tensors.get(f"style{number}.{kind}") for kind in ("weight", "bias"))
        wrong = WeightsError(tr("These are not BuddyNet's weights: its maps for style do not fit the levels."))
        if weight is None or bias is None or number > len(levels) or weight.ndim != 2:
            raise wrong
        if weight.shape[1] != levels[number - 1].channels or bias.shape != weight.shape[:1]:
            raise wrong
        maps[levels[number - 1].name] = (weight, bias)
    return maps


def shapes_in(path: Path) -> dict[str, list[int]]:
    """Names and shapes of the tensors in a safetensors file; reads its header only, without torch.

    Raises
    ------
    WeightsError
        The file can't be read or is not a safetensors file.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > _LONGEST_HEADER:
                raise ValueError("header too long")
            header = json.loads(file.read(length))
        return {name: list(entry["shape"]) for name, entry in header.items() if name != "__metadata__"}
    except OSError as error:
        raise WeightsError(explain_os_error(error, path, "read")) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise WeightsError(tr("“{name}” is not a safetensors file, or it is damaged.", name=path.name)) from error


def unpacked(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """All of `tensors` in single precision, weights of 8 bits times their scales, which are left out."""
    full = {name: tensor.float() for name, tensor in tensors.items() if not name.endswith(".scale")}
    for name, tensor in tensors.items():
        if name.endswith(".scale"):
            full[f"{name[:-6]}.weight"] *= tensor.float().view(-1, 1, 1, 1)
    return full


def stages(tensors: Mapping[str, torch.Tensor]) -> list[nn.Sequential]:
    """The stages' layers with `tensors` in them (as `unpacked` gives them), from the image to the coarsest level.

    Raises
    ------
    WeightsError
        As `plan`.
    """
    from torch import nn

    from studio.backbones.points import PointHead

    bodies: list[nn.Sequential] = []
    for names in plan({name: tensor.shape for name, tensor in tensors.items()}).stages:
        layers: list[nn.Module] = [nn.MaxPool2d(2)] if bodies else []
        for name in names:
            weight = tensors[f"{name}.weight"]
            width, channels, side, _ = weight.shape
            layer = nn.Conv2d(channels, width, side, padding=side // 2, device="meta")
            layer.load_state_dict({"weight": weight, "bias": tensors[f"{name}.bias"]}, assign=True)
            layers += [layer, nn.ReLU(inplace=True)]
        bodies.append(nn.Sequential(*layers))
    if "point_share" in tensors:
        bodies[-1].append(PointHead(tensors))
    return bodies
