"""Pictures through fields: against a plain loop, on both devices, and mirrored beyond the edge."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.pairs import PairSet
from studio.warp import field as fields
from studio.warp.apply import warp_picture, warp_tensor
from studio.warp.controls import control_points
from studio.warp.field import Field
from studio.warp.options import WarpOptions
from studio.warp.point_warp import PointWarp

SIZE = (70, 50)


def a_field(size: tuple[int, int] = SIZE) -> Field:
    pairs = PairSet.from_arrays([[10, 10], [55, 14], [30, 40]], [[16, 13], [50, 20], [33, 30]])
    options = WarpOptions(warp="tps", border="free")
    return PointWarp(control_points(pairs, size, size, size, options), options).fields(0.6)[0]


def mirrored(index: int, length: int) -> int:
    """Where a mirror at the edge of the outermost pixel sends `index`."""
    return min(index % (2 * length), 2 * length - 1 - index % (2 * length))


def plain(picture: np.ndarray, lookups: np.ndarray) -> np.ndarray:
    """Bilinear lookup in float64, one pixel at a time, mirrored outside."""
    height, width = picture.shape[:2]
    out = np.empty((*lookups.shape[:2], *picture.shape[2:]))
    for row, column in np.ndindex(*lookups.shape[:2]):
        x, y = lookups[row, column]
        left, top = math.floor(x), math.floor(y)
        u, v = x - left, y - top
        total = np.zeros(picture.shape[2:])
        for dx, dy, weight in ((0, 0, (1 - u) * (1 - v)), (1, 0, u * (1 - v)), (0, 1, (1 - u) * v), (1, 1, u * v)):
            total = total + weight * picture[mirrored(top + dy, height), mirrored(left + dx, width)]
        out[row, column] = total
    return out


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_agrees_with_a_plain_loop(kind: type) -> None:
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    smooth = np.dstack([120 + 100 * np.sin(x / 9), 120 + 90 * np.cos(y / 7), 2.0 * x])
    picture = smooth.round().astype(kind) if kind is not np.float32 else smooth.astype(kind)
    field = a_field()
    expected = plain(picture.astype(np.float64), field.dense().astype(np.float64))
    # A lookup is rounded to 1/32 px; this picture climbs by 13 a pixel at most.
    assert np.abs(warp_picture(picture, field).astype(np.float64) - expected).max() < 0.5 + 13 * 2 / 64


def test_torch_gives_the_same_picture_even_where_it_is_rough() -> None:
    import torch

    picture = np.random.default_rng(0).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    field = a_field()
    tensor = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    found = warp_tensor(tensor, field)[0].permute(1, 2, 0).numpy()
    assert np.abs(found - warp_picture(picture, field).astype(np.float64)).max() <= 1.0


def test_feature_maps_keep_their_gradient() -> None:
    import torch

    maps = torch.rand(2, 5, 25, 35, requires_grad=True)
    pulled = warp_tensor(maps, a_field().rescaled((35, 25), SIZE, (35, 25)))
    assert pulled.shape == (2, 5, 25, 35)
    pulled.sum().backward()
    assert maps.grad is not None
    assert torch.isfinite(maps.grad).all()


def test_a_shift_is_a_shift_and_the_edge_is_a_mirror() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    shifted = fields.from_lookups(SIZE, fields.node_points(SIZE) + np.array([6, -4]))
    found = warp_picture(picture, shifted)
    np.testing.assert_array_equal(found[4:, :-6], picture[:-4, 6:])
    np.testing.assert_array_equal(found[:4, :-6], picture[3::-1, 6:])
    np.testing.assert_array_equal(found[4:, -6:], picture[:-4, :-7:-1])
