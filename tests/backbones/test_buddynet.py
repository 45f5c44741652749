"""BuddyNet is built as its file says, and computes what plain convolutions compute."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torchvision.transforms.functional import normalize

from studio.backbones import CATALOG, WeightsError, build_backbone, load_backbone
from studio.backbones.buddynet import plan, shapes_in
from studio.progress import run_to_end

SHIPPED = CATALOG["buddynet"].shipped
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def plain(tensors: dict[str, torch.Tensor], image: torch.Tensor) -> list[torch.Tensor]:
    """The maps by the words of the model card, for sizes that divide; without a head of points."""
    x, maps, stage = normalize(image, MEAN, STD), [], 1
    while f"conv{stage}_1.weight" in tensors:
        if stage > 1:
            x = F.max_pool2d(x, 2)
        number = 1
        while f"conv{stage}_{number}.weight" in tensors:
            weight, bias = (tensors[f"conv{stage}_{number}.{kind}"].float() for kind in ("weight", "bias"))
            scale = tensors.get(f"conv{stage}_{number}.scale")
            weight = weight if scale is None else weight * scale.float().view(-1, 1, 1, 1)
            x = F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2).relu()
            number += 1
        maps.append(x)
        stage += 1
    return maps


def drawn(stages: list[list[int]], side: int = 3) -> dict[str, torch.Tensor]:
    """Tensors of a BuddyNet with these widths, a list a stage."""
    generator = torch.Generator().manual_seed(4)
    tensors, channels = {}, 3
    for stage, widths in enumerate(stages, 1):
        for number, width in enumerate(widths, 1):
            weight = torch.randn(width, channels, side, side, generator=generator) / (channels * side**2) ** 0.5
            tensors[f"conv{stage}_{number}.weight"] = weight
            tensors[f"conv{stage}_{number}.bias"] = torch.randn(width, generator=generator) / 10
            channels = width
    return tensors


def with_head(tensors: dict[str, torch.Tensor], share: float = 0.75) -> dict[str, torch.Tensor]:
    """A network with a head of 6 channels on its last level."""
    last = max(int(name[4]) for name in tensors if name.startswith("conv"))
    channels = len(
        [tensors[name] for name in sorted(tensors) if name.startswith(f"conv{last}_") and "bias" in name][-1]
    )
    generator = torch.Generator().manual_seed(7)
    shapes: dict[str, tuple[int, ...]] = {"skip.weight": (6, channels), "in.weight": (10, channels), "in.bias": (10,)}
    shapes |= {"near.weight": (10, 1, 5, 5), "near.bias": (10,), "out.weight": (6, 10), "out.bias": (6,)}
    head = {f"point_{name}": torch.randn(shape, generator=generator) / 2 for name, shape in shapes.items()}
    return {**tensors, **head, "point_share": torch.tensor([share])}


def taught(tensors: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """What the head says of a level by the words of the model card."""
    weights = {name[6:]: tensor for name, tensor in tensors.items() if name.startswith("point_")}
    plain = F.normalize(x, dim=1)

    def linear(x: torch.Tensor, name: str, bias: bool = True) -> torch.Tensor:
        y = torch.einsum("nchw,dc->ndhw", x, weights[f"{name}.weight"])
        return y + weights[f"{name}.bias"].view(-1, 1, 1) if bias else y

    hidden = linear(plain, "in").relu()
    side = weights["near.weight"].shape[-1]
    around = F.unfold(F.pad(hidden, (side // 2,) * 4), side).view(len(x), hidden.shape[1], side**2, *x.shape[2:])
    near = torch.einsum("nckhw,ck->nchw", around, weights["near.weight"].flatten(1)) + weights["near.bias"].view(
        -1, 1, 1
    )
    return F.normalize(linear(plain, "skip", False) + linear(near.relu(), "out"), dim=1)


def test_a_head_of_points_becomes_the_last_level(tmp_path: Path, nothing_loaded: None) -> None:
    """Cells stay as long as they were; a cosine is made of that of the head and the plain one, by the share."""
    tensors = with_head(drawn([[8, 8], [12], [16, 20]]))
    save_file(tensors, tmp_path / "net.safetensors")
    backbone = run_to_end(load_backbone("buddynet", tmp_path / "net.safetensors", "cpu"))
    assert [level.name for level in backbone.levels] == ["relu1_2", "relu2_1", "points3"]
    assert backbone.levels[-1].channels == 6 + 20
    image = torch.rand(1, 3, 64, 32)
    below = plain(tensors, image)[-1]
    maps = backbone.activations(image, ["relu3_2", "points3"])  # what is under the head can still be asked for
    torch.testing.assert_close(maps["relu3_2"], below, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(maps["points3"], backbone.features(image)[3])
    cells, head, rest = (x[0].flatten(1).double() for x in (maps["points3"], taught(tensors, below), below))
    torch.testing.assert_close(cells.norm(dim=0), rest.norm(dim=0), rtol=1e-4, atol=1e-5)
    found, alike, same = ((one := F.normalize(x, dim=0)).T @ one for x in (cells, head, rest))
    torch.testing.assert_close(found, 0.75 * alike + 0.25 * same, rtol=1e-4, atol=1e-4)


def test_the_head_has_gradients_where_nothing_is_active() -> None:
    from studio.backbones.points import PointHead

    head = PointHead(with_head(drawn([[4]])))
    x = torch.zeros(1, 4, 3, 3, requires_grad=True)
    head(x).sum().backward()
    assert x.grad is not None and bool(x.grad.isfinite().all())


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors.pop("point_share"),
        lambda tensors: tensors.pop("point_in.bias"),
        lambda tensors: tensors.update({"point_skip.weight": torch.zeros(6, 5)}),
        lambda tensors: tensors.update({"point_near.weight": torch.zeros(10, 1, 4, 4)}),
        lambda tensors: tensors.update({"point_near.weight": torch.zeros(10, 10, 5, 5)}),
    ],
)
def test_a_head_that_does_not_fit_is_refused(change: object) -> None:
    tensors = with_head(drawn([[4], [6]]))
    change(tensors)  # type: ignore[operator]
    with pytest.raises(WeightsError, match="head of points does not fit"):
        build_backbone("buddynet", tensors)


def test_weights_of_8_bits_are_multiplied_by_their_scales() -> None:
    tensors = drawn([[4], [6]])
    whole = torch.randint(-127, 128, (6, 4, 3, 3), generator=torch.Generator().manual_seed(0))
    scale = torch.rand(6, generator=torch.Generator().manual_seed(1)) / 500
    small = {**tensors, "conv2_1.weight": whole.to(torch.int8), "conv2_1.scale": scale.half()}
    full = {**tensors, "conv2_1.weight": whole * scale.half().float().view(-1, 1, 1, 1)}
    image = torch.rand(1, 3, 16, 16)
    found, expected = (build_backbone("buddynet", one).features(image)[2] for one in (small, full))
    torch.testing.assert_close(found, expected)
    with pytest.raises(WeightsError, match="do not fit"):
        build_backbone("buddynet", {**small, "conv2_1.scale": torch.ones(4)})


def test_the_shipped_network(noise: torch.Tensor, nothing_loaded: None) -> None:
    backbone = run_to_end(load_backbone(device="cpu"))
    tensors = load_file(SHIPPED)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16, torch.int8}
    maps = backbone.features(noise)
    assert [level.stride for level in backbone.levels] == [1, 2, 4, 8, 16]
    *fine, coarse = plain(tensors, noise)
    share, size = float(tensors["point_share"]), coarse.norm(dim=1, keepdim=True)
    full = {name: tensor.float() for name, tensor in tensors.items()}
    head = torch.cat([taught(full, coarse) * size * share**0.5, coarse * (1 - share) ** 0.5], 1)
    for level, expected in zip(backbone.levels, (*fine, head), strict=True):
        assert maps[level.number].dtype == torch.float32
        torch.testing.assert_close(maps[level.number], expected, rtol=1e-4, atol=1e-4)
        assert level.channels == expected.shape[1]
        assert float((expected > 0).float().mean()) > 0.01, "a dead level"


def test_the_catalogue_shows_the_levels_of_the_shipped_file() -> None:
    levels = CATALOG["buddynet"].levels
    assert [level.name for level in levels] == ["relu1_1", "relu2_2", "relu3_2", "relu4_3", "points5"]
    assert [level.channels for level in levels] == [32, 64, 128, 256, 256 + 512]


@pytest.mark.parametrize(
    ("widths", "side"), [([[8, 8], [12], [16, 20, 24]], 3), ([[4], [6]], 5), ([[8, 4], [8], [8], [8], [8], [8]], 3)]
)
def test_a_wider_or_deeper_successor_needs_no_change(
    widths: list[list[int]], side: int, tmp_path: Path, nothing_loaded: None
) -> None:
    tensors = drawn(widths, side)
    file = tmp_path / "next.safetensors"
    save_file({name: tensor.half() for name, tensor in tensors.items()}, file)
    backbone = run_to_end(load_backbone("buddynet", file, "cpu"))
    assert [level.channels for level in backbone.levels] == [stage[-1] for stage in widths]
    assert [level.name for level in backbone.levels] == [f"relu{n}_{len(stage)}" for n, stage in enumerate(widths, 1)]
    image = torch.rand(1, 3, 64, 32)
    expected = plain({name: tensor.half() for name, tensor in tensors.items()}, image)
    for number, features in backbone.features(image).items():
        torch.testing.assert_close(features, expected[number - 1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda tensors: tensors.pop("conv2_1.weight"), "do not fit"),
        (lambda tensors: tensors.pop("conv1_1.bias"), "do not fit"),
        (lambda tensors: [tensors.pop(f"conv2_1.{kind}") for kind in ("weight", "bias")], "gap"),
        (lambda tensors: tensors.update({"attention3.query.weight": torch.zeros(2)}), "newer version"),
        (lambda tensors: tensors.update({"conv2_1.weight": torch.zeros(6, 5, 3, 3)}), "do not fit"),
        (lambda tensors: tensors.update({"conv2_1.weight": torch.zeros(6, 4, 2, 2)}), "do not fit"),
        (lambda tensors: tensors.clear(), "not BuddyNet"),
    ],
)
def test_other_tensors_are_refused(change: object, sentence: str) -> None:
    tensors = drawn([[4], [6], [6, 6]])
    change(tensors)  # type: ignore[operator]
    with pytest.raises(WeightsError, match=sentence):
        build_backbone("buddynet", tensors)


def test_header_without_torch(tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    save_file(drawn([[4], [6]]), file, metadata={"version": "1"})
    assert {name: tuple(shape) for name, shape in shapes_in(file).items()} == {
        name: tuple(tensor.shape) for name, tensor in drawn([[4], [6]]).items()
    }
    assert plan(shapes_in(file)).stages == (("conv1_1",), ("conv2_1",))


@pytest.mark.parametrize(
    "content",
    [b"", b"<!DOCTYPE html><html>", (1 << 40).to_bytes(8, "little"), (9).to_bytes(8, "little") + b'{"a":{}}x'],
)
def test_a_damaged_header_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    file.write_bytes(content)
    with pytest.raises(WeightsError, match=r"“net\.safetensors” is not a safetensors file"):
        shapes_in(file)
    with pytest.raises(WeightsError, match=r"“gone\.safetensors” can't be read"):
        shapes_in(tmp_path / "gone.safetensors")


@pytest.mark.parametrize("name", [name for name, entry in CATALOG.items() if entry.built_in])
def test_the_model_card_names_every_layer_and_the_size(name: str) -> None:
    file = CATALOG[name].shipped
    card = file.with_suffix(".md").read_text(encoding="utf-8")
    for stage, level in zip(plan(shapes_in(file)).stages, CATALOG[name].levels, strict=True):
        convolutions = " ".join(f"`{name}`" for name in stage)
        assert f"| {level.number}, `{level.name}` | {convolutions} | {level.channels} | {level.stride} |" in card
    assert f"{file.stat().st_size / 1e6:.1f} MB" in card
    with file.open("rb") as opened:
        metadata = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))["__metadata__"]
    assert f"{int(metadata['images_seen'].split(',')[0]):,} crops" in card
