"""Where the cells of a layer lie in a picture: the one place that takes full-size pixels to cells and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.arrays import Box, Point, Points, Size
from studio.backbones.receptive import Receptive, clipped
from studio.geometry import cell_to_pixel, pixel_to_cell, rescale


@dataclass(frozen=True, slots=True)
class Placing:
    """The cells of one layer on one picture.

    Attributes
    ----------
    field : Receptive
        Of the layer, in pixels of the working size.
    size : (int, int)
        Working size: at which the network saw the picture.
    full : (int, int)
        Of the picture itself, pixels.
    cells : (int, int), optional
        (columns, rows) of the layer's map, where the network as published has not one cell for each block.
    """

    field: Receptive
    size: Size
    full: Size
    cells: Size | None = None

    @property
    def grid(self) -> Size:
        """(columns, rows) of the layer's map."""
        if self.cells is not None:
            return self.cells
        width, height = self.size
        return -(-width // self.field.stride), -(-height // self.field.stride)

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height in full-size pixels, from the upper left corner on, that the map covers.

        Perhaps a little more than the picture, for the last cells may reach over its edge.
        """
        columns, rows = self.grid
        stride = self.field.stride
        return columns * stride * self.full[0] / self.size[0], rows * stride * self.full[1] / self.size[1]

    def cell_at(self, point: Point) -> tuple[int, int]:
        """The cell (column, row) whose centre is nearest to a place in full-size pixels; beyond the edge as on it."""
        working = rescale([point], self.full, self.size) - self.field.offset
        ((column, row),) = pixel_to_cell(working, self.field.stride, self.grid).tolist()
        return column, row

    def to_cells(self, points: Points) -> Points:
        """Points, (N, 2) full-size pixels, as (column, row) with fractions of cells: the inverse of `to_full`."""
        cells: Points = (rescale(points, self.full, self.size) - self.field.middle) / self.field.stride
        return cells

    def to_full(self, cells: Points) -> Points:
        """Centres, (N, 2) full-size pixels, of `cells`, (N, 2) as (column, row); perhaps beyond the picture's edge."""
        return rescale(cell_to_pixel(cells, self.field.stride) + self.field.offset, self.size, self.full)

    def centre(self, cell: tuple[int, int]) -> Point:
        """The centre of a cell (column, row) in full-size pixels, on the picture."""
        ((x, y),) = np.clip(self.to_full(np.asarray([cell], np.float64)), 0.0, np.subtract(self.full, 1.0)).tolist()
        return x, y

    def box(self, cell: tuple[int, int]) -> Box:
        """Edges of what a cell (column, row) can see, in full-size pixels, cut at the picture's."""
        return self._full_box(self.field.box(*cell))

    def block(self, cell: tuple[int, int]) -> Box:
        """Edges of the block of pixels that a cell (column, row) stands for, in full-size pixels."""
        x, y = (index * self.field.stride - 0.5 for index in cell)
        return self._full_box((x, y, x + self.field.stride, y + self.field.stride))

    def length(self, working: float) -> float:
        """A length along x at the working size in full-size pixels."""
        return working * self.full[0] / self.size[0]

    def _full_box(self, box: Box) -> Box:
        ((x0, y0), (x1, y1)) = rescale([box[:2], box[2:]], self.size, self.full).tolist()
        return clipped((x0, y0, x1, y1), self.full)
