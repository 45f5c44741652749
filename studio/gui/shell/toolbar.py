"""The tool bar: what is always there, and in its middle what runs and stops the mode that is on."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QToolBar, QToolButton

from studio.gui.mode.action import SEPARATOR
from studio.gui.shell.actions import RUN_BUTTONS, TOOLBAR, Actions
from studio.language import tr

TEXT_BUTTONS = ("open_a", "open_b", "swap", "run", "cancel", "style_run", "style_cancel", "inspect_run", "export_film")
"""Buttons that say what they do; the others show their icon only."""


class ToolBar(QToolBar):
    """Buttons for the actions of `TOOLBAR`; those of `RUN_BUTTONS` change places with the mode."""

    def __init__(self, window: QMainWindow, actions: Actions) -> None:
        super().__init__(tr("Tools"), window)
        self.setObjectName("tools")
        self.setMovable(False)
        self.setIconSize(QSize(20, 20))
        self._table = actions
        self._mode = "match"
        self._after: QAction | None = None
        for name in TOOLBAR:
            if name == SEPARATOR:
                added = self.addSeparator()
                if self._after is None and self.actions()[-2] is actions[RUN_BUTTONS["match"][-1]]:
                    self._after = added
            else:
                self.addAction(actions[name])
                self._dress(name)
        window.addToolBar(self)

    def set_mode(self, mode: str) -> None:
        """Show the buttons of a mode."""
        for name in RUN_BUTTONS[self._mode]:
            self.removeAction(self._table[name])
        self._mode = mode
        for name in RUN_BUTTONS[mode]:
            if self._after is not None:
                self.insertAction(self._after, self._table[name])
            self._dress(name)

    def _dress(self, name: str) -> None:
        button = self.widgetForAction(self._table[name])
        if name in TEXT_BUTTONS and isinstance(button, QToolButton):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
