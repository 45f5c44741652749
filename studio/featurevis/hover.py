"""Where in the other picture a network sees the same as under the mouse: at every level, from kept features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.backbones import Backbone, Level
from studio.backbones.receptive import Box, Receptive, clipped, theoretical
from studio.device import Attempt, with_memory_fallback
from studio.featurevis.layers import LayerMaps
from studio.geometry import Size, cell_to_pixel, fit_within, pixel_to_cell, rescale
from studio.language import tr
from studio.pairs import Point
from studio.picture import Picture
from studio.progress import Job, Progress

Side = Literal["A", "B"]
Map = npt.NDArray[np.float32]

TINY = 1e-12
"""Below the length of any cell that is active at all."""
NEIGHBOURHOOD = 0.06
"""Places nearer to the best one than this, in parts of the map's longer side, are no other place."""
SMALLEST = 96
"""Working size, px, below which networks see nothing sensible."""
REACH = 3
"""Cells to each side of where a coarser level points that the trace looks at."""


@dataclass(frozen=True, eq=False)
class LevelAnswer:
    """What one level says; places and boxes are in full-size pixels of their picture.

    Attributes
    ----------
    level, name, stride
        As `studio.backbones.Level` has them.
    cell : (int, int)
        (column, row) under the mouse, and `here` its centre.
    strength : float
        Length of the cell's vector: 0 where the network sees nothing at all.
    similarity : (h, w) float32
        Cosine of the cell with every cell of the other picture, -1 to 1.
    extent : (float, float)
        Width and height, from the other picture's upper left corner on, that the map covers; perhaps a
        little more than the picture, for the last cells may reach over its edge.
    best_cell : (int, int)
        (column, row) of the most similar cell, `best` its centre, `value` its cosine.
    runner_up, margin
        The best place elsewhere, None on a map too small to have one, and by how much it falls behind.
    back : (float, float)
        Where in the hovered picture the best place finds its own best.
    mutual : bool
        Whether that is the cell under the mouse.
    box_here, box_there : (x0, y0, x1, y1)
        Edges of what the two cells can see, cut at the picture's.
    """

    level: int
    name: str
    stride: int
    cell: tuple[int, int]
    here: Point
    strength: float
    similarity: Map
    extent: tuple[float, float]
    best_cell: tuple[int, int]
    best: Point
    value: float
    runner_up: Point | None
    margin: float
    back: Point
    mutual: bool
    box_here: Box
    box_there: Box


@dataclass(frozen=True, slots=True)
class TraceStep:
    """Where the search stands after one level: the best `place` (full-size pixels) near that of the coarser one."""

    level: int
    name: str
    place: Point
    similarity: float


@dataclass(frozen=True, eq=False)
class HoverAnswer:
    """The answer to one place of the mouse: `levels` fine to coarse, `trace` coarse to fine."""

    side: Side
    point: Point
    levels: tuple[LevelAnswer, ...]
    trace: tuple[TraceStep, ...]


@dataclass(frozen=True, eq=False)
class Contributions:
    """A cosine split by channel: `values` add up to `cosine`, the largest first; `channels` are their numbers."""

    level: int
    channels: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    cosine: float


@dataclass(frozen=True, eq=False)
class _Cells:
    """One level of one picture: unit vectors, (h * w, C), a row per cell, and the lengths they had, (h * w,)."""

    vectors: Tensor
    lengths: Tensor
    grid: Size

    @classmethod
    def of(cls, features: Tensor) -> _Cells:
        _, channels, height, width = features.shape
        rows = features[0].permute(1, 2, 0).reshape(height * width, channels)
        lengths = torch.linalg.vector_norm(rows, dim=1)
        return cls((rows / lengths.clamp_min(TINY)[:, None]).contiguous(), lengths, (width, height))

    def index(self, cell: tuple[int, int]) -> int:
        return cell[1] * self.grid[0] + cell[0]

    def cosines(self, vector: Tensor) -> Map:
        """Of every cell with a unit vector, (h, w)."""
        width, height = self.grid
        values: Map = torch.mv(self.vectors, vector).cpu().numpy().reshape(height, width)
        return values


class HoverCache:
    """The features of two pictures, ready to be asked; made by `prepare_hover`. It may be asked from any thread.

    Attributes
    ----------
    levels : tuple of Level
        Fine to coarse.
    size_a, size_b : (int, int)
        At which the network has seen the pictures.
    """

    def __init__(
        self,
        backbone: Backbone,
        pictures: tuple[Picture, Picture],
        sizes: tuple[Size, Size],
        cells: tuple[dict[int, _Cells], dict[int, _Cells]],
        fields: dict[str, Receptive],
    ) -> None:
        self.levels: tuple[Level, ...] = backbone.levels
        self.backbone = backbone.name
        self.size_a, self.size_b = sizes
        self._full = pictures[0].size, pictures[1].size
        self._sizes = sizes
        self._cells = cells
        self._fields = fields
        self._backs: dict[tuple[int, int, int], int] = {}

    @property
    def nbytes(self) -> int:
        """Of the features."""
        return sum(4 * (one.vectors.numel() + len(one.lengths)) for side in self._cells for one in side.values())

    def answer(self, side: Side, x: float, y: float, levels: Sequence[int] | None = None) -> HoverAnswer:
        """Everything about the place (x, y), full-size pixels of picture `side`; beyond its edge counts as on it.

        Parameters
        ----------
        levels : sequence of int, optional
            Numbers of the levels to ask; all by default.
        """
        here = _INDEX[side]
        wanted = [level for level in self.levels if levels is None or level.number in levels]
        answers = [self._level(here, level, (x, y)) for level in wanted]
        return HoverAnswer(side, (x, y), tuple(answers), self._trace(1 - here, answers))

    def cell_at(self, side: Side, level: int, point: Point) -> tuple[int, int]:
        """The cell (column, row) of a level that a place, full-size pixels, lies in."""
        return self._cell(_INDEX[side], self._level_of(level), point)

    def contributions(self, level: int, a: Point, b: Point) -> Contributions:
        """What each channel gives to the cosine of the cells at `a` and `b`, full-size pixels: exactly a_c b_c."""
        of = self._level_of(level)
        rows = []
        for here, point in enumerate((a, b)):
            cells = self._cells[here][level]
            rows.append(cells.vectors[cells.index(self._cell(here, of, point))].cpu().double().numpy())
        parts = rows[0] * rows[1]
        order = np.argsort(-np.abs(parts), kind="stable")
        return Contributions(level, order.astype(np.int64), parts[order], float(parts.sum()))

    def channel_maps(self, level: int, channel: int) -> tuple[Map, Map]:
        """Activations of one channel in A and in B, (h, w) each. Raises `ValueError` if there is no such channel."""
        if not 0 <= channel < self._level_of(level).channels:
            raise ValueError(f"level {level} has no channel {channel}")
        maps = []
        for side in self._cells:
            cells = side[level]
            width, height = cells.grid
            maps.append((cells.vectors[:, channel] * cells.lengths).cpu().numpy().reshape(height, width))
        return maps[0], maps[1]

    def features(self, side: Side, level: int) -> Tensor:
        """The activations of a level, (1, C, h, w)."""
        cells = self._cells[_INDEX[side]][self._level_of(level).number]
        width, height = cells.grid
        return (cells.vectors * cells.lengths[:, None]).view(1, height, width, -1).permute(0, 3, 1, 2)

    def maps(self, level: int) -> LayerMaps:
        """A level of both pictures, for grids, components and differences."""
        name = self._level_of(level).name
        a, b = self.features("A", level), self.features("B", level)
        return LayerMaps(name, a, b, self._fields[name], self._sizes, self._full)

    def extent(self, side: Side, level: int) -> tuple[float, float]:
        """Width and height in full-size pixels that the maps of a level cover."""
        return self._extent(_INDEX[side], self._level_of(level))

    def _level_of(self, number: int) -> Level:
        for level in self.levels:
            if level.number == number:
                return level
        raise ValueError(f"there is no level {number}")

    def _level(self, here: int, level: Level, point: Point) -> LevelAnswer:
        there = 1 - here
        own, other = self._cells[here][level.number], self._cells[there][level.number]
        cell = self._cell(here, level, point)
        index = own.index(cell)
        similarity = other.cosines(own.vectors[index])
        flat = int(similarity.argmax())
        best = flat % other.grid[0], flat // other.grid[0]
        value = float(similarity[best[1], best[0]])
        second = _elsewhere(similarity, best)
        back = self._back(here, level.number, flat)
        field = self._fields[level.name]
        return LevelAnswer(
            level=level.number,
            name=level.name,
            stride=level.stride,
            cell=cell,
            here=self._centre(here, level, cell),
            strength=float(own.lengths[index]),
            similarity=similarity,
            extent=self._extent(there, level),
            best_cell=best,
            best=self._centre(there, level, best),
            value=value,
            runner_up=None if second is None else self._centre(there, level, second[0]),
            margin=0.0 if second is None else value - second[1],
            back=self._centre(here, level, (back % own.grid[0], back // own.grid[0])),
            mutual=back == index,
            box_here=self._box(here, field, cell),
            box_there=self._box(there, field, best),
        )

    def _back(self, here: int, level: int, flat: int) -> int:
        """The cell of picture `here` most similar to cell `flat` of the other; asked often for the same cell."""
        key = here, level, flat
        if key not in self._backs:
            vector = self._cells[1 - here][level].vectors[flat]
            self._backs[key] = int(torch.mv(self._cells[here][level].vectors, vector).argmax())
        return self._backs[key]

    def _trace(self, there: int, answers: Sequence[LevelAnswer]) -> tuple[TraceStep, ...]:
        steps: list[TraceStep] = []
        for answer in reversed(answers):
            level = self._level_of(answer.level)
            top = left = 0
            part = answer.similarity
            if steps:
                column, row = self._cell(there, level, steps[-1].place)
                top, left = max(0, row - REACH), max(0, column - REACH)
                part = part[top : row + REACH + 1, left : column + REACH + 1]
            row, column = (int(index) for index in np.unravel_index(int(part.argmax()), part.shape))
            place = self._centre(there, level, (left + column, top + row))
            steps.append(TraceStep(level.number, level.name, place, float(part[row, column])))
        return tuple(steps)

    def _cell(self, here: int, level: Level, point: Point) -> tuple[int, int]:
        working = rescale([point], self._full[here], self._sizes[here]) - level.offset
        ((column, row),) = pixel_to_cell(working, level.stride, self._cells[here][level.number].grid).tolist()
        return column, row

    def _centre(self, here: int, level: Level, cell: tuple[int, int]) -> Point:
        working = cell_to_pixel([cell], level.stride) + level.offset
        places = rescale(working, self._sizes[here], self._full[here])
        ((x, y),) = np.clip(places, 0.0, np.subtract(self._full[here], 1.0)).tolist()
        return x, y

    def _box(self, here: int, field: Receptive, cell: tuple[int, int]) -> Box:
        x0, y0, x1, y1 = field.box(*cell)
        ((x0, y0), (x1, y1)) = rescale([(x0, y0), (x1, y1)], self._sizes[here], self._full[here]).tolist()
        return clipped((x0, y0, x1, y1), self._full[here])

    def _extent(self, here: int, level: Level) -> tuple[float, float]:
        (columns, rows), (width, height) = self._cells[here][level.number].grid, self._sizes[here]
        full_width, full_height = self._full[here]
        return columns * level.stride * full_width / width, rows * level.stride * full_height / height


_INDEX: dict[Side, int] = {"A": 0, "B": 1}


def prepare_hover(a: Picture, b: Picture, backbone: Backbone, size: int = 224) -> Job[HoverCache]:
    """Look at both pictures, the longer side brought to `size` pixels, and keep what is needed to answer.

    If memory runs out, at half that size. Raises `OutOfMemory` if that is too much as well.
    """
    sizes = [size, *([size // 2] if size // 2 >= SMALLEST else [])]
    plans = [Attempt(one, tr("at {size} px", size=one)) for one in sizes]
    return (yield from with_memory_fallback(lambda one: _prepare(a, b, backbone, one), plans))


def _prepare(a: Picture, b: Picture, backbone: Backbone, size: int) -> Job[HoverCache]:
    pictures = a, b
    sizes = fit_within(a.size, size), fit_within(b.size, size)
    cells: tuple[dict[int, _Cells], dict[int, _Cells]] = ({}, {})
    count = len(backbone.levels)
    for side, (picture, working) in enumerate(zip(pictures, sizes, strict=True)):
        x: Tensor = backbone.normalise(picture.tensor(working))
        for level in backbone.levels:
            name = "AB"[side]
            yield Progress(
                (side * count + level.number - 1) / (2 * count + 1),
                tr("looking at {side}: {layer}", side=name, layer=level.name),
            )
            with torch.no_grad():
                x = backbone.stage(level.number)(x)
                cells[side][level.number] = _Cells.of(x)
    yield Progress(2 * count / (2 * count + 1), tr("measuring what cells can see"))
    fields = theoretical(backbone, [level.name for level in backbone.levels])
    return HoverCache(backbone, pictures, sizes, cells, fields)


def _elsewhere(similarity: Map, best: tuple[int, int]) -> tuple[tuple[int, int], float] | None:
    """The best cell (column, row) outside the neighbourhood of `best`, and its value."""
    height, width = similarity.shape
    reach = max(1, round(NEIGHBOURHOOD * max(height, width)))
    column, row = best
    top, bottom = max(0, row - reach), min(height, row + reach + 1)
    left, right = max(0, column - reach), min(width, column + reach + 1)
    found: tuple[tuple[int, int], float] | None = None
    # Four rectangles around the neighbourhood, so that nothing has to be copied.
    for y0, y1, x0, x1 in (
        (0, top, 0, width),
        (bottom, height, 0, width),
        (top, bottom, 0, left),
        (top, bottom, right, width),
    ):
        part = similarity[y0:y1, x0:x1]
        if part.size:
            y, x = np.unravel_index(int(part.argmax()), part.shape)
            value = float(part[y, x])
            if found is None or value > found[1]:
                found = (x0 + int(x), y0 + int(y)), value
    return found
