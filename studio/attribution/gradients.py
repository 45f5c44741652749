"""Methods that go by the gradient of the target with respect to the pixels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from studio.attribution.chunks import in_chunks
from studio.attribution.network import Network, emptied
from studio.attribution.objectives import ExplainError, Objective
from studio.attribution.options import ExplainOptions, IntegratedOptions, SmoothGradOptions
from studio.attribution.relu import GuidedReLUs
from studio.language import tr
from studio.progress import Job, Progress


@dataclass(frozen=True, eq=False)
class Parts:
    """What a method found: `colours` (3, h, w), `cells` (rows, columns) of `layer`, or `pixels`; and what to say."""

    colours: Tensor | None = None
    cells: Tensor | None = None
    layer: str = ""
    pixels: Tensor | None = None
    """(h, w)"""
    checks: dict[str, float] = field(default_factory=dict)
    note: str = ""


def gradient_of(network: Network, objective: Objective, images: Tensor) -> tuple[Tensor, Tensor]:
    """The numbers, (N,), and their gradients, (N, 3, h, w). Leaves no gradient on the network's weights."""
    images = images.detach().requires_grad_(True)
    with torch.enable_grad():
        values = objective(network, images)
        (gradients,) = torch.autograd.grad(values.sum(), images)
    if not bool(torch.isfinite(values).all()):
        raise ExplainError(
            tr("{title} gives numbers that are not finite; its weights file is damaged.", title=network.title)
        )
    return values.detach(), gradients


def gradient(network: Network, image: Tensor, objective: Objective, options: ExplainOptions) -> Job[Parts]:
    """The plain gradient (Simonyan et al. 2013): (3, h, w). `image` is (1, 3, h, w) in [0, 1]."""
    del options
    yield Progress(0.0, tr("following the gradient"))
    return Parts(colours=gradient_of(network, objective, image)[1][0])


def gradient_x_input(network: Network, image: Tensor, objective: Objective, options: ExplainOptions) -> Job[Parts]:
    """The gradient times the picture in [0, 1] (Shrikumar et al. 2016).

    `image` is (1, 3, h, w) in [0, 1]. The colours, (3, h, w), are in the unit of the target.
    """
    del options
    yield Progress(0.0, tr("following the gradient"))
    return Parts(colours=gradient_of(network, objective, image)[1][0] * image[0])


def guided_backprop(network: Network, image: Tensor, objective: Objective, options: ExplainOptions) -> Job[Parts]:
    """The gradient through guided ReLUs (Springenberg et al. 2015).

    `image` is (1, 3, h, w) in [0, 1]. The colours are (3, h, w).
    """
    del options
    yield Progress(0.0, tr("following the guided gradient"))
    with GuidedReLUs() as caught:
        colours = gradient_of(network, objective, image)[1][0]
    note = (
        ""
        if caught.count
        else tr("{title} has no ReLU before this target: this is the plain gradient.", title=network.title)
    )
    return Parts(colours=colours, note=note, checks={"ReLUs guided": float(caught.count)})


def smoothgrad(network: Network, image: Tensor, objective: Objective, options: ExplainOptions) -> Job[Parts]:
    """The mean gradient of noisy copies (Smilkov et al. 2017); sigma is `level` times the picture's range.

    `image` is (1, 3, h, w) in [0, 1]. The colours are (3, h, w).
    """
    assert isinstance(options, SmoothGradOptions)
    sigma = options.level * float(image.max() - image.min())
    total = torch.zeros_like(image[0])
    generator = torch.Generator()

    def work(start: int, stop: int) -> None:
        noise = []
        for number in range(start, stop):  # each copy has its own seed, so chunks don't matter
            generator.manual_seed((options.seed << 20) + number)
            noise.append(torch.randn(image.shape[1:], generator=generator))
        noisy = image + sigma * torch.stack(noise).to(image)
        with torch.no_grad():
            total.add_(gradient_of(network, objective, noisy)[1].sum(0))

    yield from in_chunks(work, options.samples, image.device, tr("following noisy copies"))
    return Parts(colours=total / options.samples)


def integrated_gradients(network: Network, image: Tensor, objective: Objective, options: ExplainOptions) -> Job[Parts]:
    """(x - x') times the mean gradient on the way from x' to x, by Gauss-Legendre (Sundararajan et al. 2017).

    `image` is (1, 3, h, w) in [0, 1]. The colours, (3, h, w), add up to the change of the target, in its unit.
    """
    assert isinstance(options, IntegratedOptions)
    start_from = emptied(image, options.baseline)
    way = image - start_from
    nodes, weights = np.polynomial.legendre.leggauss(options.steps)
    places = torch.tensor((nodes + 1.0) / 2.0, dtype=image.dtype, device=image.device)
    shares = torch.tensor(weights / 2.0, dtype=image.dtype, device=image.device)
    total = torch.zeros_like(image[0])

    def work(start: int, stop: int) -> None:
        on_way = start_from + places[start:stop].view(-1, 1, 1, 1) * way
        total.add_(torch.einsum("n,nchw->chw", shares[start:stop], gradient_of(network, objective, on_way)[1]))

    yield from in_chunks(work, options.steps, image.device, tr("following the way from the empty picture"))
    colours = total * way[0]
    with torch.no_grad():
        here, empty = (float(objective(network, one)[0]) for one in (image, start_from))
    added = float(colours.cpu().double().sum())
    checks = {"start": empty, "change": here - empty, "sum": added, "residual": added - (here - empty)}
    return Parts(colours=colours, checks=checks)
