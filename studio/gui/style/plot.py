"""The curves of the losses while a style run goes on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from studio.gui.style.history import Moment
from studio.gui.widgets.theme import colors
from studio.language import tr, translatable
from studio.overlay import pair_color

LEAST = 1e-4
"""Shares of the total below this are left out: a term of nothing would stretch the logarithmic axis without end."""
MOST_POINTS = 600
"""Points of a curve; more are thinned out."""


class _LossAxis(pg.AxisItem):
    """Writes 1, 2 and 5 of each decade only, as plain numbers."""

    def logTickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        strings = []
        for value in values:
            number = 10.0**value
            plain = float(f"{number:.3g}")
            strings.append(f"{plain:g}" if f"{plain:e}"[:3] in ("1.0", "2.0", "5.0") else "")
        return strings


TERMS = (
    translatable("total"),
    translatable("content"),
    translatable("style"),
    translatable("anchors"),
    translatable("tv"),
    translatable("range"),
)
"""What the engine calls the terms of a loss."""


class LossPlot(QWidget):
    """One curve a term, over steps, on a logarithmic axis; a line marks the moment that is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._plot = pg.PlotWidget(axisItems={"left": _LossAxis("left")})
        self._plot.setMenuEnabled(False)
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.hideButtons()
        self._plot.setLogMode(x=False, y=True)
        self._plot.getAxis("left").enableAutoSIPrefix(False)
        self._plot.setLabel("bottom", tr("step"))
        self._plot.setLabel("left", tr("loss"))
        self._plot.getPlotItem().layout.setContentsMargins(2, 6, 8, 2)
        self._legend = QLabel(wordWrap=True)
        self._legend.setContentsMargins(10, 6, 6, 0)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.hide()
        self._plot.addItem(self._cursor)
        self._curves: dict[str, pg.PlotDataItem] = {}
        self._points: dict[str, tuple[list[int], list[float]]] = {}
        self._show_axes(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._legend)
        layout.addWidget(self._plot, 1)
        self.setAccessibleName(tr("Losses"))
        self.setMinimumSize(150, 90)
        self.refresh_theme()

    @property
    def curves(self) -> dict[str, tuple[Sequence[int], Sequence[float]]]:
        """Steps and values by name of the term."""
        return dict(self._points)

    def clear(self) -> None:
        for curve in self._curves.values():
            self._plot.removeItem(curve)
        self._curves, self._points = {}, {}
        self._cursor.hide()
        self._show_axes(False)
        self._show_legend()

    def add(self, moment: Moment) -> None:
        """Go on with the losses of another step."""
        least = LEAST * max(moment.losses.get("total", 0.0), 1e-12)
        for name, value in moment.losses.items():
            if not np.isfinite(value) or value < least:
                continue
            steps, values = self._points.setdefault(name, ([], []))
            if steps and steps[-1] == moment.step:
                continue
            steps.append(moment.step)
            values.append(float(value))
            if len(steps) > MOST_POINTS:
                del steps[1:-1:2], values[1:-1:2]
            if name not in self._curves:
                self._show_axes(True)
                self._curves[name] = self._plot.plot(pen=self._pen(name))
                self._show_legend()
            self._curves[name].setData(steps, values)

    def _show_axes(self, on: bool) -> None:
        """Without curves there are no numbers to read."""
        for name in ("bottom", "left"):
            self._plot.showAxis(name, on)

    def mark(self, step: int | None) -> None:
        """Draw a line at a step, or none."""
        self._cursor.setVisible(step is not None)
        if step is not None:
            self._cursor.setValue(step)

    def refresh_theme(self) -> None:
        c = colors()
        self._plot.setBackground(c.panel)
        for name in ("bottom", "left"):
            axis = self._plot.getAxis(name)
            axis.setPen(c.border)
            axis.setTextPen(c.muted)
        self._show_legend()
        self.setStyleSheet(f"LossPlot {{ background: {c.panel}; }}")
        self._cursor.setPen(pg.mkPen(c.accent, width=1))
        for name, curve in self._curves.items():
            curve.setPen(self._pen(name))

    def _show_legend(self) -> None:
        if not self._curves:
            self._legend.setText(f'<span style="color:{colors().muted}">{tr("Losses: their curves come here.")}</span>')
            return
        words = (f'<span style="color:{self._color(name)}">&#9632;</span>&nbsp;{tr(name)}' for name in self._curves)
        self._legend.setText("&nbsp; ".join(words))

    def _pen(self, name: str) -> object:
        return pg.mkPen(self._color(name), width=2 if name == "total" else 1.5)

    def _color(self, name: str) -> str:
        if name == "total" or name not in self._points:
            return colors().text
        return QColor(*pair_color(list(self._points).index(name) + 1)).name()
