"""Numbers that do not fill their type: from what a file holds to 16 bits from black to white."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.codecs.bands import Band, Deep
from studio.language import tr

_DARK = 4095
"""A picture of 16 bits whose lightest value is no more than this (12 bits, a sixteenth of white) was not meant so."""
_WHITES = (255, 1023, _DARK)


def to_deep(values: npt.NDArray[Any], limits: tuple[float, float] | None = None) -> tuple[Deep, str]:
    """Numbers of any type, (h, w, channels), as uint16, and a note if they were stretched.

    Integers from 0 to 65535 stay what they are, floats in [0, 1] fill the range. Others are stretched from their
    least to their largest value, or over `limits` if the file tells these and all values lie within; what is not
    finite counts as 0.
    """
    is_float = values.dtype.kind == "f"
    wide = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(wide.min()), float(wide.max())
    notes = []
    if limits is not None and limits[0] <= low and high <= limits[1] and limits[0] < limits[1]:
        low, high = limits
    elif is_float and low >= 0.0 and high <= 1.0:
        low, high = 0.0, 1.0
    elif not is_float and low >= 0.0 and high <= 65535.0:
        return values.astype(np.uint16), ""
    if (low, high) != (0.0, 1.0) or not is_float:
        notes = [
            tr("Its values from {low:.6g} to {high:.6g} are shown stretched from black to white.", low=low, high=high)
        ]
        wide = (wide - low) / ((high - low) or 1.0)
    if is_float and not np.isfinite(values).all():
        notes.append(tr("Some of its values are not numbers and count as 0."))
    return np.rint(wide * 65535.0).astype(np.uint16), " ".join(notes)


def filled(bands: Iterable[Band], stated: int) -> tuple[Iterable[Band], str]:
    """The bands with all of their 16 bits used, and a note if that made them lighter.

    Parameters
    ----------
    bands : can be run through more than once
    stated : the largest value that the file tells of; 65535 if it does not

    Returns
    -------
    (bands, note)
        The same bands and "" if some value lies above what is stated, or, where nothing is, above 12 bits.
    """
    if not 0 < stated < 65535:
        stated = 65535
    least = stated if stated < 65535 else _DARK
    lightest = opacity = 0
    coming = iter(bands)
    for number, band in enumerate(coming):
        # What was decoded for this look is used, if it is not too much to hold; the first band settles it mostly.
        again = chain([band], coming) if number == 0 else bands
        if not isinstance(band, np.ndarray):
            return again, ""
        has_alpha = band.shape[-1] in (2, 4)
        colours = band[..., :-1] if has_alpha else band
        lightest = max(lightest, int(colours.max()))
        opacity = max(opacity, int(band[..., -1].max()) if has_alpha else 0)
        if lightest > least:
            return again, ""
    if not lightest:
        return bands, ""
    white = stated if stated < 65535 else next(one for one in _WHITES if lightest <= one)
    note = tr(
        "Only {bits} of its 16 bits are used: it is shown lighter, with {white} as white.",
        bits=white.bit_length(),
        white=white,
    )
    return _Lighter(bands, white, opacity), note


class _Lighter:
    """Bands whose values up to `white` are spread over 16 bits; alpha too, unless its own values reach further."""

    def __init__(self, bands: Iterable[Band], white: int, opacity: int) -> None:
        self._bands, self._white, self._opacity = bands, white, opacity

    def __iter__(self) -> Iterator[Band]:
        steps = np.rint(np.minimum(np.arange(65536) / self._white, 1.0) * 65535.0).astype(np.uint16)
        for band in self._bands:
            pixels = steps[np.asarray(band)]
            if band.shape[-1] in (2, 4) and self._opacity > self._white:  # type: ignore[union-attr]
                pixels[..., -1] = np.asarray(band)[..., -1]
            yield pixels
