"""An explanation as window and command line want it: with its network, and with an answer to full memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from studio.attribution.explain import attempts, explain_once, explain_pair_once
from studio.attribution.network import Network
from studio.attribution.options import ExplainOptions, method_named
from studio.attribution.result import Attribution, PairAttribution
from studio.attribution.targets import PairTarget, Target
from studio.backbones.choice import DEFAULT_NETWORK, NetworkChoice
from studio.backbones.classifier import load_classifier
from studio.backbones.run import load_chosen, with_network
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job

T = TypeVar("T")


def explaining(
    picture: Picture,
    method: str,
    target: Target,
    options: ExplainOptions | None = None,
    *,
    network: NetworkChoice = DEFAULT_NETWORK,
) -> Job[Attribution]:
    """Load the network, with its classes if the target is one, and explain a picture.

    If memory runs out it is tried at half the working size, and after a GPU on the CPU; each switch is told.

    Raises
    ------
    TargetError, ExplainError, WeightsError, FileError, DeviceError, OutOfMemory
    """

    def make(loaded: Network, plan: ExplainOptions) -> Job[Attribution]:
        return explain_once(picture, loaded, method, target, plan)

    return _explaining(make, method, options, network, target.kind == "class")


def explaining_pair(
    a: Picture,
    b: Picture,
    method: str,
    target: PairTarget,
    options: ExplainOptions | None = None,
    *,
    network: NetworkChoice = DEFAULT_NETWORK,
) -> Job[PairAttribution]:
    """As `explaining`, for a pair of two pictures."""

    def make(loaded: Network, plan: ExplainOptions) -> Job[PairAttribution]:
        return explain_pair_once(a, b, loaded, method, target, plan)

    return _explaining(make, method, options, network, False)


def network_for(with_classes: bool, choice: NetworkChoice) -> Job[Network]:
    """What a target needs: a classifier for a class, else a backbone. Raises `WeightsError`, `DeviceError`."""
    if with_classes:
        return (yield from load_classifier(choice.name, choice.weights, choice.device, choice.classes))
    return (yield from load_chosen(choice))


def _explaining(
    make: Callable[[Network, ExplainOptions], Job[T]],
    method: str,
    options: ExplainOptions | None,
    network: NetworkChoice,
    with_classes: bool,
) -> Job[T]:
    chosen = method_named(method).options() if options is None else options
    on_cpu = tr("on the CPU at {size} px", size=chosen.size)
    return with_network(network, partial(network_for, with_classes), make, attempts(chosen), on_cpu)
