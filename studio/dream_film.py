"""Zoom films of dreams as files: what `studio.dream` makes, written by what `studio.morph` writes films with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from studio import __version__
from studio.arrays import Pixels
from studio.backbones.choice import DEFAULT_NETWORK, NetworkChoice
from studio.dream.guides import Guide, no_guide
from studio.dream.options import DreamOptions, ZoomOptions
from studio.dream.run import zooming
from studio.geometry import fit_within
from studio.morph.animations import Film
from studio.morph.export import check_film_path, open_film
from studio.picture import Picture
from studio.progress import Job


def zoom_film(
    picture: Picture,
    options: DreamOptions,
    film: ZoomOptions,
    path: Path,
    *,
    network: NetworkChoice = DEFAULT_NETWORK,
    guide: Guide = no_guide,
) -> Job[Path]:
    """Dream a zoom film and write it, frame by frame; a job that is given up leaves nothing behind.

    The kind is that of the suffix, as of a morph; see `studio.morph.export.exporting`.

    Raises
    ------
    MorphError, FileError, VideoError
        The file can't be written so.
    GoalError, WeightsError, DeviceError, OutOfMemory
        See `studio.dream.run.zooming`.
    """
    check_film_path(path)
    size = picture.size if options.size == 0 else fit_within(picture.size, options.size)
    described = Film(
        size=size,
        has_alpha=False,
        count=film.frames,
        fps=film.fps,
        repeats=False,
        quality=film.quality,
        recipe=json.dumps(film_recipe(picture, options, film, network)),
        samples=[picture.resized(size)],
    )
    with open_film(path, described) as writer:

        def add(frame: Pixels) -> None:
            writer.add(frame)

        yield from zooming(picture, options, film, add, network=network, guide=guide)
        writer.finish()
    return path


def film_recipe(
    picture: Picture, options: DreamOptions, film: ZoomOptions, network: NetworkChoice = DEFAULT_NETWORK
) -> dict[str, Any]:
    """What is kept inside a film: plain values, fit for JSON."""
    return {
        "program": f"buddies-studio {__version__}",
        "what": "dream",
        "picture": picture.name,
        "backbone": network.name,
        "options": options.to_dict(),
        "film": film.to_dict(),
    }
