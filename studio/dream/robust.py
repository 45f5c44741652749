"""Moves that a made picture has to survive, drawn anew for each step (Olah et al. 2017, robustness)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

MARGIN = 12
"""Pixels that are put around the picture before it is moved, so that moving shows no edge."""
FIRST_SHIFT, LAST_SHIFT = 8.0, 4.0
"""Moves before and after turning, pixels to each side."""
TURN = 10.0
"""Degrees to each side."""
SCALE = 0.1
"""Share of the size, to each side."""


def moved(image: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """`image`, (N, 3, h, w), padded by its mirror image, moved, scaled and turned; the same size, in [0, 1].

    All of it is one affine map, so that the picture is interpolated once and not three times. `strength` 0 gives the
    image itself.
    """
    if strength <= 0:
        return image
    height, width = image.shape[-2:]
    draw = torch.rand(6, generator=generator).mul_(2.0).sub_(1.0).tolist()
    margin = min(round(MARGIN * strength), height - 1, width - 1)
    padded = F.pad(image, (margin,) * 4, mode="reflect")
    full_height, full_width = height + 2 * margin, width + 2 * margin
    angle = math.radians(TURN * strength * draw[0])
    factor = 1.0 + min(SCALE * strength, 0.5) * draw[1]
    shifts = [FIRST_SHIFT * strength * draw[at] + LAST_SHIFT * strength * draw[at + 2] for at in (2, 3)]
    # From the pixels of the result, around their middle, to those of the padded picture; then in its units.
    cos, sin = math.cos(angle) / factor, math.sin(angle) / factor
    theta = torch.tensor(
        [
            [cos * width / full_width, -sin * height / full_width, 2.0 * shifts[0] / full_width],
            [sin * width / full_height, cos * height / full_height, 2.0 * shifts[1] / full_height],
        ]
    ).to(image)
    grid = F.affine_grid(theta[None].expand(len(image), -1, -1), list(image.shape), align_corners=False)
    return F.grid_sample(padded, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
