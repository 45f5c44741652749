"""Morphs as files: films of any length in constant memory, stills, warped pictures and dense fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from studio import __version__
from studio.arrays import Pixels, Size
from studio.files import FileError, replacing, replacing_folder
from studio.language import tr
from studio.morph.animations import ApngWriter, Film, GifWriter, WebpWriter, Writer
from studio.morph.options import ExportOptions, MorphOptions
from studio.morph.render import PreparedMorph
from studio.morph.sequence import MorphError, MorphSequence, preparing_sequence
from studio.morph.timing import moments
from studio.morph.video import CONTAINERS, VideoWriter, even
from studio.pairs import PairSet
from studio.picture import Picture, save
from studio.progress import Job, Progress, part
from studio.warp.field import Field

FILM_SUFFIXES = (*CONTAINERS, ".gif", ".webp", ".apng")
"""Of the films that are written; a name without suffix is a folder of PNG files."""

_WRITERS: dict[str, type[GifWriter] | type[ApngWriter] | type[WebpWriter]] = {
    ".gif": GifWriter,
    ".webp": WebpWriter,
    ".apng": ApngWriter,
}
_LARGEST = {".gif": 65535, ".webp": 16383, **dict.fromkeys(CONTAINERS, 16384)}


def exporting(film: MorphSequence | PreparedMorph, path: Path, options: ExportOptions) -> Job[Path]:
    """Write a film, frame by frame; returns its path. A job that is given up leaves nothing behind.

    The kind is that of the suffix, one of `FILM_SUFFIXES`; a name without suffix becomes a folder of PNG files.
    `options.longest_side` was the business of whoever prepared the morph.

    Raises
    ------
    MorphError
        The suffix is unknown, or the film is larger or faster than its format holds.
    FileError
        It can't be written there; an older file is then still as it was.
    VideoError
        H.264 can't be encoded on this machine.
    """
    path = Path(path)
    check_film_path(path)
    sequence = film if isinstance(film, MorphSequence) else MorphSequence([film])
    suffix = path.suffix.lower()
    if max(sequence.size) > _LARGEST.get(suffix, max(sequence.size)):
        raise MorphError(
            tr(
                "A film of {kind} has at most {most} pixels a side; reduce it.",
                kind=suffix[1:].upper(),
                most=_LARGEST[suffix],
            )
        )
    if suffix == ".gif" and options.fps > 50:
        raise MorphError(
            tr("GIF shows at most 50 pictures a second: choose a lower frame rate, or .webp, .apng or .mp4.")
        )
    when = film_moments(len(sequence.legs), options, comes_to_rest=suffix in CONTAINERS)
    described = Film(
        size=sequence.size,
        has_alpha=sequence.has_alpha,
        count=len(when),
        fps=options.fps,
        repeats=options.loop != "once",
        quality=options.quality,
        recipe=json.dumps(recipe(sequence, options)),
    )
    if suffix == ".gif":
        last = len(sequence.legs)
        described = replace(described, samples=[sequence.frame(last * share / 6) for share in range(7)])
    frame: Pixels | None = None
    with _opened(path, described) as writer:
        for index, moment in enumerate(when):
            frame = sequence.frame(moment, frame)
            writer.add(frame)
            yield Progress((index + 1) / len(when), tr("frame {index} of {number}", index=index + 1, number=len(when)))
        writer.finish()
    return path


def exporting_film(
    pictures: Sequence[Picture],
    pairs: Sequence[PairSet],
    morph: MorphOptions,
    film: ExportOptions,
    path: Path,
    device: str = "auto",
    tell: Callable[[str], object] = lambda _note: None,
) -> Job[Path]:
    """Prepare a morph through `pictures`, `pairs[k]` between picture k and the next, and write it as a film.

    `tell` gets sentences for the person, see `film_notes`.

    Raises as `preparing_sequence` and `exporting` do.
    """
    check_film_path(Path(path))
    share = 0.5 if morph.warp == "halfway" else 0.05
    sequence = yield from part(preparing_sequence(pictures, pairs, morph, film.longest_side, device), 0.0, share)
    for note in film_notes(path, sequence.size):
        tell(note)
    return (yield from part(exporting(sequence, path, film), share, 1.0))


def film_notes(path: Path, size: Size) -> tuple[str, ...]:
    """What a person should know of a film of frames of `size` that is written to `path`."""
    suffix = path.suffix.lower()
    if suffix not in CONTAINERS or even(size) == size:
        return ()
    return (
        tr(
            "{kind} has even sides only: its last row or column is there twice, {width} x {height} px instead of "
            "{own_width} x {own_height}.",
            kind=suffix[1:].upper(),
            width=even(size)[0],
            height=even(size)[1],
            own_width=size[0],
            own_height=size[1],
        ),
    )


def film_moments(legs: int, options: ExportOptions, comes_to_rest: bool = False) -> list[float]:
    """The moments, 0 to `legs`, of the frames of a film; `comes_to_rest` ends a ping-pong at its start again."""
    count = (options.count() - 1) * legs + 1
    when = [moment * legs for moment in moments(count, options.loop)]
    return [*when, 0.0] if comes_to_rest and options.loop == "ping-pong" else when


def check_film_path(path: Path) -> None:
    """Refuse at once what `exporting` could not write at the end. Raises `MorphError` or `FileError`."""
    suffix = path.suffix.lower()
    if suffix and suffix not in FILM_SUFFIXES:
        raise MorphError(
            tr(
                "“{name}” is not a film: choose {names}, or a name without suffix for a folder.",
                name=path.name,
                names=", ".join(FILM_SUFFIXES),
            )
        )
    if not path.absolute().parent.is_dir():
        raise FileError(
            tr("“{name}” can't be written: there is no folder “{folder}”.", name=path.name, folder=path.parent)
        )
    if not suffix and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FileError(tr("“{name}” is there already and is not empty: choose another folder.", name=path.name))


def recipe(sequence: MorphSequence, options: ExportOptions | None = None) -> dict[str, Any]:
    """How a film was made, in plain values: options, and the pairs of each leg."""
    made = {
        "program": f"buddies-studio {__version__}",
        "morph": sequence.legs[0].options.to_dict(),
        "legs": [
            {
                "sizes": [leg.plates.size_a, leg.plates.size_b],
                "pairs": [[*pair.a, *pair.b] for pair in leg.pairs.enabled()],
            }
            for leg in sequence.legs
        ],
    }
    return made if options is None else {**made, "export": options.to_dict()}


def save_still(pixels: Pixels, path: Path, morph: PreparedMorph, t: float) -> None:
    """Write one in-between as PNG, JPEG, WebP or TIFF, with the recipe. Raises `PictureError`, `FileError`.

    `pixels` are (h, w, 3|4) uint8, sRGB, straight alpha; `t`, 0 to 1, is the moment they show.
    """
    made = {**recipe(MorphSequence([morph])), "t": t}
    save(pixels, path, text={"Recipe": json.dumps(made)})


def save_field(field: Field, path: Path) -> None:
    """Write a dense field, (h, w) lookups (x, y) in float32: `.npy` as (h, w, 2), `.tif` as two pages, x and y.

    Raises
    ------
    MorphError
        Another suffix.
    FileError
        The file can't be written; an older one is then still as it was.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".npy", ".tif", ".tiff"):
        raise MorphError(tr("“{name}”: fields are written as .npy or .tif.", name=path.name))
    dense = np.ascontiguousarray(field.dense())
    with replacing(path) as temporary:
        if suffix == ".npy":
            with temporary.open("wb") as file:
                np.save(file, dense)
        else:
            across, down = (Image.fromarray(np.ascontiguousarray(dense[..., axis])) for axis in (0, 1))
            across.save(temporary, "TIFF", save_all=True, append_images=[down], compression="tiff_adobe_deflate")


@contextmanager
def _opened(path: Path, film: Film) -> Iterator[Writer]:
    """A writer whose file takes its place when the block ends well, and is gone if it does not."""
    suffix = path.suffix.lower()
    with ExitStack() as stack:
        if not suffix:
            yield FolderWriter(stack.enter_context(replacing_folder(path)), film)
            return
        temporary = stack.enter_context(replacing(path))
        if suffix in CONTAINERS:
            writer = VideoWriter(temporary, film)
            stack.callback(writer.abandon)
            yield writer
            return
        file: BinaryIO = stack.enter_context(temporary.open("r+b"))
        yield _WRITERS[suffix](file, film)


class FolderWriter:
    """A folder of numbered PNG files, each with the recipe."""

    def __init__(self, folder: Path, film: Film) -> None:
        self._folder, self._film, self._index = folder, film, 0
        self._digits = max(4, len(str(film.count)))

    def add(self, frame: Pixels) -> None:
        """Write one more file. `frame` is (h, w, 3|4) uint8, sRGB, straight alpha."""
        self._index += 1
        name = f"frame_{self._index:0{self._digits}d}.png"
        save(frame, self._folder / name, text={"Recipe": self._film.recipe})

    def finish(self) -> None:
        """Every file is whole already."""
