"""An explanation as window and command line want it: with its network, and with an answer to full memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from studio.attribution.explain import attempts, explain_once, explain_pair_once
from studio.attribution.network import Network
from studio.attribution.options import ExplainOptions, method_named
from studio.attribution.result import Attribution, PairAttribution
from studio.attribution.targets import PairTarget, Target
from studio.backbones import load_backbone
from studio.backbones.classifier import load_classifier
from studio.device import Attempt, choose_device, with_memory_fallback
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job, part

T = TypeVar("T")

LOADING = 0.1
"""Share of the progress that loading the network takes."""


def explaining(
    picture: Picture,
    method: str,
    target: Target,
    options: ExplainOptions | None = None,
    *,
    backbone: str = "buddynet",
    weights: Path | None = None,
    device: str = "auto",
    classes: Path | None = None,
) -> Job[Attribution]:
    """Load the network, with its classes if the target is one, and explain a picture.

    If memory runs out it is tried at half the working size, and after a GPU on the CPU; each switch is told.

    `classes` is a file with the names of the classes, as for `load_classifier`.

    Raises
    ------
    TargetError, ExplainError, WeightsError, FileError, DeviceError, OutOfMemory
    """
    chosen = method_named(method).options() if options is None else options

    def make(network: Network, plan: ExplainOptions) -> Job[Attribution]:
        return explain_once(picture, network, method, target, plan)

    return (yield from _with_network(make, chosen, target.kind == "class", backbone, weights, device, classes))


def explaining_pair(
    a: Picture,
    b: Picture,
    method: str,
    target: PairTarget,
    options: ExplainOptions | None = None,
    *,
    backbone: str = "buddynet",
    weights: Path | None = None,
    device: str = "auto",
) -> Job[PairAttribution]:
    """As `explaining`, for a pair of two pictures."""
    chosen = method_named(method).options() if options is None else options

    def make(network: Network, plan: ExplainOptions) -> Job[PairAttribution]:
        return explain_pair_once(a, b, network, method, target, plan)

    return (yield from _with_network(make, chosen, False, backbone, weights, device))


def network_for(
    with_classes: bool, backbone: str, weights: Path | None, device: str, classes: Path | None = None
) -> Job[Network]:
    """What a target needs: a classifier for a class, else a backbone. Raises `WeightsError`, `DeviceError`."""
    if with_classes:
        return (yield from load_classifier(backbone, weights, device, classes))
    return (yield from load_backbone(backbone, weights, device))


def _with_network(
    make: Callable[[Network, ExplainOptions], Job[T]],
    options: ExplainOptions,
    with_classes: bool,
    backbone: str,
    weights: Path | None,
    device: str,
    classes: Path | None = None,
) -> Job[T]:
    main = str(choose_device(device))

    def attempt(plan: tuple[str, ExplainOptions]) -> Job[T]:
        where, chosen = plan
        network = yield from part(network_for(with_classes, backbone, weights, where, classes), 0.0, LOADING)
        return (yield from part(make(network, chosen), LOADING, 1.0))

    plans = [Attempt((main, one.plan), one.label) for one in attempts(options)]
    if main != "cpu":
        plans.append(Attempt(("cpu", options), tr("on the CPU at {size} px", size=options.size)))
    return (yield from with_memory_fallback(attempt, plans))
