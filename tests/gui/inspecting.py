"""Pictures under the eyes of a small network, and the mouse over them, for the tests of the mode Inspect."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt

from tests.gui.canvas.test_canvas import mouse

SIZE = 64
"""Working size of the tests, px: smaller than the panel offers."""
LEFT = Qt.MouseButton.LeftButton


def wait_for(window, qtbot, condition) -> None:
    qtbot.waitUntil(condition)


def enter(window, qtbot) -> None:
    """Enter the mode Inspect at the working size of the tests, and wait until the network has looked."""
    panel = window.panel("inspect")
    if panel.working_size.findData(SIZE) < 0:
        panel.working_size.addItem(f"{SIZE} px", SIZE)
    panel.working_size.setCurrentIndex(panel.working_size.findData(SIZE))
    window.actions_["mode_inspect"].trigger()
    wait_for(window, qtbot, lambda: panel.hub.session is not None)


def hover(window, qtbot, side, x, y):
    """Move the mouse over a place, full-size pixels, and wait for what is said of it."""
    view = window.panel("inspect").hover
    canvas = window.viewer.canvas(side)
    mouse(canvas, QEvent.Type.MouseMove, canvas.to_widget(QPointF(x, y)))

    def answered():
        request = view.reading.request if view.reading is not None else None
        return (
            request is not None and request.side == side and abs(request.place[0] - x) + abs(request.place[1] - y) < 1
        )

    wait_for(window, qtbot, answered)
    return view.reading


def click(window, side, x, y) -> None:
    """Click a place of a picture, full-size pixels."""
    canvas = window.viewer.canvas(side)
    at = canvas.to_widget(QPointF(x, y))
    mouse(canvas, QEvent.Type.MouseButtonPress, at, LEFT, LEFT)
    mouse(canvas, QEvent.Type.MouseButtonRelease, at, LEFT)


def done(window, qtbot) -> None:
    """Wait until the job of the mode has ended."""
    wait_for(window, qtbot, lambda: not window.panel("inspect").hub.is_running)


def overlay(window, side):
    """What lies over a picture."""
    return window.panel("inspect").hub.layers[side].overlay
