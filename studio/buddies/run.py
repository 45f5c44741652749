"""A match as window and command line want it: with its network, and with an answer to full memory."""

from __future__ import annotations

from pathlib import Path

from studio.backbones import load_backbone
from studio.buddies.match import match
from studio.buddies.options import MatchOptions
from studio.device import Attempt, choose_device, with_memory_fallback
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import Job, part

LOADING = 0.1
"""Share of the progress that loading the network takes."""
SMALLEST = 112
"""Working size, px, below which nothing sensible is found."""


def find_buddies(
    a: Picture,
    b: Picture,
    options: MatchOptions,
    *,
    backbone: str = "buddynet",
    weights: Path | None = None,
    device: str = "auto",
) -> Job[PairSet]:
    """Load the network (downloading its weights if need be) and match two pictures.

    If memory runs out it is tried again at half the working size, and what ran out on a GPU after that on
    the CPU; each switch is told as a progress message.

    Parameters
    ----------
    backbone : str
        Key of `studio.backbones.CATALOG`.
    weights : Path, optional
        A file of the user's own.
    device : str
        "auto", or as torch spells it.

    Returns
    -------
    PairSet
        See `match`.

    Raises
    ------
    WeightsError, DeviceError, OutOfMemory
    """
    main = str(choose_device(device))

    def attempt(plan: tuple[str, int]) -> Job[PairSet]:
        where, size = plan
        network = yield from part(load_backbone(backbone, weights, where), 0.0, LOADING)
        return (yield from part(match(a, b, network, options.with_values(working_size=size)), LOADING, 1.0))

    return (yield from with_memory_fallback(attempt, _attempts(main, options)))


def _attempts(device: str, options: MatchOptions) -> list[Attempt[tuple[str, int]]]:
    size = options.working_size
    attempts = [Attempt((device, size), f"at {size} px")]
    if options.preset != "official":  # whose results are only the same at its own size
        attempts += [Attempt((device, half), f"at {half} px") for half in (size // 2,) if half >= SMALLEST]
    if device != "cpu":
        attempts.append(Attempt(("cpu", size), f"on the CPU at {size} px"))
    return attempts
