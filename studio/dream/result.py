"""What dreams give; nothing here needs torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from studio.picture import Picture


@dataclass(frozen=True, eq=False)
class Dreamed:
    """Pictures that were made, with what it takes to make them again.

    Attributes
    ----------
    pictures : tuple of Picture
        One of a dream, several of a unit with many faces.
    values : tuple of float
        What the goal is in each of them: its activation (a score before softmax for a class), or the mean square that
        a dream has raised.
    before : float
        The same in what was started from.
    history : tuple of float
        The values on the way, one a step, the mean of several pictures.
    recipe : dict
        Plain values, fit for JSON.
    """

    pictures: tuple[Picture, ...]
    values: tuple[float, ...]
    before: float
    history: tuple[float, ...] = field(default=(), repr=False)
    recipe: dict[str, Any] = field(default_factory=dict, repr=False)
