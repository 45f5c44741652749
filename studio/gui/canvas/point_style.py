"""How points look: their size, and what their colour tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from studio.overlay import Color, pair_color
from studio.pairs import PointPair

Colouring = Literal["by number", "few colours", "by confidence", "one colour"]

# Okabe and Ito (2008), “Color Universal Design”, without black; told apart by all kinds of colour vision.
_FEW: tuple[Color, ...] = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167),
)  # fmt: skip
_ONE: Color = (255, 205, 30)
# From orange over pale to blue, which people who confuse red and green, or yellow and blue, see as different too.
_DOUBTFUL, _MIDDLE, _SURE = (213, 94, 0), (247, 236, 190), (0, 114, 178)


@dataclass(frozen=True, slots=True)
class PointStyle:
    """`size` is the diameter of a sure point, in screen pixels."""

    size: float = 13.0
    colouring: Colouring = "by number"

    def color(self, pair: PointPair) -> Color:
        """The colour of a pair, (r, g, b)."""
        if self.colouring == "few colours":
            return _FEW[(pair.id - 1) % len(_FEW)]
        if self.colouring == "by confidence":
            return confidence_color(pair.confidence)
        return _ONE if self.colouring == "one colour" else pair_color(pair.id)

    def diameter(self, pair: PointPair) -> float:
        """Doubtful points are smaller, never below 60 %."""
        return self.size * (0.6 + 0.4 * min(max(pair.confidence, 0.0), 1.0))


def confidence_color(confidence: float) -> Color:
    """Orange (0) over pale (0.5) to blue (1)."""
    share = min(max(confidence, 0.0), 1.0) * 2
    start, end = (_DOUBTFUL, _MIDDLE) if share < 1 else (_MIDDLE, _SURE)
    share -= share >= 1
    red, green, blue = (round(one + (two - one) * share) for one, two in zip(start, end, strict=True))
    return red, green, blue


_point_style = PointStyle()


def point_style() -> PointStyle:
    """The style in force."""
    return _point_style


def set_point_style(new: PointStyle) -> None:
    """Put a style in force; who draws points has to draw them again."""
    global _point_style
    _point_style = new
