"""A list that is searched by typing any part of a name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QSizePolicy


def narrow(box: QComboBox) -> None:
    """Let a list be as wide as its place in the panel, not as wide as its longest entry."""
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    box.setMinimumContentsLength(8)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)


class SearchBox(QComboBox):
    """An editable list; what is typed must be, or lead to, one of its entries."""

    chosen = Signal(str)
    """(key)"""

    def __init__(self, name: str, hint: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        narrow(self)
        self.setToolTip(hint)
        line = self.lineEdit()
        assert line is not None
        line.setPlaceholderText(hint)
        completer = QCompleter(self.model(), self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.setCompleter(completer)
        self._told = ""
        self.activated.connect(self._tell)
        completer.activated.connect(self._on_completed)
        line.editingFinished.connect(self._on_typed)

    @property
    def value(self) -> str:
        """Key of the entry that is chosen, or "" if there is none."""
        data = self.currentData()
        return "" if data is None else str(data)

    def set_choices(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer (key, text); nothing is told."""
        self.blockSignals(True)
        self.clear()
        for key, text in choices:
            self.addItem(text, key)
        self.blockSignals(False)
        self._told = self.value
        self._show_start()

    def set_value(self, key: str) -> None:
        """Choose an entry; nothing is told."""
        index = self.findData(key)
        if index >= 0:
            self.blockSignals(True)
            self.setCurrentIndex(index)
            self.blockSignals(False)
            self._told = key
            self._show_start()

    def _show_start(self) -> None:
        line = self.lineEdit()
        assert line is not None
        line.setCursorPosition(0)

    def _on_completed(self, text: str) -> None:
        self.setCurrentIndex(self.findText(text))
        self._tell()

    def _on_typed(self) -> None:
        """Take the first entry that holds what was typed; back to the one before if none does."""
        line = self.lineEdit()
        assert line is not None
        text = line.text().strip()
        index = self.findText(text, Qt.MatchFlag.MatchFixedString)
        if index < 0 and text:
            index = self.findText(text, Qt.MatchFlag.MatchContains)
        if index < 0:
            index = max(self.findData(self._told), 0)
        self.setCurrentIndex(index)
        self.setEditText(self.itemText(index))
        self._show_start()
        self._tell()

    def _tell(self, *_: object) -> None:
        if self.value and self.value != self._told:
            self._told = self.value
            self.chosen.emit(self._told)
