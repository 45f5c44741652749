"""What one does with the pictures: the bar of modes, and what each of them shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QDockWidget, QMainWindow, QSplitter, QStackedWidget, QToolBar, QWidget

from studio.gui.mode.kept_pictures import KeptPictures
from studio.gui.shell.actions import Actions
from studio.gui.widgets.forms import OptionsHolder
from studio.language import tr


class ModePanel(QWidget):
    """What the window asks of the panel of a mode; each has more to say."""

    message = Signal(str, str, str)
    """(severity, sentence, details)"""
    ready_changed = Signal()
    """What `able` gives may have changed."""

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the actions of its menu do, by id of the action."""
        return {}

    def follow(self, actions: Actions) -> None:
        """Keep checkable actions in step with the panel's own buttons."""

    def able(self) -> set[str]:
        """What can be done now, in words that `ActionSpec.enabled_when` finds in `Conditions.able`."""
        return set()

    def kept_options(self) -> dict[str, OptionsHolder]:
        """Whose options belong to the project and can be undone, by the name they are kept under."""
        return {}

    def kept_pictures(self) -> tuple[KeptPictures, ...]:
        """Lists of pictures that belong to the project."""
        return ()

    def set_active(self, active: bool) -> None:
        """Whether the mode is on."""

    def refresh_theme(self) -> None:
        """Take over the colours of another theme."""

    def shutdown(self, timeout: float = 5.0) -> bool:
        """End threads of its own; False if one is still busy after `timeout` seconds."""
        return True


@dataclass(frozen=True, eq=False)
class Mode:
    """A panel for the dock on the right and, perhaps, a stage below the pictures.

    `set_active` is told when the mode is entered and left; `pictures_share` is what the pictures get of the height
    until the person says otherwise.
    """

    name: str
    title: str
    panel: QWidget
    stage: QWidget | None = None
    set_active: Callable[[bool], None] = lambda _: None
    pictures_share: float = 0.39


class Modes(QObject):
    """Switches between modes; all of them stay as they were left."""

    changed = Signal(str)
    """(name)"""

    def __init__(self, modes: list[Mode], pictures: QWidget, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._modes = {mode.name: mode for mode in modes}
        self._current = modes[0]
        self._actions: dict[str, QAction] = {}
        self.panels = QStackedWidget()
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(pictures)
        for mode in modes:
            self.panels.addWidget(mode.panel)
            if mode.stage is not None:
                mode.stage.hide()
                self.splitter.addWidget(mode.stage)
        self._shares: dict[str, float] = {}

    def build_bar(self, window: QMainWindow, actions: dict[str, QAction]) -> QToolBar:
        """The bar on the left; `actions`, by name of mode, become a group of which one is checked."""
        bar = QToolBar(tr("Modes"), window)
        bar.setObjectName("modes")
        bar.setMovable(False)
        bar.setIconSize(QSize(24, 24))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        group = QActionGroup(bar)
        for name, action in actions.items():
            group.addAction(action)
            bar.addAction(action)
            self._actions[name] = action
        window.addToolBar(Qt.ToolBarArea.LeftToolBarArea, bar)
        return bar

    def fill(self, dock: QDockWidget) -> None:
        """Keep the title of the panels' dock in step."""
        self.changed.connect(lambda name: dock.setWindowTitle(self._modes[name].title))

    @property
    def names(self) -> list[str]:
        return list(self._modes)

    @property
    def current(self) -> str:
        return self._current.name

    def show(self, name: str) -> None:
        """Enter a mode."""
        mode = self._modes[name]
        if name in self._actions:
            self._actions[name].setChecked(True)
        if mode is self._current:
            return
        before, self._current = self._current, mode
        before.set_active(False)
        sizes = self.splitter.sizes()
        if before.stage is not None and sum(sizes) > 0:
            self._shares[before.name] = sizes[0] / sum(sizes)
        if before.stage is not None:
            before.stage.hide()
        self.panels.setCurrentWidget(mode.panel)
        if mode.stage is not None:
            mode.stage.show()
            share = self._shares.get(name, mode.pictures_share)
            below = [1 - share if widget is mode.stage else 0.0 for widget in self._below()]
            self.splitter.setSizes([round(1000 * part) for part in (share, *below)])
        mode.set_active(True)
        self.changed.emit(name)

    def _below(self) -> list[QWidget | None]:
        """The stages, in the order of the splitter."""
        return [self.splitter.widget(place) for place in range(1, self.splitter.count())]
