"""Which shortcut each action has: the ones it came with, until the person takes others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeySequence

from studio.gui.widgets.action import ActionSpec, shortcut_text
from studio.gui.widgets.settings_store import Settings
from studio.language import tr, translatable

FIXED: tuple[tuple[tuple[str, ...], str], ...] = (
    (("Space",), translatable("Pan while it is held")),
    (("Left", "Right", "Up", "Down"), translatable("Nudge the selected points by 1 pixel")),
    (("Shift+Left", "Shift+Right", "Shift+Up", "Shift+Down"), translatable("Nudge them by 10 pixels")),
    (("Alt+Left", "Alt+Right", "Alt+Up", "Alt+Down"), translatable("Nudge them by a tenth of a pixel")),
    (("F11",), translatable("Show the result on the whole screen")),
    (("Tab", "Shift+Tab"), translatable("Go to the next control, or to the one before")),
    (("Return", "Enter"), translatable("Press what has the focus")),
)
"""Keys that are no actions, and what they do: they stay what they are."""


def normal(keys: str) -> str:
    """A shortcut as it is written in files, whatever way it was written."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText)


class Keys(QObject):
    """The shortcuts of all actions; what differs from the table of actions is remembered.

    A shortcut belongs to one action. If a newer version of the program gives an action one that the person gave to
    another, the person's choice counts.
    """

    changed = Signal(str)
    """(id) of an action"""

    def __init__(
        self, specs: Iterable[ActionSpec], settings: Settings | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._specs = {spec.id: spec for spec in specs}
        self._known = settings.shortcuts if settings is not None else {}
        self._chosen = {name: keys for name, keys in self._known.items() if name in self._specs}

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def defaults(self, action: str) -> tuple[str, ...]:
        """What an action came with."""
        return tuple(normal(keys) for keys in self._specs[action].shortcuts)

    def of(self, action: str) -> tuple[str, ...]:
        """The shortcuts of an action now, the one that menus show first."""
        if action in self._chosen:
            return self._chosen[action]
        taken = {keys for chosen in self._chosen.values() for keys in chosen}
        return tuple(keys for keys in self.defaults(action) if keys not in taken)

    def is_changed(self, action: str) -> bool:
        """Whether it has others than it came with."""
        return self.of(action) != self.defaults(action)

    def owner(self, keys: str) -> str:
        """The action that a shortcut belongs to now, or ""."""
        wanted = normal(keys)
        return next((action for action in self._specs if wanted in self.of(action)), "")

    @property
    def fixed(self) -> list[tuple[tuple[str, ...], str]]:
        """The part of `FIXED` that is no action's."""
        of_actions = {keys for action in self._specs for keys in self.defaults(action)}
        return [(keys, use) for keys, use in FIXED if of_actions.isdisjoint(normal(one) for one in keys)]

    def refusal(self, keys: str) -> str:
        """Why no action can have a shortcut, in a sentence; "" if one can."""
        wanted = normal(keys)
        use = next((tr(use) for fixed, use in self.fixed if wanted in {normal(one) for one in fixed}), "")
        return tr("“{keys}” has a fixed use ({use}): choose another.", keys=shortcut_text(keys), use=use) if use else ""

    def conflict(self, action: str, keys: str) -> str:
        """Which other action would lose a shortcut that this one is given, in a sentence; "" if none."""
        owner = self.owner(keys)
        if not owner or owner == action:
            return ""
        return tr(
            "“{keys}” belongs to “{action}”, which would lose it.", keys=shortcut_text(keys), action=self.name(owner)
        )

    def name(self, action: str) -> str:
        """What an action is called in a sentence."""
        return tr(self._specs[action].title).rstrip("…")

    def assign(self, action: str, keys: Sequence[str]) -> None:
        """Give an action these shortcuts, and take them from whatever had them."""
        wanted = tuple(dict.fromkeys(normal(one) for one in keys if normal(one)))
        losers = {owner for one in wanted if (owner := self.owner(one)) and owner != action}
        for loser in losers:
            self._choose(loser, tuple(one for one in self.of(loser) if one not in wanted))
        self._choose(action, wanted)
        self._store()
        for name in (*losers, action):
            self.changed.emit(name)

    def reset(self, action: str) -> None:
        """Give an action back what it came with."""
        self.assign(action, self.defaults(action))

    def reset_all(self) -> None:
        """All as they came."""
        changed = [action for action in self._specs if self.is_changed(action)]
        self._chosen.clear()
        self._store()
        for action in changed:
            self.changed.emit(action)

    def _choose(self, action: str, keys: tuple[str, ...]) -> None:
        if keys == self.defaults(action):
            self._chosen.pop(action, None)
        else:
            self._chosen[action] = keys

    def _store(self) -> None:
        if self._settings is not None:
            others = {name: keys for name, keys in self._known.items() if name not in self._specs}
            self._settings.shortcuts = {**others, **self._chosen}


def listed_keys(keys: Iterable[str]) -> str:
    """Shortcuts as this desktop writes them, one or the other."""
    return tr("  or  ").join(shortcut_text(one) for one in keys)
