"""What becomes of a result of the mode Style: a file with its recipe inside, picture A or B; and recipes read again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton

from studio.arrays import Pixels
from studio.files import bare_name
from studio.gui.canvas.opening import picture_filter
from studio.gui.mode.outcome import Outcome
from studio.gui.style.actions import StyleCan
from studio.gui.widgets.asking import ask_for_file
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.number_boxes import WholeBox
from studio.gui.widgets.saving import SAVE_FILTERS
from studio.gui.widgets.settings_store import Settings
from studio.job_kinds import JobKind
from studio.jobs import JobQueue
from studio.language import tr
from studio.picture import Picture, save
from studio.progress import Job, Progress
from studio.style.task import StyleTask

if TYPE_CHECKING:
    from studio.style.result import StyleResult


class StyleOutcome(Outcome):
    """Buttons for the last result, finished or not; that to save it stands where the result is."""

    purpose, missing = "style", StyleCan.SAVE.missing

    recipe_read = Signal(object)
    """(dict) as `studio.style.read_recipe` gives it"""

    def __init__(self, jobs: JobQueue, settings: Settings, messages: Messages) -> None:
        super().__init__(jobs, settings, messages)
        self.result: StyleResult | None = None
        self._preview: Picture | None = None
        self._like: Picture | None = None
        self._name = "style"
        self.save_button.setToolTip(tr("Save as PNG, JPEG, WebP or TIFF, with the recipe inside"))
        self.repeat_button = QPushButton(tr("Repeat Recipe…"))
        self.repeat_button.setToolTip(
            tr("Take the options that a saved picture was made with, from the picture itself")
        )
        self.go_on_button = QPushButton(tr("Go On"))
        self.go_on_button.setToolTip(
            tr(
                "Take the last run up exactly where it stood, also after the program was closed; give it more steps "
                "above"
            )
        )
        self.quality = WholeBox()
        self.quality.setRange(1, 100)
        self.quality.setValue(round(settings.number("style/quality", 95)))
        self.quality.setFixedWidth(68)
        self.quality.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.quality.setToolTip(tr("Quality of JPEG and WebP, 1 to 100"))
        self.quality.setAccessibleName(tr("Quality of JPEG and WebP"))
        self.quality.valueChanged.connect(lambda value: settings.set_number("style/quality", value))
        words = QLabel(tr("Quality of JPEG and WebP"))
        words.setObjectName("muted")
        words.setBuddy(self.quality)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        for column in (0, 1):
            grid.setColumnStretch(column, 1)
        grid.addWidget(self.go_on_button, 0, 0, 1, 2)
        grid.addWidget(self.a_button, 1, 0)
        grid.addWidget(self.b_button, 1, 1)
        grid.addWidget(self.repeat_button, 2, 0, 1, 2)
        row = QHBoxLayout()
        row.addWidget(words, 1)
        row.addWidget(self.quality)
        grid.addLayout(row, 3, 0, 1, 2)
        self.repeat_button.clicked.connect(self.repeat_dialog)
        self._refresh()

    @property
    def picture(self) -> Picture | None:
        """The result, or how far a run came that was given up."""
        return self._preview if self.result is None else self.result.picture

    def set_result(self, result: StyleResult, task: StyleTask) -> None:
        """A run came to its end."""
        self.result, self._preview = result, None
        self._take_name(task)

    def set_preview(self, pixels: Pixels, task: StyleTask) -> None:
        """A run was given up: the last picture that was shown stays. `pixels` are (h, w, 3|4) uint8."""
        self.result, self._preview = None, Picture.from_array(pixels, task.title)
        self._like = task.content
        self._take_name(task)

    def forget(self) -> None:
        """A new run begins."""
        self.result = self._preview = self._like = None
        self._refresh()

    def _take_name(self, task: StyleTask) -> None:
        names = [picture.name for picture in (task.content, *(source.picture for source in task.styles)) if picture]
        words = [bare_name(name) for name in names[:2]]
        self._name = "-".join([*words, "inverted"] if task.kind is JobKind.INVERSION else [task.kind, *words])
        self._refresh()

    # --- save ---

    def save_dialog(self) -> None:
        if not self.has_picture:
            return
        chosen = self._ask(f"{self._name}.png", SAVE_FILTERS)
        if chosen is not None:
            self.save_to(*chosen)

    def save_to(self, path: Path, depth: int | None = None) -> None:
        """Write the result, off the GUI thread; the suffix says how. TIFF always gets 16 bits a channel."""
        depth = 16 if path.suffix.lower() in (".tif", ".tiff") else depth
        result, preview, like, quality = self.result, self._preview, self._like, self.quality.value()
        if result is None and preview is None:
            return

        def make() -> Job[Path]:
            yield Progress(0.1, tr("writing {name}", name=path.name))
            if result is not None:
                from studio.style import save_result

                save_result(result, path, depth, quality)
            elif preview is not None:
                save(preview.full(), path, like, quality=quality, depth=depth)
            return path

        self._write(path, make)

    # --- repeat ---

    def repeat_dialog(self) -> None:
        path = ask_for_file(self, self._settings, "style", tr("Repeat recipe of"), picture_filter())
        if path is not None:
            self.repeat_from(path)

    def repeat_from(self, path: Path) -> None:
        """Read the recipe inside a picture."""

        def make() -> Job[dict[str, Any]]:
            yield Progress(0.1, tr("reading {name}", name=path.name))
            from studio.style import read_recipe

            return read_recipe(path)

        self._submit(tr("Read {name}", name=path.name), make, self.recipe_read.emit)
