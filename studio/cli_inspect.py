"""The commands `inspect` and `inspect-pair` of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from studio.attribution.options import METHODS, ExplainOptions, InspectOptions, method_named, options_for
from studio.attribution.targets import PairTarget, TargetError, TargetKind, parse_pair, parse_target
from studio.backbones import CATALOG, NetworkChoice
from studio.cli_pictures import reading_picture
from studio.codecs.encoding import KINDS
from studio.files import beside, check_target
from studio.flags import ClassifierFlags, NetworkFlags, flags_of
from studio.geometry import contains
from studio.progress import Job, Progress, part
from studio.terminal import drain, result, say, table

if TYPE_CHECKING:
    from studio.attribution import Attribution, Checks, PairAttribution
    from studio.features import ChannelSplit
    from studio.picture import Picture

    InspectFlags = InspectOptions
else:
    InspectFlags = flags_of(InspectOptions)

MODELS = (InspectOptions,)
"""Whose flags the commands take."""
DEFAULT_OUT = Path("map.png")
SHOWN = 10
"""Channels of a pair that are printed."""


def register(app: App) -> None:
    """Give `app` the commands."""
    app.command(inspect)
    app.command(inspect_pair, name="inspect-pair")


def _is_method(_hint: object, name: str) -> None:
    if name not in METHODS:
        raise ValueError(f"There is no method “{name}”; choose one of {', '.join(METHODS)}.")


def _is_share(_hint: object, number: float) -> None:
    if not 0.0 <= number <= 1.0:
        raise ValueError(f"--opacity takes a number (0 to 1), not “{number:g}”.")


_Method = Annotated[str, Parameter(validator=_is_method, help=f"How it is asked: {', '.join(METHODS)}.")]
_Opacity = Annotated[
    float, Parameter(validator=_is_share, help="Of the map over the picture in grey, 0 to 1; 1 shows the map alone.")
]
_Knobs = Annotated[InspectFlags, Parameter(name="*")]


def inspect(
    image: Path,
    /,
    *,
    target: str = "strongest",
    method: _Method = "grad-cam",
    layer: str = "",
    network: ClassifierFlags = ClassifierFlags(),  # noqa: B008 (frozen)
    out: Path | None = None,
    npy: Path | None = None,
    opacity: _Opacity = 1.0,
    checks: Annotated[bool, Parameter(negative=(), help="Also check how far to trust the map; takes a while.")] = False,
    options: _Knobs = InspectFlags(),  # noqa: B008 (frozen)
) -> int:
    """Show which pixels of a picture matter to a network.

    Parameters
    ----------
    image
        The picture.
    target
        What to explain: "strongest" (the strongest class), "class:lion", "channel:17" or "cell:7,5" of the layer. A
        layer has one cell for each block of its stride, as the matcher needs it; where the network as published has
        others, that is told.
    layer
        Layer of the channel or cell; for a class the one that grad-cam looks at. By default the last one.
    out
        Picture of the map to write, map.png by default.
    npy
        File for the numbers of the map, .npy; its record is written beside it as .json.
    """
    targets = _targets(out, npy)
    wanted = parse_target(target, layer or CATALOG[network.backbone].levels[-1].name)
    for_cam = layer if wanted.kind == "class" else ""
    chosen = _options(method, wanted.kind, options, for_cam)
    job = _inspecting(image, method, wanted, chosen, checks, network.choice())
    picture, found, checked = drain(job, "inspect")
    say(_told(found))
    if checked is not None:
        _tell_checks(checked)
    _write(found, picture, targets, opacity)
    return 0


def inspect_pair(
    a: Path,
    b: Path,
    /,
    *,
    pair: str,
    method: _Method = "integrated-gradients",
    layer: str = "",
    network: NetworkFlags = NetworkFlags(),  # noqa: B008
    out: Path | None = None,
    npy: Path | None = None,
    opacity: _Opacity = 1.0,
    checks: Annotated[
        bool, Parameter(negative=(), help="Also check how far to trust the maps; takes a while.")
    ] = False,
    options: _Knobs = InspectFlags(),  # noqa: B008 (frozen)
) -> int:
    """Show why two places look the same to a network: the channels they share, and the pixels that matter.

    Parameters
    ----------
    a
        First picture.
    b
        Second picture.
    pair
        The place in A and the place in B, in pixels: "311,97:120,88".
    layer
        Layer in which the places are compared; by default the last one.
    out
        Picture of the maps to write, map.png by default; “-a” and “-b” are put behind the name.
    npy
        File for the numbers of the maps, .npy, named likewise; the record is written beside it as .json.
    """
    targets = _targets(out, npy)
    place_a, place_b = parse_pair(pair)
    wanted = PairTarget(layer or CATALOG[network.backbone].levels[-1].name, place_a, place_b)
    chosen = _options(method, wanted.kind, options, "")
    job = _inspecting_pair(a, b, method, wanted, chosen, checks, network.choice())
    pictures, parts, found, checked = drain(job, "inspect")
    _tell_channels(parts)
    from studio.attribution import scale_of

    scale = scale_of(found.a, found.b)  # equal colours mean equal numbers in both
    for side, picture, one in zip("ab", pictures, (found.a, found.b), strict=True):
        say(f"{side.upper()}: {_told(one)}")
        if checked is not None:
            _tell_checks(checked["ab".index(side)])
        _write(one, picture, [beside(path, f"-{side}") for path in targets], opacity, scale)
    return 0


def _inspecting(
    image: Path, method: str, target: Any, options: ExplainOptions, checks: bool, network: NetworkChoice
) -> Job[tuple[Picture, Attribution, Checks | None]]:
    picture = yield from part(reading_picture(image), 0.0, 0.03)
    _check_inside(picture, ())
    yield Progress(0.03, "starting")  # the import below takes seconds
    from studio.attribution import check, explaining, network_for

    end = 0.5 if checks else 1.0
    found = yield from part(explaining(picture, method, target, options, network=network), 0.05, end)
    if not checks:
        return picture, found, None
    asked = yield from part(network_for(target.kind == "class", network), end, end)
    return picture, found, (yield from part(check(picture, asked, found, target, options), end, 1.0))


def _inspecting_pair(
    a: Path, b: Path, method: str, target: PairTarget, options: ExplainOptions, checks: bool, network: NetworkChoice
) -> Job[tuple[tuple[Picture, Picture], ChannelSplit, PairAttribution, tuple[Checks, Checks] | None]]:
    first = yield from part(reading_picture(a), 0.0, 0.02)
    second = yield from part(reading_picture(b), 0.02, 0.04)
    _check_inside(first, (("A", target.a),))
    _check_inside(second, (("B", target.b),))
    yield Progress(0.04, "starting")
    from studio.attribution import check_pair, explaining_pair, network_for, split_by_channel

    end = 0.5 if checks else 1.0
    found = yield from part(explaining_pair(first, second, method, target, options, network=network), 0.05, end)
    asked = yield from part(network_for(False, network), end, end)
    parts = split_by_channel(first, second, asked, target, options.size)
    if not checks:
        return (first, second), parts, found, None
    checked = yield from part(check_pair(first, second, asked, found, target, options), end, 1.0)
    return (first, second), parts, found, checked


def _check_inside(picture: Picture, places: tuple[tuple[str, tuple[float, float]], ...]) -> None:
    width, height = picture.size
    for name, (x, y) in places:
        if not contains([(x, y)], picture.size).all():
            raise TargetError(f"{name} is {width} x {height} pixels; {x:g}, {y:g} lies outside.")


def _options(method: str, kind: TargetKind, options: InspectOptions, layer: str) -> ExplainOptions:
    how = method_named(method)
    if kind not in how.targets:
        raise TargetError(f"{how.title} explains a {' or '.join(sorted(how.targets))}, not a {kind}.")
    return options_for(method, {**options.to_dict(), "layer": layer})


def _targets(out: Path | None, npy: Path | None) -> list[Path]:
    """What to write, refused before minutes are spent on it. Raises `FileError`."""
    if npy is not None:
        check_target(npy, (".npy",))
    if out is not None or npy is None:
        check_target(out or DEFAULT_OUT, tuple(KINDS))
    return [path for path in (out, npy) if path is not None] or [DEFAULT_OUT]


def _write(found: Attribution, picture: Picture, targets: list[Path], opacity: float, scale: Any = None) -> None:
    from studio.attribution import save_map

    for path in targets:
        for written in save_map(found, path, picture=picture, scale=scale, opacity=opacity):
            result(str(written))


def _told(found: Attribution) -> str:
    text = f"{found.target}: {found.value:.4g}; map in {found.unit}"
    if "residual" in found.checks:
        text += f"; the parts miss the change of {found.checks['change']:.4g} by {found.checks['residual']:.2g}"
    return f"{text}. {found.note}" if found.note else f"{text}."


def _tell_checks(checks: Checks) -> None:
    curves = checks.curves
    say(
        f"Without the pixels named first: {curves.deletion_area:.4g} on average (less is better); with them alone: "
        f"{curves.insertion_area:.4g} (more is better)."
    )
    for stage in checks.sanity:
        say(f"Likeness to the map with {stage.layers} of {stage.of} layers at random: {stage.similarity:.2f}")


def _tell_channels(parts: ChannelSplit) -> None:
    rows = []
    total = 0.0
    for channel, value in zip(parts.channels[:SHOWN].tolist(), parts.values[:SHOWN].tolist(), strict=True):
        total += value
        rows.append((str(channel), f"{value:.4f}", f"{total:.4f}"))
    rows.append((f"all {len(parts.channels)}", "", f"{parts.cosine:.4f}"))
    table(("channel", "gives", "together"), rows)
