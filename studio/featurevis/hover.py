"""Where in the other picture a network sees the same as under the mouse: at every level, from kept features."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from studio.arrays import Point, Side, Size
from studio.backbones import Backbone, Level
from studio.backbones.receptive import Receptive, theoretical
from studio.device import Attempt, with_memory_fallback
from studio.features.compute import compute_features
from studio.features.placing import Placing
from studio.features.split import TINY, ChannelSplit, split_cosine
from studio.features.store import Features, FeatureStore, PairFeatures
from studio.featurevis.answers import HoverAnswer, LevelAnswer, Map, TraceStep
from studio.featurevis.layers import LayerMaps
from studio.geometry import fit_within
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job, Progress, part

NEIGHBOURHOOD = 0.06
"""Places nearer to the best one than this, in parts of the map's longer side, are no other place."""
SMALLEST = 96
"""Working size, px, below which networks see nothing sensible."""
SAMPLES = 4
"""Places along each side of A that tell how similar places become."""
REACH = 3
"""Cells to each side of where a coarser level points that the trace looks at."""


@dataclass(frozen=True, eq=False)
class _Cells:
    """One level of one picture: a row per cell, (h * w, C), on the features themselves, and their lengths, (h * w,)."""

    rows: Tensor
    lengths: Tensor
    placing: Placing

    @classmethod
    def of(cls, features: Tensor, placing: Placing) -> _Cells:
        # A view either way: the features are the store's, and a copy would take as much again.
        plane = features[0]
        rows = plane.flatten(1).T if features.is_contiguous() else plane.permute(1, 2, 0).flatten(0, 1)
        return cls(rows, torch.linalg.vector_norm(rows, dim=1), placing)

    def index(self, cell: tuple[int, int]) -> int:
        return cell[1] * self.placing.grid[0] + cell[0]

    def unit(self, index: int) -> Tensor:
        """(C,) of length 1, or zero where nothing is seen."""
        return self.rows[index] / self.lengths[index].clamp_min(TINY)

    def cosines(self, vector: Tensor) -> Tensor:
        """Of every cell with a unit vector, (h * w,)."""
        return torch.mv(self.rows, vector) / self.lengths.clamp_min(TINY)


class HoverCache:
    """The features of two pictures, ready to be asked; made by `prepare_hover`. It may be asked from any thread.

    Attributes
    ----------
    levels : tuple of Level
        Fine to coarse.
    pair : PairFeatures
        The features, which a match may have compared.
    size_a, size_b : (int, int)
        At which the network has seen the pictures.
    """

    def __init__(
        self, backbone: Backbone, pictures: tuple[Picture, Picture], pair: PairFeatures, fields: Mapping[str, Receptive]
    ) -> None:
        self.levels: tuple[Level, ...] = backbone.levels
        self.backbone = backbone.name
        self.pair = pair
        self.size_a, self.size_b = pair.a.size, pair.b.size
        self._full = pictures[0].size, pictures[1].size
        self._fields = fields
        self._cells = tuple(
            {
                level.number: _Cells.of(side.maps[level.number], Placing(fields[level.name], side.size, picture.size))
                for level in self.levels
            }
            for side, picture in zip((pair.a, pair.b), pictures, strict=True)
        )
        self._backs: dict[tuple[int, int, int], int] = {}

    @property
    def nbytes(self) -> int:
        """Of the features."""
        return self.pair.nbytes

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

    def usual_tops(self) -> dict[int, float]:
        """How similar to B most places of A become, by number of the level, 0.1 to 1: ends for scales, rounded up.

        By the 60th percentile of `SAMPLES` squared places, so that neither one odd place nor the background decides.
        """
        bests: dict[int, list[float]] = {}
        width, height = self._full[0]
        for x in np.linspace(0.1, 0.9, SAMPLES) * width:
            for y in np.linspace(0.1, 0.9, SAMPLES) * height:
                for level in self.answer("A", float(x), float(y)).levels:
                    bests.setdefault(level.level, []).append(level.value)
        tops = {level: float(np.percentile(values, 60)) for level, values in bests.items()}
        return {level: min(1.0, max(0.1, math.ceil(top * 20 - 1e-6) / 20)) for level, top in tops.items()}

    def placing(self, side: Side, level: int) -> Placing:
        """Where the cells of a level lie in picture `side`."""
        return self._cells[_INDEX[side]][self._level_of(level).number].placing

    def cell_at(self, side: Side, level: int, point: Point) -> tuple[int, int]:
        """The cell (column, row) of a level that a place, full-size pixels, lies in."""
        return self.placing(side, level).cell_at(point)

    def contributions(self, level: int, a: Point, b: Point) -> ChannelSplit:
        """What each channel gives to the cosine of the cells at `a` and `b`, full-size pixels: exactly a_c b_c."""
        number = self._level_of(level).number
        vectors, cells = [], []
        for side, point in zip(self._cells, (a, b), strict=True):
            own = side[number]
            cells.append(own.placing.cell_at(point))
            vectors.append(own.rows[own.index(cells[-1])].cpu().double().numpy())
        return split_cosine(vectors[0], vectors[1], cells[0], cells[1])

    def channel_maps(self, level: int, channel: int) -> tuple[Map, Map]:
        """Activations of one channel in A and in B, (h, w) each. Raises `ValueError` if there is no such channel."""
        if not 0 <= channel < self._level_of(level).channels:
            raise ValueError(f"level {level} has no channel {channel}")
        a, b = (np.ascontiguousarray(self.features(side, level)[0, channel].cpu().numpy()) for side in _SIDES)
        return a, b

    def features(self, side: Side, level: int) -> Tensor:
        """The activations of a level, (1, C, h, w): those that the store has, not a copy."""
        return self._of(side).maps[self._level_of(level).number]

    def maps(self, level: int) -> LayerMaps:
        """A level of both pictures, for grids, components and differences."""
        name = self._level_of(level).name
        a, b = self.features("A", level), self.features("B", level)
        return LayerMaps(name, a, b, self._fields[name], (self.size_a, self.size_b), self._full)

    def extent(self, side: Side, level: int) -> tuple[float, float]:
        """Width and height in full-size pixels that the maps of a level cover."""
        return self.placing(side, level).extent

    def _of(self, side: Side) -> Features:
        return self.pair.a if side == "A" else self.pair.b

    def _level_of(self, number: int) -> Level:
        for level in self.levels:
            if level.number == number:
                return level
        raise ValueError(f"there is no level {number}")

    def _level(self, here: int, level: Level, point: Point) -> LevelAnswer:
        own, other = self._cells[here][level.number], self._cells[1 - here][level.number]
        cell = own.placing.cell_at(point)
        index = own.index(cell)
        columns, rows = other.placing.grid
        similarity: Map = other.cosines(own.unit(index)).cpu().numpy().reshape(rows, columns)
        flat = int(similarity.argmax())
        best = flat % columns, flat // columns
        value = float(similarity[best[1], best[0]])
        second = _elsewhere(similarity, best)
        back = self._back(here, level.number, flat)
        own_columns = own.placing.grid[0]
        return LevelAnswer(
            level=level.number,
            name=level.name,
            stride=level.stride,
            cell=cell,
            here=own.placing.centre(cell),
            strength=float(own.lengths[index]),
            similarity=similarity,
            extent=other.placing.extent,
            best_cell=best,
            best=other.placing.centre(best),
            value=value,
            runner_up=None if second is None else other.placing.centre(second[0]),
            margin=0.0 if second is None else value - second[1],
            back=own.placing.centre((back % own_columns, back // own_columns)),
            mutual=back == index,
            box_here=own.placing.box(cell),
            box_there=other.placing.box(best),
        )

    def _back(self, here: int, level: int, flat: int) -> int:
        """The cell of picture `here` most similar to cell `flat` of the other; asked often for the same cell."""
        key = here, level, flat
        if key not in self._backs:
            vector = self._cells[1 - here][level].unit(flat)
            self._backs[key] = int(self._cells[here][level].cosines(vector).argmax())
        return self._backs[key]

    def _trace(self, there: int, answers: Sequence[LevelAnswer]) -> tuple[TraceStep, ...]:
        steps: list[TraceStep] = []
        for answer in reversed(answers):
            placing = self._cells[there][answer.level].placing
            top = left = 0
            part = answer.similarity
            if steps:
                column, row = placing.cell_at(steps[-1].place)
                top, left = max(0, row - REACH), max(0, column - REACH)
                part = part[top : row + REACH + 1, left : column + REACH + 1]
            row, column = (int(index) for index in np.unravel_index(int(part.argmax()), part.shape))
            place = placing.centre((left + column, top + row))
            steps.append(TraceStep(answer.level, answer.name, place, float(part[row, column])))
        return tuple(steps)


_SIDES: tuple[Side, Side] = ("A", "B")
_INDEX: dict[Side, int] = {"A": 0, "B": 1}


def prepare_hover(
    a: Picture,
    b: Picture,
    backbone: Backbone,
    size: int | tuple[Size, Size] = 224,
    *,
    plain: bool = False,
    store: FeatureStore | None = None,
) -> Job[HoverCache]:
    """The features of both pictures, ready to be asked. If memory runs out, at half the size.

    Parameters
    ----------
    size : int or ((int, int), (int, int))
        To which the longer side of both pictures is brought, pixels, or the working sizes of A and of B.
    plain : bool
        See `studio.features.Features`.
    store : FeatureStore, optional
        What is there is not computed again, and what was computed is kept there.

    Raises
    ------
    OutOfMemory
        Half the size is too much as well.
    """
    sizes = (fit_within(a.size, size), fit_within(b.size, size)) if isinstance(size, int) else size
    longest = max(*sizes[0], *sizes[1])
    plans = [Attempt(sizes, tr("at {size} px", size=longest))]
    if longest // 2 >= SMALLEST:
        half = fit_within(a.size, longest // 2), fit_within(b.size, longest // 2)
        plans.append(Attempt(half, tr("at {size} px", size=longest // 2)))

    def attempt(plan: tuple[Size, Size]) -> Job[HoverCache]:
        if store is not None and plan != sizes:
            store.clear()  # what is kept makes room first
        return _prepare(a, b, backbone, plan, plain, store)

    return (yield from with_memory_fallback(attempt, plans))


def _prepare(
    a: Picture, b: Picture, backbone: Backbone, sizes: tuple[Size, Size], plain: bool, store: FeatureStore | None
) -> Job[HoverCache]:
    seen: list[Features] = []
    for number, (picture, size) in enumerate(zip((a, b), sizes, strict=True)):
        job = compute_features(picture, backbone, size, plain=plain, store=store)
        words = tr("looking at picture {name}", name=_SIDES[number])
        seen.append((yield from part(job, 0.45 * number, 0.45 * (number + 1), words)))
    pair = PairFeatures(seen[0], seen[1])
    if store is not None:
        store.keep(pair)
    yield Progress(0.9, tr("measuring what cells can see"))
    fields = theoretical(backbone, [level.name for level in backbone.levels])
    return HoverCache(backbone, (a, b), pair, fields)


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
