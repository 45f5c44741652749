"""Local patch search, exact and vectorised: whose patch looks most like the patch around this cell?

The similarity of two cells is the sum, over the patch around them, of the cosines of the cells'
channels (Aberman et al. 2018, equation 4). Beyond the edge of a map the patch sees the map mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.arrays import Index
from studio.progress import Job, Progress

TINY = 1e-12
"""Below every norm that a cell of a network has; keeps a cell without any activation from becoming NaN."""
RELATIVE_COST = 10.0
"""Time of a multiplication in a search to that of one in a convolution, roughly."""


@dataclass(frozen=True, eq=False)
class Cells:
    """A feature map laid out for gathering.

    Attributes
    ----------
    vectors : (height * width, channels)
        A row per cell.
    height, width : int
    there : (height * width,) bool or None
        Which cells there are to be matched: those in which anything is active (see `studio.features.sight`); None if
        all are.
    """

    vectors: Tensor
    height: int
    width: int
    there: Tensor | None = None

    @classmethod
    def of(cls, features: Tensor) -> Cells:
        """From a map of shape (1, C, H, W)."""
        _, channels, height, width = features.shape
        vectors = features[0].permute(1, 2, 0).reshape(height * width, channels).contiguous()
        return cls(vectors, height, width, active_cells(features))

    @classmethod
    def normalised(cls, features: Tensor) -> Cells:
        """With every cell of a map, (1, C, H, W), brought to length 1; cells without any activation stay zero."""
        return cls.of(features / features.pow(2).sum(1, keepdim=True).sqrt().clamp_min(TINY))

    def are_there(self, flat: Index) -> npt.NDArray[np.bool_]:
        """(N,) whether cells, by their numbers row by row, are there to be matched."""
        if self.there is None:
            return np.ones(len(flat), dtype=bool)
        return np.asarray(self.there.cpu().numpy()[flat], dtype=bool)

    def blocks(self, top: Tensor, left: Tensor, height: int, width: int) -> Tensor:
        """Rectangles of cells, (R, height * width, C), whose first cells are `top`, `left`, (R,), mirrored at edges."""
        rows = mirrored(_ranges(top, height), self.height)
        columns = mirrored(_ranges(left, width), self.width)
        index = rows[:, :, None] * self.width + columns[:, None, :]
        return self.vectors.index_select(0, index.flatten()).view(len(top), height * width, -1)

    def within(self, top: Tensor, left: Tensor, height: int, width: int) -> Tensor:
        """Which cells of such rectangles lie on the map and are there to be matched, (R, height * width)."""
        rows, columns = _ranges(top, height), _ranges(left, width)
        on_rows = (rows >= 0) & (rows < self.height)
        on_columns = (columns >= 0) & (columns < self.width)
        on_map = (on_rows[:, :, None] & on_columns[:, None, :]).flatten(1)
        if self.there is None:
            return on_map
        index = rows.clamp(0, self.height - 1)[:, :, None] * self.width + columns.clamp(0, self.width - 1)[:, None, :]
        return on_map & self.there[index.flatten(1)]


def active_cells(features: Tensor) -> Tensor | None:
    """(H * W,) bool: the cells of a map, (1, C, H, W), in which a channel is not zero; None if all are such."""
    dead = features[0, 0] == 0
    for channel in features[0, 1:]:
        if not bool(dead.any()):
            return None
        dead &= channel == 0
    return ~dead.flatten() if bool(dead.any()) else None


def to_unit(cells: Tensor) -> Tensor:
    """`cells`, (..., C), each brought to length 1, in place; cells without any activation stay zero."""
    return cells.div_(torch.linalg.vector_norm(cells, dim=-1, keepdim=True).clamp_min_(TINY))


def mirrored(index: Tensor, length: int) -> Tensor:
    """`index` reflected into [0, length) about the centres of the first and the last cell.

    Whole numbers of any shape, which stays, and of any sign.
    """
    if length == 1:
        return torch.zeros_like(index)
    period = 2 * (length - 1)
    folded = index.remainder(period)
    return torch.minimum(folded, period - folded)


def _ranges(start: Tensor, length: int) -> Tensor:
    return start[:, None] + torch.arange(length, device=start.device)


def at_once(device: torch.device, floats: int) -> int:
    """How many things of so many floats to take on at once: what a CPU's cache holds, what fills a GPU."""
    budget = 24 << 20 if device.type == "cpu" else 256 << 20
    return max(1, budget // (4 * floats))


def patch_similarity(a: Tensor, b: Tensor, shape_a: tuple[int, int], shape_b: tuple[int, int], patch: int) -> Tensor:
    """Similarity of every patch of a block of A to every patch of a block of B, for many blocks.

    Parameters
    ----------
    a, b : (R, ha * wa, C), (R, hb * wb, C)
        Blocks of cells of length 1, with the margin that patches need around the cells to compare.
    shape_a, shape_b : (int, int)
        (ha, wa) and (hb, wb).
    patch : int
        Side of the patch.

    Returns
    -------
    (R, (ha - patch + 1) * (wa - patch + 1), (hb - patch + 1) * (wb - patch + 1)) tensor
        Sums of patch^2 cosines.
    """
    (ha, wa), (hb, wb) = shape_a, shape_b
    # Element (ya, xa, yb, xb) of the flattened cosines lies at ((ya * wa + xa) * hb + yb) * wb + xb, so one step
    # along x in both blocks is one fixed distance, and so is one along y: both sums run over flat memory, and
    # what they compute across the ends of rows is left out by the view at the end.
    flat = torch.bmm(a, b.transpose(1, 2)).flatten(1)
    flat = _shifted_sum(flat, patch, hb * wb + 1)
    flat = _shifted_sum(flat, patch, wa * hb * wb + wb)
    count = (ha - patch + 1, wa - patch + 1, hb - patch + 1, wb - patch + 1)
    steps = (flat.shape[1], wa * hb * wb, hb * wb, wb, 1)
    return flat.as_strided((len(a), *count), steps).reshape(len(a), count[0] * count[1], count[2] * count[3])


def _shifted_sum(flat: Tensor, terms: int, step: int) -> Tensor:
    length = flat.shape[1] - (terms - 1) * step
    total = flat[:, :length].clone()
    for term in range(1, terms):
        total += flat[:, term * step : term * step + length]
    return total


def search_windows(a: Cells, b: Cells, centres: Tensor, radius: int, patch: int) -> Job[tuple[Tensor, Tensor]]:
    """Best match in B of every cell of A, within a window of B.

    Parameters
    ----------
    a, b : Cells
        Of length 1.
    centres : (h, w, 2) int64
        Row and column in B of the middle of the window. Each holds for a square block of A's cells:
        for one cell if (h, w) is A's size, for two by two if it is half of it.
    radius : int
        The window reaches this many cells to each side.

    Returns
    -------
    (match, similarity) : (Ha * Wa,) int64 and float32
        Flat index of the best cell of B, the first in row-major order where several are equally good,
        and the mean cosine over its patch. Window cells beyond B's edge do not compete.
    """
    device = a.vectors.device
    rows, columns = centres.shape[:2]
    side = -(-a.height // rows)
    block, window = side + patch - 1, 2 * radius + patch
    reach = patch // 2
    centre_row = centres[..., 0].flatten().clamp(0, b.height - 1)
    centre_column = centres[..., 1].flatten().clamp(0, b.width - 1)
    number = torch.arange(rows * columns, device=device)
    row, column = number // columns * side, number % columns * side
    match = torch.empty((rows * columns, side * side), dtype=torch.int64, device=device)
    similarity = torch.empty(match.shape, device=device)
    channels = a.vectors.shape[1]
    step = at_once(device, (block**2 + window**2) * channels + 3 * block**2 * window**2)
    for start in range(0, len(number), step):
        part = slice(start, start + step)
        top, left = centre_row[part] - radius, centre_column[part] - radius
        scores = patch_similarity(
            a.blocks(row[part] - reach, column[part] - reach, block, block),
            b.blocks(top - reach, left - reach, window, window),
            (block, block),
            (window, window),
            patch,
        )
        span = 2 * radius + 1
        scores.masked_fill_(~b.within(top, left, span, span)[:, None], -torch.inf)
        best, index = scores.max(2)
        match[part] = (top[:, None] + index // span) * b.width + left[:, None] + index % span
        similarity[part] = best / patch**2
        yield Progress(min(start + step, len(number)) / len(number), "searching")
    return _unblocked(match, a, columns, side), _unblocked(similarity, a, columns, side)


def _unblocked(values: Tensor, cells: Cells, columns: int, side: int) -> Tensor:
    """Bring (blocks, side * side) into the map's row-major order, without what lies beyond its edge."""
    grid = values.view(-1, columns, side, side).permute(0, 2, 1, 3).reshape(-1, columns * side)
    return grid[: cells.height, : cells.width].flatten()


def search_everywhere(a: Cells, b: Cells, patch: int) -> Job[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Best match of every cell of A among all of B, and the reverse.

    Returns
    -------
    (a_to_b, similarity, b_to_a, similarity)
        (Ha * Wa,) int64 and float32, then (Hb * Wb,) likewise; as for `search_windows`.
    """
    device = a.vectors.device
    reach = patch // 2
    height, width = b.height + 2 * reach, b.width + 2 * reach
    edge = torch.tensor([-reach], device=device)
    all_b = b.blocks(edge, edge, height, width)
    columns = a.width + 2 * reach
    band = max(1, at_once(device, 3 * columns * height * width) - 2 * reach)
    a_to_b, best_a = [], []
    best_b = torch.full((b.height * b.width,), -torch.inf, device=device)
    b_to_a = torch.zeros(len(best_b), dtype=torch.int64, device=device)
    for start in range(0, a.height, band):
        rows = min(band, a.height - start) + 2 * reach
        block = a.blocks(edge + start, edge, rows, columns)
        scores = patch_similarity(block, all_b, (rows, columns), (height, width), patch)[0]
        if b.there is not None:
            scores.masked_fill_(~b.there[None], -(patch**2))  # as unlike as can be
        if a.there is not None:
            first = start * a.width
            scores.masked_fill_(~a.there[first : first + len(scores), None], -(patch**2))
        best, index = scores.max(1)
        a_to_b.append(index)
        best_a.append(best)
        best, index = scores.max(0)
        better = best > best_b
        b_to_a = torch.where(better, index + start * a.width, b_to_a)
        best_b = torch.where(better, best, best_b)
        yield Progress(min(start + band, a.height) / a.height, "searching")
    return torch.cat(a_to_b), torch.cat(best_a) / patch**2, b_to_a, best_b / patch**2


def pair_similarity(a: Cells, b: Cells, cells_a: Index, cells_b: Index, patch: int) -> npt.NDArray[np.float32]:
    """(N,) mean cosine between the patches around `cells_a` and `cells_b`, (N, 2) as (row, column)."""
    device = a.vectors.device
    step = at_once(device, 2 * patch**2 * a.vectors.shape[1])
    found = [np.zeros(0, np.float32)]
    for start in range(0, len(cells_a), step):
        blocks = []
        for map_, cells in ((a, cells_a), (b, cells_b)):
            top, left = (torch.from_numpy(cells[start : start + step]).to(device) - patch // 2).unbind(1)
            blocks.append(map_.blocks(top, left, patch, patch))
        found.append((blocks[0] * blocks[1]).sum((1, 2)).div_(patch**2).cpu().numpy())
    return np.concatenate(found)


def displacement(a: Cells, b: Cells, cells_a: Index, cells_b: Index, patch: int) -> npt.NDArray[np.float64]:
    """How far beside the cells of B the best match lies, in fractions of a cell.

    A parabola through the similarities of three neighbours peaks between them (along x and y apart). Where the
    similarity falls off to one side more than to the other it peaks off-centre even on a perfect match; but
    then it does so in A and in B alike, while a true displacement goes one way in B and the other way in A. So
    half of the difference is taken.

    Parameters
    ----------
    a, b : Cells
        Of length 1.
    cells_a, cells_b : (N, 2) int64
        Row and column of the two cells of each pair.
    patch : int

    Returns
    -------
    (N, 2) float64
        Along x and y, within half a cell.
    """
    device = a.vectors.device
    step = at_once(device, (patch**2 + (patch + 2) ** 2) * a.vectors.shape[1])
    found = [np.zeros((0, 2))]
    for start in range(0, len(cells_a), step):
        some_a, some_b = (torch.from_numpy(cells[start : start + step]).to(device) for cells in (cells_a, cells_b))
        sub_cell_offset = _peak(a, b, some_a, some_b, patch) - _peak(b, a, some_b, some_a, patch)
        found.append(sub_cell_offset.flip(1).cpu().double().numpy() / 2)
    return np.concatenate(found)


def _peak(a: Cells, b: Cells, cells_a: Tensor, cells_b: Tensor, patch: int) -> Tensor:
    """Where the similarity to each cell of A peaks around its cell of B, (N, 2), without a neighbour 0."""
    reach = patch // 2
    (row_a, column_a), (top, left) = cells_a.unbind(1), (cells_b - 1).unbind(1)
    block_a = a.blocks(row_a - reach, column_a - reach, patch, patch)
    block_b = b.blocks(top - reach, left - reach, patch + 2, patch + 2)
    scores = patch_similarity(block_a, block_b, (patch, patch), (patch + 2, patch + 2), patch)[:, 0]
    exists = b.within(top, left, 3, 3)
    peaks = []
    for before, after in ((1, 7), (3, 5)):  # above and below, left and right of the middle of 3 x 3
        low, middle, high = scores[:, before], scores[:, 4], scores[:, after]
        bend = low - 2 * middle + high
        is_peak = (middle >= low) & (middle >= high) & (bend < 0) & exists[:, before] & exists[:, after]
        peaks.append(torch.where(is_peak, (low - high) / (2 * bend), 0.0))
    return torch.stack(peaks, dim=1)
