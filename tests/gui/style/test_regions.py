"""Regions painted by hand in the mode Style: strokes with the mouse, their masks, and what a run gets."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from studio.gui.canvas.state import StudioState
from studio.gui.style.painting import Painting
from studio.picture import Picture
from tests.gui.styling import TINY, ran

LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
NO_KEY, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


def send(view, kind, at, button=NONE, buttons=NONE, keys=NO_KEY):
    QApplication.sendEvent(view, QMouseEvent(kind, at, view.mapToGlobal(at), button, buttons, keys))


def stroke(window, side, *places, button=LEFT, keys=NO_KEY):
    """Draw the mouse from place to place, in shares of the picture."""
    canvas = window.viewer.canvas(side)
    width, height = canvas.picture_size
    view = canvas.viewport()
    at = [canvas.to_widget(QPointF(x * width - 0.5, y * height - 0.5)) for x, y in places]
    send(view, QEvent.Type.MouseMove, at[0])
    send(view, QEvent.Type.MouseButtonPress, at[0], button, button, keys)
    for place in at[1:]:
        send(view, QEvent.Type.MouseMove, place, NONE, button, keys)
    send(view, QEvent.Type.MouseButtonRelease, at[-1], button, NONE, keys)


def expected(shape, places, diameter):
    """Which pixels lie within a stroke: those with a point of the line nearer than the radius, by brute force."""
    height, width = shape
    y, x = np.mgrid[:height, :width] + 0.5
    inside = np.zeros(shape, bool)
    for (x0, y0), (x1, y1) in pairwise(places):
        for t in np.linspace(0, 1, 200):
            place = (x0 + t * (x1 - x0)) * width, (y0 + t * (y1 - y0)) * height
            inside |= (x - place[0]) ** 2 + (y - place[1]) ** 2 <= (diameter * max(shape) / 2) ** 2
    return inside


def key(widget, code, text="", keys=NO_KEY):
    for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(widget, QKeyEvent(kind, code, keys, text))


def masks(window):
    return [dict(region.masks) for region in window.panel("style").regions.painting.regions]


def flat(value, width=40, height=30) -> Picture:
    return Picture.from_array(np.full((height, width, 3), value, np.uint8))


def test_strokes_paint_and_erase(style, qtbot):
    section = style.panel("style").regions
    painting, a = section.painting, style.viewer.canvas("A")
    stroke(style, "A", (0.3, 0.5), (0.6, 0.5))
    assert not painting.regions  # not painting yet: this drew a rectangle
    qtbot.mouseClick(section.add_button, LEFT)
    assert section.paint_button.isChecked() and [row.region.name for row in section.rows] == ["Region 1"]
    painting.set_brush(0.1)
    view = a.view_state()
    line = [(0.3, 0.5), (0.6, 0.5), (0.6, 0.7)]
    stroke(style, "A", *line)
    [mask] = [one["A"] for one in masks(style)]
    size = style.state.picture("A").size
    assert mask.dtype == np.uint8 and mask.shape == size[::-1] and "B" not in masks(style)[0]
    wrong = (mask > 127) != expected(mask.shape, line, 0.1)
    assert wrong.mean() < 0.002 and mask.max() == 255
    assert a.view_state() == view and not style.state.pairs  # it neither panned nor placed a point
    before = mask.copy()
    stroke(style, "A", (0.45, 0.3), (0.45, 0.8), button=RIGHT)
    [erased] = [one["A"] for one in masks(style)]
    gone = expected(mask.shape, [(0.45, 0.3), (0.45, 0.8)], 0.1)
    assert ((erased > 127) != ((before > 127) & ~gone)).mean() < 0.003 and not erased[gone].mean() > 6
    assert np.array_equal(mask, before)  # earlier moments keep their mask
    qtbot.keyClick(a, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(masks(style)[0]["A"], before) and style.state.has_both  # the stroke, not the opened picture
    painting.set_brush(0.5)
    stroke(style, "A", (0.0, 0.5), (1.0, 0.5), (0.5, 0.7), keys=SHIFT)
    assert masks(style) == [{}] and "no paint yet" in painting.lacking
    style.actions_["undo"].trigger()
    assert np.array_equal(masks(style)[0]["A"], before)
    brush = painting.brush
    key(a, Qt.Key.Key_BracketLeft, "[")
    assert painting.brush < brush and section.size_text.text() == f"{100 * painting.brush:.1f} %"


def test_paint_is_seen_over_the_picture(style, qtbot):
    section, a = style.panel("style").regions, style.viewer.canvas("A")
    at = a.to_widget(QPointF(0.5 * a.picture_size[0], 0.5 * a.picture_size[1])).toPoint()

    def seen():
        color = a.viewport().grab().toImage().pixelColor(at)
        return np.array([color.red(), color.green(), color.blue()], float)

    bare = seen()
    section.add_button.click()
    stroke(style, "A", (0.45, 0.5), (0.55, 0.5))
    QApplication.sendEvent(a.viewport(), QEvent(QEvent.Type.Leave))
    tint = np.array(section.painting.selected.color, float)
    assert np.allclose(seen(), 0.5 * bare + 0.5 * tint, atol=6)
    style.actions_["mode_match"].trigger()
    assert np.allclose(seen(), bare, atol=2)
    assert not section.paint_button.isChecked()
    before = masks(style)[0]["A"]
    stroke(style, "A", (0.2, 0.2), (0.3, 0.3))
    assert masks(style)[0]["A"] is before  # leaving the mode has ended painting


def test_a_run_gets_the_regions_of_both_pictures(style, qtbot):
    panel = style.panel("style")
    panel.form.set_value(TINY)
    panel.regions.add_button.click()
    stroke(style, "A", (0.2, 0.3), (0.4, 0.3))
    panel.run()
    assert not panel.runner.is_running
    assert style.messages.severity == "warning" and "Region 1 has no paint in picture B" in style.messages.text()
    stroke(style, "B", (0.6, 0.7), (0.8, 0.7))
    [painted] = masks(style)
    for content, look in ("AB", "BA"):
        assert panel.choice.side == content
        [region] = panel.task().regions
        assert np.array_equal(region.content, painted[content]) and np.array_equal(region.style, painted[look])
        assert region.content is not painted[content] and region.source == 0  # the compute thread has its own
        panel.choice.swap_button.click()
    panel.regions.add_button.click()
    panel.run()
    assert not panel.runner.is_running and "Region 2 has no paint yet" in style.messages.text()
    panel.regions.rows[1].remove.click()
    panel.choice.sources.add(flat(90))
    panel.choice.sources.rows[0].weight.setValue(0.0)
    assert panel.task().regions == ()
    panel.run()
    assert not panel.runner.is_running and "give it a weight" in style.messages.text()
    panel.choice.kind_choice.setCurrentIndex(panel.choice.kind_choice.findData("texture"))
    assert not panel.regions.isVisible() and not panel.task().regions and not panel.regions.paint_button.isChecked()


def test_a_region_is_renamed_in_its_row(style, qtbot):
    panel = style.panel("style")
    panel.regions.add_button.click()
    panel.regions.add_button.click()
    row = panel.regions.rows[0]
    assert row.name.isHidden()
    qtbot.mouseDClick(row.choose, LEFT)
    assert not row.name.isHidden() and row.choose.isHidden() and row.name.selectedText() == "Region 1"
    qtbot.keyClicks(row.name, "  eyes & ears ")
    qtbot.keyClick(row.name, Qt.Key.Key_Return)
    row = panel.regions.rows[0]
    assert row.choose.text() == "eyes && ears" and not row.choose.isHidden() and row.name.isHidden()
    assert [region.name for region in panel.regions.painting.regions] == ["eyes & ears", "Region 2"]
    # Escape and nothing at all leave it as it is, and no step.
    steps = style.editing.history.stack.count()
    qtbot.keyClick(row.choose, Qt.Key.Key_F2)
    qtbot.keyClicks(row.name, "mouth")
    qtbot.keyClick(row.name, Qt.Key.Key_Escape)
    qtbot.keyClick(row.choose, Qt.Key.Key_F2)
    row.name.clear()
    qtbot.keyClick(row.name, Qt.Key.Key_Return)
    assert panel.regions.rows[0].choose.text() == "eyes && ears" and style.editing.history.stack.count() == steps
    # A click elsewhere takes the name too, and the keyboard stays where the click was.
    row = panel.regions.rows[1]
    style.activateWindow()
    qtbot.mouseDClick(row.choose, LEFT)
    qtbot.keyClicks(row.name, "mouth")
    panel.regions.brush_size.setFocus()
    assert panel.regions.painting.regions[1].name == "mouth" and panel.regions.brush_size.hasFocus()
    style.actions_["undo"].trigger()
    style.actions_["undo"].trigger()
    assert panel.regions.painting.regions[0].name == "Region 1"
    style.actions_["redo"].trigger()
    assert panel.regions.painting.regions[0].name == "eyes & ears"


def test_the_result_shows_them(style, qtbot):
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        panel = style.panel("style")
        options = TINY.with_values(size=96, steps=4, smallest=96)
        plain = ran(style, qtbot, options).image
        panel.regions.add_button.click()
        panel.regions.painting.set_brush(0.4)
        for one in "AB":
            stroke(style, one, (0.2, 0.2), (0.2, 0.8))
        painted = ran(style, qtbot, options).image
        recipe = panel.outcome.result.recipe
        assert np.abs(painted.astype(int) - plain).max() > 5
        assert [row["name"] for row in recipe["regions"]] == ["Region 1"]
        before = masks(style)[0]
        panel.regions.rows[0].remove.click()
        panel.repeat_recipe(recipe)  # Repeat This Recipe brings them back
        after = masks(style)[0]
        assert all(((before[one] > 127) == (after[one] > 127)).mean() > 0.97 for one in "AB")
    finally:
        torch.set_num_threads(threads)


def test_swaps_take_the_paint_along_and_new_pictures_clear_it(qapp):
    state = StudioState()
    a, b = flat(10), flat(20, 3000, 1)
    state.set_picture("A", a)
    state.set_picture("B", b)
    painting = Painting(state)
    painting.begin("A", (5, 5))
    assert not painting.is_painting and not painting.regions  # there is no region to be painted
    painting.add()
    for side, at in (("A", (5, 5)), ("B", (1500, 0))):
        painting.begin(side, at)
        painting.end()
    on_a, on_b = (painting.regions[0].masks[side] for side in "AB")
    assert on_a.shape == (30, 40) and on_b.shape == (1, 1024) and on_b[0, 512] == 255 and on_b[0, 0] == 0
    painting.begin("A", (-500, -500))  # beside the picture: nothing changes, no step
    painting.end()
    assert painting.regions[0].masks["A"] is on_a
    painting.add()
    painting.begin("B", (10, 0))
    painting.end()
    state.swap()
    assert painting.regions[0].masks == {"A": on_b, "B": on_a} and painting.regions[1].lacks == ("B",)
    [given] = painting.given("B")
    assert np.array_equal(given.content, on_a) and np.array_equal(given.style, on_b)
    state.set_picture("A", flat(30))
    assert [region.number for region in painting.regions] == [1] and painting.regions[0].lacks == ("A",)
    assert painting.selected is painting.regions[0] and painting.given("A") == ()
    state.set_picture("B", None)
    assert painting.regions == () and painting.selected is None and painting.lacking == ""
