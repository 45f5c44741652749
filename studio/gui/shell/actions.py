"""Every action of the window in one table: name, tip, shortcut, icon, menu, and when it can be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from studio.gui.inspect.actions import INSPECT
from studio.gui.match.actions import MATCH
from studio.gui.mode.action import SEPARATOR, ActionSpec, Conditions
from studio.gui.morph.actions import MORPH
from studio.gui.shell.edit_menu import EDIT
from studio.gui.shell.file_menu import FILE
from studio.gui.shell.help_menu import HELP
from studio.gui.shell.view_menu import VIEW
from studio.gui.style.actions import STYLE
from studio.gui.widgets.theme import icon
from studio.language import tr, translatable

MENUS: dict[str, tuple[ActionSpec | str, ...]] = {
    translatable("File"): FILE,
    translatable("Edit"): EDIT,
    translatable("View"): VIEW,
    translatable("Match"): MATCH,
    translatable("Morph"): MORPH,
    translatable("Style"): STYLE,
    translatable("Inspect"): INSPECT,
    translatable("Help"): HELP,
}
"""Name to entries, in the order of the menu bar."""

TOOLBAR: tuple[str, ...] = (
    "open_a",
    "open_b",
    "swap",
    "save_project",
    SEPARATOR,
    "undo",
    "redo",
    SEPARATOR,
    "tool_select",
    "tool_add",
    "tool_lasso",
    "tool_pan",
    SEPARATOR,
    "run",
    "pause",
    "cancel",
    SEPARATOR,
    "fit",
    "actual_size",
    "zoom_in",
    "zoom_out",
    SEPARATOR,
    "link",
    "lines",
    "numbers",
    SEPARATOR,
    "theme",
)

RUN_BUTTONS: dict[str, tuple[str, ...]] = {
    "match": ("run", "pause", "cancel"),
    "morph": ("play", "export_film"),
    "style": ("style_run", "style_pause", "style_cancel"),
    "inspect": ("inspect_run", "inspect_cancel"),
}
"""What stands in the place of `run`, `pause` and `cancel` while a mode is on."""


def specs() -> list[ActionSpec]:
    """The actions without the separators."""
    return [entry for entries in MENUS.values() for entry in entries if isinstance(entry, ActionSpec)]


def tip_with_shortcut(spec: ActionSpec) -> str:
    """The tooltip: what the action does, and its first shortcut as this desktop writes it."""
    keys = [QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText) for keys in spec.shortcuts[:1]]
    return f"{tr(spec.tip)} ({keys[0]})" if keys else tr(spec.tip)


class Actions:
    """The QActions of the table, connected to their handlers.

    Raises `KeyError` at once if an action has no handler or a handler no action.
    """

    def __init__(self, parent: QObject, handlers: Mapping[str, Callable[..., object]]) -> None:
        self._specs = {spec.id: spec for spec in specs()}
        if set(handlers) != set(self._specs):
            raise KeyError(f"actions and handlers differ: {sorted(set(handlers) ^ set(self._specs))}")
        self._actions: dict[str, QAction] = {}
        for spec in self._specs.values():
            action = QAction(tr(spec.title), parent)
            action.setObjectName(spec.id)
            action.setShortcuts([QKeySequence(keys) for keys in spec.shortcuts])
            action.setIconText(tr(spec.short or spec.title))
            action.setToolTip(tip_with_shortcut(spec))
            action.setCheckable(spec.checkable)
            action.setChecked(spec.checked)
            if spec.id == "quit":
                action.setMenuRole(QAction.MenuRole.QuitRole)
            elif spec.id == "about":
                action.setMenuRole(QAction.MenuRole.AboutRole)
            (action.toggled if spec.checkable else action.triggered).connect(_without_extras(spec, handlers[spec.id]))
            self._actions[spec.id] = action
        self.refresh_theme()

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def refresh_theme(self) -> None:
        for spec in self._specs.values():
            if spec.icon:
                self._actions[spec.id].setIcon(icon(spec.icon))

    def refresh(self, now: Conditions) -> None:
        """Enable and disable after something changed."""
        for spec in self._specs.values():
            self._actions[spec.id].setEnabled(spec.enabled_when(now))


def _without_extras(spec: ActionSpec, handler: Callable[..., object]) -> Callable[..., object]:
    """`triggered` carries a flag that only checkable actions care for."""
    return handler if spec.checkable else lambda *_: handler()
