"""The lower half of the middle in the mode Inspect: tabs of what one can look at, the colour scale, and the page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from studio.gui.inspect.hub import InspectView
from studio.gui.inspect.legend import Legend
from studio.gui.widgets.painting import paint_hint
from studio.gui.widgets.theme import colors
from studio.language import tr


class _Hint(QWidget):
    """What to do first."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ("", "")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colors().canvas))
        paint_hint(painter, QRectF(self.rect()), *self.words)


class InspectResultPane(QWidget):
    """Shows one view at a time."""

    chosen = Signal(int)
    """(index of the view)"""

    def __init__(self, views: Sequence[InspectView], legend: Legend) -> None:
        super().__init__()
        self.tabs = QTabBar()
        self.tabs.setAccessibleName(tr("What to look at"))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self.tabs.setUsesScrollButtons(True)
        self.readout = QLabel()
        self.readout.setObjectName("muted")
        self.readout.setAccessibleName(tr("Number under the cursor"))
        self.pages = QStackedWidget()
        self.hint = _Hint()
        for view in views:
            index = self.tabs.addTab(tr(view.title))
            self.tabs.setTabToolTip(index, tr(view.tip))
            self.pages.addWidget(view.page)
        self.pages.addWidget(self.hint)
        self._count = len(views)
        self.tabs.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        head = QHBoxLayout()
        head.setContentsMargins(4, 2, 6, 2)
        head.addWidget(self.tabs)
        head.addStretch(1)
        head.addWidget(self.readout)
        head.addSpacing(6)
        head.addWidget(legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.pages, 1)
        self.setMinimumHeight(190)
        self.tabs.currentChanged.connect(self._on_tab)

    def sizeHint(self) -> QSize:
        return QSize(900, 300)

    @property
    def current(self) -> int:
        return self.tabs.currentIndex()

    def show_view(self, index: int) -> None:
        """Bring a view to the front."""
        self.tabs.setCurrentIndex(index)

    def set_hint(self, title: str, text: str) -> None:
        """Say what to do first; empty words show the view again."""
        self.hint.words = (title, text)
        self.pages.setCurrentIndex(self._count if title else self.current)
        self.hint.update()

    def _on_tab(self, index: int) -> None:
        if self.pages.currentIndex() != self._count:
            self.pages.setCurrentIndex(index)
        self.chosen.emit(index)

    def refresh_theme(self) -> None:
        for child in self.findChildren(QWidget):
            child.update()
