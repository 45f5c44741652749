"""Curves over time through key points: monotone cubics, which go through every point and overshoot none."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from itertools import pairwise

from studio.language import tr

Keys = tuple[tuple[float, float], ...]
"""(time, value) of each key point, both 0 to 1, in the order of time, from (0, 0) to (1, 1)."""

MOST_KEYS = 32
CLOSEST = 0.01
"""Least time between two key points."""
ENDS: Keys = ((0.0, 0.0), (1.0, 1.0))


def keys_of(text: str) -> Keys:
    """The key points of a text like “0:0, 0.3:0.1, 1:1”; the ends may be left out.

    Raises
    ------
    ValueError
        With a sentence for the person.
    """
    points = []
    for part in filter(None, (word.strip() for word in text.split(","))):
        when, separator, what = part.partition(":")
        try:
            point = float(when), float(what)
        except ValueError:
            point = (-1.0, -1.0)
        if not separator or not all(0.0 <= number <= 1.0 for number in point):
            raise ValueError(
                tr("key points are written as time:value, both 0 to 1, like “0:0,0.3:0.1,1:1”, not “{text}”", text=part)
            )
        points.append(point)
    if not points:
        raise ValueError(tr("a curve is “linear”, “ease”, “custom” or its key points, like “0:0,0.3:0.1,1:1”"))
    inner = sorted(point for point in points if point not in ENDS)
    keys = (ENDS[0], *inner, ENDS[1])
    if len(keys) > MOST_KEYS:
        raise ValueError(tr("a curve has {most} key points at most", most=MOST_KEYS))
    for (earlier, _), (later, value) in pairwise(keys):
        if later - earlier < CLOSEST - 1e-9:
            raise ValueError(
                tr(
                    "key points lie at least {least} apart in time, and a curve begins at 0:0 and ends at 1:1: not so "
                    "at {time}:{value}",
                    least=f"{CLOSEST:g}",
                    time=f"{later:g}",
                    value=f"{value:g}",
                )
            )
    return keys


def text_of(keys: Keys) -> str:
    """As `keys_of` reads them, to four decimals."""
    return ",".join(f"{time:.4g}:{value:.4g}" for time, value in keys)


def through(text: str, t: float) -> float:
    """The value at the time `t`, 0 to 1, of the curve through the key points of `text`, which `keys_of` reads.

    The piecewise cubic of Fritsch and Butland 1984: between two key points it stays between their values.
    """
    keys, slopes = _prepared(text)
    t = min(max(t, 0.0), 1.0)
    index = min(bisect_right(keys, (t, 2.0)), len(keys) - 1) - 1
    (start, low), (end, high) = keys[index], keys[index + 1]
    width = end - start
    share = (t - start) / width
    rest = 1.0 - share
    value = (
        rest * rest * ((1.0 + 2.0 * share) * low + share * width * slopes[index])
        + share * share * ((1.0 + 2.0 * rest) * high - rest * width * slopes[index + 1])
    )  # fmt: skip
    return min(max(value, 0.0), 1.0)


@lru_cache(maxsize=64)
def _prepared(text: str) -> tuple[Keys, tuple[float, ...]]:
    keys = keys_of(text)
    widths = [later[0] - earlier[0] for earlier, later in pairwise(keys)]
    rises = [(later[1] - earlier[1]) / width for (earlier, later), width in zip(pairwise(keys), widths, strict=True)]
    if len(rises) == 1:
        return keys, (rises[0], rises[0])
    inner = [
        _middle(*of_widths, *of_rises) for of_widths, of_rises in zip(pairwise(widths), pairwise(rises), strict=True)
    ]
    first = _end(widths[0], widths[1], rises[0], rises[1])
    last = _end(widths[-1], widths[-2], rises[-1], rises[-2])
    return keys, (first, *inner, last)


def _middle(width: float, next_width: float, rise: float, next_rise: float) -> float:
    """The slope at a key point: flat where the curve turns, else a harmonic mean of what is beside it."""
    if rise * next_rise <= 0.0:
        return 0.0
    near, far = 2.0 * next_width + width, next_width + 2.0 * width
    return (near + far) / (near / rise + far / next_rise)


def _end(width: float, next_width: float, rise: float, next_rise: float) -> float:
    """The slope at an end: that of a parabola through three points, as far as it does not turn."""
    slope = ((2.0 * width + next_width) * rise - width * next_rise) / (width + next_width)
    if slope * rise <= 0.0:
        return 0.0
    return 3.0 * rise if rise * next_rise < 0.0 and abs(slope) > 3.0 * abs(rise) else slope
