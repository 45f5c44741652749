"""Small previews of variants in two columns; a click chooses one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.arrays import Pixels
from studio.gui.widgets.painting import checkerboard, image_of
from studio.gui.widgets.parts import scrolling
from studio.gui.widgets.theme import colors
from studio.language import tr

THUMB_WIDTH, THUMB_HEIGHT = 94, 68
CAPTION = 20
COLUMNS = 2


class VariantButton(QAbstractButton):
    """A thumbnail with its caption: waiting, shown, or failed."""

    def __init__(self, title: str, tip: str) -> None:
        super().__init__()
        self.setText(title)
        self.setToolTip(tip)
        self.setAccessibleName(tr("Variant {title}", title=title))
        self.setCheckable(True)
        self.setAutoExclusive(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(THUMB_WIDTH + 8, THUMB_HEIGHT + CAPTION + 8)
        self.pixels: Pixels | None = None
        self.failed = False

    def show_pixels(self, pixels: Pixels) -> None:
        """Show `pixels`, (h, w, 3|4) uint8."""
        self.pixels, self.failed = pixels, False
        self.update()

    def show_failure(self) -> None:
        self.failed = True
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(THUMB_WIDTH + 8, THUMB_HEIGHT + CAPTION + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        c = colors()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        lit = self.isChecked() or self.hasFocus()
        if lit or self.underMouse():
            painter.setPen(QPen(QColor(c.accent if lit else c.border), 1.5))
            painter.setBrush(QColor(c.raised))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        space = QRectF(4, 4, THUMB_WIDTH, THUMB_HEIGHT)
        if self.pixels is None:
            painter.setPen(QPen(QColor(c.border), 1, Qt.PenStyle.DashLine))
            painter.setBrush(QColor(c.canvas))
            painter.drawRoundedRect(space.adjusted(1, 1, -1, -1), 4, 4)
            painter.setPen(QColor(c.muted))
            painter.drawText(space, Qt.AlignmentFlag.AlignCenter, "failed" if self.failed else "…")
        else:
            height, width = self.pixels.shape[:2]
            scale = min(space.width() / width, space.height() / height)
            rect = QRectF(0, 0, width * scale, height * scale)
            rect.moveCenter(space.center())
            if self.pixels.shape[2] == 4:
                painter.fillRect(rect, checkerboard())
            painter.drawImage(rect, image_of(self.pixels))
        painter.setPen(QColor(c.text if self.isEnabled() else c.muted))
        caption = QRectF(4, THUMB_HEIGHT + 4, THUMB_WIDTH, CAPTION)
        text = QFontMetricsF(painter.font()).elidedText(self.text(), Qt.TextElideMode.ElideRight, caption.width())
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, text)


class VariantStrip(QFrame):
    """Columns of variants that scroll."""

    chosen = Signal(int)
    """(index of the variant that was clicked)"""

    def __init__(self) -> None:
        super().__init__()
        self.buttons: list[VariantButton] = []
        self.setAutoFillBackground(True)
        self._heading = QLabel(tr("Variants"))
        self._heading.setObjectName("heading")
        self.note = QLabel(wordWrap=True)
        self.note.setObjectName("muted")
        self._grid = QGridLayout()
        self._grid.setContentsMargins(4, 0, 4, 4)
        self._grid.setSpacing(2)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._grid)
        column.addStretch(1)
        scroll = scrolling(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.setSpacing(4)
        head = QVBoxLayout()
        head.setContentsMargins(10, 0, 6, 0)
        head.setSpacing(2)
        head.addWidget(self._heading)
        head.addWidget(self.note)
        layout.addLayout(head)
        layout.addWidget(scroll, 1)
        self.setFixedWidth(COLUMNS * (THUMB_WIDTH + 10) + 22)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def set_variants(self, variants: Sequence[tuple[str, str]]) -> None:
        """Show these (title, tip), none of them computed yet."""
        for button in self.buttons:
            self._grid.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = []
        for index, (title, tip) in enumerate(variants):
            button = VariantButton(title, tip)
            button.clicked.connect(lambda _=False, index=index: self._on_clicked(index))
            self._grid.addWidget(button, index // COLUMNS, index % COLUMNS)
            self.buttons.append(button)

    def show_pixels(self, index: int, pixels: Pixels) -> None:
        """Show `pixels`, (h, w, 3|4) uint8, on the button `index`, if there is one."""
        if index < len(self.buttons):
            self.buttons[index].show_pixels(pixels)

    def show_failure(self, index: int) -> None:
        if index < len(self.buttons):
            self.buttons[index].show_failure()

    def mark(self, index: int | None) -> None:
        """Show which variant was chosen."""
        for number, button in enumerate(self.buttons):
            button.setChecked(number == index)

    def refresh_theme(self) -> None:
        for button in self.buttons:
            button.update()

    def _on_clicked(self, index: int) -> None:
        self.mark(index)
        self.chosen.emit(index)
