"""The parts of the confidence benchmark that can be wrong."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks.confidence import area, calibration_error, curve, fitted, judged
from tests.benchmarks.pck import Subject, Subjects


def test_the_area_is_how_often_a_right_pair_is_surer() -> None:
    rng = np.random.default_rng(0)
    score, right = rng.integers(0, 6, 60).astype(float), rng.random(60) < 0.4
    wins = [(one > other) + 0.5 * (one == other) for one in score[right] for other in score[~right]]
    assert area(score, right) == pytest.approx(np.mean(wins))
    assert np.isnan(area(score, np.ones(60, bool)))


def test_the_curve_counts_pairs_by_tenths() -> None:
    rows = curve(np.array([0.05, 0.31, 0.39, 1.0]), np.array([False, True, False, True]))
    assert [(row["pairs"], row["right"]) for row in rows] == [(1, 0.0), (2, 0.5), (1, 1.0)]
    assert rows[1]["confidence"] == pytest.approx(0.35)


def test_the_calibration_error_weighs_each_tenth_by_its_pairs() -> None:
    confidence = np.array([0.05, 0.31, 0.39, 0.95])
    right = np.array([False, True, False, True])
    by_hand = (abs(0.05 - 0) + 2 * abs(0.35 - 0.5) + abs(0.95 - 1)) / 4
    assert calibration_error(curve(confidence, right)) == pytest.approx(by_hand)


def test_the_fit_finds_the_odds_that_made_the_data() -> None:
    rng = np.random.default_rng(1)
    evidence = rng.uniform(0, 1, (20_000, 4))
    truth = np.array([-0.5, 2.0, 3.0, -2.5, -4.0])
    right = rng.random(20_000) < 1 / (1 + np.exp(-(truth[0] + evidence @ truth[1:])))
    np.testing.assert_allclose(fitted(evidence, right), truth, atol=0.25)


def test_pairs_are_judged_near_key_points_by_where_those_go() -> None:
    spots = {name: (x, y) for name, (x, y) in zip("abcd", [(50, 50), (150, 50), (50, 150), (150, 150)], strict=True)}
    pixels = np.zeros((224, 224, 3), np.uint8)
    a = Subject(pixels, spots, np.ones(2), 200.0)
    b = Subject(pixels, {name: (x + 10.0, y) for name, (x, y) in spots.items()}, np.ones(2), 200.0)
    subjects = Subjects([a, b], {"all": [(0, 1)]})
    points = np.array([[55.0, 52.0], [60.0, 50.0], [100.0, 100.0]])
    near, right = judged(subjects, 0, 1, points, points + np.array([[10, 0], [31, 0], [10, 0]]))
    assert near.tolist() == [True, True, False]
    assert right.tolist() == [True, False, True]
    few = Subjects([a, Subject(pixels, {"a": (1.0, 1.0)}, np.ones(2), 200.0)], {})
    assert not judged(few, 0, 1, points, points)[0].any()
