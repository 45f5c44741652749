"""All that a dream to be made depends on, as one value, and its job. Knows no Qt; imports torch when the job runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.arrays import FloatPixels, Pixels, Point, Side
from studio.backbones.choice import NetworkChoice
from studio.document import Mask
from studio.dream.goals import DirectionGoal, PairGoal, Weighted
from studio.dream.options import AdversaryOptions, DreamOptions, MaximiseOptions, ZoomOptions
from studio.gui.canvas.state import other
from studio.gui.dream.choice import GuideKind
from studio.job_kinds import JobKind
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import Job

if TYPE_CHECKING:
    from studio.dream.guides import Guide


@dataclass(frozen=True, eq=False)
class Filmed:
    """A film that was written.

    Attributes
    ----------
    last : (h, w, 3) uint8 or None
        What was shown of its last frame.
    """

    path: Path
    recipe: Mapping[str, Any] = field(repr=False)
    last: Pixels | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class DreamTask:
    """What the panel describes.

    Attributes
    ----------
    name : str
        What the list of jobs calls it by: a picture, or a goal in words.
    side : "A" or "B"
        The picture that dreams, is started from, or is changed.
    pairs : PairSet
        From that picture to the other one.
    masks : tuple of Mask
        Where it dreams; none for everywhere.
    to : str or None
        The class that the network is to see.
    pair : (point, point) or None
        In that picture and in the other one, which are no longer to belong together, in `layer`.
    path : Path or None
        Where a film goes.
    """

    kind: JobKind
    name: str
    options: DreamOptions | MaximiseOptions | AdversaryOptions
    pictures: Mapping[Side, Picture]
    side: Side
    network: NetworkChoice
    film: ZoomOptions | None = None
    guide: GuideKind = "none"
    pairs: PairSet = field(default_factory=PairSet)
    masks: tuple[Mask, ...] = ()
    goals: tuple[Weighted, ...] = ()
    to: str | None = None
    pair: tuple[Point, Point] | None = None
    layer: str = ""
    path: Path | None = None

    @property
    def title(self) -> str:
        """What the list of jobs calls it."""
        return self.kind.title(name=self.name)

    @property
    def source(self) -> Picture | None:
        """What is started from, if that is a picture."""
        if isinstance(self.options, MaximiseOptions) and self.options.start != "picture":
            return None
        return self.pictures.get(self.side)

    def job(self) -> Job[Any]:
        """Gives a `Dreamed`, an `Adversary` or a `Filmed`; previews are (h, w, 3) uint8."""
        from studio.dream.run import breaking, dreaming, fooling, maximising

        options, source = self.options, self.source
        if isinstance(options, MaximiseOptions):
            needed = {side: self.pictures[side] for side in sides_of(self.goals) if side in self.pictures}
            return maximising(self.goals, options, network=self.network, pictures=needed, start=source)
        assert source is not None
        if isinstance(options, AdversaryOptions):
            if self.pair is None:
                return fooling(source, options, to=self.to, network=self.network)
            at_a, at_b = self.pair
            partner = self.pictures[other(self.side)]
            return breaking(source, partner, at_a, at_b, options, layer=self.layer, network=self.network)
        if self.film is None:
            mask = mask_of_regions(self.masks) if self.masks else None
            return dreaming(source, options, network=self.network, guide=self._guide(source), mask=mask)
        return self._filming(source, options, self.film)

    def _guide(self, source: Picture) -> Guide:
        from studio.dream.guides import PairsGuide, PictureGuide, no_guide

        if self.guide == "none":
            return no_guide
        partner = self.pictures[other(self.side)]
        return PictureGuide(partner) if self.guide == "other" else PairsGuide(source, partner, self.pairs)

    def _filming(self, source: Picture, options: DreamOptions, film: ZoomOptions) -> Job[Filmed]:
        from studio.dream_film import film_recipe, zoom_film

        assert self.path is not None
        job = zoom_film(source, options, film, self.path, network=self.network, guide=self._guide(source))
        last: Pixels | None = None
        try:
            while True:
                try:
                    event = next(job)
                except StopIteration as stop:
                    return Filmed(stop.value, film_recipe(source, options, film, self.network), last)
                last = event.preview if isinstance(event.preview, np.ndarray) else last
                yield event
        finally:
            job.close()


def sides_of(goals: tuple[Weighted, ...]) -> tuple[Side, ...]:
    """The pictures that goals are taken from."""
    found: set[Side] = set()
    for one in goals:
        if isinstance(one.goal, PairGoal):
            found |= {"A", "B"}
        elif isinstance(one.goal, DirectionGoal):
            found.add("A" if one.goal.side == "A" else "B")
    return tuple(sorted(found))


def mask_of_regions(masks: tuple[Mask, ...]) -> FloatPixels:
    """(h, w) from 0 to 1: the union of what is painted on a picture. Raises `DocumentError` if it is damaged."""
    import cv2

    paints = [mask.paint() for mask in masks]
    height, width = max((paint.shape for paint in paints), key=lambda shape: shape[0] * shape[1])
    whole = np.zeros((height, width), np.uint8)
    for paint in paints:
        np.maximum(whole, cv2.resize(paint, (width, height), interpolation=cv2.INTER_LINEAR), out=whole)
    mask: FloatPixels = whole.astype(np.float32) / np.float32(255.0)
    return mask
