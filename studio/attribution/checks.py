"""How far to trust a map: what happens without the pixels it names, and whether it needs a trained network at all."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from studio.attribution.chunks import in_chunks
from studio.attribution.explain import attribute, seen
from studio.attribution.network import Network, emptied, layers_of
from studio.attribution.objectives import Objective, objective_for, pair_objectives
from studio.attribution.options import ExplainOptions, method_named
from studio.attribution.result import Attribution, Map, PairAttribution
from studio.attribution.targets import ClassTarget, NothingSeen, PairTarget, Target
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job, Progress, part

STEPS = 20
"""Of the curves, from no pixel to all of them."""
STAGES = 4
"""Of the randomisation, from the last layer alone to all of them."""


@dataclass(frozen=True, slots=True)
class Curves:
    """The target while pixels are replaced by blurred ones, or blurred ones by the true pixels (Petsiuk et al. 2018).

    Attributes
    ----------
    fractions : tuple of float
        Of the pixels, from 0 to 1; those that the map calls most important go first.
    deletion, insertion : tuple of float
        The target, from the whole picture to none of it, and the other way.
    deletion_area, insertion_area : float
        Mean heights. A good map has a low first and a high second one.
    """

    fractions: tuple[float, ...]
    deletion: tuple[float, ...]
    insertion: tuple[float, ...]
    deletion_area: float
    insertion_area: float


@dataclass(frozen=True, slots=True)
class SanityStage:
    """After `layers` layers from the top got random weights: rank correlation of the sizes of both maps, -1 to 1."""

    layers: int
    of: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks of one map; `sanity` is empty if it was not asked for."""

    curves: Curves
    sanity: tuple[SanityStage, ...] = ()


def check(
    picture: Picture,
    network: Network,
    attribution: Attribution,
    target: Target,
    options: ExplainOptions | None = None,
    *,
    sanity: bool = True,
) -> Job[Checks]:
    """Check a map that `explain` made with the same target and options. Raises as `explain`."""
    options = method_named(attribution.method).options() if options is None else options
    yield Progress(0.0, "checking")
    image = seen(picture, network, options.size)
    objective = objective_for(network, target, image)
    if isinstance(target, ClassTarget):
        target = ClassTarget(objective.index)

    def again(changed: Network) -> Objective:
        return objective_for(changed, target, image)

    return (yield from _check(network, image, objective, attribution, options, again if sanity else None))


def check_pair(
    a: Picture,
    b: Picture,
    network: Network,
    attribution: PairAttribution,
    target: PairTarget,
    options: ExplainOptions | None = None,
    *,
    sanity: bool = True,
) -> Job[tuple[Checks, Checks]]:
    """Check both maps that `explain_pair` made with the same target and options. Raises as `explain_pair`."""
    options = method_named(attribution.a.method).options() if options is None else options
    yield Progress(0.0, "checking")
    images = seen(a, network, options.size), seen(b, network, options.size)
    full = a.size, b.size
    objectives = pair_objectives(network, target, images, full)
    found = []
    for side, one in enumerate((attribution.a, attribution.b)):

        def again(changed: Network, side: int = side) -> Objective:
            return pair_objectives(changed, target, images, full)[side]

        job = _check(network, images[side], objectives[side], one, options, again if sanity else None)
        found.append((yield from part(job, 0.5 * side, 0.5 * (side + 1), f"{'AB'[side]}: ")))
    return found[0], found[1]


def _check(
    network: Network,
    image: Tensor,
    objective: Objective,
    attribution: Attribution,
    options: ExplainOptions,
    again: Callable[[Network], Objective] | None,
) -> Job[Checks]:
    share = 0.3 if again else 1.0
    curves = yield from part(perturbation_curves(network, image, objective, attribution.map), 0.0, share)
    if again is None:
        return Checks(curves)
    stages = yield from part(randomised(network, image, attribution, options, again), share, 1.0)
    return Checks(curves, stages)


def perturbation_curves(
    network: Network, image: Tensor, objective: Objective, map_: Map, steps: int = STEPS
) -> Job[Curves]:
    """The deletion and the insertion curve of a map, (h, w), of `image`, (1, 3, h, w)."""
    empty = emptied(image, "blurred")
    order = torch.from_numpy(np.argsort(-map_.ravel(), kind="stable").copy()).to(image.device)
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order), device=image.device)
    place = place.view(1, 1, *image.shape[-2:])
    fractions = np.linspace(0.0, 1.0, steps + 1)
    limits = torch.from_numpy(np.rint(fractions * len(order)).astype(np.int64)).to(image.device)
    values = torch.zeros(2 * len(limits), dtype=image.dtype)

    def work(start: int, stop: int) -> None:
        numbers = torch.arange(start, stop, device=image.device)
        changed = place < limits[numbers % len(limits)].view(-1, 1, 1, 1)
        inserting = (numbers >= len(limits)).view(-1, 1, 1, 1)
        images = torch.where(changed == inserting, image, empty)
        with torch.set_grad_enabled(start == 0):  # tells the memory of one picture
            found = objective(network, images.requires_grad_(start == 0))
        values[start:stop] = found.detach().to(values)

    yield from in_chunks(work, len(values), image.device, tr("taking pixels away and giving them back"))
    deletion, insertion = (one.double().numpy() for one in values.view(2, -1))
    return Curves(
        tuple(fractions.tolist()),
        tuple(deletion.tolist()),
        tuple(insertion.tolist()),
        _area(deletion),
        _area(insertion),
    )


def _area(values: npt.NDArray[np.float64]) -> float:
    """Below a curve of equal steps from 0 to 1, by trapezoids."""
    return float((values[1:] + values[:-1]).mean() / 2)


def randomised(
    network: Network,
    image: Tensor,
    attribution: Attribution,
    options: ExplainOptions,
    again: Callable[[Network], Objective],
    seed: int = 0,
) -> Job[tuple[SanityStage, ...]]:
    """How the map changes while layers get random weights from the top down (Adebayo et al. 2018).

    `image` is (1, 3, h, w) in [0, 1].

    A map that stays the same shows the picture's edges, not what the network has learnt. The network itself is
    left alone: a copy is changed. `again` gives the objective for that copy.
    """
    changed = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    used = _in_order(changed, image, again)
    method = method_named(attribution.method)
    stages: list[SanityStage] = []
    done = 0
    for stage in range(1, STAGES + 1):
        upto = max(1, round(len(used) * (stage / STAGES) ** 2))
        for module in used[len(used) - upto : len(used) - done]:
            _randomise(module, generator)
        done = max(done, upto)
        begun, end, told = (stage - 1) / STAGES, stage / STAGES, tr("with {number} layers at random", number=done)
        try:
            objective = again(changed)
        except NothingSeen:  # there is no map of what is not seen, so nothing of this one is left
            yield Progress(end, told)
            stages.append(SanityStage(done, len(used), 0.0))
            continue
        other = yield from part(attribute(changed, image, objective, method, options), begun, end, f"{told}: ")
        stages.append(SanityStage(done, len(used), rank_correlation(attribution.map, other.map)))
    return tuple(stages)


def _in_order(network: Network, image: Tensor, again: Callable[[Network], Objective]) -> list[nn.Module]:
    """The layers with weights that the objective runs through, in their order; `network` is a copy of our own."""
    order: list[nn.Module] = []

    def ran(module: nn.Module, *_: Any) -> None:
        if module not in order:
            order.append(module)

    hooks = [module.register_forward_hook(ran) for module in layers_of(network)]
    try:
        objective = again(network)
        order.clear()
        with torch.no_grad():
            objective(network, image)
    finally:
        for hook in hooks:
            hook.remove()
    return order


def _randomise(module: nn.Module, generator: torch.Generator) -> None:
    """New weights of the same mean and spread."""
    for parameter in (module.weight, module.bias):
        if isinstance(parameter, Tensor) and parameter.numel() > 1:
            drawn = torch.randn(parameter.shape, generator=generator).to(parameter)
            with torch.no_grad():
                parameter.copy_(drawn * parameter.std() + parameter.mean())


def rank_correlation(first: Map, second: Map) -> float:
    """Spearman's, of the sizes of the numbers of two maps; 0 if one of them is the same everywhere.

    Both (h, w), of any range; the result is -1 to 1.
    """
    from scipy.stats import rankdata

    ranks = [rankdata(np.abs(one).ravel()) for one in (first, second)]
    centred = [one - one.mean() for one in ranks]
    lengths = [float(np.sqrt((one**2).sum())) for one in centred]
    if not all(lengths):
        return 0.0
    return float((centred[0] * centred[1]).sum() / (lengths[0] * lengths[1]))
