"""Maps as files: a coloured picture, or the numbers, either with the record of how the map was made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.attribution.result import Attribution
from studio.colour_maps import Scale, Table, table_for
from studio.files import FileError, replacing, to_json, write_text
from studio.language import tr
from studio.picture import Picture, save

PERCENTILE = 99.5
"""Of the numbers, that colours reach: single pixels must not make the rest dark."""


def scale_of(*maps: Attribution) -> Scale:
    """One colour scale for all these maps, in their unit."""
    signed = any(one.signed for one in maps)
    return Scale.shared((one.map for one in maps), maps[0].unit, signed=signed, percentile=PERCENTILE)


def overlaid(
    attribution: Attribution, picture: Picture, scale: Scale, table: Table, opacity: float = 1.0
) -> npt.NDArray[np.uint8]:
    """The coloured map, at the picture's full size, over the picture in grey: (H, W, 3) uint8."""
    colours = scale.coloured(attribution.map, table)
    size = picture.pixels.shape[1], picture.pixels.shape[0]
    large = np.asarray(Image.fromarray(colours).resize(size, Image.Resampling.BICUBIC), np.float32)
    if opacity >= 1.0:
        return large.astype(np.uint8)
    grey = np.asarray(Image.fromarray(picture.pixels).convert("L"), np.float32)[..., None]
    mixed: npt.NDArray[np.uint8] = np.rint(opacity * large + (1.0 - opacity) * grey).astype(np.uint8)
    return mixed


def save_map(
    attribution: Attribution,
    path: Path,
    *,
    picture: Picture | None = None,
    scale: Scale | None = None,
    table: Table | None = None,
    opacity: float = 1.0,
) -> list[Path]:
    """Write a map by the suffix of `path`; returns the files written.

    A picture (.png, .tif, .webp, .jpg) is coloured by `scale` and `table`, over `picture` if that is given, and
    holds the record as text. An array (.npy) holds the numbers, (h, w) float32, with the record in a .json beside it.

    Raises
    ------
    FileError, PictureError
        It can't be written.
    """
    scale = scale or scale_of(attribution)
    table = table_for(scale.signed) if table is None else table
    colouring = {"low": scale.low, "high": scale.high, "unit": scale.unit}
    record = to_json({**attribution.record, "scale": colouring})
    if path.suffix.lower() == ".npy":
        with replacing(path) as temporary:
            np.save(temporary, attribution.map)
        _, notes = written_files(path)
        write_text(notes, record + "\n")
        return [path, notes]
    if path.suffix.lower() == ".json":
        raise FileError(tr("“{name}” can't be written: a map is a picture or .npy.", name=path.name))
    if picture is None:
        pixels = scale.coloured(attribution.map, table)
    else:
        pixels = overlaid(attribution, picture, scale, table, opacity)
    save(pixels, path, text={"Recipe": record})
    return [path]


def written_files(path: Path) -> list[Path]:
    """The files that `save_map` writes for `path`."""
    return [path, path.with_suffix(".json")] if path.suffix.lower() == ".npy" else [path]
