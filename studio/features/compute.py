"""Computes what a network says of a picture, but only what nobody has computed before."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

from studio.arrays import Size
from studio.backbones.backbone import Backbone, Stage
from studio.features.pyramid import extract, plain_stages
from studio.features.sight import keep_visible
from studio.features.store import Features, FeatureStore
from studio.picture import Picture
from studio.progress import Job
from studio.turns import UPRIGHT, Turn


def stages_of(backbone: Backbone, plain: bool = False) -> list[Stage]:
    """The pieces of the network, in the order of memory that `plain` asks for; see `Features.plain`."""
    return plain_stages(backbone) if plain else [backbone.stage(level.number) for level in backbone.levels]


def compute_features(
    picture: Picture,
    backbone: Backbone,
    size: Size,
    *,
    plain: bool = False,
    finest: int = 1,
    store: FeatureStore | None = None,
    stages: Sequence[Stage] | None = None,
    turn: Turn = UPRIGHT,
) -> Job[Features]:
    """The features of a picture from level `finest` on, with those that `store` has; nothing is put there.

    Cells of which nothing is to be seen lose theirs (`studio.features.sight`).

    Parameters
    ----------
    size : (int, int)
        At which the network sees the picture, pixels, of any sides; before it is turned.
    plain : bool
        See `Features.plain`.
    finest : int
        Number of the finest level that is needed. Of a match that did without the finest ones only these are computed.
    store : FeatureStore, optional
        Where to look for what is known.
    stages : sequence of Stage, optional
        What `stages_of` gives, where somebody has it already.
    turn : Turn
        How the picture is turned for the network.
    """
    known = store.find(picture, backbone, size, plain, turn) if store is not None else None
    maps = dict(known.maps) if known is not None else {}
    missing = [level.number for level in backbone.levels if level.number >= finest and level.number not in maps]
    if known is not None and not missing:
        return known
    image = backbone.normalise(turn.tensor(picture.tensor(size, backbone.device)))
    pieces = (stages_of(backbone, plain) if stages is None else list(stages))[: max(missing)]
    found = yield from extract(image.contiguous() if plain else image, pieces, min(missing))
    if not (plain and picture.is_plain):  # of a flat picture the plain reading says itself that nothing is in it
        keep_visible(found, picture, size, backbone.levels, turn)
    maps.update((number, found[number]) for number in missing)
    return Features(weakref.ref(picture), weakref.ref(backbone), size, plain, maps, turn)
