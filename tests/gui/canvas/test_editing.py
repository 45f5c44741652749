"""Editing by hand, with the mouse and keys of a person: every edit is one step, and can be taken back."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication

from studio.gui.canvas.pairs_model import LOCK_COLUMN
from studio.pairs import PairSet, write_landmarks

A_POINTS = [[100.0, 100.0], [300.0, 60.0], [220.0, 200.0], [400.0, 250.0]]
B_POINTS = [[90.0, 110.0], [260.0, 80.0], [200.0, 220.0], [350.0, 300.0]]
LEFT = Qt.MouseButton.LeftButton
NO_KEY = Qt.KeyboardModifier.NoModifier


def mouse(canvas, kind, at, button=Qt.MouseButton.NoButton, buttons=Qt.MouseButton.NoButton, keys=NO_KEY):
    view = canvas.viewport()
    event = QMouseEvent(kind, QPointF(at), view.mapToGlobal(QPointF(at)), button, buttons, keys)
    QApplication.sendEvent(view, event)


def press(canvas, at, keys=NO_KEY):
    mouse(canvas, QEvent.Type.MouseButtonPress, at, LEFT, LEFT, keys)


def move(canvas, at, keys=NO_KEY):
    mouse(canvas, QEvent.Type.MouseMove, at, buttons=LEFT, keys=keys)


def release(canvas, at, keys=NO_KEY):
    mouse(canvas, QEvent.Type.MouseButtonRelease, at, LEFT, keys=keys)


def click(canvas, at, keys=NO_KEY):
    press(canvas, at, keys)
    release(canvas, at, keys)


def drag(canvas, start, end, keys=NO_KEY, steps=6):
    press(canvas, start, keys)
    for step in range(1, steps + 1):
        move(canvas, start + (end - start) * step / steps, keys)
    release(canvas, end, keys)


def key(window, side, code, keys=NO_KEY):
    from PySide6.QtTest import QTest

    QTest.keyClick(window.viewer.canvas(side), code, keys)


def where(canvas, point):
    return canvas.to_widget(QPointF(*point))


def undo(window):
    window.actions_["undo"].trigger()


@pytest.fixture
def paired(opened):
    """The window with four pairs; no network is asked where the partner of a new pair lies."""
    opened.editing.pairs.placed.disconnect(opened.panel("match").recall.propose)
    opened.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS, confidence=[0.9, 0.2, 0.6, 0.4], level=1))
    return opened


@pytest.fixture
def stack(paired):
    return paired.editing.history.stack


def test_a_drag_is_one_step_with_a_magnifier_and_parts_of_a_pixel(paired, stack):
    canvas, before, steps = paired.viewer.canvas("A"), paired.state.pairs, stack.count()
    start = where(canvas, A_POINTS[0])
    press(canvas, start)
    for step in range(1, 12):
        move(canvas, start + QPointF(3.25 * step, 2.5 * step))
        assert canvas.magnifier.isVisible() == (step > 0)
    now = paired.state.pairs.by_id(1)
    assert math.dist(now.a, canvas.to_picture(start + QPointF(35.75, 27.5)).toTuple()) < 1e-6
    release(canvas, start + QPointF(35.75, 27.5))
    assert not canvas.magnifier.isVisible()
    assert stack.count() == steps + 1
    assert stack.undoText() == "Move point 1 in A"
    assert now.origin == "edited" and now.a != (round(now.a[0]), round(now.a[1]))
    assert paired.state.pairs.by_id(2) == before.by_id(2)
    undo(paired)
    assert paired.state.pairs == before
    paired.actions_["redo"].trigger()
    assert paired.state.pairs.by_id(1) == now


def test_shift_drags_ten_times_finer_and_escape_gives_up(paired, stack):
    canvas, before, steps = paired.viewer.canvas("B"), paired.state.pairs, stack.count()
    start = where(canvas, B_POINTS[1])
    shift = Qt.KeyboardModifier.ShiftModifier
    press(canvas, start, shift)
    for step in range(1, 11):
        move(canvas, start + QPointF(4.0 * step, 0), shift)
    moved = paired.state.pairs.by_id(2).b[0] - B_POINTS[1][0]
    assert moved == pytest.approx(4.0 / canvas.screen_scale(), rel=1e-6)
    key(paired, "B", Qt.Key.Key_Escape)
    assert paired.state.pairs == before
    release(canvas, start)
    assert paired.state.pairs == before and stack.count() == steps


def test_a_click_with_the_tool_add_makes_a_pair_whose_partner_follows_the_others(paired, stack):
    paired.actions_["tool_add"].trigger()
    canvas, steps = paired.viewer.canvas("A"), stack.count()
    assert canvas.viewport().cursor().shape() == Qt.CursorShape.CrossCursor
    at = (150.5, 150.25)
    click(canvas, where(canvas, at))
    pair = paired.state.pairs.by_id(5)
    assert math.dist(pair.a, at) < 1e-6 and pair.origin == "placed"
    assert paired.state.selection == {5}
    # Near the middle of pairs 1 and 3 the partner lies near the middle of theirs.
    assert math.dist(pair.b, (140, 160)) < 25
    assert stack.count() == steps + 1
    # On an existing point the tool takes hold of that one.
    drag(canvas, canvas.point_position(5), canvas.point_position(5) + QPointF(20, 0))
    assert len(paired.state.pairs) == 5 and paired.state.pairs.by_id(5).a[0] > at[0] + 5
    other = paired.viewer.canvas("B")
    drag(other, where(other, (30, 350)), where(other, (40, 360)))  # pressed, and dragged where it belongs
    added = paired.state.pairs.by_id(6)
    assert math.dist(added.b, (40, 360)) < 1e-6
    undo(paired)
    undo(paired)
    undo(paired)
    undo(paired)
    assert len(paired.state.pairs) == 4


def test_select_with_ctrl_and_a_rectangle_then_move_together(paired, stack):
    state, canvas = paired.state, paired.viewer.canvas("A")
    click(canvas, where(canvas, A_POINTS[0]))
    click(canvas, where(canvas, A_POINTS[2]), Qt.KeyboardModifier.ControlModifier)
    assert state.selection == {1, 3}
    rows = {row.data(Qt.ItemDataRole.UserRole + 1) for row in paired.pairs_table.view.selectionModel().selectedRows()}
    assert rows == {1, 3}
    click(canvas, where(canvas, A_POINTS[2]), Qt.KeyboardModifier.ControlModifier)
    assert state.selection == {1}
    drag(canvas, where(canvas, (280, 40)), where(canvas, (430, 270)))
    assert state.selection == {2, 4}
    drag(canvas, where(canvas, (80, 80)), where(canvas, (120, 120)), Qt.KeyboardModifier.ShiftModifier)
    assert state.selection == {1, 2, 4}
    steps, before = stack.count(), state.pairs
    drag(canvas, where(canvas, A_POINTS[1]), where(canvas, (310.0, 75.0)))
    assert stack.count() == steps + 1 and stack.undoText() == "Move 3 points in A"
    for number in (1, 2, 4):
        (x, y), (old_x, old_y) = state.pairs.by_id(number).a, before.by_id(number).a
        assert (x - old_x, y - old_y) == pytest.approx((10.0, 15.0), abs=1e-6)
    assert state.pairs.by_id(3) == before.by_id(3)
    click(canvas, where(canvas, (30, 30)))
    assert state.selection == frozenset()


def test_the_right_button_selects_what_its_menu_is_about_and_escape_selects_nothing(paired):
    state, canvas = paired.state, paired.viewer.canvas("B")
    right = Qt.MouseButton.RightButton
    state.set_selection([1, 2])
    mouse(canvas, QEvent.Type.MouseButtonPress, where(canvas, B_POINTS[1]), right, right)
    assert state.selection == {1, 2}
    mouse(canvas, QEvent.Type.MouseButtonPress, where(canvas, B_POINTS[3]), right, right)
    assert state.selection == {4}
    names = [action.objectName() for action in canvas.actions()]
    assert "delete_pairs" in names and canvas.contextMenuPolicy() == Qt.ContextMenuPolicy.ActionsContextMenu
    key(paired, "B", Qt.Key.Key_Escape)
    assert state.selection == frozenset()


def test_arrows_nudge_and_quick_presses_are_one_step(paired, stack):
    state, steps = paired.state, stack.count()
    state.set_selected(3)
    for _ in range(3):
        key(paired, "B", Qt.Key.Key_Right)
    key(paired, "B", Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert state.pairs.by_id(3).b == (203.0, 230.0) and state.pairs.by_id(3).a == tuple(A_POINTS[2])
    assert stack.count() == steps + 1
    undo(paired)
    assert state.pairs.by_id(3).b == tuple(B_POINTS[2])
    for _ in range(80):
        key(paired, "A", Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert state.pairs.by_id(3).a == (-0.5, 200.0)  # the edge of the picture


def test_locked_pairs_stay_put(paired, stack):
    state, canvas = paired.state, paired.viewer.canvas("A")
    state.set_selection([1, 2])
    paired.actions_["lock_pairs"].trigger()
    assert [pair.locked for pair in state.pairs] == [True, True, False, False]
    before = state.pairs
    drag(canvas, where(canvas, A_POINTS[0]), where(canvas, (150, 150)))
    assert state.pairs == before and "Locked" in paired.messages.text()
    state.set_selection([1, 2, 3])
    paired.actions_["delete_pairs"].trigger()
    assert state.pairs.ids == (1, 2, 4)
    paired.actions_["clear_pairs"].trigger()
    assert state.pairs.ids == (1, 2)
    state.set_selection([1, 2])
    paired.actions_["lock_pairs"].trigger()
    assert not any(pair.locked for pair in state.pairs)
    for _ in range(4):
        undo(paired)
    assert state.pairs.ids == (1, 2, 3, 4) and not any(pair.locked for pair in state.pairs)


def test_enable_renumber_mirror_copy_and_paste(paired, stack, qtbot):
    state = paired.state
    state.set_selection([2, 4])
    paired.actions_["enable_pairs"].trigger()
    assert [pair.enabled for pair in state.pairs] == [True, False, True, False]
    paired.actions_["cut_pairs"].trigger()
    assert state.pairs.ids == (1, 3)
    paired.actions_["renumber"].trigger()
    assert state.pairs.ids == (1, 2) and state.pairs[1].a == tuple(A_POINTS[2])
    paired.actions_["paste"].trigger()
    assert state.pairs.ids == (1, 2, 3, 4) and state.selection == {3, 4}
    assert state.pairs[2].a == tuple(A_POINTS[1]) and not state.pairs[2].enabled
    table = QGuiApplication.clipboard().text().splitlines()
    assert table == ["ax\tay\tbx\tby", "300\t60\t260\t80", "400\t250\t350\t300"]
    QGuiApplication.clipboard().setText("ax\tay\tbx\tby\n1\t2\t3\tfour")
    paired.actions_["paste"].trigger()
    assert paired.messages.severity == "error" and len(state.pairs) == 4
    picture, width = state.picture("B"), state.picture("B").size[0]
    paired.actions_["mirror_b"].trigger()
    qtbot.waitUntil(lambda: state.picture("B").mirrored)
    assert state.pairs[0].b == (width - 1 - B_POINTS[0][0], B_POINTS[0][1])
    assert (state.picture("B").pixels == picture.pixels[:, ::-1]).all()
    undo(paired)
    assert state.picture("B") is picture and state.pairs[0].b == tuple(B_POINTS[0])
    for _ in range(4):
        undo(paired)
    assert state.pairs.ids == (1, 2, 3, 4) and all(pair.enabled for pair in state.pairs)


def test_a_new_picture_can_be_taken_back_with_all_its_pairs(paired, qtbot, two_files):
    state, pairs, picture = paired.state, paired.state.pairs, paired.state.picture("A")
    paired.opener.open_path(two_files[1], "A")
    qtbot.waitUntil(lambda: state.picture("A") is not picture)
    assert len(state.pairs) == 0
    undo(paired)
    assert state.picture("A") is picture and state.pairs == pairs
    assert paired.viewer.canvas("A").picture_size == picture.size
    paired.actions_["swap"].trigger()
    assert state.pairs == pairs.swapped()
    undo(paired)
    assert state.pairs == pairs and state.picture("A") is picture


def test_the_table_edits_filters_and_walks_the_doubtful(paired, stack):
    state, table = paired.state, paired.pairs_table
    model = table.model
    assert model.setData(model.index(0, 1), "12.5; 80", Qt.ItemDataRole.EditRole)
    assert state.pairs.by_id(1).a == (12.5, 80.0) and state.pairs.by_id(1).origin == "edited"
    for text in ("13,5; 80,25", "13,5 80,25", "13.5, 80.25", "13,5, 80,25"):
        model.setData(model.index(0, 1), "12.5; 80", Qt.ItemDataRole.EditRole)
        assert model.setData(model.index(0, 1), text, Qt.ItemDataRole.EditRole)
        assert state.pairs.by_id(1).a == (13.5, 80.25)
    model.setData(model.index(0, 1), "12.5; 80", Qt.ItemDataRole.EditRole)
    assert not model.setData(model.index(0, 1), "twelve", Qt.ItemDataRole.EditRole)
    assert "“twelve” is no point" in paired.messages.text()
    model.setData(model.index(1, 0), Qt.CheckState.Unchecked.value, Qt.ItemDataRole.CheckStateRole)
    assert not state.pairs.by_id(2).enabled
    model.setData(model.index(2, LOCK_COLUMN), Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
    assert state.pairs.by_id(3).locked
    assert [stack.text(stack.count() - n) for n in (3, 2, 1)] == ["Type point 1 in A", "Disable pair 2", "Lock pair 3"]
    for _ in range(3):
        undo(paired)
    state.set_selection([])
    table.filter.setValue(50)
    assert table.sorted_model.rowCount() == 2
    assert paired.viewer.canvas("A").point_of(2) is None and paired.viewer.canvas("B").point_of(1) is not None
    table.filter.setValue(0)
    paired.actions_["next_doubtful"].trigger()
    assert state.selected == 2
    paired.actions_["next_doubtful"].trigger()
    assert state.selected == 4
    paired.actions_["previous_doubtful"].trigger()
    assert state.selected == 2
    canvas = paired.viewer.canvas("A")
    middle = canvas.viewport().rect().center()
    assert math.dist(canvas.point_position(2).toTuple(), (middle.x(), middle.y())) < 3
    assert canvas.view_state().zoom >= 2.4


def test_the_history_list_goes_back_and_forward(paired, stack):
    view = paired.editing.history_view
    state = paired.state
    state.set_selection([1])
    paired.actions_["delete_pairs"].trigger()
    assert [stack.text(n) for n in range(stack.count())][-2:] == ["Change pairs", "Delete pair 1"]
    view.setCurrentIndex(view.model().index(stack.count() - 1, 0))
    assert len(state.pairs) == 4
    assert paired.actions_["redo"].text() == "Redo Delete pair 1"
    view.setCurrentIndex(view.model().index(stack.count(), 0))
    assert len(state.pairs) == 3


def test_nothing_can_be_edited_while_a_match_runs_or_a_level_is_shown(paired, stack):
    state, canvas = paired.state, paired.viewer.canvas("A")
    before, steps = state.pairs, stack.count()
    state.hold(True)
    drag(canvas, where(canvas, A_POINTS[0]), where(canvas, (150, 150)))
    state.set_selected(1)
    paired.editing.pairs.delete()
    assert not paired.actions_["delete_pairs"].isEnabled() and state.pairs == before
    state.hold(False)
    state.set_pairs(before, {2: PairSet.from_arrays([[5, 5]], [[6, 6]], level=2)}, step=None)
    state.show_level(2)
    drag(canvas, where(canvas, (5, 5)), where(canvas, (50, 50)))
    assert state.shown_pairs[0].a == (5.0, 5.0) and stack.count() == steps


def test_landmarks_of_bigwarp_come_in_and_go_out(paired, tmp_path):
    write_landmarks(paired.state.pairs, tmp_path / "landmarks.csv")
    paired.editing.pairs.clear()
    paired.pair_files.import_from(tmp_path / "landmarks.csv")
    assert paired.state.pairs.a.tolist() == A_POINTS and paired.state.pairs.b.tolist() == B_POINTS
    paired.pair_files.export_to(tmp_path / "again.csv", landmarks=True)
    assert (tmp_path / "again.csv").read_text() == (tmp_path / "landmarks.csv").read_text()
