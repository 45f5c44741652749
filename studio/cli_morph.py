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
FILM = Path("morph.mp4")
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
    out: Path = FILM,
    t: float | None = None,
    field: Path | None = None,
    warped: Path | None = None,
    mask: Path | None = None,
    mean: bool = False,
    lines: Path | None = None,
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
    mask
        Picture that is white, or opaque, where picture A is morphed; around it, A stays. It lies over the whole of A.
    mean
        Write the mean of all pictures instead, a picture: each is bent to the mean of their shapes.
    lines
        JSON file of lines and contours that lie on each other: {"lines": [{"a": [[x, y], …], "b": [[x, y], …],
        "kind": "smooth", "closed": false}]}; kind is straight, smooth or bezier, and a “b” left out follows the pairs.
    device
        Where to compute: auto, cpu, cuda, cuda:1, mps.
    """
    from studio.morph import check_film_path

    paths = [a, b, *more]
    if mean:
        if t is not None or field is not None or warped is not None or mask is not None:
            raise FileError("--mean goes with none of --t, --field, --warped and --mask.")
        out = out if out != FILM else Path("mean.png")
    if t is None and not mean:
        check_film_path(out)
    for path, suffixes in (
        (out if t is not None or mean else None, tuple(KINDS)),
        (field, FIELD_SUFFIXES),
        (warped, tuple(KINDS)),
    ):
        if path is not None:
            check_target(path, suffixes)
    if t is not None and not 0.0 <= t <= len(paths) - 1:
        raise FileError(f"--t takes a moment from 0 to {len(paths) - 1}, not {t:g}.")
    if lines is not None:
        check_source(lines)
        if more:
            raise FileError("--lines goes with two pictures.")
    sources = _pair_sources(pairs or [AUTO], len(paths) - 1)
    if mask is not None:
        check_source(mask)
        options = options.with_values(inside="mask")
    wanted = MorphOptions.from_dict(options.to_dict())
    if wanted.inside == "mask" and mask is None:
        raise FileError("--inside mask needs --mask with the picture of the mask.")
    export = ExportOptions.from_dict(film.to_dict())
    if mean:
        result(str(drain(_mean(paths, sources, wanted, export.longest_side, out, device, lines), "mean")))
        return 0
    prepared = drain(_preparing(paths, sources, wanted, export, device, mask, lines), "prepare")
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
        from studio.morph import making_still, save_still

        made = drain(making_still(leg, within, StillOptions.from_dict(blending.to_dict()), device), "still")
        save_still(made, out, leg, within)
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
    paths: Sequence[Path],
    sources: Sequence[Path | None],
    options: MorphOptions,
    film: ExportOptions,
    device: str,
    mask: Path | None = None,
    lines: Path | None = None,
) -> Job[MorphSequence]:
    from studio.morph import NO_MASKS, mask_of, preparing_sequence

    pictures, pairs = yield from part(_reading(paths, sources, device, options, lines), 0.0, 0.7)
    masks = NO_MASKS
    if mask is not None:
        masks = mask_of((yield from reading_picture(mask))), None
    preparing = preparing_sequence(pictures, pairs, options, film.longest_side, device, masks)
    return (yield from part(preparing, 0.7, 1.0))


def _mean(
    paths: Sequence[Path],
    sources: Sequence[Path | None],
    options: MorphOptions,
    longest_side: int,
    out: Path,
    device: str,
    lines: Path | None,
) -> Job[Path]:
    from studio.morph import averaging, save_mean

    pictures, pairs = yield from part(_reading(paths, sources, device, options, lines), 0.0, 0.7)
    pixels = yield from part(averaging(pictures, pairs, options, longest_side), 0.7, 1.0)
    save_mean(pixels, out, pictures, pairs, options)
    return out


def _reading(
    paths: Sequence[Path], sources: Sequence[Path | None], device: str, options: MorphOptions, lines: Path | None
) -> Job[tuple[list[Picture], list[PairSet]]]:
    """The pictures, and the pairs of each two neighbours, read or found, and made by lines."""
    pictures: list[Picture] = []
    for index, path in enumerate(paths):
        picture = yield from part(reading_picture(path), 0.15 * index / len(paths), 0.15 * (index + 1) / len(paths))
        pictures.append(picture)
    pairs = []
    for index, (first, second) in enumerate(pairwise(pictures)):
        start, stop = (0.15 + 0.85 * (index + k) / len(sources) for k in (0, 1))
        names = chr(ord("A") + index), chr(ord("B") + index)
        pairs.append((yield from part(_pairs_of(first, second, sources[index], device, names), start, stop)))
    if lines is not None:
        from studio.warp import read_lines, sampled

        a, b = pictures[0].size, pictures[1].size
        pairs[0] = sampled(read_lines(lines, pairs[0], a, b, options), a, pairs[0])
    return pictures, pairs


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
