"""From pictures, pairs and masks to the targets at one size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from studio.arrays import FloatPixels, Size
from studio.geometry import normalise
from studio.language import tr
from studio.pairs import PairSet
from studio.picture import Picture
from studio.style import color, guide
from studio.style.losses import StyleLoss, Target, deviation
from studio.style.model import Region, StyleError, StyleSource
from studio.style.network import Extractor
from studio.style.objective import Anchors, AnchorTarget, Area, Objective, Scene, sums_of
from studio.style.options import KeepColors
from studio.style.statistics import Window, bell, cells_of

SMALLEST_SHARE = 1e-3
"""Areas that cover less of the picture than this are left out."""


@dataclass(frozen=True, eq=False)
class Layers:
    """What the network is asked for."""

    style: Mapping[str, float] = field(default_factory=dict)
    content: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Given:
    """Everything that a stylisation starts from.

    Attributes
    ----------
    pairs : PairSet
        Content is side a, the first style side b; after bending.
    """

    content: Picture | None
    styles: Sequence[StyleSource]
    pairs: PairSet = field(default_factory=PairSet)
    unbent: PairSet = field(default_factory=PairSet)
    regions: Sequence[Region] = ()
    keep_colors: KeepColors = "none"
    geometry: float = 0.0
    softness: float = 0.0
    anchor_reach: float = 0.04
    style_scale: float = 1.0

    @property
    def is_grey(self) -> bool:
        """Whether everything that colours come from is grey; then the result is, whatever the network makes of it."""
        of_content = self.content is None or color.is_grey(self.content)
        if self.content is not None and self.keep_colors != "none":
            return of_content
        return of_content and all(color.is_grey(source.picture) for source in self.styles)


def floats(pixels: npt.NDArray[Any]) -> FloatPixels:
    """uint8 as float32 in [0, 1]. Of any shape, which stays."""
    return np.asarray(pixels, np.float32) / np.float32(255.0)


def tensor_of(pixels: FloatPixels, device: torch.device) -> Tensor:
    """(h, w, 3) as (1, 3, h, w) on the device."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].to(device).contiguous()


def style_size(picture: Picture, area: int, scale: float) -> Size:
    """The size at which a style picture is looked at: `scale` times as wide and high as one of `area` pixels.

    It is not made larger than it is, for what would be blurred then has no brush strokes to take.
    """
    height, width = picture.pixels.shape[:2]
    factor = min(scale * (area / (width * height)) ** 0.5, 1.0)
    return max(1, round(width * factor)), max(1, round(height * factor))


class Targets:
    """Makes the scene of each size."""

    def __init__(self, given: Given, layers: Layers, extractor: Extractor, loss: StyleLoss, tile: int = 0) -> None:
        self.given = given
        self.layers = layers
        self.extractor = extractor
        self.loss = loss
        self.tile = tile
        self._device = extractor.device
        self._backdrop: tuple[Size, FloatPixels] | None = None

    def content_pixels(self, size: Size) -> FloatPixels:
        """(h, w, 3): the content at `size`, bent if it is to be, in its own colours."""
        content = self._content()
        pixels = guide.bent(
            content.shown(size), self.given.unbent, self.given.geometry, content.size, self._first_style_size()
        )
        return floats(pixels)

    def alpha(self, size: Size) -> npt.NDArray[np.uint8] | None:
        """(h, w): the content's opacity at `size`, bent as its pixels are."""
        content = self.given.content
        if content is None or content.alpha is None:
            return None
        alpha = cv2.resize(content.alpha, size, interpolation=cv2.INTER_AREA)
        return guide.bent(alpha, self.given.unbent, self.given.geometry, content.size, self._first_style_size())

    def start_pixels(self, size: Size, in_style: bool = False) -> FloatPixels:
        """What the optimisation is to hold on to: the content, grey if only luminance is painted.

        (h, w, 3) float32 in [0, 1] at `size`, (width, height).

        With `in_style` its colours, or its light and dark, are brought to those of the first style already, so that
        no steps are needed for that.
        """
        pixels = self.content_pixels(size)
        if self.given.keep_colors == "luminance":
            pixels = color.grey(pixels)
        if not in_style or len(self.given.styles) != 1 or self.given.regions:
            return pixels
        style = self.given.styles[0].picture
        like = self.style_colours(0, style_size(style, size[0] * size[1], 1.0))
        return np.asarray(np.clip(color.match_linear(pixels, like), 0.0, 1.0), np.float32)

    def style_pixels(self, index: int, size: Size) -> FloatPixels:
        """(h, w, 3): a style picture at `size`, recoloured if the content's colours are to be kept."""
        pixels = floats(self.given.styles[index].picture.shown(size))
        keep = self.given.keep_colors
        if keep == "none" or self.given.content is None:
            return pixels
        height, width = self.given.content.pixels.shape[:2]
        factor = min(1.0, 256.0 / max(height, width))
        small = max(1, round(width * factor)), max(1, round(height * factor))
        like, opacity = self.content_pixels(small), self.alpha(small)
        if opacity is not None:
            like = _there(like, floats(opacity))
        if keep == "luminance":
            light = color.matched_luminance(color.luminance(pixels), color.luminance(like))
            return np.repeat(np.clip(light, 0.0, 1.0)[..., None], 3, axis=-1)
        match = color.match_linear if keep == "linear" else color.match_histogram
        return np.asarray(np.clip(match(pixels, like), 0.0, 1.0), np.float32)

    def style_colours(self, index: int, size: Size) -> FloatPixels:
        """(1, N, 3): those of `style_pixels` that are visible."""
        opacity = self.given.styles[index].picture.opacity(size)
        pixels = self.style_pixels(index, size)
        return pixels.reshape(1, -1, 3) if opacity is None else _there(pixels, opacity)

    def finished(self, pixels: FloatPixels) -> FloatPixels:
        """What is shown of optimised pixels: with the content's colours if only luminance is painted.

        Both (h, w, 3) float32 in [0, 1].
        """
        if self.given.keep_colors != "luminance" or self.given.content is None:
            return pixels
        size = pixels.shape[1], pixels.shape[0]
        if self._backdrop is None or self._backdrop[0] != size:
            self._backdrop = size, self.content_pixels(size)
        return color.with_luminance(self._backdrop[1], color.luminance(pixels))

    def scene(self, size: Size, rng: torch.Generator, extractor: Extractor) -> Scene:
        """All targets for a picture of `size`; `rng` is for losses that draw."""
        self.extractor = extractor
        content, content_weights = self._content_targets(size)
        areas = self._areas(size, rng) if self.layers.style and self.given.styles else []
        return Scene(
            style_layers=self.layers.style if areas else {},
            areas=areas,
            content=content,
            content_weights=content_weights,
            anchors=self._anchors(size) if self.layers.style and self.given.styles else {},
        )

    def _content(self) -> Picture:
        if self.given.content is None:
            raise StyleError(tr("There is no content picture."))
        return self.given.content

    def _first_style_size(self) -> Size:
        return self.given.styles[0].picture.size if self.given.styles else self._content().size

    def _content_targets(self, size: Size) -> tuple[dict[str, tuple[Tensor, Tensor]], dict[str, Tensor]]:
        if not self.layers.content or self.given.content is None:
            return {}, {}
        image = tensor_of(self.start_pixels(size), self._device)
        scene = Scene(content=dict.fromkeys(self.layers.content, (image, image)))
        maps = Objective(self.extractor, scene, self.loss, self.tile).maps(image)
        alpha = self.alpha(size)
        weights = {} if alpha is None else self._on_cells(floats(alpha), maps)
        targets = {}
        for name, found in maps.items():
            cells = cells_of(found).square().sum(1)
            mean = cells.mean() if alpha is None else (cells * weights[name].reshape(-1)).sum()
            targets[name] = (found, mean + 1e-12)
        return targets, weights

    def _areas(self, size: Size, rng: torch.Generator) -> list[Area]:
        alpha = self.alpha(size)
        opaque = None if alpha is None else floats(alpha)
        given = self.given
        shares = guide.shares_of([region.content for region in given.regions], size, given.softness)
        if given.geometry > 0.0:
            shares = [
                guide.bent(share, given.unbent, given.geometry, self._content().size, self._first_style_size())
                for share in shares
            ]
        kept = [share if opaque is None else share * opaque for share in shares]
        covers = np.asarray([float(share.mean()) for share in kept])
        covers = np.where(covers < SMALLEST_SHARE, 0.0, covers)
        if not covers.any():
            return []
        chosen = [index for index, cover in enumerate(covers) if cover > 0.0]
        asked = {index: self._sources(index) for index in chosen}
        targets = self._style_targets([pair for index in chosen for pair in asked[index]], size, rng)
        whole = not given.regions and opaque is None
        areas = []
        for index in chosen:
            weights = {} if whole else self._on_cells(kept[index], self.layers.style)
            found = [(source, targets[source, region]) for source, region in asked[index]]
            areas.append(Area(float(covers[index] / covers.sum()), weights, found))
        return areas

    def _sources(self, area: int) -> list[tuple[int, int | None]]:
        """Which style pictures an area takes its look from, and which region of each; None is the rest."""
        regions = self.given.regions
        if area < len(regions):
            return [(regions[area].source, area)]
        return [(source, None) for source in range(len(self.given.styles))]

    def _on_cells(self, share: FloatPixels, names: Iterable[str]) -> dict[str, Tensor]:
        """A mask of a picture as weights of the cells of some layers, which sum to 1."""
        height, width = share.shape
        grids = {name: (-(-height // stride), -(-width // stride)) for name, stride in self._strides(names).items()}
        return {name: _pooled(share, grid, self._device) for name, grid in grids.items()}

    def _strides(self, names: Iterable[str]) -> dict[str, int]:
        return {name: self.extractor.stride(name) for name in names}

    def _style_targets(
        self, asked: Sequence[tuple[int, int | None]], size: Size, rng: torch.Generator
    ) -> dict[tuple[int, int | None], dict[str, Target]]:
        """Those of each style picture and region; each picture is looked at once."""
        targets = {}
        for source in sorted({source for source, _ in asked}):
            picture = self.given.styles[source].picture
            own = style_size(picture, size[0] * size[1], self.given.style_scale)
            here = [pair for pair in asked if pair[0] == source]
            shares = [self._style_share(source, region, own) for _, region in here]
            areas = [Area(1.0, {} if share is None else self._on_cells(share, self.layers.style)) for share in shares]
            image = tensor_of(self.style_pixels(source, own), self._device)
            scene = Scene(style_layers=self.layers.style, areas=areas)
            sums = Objective(self.extractor, scene, self.loss, self.tile).sums(image, rng)
            for index, pair in enumerate(here):
                targets[pair] = {name: self.loss.target(sums_of(sums, name, index)) for name in self.layers.style}
        return targets

    def _style_share(self, source: int, number: int | None, size: Size) -> FloatPixels | None:
        """What of a style picture counts for a region, or for the rest (None); None for all of it."""
        given = self.given
        region = None if number is None else given.regions[number]
        alpha = given.styles[source].picture.alpha
        share = np.ones(size[::-1], np.float32)
        if alpha is not None:
            share = share * floats(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA))
        if region is not None and region.style is not None:
            share = share * guide.as_share(region.style, size, given.softness)
        elif region is None and given.regions:
            taken = [other.style for other in given.regions if other.source == source and other.style is not None]
            share = share * guide.shares_of(taken, size, given.softness)[-1]
        if share.mean() < SMALLEST_SHARE:
            return None  # nothing is left of it, so all of it counts
        return None if share.min() >= 1.0 else share

    def _anchors(self, size: Size) -> dict[str, Anchors]:
        given = self.given
        if not len(given.pairs) or given.content is None:
            return {}
        own = style_size(given.styles[0].picture, size[0] * size[1], given.style_scale)
        image = tensor_of(self.style_pixels(0, own), self._device)
        names = [name for name in self.layers.style if self.extractor.stride(name) > 1] or list(self.layers.style)
        reach = given.anchor_reach * max(size)
        there = normalise(given.pairs.b, given.styles[0].picture.size)
        windows = {name: Anchors(self._windows(name, there, own, reach * given.style_scale, image)) for name in names}
        found = Objective(self.extractor, Scene(anchors=windows), self.loss, self.tile).sums(image, torch.Generator())
        confidence = torch.tensor([pair.confidence for pair in given.pairs], device=self._device)
        here = normalise(given.pairs.a, given.content.size)
        anchors = {}
        for name in names:
            first, second = found["anchors", name, "0"], found["anchors", name, "1"]
            floor = 1e-6 * second.mean() + 1e-12
            target = AnchorTarget(
                first,
                deviation(first, second, floor),
                confidence / confidence.sum(),
                second.sum(1).mean() + 1e-12,
                floor,
            )
            anchors[name] = Anchors(self._windows(name, here, size, reach, image), target)
        return anchors

    def _windows(
        self, name: str, places: npt.NDArray[np.float64], size: Size, reach: float, like: Tensor
    ) -> list[Window]:
        """Windows around `places`, shares of a picture of `size` pixels, reaching `reach` pixels."""
        stride = self.extractor.stride(name)
        rows, columns = -(-size[1] // stride), -(-size[0] // stride)
        centres = places * np.asarray(size) / stride - 0.5
        return [bell((float(x), float(y)), reach / stride, (rows, columns), like) for x, y in centres]


def _there(pixels: FloatPixels, opacity: FloatPixels) -> FloatPixels:
    """(1, N, 3): the pixels that are at least half opaque; all if none is."""
    there = opacity >= 0.5
    return pixels[there][None] if there.any() else pixels.reshape(1, -1, 3)


def _pooled(share: FloatPixels, grid: tuple[int, int], device: torch.device) -> Tensor:
    """A mask on a grid of (rows, columns), as weights that sum to 1."""
    cells = F.adaptive_avg_pool2d(torch.from_numpy(np.ascontiguousarray(share))[None, None], grid)[0, 0]
    return (cells / cells.sum().clamp_min(1e-12)).to(device)
