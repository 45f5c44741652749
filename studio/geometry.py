"""The coordinate conventions of the whole program, and nothing else.

Convention
----------
A point is `(x, y)` in pixels of the original, full-size picture, float, with `(0, 0)` the CENTRE of
the top-left pixel; so the picture covers [-0.5, width - 0.5] x [-0.5, height - 0.5]. A size is
`(width, height)`. Tensors are `(N, C, H, W)`. A cell `(column, row)` of a feature map of stride s
stands for the s x s block of pixels below it, and maps to the centre of that block. Resizing keeps
the outer edges of the picture in place, not the centres of its corner pixels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.arrays import Points, Size


def as_points(points: npt.ArrayLike) -> Points:
    """`points` as a float64 array of shape (N, 2); an empty input gives (0, 2)."""
    return np.asarray(points, dtype=np.float64).reshape(-1, 2)


def contains(points: npt.ArrayLike, size: Size) -> npt.NDArray[np.bool_]:
    """Whether each of `points`, (N, 2), lies in a picture of `size`, up to its edge; (N,)."""
    x, y = as_points(points).T
    inside: npt.NDArray[np.bool_] = (x >= -0.5) & (x <= size[0] - 0.5) & (y >= -0.5) & (y <= size[1] - 0.5)
    return inside


def cell_to_pixel(cells: npt.ArrayLike, stride: float) -> Points:
    """Centres, (N, 2) in pixels, of the blocks that `cells`, (N, 2) as (column, row), stand for."""
    return (as_points(cells) + 0.5) * stride - 0.5


def pixel_to_cell(points: npt.ArrayLike, stride: float, grid: Size) -> npt.NDArray[np.int64]:
    """Cells, (N, 2) as (column, row), whose blocks hold `points`, (N, 2); clipped to the grid.

    `grid` is (columns, rows) of the feature map.
    """
    cells = np.floor((as_points(points) + 0.5) / stride).astype(np.int64)
    return np.clip(cells, 0, np.asarray(grid, dtype=np.int64) - 1)


def rescale(points: npt.ArrayLike, old: Size, new: Size) -> Points:
    """Carry `points`, (N, 2), from a picture of size `old` to the same picture resized to `new`."""
    factor = np.asarray(new, dtype=np.float64) / np.asarray(old, dtype=np.float64)
    return (as_points(points) + 0.5) * factor - 0.5


def normalise(points: npt.ArrayLike, size: Size) -> Points:
    """`points`, (N, 2) in pixels, in units of the picture: (0, 0) top-left edge, (1, 1) bottom-right."""
    return (as_points(points) + 0.5) / np.asarray(size, dtype=np.float64)


def denormalise(points: npt.ArrayLike, size: Size) -> Points:
    """The inverse of `normalise`."""
    return as_points(points) * np.asarray(size, dtype=np.float64) - 0.5


def fit_within(size: Size, longest_side: int) -> Size:
    """The size with the same aspect ratio whose longest side is `longest_side`, at least 1 x 1.

    A picture that is smaller already is enlarged: networks see every object at the same scale.
    """
    width, height = size
    scale = longest_side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def shrink_within(size: Size, longest_side: int) -> Size:
    """As `fit_within`, but a picture that fits already keeps its size."""
    return size if max(size) <= longest_side else fit_within(size, longest_side)


def round_up(length: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is not below `length`."""
    return -(-length // multiple) * multiple
