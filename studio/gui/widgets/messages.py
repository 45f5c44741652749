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
        self._details = ""
        self._label = PlainLabel(wordWrap=True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._copy = QPushButton(tr("Copy Details"))
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(f"{self.text()}\n\n{self._details}"))
        self._close = QToolButton()
        self._close.setIconSize(QSize(14, 14))
        self._close.setToolTip(tr("Close this message"))
        self._close.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 6, 6)
        layout.addWidget(self._label, 1)
        layout.addWidget(self._copy)
        layout.addWidget(self._close)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self.refresh_theme()
        self.hide()

    def text(self) -> str:
        return self._label.text()

    def show_message(self, severity: Severity, text: str, details: str = "") -> None:
        """Show `text`; `details`, if any, can be copied with it."""
        self.severity, self._details = severity, details
        self._label.setText(text)
        self._copy.setVisible(bool(details))
        self.refresh_theme()
        self.show()
        self._timer.stop()
        if severity in (Severity.INFO, Severity.SUCCESS):
            self._timer.start(SHORT_LIVED)

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
        self._close.setIcon(icon("close"))


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
        self._filter = QComboBox()
        for label, level in (
            (tr("Everything"), logging.INFO),
            (tr("Warnings"), logging.WARNING),
            (tr("Errors"), logging.ERROR),
        ):
            self._filter.addItem(label, level)
        self._filter.currentIndexChanged.connect(self._refill)
        copy = QPushButton(tr("Copy Log"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 8, 2)
        bar.addWidget(QLabel(tr("Show")))
        bar.addWidget(self._filter)
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
        if level >= self._filter.currentData():
            self._append(level, line)

    def _refill(self) -> None:
        self._text.clear()
        for level, line in self._records:
            if level >= self._filter.currentData():
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
