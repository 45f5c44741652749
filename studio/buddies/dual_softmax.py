"""The coarsest search with more than single patches: neighbours that agree, and one rough movement that most support.

Not part of the paper, which takes the coarsest mutual nearest neighbours as they are; everything below hangs on
them, and on animals of two kinds only one in four is right. Three things are asked of a match besides its cosines:
that the cells around it match too, in the same arrangement or in the mirrored one (a left and a right profile);
that it is the best one seen from both pictures; and that it lies near where a vote of all good candidates moves it
(`studio.buddies.consistency`). The last is Hough matching (Cho, Kwak, Schmid and Ponce 2015, section 3) with a
single winner.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from studio.arrays import Complex, Floats, Index, Shape, Size
from studio.buddies.consistency import SURE, common_movement, in_units, tolerance_of
from studio.geometry import cell_to_pixel

TEMPERATURE = 0.05
"""Of the soft matches: a cosine that is larger by this much counts e times as much."""
OWN = 0.5
"""Share of a cell's own cosine; the rest is that of its neighbours. A good network needs them less: more of them, from
further away, lift SqueezeNet's matches and spoil BuddyNet's."""
NOTHING = -1e4
"""Log-weight of what is no match: no real one comes near it, and times a weight of 0 it is still a number."""
CANDIDATES = 3
"""Best matches of each cell that vote on the movement: of the mutual first ones only one in four is right on animals of
two kinds."""
VOTERS = 600
"""The strongest candidates that do vote: of some 900 at the default working size, 3 for each of 150 cells of A and
B. All vote on every hypothesis, so this bounds the work at larger sizes."""


def consensus_cosines(cosines: Tensor, shape_a: Shape, shape_b: Shape) -> Tensor:
    """A cell's own cosine and the mean over its 3 x 3, in the same or the mirrored arrangement (what is more alike).

    Of both the mean that `OWN` says.

    Parameters
    ----------
    cosines : (Na, Nb)
        Of every cell of A with every cell of B, both row by row.
    shape_a, shape_b : (rows, columns)
        Na and Nb are their products. Beyond an edge nothing is alike.

    Returns
    -------
    (Na, Nb)
    """
    straight, mirrored = (neighbours(cosines, shape_a, shape_b, way) for way in (1, -1))
    return OWN * cosines + (1 - OWN) * torch.maximum(straight, mirrored)


def neighbours(cosines: Tensor, shape_a: Shape, shape_b: Shape, way: int = 1) -> Tensor:
    """(Na, Nb) the means of `cosines` over 3 x 3 cells around both, in the same arrangement or, `way` -1, mirrored.

    As for `consensus_cosines`.
    """
    maps = cosines.view(*shape_a, *shape_b)
    total = torch.zeros_like(maps)
    for dy in (-1, 0, 1):
        to_a, from_a = _overlap(dy, shape_a[0])
        to_b, from_b = _overlap(dy, shape_b[0])
        for dx in (-1, 0, 1):
            column_to_a, column_from_a = _overlap(dx, shape_a[1])
            column_to_b, column_from_b = _overlap(way * dx, shape_b[1])
            total[to_a, column_to_a, to_b, column_to_b] += maps[from_a, column_from_a, from_b, column_from_b]
    return total.view_as(cosines) / 9


def _overlap(offset: int, length: int) -> tuple[slice, slice]:
    """Where a row of cells shifted by `offset` meets itself: the receiving range and the giving one."""
    first = max(0, -offset)
    last = max(first, length - max(0, offset))
    return slice(first, last), slice(first + offset, last + offset)


def consensus_matches(
    cosines: Tensor,
    shapes: tuple[Shape, Shape],
    responses: tuple[Floats, Floats],
    strength: float,
    fixed: tuple[Index, Index] | None = None,
    there: tuple[Tensor | None, Tensor | None] = (None, None),
) -> Tensor:
    """Log-weights of all matches of the coarsest cells; the best of a row and of a column are its matches.

    Parameters
    ----------
    cosines : (Na, Nb)
    shapes : two of (rows, columns)
        As for `consensus_cosines`.
    responses : two of (rows, columns)
        How strongly the network reacts to each cell of A and of B, 0 to 1: what its votes weigh.
    strength : float
        Above 0; as for `studio.buddies.consistency.consistent`.
    fixed : two of (N, 2) int64, optional
        Row and column of the cells of pairs that are sure.
    there : two of (Na,) and (Nb,) bool, optional
        As for `soft_matches`.

    Returns
    -------
    (Na, Nb)
    """
    soft = soft_matches(consensus_cosines(cosines, *shapes), *there)
    a, b = _best(soft, CANDIDATES)
    weight = (soft[a, b] / 2).exp().cpu().double().numpy()
    cells_a, cells_b = a.cpu().numpy(), b.cpu().numpy()
    weight *= responses[0].ravel()[cells_a] * responses[1].ravel()[cells_b]
    strongest = np.argsort(-weight, kind="stable")[:VOTERS]
    strongest = strongest[weight[strongest] > 0]
    place_a, place_b = _places(shapes[0]), _places(shapes[1])
    start, end, weight = place_a[cells_a[strongest]], place_b[cells_b[strongest]], weight[strongest]
    if fixed is not None and len(fixed[0]):
        flat_a, flat_b = (cells[:, 0] * shape[1] + cells[:, 1] for cells, shape in zip(fixed, shapes, strict=True))
        sure = np.full(len(flat_a), SURE * max(float(weight.max(initial=0.0)), 1e-6))
        start, end = np.concatenate([place_a[flat_a], start]), np.concatenate([place_b[flat_b], end])
        weight = np.concatenate([sure, weight])
    tolerance = tolerance_of(strength)
    movement = common_movement(start, end, weight, tolerance) if weight.any() else None
    if movement is None:
        return soft
    away = movement.squares_apart(place_a[:, None], place_b[None]) / tolerance**2
    return soft - torch.from_numpy(away.astype(np.float32)).to(soft.device)


def soft_matches(consensus: Tensor, there_a: Tensor | None = None, there_b: Tensor | None = None) -> Tensor:
    """(Na, Nb) log-weights of matches as seen from both pictures, from `consensus`, (Na, Nb), how alike cells are.

    `there_a` and `there_b`, (Na,) and (Nb,) bool, say which cells there are to be matched; the others get `NOTHING`,
    and have no say in what the weights of these are.
    """
    soft = consensus / TEMPERATURE
    if there_a is None and there_b is None:
        return soft.log_softmax(0) + soft.log_softmax(1)
    rows = torch.ones_like(soft[:, 0], dtype=torch.bool) if there_a is None else there_a
    columns = torch.ones_like(soft[0], dtype=torch.bool) if there_b is None else there_b
    missing = ~(rows[:, None] & columns[None])
    soft = soft.masked_fill(missing, NOTHING)
    return (soft.log_softmax(0) + soft.log_softmax(1)).masked_fill_(missing, NOTHING)


def _best(soft: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The best few of each row and of each column, as flat cells of A and of B; those of both come twice."""
    rows, columns = (torch.arange(length, device=soft.device) for length in soft.shape)
    of_rows = soft.topk(min(count, soft.shape[1]), 1).indices
    of_columns = soft.topk(min(count, soft.shape[0]), 0).indices
    return (
        torch.cat([rows[:, None].expand_as(of_rows).flatten(), of_columns.flatten()]),
        torch.cat([of_rows.flatten(), columns[None].expand_as(of_columns).flatten()]),
    )


def _places(shape: Shape) -> Complex:
    """Centres of all cells, row by row, in the units in which movements are measured."""
    size: Size = (shape[1], shape[0])
    rows, columns = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    return in_units(cell_to_pixel(np.stack([columns, rows], axis=1), 1), size)
