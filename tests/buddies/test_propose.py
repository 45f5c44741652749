"""Questions to a match that has ended: the partner of a point, the way to a pair, and why there is none."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from skimage import data

from studio.backbones import load_backbone
from studio.backbones.choice import NetworkChoice
from studio.buddies import MatchMemory, MatchOptions, match, matching, propose, provenance, similarity_map, why_not
from studio.buddies.match import prepare_features
from studio.buddies.match_trace import BORDER, GROUP, KEPT
from studio.pairs import PairSet, PointPair
from studio.picture import Picture
from studio.progress import run_to_end
from tests.buddies import reference
from tests.buddies.networks import noise_picture, small_backbone

OPTIONS = MatchOptions(working_size=112, border=8, consistency=0.0, pairs=12, subcell=False, turned=False)


@pytest.fixture(scope="module")
def network():
    return small_backbone()


@pytest.fixture(scope="module")
def asked(network):
    a, b, memory = noise_picture(150, 112, seed=1), noise_picture(90, 120, seed=2), MatchMemory()
    return a, b, memory, run_to_end(match(a, b, network, OPTIONS, memory=memory))


def center(box):
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def holds(box, point, slack=1e-6):
    return box[0] - slack <= point[0] <= box[2] + slack and box[1] - slack <= point[1] <= box[3] + slack


# --- proposals ----------------------------------------------------------------------------------


def test_a_click_in_a_shifted_photograph_proposes_the_place_it_moved_to():
    backbone = run_to_end(load_backbone("buddynet", device="cpu"))
    cat = Image.fromarray(data.chelsea())
    a, b = (Picture.from_array(np.asarray(cat.crop(box))) for box in ((0, 0, 224, 224), (48, 32, 272, 256)))
    memory = MatchMemory()
    pairs = run_to_end(match(a, b, backbone, MatchOptions(), memory=memory))
    places = np.array([(x, y) for x in (70.5, 110, 150, 190) for y in (60, 100.25, 140, 180)])
    for known in (None, pairs):
        there = np.array([propose(memory, "A", tuple(point), known).partner for point in places])
        back = np.array([propose(memory, "B", tuple(point), known).partner for point in places - [48, 32]])
        assert (np.abs(there - (places - [48, 32])).max(axis=1) <= 2).mean() >= 0.8
        assert (np.abs(back - places).max(axis=1) <= 2).mean() >= 0.8


def test_pairs_say_which_of_two_equal_places_is_meant(network):
    tile = noise_picture(64, 64, seed=3).pixels
    picture = Picture.from_array(np.ascontiguousarray(np.tile(tile, (2, 2, 1))))
    memory = MatchMemory()
    run_to_end(match(picture, picture, network, OPTIONS.with_values(working_size=128, pairs=4), memory=memory))
    corners = [(10.0, 10.0), (50.0, 12.0), (12.0, 110.0), (52.0, 100.0), (30.0, 60.0)]
    for move in (64.0, 0.0):
        pairs = PairSet(tuple(PointPair(n, (x, y), (x + move, y)) for n, (x, y) in enumerate(corners, 1)))
        partner = propose(memory, "A", (34.0, 40.0), pairs).partner
        assert partner == pytest.approx((34.0 + move, 40.0), abs=2)
        partner = propose(memory, "B", (34.0 + move, 40.0), pairs).partner
        assert partner == pytest.approx((34.0, 40.0), abs=2)


@pytest.mark.parametrize("point", [(0.0, 0.0), (149.0, 111.0), (-50.0, 40.0), (1e6, 1e6)])
def test_proposals_lie_on_the_picture_and_are_more_or_less_sure(point, asked):
    _, b, memory, pairs = asked
    for known in (None, pairs, PairSet(pairs.pairs[:2])):
        told = propose(memory, "A", point, known)
        assert 0 <= told.partner[0] <= b.size[0] - 1 and 0 <= told.partner[1] <= b.size[1] - 1
        assert 0 <= told.confidence <= 1 and 0 <= told.rank <= 5 and told.level == 1
        assert told.runner_up is None or told.runner_up != told.partner


def test_an_empty_memory_has_no_answers(network):
    memory, pair = MatchMemory(), PointPair(1, (1, 1), (2, 2))
    assert not memory and propose(memory, "A", (1, 1)) is None and why_not(memory, (1, 1)) is None
    assert provenance(memory, pair) == () and similarity_map(memory, pair, 1) is None


# --- memory -------------------------------------------------------------------------------------


def test_what_was_seen_is_not_looked_at_again(network, asked, monkeypatch):
    a, b, memory, pairs = asked
    seen = []
    plain = type(network).normalise
    monkeypatch.setattr(type(network), "normalise", lambda self, image: (seen.append(image), plain(self, image))[1])
    assert run_to_end(match(a, b, network, OPTIONS, memory=memory)) == pairs
    assert not seen
    run_to_end(match(noise_picture(150, 112, seed=9), b, network, OPTIONS, memory=memory))
    assert len(seen) == 1 and memory.held.b.picture() is b  # only the other picture is looked at
    run_to_end(match(a, b, network, OPTIONS, memory=memory))


def test_a_small_memory_forgets_the_finest_levels_and_still_answers(network, asked):
    a, b, _, pairs = asked
    everything = sum(look_.nbytes for look_ in (asked[2].held.a, asked[2].held.b))
    memory = MatchMemory(everything // 3)
    assert run_to_end(match(a, b, network, OPTIONS, memory=memory)) == pairs
    assert 0 < memory.nbytes <= everything // 3
    told = propose(memory, "A", (60.0, 60.0), pairs)
    assert told.level > 1 and len(provenance(memory, pairs[0])) == 5
    assert run_to_end(match(a, b, network, OPTIONS, memory=memory)) == pairs
    memory.clear()
    assert not memory and memory.nbytes == 0


def test_looking_alone_is_enough_for_a_proposal_but_not_for_reasons():
    a, b, memory = noise_picture(64, 64, seed=4), noise_picture(64, 80, seed=5), MatchMemory()
    asked = NetworkChoice(device="cpu")
    options = MatchOptions(working_size=64)
    run_to_end(
        matching(lambda network, smaller: prepare_features(a, b, network, smaller, memory), options, asked, memory)
    )
    assert propose(memory, "A", (30.0, 30.0)) is not None and why_not(memory, (30.0, 30.0)) is None


# --- provenance ---------------------------------------------------------------------------------


def test_each_step_lies_in_the_window_that_the_one_above_opened(asked):
    a, _, memory, pairs = asked
    for pair in pairs:
        steps = provenance(memory, pair)
        assert [step.level for step in steps] == [5, 4, 3, 2, 1]
        assert steps[0].window_a == (-0.5, -0.5, a.size[0] - 0.5, a.size[1] - 0.5)
        assert holds(steps[-1].cell_a, pair.a) and holds(steps[-1].cell_b, pair.b)
        assert steps[-1].rank == pytest.approx(pair.rank, rel=1e-6)
        assert all(one.rank < two.rank for one, two in pairwise(steps))
        for above, below in pairwise(steps):
            for cell, window, parent in (
                (below.cell_a, below.window_a, above.cell_a),
                (below.cell_b, below.window_b, above.cell_b),
            ):
                assert holds(window, cell[:2]) and holds(window, cell[2:]) and holds(window, center(parent), 1)


@pytest.mark.parametrize("side", ["A", "B"])
def test_below_the_coarsest_level_the_surface_of_a_pair_peaks_at_its_partner(side, asked):
    _, _, memory, pairs = asked
    for pair in list(pairs)[:4]:
        for step in provenance(memory, pair)[1:]:
            shown = similarity_map(memory, pair, step.level, side)
            partner, window = (step.cell_b, step.window_b) if side == "A" else (step.cell_a, step.window_a)
            assert shown.peak == pytest.approx(center(partner), abs=0.51)
            assert shown.box == pytest.approx(window)
            assert shown.values.max() == pytest.approx(step.similarity, abs=1e-5)
            assert shown.margin >= 0 and (shown.runner_up is None or holds(shown.box, shown.runner_up))


def test_the_coarsest_surface_covers_the_other_picture(asked):
    a, b, memory, pairs = asked
    for side, size in (("A", b.size), ("B", a.size)):
        shown = similarity_map(memory, pairs[0], 5, side)
        assert shown.box == (-0.5, -0.5, size[0] - 0.5, size[1] - 0.5)
        assert shown.values.shape == memory.held.feature_pair.shapes[1 if side == "A" else 0]
    assert similarity_map(memory, pairs[0], 9) is None


def test_a_placed_pair_shows_the_regions_it_opens(asked):
    _, _, memory, _ = asked
    pair = PointPair(99, (40.0, 70.0), (60.0, 30.0))
    steps = provenance(memory, pair)
    assert len(steps) == 5
    for step in steps:
        assert holds(step.cell_a, pair.a) and holds(step.cell_b, pair.b)
        assert holds(step.window_a, pair.a) and holds(step.window_b, pair.b)


# --- why not ------------------------------------------------------------------------------------


def test_every_buddy_of_the_finest_level_knows_what_became_of_it(asked):
    _, _, memory, pairs = asked
    trace, plan = memory.held.traces[0], memory.held.plan
    level = trace.levels[-1]
    words = {KEPT: "paired", BORDER: "border", GROUP: "group"}
    points = plan.full_points(plan.working_points(level.a.astype(int), level.level), "A")
    assert set(trace.fate.tolist()) == set(words)
    for fate, reason in words.items():
        for row in np.flatnonzero(trace.fate == fate)[:8]:
            told = why_not(memory, tuple(points[row]))
            assert told.reason == reason and told.level == 1
            if reason == "group":
                assert any(told.rival == pytest.approx(pair.a, abs=0.01) for pair in pairs)
            if reason == "paired":
                assert any(told.partner == pytest.approx(pair.b, abs=0.01) for pair in pairs)


@pytest.mark.parametrize("side", ["A", "B"])
def test_at_the_coarsest_level_reasons_are_those_of_plain_loops(side, network):
    a, b, memory = noise_picture(96, 64, seed=9), noise_picture(80, 128, seed=10), MatchMemory()
    options = OPTIONS.with_values(working_size=128, border=0, finest_level=5, pairs=0)
    run_to_end(match(a, b, network, options, memory=memory))
    plan = memory.held.plan
    maps = [
        network.features(picture.tensor(size), [5])[5][0].double().numpy()
        for picture, size in ((a, plan.size_a), (b, plan.size_b))
    ]
    active = [reference.stretch(reference.length(map_)) >= options.threshold for map_ in maps]
    buddies = [(p, q) for p, q, _ in reference.everywhere_buddies(*maps, patch=3)]
    own, other = (0, 1) if side == "A" else (1, 0)
    partner_of = {pair[own]: pair[other] for pair in buddies}
    seen = set()
    for cell in np.ndindex(active[own].shape):
        point = plan.full_points(plan.working_points(np.array([cell]), plan.levels[0]), side)[0]
        told = why_not(memory, tuple(point), side)
        if not active[own][cell]:
            expected = "inactive"
        elif cell not in partner_of:
            expected = "not mutual"
        else:
            expected = "paired" if active[other][partner_of[cell]] else "inactive"
        assert told.reason == expected and told.sentence.endswith(".")
        seen.add(expected)
    assert seen >= {"paired", "not mutual"}


def test_every_place_has_a_reason(asked):
    a, b, memory, _ = asked
    rng = np.random.default_rng(0)
    told = []
    for side, size in (("A", a.size), ("B", b.size)):
        told += [why_not(memory, tuple(rng.uniform(0, size)), side) for _ in range(40)]
    assert {"not mutual", "inactive"} <= {one.reason for one in told}
    assert all(1 <= one.level <= 5 and one.sentence for one in told)


def test_a_moved_pair_is_asked_about_as_a_placed_one(asked):
    _, _, memory, pairs = asked
    moved = replace(pairs[0], b=(pairs[0].b[0] + 9, pairs[0].b[1]), origin="edited")
    last = provenance(memory, moved)[-1]
    assert holds(last.cell_b, moved.b) and holds(last.cell_a, moved.a)
