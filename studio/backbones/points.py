"""The head that was taught what points are: it stands on the coarsest level of a BuddyNet and becomes that level.

The tensors' names are the architecture, as in `studio.backbones.buddynet`: `point_skip` and `point_in` are linear maps
of a cell's channels, `point_near` is a convolution of each hidden channel on its own (zero padded), `point_out` leads
from there to the channels of the head, and `point_share` says how much of a match the head decides.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TINY = 1e-12
"""Added to squared lengths: a cell without any activation has a gradient too."""


class PointHead(nn.Module):
    """Takes (N, C, h, w) of the level below and gives (N, D + C, h, w): the D channels of the head, then those C.

    A cell stays as long as it was. Both parts are brought to one length first, then to the roots of their shares, so
    the cosine of two cells is share * (cosine of the head's parts) + (1 - share) * (cosine of the plain parts).

    Parameters
    ----------
    tensors : mapping
        A network's; see `studio.backbones.buddynet.point_channels` for what must fit.
    """

    parts: Tensor

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.skip = _convolution(tensors, "point_skip")
        self.inner = _convolution(tensors, "point_in")
        self.near = _convolution(tensors, "point_near")
        self.out = _convolution(tensors, "point_out")
        share = tensors["point_share"].float().clamp(0.0, 1.0)
        self.register_buffer("parts", torch.cat([share, 1.0 - share]).sqrt())

    def forward(self, x: Tensor) -> Tensor:
        size = _length(x)
        plain = x / size
        taught = self.skip(plain) + self.out(F.relu(self.near(F.relu(self.inner(plain)))))
        head, rest = self.parts
        return torch.cat([taught * (head * size / _length(taught)), x * rest], 1)


def _length(x: Tensor) -> Tensor:
    return (x.square().sum(1, keepdim=True) + TINY).sqrt()


def _convolution(tensors: Mapping[str, Tensor], name: str) -> nn.Conv2d:
    weight, bias = tensors[f"{name}.weight"], tensors.get(f"{name}.bias")
    weight = weight if weight.ndim == 4 else weight[:, :, None, None]
    width, channels, side, _ = weight.shape
    groups = width if name == "point_near" else 1
    layer = nn.Conv2d(
        channels * groups, width, side, padding=side // 2, groups=groups, bias=bias is not None, device="meta"
    )
    layer.load_state_dict({"weight": weight} | ({} if bias is None else {"bias": bias}), assign=True)
    return layer
