"""What the right button, Ctrl+C and a drag by the header do with the pictures A and B."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from studio.arrays import Side
from studio.gui.canvas.state import StudioState, other
from studio.gui.canvas.viewer import Viewer
from studio.gui.widgets.action import shortcut_text
from studio.gui.widgets.giving import GivenPicture, PictureGiver, PictureServices
from studio.gui.widgets.theme import icon
from studio.language import tr


class CanvasMenu(QObject):
    """One canvas: on a point its menu is about pairs, beside all points about the picture.

    Ctrl+C copies the selected pairs, or, while none is selected, the picture.
    """

    def __init__(
        self, state: StudioState, viewer: Viewer, side: Side, points: Sequence[QAction], looks: Sequence[QAction]
    ) -> None:
        """`points` are the actions for pairs, and `looks` those that zoom."""
        canvas = viewer.canvas(side)
        super().__init__(canvas)
        self._state, self._side, self._canvas = state, side, canvas
        self._points, self._looks = list(points), list(looks)
        self._lines = [QAction(self), QAction(self)]
        for line in self._lines:
            line.setSeparator(True)
        self.copy_action = self._made(tr("Copy Picture"), PictureServices.copy)
        self.save_action = self._made(tr("Save As…"), PictureServices.save_as)
        self.open_action = self._made(tr("Open as {side}", side=other(side)), self._open_elsewhere)
        self.folder_action = self._made(tr("Show in Folder"), PictureServices.show_file)
        for handle in viewer.frames[side].handles:
            PictureGiver(handle, lambda _: self.given)
        canvas.menu_asked.connect(self._on_asked)
        # The window copies pairs while some are selected.
        PictureGiver(canvas, lambda _: None if state.selection else self.given, keys_only=True)
        state.picture_changed.connect(lambda _: self._fill(0))
        state.selected_changed.connect(lambda: self._fill(0))
        self._fill(0)

    def _made(self, words: str, what: Callable[[PictureServices, GivenPicture], None]) -> QAction:
        action = QAction(words, self)
        action.triggered.connect(lambda: self._serve(what))
        return action

    @property
    def given(self) -> GivenPicture | None:
        """The picture of this side, if there is one."""
        picture = self._state.picture(self._side)
        return None if picture is None else GivenPicture.of(picture, self._side)

    def _on_asked(self, number: int) -> None:
        names = ("copy", "save", f"open-{other(self._side).lower()}", "folder")
        for action, name in zip(self._about, names, strict=True):
            action.setIcon(icon(name))  # here, for the theme may be another one now
        self._fill(number)

    @property
    def _about(self) -> tuple[QAction, ...]:
        return self.copy_action, self.save_action, self.open_action, self.folder_action

    def _fill(self, number: int) -> None:
        """Prepare the menu: it opens over pair `number`, or, if that is 0, beside all points."""
        given, canvas = self.given, self._canvas
        for action in canvas.actions():
            canvas.removeAction(action)
        if given is not None and not number:
            key = "" if self._state.selection else f"\t{shortcut_text('Ctrl+C')}"
            self.copy_action.setText(tr("Copy Picture") + key)
            self.folder_action.setVisible(given.file is not None)
            canvas.addActions([*self._looks, self._lines[0], *self._about, self._lines[1]])
        if number or self._state.selection or given is None:
            canvas.addActions(self._points)

    def _open_elsewhere(self, services: PictureServices, given: GivenPicture) -> None:
        services.open_as(other(self._side), given)

    def _serve(self, what: Callable[[PictureServices, GivenPicture], None]) -> None:
        given, services = self.given, PictureServices.of(self._canvas)
        if given is not None and services is not None:
            what(services, given)
