"""A picture or a feature map through a field, on the CPU by OpenCV and on a GPU by torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from studio.warp.field import Field, Nodes

if TYPE_CHECKING:
    import torch

_NO_MAP: Any = None

STEPS = 32
"""Parts of a pixel to which lookups are rounded, on every device: what OpenCV's fixed-point maps hold."""


def warp_picture(
    picture: npt.NDArray[Any], lookups: Field | Nodes, out: npt.NDArray[Any] | None = None
) -> npt.NDArray[Any]:
    """Pull a picture through a field, bilinear; beyond its edge it is mirrored, which shows no streaks.

    Parameters
    ----------
    picture : (h, w) or (h, w, C)
        uint8, uint16 or float32, of the size that the field's lookups are in.
    lookups : Field or (h', w', 2) float32
        The field, or what its `dense` gave.
    out : like the result, optional

    Returns
    -------
    (h', w') or (h', w', C) of the same type.
    """
    dense = lookups.dense() if isinstance(lookups, Field) else lookups
    whole, fraction = cv2.convertMaps(dense, _NO_MAP, cv2.CV_16SC2)
    pulled: npt.NDArray[Any] = cv2.remap(
        picture, whole, fraction, cv2.INTER_LINEAR, dst=out, borderMode=cv2.BORDER_REFLECT
    )
    return pulled


def warp_tensor(maps: torch.Tensor, lookups: Field | Nodes) -> torch.Tensor:
    """Pull pictures or feature maps through a field on the device they are on; differentiable in `maps`.

    The same as `warp_picture` to within one part in 255.

    Parameters
    ----------
    maps : (N, C, h, w)
        Floating point, of the size that the field's lookups are in (`Field.rescaled` carries a field over).

    Returns
    -------
    (N, C, h', w')
    """
    import torch

    height, width = maps.shape[-2:]
    dense = lookups.dense() if isinstance(lookups, Field) else lookups
    grid = torch.from_numpy(np.ascontiguousarray(dense)).to(maps.device, torch.float32)
    grid = torch.round(grid * STEPS) / STEPS
    # torch counts -1 and 1 at the outer edges of the picture if corners are not aligned.
    size = torch.tensor([width, height], device=maps.device, dtype=torch.float32)
    grid = ((2.0 * grid + 1.0) / size - 1.0).to(maps.dtype)
    return torch.nn.functional.grid_sample(
        maps, grid.expand(len(maps), *grid.shape), mode="bilinear", padding_mode="reflection", align_corners=False
    )
