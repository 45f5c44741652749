"""Writes what the mode Morph shows: films, stills, warped pictures and dense fields, each as a job."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from studio.files import beside
from studio.gui.widgets.forms import OptionsForm
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.parts import heading, rule
from studio.gui.widgets.run_foot import RunFoot
from studio.gui.widgets.saving import ask_where_to_save
from studio.gui.widgets.settings_store import Settings
from studio.jobs import JobHandle, JobQueue
from studio.language import tr, translatable
from studio.morph.options import ExportOptions, MorphOptions, StillOptions
from studio.options import OptionsError
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import Job, Progress, part

log = logging.getLogger(__name__)

FILM_FILTERS = {
    ".mp4": translatable("MP4 video (*.mp4)"),
    ".mov": translatable("QuickTime video (*.mov)"),
    ".mkv": translatable("Matroska video (*.mkv)"),
    ".webp": translatable("Animated WebP (*.webp)"),
    ".apng": translatable("Animated PNG (*.apng)"),
    ".gif": translatable("Animated GIF (*.gif)"),
    "": translatable("Folder of PNG frames (*)"),
}
PICTURE_FILTER = translatable("Pictures (*.png *.tif *.webp *.jpg)")
FIELD_FILTER = translatable("NumPy array (*.npy);;Float TIFF (*.tiff *.tif)")


@dataclass(frozen=True, eq=False)
class MorphNow:
    """What is written: the morph as the panel shows it.

    `pictures` are two or more, `all_pairs` those of each two neighbours, and `leg` says between which two the
    moment lies. `t` is the moment; `shape` and `colour` differ from it where curves or the pad say so, and
    `on_way` tells whether they belong to it.
    """

    pictures: tuple[Picture, ...]
    all_pairs: tuple[PairSet, ...]
    leg: int
    options: MorphOptions
    t: float
    shape: float
    colour: float
    on_way: bool

    @property
    def a(self) -> Picture:
        """The picture before the moment."""
        return self.pictures[self.leg]

    @property
    def b(self) -> Picture:
        """The picture after it."""
        return self.pictures[self.leg + 1]

    @property
    def pairs(self) -> PairSet:
        """Of these two."""
        return self.all_pairs[self.leg]


class MorphExport(QWidget):
    """The forms of a film and of a still. `foot` holds button, cancel and progress, for the end of the panel."""

    running_changed = Signal()

    def __init__(
        self, jobs: JobQueue, settings: Settings, messages: Messages, now: Callable[[], MorphNow | None]
    ) -> None:
        super().__init__()
        self._jobs, self._settings, self._messages, self._now = jobs, settings, messages, now
        self._handle: JobHandle | None = None
        self._ready = False
        self.form = OptionsForm(settings.options(ExportOptions, "export"))
        self.still_form = OptionsForm(settings.options(StillOptions, "still"))
        self.foot = RunFoot(
            tr("Progress of the export"),
            tr("Give the export up; no file is left"),
            run=tr("Export Film…"),
            run_tip=tr("Write the morph as MP4, WebP, APNG, GIF or a folder of pictures (Ctrl+M)"),
            pause_tip=tr("Hold the export, or let it go on"),
        )
        self.film_button, self.cancel_button = self.foot.run_button, self.foot.cancel_button
        self.bar, self.status = self.foot.bar, self.foot.status
        self.still_button = QPushButton(tr("Still…"))
        self.still_button.setToolTip(tr("Save the picture of this moment"))
        self.warped_button = QPushButton(tr("Warped A and B…"))
        self.warped_button.setToolTip(tr("Save both pictures, each bent to the shape of this moment"))
        self.field_button = QPushButton(tr("Field…"))
        self.field_button.setToolTip(
            tr("Save where every pixel of the frame is looked up, at this moment: one file for A and one for B")
        )
        self._lay_out()
        self.film_button.clicked.connect(self.film_dialog)
        self.cancel_button.clicked.connect(self.cancel)
        self.still_button.clicked.connect(self.still_dialog)
        self.warped_button.clicked.connect(self.warped_dialog)
        self.field_button.clicked.connect(self.field_dialog)
        self.form.changed.connect(lambda: self._remember("export", self.form))
        self.still_form.changed.connect(lambda: self._remember("still", self.still_form))
        self._refresh()

    def _lay_out(self) -> None:
        stills = QHBoxLayout()
        for button in (self.still_button, self.warped_button, self.field_button):
            stills.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(heading(tr("Film")))
        layout.addWidget(self.form)
        layout.addWidget(rule())
        layout.addWidget(heading(tr("This Moment")))
        layout.addWidget(self.still_form)
        layout.addLayout(stills)

    @property
    def is_running(self) -> bool:
        return self._handle is not None

    @property
    def handle(self) -> JobHandle | None:
        """The export that waits or runs."""
        return self._handle

    def set_ready(self, ready: bool) -> None:
        """Whether there is a morph to write."""
        self._ready = ready
        if not ready and not self.is_running:
            self.foot.say("")
        self._refresh()

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    # --- dialogs ---

    def film_dialog(self) -> None:
        kinds = {tr(words): suffix for suffix, words in FILM_FILTERS.items()}
        # A folder of frames that is not empty is refused, so nothing of it is ever replaced.
        chosen = self._ask(tr("Export film"), "morph.mp4", kinds, lambda path: [path] if path.suffix else [])
        if chosen is not None:
            self.film_to(chosen)

    def still_dialog(self) -> None:
        chosen = self._ask(tr("Save still"), "morph.png", {tr(PICTURE_FILTER): ".png"})
        if chosen is not None:
            self.still_to(chosen)

    def warped_dialog(self) -> None:
        chosen = self._ask(tr("Save warped pictures"), "warped.png", {tr(PICTURE_FILTER): ".png"}, _two_names)
        if chosen is not None:
            self.warped_to(chosen)

    def field_dialog(self) -> None:
        array, tiff = tr(FIELD_FILTER).split(";;")
        chosen = self._ask(tr("Save field"), "field.npy", {array: ".npy", tiff: ".tiff"}, _two_names)
        if chosen is not None:
            self.field_to(chosen)

    def _ask(
        self, title: str, name: str, kinds: Mapping[str, str], written: Callable[[Path], Sequence[Path]] | None = None
    ) -> Path | None:
        chosen = ask_where_to_save(
            self, self._settings, title, name, kinds, written=lambda path, _: written(path) if written else [path]
        )
        return None if chosen is None else chosen[0]

    # --- jobs ---

    def film_to(self, path: Path) -> None:
        """Write the film, at the size and pace of the form."""
        now, options = self._now(), self._value(self.form)
        if now is None or not isinstance(options, ExportOptions):
            return
        device = self._settings.device
        notes: list[str] = []

        def make() -> Job[Path]:
            from studio.morph import exporting_film

            return exporting_film(now.pictures, now.all_pairs, now.options, options, path, device, notes.append)

        self._submit(path, make, tr("The film was written to “{name}”.", name=path.name), notes)

    def still_to(self, path: Path) -> None:
        """Save the picture of this moment, at the size of the pictures."""
        now, options = self._now(), self._value(self.still_form)
        if now is None or not isinstance(options, StillOptions):
            return
        if options.blend != "plain" and not now.on_way:
            self._messages.warning(
                tr(
                    "A {blend} still is made on the way from A to B: move the slider, or choose “plain”.",
                    blend=tr(options.blend),
                )
            )
            return
        device = self._settings.device

        def make() -> Job[Path]:
            from studio.morph import save_still, still

            morph = yield from part(_full_size(now, device), 0.0, 0.8)
            yield Progress(0.8, tr("putting the picture together"))
            pixels = still(morph, now.t, options) if now.on_way else morph.frame_at(now.shape, now.colour)
            yield Progress(0.9, tr("writing {name}", name=path.name))
            save_still(pixels, path, morph, now.t)
            return path

        self._submit(path, make, tr("The still was written to “{name}”.", name=path.name))

    def warped_to(self, path: Path) -> None:
        """Save A and B bent to the shape of this moment, as `name_A` and `name_B`."""
        now = self._now()
        if now is None:
            return
        device, paths = self._settings.device, _two_names(path)

        def make() -> Job[Path]:
            from studio.morph import save_still

            morph = yield from part(_full_size(now, device), 0.0, 0.8)
            for file, pixels in zip(paths, morph.warped(now.shape), strict=True):
                yield Progress(0.9, tr("writing {name}", name=file.name))
                save_still(pixels, file, morph, now.t)
            return path

        self._submit(
            path,
            make,
            tr("The pictures were written to “{first}” and “{second}”.", first=paths[0].name, second=paths[1].name),
        )

    def field_to(self, path: Path) -> None:
        """Save the fields into A and into B at this moment, as `name_A` and `name_B`."""
        now = self._now()
        if now is None:
            return
        device, paths = self._settings.device, _two_names(path)

        def make() -> Job[Path]:
            from studio.morph import save_field

            morph = yield from part(_full_size(now, device), 0.0, 0.8)
            for file, field in zip(paths, morph.fields(now.shape), strict=True):
                yield Progress(0.9, tr("writing {name}", name=file.name))
                save_field(field, file)
            return path

        self._submit(
            path,
            make,
            tr("The fields were written to “{first}” and “{second}”.", first=paths[0].name, second=paths[1].name),
        )

    def _submit(self, path: Path, make: Callable[[], Job[Any]], done: str, notes: Sequence[str] = ()) -> None:
        if self.is_running:
            return
        self._handle = handle = self._jobs.submit(tr("Export {name}", name=path.name), make, lane="files")
        handle.finished.connect(lambda _: self._on_finished(" ".join([done, *notes])))
        handle.failed.connect(self._on_failed)
        handle.cancelled.connect(lambda: self.foot.say(tr("Cancelled; no file was left."), 0.0))
        handle.ended.connect(self._on_ended)
        self.foot.follow(handle)
        self._refresh()
        self.running_changed.emit()

    def _on_finished(self, done: str) -> None:
        self.foot.say(done, 1.0)
        self._messages.success(done)

    def _on_failed(self, sentence: str, details: str) -> None:
        self.foot.say(tr("Failed"), 0.0)
        self._messages.error(sentence, details)

    def _on_ended(self) -> None:
        self._handle = None
        self._refresh()
        self.running_changed.emit()

    def _value(self, form: OptionsForm) -> object:
        try:
            return form.value()
        except OptionsError as error:
            self._messages.error(str(error))
            return None

    def _remember(self, key: str, form: OptionsForm) -> None:
        try:
            self._settings.set_options(key, form.value())
        except OptionsError as error:
            log.debug("options not remembered: %s", error)

    def _refresh(self) -> None:
        may = self._ready and not self.is_running
        self.foot.set_ready(self._ready)
        for button in (self.still_button, self.warped_button, self.field_button):
            button.setEnabled(may)
        self.form.setEnabled(not self.is_running)
        self.still_form.setEnabled(not self.is_running)


def _full_size(now: MorphNow, device: str) -> Job[Any]:
    from studio.morph import preparing

    return preparing(now.a, now.b, now.pairs, now.options, 0, device, now.pictures)


def _two_names(path: Path) -> tuple[Path, Path]:
    return beside(path, "_A"), beside(path, "_B")
