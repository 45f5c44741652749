"""Documents made from code."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from studio.document import Document, FurtherPicture, Mask, OptionsChange, PaintedRegion, RegionsChange, Result, Step
from studio.pairs import PairChange, PairSet, PointPair
from studio.picture import Picture, load_bytes


def noise(width: int, height: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def as_png(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def photo() -> Callable[..., Picture]:
    """Makes a picture that came from the bytes of a PNG file."""

    def make(width: int = 80, height: int = 60, seed: int = 0, name: str = "a.png") -> Picture:
        return load_bytes(as_png(noise(width, height, seed)), name)

    return make


def soft(width: int, height: int, seed: int) -> Mask:
    """A painted disk with a soft border."""
    y, x = np.mgrid[:height, :width]
    far = np.hypot(x - seed % width, y - height / 2)
    return Mask.of(np.clip(255 * (height / 3 - far), 0, 255).astype(np.uint8))


@pytest.fixture
def full(photo: Callable[..., Picture]) -> Document:
    """A document with something in every place."""
    before = PairSet.from_arrays([[1, 2], [3, 4.5]], [[5, 6], [7, 8]], rank=[3.5, 1.25], level=2)
    moved = PointPair(1, (1.125, 1 / 3), (5.0, 6.0), 3.5, 0.75, 2, "edited", True, False)
    after = before.with_pair(moved)
    last = after.without([2]).with_pair(PointPair(9, (10, 11), (12, 13)))
    sky, again = PaintedRegion(1, "Sky", soft(80, 60, 11), soft(50, 90, 3)), PaintedRegion(1, "Sky", soft(80, 60, 40))
    eye = PaintedRegion(4, "Eye", None, soft(50, 90, 30))
    turned = OptionsChange({"match": {"pairs": (9, 12)}, "morph": {"warp": ("tps", "mls")}})
    return Document(
        photo(80, 60, 1, "left.png"),
        photo(50, 90, 2, "right.png").flipped(),
        after,
        {2: before, 1: after},
        {"match": {"pairs": 12, "preset": "paper"}, "morph": {"warp": "mls"}},
        {"mode": "match", "A": {"center": [0.5, 0.25], "zoom": 2.0}},
        (Result("style", "Starry", {"steps": 10}, b"\x89PNG...", "2026-01-01T00:00:00"),),
        (
            Step("Match", PairChange.between(PairSet(), before)),
            Step("Move point 1", PairChange.between(before, after)),
            Step("Change Pairs", PairChange((), ()), turned),
            Step("Add and delete", PairChange.between(after, last)),
            Step("Paint Sky in A", PairChange((), ()), regions=RegionsChange((sky, eye), (again, eye))),
        ),
        3,
        True,
        (sky, eye),
        (
            FurtherPicture("morph-001", photo(30, 20, 7, "third.png"), {"pairs": [], "read": True}),
            FurtherPicture("style-001", photo(20, 20, 8, "style.png").flipped(), {"weight": 0.25}),
        ),
    )
