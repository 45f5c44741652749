"""How pictures come in: dialog, drop, paste, recent files, samples; each decoded off the GUI thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from studio.arrays import SIDES, Side
from studio.document import SUFFIX
from studio.gui.canvas.items import DisplayPicture
from studio.gui.canvas.state import StudioState, other
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.settings_store import Settings
from studio.jobs import JobHandle, JobQueue
from studio.language import tr, trn
from studio.pairs import PAIR_SUFFIXES, PairSet
from studio.picture import Picture, load_bytes, loading
from studio.progress import Job, Progress, part
from studio.samples import SAMPLES, load_sample

log = logging.getLogger(__name__)

PICTURE_SUFFIXES = "png jpg jpeg jpe webp tif tiff bmp gif avif heic heif ppm pgm"


def picture_filter() -> str:
    """What a dialog for pictures shows."""
    patterns = " ".join(f"*.{suffix}" for suffix in PICTURE_SUFFIXES.split())
    return tr("Pictures ({patterns});;All files (*)", patterns=patterns)


class Opened(NamedTuple):
    """A decoded picture and its levels for the screen."""

    picture: Picture
    display: DisplayPicture


def opening(decoding: Job[Picture], name: str) -> Job[Opened]:
    """The job that decodes one picture and makes it ready for the screen."""
    picture = yield from part(decoding, 0.0, 0.9)
    yield Progress(0.9, tr("preparing {name}", name=name))
    return Opened(picture, DisplayPicture.of(picture))


def tell_warnings(picture: Picture, messages: Messages) -> None:
    """Say what a person should know of a picture that was opened, if there is something."""
    if picture.warnings:
        notes = " ".join(picture.warnings)
        messages.warning(tr("“{name}”: {notes}", name=picture.name, notes=notes))


def _at_once(decode: Callable[[], Picture], name: str) -> Job[Picture]:
    yield Progress(0.1, tr("reading {name}", name=name))
    return decode()


class PictureOpener(QObject):
    """Brings pictures into the state; a failed one leaves the side as it was."""

    opened = Signal(str, object)
    """(side, Opened)"""
    project_dropped = Signal(object)
    """(Path) of a project file"""
    pairs_dropped = Signal(object)
    """(Path) of a file of pairs"""

    def __init__(
        self, state: StudioState, jobs: JobQueue, settings: Settings, messages: Messages, window: QWidget
    ) -> None:
        super().__init__(window)
        self._state, self._jobs, self._settings, self._window = state, jobs, settings, window
        self._messages = messages
        self._loading: dict[Side, JobHandle | None] = {"A": None, "B": None}

    @property
    def is_loading(self) -> bool:
        return any(handle is not None for handle in self._loading.values())

    def open_dialog(self, side: Side) -> None:
        """Ask for a file. Two files chosen at once fill both sides."""
        paths, _ = QFileDialog.getOpenFileNames(
            self._window, tr("Open picture {side}", side=side), self._settings.last_folder, picture_filter()
        )
        if paths:
            self._settings.last_folder = str(Path(paths[0]).parent)
            self.open_paths([Path(path) for path in paths], side)

    def open_paths(self, paths: list[Path], side: Side) -> None:
        """Open the first path on `side` and a second one on the other; or a project in the place of everything."""
        if paths and paths[0].suffix == SUFFIX:
            self.project_dropped.emit(paths[0])
            return
        of_pairs = [path for path in paths if path.suffix.lower() in PAIR_SUFFIXES]
        if of_pairs and len(of_pairs) == len(paths):
            # Of the official program's two files the first one names the other.
            self.pairs_dropped.emit(min(of_pairs))
            return
        for path, where in zip(paths, (side, other(side)), strict=False):
            self.open_path(path, where)
        if len(paths) > 2:
            self._messages.info(
                trn(
                    "Two pictures were opened; {number} more were left out.",
                    "Two pictures were opened; {number} more were left out.",
                    len(paths) - 2,
                )
            )

    def open_path(self, path: Path, side: Side) -> None:
        def done(opened: Opened) -> None:
            self._settings.add_recent_picture(path)
            self._take(side, opened)

        self._submit(side, path.name, lambda: loading(path), done)

    def open_made(self, side: Side, picture: Picture) -> None:
        """Put a picture that the program made on a side, once it is ready for the screen."""
        name = picture.name
        self._submit(side, name, lambda: _at_once(lambda: picture, name), lambda opened: self._take(side, opened))

    def open_mime(self, mime: QMimeData, side: Side) -> None:
        """What was dropped or pasted: files, or a picture itself."""
        files = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        gone = bool(files) and not any(file.exists() for file in files)
        if files and not (gone and mime.hasImage()):  # browsers drop a temporary file that may be gone by now
            self.open_paths(files, side)
        elif mime.hasImage():
            image = mime.imageData()
            self._open_image(image if isinstance(image, QImage) else QImage(), side)
        elif mime.hasUrls():
            self._messages.warning(
                tr("That is a link to the web: save the picture to a file first, then drop the file.")
            )
        else:
            self._messages.info(tr("There is no picture on the clipboard."))

    def paste_side(self, active: Side) -> Side:
        """Where a pasted picture goes: an empty side first, else the one used last."""
        empty = [side for side in SIDES if self._state.picture(side) is None and self._loading[side] is None]
        return active if not empty or active in empty else empty[0]

    def open_sample(self, key: str, then: Callable[[], None] | None = None) -> None:
        """Put a sample pair on both sides, and call `then` once it is there."""
        title = tr(SAMPLES[key].title)

        def make() -> Job[tuple[Opened, Opened, PairSet | None]]:
            yield Progress(0.05, tr("making {title}", title=title))
            a, b, known = load_sample(key)
            yield Progress(0.6, tr("preparing {title}", title=title))
            return Opened(a, DisplayPicture.of(a)), Opened(b, DisplayPicture.of(b)), known

        def done(sample: tuple[Opened, Opened, PairSet | None]) -> None:
            with self._state.one_step(tr("Open {title}", title=title)):
                self._take("A", sample[0])
                self._take("B", sample[1])
                if sample[2] is not None:
                    self._state.set_pairs(sample[2])
            if sample[2] is not None:
                self._messages.info(
                    trn(
                        "{title} comes with {number} known pairs; Run finds them anew.",
                        "{title} comes with {number} known pairs; Run finds them anew.",
                        len(sample[2]),
                        title=title,
                    )
                )
            if then is not None:
                then()

        for side in SIDES:
            self._cancel(side)
        handle = self._jobs.submit(tr("Open {title}", title=title), make, lane="files")
        self._watch(handle, SIDES, done)

    def _open_image(self, image: QImage, side: Side) -> None:
        if image.isNull():
            self._messages.warning(tr("The picture on the clipboard could not be read."))
            return
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG", 100)  # type: ignore[call-overload]  # 100: not compressed, quick
        content = bytes(data.data())
        name = tr("Pasted picture")
        self._submit(
            side,
            name,
            lambda: _at_once(lambda: load_bytes(content, name), name),
            lambda opened: self._take(side, opened),
        )

    def _submit(self, side: Side, name: str, make: Callable[[], Job[Picture]], done: Callable[[Opened], None]) -> None:
        self._cancel(side)
        handle = self._jobs.submit(
            tr("Open {name} as {side}", name=name, side=side), lambda: opening(make(), name), lane="files"
        )
        self._watch(handle, (side,), done)

    def _watch(self, handle: JobHandle, sides: tuple[Side, ...], done: Callable[..., None]) -> None:
        for side in sides:
            self._loading[side] = handle

        def clear() -> None:
            for side in sides:
                if self._loading[side] is handle:
                    self._loading[side] = None

        handle.ended.connect(clear)
        handle.finished.connect(done)
        handle.failed.connect(self._messages.error)

    def _cancel(self, side: Side) -> None:
        """A newer picture for a side makes the one under way stale."""
        handle = self._loading[side]
        if handle is not None:
            handle.cancel()

    def _take(self, side: Side, opened: Opened) -> None:
        self.opened.emit(side, opened)
        for note in opened.picture.notes:
            log.info("%s: %s", opened.picture.name, note)
        tell_warnings(opened.picture, self._messages)
        width, height = opened.picture.size
        log.info("picture %s: %s, %d x %d", side, opened.picture.name, width, height)
