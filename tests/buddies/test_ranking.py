"""Activation, repeats, border and groups."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.buddies.ranking import (
    Activation,
    Buddies,
    first_of_each,
    inside,
    last_of_each,
    mutual,
    mutual_pairs,
    strongest_of_groups,
)
from tests.buddies import reference
from tests.buddies.networks import features


@pytest.mark.parametrize("squared", [False, True])
def test_activation_is_the_length_of_a_cell_between_the_least_and_the_most(squared):
    map_ = features(5, 6, 7, seed=1)
    length = reference.length(map_[0].double().numpy())
    activation = Activation(map_, 0.3, squared)
    np.testing.assert_allclose(activation.response, reference.stretch(length), rtol=1e-4, atol=1e-6)
    compared = reference.stretch(length**2 if squared else length)
    np.testing.assert_array_equal(activation.active, compared >= 0.3)
    cells = np.array([[0, 0], [5, 6], [2, 3]])
    np.testing.assert_array_equal(activation.of(cells), activation.response[[0, 5, 2], [0, 6, 3]])
    np.testing.assert_array_equal(activation.passes(cells), activation.active[[0, 5, 2], [0, 6, 3]])


def test_a_flat_map_is_nowhere_active():
    activation = Activation(torch.full((1, 3, 4, 4), 2.0), 0.05)
    assert not activation.response.any() and not activation.active.any()
    assert Activation(torch.full((1, 3, 4, 4), 2.0), 0.0).active.all()


def test_mutual_choices_come_back_to_their_start_or_beside_it():
    there = np.array([[0, 2, 1, 5, 4, 3]])  # cells of a 2 x 3 map
    back = np.array([[0, 0, 1, 3, 4, 2]])
    # 0 -> 0 -> 0, 1 -> 2 -> 1, 2 -> 1 -> 0 (two beside), 3 -> 5 -> 2 (across), 4 -> 4 -> 4, 5 -> 3 -> 3 (two beside)
    assert mutual(there, back, 3).tolist() == [[True, True, False, False, True, False]]
    assert mutual(there, back, 3, 1).tolist() == [[True, True, False, False, True, False]]
    assert mutual(there, back, 3, 2).all()
    region, a, b = mutual_pairs(there, back, 3, 3)
    assert (region.tolist(), a.tolist(), b.tolist()) == ([0, 0, 0], [0, 1, 4], [0, 2, 4])


def test_first_and_last_of_each_keep_the_order():
    keys = np.array([7, 3, 7, 5, 3, 7])
    assert first_of_each(keys).tolist() == [0, 1, 3]
    assert last_of_each(keys).tolist() == [3, 4, 5]


def test_the_border_is_measured_from_each_edge():
    points = np.array([[7, 7], [6.5, 9], [9, 6.5], [93, 43], [93.5, 20], [20, 43.5]])
    assert inside(points, (100, 50), 7).tolist() == [True, False, False, True, False, False]
    assert inside(points, (100, 50), 0).all()


def grouped(count=60, seed=0):
    random = np.random.default_rng(seed)
    middles = random.uniform(0, 200, (6, 4)) + 500 * np.arange(6)[:, None]
    group = random.integers(0, 6, count)
    return group, middles[group] + random.normal(0, 1, (count, 4)), random.random(count).astype(np.float32)


def test_the_strongest_of_each_group_stays():
    group, places, rank = grouped()
    kept = strongest_of_groups(places, rank, 6, 0)
    assert sorted(group[kept]) == sorted(set(group))
    for index in kept:
        assert rank[index] == rank[group == group[index]].max()


@pytest.mark.parametrize("groups", [0, 61, 1000])
def test_nothing_is_dropped_where_all_are_wanted_or_too_few_are_there(groups):
    _, places, rank = grouped()
    assert strongest_of_groups(places, rank, groups, 0).tolist() == list(range(60))


@pytest.mark.filterwarnings("error")
def test_groups_that_stay_empty_are_no_error():
    places = np.repeat([[1.0, 2.0, 3.0, 4.0], [50.0, 60.0, 70.0, 80.0]], 10, axis=0)
    rank = np.arange(20, dtype=np.float32)
    assert sorted(strongest_of_groups(places, rank, 5, 0)) == [9, 19]
    assert strongest_of_groups(places[:0], rank[:0], 5, 0).tolist() == []


def test_a_machine_that_does_not_tell_its_cores_is_no_warning(monkeypatch):
    from joblib.externals.loky.backend import context
    from sklearn.utils import _openmp_helpers

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(_openmp_helpers, "_CPU_COUNTS", {})  # what it was told before
    monkeypatch.setattr(context, "_cpu_count_user", lambda count: count)
    monkeypatch.setattr(
        context, "_count_physical_cores", lambda: ("not found", ValueError("found 0 physical cores < 1"))
    )
    _, places, rank = grouped()
    assert len(strongest_of_groups(places, rank, 5, seed=0)) == 5  # warnings are errors here


def test_pairs_without_any_rank_are_still_grouped():
    _, places, rank = grouped()
    assert len(strongest_of_groups(places, np.zeros_like(rank), 6, 0)) == 6


def test_by_rank_puts_the_highest_first_and_keeps_equal_ones_in_order():
    cells = np.arange(8).reshape(4, 2)
    buddies = Buddies(cells, cells, np.array([1, 3, 3, 2], np.float32), np.zeros(4, np.float32)).by_rank()
    assert buddies.a[:, 0].tolist() == [2, 4, 6, 0]
