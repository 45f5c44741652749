"""The command `morph` of the command line."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from studio.backbones.choice import NetworkChoice
from studio.buddies.options import MatchOptions
from studio.cli_pictures import reading_picture
from studio.codecs.encoding import KINDS
from studio.files import FileError, beside, check_source, check_target
from studio.flags import flags_of
from studio.morph.options import ExportOptions, MorphOptions, StillOptions
from studio.pairs import PairsError, PairSet, read_pairs_within
from studio.progress import Job, part
from studio.terminal import drain, result, say

if TYPE_CHECKING:
    from studio.morph import MorphSequence
    from studio.picture import Picture

    MorphFlags = MorphOptions
    FilmFlags = ExportOptions
    StillFlags = StillOptions
else:
    MorphFlags = flags_of(MorphOptions)
    FilmFlags = flags_of(ExportOptions)
    StillFlags = flags_of(StillOptions)

log = logging.getLogger(__name__)

AUTO = "auto"
FIELD_SUFFIXES = (".npy", ".tif", ".tiff")
MODELS = (MorphOptions, ExportOptions, StillOptions)
"""Whose flags the command takes."""


def register(app: App) -> None:
    """Give `app` the command."""
    app.command(morph)


def morph(
    a: Path,
    b: Path,
    /,
    *more: Path,
    pairs: list[str] | None = None,
    out: Path = Path("morph.mp4"),
    t: float | None = None,
    field: Path | None = None,
    warped: Path | None = None,
    device: str = AUTO,
    options: Annotated[MorphFlags, Parameter(name="*")] = MorphFlags(),  # noqa: B008 (frozen)
    film: Annotated[FilmFlags, Parameter(name="*")] = FilmFlags(),  # noqa: B008
    blending: Annotated[StillFlags, Parameter(name="*")] = StillFlags(),  # noqa: B008
) -> int:
    """Turn one picture into another, through as many as are given, as a film or a still.

    Parameters
    ----------
    a
        First picture.
    b
        Second picture.
    more
        Further pictures to go on to.
    pairs
        Point file, .csv, .json or .txt, or “auto” to match with the built-in network; once for each two
        neighbours, in their order, or one “auto” for all.
    out
        Film to write: .mp4, .mov, .mkv, .gif, .webp, .apng, or a name without suffix for a folder of PNG files; with
        --t a picture.
    t
        Write only the still of this moment: 0 is the first picture, 1 the second, 2 the third.
    field
        Also write where each pixel is looked up in the pictures, .npy or .tif; “-a” and “-b” are put behind the name.
    warped
        Also write both pictures bent to the shape of the moment (half-way without --t); “-a” and “-b” as above.
    device
        Where to compute: auto, cpu, cuda, cuda:1, mps.
    """
    from studio.morph import check_film_path

    paths = [a, b, *more]
    if t is None:
        check_film_path(out)
    for path, suffixes in (
        (out if t is not None else None, tuple(KINDS)),
        (field, FIELD_SUFFIXES),
        (warped, tuple(KINDS)),
    ):
        if path is not None:
            check_target(path, suffixes)
    if t is not None and not 0.0 <= t <= len(paths) - 1:
        raise FileError(f"--t takes a moment from 0 to {len(paths) - 1}, not {t:g}.")
    sources = _pair_sources(pairs or [AUTO], len(paths) - 1)
    wanted = MorphOptions.from_dict(options.to_dict())
    export = ExportOptions.from_dict(film.to_dict())
    prepared = drain(_preparing(paths, sources, wanted, export, device), "prepare")
    for note in (*prepared.notes, *_fold_sentences(prepared)):
        say(note)
    moment = 0.5 if t is None else t
    leg = prepared.legs[min(int(moment), len(prepared.legs) - 1)]
    within = moment - min(int(moment), len(prepared.legs) - 1)
    if t is None:
        from studio.morph import exporting, film_notes

        for note in film_notes(out, prepared.size):
            say(note)
        result(str(drain(exporting(prepared, out, export), "film")))
    else:
        from studio.morph import save_still, still

        save_still(still(leg, within, StillOptions.from_dict(blending.to_dict())), out, leg, within)
        result(str(out))
    if field is not None:
        from studio.morph import save_field
        from studio.morph.timing import shape_at

        for name, one in zip("ab", leg.fields(shape_at(within, wanted)), strict=True):
            save_field(one, beside(field, f"-{name}"))
            result(str(beside(field, f"-{name}")))
    if warped is not None:
        from studio.morph.timing import shape_at
        from studio.picture import save

        for name, pixels in zip("ab", leg.warped(shape_at(within, wanted)), strict=True):
            save(pixels, beside(warped, f"-{name}"))
            result(str(beside(warped, f"-{name}")))
    return 0


def _fold_sentences(prepared: MorphSequence) -> list[str]:
    """What the window's badge says, of each leg that folds."""
    sentences = []
    for number, leg in enumerate(prepared.legs, start=1):
        if leg.options.mode == "dissolve" or not leg.controls.pairs:
            continue
        found = leg.foldover()
        if not found.bijective:
            where = "" if len(prepared.legs) == 1 else f" from picture {number} to {number + 1}"
            places = "1 place" if found.count == 1 else f"{found.count} places"
            share = max(0.1, 100 * found.share)
            sentences.append(
                f"The warp{where} folds at {places}, {share:.1f} % of the frame: points cross, the picture is turned "
                "over there."
            )
    return sentences


def demo_film(a: Picture, b: Picture, pairs: PairSet, path: Path) -> Job[Path]:
    """A small morph there and back, to look at."""
    from studio.morph import exporting_film

    film = ExportOptions(frames=24, fps=16, longest_side=480)
    return (yield from exporting_film([a, b], [pairs], MorphOptions(), film, path))


def _preparing(
    paths: Sequence[Path], sources: Sequence[Path | None], options: MorphOptions, film: ExportOptions, device: str
) -> Job[MorphSequence]:
    from studio.morph import preparing_sequence

    pictures: list[Picture] = []
    for index, path in enumerate(paths):
        picture = yield from part(reading_picture(path), 0.1 * index / len(paths), 0.1 * (index + 1) / len(paths))
        pictures.append(picture)
    pairs = []
    for index, (first, second) in enumerate(pairwise(pictures)):
        start, stop = (0.1 + 0.6 * (index + k) / len(sources) for k in (0, 1))
        names = chr(ord("A") + index), chr(ord("B") + index)
        pairs.append((yield from part(_pairs_of(first, second, sources[index], device, names), start, stop)))
    return (yield from part(preparing_sequence(pictures, pairs, options, film.longest_side, device), 0.7, 1.0))


def _pairs_of(a: Picture, b: Picture, source: Path | None, device: str, names: tuple[str, str]) -> Job[PairSet]:
    if source is not None:
        return read_pairs_within(source, a.size, b.size, names, empty=True)
    from studio.buddies import find_buddies

    pairs: PairSet = yield from find_buddies(a, b, MatchOptions(), network=NetworkChoice(device=device))
    return pairs


def _pair_sources(words: Sequence[str], legs: int) -> list[Path | None]:
    """A point file for each two neighbours; None is to be matched."""
    if list(words) == [AUTO]:
        return [None] * legs
    if len(words) != legs:
        raise PairsError(
            f"--pairs must be given once for each two neighbours, {legs} in all and in their order, "
            f"not {len(words)} times."
        )
    sources = [None if word == AUTO else Path(word) for word in words]
    for source in sources:
        if source is not None:
            check_source(source)
    return sources
