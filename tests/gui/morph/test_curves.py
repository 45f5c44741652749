"""Curves drawn with mouse and keyboard: what the slider shows, what is remembered, undone and exported."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.gui.canvas.undo import options_of
from studio.morph.curves import keys_of
from tests.gui.morphing import settled, shots

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


def curve(window, name: str = "shape_curve") -> str:
    return getattr(window.panel("morph").form.value(), name)


def test_a_key_point_is_added_dragged_and_taken_away(morph, qtbot):
    panel = morph.panel("morph")
    plot, transport = panel.curves.plot, panel.result_pane.transport
    transport.set_time(0.3)
    settled(morph, qtbot)
    even = shots(morph)[0].frame
    qtbot.mouseClick(plot, LEFT, pos=plot.place(0.3, 0.1).toPoint())
    _, (t, value), _ = keys_of(curve(morph))
    assert (t, value) == pytest.approx((0.3, 0.1), abs=0.02)
    assert panel.pad.shape == pytest.approx(0.1, abs=0.02) and panel.pad.colour == pytest.approx(0.3)
    settled(morph, qtbot)
    assert not np.array_equal(shots(morph)[0].frame, even)
    start, end = plot.place(t, value), plot.place(0.5, 0.9)
    qtbot.mousePress(plot, LEFT, pos=start.toPoint())
    qtbot.mouseMove(plot, end.toPoint())
    qtbot.mouseRelease(plot, LEFT, pos=end.toPoint())
    assert keys_of(curve(morph))[1] == pytest.approx((0.5, 0.9), abs=0.02)
    assert options_of(morph.state.content)["morph"]["shape_curve"] == curve(morph)  # the project keeps it
    qtbot.mouseClick(plot, RIGHT, pos=end.toPoint())
    assert curve(morph) == "linear" and panel.pad.shape == pytest.approx(0.3)
    morph.actions_["undo"].trigger()
    assert curve(morph) != "linear" and len(plot.keys()) == 3


def test_each_curve_is_its_own_and_has_presets(morph, qtbot):
    panel = morph.panel("morph")
    editor = panel.curves
    qtbot.mouseClick(editor.choices["colour_curve"], LEFT)
    qtbot.mouseClick(editor.ease, LEFT)
    assert (curve(morph), curve(morph, "colour_curve")) == ("linear", "ease")
    plot = editor.plot
    qtbot.mouseClick(plot, LEFT, pos=plot.place(0.9, 0.2).toPoint())
    keys = keys_of(curve(morph, "colour_curve"))
    assert len(keys) == 6 and plot.value(0.25) == pytest.approx(0.15625, abs=1e-3)  # 3 t^2 - 2 t^3
    qtbot.mouseClick(editor.linear, LEFT)
    assert curve(morph, "colour_curve") == "linear"


def test_keys_do_what_the_mouse_does(morph, qtbot):
    plot = morph.panel("morph").curves.plot
    morph.panel("morph").result_pane.transport.set_time(0.4)
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Insert)
    assert keys_of(curve(morph))[1] == pytest.approx((0.4, 0.4))
    qtbot.keyClick(plot, Qt.Key.Key_Up)
    qtbot.keyClick(plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert keys_of(curve(morph))[1] == pytest.approx((0.42, 0.42))
    qtbot.keyClick(plot, Qt.Key.Key_Delete)
    assert curve(morph) == "linear"


def test_no_drag_makes_a_curve_that_is_refused(morph, qtbot):
    """A point never passes its neighbours, however far it is dragged."""
    plot = morph.panel("morph").curves.plot
    plot.add(0.5, 0.5)
    plot.add(0.6, 0.6)
    for t, value in ((0.1, 2.0), (-3.0, -1.0), (0.5, 0.2), (7.0, 0.4)):
        plot.take_to(t, value)
        times = [time for time, _ in keys_of(curve(morph))]
        assert times == sorted(times) and len(times) == 4
    for index in range(60):
        plot.add(index / 60, 0.5)
    assert len(keys_of(curve(morph))) <= 32
