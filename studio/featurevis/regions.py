"""Where in pictures a channel is excited most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from studio.arrays import Box
from studio.backbones import Backbone
from studio.backbones.layers import no_channel, no_layer
from studio.backbones.receptive import theoretical
from studio.errors import StudioError
from studio.features.placing import Placing
from studio.files import FileError, explain_os_error
from studio.geometry import fit_within
from studio.language import tr
from studio.picture import Picture, load
from studio.progress import Job, Progress

PER_PICTURE = 3
"""Regions of one picture at most, so that one picture can't take all places."""
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif")
WORKING_SIDE = 1024
"""Longest side, px, at which pictures of a folder are kept while they are looked at."""


class RegionsError(StudioError):
    """A channel that there is not, or a folder without pictures."""


@dataclass(frozen=True, slots=True)
class Region:
    """A place that excites a channel.

    Attributes
    ----------
    picture : int
        Its number in what was given.
    name : str
        Of the picture.
    value : float
        The activation.
    point : (float, float)
        Centre, full-size pixels.
    box : (x0, y0, x1, y1)
        Edges of what the cell can see, full-size pixels, cut at the picture's.
    """

    picture: int
    name: str
    value: float
    point: tuple[float, float]
    box: Box


def exciting(
    pictures: Sequence[Picture | Path], backbone: Backbone, layer: str, channel: int, count: int = 16, size: int = 224
) -> Job[list[Region]]:
    """The regions that excite a channel most, the strongest first; none where it is silent.

    Pictures given as paths are opened one after the other; files that can't be opened are left out.

    Raises
    ------
    RegionsError
        There is no such layer or channel.
    """
    if layer not in backbone.layer_names:
        raise RegionsError(no_layer(backbone, layer))
    field = theoretical(backbone, [layer])[layer]
    found: list[Region] = []
    for number, one in enumerate(pictures):
        name = one.name
        yield Progress(number / max(1, len(pictures)), tr("looking at {name}", name=name), list(found))
        try:
            picture = load(one, WORKING_SIDE) if isinstance(one, Path) else one
        except StudioError:
            continue
        working = fit_within(picture.size, size)
        with torch.no_grad():
            maps = backbone.activations(picture.tensor(working), [layer])[layer]
        if not 0 <= channel < maps.shape[1]:
            raise RegionsError(no_channel(layer, maps.shape[1], channel))
        placing = Placing(field, working, picture.size)
        values = maps[0, channel].float().cpu().numpy().copy()
        reach = max(1, round(field.size / field.stride / 4))
        for _ in range(PER_PICTURE):
            row, column = (int(index) for index in np.unravel_index(int(values.argmax()), values.shape))
            value = float(values[row, column])
            if not value > 0.0:
                break
            values[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1] = -np.inf
            cell = column, row
            found.append(Region(number, name, value, placing.centre(cell), placing.box(cell)))
        found = sorted(found, key=lambda region: -region.value)[:count]
    return found


def pictures_in(folder: Path) -> list[Path]:
    """The picture files of a folder, by name. Raises `RegionsError` if there are none, `FileError`."""
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    except OSError as error:
        raise FileError(explain_os_error(error, folder, "read")) from error
    if not files:
        raise RegionsError(tr("There are no pictures in “{name}”.", name=folder.name))
    return files
