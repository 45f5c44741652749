"""When what is shown: curves over time, and the moments of a film."""

from __future__ import annotations

from studio.morph.curves import through
from studio.morph.options import CURVES, Loop, MorphOptions

_SPEEDS = {"linear": (1.0, 1.0), "ease": (0.0, 0.0)}


def shape_at(t: float, options: MorphOptions) -> float:
    """How far the shapes have moved at the moment `t`, both 0 to 1."""
    return _curve(t, options.shape_curve, options.shape_start, options.shape_end)


def colour_at(t: float, options: MorphOptions) -> float:
    """How far the colours have faded at the moment `t`, both 0 to 1."""
    return _curve(t, options.colour_curve, options.colour_start, options.colour_end)


def _curve(t: float, curve: str, start: float, end: float) -> float:
    """Hermite's cubic from (0, 0) to (1, 1) with given slopes, which never turns back for slopes of 0 to 3.

    Or a cubic through key points, if `curve` is these.
    """
    if curve not in CURVES:
        return through(curve, t)
    t = min(max(t, 0.0), 1.0)
    if curve == "linear":
        return t
    start, end = _SPEEDS.get(curve, (start, end))
    value = t * (start + t * (3.0 - 2.0 * start - end + t * (start + end - 2.0)))
    return min(max(value, 0.0), 1.0)


def moments(count: int, loop: Loop) -> list[float]:
    """The moments of the frames of a film, `count` from A to B; "ping-pong" comes back without repeating the ends."""
    there = [index / (count - 1) for index in range(count)]
    return there + there[-2:0:-1] if loop == "ping-pong" else there
