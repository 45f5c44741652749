"""Switches between the modes: the bar on the left, the panels on the right, the result panes beside the pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStackedWidget, QToolBar

from studio.gui.canvas.state import StudioState
from studio.gui.mode.mode import Mode, ModePanel, Services
from studio.gui.widgets.action import Condition
from studio.gui.widgets.splitter import Splitter
from studio.language import tr

RAIL = "QToolBar { padding: 3px 3px; } QToolButton { padding: 5px 1px; min-width: 50px; font-size: 11px; }"
"""The bar takes no more of the width than its longest word: the pictures need it."""


class Modes(QObject):
    """Makes the panel of a mode when it is first entered; all of them stay as they were left."""

    leaving = Signal(str)
    """(name of the mode that is still on)"""
    entering = Signal(str)
    """(name of the mode that is on now), before its result pane is shown"""
    changed = Signal(str)
    """(name)"""
    made = Signal(str)
    """(name): there is a panel now"""

    def __init__(self, modes: Sequence[Mode], services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._modes = {mode.name: mode for mode in modes}
        self._services = services
        self._panels: dict[str, ModePanel] = {}
        self._current = ""
        self._actions: dict[str, QAction] = {}
        self.panels = QStackedWidget()
        self.splitter = Splitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(services.viewer)

    def __iter__(self) -> Iterator[Mode]:
        return iter(self._modes.values())

    def __getitem__(self, name: str) -> Mode:
        return self._modes[name]

    def build_bar(self, window: QMainWindow, actions: Mapping[str, QAction]) -> QToolBar:
        """The bar on the left; `actions`, by name of mode, become a group of which one is checked."""
        bar = QToolBar(tr("Modes"), window)
        bar.setObjectName("modes")
        bar.setMovable(False)
        bar.setIconSize(QSize(24, 24))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        bar.setStyleSheet(RAIL)
        group = QActionGroup(bar)
        for name, action in actions.items():
            group.addAction(action)
            bar.addAction(action)
            self._actions[name] = action
        window.addToolBar(Qt.ToolBarArea.LeftToolBarArea, bar)
        return bar

    def fill(self, dock: QDockWidget) -> None:
        """Keep the title of the panels' dock in step."""
        self.changed.connect(lambda name: dock.setWindowTitle(tr(self._modes[name].title)))

    @property
    def names(self) -> list[str]:
        return list(self._modes)

    @property
    def current(self) -> str:
        """The name of the mode that is on."""
        return self._current

    @property
    def built(self) -> list[ModePanel]:
        """The panels that there are by now."""
        return list(self._panels.values())

    def panel(self, name: str) -> ModePanel:
        """The panel of a mode, made now if nobody entered it yet.

        Raises
        ------
        KeyError
            The panel has no handler for an action of its mode, or one for an action that there is not.
        """
        panel = self._panels.get(name)
        if panel is None:
            panel = self._modes[name].make(self._services)
            differing = set(panel.handlers()) ^ {spec.id for spec in self._modes[name].specs}
            if differing:
                raise KeyError(f"actions and handlers differ: {name}, {sorted(differing)}")
            self._panels[name] = panel
            self.panels.addWidget(panel)
            if panel.result_pane is not None:
                panel.result_pane.hide()
                self.splitter.addWidget(panel.result_pane)
            self.made.emit(name)
        return panel

    def handler(self, mode: str, action: str) -> Callable[..., object]:
        """What an action of a mode does; the panel is made when it is first used."""
        return lambda *values: self.panel(mode).handlers()[action](*values)

    def conditions(self, state: StudioState) -> set[Condition]:
        """What is so now in all modes, whether they have a panel or not."""
        found = set[Condition]()
        for name, mode in self._modes.items():
            panel = self._panels.get(name)
            found |= mode.conditions(state) if panel is None else panel.conditions()
        return found

    def show(self, name: str) -> None:
        """Enter a mode."""
        if name not in self._modes:
            raise KeyError(name)
        if name in self._actions:
            self._actions[name].setChecked(True)
        if name == self._current:
            return
        before = self._panels.get(self._current)
        if before is not None:
            self.leaving.emit(self._current)
            before.set_active(False)
            if before.result_pane is not None:
                before.result_pane.hide()
        panel = self.panel(name)
        self._current = name
        self.panels.setCurrentWidget(panel)
        self.entering.emit(name)
        if panel.result_pane is not None:
            panel.result_pane.show()
        panel.set_active(True)
        self.changed.emit(name)
