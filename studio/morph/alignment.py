"""Aligns what still ghosts between two pictures that pairs have warped to each other: a residual optical flow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from studio.arrays import Points, Size
from studio.geometry import shrink_within
from studio.language import tr
from studio.progress import Job, Progress
from studio.warp.apply import warp_picture
from studio.warp.field import SPACING, Field, identity
from studio.warp.jacobian import foldover
from studio.warp.point_warp import FieldPair

_NO_MAP: Any = None
Vectors = npt.NDArray[np.float32]

WORKING_SIDE = 640
"""Longer side, px, of the pictures that the flow is found in: ghosts are broad, and detail is not what ghosts."""
LIMIT = 0.04
"""Longest residual as a share of the longer side: what is further off belongs to a pair, not to a ghost."""
_ROUNDS = 2
"""A second look at what the first left: DIS alone leaves a third of a shift of 6 px, two leave a tenth."""
_SMOOTH = 0.008
"""Standard deviation, as a share of the longer side, with which the flow is smoothed."""
_SETTLED = 0.06
"""Radius around a point set by hand, as a share of the longer side, within which nothing is moved."""


@dataclass(frozen=True, eq=False)
class Residual:
    """From a place of the middle, half its vector back into A and half forward into B is where both agree.

    Attributes
    ----------
    size : (int, int)
        The frame, in whose pixels the vectors are.
    vectors : (h', w', 2) float32
        On a reduced copy of the frame; from A to B.
    """

    size: Size
    vectors: Vectors

    def applied(self, pair: FieldPair, t: float, strength: float) -> FieldPair:
        """The fields of the moment `t`, corrected by `strength`, 0 to 1: at 0 A and at 1 B is as it was."""
        into_a, into_b = pair
        # What passes a place at the moment t passes half-way between its two ends in the middle of the way.
        middle = (into_a.nodes + into_b.nodes) / np.float32(2)
        height, width = self.vectors.shape[:2]
        factors = np.asarray([width, height], np.float32) / np.asarray(self.size, np.float32)
        places = np.asarray((middle + np.float32(0.5)) * factors - np.float32(0.5), np.float32)
        moves = cv2.remap(self.vectors, places, _NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        moves = moves * np.float32(strength)
        return _after(into_a, moves * np.float32(-t)), _after(into_b, moves * np.float32(1.0 - t))


def _after(field: Field, moves: Vectors) -> Field:
    """The field after `moves`, (rows, columns, 2), of each node within the frame."""
    if not moves.any():
        return field
    places, numbers = _lattice(field.size)
    found = cv2.remap(
        field.nodes - places, numbers + moves / np.float32(SPACING), _NO_MAP, cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return Field(field.size, found + places + moves)


@lru_cache(maxsize=4)
def _lattice(size: Size) -> tuple[Vectors, Vectors]:
    """The places of the nodes of a frame, and (column, row) of each; the same for every moment."""
    places = identity(size).nodes
    rows, columns = places.shape[:2]
    numbers = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).astype(np.float32)
    return places, numbers


def aligning(
    a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8], middle: FieldPair, settled: Points | None = None
) -> Job[Residual]:
    """Find the residual between two pictures warped to the middle, the same but for its sign if they are exchanged.

    Dense inverse search (Kroeger et al. 2016) both ways, of which counts what both agree on; no vector is longer than
    `LIMIT`, none is kept where the pictures are no more alike with it, and what it makes of the frame does not fold.

    Parameters
    ----------
    a, b : (h, w, 3) uint8
        Of the size of the frame.
    middle : two fields
        Into A and into B, at the middle of the way.
    settled : (N, 2), optional
        Places of the middle that are right already.
    """
    size = middle[0].size
    working = shrink_within(size, WORKING_SIDE)
    yield Progress(0.0, tr("aligning what still ghosts"))
    first, second = (
        _grey(warp_picture(picture, field), working) for picture, field in zip((a, b), middle, strict=True)
    )
    side = max(working)
    total = np.zeros((working[1], working[0], 2), np.float32)
    for turn in range(_ROUNDS):
        found = _flow(_moved(first, total, -0.5), _moved(second, total, 0.5))
        total = _bounded(_smoothed(total + found, _SMOOTH * side), LIMIT * side)
        yield Progress(0.4 * (turn + 1), tr("aligning what still ghosts"))
    total *= _better(first, second, total, _SMOOTH * side)[..., None]
    if settled is not None and len(settled):
        total *= _away_from((settled + 0.5) * side / max(size) - 0.5, working, _SETTLED * side)[..., None]
    total = _one_to_one(total)
    yield Progress(1.0, tr("aligning what still ghosts"))
    return Residual(size, total * np.float32(max(size) / side))


def _flow(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> Vectors:
    """Vectors on the way between both; smaller where the two directions contradict each other."""
    if min(first.shape) < 16:  # DIS has no level for less
        return np.zeros((*first.shape, 2), np.float32)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    there = search.calc(first, second, _NO_FLOW)
    back = search.calc(second, first, _NO_FLOW)
    both = (there - back) / np.float32(2)
    # Half a pixel, and a fifth of a longer way, is still one opinion.
    apart = ((there + back) ** 2).sum(axis=2) / (0.25 + 0.04 * (both**2).sum(axis=2))
    return np.asarray(both / (1.0 + apart)[..., None], np.float32)


_NO_FLOW: Any = None


def _grey(picture: npt.NDArray[Any], size: Size) -> npt.NDArray[np.uint8]:
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _moved(picture: npt.NDArray[np.uint8], vectors: Vectors, share: float) -> npt.NDArray[np.uint8]:
    height, width = picture.shape[:2]
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
    return warp_picture(picture, places + vectors * np.float32(share))


def _smoothed(vectors: Vectors, sigma: float) -> Vectors:
    return np.asarray(cv2.GaussianBlur(vectors, (0, 0), max(sigma, 0.5), borderType=cv2.BORDER_REPLICATE), np.float32)


def _bounded(vectors: Vectors, limit: float) -> Vectors:
    length = np.hypot(vectors[..., 0], vectors[..., 1])
    return np.asarray(vectors * np.minimum(1.0, limit / np.maximum(length, 1e-6))[..., None], np.float32)


def _better(
    first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8], vectors: Vectors, sigma: float
) -> npt.NDArray[np.float32]:
    """(h, w) 0 to 1: 1 where the pictures are more alike with the vectors than without."""

    def apart(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        difference = np.abs(one.astype(np.float32) - other)
        return np.asarray(cv2.GaussianBlur(difference, (0, 0), max(2.0 * sigma, 1.0)), np.float32)

    with_them = apart(_moved(first, vectors, -0.5), _moved(second, vectors, 0.5))
    kept = (with_them < 0.97 * apart(first, second)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(kept, (0, 0), max(2.0 * sigma, 1.0)), np.float32)


def _away_from(points: Points, size: Size, radius: float) -> npt.NDArray[np.float32]:
    """(h, w) 0 at the points and 1 further than `radius` from all of them."""
    seeds = np.full((size[1], size[0]), 255, np.uint8)
    for x, y in np.rint(points).astype(int).tolist():
        if 0 <= x < size[0] and 0 <= y < size[1]:
            seeds[y, x] = 0
    if seeds.all():
        return np.ones_like(seeds, np.float32)
    distance = cv2.distanceTransform(seeds, cv2.DIST_L2, 5)
    share = np.clip(distance / max(radius, 1.0), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share), np.float32)


def _one_to_one(vectors: Vectors) -> Vectors:
    """Shortened until moving by the whole vectors, either way, folds nothing."""
    height, width = vectors.shape[:2]
    nodes = identity((width, height)).nodes
    moves = cv2.remap(vectors, nodes[..., 0], nodes[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    for share in (1.0, 0.8, 0.6, 0.4, 0.2):
        there, back = (Field((width, height), nodes + np.float32(sign * share) * moves) for sign in (1, -1))
        if foldover(there, back).bijective:
            return vectors * np.float32(share)
    return np.zeros_like(vectors)
