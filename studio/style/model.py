"""What goes into a stylisation, and what it shows on the way; nothing here needs torch."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.arrays import Size
from studio.errors import StudioError
from studio.language import tr
from studio.picture import Picture


class StyleError(StudioError):
    """A stylisation that can't be made of what was given, or a checkpoint or recipe that does not fit."""


Mask = npt.NDArray[Any]
"""(h, w) of any size that covers the whole picture; bool, uint8 (255 is inside), or float in [0, 1]."""


@dataclass(frozen=True, eq=False)
class StyleSource:
    """A picture whose look is taken, and how much of it against the others (only their ratio counts)."""

    picture: Picture
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Region:
    """A part of the content that takes its style from a part of a style picture only.

    What no region covers takes its style from what no region covers there.

    Attributes
    ----------
    content : mask
    style : mask or None
        None is the whole picture.
    source : int
        Which of the style pictures, from 0.
    name : str
        For people.
    """

    content: Mask = field(repr=False)
    style: Mask | None = field(default=None, repr=False)
    source: int = 0
    name: str = ""


@dataclass(frozen=True, eq=False)
class StylePreview:
    """The picture as it is at a moment of the optimisation: the average of the last steps.

    Attributes
    ----------
    image : (h, w, 3) or, if the content has alpha, (h, w, 4) uint8
    step, steps : int
        Steps done, and in all.
    scale : (int, int)
        Width and height at this moment; it grows from coarse to fine.
    losses : dict
        “total” and its parts, already weighted: “content”, “style”, “tv”, “anchors”.
    """

    image: npt.NDArray[np.uint8] = field(repr=False)
    step: int
    steps: int
    scale: Size
    losses: dict[str, float]


def check_sources(styles: Sequence[StyleSource], regions: Sequence[Region]) -> None:
    """Raises `StyleError` if there is no style, nothing of one is visible, a weight is no number, or a region asks for
    a style there is not."""
    if not styles:
        raise StyleError(tr("A style needs a picture to take it from; choose one."))
    if not all(0.0 <= source.weight < float("inf") for source in styles):
        raise StyleError(tr("The weights of the style pictures must be numbers from 0 on."))
    for source in styles:
        if source.picture.alpha is not None and not (source.picture.alpha >= 128).any():
            raise StyleError(
                tr(
                    "“{name}” is transparent all over: there is no style to take from it; choose another picture.",
                    name=source.picture.name,
                )
            )
    for region in regions:
        if not 0 <= region.source < len(styles):
            raise StyleError(
                tr(
                    "A region asks for style picture {index}, but there are {number}.",
                    index=region.source + 1,
                    number=len(styles),
                )
            )


LIVE = ("content_weight", "style_weight", "tv", "anchors", "learning_rate")
"""Options that may change while it runs."""


class StyleControl:
    """Weights that another thread may change while a stylisation runs or pauses; taken up at the next step."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, float] = {}
        self._style_weights: tuple[float, ...] | None = None
        self._finish = False
        self._version = 0

    def set(self, **values: float) -> None:
        """Change some of `LIVE`. Raises `ValueError` for other names and for numbers below 0 or not finite."""
        for name, value in values.items():
            if name not in LIVE:
                raise ValueError(f"{name} can't be changed on the way; only {', '.join(LIVE)} can")
            _check(name, value)
        with self._lock:
            self._values.update({name: float(value) for name, value in values.items()})
            self._version += 1

    def set_style_weights(self, weights: Sequence[float]) -> None:
        """Change how much each style picture counts, in their order. Raises `ValueError` as `set`."""
        for index, weight in enumerate(weights):
            _check(f"the weight of style {index + 1}", weight)
        with self._lock:
            self._style_weights = tuple(float(weight) for weight in weights)
            self._version += 1

    def finish(self) -> None:
        """End it with the next step and hand out the picture as it is then, at the size asked for."""
        with self._lock:
            self._finish = True

    @property
    def finishing(self) -> bool:
        """Whether `finish` was called."""
        with self._lock:
            return self._finish

    @property
    def version(self) -> int:
        """Grows with each change."""
        with self._lock:
            return self._version

    def read(self) -> tuple[Mapping[str, float], tuple[float, ...] | None, int]:
        """The changed options, the changed weights of the styles, and the version of both."""
        with self._lock:
            return dict(self._values), self._style_weights, self._version


def _check(name: str, value: float) -> None:
    if not 0.0 <= value < float("inf"):
        raise ValueError(f"{name} is {value}, not a number from 0 on")
