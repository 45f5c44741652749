"""The pairs as rows of a table: what each column shows, and which of them can be edited."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from studio.gui.canvas.point_style import point_style
from studio.gui.widgets.theme import colors
from studio.language import tr, translatable
from studio.pairs import PairSet, PointPair
from studio.pairs.model import Origin
from studio.pairs.table import number_of

ModelIndex = QModelIndex | QPersistentModelIndex

COLUMNS: tuple[tuple[str, str], ...] = (
    ("#", translatable("Number of the pair, as in the pictures, and whether it is in use")),
    (translatable("A  x, y"), translatable("Point in picture A, pixels of the full-size picture")),
    (translatable("B  x, y"), translatable("Point in picture B, pixels of the full-size picture")),
    (translatable("Rank"), translatable("Accumulated activation over the levels; higher is stronger")),
    (translatable("Confidence"), translatable("How sure the program is, 0 to 1")),
    (translatable("Level"), translatable("Finest level at which the pair was found, 1 is the finest")),
    (translatable("Origin"), translatable("Found by the program, placed by hand, or edited")),
    (translatable("Lock"), translatable("Locked pairs can't be moved or removed, and a new match keeps them")),
)
ORIGINS: dict[Origin, str] = {
    "matched": translatable("matched"),
    "placed": translatable("placed"),
    "edited": translatable("edited"),
}
SORT_ROLE = Qt.ItemDataRole.UserRole
ID_ROLE = Qt.ItemDataRole.UserRole + 1
CONFIDENCE_COLUMN = 4
LOCK_COLUMN = 7
MAY_BE_LEFT_OUT = (3, 5, 6)
"""Columns that a narrow table does without, the least needed first: rank, level, origin."""
POINT_COLUMNS: dict[int, Callable[[PointPair], tuple[float, float]]] = {1: lambda pair: pair.a, 2: lambda pair: pair.b}


def confidence_words(pair: PointPair) -> str:
    """What the confidence of a pair means, in a sentence."""
    if pair.is_own:
        return tr("Yours: it is taken as right")
    return tr("About {number} of 10 such pairs are right", number=round(10 * pair.confidence))


class PairsModel(QAbstractTableModel):
    """Rows of a `PairSet`. What is edited in them is only told of: the state decides."""

    refused = Signal(str)
    """(why what was typed is not taken)"""
    edited = Signal(object, str)
    """(the pair as it should be, what was done)"""

    def __init__(self) -> None:
        super().__init__()
        self._pairs = PairSet()
        self.editable = True

    def set_pairs(self, pairs: PairSet) -> None:
        """Show these pairs; as long as they are the same ones only what changed is drawn again."""
        old, self._pairs = self._pairs, pairs
        if old.ids != pairs.ids:
            self.beginResetModel()
            self.endResetModel()
            return
        for row, (before, after) in enumerate(zip(old, pairs, strict=True)):
            if before is not after and before != after:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def pair(self, row: int) -> PointPair:
        return self._pairs[row]

    def rowCount(self, parent: ModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._pairs)

    def columnCount(self, parent: ModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def flags(self, index: ModelIndex) -> Qt.ItemFlag:
        flags = super().flags(index)
        if self.editable and index.column() in POINT_COLUMNS:
            flags |= Qt.ItemFlag.ItemIsEditable
        if self.editable and index.column() in (0, LOCK_COLUMN):
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(COLUMNS[section][0])
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr(COLUMNS[section][1])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return (
                Qt.AlignmentFlag.AlignRight if section else Qt.AlignmentFlag.AlignLeft
            ) | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: ModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        pair = self._pairs[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _texts(pair)[column]
        if role == Qt.ItemDataRole.EditRole and column in POINT_COLUMNS:
            x, y = POINT_COLUMNS[column](pair)
            return f"{x:.10g}, {y:.10g}"
        if role == SORT_ROLE:
            return _sort_keys(pair)[column]
        if role == ID_ROLE:
            return pair.id
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return _chip(point_style().color(pair))
        if role == Qt.ItemDataRole.CheckStateRole and column in (0, LOCK_COLUMN):
            checked = pair.enabled if column == 0 else pair.locked
            return Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole and column in (0, LOCK_COLUMN):
            return tr("In use") if column == 0 else tr("Held fast: by hand and by a new match")
        if role == Qt.ItemDataRole.ToolTipRole and column == CONFIDENCE_COLUMN:
            return confidence_words(pair)
        if role == Qt.ItemDataRole.TextAlignmentRole and column > 0:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and not pair.enabled:
            return QColor(colors().muted)
        return None

    def setData(self, index: ModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        pair, column = self._pairs[index.row()], index.column()
        if role == Qt.ItemDataRole.CheckStateRole and column in (0, LOCK_COLUMN):
            on = Qt.CheckState(value) == Qt.CheckState.Checked
            if column == 0:
                step = tr("Enable pair {number}", number=pair.id) if on else tr("Disable pair {number}", number=pair.id)
                self.edited.emit(replace(pair, enabled=on), step)
            else:
                step = tr("Lock pair {number}", number=pair.id) if on else tr("Unlock pair {number}", number=pair.id)
                self.edited.emit(replace(pair, locked=on), step)
            return True
        if role == Qt.ItemDataRole.EditRole and column in POINT_COLUMNS:
            point = _parse_point(str(value))
            if point is None:
                self.refused.emit(tr("“{text}” is no point: type x and y, as “12.5; 80”.", text=str(value)[:40]))
                return False
            side = "A" if column == 1 else "B"
            moved = replace(pair, a=point) if side == "A" else replace(pair, b=point)
            self.edited.emit(moved, tr("Type point {number} in {side}", number=pair.id, side=side))
            return True
        return False

    def row_of(self, pair_id: int) -> int | None:
        return next((row for row, pair in enumerate(self._pairs) if pair.id == pair_id), None)


def _parse_point(text: str) -> tuple[float, float] | None:
    """ "12.5, 80" or "12,5; 80" as a point; None if it is none."""
    parts = [part for part in re.split(r"\s*;\s*|,\s+|\s+", text.strip()) if part]
    try:
        x, y = map(number_of, parts if len(parts) == 2 else text.split(","))
    except ValueError:
        return None
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None


@lru_cache(maxsize=256)
def _chip(color: tuple[int, int, int]) -> QIcon:
    """The pair's colour as a dot that a selected row does not tint."""
    side = 28
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(*color))
    painter.setPen(QPen(QColor(255, 255, 255, 200), 2))
    painter.drawEllipse(2, 2, side - 4, side - 4)
    painter.end()
    chip = QIcon(pixmap)
    chip.addPixmap(pixmap, QIcon.Mode.Selected)
    return chip


def _texts(pair: PointPair) -> tuple[str, ...]:
    level = tr("L{level}", level=pair.level) if pair.level else "–"
    return (
        str(pair.id),
        f"{pair.a[0]:.1f}, {pair.a[1]:.1f}",
        f"{pair.b[0]:.1f}, {pair.b[1]:.1f}",
        f"{pair.rank:.3f}",
        f"{pair.confidence:.2f}",
        level,
        tr(ORIGINS[pair.origin]),
        "",
    )


def _sort_keys(pair: PointPair) -> tuple[Any, ...]:
    # Points sort from top to bottom, then left to right, as one reads.
    return (
        pair.id,
        pair.a[1] * 1e6 + pair.a[0],
        pair.b[1] * 1e6 + pair.b[0],
        pair.rank,
        pair.confidence,
        pair.level,
        tr(ORIGINS[pair.origin]),
        pair.locked,
    )
