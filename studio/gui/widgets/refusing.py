"""Entries of lists that can't be chosen now: greyed, and they say why."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox


def refuse(box: QComboBox, value: object, why: str, tip: str = "") -> None:
    """Grey the entry with this value, and say why in its tooltip; without a reason it can be chosen, and has `tip`."""
    index = box.findData(value)
    item = box.model().item(index)  # type: ignore[attr-defined]
    item.setEnabled(not why)
    box.setItemData(index, why or tip, Qt.ItemDataRole.ToolTipRole)
