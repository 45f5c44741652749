"""Refinement of a warp on the pictures themselves, in the half-way domain (Liao et al. 2014).

A vector v at each pixel p of the half-way picture says that p - v of A and p + v of B correspond. The field v
minimises the structural dissimilarity of the two, the bending of a thin plate, and the distance from the
control points, from 8 pixels up to the working size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from studio.arrays import Points, Size
from studio.geometry import rescale, shrink_within
from studio.language import tr
from studio.progress import Job, Progress
from studio.warp import field as fields
from studio.warp.control_set import Controls
from studio.warp.field import Field, Nodes
from studio.warp.jacobian import foldover
from studio.warp.options import WarpOptions
from studio.warp.point_warp import FieldPair, InBetween, PointWarp, chebyshev

if TYPE_CHECKING:
    import torch

SMOOTHNESS = 0.5
"""Weight of the thin plate, with vectors in pixels of the level.

The paper's 0.001 let a level of 8 px follow noise here; on a known warp of a texture
(`tests/morph/test_render.py`) it ends 0.5 px from the truth, this weight below 0.1 px.
"""

USER_POINTS = 100.0
"""Weight of the control points."""

FOLDS = 100.0
"""Weight of what holds off folds."""

STILL = 0.01
"""Pixels of the level: when no vector moves by more in a round, the level is done."""

_SHARES = (1.0, 0.9, 0.75, 0.5, 0.25, 0.0)
"""Of a refinement, tried until one does not fold."""

_WORKING_SIDE = 192
_COARSEST = 8
_ROUNDS = 5
_STEPS = 5
_CONTRAST, _STRUCTURE = 58.5, 29.3
"""Constants of the similarity, for pictures of 0 to 255: what is weaker than noise does not count."""

_NO_MAP: Any = None

_LEAST_AREA = 0.15
"""Determinant of the Jacobian below which a fold is near and is held off."""


class HalfwayWarp(InBetween):
    """In-betweens along paths through the half-way picture: p + (2t - 1) v(p) + 4t (1 - t) w(p)."""

    def __init__(self, controls: Controls, vectors: Nodes, bows: Nodes) -> None:
        """`vectors` v and `bows` w are (rows, columns, 2), in pixels, at the nodes of a field of `controls.size`."""
        self.size = controls.size
        self.keys = chebyshev(5)
        self.smooth = True
        self.controls = controls
        self._vectors, self._bows = vectors, bows
        self._at_controls = Field(self.size, bows).at(controls.at(0.5)[: controls.pairs])

    def fields(self, t: float) -> FieldPair:
        places = fields.node_points(self.size).astype(np.float32).reshape(self._vectors.shape)
        here = places
        # Which p travels through this place now? Its path is short against the scale on which paths differ.
        for _ in range(30):
            vectors, bows = self._look_up(here)
            here = places - np.float32(2 * t - 1) * vectors - np.float32(4 * t * (1 - t)) * bows
        vectors, _bows = self._look_up(here)
        into_a = places if t == 0.0 else here - vectors
        into_b = places if t == 1.0 else here + vectors
        return self.settled((Field(self.size, into_a), Field(self.size, into_b)), t)

    def settled(self, pair: FieldPair, t: float) -> FieldPair:
        count = self.controls.pairs
        points = self.controls.at(t)[:count] + 4 * t * (1 - t) * self._at_controls
        inside = ((points > -0.5) & (points < np.asarray(self.size) - 0.5)).all(axis=1)
        a, b = self.controls.a[:count][inside], self.controls.b[:count][inside]
        return pair[0].meeting(points[inside], a), pair[1].meeting(points[inside], b)

    def _look_up(self, places: Nodes) -> tuple[Nodes, Nodes]:
        nodes = (places + np.float32(fields.SPACING / 2 + 0.5)) / np.float32(fields.SPACING)
        found: list[Any] = [
            cv2.remap(values, nodes, _NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for values in (self._vectors, self._bows)
        ]
        return found[0], found[1]


def refine(
    a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8], controls: Controls, options: WarpOptions, device: str = "auto"
) -> Job[HalfwayWarp]:
    """Refine the warp of `controls` on the pictures `a` and `b`, (h, w, 3) of the size of its frame.

    Parameters
    ----------
    options : WarpOptions
        `curved` lets parts that turn travel on arcs (section 6 of the paper).
    device : str
        As `studio.device.choose_device` takes it.
    """
    import torch

    from studio.device import choose_device

    yield Progress(0.0, tr("loading torch"))
    where = choose_device(device)
    working = shrink_within(controls.size, _WORKING_SIDE)
    into_a, into_b = PointWarp(controls, options).fields(0.5)
    vectors = _resized((into_b.dense() - into_a.dense()) / np.float32(2), working, controls.size)
    begun, sizes = vectors, _levels(working)
    for index, size in enumerate(sizes):
        gray = [_gray(picture, size) for picture in (a, b)]
        vectors = _resized(vectors, size, (vectors.shape[1], vectors.shape[0]))
        energy = _Energy(gray[0], gray[1], controls, where)
        unknown = torch.from_numpy(vectors.transpose(2, 0, 1).copy()).to(where).requires_grad_(True)
        start, stop = (0.95 * _work(sizes, upto) for upto in (index, index + 1))
        descend = _Descent(unknown, energy)
        for turn in range(_ROUNDS):
            moved = descend()
            share = start + (stop - start) * (turn + 1) / _ROUNDS
            yield Progress(
                share, tr("refining at {width} x {height}: step {turn}", width=size[0], height=size[1], turn=turn + 1)
            )
            if moved < STILL:
                break
        vectors = unknown.detach().cpu().numpy().transpose(1, 2, 0)
    yield Progress(0.98, tr("bending the paths"))
    return _one_to_one(controls, begun, vectors, options.curved)


def _one_to_one(
    controls: Controls, begun: npt.NDArray[np.float32], refined: npt.NDArray[np.float32], curved: bool
) -> HalfwayWarp:
    """The refined warp as far as it folds no more than what refinement began with, both (h, w, 2) vectors."""
    least: tuple[float, HalfwayWarp] | None = None
    for share in _SHARES:
        vectors = begun + np.float32(share) * (refined - begun)
        for bends in (True, False) if curved else (False,):
            bows = _bows(vectors) if bends else np.zeros_like(vectors)
            at_nodes = [_at_nodes(values, controls.size) for values in (vectors, bows)]
            warp = HalfwayWarp(controls, at_nodes[0], at_nodes[1])
            folds = foldover(warp.fields(1.0)[0], warp.fields(0.0)[1]).share
            if folds == 0.0:
                return warp
            if least is None or folds < least[0]:
                least = folds, warp
    assert least is not None
    return least[1]


class _Energy:
    """The energy of a field of one level, in the pixels of that level."""

    def __init__(
        self, a: npt.NDArray[np.float32], b: npt.NDArray[np.float32], controls: Controls, device: torch.device
    ) -> None:
        import torch

        height, width = a.shape
        self._pictures = torch.from_numpy(np.stack([a, b])[:, None]).to(device)
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        self._places = torch.stack([x, y]).to(device, torch.float32)
        self._size = torch.tensor([width, height], device=device, dtype=torch.float32).view(2, 1, 1)
        points = rescale(controls.at(0.5), controls.size, (width, height))
        half = np.asarray([width, height]) / np.asarray(controls.size) * controls.moves / 2
        inside = ((points >= -0.5) & (points <= np.asarray([width, height]) - 0.5)).all(axis=1)
        self._points = torch.from_numpy(points[inside]).to(device, torch.float32)
        self._wanted = torch.from_numpy(half[inside]).to(device, torch.float32)

    def __call__(self, vectors: torch.Tensor) -> torch.Tensor:
        """`vectors` is (2, h, w)."""
        import torch

        lookups = torch.stack([self._places - vectors, self._places + vectors])
        pulled = _sample(self._pictures, lookups, self._size)
        total = (1.0 - _similarity(pulled[0:1], pulled[1:2])).sum()
        total = total + SMOOTHNESS * _bending(vectors)
        for sign in (-1.0, 1.0):
            total = total + FOLDS * _near_folds(sign * vectors)
        if len(self._points):
            at_points = _sample(vectors[None], self._points.T[None, :, :, None], self._size)[0, :, :, 0].T
            total = total + USER_POINTS * ((at_points - self._wanted) ** 2).sum()
        return total


def _sample(maps: torch.Tensor, places: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
    """(N, C, h, w) maps at (N, 2, h', w') places in pixels."""
    import torch

    grid = ((2.0 * places + 1.0) / size - 1.0).permute(0, 2, 3, 1)
    return torch.nn.functional.grid_sample(maps, grid, padding_mode="border", align_corners=False)


def _similarity(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Contrast and structure of windows of 5 x 5, 0 to 1; brightness does not count, nor whether it is reversed."""
    import torch

    def mean(values: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(values, 5, 1, 2, count_include_pad=False)

    mean_a, mean_b = mean(a), mean(b)
    variance_a = (mean(a * a) - mean_a**2).clamp_min(0.0)
    variance_b = (mean(b * b) - mean_b**2).clamp_min(0.0)
    covariance = mean(a * b) - mean_a * mean_b
    spread = torch.sqrt(variance_a * variance_b + 1e-6)
    contrast = (2.0 * spread + _CONTRAST) / (variance_a + variance_b + _CONTRAST)
    return contrast * (covariance.abs() + _STRUCTURE) / (spread + _STRUCTURE)


def _bending(vectors: torch.Tensor) -> torch.Tensor:
    across, down = vectors.diff(dim=2), vectors.diff(dim=1)
    mixed = across.diff(dim=1)
    return (across.diff(dim=2) ** 2).sum() + 2.0 * (mixed**2).sum() + (down.diff(dim=1) ** 2).sum()


def _near_folds(vectors: torch.Tensor) -> torch.Tensor:
    across, down = vectors.diff(dim=2)[:, :-1], vectors.diff(dim=1)[:, :, :-1]
    area = (1.0 + across[0]) * (1.0 + down[1]) - across[1] * down[0]
    return ((_LEAST_AREA - area).clamp_min(0.0) ** 2).sum()


class _Descent:
    """A quasi-Newton method that remembers the last steps."""

    def __init__(self, unknown: torch.Tensor, energy: _Energy) -> None:
        import torch

        self._unknown, self._energy = unknown, energy
        self._solver = torch.optim.LBFGS([unknown], max_iter=_STEPS, history_size=10, line_search_fn="strong_wolfe")

    def __call__(self) -> float:
        """A few steps; returns the largest change, in pixels of the level."""
        import torch

        before = self._unknown.detach().clone()

        def closure() -> torch.Tensor:
            self._solver.zero_grad()
            value = self._energy(self._unknown)
            value.backward()  # type: ignore[no-untyped-call]
            return value

        self._solver.step(closure)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            if not torch.isfinite(self._unknown).all():
                self._unknown.copy_(before)
                return 0.0
            return float((self._unknown - before).abs().max())


def _bows(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """w, whose gradient comes nearest to what turns the half-way picture as an arc would (section 6).

    Half-way along straight paths the Jacobian is the identity: it should be the mean turn of the two sides
    times their mean stretch. The nearest gradient field is the solution of a Poisson equation, in cosines.
    """
    from scipy.fft import dctn, idctn

    height, width = vectors.shape[:2]
    down, across = np.gradient(vectors.astype(np.float64), axis=(0, 1))
    gradient = np.stack([across, down], axis=-1)  # [..., component, direction]
    turns, stretches = zip(*(_polar(np.eye(2) + sign * gradient) for sign in (-1.0, 1.0)), strict=True)
    turn = (turns[0] + turns[1]) / 2
    cosine, sine = np.cos(turn), np.sin(turn)
    rotation = np.stack([np.stack([cosine, -sine], -1), np.stack([sine, cosine], -1)], -2)
    wanted = rotation @ ((stretches[0] + stretches[1]) / 2) - np.eye(2)
    eigen = 2.0 * (np.cos(np.pi * np.arange(height) / height)[:, None] - 1.0)
    eigen = eigen + 2.0 * (np.cos(np.pi * np.arange(width) / width)[None] - 1.0)
    eigen[0, 0] = 1.0
    bows = np.empty_like(vectors)
    for component in (0, 1):
        right, below = wanted[..., component, 0].copy(), wanted[..., component, 1].copy()
        # From pixels to the edges between them, with nothing flowing over the border.
        flow_x = np.pad((right[:, 1:] + right[:, :-1]) / 2, ((0, 0), (1, 1)))
        flow_y = np.pad((below[1:] + below[:-1]) / 2, ((1, 1), (0, 0)))
        spectrum = dctn(np.diff(flow_x, axis=1) + np.diff(flow_y, axis=0), norm="ortho") / eigen
        spectrum[0, 0] = 0.0
        bows[..., component] = idctn(spectrum, norm="ortho")
    return bows


def _polar(matrices: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The angle of the rotation in each 2 x 2 matrix, and what is left when it is undone."""
    angle = np.arctan2(matrices[..., 1, 0] - matrices[..., 0, 1], matrices[..., 0, 0] + matrices[..., 1, 1])
    cosine, sine = np.cos(angle), np.sin(angle)
    back = np.stack([np.stack([cosine, sine], -1), np.stack([-sine, cosine], -1)], -2)
    return angle, back @ matrices


def _levels(size: Size) -> list[Size]:
    """Sizes from about 8 pixels up to `size`, each twice the one before."""
    sizes = [size]
    while min(sizes[0]) >= 2 * _COARSEST:
        sizes.insert(0, ((sizes[0][0] + 1) // 2, (sizes[0][1] + 1) // 2))
    return sizes


def _work(sizes: list[Size], upto: int) -> float:
    """Share of the work that lies in the first levels; a level takes time with its pixels."""
    pixels = [width * height for width, height in sizes]
    return sum(pixels[:upto]) / sum(pixels)


def _gray(picture: npt.NDArray[np.uint8], size: Size) -> npt.NDArray[np.float32]:
    gray: npt.NDArray[Any] = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.float32)


def _resized(vectors: npt.NDArray[Any], size: Size, scale_from: Size) -> npt.NDArray[np.float32]:
    """Vectors over another size, in pixels of it."""
    factor = np.asarray(size, np.float32) / np.asarray(scale_from, np.float32)
    shrinks = size[0] < vectors.shape[1]
    resized = cv2.resize(vectors, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(resized * factor, np.float32)


def _at_nodes(vectors: npt.NDArray[np.float32], size: Size) -> Nodes:
    height, width = vectors.shape[:2]
    places: Points = rescale(fields.node_points(size), size, (width, height))
    rows, columns = fields.identity(size).nodes.shape[:2]
    lookups = places.astype(np.float32).reshape(rows, columns, 2)
    found = cv2.remap(vectors, lookups, _NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found * (np.asarray(size, np.float32) / np.asarray([width, height], np.float32)), np.float32)
