"""From a row of the catalogue and a set of tensors to a backbone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from studio.backbones import buddynet
from studio.backbones.backbone import Backbone, Stage
from studio.backbones.catalog import Entry
from studio.backbones.decoder import decoder_of
from studio.backbones.layers import block_names, plain_names
from studio.backbones.levels import Level, WeightsError
from studio.language import tr

LARGEST_SCORING = 16 << 20
"""Bytes of a part that gives class scores, up to which it is kept with the rest."""


@cache
def wanted(entry: Entry) -> dict[str, tuple[tuple[int, ...], int]]:
    """The tensors that a torchvision network needs up to its coarsest level.

    Maps the name, as torchvision spells it, to the shape and the number of the level that needs it first.
    """
    tensors = {}
    for number, pieces in enumerate(_pieces(entry, skeleton(entry)), 1):
        for path, module in pieces:
            for name, tensor in module.state_dict(prefix=f"{path}.").items():
                if not name.endswith("num_batches_tracked"):  # counts training steps; some files lack it
                    tensors[name] = tuple(tensor.shape), number
    return tensors


@cache
def kept(entry: Entry) -> dict[str, tuple[int, ...]]:
    """Names and shapes of what is worth keeping of the published weights: all but a large classifier.

    That is `wanted`, the rest of the container that the cuts lie in (VGG's `features`), for whoever looks deeper
    than the coarsest level, and the part that gives class scores (`scoring`).
    """
    return {**_body(entry), **scoring(entry)}


@cache
def scoring(entry: Entry) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the part that gives class scores, if it is small; VGG's takes half a gigabyte."""
    body = _body(entry)
    tensors = {
        name: tuple(tensor.shape)
        for name, tensor in skeleton(entry).state_dict().items()
        if name not in body and name.startswith(("classifier.", "fc."))
    }
    size = sum(4 * torch.Size(shape).numel() for shape in tensors.values())
    return tensors if size <= LARGEST_SCORING else {}


@cache
def _body(entry: Entry) -> dict[str, tuple[int, ...]]:
    tensors = {name: shape for name, (shape, _) in wanted(entry).items()}
    container = entry.cuts[-1].after.rpartition(".")[0]
    if container:
        for name, tensor in skeleton(entry).get_submodule(container).state_dict(prefix=f"{container}.").items():
            if not name.endswith("num_batches_tracked"):
                tensors[name] = tuple(tensor.shape)
    return tensors


def assemble(entry: Entry, tensors: Mapping[str, Tensor], device: torch.device) -> Backbone:
    """The backbone of `entry` with `tensors` in it: what `select` gave, or a BuddyNet's.

    `tensors` are in the shapes of torch's layers (a convolution's weight is (out, in, height, width)), of any float
    type.

    Raises
    ------
    WeightsError
        They are not a BuddyNet's.
    """
    tensors = {name: tensor.float() for name, tensor in tensors.items()} if entry.cuts else buddynet.unpacked(tensors)
    bodies: list[nn.Sequential]
    if entry.cuts:
        levels = entry.levels
        bodies = _torchvision_bodies(entry, tensors)
        places = [(cut.pad, cut.drop) for cut in entry.cuts]
    else:
        bodies = buddynet.stages(tensors)
        levels = buddynet.plan({name: tensor.shape for name, tensor in tensors.items()}).levels
        places = [((0, 0), 0)] * len(levels)
    stages = [
        Stage(body, ratio, pad, drop, names)
        for body, ratio, (pad, drop), names in zip(
            bodies, _ratios(levels), places, _layer_names(entry, bodies, levels), strict=True
        )
    ]
    decoder = None if entry.cuts else decoder_of(tensors, levels)
    maps = {} if entry.cuts else buddynet.style_maps(tensors, levels)
    return Backbone(entry.name, entry.title, levels, stages, device, entry.mean, entry.std, decoder, maps)


def generate(entry: Entry, seed: int) -> dict[str, Tensor]:
    """Tensors for `entry` drawn with `seed`: convolutions after He et al. 2015, everything else neutral.

    Each in its layer's shape, float32, on the CPU.
    """
    if entry.cuts:
        shapes = {name: shape for name, (shape, _) in wanted(entry).items()}
    else:
        shapes = {name: tuple(shape) for name, shape in buddynet.shapes_in(entry.shipped).items()}
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in shapes.items():
        if len(shape) in (2, 4):
            fan_in = torch.Size(shape[1:]).numel()
            tensors[name] = torch.randn(shape, generator=generator) * (2.0 / fan_in) ** 0.5
        else:
            tensors[name] = torch.zeros(shape) if name.endswith(("bias", "running_mean")) else torch.ones(shape)
    return tensors


def select(entry: Entry, state: Mapping[str, Any], file_name: str) -> dict[str, Tensor]:
    """Those tensors of a state dict that `kept` names, under torchvision's names.

    Each in its layer's shape; their types stay.

    The state may hold more (a classifier), sit one level down (`state_dict`, `model`), have a prefix
    (`module.`) or lack one (`features.`). Of what `wanted` does not name, anything may be missing.

    Raises
    ------
    WeightsError
        Tensors are missing, have other shapes or are not finite; the sentence names the file.
    """
    state = tensors_in(state, file_name)
    if not entry.cuts:
        try:
            its_levels = buddynet.plan({name: tensor.shape for name, tensor in state.items()}).levels
            decoder_of(state, its_levels)
            buddynet.style_maps(state, its_levels)
        except WeightsError as error:
            raise WeightsError(tr("“{file}” can't be used: {error}", file=file_name, error=error)) from None
        return dict(state)
    needed = wanted(entry)
    shapes = _body(entry)
    names = best_naming(state, shapes)
    missing = {name for name in needed if names[name] not in state}
    if len(missing) == len(needed):
        raise WeightsError(
            tr(
                "“{file}” holds other weights than those of {title}; choose a file made for it.",
                file=file_name,
                title=entry.title,
            )
        )
    present = {name: state[names[name]] for name in shapes if names[name] in state}
    for name, tensor in present.items():
        if (found := tuple(tensor.shape)) != (shape := shapes[name]):
            raise WeightsError(
                tr(
                    "“{file}” does not fit {title}: “{name}” is {found} instead of {wanted}; choose a file "
                    "made for it.",
                    file=file_name,
                    title=entry.title,
                    name=name,
                    found=_by(found),
                    wanted=_by(shape),
                )
            )
    if missing:
        lacking = sorted({needed[name][1] for name in missing})
        levels = " and ".join(entry.cuts[number - 1].name for number in lacking)
        raise WeightsError(
            tr(
                "“{file}” holds {title} only in part: {number} of {total} tensors, needed for {levels}, are "
                "missing; choose a file with the whole network.",
                file=file_name,
                title=entry.title,
                number=len(missing),
                total=len(needed),
                levels=levels,
            )
        )
    return {**present, **_scores_in(entry, state, names)}


def _scores_in(entry: Entry, state: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    """The tensors of `scoring` in a state dict; none if one is missing or was made for other classes."""
    first = next(iter(names))
    prefix = names[first].removesuffix(first) if names[first].endswith(first) else ""
    shapes = scoring(entry)
    found = {name: state[prefix + name] for name in shapes if prefix + name in state}
    fits = len(found) == len(shapes) and all(tuple(found[name].shape) == shape for name, shape in shapes.items())
    return found if fits else {}


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def tensors_in(state: Mapping[str, Any], file_name: str) -> dict[str, Tensor]:
    """The tensors of a state dict, which may sit one level down.

    Of any shape and type, as the file has them.

    Raises
    ------
    WeightsError
        One of them holds numbers that are not finite, so that all that is computed with it would be none either.
    """
    tensors = {name: value for name, value in state.items() if isinstance(value, Tensor)}
    if not tensors:
        for key in ("state_dict", "model", "model_state_dict", "net", "weights"):
            if isinstance(inner := state.get(key), Mapping):
                return tensors_in(inner, file_name)
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise WeightsError(
                tr(
                    "“{file}” can't be used: “{name}” holds numbers that are not finite; choose another file.",
                    file=file_name,
                    name=name,
                )
            )
    return tensors


def best_naming(state: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    """The names that the tensors have in `state`, under the prefix that fits the most of them.

    Shapes alone are compared, those of torch's layers.
    """
    first = next(iter(shapes))
    container = first.split(".")[0] + "."
    namings = []
    for cut in ("", container) if all(name.startswith(container) for name in shapes) else ("",):
        probe = first.removeprefix(cut)
        prefixes = {name.removesuffix(probe) for name in state if name == probe or name.endswith(f".{probe}")}
        namings += [{name: prefix + name.removeprefix(cut) for name in shapes} for prefix in sorted(prefixes | {""})]

    def fit(naming: dict[str, str]) -> int:
        return sum(1 + (tuple(state[found].shape) == shapes[name]) for name, found in naming.items() if found in state)

    return max(namings, key=fit)


def skeleton(entry: Entry, classes: int | None = None) -> nn.Module:
    """The torchvision network without memory for its weights; with as many classes as its makers', or others."""
    import torchvision  # takes seconds to import, and BuddyNet does without

    with torch.device("meta"):
        model: nn.Module = getattr(torchvision.models, entry.constructor)(
            weights=None, **({} if classes is None else {"num_classes": classes})
        )
    return model


def _pieces(entry: Entry, model: nn.Module) -> list[list[tuple[str, nn.Module]]]:
    """The modules of `model` in their order, with their paths, cut into levels; later ones are left out."""
    ends = [cut.after for cut in entry.cuts]
    opened = {end[:index] for end in ends for index, sign in enumerate(end) if sign == "."}
    pieces: list[list[tuple[str, nn.Module]]] = [[]]
    for path, module in _chain(model, "", opened):
        pieces[-1].append((path, module))
        if path == ends[len(pieces) - 1]:
            if len(pieces) == len(ends):
                return pieces
            pieces.append([])
    raise LookupError(f"{entry.name} has no module {ends[len(pieces) - 1]} after the one before")


def _chain(module: nn.Module, prefix: str, opened: set[str]) -> Iterator[tuple[str, nn.Module]]:
    for name, child in module.named_children():
        if (path := prefix + name) in opened:
            yield from _chain(child, f"{path}.", opened)
        else:
            yield path, child


def _torchvision_bodies(entry: Entry, tensors: Mapping[str, Tensor]) -> list[nn.Sequential]:
    model = skeleton(entry)
    model.load_state_dict(dict(tensors), strict=False, assign=True)
    bodies = [nn.Sequential(*(module for _, module in pieces)) for pieces in _pieces(entry, model)]
    for body in bodies:
        for module in body.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.num_batches_tracked = torch.zeros((), dtype=torch.long)
    return bodies


def _layer_names(entry: Entry, bodies: list[nn.Sequential], levels: tuple[Level, ...]) -> list[tuple[str, ...]]:
    last = [level.name for level in levels]
    if not entry.cuts or entry.constructor.startswith("vgg"):
        return plain_names(bodies, last)
    paths = [[path for path, _ in pieces] for pieces in _pieces(entry, skeleton(entry))]
    return block_names(bodies, paths, last)


def _ratios(levels: tuple[Level, ...]) -> list[int]:
    strides = [1, *(level.stride for level in levels)]
    return [coarse // fine for fine, coarse in pairwise(strides)]
