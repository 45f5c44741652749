"""The pairs as a sortable table, in step with the canvases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QRect,
    QSignalBlocker,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSlider,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.gui.canvas.pairs_model import (
    CONFIDENCE_COLUMN,
    ID_ROLE,
    LOCK_COLUMN,
    MAY_BE_LEFT_OUT,
    SORT_ROLE,
    ModelIndex,
    PairsModel,
)
from studio.gui.canvas.state import StudioState
from studio.gui.widgets.theme import colors
from studio.language import tr, trn

__all__ = ["ID_ROLE", "PairsTable"]

WIDEST_POINT = "0000.0, 0000.0"
"""What a column of points has room for."""
CELL_MARGIN = 14
"""Beside what stands in a cell, px."""


class _Sorted(QSortFilterProxyModel):
    """Sorts, and hides what the filter hides."""

    def __init__(self, model: PairsModel, state: StudioState, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._state = model, state
        self.setSourceModel(model)
        self.setSortRole(SORT_ROLE)

    def filterAcceptsRow(self, row: int, parent: ModelIndex) -> bool:
        return self._state.passes(self._model.pair(row))


class _ConfidenceDelegate(QStyledItemDelegate):
    """A thin bar below the number."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: ModelIndex) -> None:
        super().paint(painter, option, index)
        value = min(max(float(index.data(SORT_ROLE)), 0.0), 1.0)
        rect: QRect = option.rect.adjusted(8, option.rect.height() - 5, -8, -2)
        painter.fillRect(rect, QColor(colors().border))
        selected = option.state & QStyle.StateFlag.State_Selected
        rect.setWidth(round(rect.width() * value))
        painter.fillRect(rect, QColor(colors().on_accent if selected else colors().accent))


class PairsTable(QWidget):
    """The table; hovering or selecting a row lights its pair up, and the other way round."""

    pair_edited = Signal(object, str)
    """(the pair as it should be, what was done)"""

    def __init__(self, state: StudioState) -> None:
        super().__init__()
        self._state = state
        self.model = PairsModel()
        self.sorted_model = _Sorted(self.model, state, self)
        self.view = QTableView()
        self.view.setModel(self.sorted_model)
        self.view.setSortingEnabled(True)
        self.view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.view.setAlternatingRowColors(True)
        self.view.setShowGrid(False)
        self.view.setMouseTracking(True)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(25)
        header = self.view.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        lock = max(58, header.sectionSizeHint(LOCK_COLUMN))
        for column, width in ((0, 96), (LOCK_COLUMN, lock)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.view.setColumnWidth(column, width)
        header.setHighlightSections(False)
        self.view.setItemDelegateForColumn(CONFIDENCE_COLUMN, _ConfidenceDelegate(self.view))
        self.view.setAccessibleName(tr("Pairs"))
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self._hint = QLabel(
            tr("No pairs yet: open two pictures and run a match, or add pairs by hand (A)."),
            alignment=Qt.AlignmentFlag.AlignCenter,
        )
        self._hint.setObjectName("muted")
        self.bar = QWidget()
        self._fill_bar()
        page = QWidget()
        rows = QVBoxLayout(page)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.bar)
        rows.addWidget(self.view, 1)
        self._page = page
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._hint)
        self._stack.addWidget(page)
        self.view.entered.connect(lambda index: state.set_hovered(index.data(ID_ROLE)))
        self.view.viewport().installEventFilter(self)
        self.view.selectionModel().selectionChanged.connect(self._on_selection)
        self.model.edited.connect(self.pair_edited)
        self.filter.valueChanged.connect(lambda value: state.set_filter(least_confidence=value / 100))
        self.leave_out.toggled.connect(lambda on: state.set_filter(leaves_out=on))
        state.filter_changed.connect(self._show_filter)
        state.pairs_changed.connect(self._show_pairs)
        state.editable_changed.connect(self._show_pairs)
        state.hovered_changed.connect(self.view.viewport().update)
        state.selected_changed.connect(self._show_selected)

    def _fill_bar(self) -> None:
        self.filter = QSlider(Qt.Orientation.Horizontal)
        self.filter.setRange(0, 100)
        self.filter.setMinimumWidth(60)
        self.filter.setMaximumWidth(150)
        self.filter.setAccessibleName(tr("Least confidence"))
        self.filter.setToolTip(
            tr("Hide pairs that are less sure than this, here and in the pictures; those set by hand stay")
        )
        self.leave_out = QCheckBox(tr("Leave out"))
        self.leave_out.setToolTip(
            tr(
                "Leave out what is filtered: Morph and Style do without the pairs that are hidden. Otherwise hiding "
                "changes nothing but the view."
            )
        )
        self._filter_text, self._count = QLabel("0.00"), QLabel()
        self._count.setObjectName("muted")
        self._bar_layout = row = QHBoxLayout(self.bar)
        row.setContentsMargins(10, 3, 10, 3)
        row.setSpacing(8)
        row.addWidget(QLabel(tr("Confidence from")))
        row.addWidget(self.filter, 3)
        row.addWidget(self._filter_text)
        row.addWidget(self.leave_out)
        row.addSpacing(6)
        row.addWidget(self._count)
        row.addStretch(1)

    def _fit_columns(self) -> None:
        """Leave out columns until the words and numbers of the others are whole."""
        header = self.view.horizontalHeader()
        room = self.view.viewport().width() - header.sectionSize(0) - header.sectionSize(LOCK_COLUMN)
        columns = [column for column in range(self.model.columnCount()) if column not in (0, LOCK_COLUMN)]
        point = self.view.fontMetrics().horizontalAdvance(WIDEST_POINT) + CELL_MARGIN
        least = max(point, *(header.sectionSizeHint(column) for column in columns))
        gone = max(0, len(columns) - max(room, 0) // least)
        for column in MAY_BE_LEFT_OUT:
            self.view.setColumnHidden(column, column in MAY_BE_LEFT_OUT[:gone])

    def add_buttons(self, actions: Sequence[QAction]) -> None:
        """Put buttons for these actions at the right end of the bar."""
        for action in actions:
            button = QToolButton()
            button.setDefaultAction(action)
            button.setIconSize(QSize(16, 16))
            self._bar_layout.addWidget(button)

    def add_menu(self, actions: Sequence[QAction]) -> None:
        """Offer these actions to the right mouse button."""
        self.view.addActions(list(actions))

    def refresh_points(self) -> None:
        """Draw the chips in the colours in force."""
        self.view.viewport().update()

    def _show_pairs(self) -> None:
        pairs = self._state.shown_pairs
        self.model.editable = self._state.can_edit
        with QSignalBlocker(self.view.selectionModel()):
            self.model.set_pairs(pairs)
        self._stack.setCurrentWidget(self._page if len(pairs) else self._hint)
        self._show_count()

    def _show_count(self) -> None:
        shown, there = self.sorted_model.rowCount(), self.model.rowCount()
        words = trn("{number} pair", "{number} pairs", there)
        if shown < there and self._state.leaves_out:
            words = tr("{shown} of {there} in use", shown=shown, there=there)
        elif shown < there:
            words = tr("{shown} of {there} shown", shown=shown, there=there)
        self._count.setText(words)

    def _show_filter(self) -> None:
        least = self._state.least_confidence
        with QSignalBlocker(self.filter), QSignalBlocker(self.leave_out):
            self.filter.setValue(round(100 * least))
            self.leave_out.setChecked(self._state.leaves_out)
        self._filter_text.setText(f"{least:.2f}")
        with QSignalBlocker(self.view.selectionModel()):
            self.sorted_model.invalidate()
        self._show_count()
        self._show_selected()

    def _show_selected(self) -> None:
        if self._selecting:
            return
        chosen, current = QItemSelection(), QModelIndex()
        for number in self._state.selection:
            row = self.model.row_of(number)
            index = QModelIndex() if row is None else self.sorted_model.mapFromSource(self.model.index(row, 0))
            if index.isValid():
                chosen.select(index, index)
                if number == self._state.selected:
                    current = index
        flag = QItemSelectionModel.SelectionFlag
        with QSignalBlocker(self.view.selectionModel()):
            self.view.selectionModel().select(chosen, flag.ClearAndSelect | flag.Rows)
            if current.isValid():
                self.view.selectionModel().setCurrentIndex(current, flag.NoUpdate)
        if current.isValid():
            self.view.scrollTo(current)
        self.view.viewport().update()

    _selecting = False

    def _on_selection(self, *_: object) -> None:
        rows = self.view.selectionModel().selectedRows()
        current = self.view.currentIndex()
        numbers = {row.data(ID_ROLE) for row in rows}
        self._selecting = True
        try:
            self._state.set_selection(numbers, current.data(ID_ROLE) if current.isValid() else 0)
        finally:
            self._selecting = False

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._state.set_hovered(0)
        elif event.type() == QEvent.Type.Resize:
            self._fit_columns()
        return super().eventFilter(watched, event)
