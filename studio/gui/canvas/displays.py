"""The levels for the screen that belong to each picture, as long as somebody holds the picture."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from studio.gui.canvas.items import DisplayPicture
from studio.picture import Picture

_displays: WeakKeyDictionary[Picture, DisplayPicture] = WeakKeyDictionary()


def remember(picture: Picture, display: DisplayPicture) -> None:
    """Keep what was made off the GUI thread."""
    _displays[picture] = display


def display_of(picture: Picture) -> DisplayPicture:
    """What was kept, or made now if nothing was."""
    display = _displays.get(picture)
    if display is None:
        display = DisplayPicture.of(picture)
        remember(picture, display)
    return display


def level_within(picture: Picture, side: int) -> npt.NDArray[np.uint8]:
    """(h, w, 3|4): the largest level within `side`, or the smallest there is."""
    levels = display_of(picture).levels
    return next((level for level in levels if max(level.shape[:2]) <= side), levels[-1])
