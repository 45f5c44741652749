"""What the head of points is taught from, and how: key points read, views that keep them, the loss, the export."""

from __future__ import annotations

import json
import logging
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from studio.backbones import load_backbone
from studio.backbones.points import PointHead
from studio.progress import run_to_end

TRAINER = Path(__file__).resolve().parents[1] / "packaging" / "train_buddynet"
SPOTS = {"left_eye": (90.0, 60.0), "right_eye": (150.0, 66.0), "nose": (118.0, 110.0), "tail_end": (210.0, 150.0)}


@pytest.fixture(autouse=True)
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The trainer's modules can be imported, and are forgotten afterwards: their names are short."""
    monkeypatch.syspath_prepend(str(TRAINER))
    yield
    for file in TRAINER.glob("[a-z]*.py"):
        sys.modules.pop(file.stem, None)


def spotted(places: list[tuple[float, float]], size: tuple[int, int], radius: float = 4.0) -> np.ndarray:
    """Grey, with a soft spot of its own colour at each place."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    image = np.full((size[1], size[0], 3), 90.0)
    for number, (px, py) in enumerate(places):
        spot = np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * radius**2))[..., None]
        colour = np.array([255.0 * (number % 3 == channel) for channel in range(3)])
        image = image * (1 - spot) + colour * spot
    return image.round().astype(np.uint8)


def brightest(image: np.ndarray, channel: int, near: np.ndarray) -> np.ndarray:
    """Where a channel stands out most within 14 px of a place."""
    x, y = np.meshgrid(np.arange(image.shape[1]), np.arange(image.shape[0]))
    out = image[..., channel].astype(float) - image.astype(float).mean(-1)
    out = np.where(np.hypot(x - near[0], y - near[1]) < 14, np.clip(out - 20, 0, None), 0)
    return np.array([(x * out).sum(), (y * out).sum()]) / out.sum()


def test_pickles_open_only_plain_values_and_arrays(tmp_path: Path) -> None:
    from keypoints import ArraysOnly

    class Program:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "ran",)  # type: ignore[return-value]

    for number, bad in enumerate((Program(), {"a": [Program()]}, print, np.random.default_rng)):
        file = tmp_path / f"{number}.pickle"
        file.write_bytes(pickle.dumps(bad))
        with file.open("rb") as opened, pytest.raises(pickle.UnpicklingError, match="no array of numbers"):
            ArraysOnly(opened).load()
    assert not (tmp_path / "ran").exists()
    good = {"a1": {"nose": np.array([3.0, 4.0]), "n": np.float64(2), "bbox": [0, 0, 9, 9]}}
    for protocol in (2, 4):
        (tmp_path / "good.pickle").write_bytes(pickle.dumps(good, protocol=protocol))
        with (tmp_path / "good.pickle").open("rb") as opened:
            np.testing.assert_array_equal(ArraysOnly(opened).load()["a1"]["nose"], [3.0, 4.0])


def test_pickles_and_json_give_the_same_animals(tmp_path: Path) -> None:
    """Points are in pixels of the original; of AwA-Pose its size is the smallest usual one that holds them."""
    from keypoints import read_json, read_pickles

    Image.fromarray(spotted([], (400, 300))).save(tmp_path / "red+fox_7.jpg")
    points = {name: [2 * x, 2 * y] for name, (x, y) in SPOTS.items()}
    animal = {**points, "tail_base": [-1, -1], "bbox": [10.0, 20.0, 620.0, 425.0]}
    (tmp_path / "red+fox_7.pickle").write_bytes(pickle.dumps({"a1": animal, "a2": {"nose": [-1, -1]}}))
    rows = {"red+fox_7": {"size": [640, 427], "animals": [{"keypoints": points, "box": animal["bbox"]}]}}
    rows["gone_1"] = rows["red+fox_7"]
    (tmp_path / "points.json").write_text(json.dumps(rows))
    (one,), (other,) = read_pickles(tmp_path, tmp_path), read_json(tmp_path / "points.json", tmp_path)
    assert one.kind == other.kind == "red+fox"
    assert one.points == other.points == {name: tuple(place) for name, place in points.items()}
    np.testing.assert_array_equal(one.size, other.size)
    np.testing.assert_array_equal(one.box, other.box)
    rows["red+fox_7"]["animals"][0]["box"] = None
    (tmp_path / "points.json").write_text(json.dumps(rows))
    np.testing.assert_array_equal(read_json(tmp_path / "points.json", tmp_path)[0].box, [180.0, 120.0, 420.0, 300.0])


def test_faces_of_68_points(tmp_path: Path) -> None:
    from keypoints import FACE, FACE_MEANS, exchanged, read_faces

    places = np.random.default_rng(0).uniform(20, 180, (68, 2))
    lines = "\n".join(f"{x:.4f} {y:.4f}" for x, y in places + 1)
    for name, text in (
        ("a", f"version: 1\nn_points:  68\n{{\n{lines}\n}}\n"),
        ("b", lines),
        ("c", "1 2\n3"),
        ("d", lines),
    ):
        (tmp_path / f"{name}.pts").write_text(text)
        if name != "d":
            Image.fromarray(spotted([], (200, 200))).save(tmp_path / f"{name}.jpg")
    faces = read_faces(tmp_path)
    assert [one.file.stem for one in faces] == ["a", "b"]
    for one in faces:
        np.testing.assert_allclose(one.points["nose"], places[30], atol=1e-3)
        np.testing.assert_allclose(one.points["left_eye"], places[42:48].mean(0), atol=1e-3)
    names = {*FACE, *FACE_MEANS}
    assert {exchanged(name) for name in names} == names
    assert all(exchanged(exchanged(name)) == name for name in names)


@pytest.mark.parametrize("mode", ["plain", "free", "turned"])
def test_points_go_with_the_view(mode: str, tmp_path: Path) -> None:
    """In a squashed photograph too; where a view is mirrored, what was left is right."""
    from keypoints import Subject
    from views import view_of

    size, file = np.array([560.0, 300.0]), tmp_path / "a.png"
    Image.fromarray(spotted([*SPOTS.values()], (280, 200))).save(file)
    points = {name: (2 * x, 1.5 * y) for name, (x, y) in SPOTS.items()}
    subject = Subject(file, "fox", size, points, np.array([120.0, 60.0, 460.0, 260.0]))
    names = {name: row for row, name in enumerate(SPOTS)}
    mirrored = set()
    for seed in range(12):
        view = view_of(subject, names, mode, np.random.default_rng(seed))  # type: ignore[arg-type]
        place = view.points[: len(names)]
        if np.isnan(place[:3]).any():
            continue
        colours = [int(view.pixels[round(y), round(x)].argmax()) for x, y in place[:2]]
        assert sorted(colours) == [0, 1]
        mirrored.add(colours == [1, 0])
        for row, channel in enumerate((*colours, 2)):
            assert np.hypot(*(brightest(view.pixels, channel, place[row]) - place[row])) < 2.0
    assert mirrored == ({False} if mode == "plain" else {False, True})


def test_marks_go_with_a_strong_warp() -> None:
    from pictures import PACKED
    from views import SIDE, marks, warped

    places, other = marks((1, 2)), np.full((PACKED, PACKED, 3), 90, np.uint8)
    some = [9, 22, 27, 44, 54]
    image = spotted([tuple(places[row]) for row in some], (PACKED, PACKED), 5.0)
    found = 0
    for seed in range(6):
        view = warped(image, other, places, "warped", np.random.default_rng(seed))
        assert view.pixels.shape == (SIDE, SIDE, 3)
        for number, row in enumerate(some):
            there = view.points[row]
            if not np.isnan(there).any() and (there > 12).all() and (there < SIDE - 12).all():
                assert np.hypot(*(brightest(view.pixels, number % 3, there) - there)) < 5.0
                found += 1
    assert found > 10


def test_the_loss_is_what_its_words_say() -> None:
    """Against a plain loop in float64."""
    from points import GRID, TEMPERATURE, Batch, point_loss
    from views import SIDE

    generator = torch.Generator().manual_seed(0)
    features = F.normalize(torch.randn(5, 6, 14, 14, generator=generator), dim=1)
    points = torch.rand(5, 3, 2, generator=generator) * (SIDE - 1)
    points[0, 1] = torch.nan
    points[4, 2] = torch.nan
    batch = Batch(features, points, 3)
    found = float(point_loss(features, batch, 0.05))
    f = features.double()
    maps = F.normalize(F.interpolate(f, (GRID, GRID), mode="bilinear", align_corners=False), dim=1).flatten(2)
    centres = [(k + 0.5) * SIDE / GRID - 0.5 for k in range(GRID)]
    total, weights = [0.0, 0.0], [0.0, 0.0]
    for a, b in [(a, b) for a in range(3) for b in range(3) if a != b] + [(3, 4), (4, 3)]:
        shared = [p for p in range(3) if not (points[a, p].isnan().any() or points[b, p].isnan().any())]
        for p in shared:
            place = ((points[a, p].double() + 0.5) * 2 / SIDE - 1).view(1, 1, 1, 2)
            asked = F.normalize(
                F.grid_sample(f[a : a + 1], place, padding_mode="border", align_corners=False)[0, :, 0, 0], dim=0
            )
            log = ((asked @ maps[b]) / TEMPERATURE).log_softmax(0)
            x, y = points[b, p].tolist()
            away = [(cx - x) ** 2 + (cy - y) ** 2 for cy in centres for cx in centres]
            target = torch.exp(-torch.tensor(away, dtype=torch.float64) / (2 * (0.05 * SIDE) ** 2))
            target /= target.sum()
            part, weight = int(a >= 3), len(shared) ** -0.5
            total[part] += weight * float((target * (target.clamp_min(1e-12).log() - log)).sum())
            weights[part] += weight
    assert found == pytest.approx(sum(t / w for t, w in zip(total, weights, strict=True)), rel=0.02)  # bfloat16


def test_whole_numbers_are_within_half_a_step() -> None:
    from networks import in_bytes

    weight = torch.randn(5, 3, 3, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor(
        [1e-3, 0.1, 1, 5, 0]
    ).view(-1, 1, 1, 1)
    whole, scale = in_bytes(weight)
    assert whole.dtype == torch.int8
    assert (scale.shape, scale.dtype) == ((5,), torch.float16)
    apart = (whole * scale.float().view(-1, 1, 1, 1) - weight).abs().amax((1, 2, 3))
    assert (apart <= 0.51 * scale.float() + 1e-7).all()


def test_the_exported_head_computes_what_was_taught() -> None:
    from points import Head, unit

    torch.manual_seed(0)
    head = Head(10, 12, 6).eval()
    torch.nn.init.normal_(head.out.weight)
    x = torch.rand(2, 10, 7, 9)
    with torch.no_grad():
        taught = unit(head(unit(x)))
        found = PointHead({name: tensor.float() for name, tensor in head.tensors(0.75).items()})(x)
    size = x.norm(dim=1, keepdim=True)
    torch.testing.assert_close(found[:, :6], taught * size * 0.75**0.5, rtol=2e-2, atol=2e-3)
    torch.testing.assert_close(found[:, 6:], x * 0.5, rtol=1e-3, atol=1e-4)


def material(folder: Path) -> Path:
    """A network that has learnt nothing, two kinds of animals, faces, and other pictures."""
    rng, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)
    tensors, channels = {}, 3
    for stage, width in enumerate((4, 4, 6, 8, 12), 1):
        tensors[f"conv{stage}_1.weight"] = torch.randn(width, channels, 3, 3, generator=generator) / channels**0.5 / 3
        tensors[f"conv{stage}_1.bias"] = torch.randn(width, generator=generator) / 10
        channels = width
    save_file({name: tensor.half() for name, tensor in tensors.items()}, folder / "net.safetensors", {"version": "2"})
    rows = {}
    for kind in ("fox", "pig"):
        for number in range(3):
            moved = {name: (x + rng.normal(0, 8), y + rng.normal(0, 8)) for name, (x, y) in SPOTS.items()}
            Image.fromarray(spotted([*moved.values()], (280, 200), 9.0)).save(folder / f"{kind}_{number}.png")
            rows[f"{kind}_{number}"] = {
                "size": [280, 200],
                "animals": [{"keypoints": moved, "box": [40, 20, 250, 180]}],
            }
    (folder / "points.json").write_text(json.dumps(rows))
    (folder / "faces").mkdir()
    lines = "\n".join(f"{x:.2f} {y:.2f}" for x, y in rng.uniform(20, 130, (68, 2)))
    (folder / "faces" / "a.pts").write_text(lines)
    Image.fromarray(rng.integers(0, 255, (150, 150, 3), np.uint8)).save(folder / "faces" / "a.png")
    (folder / "things").mkdir()
    for number in range(4):
        noise = rng.integers(0, 256, (9, 9, 3), np.uint8)
        Image.fromarray(noise).resize((90, 90)).save(folder / "things" / f"{number}.png")
    return folder


def teach(folder: Path, out: str, steps: int) -> dict[str, torch.Tensor]:
    from points import main

    words = ["--network", folder / "net.safetensors", "--work", folder / out, "--out", folder / f"{out}.safetensors"]
    words += ["--key-points", folder / "points.json", "--photographs", folder, "--faces", folder / "faces"]
    words += ["--images", folder / "things", "--hold-out", "pig", "--views", 1, "--threads", 1, "--steps", steps]
    main([str(word) for word in (*words, "--widths", 16, 8)])
    return load_file(folder / f"{out}.safetensors")


def test_a_taught_network_loads_and_the_rest_of_it_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What was stopped goes on from its checkpoint, with what it had looked at."""
    caplog.set_level(logging.INFO)
    folder = material(tmp_path)
    teach(folder, "net3", 3)
    assert "4 animals and faces, 4 other pictures" in caplog.text
    caplog.clear()
    after = teach(folder, "net3", 6)
    assert "resumed at step 3" in caplog.text
    assert "looked at" not in caplog.text
    for name, tensor in load_file(folder / "net.safetensors").items():
        if name != "conv5_1.weight":
            assert torch.equal(after[name], tensor)
    assert after["conv5_1.weight"].dtype == torch.int8
    backbone = run_to_end(load_backbone("buddynet", folder / "net3.safetensors", "cpu"))
    assert backbone.levels[-1].channels == 8 + 12
    with safe_open(folder / "net3.safetensors", "pt") as file:
        assert (file.metadata()["point_steps"], file.metadata()["held_out"]) == ("6", "pig")


def test_the_head_learns() -> None:
    """On one batch again and again."""
    from points import Batch, Training
    from views import SIDE

    generator = torch.Generator().manual_seed(0)
    batch = Batch(torch.rand(6, 16, 14, 14, generator=generator), torch.rand(6, 8, 2, generator=generator) * SIDE, 4)
    training = Training(16, 200, 3e-3, 0, (64, 64))
    first = training.advance(batch)["points"]
    for _ in range(100):
        last = training.advance(batch)["points"]
    assert last < 0.8 * first
