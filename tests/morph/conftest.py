"""Two smooth pictures and pairs between them, for all tests of morphs."""

from __future__ import annotations

import numpy as np
import pytest

from studio.pairs import PairSet
from studio.picture import Picture

SIZE = (96, 64)


def scene(size: tuple[int, int] = SIZE, phase: float = 0.0, alpha: bool = False) -> Picture:
    """Waves of colour, smooth enough that a thirty-second of a pixel is below one step of 255."""
    width, height = size
    y, x = np.mgrid[:height, :width] / np.asarray([height, width]).reshape(2, 1, 1)
    bands = [127 + 120 * np.sin(5 * x + k + phase) * np.cos(4 * y - k * phase) for k in range(3)]
    if alpha:
        bands.append(255 * np.clip(1.6 - 2.4 * np.hypot(x - 0.5 + 0.1 * phase, y - 0.5), 0, 1))
    return Picture.from_array(np.rint(np.dstack(bands)).astype(np.uint8), f"scene {phase}")


@pytest.fixture
def a() -> Picture:
    return scene()


@pytest.fixture
def b() -> Picture:
    return scene(phase=1.3)


@pytest.fixture
def pairs() -> PairSet:
    points = np.array([[15, 12], [70, 14], [48, 32], [20, 50], [80, 52]], dtype=float)
    return PairSet.from_arrays(points, points + np.array([[4, 3], [-5, 2], [3, -4], [2, -3], [-3, -4]]))
