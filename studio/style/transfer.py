"""The job of the mode Style: the look of some pictures on the shape of another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from studio.arrays import Size
from studio.backbones import Backbone
from studio.files import bare_name
from studio.geometry import fit_within
from studio.job_kinds import JobKind
from studio.language import tr
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import Job, part
from studio.style import guide
from studio.style.engine import Plan, optimise
from studio.style.losses import STYLE_LOSSES
from studio.style.memory import choose_tile
from studio.style.model import LIVE, Region, StyleControl, StyleError, StyleSource, check_sources
from studio.style.network import Extractor, choose_precision, content_layers, style_layers
from studio.style.objective import Weights
from studio.style.oneshot import instant
from studio.style.options import InstantOptions, StyleOptions
from studio.style.pyramid import shares, sizes
from studio.style.recipe import describe_stylize
from studio.style.result import StyleResult, finished
from studio.style.scene import Given, Layers, Targets, floats, tensor_of
from studio.style.state import StyleState

STYLE_SCALE, CONTENT_SCALE, TV_SCALE, ANCHOR_SCALE = 1.0, 0.1, 1.5, 0.5
"""What the weight 1 of each knob is: relative losses, and a picture's variation, differ in size."""


def stylize(
    content: Picture,
    styles: Sequence[StyleSource],
    backbone: Backbone,
    options: StyleOptions | None = None,
    *,
    pairs: PairSet | None = None,
    regions: Sequence[Region] = (),
    control: StyleControl | None = None,
    resume: StyleState | Path | bytes | None = None,
    start: Picture | None = None,
    checkpoint: Path | None = None,
) -> Job[StyleResult]:
    """Give `content` the look of `styles` (Gatys et al. 2016, with the losses of `studio.style.losses`).

    Parameters
    ----------
    styles : sequence of StyleSource
        At least one; if there are several they are mixed by weight, or go where `regions` say.
    pairs : PairSet, optional
        Points of the content (side a) and of the first style (side b).
    regions : sequence of Region, optional
        Painted masks; besides them `options.match_regions` grows some from the pairs if none are given.
    control, resume, checkpoint
        See `studio.style.engine.optimise`.
    start : Picture, optional
        What to start from with the init "picture", a feed-forward draft say; with "instant" it is made with the
        decoder of `backbone` if it is not given.

    Yields
    ------
    Progress with a `StylePreview`.

    Raises
    ------
    StyleError
        Something does not fit; the sentence says what.
    """
    options = options or StyleOptions()
    used = guide.used_pairs(pairs)
    _check(styles, regions, options, start)
    first = styles[0].picture
    grown = list(regions) or guide.grow_regions(content, first, used, options.match_regions)
    layers = Layers(style_layers(backbone, options.layers), content_layers(backbone, options.content_layers))
    loss = STYLE_LOSSES[options.loss]
    extractor = Extractor(backbone, precision=choose_precision(options.precision, backbone.device))
    final = fit_within(content.size, options.size)
    # Without a style there is nothing to lay out, and the coarse sizes would only take the content's detail away.
    scales = sizes(final, options.smallest) if options.style_weight > 0.0 else [final]
    tile = choose_tile(options.tile, scales[-1], backbone, loss.additive)
    given = Given(
        content=content,
        styles=styles,
        pairs=guide.bent_pairs(used, options.geometry, content.size, first.size),
        unbent=used,
        regions=grown,
        keep_colors=options.keep_colors,
        geometry=options.geometry,
        softness=options.softness,
        anchor_reach=options.anchor_reach,
        style_scale=options.style_scale,
    )
    targets = Targets(given, layers, extractor, loss, tile)
    if options.init == "instant" and start is None and resume is None:
        start = yield from part(draft(content, styles, backbone, options, used, regions, max(scales[0])), 0.0, 0.0)
    counts = tuple(source.weight for source in styles)
    plan = Plan(
        sizes=scales,
        steps=shares(options.steps, len(scales)),
        extractor=extractor,
        loss=loss,
        scene=targets.scene,
        start=lambda size: _first(options, targets, size, start if options.init in ("picture", "instant") else None),
        weights=lambda changed, chosen: weights_of(options, changed, chosen or counts),
        shown=targets.finished,
        alpha=targets.alpha,
        optimizer=options.optimizer,
        learning_rate=options.learning_rate,
        averaging=options.averaging,
        seed=options.seed,
        tile=tile,
        grey=given.is_grey,
        about={
            "what": JobKind.STYLE.recipe,
            "pictures": [fingerprint(content), *(fingerprint(source.picture) for source in styles)],
            "backbone": backbone.name,
            "sizes": [list(size) for size in scales],
            "optimizer": options.optimizer,
            "weights": {name: getattr(options, name) for name in LIVE} | {"styles": list(counts)},
        },
    )
    outcome = yield from optimise(plan, control, resume, checkpoint)
    notes = [*outcome.notes]
    if options.match_regions and not regions and not grown:
        notes.append(tr(guide.NO_REGIONS))
    recipe = describe_stylize(content, styles, backbone, options, used, regions, outcome.state.live)
    name = f"{bare_name(content.name)} in the style of {bare_name(first.name)}"
    return finished(outcome, content, name, recipe, notes, targets.alpha(scales[-1]))


def weights_of(options: StyleOptions, changed: Mapping[str, float], styles: tuple[float, ...]) -> Weights:
    """What counts how much, by the options and what was changed of them."""

    def value(name: str) -> float:
        return float(changed.get(name, getattr(options, name)))

    return Weights(
        content=CONTENT_SCALE * value("content_weight"),
        style=STYLE_SCALE * value("style_weight") if sum(styles) > 0.0 else 0.0,
        tv=TV_SCALE * value("tv"),
        anchors=ANCHOR_SCALE * value("anchors"),
        styles=styles,
    )


def fingerprint(picture: Picture) -> str:
    """What tells a picture from others: a hash of its pixels."""
    digest = hashlib.sha256(str(picture.pixels.shape).encode())
    digest.update(picture.pixels.tobytes())
    if picture.alpha is not None:
        digest.update(picture.alpha.tobytes())
    return digest.hexdigest()[:32]


def noise(size: Size, seed: int) -> Tensor:
    """(1, 3, h, w): grey with noise, the same for the same seed."""
    drawn = torch.randn(1, 3, size[1], size[0], generator=torch.Generator().manual_seed(seed))
    return (0.5 + 0.15 * drawn).clamp(0.0, 1.0)


def _check(
    styles: Sequence[StyleSource], regions: Sequence[Region], options: StyleOptions, start: Picture | None
) -> None:
    check_sources(styles, regions)
    if options.init == "picture" and start is None:
        raise StyleError(
            tr("The start “picture” needs a picture to start from; choose one, or start from the content.")
        )


def draft(
    content: Picture,
    styles: Sequence[StyleSource],
    backbone: Backbone,
    options: StyleOptions,
    pairs: PairSet,
    regions: Sequence[Region],
    side: int,
) -> Job[Picture]:
    """What `studio.style.instant` makes of the same, with a longer side of `side` pixels: a start to go on from."""
    shared = ("style_scale", "keep_colors", "geometry", "match_regions", "softness")
    quick = InstantOptions(size=side, **{name: getattr(options, name) for name in shared})
    result = yield from instant(content, styles, backbone, quick, pairs=pairs, regions=regions)
    return result.picture


def _first(options: StyleOptions, targets: Targets, size: Size, start: Picture | None) -> Tensor:
    cpu = torch.device("cpu")
    if options.init == "noise":
        return noise(size, options.seed)
    if options.init == "style":
        return tensor_of(targets.style_pixels(0, size), cpu)
    if start is not None:
        return tensor_of(floats(start.shown(size)), cpu)
    return tensor_of(targets.start_pixels(size, in_style=options.style_weight > 0.0), cpu)
