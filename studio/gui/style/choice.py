"""What the mode Style makes: kind and direction, style pictures, and what it starts from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.arrays import SIDES, Side
from studio.gui.canvas.opening import picture_filter, tell_warnings
from studio.gui.canvas.state import StudioState, other
from studio.gui.style.sources import StyleSources
from studio.gui.widgets.choices import Choices
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.names import PlainLabel, in_tip
from studio.gui.widgets.parts import heading
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.theme import icon
from studio.job_kinds import JobKind
from studio.jobs import JobQueue
from studio.language import tr, translatable
from studio.options import Options, knob
from studio.picture import Picture, loading
from studio.style.model import StyleSource
from studio.style.task import OPTIONS, STYLED, Draft

DIRECTIONS: dict[JobKind, str] = {
    JobKind.STYLE: translatable("{side} in the style of {other}"),
    JobKind.INSTANT: translatable("{side} in the style of {other}"),
    JobKind.TEXTURE: translatable("A texture like {side}"),
    JobKind.INVERSION: translatable("What a layer keeps of {side}"),
}
NETWORK_FILTER = translatable("Feed-forward networks (*.safetensors *.pth *.model *.pt);;All files (*)")


class ChoiceOptions(Options):
    """What a project keeps of it."""

    kind: Literal[JobKind.STYLE, JobKind.INSTANT, JobKind.TEXTURE, JobKind.INVERSION] = knob(
        JobKind.STYLE, "What is made.", label="What to make"
    )
    side: Side = knob("A", "The picture that it is made of.", label="Direction")


class StyleChoice(QWidget):
    """Kind, direction, style pictures and start."""

    changed = Signal()
    weights_changed = Signal()

    def __init__(self, state: StudioState, jobs: JobQueue, settings: Settings, messages: Messages) -> None:
        super().__init__()
        self._state, self._jobs, self._settings, self._messages = state, jobs, settings, messages
        self.network: Path | None = None
        self.start: Picture | None = None
        self.kind_choice, self.direction = QComboBox(), QComboBox()
        for kind in OPTIONS:
            self.kind_choice.addItem(kind.label, kind.value)
        self.kind_choice.setAccessibleName(tr("What to make"))
        self.direction.setAccessibleName(tr("Which picture"))
        self.swap_button = QToolButton()
        self.swap_button.setIconSize(QSize(18, 18))
        self.swap_button.setToolTip(tr("The other way round"))
        self.swap_button.setAccessibleName(tr("The other way round"))
        self.sources = StyleSources(jobs, settings, messages)
        self._sources_title = heading(tr("Style Pictures"))
        self._start_title = heading(tr("Start"))
        self.start_name = PlainLabel(tr("as the options say"))
        self.start_name.setObjectName("muted")
        self.start_name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.picture_button, self.network_button = QPushButton(tr("Picture…")), QPushButton(tr("Network…"))
        self.picture_button.setToolTip(tr("Start from a picture in a file"))
        self.network_button.setToolTip(
            tr("Start from the draft of a feed-forward network (.pth, .model, .safetensors)")
        )
        self.clear_button = QToolButton()
        self.clear_button.setIconSize(QSize(12, 12))
        self.clear_button.setToolTip(tr("Start as the options say"))
        self.clear_button.setAccessibleName(tr("Start as the options say"))
        self._lay_out()
        self._fill_directions()
        self.kind_choice.currentIndexChanged.connect(self._on_kind)
        self.direction.currentIndexChanged.connect(self.refresh)
        self.choices = Choices(ChoiceOptions, {"kind": self.kind_choice, "side": self.direction}, self)
        self.swap_button.clicked.connect(lambda: self.direction.setCurrentIndex(1 - self.direction.currentIndex()))
        self.sources.changed.connect(self.changed)
        self.sources.weights_changed.connect(self.weights_changed)
        state.add_part("style/sources", self.sources.value(), self.sources.set_value)
        state.add_part("style/start", (None, None), self._show_start)
        self.sources.stepped.connect(self._on_sources)
        self.picture_button.clicked.connect(self._picture_dialog)
        self.network_button.clicked.connect(self._network_dialog)
        self.clear_button.clicked.connect(self.clear_start)
        self.refresh_theme()
        self.refresh()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.kind_choice, 0, 0, 1, 2)
        grid.addWidget(self.direction, 1, 0)
        grid.addWidget(self.swap_button, 1, 1)
        title = QHBoxLayout()
        title.addWidget(self._start_title)
        title.addWidget(self.start_name, 1)
        title.addWidget(self.clear_button)
        start = QHBoxLayout()
        start.setSpacing(6)
        start.addWidget(self.picture_button, 1)
        start.addWidget(self.network_button, 1)
        self.start_box = QWidget()
        column = QVBoxLayout(self.start_box)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        column.addLayout(title)
        column.addLayout(start)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(grid)
        layout.addWidget(self._sources_title)
        layout.addWidget(self.sources)
        layout.addWidget(self.start_box)

    def refresh_theme(self) -> None:
        self.swap_button.setIcon(icon("swap"))
        self.clear_button.setIcon(icon("close"))
        self.sources.refresh_theme()

    # --- what is chosen ---

    @property
    def kind(self) -> JobKind:
        return JobKind(self.kind_choice.currentData())

    @property
    def side(self) -> Side:
        """The side of the content, or of what is made a texture of or inverted."""
        return SIDES[max(self.direction.currentIndex(), 0)]

    @property
    def draft(self) -> Draft | None:
        """What makes the start."""
        return None if self.network is None else Draft(self.network)

    @property
    def style_side(self) -> Side | None:
        """The side whose picture is the first style picture."""
        return other(self.side) if self.kind in STYLED else None

    @property
    def content(self) -> Picture | None:
        """The picture of the window whose shapes count."""
        return None if self.kind is JobKind.TEXTURE else self._state.picture(self.side)

    @property
    def styles(self) -> tuple[StyleSource, ...]:
        """The pictures whose look is taken."""
        if self.kind in STYLED:
            return tuple(StyleSource(source.picture, source.weight) for source in self.sources.sources)
        example = self._state.picture(self.side) if self.kind is JobKind.TEXTURE else None
        return () if example is None else (StyleSource(example),)

    def set_kind(self, kind: JobKind, side: Side) -> None:
        self.kind_choice.setCurrentIndex(list(OPTIONS).index(kind))
        self.direction.setCurrentIndex(SIDES.index(side))

    @property
    def missing(self) -> str:
        """What is to be opened first, in a sentence; nothing if all is there."""
        if self._state.picture(self.side) is None:
            return tr("Open picture {side} first.", side=self.side)
        if self.kind in STYLED and not self.sources.sources:
            side = self.style_side
            return tr("Open picture {side}, or add a style picture from a file.", side=side)
        return ""

    # --- keeping in step ---

    def refresh(self, *_: object) -> None:
        """Take in what the window shows now."""
        kind = self.kind
        side = self.style_side
        self.sources.set_main(None if side is None else self._state.picture(side))
        for widget in (self._sources_title, self.sources):
            widget.setVisible(kind in STYLED)
        self.start_box.setVisible(kind is JobKind.STYLE)
        self.clear_button.setVisible(self.start is not None or self.network is not None)
        self.changed.emit()

    def set_running(self, running: bool) -> None:
        """While a run goes on only weights may change."""
        self.sources.set_running(running)
        for widget in (self.kind_choice, self.direction, self.swap_button, self.start_box):
            widget.setEnabled(not running)

    def _on_kind(self) -> None:
        self._fill_directions()
        self.refresh()

    def _fill_directions(self) -> None:
        index = max(self.direction.currentIndex(), 0)
        blocked = self.direction.blockSignals(True)
        self.direction.clear()
        for side in SIDES:
            self.direction.addItem(tr(DIRECTIONS[self.kind], side=side, other=other(side)), side)
        self.direction.setCurrentIndex(index)
        self.direction.blockSignals(blocked)

    # --- start ---

    def set_network(self, path: Path) -> None:
        """Start from the draft of a network in a file."""
        self._start_from(path, None, tr("Start from {name}", name=path.name))

    def set_start(self, picture: Picture) -> None:
        """Start from a picture."""
        self._start_from(None, picture, tr("Start from {name}", name=picture.name))

    def clear_start(self) -> None:
        """Start as the options say."""
        self._start_from(None, None, tr("Start as the options say"))

    def _start_from(self, network: Path | None, picture: Picture | None, step: str) -> None:
        self._show_start((network, picture))
        self._state.set_part("style/start", (network, picture), step)

    def _show_start(self, start: tuple[Path | None, Picture | None]) -> None:
        self.network, self.start = start
        name = tr("as the options say") if self.start is None else self.start.name
        if self.network is not None:
            name = tr("draft of {name}", name=self.network.name)
        self.start_name.setText(name)
        self.start_name.setToolTip(in_tip(name))
        self.refresh()

    def _on_sources(self, step: str, key: str) -> None:
        self._state.set_part("style/sources", self.sources.value(), step, key)

    def _network_dialog(self) -> None:
        title = tr("Draft with a feed-forward network")
        path, _ = QFileDialog.getOpenFileName(self, title, self._settings.last_folder, tr(NETWORK_FILTER))
        if path:
            self._settings.last_folder = str(Path(path).parent)
            self.set_network(Path(path))

    def _picture_dialog(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("Start from"), self._settings.last_folder, picture_filter())
        if not path:
            return
        self._settings.last_folder = str(Path(path).parent)
        file = Path(path)
        handle = self._jobs.submit(tr("Open {name}", name=file.name), lambda: loading(file), lane="files")
        handle.finished.connect(self.set_start)
        handle.finished.connect(lambda picture: tell_warnings(picture, self._messages))
        handle.failed.connect(self._messages.error)
