"""Colours for numbers, chosen so that people who confuse red and green can read them too."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_STOPS = np.asarray(
    [
        (33, 102, 172, 225), (103, 169, 207, 175), (209, 229, 240, 60),
        (247, 247, 247, 0),
        (253, 219, 150, 60), (241, 151, 60, 175), (166, 84, 4, 225),
    ],
    np.float32,
)  # fmt: skip
"""From blue over nothing to orange: after ColorBrewer's diverging maps by Cynthia Brewer."""
_STEPS = 255
_TABLE = np.stack(
    [np.interp(np.linspace(0, len(_STOPS) - 1, _STEPS), np.arange(len(_STOPS)), _STOPS[:, k]) for k in range(4)], axis=1
).astype(np.uint8)


def diverging(values: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """(..., 4) RGBA for values of -1 (blue) to 1 (orange), clipped; 0 is transparent."""
    index = np.clip((values + 1.0) * (_STEPS / 2), 0, _STEPS - 1).astype(np.uint8)
    coloured: npt.NDArray[np.uint8] = _TABLE[index]
    return coloured


def diverging_table() -> npt.NDArray[np.uint8]:
    """(255, 4) RGBA of the values from -1 to 1."""
    return _TABLE
