"""Feature inversion: a picture made again from one layer alone (Mahendran and Vedaldi 2015)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from studio.backbones import Backbone
from studio.files import bare_name
from studio.geometry import fit_within
from studio.job_kinds import JobKind
from studio.picture import Picture
from studio.progress import Job
from studio.style.engine import Plan, optimise
from studio.style.losses import STYLE_LOSSES
from studio.style.memory import choose_tile
from studio.style.model import LIVE, StyleControl
from studio.style.network import Extractor, choose_precision, known_layer, middle_layer
from studio.style.objective import Weights
from studio.style.options import InversionOptions
from studio.style.recipe import describe
from studio.style.result import StyleResult, finished
from studio.style.scene import Given, Layers, Targets
from studio.style.state import StyleState
from studio.style.transfer import TV_SCALE, fingerprint, noise


def invert(
    picture: Picture,
    backbone: Backbone,
    options: InversionOptions | None = None,
    *,
    control: StyleControl | None = None,
    resume: StyleState | Path | bytes | None = None,
    checkpoint: Path | None = None,
) -> Job[StyleResult]:
    """What a layer keeps of `picture`: the picture, found from noise, that gives the same activations there.

    The loss is |phi(x) - phi0|^2 / |phi0|^2 with a little of the alpha-norm (6) and of total variation.

    Parameters
    ----------
    control, resume, checkpoint
        See `studio.style.engine.optimise`; of the weights “content_weight” and “tv” can be changed.

    Yields
    ------
    Progress with a `StylePreview`.

    Raises
    ------
    StyleError
        There is no such layer.
    """
    options = options or InversionOptions()
    layer = known_layer(backbone, options.layer) if options.layer.strip() else middle_layer(backbone)
    extractor = Extractor(backbone, precision=choose_precision(options.precision, backbone.device), raw=True)
    size = fit_within(picture.size, options.size)
    loss = STYLE_LOSSES["gram"]
    tile = choose_tile(0, size, backbone, additive=True)
    targets = Targets(Given(content=picture, styles=()), Layers(content=(layer,)), extractor, loss, tile)

    def weights(changed: Mapping[str, float], _styles: tuple[float, ...] | None) -> Weights:
        return Weights(
            content=changed.get("content_weight", 1.0),
            tv=TV_SCALE * changed.get("tv", options.tv),
            range=options.range_weight,
        )

    plan = Plan(
        sizes=[size],
        steps=[options.steps],
        extractor=extractor,
        loss=loss,
        scene=targets.scene,
        start=lambda first: noise(first, options.seed),
        weights=weights,
        alpha=targets.alpha,
        optimizer=options.optimizer,
        learning_rate=options.learning_rate,
        averaging=options.averaging,
        seed=options.seed,
        tile=tile,
        about={
            "what": JobKind.INVERSION.recipe,
            "pictures": [fingerprint(picture)],
            "backbone": backbone.name,
            "sizes": [list(size)],
            "optimizer": options.optimizer,
            "layer": layer,
            "weights": {name: getattr(options, name, None) for name in LIVE},
        },
    )
    outcome = yield from optimise(plan, control, resume, checkpoint)
    recipe = describe(JobKind.INVERSION.recipe, [picture], backbone, options.with_values(layer=layer))
    name = f"{bare_name(picture.name)} from {layer}"
    return finished(outcome, picture, name, recipe, outcome.notes, targets.alpha(size))
