"""The slider that looks through the pairs of a match, level by level."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QVBoxLayout, QWidget

from studio.gui.canvas.state import RESULT_LEVEL, StudioState
from studio.language import tr, trn


class LevelSlider(QWidget):
    """Looks through the pairs found from the coarsest level to the finest, and at the result."""

    def __init__(self, state: StudioState) -> None:
        super().__init__()
        self._state = state
        self._stops: list[int] = [RESULT_LEVEL]
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setPageStep(1)
        self.slider.setTickPosition(QSlider.TickPosition.NoTicks)
        self.slider.setAccessibleName(tr("Level"))
        self.slider.setToolTip(tr("Show the pairs found at each level, from coarse to fine, and the result ([ and ])"))
        self._labels = QGridLayout()
        self._labels.setContentsMargins(0, 0, 0, 0)
        self._text = QLabel()
        self._text.setObjectName("muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.slider)
        layout.addLayout(self._labels)
        layout.addWidget(self._text)
        self.slider.valueChanged.connect(lambda position: state.show_level(self._stops[position]))
        state.pairs_changed.connect(self.refresh)
        self.refresh()

    def step(self, by: int) -> None:
        """Go `by` stops towards the result (positive) or towards the coarsest level."""
        self.slider.setValue(self.slider.value() + by)

    def refresh(self) -> None:
        levels = self._state.levels
        stops = [*sorted(levels, reverse=True), RESULT_LEVEL]
        with QSignalBlocker(self.slider):
            self.slider.setEnabled(len(stops) > 1)
            self.slider.setRange(0, max(1, len(stops) - 1) if len(stops) > 1 else 1)
            if stops != self._stops or self._labels.count() == 0:
                self._stops = stops
                self._write_labels()
            shown = self._state.shown_level
            self.slider.setValue(stops.index(shown) if shown in stops and len(stops) > 1 else self.slider.maximum())
        count = len(self._state.shown_pairs)
        if not levels and not count:
            self._text.setText(tr("Run a match to look through its levels"))
        elif self._state.shown_level == RESULT_LEVEL:
            self._text.setText(trn("Result: {number} pair", "Result: {number} pairs", count))
        else:
            level = self._state.shown_level
            self._text.setText(trn("Level {level}: {number} pair", "Level {level}: {number} pairs", count, level=level))

    def _write_labels(self) -> None:
        while self._labels.count():
            item = self._labels.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.deleteLater()
        if len(self._stops) == 1:
            return
        for column, level in enumerate(self._stops):
            label = QLabel(tr("result") if level == RESULT_LEVEL else tr("L{level}", level=level))
            label.setObjectName("muted")
            first, last = column == 0, column == len(self._stops) - 1
            side = (
                Qt.AlignmentFlag.AlignLeft
                if first
                else Qt.AlignmentFlag.AlignRight
                if last
                else Qt.AlignmentFlag.AlignHCenter
            )
            self._labels.addWidget(label, 0, column, side)
            # The first and last stand at the ends of the slider, so they get half a place.
            self._labels.setColumnStretch(column, 1 if first or last else 2)
