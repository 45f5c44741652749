"""The mean of several pictures: each is bent to the mean of their shapes, and what comes of it is averaged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from studio import __version__
from studio.arrays import Pixels, Points, Size
from studio.geometry import rescale
from studio.language import tr
from studio.morph.light import light_of_codes, mix_with_alpha, to_coded
from studio.morph.options import MorphOptions
from studio.morph.plates import common_frame, plate_of
from studio.morph.sequence import check_pairs
from studio.pairs import PairSet
from studio.picture import Picture, save
from studio.progress import Job, Progress
from studio.warp.apply import warp_picture
from studio.warp.contract import backward_field, field_between

NEAREST = 0.02
"""Points that are nearer to each other in the first picture, as a share of the frame's longer side, are one."""


def averaging(
    pictures: Sequence[Picture], pairs: Sequence[PairSet], options: MorphOptions, longest_side: int = 0
) -> Job[Pixels]:
    """The mean of `pictures`, `pairs[k]` between picture k and the next: (h, w, 3) or (h, w, 4) uint8, sRGB.

    The points of each two neighbours are carried through all pictures by the warps between neighbours. Every picture
    counts alike, and what is transparent counts by its opacity. "halfway" is taken as the splines it starts from.

    Raises
    ------
    MorphError
        Fewer than two pictures, or not one set of pairs for each two neighbours.
    """
    check_pairs(pictures, pairs)
    yield Progress(0.0, tr("carrying the points through all pictures"))
    frame, has_alpha = common_frame(pictures, options, longest_side)
    places = tracks(pictures, pairs, options, frame)
    middle = places.mean(axis=0)
    width, height = frame
    light, weight = np.zeros((height, width, 3), np.float32), np.zeros((height, width, 1), np.float32)
    table = (light_of_codes() if options.linear_light else np.arange(256) / 255.0).astype(np.float32)
    for number, picture in enumerate(pictures):
        yield Progress(
            (number + 0.5) / (len(pictures) + 0.5),
            tr("bending picture {number} of {total}", number=number + 1, total=len(pictures)),
        )
        bent = PairSet.from_arrays(places[number], middle, origin="matched")
        field = backward_field(bent, 1.0, frame, options, frame, frame) if len(middle) else None
        plate = plate_of(picture, frame, has_alpha)
        pulled = plate if field is None else warp_picture(plate, field)
        straight = mix_with_alpha(pulled, pulled, 0.0, False) if has_alpha else pulled
        opacity = straight[..., 3:].astype(np.float32) / 255 if has_alpha else np.float32(1)
        light += table[straight[..., :3]] * opacity
        weight += opacity
    light /= np.maximum(weight, np.float32(1e-6))
    coded = to_coded(light) if options.linear_light else light
    made = np.rint(np.clip(coded, 0.0, 1.0) * 255).astype(np.uint8)
    return np.dstack([made, np.rint(weight * (255 / len(pictures))).astype(np.uint8)]) if has_alpha else made


def tracks(
    pictures: Sequence[Picture], pairs: Sequence[PairSet], options: MorphOptions, frame: Size
) -> npt.NDArray[np.float64]:
    """(pictures, points, 2): where each point is in each picture, in pixels of the frame."""
    sizes = [picture.size for picture in pictures]
    on = [field_between(one.swapped(), later, first, options) for one, (first, later) in zip_legs(pairs, sizes)]
    back = [field_between(one, first, later, options) for one, (first, later) in zip_legs(pairs, sizes)]
    found: list[list[Points]] = []
    for leg, one in enumerate(pairs):
        kept = one.enabled()
        if not len(kept):
            continue
        here, there = kept.a, kept.b
        before, after = [here], [there]
        for field in reversed(back[:leg]):
            before.insert(0, field.at(before[0]))
        for field in on[leg + 1 :]:
            after.append(field.at(after[-1]))
        found.append([rescale(points, size, frame) for points, size in zip([*before, *after], sizes, strict=True)])
    if not found:
        return np.zeros((len(pictures), 0, 2))
    every = np.concatenate([np.stack(one) for one in found], axis=1)
    return every[:, _apart(every[0], NEAREST * max(frame))]


def zip_legs(pairs: Sequence[PairSet], sizes: Sequence[Size]) -> list[tuple[PairSet, tuple[Size, Size]]]:
    """The pairs of each two neighbours, with their sizes."""
    return list(zip(pairs, pairwise(sizes), strict=True))


def _apart(points: Points, least: float) -> list[int]:
    """Which points to keep, so that none is nearer than `least` to one before it."""
    kept: list[int] = []
    for index, point in enumerate(points):
        if not kept or np.hypot(*(points[kept] - point).T).min() >= least:
            kept.append(index)
    return kept


def save_mean(
    pixels: Pixels, path: Path, pictures: Sequence[Picture], pairs: Sequence[PairSet], options: MorphOptions
) -> None:
    """Write a mean as PNG, JPEG, WebP or TIFF, with its recipe. Raises `PictureError`, `FileError`."""
    made = {
        "program": f"buddies-studio {__version__}",
        "mean": len(pictures),
        "morph": options.to_dict(),
        "legs": [
            {"sizes": list(sizes), "pairs": [[*pair.a, *pair.b] for pair in one.enabled()]}
            for one, sizes in zip_legs(pairs, [picture.size for picture in pictures])
        ],
    }
    save(pixels, path, text={"Recipe": json.dumps(made)})
