"""What stands below two empty sides: sample pairs to begin with, and at the first start the offer of the tour."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QElapsedTimer, QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from studio.arrays import Pixels
from studio.gui.widgets.painting import image_of
from studio.gui.widgets.parts import heading
from studio.gui.widgets.theme import colors
from studio.language import tr
from studio.progress import Job, Progress
from studio.samples import SAMPLES, Sample, small_pictures

THUMB = 96
"""Side of a thumbnail, px."""
SHARPNESS = 2
"""Pixels a thumbnail has for one of the screen's, so that it is sharp at 200 %."""
LEAST = 64
"""Side of a thumbnail where there is little room, px."""
LINES = 3
"""Of text below the thumbnails: the title, and two for the sentence."""
MARGIN, GAP = 9, 4
WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
READ_MS = 2500
"""What stands there for a shorter time was not read, ms."""

Thumbs = tuple[Pixels, Pixels]


def small_samples() -> Job[None]:
    """The job that makes the thumbnails of all samples; each is a preview, (key, `Thumbs`)."""
    for number, (key, sample) in enumerate(SAMPLES.items(), 1):
        words = tr("making {title}", title=tr(sample.title))
        made = (key, small_pictures(key, THUMB * SHARPNESS))
        yield Progress(number / len(SAMPLES), words, preview=made, milestone=True)


def _fitting(words: str, space: QRectF, metrics: QFontMetricsF) -> str:
    """As many of the words as there is room for."""
    shown = words
    while metrics.boundingRect(space, WRAPPED, shown).height() > space.height() and " " in words:
        words = words.rpartition(" ")[0]
        shown = f"{words}…"
    return shown


class SampleCard(QAbstractButton):
    """Two thumbnails with what they show; they may come later."""

    def __init__(self, sample: Sample) -> None:
        super().__init__()
        self.setText(tr(sample.title))
        self._words = tr(sample.description)
        self.setToolTip(self._words)
        self.setAccessibleName(tr("Sample pair {title}", title=tr(sample.title)))
        self.setAccessibleDescription(self._words)
        self.setObjectName(f"card_{sample.key}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._images: tuple[QImage, ...] = ()

    def show_pictures(self, pictures: Thumbs) -> None:
        """Both as (h, w, 3) uint8."""
        self._images = tuple(image_of(np.ascontiguousarray(pixels)).copy() for pixels in pictures)
        self.update()

    @property
    def has_pictures(self) -> bool:
        return bool(self._images)

    def _around(self, lines: int) -> int:
        """What the height is beside the thumbnails, with so many lines of text."""
        return 2 * MARGIN + 6 + lines * self.fontMetrics().lineSpacing()

    @property
    def has_sentence(self) -> bool:
        """Whether there is room for more than the title."""
        return self.height() >= LEAST + self._around(LINES)

    @property
    def _thumb(self) -> int:
        return min(THUMB, self.height() - self._around(LINES if self.has_sentence else 1))

    def sizeHint(self) -> QSize:
        return QSize(2 * MARGIN + GAP + 2 * THUMB, THUMB + self._around(LINES))

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * MARGIN + GAP + 2 * LEAST, LEAST + self._around(1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        c = colors()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        lit = self.underMouse() or self.hasFocus()
        painter.setPen(QPen(QColor(c.accent if lit else c.border), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor(c.hover if self.isDown() else c.raised if lit else c.panel))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 9, 9)
        inner = QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        width = (inner.width() - GAP) / 2
        for number in range(2):
            place = QRectF(inner.left() + number * (width + GAP), inner.top(), width, self._thumb)
            self._draw_thumb(painter, place, number)
        text = inner.adjusted(1, self._thumb + 6, -1, 0)
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(QColor(c.text))
        line = self.fontMetrics().lineSpacing()
        title = QFontMetricsF(bold).elidedText(self.text(), Qt.TextElideMode.ElideRight, text.width())
        painter.drawText(QRectF(text.left(), text.top(), text.width(), line), Qt.AlignmentFlag.AlignLeft, title)
        if self.has_sentence:
            painter.setFont(self.font())
            painter.setPen(QColor(c.muted))
            space = text.adjusted(0, line, 0, 0)
            painter.drawText(space, WRAPPED, _fitting(self._words, space, QFontMetricsF(self.font())))

    def _draw_thumb(self, painter: QPainter, place: QRectF, number: int) -> None:
        shape = QPainterPath()
        shape.addRoundedRect(place, 5, 5)
        painter.save()
        painter.setClipPath(shape)
        painter.fillRect(place, QColor(colors().canvas))
        if self._images:
            image = self._images[number]
            # The middle of the square that has the shape of its place.
            share = min(1.0, place.width() / place.height()), min(1.0, place.height() / place.width())
            cut = QRectF(0, 0, image.width() * share[0], image.height() * share[1])
            cut.moveCenter(QRectF(image.rect()).center())
            painter.drawImage(place, image, cut)
        painter.restore()


class Welcome(QWidget):
    """A row of cards; the window shows it as long as there is nothing else to see."""

    chosen = Signal(str)
    """(key) of a sample"""
    tour_asked = Signal()

    def __init__(self, offer_tour: bool) -> None:
        """`offer_tour`: whether to ask if the person wants to be shown around."""
        super().__init__()
        self.cards = {key: SampleCard(sample) for key, sample in SAMPLES.items()}
        self.tour_button = QPushButton(tr("Show Me Around"))
        self.tour_button.setToolTip(tr("A few short steps through the window; it is in the menu Help, too"))
        self.tour_button.clicked.connect(self.tour_asked)
        self.tour_button.setVisible(offer_tour)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(heading(tr("Or try a sample: one click finds its pairs")), 1)
        head.addWidget(self.tour_button)
        row = QHBoxLayout()
        row.setSpacing(10)
        for key, card in self.cards.items():
            row.addWidget(card, 1)
            card.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 4, 14, 10)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addLayout(row)
        self._shown = QElapsedTimer()

    @property
    def needs_pictures(self) -> bool:
        """Whether the cards are still without thumbnails."""
        return not all(card.has_pictures for card in self.cards.values())

    @property
    def was_read(self) -> bool:
        """Whether it was seen for longer than a project takes to open."""
        return self.isVisible() and self._shown.isValid() and self._shown.elapsed() >= READ_MS

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._shown.start()

    def show_made(self, event: Progress) -> None:
        """The thumbnails of a sample are there, or not yet."""
        if isinstance(event.preview, tuple):
            key, pictures = event.preview
            self.cards[key].show_pictures(pictures)

    def withdraw_offer(self) -> None:
        """The tour was taken, or is known of."""
        self.tour_button.hide()
