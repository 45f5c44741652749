"""A match that is remembered: partners proposed, pairs explained, places without a pair, parts matched anew."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QPointF, Qt

from studio.gui.match.provenance_view import LevelTile
from tests.gui.canvas.test_editing import click, drag, where


@pytest.fixture
def matched(opened, qtbot):
    """The window after a quick match of its own."""
    opened.panel("match").form.editors["preset"].set_value("fast")
    opened.panel("match").form.editors["working_size"].set_value(128)
    opened.panel("match").run()
    qtbot.waitUntil(lambda: not opened.panel("match").is_running)
    assert len(opened.state.pairs) > 3
    return opened


def test_a_match_is_remembered_and_answers(matched, qtbot):
    """One window for all of it: a match takes its time."""
    state, view = matched.state, matched.panel("match").provenance
    assert matched.panel("match").recall.is_ready
    # A click beside all points leaves the docks as they are.
    in_front = matched.docks["pairs"]
    in_front.raise_()
    qtbot.waitUntil(lambda: not in_front.visibleRegion().isEmpty())
    click(matched.viewer.canvas("A"), where(matched.viewer.canvas("A"), (2, 2)))
    qtbot.wait(30)
    assert not in_front.visibleRegion().isEmpty() and not view.title_label.text()
    # A pair is explained level by level, coarse to fine, its windows inside one another.
    matched.docks["provenance"].raise_()
    qtbot.waitUntil(view.isVisible)
    number = state.pairs[0].id
    state.set_selected(number)
    qtbot.waitUntil(lambda: view.explanation is not None)
    steps = view.explanation.steps
    assert [step.level for step in steps] == sorted((step.level for step in steps), reverse=True)
    assert len(view.findChildren(LevelTile)) == len(steps) > 1
    assert view.legend.isVisible() and "Frames" in view.legend.toolTip()
    assert view._layers["A"]._names == [f"L{step.level}" for step in steps]
    width, height = state.picture("A").size
    assert steps[0].window_a == pytest.approx((-0.5, -0.5, width - 0.5, height - 0.5), abs=1)
    # A place beside all points: one sentence.
    canvas = matched.viewer.canvas("A")
    click(canvas, where(canvas, (2, 2)))
    qtbot.waitUntil(lambda: view.title_label.text().startswith("Why is there no pair"))
    assert len(view.text_label.text()) > 20
    # A new pair: the partner that the network proposes, in the same step of undo.
    before, steps = state.pairs, matched.editing.history.stack.count()
    matched.editing.pairs.place("A", QPointF(200, 120))
    placed = state.pairs[-1]
    qtbot.waitUntil(lambda: state.pairs[-1].confidence != placed.confidence)
    assert matched.editing.history.stack.count() == steps + 1
    assert state.pairs[-1].a == (200.0, 120.0) and state.pairs[-1].origin == "placed"
    matched.actions_["undo"].trigger()
    assert state.pairs == before
    # A part is matched anew, and what was locked stays.
    state.set_selection(before.ids)
    matched.editing.pairs.toggle_locked()
    locked = state.pairs
    matched.actions_["tool_lasso"].trigger()
    ring = [QPointF(150 + 90 * math.cos(turn / 3), 140 + 90 * math.sin(turn / 3)) for turn in range(19)]
    from tests.gui.canvas.test_editing import move, press, release

    press(canvas, where(canvas, ring[0].toTuple()))
    for corner in ring[1:]:
        move(canvas, where(canvas, corner.toTuple()))
    release(canvas, where(canvas, ring[-1].toTuple()))
    assert matched.panel("match").is_running and not state.can_edit
    qtbot.waitUntil(lambda: not matched.panel("match").is_running)
    assert state.pairs.only(locked.ids) == locked
    # A whole new match keeps them too.
    matched.panel("match").run()
    qtbot.waitUntil(lambda: not matched.panel("match").is_running)
    assert state.pairs.only(locked.ids) == locked


def test_a_click_before_any_match_looks_first_and_then_proposes(opened, qtbot):
    opened.panel("match").form.editors["working_size"].set_value(128)
    canvas = opened.viewer.canvas("A")
    opened.actions_["tool_add"].trigger()
    click(canvas, where(canvas, (200.0, 120.0)))
    state = opened.state
    placed = state.pairs[0]
    assert placed.b == pytest.approx(((200.5 / 451) * 400 - 0.5, (120.5 / 300) * 400 - 0.5))
    drag(canvas, where(canvas, placed.a), where(canvas, (210.0, 130.0)))  # moved meanwhile: nothing to propose
    qtbot.waitUntil(lambda: opened.panel("match").recall.is_ready)
    click(canvas, where(canvas, (120.0, 200.0)))
    second = state.pairs[1]
    qtbot.waitUntil(lambda: state.pairs[1].confidence != second.confidence)
    assert state.pairs[1].a == second.a
    assert Qt.CursorShape.CrossCursor == canvas.viewport().cursor().shape() or state.hovered
