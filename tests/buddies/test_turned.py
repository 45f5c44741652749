"""A picture against itself, turned or mirrored: found, told, and everything afterwards in the pictures as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from studio.backbones import load_backbone
from studio.buddies import (
    MatchMemory,
    MatchOptions,
    match,
    propose,
    provenance,
    similarity_map,
    transfer_points,
    why_not,
)
from studio.buddies.answers import Remark
from studio.buddies.plan import Plan
from studio.buddies.rematch import around, inside
from studio.buddies.turned import best_turns, turned_sentence
from studio.pairs import PairSet, PointPair
from studio.picture import Picture
from studio.progress import run_to_end
from studio.turns import ALL_TURNS, UPRIGHT, Turn

OPTIONS = MatchOptions(working_size=128, pairs=16)
WAYS = [turn for turn in ALL_TURNS if turn]
SAID = {
    Turn(1): "B is turned by 90 degrees clockwise: matched that way.",
    Turn(3): "B is turned by 270 degrees clockwise: matched that way.",
    Turn(0, True): "B is mirrored: matched that way.",
    Turn(3, True): "B is mirrored, then turned by 90 degrees clockwise: matched that way.",
}


@pytest.fixture(scope="module")
def buddynet():
    return run_to_end(load_backbone("buddynet", device="cpu"))


@pytest.fixture(scope="module")
def cat():
    return Picture.from_array(data.chelsea()[20:280, 60:400].copy())


def lying(picture: Picture, turn: Turn) -> Picture:
    """A copy that `turn` takes back to `picture`."""
    return Picture.from_array(np.stack([turn.inverse.array(picture.pixels[..., c]) for c in range(3)], axis=2).copy())


def truth(points, picture: Picture, turn: Turn):
    return turn.inverse.points(points, picture.size)


@pytest.fixture(scope="module")
def asked(buddynet, cat):
    """A match with a copy that was turned by 90 degrees clockwise, and its memory."""
    memory, said, turn = MatchMemory(), [], Turn(1)
    b = lying(cat, turn)
    pairs = run_to_end(match(cat, b, buddynet, OPTIONS, memory=memory), said.append)
    return b, turn, memory, pairs, said


@pytest.mark.parametrize("turn", WAYS)
def test_a_turned_copy_is_seen_to_be_turned(turn, buddynet, cat):
    of_a, of_b = run_to_end(best_turns(cat, lying(cat, turn), buddynet))
    assert (of_b or of_a.inverse) == turn and UPRIGHT in (of_a, of_b)


def test_neither_picture_comes_first(buddynet, cat):
    copy = lying(cat, Turn(1))
    assert run_to_end(best_turns(copy, cat, buddynet)) == run_to_end(best_turns(cat, copy, buddynet))[::-1]


@pytest.mark.parametrize("names", [("coffee", "chelsea"), ("astronaut", "chelsea"), ("astronaut", "astronaut")])
def test_other_pictures_stay_as_they_are(names, buddynet):
    a, b = (Picture.from_array(getattr(data, name)()) for name in names)
    assert run_to_end(best_turns(a, b, buddynet)) == (UPRIGHT, UPRIGHT)


def test_its_pairs_lie_in_the_picture_as_it_is_and_a_sentence_tells(asked, cat):
    _, turn, _, pairs, said = asked
    assert len(pairs) > 8
    assert np.median(np.hypot(*(truth(pairs.a, cat, turn) - pairs.b).T)) < 0.02 * max(cat.size)
    assert said[-1].about is Remark.TURNED and said[-1].remark == SAID[turn]
    previews = [event.preview for event in said if isinstance(event.preview, PairSet) and len(event.preview)]
    away = np.hypot(*(truth(previews[0].a, cat, turn) - previews[0].b).T)
    assert np.median(away) < 0.1 * max(cat.size)


@pytest.mark.parametrize("turn", SAID)
def test_the_sentence_says_how_b_came_to_lie(turn, cat):
    """By the words alone: B is A, mirrored if it says so, then turned clockwise."""
    plan = Plan(cat.size, cat.size, cat.size, cat.size, (), UPRIGHT, turn)
    assert turned_sentence(plan) == turned_sentence(replace(plan, turn_a=turn.inverse, turn_b=UPRIGHT)) == SAID[turn]
    pixels = cat.pixels[..., 0]
    made = np.fliplr(pixels) if "mirrored" in SAID[turn] else pixels
    angle = next((int(word) for word in SAID[turn].split() if word.isdigit()), 0)
    np.testing.assert_array_equal(np.rot90(made, -angle // 90), lying(cat, turn).pixels[..., 0])


def test_one_knob_switches_it_off_and_official_does_not_know_it(buddynet, cat):
    b = lying(cat, Turn(2))
    for knobs in ({"turned": False}, {"preset": "official", "finest_level": 5, "working_size": 64}):
        memory, said = MatchMemory(), []
        run_to_end(match(cat, b, buddynet, OPTIONS.with_values(**knobs), memory=memory), said.append)
        plan = memory.held.plan
        assert (plan.turn_a, plan.turn_b) == (UPRIGHT, UPRIGHT) and turned_sentence(plan) == ""
        assert said[-1].about is not Remark.TURNED


def test_another_match_does_not_ask_again(asked, cat, buddynet, monkeypatch):
    b, _, memory, pairs, _ = asked
    monkeypatch.setattr("studio.buddies.turned.best_turns", lambda *_: pytest.fail("asked again"))
    assert run_to_end(match(cat, b, buddynet, OPTIONS, memory=memory)) == pairs


def test_the_way_of_a_pair_lies_around_its_points(asked, cat):
    _, _, memory, pairs, _ = asked
    for pair in pairs.pairs[:4]:
        steps = provenance(memory, pair)
        assert steps
        for step in steps:
            for point, boxes in ((pair.a, (step.cell_a, step.window_a)), (pair.b, (step.cell_b, step.window_b))):
                for box in boxes:
                    reach = 1.5 * max(box[2] - box[0], box[3] - box[1])
                    assert box[0] < box[2] and box[1] < box[3]
                    assert abs((box[0] + box[2]) / 2 - point[0]) < reach + 20
                    assert abs((box[1] + box[3]) / 2 - point[1]) < reach + 20


@pytest.mark.parametrize("side", ["A", "B"])
def test_what_it_was_compared_with_peaks_at_its_partner(asked, side):
    _, _, memory, pairs, _ = asked
    for pair in pairs.pairs[:4]:
        level = provenance(memory, pair)[-1].level
        found = similarity_map(memory, pair, level, side)
        partner = np.array(pair.b if side == "A" else pair.a)
        rows, columns = found.values.shape
        assert np.hypot(*(np.array(found.peak) - partner)) < 12
        # The values, row by row over the box, have their peak where it is said to be.
        row, column = np.unravel_index(found.values.argmax(), found.values.shape)
        left, top, right, bottom = found.box
        centre = left + (column + 0.5) * (right - left) / columns, top + (row + 0.5) * (bottom - top) / rows
        np.testing.assert_allclose(centre, found.peak, atol=1.0)


@pytest.mark.parametrize("side", ["A", "B"])
def test_a_click_is_answered_in_the_other_picture_as_it_is(asked, cat, side):
    b, turn, memory, pairs, _ = asked
    here = pairs.a if side == "A" else pairs.b
    point = here.mean(axis=0)
    expected = truth(point[None], cat, turn)[0] if side == "A" else turn.points(point[None], b.size)[0]
    found = propose(memory, side, tuple(point), pairs)
    assert np.hypot(*(np.array(found.partner) - expected)) < 0.06 * max(cat.size)
    np.testing.assert_allclose(transfer_points(memory, point[None], pairs, side)[0], found.partner, atol=1e-6)


def test_a_pair_that_stands_is_said_to_stand(asked):
    _, _, memory, pairs, _ = asked
    for side, points in (("A", pairs.a), ("B", pairs.b)):
        reasons = [why_not(memory, tuple(point), side).reason for point in points]
        assert reasons.count("paired") > len(reasons) / 2


def test_fixed_pairs_come_back_as_they_are_and_pairs_around_them_agree(buddynet, cat):
    turn = Turn(2)
    b = lying(cat, turn)
    point = np.array([[170.0, 130.0]])
    given = PairSet((PointPair(7, tuple(point[0]), tuple(truth(point, cat, turn)[0]), origin="placed"),))
    pairs = run_to_end(match(cat, b, buddynet, OPTIONS, fixed=given))
    assert pairs[0] == given[0] and len(pairs) > 8
    assert np.median(np.hypot(*(truth(pairs.a, cat, turn) - pairs.b).T)) < 0.02 * max(cat.size)


@pytest.mark.parametrize("side", ["A", "B"])
def test_a_part_is_matched_anew_with_the_picture_turned_as_before(asked, buddynet, cat, side):
    b, turn, _, pairs, _ = asked
    middle = (pairs.a if side == "A" else pairs.b).mean(axis=0)
    lasso = [tuple(middle + 70 * np.array(corner)) for corner in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    found = run_to_end(inside(cat, b, buddynet, OPTIONS, pairs, side, lasso, MatchMemory()))
    assert np.median(np.hypot(*(truth(found.a, cat, turn) - found.b).T)) < 0.03 * max(cat.size)
    again = run_to_end(around(cat, b, buddynet, OPTIONS, pairs, pairs[0].id, MatchMemory()))
    assert np.median(np.hypot(*(truth(again.a, cat, turn) - again.b).T)) < 0.03 * max(cat.size)
