"""The coarsest search with neighbours and a vote, against plain loops and planted movements."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.buddies.dual_softmax import TEMPERATURE, consensus_cosines, consensus_matches


def agreed_by_loops(cosines, shape_a, shape_b):
    maps = cosines.reshape(*shape_a, *shape_b)
    total = np.zeros_like(maps)
    for y, x, v, u in np.ndindex(maps.shape):
        sums = []
        for mirror in (1, -1):
            value = 0.0
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    place = y + dy, x + dx, v + dy, u + mirror * dx
                    if all(0 <= p < size for p, size in zip(place, maps.shape, strict=True)):
                        value += maps[place]
            sums.append(value / 9)
        total[y, x, v, u] = (maps[y, x, v, u] + max(sums)) / 2
    return total.reshape(cosines.shape)


def log_softmax(values, axis):
    top = values.max(axis=axis, keepdims=True)
    return values - top - np.log(np.exp(values - top).sum(axis=axis, keepdims=True))


@pytest.mark.parametrize(("shape_a", "shape_b"), [((4, 5), (3, 6)), ((2, 2), (2, 7)), ((1, 3), (4, 1))])
def test_neighbours_agree_in_either_arrangement_as_loops_say(shape_a, shape_b):
    cosines = np.random.default_rng(1).uniform(-1, 1, (shape_a[0] * shape_a[1], shape_b[0] * shape_b[1]))
    found = consensus_cosines(torch.from_numpy(cosines), shape_a, shape_b).numpy()
    np.testing.assert_allclose(found, agreed_by_loops(cosines, shape_a, shape_b), atol=1e-12)


def test_without_a_vote_the_matches_are_soft_from_both_sides():
    cosines = np.random.default_rng(2).uniform(-1, 1, (20, 18)).astype(np.float32)
    shapes = (4, 5), (3, 6)
    nobody = np.zeros(shapes[0], np.float32), np.zeros(shapes[1], np.float32)
    found = consensus_matches(torch.from_numpy(cosines), shapes, nobody, 0.5).numpy()
    soft = agreed_by_loops(cosines.astype(np.float64), *shapes) / TEMPERATURE
    np.testing.assert_allclose(found, log_softmax(soft, 0) + log_softmax(soft, 1), rtol=1e-4, atol=1e-3)


def planted(side, mirrored, noise, seed=0):
    """Cosines of two maps of which the second is the first moved two columns to the right, or mirrored; the truth."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(side, side, 24))
    second = rng.normal(size=(side, side, 24))
    truth = np.full((side, side), -1)
    for row in range(side):
        for column in range(side):
            to = side - 1 - column if mirrored else column + 2
            if to < side:
                second[row, to] = first[row, column] + noise * rng.normal(size=24)
                truth[row, column] = row * side + to
    first, second = (cells.reshape(side * side, -1) for cells in (first, second))
    first, second = (cells / np.linalg.norm(cells, axis=1, keepdims=True) for cells in (first, second))
    return torch.from_numpy((first @ second.T).astype(np.float32)), truth.ravel()


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_movement_hidden_in_noise_is_found_by_more_cells(mirrored):
    side, shapes = 10, ((10, 10), (10, 10))
    cosines, truth = planted(side, mirrored, noise=2.0)
    everywhere = np.ones((side, side), np.float32), np.ones((side, side), np.float32)
    best = consensus_matches(cosines, shapes, everywhere, 0.5).argmax(1).numpy()
    known = truth >= 0
    alone = (cosines.argmax(1).numpy() == truth)[known].mean()
    assert (best == truth)[known].mean() > alone + 0.2


def test_pairs_that_are_sure_outvote_the_others():
    side, shapes = 10, ((10, 10), (10, 10))
    cosines, truth = planted(side, mirrored=False, noise=1.0)
    everywhere = np.ones((side, side), np.float32), np.ones((side, side), np.float32)
    a = np.stack(np.meshgrid([0, 3, 6, 9], [0, 2, 5], indexing="ij"), axis=-1).reshape(-1, 2)
    plain = consensus_matches(cosines, shapes, everywhere, 1.0)
    steered = consensus_matches(cosines, shapes, everywhere, 1.0, (a, a + np.array([0, 4])))
    change = (steered - plain).numpy()
    inner = np.flatnonzero(np.arange(side * side) % side < 6)
    assert (plain.argmax(1).numpy() == truth)[inner].mean() > 0.8
    assert change[inner, truth[inner]].mean() < -1 and change[inner, inner + 4].mean() > 1
