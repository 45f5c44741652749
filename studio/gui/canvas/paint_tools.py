"""What every mode that paints regions has: their layers and brushes on both canvases, and the size of the brush."""

from __future__ import annotations

from math import sqrt

from PySide6.QtCore import QObject, QSignalBlocker, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from studio.arrays import SIDES
from studio.gui.canvas.brush import PaintBrush, PaintLayer
from studio.gui.canvas.painting import LEAST_BRUSH, MOST_BRUSH, Painting
from studio.gui.canvas.state import StudioState
from studio.gui.canvas.viewer import Viewer
from studio.language import tr

SLIDER = 100


class PaintTools(QObject):
    """A layer and a brush for each side, both of one mode."""

    def __init__(self, state: StudioState, viewer: Viewer, painting: Painting, parent: QObject) -> None:
        super().__init__(parent)
        self.layers = {side: PaintLayer(state, painting, side) for side in SIDES}
        self._brushes = []
        for side, layer in self.layers.items():
            viewer.canvas(side).add_layer(layer)
            self._brushes.append(PaintBrush(viewer.canvas(side), layer, painting, side, self))

    def show(self, shown: bool) -> None:
        """Whether the paint is seen."""
        for layer in self.layers.values():
            layer.setVisible(shown)

    def set_active(self, active: bool) -> None:
        """Whether the mouse paints."""
        for brush in self._brushes:
            brush.set_active(active)


class BrushSize(QWidget):
    """The diameter of the brush."""

    def __init__(self, painting: Painting) -> None:
        super().__init__()
        self._painting = painting
        self.slider, self.text = QSlider(Qt.Orientation.Horizontal), QLabel()
        self.slider.setRange(0, SLIDER)
        self.slider.setAccessibleName(tr("Size of the brush"))
        self.slider.setToolTip(
            tr("Diameter of the brush, as a share of the picture's longer side ([ and ] while painting)")
        )
        self.text.setMinimumWidth(46)
        self.text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(QLabel(tr("Brush")))
        row.addWidget(self.slider, 1)
        row.addWidget(self.text)
        self.slider.valueChanged.connect(self._on_size)
        painting.brush_changed.connect(self._show)
        self._show()

    def _on_size(self, value: int) -> None:
        self._painting.set_brush(LEAST_BRUSH + (MOST_BRUSH - LEAST_BRUSH) * (value / SLIDER) ** 2)

    def _show(self) -> None:
        share = (self._painting.brush - LEAST_BRUSH) / (MOST_BRUSH - LEAST_BRUSH)
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(SLIDER * sqrt(share)))
        self.text.setText(f"{100 * self._painting.brush:.1f} %")
