"""Files of weights that somebody met; all of them are meant for SqueezeNet."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from studio.backbones import CATALOG
from studio.backbones.backbone import Backbone
from studio.backbones.networks import generate
from tests.faults.pictures import pipe
from tests.faults.registry import fault

NETWORK = "squeezenet1_0"


@cache
def tensors() -> Mapping[str, Tensor]:
    """What a good file holds."""
    return generate(CATALOG[NETWORK], 0)


def has_them(backbone: Backbone) -> bool:
    """Whether the first convolution is that of `tensors`, up to half precision."""
    first = next(iter(backbone.stage(1).body.parameters()))
    return torch.allclose(first, tensors()["features.0.weight"], atol=1e-3)


def _saved(folder: Path, state: object) -> Path:
    torch.save(state, folder / "own.pth")
    return folder / "own.pth"


@fault("weights", "opens", gives=has_them, report="pytorch/pytorch#3805")
def trained_on_several_cards(folder: Path) -> Path:
    """Each name begins with `module.`."""
    return _saved(folder, {f"module.{name}": tensor for name, tensor in tensors().items()})


@fault("weights", "opens", gives=has_them, report="samuelschen/DSB2018#2")
def checkpoint_of_a_training(folder: Path) -> Path:
    """The state lies one level down, beside that of the optimiser."""
    return _saved(folder, {"epoch": 7, "model": dict(tensors()), "optimizer": {"lr": 0.1}, "best_acc": 0.5})


@fault("weights", "opens", gives=has_them)
def half_precision(folder: Path) -> Path:
    """Saved small."""
    return _saved(folder, {name: tensor.half() for name, tensor in tensors().items()})


@fault("weights", "opens", gives=has_them)
def safetensors_called_pth(folder: Path) -> Path:
    """The name says one format, the content is the other."""
    save_file(dict(tensors()), folder / "own.pth")
    return folder / "own.pth"


@fault("weights", "refused", says="could run a program", report="amyxlu/cheap-proteins#4")
def whole_model(folder: Path) -> Path:
    """The network itself was saved, as Python code that runs when it is read."""
    return _saved(folder, nn.Sequential(nn.Conv2d(3, 4, 3)))


@fault("weights", "refused", says="is no weights file", report="rrmina/fast-neural-style-pytorch#10")
def page_for_weights(folder: Path) -> Path:
    """What the server answered instead."""
    (folder / "own.pth").write_text("<!DOCTYPE html><title>Sign in</title>")
    return folder / "own.pth"


@fault("weights", "refused", says="is no weights file", report="naoto0804/pytorch-AdaIN#42")
def weights_cut_off(folder: Path) -> Path:
    """A download that ended early."""
    path = _saved(folder, dict(tensors()))
    path.write_bytes(path.read_bytes()[:200_000])
    return path


@fault("weights", "refused", says="is no weights file")
def safetensors_cut_off(folder: Path) -> Path:
    """The same, in the other format."""
    path = safetensors_called_pth(folder)
    path.write_bytes(path.read_bytes()[:200_000])
    return path


@fault("weights", "refused", says="is no weights file")
def weights_without_bytes(folder: Path) -> Path:
    """A disk was full once."""
    (folder / "own.pth").touch()
    return folder / "own.pth"


@fault("weights", "refused", says="holds no state dict", report="amyxlu/cheap-proteins#4")
def list_of_tensors(folder: Path) -> Path:
    """Without names."""
    return _saved(folder, [torch.zeros(3)])


@fault("weights", "refused", says="other weights", report="anishathalye/neural-style#148")
def weights_of_another_network(folder: Path) -> Path:
    """The wrong one of a folder."""
    return _saved(folder, {"encoder.weight": torch.zeros(3, 3)})


@fault("weights", "refused", says="only in part", report="ansleliu/LightNetPlusPlus#3")
def weights_with_a_part_missing(folder: Path) -> Path:
    """One layer was left out."""
    return _saved(folder, {name: tensor for name, tensor in tensors().items() if "features.3." not in name})


@fault("weights", "refused", says="does not fit", report="jcjohnson/neural-style#19")
def weights_for_pictures_of_four_channels(folder: Path) -> Path:
    """The first convolution was widened for alpha."""
    first = tensors()["features.0.weight"]
    return _saved(folder, {**tensors(), "features.0.weight": torch.cat([first, first[:, :1]], dim=1)})


@fault("weights", "refused", says="There is no weights file")
def pipe_called_weights(folder: Path) -> Path:
    """Reading it would wait for ever."""
    return pipe(folder, "own.pth")
