"""Mixing two pictures, in linear light or as they are coded, by tables."""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

_TOP = 65535
"""Linear light of 1.0 in 16 bits: fine enough for every one of the 256 dark steps of sRGB."""


def to_linear(coded: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """sRGB numbers in [0, 1] to linear light (IEC 61966-2-1). Of any shape, which stays; the result is in [0, 1]."""
    return np.where(coded <= 0.04045, coded / 12.92, ((np.maximum(coded, 0.04045) + 0.055) / 1.055) ** 2.4)


def to_coded(light: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Linear light in [0, 1] to sRGB numbers. Of any shape, which stays; the result is in [0, 1]."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055)


@cache
def light_of_codes() -> npt.NDArray[np.float64]:
    """(256,) linear light of each 8-bit number."""
    return to_linear(np.arange(256) / 255.0)


@cache
def codes_of_light() -> npt.NDArray[np.uint8]:
    """(65536,) the 8-bit number of each 16-bit amount of linear light."""
    return np.rint(to_coded(np.arange(_TOP + 1) / _TOP) * 255.0).astype(np.uint8)


class Mixture:
    """`share` of one picture and the rest of another, with the tables for that made once."""

    def __init__(self, share: float, linear_light: bool) -> None:
        self._share = share
        self._linear_light = linear_light
        weight = share * _TOP
        self._table_a = np.rint(light_of_codes() * (_TOP - weight)).astype(np.uint16)
        self._table_b = np.rint(light_of_codes() * weight).astype(np.uint16)

    def mix(
        self, a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8], out: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.uint8]:
        """Mix (h, w, C) uint8 into `out`, which may be one of them."""
        if not self._linear_light:
            cv2.addWeighted(a, 1.0 - self._share, b, self._share, 0.0, dst=out)
            return out
        light: npt.NDArray[Any] = cv2.LUT(a, self._table_a)
        cv2.add(light, cv2.LUT(b, self._table_b), dst=light)
        return _look_up(light, out)


def mix_with_alpha(
    a: npt.NDArray[np.uint16], b: npt.NDArray[np.uint16], share: float, linear_light: bool
) -> npt.NDArray[np.uint8]:
    """`share` of b and the rest of a, both (h, w, 4) uint16 and multiplied by their alpha; (h, w, 4) uint8, straight.

    What is transparent gives no colour: each picture counts by its share times its opacity.
    """
    weight_a = a[..., 3:].astype(np.float32) * np.float32((1.0 - share) / _TOP)
    weight_b = b[..., 3:].astype(np.float32) * np.float32(share / _TOP)
    alpha = weight_a + weight_b
    mixed = _light(a, linear_light) * weight_a
    mixed += _light(b, linear_light) * weight_b
    mixed /= np.maximum(alpha, 1e-6)
    out = np.empty(a.shape, np.uint8)
    if linear_light:
        numbers = np.rint(np.minimum(mixed, 1.0) * _TOP).astype(np.uint16)
        out[..., :3] = codes_of_light()[numbers]
    else:
        out[..., :3] = np.rint(np.minimum(mixed, 1.0) * 255.0)
    out[..., 3:] = np.rint(alpha * 255.0)
    return out


def multiplied(pixels: npt.NDArray[np.uint8], alpha: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
    """(h, w, 4) uint16: colours times alpha, and alpha, so that warping never mixes in hidden colours."""
    wide = np.dstack([pixels, np.full_like(alpha, 255)]).astype(np.uint32)
    return ((wide * alpha[..., None].astype(np.uint32) * _TOP + 255 * 255 // 2) // (255 * 255)).astype(np.uint16)


def _light(picture: npt.NDArray[np.uint16], linear_light: bool) -> npt.NDArray[np.float32]:
    straight = picture[..., :3].astype(np.float32) / np.maximum(picture[..., 3:].astype(np.float32), 1.0)
    if not linear_light:
        return np.minimum(straight, 1.0)
    codes = np.rint(np.minimum(straight, 1.0) * 255.0).astype(np.uint8)
    return light_of_codes().astype(np.float32)[codes]


def _look_up(light: npt.NDArray[np.uint16], out: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    if _opencv_takes_wide_tables():
        cv2.LUT(light, codes_of_light(), dst=out)
        return out
    np.take(codes_of_light(), light, out=out, mode="clip")
    return out


@cache
def _opencv_takes_wide_tables() -> bool:
    """OpenCV looks up 16-bit numbers from version 5 on."""
    try:
        cv2.LUT(np.zeros((1, 1), np.uint16), codes_of_light())
    except cv2.error:
        return False
    return True
