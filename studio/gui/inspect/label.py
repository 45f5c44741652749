"""Sentences in which terms can be asked about: the mouse on one shows what it means."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip

from studio.gui.inspect.words import GLOSSARY
from studio.gui.widgets.theme import colors
from studio.language import tr


class WordsLabel(QLabel):
    """HTML in which `[[term|words]]` stands for words that are explained by `GLOSSARY[term]`."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse)
        self.setContentsMargins(0, 4, 0, 0)
        self.setFixedWidth(width)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        self.linkHovered.connect(self._explain)

    def set_words(self, text: str) -> None:
        """Show HTML with terms."""
        for term in GLOSSARY:
            text = text.replace(f"[[{term}|", f'<a href="{term}" style="color: {colors().accent}">')
        self.setText(text.replace("]]", "</a>"))

    def _explain(self, term: str) -> None:
        if term:
            QToolTip.showText(QCursor.pos(), tr(GLOSSARY[term]), self)
        else:
            QToolTip.hideText()
