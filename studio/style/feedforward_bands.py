"""Runs a feed-forward network over a picture of any size in bands of rows, with the result of the whole.

Every normalisation needs the mean and the variance of a whole map, so tiles that are computed on their own show
seams. Here each layer goes over the picture once, band by band with the rows that its kernel reaches beyond, and
its statistics are gathered on the way. Of the two layers that are as large as the picture only statistics are kept:
they are computed a second time where they are needed. What is held at once are the maps at half and a quarter of
the picture, about 100 bytes a pixel with 32 channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.progress import Job, Progress, part
from studio.style.feedforward_net import EPSILON, ConditionalNorm, Convolution, StyleNet

BAND_PIXELS = 1 << 18
"""Pixels of a picture in one band."""
SMALLEST = 16
"""Shortest side, in pixels, that the network takes: mirrored edges need something to mirror."""


class _Map(Protocol):
    """Activations, of which rows can be asked for."""

    height: int
    width: int

    def rows(self, first: int, last: int) -> Tensor:
        """(1, C, last - first, width)."""


class _Stored:
    """A map in memory."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.height, self.width = tensor.shape[-2:]

    def rows(self, first: int, last: int) -> Tensor:
        return self.tensor[:, :, first:last]


class _Convolved:
    """A convolution of another map, computed when asked for; after `scale` and `shift` are known, normalised."""

    def __init__(self, source: _Map, layer: Convolution) -> None:
        self._source, self._layer = source, layer
        self.height = -(-source.height * layer.up // layer.stride)
        self.width = -(-source.width * layer.up // layer.stride)
        self.scale: Tensor | None = None
        self.shift: Tensor | None = None

    def rows(self, first: int, last: int) -> Tensor:
        layer, limit = self._layer, self._source.height * self._layer.up
        top = first * layer.stride - layer.pad
        bottom = (last - 1) * layer.stride + layer.pad + 1
        inner_top, inner_bottom = max(top, 0), min(bottom, limit)
        if layer.up > 1:
            start = inner_top // layer.up
            x = self._source.rows(start, -(-inner_bottom // layer.up))
            x = F.interpolate(x, scale_factor=layer.up, mode="nearest")
            x = x[:, :, inner_top - start * layer.up : inner_bottom - start * layer.up]
        else:
            x = self._source.rows(inner_top, inner_bottom)
        x = F.pad(x, (layer.pad, layer.pad, inner_top - top, bottom - inner_bottom), mode="reflect")
        y: Tensor = layer.conv2d(x)
        if self.scale is not None and self.shift is not None:
            y = F.relu(y.mul_(self.scale).add_(self.shift))
        return y


class _Statistics:
    """Mean and variance of a map that comes in bands (Chan, Golub and LeVeque 1979), in float64."""

    def __init__(self) -> None:
        self._count = 0
        self._mean = self._spread = torch.zeros(())

    def add(self, band: Tensor) -> None:
        """Take in (1, C, h, w)."""
        count = band.shape[2] * band.shape[3]
        variance, mean = torch.var_mean(band, dim=(0, 2, 3), correction=0)
        # On the CPU: Metal has no float64.
        mean, spread = mean.cpu().double(), variance.cpu().double() * count
        total = self._count + count
        step = mean - self._mean
        self._spread = self._spread + spread + step.square() * (self._count * count / total)
        self._mean = self._mean + step * (count / total)
        self._count = total

    def affine(self, norm: ConditionalNorm, mix: Tensor) -> tuple[Tensor, Tensor]:
        """What to multiply the map by and then to add, (1, C, 1, 1) each."""
        scale, shift = norm.affine(mix)
        factor = torch.rsqrt(self._spread / self._count + EPSILON)[None, :, None, None]
        factor = factor * scale.cpu().double()
        offset = shift.cpu().double() - self._mean[None, :, None, None] * factor
        return factor.to(scale), offset.to(shift)


class _Run:
    """One picture on its way; each method is a pass over a layer and yields after every band."""

    def __init__(self, net: StyleNet, mix: Tensor, band_pixels: int) -> None:
        self._net, self._mix, self._band_pixels = net, mix, band_pixels

    def _bands(self, layer: _Map) -> Iterator[tuple[int, int]]:
        step = max(1, self._band_pixels // layer.width)
        for first in range(0, layer.height, step):
            yield first, min(first + step, layer.height)

    def measured(self, source: _Map, layer: Convolution, norm: ConditionalNorm) -> Job[_Map]:
        """A normalised layer of which only the statistics are kept."""
        result, statistics = _Convolved(source, layer), _Statistics()
        for first, last in self._bands(result):
            statistics.add(result.rows(first, last))
            yield Progress(last / result.height, "")
        result.scale, result.shift = statistics.affine(norm, self._mix)
        return result

    def stored(self, source: _Map, layer: Convolution, norm: ConditionalNorm, relu: bool = True) -> Job[_Stored]:
        """A normalised layer in memory."""
        raw, statistics = _Convolved(source, layer), _Statistics()
        kept: Tensor | None = None
        for first, last in self._bands(raw):
            band = raw.rows(first, last)
            statistics.add(band)
            if kept is None:
                kept = band.new_empty(1, band.shape[1], raw.height, raw.width)
            kept[:, :, first:last] = band
            yield Progress(last / raw.height, "")
        assert kept is not None
        scale, shift = statistics.affine(norm, self._mix)
        kept.mul_(scale).add_(shift)
        return _Stored(kept.relu_() if relu else kept)

    def passes(self, x: Tensor, out: Tensor) -> Job[None]:
        """Fill `out`, (3, H, W) float32 from 0 to 1 on the CPU, from `x`, (1, 3, H, W) from 0 to 255."""
        net = self._net
        half: _Stored | None
        first = yield from part(self.measured(_Stored(x), net.conv1, net.in1), 0.0, 0.05)
        half = yield from part(self.stored(first, net.conv2, net.in2), 0.05, 0.14)
        quarter = yield from part(self.stored(half, net.conv3, net.in3), 0.14, 0.17)
        half = None  # give it back before the residual blocks
        count = max(len(net.blocks), 1)
        for number, block in enumerate(net.blocks):
            start, step = 0.17 + 0.5 * number / count, 0.25 / count
            inner = yield from part(self.stored(quarter, block.conv1, block.in1), start, start + step)
            second = self.stored(inner, block.conv2, block.in2, relu=False)
            added = yield from part(second, start + step, start + 2 * step)
            quarter.tensor.add_(added.tensor)
            del inner, added
        half = yield from part(self.stored(quarter, net.deconv1, net.in4), 0.67, 0.77)
        last_map = yield from part(self.measured(half, net.deconv2, net.in5), 0.77, 0.87)
        result = _Convolved(last_map, net.deconv3)
        for top, bottom in self._bands(result):
            band = result.rows(top, bottom)[0]
            out[:, top:bottom] = (band / 255.0).clamp_(0.0, 1.0).cpu()
            yield Progress(0.87 + 0.13 * bottom / result.height, "")


def in_bands(net: StyleNet, pixels: Tensor, mix: Tensor, band_pixels: int = BAND_PIXELS) -> Job[Tensor]:
    """Apply `net` to one picture of any size.

    Parameters
    ----------
    pixels : (1, 3, H, W)
        RGB from 0 to 255, float32, on the device of `net`; sides that 4 does not divide, and those below
        `SMALLEST`, are continued by repeating the edge, and cropped again.
    mix : (1, styles)

    Returns
    -------
    (H, W, 3) float32 from 0 to 1, on the CPU.
    """
    height, width = pixels.shape[-2:]
    rows, columns = (max(-(-side // 4) * 4, SMALLEST) for side in (height, width))
    with torch.inference_mode():
        padded = F.pad(pixels, (0, columns - width, 0, rows - height), mode="replicate")
    out = torch.empty(3, rows, columns)
    job = _Run(net, mix, band_pixels).passes(padded, out)
    del padded
    try:
        while True:
            # Entered for each step: the mode belongs to the thread, not to this generator.
            with torch.inference_mode():
                event = next(job, None)
            if event is None:
                break
            yield event
    finally:
        job.close()
    return out[:, :height, :width].permute(1, 2, 0)
