"""What the commands of style do: jobs that read the pictures, match them if asked to, and paint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from studio.backbones.choice import NetworkChoice
from studio.cli_pictures import reading_picture
from studio.files import bare_name
from studio.pairs import PairSet, read_pairs_within
from studio.progress import Job, part
from studio.style.model import Region, StyleError, StyleSource
from studio.style.options import TextureOptions
from studio.style.task import AnyOptions, Draft, StyleTask

if TYPE_CHECKING:
    from studio.picture import Picture
    from studio.style.result import StyleResult

READING, MATCHED = 0.05, 0.2
"""Shares of the progress that reading the pictures takes, and that and matching them."""


@dataclass(frozen=True)
class NamedTask:
    """A `StyleTask` as a command line spells it: with the names of files in the place of what they hold.

    Attributes
    ----------
    paths : sequence of Path
        The content and the styles, or the one picture that a texture or an inversion is made of.
    shares : sequence of float
        How much each style counts.
    pairs : Path, True or None
        A point file, or True to match the content and the first style.
    regions : sequence of str
        As the flag --region spells them.
    """

    options: AnyOptions
    paths: Sequence[Path]
    network: NetworkChoice
    shares: Sequence[float] = ()
    pairs: Path | Literal[True] | None = None
    regions: Sequence[str] = ()
    start: Path | None = None
    draft: Draft | None = None
    checkpoint: Path | None = None


def making(named: NamedTask, both: bool = False) -> Job[list[StyleResult]]:
    """What `named` describes, and with `both` also the first style picture with the look of the content."""
    from studio.style import styling

    begun = READING if named.pairs is not True else MATCHED
    task = yield from part(_task(named), 0.0, begun)
    middle = begun + (1.0 - begun) * (0.5 if both else 1.0)
    results = [(yield from part(styling(task), begun, middle))]
    if both and task.content is not None:
        turned = (Region(one.style, one.content, 0, one.name) for one in task.regions if one.style is not None)
        back = replace(
            task,
            content=task.styles[0].picture,
            styles=(StyleSource(task.content),),
            pairs=task.pairs.swapped(),
            regions=tuple(turned),
            checkpoint=None,
            resume=None,
        )
        results.append((yield from part(styling(back), middle, 1.0, "back: ")))
    return results


def _task(named: NamedTask) -> Job[StyleTask]:
    """Read the files; match the pictures if asked to."""
    alone = 1.0 if named.pairs is not True else READING / MATCHED
    pictures = yield from part(reading_pictures(named.paths), 0.0, alone)
    regions = []
    for text in named.regions:
        regions.append((yield from part(_region(text), alone, alone)))  # noqa: PERF401 (no yield in comprehensions)
    pairs = PairSet()
    if named.pairs is True:
        from studio.buddies import MatchOptions, find_buddies

        found = find_buddies(
            pictures[0], pictures[1], MatchOptions(), network=NetworkChoice(device=named.network.device)
        )
        pairs = yield from part(found, alone, 1.0, "match: ")
    elif named.pairs is not None:
        pairs = read_pairs_within(named.pairs, pictures[0].size, pictures[1].size, ("the content", "the style"))
    start = None
    if named.start is not None:
        [start] = yield from part(reading_pictures([named.start]), 1.0, 1.0)
    is_texture = isinstance(named.options, TextureOptions)
    styles, shares = (pictures, [1.0]) if is_texture else (pictures[1:], named.shares)
    return StyleTask(
        named.options,
        None if is_texture else pictures[0],
        tuple(StyleSource(picture, share) for picture, share in zip(styles, shares, strict=True)),
        pairs,
        tuple(regions),
        named.network,
        start,
        named.draft,
        named.checkpoint,
        named.checkpoint if named.checkpoint is not None and named.checkpoint.is_file() else None,
    )


def drafting_file(content: Path, draft: Draft, size: int, device: str) -> Job[Picture]:
    """A picture as a feed-forward network alone paints it."""
    from studio.style import drafting

    [picture] = yield from part(reading_pictures([content]), 0.0, READING)
    return (yield from part(drafting(picture, draft, size, device), READING, 1.0))


def repeating_file(
    path: Path, given: Sequence[Path], start: Path | None, changes: dict[str, Any], network: NetworkChoice
) -> Job[StyleResult]:
    """What the recipe inside a picture says, with pictures that are given, or lie beside it."""
    from studio.style import repeating

    pictures = yield from part(reading_pictures(given), 0.0, READING)
    first = None
    if start is not None:
        [first] = yield from part(reading_pictures([start]), READING, READING)
    again = repeating(path, pictures, network=network, start=first, changes=changes)
    return (yield from part(again, READING, 1.0))


def reading_pictures(paths: Sequence[Path]) -> Job[list[Picture]]:
    pictures = []
    for index, path in enumerate(paths):
        picture = yield from part(reading_picture(path), index / len(paths), (index + 1) / len(paths))
        pictures.append(picture)
    return pictures


def _region(text: str) -> Job[Region]:
    """A region as the flag spells it: CONTENT-MASK[:[NUMBER:]STYLE-MASK]."""
    words = _parts(text)
    number = next((word for word in words[1:] if word.isdigit()), "1")
    files = [words[0], *(word for word in words[1:] if not word.isdigit())]
    if len(files) > 2 or int(number) < 1:
        raise StyleError(
            f"“{text}” is no region: give a mask of the content, then perhaps a colon and one of the style."
        )
    masks = yield from reading_pictures([Path(file) for file in files])
    values = [mask.pixels[..., 1] for mask in masks]
    return Region(values[0], values[1] if len(values) > 1 else None, int(number) - 1, bare_name(files[0]))


def _parts(text: str) -> list[str]:
    """The words between colons; one after the letter of a Windows drive does not part."""
    words: list[str] = []
    for word in text.split(":"):
        if words and len(words[-1]) == 1 and words[-1].isalpha() and word[:1] in ("\\", "/"):
            words[-1] += f":{word}"
        else:
            words.append(word)
    return [word for word in words if word]
