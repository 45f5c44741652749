"""Neural Best-Buddies in plain loops, to compare with: one cell, one candidate, one patch at a time.

Everything is numpy in double precision, feature maps are (C, H, W), cells are (row, column), matches are
arrays (H, W, 2). Nothing of `studio.buddies` is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import nn


def unit(features):
    """Every cell at length 1."""
    return features / np.sqrt((features**2).sum(0, keepdims=True))


def padded(features, patch):
    reach = patch // 2
    return np.pad(features, ((0, 0), (reach, reach), (reach, reach)), mode="reflect")


def patch_at(padded_features, row, column, patch):
    return padded_features[:, row : row + patch, column : column + patch]


def window_match(a, b, centres, radius, patch):
    """For each cell of A the cell of B, near `centres`, whose patch has the largest sum of cosines."""
    a, b = padded(unit(a), patch), padded(unit(b), patch)
    height, width = centres.shape[:2]
    rows_b, columns_b = b.shape[1] - patch + 1, b.shape[2] - patch + 1
    match = np.zeros((height, width, 2), int)
    for y in range(height):
        for x in range(width):
            mine, best = patch_at(a, y, x, patch), -np.inf
            row, column = centres[y, x]
            for v in range(max(0, row - radius), min(rows_b, row + radius + 1)):
                for u in range(max(0, column - radius), min(columns_b, column + radius + 1)):
                    similarity = (mine * patch_at(b, v, u, patch)).sum()
                    if similarity > best:
                        best, match[y, x] = similarity, (v, u)
    return match


def vote_warp(b, match, patch):
    """A rebuilt from the patches of B that its cells match: the mean of all that lie over a cell."""
    reach = patch // 2
    source = padded(b, patch)
    height, width = match.shape[:2]
    total = np.zeros((len(b), height + 2 * reach, width + 2 * reach))
    count = np.zeros((height + 2 * reach, width + 2 * reach))
    for y in range(height):
        for x in range(width):
            total[:, y : y + patch, x : x + patch] += patch_at(source, *match[y, x], patch)
            count[y : y + patch, x : x + patch] += 1
    inside = slice(reach, reach + height), slice(reach, reach + width)
    return total[:, *inside] / count[inside]


def invert(stage: nn.Module, target, shape, dtype=torch.float32):
    """What `stage` turns into `target`: Adam written out; returns it and the number of steps."""
    found = torch.zeros((1, *shape), dtype=dtype)
    goal = torch.as_tensor(np.asarray(target)[None], dtype=dtype)
    mean, square = torch.zeros_like(found), torch.zeros_like(found)
    losses, step = [0.0, 100.0, 200.0, 300.0, 400.0, 500.0], 0
    while np.mean(np.abs(np.diff(losses[-6:]))) > 0.001:
        step += 1
        found.requires_grad_(True)
        loss = ((stage(found) - goal) ** 2).mean()
        (gradient,) = torch.autograd.grad(loss, found)
        losses.append(loss.item())
        mean = 0.5 * mean + 0.5 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        corrected = mean / (1 - 0.5**step), square / (1 - 0.999**step)
        found = found.detach() - 0.05 * corrected[0] / (torch.sqrt(corrected[1]) + 1e-8)
    return found[0].numpy(), step


def stretch(values):
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def length(features):
    return np.sqrt((features**2).sum(0))


def top_of_clusters(pairs, count):
    """The pair of highest rank of each k-means cluster; `pairs` are (a, b, rank)."""
    if count > len(pairs):
        return list(pairs)
    labels = KMeans(n_clusters=count, random_state=0).fit([[*a, *b] for a, b, _ in pairs]).labels_
    return [
        max((pair for pair, its in zip(pairs, labels, strict=True) if its == k), key=lambda p: p[2])
        for k in range(count)
    ]


@dataclass
class Level:
    number: int
    patch: int
    radius: int


LEVELS = [Level(5, 3, 2), Level(4, 3, 2), Level(3, 3, 2), Level(2, 5, 3), Level(1, 5, 3)]


@dataclass
class Trace:
    """What the official program finds on its way."""

    matches: dict[int, tuple] = field(default_factory=dict)
    kept: dict[int, list] = field(default_factory=dict)
    steps: list[int] = field(default_factory=list)


def official(
    maps_a: dict[int, np.ndarray],
    maps_b: dict[int, np.ndarray],
    stage: Callable[[int], nn.Module],
    *,
    finest=1,
    pairs=10,
    tau=0.05,
    border=7,
    limit=0,
):
    """The released program on features that are there already: pairs ((y, x), (y, x), rank) and a `Trace`."""
    trace = Trace()
    common_a, common_b = maps_a[5], maps_b[5]
    height, width = common_a.shape[1:]
    to_b = to_a = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), axis=2)
    found = []
    for level in LEVELS[: 6 - finest]:
        a, b = maps_a[level.number], maps_b[level.number]
        side = a.shape[1]
        a_to_b = window_match(common_a, common_b, to_b, level.radius, level.patch)
        b_to_a = window_match(common_b, common_a, to_a, level.radius, level.patch)
        trace.matches[level.number] = a_to_b, b_to_a
        response_a, response_b = stretch(length(a)), stretch(length(b))
        parents = [((0, 0), (0, 0), 0.0)] if level.number == 5 else found[::-1]
        reach = side if level.number == 5 else level.radius
        found = []
        for p, q, rank in parents:
            for y in range(max(0, 2 * p[0] - reach), min(side, 2 * p[0] + reach + 1)):
                for x in range(max(0, 2 * p[1] - reach), min(side, 2 * p[1] + reach + 1)):
                    v, u = map(int, a_to_b[y, x])
                    near = abs(v - 2 * q[0]) <= reach and abs(u - 2 * q[1]) <= reach
                    if near and tuple(b_to_a[v, u]) == (y, x):
                        found.append(((y, x), (v, u), rank + (response_a[y, x] + response_b[v, u]) / 2))
        active_a, active_b = stretch((a**2).sum(0)) >= tau, stretch((b**2).sum(0)) >= tau
        found = [(p, q, rank) for p, q, rank in found if active_a[p] and active_b[q]]
        if limit:
            found = top_of_clusters(found, limit)
        trace.kept[level.number] = found
        if level.number > finest:
            rebuilt_a, rebuilt_b = vote_warp(b, a_to_b, level.patch), vote_warp(a, b_to_a, level.patch)
            finer_a, finer_b = maps_a[level.number - 1], maps_b[level.number - 1]
            inverted_a, steps_a = invert(stage(level.number), rebuilt_a, finer_a.shape)
            inverted_b, steps_b = invert(stage(level.number), rebuilt_b, finer_b.shape)
            trace.steps += [steps_a, steps_b]
            common_a, common_b = (finer_a + inverted_a) / 2, (finer_b + inverted_b) / 2
            to_b, to_a = (2 * np.repeat(np.repeat(match, 2, 0), 2, 1) for match in (a_to_b, b_to_a))
    scale = 2 ** (finest - 1)
    width = scale * side
    unique = {}
    for p, q, rank in found:
        unique.setdefault(p, (tuple(scale * c for c in p), tuple(scale * c for c in q), rank))
    inner = [pair for pair in unique.values() if all(border <= c <= width - border for c in (*pair[0], *pair[1]))]
    return top_of_clusters(inner, pairs), trace


def region_buddies(a, b, p, q, reach, patch, flatness):
    """The article's step for one pair of regions: [((y, x), (v, u), mean patch cosine)].

    `flatness` is added to the variances, (C,) for A and for B.
    """
    reach_patch = patch // 2

    def region(features, centre):
        _, height, width = features.shape
        rows = [y for y in range(centre[0] - reach, centre[0] + reach + 1) if 0 <= y < height]
        columns = [x for x in range(centre[1] - reach, centre[1] + reach + 1) if 0 <= x < width]
        cells = [(y, x) for y in rows for x in columns]
        values = np.array([features[:, y, x] for y, x in cells])
        return cells, values.mean(0), values.var(0)

    cells_a, mean_a, var_a = region(a, p)
    cells_b, mean_b, var_b = region(b, q)
    spread_a, spread_b = np.sqrt(var_a + flatness[0]), np.sqrt(var_b + flatness[1])
    mean, spread = (mean_a + mean_b) / 2, (spread_a + spread_b) / 2

    def adapted(features, own_mean, own_spread):
        column = (slice(None), None, None)
        return (features - own_mean[column]) / own_spread[column] * spread[column] + mean[column]

    unit_a = padded(unit(adapted(a, mean_a, spread_a)), 2 * reach_patch + 1)
    unit_b = padded(unit(adapted(b, mean_b, spread_b)), 2 * reach_patch + 1)
    scores = np.array(
        [
            [(patch_at(unit_a, *one, patch) * patch_at(unit_b, *other, patch)).sum() for other in cells_b]
            for one in cells_a
        ]
    )
    there, back = scores.argmax(1), scores.argmax(0)
    return [(cells_a[i], cells_b[j], scores[i, j] / patch**2) for i, j in enumerate(there) if back[j] == i]


def everywhere_buddies(a, b, patch):
    """The article's step at the coarsest level: each picture is one region."""
    size = max(*a.shape[1:], *b.shape[1:])
    none = np.full(len(a), 1e-12)
    return region_buddies(a, b, (0, 0), (0, 0), size, patch, (none, none))
