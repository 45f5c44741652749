"""Where an optimisation stands, to the last bit, so that it can be taken up again after the program was closed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from studio.files import FileError, explain_os_error, ordinary, replacing
from studio.language import tr, translatable
from studio.style.model import StyleError

FORMAT = "buddies-studio style checkpoint 1"


@dataclass(eq=False)
class StyleState:
    """A moment of an optimisation.

    Attributes
    ----------
    scale : int
        Which of the sizes, from 0.
    step : int
        Steps done at this size.
    image : (1, 3, h, w) tensor
        The iterate.
    average : tensor or None
        The running sum of `Average`; `missing` belongs to it.
    stepper : dict
        What the optimiser keeps.
    rng : tensor
        The state of the random numbers.
    losses : list of dict
        One entry for each step so far.
    about : dict
        Which pictures and which settings it belongs to; `belongs` compares it.
    live : dict
        Weights that were changed on the way, with what they were changed from.
    """

    scale: int
    step: int
    image: Tensor = field(repr=False)
    average: Tensor | None = field(repr=False)
    missing: float
    stepper: dict[str, Tensor] = field(repr=False)
    rng: Tensor = field(repr=False)
    losses: list[dict[str, float]] = field(repr=False)
    about: dict[str, Any]
    live: dict[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """A safetensors file."""
        tensors = {"image": self.image, "rng": self.rng} | {f"stepper.{k}": v for k, v in self.stepper.items()}
        if self.average is not None:
            tensors["average"] = self.average
        tensors = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
        about = {
            "format": FORMAT,
            "scale": self.scale,
            "step": self.step,
            "missing": self.missing,
            "losses": self.losses,
            "about": self.about,
            "live": self.live,
        }
        return safetensors.torch.save(tensors, {"state": json.dumps(about)})

    def save(self, path: Path) -> None:
        """Write it at one stroke. Raises `FileError`."""
        content = self.to_bytes()
        with replacing(path) as temporary:
            temporary.write_bytes(content)

    @classmethod
    def from_bytes(cls, content: bytes, name: str = "") -> StyleState:
        """Read what `to_bytes` gave; `name` is what errors call it. Raises `StyleError`."""
        try:
            length = int.from_bytes(content[:8], "little")
            header = json.loads(content[8 : 8 + length])
            about = json.loads(header["__metadata__"]["state"])
            tensors = safetensors.torch.load(content)
            if about["format"] != FORMAT:
                raise ValueError(about["format"])
            return cls(
                scale=int(about["scale"]),
                step=int(about["step"]),
                image=tensors["image"],
                average=tensors.get("average"),
                missing=float(about["missing"]),
                stepper={k.removeprefix("stepper."): v for k, v in tensors.items() if k.startswith("stepper.")},
                rng=tensors["rng"],
                losses=list(about["losses"]),
                about=dict(about["about"]),
                live=dict(about["live"]),
            )
        except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, MemoryError, OverflowError) as error:
            name = name or tr("the checkpoint")
            raise StyleError(tr("“{name}” is no checkpoint of a style, or it is damaged.", name=name)) from error

    @classmethod
    def load(cls, source: StyleState | Path | bytes) -> StyleState:
        """From a file, its bytes, or as it is. Raises `StyleError` and `FileError`."""
        if isinstance(source, StyleState):
            return source
        if isinstance(source, bytes):
            return cls.from_bytes(source)
        try:
            return cls.from_bytes(ordinary(source).read_bytes(), Path(source).name)
        except OSError as error:
            raise FileError(explain_os_error(error, source, "read")) from error

    def check(self, about: Mapping[str, Any]) -> None:
        """Make sure that it belongs to what is to be done now. Raises `StyleError`."""
        for key, words in DIFFERENCES.items():
            if json.dumps(self.about.get(key)) != json.dumps(about.get(key)):
                raise StyleError(
                    tr(
                        "The checkpoint belongs to {words}; start anew or choose what it was made with.",
                        words=tr(words),
                    )
                )
        if not bool(torch.isfinite(self.image).all()):
            raise StyleError(tr("The checkpoint holds numbers that are not finite; start anew."))


DIFFERENCES = {
    "what": translatable("another kind of computation"),
    "pictures": translatable("other pictures"),
    "backbone": translatable("another network"),
    "sizes": translatable("another size"),
    "optimizer": translatable("another optimiser"),
    "layer": translatable("another layer"),
}
"""What must be the same to go on, and how it is told that it is not."""
