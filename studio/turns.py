"""A picture seen turned by quarters, and mirrored: where its points then lie. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from studio.arrays import Points, Size

if TYPE_CHECKING:
    from torch import Tensor

Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Turn:
    """First mirrored, left to right, if `mirrored`; then turned `quarters` times, 0 to 3, by 90 degrees anticlockwise.

    Sizes are (width, height) and points (x, y) as `studio.geometry` has them.
    """

    quarters: int = 0
    mirrored: bool = False

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return self.mirrored or self.quarters != 0

    @property
    def inverse(self) -> Turn:
        """What takes the turned picture back."""
        return self if self.mirrored else Turn(-self.quarters % 4)

    def size(self, size: Size) -> Size:
        """Of the turned picture, from that of the picture."""
        return (size[1], size[0]) if self.quarters % 2 else size

    def points(self, points: Points, size: Size) -> Points:
        """Where points, (N, 2) in a picture of `size`, lie in the turned one."""
        (x, y), (width, height) = points.T, size
        if self.mirrored:
            x = width - 1 - x
        for _ in range(self.quarters):
            x, y, width, height = y, width - 1 - x, height, width
        return np.stack([x, y], axis=1)

    def array(self, values: npt.NDArray[Value]) -> npt.NDArray[Value]:
        """(h, w) values of the picture as those of the turned one; a view."""
        return np.rot90(values[:, ::-1] if self.mirrored else values, self.quarters)

    def tensor(self, values: Tensor) -> Tensor:
        """The same for (N, C, h, w)."""
        import torch

        return torch.rot90(values.flip(-1) if self.mirrored else values, self.quarters, (-2, -1))


UPRIGHT = Turn()
ALL_TURNS = tuple(Turn(quarters, mirrored) for mirrored in (False, True) for quarters in range(4))
"""The eight ways to see a picture, as it is first."""
