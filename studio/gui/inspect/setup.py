"""With which network, and at which size, the mode Inspect looks at the pictures."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from studio.gui.inspect.readings import AS_MATCHED
from studio.gui.mode.network import NetworkChooser
from studio.gui.widgets.choices import Choices
from studio.gui.widgets.forms import form_grid
from studio.language import tr
from studio.options import Options, knob

SIZES = (160, 224, 320, 448)
"""Working sizes to choose from, px."""
DEFAULT = 224
"""That of a match, px, by its own default."""


class FeatureOptions(Options):
    """What a project keeps of it; the network is that of the mode Match."""

    size: int = knob(
        DEFAULT,
        "Longer side of the pictures while the network looks at them; 0: as in the match.",
        label="Working size",
    )


class FeatureSetup(QWidget):
    """Two lists."""

    def __init__(self, network: NetworkChooser) -> None:
        super().__init__()
        self.backbone = QComboBox()
        self.backbone.setModel(network.backbone.model())
        self.backbone.setCurrentIndex(network.backbone.currentIndex())
        self.backbone.setAccessibleName(tr("Network to look into"))
        self.backbone.setToolTip(tr("The same network as in the mode Match; its weights file is chosen there"))
        self.working_size = QComboBox()
        for side in SIZES:
            self.working_size.addItem(f"{side} px", side)
        self.working_size.addItem(tr("as in the match"), AS_MATCHED)
        self.working_size.setCurrentIndex(self.working_size.findData(DEFAULT))
        self._chosen = False
        self.working_size.currentIndexChanged.connect(self._on_chosen)
        self.working_size.setAccessibleName(tr("Working size"))
        self.working_size.setToolTip(
            tr(
                "Longer side of the pictures while the network looks at them: larger shows finer detail. “As in the "
                "match” shows exactly what the match compared"
            )
        )
        self.choices = Choices(FeatureOptions, {"size": self.working_size}, self)
        grid = form_grid(self, 70)
        for row, (words, box) in enumerate(((tr("Network"), self.backbone), (tr("Size"), self.working_size))):
            grid.addWidget(QLabel(words), row, 0)
            grid.addWidget(box, row, 1)

    def follow_match(self, there: bool) -> None:
        """Take the size of the match where there is one, unless somebody has chosen a size; that is no step of undo."""
        if not self._chosen:
            with QSignalBlocker(self.working_size):
                self.working_size.setCurrentIndex(self.working_size.findData(AS_MATCHED if there else DEFAULT))

    def _on_chosen(self) -> None:
        self._chosen = True
