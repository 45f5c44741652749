"""Matches as window and command line want them: with their network, and with an answer to full memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from studio.backbones import load_backbone
from studio.backbones.backbone import Backbone
from studio.buddies import rematch
from studio.buddies.answers import Side
from studio.buddies.match import look_at, match
from studio.buddies.memory import MatchMemory
from studio.buddies.options import MatchOptions
from studio.device import Attempt, choose_device, with_memory_fallback
from studio.language import tr
from studio.pairs import PairSet, Point
from studio.picture import Picture
from studio.progress import Job, part

T = TypeVar("T")

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
    fixed: PairSet | None = None,
    memory: MatchMemory | None = None,
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
    fixed, memory : optional
        See `match`.

    Returns
    -------
    PairSet
        See `match`.

    Raises
    ------
    WeightsError, DeviceError, OutOfMemory
    """

    def work(network: Backbone, chosen: MatchOptions) -> Job[PairSet]:
        return match(a, b, network, chosen, fixed=fixed, memory=memory)

    return (yield from _with_network(work, options, memory, backbone, weights, device))


def rematch_around(
    a: Picture,
    b: Picture,
    options: MatchOptions,
    pairs: PairSet,
    pair_id: int,
    *,
    backbone: str = "buddynet",
    weights: Path | None = None,
    device: str = "auto",
    memory: MatchMemory | None = None,
) -> Job[PairSet]:
    """Solve only what hangs below one of `pairs`, and keep all others; see `studio.buddies.rematch.around`.

    The other parameters and errors are those of `find_buddies`.

    Raises
    ------
    RematchError
    """
    kept = memory if memory is not None else MatchMemory()

    def work(network: Backbone, chosen: MatchOptions) -> Job[PairSet]:
        return rematch.around(a, b, network, chosen, pairs, pair_id, kept)

    return (yield from _with_network(work, options, memory, backbone, weights, device))


def rematch_inside(
    a: Picture,
    b: Picture,
    options: MatchOptions,
    pairs: PairSet,
    side: Side,
    polygon: Sequence[Point],
    *,
    backbone: str = "buddynet",
    weights: Path | None = None,
    device: str = "auto",
    memory: MatchMemory | None = None,
) -> Job[PairSet]:
    """Match only what lies inside a lasso, and keep all other pairs; see `studio.buddies.rematch.inside`.

    The other parameters and errors are those of `find_buddies`.

    Raises
    ------
    RematchError
    """
    kept = memory if memory is not None else MatchMemory()

    def work(network: Backbone, chosen: MatchOptions) -> Job[PairSet]:
        return rematch.inside(a, b, network, chosen, pairs, side, polygon, kept)

    return (yield from _with_network(work, options, memory, backbone, weights, device))


def look(
    a: Picture,
    b: Picture,
    options: MatchOptions,
    *,
    backbone: str = "buddynet",
    weights: Path | None = None,
    device: str = "auto",
    memory: MatchMemory,
) -> Job[None]:
    """Only look at two pictures, so that `propose` knows them before (or without) a match.

    The other parameters and errors are those of `find_buddies`.
    """

    def work(network: Backbone, chosen: MatchOptions) -> Job[None]:
        return look_at(a, b, network, chosen, memory)

    return (yield from _with_network(work, options, memory, backbone, weights, device))


def _with_network(
    work: Callable[[Backbone, MatchOptions], Job[T]],
    options: MatchOptions,
    memory: MatchMemory | None,
    backbone: str,
    weights: Path | None,
    device: str,
) -> Job[T]:
    """Do `work` with its network, smaller or elsewhere if memory runs out; features of before make room first."""
    main = str(choose_device(device))

    def attempt(plan: tuple[str, int]) -> Job[T]:
        where, size = plan
        if memory is not None and plan != (main, options.working_size):
            memory.clear()
        network = yield from part(load_backbone(backbone, weights, where), 0.0, LOADING)
        return (yield from part(work(network, options.with_values(working_size=size)), LOADING, 1.0))

    return (yield from with_memory_fallback(attempt, _attempts(main, options)))


def _attempts(device: str, options: MatchOptions) -> list[Attempt[tuple[str, int]]]:
    size = options.working_size
    attempts = [Attempt((device, size), tr("at {size} px", size=size))]
    if options.preset != "official":  # whose results are only the same at its own size
        attempts += [
            Attempt((device, half), tr("at {size} px", size=half)) for half in (size // 2,) if half >= SMALLEST
        ]
    if device != "cpu":
        attempts.append(Attempt(("cpu", size), tr("on the CPU at {size} px", size=size)))
    return attempts
