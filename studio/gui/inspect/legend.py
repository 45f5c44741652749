"""What the colours of the maps stand for, and the knobs of how maps are coloured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QSizePolicy, QSlider, QWidget

from studio.arrays import Pixels
from studio.gui.widgets.forms import form_grid
from studio.gui.widgets.painting import image_of
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.theme import colors
from studio.language import tr, translatable
from studio.options import Options, knob

BAR = 150
TABLES = (("ember", translatable("Ember")), ("lagoon", translatable("Lagoon")), ("grey", translatable("Grey")))
"""Of `studio.colour_maps.SEQUENTIAL`, with titles for people."""


@dataclass(frozen=True, eq=False)
class LegendEntry:
    """One bar: its colours, (256, 3) uint8, from `low` to `high`, in `unit`; `title` says what is coloured."""

    title: str
    table: Pixels
    low: float
    high: float
    unit: str = ""
    clipped: bool = False
    """Whether some numbers lie beyond the ends."""


class Legend(QWidget):
    """Bars of colours with numbers and unit, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Colour scale"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(34)
        self._entries: tuple[LegendEntry, ...] = ()

    @property
    def entries(self) -> tuple[LegendEntry, ...]:
        return self._entries

    def set_entries(self, entries: Sequence[LegendEntry]) -> None:
        self._entries = tuple(entries)
        self.setAccessibleDescription(
            "; ".join(
                tr(
                    "{title} {low} to {high} {unit}",
                    title=e.title,
                    low=number(e.low),
                    high=number(e.high),
                    unit=e.unit,
                )
                for e in self._entries
            )
        )
        self.updateGeometry()
        self.update()

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(11)
        return font

    def _widths(self) -> list[float]:
        metrics = QFontMetricsF(self._font())
        return [max(BAR, metrics.horizontalAdvance(self._heading(entry)) + 4) + 18 for entry in self._entries]

    @staticmethod
    def _heading(entry: LegendEntry) -> str:
        return f"{entry.title}, {entry.unit}" if entry.unit and entry.title else entry.title or entry.unit

    def sizeHint(self) -> QSize:
        return QSize(round(sum(self._widths())) + 4, 34)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self.sizeHint().width(), 120), 34)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(self._font())
        right = float(self.width())
        for entry, width in reversed(list(zip(self._entries, self._widths(), strict=True))):
            right -= width
            self._paint_entry(painter, entry, QRectF(right + 10, 0, width - 18, self.height()))

    def _paint_entry(self, painter: QPainter, entry: LegendEntry, box: QRectF) -> None:
        metrics = painter.fontMetrics()
        painter.setPen(QColor(colors().muted))
        painter.drawText(QRectF(box.left(), 0, box.width(), 13), Qt.AlignmentFlag.AlignLeft, self._heading(entry))
        strip = np.ascontiguousarray(entry.table[None])
        painter.drawImage(QRectF(box.left(), 14, box.width(), 7), image_of(strip))
        painter.setPen(QColor(colors().text))
        marks = [(0.0, entry.low), (1.0, entry.high)]
        if entry.low < 0 < entry.high:
            marks.append((-entry.low / (entry.high - entry.low), 0.0))
        for share, value in marks:
            text = number(value)
            if entry.clipped and share in (0.0, 1.0) and value:
                text = ("≥ " if share else "≤ ") + text
            advance = metrics.horizontalAdvance(text)
            left = min(max(box.left() + share * box.width() - advance / 2, box.left()), box.right() - advance)
            painter.drawText(QPointF(left, 32), text)


def number(value: float) -> str:
    """A number short enough for a legend."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e")


class ColourOptions(Options):
    """How maps are coloured, as it is remembered."""

    table: Literal["ember", "lagoon", "grey"] = knob("ember", "The colours of maps without a sign.")
    opacity: int = knob(70, "How strongly a map covers its picture.", unit="%", minimum=0, maximum=100)
    smooth: bool = knob(True, "Draw maps smoothly instead of cell by cell.")
    own: bool = knob(False, "Give each map a scale of its own.")


class ColourKnobs(QWidget):
    """How maps are coloured: which colours, how strongly over the picture, on one scale or each on its own."""

    changed = Signal()
    stepped = Signal(str, str)
    """(what was done, key), after `changed`; see `StudioState.committed`"""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._setting = False
        self._drags = 0
        self.table = QComboBox()
        self.table.setAccessibleName(tr("Colours of the maps"))
        self.table.setToolTip(
            tr("All of them rise evenly in brightness, and can be read without telling red from green")
        )
        for name, title in TABLES:
            self.table.addItem(tr(title), name)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setAccessibleName(tr("Opacity of the maps"))
        self.opacity.setToolTip(tr("How strongly the map covers the picture"))
        self.smooth = QCheckBox(tr("Smooth"))
        self.smooth.setToolTip(tr("Draw maps smoothly; off, each cell of the network is a square of its own"))
        self.own = QCheckBox(tr("Each map its own scale"))
        self.own.setToolTip(
            tr(
                "Off: one colour means the same number in both pictures and in all maps shown.\n"
                "On: each map uses all the colours, which shows more but can't be compared."
            )
        )
        grid = form_grid(self, 70)
        for row, (words, widget) in enumerate(((tr("Colours"), self.table), (tr("Opacity"), self.opacity))):
            grid.addWidget(QLabel(words), row, 0)
            grid.addWidget(widget, row, 1, 1, 2)
        grid.addWidget(self.smooth, 2, 0)
        grid.addWidget(self.own, 2, 1, 1, 2)
        self.set_value(settings.options(ColourOptions, "inspect_colours"))
        self.table.currentIndexChanged.connect(partial(self._on_change, tr("Colours")))
        self.opacity.sliderPressed.connect(self._on_drag)
        self.opacity.valueChanged.connect(partial(self._on_change, tr("Opacity")))
        self.smooth.toggled.connect(partial(self._on_change, tr("Smooth")))
        self.own.toggled.connect(partial(self._on_change, tr("Each map its own scale")))

    @property
    def table_name(self) -> str:
        return str(self.table.currentData())

    @property
    def share(self) -> float:
        """Opacity, 0 to 1."""
        return self.opacity.value() / 100

    def value(self) -> ColourOptions:
        """How maps are coloured now."""
        return ColourOptions.from_dict(
            {
                "table": self.table_name,
                "opacity": self.opacity.value(),
                "smooth": self.smooth.isChecked(),
                "own": self.own.isChecked(),
            }
        )

    def set_value(self, options: ColourOptions) -> None:
        """Colour maps so, as one step."""
        before, self._setting = self.value(), True
        try:
            self.table.setCurrentIndex(self.table.findData(options.table))
            self.opacity.setValue(options.opacity)
            self.smooth.setChecked(options.smooth)
            self.own.setChecked(options.own)
        finally:
            self._setting = False
        if self.value() != before:
            self._tell(tr("Change Options"), "")

    def _on_change(self, what: str, *_: object) -> None:
        if not self._setting:
            verb = f"drag {self._drags}" if self.opacity.isSliderDown() else "turn"
            self._tell(tr("Change {knob}", knob=what), f"{verb} {what}")

    def _on_drag(self) -> None:
        self._drags += 1

    def _tell(self, step: str, key: str) -> None:
        self._settings.set_options("inspect_colours", self.value())
        self.changed.emit()
        self.stepped.emit(step, key)
