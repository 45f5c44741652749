"""What stands below the pictures in the mode Dream: the picture as it becomes, alone or beside what it comes from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from studio.arrays import Pixels
from studio.gui.dream.sheet import SheetView
from studio.gui.mode.result_views import VIEWS, WAYS, View, fitted
from studio.gui.widgets.compare import Shown, Way
from studio.gui.widgets.elided import ElidedLabel
from studio.gui.widgets.refusing import refuse
from studio.gui.widgets.theme import icon
from studio.language import tr


class DreamResultPane(QWidget):
    """Shows what a run gives; which run is the panel's business."""

    picked = Signal(int)
    """(place) of one of several pictures"""

    def __init__(self) -> None:
        super().__init__()
        self.view = SheetView(tr("Dream result"))
        self._hint = ("", "")
        self._results: tuple[Shown, ...] = ()
        self._reference: Shown | None = None
        self._aside: tuple[Shown, ...] = ()
        self._index = 0
        self._before = ""
        """The view to come back to, where a result has chosen one for itself."""
        self.view_choice = QComboBox()
        for title, view in VIEWS:
            self.view_choice.addItem(tr(title), view)
        self.view_choice.setAccessibleName(tr("What is shown"))
        self.fit_button = QToolButton()
        self.fit_button.setText(tr("Fit"))
        self.fit_button.setToolTip(tr("Show the pictures whole; the wheel enlarges at the cursor"))
        self.caption = ElidedLabel()
        self.caption.setObjectName("muted")
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 8, 4)
        bar.setSpacing(8)
        bar.addWidget(self.view_choice)
        bar.addWidget(self.caption, 1)
        bar.addWidget(self.fit_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.view, 1)
        self.view_choice.currentIndexChanged.connect(self._show)
        self.fit_button.clicked.connect(self.view.fit)
        self.view.picked.connect(self._on_picked)
        self.refresh_theme()
        self._show()

    def refresh_theme(self) -> None:
        self.fit_button.setIcon(icon("fit"))
        self.fit_button.setIconSize(QSize(16, 16))
        self.fit_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.view.refresh_theme()

    # --- what there is ---

    @property
    def results(self) -> tuple[Shown, ...]:
        """The pictures that were made, or the one on its way."""
        return self._results

    @property
    def index(self) -> int:
        """Which of them is picked."""
        return self._index

    def set_hint(self, title: str, text: str) -> None:
        """What to say while there is nothing to show."""
        self._hint = (title, text)
        if not self._results:
            self._show()

    def start(self, reference: Shown | None) -> None:
        """A new run begins; `reference` is what its result is compared with."""
        self._reference, self._results, self._aside, self._index = reference, (), (), 0
        self.caption.setText("")
        if self._before:
            self.view_choice.setCurrentIndex(self.view_choice.findData(self._before))
            self._before = ""
        self._show()

    def show_preview(self, pixels: Pixels) -> None:
        """The picture on its way, (h, w, 3) uint8."""
        self._results, self._aside = (Shown(tr("Result"), pixels),), ()
        self._show()

    def show_results(
        self, results: Sequence[Shown], caption: str, reference: Shown | None, aside: Sequence[Shown] = ()
    ) -> None:
        """The end of a run; `aside` stands beside the result where all are shown side by side."""
        self._results, self._reference, self._aside, self._index = tuple(results), reference, tuple(aside), 0
        self.caption.setText(caption)
        if aside:
            self._before = str(self.view_choice.currentData())
            self.view_choice.setCurrentIndex(self.view_choice.findData("sides"))
        self._show()

    # --- what is shown ---

    def _on_picked(self, index: int) -> None:
        self._index = index
        self._show()
        self.picked.emit(index)

    def _show(self, *_: object) -> None:
        reference = self._reference
        why = "" if reference is not None or not self._results else tr("It was made from nothing that could be beside")
        for _title, key in VIEWS[1:]:
            refuse(self.view_choice, key, why)
        kind: View = "result" if reference is None else self.view_choice.currentData()
        if not self._results:
            self.view.set_picked(None)
            self.view.set_hint(*self._hint)
            return
        result = self._results[min(self._index, len(self._results) - 1)]
        self.view.set_way(WAYS.get(kind, Way.WIPE))
        self.view.set_picked(self._index if kind == "result" and len(self._results) > 1 else None)
        if reference is not None and kind in WAYS:
            first = fitted(reference.pixels, result.pixels)
            pair = Shown(reference.title, first, result.pixels, result.title, result.full_size, result.full)
            self.view.set_shown([pair])
        elif reference is not None and kind == "sides":
            self.view.set_shown([reference, result, *self._aside])
        else:
            self.view.set_shown(self._results)
