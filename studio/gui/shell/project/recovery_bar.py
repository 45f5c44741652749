"""Offers, at the start, what a program that was killed left behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from studio.document import Recovery
from studio.gui.widgets.names import PlainLabel
from studio.gui.widgets.theme import colors
from studio.language import tr, trn

THUMBNAIL = QSize(150, 60)


class RecoveryBar(QFrame):
    """One piece of work after the other; nothing is thrown away without being asked for."""

    recover_asked = Signal(object)
    """(Recovery)"""
    discard_asked = Signal(object)
    """(Recovery)"""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("recovery")
        self._waiting: list[Recovery] = []
        self._picture = QLabel()
        self.title_label, self._text = PlainLabel(), PlainLabel(wordWrap=True)
        self.title_label.setObjectName("heading")
        self._text.setObjectName("muted")
        self.recover_button, self.discard_button = QPushButton(tr("Recover")), QPushButton(tr("Discard"))
        self.later_button = QPushButton(tr("Later"))
        self.recover_button.setObjectName("primary")
        self.recover_button.setToolTip(tr("Open it, with everything up to the last second"))
        self.discard_button.setToolTip(tr("Throw it away for good"))
        self.later_button.setToolTip(tr("Ask again at the next start"))
        self.recover_button.clicked.connect(lambda: self._answer(self.recover_asked.emit))
        self.discard_button.clicked.connect(lambda: self._answer(self.discard_asked.emit))
        self.later_button.clicked.connect(self._next)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title_label)
        words.addWidget(self._text)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 10, 8)
        row.setSpacing(12)
        row.addWidget(self._picture)
        row.addLayout(words, 1)
        for button in (self.recover_button, self.discard_button, self.later_button):
            row.addWidget(button)
        self.refresh_theme()
        self.hide()

    def offer(self, recoveries: list[Recovery]) -> None:
        """Show these, the first one first."""
        self._waiting = list(recoveries)
        self._show()

    @property
    def offered(self) -> Recovery | None:
        """What is asked about now."""
        return self._waiting[0] if self._waiting else None

    def refresh_theme(self) -> None:
        c = colors()
        self.setStyleSheet(
            f"QFrame#recovery {{ background: {c.raised}; border: 1px solid {c.border};"
            f" border-left: 4px solid {c.warning}; border-radius: 5px; }}"
        )

    def _answer(self, tell: Callable[[Recovery], None]) -> None:
        recovery = self.offered
        self._next()
        if recovery is not None:
            tell(recovery)

    def _next(self) -> None:
        self._waiting = self._waiting[1:]
        self._show()

    def _show(self) -> None:
        recovery = self.offered
        self.setVisible(recovery is not None)
        if recovery is None:
            return
        pixmap = QPixmap()
        pixmap.loadFromData(recovery.summary.thumbnail)
        self._picture.setVisible(not pixmap.isNull())
        if not pixmap.isNull():
            self._picture.setPixmap(
                pixmap.scaled(THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
            )
        self.title_label.setText(tr("“{title}” was not saved when the program ended", title=recovery.title))
        parts = [trn("{number} pair", "{number} pairs", recovery.summary.pairs), _when(recovery.changed)]
        if len(self._waiting) > 1:
            parts.append(trn("{number} more", "{number} more", len(self._waiting) - 1))
        self._text.setText(" · ".join(parts))


def _when(moment: datetime) -> str:
    """ "changed today at 14:03", or the day."""
    now = datetime.now()
    if moment.date() == now.date():
        return tr("changed today at {moment:%H:%M}", moment=moment)
    return tr("changed on {moment:%d %B %Y at %H:%M}", moment=moment)
