"""Frames of a morph against a slow float64 reading of the same formulas."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest

from studio.morph.options import Mode, MorphOptions, StillOptions
from studio.morph.render import PreparedMorph, prepare, preparing, refining
from studio.morph.sequence import MorphError, MorphSequence, preparing_sequence
from studio.morph.stills import blend_gradients, hybrid, still
from studio.morph.timing import colour_at, moments, shape_at
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import run_to_end
from tests.morph.conftest import SIZE, scene
from tests.warp.test_apply import mirrored

KINDS = ["mls-rigid", "mls-similarity", "mls-affine", "tps", "delaunay"]


def srgb_to_light(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def light_to_srgb(value: float) -> float:
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def look_up(picture: np.ndarray, x: float, y: float) -> np.ndarray:
    height, width = picture.shape[:2]
    left, top = math.floor(x), math.floor(y)
    total = np.zeros(picture.shape[2])
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        weight = abs(1 - dx - (x - left)) * abs(1 - dy - (y - top))
        total += weight * picture[mirrored(top + dy, height), mirrored(left + dx, width)]
    return total


def reference(morph: PreparedMorph, a: np.ndarray, b: np.ndarray, shape: float, colour: float) -> np.ndarray:
    """One frame in float64, pixel by pixel: straight in linear light, colours weighed by opacity."""
    into_a, into_b = (field.dense().astype(np.float64) for field in morph.fields(shape))
    four = a.shape[2] == 4
    out = np.empty(a.shape)
    pictures = []
    for picture in (a, b):
        wide = picture / 255.0
        if four:
            wide[..., :3] *= wide[..., 3:]
        pictures.append(wide)
    for row, column in np.ndindex(*a.shape[:2]):
        values = [look_up(p, *f[row, column]) for p, f in zip(pictures, (into_a, into_b), strict=True)]
        weights = [(1 - colour) * (values[0][3] if four else 1), colour * (values[1][3] if four else 1)]
        opacity = sum(weights)
        for band in range(3):
            light = sum(
                weight * srgb_to_light(value[band] / (value[3] if four and value[3] > 0 else 1))
                for weight, value in zip(weights, values, strict=True)
            )
            out[row, column, band] = light_to_srgb(light / opacity) if opacity > 1e-9 else 0.0
        if four:
            out[row, column, 3] = opacity
    return out * 255.0


@pytest.mark.parametrize("kind", ["mls-rigid", "delaunay"])
def test_frames_agree_with_the_slow_reference(kind: str, a: Picture, b: Picture, pairs: PairSet) -> None:
    morph = prepare(a, b, pairs, MorphOptions.from_dict({"warp": kind}))
    for shape, colour in ((0.3, 0.6), (0.8, 0.5)):
        error = np.abs(morph.frame_at(shape, colour) - reference(morph, a.pixels, b.pixels, shape, colour))
        assert error.max() < 2.0
        assert error.mean() < 0.4


def test_frames_with_alpha_agree_with_the_slow_reference(pairs: PairSet) -> None:
    a, b = scene(alpha=True), scene(phase=1.3, alpha=True)
    morph = prepare(a, b, pairs, MorphOptions())
    found = morph.frame_at(0.4, 0.5)
    expected = reference(morph, a.full(), b.full(), 0.4, 0.5)
    assert np.abs(found[..., 3] - expected[..., 3]).max() < 2.5
    visible = expected[..., 3] > 20
    assert np.abs(found[..., :3] - expected[..., :3])[visible].max() < 4.0


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_ends_are_the_pictures_themselves(kind: str, warm: bool, a: Picture, b: Picture, pairs: PairSet) -> None:
    morph = prepare(a, b, pairs, MorphOptions.from_dict({"warp": kind}))
    if warm:
        run_to_end(morph.warming())
    assert morph.warm is warm
    np.testing.assert_array_equal(morph.frame(0.0), a.pixels)
    np.testing.assert_array_equal(morph.frame(1.0), b.pixels)


def test_the_ends_keep_alpha(pairs: PairSet) -> None:
    a, b = scene(alpha=True), scene(phase=1.3)
    morph = prepare(a, b, pairs, MorphOptions())
    first = morph.frame(0.0)
    assert np.abs(first[..., 3].astype(int) - a.full()[..., 3]).max() <= 1
    seen = a.full()[..., 3] > 40
    assert np.abs(first[..., :3].astype(int) - a.pixels)[seen].max() <= 3
    assert (morph.frame(1.0)[..., 3] == 255).all()
    np.testing.assert_array_equal(morph.frame(1.0)[..., :3], b.pixels)


def test_linear_light_mixes_light_and_can_be_switched_off(pairs: PairSet) -> None:
    black, white = (Picture.from_array(np.full((20, 30, 3), value, np.uint8)) for value in (0, 255))
    nothing = PairSet()
    assert (prepare(black, white, nothing, MorphOptions()).frame(0.5) == round(255 * light_to_srgb(0.5))).all()
    off = MorphOptions(linear_light=False)
    assert (np.abs(prepare(black, white, nothing, off).frame(0.5).astype(int) - 127.5) <= 0.5).all()


@pytest.mark.parametrize("mode", get_args(Mode))
def test_modes(mode: str, a: Picture, b: Picture, pairs: PairSet) -> None:
    morph = prepare(a, b, pairs, MorphOptions.from_dict({"mode": mode, "linear_light": False}))
    warped_a, warped_b = morph.warped(0.5)
    fade = np.rint((warped_a.astype(float) + warped_b) / 2)
    plain = np.rint((a.pixels.astype(float) + b.pixels) / 2)
    expected = {"morph": fade, "dissolve": plain, "warp a": warped_a, "warp b": warped_b}[mode]
    assert np.abs(morph.frame(0.5).astype(float) - expected).max() <= 1


def test_beyond_the_ends_are_the_ends(a: Picture, b: Picture, pairs: PairSet) -> None:
    for warp in ("tps", "delaunay"):
        morph = prepare(a, b, pairs, MorphOptions.from_dict({"warp": warp}))
        run_to_end(morph.warming())
        np.testing.assert_array_equal(morph.frame_at(-0.1, -0.2), a.pixels)
        np.testing.assert_array_equal(morph.frame_at(1.1, 1.2), b.pixels)


def test_no_pairs_is_a_dissolve_with_a_word(a: Picture, b: Picture) -> None:
    morph = prepare(a, b, PairSet(), MorphOptions())
    np.testing.assert_array_equal(morph.frame(0.3), prepare(a, b, PairSet(), MorphOptions(mode="dissolve")).frame(0.3))
    assert "no pairs" in morph.notes[0]
    assert morph.foldover().bijective


def test_sizes_may_differ_and_the_frame_is_chosen(a: Picture, pairs: PairSet) -> None:
    wide = scene((160, 40), phase=0.7)
    sizes = {}
    for frame in ("a", "b", "between"):
        morph = prepare(a, wide, pairs, MorphOptions.from_dict({"frame": frame}))
        sizes[frame] = morph.size
        assert morph.frame(0.5).shape == (morph.size[1], morph.size[0], 3)
    assert sizes == {"a": SIZE, "b": (160, 40), "between": (128, 52)}
    morph = prepare(a, wide, pairs, MorphOptions(frame="a"))
    np.testing.assert_array_equal(morph.frame(0.0), a.pixels)
    np.testing.assert_array_equal(morph.frame(1.0), wide.resized(SIZE))
    assert prepare(a, wide, pairs, MorphOptions(), longest_side=48).size == (48, 32)


def test_a_point_of_a_picture_is_seen_on_its_way(pairs: PairSet) -> None:
    """A bright spot in A and in B, at the ends of one pair, is one spot in between, within half a pixel."""
    size = (160, 120)
    a_points = np.array([[40.0, 30.0], [120, 35], [80, 90]])
    b_points = a_points + np.array([[12, 8], [-9, 10], [6, -14]])
    spots = []
    for points in (a_points, b_points):
        y, x = np.mgrid[: size[1], : size[0]]
        glow = sum(np.exp(-((x - px) ** 2 + (y - py) ** 2) / 8) for px, py in points)
        spots.append(Picture.from_array(np.repeat((250 * glow).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)))
    for kind in KINDS:
        morph = prepare(*spots, PairSet.from_arrays(a_points, b_points), MorphOptions.from_dict({"warp": kind}))
        for t in (0.25, 0.5, 0.8):
            frame = morph.frame(t)[..., 0].astype(float)
            for start, end in zip(a_points, b_points, strict=True):
                centre = (1 - t) * start + t * end
                left, top = np.rint(centre).astype(int) - 6
                patch = frame[top : top + 13, left : left + 13] ** 2
                y, x = np.mgrid[top : top + 13, left : left + 13]
                seen = np.array([(patch * x).sum(), (patch * y).sum()]) / patch.sum()
                assert np.abs(seen - centre).max() < 0.5, (kind, t)


def test_dragging_keeps_the_pictures_and_moves_the_warp(a: Picture, b: Picture, pairs: PairSet) -> None:
    morph = prepare(a, b, pairs, MorphOptions())
    run_to_end(morph.warming())
    from dataclasses import replace

    moved = morph.with_pairs(pairs.with_pair(replace(pairs[2], b=(70.0, 20.0), origin="edited")))
    assert moved.plates is morph.plates
    assert not moved.warm
    assert np.abs(moved.frame(0.5).astype(int) - morph.frame(0.5)).max() > 20
    point = 0.5 * np.array(pairs[2].a) + 0.5 * np.array([70.0, 20.0])
    assert np.abs(moved.fields(0.5)[0].at(point) - pairs[2].a).max() < 0.05


def test_a_fold_turns_the_badge(a: Picture, b: Picture, pairs: PairSet) -> None:
    from dataclasses import replace

    morph = prepare(a, b, pairs, MorphOptions(warp="tps"))
    assert morph.foldover().bijective
    folded = morph.with_pairs(pairs.with_pair(replace(pairs[0], b=(85.0, 55.0), origin="edited")))
    found = folded.foldover()
    assert not found.bijective
    assert len(found.places)


def test_options_change_what_they_change(a: Picture, b: Picture, pairs: PairSet) -> None:
    morph = prepare(a, b, pairs, MorphOptions())
    run_to_end(morph.warming())
    other = morph.with_options(morph.options.with_values(mode="dissolve"))
    assert other.warm
    bent = morph.with_options(morph.options.with_values(warp="tps"))
    assert not bent.warm
    assert np.abs(bent.fields(0.5)[0].nodes - morph.fields(0.5)[0].nodes).max() > 0.01
    with pytest.raises(ValueError, match="frame"):
        morph.with_options(morph.options.with_values(frame="b"))


def test_curves() -> None:
    options = MorphOptions.from_dict(
        {"shape_curve": "ease", "colour_curve": "custom", "colour_start": 3, "colour_end": 0}
    )
    times = np.linspace(0, 1, 201)
    for curve in (shape_at, colour_at):
        values = np.array([curve(t, options) for t in times])
        assert (values[0], values[-1]) == (0.0, 1.0)
        assert (np.diff(values) >= -1e-12).all()
    assert shape_at(0.25, options) == pytest.approx(3 * 0.25**2 - 2 * 0.25**3)
    assert colour_at(0.001, options) == pytest.approx(0.003, rel=0.01)
    assert colour_at(0.999, options) == pytest.approx(1.0, abs=1e-4)
    assert shape_at(0.4, MorphOptions()) == 0.4
    assert moments(4, "once") == [0, 1 / 3, 2 / 3, 1]
    assert moments(3, "ping-pong") == [0, 0.5, 1, 0.5]


def test_a_hybrid_shows_the_broad_of_one_and_the_fine_of_the_other() -> None:
    x = np.arange(160) * np.ones((120, 1))
    broad = np.repeat(np.where(x < 80, 0.3, 0.7)[..., None], 3, axis=2)
    fine = np.repeat((0.5 + 0.02 * np.sign(np.sin(x * 2.0)))[..., None], 3, axis=2)
    made = hybrid(broad, fine, 8.0)
    assert made[:, :60].mean() == pytest.approx(0.3, abs=0.05)
    assert made[:, 100:].mean() == pytest.approx(0.7, abs=0.05)
    assert made[60, 20:60, 0].std() > 0.015


def test_gradient_blending_of_equal_pictures_is_the_picture_and_has_no_edge_at_masks(a: Picture) -> None:
    picture = a.pixels / 255.0
    everywhere = np.ones(picture.shape[:2], bool)
    same = blend_gradients(picture, picture, everywhere, everywhere, 0.4, picture)
    np.testing.assert_allclose(same, picture, atol=1e-6)
    # B is brighter and missing on the right: a plain mixture has a step there, gradients have none.
    left = everywhere.copy()
    left[:, 48:] = False
    brighter = picture * 0.8 + 0.2
    anchor = np.where(left[..., None], (picture + brighter) / 2, picture)
    made = blend_gradients(picture, brighter, everywhere, left, 0.5, anchor)
    step = np.abs((made[:, 48] - made[:, 47]) - (picture[:, 48] - picture[:, 47])).mean()
    plain_step = np.abs((anchor[:, 48] - anchor[:, 47]) - (picture[:, 48] - picture[:, 47])).mean()
    assert step < 0.3 * plain_step


@pytest.mark.parametrize("blend", ["plain", "gradient", "hybrid"])
def test_stills(blend: str, a: Picture, b: Picture, pairs: PairSet) -> None:
    morph = prepare(a, b, pairs, MorphOptions())
    made = still(morph, 0.5, StillOptions.from_dict({"blend": blend}))
    assert made.shape == a.pixels.shape
    assert made.dtype == np.uint8
    if blend == "plain":
        np.testing.assert_array_equal(made, morph.frame(0.5))


def test_a_sequence_passes_through_its_pictures(a: Picture, b: Picture, pairs: PairSet) -> None:
    c = scene((120, 50), phase=2.5)
    film = run_to_end(preparing_sequence([a, b, c], [pairs, PairSet()], MorphOptions()))
    assert isinstance(film, MorphSequence)
    for moment, picture in ((0.0, a), (1.0, b), (2.0, c)):
        np.testing.assert_array_equal(film.frame(moment), picture.resized(SIZE))
    np.testing.assert_array_equal(film.frame(0.5), prepare(a, b, pairs, MorphOptions()).frame(0.5))
    assert any("no pairs" in note for note in film.notes)
    with pytest.raises(MorphError, match="2 sets"):
        run_to_end(preparing_sequence([a, b, c], [pairs], MorphOptions()))
    with pytest.raises(MorphError, match="two pictures"):
        run_to_end(preparing_sequence([a], [], MorphOptions()))


def test_halfway_finds_what_the_pairs_only_hint_at() -> None:
    """B is A under a known smooth warp; pairs know it at three places, the refinement everywhere."""
    from scipy.ndimage import gaussian_filter, map_coordinates

    rng = np.random.default_rng(4)
    texture = gaussian_filter(rng.normal(size=(128, 128)), 2.5)
    texture = (texture - texture.min()) / np.ptp(texture) * 255
    y, x = np.mgrid[:128, :128].astype(float)
    shift_x, shift_y = (
        5 * np.sin(np.pi * y / 127) * np.sin(np.pi * x / 127),
        4 * np.sin(np.pi * x / 127) * np.sin(np.pi * y / 127),
    )
    pulled = map_coordinates(texture, [y + shift_y, x + shift_x], order=3, mode="nearest")
    a, b = (
        Picture.from_array(np.repeat(p.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)) for p in (texture, pulled)
    )
    b_points = np.array([[30, 40], [90, 45], [60, 95]])
    at = b_points.T[::-1]
    a_points = b_points + np.stack([shift_x[tuple(at)], shift_y[tuple(at)]], axis=1)
    pairs = PairSet.from_arrays(a_points, b_points)
    start = prepare(a, b, pairs, MorphOptions(warp="halfway"))
    assert not start.refined
    events = []
    job = refining(start, "cpu")
    done = run_to_end(job, events.append)
    assert done.refined
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions)
    truth = np.dstack([x + shift_x, y + shift_y])
    inner = (slice(8, -8), slice(8, -8))
    errors = [np.abs(morph.fields(1.0)[0].dense() - truth)[inner].mean() for morph in (start, done)]
    assert errors[1] < 0.25 * errors[0]
    assert errors[1] < 0.1
    assert done.foldover().bijective
    np.testing.assert_array_equal(done.frame(0.0), a.pixels)
    np.testing.assert_array_equal(done.frame(1.0), b.pixels)
    assert np.abs(done.fields(1.0)[0].at(b_points) - a_points).max() < 0.1


def test_cancelling_a_refinement_ends_it(a: Picture, b: Picture, pairs: PairSet) -> None:
    job = preparing(a, b, pairs, MorphOptions(warp="halfway"), device="cpu")
    for _ in range(4):
        next(job)
    job.close()
    with pytest.raises(StopIteration):
        next(job)


def test_curved_paths_keep_the_size_of_what_turns() -> None:
    """A bar that turns by 90 degrees: along straight paths it is 0.71 as long half-way, along arcs it is not."""
    from studio.warp.halfway import _bows

    y, x = np.mgrid[:64, :64] - 31.5
    # v of a quarter turn: A is p - v, turned by -45 degrees, B is p + v, by 45, both stretched by sqrt 2.
    vectors = np.dstack([-y, x]).astype(np.float32)
    bows = _bows(vectors)
    middle = np.dstack([x, y]) + bows
    # Half-way the Jacobian should be that of the ends without their turn: sqrt 2 times the identity.
    assert np.diff(middle[32, 20:44, 0]).mean() == pytest.approx(math.sqrt(2), rel=0.05)


@pytest.mark.parametrize("seed", [1, 2])
def test_refinement_never_folds_what_it_began_with(seed: int) -> None:
    """Of two photographs that have nothing to do with each other, where likeness pulls anywhere."""
    import skimage.data
    from PIL import Image

    size = (120, 90)
    a, b = (
        Picture("photograph", None, size, np.asarray(Image.fromarray(pixels).resize(size)))
        for pixels in (skimage.data.astronaut(), skimage.data.coffee())
    )
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[15:75:3j, 20:100:3j]
    points = np.stack([x.ravel(), y.ravel()], axis=1) + rng.uniform(-6, 6, (9, 2))
    pairs = PairSet.from_arrays(points, points + rng.normal(0, 6, (9, 2)))
    start = prepare(a, b, pairs, MorphOptions(warp="halfway"))
    assert start.foldover().bijective
    done = run_to_end(refining(start, "cpu"))
    assert done.refined and done.foldover().bijective
    # It is refined all the same.
    assert np.abs(done.fields(0.5)[0].nodes - start.fields(0.5)[0].nodes).mean() > 0.1
