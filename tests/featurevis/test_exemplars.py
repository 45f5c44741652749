from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from studio.backbones import Backbone, load_backbone
from studio.backbones.receptive import theoretical
from studio.featurevis import RegionsError, crop, exemplar_sheet, exemplars
from studio.geometry import fit_within
from studio.picture import load
from studio.progress import run_to_end

LAYER, SIZE = "relu3_2", 64


@pytest.fixture(scope="module")
def buddynet() -> Backbone:
    return run_to_end(load_backbone("buddynet", device="cpu"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty pictures: parts of photographs, as files of their own."""
    folder = tmp_path_factory.mktemp("pictures")
    for name in ("chelsea", "coffee", "astronaut", "rocket"):
        whole = getattr(skimage.data, name)()
        for number in range(5):
            left, top = 20 + 50 * number, 10 + 30 * number
            Image.fromarray(whole[top : top + 100, left : left + 120]).save(folder / f"{name}{number}.png")
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("studio.featurevis.exemplar_search.cache_dir", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def brute(paths: list[Path], network: Backbone) -> dict[tuple[int, str], tuple[float, int, int]]:
    """For each channel and picture its strongest cell, by looking at every picture once more."""
    found = {}
    for path in paths:
        picture = load(path)
        with torch.no_grad():
            maps = network.activations(picture.tensor(fit_within(picture.size, SIZE)), [LAYER])[LAYER][0].numpy()
        for channel, one in enumerate(maps):
            row, column = np.unravel_index(one.argmax(), one.shape)
            found[channel, path.name] = float(one[row, column]), int(column), int(row)
    return found


def test_every_channel_has_its_strongest_places(buddynet, folder, cache) -> None:
    paths = sorted(folder.iterdir())
    found, wanted = run_to_end(exemplars(paths, buddynet, LAYER, SIZE)), brute(paths, buddynet)
    stride = theoretical(buddynet, [LAYER])[LAYER].stride
    for channel in range(found.channels):
        mine = found.of(channel)
        best = sorted((wanted[channel, path.name][0] for path in paths), reverse=True)[:9]
        np.testing.assert_allclose([one.value for one in mine], [value for value in best if value > 0], rtol=1e-4)
        assert len({one.path for one in mine}) == len(mine)  # at most one a picture
        for one in mine[:2]:
            _, column, row = wanted[channel, one.path.name]
            scale = SIZE / 120
            assert abs(one.point[0] - ((column + 0.5) * stride / scale - 0.5)) < stride / scale
            assert abs(one.point[1] - ((row + 0.5) * stride / scale - 0.5)) < stride / scale
            assert one.box[0] <= one.point[0] <= one.box[2] and one.box[1] <= one.point[1] <= one.box[3]


def test_a_pass_that_was_given_up_goes_on_and_new_pictures_are_looked_at_alone(
    buddynet, folder, cache, monkeypatch
) -> None:
    paths = sorted(folder.iterdir())
    looked = []
    real = load

    def counted(path: Path, *rest: int):
        looked.append(path)
        return real(path, *rest)

    monkeypatch.setattr("studio.featurevis.exemplar_search.load", counted)
    job = exemplars(paths, buddynet, LAYER, SIZE)
    for _ in range(8):
        next(job)
    job.close()
    first = len(looked)
    assert 6 <= first <= 8
    whole = run_to_end(exemplars(paths, buddynet, LAYER, SIZE))
    assert len(looked) == len(paths) and len(whole.paths) == 20
    looked.clear()
    copy = cache / "copy.png"  # the same content under another name is known too
    copy.write_bytes(paths[3].read_bytes())
    again = run_to_end(exemplars([*paths, copy], buddynet, LAYER, SIZE))
    assert not looked and np.array_equal(again.values[:-1], whole.values)
    assert np.array_equal(again.values[-1], again.values[3])
    run_to_end(exemplars(paths[:2], buddynet, "relu4_3", SIZE))
    assert len(looked) == 2  # another layer is another question


def test_a_damaged_cache_is_made_again(buddynet, folder, cache) -> None:
    paths = sorted(folder.iterdir())[:3]
    before = run_to_end(exemplars(paths, buddynet, LAYER, SIZE))
    (kept,) = (cache / "exemplars").iterdir()
    kept.write_bytes(kept.read_bytes()[:50])
    assert np.array_equal(run_to_end(exemplars(paths, buddynet, LAYER, SIZE)).values, before.values)


def test_files_that_are_no_pictures_are_left_out(buddynet, folder, cache, tmp_path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    gone = tmp_path / "gone.png"
    found = run_to_end(exemplars([broken, gone, sorted(folder.iterdir())[0]], buddynet, LAYER, SIZE))
    assert len(found.paths) == 1
    with pytest.raises(RegionsError, match="None of these pictures"):
        run_to_end(exemplars([broken], buddynet, LAYER, SIZE))
    with pytest.raises(RegionsError, match="has no layer “conv”"):
        run_to_end(exemplars([broken], buddynet, "conv"))
    with pytest.raises(RegionsError, match="there is no channel 128"):
        found.of(128)


def test_a_crop_is_what_the_cell_sees(buddynet, folder, cache) -> None:
    found = run_to_end(exemplars(sorted(folder.iterdir()), buddynet, LAYER, SIZE))
    one = next(
        one
        for channel in range(found.channels)
        for one in found.of(channel)
        if one.box[0] > 2 and one.box[2] < 117 and one.box[1] > 2 and one.box[3] < 97
    )
    pixels = load(one.path).full().astype(float)
    x0, y0, x1, y1 = one.box
    middle = pixels[max(round(one.point[1]), 0), round(one.point[0])]
    side = 2 * max(round(max(x1 - x0, y1 - y0) / 2), 4)
    shown = crop(one, side).astype(float)
    assert shown.shape == (side, side, 3)
    assert np.abs(shown[side // 2, side // 2] - middle).max() < 80  # the centre of the cell is in the middle
    columns = slice(int(np.ceil(x0)) + 2, int(x1) - 2)
    rows = slice(max(int(np.ceil(y0)) + 2, 0), int(y1) - 2)
    there = ~(shown == 128).all(axis=2)
    assert abs(shown[there].mean() - pixels[rows, columns].mean()) < 12


def test_a_sheet_has_a_square_for_each_channel(buddynet, folder, cache) -> None:
    found = run_to_end(exemplars(sorted(folder.iterdir()), buddynet, LAYER, SIZE))
    strongest = found.strongest_channels(4)
    assert len(set(strongest)) == 4
    sheet = run_to_end(exemplar_sheet(found, strongest, side=32))
    assert sheet.dtype == np.uint8 and sheet.shape == (2 * (3 * 32 + 28) + 10, 2 * (3 * 32 + 10) + 10, 3)
    assert (sheet != 250).mean() > 0.5
