"""A picture, a network, a method and a target in; a map out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from studio import __version__
from studio.attribution.cams import cam, enlarge, grad_cam
from studio.attribution.gradients import (
    Parts,
    gradient,
    gradient_x_input,
    guided_backprop,
    integrated_gradients,
    smoothgrad,
)
from studio.attribution.network import Network
from studio.attribution.objectives import ExplainError, Objective, objective_for, pair_objectives
from studio.attribution.occlusion import occlusion
from studio.attribution.options import ExplainOptions, GradCamOptions, Method, method_named
from studio.attribution.result import Attribution, Map, PairAttribution
from studio.attribution.targets import ClassTarget, PairTarget, Target, TargetError
from studio.backbones import Backbone
from studio.backbones.classifier import published_grid
from studio.backbones.receptive import theoretical
from studio.device import Attempt, with_memory_fallback
from studio.geometry import fit_within
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job, Progress, part

SMALLEST = 96
"""Working size, px, below which networks see nothing sensible."""

_Work = Callable[[Network, Tensor, Objective, ExplainOptions], Job[Parts]]

_WORK: dict[str, _Work] = {
    "gradient": gradient,
    "gradient-x-input": gradient_x_input,
    "guided-backprop": guided_backprop,
    "smoothgrad": smoothgrad,
    "integrated-gradients": integrated_gradients,
    "grad-cam": grad_cam,
    "cam": cam,
    "occlusion": occlusion,
}


def explain(
    picture: Picture, network: Network, method: str, target: Target, options: ExplainOptions | None = None
) -> Job[Attribution]:
    """Which pixels of a picture matter for a target; at half the working size if memory runs out.

    Parameters
    ----------
    network : Backbone or Classifier
        The latter also has classes.
    method : str
        Key of `METHODS`.
    options : ExplainOptions, optional
        Of that method; by default its defaults.

    Raises
    ------
    TargetError
        The network or the picture has no such target, or the method can't explain it.
    ExplainError
        The network gives no numbers.
    OutOfMemory
    """
    _, options = _chosen(method, target.kind, options)

    def attempt(plan: ExplainOptions) -> Job[Attribution]:
        return explain_once(picture, network, method, target, plan)

    return (yield from with_memory_fallback(attempt, attempts(options)))


def explain_once(
    picture: Picture, network: Network, method: str, target: Target, options: ExplainOptions
) -> Job[Attribution]:
    """`explain` without an answer to full memory."""
    how, options = _chosen(method, target.kind, options)
    yield Progress(0.0, tr("looking at {name}", name=picture.name))
    image = seen(picture, network, options.size)
    objective = objective_for(network, target, image)
    found = yield from part(attribute(network, image, objective, how, options, picture.name), 0.05, 1.0)
    words = "" if isinstance(target, ClassTarget) else _padding(network, target.layer, image)
    return replace(found, note=" ".join(filter(None, (found.note, words)))) if words else found


def _padding(network: Network, layer: str, image: Tensor) -> str:
    """Says where the cells of a backbone, which the matcher needs one for each block, are not the published ones."""
    if not isinstance(network, Backbone):
        return ""
    size = image.shape[3], image.shape[2]
    stride = network.layer(layer).stride
    ours = -(-size[0] // stride), -(-size[1] // stride)
    theirs = published_grid(network.name, layer, size)
    if theirs is None or theirs == ours:
        return ""
    return tr(
        "{layer} has {columns} x {rows} cells here, one for each block of {stride} pixels; in the network as published "
        "it has {their_columns} x {their_rows}, so other programs give other numbers. A class is explained in the "
        "network as published.",
        layer=layer,
        columns=ours[0],
        rows=ours[1],
        stride=stride,
        their_columns=theirs[0],
        their_rows=theirs[1],
    )


def explain_pair(
    a: Picture, b: Picture, network: Network, method: str, target: PairTarget, options: ExplainOptions | None = None
) -> Job[PairAttribution]:
    """Which pixels of either picture make two places look the same; each picture with the other held as it is.

    Raises
    ------
    TargetError, ExplainError, OutOfMemory
        As `explain`.
    """
    _, options = _chosen(method, target.kind, options)

    def attempt(plan: ExplainOptions) -> Job[PairAttribution]:
        return explain_pair_once(a, b, network, method, target, plan)

    return (yield from with_memory_fallback(attempt, attempts(options)))


def explain_pair_once(
    a: Picture, b: Picture, network: Network, method: str, target: PairTarget, options: ExplainOptions
) -> Job[PairAttribution]:
    """`explain_pair` without an answer to full memory."""
    how, options = _chosen(method, target.kind, options)
    yield Progress(0.0, tr("looking at both pictures"))
    images = seen(a, network, options.size), seen(b, network, options.size)
    objectives = pair_objectives(network, target, images, (a.size, b.size))
    maps = []
    for index, (picture, image, objective) in enumerate(zip((a, b), images, objectives, strict=True)):
        job = attribute(network, image, objective, how, options, picture.name)
        start, stop = 0.05 + 0.475 * index, 0.05 + 0.475 * (index + 1)
        maps.append((yield from part(job, start, stop, f"{'AB'[index]}: ")))
    return PairAttribution(maps[0], maps[1], maps[0].value)


def attempts(options: ExplainOptions) -> list[Attempt[ExplainOptions]]:
    """What to try if memory runs out: the working size that was asked for, and half of it."""
    half = options.size // 2
    sizes = [options.size, *([half] if half >= SMALLEST else [])]
    return [Attempt(options.with_values(size=size), tr("at {size} px", size=size)) for size in sizes]


def seen(picture: Picture, network: Network, size: int) -> Tensor:
    """The picture as the network gets it: (1, 3, h, w) in [0, 1], the longer side `size` pixels."""
    return picture.tensor(fit_within(picture.size, size), network.device)


def attribute(
    network: Network, image: Tensor, objective: Objective, method: Method, options: ExplainOptions, name: str = ""
) -> Job[Attribution]:
    """`explain` for an image, (1, 3, h, w), and an objective that are ready."""
    parts = yield from part(_WORK[method.key](network, image, objective, options), 0.0, 0.98)
    yield Progress(0.98, tr("measuring the target"))
    with torch.no_grad():
        value = float(objective(network, image)[0])
    signed = method.signed or (isinstance(options, GradCamOptions) and options.negative)
    colours = None if parts.colours is None else parts.colours.detach().permute(1, 2, 0)
    record = {
        "program": f"buddies-studio {__version__}",
        "picture": name,
        "network": network.name,
        "method": method.key,
        "target": objective.target.describe(),
        "layer": parts.layer or objective.layer,
        "size": [image.shape[3], image.shape[2]],
        "options": options.to_dict(),
        "value": value,
        "unit": method.unit.format(target=objective.quantity),
        "checks": parts.checks,
    }
    result = _pixels(network, image, parts, signed)
    if not np.isfinite(result).all():
        raise ExplainError(
            tr("{title} gives numbers that are not finite; its weights file is damaged.", title=network.title)
        )
    return Attribution(
        map=result,
        quantity=objective.quantity,
        signed=signed,
        method=method.key,
        explained=objective.target,
        value=value,
        colours=None if colours is None else _array(colours),
        cells=None if parts.cells is None else _array(parts.cells),
        checks=parts.checks,
        record=record,
        note=parts.note or _silence(value, result),
    )


def _silence(value: float, result: Map) -> str:
    """Why a map is zero everywhere; empty if it is not."""
    if result.any():
        return ""
    if value == 0.0:
        return tr("The target is not active at all in this picture, so no pixel matters: the map is zero everywhere.")
    return tr("No pixel changes the target by this method: the map is zero everywhere.")


def _pixels(network: Network, image: Tensor, parts: Parts, signed: bool) -> Map:
    if parts.pixels is not None:
        return _array(parts.pixels)
    if parts.colours is not None:
        # What adds up is summed; of a strength the strongest colour counts (Simonyan et al. 2013).
        return _array(parts.colours.sum(0) if signed else parts.colours.abs().amax(0))
    assert parts.cells is not None
    field = theoretical(network, [parts.layer])[parts.layer]
    return _array(enlarge(parts.cells.cpu(), field, (image.shape[3], image.shape[2])))


def _array(values: Tensor) -> Map:
    array: Map = np.ascontiguousarray(values.detach().float().cpu().numpy())
    return array


def _chosen(method: str, kind: str, options: ExplainOptions | None) -> tuple[Method, ExplainOptions]:
    how = method_named(method)
    if kind not in how.targets:
        raise TargetError(
            tr(
                "{title} explains a {names}, not a {kind}.",
                title=how.title,
                names=" or ".join(sorted(how.targets)),
                kind=kind,
            )
        )
    options = how.options() if options is None else options
    if not isinstance(options, how.options):
        raise TypeError(f"{method} takes {how.options.__name__}, not {type(options).__name__}")
    return how, options
