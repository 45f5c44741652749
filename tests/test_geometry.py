"""The coordinate conventions, by what they mean: centres, blocks, edges."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from studio import geometry


def test_an_empty_list_of_points_has_two_columns() -> None:
    assert geometry.as_points([]).shape == (0, 2)
    assert geometry.as_points((3, 4)).tolist() == [[3.0, 4.0]]


@pytest.mark.parametrize("stride", [1, 2, 4, 8, 16])
def test_a_cell_maps_to_the_mean_of_the_pixels_of_its_block(stride: int) -> None:
    for cell in ((0, 0), (3, 1), (2, 5)):
        pixels = [(x, y) for y in range(cell[1] * stride, (cell[1] + 1) * stride)
                  for x in range(cell[0] * stride, (cell[0] + 1) * stride)]  # fmt: skip
        assert geometry.cell_to_pixel([cell], stride)[0] == pytest.approx(np.mean(pixels, axis=0))
        for pixel in pixels:
            assert geometry.pixel_to_cell([pixel], stride, (20, 20)).tolist() == [list(cell)]


def test_points_beyond_the_grid_belong_to_its_rim() -> None:
    points = [(-9.0, 3.0), (31.0, 99.0), (-0.5, -0.5), (30.4, 15.4)]
    assert geometry.pixel_to_cell(points, 4, (8, 4)).tolist() == [[0, 0], [7, 3], [0, 0], [7, 3]]


@pytest.mark.parametrize("stride", [2.5, 7.3])
def test_strides_need_not_be_whole(stride: float) -> None:
    cells = np.stack(np.meshgrid(np.arange(9), np.arange(7)), axis=-1).reshape(-1, 2)
    assert np.array_equal(geometry.pixel_to_cell(geometry.cell_to_pixel(cells, stride), stride, (9, 7)), cells)


def test_rescaling_follows_pillow() -> None:
    """The centre of mass of a bright spot, before and after Pillow has resized the picture."""
    old, new = (120, 90), (300, 150)
    for center in ((30.0, 40.0), (80.5, 20.25)):
        x, y = np.meshgrid(np.arange(old[0]), np.arange(old[1]))
        spot = 255 * np.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / 40)
        resized = np.asarray(Image.fromarray(spot.astype(np.float32)).resize(new, Image.Resampling.BICUBIC))
        mass = resized / resized.sum()
        found = (mass.sum(axis=0) @ np.arange(new[0]), mass.sum(axis=1) @ np.arange(new[1]))
        assert geometry.rescale([center], old, new)[0] == pytest.approx(found, abs=0.05)


def test_rescaling_keeps_the_outer_edges() -> None:
    edges = [(-0.5, -0.5), (119.5, 89.5)]
    assert geometry.rescale(edges, (120, 90), (37, 411)).tolist() == [[-0.5, -0.5], [36.5, 410.5]]


def test_normalised_units() -> None:
    assert geometry.normalise([(-0.5, -0.5), (99.5, 49.5), (49.5, 24.5)], (100, 50)).tolist() == [
        [0, 0],
        [1, 1],
        [0.5, 0.5],
    ]
    points = np.random.default_rng(0).normal(0, 300, (50, 2))
    assert np.allclose(geometry.denormalise(geometry.normalise(points, (640, 417)), (640, 417)), points)


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (7, 7), (1, 3000), (3000, 1), (333, 1000)])
@pytest.mark.parametrize("side", [1, 224, 1000, 4096])
def test_fitting_keeps_the_longest_side_and_the_aspect(size: geometry.Size, side: int) -> None:
    width, height = geometry.fit_within(size, side)
    assert max(width, height) == side and min(width, height) >= 1
    exact = min(size) * side / max(size)
    assert min(width, height) == pytest.approx(max(exact, 1), abs=0.5)
    assert (width >= height) == (size[0] >= size[1]) or width == height


def test_shrinking_never_enlarges() -> None:
    assert geometry.shrink_within((100, 50), 200) == (100, 50)
    assert geometry.shrink_within((100, 50), 100) == (100, 50)
    assert geometry.shrink_within((100, 50), 10) == (10, 5)


def test_rounding_up() -> None:
    assert [geometry.round_up(length, 16) for length in (0, 1, 16, 17, 224)] == [0, 16, 16, 32, 224]
