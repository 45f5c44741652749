"""Lines by mouse and keyboard: drawn in A, proposed in B, corrected there, and used as pairs."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt

from tests.gui.canvas.test_canvas import drag, mouse
from tests.gui.morphing import A_POINTS, settled, shots

LEFT = Qt.MouseButton.LeftButton
OUTLINE = [(150, 90), (230, 70), (300, 130), (250, 200)]


def click(window, side: str, place, kind=QEvent.Type.MouseButtonPress) -> None:
    canvas = window.viewer.canvas(side)
    at = canvas.to_widget(QPointF(*place))
    mouse(canvas, kind, at, LEFT, LEFT)
    mouse(canvas, QEvent.Type.MouseButtonRelease, at, LEFT)


@pytest.fixture
def lines(morph, qtbot):
    """The section of lines, with the tool on."""
    morph.panel("morph").lines.draw_button.click()
    return morph.panel("morph").lines


def proposed(lines, qtbot) -> None:
    qtbot.waitUntil(lambda: len(lines.drawn.nodes["B"]) == len(lines.drawn.nodes["A"]))


def test_a_closed_line_becomes_pairs(morph, qtbot, lines):
    before = morph.state.pairs
    settled(morph, qtbot)
    frame = shots(morph)[0].frame
    morph.panel("morph").result_pane.transport.set_time(0.5)
    for place in OUTLINE:
        click(morph, "A", place)
    assert np.allclose(lines.drawn.nodes["A"], OUTLINE, atol=1.0) and not lines.use_button.isEnabled()
    click(morph, "A", OUTLINE[0])  # closes it
    assert lines.drawn.closed
    proposed(lines, qtbot)
    assert morph.state.pairs is before
    x, y = lines.drawn.nodes["B"][1]
    canvas = morph.viewer.canvas("B")
    drag(canvas, canvas.to_widget(QPointF(x, y)), canvas.to_widget(QPointF(x + 20, y + 10)))
    assert lines.drawn.nodes["B"][1] == pytest.approx((x + 20, y + 10), abs=1.0)
    lines.use_button.click()
    new = [pair for pair in morph.state.pairs if before.by_id(pair.id) is None]
    assert len(new) > 20 and {pair.origin for pair in new} == {"placed"}
    assert any(np.allclose(pair.a, OUTLINE[1], atol=1.0) and np.allclose(pair.b, (x + 20, y + 10), 1) for pair in new)
    assert not lines.drawn.nodes["A"] and lines.draw_button.isChecked()
    settled(morph, qtbot)
    assert not np.array_equal(shots(morph)[0].frame, frame)
    morph.actions_["undo"].trigger()
    assert len(morph.state.pairs) == len(A_POINTS)


def test_keys_end_shorten_and_drop_a_line(morph, qtbot, lines):
    canvas = morph.viewer.canvas("A")
    for place in OUTLINE[:3]:
        click(morph, "A", place)
    qtbot.keyClick(canvas, Qt.Key.Key_Backspace)
    assert len(lines.drawn.nodes["A"]) == 2
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    proposed(lines, qtbot)
    assert lines.drawn.done and not lines.drawn.closed
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not lines.drawn.nodes["A"] and len(morph.state.pairs) == len(A_POINTS)


def test_a_double_click_ends_and_one_point_is_no_line(morph, qtbot, lines):
    click(morph, "A", OUTLINE[0])
    click(morph, "A", OUTLINE[0], QEvent.Type.MouseButtonDblClick)
    assert not lines.drawn.done
    click(morph, "A", OUTLINE[1])
    click(morph, "A", OUTLINE[1], QEvent.Type.MouseButtonDblClick)
    assert lines.drawn.done
    proposed(lines, qtbot)


def test_tools_exclude_each_other_and_leave_with_the_mode(morph, qtbot, lines):
    panel = morph.panel("morph")
    click(morph, "A", OUTLINE[0])
    panel.part.paint_button.click()
    assert not lines.draw_button.isChecked() and not lines.drawn.nodes["A"]
    lines.draw_button.click()
    assert not panel.part.paint_button.isChecked()
    morph.modes.show("match")
    assert not lines.draw_button.isChecked()
