"""What the mode Morph shows of a morph: which picture, beside which second warp, and what is drawn over it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QWidget

from studio.gui.morph.responder import Layer, View
from studio.gui.widgets.compare import Way
from studio.gui.widgets.forms import form_grid, in_recipes
from studio.gui.widgets.search_box import narrow
from studio.language import tr, translatable
from studio.morph.options import MorphOptions

VIEWS: tuple[tuple[str, View, Way], ...] = (
    (translatable("Morph"), "morph", Way.WIPE),
    (translatable("Wipe between A and B"), "wipe", Way.WIPE),
    (translatable("Onion skin of A and B"), "onion", Way.WIPE),
    (translatable("A beside B"), "wipe", Way.SIDES),
    (translatable("Difference of A and B"), "wipe", Way.DIFFERENCE),
    (translatable("Blink between A and B"), "wipe", Way.BLINK),
    (translatable("B through A"), "wipe", Way.ONION),
    (translatable("Mean of all pictures"), "mean", Way.WIPE),
)
"""Title, what is asked for, and how the result shows it."""
LAYERS: tuple[tuple[Layer, str, str], ...] = (
    ("points", translatable("Points"), translatable("The points of the pairs, where they are at this moment")),
    ("grid", translatable("Grid"), translatable("A square grid on picture A, bent with it")),
    ("arrows", translatable("Arrows"), translatable("From places of A to where they go in B")),
    ("heat", translatable("Heat map"), translatable("How much larger or smaller each place becomes from A to B")),
)
NO_COMPARISON = translatable("None")


class MorphShow(QWidget):
    """Two lists and a box for each layer. It is a view: no step of undo, and no edit of the project."""

    changed = Signal()
    layers_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.view_choice, self.compare = QComboBox(), QComboBox()
        self.view_choice.addItems([tr(title) for title, *_ in VIEWS])
        self.view_choice.setAccessibleName(tr("What is shown"))
        self.compare.addItem(tr(NO_COMPARISON), NO_COMPARISON)
        warps = next(knob for knob in MorphOptions.knobs() if knob.name == "warp")
        for kind in warps.choices:
            self.compare.addItem(tr(warps.word(kind)), kind)
            self.compare.setItemData(self.compare.count() - 1, in_recipes(kind), Qt.ItemDataRole.ToolTipRole)
        self.compare.setAccessibleName(tr("Second warp"))
        self.compare.setToolTip(tr("Show a second warp of the same pairs beside the first"))
        self.layers: dict[Layer, QCheckBox] = {}
        grid = form_grid(self, words=0)
        label = QLabel(tr("Second warp"))
        label.setBuddy(self.compare)
        grid.addWidget(self.view_choice, 0, 0, 1, 2)  # its words are long
        grid.addWidget(label, 1, 0)
        grid.addWidget(self.compare, 1, 1)
        for box in (self.view_choice, self.compare):
            narrow(box)
            box.currentIndexChanged.connect(self.changed)
        for index, (layer, title, tip) in enumerate(LAYERS):
            check = QCheckBox(tr(title))
            check.setToolTip(tr(tip))
            check.toggled.connect(self.layers_changed)
            check.toggled.connect(self.changed)
            self.layers[layer] = check
            grid.addWidget(check, 2 + index // 2, index % 2)

    @property
    def view(self) -> View:
        """The picture chosen."""
        return VIEWS[self.view_choice.currentIndex()][1]

    @property
    def way(self) -> Way:
        """How A and B are compared, where they are."""
        return VIEWS[self.view_choice.currentIndex()][2]

    @property
    def second_warp(self) -> str | None:
        """What the warp is compared with, if with anything."""
        chosen = str(self.compare.currentData())
        return None if chosen == NO_COMPARISON else chosen

    @property
    def chosen_layers(self) -> frozenset[Layer]:
        return frozenset(layer for layer, box in self.layers.items() if box.isChecked())
