"""Grids, components, differences along matches, and the regions that excite a channel."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from studio.backbones import build_backbone
from studio.backbones.receptive import Receptive
from studio.featurevis import (
    LayerMaps,
    RegionsError,
    channel_grid,
    components,
    exciting,
    first_filters,
    look_at_layer,
    pictures_in,
    prepare_hover,
    warped_difference,
)
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import run_to_end
from studio.warp import WarpOptions
from tests.buddies.networks import noise_picture, small_backbone


def maps_of(a: np.ndarray, b: np.ndarray) -> LayerMaps:
    """Maps of a layer of stride 4 whose cells stand for whole blocks."""
    a_, b_ = torch.from_numpy(a)[None].float(), torch.from_numpy(b)[None].float()
    sizes = (a.shape[2] * 4, a.shape[1] * 4), (b.shape[2] * 4, b.shape[1] * 4)
    return LayerMaps("some", a_, b_, Receptive(4, 4, 0), sizes, ((sizes[0][0] * 2, sizes[0][1] * 2), sizes[1]))


@pytest.fixture
def maps() -> LayerMaps:
    generator = np.random.default_rng(0)
    return maps_of(generator.gamma(1.0, size=(9, 5, 7)), 2 * generator.gamma(1.0, size=(9, 6, 4)))


@pytest.mark.parametrize("scaling", ["layer", "channel"])
@pytest.mark.parametrize("ranking", ["mean", "variance", "difference"])
def test_grids_rank_and_share_a_scale(maps, ranking, scaling) -> None:
    grid = channel_grid(maps, ranking, scaling)
    a, b = maps.a[0].numpy(), maps.b[0].numpy()
    both = [np.concatenate([a[k].ravel(), b[k].ravel()]) for k in range(9)]
    measures = {
        "mean": [(a[k].mean() + b[k].mean()) / 2 for k in range(9)],
        "variance": [one.var() for one in both],
        "difference": [abs(a[k].mean() - b[k].mean()) for k in range(9)],
    }
    np.testing.assert_allclose(grid.values, np.asarray(measures[ranking])[grid.channels], rtol=1e-5)
    assert np.all(np.diff(grid.values) <= 0) and sorted(grid.channels) == list(range(9))
    for place, channel in enumerate(grid.channels):
        tops = [one.max() for one in both]
        high = np.quantile(tops, 0.8) if scaling == "layer" else tops[channel]
        assert grid.high[place] == pytest.approx(high) and grid.low[place] == 0.0
        np.testing.assert_allclose(grid.a[place], np.minimum(a[channel] / high, 1) * 255, atol=0.51)
        np.testing.assert_allclose(grid.b[place], np.minimum(b[channel] / high, 1) * 255, atol=0.51)
    few = channel_grid(maps, ranking, scaling, limit=4)
    assert few.a.shape == (4, 5, 7) and list(few.channels) == list(grid.channels[:4])


def test_silent_layers_draw() -> None:
    grid = channel_grid(maps_of(np.zeros((3, 2, 2)), np.zeros((3, 2, 2))))
    assert not grid.a.any() and np.all(grid.high > grid.low)
    found = components(maps_of(np.zeros((3, 2, 2)), np.ones((3, 2, 2))))
    assert np.isfinite(found.scores_a).all() and found.explained[0] == pytest.approx(1.0)


def test_first_filters_are_colours_around_grey() -> None:
    backbone = build_backbone("squeezenet1_1")
    filters = first_filters(backbone)
    weight = next(backbone.stage(1).parameters())
    assert filters.shape == (64, 3, 3, 3)
    largest = np.unravel_index(int(weight.abs().argmax()), weight.shape)
    assert filters[largest[0], largest[2], largest[3], largest[1]] in (0, 255)
    assert np.abs(filters.astype(int) - 127.5).mean() < 100


def test_components_have_one_basis(maps) -> None:
    found = components(maps)
    cells = np.concatenate([one[0].numpy().reshape(9, -1).T for one in (maps.a, maps.b)]).astype(np.float64)
    centred = cells - cells.mean(0)
    _, lengths, rows = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(found.explained, (lengths**2 / (lengths**2).sum())[:3], rtol=1e-6)
    for mine, theirs in zip(found.basis, rows, strict=False):
        assert abs(mine @ theirs) == pytest.approx(1.0, abs=1e-6) and mine[np.abs(mine).argmax()] > 0
    scores = np.concatenate([found.scores_a.reshape(-1, 3), found.scores_b.reshape(-1, 3)])
    np.testing.assert_allclose(scores, centred @ found.basis.T, atol=1e-5)
    # The same number has the same colour in both pictures.
    colours = np.concatenate([found.a.reshape(-1, 3), found.b.reshape(-1, 3)])
    for k in range(3):
        order = np.argsort(scores[:, k])
        assert np.all(np.diff(colours[order, k].astype(int)) >= 0)
    assert found.a.shape == (5, 7, 3) and found.b.shape == (6, 4, 3)


def test_components_of_two_channels() -> None:
    generator = np.random.default_rng(1)
    found = components(maps_of(generator.normal(size=(2, 3, 3)), generator.normal(size=(2, 3, 3))))
    assert found.explained[2] == 0.0 and found.a.shape == (3, 3, 3)


def test_no_difference_between_a_shifted_layer_and_itself() -> None:
    generator = np.random.default_rng(2)
    wide = generator.gamma(1.0, size=(5, 12, 16))
    maps = maps_of(wide[:, 2:10, 3:13], wide[:, 1:9, 1:11])  # B shows what lies two cells to the left, one up
    places = np.array([[20.0, 20.0], [60.0, 20.0], [20.0, 50.0], [60.0, 50.0]])
    pairs = PairSet.from_arrays(places, (places + 0.5) / 2 - 0.5 + [8.0, 4.0])  # A is twice as large as it was seen
    found = warped_difference(maps, pairs, WarpOptions(border="free", warp="mls-similarity"))
    whole = found.length[1:-2, 1:-3]
    assert whole.max() < 0.15 * np.linalg.norm(wide, axis=0).mean() and found.cosine[1:-2, 1:-3].min() > 0.99
    still = warped_difference(maps, PairSet())
    assert still.notes and still.length[1:-2, 1:-3].mean() > 4 * whole.mean()
    np.testing.assert_allclose(still.channel(2), (maps.a - maps.b)[0, 2].numpy(), atol=1e-4)
    np.testing.assert_allclose(still.channels, (maps.a - maps.b)[0].abs().mean((1, 2)).numpy(), atol=1e-4)


def test_any_layer_and_a_level_of_the_hover_cache() -> None:
    backbone, (a, b) = small_backbone((4, 6, 8)), (noise_picture(40, 30), noise_picture(30, 50, 1))
    found = run_to_end(look_at_layer(a, b, backbone, "level 2", 32))
    kept = run_to_end(prepare_hover(a, b, backbone, 32)).maps(2)
    torch.testing.assert_close(found.a, kept.a, atol=1e-5, rtol=1e-5)
    assert found.channels == 6 and found.extents() == kept.extents()
    cells = np.array([[0.0, 0.0], [3.0, 5.0]])
    np.testing.assert_allclose(found.placing(1).to_cells(found.placing(1).to_full(cells)), cells)
    np.testing.assert_allclose(found.placing(0).to_full(cells[:1]), [[40 / 32 * 1.0 - 0.5, 30 / 24 * 1.0 - 0.5]])
    assert torch.equal(found.swapped().a, found.b)


def test_regions_find_the_bright_square(tmp_path: Path) -> None:
    backbone = small_backbone((4, 6))
    for weight in (*backbone.stage(1).parameters(), *backbone.stage(2).parameters()):
        weight.data.abs_()  # so that bright means active
    pictures = []
    for place in ((10, 12), (40, 30)):
        pixels = np.zeros((60, 70, 3), np.uint8)
        pixels[place[1] : place[1] + 12, place[0] : place[0] + 12] = 255
        pictures.append(Picture.from_array(pixels, f"at {place[0]}"))
    found = run_to_end(exciting(pictures, backbone, "level 2", 3, 5, 70))
    assert {found[0].picture, found[1].picture} == {0, 1} and len(found) == 5
    for region in found[:2]:
        left, top = ((10, 12), (40, 30))[region.picture]
        assert left <= region.point[0] <= left + 11 and top <= region.point[1] <= top + 11
        x0, y0, x1, y1 = region.box
        assert x0 <= region.point[0] <= x1 and y0 <= region.point[1] <= y1
    assert all(one.value >= other.value for one, other in pairwise(found))
    Image.fromarray(pictures[0].pixels).save(tmp_path / "b.png")
    Image.fromarray(pictures[1].pixels).save(tmp_path / "a.png")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("no picture")
    paths = pictures_in(tmp_path)
    assert [path.name for path in paths] == ["a.png", "b.png", "broken.jpg"]
    again = run_to_end(exciting(paths, backbone, "level 2", 3, 5, 70))
    assert [round(one.value, 4) for one in again] == [round(one.value, 4) for one in found]
    with pytest.raises(RegionsError, match="no channel 6"):
        run_to_end(exciting(pictures, backbone, "level 2", 6))
    with pytest.raises(RegionsError, match="no layer “x”"):
        run_to_end(exciting(pictures, backbone, "x", 0))
    (tmp_path / "empty").mkdir()
    with pytest.raises(RegionsError, match="no pictures"):
        pictures_in(tmp_path / "empty")
