"""The trainer of BuddyNet, as a process on a handful of tiny pictures: it learns, exports, and survives a kill."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from studio.backbones import load_backbone
from studio.progress import run_to_end

TRAINER = Path(__file__).resolve().parents[1] / "packaging" / "train_buddynet"
WIDTHS = ["4", "4", "6", "8", "8,12"]


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of pictures, a file that is none, and a teacher that has learnt nothing."""
    from torchvision.models import squeezenet1_0

    folder = tmp_path_factory.mktemp("material")
    rng = np.random.default_rng(0)
    for kind in ("rough", "smooth"):
        (folder / "pictures" / kind).mkdir(parents=True)
        for number in range(4):
            noise = rng.integers(0, 256, (6 if kind == "smooth" else 40, 50, 3), np.uint8)
            Image.fromarray(noise).resize((90, 70)).save(folder / "pictures" / kind / f"{number}.png")
    (folder / "pictures" / "rough" / "broken.jpg").write_bytes(b"not a picture")
    torch.manual_seed(0)
    save_file(squeezenet1_0().state_dict(), folder / "squeezenet.safetensors")
    return folder


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The trainer's modules can be imported, and are forgotten afterwards: their names are short."""
    monkeypatch.syspath_prepend(str(TRAINER))
    yield
    for file in TRAINER.glob("[a-z]*.py"):
        sys.modules.pop(file.stem, None)


def command(material: Path, work: Path, steps: int, *more: str) -> list[str]:
    words = [sys.executable, str(TRAINER), "--images", material / "pictures", "--work", work, "--out", work / "out"]
    words += ["--teacher", material / "squeezenet.safetensors", "--steps", steps, "--area", 4 * 32 * 32]
    words += ["--sides", 32, 48, "--threads", 1, "--widths", *WIDTHS, *more]
    return [str(word) for word in words]


def train(material: Path, work: Path, steps: int, *more: str) -> str:
    done = subprocess.run(command(material, work, steps, *more), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def whole(material: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training that nothing interrupted."""
    work = tmp_path_factory.mktemp("whole")
    about = work / "about.json"
    about.write_text(json.dumps({"version": "test", "licence": "MIT"}))
    train(material, work, 40, "--about", str(about))
    return work


def test_the_export_is_a_network_the_program_loads(whole: Path) -> None:
    backbone = run_to_end(load_backbone("buddynet", (whole / "out").rename(whole / "out.safetensors"), "cpu"))
    assert [level.stride for level in backbone.levels] == [1, 2, 4, 8, 16]
    assert [level.channels for level in backbone.levels] == [4, 4, 6, 8, 12]
    (whole / "out.safetensors").rename(whole / "out")


def test_the_export_says_what_it_is(whole: Path) -> None:
    with safe_open(whole / "out", "pt") as file:
        about = file.metadata()
        kinds = {file.get_tensor(name).dtype for name in file.keys()}  # noqa: SIM118 - not a dict
    assert kinds == {torch.float16}
    assert about["version"] == "test"
    assert about["licence"] == "MIT"
    assert about["steps"] == "40"
    assert about["pictures"] == "8"
    assert "squeezenet.safetensors sha256 " in about["teacher"]


def test_a_killed_training_goes_on_to_the_same_end(material: Path, whole: Path, tmp_path: Path) -> None:
    words = command(material, tmp_path, 40, "--checkpoint-minutes", "0.0001")
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / "checkpoint.pt").exists():
            assert process.poll() is None, "it ended before its first checkpoint"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
    reached = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"]
    assert 0 < reached < 40
    assert f"resumed at step {reached}" in train(material, tmp_path, 40)
    expected, found = load_file(whole / "out"), load_file(tmp_path / "out")
    assert expected.keys() == found.keys()
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name].float(), tensor.float(), rtol=1e-2, atol=2e-3)


def test_folding_changes_nothing(whole: Path, modules: None) -> None:
    """The exported file computes what the network with its batch norms computes in evaluation."""
    from networks import Student

    student = Student(tuple(tuple(map(int, w.split(","))) for w in WIDTHS))
    student.load_state_dict(torch.load(whole / "checkpoint.pt", weights_only=True)["average"])
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = student.eval()(images)
    (whole / "out").rename(whole / "out.safetensors")
    backbone = run_to_end(load_backbone("buddynet", whole / "out.safetensors", "cpu"))
    (whole / "out.safetensors").rename(whole / "out")
    for number, features in backbone.features(images).items():
        torch.testing.assert_close(features, expected[number], rtol=2e-2, atol=2e-2)


def test_a_training_can_start_from_an_export(material: Path, whole: Path, tmp_path: Path) -> None:
    told = train(material, tmp_path, 1, "--start", str(whole / "out"), "--learn", "3", "5")
    assert told.count("starts as it was") == 6
    before, after = load_file(whole / "out"), load_file(tmp_path / "out")
    for name in ("conv1_1.weight", "conv2_1.bias"):
        torch.testing.assert_close(after[name], before[name])


def test_the_losses_fall(material: Path, tmp_path: Path, modules: None) -> None:
    """On one batch again and again: the student comes closer to its teacher."""
    from networks import SqueezeTeacher
    from pictures import Pictures
    from training import Plan, Training

    pictures = Pictures([material / "pictures"], tmp_path)
    plan = Plan(1000, None, 4 * 64 * 64, (64,), 3e-3, 0, ((4,), (4,), (8,), (16,), (32,)))
    training = Training(plan, SqueezeTeacher(material / "squeezenet.safetensors"))
    batch = pictures.batch((0, 0), 4, 64)
    training.begin(torch.from_numpy(batch).permute(0, 3, 1, 2) / 255, None)
    first = training.advance(batch)
    for _ in range(60):
        last = training.advance(batch)
    assert last["cosine5"] < 0.8 * first["cosine5"]
    assert last["cosine3"] < 0.8 * first["cosine3"]


def test_the_teachers_cells_are_the_students(material: Path, modules: None) -> None:
    """A spot moves the teacher's features most in the cell that it lies in."""
    from networks import SqueezeTeacher

    teacher = SqueezeTeacher(material / "squeezenet.safetensors")
    plain = torch.full((1, 3, 128, 128), 0.5)
    for row, column in ((1, 1), (3, 4), (6, 2)):
        spot = plain.clone()
        spot[:, :, row * 16 + 4 : row * 16 + 12, column * 16 + 4 : column * 16 + 12] = 1.0
        for level, cell in ((3, 4), (4, 8), (5, 16)):
            change = (teacher(spot)[level] - teacher(plain)[level]).abs().sum((0, 1))
            assert change.shape == (128 // cell, 128 // cell)
            weight = change.clamp_min(0.5 * change.max()) - 0.5 * change.max()
            places = (torch.arange(128 // cell) + 0.5) * cell
            y = float((weight.sum(1) * places).sum() / weight.sum())
            x = float((weight.sum(0) * places).sum() / weight.sum())
            assert abs(y - (row * 16 + 8)) < 8
            assert abs(x - (column * 16 + 8)) < 8


def test_the_first_stages_can_learn_alone(material: Path, whole: Path, tmp_path: Path, modules: None) -> None:
    """What stands behind them stays, but for the convolution that is fitted to the new features."""
    from networks import FINE

    shapes = {0: (64, 3), 2: (64, 64), 5: (128, 64), 7: (128, 128), 10: (256, 128)}
    fine = {f"features.{index}.weight": torch.randn(*shape, 3, 3) * 0.1 for index, shape in shapes.items()}
    fine |= {f"features.{index}.bias": torch.zeros(shape[0]) for index, shape in shapes.items()}
    assert {level: FINE[level] for level in (1, 2, 3)} == {1: 64, 2: 128, 3: 256}
    save_file(fine, tmp_path / "vgg.safetensors")
    more = ["--start", str(whole / "out"), "--learn", "1", "3", "--fine-teacher", str(tmp_path / "vgg.safetensors")]
    train(material, tmp_path, 12, *more, "--rate", "0.02")
    before, after = load_file(whole / "out"), load_file(tmp_path / "out")
    changed = {name for name, tensor in before.items() if not torch.allclose(tensor, after[name], atol=1e-3)}
    assert {"conv1_1.weight", "conv2_1.weight", "conv3_1.weight", "conv4_1.weight"} <= changed
    assert not any(name.startswith("conv5") for name in changed)
    shapes = {name: tuple(tensor.shape) for name, tensor in after.items() if name not in before}
    assert shapes == {
        **{f"style{level}.weight": (FINE[level], width) for level, width in ((1, 4), (2, 4), (3, 6))},
        **{f"style{level}.bias": (FINE[level],) for level in (1, 2, 3)},
    }
    # What a later training does not learn comes along.
    train(material, tmp_path / "next", 1, "--start", str(tmp_path / "out"), "--learn", "4", "5")
    assert torch.equal(load_file(tmp_path / "next" / "out")["style2.weight"], after["style2.weight"])


def test_what_follows_new_features_sees_what_it_saw(whole: Path, modules: None) -> None:
    """If the new features are a linear map of the old ones, the next stage gives exactly what it gave."""
    import copy

    from networks import Student

    plan = tuple(tuple(map(int, w.split(","))) for w in WIDTHS)
    before = Student(plan, (1, 3))
    before.load_state_dict(torch.load(whole / "checkpoint.pt", weights_only=True)["average"])
    after = copy.deepcopy(before)
    last = after.stages[2][-1]["conv"]
    scale = torch.linspace(0.5, 2.0, len(last.bias))
    with torch.no_grad():
        last.weight.mul_(scale.view(-1, 1, 1, 1))
        last.bias.mul_(scale)
    images = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    after.follow(before, images)
    before.learn = after.learn = (1, 5)
    with torch.no_grad():
        torch.testing.assert_close(after(images)[5], before(images)[5], rtol=2e-2, atol=2e-2)


def decode(material: Path, whole: Path, work: Path, minutes: float, *more: str) -> str:
    words = [sys.executable, TRAINER / "decoder.py", "--network", whole / "out", "--images", material / "pictures"]
    words += ["--work", work, "--out", work / "out.safetensors", "--minutes", minutes, "--count", 4, "--side", 32]
    done = subprocess.run([*map(str, words), "--threads", "1", *more], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_decoder_comes_into_the_file(material: Path, whole: Path, tmp_path: Path) -> None:
    decode(material, whole, tmp_path, 0.02)
    backbone = run_to_end(load_backbone("buddynet", tmp_path / "out.safetensors", "cpu"))
    assert backbone.decoder is not None
    features = backbone.features(torch.rand(1, 3, 24, 40), [backbone.decoder.level])
    assert backbone.decoder(features[backbone.decoder.level]).shape == (1, 3, 24, 40)
    old, new = load_file(whole / "out"), load_file(tmp_path / "out.safetensors")
    assert all(torch.equal(new[name], tensor) for name, tensor in old.items())
    with safe_open(tmp_path / "out.safetensors", "pt") as file:
        assert int(file.metadata()["decoder_steps"]) > 0
    assert "resumed at step" in decode(material, whole, tmp_path, 0.03, "--levels", "4")
    assert {name[4] for name in load_file(tmp_path / "out.safetensors") if name.startswith("conv")} == set("1234")


def test_the_decoder_learns(whole: Path, material: Path, tmp_path: Path, modules: None) -> None:
    import argparse

    from decoder import Training, Trunk
    from pictures import Pictures

    options = argparse.Namespace(seed=0, rate=3e-3, minutes=10.0)
    (whole / "out").rename(whole / "net.safetensors")
    training = Training(Trunk(whole / "net.safetensors"), options)
    (whole / "net.safetensors").rename(whole / "out")
    batch = Pictures([material / "pictures"], tmp_path).batch((0, 0), 4, 32, paired=False)
    first = training.advance(batch)
    last = first
    for _ in range(60):
        last = training.advance(batch)
    assert last["content"] < 0.7 * first["content"]
