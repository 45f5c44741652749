"""Where the window looks: kept with the project, but no edit of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any


@dataclass(frozen=True, eq=False)
class Kept:
    """A part of the view.

    Attributes
    ----------
    read : callable
        Gives plain values of what it is now.
    taken : callable
        Makes of such values what `apply` takes, and changes nothing. Raises `ValueError` or `LookupError` for what
        `read` never gives.
    apply : callable
        Puts it back; can't fail.
    """

    read: Callable[[], Mapping[str, Any]]
    taken: Callable[[Mapping[str, Any]], Any]
    apply: Callable[[Any], None]


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

    def taken(self, view: Mapping[str, Any]) -> tuple[list[Callable[[], None]], list[str]]:
        """What looks where a project looked, to be called, and the names of parts that make no sense."""
        looks: list[Callable[[], None]] = []
        senseless = []
        for name, values in view.items():
            kept = self._parts.get(name)
            if kept is None:
                continue
            try:
                if not isinstance(values, Mapping):
                    raise ValueError("no table of values")
                looks.append(partial(kept.apply, kept.taken(values)))
            except (ValueError, LookupError):
                senseless.append(name)
        return looks, senseless
