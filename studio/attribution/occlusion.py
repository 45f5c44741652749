"""What a target loses when a window of the picture is covered."""

from __future__ import annotations

import torch
from torch import Tensor

from studio.attribution.chunks import in_chunks
from studio.attribution.gradients import Parts
from studio.attribution.network import Network, emptied
from studio.attribution.objectives import Objective
from studio.attribution.options import ExplainOptions, OcclusionOptions
from studio.backbones.receptive import theoretical
from studio.language import tr
from studio.progress import Job


def occlusion(network: Network, image: Tensor, objective: Objective, options: ExplainOptions) -> Job[Parts]:
    """F(x) - F(x with the window covered), for each pixel the mean over the windows that cover it.

    `image` is (1, 3, h, w) in [0, 1]. The map, (h, w), is in the unit of the target.
    """
    assert isinstance(options, OcclusionOptions)
    height, width = image.shape[-2:]
    tall, wide = min(options.window, height), min(options.window, width)
    corners = [(y, x) for y in starts(height, tall, options.stride) for x in starts(width, wide, options.stride)]
    seen = _within_sight(network, objective, corners, tall, wide)
    cover = emptied(image, options.fill)[0]
    values = torch.zeros(len(seen) + 1, dtype=image.dtype)

    def work(start: int, stop: int) -> None:
        # Item 0 is the whole picture; gradients are recorded for it alone, which tells the memory of one picture.
        images = image.repeat(stop - start, 1, 1, 1)
        for item, number in enumerate(range(start, stop)):
            if number:
                y, x = seen[number - 1]
                images[item, :, y : y + tall, x : x + wide] = cover[:, y : y + tall, x : x + wide]
        with torch.set_grad_enabled(start == 0):
            found = objective(network, images.requires_grad_(start == 0))
        values[start:stop] = found.detach().to(values)

    yield from in_chunks(work, len(seen) + 1, image.device, tr("covering windows"))
    drops = dict(zip(seen, values[0] - values[1:], strict=True))
    total = torch.zeros(height, width, dtype=image.dtype)
    times = torch.zeros(height, width, dtype=image.dtype)
    for y, x in corners:
        total[y : y + tall, x : x + wide] += drops.get((y, x), 0.0)
        times[y : y + tall, x : x + wide] += 1
    return Parts(pixels=total / times.clamp_min(1), checks={"windows": float(len(corners))})


def _within_sight(
    network: Network, objective: Objective, corners: list[tuple[int, int]], tall: int, wide: int
) -> list[tuple[int, int]]:
    """Those windows, by their upper left corners, that the target can see: all, unless it is a single cell.

    The others change nothing, so nothing has to be computed for them.
    """
    if objective.cell is None:
        return corners
    x0, y0, x1, y1 = theoretical(network, [objective.layer])[objective.layer].box(*objective.cell)
    return [(y, x) for y, x in corners if x - 0.5 < x1 and x + wide - 0.5 > x0 and y - 0.5 < y1 and y + tall - 0.5 > y0]


def starts(length: int, window: int, stride: int) -> list[int]:
    """Where windows begin along a side, so that the last one ends at the edge."""
    last = length - window
    places = list(range(0, last + 1, stride))
    if places[-1] != last:
        places.append(last)
    return places
