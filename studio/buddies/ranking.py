"""Which buddies count: activation, accumulated rank, one pair a place, the border, grouping to k."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from torch import Tensor

from studio.arrays import Floats, Index, Mask, Reals


@dataclass(frozen=True, eq=False)
class Buddies:
    """The best buddies of one level, in order.

    Attributes
    ----------
    a, b : (N, 2) int64
        Row and column of the cells.
    rank : (N,) float32
        Sum over the levels so far of (response of A + response of B) / 2.
    similarity : (N,) float32
        Sum over the levels so far of the mean cosine over the patches of the pair and of its parents.
    parent : (N,) int64
        Which of the buddies of the level above opened the region; -1 for none (the default).
    fixed : (N,) int64
        Which of the fixed pairs this is; -1 for a pair that was found (the default).
    sub_cell_offset : (N, 2) float64
        How far, in rows and columns of cells, the point of B lies beside the middle of its cell when that of A is the
        middle of its own; none by default.
    ended : (N,) int64
        The level at which it was found last, if that is a coarser one; 0 for this one (the default).
    beside : (N, 2) float64
        How far, in rows and columns of cells, both points together lie beside the middles of their cells: that of A by
        `beside` - `sub_cell_offset` / 2, that of B by `beside` + `sub_cell_offset` / 2; none by default.
    """

    a: Index
    b: Index
    rank: Floats
    similarity: Floats
    parent: Index = field(default_factory=lambda: np.zeros(0, np.int64))
    fixed: Index = field(default_factory=lambda: np.zeros(0, np.int64))
    sub_cell_offset: Reals = field(default_factory=lambda: np.zeros((0, 2)))
    ended: Index = field(default_factory=lambda: np.zeros(0, np.int64))
    beside: Reals = field(default_factory=lambda: np.zeros((0, 2)))

    def __post_init__(self) -> None:
        for name in ("parent", "fixed"):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.full(len(self.rank), -1, np.int64))
        for name in ("sub_cell_offset", "beside"):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.zeros((len(self.rank), 2)))
        if not len(self.ended):
            object.__setattr__(self, "ended", np.zeros(len(self.rank), np.int64))

    def __len__(self) -> int:
        return len(self.rank)

    @property
    def is_fixed(self) -> Mask:
        """(N,) whether it was given and not found."""
        is_fixed: Mask = self.fixed >= 0
        return is_fixed

    def take(self, index: Index | Mask | slice) -> Buddies:
        """The pairs at `index`, a mask or numbers."""
        return Buddies(*(getattr(self, name)[index] for name in _COLUMNS))

    def followed_by(self, more: Buddies) -> Buddies:
        """These, then `more`."""
        return Buddies(*(np.concatenate([getattr(self, name), getattr(more, name)]) for name in _COLUMNS))

    def by_rank(self) -> Buddies:
        """The highest rank first; equal ranks stay in order."""
        return self.take(np.argsort(-self.rank, kind="stable"))


_COLUMNS = ("a", "b", "rank", "similarity", "parent", "fixed", "sub_cell_offset", "ended", "beside")


def stretched(values: Floats) -> Floats:
    """`values` brought to [0, 1] by their own minimum and maximum; all 0 if they are all equal."""
    low, high = values.min(), values.max()
    if not high > low:
        return np.zeros_like(values)
    stretched: Floats = (values - low) / (high - low)
    return stretched


class Activation:
    """How strongly the network reacts to each cell of a map (Aberman et al. 2018, section 4.2).

    Attributes
    ----------
    response : (H, W) float32
        Length of the cell's channels, brought to [0, 1] over the map; for `squared` over all of it, else over the cells
        in which anything is active, and 0 in the others.
    active : (H, W) bool
        Whether that is at least the threshold.

    Parameters
    ----------
    features : (1, C, H, W)
    threshold : float
    squared : bool
        Compare the square of the length, brought to [0, 1], as the authors' program does.
    """

    def __init__(self, features: Tensor, threshold: float, squared: bool = False) -> None:
        energy: Floats = features.pow(2).sum(1)[0].cpu().numpy()
        there = energy > 0
        if squared or there.all():
            self.response = stretched(np.sqrt(energy))
            self.active: Mask = (stretched(energy) if squared else self.response) >= np.float32(threshold)
        else:  # what is not there does not decide how weak the weakest of the others is
            self.response = np.zeros_like(energy)
            if there.any():
                self.response[there] = stretched(np.sqrt(energy[there]))
            self.active = there & (self.response >= np.float32(threshold))

    def of(self, cells: Index) -> Floats:
        """(N,) responses of `cells`, (N, 2)."""
        response: Floats = self.response[cells[:, 0], cells[:, 1]]
        return response

    def passes(self, cells: Index) -> Mask:
        """(N,) whether `cells`, (N, 2), are active."""
        active: Mask = self.active[cells[:, 0], cells[:, 1]]
        return active


def mutual(there: Index, back: Index, width: int, tolerance: int = 0) -> Mask:
    """Which cells are chosen by the cell that they choose.

    Parameters
    ----------
    there : (R, N) int64
        For R regions of N cells, the cell of the other picture's region that each cell chooses.
    back : (R, M) int64
        What the cells of the other regions choose.
    width : int
        Cells in a row of the first region.
    tolerance : int
        How many cells beside the start the way there and back may end, along x and along y.

    Returns
    -------
    (R, N) bool
    """
    start, end = np.arange(there.shape[1]), np.take_along_axis(back, there, 1)
    if tolerance == 0:
        found: Mask = end == start
        return found
    beside: Mask = (abs(end // width - start // width) <= tolerance) & (abs(end % width - start % width) <= tolerance)
    return beside


def mutual_pairs(
    a_to_b: Index, b_to_a: Index, width_a: int, width_b: int, tolerance: int = 0
) -> tuple[Index, Index, Index]:
    """All pairs of cells that choose each other: numbers of regions, cells of A, cells of B, (P,) each.

    With a `tolerance` a pair counts if either of its cells is content with the way there and back, so that it does
    not matter which picture comes first. See `mutual`.
    """
    region, cell_a = np.nonzero(mutual(a_to_b, b_to_a, width_a, tolerance))
    cell_b = a_to_b[region, cell_a]
    if tolerance:
        region_b, other_b = np.nonzero(mutual(b_to_a, a_to_b, width_b, tolerance))
        pairs = np.stack([region, cell_a, cell_b]), np.stack([region_b, b_to_a[region_b, other_b], other_b])
        region, cell_a, cell_b = np.unique(np.concatenate(pairs, axis=1), axis=1)
    return region, cell_a, cell_b


def first_of_each(keys: Index) -> Index:
    """Where each value of `keys`, (N,), stands first, in order."""
    return np.sort(np.unique(keys, return_index=True)[1])


def last_of_each(keys: Index) -> Index:
    """Where each value of `keys`, (N,), stands last, in order."""
    return len(keys) - 1 - first_of_each(keys[::-1])[::-1]


def inside(points: npt.NDArray[np.float64], size: tuple[int, int], border: float) -> Mask:
    """Which `points`, (N, 2) as (x, y), are not nearer than `border` to an edge of a picture of `size`."""
    width, height = size
    x, y = points[:, 0], points[:, 1]
    clear: Mask = (x >= border) & (y >= border) & (x <= width - border) & (y <= height - border)
    return clear


def strongest_of_groups(
    places: npt.NDArray[np.float64], rank: Floats, groups: int, seed: int, sure: Mask | None = None
) -> Index:
    """Group pairs by k-means and keep the one of highest rank of each group (section 4.3).

    Parameters
    ----------
    places : (N, 4)
        Where the pairs lie: (y, x) in A, (y, x) in B.
    rank : (N,)
    groups : int
        How many groups; 0 keeps everything, and so do fewer pairs than that.
    seed : int
    sure : (N,) bool, optional
        Pairs that are kept in any case, and alone in their group.

    Returns
    -------
    (M,) int64
        Which pairs stay, M <= `groups` unless more are sure, in the order of the groups.
    """
    labels = grouped(places, groups, seed)
    return np.arange(len(places)) if labels is None else strongest(labels, rank, sure)


def either_way(places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """`places`, (N, 4) as (y, x) in A, then in B, turned: the middles of both points, then half of the way between
    them.

    Distances are the same but for one factor, and exchanging the pictures changes signs alone, after which everything
    that is computed from them is the same to the last bit.
    """
    a, b = places[:, :2], places[:, 2:]
    return np.concatenate([(a + b) / 2, (b - a) / 2], axis=1)


def grouped(places: npt.NDArray[np.float64], groups: int, seed: int) -> Index | None:
    """The number of the group of each pair, (N,); None if everything is kept. See `strongest_of_groups`."""
    if groups == 0 or groups > len(places):
        return None
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer places than groups: some stay empty
        # Where a machine does not tell its cores (a container without lscpu), joblib counts threads instead, and warns.
        warnings.filterwarnings("ignore", "Could not find the number of physical cores", UserWarning)
        return np.asarray(KMeans(n_clusters=groups, random_state=seed).fit(places).labels_, np.int64)


def strongest(labels: Index, rank: Floats, sure: Mask | None = None) -> Index:
    """The pair of highest rank of each group, or those of it that are sure."""
    chosen = []
    for members in (np.flatnonzero(labels == label) for label in np.unique(labels)):
        certain = members[sure[members]] if sure is not None else members[:0]
        chosen.append(certain if len(certain) else members[[np.argmax(rank[members])]])
    return np.concatenate(chosen).astype(np.int64) if chosen else np.zeros(0, np.int64)
