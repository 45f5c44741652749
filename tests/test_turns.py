"""Where points, cells and sizes of a turned picture are, against numpy's own turning of the pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.turns import ALL_TURNS, UPRIGHT, Turn

SIZE = 7, 4


def pixels():
    return np.arange(SIZE[0] * SIZE[1]).reshape(SIZE[1], SIZE[0])


@pytest.mark.parametrize("turn", ALL_TURNS)
def test_points_go_where_their_pixels_go(turn):
    seen = turn.array(pixels())
    assert (seen.shape[1], seen.shape[0]) == turn.size(SIZE)
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    there = turn.points(np.stack([x.ravel(), y.ravel()], axis=1).astype(float), SIZE).astype(int)
    np.testing.assert_array_equal(seen[there[:, 1], there[:, 0]], pixels().ravel())


@pytest.mark.parametrize("turn", ALL_TURNS)
def test_the_inverse_takes_all_back(turn):
    points = np.random.default_rng(1).uniform(-3, 9, (20, 2))
    seen = turn.size(SIZE)
    np.testing.assert_allclose(turn.inverse.points(turn.points(points, SIZE), seen), points, atol=1e-12)
    np.testing.assert_array_equal(turn.inverse.array(turn.array(pixels())), pixels())
    assert turn.inverse.size(seen) == SIZE and turn.inverse.inverse == turn


@pytest.mark.parametrize("turn", ALL_TURNS)
def test_tensors_turn_as_arrays_do(turn):
    values = torch.from_numpy(pixels())[None, None]
    np.testing.assert_array_equal(turn.tensor(values)[0, 0].numpy(), turn.array(pixels()))


def test_a_quarter_is_anticlockwise_and_mirroring_comes_first():
    np.testing.assert_array_equal(Turn(1).array(pixels()), np.rot90(pixels()))
    np.testing.assert_array_equal(Turn(1, True).array(pixels()), np.rot90(np.fliplr(pixels())))
    assert not UPRIGHT and len({turn.array(pixels()).tobytes() for turn in ALL_TURNS}) == 8
