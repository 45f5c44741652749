"""What of a picture is there to be matched: what can be seen of it.

Cells that lie mostly in the invisible part of a picture, and all cells of a picture in which nothing is to be seen,
lose their features. A cell without any is no candidate anywhere: not in a search, not for a click, not for a point
that is carried, not under the mouse; and what it holds has no say in mean and spread of the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from studio.arrays import Points, Size
from studio.backbones.levels import LevelLike
from studio.geometry import as_points, fit_within, pixel_to_cell, rescale
from studio.picture import Picture
from studio.turns import UPRIGHT, Turn

BOX = Image.Resampling.BOX
SMALL = 112
"""Longer side, px, at which a picture is asked whether it is noise."""
LEAST_CORRELATION = 0.3
"""Of neighbours, in a picture that is more than noise: 0.02 for white noise, above 0.4 for gravel and grass."""
HALF = 0.5
"""Opacity, on the mean over a cell, from which on it is there."""


def keep_visible(
    maps: dict[int, Tensor], picture: Picture, size: Size, levels: Sequence[LevelLike], turn: Turn = UPRIGHT
) -> None:
    """Set the features of cells that are not there to zero, in place.

    Parameters
    ----------
    maps : dict
        Level number to (1, C, h, w).
    picture : Picture
        As the network saw it at `size`, turned then by `turn`.
    levels : sequence
        Those of `maps`, at least.
    """
    for level in levels:
        if level.number in maps and (hidden := hidden_cells(picture, size, level, turn)) is not None:
            found = maps[level.number]
            maps[level.number] = found.masked_fill(torch.from_numpy(hidden).to(found.device), 0.0)


def visible_points(picture: Picture | None, points: Points) -> npt.NDArray[np.bool_]:
    """(N,) whether something is to be seen at points, (N, 2) in full-size pixels; of no picture everything is."""
    places = as_points(points)
    if picture is None or (picture.alpha is None and not picture.is_plain):
        return np.ones(len(places), dtype=bool)
    if picture.is_plain or picture.alpha is None:
        return np.zeros(len(places), dtype=bool)
    size = picture.alpha.shape[1], picture.alpha.shape[0]
    columns, rows = pixel_to_cell(rescale(places, picture.size, size), 1, size).T
    seen: npt.NDArray[np.bool_] = picture.alpha[rows, columns] >= 255 * HALF
    return seen


def is_noise(picture: Picture) -> bool:
    """Whether neighbours have nothing to do with each other, along x and along y, in a picture made small.

    Measured: 0.02 for white noise, above 0.4 for gravel and grass, above 0.5 for photographs of things.
    """
    grey = np.asarray(Image.fromarray(picture.visible).convert("L").resize(fit_within(picture.size, SMALL), BOX), float)
    ways = ((grey[:, 1:], grey[:, :-1]), (grey[1:], grey[:-1]))
    return all(_correlation(one, other) < LEAST_CORRELATION for one, other in ways)


def _correlation(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    if not one.size:
        return 1.0
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / scale if scale > 0 else 1.0


def hidden_cells(picture: Picture, size: Size, level: LevelLike, turn: Turn = UPRIGHT) -> npt.NDArray[np.bool_] | None:
    """(rows, columns) which cells of a level lie mostly in what is invisible of a picture; None if none does.

    The picture is seen at `size`, turned then by `turn`.
    """
    opacity = picture.opacity(size)
    size = turn.size(size)
    columns, rows = (-(-length // level.stride) for length in size)
    if picture.is_plain:
        return np.ones((rows, columns), dtype=bool)
    if opacity is None:
        return None
    opacity = turn.array(opacity)
    # Cells lie `offset` pixels to the right of and below the blocks that divide the picture; the last ones may reach
    # over its edge, where the edge's opacity counts as it does in what the network sees there.
    places = [
        np.clip(np.arange(cells * level.stride) + round(level.offset), 0, length - 1)
        for cells, length in ((rows, size[1]), (columns, size[0]))
    ]
    blocks = opacity[np.ix_(*places)].reshape(rows, level.stride, columns, level.stride)
    hidden: npt.NDArray[np.bool_] = blocks.mean(axis=(1, 3)) < HALF
    return hidden if hidden.any() else None
