"""A box in the middle of the window that finds anything by a few letters and does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.gui.widgets.fuzzy import SCATTERED, fit, folded
from studio.gui.widgets.theme import colors
from studio.language import tr

WIDTH = 620
ROW = 42
ROWS_SEEN = 8
AROUND_ROWS = 66
"""Height of what is above and below the rows, px."""
FROM_TOP = 62
"""Of the window, px: below menus and tool bar."""
MOST = 60
"""Entries that are listed; who does not see it there types one more letter."""
MOST_RECENT = 6
WHERE_SHARE = 0.45
"""What a fit with the place is worth, as a share of one with the title."""
ENGLISH_SHARE = 0.97
"""What a fit with the English title is worth where another one is shown."""

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be found.

    Attributes
    ----------
    key : str
        Tells it from all others.
    title, where, english : str
        What it is called, where it lives, and what it is called in English; the first two are shown.
    keys : str
        Its shortcut, as it is shown.
    run : callable
        Does it.
    enabled, reason
        Whether it can be done now, and why not, if that is known.
    """

    key: str
    title: str
    where: str
    run: Callable[[], object]
    english: str = ""
    keys: str = ""
    enabled: bool = True
    reason: str = ""


def ranked(entries: Sequence[Entry], query: str) -> list[Entry]:
    """Those that fit, best first; equal ones in the order they came in, those that can be done before others.

    Where words fit, letters that are scattered over a text do not count; of a place they never do.
    """
    wanted = folded(query)
    found = []
    for place, entry in enumerate(entries):
        title = folded(entry.title)
        value = max(fit(wanted, title), ENGLISH_SHARE * fit(wanted, folded(entry.english)))
        there = fit(wanted, f"{folded(entry.where)} {title}")
        is_loose = value <= SCATTERED and there <= SCATTERED
        if value > 0 or not is_loose:
            found.append((-max(value, WHERE_SHARE * there), not entry.enabled, place, entry, is_loose))
    found.sort(key=lambda one: one[:3])
    words_fit = not all(is_loose for *_, is_loose in found)
    return [entry for *_, entry, is_loose in found if not (is_loose and words_fit)]


class _Entries(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []

    def show(self, entries: list[Entry]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (entry.title, entry.where, entry.keys, entry.reason) if part)
        return None


class _Row(QStyledItemDelegate):
    """Title above place, shortcut at the right; greyed with the reason where it can't be done."""

    def __init__(self, model: _Entries) -> None:
        super().__init__(model)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        c, entry = colors(), self._model.entries[index.row()]
        rect = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(c.hover))
            painter.drawRoundedRect(rect.adjusted(4, 1, -4, -1), 6, 6)
            painter.setBrush(QColor(c.accent))
            painter.drawRoundedRect(QRectF(rect.left() + 4, rect.top() + 8, 3, rect.height() - 16), 1.5, 1.5)
        inner = rect.adjusted(18, 4, -16, -4)
        plain = QFont(option.font)
        small = QFont(plain)
        small.setPointSizeF(plain.pointSizeF() * 0.87)
        right = inner.right() - self._paint_keys(painter, inner, entry.keys, small)
        titled = QFont(plain)
        titled.setWeight(QFont.Weight.DemiBold)
        for font, color, text, top in (
            (titled, c.text if entry.enabled else c.muted, entry.title, inner.top()),
            (small, c.muted, _place(entry), inner.center().y() + 1),
        ):
            painter.setFont(font)
            painter.setPen(QColor(color))
            shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, right - inner.left() - 8)
            painter.drawText(
                QRectF(inner.left(), top, right - inner.left(), inner.height() / 2),
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine,
                shown,
            )
        painter.restore()

    @staticmethod
    def _paint_keys(painter: QPainter, inner: QRectF, keys: str, font: QFont) -> float:
        """Draw a shortcut as a key cap; how much it takes of the width."""
        if not keys:
            return 0.0
        c, width = colors(), QFontMetricsF(font).horizontalAdvance(keys) + 14
        cap = QRectF(inner.right() - width, inner.center().y() - 11, width, 22)
        painter.setFont(font)
        painter.setPen(QPen(QColor(c.border), 1))
        painter.setBrush(QColor(c.window))
        painter.drawRoundedRect(cap, 5, 5)
        painter.setPen(QColor(c.muted))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, keys)
        return width + 10


def _place(entry: Entry) -> str:
    return entry.where if entry.enabled or not entry.reason else f"{entry.where}  ·  {entry.reason}"


class CommandPalette(QFrame):
    """Opens over the window, and goes as soon as something was done or the focus is elsewhere."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("palette")
        self._entries: Sequence[Entry] = ()
        self._recent: list[str] = []
        self._before: QWidget | None = None
        self.line = QLineEdit()
        self.line.setAccessibleName(tr("Find an action or a knob"))
        self.line.setPlaceholderText(tr("Find an action or a knob…"))
        self.line.setClearButtonEnabled(False)
        self._model = _Entries(self)
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(_Row(self._model))
        self.list.setAccessibleName(tr("What was found"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.note = QLabel(wordWrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 8, 6, 6)
        layout.setSpacing(5)
        layout.addWidget(self.line)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.note)
        self.line.textChanged.connect(self._find)
        self.line.installEventFilter(self)
        self.list.clicked.connect(lambda index: self.run(self._model.entries[index.row()]))
        self.hide()

    @property
    def found(self) -> list[Entry]:
        """What is listed, best first."""
        return self._model.entries

    def open(self, entries: Sequence[Entry]) -> None:
        """Show what can be found, that was done last first."""
        if self.isHidden():
            self._before = QApplication.focusWidget()
        self._entries = entries
        self._dress()
        self.line.clear()
        self._find("")
        self.show()
        self.raise_()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)
        self.window().installEventFilter(self)

    def close_(self) -> None:
        """Go, and give the focus back."""
        before, self._before = self._before, None
        self.window().removeEventFilter(self)
        self.hide()
        if before is not None and before.isVisible():
            before.setFocus(Qt.FocusReason.PopupFocusReason)

    def run(self, entry: Entry) -> None:
        """Do it and go; what can't be done is said instead."""
        if not entry.enabled:
            self._say(entry.reason or tr("“{title}” can't be used now.", title=entry.title))
            return
        self._recent = [entry.key, *(key for key in self._recent if key != entry.key)][:MOST_RECENT]
        self.close_()
        # After this event: what is run may open a dialog that waits for an answer.
        QTimer.singleShot(0, entry.run)

    def _find(self, text: str) -> None:
        if text.strip():
            entries = ranked(self._entries, text)[:MOST]
        else:
            by_key = {entry.key: entry for entry in self._entries}
            recent = [by_key[key] for key in self._recent if key in by_key]
            entries = [*recent, *(entry for entry in self._entries if entry not in recent)]
        self._model.show(entries)
        self._say("" if entries else tr("Nothing is called so."))
        if entries:
            self.list.setCurrentIndex(self._model.index(0))
            self.list.scrollToTop()

    def _say(self, words: str) -> None:
        self.note.setText(words)
        self.note.setVisible(bool(words))
        self._place()

    def _step(self, rows: int) -> None:
        count = self._model.rowCount()
        if count:
            row = self.list.currentIndex().row() + rows
            # One step beyond an end comes out at the other; a page stops there.
            row = row % count if abs(rows) == 1 else min(max(row, 0), count - 1)
            self.list.setCurrentIndex(self._model.index(row))
            self._say("")

    def _on_key(self, key: int) -> Callable[[], object] | None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -ROWS_SEEN, Qt.Key.Key_PageDown: ROWS_SEEN}
        if key == Qt.Key.Key_Escape:
            return self.close_
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            row = self.list.currentIndex().row()
            return (lambda: self.run(self.found[row])) if 0 <= row < len(self.found) else (lambda: None)
        step = steps.get(Qt.Key(key))
        return None if step is None else lambda: self._step(step)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.line:
            if isinstance(event, QKeyEvent):
                handler = self._on_key(event.key())
                if handler is None:
                    return False
                if event.type() == QEvent.Type.ShortcutOverride:
                    event.accept()  # before the window's shortcuts
                elif event.type() == QEvent.Type.KeyPress:
                    handler()
                return True
            if event.type() == QEvent.Type.FocusOut and self.isVisible():
                self._before = None
                self.close_()
        elif event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        window = self.window()
        width = min(WIDTH, window.width() - 40)
        rows = min(max(self._model.rowCount(), 1), ROWS_SEEN)
        around = AROUND_ROWS + (self.note.sizeHint().height() if self.note.text() else 0)
        height = min(rows * ROW + around, window.height() - FROM_TOP - 20)
        self.setGeometry((window.width() - width) // 2, FROM_TOP, width, height)

    def _dress(self) -> None:
        c = colors()
        self.setStyleSheet(
            f"QFrame#palette {{ background: {c.panel}; border: 1px solid {c.accent}; border-radius: 10px; }}"
            "QFrame#palette QLineEdit { border: none; background: transparent; padding: 6px 10px; font-size: 12pt; }"
            f"QFrame#palette QLabel {{ color: {c.warning}; padding: 2px 12px 5px 12px; }}"
            f"QFrame#palette QListView {{ background: {c.panel}; border: none; border-top: 1px solid {c.border};"
            " padding-top: 4px; outline: none; }"
        )
