"""What the mode Morph shows of a morph: which picture, beside which second warp, and what is drawn over it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QWidget

from studio.gui.morph.desk import Layer, View
from studio.morph.options import MorphOptions

VIEWS: tuple[tuple[str, View], ...] = (
    ("Morph", "morph"),
    ("Wipe between A and B", "wipe"),
    ("Onion skin of A and B", "onion"),
)
LAYERS: tuple[tuple[Layer, str, str], ...] = (
    ("points", "Points", "The points of the pairs, where they are at this moment"),
    ("grid", "Grid", "A square grid on picture A, bent with it"),
    ("arrows", "Arrows", "From places of A to where they go in B"),
    ("heat", "Heat map", "How much larger or smaller each place becomes from A to B"),
)
NO_COMPARISON = "none"


class MorphShow(QWidget):
    """Two lists and a box for each layer. It is a view: no step of undo, and no edit of the project."""

    changed = Signal()
    layers_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.view_choice, self.compare = QComboBox(), QComboBox()
        self.view_choice.addItems([title for title, _ in VIEWS])
        self.view_choice.setAccessibleName("What is shown")
        kinds = next(knob for knob in MorphOptions.knobs() if knob.name == "warp").choices
        self.compare.addItems([NO_COMPARISON, *kinds])
        self.compare.setAccessibleName("Second warp")
        self.compare.setToolTip("Show a second warp of the same pairs beside the first")
        self.layers: dict[Layer, QCheckBox] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnMinimumWidth(0, 118)
        grid.setColumnStretch(1, 1)
        for row, (words, box) in enumerate((("Picture", self.view_choice), ("Second warp", self.compare))):
            label = QLabel(words)
            label.setBuddy(box)
            grid.addWidget(label, row, 0)
            grid.addWidget(box, row, 1)
            box.currentIndexChanged.connect(self.changed)
        for index, (layer, title, tip) in enumerate(LAYERS):
            check = QCheckBox(title)
            check.setToolTip(tip)
            check.toggled.connect(self.layers_changed)
            check.toggled.connect(self.changed)
            self.layers[layer] = check
            grid.addWidget(check, 2 + index // 2, index % 2)

    @property
    def view(self) -> View:
        """The picture chosen."""
        return VIEWS[self.view_choice.currentIndex()][1]

    @property
    def second_warp(self) -> str | None:
        """What the warp is compared with, if with anything."""
        chosen = self.compare.currentText()
        return None if chosen == NO_COMPARISON else chosen

    @property
    def chosen_layers(self) -> frozenset[Layer]:
        return frozenset(layer for layer, box in self.layers.items() if box.isChecked())
