"""Pairs in and out of the window: import, export, clipboard, and the overlay picture."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from studio.arrays import Side, Size
from studio.errors import StudioError
from studio.gui.canvas.state import StudioState
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.saving import ask_where_to_save
from studio.gui.widgets.settings_store import Settings
from studio.jobs import JobQueue
from studio.language import listed, tr, translatable, trn
from studio.overlay import draw_pairs
from studio.pairs import read_pairs_within, write_landmarks, write_pairs, written_files
from studio.picture import save
from studio.progress import Job, Progress

PAIRS_FILTER = translatable("Point pairs (*.csv *.json *.txt);;All files (*)")
LANDMARKS_FILTER = translatable("BigWarp landmarks (*.csv)")
OVERLAY_FILTER = translatable("Pictures (*.png *.jpg *.webp *.tif)")


class PairFiles(QObject):
    """Reads and writes the pairs that are shown."""

    def __init__(
        self, state: StudioState, jobs: JobQueue, settings: Settings, messages: Messages, window: QWidget
    ) -> None:
        super().__init__(window)
        self._state, self._jobs, self._settings, self._window = state, jobs, settings, window
        self._messages = messages

    def import_dialog(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self._window, tr("Import pairs"), self._settings.last_folder, tr(PAIRS_FILTER)
        )
        if path:
            self.import_from(Path(path))

    def import_from(self, path: Path) -> None:
        """Take the pairs of a file in the place of those that are shown, if it holds some that lie in the pictures."""
        if not self._state.has_both:
            self._messages.warning(tr("Open both pictures first, then “{name}” with their pairs.", name=path.name))
            return
        try:
            pairs = read_pairs_within(path, self._size("A"), self._size("B"))
        except StudioError as error:
            self._messages.error(str(error))
            return
        self._state.set_pairs(pairs, step=tr("Import {name}", name=path.name))
        self._messages.success(
            trn(
                "{number} pairs were read from “{name}”.",
                "{number} pairs were read from “{name}”.",
                len(pairs),
                name=path.name,
            )
        )

    def export_dialog(self) -> None:
        points, landmarks = tr(PAIRS_FILTER).partition(";;")[0], tr(LANDMARKS_FILTER)
        chosen = ask_where_to_save(
            self._window,
            self._settings,
            tr("Export pairs"),
            "pairs.csv",
            {points: ".csv", landmarks: ".csv"},
            written=lambda path, kind: [path] if kind == landmarks else written_files(path),
        )
        if chosen is not None:
            self.export_to(chosen[0], landmarks=chosen[1] == landmarks)

    def export_to(self, path: Path, landmarks: bool = False) -> None:
        """Write the pairs shown by the suffix of `path`, or as landmarks of BigWarp."""
        pairs = self._state.shown_pairs
        try:
            if landmarks:
                write_landmarks(pairs, path)
            written = [path] if landmarks else write_pairs(pairs, path)
        except StudioError as error:
            self._messages.error(str(error))
            return
        names = listed(f"“{file.name}”" for file in written)
        self._messages.success(
            trn(
                "{number} pairs were written to {names}.",
                "{number} pairs were written to {names}.",
                len(pairs),
                names=names,
            )
        )

    def overlay_dialog(self) -> None:
        kinds = {tr(OVERLAY_FILTER): ".png"}
        chosen = ask_where_to_save(self._window, self._settings, tr("Export overlay picture"), "pairs.png", kinds)
        if chosen is not None:
            self.overlay_to(chosen[0])

    def overlay_to(self, path: Path) -> None:
        """Draw both pictures with their pairs and save them, off the GUI thread."""
        a, b, pairs = self._state.picture("A"), self._state.picture("B"), self._state.shown_pairs
        if a is None or b is None:
            return

        def make() -> Job[None]:
            yield Progress(0.1, tr("drawing the pairs"))
            drawn = draw_pairs(a, b, pairs)
            yield Progress(0.7, tr("writing {name}", name=path.name))
            save(drawn, path)

        handle = self._jobs.submit(tr("Export {name}", name=path.name), make, lane="files")
        handle.finished.connect(
            lambda _: self._messages.success(tr("The overlay was written to “{name}”.", name=path.name))
        )
        handle.failed.connect(self._messages.error)

    def _size(self, side: Side) -> Size | None:
        picture = self._state.picture(side)
        return None if picture is None else picture.size
