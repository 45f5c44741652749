"""The parts of the menu File that fill themselves: recent projects and pictures, and the sample pairs."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSize
from PySide6.QtGui import QGuiApplication, QIcon, QPixmap
from PySide6.QtWidgets import QMenu

from studio.arrays import SIDES, Side
from studio.document import Result, Summary, summary_of
from studio.errors import StudioError
from studio.files import FileError, replacing
from studio.gui.canvas.opening import PictureOpener
from studio.gui.shell.project.controller import DocumentController
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.names import in_menu, in_tip
from studio.gui.widgets.saving import ask_where_to_save
from studio.gui.widgets.settings_store import Settings
from studio.language import tr
from studio.progress import Job, Progress
from studio.samples import SAMPLES

ICON = QSize(96, 36)


class FileMenus(QObject):
    """Adds the menus, and fills those of recent files when they are opened."""

    def __init__(
        self,
        menu: QMenu,
        opener: PictureOpener,
        document: DocumentController,
        settings: Settings,
        messages: Messages,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._opener, self._document, self._settings, self._messages = opener, document, settings, messages
        self._icons: dict[Path, QIcon] = {}
        self.projects = menu.addMenu(tr("Open Recent Project"))
        self.projects.setStyleSheet(f"QMenu {{ icon-size: {ICON.width()}px; }}")
        self.projects.aboutToShow.connect(self.fill_projects)
        self.results = menu.addMenu(tr("Results of This Project"))
        self.results.aboutToShow.connect(self.fill_results)
        self.pictures: dict[Side, QMenu] = {
            side: menu.addMenu(tr("Open Recent as {side}", side=side)) for side in SIDES
        }
        for side, recent in self.pictures.items():
            recent.aboutToShow.connect(lambda side=side: self.fill_pictures(side))
        samples = menu.addMenu(tr("Sample Pairs"))
        samples.setToolTipsVisible(True)
        for key, sample in SAMPLES.items():
            action = samples.addAction(tr(sample.title), partial(opener.open_sample, key))
            action.setToolTip(tr(sample.description))
            action.setObjectName(f"sample_{key}")

    def fill_pictures(self, side: Side) -> None:
        """List the pictures opened last."""
        menu = self.pictures[side]
        menu.clear()
        for path in self._settings.recent_pictures:
            action = menu.addAction(in_menu(path.name), partial(self._opener.open_path, path, side))
            action.setToolTip(in_tip(str(path)))
        self._end(menu, tr("No pictures opened yet"), self._settings.forget_recent_pictures)

    def fill_projects(self) -> None:
        """List the projects opened last; their small pictures come when they are read."""
        menu = self.projects
        menu.clear()
        paths = self._settings.recent_projects
        for path in paths:
            action = menu.addAction(in_menu(path.name), partial(self._document.open_path, path))
            action.setToolTip(in_tip(str(path)))
            action.setData(str(path))
            action.setIconVisibleInMenu(True)
            if path in self._icons:
                action.setIcon(self._icons[path])
        self._end(menu, tr("No projects saved yet"), self._settings.forget_recent_projects)
        handle = self._document.autosave.run(tr("Look at recent projects"), lambda: _summaries(paths))
        handle.finished.connect(self._show_icons)

    def fill_results(self) -> None:
        """List what was made and is kept; a picture is written to a file, a recipe is copied."""
        menu = self.results
        menu.clear()
        for result in reversed(self._document.results):
            verb = tr("Save Picture…") if result.content else tr("Copy Recipe")
            when = result.made.replace("T", " ")[:16]
            action = menu.addAction(f"{tr(result.kind.capitalize())}: {in_menu(tr(result.name))}, {when} – {verb}")
            action.triggered.connect(partial(self.take_out, result))
        if menu.isEmpty():
            menu.addAction(tr("Nothing was made yet")).setEnabled(False)

    def take_out(self, result: Result, *_checked: object) -> None:
        """Save the picture of a result, or copy its recipe if there is none."""
        if not result.content:
            QGuiApplication.clipboard().setText(json.dumps(dict(result.recipe), indent=1))
            self._messages.info(tr("The recipe was copied."))
            return
        kinds = {tr("Pictures (*.png)"): ".png"}
        chosen = ask_where_to_save(
            self.results, self._settings, tr("Save result"), f"{result.name}.png", kinds, accepted=kinds.values()
        )
        if chosen is None:
            return
        path, _ = chosen
        try:
            with replacing(path) as temporary:
                temporary.write_bytes(result.content)
        except FileError as error:
            self._messages.error(str(error))
        else:
            self._messages.success(tr("“{name}” was written.", name=path.name))

    def _show_icons(self, summaries: dict[Path, Summary]) -> None:
        for path, summary in summaries.items():
            pixmap = QPixmap()
            pixmap.loadFromData(summary.thumbnail)
            if not pixmap.isNull():
                self._icons[path] = QIcon(pixmap)
        for action in self.projects.actions():
            path = Path(str(action.data()))
            if path in self._icons:
                action.setIcon(self._icons[path])

    @staticmethod
    def _end(menu: QMenu, nothing: str, forget: Callable[[], None]) -> None:
        if menu.isEmpty():
            menu.addAction(nothing).setEnabled(False)
        else:
            menu.addSeparator()
            menu.addAction(tr("Clear List"), forget)


def _summaries(paths: list[Path]) -> Job[dict[Path, Summary]]:
    yield Progress(0.1, tr("looking at recent projects"))
    found = {}
    for path in paths:
        try:
            found[path] = summary_of(path)
        except StudioError:
            continue  # moved away; opening it says so
    return found
