"""The vectorised search against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.buddies import search
from studio.buddies.search import Cells, displacement, mirrored, search_everywhere, search_windows
from studio.progress import run_to_end
from tests.buddies import reference
from tests.buddies.networks import features


def plain(tensor):
    return tensor[0].double().numpy()


def as_rows_and_columns(flat, shape, width):
    return np.stack(np.divmod(flat.numpy().reshape(shape), width), axis=2)


def window_search(a, b, centres, radius, patch):
    job = search_windows(Cells.normalised(a), Cells.normalised(b), torch.from_numpy(centres), radius, patch)
    match, similarity = run_to_end(job)
    return as_rows_and_columns(match, a.shape[2:], b.shape[3]), similarity


def similarity_of(a, b, match, patch):
    a, b = (reference.padded(reference.unit(plain(map_)), patch) for map_ in (a, b))
    rows, columns = match.shape[:2]
    return np.array(
        [
            (reference.patch_at(a, y, x, patch) * reference.patch_at(b, *match[y, x], patch)).sum() / patch**2
            for y in range(rows)
            for x in range(columns)
        ]
    )


@pytest.mark.parametrize(
    ("size_a", "size_b", "radius", "patch"),
    [
        ((7, 7), (7, 7), 2, 3),
        ((6, 9), (6, 9), 3, 5),
        ((5, 8), (9, 4), 2, 3),
        ((2, 2), (2, 2), 2, 3),
        ((3, 1), (1, 6), 2, 5),
    ],
)
def test_windows_around_every_cell_find_what_loops_find(size_a, size_b, radius, patch):
    a, b = features(6, *size_a, seed=1), features(6, *size_b, seed=2)
    random = np.random.default_rng(0)
    centres = np.stack([random.integers(0, size_b[0], size_a), random.integers(0, size_b[1], size_a)], axis=2)
    match, similarity = window_search(a, b, centres, radius, patch)
    expected = reference.window_match(plain(a), plain(b), centres, radius, patch)
    np.testing.assert_array_equal(match, expected)
    np.testing.assert_allclose(similarity.numpy(), similarity_of(a, b, expected, patch), rtol=1e-5)


@pytest.mark.parametrize(("size", "radius", "patch"), [((8, 8), 2, 3), ((10, 6), 3, 5), ((4, 12), 3, 5)])
def test_windows_shared_by_two_by_two_cells_find_what_loops_find_in_both_directions(size, radius, patch):
    maps = features(5, *size, seed=3), features(5, *size, seed=4)
    random = np.random.default_rng(1)
    half = size[0] // 2, size[1] // 2
    for a, b in (maps, maps[::-1]):
        parents = np.stack([random.integers(0, half[0], half), random.integers(0, half[1], half)], axis=2)
        match, _ = window_search(a, b, 2 * parents, radius, patch)
        spread = 2 * parents.repeat(2, 0).repeat(2, 1)
        np.testing.assert_array_equal(match, reference.window_match(plain(a), plain(b), spread, radius, patch))


def test_a_map_of_odd_size_is_searched_to_its_edge():
    a, b = features(5, 7, 9, seed=5), features(5, 7, 9, seed=6)
    parents = np.stack(np.meshgrid(np.arange(4), np.arange(5), indexing="ij"), axis=2)
    match, _ = window_search(a, b, 2 * parents, 2, 3)
    spread = np.minimum(2 * parents, [6, 8]).repeat(2, 0).repeat(2, 1)[:7, :9]
    np.testing.assert_array_equal(match, reference.window_match(plain(a), plain(b), spread, 2, 3))


@pytest.mark.parametrize(
    ("size_a", "size_b", "patch"), [((6, 6), (6, 6), 3), ((9, 4), (5, 11), 3), ((2, 3), (7, 2), 5)]
)
def test_everywhere_is_a_window_over_the_whole_map_in_both_directions(size_a, size_b, patch):
    a, b = features(7, *size_a, seed=7), features(7, *size_b, seed=8)
    found = run_to_end(search_everywhere(Cells.normalised(a), Cells.normalised(b), patch))
    for here, there, match, similarity in ((a, b, *found[:2]), (b, a, *found[2:])):
        centres = np.zeros((*here.shape[2:], 2), int)
        expected = reference.window_match(plain(here), plain(there), centres, 99, patch)
        np.testing.assert_array_equal(as_rows_and_columns(match, here.shape[2:], there.shape[3]), expected)
        np.testing.assert_allclose(similarity.numpy(), similarity_of(here, there, expected, patch), rtol=1e-5)


def test_small_steps_of_memory_change_nothing(monkeypatch):
    a, b = Cells.normalised(features(7, 8, 6, seed=9)), Cells.normalised(features(7, 10, 8, seed=10))
    centres = torch.zeros((4, 3, 2), dtype=torch.int64)
    whole = *run_to_end(search_windows(a, b, centres, 3, 5)), *run_to_end(search_everywhere(a, b, 3))
    monkeypatch.setattr(search, "at_once", lambda *_: 1)
    steps = []
    pieces = *run_to_end(search_windows(a, b, centres, 3, 5), steps.append), *run_to_end(search_everywhere(a, b, 3))
    assert len(steps) == 12
    for one, other in zip(whole, pieces, strict=True):
        torch.testing.assert_close(one, other)


def test_of_equal_candidates_the_first_in_reading_order_wins():
    flat = Cells.normalised(torch.ones(1, 4, 6, 6))
    centres = torch.full((6, 6, 2), 3)
    match, similarity = run_to_end(search_windows(flat, flat, centres, 2, 3))
    assert set(match.tolist()) == {1 * 6 + 1}
    torch.testing.assert_close(similarity, torch.ones(36))
    there, _, back, _ = run_to_end(search_everywhere(flat, flat, 3))
    assert set(there.tolist()) == set(back.tolist()) == {0}


def test_a_cell_without_activation_is_no_match_and_no_nan():
    a = features(4, 5, 5, seed=11)
    a[:, :, 2, 2] = 0
    cells = Cells.normalised(a)
    assert cells.vectors.isfinite().all() and not cells.vectors[12].any()
    _, similarity, _, _ = run_to_end(search_everywhere(cells, cells, 3))
    assert similarity.isfinite().all()


@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_mirroring_is_numpys(length):
    index = torch.arange(-3 * length, 4 * length)
    expected = np.pad(np.arange(length), (3 * length, 3 * length), mode="reflect")
    np.testing.assert_array_equal(mirrored(index, length).numpy(), expected)


def test_displacement_finds_a_shift_by_a_part_of_a_cell_and_none_where_there_is_none():
    y, x = torch.meshgrid(torch.arange(16.0), torch.arange(20.0), indexing="ij")

    def waves(shift_x, shift_y):
        phases = torch.arange(24.0)
        kx, ky = 0.5 * torch.cos(phases * 2.4), 0.5 * torch.sin(phases * 2.4)
        planes = kx[:, None, None] * (x - shift_x) + ky[:, None, None] * (y - shift_y) + phases[:, None, None] ** 2
        return Cells.normalised(torch.sin(planes)[None])

    rows, columns = np.meshgrid(np.arange(4, 12), np.arange(4, 16), indexing="ij")
    places = np.stack([rows.ravel(), columns.ravel()], axis=1)
    still = displacement(waves(0, 0), waves(0, 0), places, places, 3)
    np.testing.assert_allclose(still, 0, atol=1e-5)
    moved = displacement(waves(0, 0), waves(0.3, -0.2), places, places, 3)
    np.testing.assert_allclose(moved, np.broadcast_to([0.3, -0.2], moved.shape), atol=0.06)
    back = displacement(waves(0.3, -0.2), waves(0, 0), places, places, 3)
    np.testing.assert_allclose(back, -moved, atol=1e-5)
    corner = np.array([[0, 0], [15, 19]])
    assert not displacement(waves(0, 0), waves(0.3, -0.2), corner, corner, 3).any()
    assert displacement(waves(0, 0), waves(0, 0), places[:0], places[:0], 3).shape == (0, 2)
