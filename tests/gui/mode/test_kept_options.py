"""Options of every mode, choices and painted regions in the history of the window: undone, saved, recovered."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QSlider, QSpinBox, QStyle, QStyleOptionSlider

from studio.document import reading
from studio.pairs import PairSet, write_pairs
from studio.picture import Picture
from tests.gui.morphing import A_POINTS, B_POINTS
from tests.gui.projects import kill, open_project, save

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def clock(monkeypatch):
    """The seconds that the history goes by."""
    now = [100.0]
    monkeypatch.setattr("studio.gui.canvas.undo.time.monotonic", lambda: now[0])
    return now


def history(window) -> list[str]:
    stack = window.editing.history.stack
    return [stack.text(number) for number in range(stack.count())]


def undo(window) -> str:
    """Take the last step back; says what the menu called it."""
    text = window.actions_["undo"].text()
    window.actions_["undo"].trigger()
    return text


def redo(window) -> None:
    window.actions_["redo"].trigger()


def handle_at(slider: QSlider) -> QPoint:
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    part = QStyle.SubControl.SC_SliderHandle
    return slider.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, slider).center()


def drag(qtbot, slider: QSlider, *distances: int) -> None:
    """Press on the handle, move it by pixels, and let go."""
    at = handle_at(slider)
    qtbot.mousePress(slider, LEFT, pos=at)
    for distance in distances:
        qtbot.mouseMove(slider, at + QPoint(distance, 0))
        slider.setSliderPosition(slider.sliderPosition() + distance)  # offscreen, moves carry no buttons
    qtbot.mouseRelease(slider, LEFT, pos=at + QPoint(sum(distances), 0))


def paint(window, side: str, *places: tuple[float, float], erases: bool = False) -> None:
    painting = window.panel("style").regions.painting
    painting.begin(side, places[0], erases)
    for place in places[1:]:
        painting.go_to(place)
    painting.end()


def masks(window) -> list[dict]:
    return [dict(region.masks) for region in window.panel("style").regions.painting.regions]


def test_a_drag_of_a_slider_is_one_step_however_long_it_lasts(opened, qtbot, clock):
    form = opened.panel("match").form
    editor = form.editors["consistency"]
    before, steps = form.value(), len(history(opened))
    slider = editor.findChild(QSlider)
    at = handle_at(slider)
    qtbot.mousePress(slider, LEFT, pos=at)
    for _ in range(4):
        clock[0] += 20.0
        slider.setSliderPosition(slider.sliderPosition() + 1)
    qtbot.mouseRelease(slider, LEFT, pos=at)
    first = form.value()
    assert first.consistency == pytest.approx(before.consistency + 0.2)
    drag(qtbot, slider, -1, -2)  # at once, and yet another drag
    assert history(opened)[steps:] == ["Change Consistency"] * 2
    assert undo(opened) == "Undo Change Consistency"
    assert form.value() == first and slider.value() == round(first.consistency / 0.05)
    undo(opened)
    assert form.value() == before
    redo(opened)
    assert form.value() == first
    assert opened.settings.options(type(first), "match") == first  # as if it had been changed by hand


def test_a_run_of_steps_is_one_step_and_a_pause_or_another_knob_ends_it(opened, qtbot, clock):
    form = opened.panel("match").form
    steps = len(history(opened))
    field = form.editors["pairs"].findChild(QSpinBox)
    for pause in (0.1, 0.3, 0.3, 5.0, 0.2):
        clock[0] += pause
        field.stepUp()
    form.editors["relaxed"].set_value(True)
    field.stepDown()
    assert history(opened)[steps:] == ["Change Pairs", "Change Pairs", "Change Relaxed Buddies", "Change Pairs"]
    values = []
    for _ in range(4):
        undo(opened)
        values.append((form.value().pairs, form.value().relaxed))
    assert values == [(29, True), (29, False), (27, False), (24, False)]


def test_the_keys_of_undo_reach_the_window_from_every_field(opened, qtbot, clock):
    control = Qt.KeyboardModifier.ControlModifier
    form = opened.panel("match").form
    field = form.editors["pairs"].findChild(QSpinBox)
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    qtbot.keyClick(field, Qt.Key.Key_Up)
    clock[0] += 5.0
    qtbot.keyClick(field, Qt.Key.Key_Up)
    qtbot.keyClick(field, Qt.Key.Key_Z, control)
    assert form.value().pairs == 25
    qtbot.keyClick(field, Qt.Key.Key_Z, control)
    assert form.value().pairs == 24
    qtbot.keyClick(field, Qt.Key.Key_Z, control | Qt.KeyboardModifier.ShiftModifier)
    assert form.value().pairs == 25
    field.selectAll()
    qtbot.keyClicks(field, "61")  # typed, but not entered yet
    qtbot.keyClick(field, Qt.Key.Key_Z, control)
    assert form.value().pairs == 25 and opened.actions_["undo"].text() == "Undo Change Pairs"
    qtbot.keyClick(field, Qt.Key.Key_Return)
    opened.actions_["mode_style"].trigger()
    opened.panel("style").result_pane.strip_button.setChecked(False)
    line = opened.panel("style").form.editors["layers"].findChild(QLineEdit)
    opened.panel("style").form.more_button.setChecked(True)
    line.setFocus()
    qtbot.waitUntil(line.hasFocus)
    qtbot.keyClicks(line, "relu3_1")
    assert opened.panel("style").form.value().layers == "relu3_1"
    qtbot.keyClick(line, Qt.Key.Key_Z, control)
    assert opened.panel("style").form.value().layers == "" and line.text() == ""


def test_there_and_back_again_is_no_step(opened, qtbot, tmp_path, clock):
    save(opened, qtbot, tmp_path / "p.buddies")
    steps, field = history(opened), opened.panel("match").form.editors["pairs"].findChild(QSpinBox)
    field.stepUp()
    assert opened.isWindowModified() and len(history(opened)) == len(steps) + 1
    field.stepDown()
    # What was saved is never merged with, so this is a step of its own; the second run of steps is what goes.
    field.stepUp()
    field.stepUp()
    field.stepDown()
    field.stepDown()
    for _ in range(len(history(opened)) - len(steps)):
        undo(opened)
    assert history(opened)[: len(steps)] == steps and not opened.isWindowModified()
    clock[0] += 10.0
    field.stepUp()
    field.stepUp()
    count = len(history(opened))
    field.stepDown()
    field.stepDown()
    assert len(history(opened)) == count - 1 and not opened.isWindowModified()


def test_every_mode_takes_part_and_defaults_are_one_step(opened, qtbot):
    window, panel = opened, opened.panel("style")
    window.panel("inspect").explain.method.setCurrentIndex(
        window.panel("inspect").explain.method.findData("smoothgrad")
    )
    changes = [
        (window.panel("match").form.editors["finest_level"], 3),
        (window.panel("morph").form.editors["warp"], "tps"),
        (panel.forms["style"].editors["content_weight"], 2.5),
        (panel.forms["texture"].editors["tileable"], True),
        (panel.forms["inversion"].editors["steps"], 77),
        (window.panel("inspect").explain.form.editors["samples"], 9),
    ]
    steps = len(history(window))
    before = [editor.value() for editor, _ in changes]
    for editor, value in changes:
        editor.set_value(value)
    panel.choice.kind_choice.setCurrentIndex(panel.choice.kind_choice.findData("texture"))
    panel.choice.swap_button.click()
    window.panel("inspect").colours.opacity.setValue(12)
    window.panel("inspect").working_size.setCurrentIndex(0)
    assert history(window)[steps:] == [
        "Change Finest Level",
        "Change Warp",
        "Change Content",
        "Change Tileable",
        "Change Steps",
        "Change Copies",
        "Change What to Make",
        "Change Direction",
        "Change Opacity",
        "Change Working Size",
    ]
    while len(history(window)[: window.editing.history.stack.index()]) > steps:
        undo(window)
    assert [editor.value() for editor, _ in changes] == before
    assert (panel.choice.kind, panel.choice.side) == ("style", "A")
    assert (
        window.panel("inspect").colours.value().opacity == 70
        and window.panel("inspect").working_size.currentText()[:3] == "224"
    )
    for _ in range(10):
        redo(window)
    assert [editor.value() for editor, _ in changes] == [value for _, value in changes]
    assert (panel.choice.kind, panel.choice.side) == ("texture", "B")
    # Another method has a form of its own; the first keeps what was set.
    window.panel("inspect").explain.method.setCurrentIndex(window.panel("inspect").explain.method.findData("gradient"))
    undo(window)
    assert window.panel("inspect").explain.form.value().samples == 9
    window.panel("match").form.editors["pairs"].set_value(3)
    window.panel("match").form.reset_button.click()
    assert window.panel("match").form.value() == type(window.panel("match").form.value())()
    assert undo(window) == "Undo Reset Options"
    assert window.panel("match").form.value().pairs == 3 and window.panel("match").form.value().finest_level == 3


def test_options_come_back_with_their_history_after_saving_and_after_a_kill(opened, qtbot, tmp_path, another):
    form = opened.panel("morph").form
    form.editors["warp"].set_value("tps")
    form.editors["colour_start"].set_value(0.25)
    wanted = form.value()
    opened.panel("match").form.editors["pairs"].set_value(5)
    undo(opened)
    path = tmp_path / "p.buddies"
    save(opened, qtbot, path)
    assert not opened.isWindowModified()
    document = reading(path)
    assert document.options["morph"]["warp"] == "tps" and document.history[0].text == "Change Warp"
    redo(opened)
    assert opened.isWindowModified()
    undo(opened)
    assert not opened.isWindowModified()
    undo(opened)
    kill(opened, qtbot)
    opened.document.take_lock(None)
    first = another()
    first.document.offer_recoveries()
    bar = first.document.recovery_bar
    qtbot.waitUntil(bar.isVisible)
    bar.recover_button.click()
    qtbot.waitUntil(lambda: first.state.has_both)
    assert first.isWindowModified() and first.panel("morph").form.value() != wanted
    redo(first)
    assert first.panel("morph").form.value() == wanted
    redo(first)
    assert first.panel("match").form.value().pairs == 5
    for _ in range(3):
        undo(first)
    assert first.panel("morph").form.value().warp != "tps"
    kill(first, qtbot)
    first.document.take_lock(None)
    second = another()
    open_project(second, qtbot, path)
    assert second.panel("morph").form.value() == wanted and not second.isWindowModified()
    undo(second)
    undo(second)
    assert second.panel("morph").form.value().warp != "tps" and second.isWindowModified()
    assert not second.actions_["undo"].isEnabled()


def test_pairs_that_are_shown_for_a_while_are_no_part_of_a_step(opened, qtbot):
    pairs = PairSet.from_arrays(A_POINTS, B_POINTS, level=1)
    opened.state.set_pairs(pairs)
    opened.state.hold(True)  # as a match does
    opened.state.set_pairs(PairSet(), step=None)
    opened.state.add_level(5, pairs.without([1, 2]))
    opened.panel("morph").form.editors["warp"].set_value("tps")
    assert opened.document.snapshot().pairs == pairs
    opened.state.set_pairs(pairs, step=None)  # given up
    opened.state.hold(False)
    undo(opened)
    assert opened.state.pairs == pairs and opened.panel("morph").form.value().warp != "tps"
    undo(opened)
    assert not opened.state.pairs


def test_undo_starts_nothing(opened, qtbot):
    opened.actions_["mode_style"].trigger()
    opened.panel("style").result_pane.strip_button.setChecked(False)
    opened.panel("style").form.editors["steps"].set_value(33)
    jobs = []
    opened.jobs.submitted.connect(lambda handle: jobs.append(handle.title))
    undo(opened)
    redo(opened)
    opened.actions_["mode_match"].trigger()
    opened.panel("match").form.editors["pairs"].set_value(11)
    undo(opened)
    qtbot.wait(50)
    assert not jobs and not opened.panel("style").runner.is_running and not opened.panel("match").is_running


def test_weights_and_pictures_of_styles_and_the_start_can_be_undone(opened, qtbot):
    choice = opened.panel("style").choice
    red = Picture.from_array(np.full((20, 30, 3), (200, 10, 10), np.uint8), "red")
    choice.sources.add(red, 0.5)
    choice.sources.rows[1].weight.setValue(2.0)
    choice.sources.rows[0].weight.setValue(0.25)
    choice.set_start(red)
    weights = [(one.picture.name, one.weight) for one in choice.sources.sources]
    assert weights == [("coffee.jpg", 0.25), ("red", 2.0)]
    undo(opened)
    assert choice.start is None and choice.start_name.text() == "as the options say"
    undo(opened)
    undo(opened)
    assert [one.weight for one in choice.sources.sources] == [1.0, 0.5]
    undo(opened)
    assert choice.sources.extras == []
    for _ in range(4):
        redo(opened)
    assert [(one.picture.name, one.weight) for one in choice.sources.sources] == weights and choice.start is red
    choice.sources.rows[1].remove.click()
    undo(opened)
    assert choice.sources.extras == [red] and choice.sources.sources[1].weight == 2.0


def test_paint_is_saved_and_undone_and_comes_back_after_a_kill(opened, qtbot, tmp_path, another):
    painting = opened.panel("style").regions.painting
    steps = len(history(opened))
    painting.add()
    paint(opened, "A", (60.0, 60.0), (200.0, 90.0))
    paint(opened, "B", (100.0, 200.0), (300.0, 210.0))
    painting.set_brush(0.02)
    paint(opened, "A", (100.0, 70.0), (150.0, 80.0), erases=True)
    painting.add()
    assert history(opened)[steps:] == [
        "Add Region 1",
        "Paint Region 1 in A",
        "Paint Region 1 in B",
        "Erase Region 1 in A",
        "Add Region 2",
    ]
    wanted = masks(opened)
    assert len(set(np.unique(wanted[0]["A"])) - {0, 255}) > 20  # borders are soft
    path = tmp_path / "p.buddies"
    save(opened, qtbot, path)
    assert path.stat().st_size < 2_000_000 and not opened.isWindowModified()
    undo(opened)
    undo(opened)
    assert opened.isWindowModified() and len(masks(opened)) == 1
    now = masks(opened)
    assert not np.array_equal(now[0]["A"], wanted[0]["A"])
    kill(opened, qtbot)
    opened.document.take_lock(None)
    first = another()
    first.document.offer_recoveries()
    qtbot.waitUntil(first.document.recovery_bar.isVisible)
    first.document.recovery_bar.recover_button.click()
    qtbot.waitUntil(lambda: first.state.has_both)
    again = masks(first)
    assert len(again) == 1 and all(np.array_equal(again[0][side], now[0][side]) for side in "AB")
    redo(first)
    assert np.array_equal(masks(first)[0]["A"], wanted[0]["A"])
    undo(first)
    undo(first)
    assert "B" not in masks(first)[0]
    paint(first, "A", (300.0, 200.0))  # and it can be painted on
    assert masks(first)[0]["A"][200, 300] == 255
    kill(first, qtbot)
    first.document.take_lock(None)
    second = another()
    open_project(second, qtbot, path)
    back = masks(second)
    assert all(np.array_equal(back[0][side], wanted[0][side]) for side in "AB") and back[1] == {}
    assert [region.name for region in second.panel("style").regions.painting.regions] == ["Region 1", "Region 2"]
    assert [row.region.name for row in second.panel("style").regions.rows] == ["Region 1", "Region 2"]
    second.document.new()
    assert masks(second) == [] and not second.panel("style").regions.rows


def test_pictures_that_change_take_the_paint_along_or_away_in_the_same_step(opened, qtbot, two_files):
    painting = opened.panel("style").regions.painting
    painting.add()
    paint(opened, "A", (60.0, 60.0), (200.0, 90.0))
    paint(opened, "B", (100.0, 200.0), (300.0, 210.0))
    before, steps = masks(opened)[0], len(history(opened))
    b = opened.state.picture("B")
    opened.actions_["mirror_b"].trigger()
    qtbot.waitUntil(lambda: opened.state.picture("B") is not b)
    assert np.array_equal(masks(opened)[0]["B"], before["B"][:, ::-1])
    opened.state.swap()
    assert np.array_equal(masks(opened)[0]["B"], before["A"])
    opened.state.set_picture("B", Picture.from_array(np.zeros((20, 30, 3), np.uint8), "black"))
    assert "B" not in masks(opened)[0] and len(history(opened)) == steps + 3
    undo(opened)
    assert np.array_equal(masks(opened)[0]["B"], before["A"])
    undo(opened)
    undo(opened)
    assert all(np.array_equal(masks(opened)[0][side], before[side]) for side in "AB")
    redo(opened)
    assert np.array_equal(masks(opened)[0]["B"], before["B"][:, ::-1])


def test_the_list_of_a_morph_is_undone_and_saved_with_the_pairs_that_were_found(
    opened, qtbot, tmp_path, another, monkeypatch
):
    further, matched = opened.panel("morph").further, []
    found = PairSet.from_arrays(B_POINTS, A_POINTS, level=1)

    def match(entry, before):
        matched.append((before.name, entry.picture.name))
        further.take_matched(entry, found)

    monkeypatch.setattr(further, "match", match)
    files = []
    for number, name in enumerate(("c.png", "d.png")):
        files.append(tmp_path / name)
        Image.fromarray(np.full((400 + number, 500, 3), 40 * number + 50, np.uint8)).save(files[-1])
    further.add(files)
    qtbot.waitUntil(lambda: len(further.pictures) == 2)
    steps = len(history(opened))
    write_pairs(found.without([1]), tmp_path / "pairs.csv")
    further.read_pairs_of(1, tmp_path / "pairs.csv")
    further.list.setCurrentRow(1)
    further.move_selected_up()
    further.list.setCurrentRow(1)
    further.remove_selected()
    assert history(opened)[steps - 2 :] == [
        "Add c.png",
        "Add d.png",
        "Read pairs of d.png",
        "Move d.png up",
        "Remove c.png",
    ]
    asked = list(matched)
    assert [picture.name for picture in further.pictures] == ["d.png"]
    undo(opened)
    undo(opened)
    assert [picture.name for picture in further.pictures] == ["c.png", "d.png"]
    assert [len(pairs) for pairs in further.pairs] == [6, 5]
    undo(opened)
    assert [len(pairs) for pairs in further.pairs] == [6, 6] and matched == asked  # nothing was looked for again
    undo(opened)
    undo(opened)
    assert further.pictures == []
    for _ in range(3):
        redo(opened)
    opened.panel("style").choice.sources.add(further.pictures[0], 0.25)
    opened.panel("style").choice.sources.rows[0].weight.setValue(2.0)
    path = tmp_path / "p.buddies"
    save(opened, qtbot, path)
    assert not opened.isWindowModified()
    kill(opened, qtbot)
    opened.document.take_lock(None)
    window = another()
    window.panel("morph").further.match = lambda *_: matched.append("again")
    open_project(window, qtbot, path)
    again = window.panel("morph").further
    assert [picture.name for picture in again.pictures] == ["c.png", "d.png"] and again.list.count() == 2
    assert [pairs.a.tolist() for pairs in again.pairs] == [pairs.a.tolist() for pairs in further.pairs]
    assert matched == asked and not window.isWindowModified()
    sources = window.panel("style").choice.sources
    assert [(one.picture.name, one.weight) for one in sources.sources] == [("coffee.jpg", 2.0), ("c.png", 0.25)]
    again.list.setCurrentRow(0)
    again.remove_selected()
    assert window.isWindowModified()
    undo(window)
    assert [len(pairs) for pairs in again.pairs] == [6, 5] and not window.isWindowModified()
    window.document.new()
    assert again.pictures == [] and sources.extras == []
