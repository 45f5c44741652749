"""In-betweens painted by the built-in network: features of both warped pictures are mixed instead of their pixels."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from studio.arrays import FloatPixels, Pixels, Size
from studio.backbones import NetworkChoice, load_chosen
from studio.backbones.decoder import Decoder, decoded
from studio.geometry import shrink_within
from studio.language import tr
from studio.progress import Job, Progress, part

WORKING_SIDE = 1536
"""Longer side, px, of what the network paints; for larger frames what it changes is enlarged."""


def painting(a: Pixels, b: Pixels, plain: Pixels, share: float, device: str = "auto") -> Job[FloatPixels]:
    """Mix two pictures that lie on each other, as the built-in network sees them.

    Their features at the level that its decoder starts from are mixed and decoded. What the decoder alone changes is
    given back towards both ends, so that the way begins at `a` and ends at `b`.

    Parameters
    ----------
    a, b, plain : (h, w, 3) uint8
        Both pictures and the plain mixture, sRGB.
    share : float
        Of b, 0 to 1.

    Returns
    -------
    (h, w, 3) float32 in [0, 1]
    """
    backbone = yield from part(load_chosen(NetworkChoice(device=device)), 0.0, 0.2)
    decoder = backbone.decoder
    assert decoder is not None  # the one that ships has one
    size = a.shape[1], a.shape[0]
    working = shrink_within(size, WORKING_SIDE)
    small = [_reduced(picture, working) for picture in (a, b, plain)]
    yield Progress(0.25, tr("computing features"))
    with torch.inference_mode():
        maps = [backbone.features(_tensor(picture), [decoder.level])[decoder.level] for picture in small[:2]]
        mixed = torch.lerp(maps[0], maps[1], share)
    made = yield from part(_decoding(decoder, mixed, working), 0.4, 0.8)
    # Of the first picture up to the middle, of the second after it.
    nearer, kept = (0, 1.0 - 2.0 * share) if share < 0.5 else (1, 2.0 * share - 1.0)
    if kept > 0.0:
        alone = yield from part(_decoding(decoder, maps[nearer], working), 0.8, 1.0)
        made = made + np.float32(kept) * (small[nearer] - alone)
    if working != size:
        change = cv2.resize(made - small[2], size, interpolation=cv2.INTER_CUBIC)
        made = plain.astype(np.float32) / np.float32(255) + change
    return np.asarray(np.clip(made, 0.0, 1.0), np.float32)


def _decoding(decoder: Decoder, features: Tensor, size: Size) -> Job[FloatPixels]:
    out = torch.empty(3, size[1], size[0])
    for share in decoded(decoder, features, out):
        yield Progress(share, tr("painting"))
    return out.permute(1, 2, 0).numpy()


def _reduced(picture: Pixels, size: Size) -> FloatPixels:
    floats = np.ascontiguousarray(picture[..., :3]).astype(np.float32) / np.float32(255)
    return floats if floats.shape[1::-1] == size else np.asarray(cv2.resize(floats, size, interpolation=cv2.INTER_AREA))


def _tensor(picture: FloatPixels) -> Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None]
