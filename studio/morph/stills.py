"""Single in-between pictures that take more than a fade: gradient-domain blends and hybrids."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from studio.arrays import Pixels
from studio.morph.options import StillOptions
from studio.morph.render import PreparedMorph
from studio.morph.timing import colour_at, shape_at
from studio.warp.field import Field

_ANCHOR = 0.002
"""How strongly a gradient-domain blend holds to the colours of the plain one, per pixel against its gradients."""


def still(morph: PreparedMorph, t: float, options: StillOptions) -> Pixels:
    """The in-between of the moment `t`: (h, w, 3), or (h, w, 4) if the pictures have alpha; uint8, sRGB."""
    plain = morph.frame(t)
    if options.blend == "plain":
        return plain
    shape, colour = shape_at(t, morph.options), colour_at(t, morph.options)
    a, b = morph.warped(shape)
    into_a, into_b = morph.fields(shape)
    first, second = a[..., :3] / 255.0, b[..., :3] / 255.0
    if options.blend == "hybrid":
        broad, detail = (first, second) if options.hybrid_detail == "b" else (second, first)
        made = hybrid(broad, detail, options.hybrid_radius)
    else:
        made = blend_gradients(first, second, _seen(into_a), _seen(into_b), colour, plain[..., :3] / 255.0)
    result = plain.copy()
    result[..., :3] = np.rint(np.clip(made, 0.0, 1.0) * 255.0)
    return result


def hybrid(broad: npt.NDArray[Any], detail: npt.NDArray[Any], radius: float) -> npt.NDArray[np.float64]:
    """The low frequencies of `broad` and the high ones of `detail`, (h, w, 3) sRGB in [0, 1].

    After Oliva, Torralba and Schyns 2006: below and above a Gaussian of standard deviation `radius` pixels. Of the
    coded numbers, whose steps look alike everywhere: in linear light fine detail would swamp what is dark. Not clipped.
    """
    fine = detail - cv2.GaussianBlur(detail, (0, 0), radius)
    return np.asarray(cv2.GaussianBlur(broad, (0, 0), radius) + fine, np.float64)


def blend_gradients(
    a: npt.NDArray[Any],
    b: npt.NDArray[Any],
    seen_a: npt.NDArray[np.bool_],
    seen_b: npt.NDArray[np.bool_],
    share: float,
    anchor: npt.NDArray[Any],
) -> npt.NDArray[np.float64]:
    """Mix edges instead of colours (Pérez, Gangnet and Blake 2003), and integrate them again.

    Parameters
    ----------
    a, b, anchor : (h, w, 3)
        The two pictures and the plain mixture, whose broad colours are kept; in [0, 1].
    seen_a, seen_b : (h, w)
        Where each picture has something to show; elsewhere the gradients are the other's alone.
    share : float
        Of b.

    Returns
    -------
    (h, w, 3), not clipped.
    """
    from scipy.fft import dctn, idctn

    weight_a, weight_b = (1.0 - share) * seen_a, share * seen_b
    total = weight_a + weight_b
    neither = total <= 0.0
    weight = np.where(neither, share, weight_b / np.where(neither, 1.0, total))[..., None]
    height, width = a.shape[:2]
    across = (1.0 - weight[:, 1:]) * np.diff(a, axis=1) + weight[:, 1:] * np.diff(b, axis=1)
    down = (1.0 - weight[1:]) * np.diff(a, axis=0) + weight[1:] * np.diff(b, axis=0)
    divergence = np.diff(np.pad(across, ((0, 0), (1, 1), (0, 0))), axis=1)
    divergence = divergence + np.diff(np.pad(down, ((1, 1), (0, 0), (0, 0))), axis=0)
    eigen = 2.0 * (np.cos(np.pi * np.arange(height) / height)[:, None] - 1.0)
    eigen = (eigen + 2.0 * (np.cos(np.pi * np.arange(width) / width)[None] - 1.0))[..., None]
    spectrum = dctn(divergence - _ANCHOR * anchor, axes=(0, 1), norm="ortho") / (eigen - _ANCHOR)
    solved: npt.NDArray[np.float64] = idctn(spectrum, axes=(0, 1), norm="ortho")
    return solved


def _seen(field: Field) -> npt.NDArray[np.bool_]:
    """Where lookups lie in the picture."""
    dense = field.dense()
    width, height = field.size
    inside: npt.NDArray[np.bool_] = (
        (dense[..., 0] >= -0.5)
        & (dense[..., 0] <= width - 0.5)
        & (dense[..., 1] >= -0.5)
        & (dense[..., 1] <= height - 0.5)
    )
    return inside
