"""Deep dreams: what a layer sees in a picture is made stronger, large shapes first (Mordvintsev et al. 2015)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from studio.arrays import FloatPixels, Pixels, Size
from studio.backbones.layers import no_channel
from studio.dream.goals import GoalError
from studio.dream.guides import Guide, no_guide
from studio.dream.images import to_bytes
from studio.dream.measure import Network, check_layer, usual_layer
from studio.dream.options import DreamOptions, ZoomOptions
from studio.dream.recipe import describe
from studio.dream.result import Dreamed
from studio.dream.tiles import Ascent, ascent
from studio.geometry import fit_within
from studio.language import tr
from studio.picture import Picture, picture_of
from studio.progress import Job, Progress

LEAST_SIDE = 32
"""Octaves whose shorter side is smaller are left out, px: the coarsest levels then have two cells."""
WHOLE = 1_200_000
"""Pixels up to which a picture is computed in one piece, unless tiles are asked for."""
TILE = 512
"""Side of the tiles of larger ones, px: 4,000 x 3,000 px then take under 2 GB."""
PREVIEW_SIDE = 1024
"""Longest side of the pictures that are shown on the way, px."""


@dataclass(frozen=True, eq=False)
class DreamTarget:
    """What is made stronger: a layer, some of its channels, along a guide."""

    network: Network
    layer: str
    channels: tuple[int, ...]
    guide: Guide


def dream(
    picture: Picture,
    network: Network,
    options: DreamOptions | None = None,
    *,
    guide: Guide = no_guide,
    mask: FloatPixels | None = None,
) -> Job[Dreamed]:
    """`picture` as a layer of a network dreams it.

    Parameters
    ----------
    network : Backbone or Classifier
    guide : Guide, optional
        What the dream is drawn to, see `studio.dream.guides`; by default to more of what is seen.
    mask : (h, w) float32, optional
        0 to 1, of any size and the picture's shape: where the dream happens; outside nothing changes.

    Yields
    ------
    Progress whose preview is (h, w, 3) uint8.

    Raises
    ------
    GoalError
        There is no such layer or channel.
    """
    options = options or DreamOptions()
    target = _target(network, options, guide)
    size = picture.size if options.size == 0 else fit_within(picture.size, options.size)
    generator = torch.Generator().manual_seed(options.seed)
    scales = octaves(size, options)
    base = picture.tensor(size, network.device)
    where = None if mask is None else torch.from_numpy(np.ascontiguousarray(mask, np.float32))[None, None].to(base)
    detail: Tensor | None = None
    history: list[float] = []
    before = 0.0
    total = sum(width * height for width, height in scales) * max(options.steps, 1)
    done = 0
    for number, octave in enumerate(scales, 1):
        plain = base if octave == size else _resized(base, octave)
        kept = None if where is None else _resized(where, octave)
        image = plain if detail is None else plain + _resized(detail, octave) * (1.0 if kept is None else kept)
        image = image.clamp(0.0, 1.0)
        for step in range(1, options.steps + 1):
            value, image = _step(image, target, options, generator, kept)
            if not history:
                before = value
            history.append(value)
            done += octave[0] * octave[1]
            words = tr("octave {octave} of {octaves}, step {step}", octave=number, octaves=len(scales), step=step)
            yield Progress(min(done / total, 0.99), words, _shown(image))
        detail = image - plain
    made = base if detail is None else base + (detail if where is None else detail * (_resized(where, size) > 0))
    pixels = made[0].clamp(0.0, 1.0).permute(1, 2, 0).cpu().numpy()
    yield Progress(1.0, tr("the dream is done"), _shown(made))
    return Dreamed(
        (picture_of(pixels, picture.name),),
        (history[-1] if history else 0.0,),
        before,
        tuple(history),
        describe("dream", network, options, [target.layer, *guide.describe()], [picture]),
    )


def octaves(size: Size, options: DreamOptions) -> list[Size]:
    """The sizes that are dreamt, from small to large; the last one is `size`."""
    found = []
    for number in range(options.octaves):
        factor = options.scale**-number
        one = max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
        if number and min(one) < LEAST_SIDE:
            break
        found.append(one)
    return found[::-1]


def zoom(
    picture: Picture,
    network: Network,
    options: DreamOptions,
    film: ZoomOptions,
    sink: Callable[[Pixels], object],
    *,
    guide: Guide = no_guide,
) -> Job[Picture]:
    """A film that falls into its own dream: each frame is the last one, nearer and turned a little, and dreamt again.

    Parameters
    ----------
    sink : callable
        Gets each frame, (h, w, 3) uint8, in their order; the first is the picture as it dreams.

    Returns
    -------
    Picture
        The last frame.
    """
    target = _target(network, options, guide)
    size = picture.size if options.size == 0 else fit_within(picture.size, options.size)
    generator = torch.Generator().manual_seed(options.seed)
    image = picture.tensor(size, network.device)
    steps = options.with_values(octaves=min(options.octaves, 2), steps=film.frame_steps)
    for number in range(1, film.frames + 1):
        if number > 1:
            image = nearer(image, film)
        for octave in octaves(size, steps):
            small = image if octave == size else _resized(image, octave)
            changed = small
            for _ in range(film.frame_steps):
                _, changed = _step(changed, target, steps, generator, None)
            image = (image + _resized(changed - small, size)).clamp(0.0, 1.0)
        frame = to_bytes(image)
        sink(frame)
        words = tr("frame {index} of {number}", index=number, number=film.frames)
        yield Progress(number / film.frames, words, _shown(image))
    return picture_of(image[0].permute(1, 2, 0).cpu().numpy(), picture.name)


def nearer(image: Tensor, film: ZoomOptions) -> Tensor:
    """`image`, (1, 3, h, w), seen from nearer around the film's point, and turned; bicubic, edges repeated."""
    height, width = image.shape[-2:]
    angle = torch.deg2rad(torch.tensor(film.turn))
    cos, sin = (float(torch.cos(angle)) / film.nearer, float(torch.sin(angle)) / film.nearer)
    x, y = 2.0 * film.to_x - 1.0, 2.0 * film.to_y - 1.0
    across, down = sin * height / width, sin * width / height
    theta = image.new_tensor([[cos, -across, x - cos * x + across * y], [down, cos, y - down * x - cos * y]])
    grid = F.affine_grid(theta[None], list(image.shape), align_corners=False)
    return F.grid_sample(image, grid, mode="bicubic", padding_mode="border", align_corners=False).clamp(0.0, 1.0)


def _target(network: Network, options: DreamOptions, guide: Guide) -> DreamTarget:
    layer = options.layer or usual_layer(network)
    check_layer(network, layer)
    return DreamTarget(network, layer, channels_of(options.channels, network.layer(layer).channels, layer), guide)


def channels_of(text: str, count: int, layer: str) -> tuple[int, ...]:
    """The channels of “3,17”; none for all of them. Raises `GoalError`."""
    try:
        found = tuple(int(part) for part in text.replace(" ", "").split(",") if part)
    except ValueError as error:
        raise GoalError(tr("“{text}” is no list of channels; write numbers as in “3,17”.", text=text)) from error
    wrong = next((one for one in found if not 0 <= one < count), None)
    if wrong is not None:
        raise GoalError(no_channel(layer, count, wrong))
    return found


def _step(
    image: Tensor, target: DreamTarget, options: DreamOptions, generator: torch.Generator, mask: Tensor | None
) -> tuple[float, Tensor]:
    """One step of ascent: the value before it, and the picture after it, (1, 3, h, w)."""
    height, width = image.shape[-2:]
    reach = min(options.jitter, height // 2, width // 2)
    dy, dx = (int(torch.randint(-reach, reach + 1, (), generator=generator)) for _ in range(2))
    rolled = torch.roll(image, (dy, dx), dims=(2, 3))
    tile = options.tile or (0 if height * width <= WHOLE else TILE)
    local = target.guide.at(target.network, target.layer, target.channels, (width, height), (dx, dy))
    found: Ascent = ascent(target.network, target.layer, target.channels, rolled, local, tile)
    gradient = torch.roll(found.gradient, (-dy, -dx), dims=(2, 3))
    length = gradient.abs().mean()
    if not bool(torch.isfinite(length)) or float(length) <= 0.0:
        return found.value, image  # nothing is seen that could be made stronger
    change = gradient * (options.strength / 255.0 / length)
    if mask is not None:
        change = change * mask
    return found.value, (image + change).clamp_(0.0, 1.0)


def _resized(image: Tensor, size: Size) -> Tensor:
    width, height = size
    if image.shape[-2:] == (height, width):
        return image
    smaller = height < image.shape[-2]
    return F.interpolate(image, size=(height, width), mode="bilinear", align_corners=False, antialias=smaller)


def _shown(image: Tensor) -> Pixels:
    size = image.shape[3], image.shape[2]
    return to_bytes(_resized(image, fit_within(size, PREVIEW_SIDE)) if max(size) > PREVIEW_SIDE else image)


__all__ = ["DreamTarget", "channels_of", "dream", "nearer", "octaves", "zoom"]
