"""What shapes, arrays and sides are called in signatures; the conventions are those of `studio.geometry`."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Side = Literal["A", "B"]
"""One of the two pictures."""
SIDES: tuple[Side, Side] = ("A", "B")

Point = tuple[float, float]
"""(x, y), px."""
Size = tuple[int, int]
"""(width, height), px or cells."""
Shape = tuple[int, int]
"""(rows, columns)."""
Box = tuple[float, float, float, float]
"""(left, top, right, bottom), px."""

Points = npt.NDArray[np.float64]
"""(N, 2), (x, y), px."""
Reals = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Complex = npt.NDArray[np.complex128]
"""Points or moves as x + iy."""
Index = npt.NDArray[np.int64]
"""Rows of a table, or (N, 2) cells as (row, column)."""
Indices = npt.NDArray[np.intp]
"""Rows of a table, as numpy's own functions give them."""
Mask = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]
"""(rows, columns, 3 or 4), 0 to 255."""
FloatPixels = npt.NDArray[np.float32]
"""(rows, columns, 3), 0 to 1."""
