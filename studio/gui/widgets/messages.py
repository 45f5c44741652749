"""What the program has to say: a bar for the sentence of the moment, and the log of everything."""

from __future__ import annotations

import contextlib
import logging
from enum import StrEnum

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.gui.widgets.names import PlainLabel
from studio.gui.widgets.theme import colors, icon
from studio.language import tr

SHORT_LIVED = 5000
"""How long what is no trouble stays, ms."""
LOG_LINES = 5000


class Severity(StrEnum):
    """How much a message matters."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"

    @property
    def level(self) -> int:
        """As the log says it."""
        return {Severity.WARNING: logging.WARNING, Severity.ERROR: logging.ERROR}.get(self, logging.INFO)


class Messages(QObject):
    """Where everybody says what there is to say; the window shows it and writes it into the log.

    `error` takes what a job says of its failure as it comes: `handle.failed.connect(messages.error)`.
    """

    told = Signal(object, str, str)
    """(Severity, sentence, details)"""

    def info(self, sentence: str, details: str = "") -> None:
        self.told.emit(Severity.INFO, sentence, details)

    def success(self, sentence: str, details: str = "") -> None:
        self.told.emit(Severity.SUCCESS, sentence, details)

    def warning(self, sentence: str, details: str = "") -> None:
        self.told.emit(Severity.WARNING, sentence, details)

    def error(self, sentence: str, details: str = "") -> None:
        self.told.emit(Severity.ERROR, sentence, details)


class MessageBar(QFrame):
    """One sentence above the pictures, coloured by its severity; errors stay until closed."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("messages")
        self.severity = Severity.INFO
        self.details = ""
        self.label = PlainLabel(wordWrap=True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.copy_button = QPushButton(tr("Copy Details"))
        self.copy_button.clicked.connect(self._copy)
        self.close_button = QToolButton()
        self.close_button.setIconSize(QSize(14, 14))
        self.close_button.setToolTip(tr("Close this message"))
        self.close_button.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 6, 6)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.copy_button)
        layout.addWidget(self.close_button)
        self.hide_timer = QTimer(self)
        self.hide_timer.setSingleShot(True)
        self.hide_timer.timeout.connect(self.hide)
        self.refresh_theme()
        self.hide()

    def text(self) -> str:
        return self.label.text()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.text()}\n\n{self.details}")

    def show_message(self, severity: Severity, text: str, details: str = "") -> None:
        """Show `text`; `details`, if any, can be copied with it."""
        self.severity, self.details = severity, details
        self.label.setText(text)
        self.copy_button.setVisible(bool(details))
        self.refresh_theme()
        self.show()
        self.hide_timer.stop()
        if severity in (Severity.INFO, Severity.SUCCESS):
            self.hide_timer.start(SHORT_LIVED)

    def refresh_theme(self) -> None:
        c = colors()
        mark = {
            Severity.INFO: c.accent,
            Severity.SUCCESS: c.success,
            Severity.WARNING: c.warning,
            Severity.ERROR: c.error,
        }[self.severity]
        self.setStyleSheet(
            f"QFrame#messages {{ background: {c.raised}; border: 1px solid {c.border};"
            f" border-left: 4px solid {mark}; border-radius: 5px; }}"
        )
        self.close_button.setIcon(icon("close"))


class _QtLogHandler(logging.Handler, QObject):
    """Hands log records of any thread to the GUI thread."""

    recorded = Signal(int, str)

    def __init__(self) -> None:
        QObject.__init__(self)
        logging.Handler.__init__(self, logging.INFO)
        self.setFormatter(logging.Formatter("%(asctime)s  %(levelname)-7s  %(name)s  %(message)s", "%H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:  # type: ignore[override]
        with contextlib.suppress(RuntimeError):  # the window is gone
            self.recorded.emit(record.levelno, self.format(record))


class LogView(QWidget):
    """The log of this session: filtered by severity, ready to be copied."""

    def __init__(self) -> None:
        super().__init__()
        self._records: list[tuple[int, str]] = []
        self._text = QPlainTextEdit(readOnly=True)
        self._text.setMaximumBlockCount(LOG_LINES)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setAccessibleName(tr("Log"))
        self.filter_box = QComboBox()
        for label, level in (
            (tr("Everything"), logging.INFO),
            (tr("Warnings"), logging.WARNING),
            (tr("Errors"), logging.ERROR),
        ):
            self.filter_box.addItem(label, level)
        self.filter_box.currentIndexChanged.connect(self._refill)
        copy = QPushButton(tr("Copy Log"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 8, 2)
        bar.addWidget(QLabel(tr("Show")))
        bar.addWidget(self.filter_box)
        bar.addStretch(1)
        bar.addWidget(copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(bar)
        layout.addWidget(self._text, 1)
        self._handler = _QtLogHandler()
        self._handler.recorded.connect(self._on_record)
        logging.getLogger("studio").addHandler(self._handler)

    def text(self) -> str:
        return self._text.toPlainText()

    def stop(self) -> None:
        """Take no more records; called before the window goes."""
        logging.getLogger("studio").removeHandler(self._handler)

    @Slot(int, str)
    def _on_record(self, level: int, line: str) -> None:
        self._records = [*self._records[-LOG_LINES + 1 :], (level, line)]
        if level >= self.filter_box.currentData():
            self._append(level, line)

    def _refill(self) -> None:
        self._text.clear()
        for level, line in self._records:
            if level >= self.filter_box.currentData():
                self._append(level, line)

    def _append(self, level: int, line: str) -> None:
        style = QTextCharFormat()
        c = colors()
        color = c.error if level >= logging.ERROR else c.warning if level >= logging.WARNING else c.text
        style.setForeground(QColor(color))
        style.setFontWeight(QFont.Weight.Normal)
        cursor = QTextCursor(self._text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if not self._text.document().isEmpty():
            cursor.insertBlock()
        cursor.insertText(line, style)
        self._text.verticalScrollBar().setValue(self._text.verticalScrollBar().maximum())
