"""Classifier: a whole network of the catalogue, with its class scores and the names of the classes."""

from __future__ import annotations

import copy
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import get_model_weights

from studio.arrays import Size
from studio.backbones.catalog import CATALOG, Entry, catalogued
from studio.backbones.class_names import named_classes
from studio.backbones.layers import Layer, block_names, flat, kind_of, plain_names
from studio.backbones.levels import WeightsError
from studio.backbones.networks import best_naming, scoring, skeleton, tensors_in
from studio.backbones.receptive import theoretical
from studio.backbones.status import converted_file
from studio.backbones.weights import fetch_weights, read_state
from studio.device import choose_device
from studio.language import tr, translatable
from studio.progress import Job, Progress, part

SCORES = "scores"
"""What `Classifier.activations` also takes: gives (N, K) scores before softmax."""


class Classifier:
    """A network from the picture to the scores of its classes; made by `load_classifier` or `build_classifier`.

    It runs as it was trained: unlike those of a `Backbone` its maps are not brought to whole stride blocks, so a
    cell lies where `studio.backbones.receptive.theoretical` says. It has no state besides its frozen weights and may
    be used from any thread.

    Attributes
    ----------
    name, title : str
        As the catalogue has them.
    class_names : tuple of str
    layer_names : tuple of str
        All layers that can be asked for, in their order, called as a `Backbone` calls them.
    device : torch.device
    """

    def __init__(self, entry: Entry, model: nn.Module, class_names: Sequence[str], device: torch.device) -> None:
        self.name, self.title, self.device = entry.name, entry.title, device
        self.class_names = tuple(class_names)
        self._layout = torch.contiguous_format if device.type == "mps" else torch.channels_last
        self.model = model.eval().requires_grad_(False).to(device, torch.float32).to(memory_format=self._layout)
        self._chain = tuple(_chain(entry, self.model))
        self.layer_names = tuple(name for name, _ in self._chain if name)
        self._mean = torch.tensor(entry.mean, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(entry.std, device=device).view(1, 3, 1, 1)

    def __repr__(self) -> str:
        return f"<Classifier {self.name} on {self.device}, {len(self.class_names)} classes>"

    def activations(
        self, image: Tensor, names: Collection[str], raw: dict[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Activations of `image`, (N, 3, H, W) in [0, 1], at some layers; nothing beyond the last one is computed.

        Parameters
        ----------
        names : collection of str
            Of `layer_names`, and “scores” for the (N, K) scores before softmax.
        raw : dict, optional
            As for `Backbone.activations`; here the maps themselves.

        Raises
        ------
        ValueError
            There is no such layer.
        WeightsError
            The picture is too small or too narrow for this network.
        """
        unknown = sorted(set(names) - {*self.layer_names, SCORES})
        if unknown or not names:
            raise ValueError(f"{self.title} has no layers {unknown}; its layers are {', '.join(self.layer_names)}")
        left = set(names)
        maps: dict[str, Tensor] = {}
        with torch.set_grad_enabled(torch.is_grad_enabled() and image.requires_grad):
            image = image.to(self.device, torch.float32)
            x = ((image - self._mean) / self._std).contiguous(memory_format=self._layout)
            for name, module in self._chain:
                x = self._run(module, x)
                if name in left:
                    left.discard(name)
                    maps[name] = x
                    if raw is not None:
                        raw[name] = x
                if not left:
                    return maps
        maps[SCORES] = x
        if raw is not None:
            raw[SCORES] = x
        return maps

    def _run(self, module: nn.Module, x: Tensor) -> Tensor:
        try:
            result: Tensor = module(x)
        except RuntimeError as error:
            if "too small" in str(error) or "greater than actual input size" in str(error):
                raise WeightsError(
                    tr(
                        "The picture is too narrow for {title} at this working size; choose a larger one.",
                        title=self.title,
                    )
                ) from error
            raise
        return result

    def layer(self, name: str) -> Layer:
        """What the layer called `name` is like. Raises `ValueError` if there is none."""
        if name not in self.layer_names:
            raise ValueError(f"{self.title} has no layer “{name}”; its layers are {', '.join(self.layer_names)}.")
        with torch.no_grad():
            channels = self.activations(torch.zeros(1, 3, 64, 64), [name])[name].shape[1]
        module = next(module for known, module in self._chain if known == name)
        return Layer(name, channels, theoretical(self, [name])[name].stride, kind_of(module))

    def scores(self, image: Tensor) -> Tensor:
        """(N, K) scores, before softmax, of `image`, (N, 3, H, W) in [0, 1]."""
        return self.activations(image, [SCORES])[SCORES]

    def class_number(self, which: str | int) -> int:
        """The number of the class called `which`, whole names before parts of one.

        Raises
        ------
        WeightsError
            There is no such class, or several; the sentence names some.
        """
        return find_class(self.class_names, which)

    def head(self) -> tuple[str, Tensor] | None:
        """Where the scores are the mean, over the cells, of a linear function of a layer: its name, and (K, C) weights.

        A ReLU behind that function, which SqueezeNet has, is not counted. None for any other network.
        """
        last = max(index for index, (name, _) in enumerate(self._chain) if name)
        kinds = [module for _, module in self._chain[last + 1 :] if not isinstance(module, nn.Dropout | nn.ReLU)]
        pool = [index for index, module in enumerate(kinds) if isinstance(module, nn.AdaptiveAvgPool2d)]
        linear = [module for module in kinds if isinstance(module, nn.Linear | nn.Conv2d)]
        plain = all(isinstance(module, nn.AdaptiveAvgPool2d | nn.Linear | nn.Conv2d | nn.Flatten) for module in kinds)
        if len(pool) != 1 or len(linear) != 1 or not plain or kinds[pool[0]].output_size not in (1, (1, 1)):
            return None
        return self._chain[last][0], linear[0].weight.flatten(1)


def load_classifier(
    name: str | Entry, weights: Path | None = None, device: str = "auto", classes: Path | None = None
) -> Job[Classifier]:
    """Load a network with its classes, however many its file has. The last one stays loaded.

    Parameters
    ----------
    name, weights, device
        As for `load_backbone`.
    classes : Path, optional
        File with a name a line, or JSON; by default one beside `weights` (see `studio.backbones.class_names`).

    Raises
    ------
    WeightsError, FileError
        The network has no classes, or the file lacks their part, or that of the names does not fit.
    DeviceError
    """
    entry = catalogued(name) if isinstance(name, str) else name
    yield Progress(0.0, tr("loading {title} with its classes", title=entry.title))
    _names(entry)
    target = choose_device(device)
    path = yield from part(fetch_weights(entry, weights), 0.0, 0.9)
    try:
        state = path.stat()
    except OSError as error:
        raise WeightsError(tr("The weights file “{path}” has gone; choose another one.", path=path)) from error
    key = entry, path.resolve(), state.st_mtime_ns, state.st_size, str(target)
    with _lock:
        known = _last.get(key)
    if known is not None:
        return _renamed(known, entry, weights, classes)
    yield Progress(0.9, tr("reading the weights of {title}", title=entry.title))
    try:
        classifier = _assemble(entry, read_state(path), path.name, target)
    except WeightsError:
        if path != converted_file(entry) or not scoring(entry):
            raise
        # Our own copy is damaged, or from a version that kept less.
        path.unlink(missing_ok=True)
        path = yield from part(fetch_weights(entry), 0.9, 0.98)
        classifier = _assemble(entry, read_state(path), path.name, target)
    with _lock:
        _last.clear()
        _last[key] = classifier
    return _renamed(classifier, entry, weights, classes)


def _renamed(classifier: Classifier, entry: Entry, weights: Path | None, classes: Path | None) -> Classifier:
    names = named_classes(len(classifier.class_names), _names(entry), weights, classes)
    if names == classifier.class_names:
        return classifier
    twin = copy.copy(classifier)
    twin.class_names = names
    return twin


_last: dict[Any, Classifier] = {}
_lock = threading.Lock()


def build_classifier(
    name: str | Entry, state_dict: Mapping[str, Any] | None = None, device: str = "cpu", seed: int = 0
) -> Classifier:
    """A classifier from tensors in memory, or with generated weights, for tests and benchmarks.

    Raises
    ------
    WeightsError
        The network has no classes, or the tensors are not its own.
    """
    entry = catalogued(name) if isinstance(name, str) else name
    if state_dict is None:
        _names(entry)
        generator = torch.Generator().manual_seed(seed)
        state_dict = {}
        for key, tensor in skeleton(entry).state_dict().items():
            if tensor.ndim >= 2:
                fan_in = torch.Size(tensor.shape[1:]).numel()
                state_dict[key] = torch.randn(tensor.shape, generator=generator) * (2.0 / fan_in) ** 0.5
            else:
                state_dict[key] = (
                    torch.zeros(tensor.shape) if key.endswith(("bias", "mean")) else torch.ones(tensor.shape)
                )
    return _assemble(entry, state_dict, tr("the state dict"), choose_device(device))


def _assemble(entry: Entry, state: Mapping[str, Any], file_name: str, device: torch.device) -> Classifier:
    official = _names(entry)
    state = tensors_in(state, file_name)
    count = _count(entry, state)
    class_names = named_classes(count, official, None, None)
    model = skeleton(entry, count)
    shapes = _shapes(model)
    names = best_naming(state, shapes)
    found = {key: state[names[key]].float() for key in shapes if names[key] in state}
    wrong = [key for key, tensor in found.items() if tuple(tensor.shape) != shapes[key]]
    if wrong:
        raise WeightsError(
            tr(
                "“{file}” does not fit {title} with its classes: “{wrong}” has another shape.",
                file=file_name,
                title=entry.title,
                wrong=wrong[0],
            )
        )
    if len(found) < len(shapes):
        if any(key.startswith(("features", "conv1")) for key in found):
            sentence = translatable(
                "“{file}” holds no classes ({number} tensors of {title} are missing); give the whole published file, "
                "or explain a channel, a cell or a pair instead."
            )
        else:
            sentence = translatable(
                "“{file}” holds other weights ({number} tensors of {title} are missing); give the whole published "
                "file, or explain a channel, a cell or a pair instead."
            )
        raise WeightsError(
            tr(
                sentence,
                file=file_name,
                number=len(shapes) - len(found),
                title=entry.title,
            )
        )
    model.load_state_dict(found, strict=False, assign=True)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.num_batches_tracked = torch.zeros((), dtype=torch.long)
    return Classifier(entry, model, class_names, device)


def _shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    tensors = model.state_dict()
    return {key: tuple(one.shape) for key, one in tensors.items() if not key.endswith("num_batches_tracked")}


def _count(entry: Entry, state: Mapping[str, Tensor]) -> int:
    """How many classes the tensors of a state dict score: the rows of the last layer; the makers' own if it is none."""
    shapes = _shapes(skeleton(entry))
    last = [key for key, shape in shapes.items() if len(shape) >= 2][-1]
    found = state.get(best_naming(state, shapes)[last])
    if found is None or tuple(found.shape[1:]) != shapes[last][1:] or not len(found):
        return len(_names(entry))
    return len(found)


def _chain(entry: Entry, model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The modules from picture to scores, in their order, with the names of those that can be asked for."""
    modules = list(flat(model))
    ends = next(index for index, (_, module) in enumerate(modules) if isinstance(module, nn.AdaptiveAvgPool2d))
    # SqueezeNet's classifier stands before the pooling: its own convolution is no layer to ask for.
    body = [(path, module) for path, module in modules[:ends] if not path.startswith("classifier")]
    names = _names_of(entry, body)
    flattened = False
    for index, (_, module) in enumerate(modules):
        if isinstance(module, nn.Linear) and not flattened:
            flattened = True
            yield "", nn.Flatten(1)
        yield names[index] if index < len(names) else "", module
    if not flattened:
        yield "", nn.Flatten(1)


def _names_of(entry: Entry, body: Sequence[tuple[str, nn.Module]]) -> tuple[str, ...]:
    """What a `Backbone` of the same entry calls these modules, and in the same manner those behind its last level."""
    if entry.constructor.startswith("vgg"):
        whole = nn.Sequential(*(module for _, module in body))
        (names,) = plain_names([whole], [f"pool{sum(isinstance(module, nn.MaxPool2d) for _, module in body)}"])
        return names
    (names,) = block_names([nn.Sequential(*(module for _, module in body))], [[path for path, _ in body]], [""])
    named = list(names)
    for cut in entry.cuts:
        # A level that ends in a sequence of blocks ends in the last of them.
        inside = [index for index, (path, _) in enumerate(body) if f"{path}.".startswith(f"{cut.after}.")]
        for index in inside:
            named[index] = cut.name + body[index][0].removeprefix(cut.after)
        named[inside[-1]] = cut.name
    return tuple(named)


def published_grid(name: str, layer: str, size: Size) -> Size | None:
    """Cells (columns, rows) that a layer of the network as published has for a picture of `size`; None if unknown.

    A `Backbone` has one for each block of stride pixels and is padded for that; this is to tell where they differ.
    """
    entry = CATALOG.get(name)
    if entry is None or not entry.constructor:
        return None
    x = torch.empty(1, 3, size[1], size[0], device="meta")
    with torch.no_grad():
        for known, module in _chain(entry, skeleton(entry).eval()):
            try:
                x = module(x)
            except RuntimeError:  # too small for it
                return None
            if known == layer:
                return x.shape[3], x.shape[2]
    return None


def find_class(names: Sequence[str], which: str | int) -> int:
    """See `Classifier.class_number`."""
    if isinstance(which, int):
        if 0 <= which < len(names):
            return which
        raise WeightsError(
            tr("There are classes 0 to {number}, there is no class {which}.", number=len(names) - 1, which=which)
        )
    wanted = which.strip().casefold()
    whole = [index for index, name in enumerate(names) if name.casefold() == wanted]
    if whole:
        return whole[0]
    parts = [index for index, name in enumerate(names) if wanted and wanted in name.casefold()]
    if len(parts) == 1:
        return parts[0]
    if parts:
        raise WeightsError(
            tr(
                "“{which}” may be {some}; write the whole name.",
                which=which,
                some=_some([names[index] for index in parts]),
            )
        )
    close = get_close_matches(wanted, [name.casefold() for name in names], n=3, cutoff=0.6)
    near = [name for name in names if name.casefold() in close]
    raise WeightsError(
        tr("There is no class “{which}”; did you mean {some}?", which=which, some=_some(near))
        if near
        else tr("There is no class “{which}”.", which=which)
    )


def _some(names: Sequence[str]) -> str:
    shown = [f"“{name}”" for name in names[:4]]
    words = ", ".join(shown)
    return tr("{names} or others", names=words) if len(names) > 4 else words


def class_names(name: str, weights: Path | None = None, classes: Path | None = None) -> tuple[str, ...]:
    """The classes of a network of the catalogue in the order of its scores; () if it has none.

    With a file of weights, those that it scores, which may be called as a file says; see `load_classifier`.
    Raises `WeightsError`, `FileError` if one of them can't be read.
    """
    entry = catalogued(name)
    if not entry.constructor:
        return ()
    count = len(_names(entry)) if weights is None else _count(entry, tensors_in(read_state(weights), weights.name))
    return named_classes(count, _names(entry), weights, classes)


@cache
def _names(entry: Entry) -> tuple[str, ...]:
    if not entry.constructor:
        raise WeightsError(
            tr(
                "{title} has no classes; explain a channel, a cell or a pair, or take another network.",
                title=entry.title,
            )
        )
    categories: Sequence[str] = get_model_weights(entry.constructor).DEFAULT.meta["categories"]
    return tuple(categories)
