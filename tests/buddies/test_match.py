"""The whole match: what must hold on any pictures, and known movements found again."""

from __future__ import annotations

import gc
import re

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from studio.backbones import load_backbone
from studio.buddies import MatchOptions, match
from studio.buddies.match import MOST_IN_PREVIEW
from studio.geometry import rescale
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import run_to_end
from tests.buddies import reference
from tests.buddies.networks import noise_picture, small_backbone

PRESETS = ("paper", "fast", "official")


@pytest.fixture(scope="module")
def buddynet():
    return run_to_end(load_backbone("buddynet", device="cpu"))


@pytest.fixture(scope="module")
def small():
    return small_backbone()


def photograph(name, box=None, size=None):
    image = Image.fromarray(getattr(data, name)())
    return Picture.from_array(
        np.asarray(image.crop(box).resize(size or image.crop(box).size, Image.Resampling.BICUBIC))
    )


def found(a, b, backbone, **options):
    return run_to_end(match(a, b, backbone, MatchOptions(**options)))


def rows(pairs: PairSet):
    return {(*np.round(pair.a, 3), *np.round(pair.b, 3)) for pair in pairs}


# --- what holds on any pictures -----------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
def test_pairs_are_sorted_numbered_on_the_pictures_and_of_the_finest_level(preset, small):
    a, b = noise_picture(90, 64, seed=1), noise_picture(70, 110, seed=2)
    pairs = found(a, b, small, preset=preset, working_size=64, pairs=12, border=0, finest_level=2)
    assert 3 < len(pairs) <= 12
    assert [pair.id for pair in pairs] == list(range(1, len(pairs) + 1))
    assert pairs.ranks.tolist() == sorted(pairs.ranks, reverse=True)
    assert {(pair.level, pair.origin) for pair in pairs} == {(2, "matched")}
    assert all(0 <= pair.confidence <= 1 for pair in pairs)
    for points, (width, height) in ((pairs.a, a.size), (pairs.b, b.size)):
        assert (points >= 0).all() and (points <= [width - 1, height - 1]).all()


@pytest.mark.parametrize("preset", PRESETS)
def test_the_same_picture_matches_itself_point_for_point(preset, small):
    picture = noise_picture(80, 80, seed=3)
    pairs = found(picture, picture, small, preset=preset, working_size=80, pairs=0, border=0)
    assert len(pairs) > 100
    np.testing.assert_allclose(pairs.a, pairs.b, atol=1e-4)
    confidence = np.array([pair.confidence for pair in pairs])
    assert np.median(confidence) > 0.5


def test_at_the_coarsest_level_every_active_cell_matches_itself(small):
    picture = noise_picture(96, 64, seed=4)
    pairs = found(picture, picture, small, working_size=96, pairs=0, border=0, finest_level=5, subcell=False)
    features = small.features(picture.tensor((96, 64)), [5])[5][0].double().numpy()
    active = reference.stretch(reference.length(features)) >= 0.2
    cells = {tuple(((np.array(pair.a) + 0.5) // 16).astype(int)[::-1]) for pair in pairs}
    assert cells == {tuple(cell) for cell in np.argwhere(active)}


@pytest.mark.parametrize("relaxed", [False, True])
@pytest.mark.parametrize("preset", ["paper", "fast"])
def test_swapping_the_pictures_swaps_every_pair(preset, relaxed, small):
    a, b = noise_picture(112, 80, seed=5), noise_picture(64, 96, seed=6)
    options = {"preset": preset, "relaxed": relaxed, "working_size": 112, "border": 0, "consistency": 0.0}
    there, back = found(a, b, small, pairs=0, **options), found(b, a, small, pairs=0, **options)
    assert len(there) > 30
    assert rows(there) == rows(back.swapped())
    few = found(a, b, small, pairs=8, **options)
    assert rows(few) == rows(found(b, a, small, pairs=8, **options).swapped()) and len(few) == 8


def test_swapping_the_pictures_swaps_every_pair_of_official(small):
    a, b = noise_picture(80, 80, seed=7), noise_picture(80, 80, seed=8)
    options = {"preset": "official", "working_size": 80, "pairs": 0, "border": 0, "finest_level": 4}
    there = found(a, b, small, **options)
    assert len(there) > 5 and rows(there) == rows(found(b, a, small, **options).swapped())


def test_pairs_of_the_coarsest_level_are_the_mutual_nearest_neighbours(small):
    a, b = noise_picture(96, 64, seed=9), noise_picture(80, 128, seed=10)
    pairs = found(a, b, small, working_size=128, pairs=0, border=0, finest_level=5, subcell=False, consistency=0.0)
    sizes = (128, 80), (80, 128)
    maps = [small.features(x.tensor(size), [5])[5][0].double().numpy() for x, size in zip((a, b), sizes, strict=True)]
    active = [reference.stretch(reference.length(map_)) >= 0.2 for map_ in maps]
    expected = {(p, q) for p, q, _ in reference.everywhere_buddies(*maps, patch=3) if active[0][p] and active[1][q]}
    cells = [
        ((rescale(points, picture.size, size) + 0.5) // 16).astype(int)[:, ::-1].tolist()
        for points, picture, size in zip((pairs.a, pairs.b), (a, b), sizes, strict=True)
    ]
    assert {(tuple(p), tuple(q)) for p, q in zip(*cells, strict=True)} == expected and len(expected) > 3


def test_a_network_with_four_levels_takes_the_parameters_of_the_coarse_ones():
    network = small_backbone((12, 16, 24, 32), first_stride=4)
    a, b = noise_picture(128, 128, seed=11), noise_picture(160, 96, seed=12)
    events = []
    pairs = run_to_end(match(a, b, network, MatchOptions(working_size=128, border=0, consistency=0.0)), events.append)
    previews = [event.preview for event in events if event.preview]
    assert [preview.pairs[0].level for preview in previews] == [4, 3, 2, 1]
    assert len(pairs) > 3 and {pair.level for pair in pairs} == {1}
    same = found(a, a, network, preset="official", working_size=128, border=0, pairs=0)
    np.testing.assert_array_equal(same.a, same.b)
    assert len(found(a, b, network, finest_level=5, working_size=128, border=0)) <= len(previews[0])


def test_relaxed_finds_more(small):
    a, b = noise_picture(96, 96, seed=13), noise_picture(96, 96, seed=14)
    options = {"working_size": 96, "pairs": 0, "border": 0, "finest_level": 4, "consistency": 0.0}
    assert len(found(a, b, small, relaxed=True, **options)) > len(found(a, b, small, **options))


def test_the_knobs_do_what_they_say(small):
    a, b = noise_picture(112, 112, seed=15), noise_picture(112, 112, seed=16)
    base = {"working_size": 112, "pairs": 0, "border": 0, "consistency": 0.0, "finest_level": 2}
    everything = found(a, b, small, **base)
    inner = found(a, b, small, **{**base, "border": 20})
    points = np.concatenate([inner.a, inner.b])
    assert 0 < len(inner) < len(everything) and points.min() > 19 and points.max() < 92
    striking = found(a, b, small, **base, activation_threshold=0.5)
    assert 0 < len(striking) < len(everything)
    assert len(found(a, b, small, **{**base, "pairs": 7})) == 7
    limited = []
    job = match(a, b, small, MatchOptions(**base, per_level_limit=5))
    run_to_end(job, lambda event: limited.append(len(event.preview)) if event.preview else None)
    assert len(limited) == 4 and max(limited) <= 5
    fast = found(a, b, small, **{**base, "preset": "fast", "finest_level": 1})
    assert rows(fast) == rows(everything)


# --- movements that are known -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["chelsea", "astronaut"])
def test_a_shift_by_whole_cells_is_found_to_the_pixel(name, buddynet):
    a, b = photograph(name, (0, 0, 224, 224)), photograph(name, (48, 32, 272, 256))
    pairs = found(a, b, buddynet, pairs=0)
    error = np.abs(pairs.a - [48, 32] - pairs.b).max(axis=1)
    assert len(pairs) > 100 and (error <= 1).mean() > 0.95


@pytest.mark.parametrize("name", ["chelsea", "astronaut"])
def test_a_mirrored_picture_is_matched_within_a_cell(name, buddynet):
    a = photograph(name, (0, 0, 300, 300), (224, 224))
    b = Picture.from_array(np.ascontiguousarray(a.pixels[:, ::-1]))
    pairs = found(a, b, buddynet, pairs=0, finest_level=5)
    error = np.abs([223, 0] - pairs.a * [1, -1] - pairs.b).max(axis=1)
    assert len(pairs) > 20 and (error <= 16).mean() > 0.8


@pytest.mark.parametrize("name", ["chelsea", "coffee"])
def test_a_turned_and_scaled_picture_is_matched_within_a_cell(name, buddynet):
    a = photograph(name, (50, 0, 350, 300), (224, 224))
    turn = np.array([[1.05, -0.12], [0.1, 0.95]])
    shift = np.array([6.0, -4.0])
    inverse = np.linalg.inv(turn)
    back = np.hstack([inverse, (-inverse @ shift)[:, None]]).ravel()
    b = Picture.from_array(
        np.asarray(
            Image.fromarray(a.pixels).transform((224, 224), Image.Transform.AFFINE, back, Image.Resampling.BICUBIC)
        )
    )
    for level, cell in ((5, 16), (3, 4)):
        pairs = found(a, b, buddynet, pairs=0, finest_level=level)
        error = np.abs(pairs.a @ turn.T + shift - pairs.b).max(axis=1)
        assert len(pairs) > 20 and (error <= cell).mean() > 0.75


def test_points_between_cells_are_nearer_to_the_truth(buddynet):
    whole = data.astronaut()
    a = Picture.from_array(np.asarray(Image.fromarray(whole).resize((224, 224), Image.Resampling.BICUBIC)))
    b = Picture.from_array(  # moved by 0.75 and 0.5 px
        np.asarray(Image.fromarray(whole).resize((224, 224), Image.Resampling.BICUBIC, box=(1.71, 1.14, 512, 512)))
    )
    scale = np.array([512, 512]) / ([512 - 1.71, 512 - 1.14])
    truth = lambda points: ((points + 0.5) * 512 / 224 - [1.71, 1.14]) * scale * 224 / 512 - 0.5  # noqa: E731
    errors = []
    for subcell in (False, True):
        pairs = found(a, b, buddynet, preset="fast", pairs=0, subcell=subcell)
        errors.append(np.median(np.abs(truth(pairs.a) - pairs.b)))
    assert errors[1] < 0.7 * errors[0]


def test_unequal_sizes_are_matched_in_their_own_pixels(buddynet):
    a = photograph("chelsea", (0, 0, 300, 300), (300, 300))
    b = photograph("chelsea", (0, 0, 300, 300), (640, 500))
    pairs = found(a, b, buddynet, pairs=0, finest_level=3)
    error = np.abs(rescale(pairs.a, a.size, b.size) - pairs.b) / [640 / 224, 500 / 176]
    assert len(pairs) > 50 and (error.max(axis=1) <= 8).mean() > 0.8


# --- hardly pictures ----------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("sizes", [((1, 1), (1, 1)), ((3, 500), (500, 3)), ((40, 17), (9, 60)), ((1, 200), (200, 200))])
def test_tiny_and_narrow_pictures_are_matched_or_not_but_never_fail(preset, sizes, small):
    a, b = (noise_picture(*size, seed=index, smooth=2) for index, size in enumerate(sizes))
    pairs = found(a, b, small, preset=preset, working_size=64, finest_level=3)
    for points, size in ((pairs.a, a.size), (pairs.b, b.size)):
        assert np.isfinite(points).all() and (points >= 0).all() and (points <= np.array(size) - 1).all()


@pytest.mark.parametrize("preset", PRESETS)
def test_a_picture_without_anything_in_it_has_no_pairs_and_it_is_said(preset):
    network = small_backbone(bias=0, mean=[124 / 255] * 3)
    plain = Picture.from_array(np.full((64, 64, 3), 124, np.uint8))
    options = MatchOptions(preset=preset, working_size=64, finest_level=3)
    for a, b in ((plain, plain), (plain, noise_picture(64, 64)), (noise_picture(64, 64), plain)):
        events = []
        assert run_to_end(match(a, b, network, options), events.append) == PairSet()
        last = events[-1]
        assert last.fraction == 1.0 and last.milestone and "nothing in common" in last.message


# --- the job ------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
def test_each_level_is_shown_and_the_progress_never_falls(preset, small):
    a, b = noise_picture(80, 64, seed=17), noise_picture(64, 80, seed=18)
    events = []
    job = match(a, b, small, MatchOptions(preset=preset, working_size=80, border=0, consistency=0.0))
    pairs = run_to_end(job, events.append)
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions) and 0 < fractions[0] < fractions[-1] == 1.0
    assert all(event.message for event in events)
    shown = [event for event in events if event.preview is not None]
    levels = [5, 4, 3, 2] if preset == "fast" else [5, 4, 3, 2, 1]
    assert [{pair.level for pair in event.preview} for event in shown] == [{level} for level in levels]
    assert all(event.milestone for event in shown)
    counts = [int(re.search(r"(\d+) pairs", event.message)[1]) for event in shown]
    assert [len(event.preview) for event in shown] == [min(count, MOST_IN_PREVIEW) for count in counts]
    centres = (shown[0].preview.a + 0.5) * [80, 64] / a.size / 16 if preset != "official" else np.zeros(1)
    assert preset == "official" or np.allclose(centres % 1, 0.5)
    for preview in [event.preview for event in shown]:
        assert preview.ranks.tolist() == sorted(preview.ranks, reverse=True)
    assert len(pairs) <= len(shown[-1].preview)


def large_tensors():
    return {id(thing) for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor) and thing.numel() > 500}


@pytest.mark.parametrize("preset", ["paper", "official"])
@pytest.mark.parametrize("when", [0.0, 0.05, 0.3, 0.6, 0.95])
def test_closing_the_job_anywhere_gives_its_memory_back_at_once(preset, when, small):
    a, b = noise_picture(64, 64, seed=1), noise_picture(64, 64, seed=2)
    before = large_tensors()
    job = match(a, b, small, MatchOptions(preset=preset, working_size=64))
    gc.disable()
    try:
        for event in job:
            if event.fraction >= when:
                break
        assert large_tensors() - before, "nothing was held, so nothing is tested"
        job.close()
        assert not large_tensors() - before
    finally:
        gc.enable()
