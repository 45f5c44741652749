"""The style pictures of a run: the one of the window, and further ones from files, each with its weight."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.gui.items import image_of
from studio.gui.opening import PICTURE_FILTER
from studio.gui.settings.store import Settings
from studio.gui.style.tasks import shown
from studio.gui.theme import icon
from studio.jobs import JobQueue
from studio.picture import Picture, loading

log = logging.getLogger(__name__)

THUMB = 34
MOST_WEIGHT = 10.0


@dataclass(frozen=True, eq=False)
class Source:
    """A style picture and how much it counts."""

    picture: Picture
    weight: float


class _Row(QWidget):
    """One style picture."""

    weight_changed = Signal()
    removed = Signal()

    def __init__(self, picture: Picture, fixed: bool) -> None:
        super().__init__()
        self.picture = picture
        self._thumb, self._name = QLabel(), QLabel()
        self._thumb.setFixedSize(THUMB, THUMB)
        self._thumb.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.weight = QDoubleSpinBox()
        self.weight.setRange(0.0, MOST_WEIGHT)
        self.weight.setSingleStep(0.1)
        self.weight.setDecimals(2)
        self.weight.setValue(1.0)
        self.weight.setFixedWidth(58)
        self.weight.setKeyboardTracking(False)
        self.weight.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.weight.setToolTip("How much this style counts beside the others; it may be changed while a run goes on")
        self.remove = QToolButton()
        self.remove.setIconSize(QSize(12, 12))
        self.remove.setToolTip("Remove this style picture")
        self.remove.setAccessibleName("Remove this style picture")
        self.remove.setVisible(not fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._thumb)
        layout.addWidget(self._name, 1)
        layout.addWidget(self.weight)
        layout.addWidget(self.remove)
        self.weight.valueChanged.connect(lambda _: self.weight_changed.emit())
        self.remove.clicked.connect(self.removed)
        self.set_picture(picture)
        self.refresh_theme()

    def set_picture(self, picture: Picture) -> None:
        self.picture = picture
        self._thumb.setPixmap(QPixmap.fromImage(image_of(shown(picture, THUMB))))
        self._name.setText(picture.name)
        self._name.setToolTip(f"{picture.name}, {picture.size[0]} × {picture.size[1]}")
        self.weight.setAccessibleName(f"Weight of {picture.name}")

    def refresh_theme(self) -> None:
        self.remove.setIcon(icon("close"))


class StyleSources(QWidget):
    """Rows of style pictures. The first is the window's, if that side has a picture."""

    changed = Signal()
    """Another set of pictures."""
    weights_changed = Signal()
    message = Signal(str, str, str)
    """(severity, sentence, details)"""

    def __init__(self, jobs: JobQueue, settings: Settings) -> None:
        super().__init__()
        self._jobs, self._settings = jobs, settings
        self._main: _Row | None = None
        self._rows: list[_Row] = []
        self.add_button = QPushButton("Add Style Picture…")
        self.add_button.setToolTip("Mix in the style of a further picture from a file")
        self.add_button.clicked.connect(self.add_dialog)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self._layout.addWidget(self.add_button, alignment=Qt.AlignmentFlag.AlignLeft)

    @property
    def sources(self) -> list[Source]:
        """What counts: the pictures whose weight is above 0."""
        rows = ([self._main] if self._main is not None else []) + self._rows
        return [Source(row.picture, row.weight.value()) for row in rows if row.weight.value() > 0]

    @property
    def extras(self) -> list[Picture]:
        """The pictures from files."""
        return [row.picture for row in self._rows]

    def set_main(self, picture: Picture | None) -> None:
        """The style picture of the window."""
        if picture is None:
            if self._main is not None:
                self._drop(self._main)
                self._main = None
        elif self._main is None:
            self._main = _Row(picture, fixed=True)
            self._main.weight_changed.connect(self.weights_changed)
            self._layout.insertWidget(0, self._main)
        elif self._main.picture is not picture:
            self._main.set_picture(picture)
        self._show_weights()

    def add_dialog(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Add style pictures", self._settings.last_folder, PICTURE_FILTER)
        if paths:
            self._settings.last_folder = str(Path(paths[0]).parent)
        for path in paths:
            self.add_file(Path(path))

    def add_file(self, path: Path, weight: float = 1.0) -> None:
        """Read a picture and add it, off the GUI thread."""
        handle = self._jobs.submit(f"Open style {path.name}", lambda: loading(path), lane="files")
        handle.finished.connect(lambda picture: self.add(picture, weight))
        handle.failed.connect(lambda sentence, details: self.message.emit("error", sentence, details))

    def add(self, picture: Picture, weight: float = 1.0) -> None:
        """Add a style picture."""
        row = _Row(picture, fixed=False)
        row.weight.setValue(weight)
        row.weight_changed.connect(self.weights_changed)
        row.removed.connect(lambda: self._remove(row))
        self._rows.append(row)
        self._layout.insertWidget(self._layout.count() - 1, row)
        self._show_weights()
        self.changed.emit()

    def clear_extras(self) -> None:
        for row in list(self._rows):
            self._remove(row)

    def set_running(self, running: bool) -> None:
        """While a run goes on only weights may change."""
        for widget in (self.add_button, *(row.remove for row in self._rows)):
            widget.setEnabled(not running)

    def refresh_theme(self) -> None:
        for row in self._rows:
            row.refresh_theme()

    def _remove(self, row: _Row) -> None:
        if row in self._rows:
            self._rows.remove(row)
            self._drop(row)
            self._show_weights()
            self.changed.emit()

    def _drop(self, row: _Row) -> None:
        self._layout.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _show_weights(self) -> None:
        """A single picture has nothing to be weighed against."""
        rows = ([self._main] if self._main is not None else []) + self._rows
        for row in rows:
            row.weight.setVisible(len(rows) > 1)
            if len(rows) == 1 and row.weight.value() == 0:
                row.weight.setValue(1.0)
