"""The regions of the mode Style that are painted by hand: their list, the brush, and what a run gets of them."""

from __future__ import annotations

from math import sqrt
from typing import Any

import cv2
import numpy as np
from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.arrays import SIDES
from studio.geometry import shrink_within
from studio.gui.canvas.state import StudioState
from studio.gui.canvas.viewer import Viewer
from studio.gui.style.brush import PaintBrush, PaintLayer
from studio.gui.style.choice import StyleChoice
from studio.gui.style.painting import LEAST_BRUSH, MASK_SIDE, MOST_BRUSH, PaintedRegion, Painting
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.names import in_menu, in_tip
from studio.gui.widgets.parts import heading
from studio.gui.widgets.theme import icon
from studio.language import tr, translatable, trn
from studio.style.model import Region, StyleError
from studio.style.recipe import Recipe
from studio.style.task import STYLED

ABOUT = translatable("Paint over a part of A and a part of B: the one takes its style from the other.")
KEYS = translatable("Left paints, right or Shift erases. [ and ] change the brush, Ctrl+Z takes a stroke back.")
SLIDER = 100
LONGEST_NAME = 60


class _Row(QWidget):
    """One region. A double click or F2 opens a field for its name; Escape leaves the old one."""

    chosen = Signal()
    removed = Signal()
    renamed = Signal(str)

    def __init__(self, region: PaintedRegion, selected: bool) -> None:
        super().__init__()
        self.region = region
        self.choose, self.remove, where = QToolButton(), QToolButton(), QLabel(_where(region))
        self.choose.setCheckable(True)
        self.choose.setChecked(selected)
        self.choose.setText(in_menu(region.name))
        self.choose.setIcon(_swatch(region))
        self.choose.setIconSize(QSize(14, 14))
        self.choose.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.choose.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.choose.setToolTip(tr("The brush paints this region; double-click or F2 to rename it"))
        self.choose.installEventFilter(self)
        self.name = QLineEdit(region.name)
        self.name.hide()
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setAccessibleName(tr("Name of the region"))
        self.name.installEventFilter(self)
        self.name.editingFinished.connect(self._on_named)
        where.setObjectName("muted")
        self.remove.setIcon(icon("close"))
        self.remove.setIconSize(QSize(12, 12))
        self.remove.setToolTip(in_tip(tr("Remove {name}", name=region.name)))
        self.remove.setAccessibleName(tr("Remove {name}", name=region.name))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.choose, 1)
        layout.addWidget(self.name, 1)
        layout.addWidget(where)
        layout.addWidget(self.remove)
        self.choose.clicked.connect(self._on_chosen)
        self.remove.clicked.connect(self.removed)

    def _on_chosen(self) -> None:
        self.choose.setChecked(True)  # one is always selected
        self.chosen.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        key = event.key() if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress else None
        if watched is self.choose and (key == Qt.Key.Key_F2 or event.type() == QEvent.Type.MouseButtonDblClick):
            self._edit_name(True)
            return True
        if watched is self.name and key == Qt.Key.Key_Escape:
            self._edit_name(False)
            return True
        return super().eventFilter(watched, event)

    def _edit_name(self, edits: bool) -> None:
        """Show the field, or the button again; a click elsewhere keeps the keyboard there."""
        had_keyboard = self.name.hasFocus()
        with QSignalBlocker(self.name):  # a field that is hidden says once more that it was edited
            self.name.setText(self.region.name)
            self.name.setVisible(edits)
            self.choose.setVisible(not edits)
        if edits:
            self.name.selectAll()
            self.name.setFocus(Qt.FocusReason.OtherFocusReason)
        elif had_keyboard:
            self.choose.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_named(self) -> None:
        text = self.name.text()
        self._edit_name(False)
        self.renamed.emit(text)


class StyleRegions(QWidget):
    """Shown for the kind that knows regions; `set_active` says whether the mode is on."""

    changed = Signal()
    """What a run gets may be another."""

    def __init__(
        self, state: StudioState, viewer: Viewer, choice: StyleChoice, messages: Messages, parent: QWidget
    ) -> None:
        """`parent` is needed at once: what shows itself without one becomes a window, which takes the keyboard."""
        super().__init__(parent)
        self._state, self._choice, self._messages = state, choice, messages
        self._active = False
        self.painting = Painting(state, self)
        self.layers = {side: PaintLayer(state, self.painting, side) for side in SIDES}
        self._brushes = []
        for side, layer in self.layers.items():
            viewer.canvas(side).add_layer(layer)
            self._brushes.append(PaintBrush(viewer.canvas(side), layer, self.painting, side, self))
        self.rows: list[_Row] = []
        self.add_button, self.paint_button = QPushButton(tr("Add Region")), QToolButton()
        self.clear_button = QToolButton()
        self.brush_size = QSlider(Qt.Orientation.Horizontal)
        self.size_text, self._hint = QLabel(), QLabel(wordWrap=True)
        self._dress()
        self._lay_out()
        self.add_button.clicked.connect(self._on_add)
        self.paint_button.toggled.connect(self._on_paint)
        self.clear_button.clicked.connect(self.painting.clear)
        self.brush_size.valueChanged.connect(self._on_size)
        self.painting.changed.connect(self._on_painting)
        self.painting.brush_changed.connect(self._show_size)
        choice.changed.connect(self.refresh)
        self.refresh_theme()
        self._show_size()
        self.refresh()

    def _dress(self) -> None:
        self.add_button.setToolTip(tr("A further part that is painted in both pictures"))
        self.paint_button.setText(tr("Paint"))
        self.paint_button.setCheckable(True)
        self.paint_button.setToolTip(tr("Paint the region chosen into the big pictures A and B with the mouse"))
        self.paint_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.paint_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.paint_button.setIconSize(QSize(16, 16))
        words = tr("Take all paint off the region chosen, in both pictures")
        self.clear_button.setIconSize(QSize(16, 16))
        self.clear_button.setToolTip(words)
        self.clear_button.setAccessibleName(words)
        self.brush_size.setRange(0, SLIDER)
        self.brush_size.setAccessibleName(tr("Size of the brush"))
        self.brush_size.setToolTip(
            tr("Diameter of the brush, as a share of the picture's longer side ([ and ] while painting)")
        )
        self.size_text.setMinimumWidth(46)
        self.size_text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._hint.setObjectName("muted")

    def _lay_out(self) -> None:
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.add_button, 1)
        buttons.addWidget(self.paint_button, 1)
        buttons.addWidget(self.clear_button)
        self._brush_row = QWidget()
        brush = QHBoxLayout(self._brush_row)
        brush.setContentsMargins(0, 0, 0, 0)
        brush.setSpacing(8)
        brush.addWidget(QLabel(tr("Brush")))
        brush.addWidget(self.brush_size, 1)
        brush.addWidget(self.size_text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(heading(tr("Painted Regions")))
        layout.addLayout(self._list)
        layout.addLayout(buttons)
        layout.addWidget(self._brush_row)
        layout.addWidget(self._hint)

    def refresh_theme(self) -> None:
        self.paint_button.setIcon(icon("mode-style"))
        self.clear_button.setIcon(icon("delete"))
        for row in self.rows:
            row.remove.setIcon(icon("close"))

    # --- what a run gets ---

    def given(self) -> tuple[Region, ...]:
        """The regions painted in both pictures; none where the style is not the window's picture."""
        return self.painting.given(self._choice.side) if self._usable else ()

    def ready(self) -> bool:
        """Whether a run may begin; if not, a message says what is missing."""
        if self._choice.kind not in STYLED or not self.painting.regions:
            return True
        side = self._choice.style_side
        words = tr(
            "Painted regions take their style from picture {side}: give it a weight, or remove the regions.", side=side
        )
        words = self.painting.lacking if self._usable else words
        if words:
            self._messages.warning(words)
        return not words

    @property
    def _usable(self) -> bool:
        side, sources = self._choice.style_side, self._choice.sources.sources
        return side is not None and bool(sources) and sources[0].picture is self._state.picture(side)

    def take(self, recipe: Recipe) -> list[str]:
        """The regions of a recipe in place of those painted; gives sentences on what was done."""
        side, other = self._choice.side, self._choice.style_side
        content, style = self._state.picture(side), None if other is None else self._state.picture(other)
        try:
            found = recipe.regions
        except StyleError as error:
            return [str(error)]
        if other is None or content is None or style is None or any(one.source for one in found):
            return [tr("Its regions are left out.")] if found else []
        painted = bool(self.painting.regions)
        undo = [tr("Undo brings back what was painted.")] if painted else []
        if not found and not painted:
            return []
        self.painting.take(
            [
                (one.name, {side: _resized(one.content, content.size), other: _resized(one.style, style.size)})
                for one in found
            ]
        )
        if not found:
            return [tr("It was made without painted regions, and there are none now."), *undo]
        there = trn(
            "Its painted region is in the window.", "Its {number} painted regions are in the window.", len(found)
        )
        return [there, *undo]

    # --- the mode ---

    def set_active(self, active: bool) -> None:
        """The mode was entered or left; leaving it ends painting."""
        self._active = active
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Take in what is to be made, and which pictures there are."""
        shown = self._choice.kind in STYLED
        self.setVisible(shown)
        both = self._state.has_both
        if not (shown and self._active and both):
            self.paint_button.setChecked(False)
        self.add_button.setEnabled(both)
        self.paint_button.setEnabled(both)
        for layer in self.layers.values():
            layer.setVisible(shown and self._active)
        self._show_state()

    def _on_add(self) -> None:
        self.painting.add()
        self.paint_button.setChecked(self._active)

    def _on_paint(self, on: bool) -> None:
        if on and self.painting.selected is None:
            self.painting.add()
        for brush in self._brushes:
            brush.set_active(on)
        self._show_state()

    def _on_painting(self) -> None:
        now = self.painting.regions
        if [row.region for row in self.rows] != list(now):
            self._fill()
        for row in self.rows:
            row.choose.setChecked(row.region is self.painting.selected)
        if self.painting.selected is None:
            self.paint_button.setChecked(False)
        self._show_state()
        self.changed.emit()

    def _fill(self) -> None:
        for row in self.rows:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []
        for region in self.painting.regions:
            row = _Row(region, region is self.painting.selected)
            row.chosen.connect(lambda number=region.number: self.painting.select(number))
            row.renamed.connect(lambda name, number=region.number: self.painting.rename(number, name))
            row.removed.connect(lambda number=region.number: self.painting.remove(number))
            self._list.addWidget(row)
            self.rows.append(row)

    def _show_state(self) -> None:
        selected, paints = self.painting.selected, self.paint_button.isChecked()
        self._brush_row.setVisible(selected is not None)
        self.clear_button.setEnabled(selected is not None and bool(selected.masks))
        self._hint.setText(tr(KEYS) if paints else tr(ABOUT))
        self._hint.setVisible(paints or selected is None)

    # --- the brush ---

    def _on_size(self, value: int) -> None:
        self.painting.set_brush(LEAST_BRUSH + (MOST_BRUSH - LEAST_BRUSH) * (value / SLIDER) ** 2)

    def _show_size(self) -> None:
        share = (self.painting.brush - LEAST_BRUSH) / (MOST_BRUSH - LEAST_BRUSH)
        with QSignalBlocker(self.brush_size):
            self.brush_size.setValue(round(SLIDER * sqrt(share)))
        self.size_text.setText(f"{100 * self.painting.brush:.1f} %")


def _where(region: PaintedRegion) -> str:
    """Where it has paint."""
    painted = [side for side in SIDES if side in region.masks]
    return {0: tr("no paint yet"), 1: tr("only in {side}", side="".join(painted))}.get(len(painted), tr("A and B"))


def _swatch(region: PaintedRegion) -> QIcon:
    pixmap = QPixmap(28, 28)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(*region.color))
    painter.drawRoundedRect(1, 1, 26, 26, 8, 8)
    painter.end()
    return QIcon(pixmap)


def _resized(mask: Any, picture: tuple[int, int]) -> Any:
    """A recipe's mask at the size of the painted ones; None, the whole picture, is painted all over."""
    size = shrink_within(picture, MASK_SIDE)
    if mask is None:
        return np.full(size[::-1], 255, np.uint8)
    return np.ascontiguousarray(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
