"""Views of photographs, with where points have gone: cut out, turned and mirrored, or strongly warped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from keypoints import Reals, Subject, exchanged
from numpy.typing import NDArray
from pictures import PACKED

SIDE = 224
"""Of a view, px: what a match looks at."""
MOST = 64
"""Points of a view."""
MARGIN = 0.08
"""Of the plain view around the box, on each side, in units of the box; as `tests.benchmarks.pck` has it."""

Pixels = NDArray[np.uint8]
Mode = Literal["plain", "free", "turned", "warped"]


@dataclass(frozen=True, eq=False)
class View:
    """(SIDE, SIDE, 3) pixels, and (MOST, 2) points in them, NaN for those that are not there."""

    pixels: Pixels
    points: Reals


def view_of(subject: Subject, names: dict[str, int], mode: Mode, rng: np.random.Generator) -> View:
    """The subject's box as a square.

    Parameters
    ----------
    names : dict
        Row of each name in the points of a view.
    mode : str
        "plain": the box and a margin; "free": stretched, moved and turned a little, perhaps mirrored, and then left
        and right are exchanged; "turned": by any angle, with true proportions, perhaps mirrored.
    """
    image = cv2.imread(str(subject.file), cv2.IMREAD_COLOR)[:, :, ::-1]
    limit = np.array(image.shape[1::-1], float)
    squash = limit / subject.size
    low, high = np.clip(subject.box[:2] * squash, 0, limit - 1), np.clip(subject.box[2:] * squash, 1, limit)
    matrix = _plain(low, high, limit) if mode == "plain" else _free(low, high, squash, mode == "turned", rng)
    mirrored = mode != "plain" and rng.random() < 0.5
    if mirrored:
        matrix[:, 2] += matrix[:, 0] * (SIDE - 1)
        matrix[:, 0] *= -1
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    pixels = cv2.warpAffine(
        smoothed(image, scale), matrix, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REFLECT_101
    )
    points = np.full((MOST, 2), np.nan)
    back = np.linalg.inv(matrix[:, :2]).T
    for name, place in subject.points.items():
        row = names.get(exchanged(name) if mirrored else name)
        if row is not None:
            points[row] = (np.array(place) * squash - matrix[:, 2]) @ back
    points[~((points >= 0) & (points <= SIDE - 1)).all(axis=1)] = np.nan
    return View(pixels, points)


def _plain(low: Reals, high: Reals, limit: Reals) -> Reals:
    """(2, 3): from the pixels of the view to those of the photograph."""
    grow = MARGIN * (high - low)
    start, stop = np.maximum(low - grow, 0), np.minimum(high + grow, limit)
    scale = (stop - start) / SIDE
    return np.concatenate([np.diag(scale), (start + scale / 2 - 0.5)[:, None]], 1)


def _free(low: Reals, high: Reals, squash: Reals, turned: bool, rng: np.random.Generator) -> Reals:
    centre = (low + high) / 2 + rng.normal(0, 0.06, 2) * (high - low)
    extent = (high - low) * rng.uniform(0.85, 1.6) * np.exp(rng.normal(0, 0.08, 2))
    angle = rng.uniform(-np.pi, np.pi) if turned else rng.normal(0, 0.2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if turned:
        true = extent / squash
        side = true.max() if rng.random() < 0.5 else 1.2 * np.sqrt(true.prod())
        linear = np.diag(squash) @ turn * side / SIDE
    else:
        linear = np.diag(extent / SIDE) @ turn
    return np.concatenate([linear, (centre - linear @ np.full(2, SIDE / 2 - 0.5))[:, None]], 1)


def smoothed(image: Pixels, scale: float) -> Pixels:
    """Without what would alias when every `scale`-th pixel is taken."""
    image = np.ascontiguousarray(image)
    return image if scale < 1.3 else np.asarray(cv2.GaussianBlur(image, (0, 0), 0.45 * scale), np.uint8)


def marks(seed: tuple[int, ...]) -> Reals:
    """(MOST, 2) places on a packed picture, one in each of 8 x 8 fields."""
    side = int(MOST**0.5)
    field = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)
    places: Reals = (field + np.random.default_rng(seed).uniform(0.1, 0.9, (MOST, 2))) * PACKED / side
    return places


def warped(image: Pixels, other: Pixels, places: Reals, mode: Mode, rng: np.random.Generator) -> View:
    """A packed picture under a strong warp, before `other` where it does not reach; `places`, (MOST, 2), go with it.

    In order: a projection, a smooth bending, stretching, turning (two in five by any angle), three in ten mirrored,
    scaled by 0.5 to 2.2, moved. "plain" only enlarges a little.
    """
    x, y = np.meshgrid(np.arange(SIDE, dtype=np.float32), np.arange(SIDE, dtype=np.float32))
    cells = np.stack([x, y], -1)
    there = _there((cells - (SIDE - 1) / 2) / (SIDE / 2), mode, rng)
    source = ((there + 1) * PACKED / 2 - 0.5).astype(np.float32)
    right, down = source[1:, 1:] - source[1:, :-1], source[1:, 1:] - source[:-1, 1:]
    area = np.abs(right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0])
    seen = smoothed(image, float(np.sqrt(np.median(area))))
    pixels = cv2.remap(seen, source[..., 0], source[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    outside = ((source < 0) | (source > PACKED - 1)).any(-1)
    if mode != "plain" and outside.any() and rng.random() < 0.8:
        behind = cv2.resize(np.ascontiguousarray(other), (SIDE, SIDE))
        share = cv2.GaussianBlur(outside.astype(np.float32), (0, 0), 1.0)[..., None]
        pixels = (pixels * (1 - share) + behind * share).astype(np.uint8)
    source[outside] = -1e6
    coarse, at = source[1::3, 1::3].reshape(-1, 2), cells[1::3, 1::3].reshape(-1, 2)
    away = ((places[:, None] - coarse[None]) ** 2).sum(-1)
    best = away.argmin(1)
    points = at[best].astype(float)
    points[away[np.arange(len(best)), best] > (4 * PACKED / SIDE) ** 2] = np.nan
    return View(np.asarray(pixels, np.uint8), points)


def _there(u: NDArray[np.float32], mode: Mode, rng: np.random.Generator) -> NDArray[np.floating]:
    """Places of the picture, -1 to 1, that the pixels of a view at `u`, -1 to 1, show."""
    if mode == "plain":
        return u * rng.uniform(0.8, 1.0)
    angle = rng.uniform(-np.pi, np.pi) if rng.random() < 0.4 else rng.normal(0, 0.35)
    scale = np.exp(rng.uniform(np.log(0.45), np.log(1.9)))
    v = u / np.maximum(1 + u @ rng.normal(0, 0.13, 2), 0.4)[..., None]
    for _ in range(4):
        wave, phase = rng.uniform(0.5, 2.5, 2) * rng.choice([-1, 1], 2), rng.uniform(0, 2 * np.pi, 2)
        v = v + np.sin((v @ wave)[..., None] * np.pi / 1.5 + phase) * rng.normal(0, 0.07, 2)
    v = v * np.exp(rng.normal(0, 0.15, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if rng.random() < 0.3:
        turn = turn @ np.diag([-1, 1])
    return v @ turn.T * scale + rng.normal(0, 0.12, 2)
