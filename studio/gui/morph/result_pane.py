"""The lower half of the middle in the mode Morph: the frames, and the time below them."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.gui.morph.result_view import ResultView
from studio.gui.morph.transport import Transport


class MorphResultPane(QWidget):
    """Frames and time; what they show is the panel's business."""

    def __init__(self) -> None:
        super().__init__()
        self.view = ResultView()
        self.transport = Transport()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.transport)

    def refresh_theme(self) -> None:
        self.transport.refresh_theme()
        self.view.refresh_theme()
