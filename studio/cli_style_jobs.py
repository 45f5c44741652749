"""What the commands of style do: jobs that read the pictures, match them if asked to, and paint."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.backbones.choice import NetworkChoice
from studio.cli_pictures import reading_picture
from studio.files import bare_name
from studio.pairs import PairSet, read_pairs_within
from studio.progress import Job, part
from studio.style.model import Region, StyleError, StyleSource
from studio.style.options import InstantOptions, StyleOptions
from studio.style.result import StyleResult

if TYPE_CHECKING:
    from studio.picture import Picture

log = logging.getLogger(__name__)

READING, MATCHED = 0.05, 0.2
"""Shares of the progress that reading the pictures takes, and that and matching them."""


def painting(
    paths: Sequence[Path],
    shares: Sequence[float],
    options: InstantOptions,
    source: Path | None,
    match: bool,
    regions: Sequence[str],
    known: dict[str, Any],
) -> Job[StyleResult]:
    from studio.style.run import instant_of

    pictures, masks, pairs, begun = yield from _given(paths, regions, source, match, known["device"])
    styles = [StyleSource(picture, share) for picture, share in zip(pictures[1:], shares, strict=True)]
    job = instant_of(pictures[0], styles, options, pairs=pairs, regions=masks, **known)
    return (yield from part(job, begun, 1.0))


def _given(
    paths: Sequence[Path], regions: Sequence[str], source: Path | None, match: bool, device: str
) -> Job[tuple[list[Picture], list[Region], PairSet | None, float]]:
    """The pictures, the painted regions, the pairs (matched if asked for), and how much of the progress that took."""
    pictures = yield from part(reading_pictures(paths), 0.0, READING)
    masks = []
    for text in regions:
        masks.append((yield from part(_region(text), READING, READING)))  # noqa: PERF401 (no yield in comprehensions)
    if source is not None:
        pairs = read_pairs_within(source, pictures[0].size, pictures[1].size, ("the content", "the style"))
        return pictures, masks, pairs, READING
    if not match:
        return pictures, masks, None, READING
    from studio.buddies import MatchOptions, find_buddies

    found = find_buddies(pictures[0], pictures[1], MatchOptions(), network=NetworkChoice(device=device))
    return pictures, masks, (yield from part(found, READING, MATCHED, "match: ")), MATCHED


def stylising(
    paths: Sequence[Path],
    shares: Sequence[float],
    options: StyleOptions,
    source: Path | None,
    match: bool,
    regions: Sequence[str],
    start: Path | Picture | None,
    checkpoint: Path | None,
    both: bool,
    known: dict[str, Any],
) -> Job[list[StyleResult]]:
    from studio.style.run import stylize_pictures

    pictures, masks, pairs, begun = yield from _given(paths, regions, source, match, known["device"])
    first = None
    if isinstance(start, Path):
        [first] = yield from part(reading_pictures([start]), begun, begun)
    elif start is not None:
        first = start
    middle = begun + (1.0 - begun) * (0.5 if both else 1.0)
    styles = [StyleSource(picture, share) for picture, share in zip(pictures[1:], shares, strict=True)]
    resume = checkpoint if checkpoint is not None and checkpoint.is_file() else None
    forth = stylize_pictures(
        pictures[0],
        styles,
        options,
        pairs=pairs,
        regions=masks,
        resume=resume,
        start=first,
        checkpoint=checkpoint,
        **known,
    )
    results = [(yield from part(forth, begun, middle))]
    if both:
        turned = [Region(mask.style, mask.content, 0, mask.name) for mask in masks if mask.style is not None]
        back = stylize_pictures(
            pictures[1],
            [StyleSource(pictures[0])],
            options,
            pairs=None if pairs is None else pairs.swapped(),
            regions=turned,
            start=first,
            **known,
        )
        results.append((yield from part(back, middle, 1.0, "back: ")))
    return results


def drafting(content: Path, file: Path, style: str | None, size: int, device: str) -> Job[Picture]:
    from studio.style.feedforward import apply_network, load_network

    [picture] = yield from part(reading_pictures([content]), 0.0, READING)
    network = load_network(file)
    job = apply_network(picture, network, style=0 if style is None else style, size=size, device=device)
    return (yield from part(job, READING, 1.0))


def repeating_file(
    path: Path, given: Sequence[Path], start: Path | None, changes: dict[str, Any], weights: Path | None, device: str
) -> Job[StyleResult]:
    from studio.style.run import repeating

    pictures = yield from part(reading_pictures(given), 0.0, READING)
    first = None
    if start is not None:
        [first] = yield from part(reading_pictures([start]), READING, READING)
    again = repeating(path, pictures, weights=weights, device=device, start=first, changes=changes)
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
