"""Control points of a warp, in pixels of one frame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from studio.arrays import Points, Size


@dataclass(frozen=True, eq=False)
class Controls:
    """Points of both pictures in pixels of one frame.

    Attributes
    ----------
    size : (int, int)
        (width, height) of the frame.
    a, b : (N, 2)
        Where each point is in A and in B: first those of the pairs, untangled if that is asked for, then those
        that hold the border.
    ids : tuple of int
        The numbers of the pairs, those left out not among them.
    bows : (N, 2), optional
        How far beside its straight way each point is half-way (`studio.warp.ways`); None for straight ways.
    notes : tuple of str
        Sentences for a person: what the points can't determine.
    """

    size: Size
    a: Points
    b: Points
    ids: tuple[int, ...] = ()
    notes: tuple[str, ...] = field(default=())
    bows: Points | None = None

    @property
    def pairs(self) -> int:
        """How many of the points come from pairs; they are the first."""
        return len(self.ids)

    def at(self, t: float) -> Points:
        """(N, 2) points on their way from A to B, a straight one but for those that would run into each other."""
        straight = (1.0 - t) * self.a + t * self.b
        return straight if self.bows is None else straight + 4.0 * t * (1.0 - t) * self.bows

    @property
    def moves(self) -> Points:
        """(N, 2) from A to B."""
        return self.b - self.a

    def swapped(self) -> Controls:
        """With the pictures exchanged."""
        return replace(self, a=self.b, b=self.a)
