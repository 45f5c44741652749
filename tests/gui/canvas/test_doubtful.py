"""Doubtful pairs one after the other, and the filter: what it hides, and what it leaves out when it is told to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.gui.canvas.state import StudioState
from studio.pairs import PairSet
from studio.pairs.edits import with_locked
from tests.gui.morphing import settled, shots

POINTS = [[60.0 + 55 * n, 80.0 + 40 * (n % 3)] for n in range(6)]
SURENESS = [0.9, 0.2, 0.5, 0.4, 0.1, 0.45]


@pytest.fixture
def paired(opened):
    """Pairs 5, 2, 4 and 6 are doubtful, in this order."""
    opened.state.set_pairs(PairSet.from_arrays(POINTS, POINTS, confidence=SURENESS, level=1))
    return opened


def walk(window, count):
    seen = []
    for _ in range(count):
        window.actions_["next_doubtful"].trigger()
        seen.append(window.state.selected)
    return seen


def test_only_pairs_below_one_half_that_nobody_set_are_doubtful(paired):
    state = paired.state
    assert walk(paired, 5) == [5, 2, 4, 6, 5]
    state.edit_pairs(with_locked(state.pairs, [2], True), "lock")
    state.drag_point("A", 4, (70.0, 90.0))
    state.drop_point("A", 4)
    assert walk(paired, 3) == [6, 5, 6]


def test_delete_goes_on_to_the_next_and_says_when_there_is_none(paired):
    assert walk(paired, 2) == [5, 2]
    seen = []
    for _ in range(3):
        paired.actions_["delete_pairs"].trigger()
        seen.append(paired.state.selected)
    assert seen == [4, 6, 5] and paired.state.pairs.ids == (1, 3, 5)
    paired.actions_["delete_pairs"].trigger()
    assert paired.state.pairs.ids == (1, 3) and paired.state.selected == 0
    assert paired.messages.text() == "That was the last doubtful pair."
    paired.actions_["next_doubtful"].trigger()
    assert "No pair is doubtful" in paired.messages.text() and paired.state.selected == 0


def test_a_pair_deleted_outside_of_the_queue_leads_nowhere(paired):
    assert walk(paired, 1) == [5]
    paired.state.set_selected(1)
    paired.actions_["delete_pairs"].trigger()
    assert paired.state.selected == 0 and 1 not in paired.state.pairs.ids


def test_accepting_makes_a_pair_sure_and_goes_on(paired):
    state, stack = paired.state, paired.editing.history.stack
    assert walk(paired, 2) == [5, 2]
    paired.actions_["accept_doubtful"].trigger()
    assert state.selected == 4 and state.pairs.by_id(2).is_own and stack.undoText() == "Accept pair 2"
    paired.actions_["accept_doubtful"].trigger()
    paired.actions_["accept_doubtful"].trigger()
    assert state.selected == 5  # the one that was skipped
    paired.actions_["accept_doubtful"].trigger()
    assert paired.messages.text() == "That was the last doubtful pair."
    paired.actions_["undo"].trigger()
    assert not state.pairs.by_id(5).is_own and paired.editing.pairs.doubtful() == [5]


def test_pairs_set_by_hand_are_never_filtered_away(paired):
    state, table = paired.state, paired.pairs_table
    state.edit_pairs(with_locked(state.pairs, [5], True), "lock")
    table.filter.setValue(95)
    assert table.sorted_model.rowCount() == 1
    canvas = paired.viewer.canvas("A")
    assert canvas.point_of(5) is not None and canvas.point_of(1) is None


def test_a_doubtful_pair_is_seen_though_the_filter_hides_it(paired):
    paired.pairs_table.filter.setValue(60)
    canvas = paired.viewer.canvas("A")
    assert walk(paired, 2) == [5, 2]
    assert canvas.point_of(2) is not None and canvas.point_of(5) is None
    assert canvas.view_state().zoom > 2.4
    paired.state.set_selected(0)
    assert canvas.point_of(2) is None


def test_hiding_changes_nothing_but_the_view_until_it_is_said_to_leave_out(paired, qtbot):
    state, table, count = paired.state, paired.pairs_table, paired.pairs_table._count
    table.filter.setValue(50)
    assert count.text() == "2 of 6 shown"
    assert state.in_use(state.pairs).ids == (1, 2, 3, 4, 5, 6)
    paired.actions_["mode_morph"].trigger()
    qtbot.waitUntil(lambda: bool(shots(paired)))
    settled(paired, qtbot)
    assert paired.panel("morph").now().pairs.ids == (1, 2, 3, 4, 5, 6)
    table.leave_out.setChecked(True)
    assert count.text() == "2 of 6 in use" and state.in_use(state.pairs).ids == (1, 3)
    assert paired.panel("morph").now().pairs.ids == (1, 3)
    settled(paired, qtbot)
    paired.actions_["mode_style"].trigger()
    assert len(paired.panel("style")._pairs()) == 2
    table.filter.setValue(0)
    assert state.in_use(state.pairs).ids == (1, 2, 3, 4, 5, 6) and count.text() == "6 pairs"


def test_a_project_keeps_the_filter_and_a_new_one_begins_without(paired, qtbot, tmp_path: Path):
    state, table = paired.state, paired.pairs_table
    table.filter.setValue(42)
    table.leave_out.setChecked(True)
    document = paired.document.snapshot()
    assert document.view["filter"] == {"least_confidence": 0.42, "leaves_out": True}
    json.dumps(document.view)
    paired.document.new()
    assert (state.least_confidence, state.leaves_out) == (0.0, False)
    assert table.filter.value() == 0 and not table.leave_out.isChecked()
    for look in paired.document.view.taken(document.view)[0]:
        look()
    assert (state.least_confidence, state.leaves_out) == (0.42, True) and table.filter.value() == 42
    assert paired.document.view.taken({"filter": {"least_confidence": 7, "leaves_out": True}})[1] == ["filter"]


def test_the_filter_is_told_of_once_and_pairs_only_if_others_are_in_use(qtbot):
    state, told = StudioState(), []
    state.set_pairs(PairSet.from_arrays(POINTS, POINTS, confidence=SURENESS))
    state.filter_changed.connect(lambda: told.append("filter"))
    state.pairs_changed.connect(lambda: told.append("pairs"))
    state.set_filter(0.3)
    state.set_filter(0.3)
    assert told == ["filter"]
    state.set_filter(leaves_out=True)
    assert told == ["filter", "filter", "pairs"]
