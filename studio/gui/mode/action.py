"""What one action of the window is, and what it depends on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conditions:
    """What actions depend on."""

    any_picture: bool = False
    both_pictures: bool = False
    pairs: bool = False
    running: bool = False
    able: frozenset[str] = frozenset()
    """What the panels of the modes can do now, in words of their own: see `studio.gui.mode.modes.ModePanel`."""


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action; `enabled_when` is asked after each change."""

    id: str
    title: str
    tip: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False
    checked: bool = False
    enabled_when: Callable[[Conditions], bool] = lambda _: True
    short: str = ""
    """What the button in the tool bar says, where the title is long."""


SEPARATOR = "-"
