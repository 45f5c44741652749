"""The dialog that gives actions other shortcuts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QKeyCombination, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.gui.shell.keys import Keys, listed_keys
from studio.gui.widgets.action import ActionSpec, shortcut_text
from studio.gui.widgets.fuzzy import folded
from studio.gui.widgets.names import PlainLabel
from studio.gui.widgets.parts import heading, rule
from studio.gui.widgets.theme import colors, icon
from studio.language import tr, trn

SLOTS = 2
"""Shortcuts that an action may have."""
MODIFIERS = (
    Qt.Key.Key_Control,
    Qt.Key.Key_Shift,
    Qt.Key.Key_Alt,
    Qt.Key.Key_Meta,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_CapsLock,
    Qt.Key.Key_NumLock,
    Qt.Key.Key_unknown,
)
"""Keys that are no shortcut alone."""
KEYS_WIDTH = 240
"""Of the column of keys, px."""
ACTION = Qt.ItemDataRole.UserRole


class KeyEdit(QLineEdit):
    """Takes one combination of keys; Tab goes on to the next control, as everywhere.

    Qt's own field for it says that there is no shortcut any more as soon as a key goes down, and keeps Tab to itself.
    """

    chosen = Signal(str)
    """(keys) as they are written in files, "" for none"""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setAccessibleName(name)
        self.setPlaceholderText(tr("Click here and press keys"))
        self._clear = self.addAction(icon("close"), QLineEdit.ActionPosition.TrailingPosition)
        self._clear.setToolTip(tr("No shortcut"))
        self._clear.triggered.connect(lambda: self.chosen.emit(""))

    def show_keys(self, keys: str) -> None:
        """Show a shortcut, or none."""
        self.setText(shortcut_text(keys))
        self._clear.setVisible(bool(keys))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # it is to be taken, not done
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in MODIFIERS:
            self.chosen.emit(QKeySequence(_combination(event)).toString(QKeySequence.SequenceFormat.PortableText))


def _combination(event: QKeyEvent) -> QKeyCombination:
    """The keys of a shortcut: Shift does not count where it only makes another sign, as of "?"."""
    modifiers, text = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier, event.text()
    if text and text.isprintable() and not text.isalpha() and not text.isspace():
        modifiers &= ~Qt.KeyboardModifier.ShiftModifier
    return QKeyCombination(modifiers, Qt.Key(event.key()))


class ShortcutsDialog(QDialog):
    """A table of all actions by menu; the keys of the chosen one are set below it."""

    def __init__(self, keys: Keys, menus: Mapping[str, Sequence[ActionSpec | str]], parent: QWidget) -> None:
        """`menus`: name of each menu, as it is shown, to its entries."""
        super().__init__(parent)
        self.setWindowTitle(tr("Change shortcuts"))
        self._keys = keys
        self._pending: Callable[[], object] | None = None
        self._items: dict[str, QTreeWidgetItem] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search actions or keys"))
        self.search.setAccessibleName(tr("Search actions or keys"))
        self.search.setClearButtonEnabled(True)
        self.table = QTreeWidget()
        self._fill(menus)
        self.edits = [KeyEdit(words) for words in (tr("Shortcut"), tr("Second shortcut"))]
        self.reset_button = QPushButton(tr("Reset"))
        self.reset_button.setToolTip(tr("Give this action the keys it came with"))
        self.note = PlainLabel(wordWrap=True)
        self.yes_button, self.no_button = QPushButton(), QPushButton(tr("Leave It"))
        self.yes_button.setObjectName("primary")
        self._question = QFrame()
        self._question.setObjectName("question")
        self._lay_out()
        self.search.textChanged.connect(self._filter)
        self.table.currentItemChanged.connect(lambda *_: self._show_action())
        self.table.itemActivated.connect(lambda *_: self.edits[0].setFocus())
        for edit in self.edits:
            edit.chosen.connect(partial(self._on_chosen, edit))
        self.reset_button.clicked.connect(lambda: self._propose(self.action, self._keys.defaults(self.action)))
        self.yes_button.clicked.connect(self._take)
        self.no_button.clicked.connect(self._show_action)
        keys.changed.connect(self._show_keys)
        self.table.setCurrentItem(next(iter(self._items.values())))
        self.search.setFocus()
        self.resize(620, 560)

    # --- construction ---

    def _fill(self, menus: Mapping[str, Sequence[ActionSpec | str]]) -> None:
        table = self.table
        table.setAccessibleName(tr("Actions and their keys"))
        table.setColumnCount(2)
        table.setHeaderLabels([tr("Action"), tr("Keys")])
        table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        table.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Interactive)
        table.header().resizeSection(1, KEYS_WIDTH)
        table.header().setStretchLastSection(False)
        table.setIndentation(16)
        table.setUniformRowHeights(True)
        table.setStyleSheet("QTreeView::item { height: 25px; }")
        for menu, entries in menus.items():
            group = self._group(menu)
            for spec in entries:
                if isinstance(spec, ActionSpec):
                    item = QTreeWidgetItem(group, [self._keys.name(spec.id), ""])
                    item.setData(0, ACTION, spec.id)
                    item.setToolTip(0, tr(spec.tip))
                    self._items[spec.id] = item
                    self._show_keys(spec.id)
        fixed = self._group(tr("Fixed keys"))
        for sequences, use in self._keys.fixed:
            item = QTreeWidgetItem(fixed, [tr(use), listed_keys(sequences)])
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            item.setToolTip(1, item.text(1))
            item.setForeground(0, self.palette().placeholderText())
            item.setForeground(1, self.palette().placeholderText())
        table.expandAll()

    def _group(self, name: str) -> QTreeWidgetItem:
        group = QTreeWidgetItem(self.table, [name])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        group.setFont(0, font)
        return group

    def _lay_out(self) -> None:
        self._title = heading("")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout()
        row.setSpacing(8)
        for number, edit in enumerate(self.edits):
            if number:
                row.addWidget(QLabel(tr("or")))
            row.addWidget(edit, 1)
        row.addWidget(self.reset_button)
        question = QHBoxLayout(self._question)
        question.setContentsMargins(12, 7, 8, 7)
        question.addWidget(self.note, 1)
        question.addWidget(self.no_button)
        question.addWidget(self.yes_button)
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Close)
        self.reset_all_button = QPushButton(tr("Reset All"))
        buttons.addButton(self.reset_all_button, QDialogButtonBox.ButtonRole.ResetRole)
        self.reset_all_button.clicked.connect(self._ask_to_reset_all)
        buttons.rejected.connect(self.reject)
        for button in (
            buttons.button(kinds.Close),
            self.reset_all_button,
            self.reset_button,
            self.yes_button,
            self.no_button,
        ):
            button.setAutoDefault(False)  # Return in the search is no answer
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 14, 18, 14)
        layout.setSpacing(10)
        layout.addWidget(self.search)
        layout.addWidget(self.table, 1)
        layout.addWidget(rule())
        layout.addWidget(self._title)
        layout.addLayout(row)
        layout.addWidget(self._question)
        layout.addWidget(buttons)
        c = colors()
        self._question.setStyleSheet(
            f"QFrame#question {{ background: {c.raised}; border: 1px solid {c.border};"
            f" border-left: 4px solid {c.warning}; border-radius: 5px; }}"
        )
        self._question.hide()

    # --- the table ---

    @property
    def action(self) -> str:
        """The action that is chosen."""
        item = self.table.currentItem()
        return str(item.data(0, ACTION) or "") if item is not None else ""

    def choose(self, action: str) -> None:
        """Go to an action."""
        self.search.clear()
        self.table.setCurrentItem(self._items[action])

    def _show_keys(self, action: str) -> None:
        item = self._items[action]
        item.setText(1, listed_keys(self._keys.of(action)))
        font = QFont(self.font())
        font.setBold(self._keys.is_changed(action))
        item.setFont(1, font)
        if hasattr(self, "_title") and action == self.action:
            self._show_action()

    def _filter(self, text: str) -> None:
        words = folded(text).split()
        for place in range(self.table.topLevelItemCount()):
            group = self.table.topLevelItem(place)
            assert group is not None
            seen = False
            for item in filter(None, map(group.child, range(group.childCount()))):
                about = folded(f"{group.text(0)} {item.text(0)} {item.text(1)}")
                item.setHidden(not all(word in about for word in words))
                seen |= not item.isHidden()
            group.setHidden(not seen)
        current = self.table.currentItem()
        if current is None or current.isHidden() or not self.action:
            shown = next((item for item in self._items.values() if not item.isHidden()), None)
            if shown is not None:
                self.table.setCurrentItem(shown)

    def _show_action(self) -> None:
        """Show the keys of the chosen action below the table; what was asked is answered with no."""
        self._pending = None
        self._question.hide()
        action = self.action
        now = self._keys.of(action) if action else ()
        self._title.setText(self._keys.name(action) if action else "")
        for number, edit in enumerate(self.edits):
            edit.setEnabled(bool(action))
            edit.show_keys(now[number] if number < len(now) else "")
        self.reset_button.setEnabled(bool(action) and self._keys.is_changed(action))
        self.reset_all_button.setEnabled(any(self._keys.is_changed(one) for one in self._keys))

    # --- changes ---

    def _on_chosen(self, edit: KeyEdit, keys: str) -> None:
        self._show_action()
        now = list(self._keys.of(self.action)) + [""] * SLOTS
        place = self.edits.index(edit)
        wanted = [*now[:place], keys, *now[place + 1 :]]
        edit.show_keys(keys)
        self._propose(self.action, tuple(one for one in dict.fromkeys(wanted) if one))

    def _propose(self, action: str, wanted: tuple[str, ...]) -> None:
        """Set the keys of an action, or say first what stands against it."""
        new = [keys for keys in wanted if keys not in self._keys.of(action)]
        refusal = next((said for keys in new if (said := self._keys.refusal(keys))), "")
        conflicts = [said for keys in new if (said := self._keys.conflict(action, keys))]
        if refusal:
            self._show_action()
            self._ask(refusal, "", None)
        elif conflicts:  # the field shows what was pressed until it is answered
            self._ask(" ".join(conflicts), tr("Take It"), lambda: self._keys.assign(action, wanted))
        else:
            self._keys.assign(action, wanted)
            self._show_action()

    def _ask_to_reset_all(self) -> None:
        count = sum(self._keys.is_changed(action) for action in self._keys)
        words = trn(
            "{number} action goes back to the keys it came with.",
            "{number} actions go back to the keys they came with.",
            count,
        )
        self._ask(words, tr("Reset All"), self._keys.reset_all)

    def _ask(self, words: str, yes: str, then: Callable[[], object] | None) -> None:
        self._pending = then
        self.note.setText(words)
        self.yes_button.setText(yes)
        for button in (self.yes_button, self.no_button):
            button.setVisible(then is not None)
        self._question.show()

    def _take(self) -> None:
        if self._pending is not None:
            self._pending()
        self._show_action()
