"""A picture that excites a unit most, made step by step (Erhan et al. 2009; Yosinski et al. 2015; Olah et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from studio.arrays import Pixels, Side
from studio.backbones.decoder import Decoder
from studio.backbones.filters import blurred
from studio.dream.goals import GoalError, Weighted
from studio.dream.images import GREY, DecodedImage, Image, PixelImage, SpectrumImage, noise
from studio.dream.measure import Network, measure_for
from studio.dream.options import MaximiseOptions
from studio.dream.recipe import describe
from studio.dream.result import Dreamed
from studio.dream.robust import moved
from studio.language import tr
from studio.picture import Picture, picture_of
from studio.progress import Job, Progress

PREVIEW_EVERY = 4
"""Steps between two pictures that are shown on the way."""
PIXEL_RATE = 0.2
"""Steps of pixels are this much shorter than those of frequencies, whose sigmoid is about 5 units wide."""


def maximise(
    goals: Sequence[Weighted],
    network: Network,
    options: MaximiseOptions | None = None,
    *,
    pictures: Mapping[Side, Picture] | None = None,
    start: Picture | None = None,
) -> Job[Dreamed]:
    """Pictures in which the sum of `goals` is as large as can be.

    Parameters
    ----------
    network : Backbone or Classifier
        A classifier where a goal is a class.
    pictures : dict, optional
        What is open as "A" and "B", for goals that are taken from places in them.
    start : Picture, optional
        What is started from, for `options.start` "picture"; it is fitted into a square of the size asked for.

    Yields
    ------
    Progress whose preview is (h, w, 3) uint8: all pictures so far, side by side.

    Raises
    ------
    GoalError
        Something is asked for that the network or the pictures do not have; the sentence says what.
    """
    options = options or MaximiseOptions()
    measure = measure_for(network, goals, pictures)
    generator = torch.Generator().manual_seed(options.seed)
    begun = _start(options, start).to(network.device)
    image = _image(begun, options, network)
    pixels = options.parameters == "pixels"
    optimiser = torch.optim.Adam([image.parameters], lr=_rate(image, options))
    history: list[float] = []
    with torch.no_grad():
        before = float(measure(network, image.shown()).mean())
    for step in range(1, options.steps + 1):
        shown = image.shown()
        maps = network.activations(moved(shown, options.robustness, generator), measure.layers)
        values = measure.of(maps)
        loss = -values.sum()
        if options.count > 1 and options.diversity > 0:
            loss = loss + options.diversity * values.detach().abs().mean() * _alikeness(maps[measure.layers[0]])
        (gradient,) = torch.autograd.grad(loss, [image.parameters])
        if not bool(torch.isfinite(gradient).all()):
            raise GoalError(tr("The network gives no numbers for this goal; choose another one."))
        if pixels:
            # Plain ascent, as the articles have it: Adam would move pixels that hardly matter as far as all others.
            with torch.no_grad():
                length = gradient.square().mean().sqrt().clamp_min(1e-20)
                image.parameters -= gradient * (PIXEL_RATE * options.rate / length)
            _prior(image.parameters, gradient, step, options)
        else:
            image.parameters.grad = gradient
            optimiser.step()
        history.append(float(values.detach().mean()))
        preview = _sheet(image.shown().detach()) if step % PREVIEW_EVERY == 0 or step == options.steps else None
        words = tr("step {step} of {steps}, {value:.3g}", step=step, steps=options.steps, value=history[-1])
        yield Progress(step / options.steps, words, preview)
    with torch.no_grad():
        made = image.shown()
        reached = measure(network, made)
    name = goals[0].describe()
    return Dreamed(
        tuple(picture_of(one.permute(1, 2, 0).cpu().numpy(), name) for one in made),
        tuple(reached.tolist()),
        before,
        tuple(history),
        describe("maximize", network, options, [one.describe() for one in goals], [*(pictures or {}).values()]),
    )


def _rate(image: Image, options: MaximiseOptions) -> float:
    """Features are some units large where the others are about 1."""
    if isinstance(image, DecodedImage):
        return options.rate * max(float(image.parameters.detach().std()), 1e-3)
    return options.rate


def _start(options: MaximiseOptions, picture: Picture | None) -> Tensor:
    """(N, 3, size, size) in [0, 1]."""
    side = options.size
    shape = side, side
    if options.start == "picture":
        if picture is None:
            raise GoalError(tr("There is no picture to start from; open one, or start from noise."))
        scale = side / min(picture.size)
        size = max(side, round(picture.size[0] * scale)), max(side, round(picture.size[1] * scale))
        left, top = (size[0] - side) // 2, (size[1] - side) // 2
        whole = picture.tensor(size)[:, :, top : top + side, left : left + side]
        return whole.expand(options.count, -1, -1, -1).contiguous()
    soft = noise(options.count, shape, options.seed)
    # Grey alone would leave several pictures the same for ever, and a spectrum without any phase to begin with.
    return soft if options.start == "noise" else GREY + (soft - GREY) * 0.05


def _image(start: Tensor, options: MaximiseOptions, network: Network) -> Image:
    if options.parameters == "pixels":
        return PixelImage(start)
    if options.parameters == "spectrum":
        return SpectrumImage(start)
    decoder = getattr(network, "decoder", None)
    if not isinstance(decoder, Decoder):
        raise GoalError(
            tr("{network} has no decoder; change the frequencies, or choose BuddyNet.", network=network.title)
        )
    level = network.levels[decoder.level - 1]  # type: ignore[attr-defined]
    with torch.no_grad():
        features = network.activations(start, [level.name])[level.name]
    return DecodedImage(features, decoder)


def _alikeness(maps: Tensor) -> Tensor:
    """The mean cosine between the Gram matrices of maps, (N, C, rows, columns), of each two pictures."""
    count = len(maps)
    if maps.ndim == 4:
        cells = maps.flatten(2)
        grams = torch.bmm(cells, cells.transpose(1, 2)).flatten(1)
    else:  # scores of classes
        grams = maps
    unit = F.normalize(grams, dim=1)
    cosines = unit @ unit.T
    return (cosines.sum() - cosines.diagonal().sum()) / max(count * (count - 1), 1)


@torch.no_grad()
def _prior(pixels: Tensor, gradient: Tensor, step: int, options: MaximiseOptions) -> None:
    """The four priors of Yosinski et al. 2015, section 4, in place; `pixels` and `gradient` are (N, 3, h, w)."""
    if options.small_contribution > 0:
        # What the unit would lose, to first order, if a pixel became grey.
        share = ((pixels - GREY) * -gradient).sum(dim=1, keepdim=True).abs()
        pixels.copy_(torch.where(share < _quantile(share, options.small_contribution), GREY, pixels))
    if options.small_norm > 0:
        norm = (pixels - GREY).norm(dim=1, keepdim=True)
        pixels.copy_(torch.where(norm < _quantile(norm, options.small_norm), GREY, pixels))
    if options.decay > 0:
        pixels.sub_(GREY).mul_(1.0 - options.decay).add_(GREY)
    if options.blur > 0 and step % options.blur_every == 0:
        pixels.copy_(blurred(pixels, options.blur))
    pixels.clamp_(0.0, 1.0)


def _quantile(values: Tensor, percent: float) -> Tensor:
    """(N, 1, 1, 1)."""
    rows = values.flatten(1)
    number = min(max(round(percent / 100.0 * rows.shape[1]), 1), rows.shape[1])
    return rows.kthvalue(number, dim=1).values.view(-1, 1, 1, 1)


def _sheet(images: Tensor) -> Pixels:
    """(N, 3, h, w) in [0, 1] as one picture, in rows of equal length."""
    columns = int(np.ceil(np.sqrt(len(images))))
    pixels = (images.clamp(0.0, 1.0) * 255.0).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    rows = []
    for first in range(0, len(pixels), columns):
        row = list(pixels[first : first + columns])
        row += [np.full_like(row[0], 128)] * (columns - len(row) if first else 0)
        rows.append(np.concatenate(row, axis=1))
    return np.ascontiguousarray(np.concatenate(rows, axis=0))
