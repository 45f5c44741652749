"""Stylisation as window and command line want it: with its network, and with an answer to full memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from studio.backbones import Backbone, load_backbone
from studio.device import Attempt, choose_device, with_memory_fallback
from studio.language import tr
from studio.pairs import PairSet
from studio.picture import Picture, PictureError, loading
from studio.progress import Job, part
from studio.style.inversion import invert
from studio.style.losses import STYLE_LOSSES
from studio.style.model import Region, StyleControl, StyleError, StyleSource
from studio.style.oneshot import instant
from studio.style.options import InstantOptions, InversionOptions, StyleOptions, TextureOptions
from studio.style.recipe import pairs_in, read_recipe, regions_in
from studio.style.result import StyleResult
from studio.style.state import StyleState
from studio.style.synthesis import texture
from studio.style.transfer import draft, stylize

Resume = StyleState | Path | bytes | None

DRAFT_SIDE = 256
"""Longer side, px, of the draft that a network without a decoder starts from; it begins at half of that."""
LOADING = 0.05
"""Share of the progress that loading the network takes."""
TILES = (512, 256)
"""Sides of tiles that are tried where memory ran out."""


def stylize_pictures(
    content: Picture,
    styles: Sequence[StyleSource],
    options: StyleOptions | None = None,
    *,
    pairs: PairSet | None = None,
    regions: Sequence[Region] = (),
    control: StyleControl | None = None,
    resume: Resume = None,
    start: Picture | None = None,
    checkpoint: Path | None = None,
    backbone: str = "buddynet",
    weights: Path | None = None,
    device: str = "auto",
) -> Job[StyleResult]:
    """Load the network (downloading its weights if need be) and stylise; see `studio.style.stylize`.

    If memory runs out it is tried again in tiles, which gives the same picture, then on the CPU; each switch is told
    as a progress message. A loss that knows no tiles is tried at half the size instead.

    Raises
    ------
    StyleError, WeightsError, DeviceError, OutOfMemory
    """
    options = options or StyleOptions()

    def job(network: Backbone, changed: StyleOptions) -> Job[StyleResult]:
        first = start
        if options.init == "instant" and start is None and resume is None and network.decoder is None:
            painter = yield from part(load_backbone(device=str(network.device)), 0.0, 0.0)
            used = pairs if pairs is not None else PairSet()
            first = yield from part(draft(content, styles, painter, changed, used, regions, DRAFT_SIDE), 0.0, 0.02)
        return (yield from part(stylising(network, changed, first), 0.02, 1.0))

    def stylising(network: Backbone, changed: StyleOptions, first: Picture | None) -> Job[StyleResult]:
        return stylize(
            content,
            styles,
            network,
            changed,
            pairs=pairs,
            regions=regions,
            control=control,
            resume=resume,
            start=first,
            checkpoint=checkpoint,
        )

    tiles = STYLE_LOSSES[options.loss].additive
    plans = [options.with_values(tile=tile) for tile in TILES if tiles and (not options.tile or tile < options.tile)]
    if not tiles and resume is None:
        plans = [options.with_values(size=max(16, options.size // 2))]
    return (yield from _with_network([options, *plans], job, backbone, weights, device))


def instant_of(
    content: Picture,
    styles: Sequence[StyleSource],
    options: InstantOptions | None = None,
    *,
    pairs: PairSet | None = None,
    regions: Sequence[Region] = (),
    backbone: str = "buddynet",
    weights: Path | None = None,
    device: str = "auto",
) -> Job[StyleResult]:
    """As `stylize_pictures`, for `studio.style.instant`."""
    options = options or InstantOptions()

    def job(network: Backbone, changed: InstantOptions) -> Job[StyleResult]:
        return instant(content, styles, network, changed, pairs=pairs, regions=regions)

    smaller = options.with_values(size=max(16, options.size // 2))
    return (yield from _with_network([options, smaller], job, backbone, weights, device))


def texture_of(
    example: Picture,
    options: TextureOptions | None = None,
    *,
    control: StyleControl | None = None,
    resume: Resume = None,
    checkpoint: Path | None = None,
    backbone: str = "buddynet",
    weights: Path | None = None,
    device: str = "auto",
) -> Job[StyleResult]:
    """As `stylize_pictures`, for `studio.style.texture`."""
    options = options or TextureOptions()
    tiles = STYLE_LOSSES[options.loss].additive and not options.tileable
    plans = [options.with_values(tile=tile) for tile in TILES if tiles and (not options.tile or tile < options.tile)]
    return (
        yield from _with_network(
            [options, *plans],
            lambda network, changed: texture(
                example, network, changed, control=control, resume=resume, checkpoint=checkpoint
            ),
            backbone,
            weights,
            device,
        )
    )


def inversion_of(
    picture: Picture,
    options: InversionOptions | None = None,
    *,
    control: StyleControl | None = None,
    resume: Resume = None,
    checkpoint: Path | None = None,
    backbone: str = "buddynet",
    weights: Path | None = None,
    device: str = "auto",
) -> Job[StyleResult]:
    """As `stylize_pictures`, for `studio.style.invert`."""
    options = options or InversionOptions()
    smaller = [options.with_values(size=max(16, options.size // 2))] if resume is None else []
    return (
        yield from _with_network(
            [options, *smaller],
            lambda network, changed: invert(
                picture, network, changed, control=control, resume=resume, checkpoint=checkpoint
            ),
            backbone,
            weights,
            device,
        )
    )


def repeating(
    path: Path | str,
    pictures: Sequence[Picture] = (),
    *,
    control: StyleControl | None = None,
    weights: Path | None = None,
    device: str = "auto",
    start: Picture | None = None,
    changes: dict[str, Any] | None = None,
) -> Job[StyleResult]:
    """Do again what the recipe inside a saved result says.

    Parameters
    ----------
    pictures : sequence of Picture
        In the order of the recipe, the content first; those that are missing are looked for beside the file.
    changes : dict, optional
        Options to set otherwise.

    Raises
    ------
    StyleError
        There is no recipe, or a picture can't be found.
    """
    path = Path(path)
    recipe = read_recipe(path)
    found = list(pictures)
    for row in recipe["pictures"][len(found) :]:
        file = path.absolute().parent / Path(str(row["name"])).name
        if not file.is_file():
            raise StyleError(
                tr(
                    "“{name}” was made of “{other}”, which is not beside it; hand the pictures in, the content first.",
                    name=path.name,
                    other=file.name,
                )
            )
        found.append((yield from part(loading(file), 0.0, 0.0)))
    if not found:
        raise PictureError(tr("The recipe in “{name}” names no picture.", name=path.name))
    values = {**recipe["options"], **(changes or {})}
    known: dict[str, Any] = {"control": control, "backbone": recipe["backbone"], "weights": weights, "device": device}
    if recipe["what"] == "texture":
        return (yield from texture_of(found[0], TextureOptions.from_dict(values), **known))
    if recipe["what"] == "invert":
        return (yield from inversion_of(found[0], InversionOptions.from_dict(values), **known))
    shares = [float(weight) for weight in recipe.get("weights", ())] or [1.0] * (len(found) - 1)
    if len(shares) != len(found) - 1:
        raise StyleError(
            tr("The recipe takes {number} style pictures, not {total}.", number=len(shares), total=len(found) - 1)
        )
    styles = [StyleSource(picture, share) for picture, share in zip(found[1:], shares, strict=True)]
    known |= {"pairs": pairs_in(recipe), "regions": regions_in(recipe)}
    if recipe["what"] == "instant":
        del known["control"]  # it is over before anything could be changed
        return (yield from instant_of(found[0], styles, InstantOptions.from_dict(values), **known))
    return (yield from stylize_pictures(found[0], styles, StyleOptions.from_dict(values), start=start, **known))


def _with_network(
    plans: Sequence[Any],
    job: Callable[[Backbone, Any], Job[StyleResult]],
    backbone: str,
    weights: Path | None,
    device: str,
) -> Job[StyleResult]:
    main = str(choose_device(device))

    def attempt(plan: tuple[str, Any]) -> Job[StyleResult]:
        where, options = plan
        network = yield from part(load_backbone(backbone, weights, where), 0.0, LOADING)
        return (yield from part(job(network, options), LOADING, 1.0))

    attempts = [Attempt((main, options), _label(options)) for options in plans]
    if main != "cpu":
        attempts.append(Attempt(("cpu", plans[0]), tr("on the CPU")))
    return (yield from with_memory_fallback(attempt, attempts))


def _label(options: Any) -> str:
    if getattr(options, "tile", 0):
        return tr("in tiles of {tile} px", tile=options.tile)
    return tr("at {size} px", size=options.size) if hasattr(options, "size") else ""
