"""What a level of a network is, and the error of this room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from studio.errors import StudioError


class WeightsError(StudioError):
    """Weights that can't be found, downloaded, trusted or fitted to the network."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a network's pyramid of activations.

    Attributes
    ----------
    number : int
        1 is the finest.
    name : str
        As the field calls the activations ("relu1_1").
    stride : int
        Pixels of the image per cell; doubles from level to level.
    channels : int
    offset : float
        Pixels, the same along x and y: where the centre of a cell's receptive field really lies,
        relative to the centre of its stride block. 0 for VGG, BuddyNet and ConvNeXt.
    """

    number: int
    name: str
    stride: int
    channels: int
    offset: float = 0.0


class LevelLike(Protocol):
    """What is needed of a `Level` to say where its cells lie."""

    @property
    def number(self) -> int: ...
    @property
    def stride(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def offset(self) -> float: ...
