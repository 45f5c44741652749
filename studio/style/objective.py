"""What is made small at one size: content, style by areas, anchors and smoothness; in one piece or in tiles.

Everything the network is asked for goes into sums over cells. So the picture can be taken in tiles: first the sums of
all tiles are added up, from them come the loss and its slope along each sum, and then each tile is asked again and
hands the slopes on to its pixels. Tiles overlap by what the deepest layer sees beyond its cells, so the result is that
of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from studio.geometry import round_up
from studio.style.losses import Places, StyleLoss, Sums, Target, content_sum, deviation, range_norm, total_variation
from studio.style.network import Extractor
from studio.style.statistics import Window, cells_of, window_moments

HALF_SCALE = 65536.0
"""What torch's own gradient scaler begins with."""
Key = tuple[str, ...]
Maps = Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class Area:
    """A part of the picture with statistics of its own.

    Attributes
    ----------
    share : float
        How much it counts; those of all areas sum to 1.
    weights : dict
        Layer to (rows, columns) weights that sum to 1; empty for the whole picture.
    targets : list of (int, dict)
        Which style picture, and layer to its target.
    """

    share: float
    weights: Mapping[str, Tensor]
    targets: Sequence[tuple[int, Mapping[str, Target]]] = ()


@dataclass(frozen=True, eq=False)
class AnchorTarget:
    """What is to be found in some windows.

    Attributes
    ----------
    mean, std : (P, C) tensors
    confidence : (P,) tensor
        Sums to 1.
    scale, floor : scalar tensors
        What the squared distances are divided by; what is added to variances.
    """

    mean: Tensor
    std: Tensor
    confidence: Tensor
    scale: Tensor
    floor: Tensor


@dataclass(frozen=True, eq=False)
class Anchors:
    """Windows of one layer, with their target if they are to be compared."""

    windows: Sequence[Window]
    target: AnchorTarget | None = None


@dataclass(frozen=True, eq=False)
class Scene:
    """All targets at one size.

    Attributes
    ----------
    content : dict
        Layer to (activations, what squared distances are divided by).
    content_weights : dict
        Layer to (rows, columns) weights that sum to 1; empty if all cells count the same.
    """

    style_layers: Mapping[str, float] = field(default_factory=dict)
    areas: Sequence[Area] = ()
    content: Mapping[str, tuple[Tensor, Tensor]] = field(default_factory=dict)
    content_weights: Mapping[str, Tensor] = field(default_factory=dict)
    anchors: Mapping[str, Anchors] = field(default_factory=dict)
    circular: bool = False

    @property
    def layers(self) -> tuple[str, ...]:
        """What the network has to be asked for."""
        return tuple(dict.fromkeys((*self.style_layers, *self.content, *self.anchors)))


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of the loss counts; those of the styles are brought to the sum 1."""

    content: float = 0.0
    style: float = 0.0
    tv: float = 0.0
    anchors: float = 0.0
    range: float = 0.0
    styles: tuple[float, ...] = (1.0,)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What of a picture is looked at, and which part of that counts; pixels, (top, left, bottom, right)."""

    seen: tuple[int, int, int, int]
    inner: tuple[int, int, int, int]


class Objective:
    """The loss of a picture of one size, and its gradient.

    Parameters
    ----------
    tile : int
        Side of the tiles; 0 takes the picture in one piece.
    """

    def __init__(self, extractor: Extractor, scene: Scene, loss: StyleLoss, tile: int = 0) -> None:
        self.extractor = extractor
        self.scene = scene
        self.loss = loss
        self.tile = tile
        self._grids: dict[str, tuple[int, int]] = {}

    def evaluate(self, image: Tensor, weights: Weights, rng: torch.Generator) -> tuple[dict[str, Tensor], Tensor]:
        """The parts of the loss, weighted, “total” among them; and the gradient of the total.

        Parameters
        ----------
        image : (1, 3, h, w) float32 in [0, 1], on the network's device
        rng : torch.Generator
            For losses that draw; on the CPU, whatever the device.
        """
        if self._is_tiled(image):
            return self._in_tiles(image, weights, rng)
        image = image.detach().requires_grad_()
        sums: dict[Key, Tensor] = {}
        if self.scene.layers:
            maps = self.extractor.maps(image, self.scene.layers)
            sums = self._collect(maps, rng, wanted=weights)
        parts = self._combine(sums, weights, rng) | self._pixel_parts(image, weights)
        total = _total(parts, image)
        scale = self._scale
        (gradient,) = torch.autograd.grad(total, image, torch.full_like(total, scale))
        return _told(parts, total), gradient if scale == 1.0 else gradient / scale

    def _in_tiles(self, image: Tensor, weights: Weights, rng: torch.Generator) -> tuple[dict[str, Tensor], Tensor]:
        leaves = {key: value.requires_grad_() for key, value in self.sums(image, rng, weights).items()}
        pixels = image.detach().requires_grad_()
        parts = self._combine(leaves, weights, rng) | self._pixel_parts(pixels, weights)
        total = _total(parts, pixels)
        scale = self._scale
        start = torch.full_like(total, scale)
        own, *slopes = torch.autograd.grad(total, [pixels, *leaves.values()], start, allow_unused=True)
        gradient = torch.zeros_like(image) if own is None else own
        along = {key: slope for key, slope in zip(leaves, slopes, strict=True) if slope is not None}
        for piece in self._pieces(image):
            top, left, bottom, right = piece.seen
            seen = image[..., top:bottom, left:right].detach().requires_grad_()
            found = self._collect(self._maps(seen, piece, cut=False), rng, piece, weights)
            wanted = [key for key in found if key in along and found[key].requires_grad]
            if wanted:
                (slope,) = torch.autograd.grad([found[key] for key in wanted], seen, [along[key] for key in wanted])
                gradient[..., top:bottom, left:right] += slope
        return _told(parts, total), gradient if scale == 1.0 else gradient / scale

    @property
    def _scale(self) -> float:
        """What slopes are multiplied by on their way through the network, lest they vanish in half precision."""
        return HALF_SCALE if self.extractor.precision == "float16" else 1.0

    def sums(self, image: Tensor, rng: torch.Generator, wanted: Weights | None = None) -> dict[Key, Tensor]:
        """The sums over the cells of `image`, without gradients; all of them, or those that count.

        `image` is (1, 3, h, w) in [0, 1]; shapes are those that the loss gives its sums, or a map's, (1, C, rows,
        columns).
        """
        image = image.detach()
        with torch.no_grad():
            if not self._is_tiled(image):
                return self._collect(self.extractor.maps(image, self.scene.layers), rng, wanted=wanted)
            total: dict[Key, Tensor] = {}
            for piece in self._pieces(image):
                for key, value in self._collect(self._maps(image, piece), rng, piece, wanted).items():
                    total[key] = total[key] + value if key in total else value
            return total

    def maps(self, image: Tensor) -> dict[str, Tensor]:
        """The activations of `image` at the layers of the scene, without gradients.

        `image` is (1, 3, h, w) in [0, 1]; the maps are (1, C, rows, columns) by name of layer.
        """
        image = image.detach()
        with torch.no_grad():
            if not self._is_tiled(image):
                return self.extractor.maps(image, self.scene.layers)
            height, width = image.shape[-2:]
            whole: dict[str, Tensor] = {}
            for piece in self._pieces(image):
                for name, found in self._maps(image, piece).items():
                    if name not in whole:
                        stride = self.extractor.stride(name)
                        whole[name] = found.new_empty(1, found.shape[1], -(-height // stride), -(-width // stride))
                    top, left, bottom, right = self._cells(name, piece)
                    whole[name][..., top:bottom, left:right] = found
            return whole

    def _is_tiled(self, image: Tensor) -> bool:
        return bool(self.tile and max(image.shape[-2:]) > self.tile and self.scene.layers)

    def _pieces(self, image: Tensor) -> Iterator[_Piece]:
        """Tiles whose corners are corners of cells of every layer."""
        height, width = image.shape[-2:]
        layers = self.scene.layers
        strides = {name: self.extractor.stride(name) for name in layers}
        self._grids = {name: (-(-height // stride), -(-width // stride)) for name, stride in strides.items()}
        align = max(strides.values())
        halo = round_up(self.extractor.reach(layers), align)
        side = round_up(self.tile, align)
        for top in range(0, height, side):
            for left in range(0, width, side):
                bottom, right = min(top + side, height), min(left + side, width)
                seen = max(0, top - halo), max(0, left - halo), min(height, bottom + halo), min(width, right + halo)
                yield _Piece(seen, (top, left, bottom, right))

    def _maps(self, image: Tensor, piece: _Piece, cut: bool = True) -> dict[str, Tensor]:
        """The activations of the cells of a tile; `image` is the whole picture or, without `cut`, what is seen."""
        top, left, bottom, right = piece.seen
        seen = image[..., top:bottom, left:right] if cut else image
        found = self.extractor.maps(seen, self.scene.layers)
        maps = {}
        for name, features in found.items():
            first_row, first_column, last_row, last_column = self._cells(name, piece)
            own_row, own_column = top // self.extractor.stride(name), left // self.extractor.stride(name)
            maps[name] = features[
                ..., first_row - own_row : last_row - own_row, first_column - own_column : last_column - own_column
            ]
        return maps

    def _cells(self, name: str, piece: _Piece) -> tuple[int, int, int, int]:
        """The cells of a layer that stand for the inner part of a tile: (top, left, bottom, right)."""
        stride = self.extractor.stride(name)
        top, left, bottom, right = piece.inner
        return top // stride, left // stride, -(-bottom // stride), -(-right // stride)

    def _collect(
        self, maps: Maps, rng: torch.Generator, piece: _Piece | None = None, wanted: Weights | None = None
    ) -> dict[Key, Tensor]:
        """The sums over the cells of a picture, or of a tile of it."""
        scene = self.scene
        sums: dict[Key, Tensor] = {}
        for name, (target, _) in scene.content.items() if wanted is None or wanted.content else ():
            own = self._part(target, name, piece)
            if scene.content_weights:
                weights = self._part(scene.content_weights[name], name, piece).reshape(-1)
            else:
                weights = None
            value = content_sum(cells_of(maps[name]), cells_of(own), weights)
            if weights is None:  # those of a tile are a share of all
                value = value * (own.shape[-2:].numel() / target.shape[-2:].numel())
            sums["content", name] = value
        for name in scene.style_layers if wanted is None or wanted.style else ():
            cells = cells_of(maps[name])
            places = None if piece is None else self._places(name, piece, cells)
            for index, area in enumerate(scene.areas):
                weights = self._area_weights(area, name, piece, len(cells), cells)
                for place, value in enumerate(self.loss.sums(cells, weights, rng, places)):
                    sums["style", name, str(index), str(place)] = value
        for name, anchors in scene.anchors.items() if wanted is None or wanted.anchors else ():
            windows: Sequence[Window | None] = anchors.windows
            if piece is not None:
                top, left, bottom, right = self._cells(name, piece)
                windows = [window.within(top, left, bottom - top, right - left) for window in anchors.windows]
            sums["anchors", name, "0"], sums["anchors", name, "1"] = window_moments(maps[name], windows)
        return sums

    def _area_weights(self, area: Area, name: str, piece: _Piece | None, count: int, like: Tensor) -> Tensor | None:
        if area.weights:
            return self._part(area.weights[name], name, piece).reshape(-1)
        if piece is None:
            return None
        rows, columns = self._grids[name]
        return like.new_full((count,), 1.0 / (rows * columns))

    def _places(self, name: str, piece: _Piece, like: Tensor) -> Places:
        """Where the cells of a tile lie among those of the whole layer."""
        rows, columns = self._grids[name]
        numbers = torch.arange(rows * columns, device=like.device).reshape(rows, columns)
        return Places(self._part(numbers, name, piece).reshape(-1), rows * columns)

    def _part(self, values: Tensor, name: str, piece: _Piece | None) -> Tensor:
        if piece is None:
            return values
        top, left, bottom, right = self._cells(name, piece)
        return values[..., top:bottom, left:right]

    def _combine(self, sums: Mapping[Key, Tensor], weights: Weights, rng: torch.Generator) -> dict[str, Tensor]:
        """The parts of the loss that the network is asked for."""
        scene = self.scene
        parts: dict[str, Tensor] = {}
        if scene.content and weights.content:
            distances = [sums["content", name] / scale for name, (_, scale) in scene.content.items()]
            parts["content"] = weights.content * torch.stack(distances).mean()
        counts = _normalised(weights.styles)
        style = []
        for index, area in enumerate(scene.areas if weights.style else ()):
            for source, targets in area.targets:
                share = weights.style * area.share * (counts[source] if len(area.targets) > 1 else 1.0)
                if share:
                    for name, count in scene.style_layers.items():
                        own = sums_of(sums, name, index)
                        distance = self.loss.distance(own, targets[name], rng)
                        style.append(share * count * distance.to(self.extractor.device, torch.float32))
        if style:
            parts["style"] = torch.stack(style).sum()
        if weights.anchors:
            distances = [
                _anchor_distance(sums["anchors", name, "0"], sums["anchors", name, "1"], anchors.target)
                for name, anchors in scene.anchors.items()
                if anchors.target is not None
            ]
            if distances:
                parts["anchors"] = weights.anchors * torch.stack(distances).mean()
        return parts

    def _pixel_parts(self, image: Tensor, weights: Weights) -> dict[str, Tensor]:
        parts: dict[str, Tensor] = {}
        if weights.tv:
            parts["tv"] = weights.tv * total_variation(image, self.scene.circular)
        if weights.range:
            parts["range"] = weights.range * range_norm(image)
        return parts


def sums_of(sums: Mapping[Key, Tensor], name: str, area: int) -> Sums:
    """Those of one layer and one area, in the shapes that the loss gave them."""
    found: list[Tensor] = []
    while (key := ("style", name, str(area), str(len(found)))) in sums:
        found.append(sums[key])
    return tuple(found)


def _anchor_distance(first: Tensor, second: Tensor, target: AnchorTarget) -> Tensor:
    spread = deviation(first, second, target.floor)
    apart = (first - target.mean).square().sum(1) + (spread - target.std).square().sum(1)
    return (target.confidence * apart).sum() / target.scale


def _normalised(weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    return [weight / total if total > 0.0 else 0.0 for weight in weights]


def _total(parts: Mapping[str, Tensor], image: Tensor) -> Tensor:
    # Without any part it is 0 with a slope of 0, for autograd wants a path.
    return torch.stack(list(parts.values())).sum() if parts else (image * 0.0).sum()


def _told(parts: Mapping[str, Tensor], total: Tensor) -> dict[str, Tensor]:
    return {"total": total.detach()} | {name: value.detach() for name, value in parts.items()}
