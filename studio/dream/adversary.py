"""The smallest change that makes a network see something else: of a class, or of a pair.

FGSM (Goodfellow et al. 2015, section 4), PGD (Madry et al. 2018, section 2.1) and DeepFool (Moosavi-Dezfooli et al.
2016, algorithm 2). All changes are made at the size at which the network looks, and what is handed out has 8 bits a
channel: a change that rounding takes away again is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from studio.arrays import Pixels, Point
from studio.backbones.classifier import SCORES, Classifier
from studio.backbones.receptive import theoretical
from studio.dream.goals import GoalError
from studio.dream.images import to_bytes
from studio.dream.measure import Network, cell_of, check_layer, usual_layer
from studio.dream.options import AdversaryOptions
from studio.dream.recipe import describe
from studio.features.placing import Placing
from studio.geometry import fit_within
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job, Progress

TOP = 5
"""Classes that are named before and after."""
OVERSHOOT = 0.02
"""Share by which DeepFool goes beyond the border it has found (its article, section 3.3)."""
PGD_STEP = 2.5
"""Length of a step of PGD, in balls over steps: the way then leads twice across the ball (Madry et al. 2018, 2.5)."""
NEIGHBOURHOOD = 1
"""Cells around the partner that count as the partner still."""
MORE = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Further overshoots, in levels of 255 of a mean pixel, that are tried until a change survives rounding."""

Seen = tuple[str, float]
"""Name of a class and its probability, 0 to 1; or a place and its cosine."""


@dataclass(frozen=True, eq=False)
class Adversary:
    """A picture that a network mistakes.

    Attributes
    ----------
    picture, original : Picture
        At the size at which the network looked, 8 bits a channel.
    before, after : tuple of (str, float)
        What the network sees in both: classes and their probabilities, or places of B and their cosines.
    fooled : bool
        Whether the 8-bit picture has the property that was asked for.
    largest, length : float
        The largest change of a value, in levels of 255, and the root mean square of all.
    change : (h, w, 3) uint8
        The change on a signed scale, grey for none, magnified by `factor`.
    """

    picture: Picture
    original: Picture
    before: tuple[Seen, ...]
    after: tuple[Seen, ...]
    fooled: bool
    largest: float
    length: float
    factor: float
    change: Pixels = field(repr=False)
    recipe: dict[str, Any] = field(default_factory=dict, repr=False)

    def sentence(self) -> str:
        """What happened, for a person."""
        if not self.fooled:
            return tr("No change of this size makes the network see something else; allow a larger one.")
        return tr(
            "{before} became {after}: no value was changed by more than {largest:.0f} of 255 levels.",
            before=self.before[0][0],
            after=self.after[0][0],
            largest=self.largest,
        )


def adversary(
    picture: Picture, network: Classifier, options: AdversaryOptions, to: str | int | None = None
) -> Job[Adversary]:
    """Change a picture as little as can be so that its class becomes another, or `to`.

    Yields
    ------
    Progress whose preview is (h, w, 3) uint8.

    Raises
    ------
    WeightsError
        There is no such class.
    GoalError
        DeepFool is asked for a class: it goes to the nearest one.
    """
    wanted = None if to is None else network.class_number(to)
    if wanted is not None and options.method == "deepfool":
        raise GoalError(tr("“deepfool” goes to the nearest class; choose “pgd” to say which."))
    image = _eight_bits(picture.tensor(fit_within(picture.size, options.size), network.device))
    with torch.no_grad():
        scores = network.activations(image, [SCORES])[SCORES][0]
    first = int(scores.argmax())

    def is_fooled(pixels: Tensor) -> bool:
        with torch.no_grad():
            now = int(network.activations(pixels, [SCORES])[SCORES][0].argmax())
        return now == wanted if wanted is not None else now != first

    def loss(pixels: Tensor) -> Tensor:
        """What is to fall."""
        log = F.log_softmax(network.activations(pixels, [SCORES])[SCORES], dim=1)[0]
        return log[first] if wanted is None else -log[wanted]

    if options.method == "deepfool":
        changed = yield from _deepfool(image, network, first, options, is_fooled)
    else:
        changed = yield from _in_ball(image, loss, options, is_fooled)
    with torch.no_grad():
        after = network.activations(changed, [SCORES])[SCORES][0]
    names = network.class_names
    goals = ["another class" if wanted is None else f"class {names[wanted]}"]
    return _result(
        picture, image, changed, _top(scores, names), _top(after, names), is_fooled(changed), options, network, goals
    )


def break_pair(
    a: Picture, b: Picture, at_a: Point, at_b: Point, network: Network, options: AdversaryOptions, layer: str = ""
) -> Job[Adversary]:
    """Change A as little as can be so that the place of B most like `at_a` is no longer that at `at_b`.

    By DeepFool's step on the margin: the cosine with the partner's cell less that with the best cell elsewhere, which
    is linear enough for a few steps.

    Raises
    ------
    GoalError
        There is no such layer, or the two places are not each other's best match to begin with.
    """
    layer = layer or usual_layer(network)
    check_layer(network, layer)
    seen_a, seen_b = (_eight_bits(one.tensor(fit_within(one.size, options.size), network.device)) for one in (a, b))
    with torch.no_grad():
        cells = F.normalize(network.activations(seen_b, [layer])[layer][0].flatten(1), dim=0)  # (C, cells)
        grid_a = network.activations(seen_a, [layer])[layer].shape[-2:]
        rows, columns = network.activations(seen_b, [layer])[layer].shape[-2:]
    place_a = cell_of(network, layer, a, at_a, (seen_a.shape[3], seen_a.shape[2]), (grid_a[1], grid_a[0]))
    place_b = cell_of(network, layer, b, at_b, (seen_b.shape[3], seen_b.shape[2]), (columns, rows))
    near = torch.zeros(rows, columns, dtype=torch.bool, device=cells.device)
    column, row = place_b
    near[
        max(row - NEIGHBOURHOOD, 0) : row + NEIGHBOURHOOD + 1,
        max(column - NEIGHBOURHOOD, 0) : column + NEIGHBOURHOOD + 1,
    ] = True
    near = near.flatten()

    def cosines(pixels: Tensor) -> Tensor:
        maps = network.activations(pixels, [layer])[layer][0]
        return F.normalize(maps[:, place_a[1], place_a[0]], dim=0) @ cells

    def margin(pixels: Tensor) -> Tensor:
        found = cosines(pixels)
        return found[near].max() - found[~near].max()

    def is_fooled(pixels: Tensor) -> bool:
        with torch.no_grad():
            return bool(margin(pixels) < 0)

    if is_fooled(seen_a):
        raise GoalError(tr("The network does not think that these two places belong together, so nothing is to break."))
    changed = seen_a.clone()
    for step in range(1, options.steps + 1):
        pixels = changed.detach().requires_grad_(True)
        value = margin(pixels)
        (gradient,) = torch.autograd.grad(value, [pixels])
        changed = _eight_bit_escape(seen_a, changed, _toward(value, gradient), is_fooled)
        fooled = is_fooled(_eight_bits(changed))
        yield Progress(
            step / options.steps, tr("step {step} of {steps}", step=step, steps=options.steps), to_bytes(changed)
        )
        if fooled:
            break
    changed = _eight_bits(changed)
    with torch.no_grad():
        before, after = cosines(seen_a), cosines(changed)
    places = Placing(theoretical(network, [layer])[layer], (seen_b.shape[3], seen_b.shape[2]), b.size, (columns, rows))
    told = [_place(found, places) for found in (before, after)]
    goals = [f"another partner of A {at_a[0]:.0f}, {at_a[1]:.0f} in {layer}"]
    return _result(a, seen_a, changed, told[0], told[1], is_fooled(changed), options, network, goals)


def _in_ball(
    image: Tensor, loss: Callable[[Tensor], Tensor], options: AdversaryOptions, is_fooled: Callable[[Tensor], bool]
) -> Job[Tensor]:
    """FGSM, or PGD, which stops as soon as the picture of 8 bits does what it should."""
    eps = options.eps / 255.0
    radius = eps * float(np.sqrt(image.numel()))
    one_step = options.method == "fgsm"
    steps = 1 if one_step else options.steps
    length = (eps if options.norm == "linf" else radius) * (1.0 if one_step else PGD_STEP / steps)
    changed = image.clone()
    if not one_step:
        generator = torch.Generator().manual_seed(options.seed)
        start = torch.rand(image.shape, generator=generator).to(image).mul_(2.0).sub_(1.0) * eps
        changed = _within(image, image + start, eps, radius, options.norm)
    best = changed
    for step in range(1, steps + 1):
        pixels = changed.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(loss(pixels), [pixels])
        way = gradient.sign() if options.norm == "linf" else gradient / gradient.norm().clamp_min(1e-20)
        changed = _within(image, changed - length * way, eps, radius, options.norm)
        best = _eight_bits(changed, image, eps if options.norm == "linf" else None)
        yield Progress(step / steps, tr("step {step} of {steps}", step=step, steps=steps), to_bytes(best))
        if is_fooled(best):
            break
    return best


def _within(image: Tensor, changed: Tensor, eps: float, radius: float, norm: str) -> Tensor:
    """The nearest point of the ball around `image`, and of [0, 1]."""
    change = changed - image
    change = change.clamp(-eps, eps) if norm == "linf" else change * min(1.0, radius / max(float(change.norm()), 1e-20))
    return (image + change).clamp(0.0, 1.0)


def _deepfool(
    image: Tensor, network: Classifier, first: int, options: AdversaryOptions, is_fooled: Callable[[Tensor], bool]
) -> Job[Tensor]:
    """To the nearest of the ten most likely classes' borders, as if they were planes, again and again."""
    changed = image.clone()
    with torch.no_grad():
        rivals = (
            network.activations(image, [SCORES])[SCORES][0].topk(min(11, len(network.class_names))).indices.tolist()
        )
    rivals = [one for one in rivals if one != first][:10]
    for step in range(1, options.steps + 1):
        pixels = changed.detach().requires_grad_(True)
        scores = network.activations(pixels, [SCORES])[SCORES][0]
        nearest: tuple[float, Tensor, Tensor] | None = None
        for rival in rivals:
            margin = scores[first] - scores[rival]
            (gradient,) = torch.autograd.grad(margin, [pixels], retain_graph=True)
            away = float(margin.detach().abs() / gradient.norm().clamp_min(1e-20))
            if nearest is None or away < nearest[0]:
                nearest = away, margin.detach(), gradient
        assert nearest is not None
        changed = _eight_bit_escape(image, changed, _toward(nearest[1], nearest[2]), is_fooled)
        fooled = is_fooled(_eight_bits(changed))
        yield Progress(
            step / options.steps, tr("step {step} of {steps}", step=step, steps=options.steps), to_bytes(changed)
        )
        if fooled:
            break
    return _eight_bits(changed)


def _toward(margin: Tensor, gradient: Tensor) -> Tensor:
    """The least change that takes a linear `margin` to 0: |margin| / |g| long (Moosavi-Dezfooli et al., eq. 3)."""
    return -(margin.detach().abs() + 1e-6) / gradient.square().sum().clamp_min(1e-20) * gradient


def _eight_bit_escape(image: Tensor, changed: Tensor, step: Tensor, is_fooled: Callable[[Tensor], bool]) -> Tensor:
    """One step on; if it crosses the border, just so much farther that rounding to 8 bits does not take it back."""
    total = changed - image + step
    full = image + (1.0 + OVERSHOOT) * total
    if not is_fooled(full.clamp(0.0, 1.0)):
        return (image + total).clamp(0.0, 1.0)
    unit = total / total.square().mean().sqrt().clamp_min(1e-20)
    for more in MORE:
        candidate = (full + unit * (more / 255.0)).clamp(0.0, 1.0)
        if is_fooled(_eight_bits(candidate)):
            return candidate
    return full.clamp(0.0, 1.0)


def _eight_bits(image: Tensor, around: Tensor | None = None, eps: float | None = None) -> Tensor:
    """As a file of 8 bits gives it back; with `eps` still inside that ball around another picture of 8 bits."""
    levels = (image.clamp(0.0, 1.0) * 255.0).round()
    if around is not None and eps is not None:
        most = float(np.floor(eps * 255.0 + 1e-6))
        middle = (around * 255.0).round()
        levels = torch.minimum(torch.maximum(levels, middle - most), middle + most)
    return levels.clamp(0.0, 255.0) / 255.0


def _place(cosines: Tensor, placing: Placing) -> tuple[Seen, ...]:
    best = int(cosines.argmax())
    x, y = placing.centre((best % placing.grid[0], best // placing.grid[0]))
    return ((f"B {x:.0f}, {y:.0f}", float(cosines[best])),)


def _top(scores: Tensor, names: tuple[str, ...]) -> tuple[Seen, ...]:
    values, numbers = scores.softmax(dim=0).topk(min(TOP, len(names)))
    return tuple((names[number], value) for number, value in zip(numbers.tolist(), values.tolist(), strict=True))


def _result(
    picture: Picture,
    image: Tensor,
    changed: Tensor,
    before: tuple[Seen, ...],
    after: tuple[Seen, ...],
    fooled: bool,
    options: AdversaryOptions,
    network: Network,
    goals: list[str],
) -> Adversary:
    change = to_bytes(changed).astype(np.float64) - to_bytes(image)
    largest = float(np.abs(change).max())
    factor = 127.0 / max(largest, 1.0)
    shown = np.clip(np.rint(128.0 + change * factor), 0, 255).astype(np.uint8)
    return Adversary(
        Picture.from_array(to_bytes(changed), picture.name),
        Picture.from_array(to_bytes(image), picture.name),
        before,
        after,
        fooled,
        largest,
        float(np.sqrt(np.mean(change**2))),
        factor,
        np.ascontiguousarray(shown),
        describe("adversary", network, options, goals, [picture]),
    )
