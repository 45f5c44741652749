"""Dialogs that wait for an answer."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog


def run_modal(dialog: QDialog) -> int:
    """Show a dialog until it is answered and let it go afterwards; what `QDialog.exec` gives.

    A dialog belongs to its window, which else keeps every one that was ever shown until the program ends.
    """
    try:
        return dialog.exec()
    finally:
        dialog.deleteLater()
