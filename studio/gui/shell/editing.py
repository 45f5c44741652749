"""Puts together what editing needs: history, project, the hand's edits; the window knows this one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QUndoView, QWidget

from studio.arrays import SIDES, Side
from studio.gui.canvas.canvas import TOOLS
from studio.gui.canvas.canvas_view import ViewState
from studio.gui.canvas.pair_editor import PairEditor
from studio.gui.canvas.pairs_table import PairsTable
from studio.gui.canvas.state import StudioState
from studio.gui.canvas.undo import UndoHistory
from studio.gui.canvas.viewer import Viewer
from studio.gui.mode.kept_options import KeptOptions
from studio.gui.mode.mode import Mode, ModePanel
from studio.gui.shell.actions import Actions
from studio.gui.shell.modes import Modes
from studio.gui.shell.project.controller import DocumentController
from studio.gui.shell.project.kept_view import Kept
from studio.gui.widgets.action import Condition
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.settings_store import Settings
from studio.jobs import JobQueue
from studio.language import tr
from studio.pairs.model import finite
from studio.picture import Picture

POINT_MENU = ("enable_pairs", "lock_pairs", "delete_pairs", "cut_pairs", "copy_pairs", "renumber")
"""After what the modes have to offer for a point."""


class Editing(QObject):
    """History, project file and edits by hand, and their places in the window."""

    changed = Signal()
    """What can be done may be something else now."""

    def __init__(
        self,
        state: StudioState,
        viewer: Viewer,
        table: PairsTable,
        jobs: JobQueue,
        settings: Settings,
        messages: Messages,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._state, self._viewer, self._table = state, viewer, table
        self.history = UndoHistory(state, self)
        self.options = KeptOptions(state, messages, self)
        self.document = DocumentController(state, self.history, self.options, jobs, settings, messages, window)
        self.pairs = PairEditor(state, viewer, jobs, messages, self)
        self.history_view = QUndoView(self.history.stack)
        self.history_view.setEmptyLabel(tr("Start"))
        self.history_view.setAccessibleName(tr("History"))
        table.pair_edited.connect(self.pairs.edit_row)
        table.model.refused.connect(messages.warning)
        table.least_confidence_changed.connect(viewer.set_least_confidence)
        for source in (self.document, self.pairs):
            source.changed.connect(self.changed)
        for side in SIDES:
            self.document.view.keep(side, self._kept_view(side))
        state.editable_changed.connect(self._on_editable)

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the actions do, by their ids."""
        return {
            **self.document.handlers(),
            **self.pairs.handlers(),
        }

    def conditions(self) -> set[Condition]:
        """What is so of project and pairs."""
        return self.document.conditions() | self.pairs.conditions()

    def take_in(self, panel: ModePanel) -> None:
        """A panel was made: what it keeps is undone and saved from now on, what it makes is kept."""
        for name, holder in panel.kept_options().items():
            self.options.keep(name, holder)
        self.document.keep_pictures(*panel.kept_pictures())
        panel.edited.connect(self.document.touch)
        panel.result_made.connect(self._keep_result)

    def _keep_result(self, kind: str, name: str, recipe: Mapping[str, Any], picture: Picture | None) -> None:
        if picture is None:
            self.document.add_result(kind, name, recipe)
        else:
            self.document.add_picture(kind, name, recipe, picture)

    def follow(self, actions: Actions, modes: Iterable[Mode]) -> None:
        """Put actions where the hand looks for them: tools in a group, the menu of a point, buttons of the table."""
        group = QActionGroup(self)
        for tool in TOOLS:
            group.addAction(actions[f"tool_{tool}"])
        modes = tuple(modes)
        menu = [actions[name] for name in (*chain(*(mode.point_menu for mode in modes)), *POINT_MENU)]
        self._table.add_menu(menu)
        self._table.add_buttons([actions[name] for name in chain(*(mode.table_buttons for mode in modes))])
        for side in SIDES:
            self._viewer.canvas(side).addActions(menu)
            self._viewer.canvas(side).setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self._undo, self._redo = actions["undo"], actions["redo"]
        # Bound methods, which are not called any more when the window goes before the stack.
        self.history.stack.undoTextChanged.connect(self._name_undo)
        self.history.stack.redoTextChanged.connect(self._name_redo)

    def _name_undo(self, text: str) -> None:
        self._undo.setText(tr("Undo {text}", text=text) if text else tr("Undo"))

    def _name_redo(self, text: str) -> None:
        self._redo.setText(tr("Redo {text}", text=text) if text else tr("Redo"))

    def _on_editable(self) -> None:
        self.history_view.setEnabled(not self._state.is_held)

    def shutdown(self, timeout: float) -> bool:
        """Give the project back; False if a thread is still busy after `timeout` seconds."""
        return self.document.shutdown(timeout)

    def keep_mode(self, modes: Modes) -> None:
        """Come back to the mode that the project was left in."""

        def taken(values: Mapping[str, Any]) -> str:
            return modes.names[modes.names.index(values["name"])]

        self.document.view.keep("mode", Kept(lambda: {"name": modes.current}, taken, modes.show))

    def _kept_view(self, side: Side) -> Kept:
        canvas = self._viewer.canvas(side)

        def read() -> Mapping[str, Any]:
            view = canvas.view_state()
            return {"x": round(view.center[0], 6), "y": round(view.center[1], 6), "zoom": round(view.zoom, 6)}

        def taken(values: Mapping[str, Any]) -> ViewState:
            x, y, zoom = (finite(values[key]) for key in ("x", "y", "zoom"))
            if not (abs(x) < 10 and abs(y) < 10 and 0.01 < zoom < 1000):
                raise ValueError("far from the picture")
            return ViewState((x, y), zoom)

        return Kept(read, taken, canvas.set_view_state)
