"""What the mode Style makes of a task and of what comes. Knows no Qt; nothing here imports torch until a job runs."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from studio.arrays import Pixels
from studio.geometry import shrink_within
from studio.gui.style.history import Moment
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job
from studio.style.model import StyleControl, StylePreview
from studio.style.options import InstantOptions, InversionOptions, StyleOptions, TextureOptions
from studio.style.result import StyleResult
from studio.style.task import StyleTask

log = logging.getLogger(__name__)

SIDES = ("size", "width", "height")
MOST_KEPT = 2048
"""Longer side, px, of runs that can be taken up later: what that needs grows to hundreds of megabytes."""
VARIANT_SIDE = 96
"""Longer side, px, of the preview of a variant."""
VARIANT_STEPS = 30
SHOWN_SIDE = 1280
"""Longer side of the pictures that a result is compared with on the screen."""


@dataclass(frozen=True, eq=False)
class Frame:
    """What a run shows: the moment for the screen, and the same picture in full."""

    moment: Moment
    full: Pixels = field(repr=False)


def watched(task: StyleTask, control: StyleControl) -> Job[StyleResult]:
    """The job of a task with a `Frame` as preview; large ones are reduced here, on the compute thread."""
    from studio.style import styling

    job = styling(replace(task, checkpoint=_usable(task)), control)
    try:
        while True:
            try:
                event = next(job)
            except StopIteration as stop:
                result: StyleResult = stop.value
                return result
            preview = event.preview
            if isinstance(preview, StylePreview):
                image = reduced(preview.image)
                moment = Moment(image, preview.step, preview.steps, dict(preview.losses), preview.scale)
                yield replace(event, preview=Frame(moment, preview.image))
            else:
                yield replace(event, preview=None)
    finally:
        job.close()


def _usable(task: StyleTask) -> Path | None:
    """Where the run is kept up to date; nowhere if that can't be, or would take too much of the disk."""
    if task.checkpoint is None or max(task.options.to_dict().get(name, 0) for name in SIDES) > MOST_KEPT:
        return None
    try:
        task.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.warning("the run can't be taken up later: %s", error)
        return None
    return task.checkpoint


def variants_of(task: StyleTask) -> tuple[StyleTask, ...]:
    """Small tasks beside `task`, with one knob turned each; the first is the task itself."""
    options = task.options
    if isinstance(options, InversionOptions):
        return ()
    turned: list[tuple[str, dict[str, Any]]] = [(tr("As set"), {})]
    if isinstance(options, InstantOptions):
        turned += [(tr("Half as strong"), {"strength": options.strength / 2})]
        again = tr("Once more") if options.rounds < 4 else tr("Once")
        turned += [(again, {"rounds": options.rounds % 4 + 1})]
    else:
        losses = next(knob for knob in type(options).knobs() if knob.name == "loss").choices
        turned += [(tr(loss).replace("_", " + "), {"loss": loss}) for loss in losses if loss != options.loss]
    scale = options.style_scale
    turned += [(tr("Finer strokes"), {"style_scale": max(scale / 1.6, 0.1)})]
    turned += [(tr("Larger strokes"), {"style_scale": min(scale * 1.6, 8.0)})]
    if isinstance(options, StyleOptions):
        content = options.content_weight
        turned += [(tr("More content"), {"content_weight": max(content, 0.05) * 4})]
        turned += [(tr("Less content"), {"content_weight": content / 4})]
    if not isinstance(options, TextureOptions) and options.keep_colors == "none":
        turned += [(tr("Colours kept"), {"keep_colors": "luminance"})]
    made = []
    for title, values in turned:
        rounded = {name: round(value, 2) if isinstance(value, float) else value for name, value in values.items()}
        made.append(replace(task, options=options.with_values(**rounded), variant=title))
    return tuple(made)


def small(task: StyleTask) -> StyleTask:
    """The same in a size and a number of steps that take seconds.

    Strokes keep their size against the picture: what decides about them is the ratio of the style's size to the
    result's, which stays.
    """
    options = task.options
    if isinstance(options, InstantOptions):
        return replace(task, options=options.with_values(size=min(options.size, 2 * VARIANT_SIDE)))
    values: dict[str, Any] = {"steps": min(options.steps, VARIANT_STEPS)}
    if not isinstance(options, InversionOptions):
        values["smallest"] = VARIANT_SIDE
    if isinstance(options, StyleOptions):
        values |= {"size": min(options.size, VARIANT_SIDE), "tile": 0}
    elif isinstance(options, TextureOptions):
        width, height = shrink_within((options.width, options.height), VARIANT_SIDE)
        values |= {"width": max(width, 16), "height": max(height, 16), "tile": 0}
    return replace(task, options=options.with_values(**values))


def what_differs(variant: StyleTask, base: StyleTask) -> dict[str, Any]:
    """The knobs that make a variant: name to value."""
    before = base.options.to_dict()
    return {name: value for name, value in variant.options.to_dict().items() if before.get(name) != value}


def shown(picture: Picture, side: int = SHOWN_SIDE) -> Pixels:
    """(h, w, 3|4) uint8 for the screen."""
    pixels = picture.pixels if picture.alpha is None else np.dstack([picture.pixels, picture.alpha])
    return reduced(pixels, side)


def reduced(pixels: Pixels, side: int = SHOWN_SIDE) -> Pixels:
    """`pixels`, (h, w, 3|4), within `side`."""
    import cv2

    size = shrink_within((pixels.shape[1], pixels.shape[0]), side)
    if size == (pixels.shape[1], pixels.shape[0]):
        return np.ascontiguousarray(pixels)
    return np.ascontiguousarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def thumbnail(picture: Picture) -> Pixels:
    """As `shown`, as small as the strip has room for."""
    return shown(picture, 2 * VARIANT_SIDE)
