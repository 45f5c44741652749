"""Matches as window and command line want them: with their network, and with an answer to full memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from studio.backbones.backbone import Backbone
from studio.backbones.choice import DEFAULT_NETWORK, NetworkChoice
from studio.backbones.run import load_chosen, with_network
from studio.buddies.match import match
from studio.buddies.memory import MatchMemory
from studio.buddies.options import MatchOptions
from studio.device import Attempt
from studio.language import tr
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import Job

T = TypeVar("T")

SMALLEST = 112
"""Working size, px, below which nothing sensible is found."""


def find_buddies(
    a: Picture,
    b: Picture,
    options: MatchOptions,
    *,
    network: NetworkChoice = DEFAULT_NETWORK,
    fixed: PairSet | None = None,
    memory: MatchMemory | None = None,
) -> Job[PairSet]:
    """Load the network (downloading its weights if need be) and match two pictures.

    Parameters
    ----------
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

    def work(backbone: Backbone, chosen: MatchOptions) -> Job[PairSet]:
        return match(a, b, backbone, chosen, fixed=fixed, memory=memory)

    return matching(work, options, network, memory)


def matching(
    work: Callable[[Backbone, MatchOptions], Job[T]],
    options: MatchOptions,
    network: NetworkChoice = DEFAULT_NETWORK,
    memory: MatchMemory | None = None,
) -> Job[T]:
    """Load the network and do what wants one: match, match a part anew, or only look at the pictures.

    If memory runs out it is tried again at half the working size, and what ran out on a GPU after that on
    the CPU; each switch is told as a progress message.

    Parameters
    ----------
    work : callable
        Makes the job from the network and the options, which may be of another working size than `options`.
    memory : MatchMemory, optional
        What `work` keeps features in: those of before make room when memory runs out.

    Raises
    ------
    WeightsError, DeviceError, OutOfMemory
        And what `work` raises.
    """

    def sized(backbone: Backbone, size: int) -> Job[T]:
        return work(backbone, options.with_values(working_size=size))

    def make_room() -> None:
        if memory is not None:
            memory.clear()

    size = options.working_size
    sizes = [size]
    if options.preset != "official" and size // 2 >= SMALLEST:  # its results are only the same at its own size
        sizes.append(size // 2)
    attempts = [Attempt(one, tr("at {size} px", size=one)) for one in sizes]
    return with_network(
        network, load_chosen, sized, attempts, tr("on the CPU at {size} px", size=size), before_retry=make_room
    )
