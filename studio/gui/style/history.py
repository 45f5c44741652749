"""What a style run has shown so far, to look back at. Knows no Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from studio.arrays import Pixels

MOST_MOMENTS = 120
MOST_BYTES = 192 << 20
"""Memory that the pictures of one run may take."""


@dataclass(frozen=True, eq=False)
class Moment:
    """One picture on the way.

    Attributes
    ----------
    image : (h, w, 3|4) uint8
    step, steps : int
        Steps done, and how many there will be over all scales.
    losses : dict
        Weighted terms at this step, by name.
    scale : (int, int) or None
        Width and height of the run at this step, where `image` is a reduced copy.
    full : callable, optional
        Gives the picture that `image` is a reduced copy of: (H, W, 3|4) uint8.
    """

    image: Pixels = field(repr=False)
    step: int
    steps: int
    losses: dict[str, float]
    scale: tuple[int, int] | None = None
    full: Callable[[], Pixels] | None = field(default=None, repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the run at this step."""
        return self.scale or (self.image.shape[1], self.image.shape[0])


class History:
    """The moments of one run, evenly thinned out where there are more than memory should hold."""

    def __init__(self, most: int = MOST_MOMENTS, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._moments: list[Moment] = []
        self._every = 1
        self._seen = 0

    def __len__(self) -> int:
        return len(self._moments)

    def __getitem__(self, index: int) -> Moment:
        return self._moments[index]

    def clear(self) -> None:
        self._moments.clear()
        self._every, self._seen = 1, 0

    def add(self, moment: Moment) -> None:
        """Take in the newest moment; it stays until the next one comes, every so many-th for good."""
        if self._moments and (self._seen - 1) % self._every:
            self._moments.pop()  # it was only there as the newest
        self._moments.append(moment)
        self._seen += 1
        while len(self._moments) > 2 and self._is_full:
            # Those that stay are again evenly apart, and the newest is among them.
            newest = self._moments[-1]
            self._every *= 2
            self._moments = self._moments[::2]
            if self._moments[-1] is not newest:
                self._moments.append(newest)

    @property
    def _is_full(self) -> bool:
        return (
            len(self._moments) > self._most or sum(moment.image.nbytes for moment in self._moments) > self._most_bytes
        )

    def nearest(self, step: int) -> int:
        """The index of the moment nearest to a step; there must be one."""
        return min(range(len(self._moments)), key=lambda index: abs(self._moments[index].step - step))
