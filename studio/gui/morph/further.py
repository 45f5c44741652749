"""Pictures after B in a morph through several: C, D and so on, each with its pairs to the one before."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from weakref import ref

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.backbones.choice import NetworkChoice
from studio.buddies.options import MatchOptions
from studio.document import Document
from studio.errors import StudioError
from studio.gui.canvas.displays import display_of, remember
from studio.gui.canvas.opening import Opened, opening, picture_filter, tell_warnings
from studio.gui.canvas.pair_files import PAIRS_FILTER
from studio.gui.canvas.state import StudioState
from studio.gui.mode.kept_pictures import Listed
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.painting import image_of
from studio.gui.widgets.settings_store import Settings
from studio.job_kinds import JobKind
from studio.jobs import JobHandle, JobQueue
from studio.language import tr, trn
from studio.pairs import PairsError, PairSet, read_pairs_within
from studio.picture import Picture, loading
from studio.progress import Job

log = logging.getLogger(__name__)

PART = "morph/further"
MOST = 24
"""Letters A to Z."""
_THUMBNAIL = 34


@dataclass(frozen=True)
class ReadPairs:
    """Pairs from a file, and the picture that they lead from."""

    before: Picture
    pairs: PairSet


@dataclass(frozen=True)
class FurtherList:
    """What a person has put together: pictures, and for each pairs from a file, if some were read."""

    entries: tuple[tuple[Picture, ReadPairs | None], ...] = ()

    @property
    def pictures(self) -> tuple[Picture, ...]:
        return tuple(picture for picture, _ in self.entries)


@dataclass(eq=False)
class _Entry:
    """A picture of the list, and where its pairs with the picture before stand."""

    picture: Picture
    thumbnail: QPixmap
    read: ReadPairs | None = None
    pairs: PairSet | None = None
    before: Picture | None = None
    """The picture that `pairs` lead from."""
    words: str = ""
    handle: JobHandle | None = field(default=None, repr=False)


class FurtherPictures(QWidget):
    """A list of pictures after B. Neighbours are matched in the background; a file of pairs may take its place."""

    changed = Signal()
    """Pictures or pairs."""

    def __init__(self, state: StudioState, jobs: JobQueue, settings: Settings, messages: Messages) -> None:
        super().__init__()
        self._state, self._jobs, self._settings, self._messages = state, jobs, settings, messages
        self._entries: list[_Entry] = []
        self._found: list[tuple[ref[Picture], ref[Picture], PairSet]] = []
        self._closed = False
        self.list = QListWidget()
        self.list.setIconSize(QSize(_THUMBNAIL, _THUMBNAIL))
        self.list.setAccessibleName(tr("Pictures after B"))
        self.hint = QLabel(tr("The morph ends at B. Add pictures to go on to C, D and so on."), wordWrap=True)
        self.hint.setObjectName("muted")
        self.add_button, self.remove_button, self.up_button, self.pairs_button = (
            QPushButton(text) for text in (tr("Add…"), tr("Remove"), tr("Earlier"), tr("Pairs…"))
        )
        self.add_button.setToolTip(tr("Add pictures to the end of the morph; their pairs are found in the background"))
        self.remove_button.setToolTip(tr("Take the selected picture out"))
        self.up_button.setToolTip(tr("Let the selected picture change places with the one before it"))
        self.pairs_button.setToolTip(tr("Read the selected picture's pairs with the picture before it from a file"))
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.add_button, self.remove_button, self.up_button, self.pairs_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(self.hint)
        layout.addWidget(self.list)
        layout.addLayout(buttons)
        self.add_button.clicked.connect(self.add_dialog)
        self.remove_button.clicked.connect(self.remove_selected)
        self.up_button.clicked.connect(self.move_selected_up)
        self.pairs_button.clicked.connect(self.pairs_dialog)
        self.list.currentRowChanged.connect(lambda _: self._refresh_buttons())
        state.picture_changed.connect(self._on_picture)
        state.add_part(PART, FurtherList(), self.set_value)
        self._show()

    # --- what the morph asks ---

    @property
    def pictures(self) -> list[Picture]:
        """The pictures after B."""
        return [entry.picture for entry in self._entries]

    @property
    def pairs(self) -> list[PairSet]:
        """Of B and C, of C and D and so on; none yet where a match is under way."""
        return [entry.pairs or PairSet() for entry in self._entries]

    @property
    def missing(self) -> int:
        """How many of them are still being found."""
        return sum(entry.pairs is None for entry in self._entries)

    # --- undo, and what a project keeps ---

    def value(self) -> FurtherList:
        """What is listed, without what is found by itself."""
        return FurtherList(tuple((entry.picture, entry.read) for entry in self._entries))

    def set_value(self, value: FurtherList) -> None:
        """List what was listed once; pairs that were found then are not looked for again."""
        left = list(self._entries)
        entries = []
        for picture, read in value.entries:
            entry = next((one for one in left if one.picture is picture), None)
            if entry is None:
                entry = _Entry(picture, _thumbnail(picture))
            else:
                left.remove(entry)
            if entry.read != read:
                self._stop(entry)
                entry.read, entry.before = read, None  # to be settled anew
            entries.append(entry)
        for entry in left:
            self._stop(entry)
        self._entries = entries
        self._settle()

    def written(self, value: FurtherList) -> list[Listed]:
        """What a project keeps of it, with the pairs that were found."""
        listed: list[Listed] = []
        before = self._state.picture("B")
        for picture, read in value.entries:
            is_read = read is not None and read.before is before
            pairs = read.pairs if read is not None and is_read else self._remembered(before, picture)
            values = {} if pairs is None else {"pairs": pairs.to_dicts(), "read": is_read}
            listed.append((picture, values))
            before = picture
        return listed

    def read(self, listed: Sequence[Listed], document: Document) -> FurtherList:
        """What a project kept."""
        entries: list[tuple[Picture, ReadPairs | None]] = []
        before = document.b
        for picture, values in listed[:MOST]:
            read = None
            try:
                pairs = PairSet.from_dicts(values["pairs"], tr("the project"))
            except (KeyError, TypeError, AttributeError, PairsError) as error:
                log.debug("no pairs of %s: %s", picture.name, error)
            else:
                if before is not None and values.get("read"):
                    read = ReadPairs(before, pairs)
                elif before is not None:
                    self._remember(before, picture, pairs)
            entries.append((picture, read))
            before = picture
        return FurtherList(tuple(entries))

    def _step(self, words: str) -> None:
        self._state.set_part(PART, self.value(), words)

    def close_down(self) -> None:
        """Give up what runs; nothing is begun afterwards."""
        self._closed = True
        for entry in self._entries:
            self._stop(entry)

    # --- what the person does ---

    def add_dialog(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, tr("Add pictures"), self._settings.last_folder, picture_filter())
        if paths:
            self._settings.last_folder = str(Path(paths[0]).parent)
            self.add([Path(path) for path in paths])

    def add(self, paths: list[Path]) -> None:
        """Decode pictures off this thread and put them at the end, in this order."""
        room = MOST - len(self._entries)
        if len(paths) > room:
            self._messages.warning(tr("A morph leads through {most} pictures at most.", most=MOST + 2))
        for path in paths[:room]:
            handle = self._jobs.submit(tr("Open {name}", name=path.name), partial(_decode, path), lane="files")
            handle.finished.connect(self._take)
            handle.finished.connect(lambda opened: tell_warnings(opened.picture, self._messages))
            handle.failed.connect(self._messages.error)

    def remove_selected(self) -> None:
        row = self.list.currentRow()
        if row >= 0:
            gone = self._entries.pop(row)
            self._stop(gone)
            self._settle()
            self._step(tr("Remove {name}", name=gone.picture.name))

    def move_selected_up(self) -> None:
        row = self.list.currentRow()
        if row > 0:
            self._entries[row - 1 : row + 1] = self._entries[row - 1 : row + 1][::-1]
            self._settle()
            self.list.setCurrentRow(row - 1)
            self._step(tr("Move {name} up", name=self._entries[row - 1].picture.name))

    def pairs_dialog(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("Read pairs"), self._settings.last_folder, tr(PAIRS_FILTER))
        if path:
            self.read_pairs_of(self.list.currentRow(), Path(path))

    def read_pairs_of(self, row: int, path: Path) -> None:
        """Take the pairs of a picture of the list with the one before it from a file."""
        entry = self._entries[row]
        before = None if entry.before is None else entry.before.size
        try:
            pairs = read_pairs_within(path, before, entry.picture.size, (name_of(row + 1), name_of(row + 2)))
        except StudioError as error:
            self._messages.error(str(error))
            return
        self._stop(entry)
        entry.pairs, entry.words = pairs, ""
        if entry.before is not None:
            entry.read = ReadPairs(entry.before, pairs)
        self._show()
        self.changed.emit()
        self._step(tr("Read pairs of {name}", name=entry.picture.name))

    # --- keeping in step ---

    def _take(self, opened: Opened) -> None:
        if self._closed:
            return
        remember(opened.picture, opened.display)
        self._entries.append(_Entry(opened.picture, _thumbnail(opened.picture)))
        self._settle()
        self._step(tr("Add {name}", name=opened.picture.name))

    def _on_picture(self, _: str) -> None:
        if not self._state.is_restoring:  # `set_value` comes at the end of that
            self._settle()

    def _settle(self) -> None:
        """Find the pairs that neighbours lack, from the front."""
        before = self._state.picture("B")
        for entry in self._entries:
            if entry.before is not before or before is None:
                self._stop(entry)
                entry.pairs, entry.before, entry.words = None, before, ""
                if before is not None:
                    is_read = entry.read is not None and entry.read.before is before
                    entry.pairs = (
                        entry.read.pairs
                        if entry.read is not None and is_read
                        else self._remembered(before, entry.picture)
                    )
                    if entry.pairs is None:
                        self.match(entry, before)
            before = entry.picture
        self._show()
        self.changed.emit()

    def _remembered(self, a: Picture | None, b: Picture) -> PairSet | None:
        return next((pairs for first, second, pairs in self._found if first() is a and second() is b), None)

    def _remember(self, a: Picture, b: Picture, pairs: PairSet) -> None:
        """Undo may bring these two together again, as long as it has them."""
        self._found = [
            known
            for known in self._found
            if None not in (known[0](), known[1]()) and not (known[0]() is a and known[1]() is b)
        ]
        self._found.append((ref(a), ref(b), pairs))

    def match(self, entry: _Entry, before: Picture) -> None:
        options = self._settings.options(MatchOptions, "match")
        network = NetworkChoice(self._settings.backbone, device=self._settings.device)
        picture = entry.picture

        def make() -> Job[PairSet]:
            from studio.buddies import find_buddies  # here, on the compute thread: this imports torch

            return find_buddies(before, picture, options, network=network)

        entry.words = tr("waiting")
        title = JobKind.MATCH.title(first=before.name, second=picture.name)
        entry.handle = handle = self._jobs.submit(title, make, kind=JobKind.MATCH)
        handle.progressed.connect(lambda event: self._say(entry, tr("matching {share:.0%}", share=event.fraction)))
        handle.finished.connect(partial(self.take_matched, entry))
        handle.failed.connect(partial(self._on_failed, entry))

    def take_matched(self, entry: _Entry, pairs: PairSet) -> None:
        entry.handle = None
        entry.pairs, entry.words = pairs, ""
        if entry.before is not None:
            self._remember(entry.before, entry.picture, pairs)
        self._show()
        self.changed.emit()

    def _on_failed(self, entry: _Entry, sentence: str, details: str) -> None:
        entry.handle, entry.words = None, tr("no pairs")
        self._messages.error(sentence, details)
        self._show()

    def _stop(self, entry: _Entry) -> None:
        if entry.handle is not None:
            entry.handle.cancel()
            entry.handle = None

    def _say(self, entry: _Entry, words: str) -> None:
        entry.words = words
        if entry in self._entries:
            row = self._entries.index(entry)
            self.list.item(row).setText(self._text(row))

    def _text(self, row: int) -> str:
        entry = self._entries[row]
        how = entry.words or tr("no pairs yet")
        if entry.pairs is not None:
            how = trn(
                "{number} pairs with {name}", "{number} pairs with {name}", len(entry.pairs), name=name_of(row + 1)
            )
        return f"{name_of(row + 2)}   {entry.picture.name}\n      {how}"

    def _show(self) -> None:
        row = self.list.currentRow()
        self.list.clear()
        for number, entry in enumerate(self._entries):
            self.list.addItem(QListWidgetItem(entry.thumbnail, self._text(number)))
        self.list.setCurrentRow(min(row, len(self._entries) - 1))
        self.list.setVisible(bool(self._entries))
        self.list.setFixedHeight(6 + 42 * min(max(len(self._entries), 1), 4))
        self.hint.setVisible(not self._entries)
        self._refresh_buttons()

    def _refresh_buttons(self) -> None:
        row = self.list.currentRow()
        self.add_button.setEnabled(len(self._entries) < MOST)
        self.remove_button.setEnabled(row >= 0)
        self.up_button.setEnabled(row > 0)
        self.pairs_button.setEnabled(row >= 0)


def name_of(number: int) -> str:
    """The letter of a picture: 0 is A."""
    return chr(ord("A") + number)


def _thumbnail(picture: Picture) -> QPixmap:
    return QPixmap.fromImage(image_of(display_of(picture).levels[-1])).scaled(
        QSize(_THUMBNAIL, _THUMBNAIL),
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


def _decode(path: Path) -> Job[Opened]:
    return opening(loading(path), path.name)
