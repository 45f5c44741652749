"""Styles as window and command line want them: with their network, and with an answer to full memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from studio.backbones import Backbone
from studio.backbones.choice import DEFAULT_NETWORK, NetworkChoice
from studio.backbones.run import load_chosen, with_network
from studio.device import Attempt
from studio.language import tr
from studio.picture import Picture, PictureError, loading
from studio.progress import Job, part
from studio.style.feedforward import apply_network, load_network
from studio.style.inversion import invert
from studio.style.losses import STYLE_LOSSES
from studio.style.model import StyleControl, StyleError
from studio.style.oneshot import instant
from studio.style.options import InstantOptions, InversionOptions, StyleOptions, TextureOptions
from studio.style.recipe import Recipe, read_recipe
from studio.style.result import StyleResult
from studio.style.synthesis import texture
from studio.style.task import AnyOptions, Draft, StyleTask
from studio.style.transfer import draft, stylize

DRAFT_SIDE = 256
"""Longer side, px, of the draft that a network without a decoder starts from; it begins at half of that."""
DRAFTED = 0.1
"""Share of the progress that the draft of a feed-forward network takes."""
TILES = (512, 256)
"""Sides of tiles that are tried where memory ran out."""


def styling(task: StyleTask, control: StyleControl | None = None) -> Job[StyleResult]:
    """Load the network (downloading its weights if need be) and make what a task describes.

    If memory runs out it is tried again in tiles, which gives the same picture, then on the CPU; each switch is told
    as a progress message. What knows no tiles is tried at half the size instead.

    Parameters
    ----------
    control : StyleControl, optional
        Changes weights on the way; what is made in one go is over before anything could be changed.

    Raises
    ------
    StyleError, FeedForwardError, WeightsError, DeviceError, OutOfMemory
    """
    begun = 0.0
    if task.draft is not None and task.content is not None and isinstance(task.options, StyleOptions):
        begun = DRAFTED
        job = drafting(task.content, task.draft, task.options.size, task.network.device)
        start = yield from part(job, 0.0, begun)
        task = replace(task, start=start, options=task.options.with_values(init="picture"))
    attempts = [Attempt(options, _label(options)) for options in (task.options, *_smaller(task))]
    made = with_network(task.network, load_chosen, partial(_made, task, control), attempts, tr("on the CPU"))
    return (yield from part(made, begun, 1.0))


def drafting(content: Picture, network: Draft, size: int, device: str) -> Job[Picture]:
    """The content as a feed-forward network paints it; see `apply_network`. Raises `FeedForwardError`."""
    loaded = load_network(network.file)
    return apply_network(content, loaded, style=network.style, size=size, device=device)


def repeating(
    path: Path | str,
    pictures: Sequence[Picture] = (),
    *,
    network: NetworkChoice = DEFAULT_NETWORK,
    start: Picture | None = None,
    changes: dict[str, Any] | None = None,
) -> Job[StyleResult]:
    """Do again what the recipe inside a saved result says.

    Parameters
    ----------
    pictures : sequence of Picture
        In the order of the recipe, the content first; those that are missing are looked for beside the file.
    network : NetworkChoice
        Weights and device; which network it is the recipe says.
    start : Picture, optional
        As in `StyleTask`.
    changes : dict, optional
        Options to set otherwise.

    Raises
    ------
    StyleError
        There is no recipe, or a picture can't be found.
    """
    path = Path(path)
    recipe = Recipe.of(read_recipe(path))
    found = list(pictures)
    for name, _ in recipe.pictures[len(found) :]:
        file = path.absolute().parent / Path(name).name
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
    task = replace(recipe.task(found, network), start=start)
    return (yield from styling(replace(task, options=task.options.with_values(**(changes or {})))))


def _made(task: StyleTask, control: StyleControl | None, network: Backbone, options: AnyOptions) -> Job[StyleResult]:
    """What a task describes, with options that memory may have room for."""
    kept: dict[str, Any] = {"control": control, "resume": task.resume, "checkpoint": task.checkpoint}
    if isinstance(options, TextureOptions):
        if not task.styles:
            raise StyleError(tr("A style needs a picture to take it from; choose one."))
        return texture(task.styles[0].picture, network, options, **kept)
    assert task.content is not None
    if isinstance(options, InversionOptions):
        return invert(task.content, network, options, **kept)
    guided: dict[str, Any] = {"pairs": task.pairs, "regions": task.regions}
    if isinstance(options, InstantOptions):
        return instant(task.content, task.styles, network, options, **guided)
    return _stylised(task, network, options, **kept, **guided)


def _stylised(task: StyleTask, network: Backbone, options: StyleOptions, **known: Any) -> Job[StyleResult]:
    assert task.content is not None
    content, styles, first = task.content, task.styles, task.start
    if options.init == "instant" and first is None and task.resume is None and network.decoder is None:
        painter = yield from part(load_chosen(NetworkChoice(device=str(network.device))), 0.0, 0.0)
        job = draft(content, styles, painter, options, task.pairs, task.regions, DRAFT_SIDE)
        first = yield from part(job, 0.0, 0.02)
    return (yield from part(stylize(content, styles, network, options, start=first, **known), 0.02, 1.0))


def _smaller(task: StyleTask) -> list[AnyOptions]:
    """What is tried where memory ran out: tiles where the loss knows them; a run that goes on keeps its size."""
    options = task.options
    if isinstance(options, StyleOptions | TextureOptions) and STYLE_LOSSES[options.loss].additive:
        if isinstance(options, TextureOptions) and options.tileable:
            return []
        return [options.with_values(tile=tile) for tile in TILES if not options.tile or tile < options.tile]
    if isinstance(options, TextureOptions) or task.resume is not None:
        return []
    return [options.with_values(size=max(16, options.size // 2))]


def _label(options: AnyOptions) -> str:
    if getattr(options, "tile", 0):
        return tr("in tiles of {tile} px", tile=getattr(options, "tile", 0))
    return "" if isinstance(options, TextureOptions) else tr("at {size} px", size=options.size)
