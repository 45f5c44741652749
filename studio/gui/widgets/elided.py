"""Texts that are longer than the room there is for them: cut where it is told, whole in the tooltip."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QResizeEvent, QTextLayout, QTextOption

from studio.gui.widgets.names import PlainLabel, in_tip

LEAST_WIDTH = 24
"""No elided label asks for more, px."""


def elided(text: str, font: QFont, width: float, lines: int) -> str:
    """`text` as it fits into so many lines of `width` px: the last one ends with three dots where there is more."""
    if lines == 1:
        return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideMiddle, max(width, 0.0))
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    begin, last = 0, ""
    for _ in range(lines):
        line = layout.createLine()
        if not line.isValid():
            layout.endLayout()
            return text
        line.setLineWidth(max(width, 1.0))
        begin, last = line.textStart(), text[line.textStart() :]
        end = line.textStart() + line.textLength()
    layout.endLayout()
    if end >= len(text):
        return text
    return text[:begin] + QFontMetricsF(font).elidedText(last, Qt.TextElideMode.ElideRight, max(width, 0.0))


class ElidedLabel(PlainLabel):
    """Takes the room it gets: `text` is what it should say, `seen` what there is room for.

    Parameters
    ----------
    lines : int
        How many it takes at most; one is cut in its middle, several at the end of the last.
    """

    _lines, _full, _tip = 1, "", ""  # what there is before the label below has been made, which sets its text at once

    def __init__(self, text: str = "", *, lines: int = 1) -> None:
        super().__init__(wordWrap=lines > 1)
        self._lines = lines
        self.setText(text)

    def text(self) -> str:
        return self._full

    @property
    def seen(self) -> str:
        """What of the text is seen."""
        return super().text()

    def setText(self, text: str) -> None:
        self._full = text
        self._cut()
        self.updateGeometry()

    def set_tip(self, tip: str) -> None:
        """What the tooltip says beside the whole text."""
        self._tip = tip
        self._cut()

    def _cut(self) -> None:
        seen = elided(self._full, self.font(), self.contentsRect().width(), self._lines)
        super().setText(seen)
        self.setAccessibleName(self._full)
        whole = self._full if seen != self._full or self._lines == 1 else ""
        self.setToolTip(in_tip("\n".join(part for part in (whole, self._tip) if part)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self.font())
        width = math.ceil(max((metrics.horizontalAdvance(line) for line in self._full.split("\n")), default=0.0)) + 2
        return QSize(width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST_WIDTH, math.ceil(QFontMetricsF(self.font()).height()))

    def heightForWidth(self, width: int) -> int:
        if self._lines == 1:
            return -1
        seen, wraps = elided(self._full, self.font(), width, self._lines), Qt.TextFlag.TextWordWrap
        bounds = QFontMetricsF(self.font()).boundingRect(QRectF(0, 0, width, 10000), wraps, seen)
        return math.ceil(bounds.height())
