"""The docks of the window: the panels of the modes on the right, and below the pictures what the person opens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QWidget

from studio.gui.mode.mode import View

PANEL = "mode"
"""The dock of the panels."""
PANEL_WIDTH, HEIGHT = 316, 200
"""Of the first window, px."""


class Docks(Mapping[str, QDockWidget]):
    """All docks by name; modes bring more when their panels are made."""

    def __init__(self, window: QMainWindow, panels: QWidget, below: Mapping[str, tuple[str, QWidget]]) -> None:
        """`below` has the title and the content of each dock below the pictures, the one in front first."""
        self._window = window
        self._menu: QMenu | None = None
        self._docks: dict[str, QDockWidget] = {}
        window.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
        )
        window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        window.setTabPosition(
            Qt.DockWidgetArea.BottomDockWidgetArea, window.tabPosition(Qt.DockWidgetArea.TopDockWidgetArea)
        )
        # "match" is the name that kept layouts know the panels by.
        self._docks[PANEL] = self._made("match", "", panels, Qt.DockWidgetArea.RightDockWidgetArea)
        for name, (title, widget) in below.items():
            self._docks[name] = self._made(name, title, widget, Qt.DockWidgetArea.BottomDockWidgetArea)
        for before, after in pairwise(below):
            window.tabifyDockWidget(self[before], self[after])
        self._first = next(iter(below))
        self[self._first].raise_()

    def __getitem__(self, name: str) -> QDockWidget:
        return self._docks[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._docks)

    def __len__(self) -> int:
        return len(self._docks)

    def size_first(self) -> None:
        """Give them the sizes of the first window, which kept layouts change."""
        self._window.resizeDocks([self[PANEL]], [PANEL_WIDTH], Qt.Orientation.Horizontal)
        self._window.resizeDocks([self[self._first]], [HEIGHT], Qt.Orientation.Vertical)

    def list_in(self, menu: QMenu) -> None:
        """Let a menu open and close them, and those that come."""
        self._menu = menu
        for dock in self._docks.values():
            menu.addAction(dock.toggleViewAction())

    def add(self, view: View) -> None:
        """Take in what a mode brings along; the modes say where it is open."""
        dock = self._docks[view.name] = self._made(
            view.name, view.title, view.widget, Qt.DockWidgetArea.BottomDockWidgetArea
        )
        self._window.tabifyDockWidget(self[self._first], dock)
        if self._menu is not None:
            self._menu.addAction(dock.toggleViewAction())
        self._window.restoreDockWidget(dock)
        dock.hide()

    def _made(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(f"dock-{name}")
        dock.setWidget(widget)
        self._window.addDockWidget(area, dock)
        return dock
