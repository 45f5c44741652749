"""Settings of others for pictures of units, to be taken over by name."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from studio.dream.options import YOSINSKI, MaximiseOptions
from studio.gui.widgets.forms import OptionsForm, form_grid
from studio.gui.widgets.search_box import narrow
from studio.language import tr, translatable
from studio.options import OptionsError

OWN = -1
LOOKS = (
    translatable("Yosinski 1: blur, clip small"),
    translatable("Yosinski 2: decay, clip small"),
    translatable("Yosinski 3: blur alone"),
    translatable("Yosinski 4: blur, clip idle"),
)
"""Of `YOSINSKI`, by the priors that matter in each."""


class Presets(QWidget):
    """A list that sets a form, and shows which setting the form has."""

    def __init__(self, form: OptionsForm) -> None:
        super().__init__()
        self._form = form
        self.box = QComboBox()
        narrow(self.box)
        self.box.addItem(tr("of your own"), OWN)
        for index, words in enumerate(LOOKS):
            self.box.addItem(tr(words), index)
        self.box.setToolTip(tr("The four settings of Yosinski et al. 2015, which change pixels"))
        self.box.setAccessibleName(tr("Settings"))
        grid = form_grid(self)
        label = QLabel(tr("Settings"))
        label.setBuddy(self.box)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.box, 0, 1)
        self.box.activated.connect(self._on_chosen)
        form.changed.connect(self.follow)
        self.follow()

    def follow(self) -> None:
        """Show what the form has."""
        try:
            values = self._form.value().to_dict()
        except OptionsError:
            return
        wanted = [{"parameters": "pixels", **setting} for setting in YOSINSKI]
        index = next((at for at, one in enumerate(wanted) if one.items() <= values.items()), OWN)
        self.box.setCurrentIndex(self.box.findData(index))

    def _on_chosen(self) -> None:
        index = self.box.currentData()
        values = (
            {"parameters": "pixels", **YOSINSKI[index]}
            if index != OWN
            else {name: getattr(MaximiseOptions(), name) for name in ("parameters", *YOSINSKI[0])}
        )
        self._form.set_value(self._form.value().with_values(**values), tr("Take Setting"))
