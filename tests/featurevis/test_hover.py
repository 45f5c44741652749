"""Hovering against plain cosines, and receptive fields against gradients and kernels counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.backbones import CATALOG, Backbone, build_backbone
from studio.backbones.receptive import theoretical
from studio.featurevis import HoverCache, effective, prepare_hover
from studio.featurevis.hover import NEIGHBOURHOOD, REACH
from studio.progress import run_to_end
from tests.buddies.networks import noise_picture, small_backbone

A, B = noise_picture(80, 60, 1), noise_picture(46, 96, 2)
SIZES = {"A": (64, 48), "B": (31, 64)}


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return small_backbone((6, 8, 12))


@pytest.fixture(scope="module")
def cache(backbone) -> HoverCache:
    return run_to_end(prepare_hover(A, B, backbone, 64))


def unit_cells(backbone: Backbone, side: str, level: int) -> np.ndarray:
    """(h, w, C) float64 of length 1, straight from the backbone."""
    picture = A if side == "A" else B
    maps = backbone.features(picture.tensor(SIZES[side]), [level])[level][0].permute(1, 2, 0).double().numpy()
    lengths = np.linalg.norm(maps, axis=-1, keepdims=True)
    return maps / np.where(lengths > 0, lengths, 1)


@pytest.mark.parametrize(("side", "x", "y"), [("A", 33.0, 21.0), ("B", 12.4, 90.0), ("A", -40.0, 500.0)])
def test_answers_are_plain_cosines(cache, backbone, side, x, y) -> None:
    answer = cache.answer(side, x, y)
    picture, working = (A, SIZES["A"]) if side == "A" else (B, SIZES["B"])
    other = "B" if side == "A" else "A"
    assert [level.level for level in answer.levels] == [1, 2, 3]
    for level in answer.levels:
        own, there = unit_cells(backbone, side, level.level), unit_cells(backbone, other, level.level)
        column = min(max(int((x + 0.5) * working[0] / picture.size[0] // level.stride), 0), own.shape[1] - 1)
        row = min(max(int((y + 0.5) * working[1] / picture.size[1] // level.stride), 0), own.shape[0] - 1)
        assert level.cell == (column, row)
        cosines = there @ own[row, column]
        np.testing.assert_allclose(level.similarity, cosines, atol=1e-5)
        best = level.best_cell[::-1]
        assert cosines[best] == pytest.approx(cosines.max(), abs=1e-6) and level.value == pytest.approx(cosines[best])
        back = own @ there[best]
        assert level.mutual == bool(back[row, column] >= back.max() - 1e-7)
        # The margin by brute force.
        reach = max(1, round(NEIGHBOURHOOD * max(cosines.shape)))
        far = [
            cosines[r, c]
            for r in range(cosines.shape[0])
            for c in range(cosines.shape[1])
            if abs(r - best[0]) > reach or abs(c - best[1]) > reach
        ]
        assert level.margin == pytest.approx(cosines[best] - max(far), abs=1e-5)
        # Places are the centres of the cells, in full-size pixels.
        full, size = (B.size, SIZES["B"]) if side == "A" else (A.size, SIZES["A"])
        centre = [
            (index + 0.5) * level.stride * f / s - 0.5 for index, f, s in zip(best[::-1], full, size, strict=True)
        ]
        np.testing.assert_allclose(level.best, np.clip(centre, 0, np.subtract(full, 1)), atol=1e-9)
        assert level.extent[0] == pytest.approx(cosines.shape[1] * level.stride * full[0] / size[0])


def test_a_picture_finds_itself(backbone) -> None:
    cache = run_to_end(prepare_hover(A, A, backbone, 64))
    for level in cache.answer("A", 41.0, 17.0).levels:
        assert level.best_cell == level.cell and level.mutual and level.value == pytest.approx(1.0, abs=1e-5)
        assert level.best == level.here == level.back and level.box_here == level.box_there


def test_the_trace_goes_from_coarse_to_fine_within_reach(cache) -> None:
    answer = cache.answer("A", 50.0, 40.0)
    assert [step.level for step in answer.trace] == [3, 2, 1]
    assert answer.trace[0].place == answer.levels[-1].best
    for coarse, fine in zip(answer.trace, answer.trace[1:], strict=False):
        level = answer.levels[fine.level - 1]
        column, row = cache.cell_at("B", fine.level, coarse.place)
        part = level.similarity[max(0, row - REACH) : row + REACH + 1, max(0, column - REACH) : column + REACH + 1]
        assert fine.similarity == pytest.approx(float(part.max()))
        c, r = cache.cell_at("B", fine.level, fine.place)
        assert abs(c - column) <= REACH and abs(r - row) <= REACH
        assert level.similarity[r, c] == pytest.approx(fine.similarity)


def test_channels_of_a_pair_and_their_maps(cache, backbone) -> None:
    answer = cache.answer("A", 33.0, 21.0)
    level = answer.levels[1]
    parts = cache.contributions(2, answer.point, level.best)
    assert parts.values.sum() == pytest.approx(parts.cosine) and parts.cosine == pytest.approx(level.value, abs=1e-6)
    own, there = unit_cells(backbone, "A", 2), unit_cells(backbone, "B", 2)
    expected = own[level.cell[::-1]] * there[level.best_cell[::-1]]
    np.testing.assert_allclose(parts.values, expected[parts.channels], atol=1e-6)
    raw = backbone.features(B.tensor(SIZES["B"]), [2])[2][0, 5].numpy()
    np.testing.assert_allclose(cache.channel_maps(2, 5)[1], raw, atol=1e-5)
    torch.testing.assert_close(cache.features("B", 2)[0, 5], torch.from_numpy(raw))
    with pytest.raises(ValueError, match="no channel"):
        cache.channel_maps(2, 8)
    with pytest.raises(ValueError, match="no level 9"):
        cache.extent("A", 9)


def test_a_cell_without_any_activation() -> None:
    silent = small_backbone((4, 4))
    for weight in silent.stage(2).parameters():
        weight.data.zero_()
    answer = run_to_end(prepare_hover(A, B, silent, 32)).answer("A", 5, 5)
    assert answer.levels[1].strength == 0.0 and not answer.levels[1].similarity.any()
    assert np.isfinite(answer.levels[1].value)


def test_pictures_of_one_pixel_and_of_extreme_shapes(backbone) -> None:
    for width, height in ((1, 1), (1, 300)):
        cache = run_to_end(prepare_hover(noise_picture(width, height), B, backbone, 32))
        for side in ("A", "B"):
            answer = cache.answer(side, 0.0, 0.0)
            assert len(answer.levels) == 3 and all(np.isfinite(level.margin) for level in answer.levels)


def test_receptive_fields_counted_by_hand(backbone) -> None:
    fields = theoretical(backbone, ["level 1", "level 2", "level 3"])
    # conv 3; conv 3, pool 2, conv 3; the same again: r += (k - 1) j, j *= s.
    assert [(one.size, one.stride, one.start) for one in fields.values()] == [(3, 1, -1), (10, 2, -4), (24, 4, -10)]
    assert fields["level 2"].box(3, 0) == (1.5, -4.5, 11.5, 5.5)


@pytest.mark.parametrize("name", ["squeezenet1_0", "buddynet"])
def test_receptive_fields_lie_where_the_catalogue_says(name) -> None:
    backbone = build_backbone(name)
    for level in CATALOG[name].levels:
        field = theoretical(backbone, [level.name])[level.name]
        centre = field.start + (field.size - 1) / 2
        assert field.stride == level.stride and centre - (level.stride - 1) / 2 == level.offset


@pytest.mark.parametrize(
    ("layer", "column", "row"), [("fire4", 9, 5), ("fire8", 5, 3), ("conv1", 0, 0), ("fire5", 3, 2)]
)
def test_gradients_stay_inside_the_field(layer, column, row) -> None:
    backbone = build_backbone("squeezenet1_1" if layer == "fire5" else "squeezenet1_0", seed=2)
    image = torch.rand(1, 3, 96, 112, generator=torch.Generator().manual_seed(1))
    found = effective(backbone, image, layer, column, row)
    x0, y0, x1, y1 = (round(edge + 0.5) for edge in theoretical(backbone, [layer])[layer].box(column, row))
    inside = np.zeros((96, 112), bool)
    inside[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = True
    assert found.map.max() == 1.0 and not found.map[~inside].any()
    assert found.radius < max(x1 - x0, y1 - y0) / 2
    assert x0 - 1 <= found.center[0] <= x1 and y0 - 1 <= found.center[1] <= y1


def test_the_effective_radius_is_that_of_half_the_weight() -> None:
    class Spread(torch.nn.Module):
        layer_names = ("one",)

        def activations(self, image, names):
            y, x = torch.meshgrid(torch.arange(40), torch.arange(50), indexing="ij")
            disc = ((x - 20) ** 2 + (y - 15) ** 2 <= 100).to(image.dtype)
            return {names[0]: (image * disc).sum((1, 2, 3), keepdim=True)}

    found = effective(Spread(), torch.rand(1, 3, 40, 50), "one", 0, 0)
    assert found.center == pytest.approx((20.0, 15.0))
    assert found.radius == pytest.approx(10 / np.sqrt(2), abs=0.5)  # half of a disc's area
    with pytest.raises(ValueError, match="1 x 1 cells"):
        effective(Spread(), torch.rand(1, 3, 40, 50), "one", 1, 0)
