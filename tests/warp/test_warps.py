"""All warps behind their one contract: closed forms, degenerate points, accuracy of the grid, folds."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from studio.pairs import PairSet
from studio.warp import field as fields
from studio.warp.contract import FieldSeries, WarpError, backward_field, field_between
from studio.warp.controls import control_points, frame_size
from studio.warp.field import Field
from studio.warp.fields import moving_least_squares
from studio.warp.jacobian import at_nodes, determinants, foldover
from studio.warp.options import WarpKind, WarpOptions
from studio.warp.point_warp import PointWarp
from studio.warp.splines import ThinPlate

KINDS = [kind for kind in get_args(WarpKind) if kind != "halfway"]
SIZE = (320, 200)


def smooth_pairs(size: tuple[int, int], count: int = 20, seed: int = 0, strength: float = 0.03) -> PairSet:
    """Scattered points that move as on waves: a warp that does not fold."""
    rng = np.random.default_rng(seed)
    unit = rng.uniform(0.08, 0.92, (count * 8, 2))
    kept: list[np.ndarray] = []
    for point in unit:
        if all(np.hypot(*(point - other)) > 0.1 for other in kept) and len(kept) < count:
            kept.append(point)
    a = np.asarray(kept)
    b = a + strength * np.stack([np.sin(6 * a[:, 1]), np.cos(5 * a[:, 0])], axis=1)
    return PairSet.from_arrays(a * size, b * size)


def warp_of(
    pairs: PairSet, kind: str, border: str = "corners", size: tuple[int, int] = SIZE, **more: object
) -> PointWarp:
    options = WarpOptions.from_dict({"warp": kind, "border": border, **more})
    return PointWarp(control_points(pairs, size, size, size, options), options)


@pytest.mark.parametrize("border", ["free", "corners", "edges"])
@pytest.mark.parametrize("kind", KINDS)
def test_equal_points_leave_everything_in_place(kind: str, border: str) -> None:
    points = smooth_pairs(SIZE).a
    for t in (0.0, 0.3, 1.0):
        for field in warp_of(PairSet.from_arrays(points, points), kind, border).fields(t):
            y, x = np.mgrid[: SIZE[1], : SIZE[0]]
            np.testing.assert_allclose(field.dense(), np.dstack([x, y]), rtol=0, atol=2e-3)


@pytest.mark.parametrize("border", ["free", "corners", "edges"])
@pytest.mark.parametrize("kind", KINDS)
def test_points_travel_on_straight_lines(kind: str, border: str) -> None:
    pairs = smooth_pairs(SIZE)
    series = FieldSeries(warp_of(pairs, kind, border))
    series.prepare()
    for t in (0.0, 0.13, 0.5, 0.77, 1.0):
        on_the_way = (1 - t) * pairs.a + t * pairs.b
        for found in (series.warp.fields(t), series.at(t)):
            assert np.abs(found[0].at(on_the_way) - pairs.a).max() < 0.05
            assert np.abs(found[1].at(on_the_way) - pairs.b).max() < 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_the_ends_are_exactly_in_place(kind: str) -> None:
    series = FieldSeries(warp_of(smooth_pairs(SIZE), kind))
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    for field in (series.at(0.0)[0], series.at(1.0)[1]):
        np.testing.assert_allclose(field.dense(), np.dstack([x, y]), rtol=0, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_interpolated_moments_are_near_the_exact_ones(kind: str) -> None:
    series = FieldSeries(warp_of(smooth_pairs(SIZE), kind))
    limit = 0.1 if kind != "delaunay" else 0.4
    for t in (0.07, 0.31, 0.62, 0.9):
        for exact, found in zip(series.warp.fields(t), series.at(t), strict=True):
            assert np.abs(exact.dense() - found.dense()).max() < limit


@pytest.mark.parametrize("size", [(320, 200), (1280, 720)])
@pytest.mark.parametrize("kind", ["mls-rigid", "mls-affine", "tps"])
def test_the_grid_loses_less_than_a_tenth_of_a_pixel(kind: str, size: tuple[int, int]) -> None:
    pairs = smooth_pairs(size)
    warp = warp_of(pairs, kind, size=size)
    t = 0.4
    places = np.random.default_rng(1).uniform(0, 1, (4000, 2)) * (np.asarray(size) - 1)
    centres, targets = warp.controls.at(t), warp.controls.a
    expected = (
        ThinPlate(centres, targets)(places)
        if kind == "tps"
        else moving_least_squares(places, centres, targets, kind.removeprefix("mls-"))  # type: ignore[arg-type]
    )
    error = np.abs(warp.fields(t)[0].at(places) - expected).max(axis=1)
    assert np.quantile(error, 0.99) < 0.05
    assert error.max() < 0.3


def test_a_dense_field_is_what_the_nodes_say() -> None:
    field = warp_of(smooth_pairs(SIZE), "tps").fields(0.3)[0]
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    expected = field.at(np.stack([x, y], axis=-1).reshape(-1, 2)).reshape(*x.shape, 2)
    np.testing.assert_allclose(field.dense(), expected, rtol=0, atol=1e-3)
    np.testing.assert_array_equal(field.dense(64, 130), field.dense()[64:130])


def test_triangles_are_affine_inside_and_continuous_across() -> None:
    from scipy.interpolate import LinearNDInterpolator

    pairs = smooth_pairs(SIZE)
    warp = warp_of(pairs, "delaunay", "edges")
    centres = warp.controls.at(0.5)
    reference = LinearNDInterpolator(centres, warp.controls.a)
    places = np.random.default_rng(2).uniform(0.1, 0.9, (3000, 2)) * SIZE
    error = np.abs(warp.fields(0.5)[0].at(places) - reference(places)).max(axis=1)
    assert np.median(error) < 0.02
    assert error.max() < 1.0
    dense = warp.fields(0.5)[0].dense()
    for axis in (0, 1):
        assert np.abs(np.diff(dense, axis=axis)).max() < 3.0  # no seam: neighbours are looked up beside each other


@pytest.mark.parametrize("border", ["corners", "edges"])
@pytest.mark.parametrize("kind", KINDS)
def test_borders_hold(kind: str, border: str) -> None:
    series = warp_of(smooth_pairs(SIZE, strength=0.06), kind, border)
    dense = series.fields(0.5)[0].dense()
    width, height = SIZE
    for y, x in ((0, 0), (0, width - 1), (height - 1, 0), (height - 1, width - 1)):
        assert np.abs(dense[y, x] - [x, y]).max() < 1.0
    if border == "edges":
        assert np.abs(dense[0, :, 1]).max() < 0.3
        assert np.abs(dense[:, -1, 0] - (width - 1)).max() < 0.3


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "delaunay"])
def test_few_points_move_everything_together(kind: str) -> None:
    places = np.array([[5.0, 5.0], [300.0, 20.0], [150.0, 190.0]])
    one = PairSet.from_arrays([[100, 100]], [[120, 90]])
    into_a, into_b = warp_of(one, kind, "free").fields(0.25)
    np.testing.assert_allclose(into_a.at(places), places - [5, -2.5], atol=1e-3)
    np.testing.assert_allclose(into_b.at(places), places + np.array([15, -7.5]), atol=1e-3)
    # Two points that turn by 90 degrees about (150, 100): at t = 1, A is looked up turned back.
    two = PairSet.from_arrays([[110, 100], [190, 100]], [[150, 60], [150, 140]])
    back = warp_of(two, kind, "free").fields(1.0)[0].at(places) - [150, 100]
    offset = places - [150, 100]
    np.testing.assert_allclose(back, np.stack([offset[:, 1], -offset[:, 0]], axis=1), atol=0.02)


@pytest.mark.parametrize("border", ["free", "corners", "edges"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([[10, 10], [50, 50], [90, 90], [130, 130]], [[12, 10], [50, 55], [95, 90], [130, 131]]),  # a line
        ([[10, 10], [10, 10], [90, 40]], [[20, 20], [60, 10], [90, 45]]),  # one point twice
        ([[10, 10], [90, 10], [50, 90]], [[90, 10], [10, 10], [50, 90]]),  # two change places
        ([[10, 10]] * 3, [[30, 30]] * 3),  # all the same
        ([[-500, 10], [4000, 90], [50, 90]], [[90, -900], [10, 10], [50, 90]]),  # far outside
    ],
)
def test_degenerate_points_stay_finite(kind: str, border: str, a: list, b: list) -> None:
    series = FieldSeries(warp_of(PairSet.from_arrays(a, b), kind, border))
    for t in (0.0, 0.5, 0.8, 1.0):
        for found in (series.warp.fields(t), series.at(t)):
            assert all(np.isfinite(field.nodes).all() for field in found)


def notes(a: list, b: list, border: str = "free") -> str:
    options = WarpOptions.from_dict({"border": border})
    return " ".join(control_points(PairSet.from_arrays(a, b, origin="placed"), SIZE, SIZE, SIZE, options).notes)


def test_what_points_cannot_determine_is_said_in_words() -> None:
    assert "no pairs" in notes([], [])
    assert "only shifted" in notes([[1, 1]], [[2, 2]])
    assert "turned" in notes([[1, 1], [50, 9]], [[2, 2], [60, 9]])
    assert "one line" in notes([[1, 1], [50, 50], [90, 90]], [[2, 2], [60, 9], [90, 9]])
    assert "Pairs 1 and 2" in notes([[1, 1], [1, 1], [90, 9]], [[2, 2], [60, 9], [90, 9]])
    assert not notes([[1, 1], [50, 9], [9, 90]], [[2, 2], [60, 9], [9, 80]])


def test_folds_are_found_where_they_are() -> None:
    fair = warp_of(smooth_pairs(SIZE), "tps")
    assert foldover(*fair.fields(0.5)).bijective
    assert foldover(*fair.fields(0.5)).smallest > 0.3
    # Two points that change places fold what lies between them.
    crossed = PairSet.from_arrays([[140, 100], [180, 100], [160, 60]], [[180, 100], [140, 100], [160, 60]])
    found = foldover(warp_of(crossed, "tps", untangle=False).fields(1.0)[0])
    assert not found.bijective
    assert found.smallest < 0
    assert np.abs(found.places.mean(axis=0) - [160, 100]).max() < 30
    assert 0 < found.share < 0.5


def areas(field: Field) -> np.ndarray:
    """(h, w): what one pixel of the frame looks up, as the picture of the folds shows it."""
    return field.spread(at_nodes(determinants(field).mean(axis=0)))


def test_determinants_agree_with_differences_of_the_dense_field() -> None:
    field = warp_of(smooth_pairs(SIZE), "tps").fields(0.7)[0]
    dense = field.dense().astype(np.float64)
    (xy, xx), (yy, yx) = np.gradient(dense[..., 0]), np.gradient(dense[..., 1])
    expected = xx * yy - xy * yx
    error = np.abs(areas(field) - expected)[2:-2, 2:-2]
    assert error.max() < 0.05
    scaled = PairSet.from_arrays([[100, 50], [200, 150]], [[50, 0], [250, 200]])  # twice as large about (150, 100)
    area = areas(warp_of(scaled, "mls-similarity", "free").fields(1.0)[0])
    np.testing.assert_allclose(area, 0.25, atol=1e-3)


def test_smoothing_bends_less_and_misses_the_points() -> None:
    pairs = smooth_pairs(SIZE)
    noisy = PairSet.from_arrays(pairs.a, pairs.b + np.random.default_rng(3).normal(0, 6, pairs.b.shape))
    tight, loose = (warp_of(noisy, "tps", smoothing=value).fields(1.0)[0] for value in (0.0, 0.5))
    bending = [np.abs(np.diff(field.nodes, 2, axis=1)).sum() for field in (tight, loose)]
    assert bending[1] < 0.7 * bending[0]
    assert np.abs(loose.at(noisy.b) - noisy.a).max() > 1.0


def test_the_contract_for_pictures_of_different_sizes() -> None:
    size_a, size_b = (100, 80), (400, 200)
    a = np.array([[10, 10], [90, 15], [50, 70]])
    b = np.array([[60, 20], [370, 30], [180, 190]])
    pairs = PairSet.from_arrays(a, b)
    options = WarpOptions(warp="tps", border="free")
    assert np.abs(field_between(pairs, size_a, size_b, options).at(b) - a).max() < 0.1
    frame = frame_size(size_a, size_b, "between")
    assert frame == (250, 140)
    middle = backward_field(pairs, 0.5, frame, options, size_a, size_b)
    scale_a, scale_b = np.asarray(frame) / size_a, np.asarray(frame) / size_b
    place = ((a + 0.5) * scale_a + (b + 0.5) * scale_b) / 2 - 0.5
    assert np.abs(middle.at(place) - ((a + 0.5) * scale_a - 0.5)).max() < 0.1
    with pytest.raises(WarpError, match="between 0 and 1"):
        backward_field(pairs, 1.5, frame, options, size_a, size_b)


def test_disabled_pairs_do_not_count() -> None:
    from dataclasses import replace

    pairs = smooth_pairs(SIZE)
    off = PairSet(tuple(replace(pair, enabled=False) for pair in pairs))
    assert warp_of(off, "tps").controls.pairs == 0


def test_a_field_is_carried_over_to_a_feature_map() -> None:
    field = warp_of(smooth_pairs(SIZE), "tps").fields(1.0)[0]
    small = field.rescaled((40, 25), SIZE, (40, 25))
    cells = np.array([[3, 4], [20, 12], [39, 24]])
    expected = (field.at((cells + 0.5) * 8 - 0.5) + 0.5) / 8 - 0.5
    assert np.abs(small.at(cells) - expected).max() < 0.1


def test_identity() -> None:
    np.testing.assert_array_equal(fields.identity((9, 5)).dense()[4, 8], [8, 4])
