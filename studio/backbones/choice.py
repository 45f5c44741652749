"""Which network a job computes with; nothing here needs torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NetworkChoice:
    """A network, its weights, and where it computes: the one value that every job with a network takes.

    Attributes
    ----------
    name : str
        Key of `studio.backbones.CATALOG`.
    weights : Path or None
        A weights file of the user's own; None is what its makers published.
    device : str
        "auto", or as torch spells it; see `studio.device.choose_device`.
    classes : Path or None
        A file with the names of its classes, where they are asked for; see `studio.backbones.load_classifier`.
    """

    name: str = "buddynet"
    weights: Path | None = None
    device: str = "auto"
    classes: Path | None = None


DEFAULT_NETWORK = NetworkChoice()
"""The one that ships, on the fastest device there is."""

__all__ = ["DEFAULT_NETWORK", "NetworkChoice"]
