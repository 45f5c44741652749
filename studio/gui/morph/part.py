"""Where there is a morph: everywhere, in the subject, or in a mask that is painted or comes from a file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.files import bare_name
from studio.geometry import shrink_within
from studio.gui.canvas.conditions import Shared
from studio.gui.canvas.opening import picture_filter
from studio.gui.canvas.paint_tools import BrushSize, PaintTools
from studio.gui.canvas.painting import MASK_SIDE, Painting
from studio.gui.mode.mode import Services
from studio.gui.widgets.asking import ask_for_file
from studio.gui.widgets.forms import OptionsForm, form_grid, title_of
from studio.gui.widgets.usable import set_usable
from studio.language import tr
from studio.morph.masking import Masks, Paint
from studio.picture import loading
from studio.progress import Job, part

KNOBS = ("inside", "outside", "feather")
"""Of the form, shown here."""


class MorphPart(QWidget):
    """The knobs of a morph of a part, and the brush. The region selected is the mask, also that of the mode Style."""

    changed = Signal()
    """The mask is another."""

    def __init__(self, services: Services, form: OptionsForm) -> None:
        super().__init__()
        self._services, self._form = services, form
        self.painting = Painting.of(services.state)
        self._tools = PaintTools(services.state, services.viewer, self.painting, self)
        self._active = False
        self.region = QComboBox()
        self.region.setAccessibleName(tr("Painted region that is the mask"))
        self.region.setToolTip(tr("Which of the painted regions is the mask"))
        self.paint_button, self.file_button, self.clear_button = QPushButton(), QPushButton(), QPushButton()
        self._dress()
        self._brush = BrushSize(self.painting)
        self._hint = QLabel(
            tr("Left paints, right or Shift erases, in A; paint in B too where its subject has another outline."),
            wordWrap=True,
        )
        self._hint.setObjectName("muted")
        self._lay_out()
        self.paint_button.toggled.connect(self._on_paint)
        self.file_button.clicked.connect(self.file_dialog)
        self.clear_button.clicked.connect(self.painting.clear)
        self.region.activated.connect(lambda _: self.painting.select(int(self.region.currentData())))
        self.painting.changed.connect(self._on_painting)
        self.refresh()

    def _dress(self) -> None:
        self.paint_button.setText(tr("Paint Mask"))
        self.paint_button.setCheckable(True)
        self.paint_button.setToolTip(tr("Paint what is morphed into the pictures A and B with the mouse"))
        self.file_button.setText(tr("From File…"))
        self.file_button.setToolTip(tr("Take a picture as the mask of A: white, or opaque, is what is morphed"))
        self.clear_button.setText(tr("Clear"))
        self.clear_button.setToolTip(tr("Take all paint off the mask, in both pictures"))

    def _lay_out(self) -> None:
        grid = form_grid()
        for row, name in enumerate(KNOBS):
            editor = self._form.editors[name]
            label = QLabel(title_of(editor.knob))
            label.setToolTip(editor.toolTip())
            label.setBuddy(editor)
            grid.addWidget(label, row, 0)
            grid.addWidget(editor, row, 1)
            editor.show()
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.paint_button, self.file_button, self.clear_button):
            buttons.addWidget(button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addLayout(grid)
        layout.addLayout(buttons)
        for widget in (self.region, self._brush, self._hint):
            layout.addWidget(widget)

    # --- what the morph asks ---

    @property
    def masks(self) -> Masks:
        """Over A and over B."""
        selected = self.painting.selected
        return (None, None) if selected is None else (selected.masks.get("A"), selected.masks.get("B"))

    @property
    def is_asked_for(self) -> bool:
        """Whether only a part is to be morphed."""
        return self._form.editors["inside"].value() != "everything"

    # --- the mode ---

    def set_active(self, active: bool) -> None:
        """The mode was entered or left; leaving it ends painting."""
        self._active = active
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Take in which pictures and regions there are, and what the knobs say."""
        both, regions = self._services.state.has_both, self.painting.regions
        if not (both and self._active):
            self.paint_button.setChecked(False)
        paints = self.paint_button.isChecked()
        for button in (self.paint_button, self.file_button):
            set_usable(button, both, tr(Shared.BOTH_PICTURES.missing))
        selected = self.painting.selected
        set_usable(self.clear_button, selected is not None and bool(selected.masks), tr("Nothing is painted yet."))
        with QSignalBlocker(self.region):
            self.region.clear()
            for one in regions:
                self.region.addItem(one.name, one.number)
            if selected is not None:
                self.region.setCurrentIndex(self.region.findData(selected.number))
        for name in KNOBS[1:]:
            set_usable(self._form.editors[name], self.is_asked_for, tr("Only where a part is morphed."))
        self.region.setVisible(len(regions) > 1)
        self._brush.setVisible(paints)
        self._hint.setVisible(paints)
        self._tools.show(paints)

    # --- what the person does ---

    def _on_paint(self, on: bool) -> None:
        if on:
            if self.painting.selected is None:
                self.painting.add(name=tr("Mask"))
            self._form.set_knob("inside", "mask")
        self._tools.set_active(on)
        self.refresh()

    def file_dialog(self) -> None:
        path = ask_for_file(self, self._services.settings, "mask", tr("Mask of A"), picture_filter())
        if path is not None:
            self.take_file(path)

    def take_file(self, path: Path) -> None:
        """Make a region of a picture, which is the mask then; decoded off this thread."""

        def make() -> Job[Paint]:
            from studio.morph.masking import in_frame, mask_of

            picture = yield from part(loading(path), 0.0, 0.9)
            mask = in_frame(mask_of(picture), shrink_within(picture.size, MASK_SIDE))
            assert mask is not None
            return mask

        handle = self._services.jobs.submit(tr("Open {name}", name=path.name), make, lane="files")
        handle.finished.connect(lambda mask: self._take(mask, bare_name(path.name)))
        handle.failed.connect(self._services.messages.error)

    def _take(self, mask: Paint, name: str) -> None:
        self.painting.add({"A": mask}, name)
        self._form.set_knob("inside", "mask")

    def _on_painting(self) -> None:
        self.refresh()
        self.changed.emit()
