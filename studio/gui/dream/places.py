"""The pictures of the window in the mode Dream: clicks take a place, and marks show the places that are targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject, QPointF, Signal

from studio.arrays import SIDES, Point, Side
from studio.gui.canvas.clicks import CanvasClicks
from studio.gui.canvas.drawing import NOTHING, Mark, Overlay
from studio.gui.canvas.overlay_layer import OverlayLayer
from studio.gui.canvas.state import StudioState
from studio.gui.canvas.viewer import Viewer


class DreamPlaces(QObject):
    """Listens while `set_active` says so."""

    clicked = Signal(str, object)
    """(side, (x, y) in full-size pixels)"""

    def __init__(self, state: StudioState, viewer: Viewer, parent: QObject) -> None:
        super().__init__(parent)
        self._state = state
        self.layers: dict[Side, OverlayLayer] = {side: OverlayLayer() for side in SIDES}
        self._clicks: dict[Side, CanvasClicks] = {}
        for side, layer in self.layers.items():
            viewer.canvas(side).add_layer(layer)
            clicks = self._clicks[side] = CanvasClicks(viewer.canvas(side), layer, self)
            clicks.clicked.connect(partial(self._on_click, side))
            self._on_picture(side)
        state.picture_changed.connect(self._on_picture)
        self.set_active(False)

    def set_active(self, active: bool) -> None:
        """Whether a place can be taken now."""
        for side, layer in self.layers.items():
            self._clicks[side].active = active
            layer.setVisible(active)

    def show(self, places: Mapping[Side, Sequence[tuple[Point, str]]]) -> None:
        """Mark places, each with its label."""
        for side, layer in self.layers.items():
            marks = tuple(Mark(x, y, "pinned", label) for (x, y), label in places.get(side, ()))
            layer.set_overlay(Overlay(marks=marks) if marks else NOTHING)

    def _on_picture(self, side: Side) -> None:
        picture, layer = self._state.picture(side), self.layers[side]
        before = layer.overlay
        layer.set_picture(None if picture is None else picture.size, None)
        layer.set_overlay(before)

    def _on_click(self, side: Side, place: QPointF) -> None:
        self.clicked.emit(side, (place.x(), place.y()))
