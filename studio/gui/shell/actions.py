"""Every action of the window in one table: name, tip, shortcut, icon, menu, and when it can be used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from studio.gui.mode.mode import Mode
from studio.gui.shell.edit_menu import EDIT
from studio.gui.shell.file_menu import FILE
from studio.gui.shell.help_menu import HELP
from studio.gui.shell.view_menu import MODES_HERE, VIEW
from studio.gui.widgets.action import SEPARATOR, ActionSpec, Condition, shortcut_text
from studio.gui.widgets.theme import icon
from studio.language import tr, translatable

RUN_BUTTONS = "run-buttons"
"""Stands for `Mode.run_buttons`."""

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
    RUN_BUTTONS,
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


def mode_action(number: int, mode: Mode) -> ActionSpec:
    """The action that enters a mode, `number` being its place in the bar from 1 on."""
    return ActionSpec(
        f"mode_{mode.name}",
        mode.entry,
        mode.tip,
        (f"Ctrl+{number}",) if number < 10 else (),
        mode.icon,
        True,
        number == 1,
        short=mode.title,
    )


def menus(modes: Iterable[Mode]) -> dict[str, tuple[ActionSpec | str, ...]]:
    """Name to entries, in the order of the menu bar: what is always there, and a menu a mode."""
    modes = tuple(modes)
    enter = [mode_action(number, mode) for number, mode in enumerate(modes, 1)]
    view = (*VIEW[: VIEW.index(MODES_HERE)], *enter, *VIEW[VIEW.index(MODES_HERE) + 1 :])
    return {
        translatable("File"): FILE,
        translatable("Edit"): EDIT,
        translatable("View"): view,
        **{mode.title: mode.actions for mode in modes},
        translatable("Help"): HELP,
    }


def specs(modes: Iterable[Mode]) -> list[ActionSpec]:
    """The actions without the separators."""
    return [entry for entries in menus(modes).values() for entry in entries if isinstance(entry, ActionSpec)]


def tip_with_shortcut(spec: ActionSpec) -> str:
    """The tooltip: what the action does, and its first shortcut as this desktop writes it."""
    return f"{tr(spec.tip)} ({shortcut_text(spec.shortcuts[0])})" if spec.shortcuts else tr(spec.tip)


class Actions(Mapping[str, QAction]):
    """The QActions of the table, connected to their handlers.

    Raises `KeyError` at once if an action has no handler or a handler no action.
    """

    def __init__(self, parent: QObject, modes: Iterable[Mode], handlers: Mapping[str, Callable[..., object]]) -> None:
        self._specs = {spec.id: spec for spec in specs(modes)}
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

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def __len__(self) -> int:
        return len(self._actions)

    def spec(self, action_id: str) -> ActionSpec:
        """What the table says of an action."""
        return self._specs[action_id]

    def refresh(self, now: frozenset[Condition]) -> None:
        """Enable and disable after something changed."""
        for spec in self._specs.values():
            self._actions[spec.id].setEnabled(spec.is_enabled(now))


def _without_extras(spec: ActionSpec, handler: Callable[..., object]) -> Callable[..., object]:
    """`triggered` carries a flag that only checkable actions care for."""
    return handler if spec.checkable else lambda *_: handler()
