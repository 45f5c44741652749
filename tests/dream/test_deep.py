from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from studio.dream import DreamOptions, GoalError, ZoomOptions, dream, zoom
from studio.dream.deep import channels_of, nearer, octaves
from studio.dream.guides import PairsGuide, PictureGuide, no_guide
from studio.dream.masks import mask_of
from studio.dream.measure import LOOK
from studio.dream.tiles import ascent
from studio.geometry import fit_within
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import run_to_end

QUICK = DreamOptions(octaves=2, steps=3)


def test_no_steps_give_the_picture_itself(buddynet, chelsea) -> None:
    made = run_to_end(dream(chelsea, buddynet, DreamOptions(steps=0)))
    assert np.array_equal(made.pictures[0].full() // 257, chelsea.full()[..., :3])


def test_what_is_dreamt_of_rises_in_nearly_every_step(buddynet, chelsea) -> None:
    made = run_to_end(dream(chelsea, buddynet, DreamOptions(octaves=1, steps=30, jitter=0)))
    assert (np.diff(made.history) > 0).mean() > 0.9 and made.values[0] > 2 * made.before


@pytest.mark.parametrize("tile", [32, 48, 100])
@pytest.mark.parametrize("layer", ["relu2_2", "relu4_3"])
def test_tiles_give_the_gradient_of_the_whole(buddynet, chelsea, layer, tile) -> None:
    image = chelsea.tensor((150, 93))
    channels = (3, 17) if layer == "relu2_2" else ()
    whole = ascent(buddynet, layer, channels, image, no_guide.at(buddynet, layer, (), (150, 93), (0, 0)))
    parts = ascent(buddynet, layer, channels, image, no_guide.at(buddynet, layer, (), (150, 93), (0, 0)), tile)
    np.testing.assert_allclose(parts.gradient, whole.gradient, atol=1e-5 * float(whole.gradient.abs().max()))
    assert parts.value == pytest.approx(whole.value, rel=1e-5)


def test_the_gradient_is_that_of_finite_differences(buddynet, chelsea) -> None:
    image = chelsea.tensor((48, 40))
    local = no_guide.at(buddynet, "relu2_2", (), (48, 40), (0, 0))
    found = ascent(buddynet, "relu2_2", (), image, local)
    for seed in range(3):  # along the gradient and something else: one pixel alone is lost in float32
        way = found.gradient + torch.randn(image.shape, generator=torch.Generator().manual_seed(seed)) * (
            found.gradient.std()
        )
        way = way / way.abs().max()
        up, down = (ascent(buddynet, "relu2_2", (), image + sign * 1e-3 * way, local).value for sign in (1, -1))
        assert (up - down) / 2e-3 == pytest.approx(float((found.gradient * way).sum()), rel=0.02)


def test_outside_of_the_mask_nothing_changes(buddynet, chelsea) -> None:
    width, height = chelsea.size
    mask = np.zeros((height, width), np.float32)
    mask[20:60, 30:90] = 1.0
    made = run_to_end(dream(chelsea, buddynet, DreamOptions(octaves=3, steps=3), mask=mask)).pictures[0].full() // 257
    before = chelsea.full()[..., :3]
    assert np.array_equal(made[mask == 0], before[mask == 0])
    assert np.abs(made[25:55, 35:85].astype(int) - before[25:55, 35:85]).mean() > 2


def test_the_same_seed_gives_the_same_dream(buddynet, chelsea) -> None:
    one, same, other = (
        run_to_end(dream(chelsea, buddynet, QUICK.with_values(seed=seed))).pictures[0].full() for seed in (0, 0, 1)
    )
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_octaves_end_at_the_size_and_leave_out_what_is_too_small() -> None:
    assert octaves((560, 280), DreamOptions(octaves=3, scale=2.0)) == [(140, 70), (280, 140), (560, 280)]
    assert octaves((64, 50), DreamOptions(octaves=9, scale=1.4)) == [(46, 36), (64, 50)]
    assert octaves((1, 1), DreamOptions()) == [(1, 1)]


def test_a_guide_draws_each_place_to_what_is_most_like_it(buddynet, chelsea, coffee) -> None:
    """The terms against a plain loop."""
    image = chelsea.tensor((64, 48))
    with torch.no_grad():
        maps = buddynet.activations(image, ["relu4_3"])["relu4_3"]
        there = (
            buddynet.activations(coffee.tensor(fit_within(coffee.size, LOOK)), ["relu4_3"])["relu4_3"][0].flatten(1).T
        )
        local = PictureGuide(coffee).at(buddynet, "relu4_3", (), (64, 48), (0, 0))
        found = float(local(maps, slice(0, 6), slice(0, 8)))
    wanted = sum(max(float(cell @ one) for one in there) for cell in maps[0].flatten(1).T) / maps.shape[1]
    assert found == pytest.approx(wanted, rel=1e-4)


def test_pairs_draw_each_place_to_its_partner(buddynet, chelsea) -> None:
    """Of a picture and itself, moved by 24 px: the partner of each cell is the cell 3 to the right."""
    points = np.array([[20.0, 20.0], [80.0, 20.0], [20.0, 70.0], [80.0, 70.0]])
    shift = np.array([24 * chelsea.size[0] / LOOK, 0.0])
    guide = PairsGuide(chelsea, chelsea, PairSet.from_arrays(points, points + shift))
    size = fit_within(chelsea.size, LOOK)
    with torch.no_grad():
        maps = buddynet.activations(chelsea.tensor(size), ["relu4_3"])["relu4_3"]
        local = guide.at(buddynet, "relu4_3", (), size, (0, 0))
        found = float(local(maps[:, :, 2:8, 3:10], slice(2, 8), slice(3, 10)))
        wanted = float((maps[:, :, 2:8, 3:10] * maps[:, :, 2:8, 6:13]).sum() / maps.shape[1])
    assert found == pytest.approx(wanted, rel=0.02)


@pytest.mark.parametrize("guided", ["picture", "pairs"])
def test_guided_dreams_rise_and_tell_of_their_guide(buddynet, chelsea, coffee, guided) -> None:
    pairs = PairSet.from_arrays(
        np.array([[20.0, 20], [100, 20], [60, 80]]), np.array([[30.0, 20], [100, 30], [60, 70]])
    )
    guide = PictureGuide(coffee) if guided == "picture" else PairsGuide(chelsea, coffee, pairs)
    made = run_to_end(dream(chelsea, buddynet, DreamOptions(octaves=1, steps=8), guide=guide))
    assert made.values[0] > made.before and "coffee" in made.recipe["goals"][1]


def test_a_large_picture_is_dreamt_in_tiles_of_itself(buddynet, monkeypatch) -> None:
    """Whole and in tiles the same picture, but for rounding."""
    pixels = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
    picture = Picture.from_array(np.kron(pixels, np.ones((8, 8, 1), np.uint8)), "blocks")
    whole = run_to_end(dream(picture, buddynet, DreamOptions(octaves=1, steps=2))).pictures[0].full().astype(int)
    monkeypatch.setattr("studio.dream.deep.WHOLE", 1000)
    monkeypatch.setattr("studio.dream.deep.TILE", 64)
    tiled = run_to_end(dream(picture, buddynet, DreamOptions(octaves=1, steps=2))).pictures[0].full().astype(int)
    assert np.abs(whole - tiled).max() <= 8  # of 65,535


def test_a_film_has_its_frames_and_falls_to_its_point(buddynet, chelsea) -> None:
    frames: list[np.ndarray] = []
    film = ZoomOptions(frames=3, frame_steps=1)
    last = run_to_end(zoom(chelsea, buddynet, QUICK.with_values(size=96), film, frames.append))
    assert len(frames) == 3 and {frame.shape for frame in frames} == {(last.size[1], last.size[0], 3)}
    assert all(np.abs(one.astype(int) - other).mean() > 1 for one, other in pairwise(frames))


def test_nearer_leaves_its_point_in_place() -> None:
    y, x = torch.meshgrid(torch.arange(60.0), torch.arange(80.0), indexing="ij")
    image = torch.stack([x / 100, y / 100, torch.zeros_like(x)])[None]
    same = nearer(image, ZoomOptions(nearer=1.0, turn=0.0))
    np.testing.assert_allclose(same, image, atol=1e-5)
    film = ZoomOptions(nearer=1.1, turn=3.0, to_x=0.25, to_y=0.6)
    moved = nearer(image, film)
    px, py = 0.25 * 80 - 0.5, 0.6 * 60 - 0.5
    at = moved[0, :2, round(py), round(px)] * 100
    assert np.hypot(float(at[0]) - px, float(at[1]) - py) < 0.8
    # 1.1 times as near: a step of one pixel there is 1 / 1.1 of one before, and the turn keeps lengths
    across = (moved[0, :2, 30, 60] - moved[0, :2, 30, 40]) * 5
    assert float(across.norm()) == pytest.approx(1 / 1.1, rel=0.01)
    assert np.degrees(np.arctan2(float(across[1]), float(across[0]))) == pytest.approx(3.0, abs=0.1)


def test_channels_are_read_and_refused() -> None:
    assert channels_of("3, 17", 20, "relu") == (3, 17) and channels_of("", 20, "relu") == ()
    with pytest.raises(GoalError, match="there is no channel 20"):
        channels_of("3,20", 20, "relu")
    with pytest.raises(GoalError, match="is no list of channels"):
        channels_of("all", 20, "relu")


def test_masks_of_another_shape_or_of_nothing_are_refused(chelsea) -> None:
    with pytest.raises(GoalError, match="another shape"):
        mask_of(Picture.from_array(np.full((50, 50, 3), 255, np.uint8), "m"), chelsea.size)
    black = np.zeros((chelsea.size[1], chelsea.size[0], 3), np.uint8)
    with pytest.raises(GoalError, match="black everywhere"):
        mask_of(Picture.from_array(black, "m"), chelsea.size)


def test_a_picture_of_one_colour_stays_finite(buddynet) -> None:
    flat = Picture.from_array(np.full((40, 50, 3), 128, np.uint8), "flat")
    made = run_to_end(dream(flat, buddynet, QUICK))
    assert np.isfinite(made.values).all()
    tiny = run_to_end(dream(Picture.from_array(np.full((1, 1, 3), 9, np.uint8), "one"), buddynet, QUICK))
    assert tiny.pictures[0].size == (1, 1)
