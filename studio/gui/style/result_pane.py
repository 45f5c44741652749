"""The lower half of the middle in the mode Style: the picture as it becomes, its history, its losses, and variants."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.arrays import Pixels
from studio.gui.style.history import History, Moment
from studio.gui.style.plot import LossPlot
from studio.gui.widgets.compare import CompareView, Shown, Way
from studio.gui.widgets.theme import icon
from studio.gui.widgets.thumbnails import VariantStrip
from studio.language import tr, translatable

View = Literal["result", "wipe", "sides", "difference", "blink"]
Against = Literal["content", "style", "pinned"]

VIEWS: tuple[tuple[str, View], ...] = (
    (translatable("Result"), "result"),
    (translatable("Wipe"), "wipe"),
    (translatable("Side by side"), "sides"),
    (translatable("Difference"), "difference"),
    (translatable("Blink"), "blink"),
)
WAYS: dict[View, Way] = {"wipe": Way.WIPE, "difference": Way.DIFFERENCE, "blink": Way.BLINK}
"""Of views that compare the result with one picture."""
AGAINST: tuple[tuple[str, Against], ...] = (
    (translatable("the content"), "content"),
    (translatable("the style"), "style"),
    (translatable("the pinned moment"), "pinned"),
)


class StyleResultPane(QWidget):
    """Shows moments of a run; which run is the panel's business."""

    def __init__(self) -> None:
        super().__init__()
        self.view = CompareView(tr("Style result"))
        self.plot = LossPlot()
        self.strip = VariantStrip()
        self.history = History()
        self._content: tuple[str, Pixels] | None = None
        self._style: tuple[str, Pixels] | None = None
        self._pinned: Moment | None = None
        self._live = True
        self._hint = ("", "")
        self.view_choice, self.against = QComboBox(), QComboBox()
        self.view_choice.addItems([tr(title) for title, _ in VIEWS])
        self.view_choice.setAccessibleName(tr("What is shown"))
        self.against.addItems([tr(title) for title, _ in AGAINST])
        self.against.setAccessibleName(tr("What the result is compared with"))
        self.fit_button, self.pin_button, self.live_button = QToolButton(), QToolButton(), QToolButton()
        self.strip_button, self.plot_button = QToolButton(), QToolButton()
        self.scrubber = QSlider(Qt.Orientation.Horizontal)
        self.scrubber.setAccessibleName(tr("History of the run"))
        self.scrubber.setToolTip(tr("Look back at an earlier moment of the run; the end follows the run"))
        self.where = QLabel()
        self.where.setObjectName("muted")
        self.where.setMinimumWidth(190)
        self.where.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._lay_out()
        self.view_choice.currentIndexChanged.connect(self._show)
        self.against.currentIndexChanged.connect(self._show)
        self.fit_button.clicked.connect(self.view.fit)
        self.pin_button.clicked.connect(self.pin)
        self.live_button.clicked.connect(self.go_live)
        self.scrubber.valueChanged.connect(self._on_scrubbed)
        self.strip_button.toggled.connect(self.strip.setVisible)
        self.plot_button.toggled.connect(self.plot.setVisible)
        self.refresh_theme()
        self._show()

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 8, 4)
        bar.setSpacing(6)
        words = QLabel(tr("against"))
        words.setObjectName("muted")
        self._against_words = words
        for widget in (self.view_choice, words, self.against):
            bar.addWidget(widget)
        for button, text, tip, checkable in (
            (self.pin_button, tr("Pin"), tr("Keep the moment shown, to compare others with it"), False),
            (self.fit_button, tr("Fit"), tr("Show the pictures whole; the wheel enlarges at the cursor"), False),
            (self.strip_button, tr("Variants"), tr("Small previews of other losses, scales and weights"), True),
            (self.plot_button, tr("Curves"), tr("How the losses fall"), True),
        ):
            button.setText(text)
            button.setToolTip(tip)
            button.setCheckable(checkable)
            if button is self.strip_button:
                bar.addStretch(1)
            bar.addWidget(button)
        self.strip_button.setChecked(True)
        self.plot_button.setChecked(True)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        for part in (self.strip, self.view, self.plot):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([230, 650, 220])
        self.live_button.setText(tr("Newest"))
        self.live_button.setToolTip(tr("Follow the run again"))
        below = QHBoxLayout()
        below.setContentsMargins(10, 3, 8, 4)
        below.setSpacing(8)
        title = QLabel(tr("History"))
        title.setObjectName("muted")
        title.setBuddy(self.scrubber)
        below.addWidget(title)
        below.addWidget(self.scrubber, 1)
        below.addWidget(self.where)
        below.addWidget(self.live_button)
        self._below = QWidget()
        self._below.setLayout(below)
        self._below.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.splitter, 1)
        layout.addWidget(self._below)

    def refresh_theme(self) -> None:
        for button, name in ((self.fit_button, "fit"), (self.pin_button, "pin")):
            button.setIcon(icon(name))
            button.setIconSize(QSize(16, 16))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.plot.refresh_theme()
        self.strip.refresh_theme()
        self.view.refresh_theme()

    # --- what there is ---

    def set_hint(self, title: str, text: str) -> None:
        """What to say while there is nothing to show."""
        self._hint = (title, text)
        self._show()

    def set_references(self, content: tuple[str, Pixels] | None, style: tuple[str, Pixels] | None) -> None:
        """Name and pixels of what results are compared with. Pixels are (h, w, 3|4) uint8."""
        self._content, self._style = content, style
        self._show()

    def set_has_losses(self, has: bool) -> None:
        """Whether what is made has losses whose curves can be shown."""
        self.plot_button.setVisible(has)
        self.plot.setVisible(has and self.plot_button.isChecked())

    def start(self) -> None:
        """A new run begins: forget the last one; a pinned moment stays."""
        self.history.clear()
        self.plot.clear()
        self._live = True
        self._show()

    def add(self, moment: Moment) -> None:
        """Take in the newest moment of the run."""
        shown = self.moment
        self.history.add(moment)
        self.plot.add(moment)
        with QSignalBlocker(self.scrubber):
            self.scrubber.setRange(0, max(len(self.history) - 1, 0))
            if self._live or shown is None:
                self.scrubber.setValue(len(self.history) - 1)
            else:
                self.scrubber.setValue(self.history.nearest(shown.step))
        self._show()

    @property
    def moment(self) -> Moment | None:
        """What is looked at."""
        if not len(self.history):
            return None
        return self.history[-1] if self._live else self.history[min(self.scrubber.value(), len(self.history) - 1)]

    @property
    def is_live(self) -> bool:
        """Whether the newest moment is shown."""
        return self._live

    def go_live(self) -> None:
        """Show the newest moment, and those that come."""
        self.scrubber.setValue(self.scrubber.maximum())
        self._live = True
        self._show()

    def pin(self) -> None:
        """Keep the moment shown, and compare with it."""
        if self.moment is None:
            return
        self._pinned = self.moment
        self.against.setCurrentIndex([kind for _, kind in AGAINST].index("pinned"))
        if VIEWS[self.view_choice.currentIndex()][1] == "result":
            self.view_choice.setCurrentIndex([kind for _, kind in VIEWS].index("wipe"))
        self._show()

    # --- what is shown ---

    def _on_scrubbed(self, index: int) -> None:
        self._live = index >= self.scrubber.maximum()
        self._show()

    def _reference(self) -> tuple[str, Pixels] | None:
        kind = AGAINST[self.against.currentIndex()][1]
        if kind == "pinned":
            pinned = self._pinned
            return None if pinned is None else (tr("Step {step}", step=pinned.step), pinned.image)
        found = self._content if kind == "content" else self._style
        return None if found is None else (tr("Content") if kind == "content" else tr("Style"), found[1])

    def _show(self, *_: object) -> None:
        moment, kind = self.moment, VIEWS[self.view_choice.currentIndex()][1]
        for widget in (self._against_words, self.against):
            widget.setVisible(kind in WAYS)
        self._below.setEnabled(len(self.history) > 1)
        self.live_button.setVisible(not self._live)
        self.pin_button.setEnabled(moment is not None)
        self.plot.mark(None if self._live or moment is None else moment.step)
        if moment is None:
            self.where.clear()
            self.view.set_hint(*self._hint)
            return
        width, height = moment.size
        self.where.setText(
            tr(
                "step {step} of {steps} · {width} × {height}",
                step=moment.step,
                steps=moment.steps,
                width=width,
                height=height,
            )
        )
        result = Shown(tr("Result"), moment.image, size=moment.size, full=moment.full)
        other = self._reference()
        self.view.set_way(WAYS.get(kind, Way.WIPE))
        if kind in WAYS and other is not None:
            pair = Shown(other[0], _fitted(other[1], moment), moment.image, result.title, moment.size, moment.full)
            self.view.set_shown([pair])
        elif kind == "sides":
            content = [
                Shown(tr("{name} (content)", name=name), pixels) for name, pixels in filter(None, (self._content,))
            ]
            style = [Shown(tr("{name} (style)", name=name), pixels) for name, pixels in filter(None, (self._style,))]
            self.view.set_shown([*content, result, *style])
        else:
            self.view.set_shown([result])


def _fitted(pixels: Pixels, moment: Moment) -> Pixels:
    """A reference on the left of a wipe must have the shape of the result: it is brought to that."""
    import cv2

    height, width = pixels.shape[:2]
    wanted = moment.image.shape[1], moment.image.shape[0]
    if abs(width / height - wanted[0] / wanted[1]) < 0.02:
        return pixels
    # A style picture of another shape is cropped around its middle.
    scale = max(wanted[0] / width, wanted[1] / height)
    size = max(wanted[0], round(width * scale)), max(wanted[1], round(height * scale))
    large = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (size[0] - wanted[0]) // 2, (size[1] - wanted[1]) // 2
    return np.ascontiguousarray(large[top : top + wanted[1], left : left + wanted[0]], dtype=np.uint8)
