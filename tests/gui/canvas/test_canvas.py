"""Zoom, pan, fit, linked views, hit testing: measured in pixels of the widget."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from studio.arrays import SIDES
from studio.gui.canvas.items import DisplayPicture, Mark
from studio.gui.canvas.state import RESULT_LEVEL, StudioState
from studio.pairs import PairSet
from studio.picture import Picture


def mouse(canvas, kind, at, button=Qt.MouseButton.NoButton, buttons=Qt.MouseButton.NoButton):
    view = canvas.viewport()
    event = QMouseEvent(
        kind, QPointF(at), view.mapToGlobal(QPointF(at)), button, buttons, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(view, event)


def drag(canvas, start, end, button=Qt.MouseButton.LeftButton, steps=5):
    mouse(canvas, QEvent.Type.MouseButtonPress, start, button, button)
    for step in range(1, steps + 1):
        at = QPointF(start) + (QPointF(end) - QPointF(start)) * step / steps
        mouse(canvas, QEvent.Type.MouseMove, at, buttons=button)
    mouse(canvas, QEvent.Type.MouseButtonRelease, end, button)


def wheel(canvas, at, notches):
    view = canvas.viewport()
    event = QWheelEvent(
        QPointF(at), view.mapToGlobal(QPointF(at)), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def scale(canvas) -> float:
    """Screen pixels per picture pixel."""
    a, b = canvas.to_widget(QPointF(0, 0)), canvas.to_widget(QPointF(100, 0))
    return (b.x() - a.x()) / 100


def test_fit_shows_the_whole_picture_centred_with_square_pixels(opened):
    for side in SIDES:
        canvas = opened.viewer.canvas(side)
        width, height = canvas.picture_size
        top_left, bottom_right = (
            canvas.to_widget(QPointF(-0.5, -0.5)),
            canvas.to_widget(QPointF(width - 0.5, height - 0.5)),
        )
        view = canvas.viewport()
        assert top_left.x() >= 0 and top_left.y() >= 0
        assert bottom_right.x() <= view.width() and bottom_right.y() <= view.height()
        assert top_left.x() + bottom_right.x() == pytest.approx(view.width(), abs=2)
        assert top_left.y() + bottom_right.y() == pytest.approx(view.height(), abs=2)
        assert (bottom_right.x() - top_left.x()) / width == pytest.approx(
            (bottom_right.y() - top_left.y()) / height, rel=0.01
        )
        fills = max((bottom_right.x() - top_left.x()) / view.width(), (bottom_right.y() - top_left.y()) / view.height())
        assert fills > 0.9


def test_the_wheel_keeps_the_picture_under_the_cursor(opened):
    canvas = opened.viewer.canvas("A")
    at = QPointF(canvas.viewport().width() * 0.3, canvas.viewport().height() * 0.6)
    before, old_scale = canvas.to_picture(at), scale(canvas)
    wheel(canvas, at, 3)
    after = canvas.to_picture(at)
    assert scale(canvas) > old_scale * 1.02
    assert math.dist((before.x(), before.y()), (after.x(), after.y())) < 1.0


@pytest.mark.parametrize("button", [Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton])
def test_a_drag_moves_the_picture_with_the_hand(opened, button):
    canvas = opened.viewer.canvas("A")
    opened.viewer.set_tool("pan" if button == Qt.MouseButton.LeftButton else "select")
    opened.viewer.zoom_by(3)
    start, end = QPointF(150, 150), QPointF(190, 120)
    held = canvas.to_picture(start)
    drag(canvas, start, end, button)
    now = canvas.to_picture(end)
    assert math.dist((held.x(), held.y()), (now.x(), now.y())) < 2 / scale(canvas) + 0.5


def test_hundred_percent_is_one_to_one(opened, qtbot):
    opened.actions_["actual_size"].trigger()
    for side in SIDES:
        canvas = opened.viewer.canvas(side)
        assert scale(canvas) * canvas.devicePixelRatioF() == pytest.approx(1.0, rel=0.01)
    opened.actions_["fit"].trigger()
    assert opened.viewer.canvas("A").view_state().zoom == pytest.approx(1.0, rel=0.01)


def test_linked_views_show_the_same_place_of_pictures_of_other_size(opened):
    a, b = (opened.viewer.canvas(side) for side in SIDES)
    wheel(a, QPointF(100, 100), 6)
    drag(a, QPointF(150, 150), QPointF(170, 165), Qt.MouseButton.MiddleButton)
    for left, right in zip(a.view_state().center, b.view_state().center, strict=True):
        assert left == pytest.approx(right, abs=0.01)
    assert a.view_state().zoom == pytest.approx(b.view_state().zoom, rel=0.02)
    opened.actions_["link"].trigger()  # off
    before = b.view_state()
    wheel(a, QPointF(100, 100), -3)
    assert b.view_state() == before
    opened.actions_["link"].trigger()  # on again: B follows the active side
    assert b.view_state().zoom == pytest.approx(opened.viewer.canvas(opened.viewer.active).view_state().zoom, rel=0.02)


def test_resizing_keeps_a_fitted_picture_fitted(opened, qtbot):
    opened.resize(900, 700)
    qtbot.wait(50)
    assert whole_picture_fills(opened.viewer.canvas("A"))


def whole_picture_fills(canvas) -> bool:
    """Whether all of the picture is to be seen, as large as the canvas allows."""
    width, height = canvas.picture_size
    first, last = canvas.to_widget(QPointF(-0.5, -0.5)), canvas.to_widget(QPointF(width - 0.5, height - 0.5))
    view = canvas.viewport()
    inside = min(first.x(), first.y()) >= 0 and last.x() <= view.width() and last.y() <= view.height()
    return inside and max((last.x() - first.x()) / view.width(), (last.y() - first.y()) / view.height()) > 0.9


@pytest.mark.parametrize("linked", [True, False])
def test_both_pictures_stay_fitted_in_every_mode_after_fit(opened, qtbot, linked):
    opened.actions_["link"].setChecked(linked)
    for side in SIDES:
        canvas = opened.viewer.canvas(side)
        wheel(canvas, QPointF(canvas.viewport().rect().center()), 4)
        assert not whole_picture_fills(canvas)
    opened.actions_["fit"].trigger()
    for mode in ("morph", "style", "match"):
        opened.actions_[f"mode_{mode}"].trigger()
        qtbot.wait(10)
        for side in SIDES:
            assert whole_picture_fills(opened.viewer.canvas(side)), (mode, side)
    opened.viewer.splitter.setSizes([300, 900])
    qtbot.wait(10)
    assert all(whole_picture_fills(opened.viewer.canvas(side)) for side in SIDES)


def test_what_is_not_fitted_keeps_its_zoom_through_modes(opened, qtbot):
    canvas = opened.viewer.canvas("A")
    wheel(canvas, QPointF(canvas.viewport().rect().center()), 6)
    before = canvas.view_state()
    opened.actions_["mode_morph"].trigger()
    qtbot.wait(10)
    assert canvas.view_state().zoom == pytest.approx(before.zoom, rel=0.02)
    assert canvas.view_state().center == pytest.approx(before.center, abs=0.01)


def test_hover_and_click_find_points_within_ten_pixels_at_any_zoom(opened):
    state, canvas = opened.state, opened.viewer.canvas("A")
    state.set_pairs(PairSet.from_arrays([[100, 100], [300, 200]], [[50, 60], [200, 210]]))
    for zoom in (1, 8):
        opened.viewer.canvas("A").set_view_state(type(canvas.view_state())(((300.5) / 451, 200.5 / 300), zoom))
        at = canvas.point_position(2)
        mouse(canvas, QEvent.Type.MouseMove, at + QPointF(7, 7))
        assert state.hovered == 2
        mouse(canvas, QEvent.Type.MouseMove, at + QPointF(0, 20))
        assert state.hovered == 0
        mouse(
            canvas,
            QEvent.Type.MouseButtonPress,
            at + QPointF(-5, 5),
            Qt.MouseButton.LeftButton,
            Qt.MouseButton.LeftButton,
        )
        mouse(canvas, QEvent.Type.MouseButtonRelease, at + QPointF(-5, 5), Qt.MouseButton.LeftButton)
        assert state.selected == 2
        state.set_selected(0)


def test_a_hovered_pair_lights_up_in_both_pictures_with_its_line(opened, qtbot):
    state = opened.state
    state.set_pairs(PairSet.from_arrays([[100, 150]], [[200, 200]]))
    for name in ("lines", "numbers"):
        if opened.actions_[name].isChecked():
            opened.actions_[name].trigger()
    qtbot.wait(30)
    before = opened.viewer.grab().toImage()
    spots = []
    for side in SIDES:
        canvas = opened.viewer.canvas(side)
        spots.append(canvas.mapTo(opened.viewer, canvas.point_position(1).toPoint()))
    state.set_hovered(1)
    qtbot.wait(30)
    after = opened.viewer.grab().toImage()
    for spot in spots:  # the ring
        assert before.pixelColor(spot.x() + 9, spot.y()) != after.pixelColor(spot.x() + 9, spot.y())
    middle = (spots[0] + spots[1]) / 2  # the line
    around = [QPoint(middle.x(), middle.y() + dy) for dy in range(-3, 4)]
    assert any(before.pixelColor(point) != after.pixelColor(point) for point in around)


def test_points_are_drawn_at_their_place_by_one_item(opened, qtbot):
    """A black picture with one point: the colour's centre of mass is the point, to half a screen pixel."""
    from studio.overlay import pair_color

    black = Picture.from_array(np.zeros((200, 300, 3), np.uint8))
    canvas = opened.viewer.canvas("A")
    canvas.set_display(DisplayPicture.of(black))
    opened.viewer.set_numbers_shown(False)
    opened.viewer.set_lines_shown(False)
    canvas.set_marks([Mark(1, (70.25, 120.75), pair_color(1))])
    qtbot.wait(30)
    image = canvas.grab().toImage().convertToFormat(canvas.grab().toImage().Format.Format_RGB888)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = pixels[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(int)
    mask = np.abs(pixels - np.asarray(pair_color(1))).sum(-1) < 40
    rows, columns = np.nonzero(mask)
    expected = canvas.point_position(1)
    assert mask.sum() > 40
    assert columns.mean() + 0.5 == pytest.approx(expected.x(), abs=0.75)
    assert rows.mean() + 0.5 == pytest.approx(expected.y(), abs=0.75)


def test_a_picture_that_replaces_levels_tells_of_it_once(qtbot):
    state = StudioState()
    pairs = PairSet.from_arrays([[1, 2]], [[3, 4]])
    state.add_level(4, pairs)
    state.show_level(4)
    told = []
    state.pairs_changed.connect(lambda: told.append(state.shown_level))
    state.set_picture("A", Picture.from_array(np.zeros((20, 30, 3), np.uint8)))
    assert told == [RESULT_LEVEL] and not state.levels


def test_the_cursor_position_stands_in_the_status_bar(opened):
    canvas = opened.viewer.canvas("A")
    at = canvas.to_widget(QPointF(311.0, 97.5))
    mouse(canvas, QEvent.Type.MouseMove, at)
    text = opened.status.cursor_label.text()
    assert text.startswith("cursor A")
    x, y = (float(part) for part in text.removeprefix("cursor A").split(","))
    assert (x, y) == pytest.approx((311.0, 97.5), abs=1.0)
    mouse(canvas, QEvent.Type.MouseMove, QPointF(1, 1))
    assert opened.status.cursor_label.text() == ""


def test_large_pictures_show_through_smaller_levels_without_aliasing():
    """One-pixel stripes shown small are grey, not a moiré of black and white."""
    stripes = np.zeros((2000, 2000, 3), np.uint8)
    stripes[:, ::2] = 255
    display = DisplayPicture.of(Picture.from_array(stripes))
    assert [level.shape[0] for level in display.levels] == [2000, 1000, 500, 250]
    assert np.abs(display.levels[-1].astype(int) - 127).max() <= 2
