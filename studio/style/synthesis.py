"""Texture synthesis: the style alone, at any size (Gatys et al. 2015, Texture Synthesis)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from studio.arrays import Size
from studio.backbones import Backbone
from studio.files import bare_name
from studio.job_kinds import JobKind
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job
from studio.style import color
from studio.style.engine import Plan, optimise
from studio.style.losses import STYLE_LOSSES
from studio.style.memory import choose_tile
from studio.style.model import LIVE, StyleControl, StyleError, StyleSource, check_sources
from studio.style.network import Extractor, choose_precision, style_layers
from studio.style.objective import Scene, Weights
from studio.style.options import TextureOptions
from studio.style.pyramid import shares, sizes
from studio.style.recipe import describe
from studio.style.result import StyleResult, finished
from studio.style.scene import Given, Layers, Targets, style_size, tensor_of
from studio.style.state import StyleState
from studio.style.transfer import TV_SCALE, fingerprint, noise


def texture(
    example: Picture,
    backbone: Backbone,
    options: TextureOptions | None = None,
    *,
    control: StyleControl | None = None,
    resume: StyleState | Path | bytes | None = None,
    checkpoint: Path | None = None,
) -> Job[StyleResult]:
    """A picture that looks like `example` everywhere, and shows nothing of it where it is there.

    A tileable one has sides that are multiples of the coarsest stride: the next above those asked for.

    Parameters
    ----------
    control, resume, checkpoint
        See `studio.style.engine.optimise`.

    Yields
    ------
    Progress with a `StylePreview`.

    Raises
    ------
    StyleError
        Something does not fit; the sentence says what.
    """
    options = options or TextureOptions()
    check_sources([StyleSource(example)], [])
    wanted = style_layers(backbone, options.layers)
    loss = STYLE_LOSSES[options.loss]
    precision = choose_precision(options.precision, backbone.device)
    asked = final = options.width, options.height
    if options.tileable and options.tile:
        raise StyleError(tr("A tileable texture is computed in one piece; set the tiles to 0."))
    tile = 0 if options.tileable else choose_tile(options.tile, final, backbone, loss.additive)
    # At an edge a network knows where it is, and puts there what the example has at its own: the top at the top. So
    # a texture has none while it is made, if that is in one piece.
    endless = not tile
    extractor = Extractor(backbone, "circular" if endless else "replicate", precision)
    # The example itself has edges, whatever the texture has.
    looking = Extractor(backbone, precision=precision)
    scales = sizes(final, options.smallest)
    if endless:
        scales = _full_cells(scales, max(extractor.stride(name) for name in wanted))
    if options.tileable:
        final = scales[-1]
    given = Given(content=None, styles=[StyleSource(example)], style_scale=options.style_scale)
    targets = Targets(given, Layers(style=wanted), looking, loss, tile)

    def scene(size: Size, rng: torch.Generator, own: Extractor) -> Scene:
        made = targets.scene(size, rng, Extractor(backbone, precision=own.precision))
        kept = _statistical(wanted, backbone, style_size(example, size[0] * size[1], options.style_scale))
        return Scene(kept, made.areas, circular=endless)

    def weights(changed: Mapping[str, float], _styles: tuple[float, ...] | None) -> Weights:
        return Weights(style=changed.get("style_weight", 1.0), tv=TV_SCALE * changed.get("tv", options.tv))

    def start(size: Size) -> Tensor:
        drawn = noise(size, options.seed)[0].permute(1, 2, 0).numpy()
        colours = color.match_linear(drawn, targets.style_colours(0, style_size(example, size[0] * size[1], 1.0)))
        return tensor_of(colours, torch.device("cpu")).clamp(0.0, 1.0)

    plan = Plan(
        sizes=scales,
        steps=shares(options.steps, len(scales)),
        extractor=extractor,
        loss=loss,
        scene=scene,
        start=start,
        weights=weights,
        shown=lambda pixels: pixels[: final[1], : final[0]],
        optimizer=options.optimizer,
        learning_rate=options.learning_rate,
        averaging=options.averaging,
        seed=options.seed,
        tile=tile,
        grey=given.is_grey,
        about={
            "what": JobKind.TEXTURE.recipe,
            "pictures": [fingerprint(example)],
            "backbone": backbone.name,
            "sizes": [list(size) for size in scales],
            "optimizer": options.optimizer,
            "weights": {name: getattr(options, name, None) for name in LIVE},
        },
    )
    outcome = yield from optimise(plan, control, resume, checkpoint)
    notes = [*outcome.notes]
    if final != asked:
        notes.append(
            tr(
                "The texture is {width} x {height}, full cells of the network, so that it fits to itself.",
                width=final[0],
                height=final[1],
            )
        )
    recipe = describe(JobKind.TEXTURE.recipe, [example], backbone, options)
    return finished(outcome, None, f"texture of {bare_name(example.name)}", recipe, notes)


def _full_cells(scales: list[Size], step: int) -> list[Size]:
    """The sizes rounded up to multiples of `step`, each once."""
    rounded = [(-(-width // step) * step, -(-height // step) * step) for width, height in scales]
    return list(dict.fromkeys(rounded))


def _statistical(layers: Mapping[str, float], backbone: Backbone, size: Size) -> dict[str, float]:
    """Those of `layers` in which an example of `size` has more cells than channels, or the finest of them.

    Means and covariances of fewer cells tell what each of them is: the texture would be the example again, its parts
    where they are there.
    """
    kept = {}
    for name, weight in layers.items():
        layer = backbone.layer(name)
        if -(-size[0] // layer.stride) * -(-size[1] // layer.stride) > layer.channels:
            kept[name] = weight
    if not kept:
        finest = min(layers, key=lambda name: backbone.layer(name).stride)
        return {finest: 1.0}
    return {name: weight / sum(kept.values()) for name, weight in kept.items()}
