"""B laid onto A in the window: on a known map, live while a point is dragged, and when there is nothing to lay."""

from __future__ import annotations

import gc
from weakref import ref

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPixmap

from studio.gui.match.aligned import LEAST_PAIRS, PREVIEW_SIDE, AlignedRequest, AlignedResponder
from studio.gui.match.aligned_pane import WAYS
from studio.gui.widgets.compare import Way
from studio.picture import Picture
from tests.gui.canvas.test_editing import move, press, release, where
from tests.morph.test_aligned import CAT, off, pulled, sampled


@pytest.fixture(scope="module")
def warped_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("warped")
    for name, pixels in (("a.png", CAT), ("b.png", pulled())):
        Image.fromarray(pixels).save(folder / name)
    return [folder / "a.png", folder / "b.png"]


@pytest.fixture
def matched(window, qtbot, warped_files):
    """The window with a picture, what the known map makes of it, and pairs of that map."""
    window.opener.open_paths(warped_files, "A")
    qtbot.waitUntil(lambda: window.state.has_both)
    window.state.set_pairs(sampled())
    return window


def controller(window):
    return window.panel("match").aligned


def shown(window):
    (only,) = controller(window).pane.view.shown
    return only


@pytest.fixture
def laid(matched, qtbot):
    matched.actions_["aligned"].setChecked(True)
    qtbot.waitUntil(lambda: bool(controller(matched).pane.view.shown))
    return matched


def test_a_and_b_lie_on_each_other_in_every_way_to_compare(laid, qtbot):
    both = shown(laid)
    assert np.array_equal(both.pixels, CAT) and off(both.second) < 4
    view, group = controller(laid).pane.view, controller(laid).pane
    assert {way for _, way, _ in WAYS} == set(Way)
    for place, (_, way, _) in enumerate(WAYS):
        group.choose_way(place)
        assert view.way is way
        grabbed = QPixmap(view.size())
        grabbed.fill()
        painter = QPainter(grabbed)
        view.render(painter, view.rect().topLeft())
        painter.end()


def test_a_point_that_is_dragged_changes_it_before_it_is_let_go(laid, qtbot):
    canvas, pairs = laid.viewer.canvas("B"), laid.state.pairs
    before = shown(laid).second
    start = where(canvas, pairs[34].b)
    press(canvas, start)
    for step in range(1, 9):
        move(canvas, start + QPointF(4.0 * step, 3.0 * step))
    qtbot.waitUntil(lambda: not np.array_equal(shown(laid).second, before))
    assert laid.state.is_dragging and laid.state.pairs != pairs
    release(canvas, start + QPointF(32, 24))
    x, y = (round(value) for value in pairs[34].a)
    qtbot.waitUntil(lambda: np.abs(shown(laid).second.astype(int) - before)[y - 9 : y + 9, x - 9 : x + 9].mean() > 8)
    laid.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: np.array_equal(shown(laid).second, before))


def test_it_says_what_is_missing_and_asks_for_nothing_while_it_is_off(matched, qtbot):
    aligned = controller(matched)
    assert not aligned.pane.isVisible() and not aligned.worker.is_running
    matched.state.set_pairs(type(sampled())(sampled().pairs[: LEAST_PAIRS - 1]))
    matched.actions_["aligned"].setChecked(True)
    assert aligned.pane.isVisible() and not aligned.pane.view.shown
    assert aligned.pane.view.hint == (
        "1 pair more is needed",
        "Run a match, or add pairs by hand (A): then B is laid onto A here.",
    )
    matched.state.set_pairs(sampled())
    qtbot.waitUntil(lambda: bool(aligned.pane.view.shown))
    matched.state.set_picture("B", None)
    assert not aligned.pane.view.shown and aligned.pane.view.hint[0] == "Open two pictures"


def test_it_is_remembered_with_its_way_and_stands_in_its_mode_only(laid, another, qtbot):
    pane = controller(laid).pane
    pane.choose_way(3)
    pane.view.set_skin(0.25)
    laid.modes.show("style")
    assert not pane.isVisible() and not laid.actions_["aligned"].isEnabled()
    laid.modes.show("match")
    assert pane.isVisible() and pane.height() > 80
    later = another()
    again = controller(later).pane
    assert again.isVisible() and later.actions_["aligned"].isChecked()
    assert again.view.way is Way.ONION and again.view.skin == 0.25
    later.actions_["aligned"].setChecked(False)
    assert not again.isVisible()
    later.modes.show("style")
    later.modes.show("match")
    later.actions_["aligned"].setChecked(True)
    qtbot.wait(20)
    assert again.isVisible() and again.height() > 80  # the room that it had nothing of is not remembered


def test_pictures_that_were_closed_do_not_live_on():
    responder = AlignedResponder()
    a, b = Picture.from_array(np.kron(CAT, np.ones((4, 4, 1), np.uint8))), Picture.from_array(pulled())
    answer = responder.answer(AlignedRequest(a, b, sampled()))
    assert max(answer.a.shape) == max(answer.b.shape) == PREVIEW_SIDE and answer.size == a.size
    gone = ref(a), ref(b)
    del a, b, answer
    gc.collect()
    assert [one() for one in gone] == [None, None]
    responder.close()


def test_its_room_is_what_it_was_when_it_was_switched_off(laid, qtbot):
    pane, splitter = controller(laid).pane, laid.modes.splitter
    qtbot.wait(20)
    whole, place = sum(splitter.sizes()), splitter.indexOf(pane)
    splitter.setSizes(
        [round(0.6 * whole) if n == 0 else round(0.4 * whole) if n == place else 0 for n in range(splitter.count())]
    )
    height = pane.height()
    laid.actions_["aligned"].setChecked(False)
    qtbot.wait(20)
    assert not pane.isVisible() and laid.viewer.height() > 0.95 * whole
    laid.actions_["aligned"].setChecked(True)
    qtbot.wait(20)
    assert abs(pane.height() - height) <= 3


def test_it_looks_where_picture_a_looks_while_views_are_linked(laid):
    view, canvas = controller(laid).pane.view, laid.viewer.canvas("A")
    laid.editing.pairs.go_to_doubtful(+1)
    canvas.look_at(QPointF(220, 120), 4.0)
    middle = view.panes()[0].share_at(view.panes()[0].space.center())
    assert view.zoom == pytest.approx(4.0)
    assert (middle.x() * CAT.shape[1], middle.y() * CAT.shape[0]) == pytest.approx((220.5, 120.5), abs=1.0)
    laid.actions_["link"].setChecked(False)
    canvas.fit()
    assert view.zoom == pytest.approx(4.0)
