"""The pairs as a sortable table, in step with the canvases."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelection,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSignalBlocker,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from studio.gui.state import StudioState
from studio.gui.theme import colors
from studio.overlay import pair_color
from studio.pairs import PairSet, PointPair

Index = QModelIndex | QPersistentModelIndex

COLUMNS: tuple[tuple[str, str], ...] = (
    ("#", "Number of the pair, as in the pictures"),
    ("A  x, y", "Point in picture A, pixels of the full-size picture"),
    ("B  x, y", "Point in picture B, pixels of the full-size picture"),
    ("Rank", "Accumulated activation over the levels; higher is stronger"),
    ("Confidence", "How sure the program is, 0 to 1"),
    ("Level", "Finest level at which the pair was found, 1 is the finest"),
    ("Origin", "Found by the program, placed by hand, or edited"),
)
SORT_ROLE = Qt.ItemDataRole.UserRole
ID_ROLE = Qt.ItemDataRole.UserRole + 1
CONFIDENCE_COLUMN = 4


class PairsModel(QAbstractTableModel):
    """Rows of a `PairSet`, read-only."""

    def __init__(self) -> None:
        super().__init__()
        self._pairs = PairSet()

    def set_pairs(self, pairs: PairSet) -> None:
        self.beginResetModel()
        self._pairs = pairs
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._pairs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section][0]
        if role == Qt.ItemDataRole.ToolTipRole:
            return COLUMNS[section][1]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return (
                Qt.AlignmentFlag.AlignRight if section else Qt.AlignmentFlag.AlignLeft
            ) | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        pair = self._pairs[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _texts(pair)[column]
        if role == SORT_ROLE:
            return _sort_keys(pair)[column]
        if role == ID_ROLE:
            return pair.id
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return _chip(pair.id)
        if role == Qt.ItemDataRole.TextAlignmentRole and column > 0:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and not pair.enabled:
            return QColor(colors().muted)
        return None

    def row_of(self, pair_id: int) -> int | None:
        return next((row for row, pair in enumerate(self._pairs) if pair.id == pair_id), None)


def _chip(pair_id: int) -> QIcon:
    """The pair's colour as a dot that a selected row does not tint."""
    side = 28
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(*pair_color(pair_id)))
    painter.setPen(QPen(QColor(255, 255, 255, 200), 2))
    painter.drawEllipse(2, 2, side - 4, side - 4)
    painter.end()
    chip = QIcon(pixmap)
    chip.addPixmap(pixmap, QIcon.Mode.Selected)
    return chip


def _texts(pair: PointPair) -> tuple[str, ...]:
    level = f"L{pair.level}" if pair.level else "–"
    return (
        str(pair.id),
        f"{pair.a[0]:.1f}, {pair.a[1]:.1f}",
        f"{pair.b[0]:.1f}, {pair.b[1]:.1f}",
        f"{pair.rank:.3f}",
        f"{pair.confidence:.2f}",
        level,
        pair.origin,
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
        pair.origin,
    )


class _ConfidenceDelegate(QStyledItemDelegate):
    """A thin bar below the number."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        value = min(max(float(index.data(SORT_ROLE)), 0.0), 1.0)
        rect: QRect = option.rect.adjusted(8, option.rect.height() - 5, -8, -2)
        painter.fillRect(rect, QColor(colors().border))
        selected = option.state & QStyle.StateFlag.State_Selected
        rect.setWidth(round(rect.width() * value))
        painter.fillRect(rect, QColor(colors().on_accent if selected else colors().accent))


class PairsTable(QWidget):
    """The table; hovering or selecting a row lights its pair up, and the other way round."""

    def __init__(self, state: StudioState) -> None:
        super().__init__()
        self._state = state
        self.model = PairsModel()
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.model)
        self._sorted.setSortRole(SORT_ROLE)
        self.view = QTableView()
        self.view.setModel(self._sorted)
        self.view.setSortingEnabled(True)
        self.view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setAlternatingRowColors(True)
        self.view.setShowGrid(False)
        self.view.setMouseTracking(True)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(25)
        self.view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.view.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        self.view.setColumnWidth(0, 76)
        self.view.horizontalHeader().setHighlightSections(False)
        self.view.setItemDelegateForColumn(CONFIDENCE_COLUMN, _ConfidenceDelegate(self.view))
        self.view.setAccessibleName("Pairs")
        self._hint = QLabel("No pairs yet: open two pictures and run a match.", alignment=Qt.AlignmentFlag.AlignCenter)
        self._hint.setObjectName("muted")
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._hint)
        self._stack.addWidget(self.view)
        self.view.entered.connect(lambda index: state.set_hovered(index.data(ID_ROLE)))
        self.view.viewport().installEventFilter(self)
        self.view.selectionModel().selectionChanged.connect(self._on_selection)
        state.pairs_changed.connect(self._show_pairs)
        state.hovered_changed.connect(self.view.viewport().update)
        state.selected_changed.connect(self._show_selected)

    def _show_pairs(self) -> None:
        pairs = self._state.shown_pairs
        with QSignalBlocker(self.view.selectionModel()):
            self.model.set_pairs(pairs)
        self._stack.setCurrentWidget(self.view if len(pairs) else self._hint)

    def _show_selected(self) -> None:
        row = self.model.row_of(self._state.selected)
        with QSignalBlocker(self.view.selectionModel()):
            if row is None:
                self.view.clearSelection()
            else:
                index = self._sorted.mapFromSource(self.model.index(row, 0))
                self.view.selectRow(index.row())
                self.view.scrollTo(index)
        self.view.viewport().update()

    def _on_selection(self, selected: QItemSelection, _: QItemSelection) -> None:
        indexes = selected.indexes()
        self._state.set_selected(indexes[0].data(ID_ROLE) if indexes else 0)

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._state.set_hovered(0)
        return super().eventFilter(watched, event)
