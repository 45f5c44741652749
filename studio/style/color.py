"""Keeping the colours of the content (Gatys et al. 2017, Controlling Perceptual Factors, section 5)."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from studio.arrays import FloatPixels
from studio.picture import Picture

"""(h, w, 3) sRGB in [0, 1]."""

LUMA = np.asarray([0.299, 0.587, 0.114], dtype=np.float32)
"""The weights of red, green and blue in the Y of YIQ, in which the article keeps colours."""

_SMALLEST_SPREAD = 1e-4
"""Variances, of [0, 1], below this count as this: a picture of one colour has no direction to stretch."""


def luminance(pixels: FloatPixels) -> FloatPixels:
    """(h, w): how light each pixel is."""
    return np.asarray(pixels @ LUMA, np.float32)


def grey(pixels: FloatPixels) -> FloatPixels:
    """(h, w, 3): the luminance in all three channels."""
    return np.repeat(luminance(pixels)[..., None], 3, axis=-1)


GREY = 2
"""By how many of 256 levels red, green and blue of a grey picture may differ: nobody sees that."""


def is_grey(picture: Picture) -> bool:
    """Whether what is visible of a picture is black, white and grey."""
    pixels = picture.pixels[..., :3]
    if pixels.shape[-1] == 1:
        return True
    red, green, blue = (pixels[..., channel] for channel in range(3))
    apart = np.maximum(np.maximum(cv2.absdiff(red, green), cv2.absdiff(green, blue)), cv2.absdiff(red, blue))
    if picture.alpha is not None:
        apart = apart[picture.alpha > 0]
    return not apart.size or int(apart.max()) <= GREY


def with_luminance(pixels: FloatPixels, light: FloatPixels) -> FloatPixels:
    """The colours of `pixels` at another luminance, (h, w) in [0, 1].

    Where a colour would leave [0, 1] it is made paler rather than lighter or darker.
    """
    chroma = pixels - luminance(pixels)[..., None]
    light = np.clip(light, 0.0, 1.0)[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(chroma > 0, (1.0 - light) / chroma, np.where(chroma < 0, -light / chroma, np.inf))
    share = np.clip(room.min(axis=-1, keepdims=True), 0.0, 1.0)
    return np.asarray(np.clip(light + share * chroma, 0.0, 1.0), np.float32)


def matched_luminance(light: FloatPixels, like: FloatPixels) -> FloatPixels:
    """`light` brought to the mean and spread of `like`, both (h, w)."""
    spread = max(float(light.std()), _SMALLEST_SPREAD)
    return np.asarray((light - light.mean()) * (float(like.std()) / spread) + like.mean(), np.float32)


def match_linear(pixels: FloatPixels, like: FloatPixels) -> FloatPixels:
    """`pixels` under the linear map that gives them the mean and the covariance of `like`, not clipped.

    Both are (h, w, 3) float32 in [0, 1], of sizes of their own; so is the result but for its range.

    Of all such maps it is the one that moves colours least (Pitié and Kokaram 2007, the linear Monge-Kantorovitch
    map), so reds stay reds where they can.
    """
    own, other = (np.asarray(one, np.float64).reshape(-1, 3) for one in (pixels, like))
    root, inverse = _roots(np.cov(own.T, bias=True))
    middle, _ = _roots(root @ np.cov(other.T, bias=True) @ root, 0.0)
    stretch = inverse @ middle @ inverse
    moved = (own - own.mean(0)) @ stretch.T + other.mean(0)
    return np.asarray(moved.reshape(pixels.shape), np.float32)


def _roots(matrix: npt.NDArray[Any], floor: float = _SMALLEST_SPREAD**2) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The symmetric square root of a 3 x 3 matrix, and the inverse of it."""
    values, vectors = np.linalg.eigh(matrix)
    root = np.sqrt(np.maximum(values, floor))
    return (vectors * root) @ vectors.T, (vectors / np.maximum(root, _SMALLEST_SPREAD)) @ vectors.T


def match_histogram(pixels: FloatPixels, like: FloatPixels) -> FloatPixels:
    """`pixels` with the values of each channel replaced, in their order, by those of `like`.

    Both are (h, w, 3) float32 in [0, 1], of sizes of their own, and so is the result.
    """
    matched = np.empty_like(pixels)
    for channel in range(3):
        own, other = pixels[..., channel].ravel(), np.sort(like[..., channel].ravel())
        _, places, counts = np.unique(own, return_inverse=True, return_counts=True)
        # Equal values stay equal: they take the value at the middle of their ranks.
        middles = (np.cumsum(counts) - 0.5 * counts) / own.size
        ranks = (np.arange(other.size) + 0.5) / other.size
        matched[..., channel] = np.interp(middles, ranks, other)[places].reshape(pixels.shape[:2])
    return matched
