"""The mode Inspect by mouse: hover, hold, why, and what the window does around them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from studio.gui.inspect.hover import HoverView
from studio.pairs import PairSet
from studio.progress import Progress
from tests.gui.inspecting import click, done, enter, hover, overlay, wait_for
from tests.gui.morphing import A_POINTS, B_POINTS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def twins(window, qtbot, two_files):
    """The same picture on both sides, in the mode Inspect."""
    window.opener.open_paths([two_files[0], two_files[0]], "A")
    wait_for(window, qtbot, lambda: window.state.has_both)
    enter(window, qtbot)
    return window


@pytest.fixture
def inspect(opened, qtbot):
    """Two pictures with pairs, in the mode Inspect."""
    opened.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS, level=1))
    enter(opened, qtbot)
    return opened


def test_a_place_is_its_own_best_buddy_in_the_same_picture(twins, qtbot):
    for side, x, y in (("A", 120.0, 90.0), ("B", 300.0, 170.0)):
        reading = hover(twins, qtbot, side, x, y)
        assert [level.layer.level for level in reading.levels] == [5, 4, 3, 2, 1]
        full = twins.state.picture(side).size
        for level in reading.levels:
            block = level.layer.stride * full[0] / 64
            assert np.hypot(level.answer.best[0] - x, level.answer.best[1] - y) <= block
            assert level.answer.value == pytest.approx(1.0, abs=1e-4)
            assert level.answer.mutual and level.answer.margin >= 0
            rows, columns = level.similarity.values.shape
            assert columns == -(-64 // level.layer.stride) and rows == -(-round(300 * 64 / 451) // level.layer.stride)
        assert np.hypot(reading.trace[-1][0] - x, reading.trace[-1][1] - y) <= full[0] / 64
    strip = twins.panel("inspect").hover.strip
    assert [tile.title for tile in strip.tiles] == [
        "5 · points5",
        "4 · relu4_3",
        "3 · relu3_2",
        "2 · relu2_2",
        "1 · relu1_1",
    ]
    assert all(tile.side == "A" and tile.good for tile in strip.tiles)
    assert "Mutual at 5 of 5 levels" in twins.panel("inspect").hover.words.text()
    # Over B the map lies over A, and B has the mark and the boxes.
    assert overlay(twins, "A").tint is not None and overlay(twins, "B").tint is None
    assert [mark.kind for mark in overlay(twins, "B").marks] == ["cursor"]
    assert len(overlay(twins, "B").boxes) == 5 and overlay(twins, "A").trace == reading.trace


def test_another_level_is_shown_large_and_the_scale_is_one_for_all(twins, qtbot):
    view: HoverView = twins.panel("inspect").hover
    hover(twins, qtbot, "A", 150, 150)
    coarse = overlay(twins, "B").tint
    qtbot.mouseClick(view.strip, LEFT, pos=view.strip.tile_rect(2).center().toPoint())
    assert view.chosen.layer.level == 3 and view.strip.current == 2
    assert overlay(twins, "B").tint.shape != coarse.shape
    legend = twins.panel("inspect").hub.legend
    assert [(entry.low, entry.high) for entry in legend.entries] == [(0.0, 1.0)]  # the same picture: 1 is reached
    twins.panel("inspect").colours.own.setChecked(True)
    low, high = legend.entries[0].low, legend.entries[0].high
    values = view.chosen.similarity.values
    assert low == pytest.approx(float(values.min())) and low < high <= float(values.max()) + 1e-6
    before = overlay(twins, "B").tint
    twins.panel("inspect").colours.table.setCurrentIndex(1)
    assert not np.array_equal(overlay(twins, "B").tint, before)
    twins.panel("inspect").colours.opacity.setValue(20)
    assert overlay(twins, "B").opacity == pytest.approx(0.2)


def test_a_click_holds_the_place_and_another_one_on_it_lets_go(inspect, qtbot):
    panel = inspect.panel("inspect")
    hover(inspect, qtbot, "A", 200, 120)
    click(inspect, "A", 200, 120)
    assert panel.hover.pinned is not None and panel.hover.pinned[0] == "A"
    assert inspect.actions_["inspect_release"].isEnabled()
    held = panel.hover.reading.request.place
    canvas = inspect.viewer.canvas("A")
    canvas.cursor_moved.emit(canvas.to_picture(canvas.rect().center().toPointF()))
    qtbot.wait(60)
    assert panel.hover.reading.request.place == pytest.approx(held)
    assert overlay(inspect, "A").marks[0].kind == "pinned"
    click(inspect, "A", 201, 121)
    assert panel.hover.pinned is None
    hover(inspect, qtbot, "A", 60, 200)


def test_why_takes_over_the_held_place_and_its_bars_add_up(inspect, qtbot):
    panel = inspect.panel("inspect")
    hover(inspect, qtbot, "A", 200, 120)
    click(inspect, "A", 200, 120)
    wait_for(inspect, qtbot, lambda: panel.hover.reading.request.place == panel.hover.pinned[1])
    places, value = panel.hover.places, panel.hover.chosen.answer.value
    qtbot.mouseClick(panel.hover.why_button, LEFT)
    assert panel.view is panel.why
    wait_for(inspect, qtbot, lambda: panel.why.reading is not None)
    reading, bars = panel.why.reading, panel.why.bars
    assert panel.why.pair == places
    assert reading.split.cosine == pytest.approx(value, abs=1e-5)
    assert sum(bar.value for bar in bars.bars) == pytest.approx(bars.total, abs=1e-9)
    values = [bar.value for bar in bars.bars[:-1]]
    assert values == sorted(values, reverse=True)
    assert f"{reading.split.cosine:.2f}" in panel.why.words.text()
    # The map of a channel, over both pictures, on one scale.
    row = bars.row_rect(0)
    qtbot.mouseClick(bars, LEFT, pos=QPoint(30, round(row.center().y())))
    wait_for(inspect, qtbot, lambda: panel.why.reading.maps is not None)
    assert overlay(inspect, "A").tint is not None and overlay(inspect, "B").tint is not None
    assert len(panel.hub.legend.entries) == 1
    assert f"channel {bars.bars[0].channel}" in panel.hub.legend.entries[0].title
    assert bars.current == bars.bars[0].channel


def test_why_follows_a_click_on_a_point_and_on_any_place(inspect, qtbot):
    panel = inspect.panel("inspect")
    inspect.actions_["inspect_why"].trigger()
    wait_for(inspect, qtbot, lambda: panel.why.reading is not None)
    click(inspect, "B", *B_POINTS[2])
    wait_for(inspect, qtbot, lambda: panel.why.pair == (tuple(A_POINTS[2]), tuple(B_POINTS[2])))
    assert panel.why.pair_choice.currentText().startswith("Pair 3")
    click(inspect, "B", 60, 340)
    wait_for(inspect, qtbot, lambda: panel.why.pair[1] == pytest.approx((60, 340), abs=1))
    assert panel.why.pair_label == "The place clicked and the best one"
    panel.why.layer.setCurrentIndex(2)
    wait_for(inspect, qtbot, lambda: panel.why.reading is not None and panel.why.reading.request.layer == "relu3_2")
    assert len(panel.why.reading.split.values) == panel.why.info.channels


def test_the_pixels_behind_a_pair_and_the_check_that_they_add_up(inspect, qtbot):
    panel = inspect.panel("inspect")
    inspect.state.set_selected(3)
    inspect.actions_["inspect_why"].trigger()
    wait_for(inspect, qtbot, lambda: panel.why.reading is not None)
    for method, signed in (("gradient", False), ("integrated-gradients", True)):
        qtbot.mouseClick(panel.why.buttons[method], LEFT)
        done(inspect, qtbot)
        shown = panel.why.explanation
        assert shown.method == method and shown.signed is signed and set(shown.maps) == {"A", "B"}
        assert panel.why.buttons[method].isChecked()
        assert panel.hub.legend.entries[0].unit
    total = {side: float(heat.values.sum()) for side, heat in shown.maps.items()}
    assert any(total[side] == pytest.approx(shown.whole + shown.residual, rel=1e-3) for side in total)
    assert "left open" in panel.why.words.text()
    # What is known is not computed again.
    submitted: list[object] = []
    inspect.jobs.submitted.connect(submitted.append)
    qtbot.mouseClick(panel.why.buttons["gradient"], LEFT)
    assert panel.why.explanation.method == "gradient" and not submitted


def test_a_long_job_can_be_cancelled(inspect, qtbot, monkeypatch):
    import studio.gui.inspect.attribution as attribution

    closed: list[bool] = []

    def endless(*_):
        try:
            while True:
                yield Progress(0.5, "covering windows")
        finally:
            closed.append(True)

    monkeypatch.setattr(attribution, "explain_pair_maps", endless)
    panel = inspect.panel("inspect")
    inspect.actions_["inspect_why"].trigger()
    wait_for(inspect, qtbot, lambda: panel.why.reading is not None)
    panel.why.explain("occlusion")
    wait_for(inspect, qtbot, lambda: panel.status.text() == "covering windows")
    assert inspect.actions_["inspect_cancel"].isEnabled() and panel.cancel_button.isEnabled()
    qtbot.mouseClick(panel.cancel_button, LEFT)
    assert not panel.hub.is_running and not panel.cancel_button.isEnabled()
    wait_for(inspect, qtbot, lambda: bool(closed))
    assert panel.why.explanation is None and panel.why.buttons["occlusion"].isEnabled()


def test_the_panel_says_what_to_do_and_forgets_old_pictures(window, qtbot, two_files):
    panel = window.panel("inspect")
    window.actions_["mode_inspect"].trigger()
    assert panel.result_pane.hint.words[0] == "Open two pictures"
    assert not window.actions_["inspect_why"].isEnabled() and not panel.worker.is_running
    window.opener.open_paths(list(two_files), "A")
    wait_for(window, qtbot, lambda: window.state.has_both)
    enter(window, qtbot)
    assert panel.result_pane.pages.currentWidget() is panel.hover.page
    reading = hover(window, qtbot, "A", 100, 100)
    before = panel.hub.session
    window.actions_["swap"].trigger()
    assert panel.hub.session is None and panel.hover.reading is None
    assert overlay(window, "A").is_empty
    panel.hover.answered(reading)  # an answer about the pictures from before comes late
    assert panel.hover.reading is None
    wait_for(window, qtbot, lambda: panel.hub.session is not None)
    assert panel.hub.session is not before
    assert panel.hub.session.sizes == {"A": before.sizes["B"], "B": before.sizes["A"]}


def test_leaving_the_mode_leaves_the_pictures_as_they_were(inspect, qtbot):
    panel, viewer = inspect.panel("inspect"), inspect.viewer
    hover(inspect, qtbot, "A", 100, 100)
    assert not viewer.lines_shown and overlay(inspect, "B").tint is not None
    inspect.actions_["mode_match"].trigger()
    assert viewer.lines_shown and not panel.hub.layers["B"].isVisible()
    session = panel.hub.session
    inspect.actions_["mode_inspect"].trigger()
    assert panel.hub.session is session and panel.hub.layers["B"].isVisible()
    hover(inspect, qtbot, "B", 200, 200)
    # Another size is looked at again.
    before = session
    panel.working_size.addItem("96 px", 96)
    panel.working_size.setCurrentIndex(panel.working_size.findData(96))
    wait_for(inspect, qtbot, lambda: panel.hub.session not in (None, before))
    assert max(panel.hub.session.sizes["A"]) == 96
    hover(inspect, qtbot, "A", 50, 50)
    assert panel.hover.reading.levels[-1].similarity.values.shape[1] == 96


def test_small_maps_have_the_view_and_the_cursor_of_the_pictures(inspect, qtbot):
    panel = inspect.panel("inspect")
    hover(inspect, qtbot, "A", 100, 100)
    strip, canvas = panel.hover.strip, inspect.viewer.canvas("B")
    whole = strip.grab().toImage()
    canvas.zoom_by(3.0)
    assert strip.views["B"] == canvas.view_state()
    qtbot.wait(10)
    assert strip.grab().toImage() != whole
    center = strip.tile_rect(0).center().toPoint()
    qtbot.mouseMove(strip, center)
    pointer = panel.hub.layers["B"].pointer
    size = inspect.state.picture("B").size
    wanted = canvas.view_state().center
    assert pointer == pytest.approx((wanted[0] * size[0], wanted[1] * size[1]), abs=4)
    qtbot.mouseMove(strip, QPoint(2, 2))


def test_a_failure_is_told_in_one_sentence_and_can_be_tried_again(opened, qtbot, monkeypatch):
    import studio.gui.inspect.work as work
    from studio.backbones.levels import WeightsError

    def broken(*_):
        yield Progress(0.1, "loading")
        raise WeightsError("The weights file has gone; choose another one.")

    with monkeypatch.context() as patch:
        patch.setattr(work, "prepare", broken)
        opened.actions_["mode_inspect"].trigger()
        panel = opened.panel("inspect")
        wait_for(opened, qtbot, lambda: "not looked" in panel.result_pane.hint.words[0])
    assert "weights file has gone" in panel.result_pane.hint.words[1]
    enter(opened, qtbot)
    assert panel.result_pane.pages.currentWidget() is panel.hover.page


def test_what_a_match_compared_is_hovered_without_another_pass_of_the_network(opened, qtbot, monkeypatch):
    from studio.backbones import Backbone

    passes: list[tuple[int, ...]] = []
    plain = Backbone.normalise

    def counted(self, image):
        if bool(image.any()):  # an empty one measures receptive fields
            passes.append(tuple(image.shape[2:]))
        return plain(self, image)

    monkeypatch.setattr(Backbone, "normalise", counted)
    panel, matching = opened.panel("inspect"), opened.panel("match")
    assert panel.working_size.currentData() == 224
    matching.form.editors["working_size"].set_value(64)
    matching.form.editors["turned"].set_value(False)  # which looks at both pictures once more, and smaller
    matching.run()
    wait_for(opened, qtbot, lambda: not matching.is_running)
    assert len(passes) == 2
    opened.actions_["mode_inspect"].trigger()
    wait_for(opened, qtbot, lambda: panel.hub.session is not None)
    assert len(passes) == 2 and panel.working_size.currentText() == "as in the match"
    held = matching.memory.get().held
    assert panel.hub.session.sizes == {"A": held.plan.size_a, "B": held.plan.size_b}
    cache = panel.hub.session.cache.hover
    assert all(cache.features("A", number) is map_ for number, map_ in held.a.maps.items())
    # The maps of a level are not computed again for the channels either.
    panel.hub.session.cache.activations(panel.hub.session.levels[0].name)
    assert len(passes) == 2
    # A size that somebody chooses stays, whatever is matched.
    panel.working_size.setCurrentIndex(panel.working_size.findData(160))
    wait_for(opened, qtbot, lambda: panel.hub.session is not None and max(panel.hub.session.sizes["A"]) == 160)
    opened.actions_["mode_match"].trigger()
    opened.actions_["mode_inspect"].trigger()
    assert panel.working_size.currentData() == 160


def test_what_is_hovered_as_in_the_match_serves_the_match(opened, qtbot):
    panel, matching = opened.panel("inspect"), opened.panel("match")
    matching.form.editors["working_size"].set_value(64)
    panel.working_size.setCurrentIndex(panel.working_size.findText("as in the match"))
    opened.actions_["mode_inspect"].trigger()
    wait_for(opened, qtbot, lambda: panel.hub.session is not None)
    session = panel.hub.session
    matching.run()
    wait_for(opened, qtbot, lambda: not matching.is_running)
    held = matching.memory.get().held
    assert held.a is session.cache.hover.pair.a and held.b is session.cache.hover.pair.b


@pytest.mark.parametrize("way", ("tab", "menu", "button", "at once"))
def test_a_held_place_is_taken_over_by_why_however_one_comes_there(inspect, qtbot, way):
    panel = inspect.panel("inspect")
    inspect.state.set_selected(0)
    panel.show_view("why")  # it has a pair of its own before
    wait_for(inspect, qtbot, lambda: panel.why.reading is not None)
    panel.show_view("hover")
    click(inspect, "A", 220, 120)
    if way != "at once":
        wait_for(inspect, qtbot, lambda: panel.hover.held_places is not None)
    if way == "button":
        panel.hover.why_button.click()
    elif way == "menu":
        inspect.actions_["inspect_why"].trigger()
    else:
        panel.result_pane.tabs.setCurrentIndex(1)
    wait_for(
        inspect, qtbot, lambda: panel.why.pair is not None and panel.why.pair[0] == pytest.approx((220, 120), abs=1.5)
    )
    wait_for(inspect, qtbot, lambda: panel.why.reading is not None)
    # A pair that is chosen there stays, until another place is held.
    panel.why.set_pair((10.0, 10.0), (20.0, 20.0), "another")
    panel.result_pane.tabs.setCurrentIndex(0)
    panel.result_pane.tabs.setCurrentIndex(1)
    assert panel.why.pair == ((10.0, 10.0), (20.0, 20.0))
