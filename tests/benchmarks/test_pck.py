"""The PCK benchmark on a made-up data set whose answers are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from studio.arrays import Points
from tests.benchmarks import pck

SPOTS = {"nose": (30.0, 20.0), "tail": (90.0, 50.0), "paw": (60.0, 66.0)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same 120 x 80 texture in two photographs, at another place and twice as large in the second."""
    folder = tmp_path_factory.mktemp("animals")
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (10, 15, 3), np.uint8))
    rows = []
    for name, corner, zoom in (("a", (40, 50), 1), ("b", (100, 60), 2)):
        canvas = Image.new("RGB", (400, 300), (90, 90, 90))
        canvas.paste(coarse.resize((120 * zoom, 80 * zoom), Image.Resampling.BICUBIC), corner)
        canvas.save(folder / f"{name}.png")
        box = [corner[0], corner[1], corner[0] + 120 * zoom, corner[1] + 80 * zoom]
        spots = {key: [corner[0] + x * zoom, corner[1] + y * zoom] for key, (x, y) in SPOTS.items()}
        spots[f"only in {name}"] = [1.0, 1.0]
        row = {"image": f"{name}.png", "category": "thing", "size": canvas.size, "box": box, "keypoints": spots}
        rows.append(row)
    text = json.dumps({"images": rows, "pairs": {"same_kind": [[0, 1], [1, 0]], "none": []}})
    (folder / "keypoints.json").write_text(text, encoding="utf-8")
    return folder


def test_crops_hold_the_grown_box_and_key_points_follow(folder: Path) -> None:
    a, b = pck.read(folder).all
    # the box and 8 % of 120 x 80 px on each side become 224 x 224
    grown = np.array([120 * 1.16, 80 * 1.16])
    for key, (x, y) in SPOTS.items():
        expected = (np.array([x, y]) + grown * 0.08 / 1.16) / grown * 224 - 0.5
        np.testing.assert_allclose(a.keypoints[key], expected, atol=1e-9)
        np.testing.assert_allclose(b.keypoints[key], expected, atol=1e-9)
    assert a.longer_side == 120
    assert b.longer_side == 240
    difference = np.abs(a.pixels.astype(int) - b.pixels.astype(int))
    assert difference.mean() < 6  # one is the other, resampled


def test_only_common_key_points_count_and_the_tolerance_is_a_tenth_of_bs_longer_side(folder: Path) -> None:
    subjects = pck.read(folder)
    assert pck.score(subjects, pck.identity)["same_kind"] == 1.0
    assert np.isnan(pck.score(subjects, pck.identity)["none"])

    def off_by(pixels_of_b: float) -> float:
        def carry(_i: int, j: int, points: Points) -> Points:
            return points + np.array([pixels_of_b, 0]) / subjects.all[j].scale

        return pck.score(subjects, carry)["same_kind"]

    assert off_by(11.9) == 1.0
    assert off_by(12.1) == 0.5  # a tenth of 120 px, but not of 240
    assert off_by(24.1) == 0.0


def test_nearest_neighbours_on_colours_find_the_same_place(folder: Path) -> None:
    subjects = pck.read(folder)
    colours = pck.tensor_of(subjects) - 0.5
    smooth = torch.nn.functional.avg_pool2d(colours, 4)
    around = torch.nn.functional.unfold(smooth, 5, padding=2).unflatten(2, (56, 56))
    assert pck.score(subjects, pck.nearest([around]))["same_kind"] == 1.0
    turned = pck.nearest([around.flip(0)])  # the pictures exchanged: still one texture
    assert pck.score(subjects, turned)["same_kind"] == 1.0


def test_the_command_prints_every_method(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pck.main(["--data", str(folder), "--random", "--limit", "1", "--preset", "fast", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["backbone"] == "buddynet"
    assert told["pck"]["identity"]["same_kind"] == 1.0
    assert told["pck"]["nearest neighbour, strides 8 + 16"]["same_kind"] == 1.0
    assert told["pck"]["best buddies, fast, pairs alone"]["same_kind"] == 1.0
    assert told["pck"]["best buddies, fast, and network"]["same_kind"] == 1.0
    assert len(told["pairs_found"]) == 1


def test_fresh_pairs_are_none_of_those_that_were_looked_at(folder: Path) -> None:
    subjects = pck.read(folder)
    assert pck.fresh(subjects, folder, 5).pairs == {"same_kind": [], "across_kinds": []}  # both ways round are known
    unseen = pck.Subjects(subjects.all, {"same_kind": []})
    assert sorted(pck.fresh(unseen, folder, 5).pairs["same_kind"]) == [(0, 1), (1, 0)]
    assert len(pck.fresh(unseen, folder, 1).pairs["same_kind"]) == 1
