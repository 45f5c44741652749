"""The tool bar: what is always there, and in its middle what runs and stops the mode that is on."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QToolBar, QToolButton

from studio.gui.mode.mode import Mode
from studio.gui.shell.actions import RUN_BUTTONS, TOOLBAR, Actions
from studio.gui.widgets.action import SEPARATOR
from studio.gui.widgets.theme import icon
from studio.language import tr


class ToolBar(QToolBar):
    """Buttons for the actions of `TOOLBAR`; those of the mode that is on stand at `RUN_BUTTONS`.

    Where there is no room for all words, those of what is always there go first, then those of the mode but for its
    first one; what has no room at all is in the menu of the arrow at the end.
    """

    def __init__(self, window: QMainWindow, actions: Actions) -> None:
        super().__init__(tr("Tools"), window)
        self.setObjectName("tools")
        self.setMovable(False)
        self.setIconSize(QSize(20, 20))
        self._table = actions
        self._shown: tuple[str, ...] = ()
        self._after: QAction | None = None
        here = False
        for name in TOOLBAR:
            if name == RUN_BUTTONS:
                here = True
            elif name == SEPARATOR:
                added = self.addSeparator()
                if here and self._after is None:
                    self._after = added
            else:
                self.addAction(actions[name])
        self._worded = [name for name in TOOLBAR if name in actions and actions.spec(name).worded]
        self._more = self.findChild(QToolButton, "qt_toolbar_ext_button")
        if self._more is not None:
            self._more.setToolTip(tr("More tools, for which there is no room"))
            self._more.setAccessibleName(tr("More tools"))
            # Qt gives it 12 px, all of which the padding of other buttons would take.
            self._more.setStyleSheet("QToolButton { padding: 0; border-radius: 3px; }")
        self.refresh_theme()
        window.addToolBar(self)

    def set_mode(self, mode: Mode) -> None:
        """Show the buttons of a mode."""
        for name in self._shown:
            self.removeAction(self._table[name])
        self._shown = mode.run_buttons
        for name in self._shown:
            if self._after is not None:
                self.insertAction(self._after, self._table[name])
        self._fit()

    def refresh_theme(self) -> None:
        """Take over the colours of another theme."""
        if self._more is not None:
            self._more.setIcon(icon("more"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave out as few words as have to be."""
        of_the_mode = [name for name in self._shown if self._table.spec(name).worded]
        for worded in ((*self._worded, *of_the_mode), tuple(of_the_mode), tuple(of_the_mode[:1]), ()):
            for name in (*self._worded, *of_the_mode):
                self._dress(name, name in worded)
            layout = self.layout()
            if layout is not None:
                layout.invalidate()
            if self.sizeHint().width() <= self.width():
                return

    def _dress(self, name: str, worded: bool) -> None:
        button = self.widgetForAction(self._table[name])
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if worded else Qt.ToolButtonStyle.ToolButtonIconOnly
        if isinstance(button, QToolButton) and button.toolButtonStyle() != style:
            button.setToolButtonStyle(style)
