"""What comes out of a stylisation; nothing here needs torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.picture import Picture

if TYPE_CHECKING:
    from studio.style.engine import Outcome
    from studio.style.state import StyleState


@dataclass(frozen=True, eq=False)
class StyleResult:
    """A finished picture, of 16 bits a channel, with what it takes to make it again or go on.

    Attributes
    ----------
    picture : Picture
        At the size asked for, with the content's alpha.
    losses : list of dict
        One entry a step, as in `StylePreview`, with “step”.
    recipe : dict
        Plain values, fit for JSON; see `studio.style.recipe`.
    state : StyleState or None
        To go on from, bit for bit on a CPU: `stylize(..., resume=state)` with more steps. None for what is made in
        one go.
    content : Picture or None
        Whose profile and EXIF a file of it takes.
    notes : tuple of str
        Sentences for a person: what was left out or done otherwise.
    """

    picture: Picture
    losses: list[dict[str, float]] = field(repr=False)
    recipe: dict[str, Any] = field(repr=False)
    state: StyleState | None = field(repr=False)
    content: Picture | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()


def finished(
    outcome: Outcome,
    content: Picture | None,
    name: str,
    recipe: dict[str, Any],
    notes: Sequence[str],
    alpha: npt.NDArray[np.uint8] | None = None,
) -> StyleResult:
    """The result that a person gets, of 16 bits a channel.

    `alpha` is (h, w) uint8, as large as the outcome's pixels.
    """
    picture = picture_of(outcome.pixels, name, alpha)
    return StyleResult(picture, outcome.losses, recipe, outcome.state, content, tuple(notes))


def picture_of(pixels: npt.NDArray[Any], name: str, alpha: npt.NDArray[np.uint8] | None = None) -> Picture:
    """A picture of 16 bits a channel from (h, w, 3) floats in [0, 1], with the opacity (h, w)."""
    levels = np.clip(pixels, 0.0, 1.0)
    levels *= 65535.0  # in place: of a large picture there is room for few copies
    numbers: npt.NDArray[Any] = np.rint(levels, out=levels).astype(np.uint16)
    del levels
    if alpha is not None:
        numbers = np.dstack([numbers, alpha.astype(np.uint16) * np.uint16(257)])
    return Picture.from_array(numbers, name)
