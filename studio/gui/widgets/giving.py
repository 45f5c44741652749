"""Gives the pictures of all widgets away, one way for all: copied, saved, dragged out, opened as A or B.

A widget says what its picture is (`GivenPicture`), and a `PictureGiver` hears menu, Ctrl+C and drag for it. What takes
a window, as a dialog or a job, is done by the `PictureServices` of the window that the widget stands in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QImage, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from studio.arrays import SIDES, Side
from studio.codecs.bands import to_eight_bit
from studio.errors import StudioError
from studio.files import bare_name
from studio.gui.widgets.action import shortcut_text
from studio.gui.widgets.dragging_out import DraggingOut, name_for_file
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.painting import image_of, pixels_of
from studio.gui.widgets.saving import ask_where_to_save
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.showing_files import show_in_folder
from studio.gui.widgets.theme import icon
from studio.jobs import JobQueue
from studio.language import tr, translatable
from studio.picture import Picture, save
from studio.progress import Job, Progress

KINDS: dict[str, str] = {
    translatable("PNG (*.png)"): ".png",
    translatable("JPEG (*.jpg)"): ".jpg",
    translatable("WebP (*.webp)"): ".webp",
    translatable("TIFF (*.tif)"): ".tif",
}


@dataclass(frozen=True, eq=False)
class GivenPicture:
    """A picture that somebody wants.

    Attributes
    ----------
    title : str
        Its name, which a file gets, too.
    image : callable
        Gives it at its full size. May raise `StudioError`, `OSError` or `MemoryError`.
    source : Picture, optional
        The picture that it is, unchanged.
    side : "A" or "B", optional
        Where that stands in the window.
    save : callable, optional
        A mode's own way to save it, with more choice than there is here.
    """

    title: str
    image: Callable[[], QImage] = field(repr=False)
    source: Picture | None = None
    side: Side | None = None
    save: Callable[[], object] | None = None

    @classmethod
    def of(cls, picture: Picture, side: Side | None = None) -> GivenPicture:
        """A picture that was opened."""
        return cls(picture.name, lambda: image_of(_eight_bit(picture)).copy(), picture, side)

    @property
    def file(self) -> Path | None:
        """Its file, if it has one that is there; what is mirrored differs from it."""
        path = None if self.source is None or self.source.mirrored else self.source.path
        return path if path is not None and path.exists() else None


def image_or_reason(given: GivenPicture) -> tuple[QImage, str]:
    """The picture, or, with an empty one, why it can't be had."""
    try:
        return given.image(), ""
    except (StudioError, OSError, MemoryError) as error:
        return QImage(), str(error) or tr("There is not enough memory for the picture at its full size.")


class PictureServices(QObject):
    """What a window does with pictures that are taken from anywhere in it."""

    open_asked = Signal(str, object)
    """(side, Picture) that is to stand there"""

    def __init__(self, jobs: JobQueue, settings: Settings, messages: Messages, window: QWidget) -> None:
        super().__init__(window)
        self._jobs, self._settings, self._messages, self._window = jobs, settings, messages, window

    @staticmethod
    def of(widget: QWidget) -> PictureServices | None:
        """Those of the window that a widget stands in, or that its window belongs to."""
        at: QWidget | None = widget
        while at is not None:
            found = at.findChild(PictureServices, options=Qt.FindChildOption.FindDirectChildrenOnly)
            if isinstance(found, PictureServices):
                return found
            at = at.parentWidget()
        return None

    def tell(self, sentence: str) -> None:
        """Say what went wrong."""
        self._messages.error(sentence)

    def copy(self, given: GivenPicture) -> None:
        """Put a picture on the clipboard; one that has to be decoded again comes a little later."""
        if given.source is not None and given.source.is_reduced:
            self._copy_later(given)
            return
        image, reason = image_or_reason(given)
        if reason:
            self.tell(reason)
        else:
            self._put(image)

    def _put(self, image: QImage) -> None:
        QGuiApplication.clipboard().setImage(image)
        self._messages.info(
            tr("The picture was copied, {width} × {height}.", width=image.width(), height=image.height())
        )

    def save_as(self, given: GivenPicture) -> None:
        """Ask for a file, and write the picture there; one that was opened keeps its profile, depth and notes."""
        kinds = {tr(words): ending for words, ending in KINDS.items()}
        name = f"{name_for_file(bare_name(given.title))}.png"
        chosen = ask_where_to_save(self._window, self._settings, tr("Save picture"), name, kinds, purpose="picture")
        if chosen is not None:
            self.save_to(given, chosen[0])

    def save_to(self, given: GivenPicture, path: Path) -> None:
        """Write a picture off the GUI thread; the ending says how."""
        source = given.source
        image, reason = (QImage(), "") if source is not None else image_or_reason(given)
        if reason:
            self.tell(reason)
            return

        def make() -> Job[Path]:
            yield Progress(0.1, tr("writing {name}", name=path.name))
            save(source.full() if source is not None else pixels_of(image), path, source)
            return path

        handle = self._jobs.submit(tr("Save {name}", name=path.name), make, lane="files")
        handle.finished.connect(
            lambda _: self._messages.success(tr("The picture was written to “{name}”.", name=path.name))
        )
        handle.failed.connect(self._messages.error)

    def open_as(self, side: Side, given: GivenPicture) -> None:
        """Put a picture on a side of the window."""
        if given.source is not None:
            self.open_asked.emit(side, given.source)
            return
        image, reason = image_or_reason(given)
        if reason:
            self.tell(reason)
        else:
            self.open_asked.emit(side, Picture.from_array(pixels_of(image), given.title))

    def show_file(self, given: GivenPicture) -> None:
        """Show the file of a picture in the file manager."""
        if given.file is None or not show_in_folder(given.file):
            self._messages.warning(tr("The folder of “{name}” can't be shown.", name=given.title))

    def _copy_later(self, given: GivenPicture) -> None:
        def make() -> Job[QImage]:
            yield Progress(0.1, tr("reading {name}", name=given.title))
            image, reason = image_or_reason(given)
            if reason:
                raise StudioError(reason)
            return image

        handle = self._jobs.submit(tr("Copy {name}", name=given.title), make, lane="files")
        handle.finished.connect(self._put)
        handle.failed.connect(self._messages.error)


def fill_menu(menu: QMenu, widget: QWidget, given: GivenPicture, copy: Callable[[], object]) -> None:
    """What can be done with a picture: all that the window of `widget` has services for; `copy` is always possible."""
    services = PictureServices.of(widget)
    menu.addAction(icon("copy"), f"{tr('Copy')}\t{shortcut_text('Ctrl+C')}", copy)
    if given.save is not None:
        menu.addAction(icon("save"), tr("Save…"), given.save)
    elif services is not None:
        menu.addAction(icon("save"), tr("Save As…"), lambda: services.save_as(given))
    if services is None:
        return
    menu.addSeparator()
    for side in SIDES:
        if side != given.side:
            words = tr("Open as {side}", side=side)
            menu.addAction(icon(f"open-{side.lower()}"), words, lambda side=side: services.open_as(side, given))
    if given.file is not None:
        menu.addAction(icon("folder"), tr("Show in Folder"), lambda: services.show_file(given))


def pop_up(menu: QMenu, widget: QWidget, event: QContextMenuEvent) -> None:
    """Show a menu at the mouse, or in the middle of the widget for the key; it goes when it is closed."""
    menu.aboutToHide.connect(menu.deleteLater)
    by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
    menu.popup(event.globalPos() if by_mouse else widget.mapToGlobal(widget.rect().center()))


class PictureGiver(QObject):
    """Hears Ctrl+C and, unless it hears `keys_only`, both buttons of the mouse over a widget that shows pictures."""

    def __init__(
        self, widget: QWidget, given_at: Callable[[QPointF | None], GivenPicture | None], keys_only: bool = False
    ) -> None:
        """`given_at` says what picture is at a place of the widget; None is the one that is current there."""
        super().__init__(widget)
        self._widget, self._given_at, self._keys_only = widget, given_at, keys_only
        self._pressed_at: QPointF | None = None
        self._dragging = DraggingOut()
        widget.installEventFilter(self)

    def menu(self, at: QPointF | None = None) -> QMenu | None:
        """What can be done with the picture at a place, if there is one."""
        given = self._given_at(at)
        if given is None:
            return None
        menu = QMenu(self._widget)
        fill_menu(menu, self._widget, given, lambda: self._copy(given))
        return menu

    def copy(self) -> None:
        """Copy the current picture."""
        given = self._given_at(None)
        if given is not None:
            self._copy(given)

    def _copy(self, given: GivenPicture) -> None:
        services = PictureServices.of(self._widget)
        if services is not None:
            services.copy(given)
        else:
            QGuiApplication.clipboard().setImage(image_or_reason(given)[0])

    def drag_out(self, at: QPointF | None) -> None:
        """Let the picture at a place be dropped elsewhere."""
        given = self._given_at(at)
        if given is None:
            return
        if given.source is not None and given.file is not None:
            image, reason = image_of(given.source.pixels), ""  # only seen beside the mouse: the file is what is given
        else:
            image, reason = image_or_reason(given)
        reason = reason or self._dragging.start(self._widget, given.title, image, given.file)
        services = PictureServices.of(self._widget)
        if reason and services is not None:
            services.tell(reason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Copy):
            return self._on_copy_key(event)
        if self._keys_only:
            return False
        if isinstance(event, QContextMenuEvent):
            by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
            menu = self.menu(QPointF(event.pos()) if by_mouse else None)
            if menu is None:
                return False
            pop_up(menu, self._widget, event)
            return True
        return isinstance(event, QMouseEvent) and self._on_mouse(event)

    def _on_copy_key(self, event: QKeyEvent) -> bool:
        if self._given_at(None) is None:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # before the window copies pairs
            return True
        if event.type() == QEvent.Type.KeyPress:
            self.copy()
            return True
        return False

    def _on_mouse(self, event: QMouseEvent) -> bool:
        kind, at = event.type(), event.position()
        if kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = at
        elif kind == QEvent.Type.MouseButtonRelease:
            self._pressed_at = None
        elif kind == QEvent.Type.MouseMove and self._pressed_at is not None:
            pressed = self._pressed_at
            if (at - pressed).manhattanLength() >= QApplication.startDragDistance():
                self._pressed_at = None
                self.drag_out(pressed)
                return True
        return False


def _eight_bit(picture: Picture) -> npt.NDArray[np.uint8]:
    """(H, W, 3|4) uint8 at full size; decoded again only if that is not in memory."""
    if picture.is_reduced:
        full = picture.full()
        return np.ascontiguousarray(full if full.dtype == np.uint8 else to_eight_bit(full))
    return picture.pixels if picture.alpha is None else np.dstack([picture.pixels, picture.alpha])


__all__ = ["GivenPicture", "PictureGiver", "PictureServices", "fill_menu", "image_or_reason", "pop_up"]
