"""Where the window looks: kept with the project, but no edit of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Kept:
    """A part of the view: how to read it, and how to put it back."""

    read: Callable[[], Mapping[str, Any]]
    apply: Callable[[Mapping[str, Any]], None]


class KeptView:
    """All parts of the view, by their names."""

    def __init__(self) -> None:
        self._parts: dict[str, Kept] = {}

    def keep(self, name: str, kept: Kept) -> None:
        """Save this part, and put it back."""
        self._parts[name] = kept

    def saved(self) -> dict[str, Any]:
        """What it is now."""
        return {name: dict(kept.read()) for name, kept in self._parts.items()}

    def put(self, view: Mapping[str, Any]) -> None:
        """Look where a project looked."""
        for name, values in view.items():
            if name in self._parts and isinstance(values, dict):
                self._parts[name].apply(values)
