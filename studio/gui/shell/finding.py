"""What the command palette finds: every action of the menus, every knob of the modes, every setting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMenu, QMenuBar

from studio.gui.shell.actions import Actions
from studio.gui.shell.keys import Keys, listed_keys
from studio.gui.shell.modes import Modes
from studio.gui.shell.settings.preferences import SECTIONS, Preferences
from studio.gui.widgets.command_palette import Entry
from studio.gui.widgets.forms import title_of
from studio.language import tr, translatable
from studio.samples import SAMPLES

ENGLISH_DOCKS = {
    "pairs": translatable("Pairs"),
    "history": translatable("History"),
    "jobs": translatable("Jobs"),
    "log": translatable("Log"),
}


def _path(*names: str) -> str:
    return "  ▸  ".join(name for name in names if name)


def actions_in(bar: QMenuBar, actions: Actions, keys: Keys, docks: Mapping[str, QDockWidget]) -> Iterator[Entry]:
    """Everything in the menus, in their order; what lists of recent files hold is not among it."""
    english = {f"sample_{key}": sample.title for key, sample in SAMPLES.items()}
    toggles = {dock.toggleViewAction(): ENGLISH_DOCKS.get(name, name.capitalize()) for name, dock in docks.items()}
    for where, action in _in_menus(bar.actions(), ""):
        name = action.objectName()
        known = name in actions and actions[name] is action
        yield Entry(
            key=f"action {name or action.text()}",
            title=action.text().rstrip("…").replace("&&", "&"),
            where=where,
            run=action.trigger,
            english=actions.spec(name).title.rstrip("…") if known else english.get(name, toggles.get(action, "")),
            keys=listed_keys(keys.of(name)[:1]) if known else "",
            enabled=action.isEnabled(),
            reason=actions.reason(name) if known else "",
        )


def _in_menus(entries: list[QAction], where: str) -> Iterator[tuple[str, QAction]]:
    for entry in entries:
        menu = entry.menu()
        if isinstance(menu, QMenu):
            yield from _in_menus(menu.actions(), _path(where, entry.text()))
        elif not entry.isSeparator() and entry.text():
            yield where, entry


def knobs_of(modes: Modes, show: Callable[[str, str, str], None]) -> Iterator[Entry]:
    """Every knob of every mode, whether its panel was made or not; `show` is given mode, options and knob."""
    for mode in modes:
        for name, group in mode.knobs().items():
            for knob in group.shown:
                yield Entry(
                    key=f"knob {name} {knob.name}",
                    title=title_of(knob),
                    where=_path(tr(mode.title), group.title),
                    run=partial(show, mode.name, name, knob.name),
                    english=knob.label,
                )


def settings_of(show: Callable[[str], None]) -> Iterator[Entry]:
    """Every setting; `show` is given its name."""
    knobs = {knob.name: knob for knob in Preferences.knobs()}
    for section, names in SECTIONS:
        for name in names:
            yield Entry(
                key=f"setting {name}",
                title=title_of(knobs[name]),
                where=_path(tr("Settings"), tr(section)),
                run=partial(show, name),
                english=knobs[name].label,
            )
