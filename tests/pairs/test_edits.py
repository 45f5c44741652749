"""Edits of pairs, what they changed, and BigWarp's landmarks, checked against what a person would expect."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.pairs import PairChange, PairsError, PairSet, PointPair, edits, read_pairs, write_landmarks

PAIRS = PairSet(
    (
        PointPair(4, (10.0, 20.0), (30.0, 40.0), rank=2.0, confidence=0.5, level=1, origin="matched"),
        PointPair(2, (50.0, 60.0), (70.0, 80.0), locked=True),
        PointPair(9, (90.0, 15.0), (5.0, 6.0), origin="matched", enabled=False),
    )
)
SIZE = (100, 80)


def test_points_move_together_and_stop_at_the_edge() -> None:
    moved = edits.shifted(PAIRS, {4, 9, 2}, "A", (20.0, -30.0), SIZE)
    # 9 reaches the right edge after 9.5 pixels and the upper one after 15.5: both go that far.
    assert moved.by_id(4).a == (19.5, 4.5) and moved.by_id(9).a == (99.5, -0.5)
    assert moved.by_id(2) == PAIRS.by_id(2)
    assert moved.by_id(4).origin == "edited" and moved.by_id(4).b == PAIRS.by_id(4).b
    assert edits.shifted(PAIRS, {2}, "A", (1.0, 1.0), SIZE) is PAIRS
    outside = PairSet((PointPair(1, (200.0, 10.0), (0, 0)),))
    assert edits.shifted(outside, {1}, "A", (5.0, 0.0), SIZE).by_id(1).a == (200.0, 10.0)
    assert edits.shifted(outside, {1}, "A", (-5.0, 0.0), SIZE).by_id(1).a == (195.0, 10.0)


def test_added_deleted_locked_enabled_renumbered() -> None:
    pairs, number = edits.placed(PAIRS, (1.0, 2.0), (3.0, 4.0))
    assert number == 10 and pairs.by_id(10) == PointPair(10, (1.0, 2.0), (3.0, 4.0), origin="placed")
    assert edits.deleted(PAIRS, {4, 2}).ids == (2, 9)
    assert [pair.enabled for pair in edits.with_enabled(PAIRS, {9}, True)] == [True, True, True]
    assert [pair.locked for pair in edits.with_locked(PAIRS, {4}, True)] == [True, True, False]
    renumbered = edits.renumbered(PAIRS)
    assert renumbered.ids == (1, 2, 3) and renumbered.a.tolist() == PAIRS.a.tolist()
    more, numbers = edits.added(PAIRS, PAIRS)
    assert numbers == [10, 11, 12] and more.a.tolist() == PAIRS.a.tolist() * 2


def test_mirroring_twice_changes_nothing_and_keeps_pixel_centres() -> None:
    once = edits.mirrored(PAIRS, "B", 100)
    assert once.by_id(9).b == (94.0, 6.0) and once.by_id(9).a == PAIRS.by_id(9).a
    assert edits.mirrored(once, "B", 100) == PAIRS
    picture = np.arange(100)
    assert picture[::-1][94] == picture[5]


def test_a_change_goes_forward_and_back_and_through_json() -> None:
    random = np.random.default_rng(7)
    state = PAIRS
    for _ in range(200):
        kind, ids = random.integers(5), state.ids
        some = [number for number in ids if random.random() < 0.4]
        step = tuple(float(number) for number in random.normal(size=2))
        after = [
            edits.deleted(state, some),
            edits.placed(state, step, step)[0],
            edits.shifted(state, some, "B", step, (1000, 1000)),
            edits.with_locked(state, some, bool(random.integers(2))),
            PairSet(tuple(reversed(state.pairs))),
        ][kind]
        change = PairChange.from_json(PairChange.between(state, after).to_json())
        assert change.apply(state) == after and change.undo(after) == state
        state = after


def test_a_change_that_does_not_fit_is_refused() -> None:
    change = PairChange.between(PAIRS, PAIRS.with_pair(replace(PAIRS[0], a=(0.0, 0.0))))
    with pytest.raises(PairsError, match="does not fit"):
        change.undo(PAIRS)
    with pytest.raises(PairsError, match="does not fit"):
        PairChange.between(PAIRS, PAIRS.without([9])).apply(PairSet())
    for text in ("", "[]", '{"before": 3, "after": []}', '{"before": [[1]], "after": []}', "{"):
        with pytest.raises(PairsError):
            PairChange.from_json(text)


def test_landmarks_written_by_bigwarp_are_read(tmp_path: Path) -> None:
    """Rows as the tool writes them: quoted, without names; one landmark set in the moving picture only."""
    path = tmp_path / "landmarks.csv"
    path.write_text(
        '"Pt-0","true","271.5","130.25","302.0","99.0"\n"Pt-1","false","1.0E1","20.0","3.5","4.0"\n'
        '"Pt-2","true","5.0","6.0","Infinity","Infinity"\n',
        encoding="utf-8",
    )
    pairs = read_pairs(path)
    assert [(pair.a, pair.b, pair.enabled) for pair in pairs] == [
        ((271.5, 130.25), (302.0, 99.0), True),
        ((10.0, 20.0), (3.5, 4.0), False),
    ]
    write_landmarks(PAIRS, path)
    assert path.read_text(encoding="utf-8").splitlines()[0] == '"Pt-4","true","10.0","20.0","30.0","40.0"'
    again = read_pairs(path)
    assert again.a.tolist() == PAIRS.a.tolist() and again.b.tolist() == PAIRS.b.tolist()
    assert [pair.enabled for pair in again] == [True, True, False]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ('"Pt-0","true","1","2","3","4","5","6"', "row 2 .* three coordinates"),
        ('"Pt-0","true","1","2","3"', "row 2 .* 5 values instead of 6"),
        ('"Pt-0","true","1","2","three","4"', "row 2 .* a number is missing"),
    ],
)
def test_landmarks_that_are_wrong_name_the_row(row: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "landmarks.csv"
    path.write_text(f'"Pt-0","true","1","2","3","4"\n{row}\n', encoding="utf-8")
    with pytest.raises(PairsError, match=sentence):
        read_pairs(path)
