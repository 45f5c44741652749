"""The tool bar: what is always there, and in its middle what runs and stops the mode that is on."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QToolBar, QToolButton

from studio.gui.mode.mode import Mode
from studio.gui.shell.actions import RUN_BUTTONS, TOOLBAR, Actions
from studio.gui.widgets.action import SEPARATOR
from studio.language import tr


class ToolBar(QToolBar):
    """Buttons for the actions of `TOOLBAR`; those of the mode that is on stand at `RUN_BUTTONS`."""

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
                self._dress(name)
        window.addToolBar(self)

    def set_mode(self, mode: Mode) -> None:
        """Show the buttons of a mode."""
        for name in self._shown:
            self.removeAction(self._table[name])
        self._shown = mode.run_buttons
        for name in self._shown:
            if self._after is not None:
                self.insertAction(self._after, self._table[name])
            self._dress(name)

    def _dress(self, name: str) -> None:
        button = self.widgetForAction(self._table[name])
        if self._table.spec(name).worded and isinstance(button, QToolButton):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
