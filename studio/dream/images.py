"""What is changed when a picture is made: its pixels, its frequencies, or the features that a decoder paints."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from studio.arrays import Pixels
from studio.backbones.decoder import Decoder

COLOURS = torch.tensor([[-0.661, -0.308, 0.033], [-0.582, 0.085, -0.080], [-0.474, 0.325, 0.052]])
"""Colours of photographs, decorrelated (Olah et al. 2017, appendix): the square root of the covariance of RGB, in
columns of falling variance, scaled so that the longest column has length 1. Ours: of `astronaut`, `chelsea`,
`coffee`, `rocket` and `cat` of scikit-image at 256 x 256 px."""
GREY = 0.5
INSIDE = 0.02
"""How near to black and white a picture may be that is started from: the sigmoid reaches them nowhere."""


class Image(Protocol):
    """Something that can be changed and shown."""

    parameters: Tensor

    def shown(self) -> Tensor:
        """(N, 3, h, w) in [0, 1], which can be differentiated with respect to `parameters`."""
        ...


class PixelImage:
    """Pixels as they are: what is seen is `parameters`, cut to [0, 1]."""

    def __init__(self, start: Tensor) -> None:
        """`start` is (N, 3, h, w) in [0, 1]."""
        self.parameters = start.clone().requires_grad_(True)

    def shown(self) -> Tensor:
        """(N, 3, h, w) in [0, 1]."""
        return self.parameters.clamp(0.0, 1.0)


class SpectrumImage:
    """Frequencies of decorrelated colours, each scaled by 1 / f, through a sigmoid (Olah et al. 2017).

    A step of the same length on each then changes coarse shapes more than fine ones, as they are in photographs.
    """

    def __init__(self, start: Tensor) -> None:
        """`start` is (N, 3, h, w), in [0, 1]."""
        self._size = start.shape[-2], start.shape[-1]
        self._colours = COLOURS.to(start)
        self._scale = frequency_scale(self._size).to(start)
        logits = torch.logit(start.clamp(INSIDE, 1.0 - INSIDE))
        planes = torch.einsum("ij,njhw->nihw", torch.linalg.inv(self._colours), logits)
        spectrum = torch.fft.rfft2(planes, norm="ortho") / self._scale
        self.parameters = torch.view_as_real(spectrum).contiguous().requires_grad_(True)

    def shown(self) -> Tensor:
        """(N, 3, h, w) in (0, 1)."""
        spectrum = torch.view_as_complex(self.parameters) * self._scale
        planes = torch.fft.irfft2(spectrum, s=self._size, norm="ortho")
        return torch.sigmoid(torch.einsum("ij,njhw->nihw", self._colours, planes))


class DecodedImage:
    """Features of a level, painted by the built-in decoder: its prior is then that of pictures (Nguyen et al. 2016)."""

    def __init__(self, start: Tensor, decoder: Decoder) -> None:
        """`start` is (N, C, h, w): features of the decoder's level, which are never below 0."""
        self._decoder = decoder
        self.parameters = start.clone().requires_grad_(True)

    def shown(self) -> Tensor:
        """(N, 3, h s, w s) in [0, 1], for the level's stride s."""
        decoded: Tensor = self._decoder(self.parameters.clamp_min(0.0))
        return decoded.clamp(0.0, 1.0)


def frequency_scale(size: tuple[int, int]) -> Tensor:
    """(h, w // 2 + 1) by what each frequency of a picture of (h, w) is scaled: 1 / max(|f|, 1 / max(h, w)).

    Divided by its root mean square and times `GAIN`, so that a step changes pictures of all sizes as much.
    """
    height, width = size
    vertical = torch.fft.fftfreq(height)[:, None]
    horizontal = torch.fft.rfftfreq(width)[None]
    scale = 1.0 / torch.hypot(vertical, horizontal).clamp_min(1.0 / max(height, width))
    return scale * (GAIN / scale.square().mean().sqrt())


GAIN = 1.75
"""Root mean square of the scale of frequencies: about that of the article's 1 / f at 128 px with its factor of 1 / 4.
At 20 times as much the colours are at their ends after some ten steps of the usual rate."""
CONTRAST = 0.15
"""Spread, before the sigmoid, of the noise that is started from."""


def to_bytes(image: Tensor) -> Pixels:
    """The first of `image`, (N, 3, h, w) in [0, 1], as (h, w, 3) uint8."""
    pixels = (image[0].clamp(0.0, 1.0) * 255.0).round().to(torch.uint8)
    return np.ascontiguousarray(pixels.permute(1, 2, 0).cpu().numpy())


def noise(count: int, size: tuple[int, int], seed: int) -> Tensor:
    """(N, 3, h, w) soft noise around grey, in [0, 1], with the frequencies and colours of photographs."""
    generator = torch.Generator().manual_seed(seed)
    height, width = size
    spectrum = torch.view_as_complex(torch.randn(count, 3, height, width // 2 + 1, 2, generator=generator))
    planes = torch.fft.irfft2(spectrum * frequency_scale(size), s=size, norm="ortho")
    planes = planes * (CONTRAST / planes.std())
    return torch.sigmoid(torch.einsum("ij,njhw->nihw", COLOURS, planes))
