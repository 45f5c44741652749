"""The commands `stylize`, `texture` and `invert` of the command line."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from studio.codecs.encoding import KINDS
from studio.files import check_target
from studio.flags import BackboneName, flags_of
from studio.options import Options
from studio.pairs import PairSet, read_pairs
from studio.progress import Job, part
from studio.style.model import Region, StyleError, StyleResult, StyleSource
from studio.style.options import InversionOptions, StyleOptions, TextureOptions
from studio.terminal import drain, result, say

if TYPE_CHECKING:
    from studio.picture import Picture

    StyleFlags = StyleOptions
    TextureFlags = TextureOptions
    InversionFlags = InversionOptions
else:
    StyleFlags = flags_of(StyleOptions)
    TextureFlags = flags_of(TextureOptions)
    InversionFlags = flags_of(InversionOptions)

log = logging.getLogger(__name__)

AUTO = "auto"
MODELS = (StyleOptions, TextureOptions, InversionOptions)
"""Whose flags the commands take."""

READING = 0.05
"""Share of the progress that reading the pictures takes."""


Depth = Literal["8", "16"]


def register(app: App) -> None:
    """Give `app` the commands."""
    app.command(stylize)
    app.command(texture)
    app.command(invert)


def stylize(
    content: Path | None = None,
    /,
    *styles: Path,
    out: Path = Path("styled.png"),
    repeat: Path | None = None,
    style_weights: list[float] | None = None,
    pairs: str | None = None,
    region: list[str] | None = None,
    both: bool = False,
    start: Path | None = None,
    network: Path | None = None,
    network_style: str | None = None,
    checkpoint: Path | None = None,
    backbone: BackboneName = "buddynet",
    weights: Path | None = None,
    device: str = AUTO,
    depth: Depth | None = None,
    options: Annotated[StyleFlags, Parameter(name="*")] = StyleFlags(),  # noqa: B008 (frozen)
) -> int:
    """Give one picture the look of others.

    The recipe is kept inside the file written; --repeat does the same again.

    Parameters
    ----------
    content
        Picture whose shapes are kept.
    styles
        Pictures whose look is taken, mixed if there are several.
    out
        Picture to write: .png, .jpg, .webp or .tif.
    repeat
        A picture written before, whose recipe is to be repeated; flags given beside it count instead of those in it.
        Its pictures are looked for beside it, or given as CONTENT and STYLES.
    style_weights
        How much each style counts; once for each, in their order.
    pairs
        Point file, .csv, .json or .txt, from the content to the first style, or “auto” to match them first.
    region
        Mask of a part of the content, white inside, that takes its look from one style only; with a colon and a mask
        of the first style, from that part of it; “1:” or another number before it names the style. May be repeated.
    both
        Also give the (first) style picture the look of the content, by the same pairs; “-back” is put behind the name.
    start
        Picture to start from; sets --init picture.
    network
        Feed-forward network, of `train-style` or in the layout of fast_neural_style: alone it gives the content its
        style in one go, at the content's size or that of --size; with STYLES its result is what is started from.
    network_style
        Which style of a network that has several, by name.
    checkpoint
        File that keeps where it stands; if it exists it is gone on from, exactly.
    weights
        File with weights for the network, .safetensors or .pth; by default those of its makers.
    device
        Where to compute: auto, cpu, cuda, cuda:1, mps.
    depth
        Bits per channel in PNG and TIFF; by default those of the content.
    """
    check_target(out, tuple(KINDS))
    wanted = StyleOptions.from_dict(options.to_dict())
    if start is not None:
        wanted = wanted.with_values(init="picture")
    given = [path for path in (content, *styles) if path is not None]
    begin: Path | Picture | None = start
    if network is not None:
        if start is not None or repeat is not None or not given:
            raise StyleError("--network needs a content, and goes neither with --start nor with --repeat.")
        side = wanted.size if styles or "size" in options.model_fields_set else 0
        begin = draft = drain(_drafting(given[0], network, network_style, side, device), "network")
        if not styles:
            _save_draft(draft, out, depth)
            return 0
        wanted = wanted.with_values(init="picture")
    if repeat is None and len(given) < 2:
        raise StyleError("A style needs two pictures at least: the content and a style; or --repeat and a file.")
    source = None
    if pairs is not None and pairs != AUTO:
        source = read_pairs(Path(pairs))
    if repeat is not None:
        again = _repeating(repeat, given, start, _changes(wanted), weights, device)
        _written(drain(again, "style"), out, depth)
        return 0
    shares = style_weights or [1.0] * (len(given) - 1)
    if len(shares) != len(given) - 1:
        raise StyleError(
            f"--style-weights must be given once for each style, {len(given) - 1} in all, not {len(shares)} times."
        )
    known: dict[str, Any] = {"backbone": backbone, "weights": weights, "device": device}
    job = _stylising(given, shares, wanted, source, pairs == AUTO, region or [], begin, checkpoint, both, known)
    forth, *back = drain(job, "style")
    _written(forth, out, depth)
    for one in back:
        _written(one, out.with_name(f"{out.stem}-back{out.suffix}"), depth)
    return 0


def texture(
    example: Path,
    /,
    *,
    out: Path = Path("texture.png"),
    backbone: BackboneName = "buddynet",
    weights: Path | None = None,
    device: str = AUTO,
    depth: Depth | None = None,
    options: Annotated[TextureFlags, Parameter(name="*")] = TextureFlags(),  # noqa: B008
) -> int:
    """Make a texture of any size that looks like a picture everywhere and shows it nowhere.

    Parameters
    ----------
    example
        Picture whose texture is taken.
    out
        Picture to write: .png, .jpg, .webp or .tif.
    weights
        File with weights for the network, .safetensors or .pth; by default those of its makers.
    device
        Where to compute: auto, cpu, cuda, cuda:1, mps.
    depth
        Bits per channel in PNG and TIFF.
    """
    check_target(out, tuple(KINDS))
    from studio.style.run import texture_of

    wanted = TextureOptions.from_dict(options.to_dict())
    [picture] = drain(_reading([example]), "read")
    job = texture_of(picture, wanted, backbone=backbone, weights=weights, device=device)
    _written(drain(job, "texture"), out, depth)
    return 0


def invert(
    picture: Path,
    /,
    *,
    out: Path = Path("inverted.png"),
    backbone: BackboneName = "buddynet",
    weights: Path | None = None,
    device: str = AUTO,
    depth: Depth | None = None,
    options: Annotated[InversionFlags, Parameter(name="*")] = InversionFlags(),  # noqa: B008
) -> int:
    """Make a picture again from what one layer of a network keeps of it.

    Parameters
    ----------
    picture
        Picture that the network looks at.
    out
        Picture to write: .png, .jpg, .webp or .tif.
    weights
        File with weights for the network, .safetensors or .pth; by default those of its makers.
    device
        Where to compute: auto, cpu, cuda, cuda:1, mps.
    depth
        Bits per channel in PNG and TIFF.
    """
    check_target(out, tuple(KINDS))
    from studio.style.run import inversion_of

    wanted = InversionOptions.from_dict(options.to_dict())
    [shown] = drain(_reading([picture]), "read")
    job = inversion_of(shown, wanted, backbone=backbone, weights=weights, device=device)
    _written(drain(job, "invert"), out, depth)
    return 0


def _stylising(
    paths: Sequence[Path],
    shares: Sequence[float],
    options: StyleOptions,
    pairs: PairSet | None,
    match: bool,
    regions: Sequence[str],
    start: Path | Picture | None,
    checkpoint: Path | None,
    both: bool,
    known: dict[str, Any],
) -> Job[list[StyleResult]]:
    from studio.style.run import stylize_pictures

    pictures = yield from part(_reading(paths), 0.0, READING)
    first = None
    if isinstance(start, Path):
        [first] = yield from part(_reading([start]), READING, READING)
    elif start is not None:
        first = start
    masks = []
    for text in regions:
        masks.append((yield from part(_region(text), READING, READING)))  # noqa: PERF401 (no yield in comprehensions)
    begun = READING
    if match:
        from studio.buddies import MatchOptions, find_buddies

        begun = 0.2
        found = find_buddies(pictures[0], pictures[1], MatchOptions(), device=known["device"])
        pairs = yield from part(found, READING, begun, "match: ")
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


def _drafting(content: Path, file: Path, style: str | None, size: int, device: str) -> Job[Picture]:
    from studio.style.feedforward import apply_network, load_network

    [picture] = yield from part(_reading([content]), 0.0, READING)
    network = load_network(file)
    job = apply_network(picture, network, style=0 if style is None else style, size=size, device=device)
    return (yield from part(job, READING, 1.0))


def _save_draft(draft: Picture, out: Path, depth: Depth | None) -> None:
    from studio.picture import save

    save(draft.full(), out, draft, depth=None if depth is None else int(depth))
    result(str(out))


def _repeating(
    path: Path, given: Sequence[Path], start: Path | None, changes: dict[str, Any], weights: Path | None, device: str
) -> Job[StyleResult]:
    from studio.style.run import repeating

    pictures = yield from part(_reading(given), 0.0, READING)
    first = None
    if start is not None:
        [first] = yield from part(_reading([start]), READING, READING)
    again = repeating(path, pictures, weights=weights, device=device, start=first, changes=changes)
    return (yield from part(again, READING, 1.0))


def _reading(paths: Sequence[Path]) -> Job[list[Picture]]:
    from studio.picture import loading

    pictures = []
    for index, path in enumerate(paths):
        picture = yield from part(loading(path), index / len(paths), (index + 1) / len(paths))
        for note in picture.notes:
            log.info("%s", note)
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
    masks = yield from _reading([Path(file) for file in files])
    values = [mask.pixels[..., 1] for mask in masks]
    return Region(values[0], values[1] if len(values) > 1 else None, int(number) - 1, Path(files[0]).stem)


def _parts(text: str) -> list[str]:
    """The words between colons; one after the letter of a Windows drive does not part."""
    words: list[str] = []
    for word in text.split(":"):
        if words and len(words[-1]) == 1 and words[-1].isalpha() and word[:1] in ("\\", "/"):
            words[-1] += f":{word}"
        else:
            words.append(word)
    return [word for word in words if word]


def _changes(options: Options) -> dict[str, Any]:
    """The options that are not as they are by default."""
    usual = type(options)().to_dict()
    return {name: value for name, value in options.to_dict().items() if value != usual[name]}


def _written(made: StyleResult, out: Path, depth: Depth | None) -> None:
    from studio.style.recipe import save_result

    for note in made.notes:
        say(note)
    save_result(made, out, None if depth is None else int(depth))
    result(str(out))
