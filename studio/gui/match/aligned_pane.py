"""The result pane of the mode Match: A, and B laid onto it by the pairs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from studio.arrays import Pixels, Size
from studio.gui.canvas.point_style import point_style
from studio.gui.canvas.state import StudioState
from studio.gui.widgets.compare import CompareView, Pane, Shown, Way
from studio.gui.widgets.names import PlainLabel, in_tip
from studio.language import tr, translatable

RING = 11.0
"""Radius of the ring around a point, screen pixels: wide enough to see what lies inside."""

WAYS: tuple[tuple[str, Way, str], ...] = (
    (translatable("Blink"), Way.BLINK, translatable("A and B in turn: what jumps is not aligned")),
    (translatable("Wipe"), Way.WIPE, translatable("A on the left of the handle, B on its right")),
    (translatable("Difference"), Way.DIFFERENCE, translatable("How far the colours lie apart: black is the same")),
    (translatable("Onion skin"), Way.ONION, translatable("B through A; the slider says how much of it")),
    (translatable("Side by side"), Way.SIDES, translatable("A, and beside it B with the shapes of A")),
)
"""Name, way to compare, and what is seen."""


class AlignedView(CompareView):
    """A and B in one frame, with a ring around the points that are hot."""

    skinned = Signal(float)
    """(how opaque B is in an onion skin)"""

    def __init__(self, state: StudioState) -> None:
        super().__init__(tr("B laid onto A"))
        self._state = state

    def set_skin(self, share: float) -> None:
        super().set_skin(share)
        self.skinned.emit(self.skin)

    def paint_over(self, painter: QPainter, pane: Pane) -> None:
        """Rings where A has the points that are selected or below the mouse: B has its points there, too."""
        width, height = pane.shown.full_size
        for pair in self._state.shown_pairs.only(self._state.hot):
            at = QPointF(
                pane.rect.left() + (pair.a[0] + 0.5) / width * pane.rect.width(),
                pane.rect.top() + (pair.a[1] + 0.5) / height * pane.rect.height(),
            )
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for color, thick in ((QColor(0, 0, 0, 150), 4.0), (QColor(*point_style().color(pair)), 2.0)):
                painter.setPen(QPen(color, thick))
                painter.drawEllipse(at, RING, RING)


class AlignedPane(QWidget):
    """Buttons for the ways to compare, and the view. It is seen only while it is wanted."""

    way_chosen = Signal(int)
    """(place among `WAYS`)"""

    def __init__(self, state: StudioState) -> None:
        super().__init__()
        self._wanted = False
        self.view = AlignedView(state)
        self.notes = PlainLabel()
        self.notes.setObjectName("muted")
        self.notes.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._group = QButtonGroup(self)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 8, 4)
        bar.setSpacing(4)
        for place, (title, _way, tip) in enumerate(WAYS):
            button = QToolButton()
            button.setText(tr(title))
            button.setToolTip(tr(tip))
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._group.addButton(button, place)
            bar.addWidget(button)
        bar.addSpacing(8)
        bar.addWidget(self.notes, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.view, 1)
        self._group.idToggled.connect(self._on_way)
        self.choose_way(0)

    @property
    def is_wanted(self) -> bool:
        """Whether it is seen when the mode is on."""
        return self._wanted

    def set_wanted(self, wanted: bool, now: bool) -> None:
        """Whether it is to be seen in its mode; `now` says that the mode is on."""
        self._wanted = wanted
        self.setVisible(now)

    def setVisible(self, visible: bool) -> None:
        """Whoever enters the mode shows it; who does not want it keeps it hidden."""
        super().setVisible(visible and self._wanted)

    def choose_way(self, place: int) -> None:
        """Compare in that one of `WAYS`."""
        self._group.button(place).setChecked(True)

    def _on_way(self, place: int, on: bool) -> None:
        if on:
            self.view.set_way(WAYS[place][1])
            self.way_chosen.emit(place)

    def set_hint(self, title: str, text: str) -> None:
        """Say what is missing."""
        self._say(())
        self.view.set_hint(title, text)

    def show_aligned(self, a: Pixels, b: Pixels, size: Size, notes: Sequence[str]) -> None:
        """Show both pictures, (h, w, 3|4) uint8, in the frame of A, whose own size is `size`."""
        self._say(notes)
        self.view.set_shown([Shown("A", a, b, tr("B on A"), size)])

    def _say(self, notes: Sequence[str]) -> None:
        self.notes.setText(" ".join(notes))
        self.notes.setToolTip(in_tip("\n".join(notes)))

    def refresh_theme(self) -> None:
        """Take over the colours of another theme."""
        self.view.refresh_theme()
