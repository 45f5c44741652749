"""Where each part of the style goes: regions with soft borders, regions grown from pairs, the shape of the style."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from studio.arrays import Points, Size
from studio.geometry import normalise, rescale
from studio.language import tr, translatable
from studio.pairs import PairSet, PointPair
from studio.picture import Picture
from studio.style.model import Mask, Region, StyleError
from studio.warp import WarpOptions, backward_field, warp_picture

Share = npt.NDArray[np.float32]
"""(h, w) in [0, 1]: how much each pixel belongs to a region."""

MOST_ANCHORS = 64
"""Pairs that steer a style, the surest: each is compared in every step, and neighbours say the same."""
NO_REGIONS = translatable("Regions can only be grown from two pairs or more; there were none.")
GROWN_SIDE = 128
"""Longer side of the masks of grown regions; they are smooth."""
_NEAR, _ALIKE = 0.12, 0.25
"""How far a pair's region reaches: as a share of the picture, and in colour (Euclidean, of [0, 1]^3)."""


def used_pairs(pairs: PairSet | None) -> PairSet:
    """The enabled pairs of some confidence, the strongest if they are very many."""
    if pairs is None:
        return PairSet()
    sure = [pair for pair in pairs.enabled() if pair.confidence > 0.0]
    strongest = sorted(sure, key=_strength, reverse=True)[:MOST_ANCHORS]
    return PairSet(tuple(sorted(strongest, key=lambda pair: pair.id)))


def _strength(pair: PointPair) -> tuple[float, float, int]:
    return pair.confidence, pair.rank, -pair.id


def as_share(mask: Mask, size: Size, softness: float = 0.0) -> Share:
    """A mask at `size`, (width, height), its border blurred over about `softness` of the longer side.

    Raises
    ------
    StyleError
        It is not a mask, or empty.
    """
    values: npt.NDArray[Any] = np.asarray(mask)
    if values.ndim != 2 or 0 in values.shape or values.dtype.kind not in "buif":
        raise StyleError(tr("A region's mask must be a picture of one channel, (height, width)."))
    share = values.astype(np.float32) / (255.0 if values.dtype.kind in "ui" else 1.0)
    share = np.clip(np.nan_to_num(share), 0.0, 1.0)
    shrinks = size[0] <= share.shape[1] and size[1] <= share.shape[0]
    share = cv2.resize(share, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    if softness > 0.0:
        share = cv2.GaussianBlur(share, (0, 0), max(0.5 * softness * max(size), 0.1), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(np.clip(share, 0.0, 1.0), np.float32)


def shares_of(masks: Sequence[Mask], size: Size, softness: float) -> list[Share]:
    """The masks at `size`, and at the end the share of what none covers; they sum to 1 everywhere.

    Where masks overlap they divide the place between them.
    """
    shares: list[Share] = [as_share(mask, size, softness) for mask in masks]
    total = np.sum(shares, axis=0, dtype=np.float32) if shares else np.zeros(size[::-1], np.float32)
    over = np.maximum(total, 1.0)
    parts: list[Share] = [np.asarray(share / over, np.float32) for share in shares]
    return [*parts, np.clip(1.0 - total / over, 0.0, 1.0).astype(np.float32)]


def grow_regions(a: Picture, b: Picture, pairs: PairSet, count: int) -> list[Region]:
    """Divide both pictures into regions that correspond, around groups of pairs.

    Pairs are grouped by where they lie in both pictures; each pixel goes to the groups whose points are near to it and
    of a like colour, in shares that sum to 1.

    Returns
    -------
    list of Region
        At most `count`; none without two pairs.
    """
    used = used_pairs(pairs)
    count = min(count, len(used))
    if count < 2:
        return []
    points_a, points_b = normalise(used.a, a.size), normalise(used.b, b.size)
    groups = _grouped(np.concatenate([points_a, points_b], axis=1), count)
    masks = [_grown(picture, points, groups, count) for picture, points in ((a, points_a), (b, points_b))]
    return [
        Region(masks[0][index], masks[1][index], 0, f"pairs {', '.join(map(str, _ids(used, groups == index)))}")
        for index in range(count)
    ]


def _ids(pairs: PairSet, chosen: npt.NDArray[np.bool_]) -> list[int]:
    return [pair.id for pair, taken in zip(pairs, chosen, strict=True) if taken]


def _grouped(places: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.int64]:
    """(N,) group of each place, by k-means from the places that lie farthest apart; the same each time."""
    centres = [places[np.argmin(((places - places.mean(0)) ** 2).sum(1))]]
    while len(centres) < count:
        nearest = np.min([((places - centre) ** 2).sum(1) for centre in centres], axis=0)
        centres.append(places[int(nearest.argmax())])
    middle = np.asarray(centres)
    labels = np.zeros(len(places), np.int64)
    for _ in range(20):
        labels = ((places[:, None] - middle) ** 2).sum(2).argmin(1)
        middle = np.asarray(
            [places[labels == index].mean(0) if (labels == index).any() else middle[index] for index in range(count)]
        )
    return labels


def _grown(picture: Picture, points: Points, groups: npt.NDArray[np.int64], count: int) -> list[Share]:
    height, width = picture.pixels.shape[:2]
    scale = GROWN_SIDE / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels: Share = np.asarray(picture.shown(size), np.float32) / np.float32(255.0)
    pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 1.0), np.float32)
    x, y = (np.arange(size[0]) + 0.5) / size[0], (np.arange(size[1]) + 0.5) / size[1]
    nearest = np.full((count, size[1], size[0]), np.inf)
    for point, group in zip(points, groups, strict=True):
        column, row = (min(max(int(value * side), 0), side - 1) for value, side in zip(point, size, strict=True))
        apart = ((x[None, :] - point[0]) ** 2 + (y[:, None] - point[1]) ** 2) / _NEAR**2
        apart = apart + ((pixels - pixels[row, column]) ** 2).sum(2) / _ALIKE**2
        nearest[group] = np.minimum(nearest[group], apart)
    shares = np.exp(-2.0 * (nearest - nearest.min(0)))
    shares /= shares.sum(0)
    return [share.astype(np.float32) for share in shares]


def bent(pixels: npt.NDArray[Any], pairs: PairSet, t: float, size_a: Size, size_b: Size) -> npt.NDArray[Any]:
    """`pixels` of A, resized to any size, with its points moved the share `t` of the way to where B has them.

    `pixels` are (h, w) or (h, w, channels) of any type, which the result has too; `size_a` and `size_b` are those that
    the pairs are in.
    """
    if t <= 0.0 or not len(pairs.enabled()):
        return pixels
    frame = pixels.shape[1], pixels.shape[0]
    return warp_picture(pixels, backward_field(pairs, t, frame, WarpOptions(border="edges"), size_a, size_b))


def bent_pairs(pairs: PairSet, t: float, size_a: Size, size_b: Size) -> PairSet:
    """The pairs after `bent`: A's points where they are then, in A's pixels."""
    targets = rescale(pairs.b, size_b, size_a)
    moved = (1.0 - t) * pairs.a + t * targets
    return PairSet.from_dicts(
        [{**row, "a": tuple(place)} for row, place in zip(pairs.to_dicts(), moved.tolist(), strict=True)]
    )
