"""The style pictures of a run: the one of the window, and further ones from files, each with its weight."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.document import Document
from studio.gui.canvas.displays import level_within, remember
from studio.gui.canvas.opening import Opened, opening, picture_filter, tell_warnings
from studio.gui.mode.kept_pictures import Listed
from studio.gui.style.tasks import reduced
from studio.gui.widgets.forms import UndoPasser
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.names import PlainLabel, in_tip
from studio.gui.widgets.number_boxes import NumberBox
from studio.gui.widgets.painting import image_of
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.theme import icon
from studio.jobs import JobQueue
from studio.language import tr
from studio.picture import Picture, loading

log = logging.getLogger(__name__)

THUMB = 34
MOST_WEIGHT = 10.0


@dataclass(frozen=True)
class Source:
    """A style picture and how much it counts."""

    picture: Picture
    weight: float


@dataclass(frozen=True)
class SourceList:
    """All of them at one moment: the weight of the window's picture, and those from files."""

    main_weight: float = 1.0
    extras: tuple[Source, ...] = ()

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Those that it alone holds."""
        return tuple(source.picture for source in self.extras)


class _Row(QWidget):
    """One style picture."""

    weight_changed = Signal()
    removed = Signal()

    def __init__(self, picture: Picture, fixed: bool) -> None:
        super().__init__()
        self.picture = picture
        self._thumb, self._name = QLabel(), PlainLabel()
        self._thumb.setFixedSize(THUMB, THUMB)
        self._thumb.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.weight = NumberBox()
        self.weight.setRange(0.0, MOST_WEIGHT)
        self.weight.setSingleStep(0.1)
        self.weight.setDecimals(2)
        self.weight.setValue(1.0)
        self.weight.setFixedWidth(58)
        UndoPasser(self.weight)
        self.weight.setKeyboardTracking(False)
        self.weight.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.weight.setToolTip(
            tr("How much this style counts beside the others; it may be changed while a run goes on")
        )
        self.remove = QToolButton()
        self.remove.setIconSize(QSize(12, 12))
        self.remove.setToolTip(tr("Remove this style picture"))
        self.remove.setAccessibleName(tr("Remove this style picture"))
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

    def set_weight(self, weight: float) -> None:
        """As the person would, but nothing is told of it."""
        with QSignalBlocker(self.weight):
            self.weight.setValue(weight)

    def set_picture(self, picture: Picture) -> None:
        self.picture = picture
        self._thumb.setPixmap(QPixmap.fromImage(image_of(reduced(level_within(picture, THUMB), THUMB))))
        self._name.setText(picture.name)
        self._name.setToolTip(in_tip(f"{picture.name}, {picture.size[0]} × {picture.size[1]}"))
        self.weight.setAccessibleName(tr("Weight of {name}", name=picture.name))

    def refresh_theme(self) -> None:
        self.remove.setIcon(icon("close"))


class StyleSources(QWidget):
    """Rows of style pictures. The first is the window's, if that side has a picture."""

    changed = Signal()
    """Another set of pictures."""
    weights_changed = Signal()
    stepped = Signal(str, str)
    """(what was done, key), after a change; see `StudioState.committed`"""

    def __init__(self, jobs: JobQueue, settings: Settings, messages: Messages) -> None:
        super().__init__()
        self._jobs, self._settings, self._messages = jobs, settings, messages
        self._main: _Row | None = None
        self._main_weight = 1.0
        self._rows: list[_Row] = []
        self.add_button = QPushButton(tr("Add Style Picture…"))
        self.add_button.setToolTip(tr("Mix in the style of a further picture from a file"))
        self.add_button.clicked.connect(self.add_dialog)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self._layout.addWidget(self.add_button, alignment=Qt.AlignmentFlag.AlignLeft)

    @property
    def sources(self) -> list[Source]:
        """What counts: the pictures whose weight is above 0."""
        return [Source(row.picture, row.weight.value()) for row in self.rows if row.weight.value() > 0]

    @property
    def extras(self) -> list[Picture]:
        """The pictures from files."""
        return [row.picture for row in self._rows]

    @property
    def has_main(self) -> bool:
        """Whether the first of `pictures` is the window's."""
        return self._main is not None

    @property
    def pictures(self) -> list[Picture]:
        """All that are listed, whether they count or not."""
        return [row.picture for row in self.rows]

    @property
    def rows(self) -> list[_Row]:
        """One for each of `pictures`."""
        return ([self._main] if self._main is not None else []) + self._rows

    def value(self) -> SourceList:
        """What is listed, for undo."""
        return SourceList(self._main_weight, tuple(Source(row.picture, row.weight.value()) for row in self._rows))

    @staticmethod
    def written(value: SourceList) -> list[Listed]:
        """What a project keeps."""
        return [
            (source.picture, {"weight": source.weight, "main_weight": value.main_weight}) for source in value.extras
        ]

    @staticmethod
    def read(listed: Sequence[Listed], _: Document) -> SourceList:
        """What a project kept."""
        main_weight, extras = 1.0, []
        for picture, values in listed:
            main_weight = _weight(values.get("main_weight"))
            extras.append(Source(picture, _weight(values.get("weight"))))
        return SourceList(main_weight, tuple(extras))

    def set_value(self, value: SourceList) -> None:
        """List what was listed once."""
        self._main_weight = value.main_weight
        if self._main is not None:
            self._main.set_weight(value.main_weight)
        others = [row.picture for row in self._rows] != list(value.pictures)
        if others:
            for row in self._rows:
                self._drop(row)
            self._rows = []
            for source in value.extras:
                self._insert(source.picture, source.weight)
        for row, source in zip(self._rows, value.extras, strict=True):
            row.set_weight(source.weight)
        self._show_weights()
        (self.changed if others else self.weights_changed).emit()

    def set_weights(self, weights: Sequence[float]) -> None:
        """How much each of `pictures` counts, as one step."""
        for row, weight in zip(self.rows, weights, strict=True):
            row.set_weight(weight)
        self._on_weights(tr("Change Style Weights"), "")

    def set_main(self, picture: Picture | None) -> None:
        """The style picture of the window."""
        if picture is None:
            if self._main is not None:
                self._drop(self._main)
                self._main = None
        elif self._main is None:
            self._main = row = self._make(picture, fixed=True)
            row.set_weight(self._main_weight)
            self._layout.insertWidget(0, row)
        elif self._main.picture is not picture:
            self._main.set_picture(picture)
        self._show_weights()

    def add_dialog(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(
            self, tr("Add style pictures"), self._settings.last_folder, picture_filter()
        )
        if paths:
            self._settings.last_folder = str(Path(paths[0]).parent)
        for path in paths:
            self.add_file(Path(path))

    def add_file(self, path: Path, weight: float = 1.0) -> None:
        """Read a picture and add it, off the GUI thread."""
        make = partial(opening, loading(path), path.name)
        handle = self._jobs.submit(tr("Open style {name}", name=path.name), make, lane="files")
        handle.finished.connect(lambda opened: self._on_opened(opened, weight))
        handle.failed.connect(self._messages.error)

    def _on_opened(self, opened: Opened, weight: float) -> None:
        remember(opened.picture, opened.display)
        self.add(opened.picture, weight)
        tell_warnings(opened.picture, self._messages)

    def add(self, picture: Picture, weight: float = 1.0) -> None:
        """Add a style picture."""
        self._insert(picture, weight)
        self._show_weights()
        self.changed.emit()
        self.stepped.emit(tr("Add style {name}", name=picture.name), "")

    def _insert(self, picture: Picture, weight: float) -> None:
        row = self._make(picture, fixed=False)
        row.set_weight(weight)
        row.removed.connect(lambda: self._remove(row))
        self._rows.append(row)
        self._layout.insertWidget(self._layout.count() - 1, row)

    def _make(self, picture: Picture, fixed: bool) -> _Row:
        row = _Row(picture, fixed)
        row.weight_changed.connect(
            lambda: self._on_weights(tr("Change Style Weight"), f"turn weight of {self.rows.index(row)}")
        )
        return row

    def _on_weights(self, step: str, key: str) -> None:
        if self._main is not None:
            self._main_weight = self._main.weight.value()
        self.weights_changed.emit()
        self.stepped.emit(step, key)

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
            self.stepped.emit(tr("Remove style {name}", name=row.picture.name), "")

    def _drop(self, row: _Row) -> None:
        self._layout.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _show_weights(self) -> None:
        """A single picture has nothing to be weighed against."""
        rows = self.rows
        for row in rows:
            row.weight.setVisible(len(rows) > 1)
            if len(rows) == 1 and row.weight.value() == 0:
                row.set_weight(1.0)


def _weight(value: object) -> float:
    """A weight out of a file."""
    return min(max(float(value), 0.0), MOST_WEIGHT) if isinstance(value, int | float) else 1.0
