"""Texture synthesis: the style alone, at any size (Gatys et al. 2015, Texture Synthesis)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from studio.backbones import Backbone
from studio.geometry import Size
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job
from studio.style import color
from studio.style.engine import Plan, optimise
from studio.style.losses import STYLE_LOSSES
from studio.style.memory import choose_tile
from studio.style.model import LIVE, StyleControl, StyleError, StyleResult, StyleSource
from studio.style.network import Extractor, choose_precision, style_layers
from studio.style.objective import Scene, Weights
from studio.style.options import TextureOptions
from studio.style.pyramid import shares, sizes
from studio.style.recipe import describe
from studio.style.scene import Given, Layers, Targets, style_size, tensor_of
from studio.style.state import StyleState
from studio.style.transfer import TV_SCALE, check_sources, fingerprint, finished, noise


def texture(
    example: Picture,
    backbone: Backbone,
    options: TextureOptions | None = None,
    *,
    control: StyleControl | None = None,
    resume: StyleState | Path | bytes | None = None,
    checkpoint: Path | None = None,
) -> Job[StyleResult]:
    """A picture that looks like `example` everywhere and shows it nowhere.

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
    extractor = Extractor(backbone, "circular" if options.tileable else "replicate", precision)
    # The example itself has edges, whatever the texture has.
    looking = Extractor(backbone, precision=precision)
    step = max(extractor.stride(name) for name in wanted)
    final = options.width, options.height
    scales = sizes(final, options.smallest)
    if options.tileable:
        scales = _full_cells(scales, step)
        final = scales[-1]
    if options.tileable and options.tile:
        raise StyleError(tr("A tileable texture is computed in one piece; set the tiles to 0."))
    tile = 0 if options.tileable else choose_tile(options.tile, final, backbone, loss.additive)
    given = Given(content=None, styles=[StyleSource(example)], style_scale=options.style_scale)
    targets = Targets(given, Layers(style=wanted), looking, loss, tile)

    def scene(size: Size, rng: torch.Generator, own: Extractor) -> Scene:
        made = targets.scene(size, rng, Extractor(backbone, precision=own.precision))
        return Scene(made.style_layers, made.areas, circular=options.tileable)

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
        optimizer=options.optimizer,
        learning_rate=options.learning_rate,
        averaging=options.averaging,
        seed=options.seed,
        tile=tile,
        about={
            "what": "texture",
            "pictures": [fingerprint(example)],
            "backbone": backbone.name,
            "sizes": [list(size) for size in scales],
            "optimizer": options.optimizer,
            "weights": {name: getattr(options, name, None) for name in LIVE},
        },
    )
    outcome = yield from optimise(plan, control, resume, checkpoint)
    notes = [*outcome.notes]
    if final != (options.width, options.height):
        notes.append(
            tr(
                "The texture is {width} x {height}, full cells of the network, so that it fits to itself.",
                width=final[0],
                height=final[1],
            )
        )
    recipe = describe("texture", [example], backbone, options)
    return finished(outcome, None, f"texture of {Path(example.name).stem}", recipe, notes)


def _full_cells(scales: list[Size], step: int) -> list[Size]:
    """The sizes rounded up to multiples of `step`, each once."""
    rounded = [(-(-width // step) * step, -(-height // step) * step) for width, height in scales]
    return list(dict.fromkeys(rounded))
