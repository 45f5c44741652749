"""Work with a network: it is loaded, and if memory runs out the work is tried in another way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from studio.backbones.backbone import Backbone
from studio.backbones.choice import NetworkChoice
from studio.backbones.loading import load_backbone
from studio.device import Attempt, choose_device, with_memory_fallback
from studio.progress import Job, part

T = TypeVar("T")
Plan = TypeVar("Plan")
Network = TypeVar("Network")

LOADING = 0.1
"""Share of the progress that loading the network takes."""


def load_chosen(choice: NetworkChoice) -> Job[Backbone]:
    """`load_backbone` of a choice."""
    return load_backbone(choice.name, choice.weights, choice.device)


def with_network(
    choice: NetworkChoice,
    load: Callable[[NetworkChoice], Job[Network]],
    work: Callable[[Network, Plan], Job[T]],
    attempts: Sequence[Attempt[Plan]],
    on_cpu: str,
    before_retry: Callable[[], None] = lambda: None,
) -> Job[T]:
    """Load a network and do `work` with it, by the next plan each time memory runs out; each switch is told.

    Parameters
    ----------
    load : callable
        What is loaded of the choice: `load_chosen`, or a classifier.
    work : callable
        Makes the job from the network and a plan.
    attempts : sequence of Attempt
        The plans on the device chosen; the first is what was asked for, and is tried on the CPU last.
    on_cpu : str
        Tells a person of that last attempt.
    before_retry : callable
        Makes room before any attempt but the first.

    Raises
    ------
    WeightsError, DeviceError, OutOfMemory
    """
    main = str(choose_device(choice.device))
    plans = [Attempt((main, one.plan), one.label) for one in attempts]
    if main != "cpu":
        plans.append(Attempt(("cpu", attempts[0].plan), on_cpu))
    first = plans[0].plan

    def attempt(plan: tuple[str, Plan]) -> Job[T]:
        if plan is not first:
            before_retry()
        device, what = plan
        network = yield from part(load(replace(choice, device=device)), 0.0, LOADING)
        return (yield from part(work(network, what), LOADING, 1.0))

    return (yield from with_memory_fallback(attempt, plans))
