"""Confidence: what speaks for a pair, against closed forms and loops; and that it never falls where it should rise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from skimage import data

from studio.backbones import load_backbone
from studio.buddies import MatchMemory, MatchOptions, match, why_not, with_confidence
from studio.buddies.answers import LITTLE_IN_COMMON, NOTHING_IN_COMMON, Remark
from studio.buddies.confidence import (
    APART,
    DOUBT,
    Evidence,
    combined,
    common_ground,
    evidence,
    fitted,
    has_little_in_common,
    has_nothing_in_common,
    likeness,
    residuals,
)
from studio.buddies.match import prepare_features
from studio.pairs import PairSet, PointPair
from studio.picture import Picture
from studio.progress import run_to_end
from tests.buddies.networks import noise_picture, small_backbone

SIZES = (200, 150), (300, 240)


def scattered(count=40, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform([0, 0], SIZES[0], (count, 2))


def moved(points, mirrored):
    """A turn by 20 degrees, a scale of 1.2 and a shift, of the picture or of its mirror image."""
    turn = np.deg2rad(20)
    centred = (points - np.array(SIZES[0]) / 2) * ([-1, 1] if mirrored else [1, 1])
    matrix = 1.2 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return centred @ matrix.T + np.array(SIZES[1]) / 2 + [7, -4]


@pytest.mark.parametrize("field", ["rank", "margin", "cycle", "residual", "common"])
def test_confidence_is_monotone_in_each_piece_of_evidence(field):
    rng = np.random.default_rng(3)
    zero_to_one = (rng.uniform(0, 1, 50) for _ in range(3))
    rows = Evidence(next(zero_to_one), rng.uniform(-1, 1, 50), *zero_to_one, rng.uniform(-2, 2, 50))
    low, high = (-1.0, 1.0) if field == "margin" else (0.0, 1.0)
    values = [combined(replace(rows, **{field: np.full(50, value)})) for value in np.linspace(low, high, 81)]
    steps = np.diff(values, axis=0) * (1 if field in ("rank", "margin", "common") else -1)
    assert (steps > 0).all()
    assert np.min(values) >= 0 and np.max(values) <= 1


@pytest.mark.parametrize("mirrored", [False, True])
def test_pairs_of_one_similarity_leave_no_residual_and_one_that_strays_does(mirrored):
    a = scattered()
    b = moved(a, mirrored)
    everyone, rank = np.arange(len(a)), np.ones(len(a))
    np.testing.assert_allclose(residuals(a, b, SIZES, rank, everyone), 0, atol=1e-9)
    b[5] += [30, 40]
    found = residuals(a, b, SIZES, rank, np.array([5]))
    assert found[0] == pytest.approx(50 / 300, rel=1e-6)  # it has no say about itself
    place, spread = fitted(a[:1], a[6:], b[6:], SIZES)
    np.testing.assert_allclose(place, moved(a[:1], mirrored), atol=1e-6)
    assert spread < 1e-6


def test_close_neighbours_do_not_vouch_for_each_other():
    a = scattered()
    b = moved(a, False)
    crowd = a[0] + np.random.default_rng(1).uniform(-1, 1, (10, 2)) * APART * 200 / 3
    a, b = np.concatenate([a, crowd]), np.concatenate([b, moved(crowd, False) + np.array([60, 0])])
    found = residuals(a, b, SIZES, np.ones(len(a)), np.arange(40, 50))
    assert (found > 0.15).all()


def test_two_pairs_are_too_few_to_judge_each_other():
    a, b = np.array([[0.0, 0], [100, 100]]), np.array([[0.0, 0], [10, 200]])
    assert len(set(residuals(a, b, SIZES, np.ones(2), np.arange(2)))) == 1


def test_margin_and_cycle_are_what_loops_over_the_coarsest_cells_say():
    network = small_backbone()
    a, b = noise_picture(96, 80, seed=5), noise_picture(112, 64, seed=6)
    memory = MatchMemory()
    options = MatchOptions(working_size=112, border=0, finest_level=4, pairs=0, consistency=0.0)
    pairs = run_to_end(match(a, b, network, options, memory=memory))
    feature_pair = memory.held.feature_pair
    found = evidence(feature_pair, pairs, np.arange(len(pairs)))
    alike = feature_pair.consensus.numpy().astype(np.float64)
    (rows_a, columns_a), (rows_b, columns_b) = feature_pair.shapes
    table = alike.reshape(rows_a, columns_a, rows_b, columns_b)
    plan = memory.held.plan
    for number, pair in enumerate(pairs):
        (x, y), (u, v) = (
            ((np.array(point) + 0.5) * np.array(size) / full / 16).astype(int)
            for point, size, full in ((pair.a, plan.size_a, a.size), (pair.b, plan.size_b, b.size))
        )
        own = table[y, x, v, u]
        in_b = [table[y, x, r, c] for r, c in np.ndindex(rows_b, columns_b) if abs(r - v) > 1 or abs(c - u) > 1]
        in_a = [table[r, c, v, u] for r, c in np.ndindex(rows_a, columns_a) if abs(r - y) > 1 or abs(c - x) > 1]
        assert found.margin[number] == pytest.approx(own - (max(in_b) + max(in_a)) / 2, abs=1e-5)
    assert len(pairs) > 5 and (found.cycle >= 0).all() and found.cycle.max() > 0


def test_a_picture_and_itself_have_no_cycle_and_no_residual():
    network, picture = small_backbone(), noise_picture(96, 96, seed=7)
    memory = MatchMemory()
    options = MatchOptions(working_size=96, border=0, pairs=20)
    pairs = run_to_end(match(picture, picture, network, options, memory=memory))
    found = evidence(memory.held.feature_pair, pairs, np.arange(len(pairs)))
    np.testing.assert_allclose(found.cycle, 0, atol=1e-6)
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)


def test_right_pairs_are_surer_than_wrong_ones():
    backbone = run_to_end(load_backbone("buddynet", device="cpu"))
    cat = Image.fromarray(data.chelsea())
    a, b = (Picture.from_array(np.asarray(cat.crop(box))) for box in ((0, 0, 224, 224), (48, 32, 272, 256)))
    options = MatchOptions(pairs=0, consistency=0.0, activation_threshold=0.05, finest_level=3)
    pairs = run_to_end(match(a, b, backbone, options))
    right = np.abs(pairs.a - [48, 32] - pairs.b).max(axis=1) < 8
    sure = np.array([pair.confidence for pair in pairs])
    assert 0.02 < (~right).mean() < 0.5
    assert sure[right].mean() > sure[~right].mean() + 0.2


def test_judging_again_touches_only_what_was_matched_and_asked_for():
    network, memory = small_backbone(), MatchMemory()
    a, b = noise_picture(96, 64, seed=8), noise_picture(64, 96, seed=9)
    options = MatchOptions(working_size=96, border=0, consistency=0.0, pairs=12)
    pairs = run_to_end(match(a, b, network, options, memory=memory))
    assert with_confidence(memory, pairs) == pairs
    edited = replace(pairs[0], b=(1.0, 2.0), origin="edited", confidence=1.0)
    changed = pairs.with_pair(edited).with_pair(replace(pairs[1], enabled=False))
    judged = with_confidence(memory, changed)
    assert judged[0] == edited and judged[1] == changed[1]
    assert [replace(pair, confidence=0) for pair in judged] == [replace(pair, confidence=0) for pair in changed]
    assert judged != changed
    only = with_confidence(memory, changed, only=[pairs[4].id])
    assert [old != new for old, new in zip(changed, only, strict=True)].count(True) <= 1
    assert with_confidence(MatchMemory(), changed) is changed
    assert with_confidence(memory, PairSet()) == PairSet()


def photograph(name, turn=0.0, mirrored=False):
    image = Image.fromarray(getattr(data, name)()).convert("RGB").rotate(turn, Image.Resampling.BICUBIC)
    return Picture.from_array(np.asarray(image)[20:, :: -1 if mirrored else 1].copy())


def white_noise(seed):
    return Picture.from_array(np.random.default_rng(seed).integers(0, 256, (200, 240, 3), dtype=np.uint8))


UNRELATED = {
    "coffee and brick": ("coffee", "brick"),
    "cat and gravel": ("chelsea", "gravel"),
    "astronaut and grass": ("astronaut", "grass"),
    "a photograph and noise": ("coffee", 1),
    "noise and noise": (1, 2),
    "noise and noise, turned": (3, -4),
}
RELATED = {
    "a turned cat": (("chelsea",), ("chelsea", 12)),
    "a mirrored cup": (("coffee",), ("coffee", 0, True)),
    "a turned astronaut": (("astronaut",), ("astronaut", -15)),
    "noise and itself": (5, 5),
}


def scene_and_remark(a, b, backbone, consistency=0.5):
    said, memory = [], MatchMemory()
    options = MatchOptions(finest_level=4, consistency=consistency)
    pairs = run_to_end(match(a, b, backbone, options, memory=memory), said.append)
    return memory.held.feature_pair, pairs, said[-1].remark


@pytest.fixture(scope="module")
def buddynet():
    return run_to_end(load_backbone("buddynet", device="cpu"))


def unrelated(name):
    a, b = (white_noise(what) if isinstance(what, int) and what > 0 else what for what in UNRELATED[name])
    a = photograph(a) if isinstance(a, str) else a
    b = photograph(b) if isinstance(b, str) else b
    if isinstance(b, int):
        b = Picture.from_array(np.rot90(white_noise(-b).pixels).copy())
    return a, b


@pytest.mark.parametrize("name", [name for name in UNRELATED if not name.startswith("noise")])
def test_unrelated_pictures_give_no_pairs_and_one_sentence(name, buddynet):
    a, b = unrelated(name)
    said, memory = [], MatchMemory()
    assert run_to_end(match(a, b, buddynet, MatchOptions(finest_level=4), memory=memory), said.append) == PairSet()
    assert said[-1].remark == NOTHING_IN_COMMON and said[-1].about is Remark.NOTHING_IN_COMMON
    trace = memory.held.traces[0]
    places = memory.held.plan.full_points(
        memory.held.plan.working_points(trace.levels[-1].a.astype(int), trace.levels[-1].level), "A"
    )
    sentences = {why_not(memory, tuple(place)).sentence for place in places[:40]}
    assert any("nothing in common" in sentence for sentence in sentences)


def test_a_pair_placed_by_hand_says_that_there_is_something(buddynet):
    a, b = unrelated("coffee and brick")
    given = PairSet((PointPair(1, (200.0, 200.0), (200.0, 200.0), origin="placed"),))
    assert len(run_to_end(match(a, b, buddynet, MatchOptions(finest_level=4), fixed=given))) > 1


@pytest.mark.parametrize("name", UNRELATED)
def test_pictures_with_little_in_common_are_told_and_their_pairs_are_doubted(name, buddynet):
    feature_pair, pairs, remark = scene_and_remark(*unrelated(name), buddynet, consistency=0.0)
    assert remark == LITTLE_IN_COMMON
    assert np.mean([pair.confidence for pair in pairs]) < 0.2
    everyone = np.arange(len(pairs))
    undoubted = combined(evidence(feature_pair, pairs, everyone))
    odds = [np.log(sure / (1 - sure)) for sure in (undoubted, np.array([pair.confidence for pair in pairs]))]
    np.testing.assert_allclose(odds[0] - odds[1], DOUBT, atol=1e-6)
    assert common_ground(feature_pair.back) == pytest.approx(common_ground(feature_pair))


@pytest.mark.parametrize("name", RELATED)
def test_of_pictures_that_belong_together_no_doubt_is_said(name, buddynet):
    a, b = (white_noise(what) if isinstance(what, int) else photograph(*what) for what in RELATED[name])
    feature_pair, pairs, remark = scene_and_remark(a, b, buddynet)
    assert not has_little_in_common(feature_pair) and not has_nothing_in_common(feature_pair)
    assert remark in ("", "B is mirrored: matched that way.") and np.mean([pair.confidence for pair in pairs]) > 0.3


def looked_at(a, b):
    """The features of two pictures by a small network."""
    memory = MatchMemory()
    run_to_end(prepare_features(a, b, small_backbone(), MatchOptions(working_size=112), memory))
    return memory.held.feature_pair


def test_what_two_pictures_have_in_common_is_what_loops_over_their_coarse_cells_say():
    feature_pair = looked_at(noise_picture(96, 80, seed=5), noise_picture(112, 64, seed=6))
    consensus = feature_pair.consensus.double().numpy() / 0.05
    one, other = (np.exp(consensus - consensus.max(axis, keepdims=True)) for axis in (0, 1))
    share = np.sqrt(one / one.sum(0, keepdims=True) * other / other.sum(1, keepdims=True))
    sure, away = [], []
    for table, (rows, columns) in ((share, feature_pair.shapes[0]), (share.T, feature_pair.shapes[1])):
        sure.append(np.mean([max(row) for row in table]))
        steps = []
        for start in range(len(table)):
            end = int(table[:, int(table[start].argmax())].argmax())
            (r, c), (v, u) = divmod(start, columns), divmod(end, columns)
            steps.append(np.hypot(r - v, c - u) / max(rows, columns))
        away.append(np.mean(steps))
    many = (share.size**0.5 / 150) ** 0.4
    assert common_ground(feature_pair) == pytest.approx(many * np.mean(sure) / (np.mean(away) + 0.02), rel=1e-3)


def test_likeness_is_what_loops_over_the_raw_cells_say():
    pair = looked_at(noise_picture(96, 64, seed=1), noise_picture(64, 80, seed=2))
    level = pair.levels[0]
    maps = [side[level.number][0].double().flatten(1).T.numpy() for side in (pair.start, pair.end)]
    means = []
    for mine, others, of_start in ((maps[0], maps[1], True), (maps[1], maps[0], False)):
        weights, best = pair.response(level, of_start).ravel(), []
        for cell in mine:
            cosines = [cell @ one / (np.linalg.norm(cell) * np.linalg.norm(one)) for one in others]
            best.append(max(cosines))
        means.append(np.average(best, weights=weights))
    assert likeness(pair) == pytest.approx(np.mean(means), abs=1e-5)
    assert likeness(pair.back) == pytest.approx(likeness(pair))
