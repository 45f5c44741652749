"""The commands `stylize`, `instant`, `texture` and `invert` of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from studio.cli_style_jobs import NamedTask, drafting_file, making, repeating_file
from studio.codecs.encoding import KINDS
from studio.files import beside, check_target
from studio.flags import NetworkFlags, flags_of
from studio.options import Options
from studio.style.model import StyleError
from studio.style.options import InstantOptions, InversionOptions, StyleOptions, TextureOptions
from studio.style.result import StyleResult
from studio.style.task import Draft
from studio.terminal import drain, result, say

if TYPE_CHECKING:
    from studio.picture import Picture

    StyleFlags = StyleOptions
    InstantFlags = InstantOptions
    TextureFlags = TextureOptions
    InversionFlags = InversionOptions
else:
    StyleFlags = flags_of(StyleOptions)
    InstantFlags = flags_of(InstantOptions)
    TextureFlags = flags_of(TextureOptions)
    InversionFlags = flags_of(InversionOptions)

AUTO = "auto"
MODELS = (StyleOptions, InstantOptions, TextureOptions, InversionOptions)
"""Whose flags the commands take."""


Depth = Literal["8", "16"]


def register(app: App) -> None:
    """Give `app` the commands."""
    app.command(stylize)
    app.command(instant)
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
    computing: NetworkFlags = NetworkFlags(),  # noqa: B008 (frozen)
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
    depth
        Bits per channel in PNG and TIFF; by default those of the content.
    """
    check_target(out, tuple(KINDS))
    wanted = StyleOptions.from_dict(options.to_dict())
    if start is not None:
        wanted = wanted.with_values(init="picture")
    given = [path for path in (content, *styles) if path is not None]
    draft = None
    if network is not None:
        if start is not None or repeat is not None or not given:
            raise StyleError("--network needs a content, and goes neither with --start nor with --repeat.")
        draft = Draft(network, 0 if network_style is None else network_style)
        if not styles:
            side = wanted.size if "size" in options.model_fields_set else 0
            _save_draft(drain(drafting_file(given[0], draft, side, computing.device), "network"), out, depth)
            return 0
    if repeat is None and len(given) < 2:
        raise StyleError("A style needs two pictures at least: the content and a style; or --repeat and a file.")
    if repeat is not None:
        again = repeating_file(repeat, given, start, _changes(wanted), computing.choice())
        _written(drain(again, "style"), out, depth)
        return 0
    task = NamedTask(
        wanted,
        given,
        computing.choice(),
        _shares(style_weights, len(given) - 1),
        _pairs(pairs),
        region or [],
        start,
        draft,
        checkpoint,
    )
    forth, *back = drain(making(task, both), "style")
    _written(forth, out, depth)
    for one in back:
        _written(one, beside(out, "-back"), depth)
    return 0


def instant(
    content: Path,
    style: Path,
    /,
    *more: Path,
    out: Path = Path("styled.png"),
    style_weights: list[float] | None = None,
    pairs: str | None = None,
    region: list[str] | None = None,
    network: NetworkFlags = NetworkFlags(),  # noqa: B008
    depth: Depth | None = None,
    options: Annotated[InstantFlags, Parameter(name="*")] = InstantFlags(),  # noqa: B008
) -> int:
    """Give one picture the look of others in one go, in about a second.

    `stylize` takes longer and is more faithful; with --init instant it starts from this. A result is repeated with
    `stylize --repeat`.

    Parameters
    ----------
    content
        Picture whose shapes are kept.
    style
        Picture whose look is taken.
    more
        Further styles, which are mixed in.
    out
        Picture to write: .png, .jpg, .webp or .tif.
    style_weights
        How much each style counts; once for each, in their order.
    pairs
        Point file, .csv, .json or .txt, from the content to the first style, or “auto” to match them first; for
        --match-regions and --geometry.
    region
        Mask of a part of the content that takes its look from one style only, as for `stylize`. May be repeated.
    depth
        Bits per channel in PNG and TIFF; by default those of the content.
    """
    check_target(out, tuple(KINDS))
    wanted = InstantOptions.from_dict(options.to_dict())
    paths = [content, style, *more]
    shares = _shares(style_weights, len(paths) - 1)
    task = NamedTask(wanted, paths, network.choice(), shares, _pairs(pairs), region or [])
    return _made(task, "style", out, depth)


def texture(
    example: Path,
    /,
    *,
    out: Path = Path("texture.png"),
    network: NetworkFlags = NetworkFlags(),  # noqa: B008
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
    depth
        Bits per channel in PNG and TIFF.
    """
    check_target(out, tuple(KINDS))
    wanted = TextureOptions.from_dict(options.to_dict())
    return _made(NamedTask(wanted, [example], network.choice()), "texture", out, depth)


def invert(
    picture: Path,
    /,
    *,
    out: Path = Path("inverted.png"),
    network: NetworkFlags = NetworkFlags(),  # noqa: B008
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
    depth
        Bits per channel in PNG and TIFF.
    """
    check_target(out, tuple(KINDS))
    wanted = InversionOptions.from_dict(options.to_dict())
    return _made(NamedTask(wanted, [picture], network.choice()), "invert", out, depth)


def _made(task: NamedTask, told: str, out: Path, depth: Depth | None) -> int:
    [made] = drain(making(task), told)
    _written(made, out, depth)
    return 0


def _pairs(source: str | None) -> Path | Literal[True] | None:
    """What --pairs names: a point file, or that they are to be matched."""
    if source == AUTO:
        return True
    return None if source is None else Path(source)


def _shares(given: list[float] | None, count: int) -> list[float]:
    """The weights of the styles, all 1 by default. Raises `StyleError` if they are not `count`."""
    shares = given or [1.0] * count
    if len(shares) != count:
        raise StyleError(f"--style-weights must be given once for each style, {count} in all, not {len(shares)} times.")
    return shares


def _save_draft(draft: Picture, out: Path, depth: Depth | None) -> None:
    from studio.picture import save

    save(draft.full(), out, draft, depth=None if depth is None else int(depth))
    result(str(out))


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
