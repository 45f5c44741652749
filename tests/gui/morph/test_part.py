"""A morph of a part, by brush, file and transparency: seen, undone, kept and exported."""

from __future__ import annotations

import numpy as np
from PIL import Image
from PySide6.QtCore import QPointF, Qt

from studio.pairs import PairSet
from tests.gui.canvas.test_canvas import drag
from tests.gui.morphing import A_POINTS, settled, shots, wait_for

LEFT = Qt.MouseButton.LeftButton


def paint_over(window, side: str, start, end) -> None:
    canvas = window.viewer.canvas(side)
    drag(canvas, canvas.to_widget(QPointF(*start)), canvas.to_widget(QPointF(*end)))


def is_a_around(window) -> bool:
    """Whether the frame is A along its border, and something else in the middle."""
    frame, a = shots(window)[0].frame.astype(int), window.state.picture("A").pixels
    return bool((frame[:20] == a[:20]).all() and np.abs(frame - a)[120:180, 180:260].mean() > 10)


def test_a_painted_mask_leaves_a_around_it(morph, qtbot):
    panel = morph.panel("morph")
    panel.result_pane.transport.set_time(0.5)
    settled(morph, qtbot)
    whole = shots(morph)[0].frame
    assert not is_a_around(morph)
    canvas_layer = panel.part._tools.layers["A"]
    panel.part.paint_button.click()
    assert panel.form.value().inside == "mask" and canvas_layer.isVisible()
    panel.part.painting.set_brush(0.3)
    paint_over(morph, "A", (170, 150), (280, 150))
    wait_for(morph, qtbot, lambda: is_a_around(morph))
    middle = (slice(140, 160), slice(200, 240))
    assert np.abs(shots(morph)[0].frame[middle].astype(int) - whole[middle]).max() <= 1
    panel.part.paint_button.click()
    assert not canvas_layer.isVisible()
    assert len(morph.state.pairs) == len(A_POINTS) and np.allclose([p.a for p in morph.state.pairs], A_POINTS)
    morph.actions_["undo"].trigger()
    wait_for(morph, qtbot, lambda: not is_a_around(morph))
    morph.actions_["redo"].trigger()
    wait_for(morph, qtbot, lambda: is_a_around(morph))


def test_a_file_is_a_mask_and_is_exported(morph, qtbot, tmp_path):
    panel = morph.panel("morph")
    mask = np.zeros((300, 451), np.uint8)
    mask[80:220, 120:320] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    panel.result_pane.transport.set_time(0.5)
    panel.part.take_file(tmp_path / "mask.png")
    wait_for(morph, qtbot, lambda: is_a_around(morph))
    assert panel.form.value().inside == "mask"
    panel.export.still_to(tmp_path / "still.png")
    qtbot.waitUntil(lambda: not panel.export.is_running)
    written = np.asarray(Image.open(tmp_path / "still.png"))
    np.testing.assert_array_equal(written[:20], morph.state.picture("A").pixels[:20])
    panel.form.editors["inside"].set_value("everything")
    wait_for(morph, qtbot, lambda: not is_a_around(morph))
    panel.form.editors["inside"].set_value("subject")
    wait_for(morph, qtbot, lambda: "transparent" in panel.notes.text())


def test_regions_are_those_of_style_and_are_kept_in_the_project(morph, qtbot, tmp_path):
    panel = morph.panel("morph")
    panel.part.painting.add({"A": np.full((30, 45), 255, np.uint8)}, "Head")
    panel.form.editors["inside"].set_value("mask")
    assert [one.name for one in morph.panel("style").regions.painting.regions] == ["Head"]
    path = tmp_path / "work.buddies"
    morph.document.save_to(path)
    qtbot.waitUntil(path.exists)
    panel.part.painting.remove(1)
    assert panel.part.masks == (None, None)
    morph.document.open_path(path)
    wait_for(morph, qtbot, lambda: panel.part.masks[0] is not None)
    assert panel.form.value().inside == "mask"


def test_leaving_the_mode_ends_painting(morph, qtbot):
    part = morph.panel("morph").part
    part.paint_button.click()
    morph.modes.show("match")
    assert not part.paint_button.isChecked() and not part._tools.layers["A"].isVisible()
    canvas, before = morph.viewer.canvas("A"), morph.state.part("regions")
    drag(canvas, canvas.to_widget(QPointF(200, 150)), canvas.to_widget(QPointF(250, 150)))
    assert morph.state.part("regions") == before


def test_more_than_two_pictures_are_morphed_whole(morph, qtbot, two_files):
    panel = morph.panel("morph")
    panel.form.editors["inside"].set_value("mask")
    panel.further.match = lambda entry, _: panel.further.take_matched(entry, PairSet.from_arrays(A_POINTS, A_POINTS))
    panel.further.add([two_files[0]])
    wait_for(morph, qtbot, lambda: "two pictures only" in panel.notes.text())
    assert panel.now().options.inside == "everything"
