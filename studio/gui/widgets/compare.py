"""One view for every mode that has a result: it alone, or compared with another picture.

A pair is seen as a wipe, side by side, as its difference, or blinking. The wheel enlarges at the cursor; the middle
button, Space or, where there is more than fits, the left button moves; what fits is dragged out as a file.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QGuiApplication,
    QHideEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
    QShortcut,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QMenu

from studio.errors import StudioError
from studio.gui.widgets.action import shortcut_text
from studio.gui.widgets.compare_panes import Pane, Shown, Way, taken_away
from studio.gui.widgets.corner_buttons import CornerButtons, Look
from studio.gui.widgets.dragging_out import DraggingOut
from studio.gui.widgets.full_screen import FullScreen
from studio.gui.widgets.painting import GRAB_RADIUS
from studio.gui.widgets.pane_view import PaneView
from studio.gui.widgets.theme import icon
from studio.language import tr

__all__ = ["CompareView", "Pane", "Shown", "Way"]

NOTCH = 1.25
"""How much one notch of the wheel enlarges."""
WIPE_STEP = 0.02


class CompareView(PaneView):
    """Looks at pictures by mouse and keyboard, full screen too, and lets them be taken away."""

    failed = Signal(str)
    """(sentence): a picture could not be taken away"""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.save: Callable[[], object] | None = None
        """What “Save…” in the menu does, if anything; set by the mode."""
        self._moved_at: QPointF | None = None
        self._pressed_at: QPointF | None = None
        self._space_down = False
        self._full_screen: FullScreen | None = None
        self._dragging = DraggingOut()
        self._corner = CornerButtons(self, self.looks())
        QShortcut(QKeySequence(Qt.Key.Key_F11), self, self.toggle_full_screen)

    def set_hint(self, title: str, text: str) -> None:
        super().set_hint(title, text)
        self._corner.hide()

    def refresh_theme(self) -> None:
        """Take over the colours of another theme."""
        self._corner.refresh_theme()
        self.update()

    # --- the mouse ---

    def _handle_at(self, at: QPointF) -> Pane | None:
        if self._way is Way.WIPE:
            for pane in self.panes():
                near = abs(at.x() - pane.handle_x(self._wipe)) <= GRAB_RADIUS
                if pane.shown.second is not None and near and pane.space.contains(at):
                    return pane
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        left, at = event.button() == Qt.MouseButton.LeftButton, event.position()
        aside = self._space_down or event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if left and not aside and self._handle_at(at) is not None:
            self._wiping = True
        elif not self._shown:
            return
        elif event.button() == Qt.MouseButton.MiddleButton or (left and self._moves(bool(aside))):
            self._moved_at = at
        elif left:
            self._pressed_at = at
        self._update_cursor(at)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        self._cursor_at = None if self._wiping else at
        if not self._shown:
            self._let_go()
        if self._wiping:
            pane = min(self.panes(), key=lambda pane: abs(pane.space.center().x() - at.x()))
            self.set_wipe(pane.share_at(at).x())
        elif self._moved_at is not None:
            pane = self.panes()[0]
            moved = at - self._moved_at
            self._center -= QPointF(moved.x() / pane.rect.width(), moved.y() / pane.rect.height())
            self._moved_at = at
            self._keep_inside()
        elif (
            self._pressed_at is not None
            and (at - self._pressed_at).manhattanLength() >= QApplication.startDragDistance()
        ):
            pressed = self._pressed_at
            self._let_go()
            self.drag_out(pressed)
        self._update_cursor(at)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._let_go()
        self._update_cursor(event.position())
        self.update()

    def _moves(self, aside: bool) -> bool:
        """Whether the left button moves the picture, rather than taking it along."""
        return self._space_down or (self._has_more and not aside)

    def _let_go(self) -> None:
        self._wiping, self._moved_at, self._pressed_at = False, None, None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._handle_at(event.position()) is None:
            self.toggle_full_screen()

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        if notches and self._shown:
            self.zoom_at(NOTCH**notches, event.position())

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._corner.setVisible(bool(self._shown))
        self._corner.place()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._cursor_at = None
        self._corner.hide()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_inside()
        self._corner.place()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._let_go()
        self._space_down, self._cursor_at = False, None

    def _update_cursor(self, at: QPointF) -> None:
        if self._wiping or (self._handle_at(at) is not None and not self._space_down):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        elif self._moved_at is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        else:
            self.setCursor(Qt.CursorShape.OpenHandCursor if self._space_down else Qt.CursorShape.ArrowCursor)

    # --- keys ---

    def looks(self) -> tuple[Look, ...]:
        """The ways to look that have buttons and entries in the menu."""
        return (
            ("fit", tr("Fit"), "F", self.fit),
            (
                "actual",
                tr("100 %"),
                QKeySequence("Ctrl+0").toString(QKeySequence.SequenceFormat.NativeText),
                self.actual_size,
            ),
            ("full-screen", tr("Full Screen"), "F11", self.toggle_full_screen),
        )

    def _on_key(self, event: QKeyEvent) -> Callable[[], object] | None:
        """What a key does here while the view has the focus, before the window's shortcuts."""
        if not self._shown:
            return None
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.matches(QKeySequence.StandardKey.Copy):
            return self.copy
        if control:
            zooms = {Qt.Key.Key_Plus: NOTCH, Qt.Key.Key_Equal: NOTCH, Qt.Key.Key_Minus: 1 / NOTCH}
            factor = zooms.get(Qt.Key(event.key()))
            if factor is not None:
                return lambda: self.zoom_at(factor)
            return self.actual_size if event.key() == Qt.Key.Key_0 else None
        if event.key() == Qt.Key.Key_Escape and self._full_screen is not None:
            return self.toggle_full_screen
        if event.key() == Qt.Key.Key_Space:
            return lambda: self._set_space(True)
        if event.key() == Qt.Key.Key_F and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            return self.fit
        step = {Qt.Key.Key_Left: -WIPE_STEP, Qt.Key.Key_Right: WIPE_STEP}.get(Qt.Key(event.key()))
        wipes = self._way is Way.WIPE and any(one.second is not None for one in self._shown)
        return None if step is None or not wipes else lambda: self.set_wipe(self._wipe + step)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._on_key(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        handler = self._on_key(event)
        if handler is None:
            super().keyPressEvent(event)
        else:
            handler()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._set_space(False)
        else:
            super().keyReleaseEvent(event)

    def _set_space(self, down: bool) -> None:
        self._space_down = down
        self._update_cursor(QPointF(self.mapFromGlobal(self.cursor().pos())))

    # --- full screen ---

    @property
    def is_full_screen(self) -> bool:
        return self._full_screen is not None

    def toggle_full_screen(self) -> None:
        """Fill the screen, or come back."""
        if self._full_screen is not None:
            self._full_screen.close()
        elif self._shown and not self.isWindow():
            self._full_screen = FullScreen(self)
            self._full_screen.left.connect(self._on_left)

    def _on_left(self) -> None:
        self._full_screen = None
        self.setFocus()

    # --- taking away ---

    def _taken(self, at: QPointF | None) -> tuple[str, QImage] | None:
        """Title and picture of the pane at `at`, or else of the result."""
        panes = self.panes()
        pane = self._pane_at(at) or next(
            (one for one in panes if one.shown.full is not None), panes[0] if panes else None
        )
        if pane is None:
            return None
        title = pane.shown.second_title or pane.shown.title
        try:
            return title, taken_away(pane, self._way, self._wipe, self._second_now)
        except (StudioError, OSError, MemoryError) as error:
            self.failed.emit(str(error) or tr("There is not enough memory for the picture at its full size."))
            return None

    def copy(self, at: QPointF | None = None) -> None:
        """Copy what is shown at `at`, at its full size."""
        taken = self._taken(at or self._cursor_at)
        if taken is not None:
            QGuiApplication.clipboard().setImage(taken[1])

    def drag_out(self, at: QPointF) -> None:
        """Let the picture at `at` be dropped elsewhere, as a file or as a picture."""
        taken = self._taken(at)
        if taken is None:
            return
        problem = self._dragging.start(self, *taken)
        if problem:
            self.failed.emit(problem)

    def menu(self, at: QPointF | None = None) -> QMenu:
        """What can be done with the picture at `at`."""
        menu = QMenu(self)
        for name, words, key, handler in self.looks():
            # The key stands there as words: it is this widget that hears it, not the menu.
            menu.addAction(icon(name), f"{words}\t{key}", handler)
        menu.addSeparator()
        menu.addAction(icon("copy"), f"{tr('Copy')}\t{shortcut_text('Ctrl+C')}", lambda: self.copy(at))
        if self.save is not None:
            menu.addAction(icon("save"), tr("Save…"), self.save)
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._shown:
            menu = self.menu(QPointF(event.pos()))
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(event.globalPos() if event.reason() == QContextMenuEvent.Reason.Mouse else self._middle())

    def _middle(self) -> QPoint:
        return self.mapToGlobal(self.rect().center())
