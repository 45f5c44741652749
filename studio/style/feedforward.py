"""Feed-forward styles: networks that were trained once for a style and give it to a picture in one go.

Reads public checkpoints (pytorch/examples, fast_neural_style) and our own files, which have the same layout with,
where they hold several styles, a row of each normalisation's scale and shift per style.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.arrays import Size
from studio.device import Attempt, choose_device, with_memory_fallback
from studio.errors import StudioError
from studio.files import bare_name, replacing
from studio.geometry import fit_within
from studio.language import tr
from studio.picture import Picture, without_hidden
from studio.progress import Job, Progress, part
from studio.style.color import grey, is_grey

if TYPE_CHECKING:
    from torch import Tensor

    from studio.style.feedforward_net import StyleNet

NETWORK_SUFFIXES = (".safetensors", ".pth", ".model", ".pt")
_NORM = re.compile(r"(^|\.)in\d+\.(weight|bias)$")
_IGNORED = re.compile(r"(^|\.)in\d+\.(running_mean|running_var|num_batches_tracked)$")
"""Left behind by torch before 0.4, where instance normalisation kept averages that it never used."""


class FeedForwardError(StudioError):
    """A network file that does not fit, or a style that it does not have."""


@dataclass(frozen=True, eq=False)
class StyleNetwork:
    """A trained network.

    Attributes
    ----------
    names : tuple of str
        What its styles are called.
    recipe : dict
        How it was trained, as far as the file says.
    """

    name: str
    net: StyleNet = field(repr=False)
    names: tuple[str, ...]
    recipe: dict[str, Any] = field(default_factory=dict)

    def mix(self, style: str | int | Sequence[float] = 0) -> Tensor:
        """(1, styles): how much of each style.

        Parameters
        ----------
        style : str, int or sequence of float
            A name, a number from 0, or a weight for each style; weights are brought to the sum 1.

        Raises
        ------
        FeedForwardError
            There is no such style, or the weights don't fit.
        """
        import torch

        if isinstance(style, str):
            if style not in self.names:
                raise FeedForwardError(
                    tr(
                        "“{name}” has no style “{style}”; it has {names}.",
                        name=self.name,
                        style=style,
                        names=", ".join(self.names),
                    )
                )
            style = self.names.index(style)
        if isinstance(style, int):
            if not 0 <= style < len(self.names):
                raise FeedForwardError(
                    tr(
                        "“{name}” has no style number {style}; the last one is {number}.",
                        name=self.name,
                        style=style,
                        number=len(self) - 1,
                    )
                )
            return self.net.one_hot([style])
        weights = torch.tensor([list(style)], dtype=torch.float32)
        if weights.shape[1] != len(self.names) or not torch.isfinite(weights).all() or weights.sum() <= 0:
            raise FeedForwardError(
                tr("“{name}” takes {number} weights of styles, whose sum is above 0.", name=self.name, number=len(self))
            )
        return (weights / weights.sum()).to(self.net.in1.weight)

    def is_grey(self, style: str | int | Sequence[float] = 0) -> bool:
        """Whether the styles mixed are of black, white and grey pictures, as far as the file says."""
        known = self.recipe.get("grey")
        listed = {str(name) for name in known} if isinstance(known, list) else set()
        return all(
            name in listed for name, weight in zip(self.names, self.mix(style)[0].tolist(), strict=True) if weight
        )

    def __len__(self) -> int:
        return len(self.names)


def load_network(path: Path | str, device: str = "cpu") -> StyleNetwork:
    """Read a network file: a public checkpoint, or one of our own.

    Only tensors are read from a file, never code.

    Raises
    ------
    FeedForwardError, WeightsError
        One sentence: the file can't be read, or is no network of this kind.
    DeviceError
        No such device.
    """
    from studio.backbones.weights import read_state

    path = Path(path)
    target = choose_device(device)
    state = read_state(path)
    about = _about(path)
    network = network_of(state, path.name, about)
    network.net.to(target)
    return network


def network_of(state: Mapping[str, Any], name: str, about: Mapping[str, str] | None = None) -> StyleNetwork:
    """A network from tensors in memory; `about` is what our own files say of themselves. Raises `FeedForwardError`."""
    import torch

    from studio.style.feedforward_net import StyleNet, plan_of

    tensors = {
        key.removeprefix("module."): value  # as torch's data-parallel training saves it
        for key, value in state.items()
        if isinstance(value, torch.Tensor) and not _IGNORED.search(key)
    }
    wrong = tr(
        "“{name}” holds no feed-forward style network in the layout of fast_neural_style; choose another file.",
        name=name,
    )
    try:
        plan = plan_of({key: tuple(value.shape) for key, value in tensors.items()})
    except ValueError as error:
        raise FeedForwardError(wrong) from error
    for key, value in tensors.items():
        if _NORM.search(key) and value.ndim == 1:
            tensors[key] = value[None]
    with torch.device("meta"):
        net = StyleNet(plan)
    expected = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    if {key: tuple(value.shape) for key, value in tensors.items()} != expected:
        raise FeedForwardError(wrong)
    floats = {key: value.detach().to(torch.float32).contiguous() for key, value in tensors.items()}
    if not all(bool(torch.isfinite(value).all()) for value in floats.values()):
        raise FeedForwardError(
            tr("“{name}” holds numbers that are not finite: its training failed; choose another file.", name=name)
        )
    net.load_state_dict(floats, assign=True)
    net.requires_grad_(False).eval()
    names, recipe = _names_and_recipe(about or {}, plan.styles, bare_name(name))
    return StyleNetwork(name, net, names, recipe)


def save_network(network: StyleNetwork, path: Path | str) -> None:
    """Write a network as safetensors; one with a single style has exactly the public layout. Raises `FileError`."""
    from safetensors.torch import save

    tensors = {}
    for key, value in network.net.state_dict().items():
        value = value.detach().cpu()
        tensors[key] = (value[0] if _NORM.search(key) and len(network) == 1 else value).contiguous().clone()
    about = {"styles": json.dumps(list(network.names)), "recipe": json.dumps(network.recipe)}
    with replacing(Path(path)) as temporary:
        temporary.write_bytes(save(tensors, about))


def apply_network(
    picture: Picture,
    network: StyleNetwork,
    *,
    style: str | int | Sequence[float] = 0,
    size: int = 0,
    device: str = "auto",
) -> Job[Picture]:
    """Give a picture the style of a network, at any size.

    The whole picture is looked at in bands, so memory bounds its size only softly; the result is that of the
    untiled network. If memory runs out it is tried with smaller bands, then on the CPU.

    Parameters
    ----------
    style : str, int or sequence of float
        See `StyleNetwork.mix`.
    size : int
        Longer side of the result, px; 0 is that of the picture. The network knows strokes of one size in pixels,
        so a smaller result has larger strokes.

    Returns
    -------
    Picture
        Of the depth of `picture`, with its alpha and what else it carries.

    Raises
    ------
    FeedForwardError, DeviceError, PictureError, OutOfMemory
    """
    main = str(choose_device(device))
    network.mix(style)  # a wrong style is told before anything is computed

    def attempt(plan: tuple[str, int]) -> Job[Picture]:
        return _applied(picture, network, style, size, *plan)

    from studio.style.feedforward_bands import BAND_PIXELS

    attempts = [
        Attempt((main, BAND_PIXELS), ""),
        Attempt((main, BAND_PIXELS // 16), tr("in smaller bands")),
    ]
    if main != "cpu":
        attempts.append(Attempt(("cpu", BAND_PIXELS // 4), tr("on the CPU")))
    return (yield from with_memory_fallback(attempt, attempts))


def _applied(
    picture: Picture, network: StyleNetwork, style: str | int | Sequence[float], size: int, device: str, band: int
) -> Job[Picture]:
    import torch

    from studio.style.feedforward_bands import in_bands

    yield Progress(0.0, tr("reading the picture"))
    target = picture.size if size <= 0 else fit_within(picture.size, size)
    pixels = torch.from_numpy(_pixels(picture, target)).to(device)
    tensor = pixels.permute(2, 0, 1)[None].to(torch.float32).contiguous()
    del pixels
    net = network.net.to(device)
    mix = network.mix(style)
    out = yield from part(_named(in_bands(net, tensor, mix, band)), 0.02, 0.98)
    del tensor
    yield Progress(0.98, tr("putting the picture together"))
    painted = out.numpy()
    if is_grey(picture) and network.is_grey(style):
        painted = grey(painted)
    return like(picture, painted, picture.name)


def _named(job: Job[Tensor]) -> Job[Tensor]:
    try:
        while True:
            try:
                event = next(job)
            except StopIteration as stop:
                result: Tensor = stop.value
                return result
            yield replace(event, message=tr("applying the style"))
    finally:
        job.close()


def _pixels(picture: Picture, size: Size) -> np.ndarray:
    """(h, w, 3) uint8, or float32 up to 255 where the picture has 16 bits and its full size is wanted."""
    if size != picture.size:
        return picture.shown(size).copy()
    full = picture.full()
    full = full if full.shape[2] == 3 else without_hidden(full[..., :3], full[..., 3])
    if full.dtype == np.uint16:
        return full.astype(np.float32) / np.float32(257.0)
    return np.array(full)


def like(picture: Picture, pixels: np.ndarray, name: str) -> Picture:
    """A picture of `pixels`, (h, w, 3) float in [0, 1], with the depth, alpha, profile and EXIF of another."""
    from PIL import Image

    levels = 65535 if picture.depth == 16 else 255
    numbers = np.rint(np.clip(np.nan_to_num(pixels), 0.0, 1.0) * levels).astype(np.uint16 if levels > 255 else np.uint8)
    if picture.alpha is not None:
        size = pixels.shape[1], pixels.shape[0]
        alpha = np.asarray(Image.fromarray(picture.alpha).resize(size, Image.Resampling.BICUBIC))
        numbers = np.dstack([numbers, alpha if levels == 255 else alpha.astype(np.uint16) * np.uint16(257)])
    return replace(Picture.from_array(numbers, name), icc=picture.icc, exif=picture.exif)


def _about(path: Path) -> dict[str, str]:
    """What a safetensors file says of itself; nothing of other files."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError):
        return {}


def _names_and_recipe(about: Mapping[str, str], styles: int, stem: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    try:
        names, recipe = json.loads(about.get("styles", "[]")), json.loads(about.get("recipe", "{}"))
    except ValueError:
        names, recipe = [], {}
    if not isinstance(names, list) or len(names) != styles:
        names = [stem] if styles == 1 else [tr("style {number}", number=number) for number in range(1, styles + 1)]
    return tuple(str(name) for name in names), recipe if isinstance(recipe, dict) else {}


__all__ = [
    "NETWORK_SUFFIXES",
    "FeedForwardError",
    "StyleNetwork",
    "apply_network",
    "load_network",
    "network_of",
    "save_network",
]
