"""The open project in the window: new, open, save, revert, autosave and recovery; nothing waits for the disk."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from traceback import format_exc
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from studio.document import (
    SUFFIX,
    Document,
    OpenedDocument,
    ProjectLock,
    Recovery,
    Result,
    discard,
    find_recoveries,
    opening,
    png_of,
    recovering,
)
from studio.gui.canvas.conditions import Shared
from studio.gui.canvas.displays import display_of
from studio.gui.canvas.state import StudioState
from studio.gui.canvas.undo import UndoHistory, options_of, regions_of
from studio.gui.mode.kept_options import KeptOptions
from studio.gui.mode.kept_pictures import KeptPictures, saved_pictures
from studio.gui.shell.project.autosave import Autosave
from studio.gui.shell.project.kept_view import KeptView
from studio.gui.shell.project.questions import Answer, ask_to_overwrite, ask_to_save, project_filter, signature
from studio.gui.shell.project.recovery_bar import RecoveryBar
from studio.gui.shell.project.showing import Showing
from studio.gui.widgets.action import Condition
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.saving import ask_where_to_save
from studio.gui.widgets.settings_store import Settings
from studio.jobs import JobHandle, JobQueue
from studio.language import listed, tr
from studio.picture import Picture
from studio.progress import Job, Progress, part

log = logging.getLogger(__name__)


class DocumentController(QObject):
    """One window has one project; it may have no file yet."""

    changed = Signal()
    """Name, or whether it is saved."""
    opening = Signal(object)
    """(Document): it is about to be shown; who has to be there for it can be made"""
    close_asked = Signal()
    """What the window was asked to close for is saved now."""

    def __init__(
        self,
        state: StudioState,
        history: UndoHistory,
        options: KeptOptions,
        jobs: JobQueue,
        settings: Settings,
        messages: Messages,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._messages = messages
        self._state, self._history, self._jobs, self._settings, self._window = state, history, jobs, settings, window
        self.project: Path | None = None
        self._lock: ProjectLock | None = None
        self._signature: tuple[int, int] | None = None
        self._options = options
        self.view = KeptView()
        self.showing = Showing(state, history, options, self.view)
        self._results: tuple[Result, ...] = ()
        self._saved_results: tuple[Result, ...] = ()
        self._busy: JobHandle | None = None
        self._opening = False
        self._is_ending = False
        self.autosave = Autosave(self.snapshot, self)
        self.recovery_bar = RecoveryBar()
        self.ask_to_save: Callable[[str], Answer] = partial(ask_to_save, window)
        self.ask_to_overwrite: Callable[[str], bool] = partial(ask_to_overwrite, window)
        history.changed.connect(self._on_edit)
        self.autosave.failed.connect(self._on_keeping_failed)
        self.autosave.recovered.connect(lambda: self._messages.success(tr("Changes are kept safe again.")))
        self.recovery_bar.recover_asked.connect(self.recover)
        self.recovery_bar.discard_asked.connect(self._discard_recovery)

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the actions do, by their ids."""
        return {
            "new_project": self.new,
            "open_project": self.open_dialog,
            "save_project": self.save,
            "save_project_as": self.save_as,
            "revert": self.revert,
            "undo": self._history.stack.undo,
            "redo": self._history.stack.redo,
        }

    def conditions(self) -> set[Condition]:
        """What of `Shared` is so, as far as the project is concerned."""
        now = set[Condition]()
        if self._history.stack.canUndo():
            now.add(Shared.CAN_UNDO)
        if self._history.stack.canRedo():
            now.add(Shared.CAN_REDO)
        if self.is_modified or not self.project:
            now.add(Shared.CAN_SAVE)
        if self.project is not None and self.is_modified:
            now.add(Shared.CAN_REVERT)
        return now

    # --- what belongs to it ---

    def keep_pictures(self, *kept: KeptPictures) -> None:
        """Lists of further pictures: saved and put back."""
        self.showing.lists += kept

    def add_result(self, kind: str, name: str, recipe: Mapping[str, Any], content: bytes = b"") -> None:
        """Keep a result with the project, in the place of an older one of that kind and name."""
        made = datetime.now().astimezone().isoformat(timespec="seconds")
        others = tuple(result for result in self._results if (result.kind, result.name) != (kind, name))
        self._results = (*others, Result(kind, name, dict(recipe), content, made))
        self.touch()

    def add_picture(self, kind: str, name: str, recipe: Mapping[str, Any], picture: Picture) -> None:
        """As `add_result`, once the picture is a PNG; that is made off the GUI thread."""

        def make() -> Job[bytes]:
            yield Progress(0.1, tr("keeping {name}", name=name))
            return png_of(picture)

        handle = self.autosave.run(tr("Keep {name}", name=name), make)
        handle.finished.connect(lambda content: self.add_result(kind, name, recipe, content))

    @property
    def results(self) -> tuple[Result, ...]:
        """What was kept, the oldest first."""
        return self._results

    def touch(self) -> None:
        """Results or the view changed."""
        if not self._opening:
            self.autosave.touch()
            self.changed.emit()

    def snapshot(self) -> Document:
        """The project as it is now; costs next to nothing."""
        content = self._history.content  # without what is shown for a while only
        steps, position = self._history.steps()
        return Document(
            content.a,
            content.b,
            content.pairs,
            content.levels,
            self._options.saved(options_of(content)),
            self.view.saved(),
            self._results,
            steps,
            position,
            self.is_modified,
            regions_of(content),
            saved_pictures(self.showing.lists, content),
        )

    @property
    def is_modified(self) -> bool:
        """Whether there is something that the project's file does not have."""
        return not self._history.is_clean or self._results is not self._saved_results

    @property
    def name(self) -> str:
        """What to call it."""
        if self.project is not None:
            return self.project.name
        pictures = [picture.name for picture in (self._state.picture("A"), self._state.picture("B")) if picture]
        return listed(pictures) or tr("Untitled")

    @property
    def is_worth_asking(self) -> bool:
        """Whether somebody would miss what is not saved."""
        return self.is_modified and (self.project is not None or len(self._state.pairs) > 0 or bool(self._results))

    # --- saving ---

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Write the project to its file, or ask for one."""
        if self.project is None:
            self.save_as(then)
        elif signature(self.project) in (None, self._signature) or self.ask_to_overwrite(self.project.name):
            self.save_to(self.project, then)

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        """Ask for a file and write the project there."""
        name = self.project.name if self.project else f"{self.name}{SUFFIX}"
        kinds = {project_filter(): SUFFIX}
        chosen = ask_where_to_save(
            self._window, self._settings, tr("Save project"), name, kinds, accepted=kinds.values()
        )
        if chosen is not None:
            self.save_to(chosen[0], then)

    def save_to(self, path: Path, then: Callable[[], None] | None = None) -> None:
        """Write the project to `path`, off the GUI thread; it counts as saved only when that is done."""
        lock = self._lock if self.project == path and self._lock else ProjectLock(path)
        if lock is not self._lock and not lock.acquire():
            self._messages.error(
                tr("“{name}” is open in another window: choose another name, or close it there.", name=path.name)
            )
            return
        document, number, mark = self.snapshot(), self.autosave.next_number(), self._history.mark
        handle = self._jobs.submit(
            tr("Save {name}", name=path.name),
            lambda: self.autosave.saving(replace(document, modified=False), path, number),
            lane="files",
        )

        def done(_: object) -> None:
            self.take_lock(lock)
            self.project, self._signature = path, signature(path)
            self._saved_results = document.results
            self.autosave.set_project(path)
            self._history.mark_clean(mark)
            self._settings.add_recent_project(path)
            self._messages.success(tr("“{name}” was saved.", name=path.name))
            self.changed.emit()
            self.autosave.touch()
            if then is not None:
                then()

        handle.finished.connect(done)
        handle.failed.connect(self._messages.error)
        handle.failed.connect(lambda *_: lock.release() if lock is not self._lock else None)

    def take_lock(self, lock: ProjectLock | None) -> None:
        if self._lock is not None and self._lock is not lock:
            self._lock.release()
        self._lock = lock

    # --- opening ---

    def open_dialog(self) -> None:
        """Ask for a project file and open it."""
        path, _ = QFileDialog.getOpenFileName(
            self._window, tr("Open project"), self._settings.last_folder, f"{project_filter()};;{tr('All files (*)')}"
        )
        if path:
            self._settings.last_folder = str(Path(path).parent)
            self.open_path(Path(path))

    def open_path(self, path: Path) -> None:
        """Open a project in the place of this one, which may be saved first."""
        self._leave(lambda: self._open(tr("Open {name}", name=path.name), lambda: opening(path), path))

    def revert(self) -> None:
        """Go back to what the file has."""
        if self.project is not None:
            path = self.project
            self._open(tr("Revert {name}", name=path.name), lambda: opening(path), path)

    def recover(self, recovery: Recovery) -> None:
        """Go on with the work that was left behind."""
        self._leave(
            lambda: self._open(
                tr("Recover {title}", title=recovery.title), lambda: recovering(recovery), recovery.project
            )
        )

    def new(self) -> None:
        """Begin with nothing, as in a window just opened."""
        self._leave(self._begin_anew)

    def _begin_anew(self) -> None:
        if self._put(Document(), tr("Untitled")) is None:
            return
        self.autosave.replace(None, None)  # the working file is made when it is needed
        self.take_lock(None)
        self.project = self._signature = None
        self.changed.emit()

    def _leave(self, go_on: Callable[[], None]) -> None:
        """Do what replaces the open project, once it is saved or not wanted any more."""
        answer = self.ask_to_save(self.name) if self.is_worth_asking else "discard"
        if answer == "save":
            self.save(go_on)
        elif answer == "discard":
            go_on()

    def _open(self, title: str, make: Callable[[], Job[OpenedDocument]], path: Path | None) -> None:
        def opening_for_the_screen() -> Job[OpenedDocument]:
            opened = yield from part(make(), 0.0, 0.9)
            yield Progress(0.9, tr("preparing the pictures"))
            for picture in opened.document.pictures.values():
                display_of(picture)
            return opened

        if self._busy is not None:
            self._busy.cancel()
        self._busy = handle = self._jobs.submit(title, opening_for_the_screen, lane="files")

        def done(opened: OpenedDocument) -> None:
            name = path.name if path is not None else tr("the work")
            notes = self._put(opened.document, name)
            if notes is None:
                self.autosave.discard(opened.session)
                return
            self.autosave.replace(opened.session, opened.project)
            lock = ProjectLock(path) if path is not None else None
            is_ours = path is not None and self._lock is not None and self.project == path
            may_write = is_ours or lock is None or lock.acquire()
            notes = (*opened.notes, *notes)
            whole = may_write and not notes
            self.take_lock(self._lock if is_ours and whole else lock if whole else None)
            self.project = path if whole else None
            self._signature = signature(path) if path is not None and whole else None
            self.autosave.set_project(self.project)
            if path is not None and whole and path.exists():
                self._settings.add_recent_project(path)
            self._tell_opened(notes, title, name, may_write)
            self.changed.emit()

        handle.finished.connect(done)
        handle.failed.connect(self._messages.error)
        handle.ended.connect(lambda: setattr(self, "_busy", None) if self._busy is handle else None)

    def _tell_opened(self, notes: Sequence[str], title: str, name: str, may_write: bool) -> None:
        if notes:
            sentence = notes[0] + " " + tr("Save under another name to keep what there is.")
            self._messages.warning(sentence, "\n".join(notes))
        elif not may_write:
            self._messages.warning(
                tr("“{name}” is open in another window: this is a copy, and Save asks for another name.", name=name)
            )
        else:
            log.info("%s: %d pairs", title, len(self._state.pairs))

    def _put(self, document: Document, name: str) -> tuple[str, ...] | None:
        """Show a document in the place of the open one; returns sentences on what of it is not usable.

        None says that it could not be shown: the one before is open as it was.
        """
        before = self.snapshot()
        self._opening = True
        try:
            self.opening.emit(document)
            prepared = self.showing.prepared(document)
            try:
                self.showing.show(prepared)
            except Exception:  # a fault of the program; what is open must not become a mixture of two
                self.showing.show(self.showing.prepared(before))
                raise
        except Exception:
            log.exception("%s", name)
            self._messages.error(tr("“{name}” can't be shown; nothing was changed.", name=name), format_exc())
            return None
        finally:
            self._opening = False
        self._results = document.results
        self._saved_results = () if document.modified else document.results
        self.changed.emit()
        return prepared.notes

    # --- recovery ---

    def offer_recoveries(self) -> None:
        """Look, off the GUI thread, for what a killed program left behind, and offer it."""

        def make() -> Job[list[Recovery]]:
            yield Progress(0.5, tr("looking for unsaved work"))
            return find_recoveries()

        handle = self.autosave.run(tr("Look for unsaved work"), make)
        handle.finished.connect(self.recovery_bar.offer)

    def _discard_recovery(self, recovery: Recovery) -> None:
        def make() -> Job[None]:
            yield Progress(0.5, tr("removing unsaved work"))
            discard(recovery)

        handle = self.autosave.run(tr("Discard unsaved work"), make)
        handle.failed.connect(self._messages.error)

    # --- the end ---

    def may_close(self) -> bool:
        """Whether the window may close now; if it is to be saved first, `close_asked` comes afterwards."""
        if self._is_ending or not self.is_worth_asking:
            return True
        answer = self.ask_to_save(self.name)
        if answer == "save":
            self.save(self.close_asked.emit)
        return answer == "discard"

    def end_unasked(self) -> None:
        """The window is about to be closed by the system: nothing is asked, unsaved work waits for the next start."""
        self._is_ending = True

    @property
    def is_busy(self) -> bool:
        """Whether a project is being opened."""
        return self._busy is not None

    def shutdown(self, timeout: float) -> bool:
        """End autosave and give the project back."""
        stopped = self.autosave.shutdown(timeout, leave=self._is_ending and self.is_worth_asking)
        self.take_lock(None)
        return stopped

    # --- keeping in step ---

    def _on_edit(self) -> None:
        if not self._opening:
            self.autosave.touch()
            self.changed.emit()

    def _on_keeping_failed(self, sentence: str) -> None:
        self._messages.warning(sentence + " " + tr("Until then only Save keeps your changes."))
