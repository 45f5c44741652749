"""The mode Morph by mouse and keyboard: time, pad, edits, overlays, comparison, and what it writes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage

import studio.buddies
from studio.gui.morph.overlays import outline
from studio.gui.morph.responder import MorphResponder
from studio.gui.morph.result_view import FOLD_COLOR
from studio.pairs import PairSet
from studio.progress import Progress
from tests.gui.canvas.test_canvas import drag, mouse
from tests.gui.morphing import A_POINTS, B_POINTS, settled, shots, wait_for
from tests.gui.style.test_parts import wheel

LEFT = Qt.MouseButton.LeftButton


def grabbed(window) -> np.ndarray:
    """What the result pane shows of its first frame, as (h, w, 3)."""
    view = window.panel("morph").result_pane.view
    image = view.grab(view.rect_of().toRect()).toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def difference(window, pixels: np.ndarray) -> float:
    """Mean difference between the screen and a picture, in grey levels."""
    shown = grabbed(window)
    height, width = shown.shape[:2]
    wanted = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    return float(np.abs(np.asarray(wanted, float) - shown)[2:-2, 2:-2].mean())


def test_the_ends_of_the_slider_show_the_pictures(morph, qtbot):
    panel, state = morph.panel("morph"), morph.state
    panel.layers["points"].setChecked(False)
    slider = panel.result_pane.transport.slider
    a = state.picture("A")
    b = state.picture("B").resized(a.size)
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_End)
    wait_for(morph, qtbot, lambda: np.array_equal(shots(morph)[0].frame, b))
    assert difference(morph, b) < 4 < difference(morph, a.pixels)
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    wait_for(morph, qtbot, lambda: np.array_equal(shots(morph)[0].frame, a.pixels))
    assert difference(morph, a.pixels) < 4 < difference(morph, b)
    for _ in range(3):
        qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert panel.result_pane.transport.time == pytest.approx(0.03)
    assert panel.result_pane.transport.value_label.text() == "3 %"
    middle = QPoint(round(slider.position_of(500)), slider.height() // 2)
    qtbot.mouseClick(slider, LEFT, pos=middle)
    assert panel.result_pane.transport.time == pytest.approx(0.5, abs=0.01)
    settled(morph, qtbot)
    assert not np.array_equal(shots(morph)[0].frame, a.pixels)


def test_play_goes_on_to_the_end_and_stops(morph, qtbot):
    transport = morph.panel("morph").result_pane.transport
    transport.speed.setValue(0.4)
    times: list[float] = []
    transport.time_changed.connect(times.append)
    frames: list[int] = []
    morph.panel("morph").worker.answered.connect(lambda _, answer: frames.append(id(answer)))
    qtbot.mouseClick(transport.play_button, LEFT)
    assert transport.is_playing and morph.actions_["play"].isChecked()
    wait_for(morph, qtbot, lambda: not transport.is_playing)
    assert times == sorted(times) and times[-1] == 1.0
    assert len({round(t, 3) for t in times}) > 5
    assert len(frames) > 3
    assert not morph.actions_["play"].isChecked()


def test_loop_begins_again_and_ping_pong_comes_back(morph, qtbot):
    transport = morph.panel("morph").result_pane.transport
    transport.speed.setValue(0.2)
    times: list[float] = []
    transport.time_changed.connect(times.append)
    transport.loop_button.click()
    transport.play_button.click()
    wait_for(morph, qtbot, lambda: any(b < a - 0.5 for a, b in pairwise(times)))
    transport.ping_pong_button.click()
    assert not transport.loop_button.isChecked()
    times.clear()
    wait_for(morph, qtbot, lambda: any(a > b > c for a, b, c in zip(times, times[1:], times[2:], strict=False)))
    assert transport.is_playing
    transport.play_button.click()
    assert not transport.is_playing
    assert morph.settings.flag("morph_ping_pong", False)


def test_the_pad_moves_shape_and_colour_apart(morph, qtbot):
    panel = morph.panel("morph")
    pad = panel.pad
    a = morph.state.picture("A")

    def press(shape, colour):
        qtbot.mouseClick(pad, LEFT, pos=pad.position(shape, colour).toPoint())
        settled(morph, qtbot)

    press(0.0, 1.0)  # the shapes of A in the colours of B: B, bent
    assert panel.result_pane.transport.time == 0.0
    only_colour = shots(morph)[0].frame
    assert not np.array_equal(only_colour, a.pixels)
    wanted = [(pair.id, pair.a) for pair in morph.state.pairs]
    assert [number for number, _ in shots(morph)[0].points] == [number for number, _ in wanted]
    assert np.allclose([at for _, at in shots(morph)[0].points], [at for _, at in wanted])
    press(1.0, 0.0)
    assert not np.array_equal(shots(morph)[0].frame, only_colour)
    assert not np.allclose([at for _, at in shots(morph)[0].points], [at for _, at in wanted])
    pad.setFocus()
    qtbot.keyClick(pad, Qt.Key.Key_Left)
    assert (pad.shape, pad.colour) == (pytest.approx(0.98), 0.0)
    panel.result_pane.transport.set_time(0.5)  # the slider takes the handle back to its way
    assert (pad.shape, pad.colour) == (0.5, 0.5)


def test_curves_bend_the_way_of_the_slider(morph, qtbot):
    panel = morph.panel("morph")
    panel.form.editors["shape_curve"].set_value("ease")
    panel.result_pane.transport.set_time(0.25)
    assert panel.pad.shape == pytest.approx(0.15625)  # 3 t^2 - 2 t^3
    assert panel.pad.colour == pytest.approx(0.25)


def drag_point(window, side, number, to, steps=4):
    """Drag a point to a place in full-size pixels, by mouse."""
    canvas = window.viewer.canvas(side)
    drag(canvas, canvas.point_position(number), canvas.to_widget(QPointF(*to)), steps=steps)


def test_dragging_a_point_updates_the_frame_and_the_badge(morph, qtbot):
    panel, state = morph.panel("morph"), morph.state
    transport = panel.result_pane.transport
    transport.set_time(0.5)
    settled(morph, qtbot)
    assert transport.badge.text() == "One to one"
    before, at = shots(morph)[0].frame, state.pairs.by_id(1).b
    hovered: list[bool] = []
    panel.worker.answered.connect(lambda _, answer: hovered.append(answer.request.settled))
    canvas = morph.viewer.canvas("B")
    start, far = canvas.point_position(1), canvas.to_widget(QPointF(330, 330))
    mouse(canvas, QEvent.Type.MouseButtonPress, start, LEFT, LEFT)
    mouse(canvas, QEvent.Type.MouseMove, far, buttons=LEFT)
    assert state.is_dragging
    wait_for(morph, qtbot, lambda: transport.badge.text().startswith("Folds at"))  # while the button is down
    assert hovered and not any(hovered)
    assert not np.array_equal(shots(morph)[0].frame, before)
    mouse(canvas, QEvent.Type.MouseButtonRelease, far, LEFT)
    assert not state.is_dragging
    moved = state.pairs.by_id(1)
    assert moved.origin == "edited" and moved.b == pytest.approx((330, 330), abs=0.51)
    assert moved.a == tuple(A_POINTS[0])
    wait_for(morph, qtbot, lambda: True in hovered)
    badge = transport.badge
    assert badge.folds.count and str(badge.folds.count) in badge.text()
    before = transport.time
    badge.click()
    assert transport.time == before
    transport.set_time(0.9)
    settled(morph, qtbot)
    places = shots(morph)[0].folds.places
    assert len(places)
    transport.set_time(0.5)
    drag_point(morph, "B", 1, at)
    wait_for(morph, qtbot, lambda: badge.text() == "One to one")
    assert state.pairs.by_id(1).b == pytest.approx(at, abs=0.51)


def test_a_press_without_a_move_selects_and_moves_nothing(morph, qtbot):
    canvas, before = morph.viewer.canvas("A"), morph.state.pairs
    at = canvas.point_position(2)
    mouse(canvas, QEvent.Type.MouseButtonPress, at, LEFT, LEFT)
    mouse(canvas, QEvent.Type.MouseButtonRelease, at, LEFT)
    assert morph.state.selected == 2
    assert morph.state.pairs is before


def test_the_hand_pans_and_points_stay_in_the_picture(morph, qtbot):
    canvas, before = morph.viewer.canvas("A"), morph.state.pairs
    start = canvas.to_widget(QPointF(160, 110))
    assert canvas.pair_at(start) == 0
    view = canvas.view_state()
    morph.actions_["tool_pan"].trigger()
    drag(canvas, start, start + QPointF(30, 10))
    assert canvas.view_state() != view and morph.state.pairs is before
    canvas.fit()
    morph.actions_["tool_select"].trigger()
    drag_point(morph, "A", 1, (-4000, -4000))
    assert morph.state.pairs.by_id(1).a == (-0.5, -0.5)


def test_points_of_a_level_are_not_dragged(morph, qtbot):
    pairs = morph.state.pairs
    morph.state.set_pairs(pairs, {3: pairs})
    morph.state.show_level(3)
    drag_point(morph, "A", 1, (200, 200))
    assert morph.state.pairs is pairs and morph.state.levels[3] is pairs
    morph.state.show_level(0)
    drag_point(morph, "A", 1, (100, 90))
    assert morph.state.pairs.by_id(1).a == pytest.approx((100, 90), abs=0.51)


def test_two_warps_are_compared(morph, qtbot):
    panel = morph.panel("morph")
    panel.result_pane.transport.set_time(0.5)
    panel.compare.setCurrentText("Triangles")
    wait_for(morph, qtbot, lambda: len(shots(morph)) == 2)
    first, second = shots(morph)
    assert (first.title, second.title) == ("Rigid", "Triangles")
    assert first.frame.shape == second.frame.shape and not np.array_equal(first.frame, second.frame)
    view = panel.result_pane.view
    assert view.rect_of(0).right() < view.rect_of(1).left()
    panel.compare.setCurrentText("None")
    wait_for(morph, qtbot, lambda: len(shots(morph)) == 1)


def test_overlays_are_drawn_over_the_frame(morph, qtbot):
    panel = morph.panel("morph")
    panel.layers["points"].setChecked(False)
    panel.result_pane.transport.set_time(0.5)
    settled(morph, qtbot)
    bare = grabbed(morph).astype(int)
    for layer in ("points", "grid", "arrows", "heat"):
        panel.layers[layer].setChecked(True)
        settled(morph, qtbot)
        assert np.abs(grabbed(morph).astype(int) - bare).mean() > 0.2, layer
        panel.layers[layer].setChecked(False)
    settled(morph, qtbot)
    # One step of grey: fields are computed for the moment until they can be interpolated, which may be in between.
    assert np.abs(grabbed(morph).astype(int) - bare).max() <= 1
    assert not morph.settings.flag("morph_heat", True)


def test_folds_are_outlined_only_while_the_badge_is_down(morph, qtbot):
    """Nothing lies over the picture by itself, and what does lets the picture be seen."""
    panel, view, badge = (
        morph.panel("morph"),
        morph.panel("morph").result_pane.view,
        morph.panel("morph").result_pane.transport.badge,
    )
    panel.layers["points"].setChecked(False)
    assert not badge.isEnabled()
    drag_point(morph, "B", 1, (330, 330))
    wait_for(morph, qtbot, lambda: badge.text().startswith("Folds at"))
    panel.result_pane.transport.set_time(0.98)
    settled(morph, qtbot)
    assert len(shots(morph)[0].folds.places) > 20
    assert difference(morph, shots(morph)[0].frame) < 3
    qtbot.mouseClick(badge, LEFT)
    settled(morph, qtbot)
    assert panel.result_pane.transport.time == 0.98  # the moment shown
    red = (np.abs(grabbed(morph).astype(int) - FOLD_COLOR.getRgb()[:3]).max(axis=2) < 40).sum()
    cell = (4 * view.rect_of().width() / shots(morph)[0].frame.shape[1]) ** 2
    assert 20 < red < 0.5 * cell * len(shots(morph)[0].folds.places)
    for end in (0.0, 1.0):  # a picture alone, as it is
        panel.result_pane.transport.set_time(end)
        settled(morph, qtbot)
        assert not len(shots(morph)[0].folds.places) and badge.text() == "None at this moment"
        assert difference(morph, shots(morph)[0].frame) < 4
    panel.result_pane.transport.set_time(0.98)
    qtbot.mouseClick(badge, LEFT)
    settled(morph, qtbot)
    assert difference(morph, shots(morph)[0].frame) < 3


def test_it_opens_half_way_clean_and_plays_on_and_on(opened, qtbot):
    opened.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS, level=1))
    opened.actions_["mode_morph"].trigger()
    wait_for(opened, qtbot, lambda: bool(shots(opened)))
    panel = opened.panel("morph")
    transport, (shot,) = panel.result_pane.transport, shots(opened)
    assert transport.time == 0.5 and transport.value_label.text() == "50 %" and transport.slider.value() == 500
    assert not shot.points and shot.tint is None and not len(shot.arrows)
    assert difference(opened, shot.frame) < 4
    assert (panel.pad.shape, panel.pad.colour) == (0.5, 0.5)
    transport.speed.setValue(0.2)
    times: list[float] = []
    transport.time_changed.connect(times.append)
    transport.play_button.click()
    wait_for(opened, qtbot, lambda: any(a > b > c for a, b, c in zip(times, times[1:], times[2:], strict=False)))
    assert transport.is_playing
    transport.play_button.click()


def test_how_it_plays_is_remembered(morph, another, qtbot):
    """Settings hold for the next window: loop, pace and overlays."""
    transport = morph.panel("morph").result_pane.transport
    transport.loop_button.click()
    transport.speed.setValue(3.5)
    later = another().panel("morph")
    assert later.result_pane.transport.loop_button.isChecked()
    assert not later.result_pane.transport.ping_pong_button.isChecked()
    assert later.result_pane.transport.speed.value() == 3.5 and later.layers["points"].isChecked()
    transport.loop_button.click()  # neither, by the person's own wish
    last = another().panel("morph").result_pane.transport
    assert not last.loop_button.isChecked() and not last.ping_pong_button.isChecked()


def test_the_outline_of_squares():
    """Two squares side by side and one apart: six and four unit lines, none between the two."""
    lines = outline(np.array([[3.5, -0.5], [7.5, -0.5], [15.5, 7.5]]), 4.0)
    found = {tuple(line) for line in lines.tolist()}
    assert len(found) == 10
    assert (7.5, -0.5, 7.5, 3.5) not in found
    assert {(3.5, -0.5, 3.5, 3.5), (11.5, -0.5, 11.5, 3.5), (3.5, -0.5, 7.5, -0.5), (15.5, 11.5, 19.5, 11.5)} <= found
    assert outline(np.zeros((0, 2)), 4.0).shape == (0, 4)


@pytest.mark.parametrize("view", ["A beside B", "Difference of A and B", "Blink between A and B"])
def test_a_and_b_of_a_moment_are_compared(morph, qtbot, view):
    panel = morph.panel("morph")
    panel.layers["points"].setChecked(False)
    panel.result_pane.transport.set_time(0.5)
    panel.view_choice.setCurrentText(view)
    wait_for(morph, qtbot, lambda: shots(morph)[0].second is not None)
    shot = shots(morph)[0]
    if view == "A beside B":
        first, second = panel.result_pane.view.panes()
        assert np.array_equal(first.shown.pixels, shot.frame) and np.array_equal(second.shown.pixels, shot.second)
    elif view.startswith("Difference"):
        assert difference(morph, np.abs(shot.frame.astype(int) - shot.second).astype(np.uint8)) < 8
    else:
        qtbot.waitUntil(lambda: difference(morph, shot.second) < 5, timeout=5000)
        qtbot.waitUntil(lambda: difference(morph, shot.frame) < 5, timeout=5000)


def test_a_reduced_frame_is_read_in_pixels_of_the_picture(morph, qtbot, monkeypatch):
    monkeypatch.setattr("studio.gui.morph.responder.PREVIEW_SIDE", 120)
    morph.actions_["swap"].trigger()  # other pictures are brought into a frame anew
    wait_for(morph, qtbot, lambda: bool(shots(morph)) and max(shots(morph)[0].frame.shape) == 120)
    view, (width, height) = morph.panel("morph").result_pane.view, morph.state.picture("A").size
    pane = view.panes()[0]
    for share in (0.1007, 0.5007, 0.9007):  # never between two pixels
        at = pane.rect.topLeft() + QPointF(share * pane.rect.width(), share * pane.rect.height())
        assert view.readout(at).startswith(f"{int(share * width)}, {int(share * height)} ")
    view.actual_size()
    assert view.rect_of().width() == pytest.approx(width / view.devicePixelRatioF())


def test_the_result_is_enlarged_and_points_stay_on_it(morph, qtbot):
    view = morph.panel("morph").result_pane.view
    settled(morph, qtbot)
    _number, (x, y) = shots(morph)[0].points[0]
    before = view.panes()[0].place(x, y)
    wheel(view, before, 10)
    after = view.panes()[0].place(x, y)
    assert (before - after).manhattanLength() < 0.01 and view.zoom > 3
    assert view.rect_of().width() > view.width()
    qtbot.mouseMove(view, before.toPoint())
    assert view.readout(before).startswith(f"{round(x)}, {round(y)} ")


def test_arrows_lead_from_a_point_to_its_partner(morph, qtbot):
    """The arrow of the lattice that is nearest to a pair goes where the pair goes."""
    panel = morph.panel("morph")
    panel.layers["arrows"].setChecked(True)
    settled(morph, qtbot)
    arrows = shots(morph)[0].arrows
    a, b = morph.state.picture("A").size, morph.state.picture("B").size
    for start, end in zip(A_POINTS, B_POINTS, strict=True):
        scaled = (np.asarray(end) + 0.5) * np.asarray(a) / np.asarray(b) - 0.5
        nearest = arrows[np.argmin(np.hypot(*(arrows[:, :2] - start).T))]
        assert np.hypot(*((nearest[2:] - nearest[:2]) - (scaled - start))) < 12


def test_the_wipe_shows_a_on_the_left_and_b_on_the_right(morph, qtbot):
    panel = morph.panel("morph")
    panel.layers["points"].setChecked(False)
    panel.view_choice.setCurrentIndex(1)
    wait_for(morph, qtbot, lambda: shots(morph)[0].second is not None)
    view, a = panel.result_pane.view, morph.state.picture("A").pixels
    rect = view.rect_of()

    def at(share):
        return QPointF(rect.left() + share * rect.width(), rect.center().y())

    def drag_handle(to):
        start = at(view.wipe).toPoint()
        qtbot.mousePress(view, LEFT, pos=start)
        qtbot.mouseMove(view, at(to).toPoint())
        qtbot.mouseRelease(view, LEFT, pos=at(to).toPoint())

    drag_handle(1.0)
    assert view.wipe == pytest.approx(1.0, abs=0.01)
    assert difference(morph, a) < 8
    drag_handle(0.0)
    assert difference(morph, shots(morph)[0].second) < 8
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.wipe == pytest.approx(0.02, abs=0.011)
    panel.view_choice.setCurrentIndex(2)
    wait_for(morph, qtbot, lambda: shots(morph)[0].second is None)
    same = shots(morph)[0].frame
    assert not np.array_equal(same, a)


def test_the_same_picture_on_both_sides_has_a_grey_onion_skin(opened, qtbot, two_files):
    opened.opener.open_path(two_files[0], "B")
    qtbot.waitUntil(lambda: opened.state.picture("B").name == two_files[0].name)
    opened.state.set_pairs(PairSet.from_arrays(A_POINTS, A_POINTS))
    opened.modes.show("morph")
    opened.panel("morph").view_choice.setCurrentIndex(2)
    wait_for(opened, qtbot, lambda: bool(shots(opened)) and np.ptp(shots(opened)[0].frame, axis=2).max() <= 1)


def test_the_panel_says_what_to_do_first(window, qtbot, two_files, monkeypatch):
    def endless(a, b, options, **_):
        while True:
            yield Progress(0.5, "looking")

    monkeypatch.setattr(studio.buddies, "find_buddies", endless, raising=False)
    window.actions_["mode_morph"].trigger()
    panel = window.panel("morph")
    assert "Open two pictures" in panel.guide_text.text()
    assert not panel.match_button.isVisible() and not panel.result_pane.transport.isEnabled()
    assert not window.actions_["export_film"].isEnabled() and not window.actions_["play"].isEnabled()
    window.opener.open_paths(list(two_files), "A")
    qtbot.waitUntil(lambda: window.state.has_both)
    assert panel.guide.isVisible() and panel.match_button.isVisible()
    assert not panel.worker.is_running
    qtbot.mouseClick(panel.match_button, LEFT)
    assert window.modes.current == "match" and window.panel("match").is_running
    window.panel("match").cancel()
    window.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS))
    window.modes.show("morph")
    wait_for(window, qtbot, lambda: bool(shots(window)))
    assert not panel.guide.isVisible() and window.actions_["export_film"].isEnabled()
    window.state.set_pairs(PairSet())
    assert panel.guide.isVisible() and not shots(window)


def test_too_few_pairs_are_told_of(morph, qtbot):
    morph.state.set_pairs(PairSet.from_arrays([[50, 50], [100, 100], [150, 150]], [[50, 60], [90, 100], [120, 140]]))
    wait_for(morph, qtbot, lambda: "one line" in morph.panel("morph").notes.text())
    assert morph.panel("morph").notes.isVisible()


def test_another_picture_and_a_swap_are_taken_in(morph, qtbot):
    settled(morph, qtbot)
    morph.actions_["swap"].trigger()
    size = morph.state.picture("A").size
    wait_for(morph, qtbot, lambda: bool(shots(morph)) and shots(morph)[0].frame.shape[1::-1] == size)
    assert np.array_equal(shots(morph)[0].frame, morph.state.picture("A").pixels)
    morph.state.set_picture("B", morph.state.picture("A"))
    assert not shots(morph)


def test_modes_keep_what_was_set(morph, qtbot):
    panel = morph.panel("morph")
    panel.result_pane.transport.set_time(0.37)
    panel.form.editors["warp"].set_value("tps")
    panel.result_pane.transport.play_button.click()
    morph.actions_["mode_match"].trigger()
    assert panel.result_pane.isHidden() and not panel.result_pane.transport.is_playing
    assert morph.modes.panels.currentWidget() is morph.panel("match")
    assert morph.docks["mode"].windowTitle() == "Match" and not morph.actions_["play"].isEnabled()
    assert len(morph.state.pairs) == len(A_POINTS)
    morph.actions_["mode_morph"].trigger()
    assert panel.result_pane.isVisible() and morph.modes.panels.currentWidget() is panel
    assert panel.result_pane.transport.time == pytest.approx(0.37, abs=0.05)
    settled(morph, qtbot)
    assert shots(morph)[0].title == "Thin plate"
    assert morph.state.part("morph")["warp"] == "tps"
    assert morph.actions_["mode_morph"].isChecked() and not morph.actions_["mode_match"].isChecked()


def test_every_warp_is_shown(morph, qtbot):
    panel = morph.panel("morph")
    panel.result_pane.transport.set_time(0.5)
    for kind in ("mls-similarity", "mls-affine", "tps", "delaunay", "mls-rigid"):
        panel.form.editors["warp"].set_value(kind)
        word = panel.form.value().word("warp")
        wait_for(morph, qtbot, lambda word=word: shots(morph)[0].title == word)
    for frame in ("b", "between", "a"):
        panel.form.editors["frame"].set_value(frame)
        sizes = {"a": (451, 300), "b": (400, 400), "between": (426, 350)}
        wait_for(morph, qtbot, lambda size=sizes[frame]: shots(morph)[0].frame.shape[1::-1] == size)


@pytest.mark.slow
def test_halfway_shows_its_start_at_once_and_is_refined_later(morph, qtbot):
    panel = morph.panel("morph")
    panel.result_pane.transport.set_time(0.5)
    panel.form.editors["warp"].set_value("halfway")
    wait_for(morph, qtbot, lambda: "being refined" in panel.notes.text())
    first = shots(morph)[0].frame
    qtbot.waitUntil(lambda: "being refined" not in panel.notes.text())
    assert not np.array_equal(shots(morph)[0].frame, first)


# --- the responder, without a window ---


def test_places_are_counted_by_what_hangs_together():
    one = np.array([[10, 10], [14, 10], [18, 14]], float)
    from studio.warp.jacobian import count_places

    assert count_places(one) == 1
    assert count_places(np.vstack([one, np.add(one, (100, 0)), np.add(one, (0, 60))])) == 3
    assert count_places(np.zeros((0, 2))) == 0


def test_the_desk_never_works_twice_for_the_same_pictures(morph, qtbot, monkeypatch):
    """Pairs, options and time are taken in without bringing the pictures into the frame again."""
    import studio.morph.render as render

    calls: list[str] = []
    prepare = render.prepare
    monkeypatch.setattr(render, "prepare", lambda *args: calls.append("prepared") or prepare(*args))
    responder, panel = MorphResponder(), morph.panel("morph")
    asked: list[object] = []
    monkeypatch.setattr(panel.worker, "ask", asked.append)
    panel.result_pane.transport.set_time(0.4)
    panel.form.editors["warp"].set_value("tps")
    panel.compare.setCurrentText("With shearing")
    morph.state.drag_point("A", 1, (95, 75))
    morph.state.drop_point()
    assert len(asked) >= 5
    for request in asked:
        responder.answer(request)
    assert calls == ["prepared"]
    while responder.rest() is not None:
        pass
    assert all(held.morph.warm for held in responder._held.values())
    responder.close()


def test_ghosts_are_aligned_while_one_looks(morph, qtbot):
    """The first frame is there at once, the aligned one follows; without strength it is the first again."""
    panel = morph.panel("morph")
    panel.result_pane.transport.set_time(0.5)
    settled(morph, qtbot)
    plain = shots(morph)[0].frame
    panel.form.editors["align"].set_value(1.0)
    wait_for(morph, qtbot, lambda: not np.array_equal(shots(morph)[0].frame, plain))
    wait_for(morph, qtbot, lambda: "being aligned" not in panel.notes.text())
    panel.form.editors["align"].set_value(0.0)
    wait_for(morph, qtbot, lambda: np.abs(shots(morph)[0].frame.astype(int) - plain).max() <= 1)
