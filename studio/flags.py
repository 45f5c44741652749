"""From an options model to command-line flags: help that states the range, refusals that name the flag."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import pydantic
from cyclopts import Parameter

from studio.backbones import CATALOG, NetworkChoice
from studio.options import Knob, Options

Model = TypeVar("Model", bound=Options)


def is_backbone(_hint: object, name: str) -> None:
    """Cyclopts' validator of a network's name. Raises `ValueError`."""
    if name not in CATALOG:
        raise ValueError(f"There is no backbone “{name}”; choose one of {', '.join(CATALOG)}.")


BackboneName = Annotated[
    str, Parameter(validator=is_backbone, help=f"Network that looks at the pictures: {', '.join(CATALOG)}.")
]
"""The type of the flag --backbone."""
WeightsFile = Annotated[
    Path | None,
    Parameter(help="File with weights for the network, .safetensors or .pth; by default those of its makers."),
]
"""The type of the flag --weights."""
DeviceName = Annotated[str, Parameter(help="Where to compute: auto, cpu, cuda, cuda:1, mps.")]
"""The type of the flag --device."""


@Parameter(name="*")
@dataclass(frozen=True)
class NetworkFlags:
    """The flags --backbone, --weights and --device of a command."""

    backbone: BackboneName = "buddynet"
    weights: WeightsFile = None
    device: DeviceName = "auto"

    def choice(self) -> NetworkChoice:
        """As the engines take it."""
        return NetworkChoice(self.backbone, self.weights, self.device)


@Parameter(name="*")
@dataclass(frozen=True)
class ClassifierFlags(NetworkFlags):
    """The same of a command that may ask for classes, which not every network has, and --classes."""

    backbone: BackboneName = "squeezenet1_0"
    weights: Annotated[
        Path | None,
        Parameter(
            help="File with weights for the network, .safetensors or .pth; for classes it must hold the whole network, "
            "with any number of them."
        ),
    ] = None
    classes: Annotated[
        Path | None,
        Parameter(
            help="File with the names of the classes in their order, a name a line, or JSON; by default one beside the "
            "weights with the same name and .txt or .json."
        ),
    ] = None

    def choice(self) -> NetworkChoice:
        return NetworkChoice(self.backbone, self.weights, self.device, self.classes)


def flags_of(model: type[Model]) -> type[Model]:
    """A model with the same fields, whose descriptions (the flags' help) also state range and unit."""
    fields = {}
    for knob in model.knobs():
        field = copy.copy(model.model_fields[knob.name])
        field.description = f"{knob.help} [{accepts(knob)}]" if knob.kind in ("int", "float") else knob.help
        fields[knob.name] = (field.annotation, field)
    flags: type[Model] = pydantic.create_model(model.__name__, __base__=model, __doc__=model.__doc__, **fields)  # type: ignore[call-overload]
    return flags


def flag(knob: Knob) -> str:
    """How the flag is spelt."""
    return "--" + knob.name.replace("_", "-")


def accepts(knob: Knob) -> str:
    """What values a knob takes, in words: "0 to 2000 px, 0: all"."""
    if knob.kind == "choice":
        return ", ".join(knob.choices)
    if knob.kind == "bool":
        return "yes or no"
    low, high = _bound(knob.minimum), _bound(knob.maximum)
    if low and high:
        words = f"{low} to {high}"
    elif low or high:
        words = f"{low} or more" if low else f"{high} or less"
    else:
        words = "any"
    words += f" {knob.unit}" if knob.unit else ""
    return f"{words}, {low}: {knob.special}" if knob.special else words


def _bound(value: float | None) -> str:
    """A limit in digits; one that only keeps numbers from overflowing is none."""
    return "" if value is None or abs(value) > 1e6 else f"{value:g}"


def explain_refusal(error: pydantic.ValidationError, model: type[Options]) -> str:
    """One sentence about the first value that was refused, with its flag and what that takes."""
    first = error.errors()[0]
    knob = next((knob for knob in model.knobs() if first["loc"] and knob.name == first["loc"][0]), None)
    if knob is None:
        return f"{first['msg']}."
    wanted = accepts(knob)
    if knob.kind in ("int", "float"):
        wanted = f"a {'whole ' if knob.kind == 'int' else ''}number ({wanted})"
    elif knob.kind == "choice":
        wanted = f"one of {wanted}"
    return f"{flag(knob)} takes {wanted}, not “{first['input']}”."
