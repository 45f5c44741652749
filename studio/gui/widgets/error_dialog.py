"""Shows errors that nobody foresaw, ready to be copied into a report, while the program goes on."""

from __future__ import annotations

import platform

from PySide6.QtCore import Qt, QUrl, qVersion
from PySide6.QtGui import QDesktopServices, QFontDatabase, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from studio import __version__
from studio.gui.widgets.names import PlainLabel
from studio.language import tr
from studio.paths import log_dir

MOST_ERRORS = 20
"""Shown in one dialog: an error in every frame must not fill the memory."""


class ErrorDialog(QDialog):
    """One dialog for all errors of a session; a further one is added at the end."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("An error in the program"))
        self.setWindowModality(Qt.WindowModality.NonModal)
        self._errors: list[str] = []
        self._sentence = PlainLabel(wordWrap=True)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        note = QLabel(
            tr(
                "Your work is still there and the program goes on. Save it, and please send the text below to the "
                "people who make the program."
            ),
            wordWrap=True,
        )
        note.setObjectName("muted")
        self._text = QPlainTextEdit(readOnly=True)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setAccessibleName(tr("Details of the error"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy_button = buttons.addButton(tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.report()))
        logs = buttons.addButton(tr("Open Log Folder"), QDialogButtonBox.ButtonRole.ActionRole)
        logs.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_dir()))))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        layout.addWidget(self._sentence)
        layout.addWidget(note)
        layout.addWidget(self._text, 1)
        layout.addWidget(buttons)
        self.resize(720, 420)

    def add(self, sentence: str, details: str) -> None:
        """Show one more error."""
        if len(self._errors) < MOST_ERRORS:
            self._errors.append(details)
        count = len(self._errors)
        self._sentence.setText(
            sentence
            if count == 1
            else tr("{sentence}\nThis is error {count} since the start.", sentence=sentence, count=count)
        )
        self._text.setPlainText("\n".join(self._errors))
        self._text.moveCursor(QTextCursor.MoveOperation.End)
        self.show()

    def report(self) -> str:
        """Versions and all errors, as text."""
        head = (
            f"Buddies Studio {__version__}, Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}"
        )
        return "\n\n".join([head, *self._errors])
