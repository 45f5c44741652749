"""Preset `official` from pictures to pairs, against plain loops."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from studio.buddies import MatchOptions, match
from studio.progress import run_to_end
from tests.buddies import reference
from tests.buddies.networks import noise_picture, small_backbone

ALL = 10_000
NAMES = {"finest": "finest_level", "limit": "per_level_limit", "tau": "activation_threshold"}


def maps_of(backbone, picture, side):
    maps = backbone.features(picture.tensor((side, side)))
    return {number: map_[0].double().numpy() for number, map_ in maps.items()}


def at_size(points, size, side):
    """(y, x), at the working size, of full-size points (x, y) of a picture of `size`."""
    places = (np.asarray(points) + 0.5) * side / np.asarray(size) - 0.5
    return [tuple(place) for place in np.round(places[:, ::-1], 5).tolist()]


@pytest.mark.parametrize(
    ("side", "seed", "options"),
    [
        pytest.param(64, 0, {}, marks=pytest.mark.slow),
        (64, 1, {"finest": 2}),
        (64, 5, {"finest": 2, "limit": 15}),
        (80, 3, {"finest": 3, "tau": 0.3, "border": 12, "pairs": 4}),
        (64, 4, {"finest": 3, "pairs": ALL, "border": 0}),
    ],
)
def test_official_is_the_authors_program_from_pictures_to_pairs(side, seed, options, monkeypatch):
    # The package hands out the function `match`, so the module is asked for by its name.
    monkeypatch.setattr(sys.modules["studio.buddies.match"], "MOST_IN_PREVIEW", 10**6)
    backbone = small_backbone(seed=seed)
    a, b = noise_picture(side, side, seed=seed), noise_picture(90, 70, seed=seed + 10)
    expected, trace = reference.official(
        maps_of(backbone, a, side), maps_of(backbone, b, side), backbone.stage, **options
    )
    chosen = {NAMES.get(key, key): 0 if value == ALL else value for key, value in options.items()}
    previews = []
    job = match(a, b, backbone, MatchOptions(preset="official", working_size=side, **{"pairs": 10, **chosen}))
    found = run_to_end(job, lambda event: previews.append(event.preview) if event.preview else None)

    assert [preview.pairs[0].level for preview in previews] == list(trace.kept)
    for preview, (level, kept) in zip(previews, trace.kept.items(), strict=True):
        corner, cell = (2 ** (level - 1) - 1) / 2, 2 ** (level - 1)
        shown = zip(at_size(preview.a, a.size, side), at_size(preview.b, b.size, side), strict=True)
        cells = {tuple(round((c - corner) / cell, 4) for c in (*p, *q)) for p, q in shown}
        assert cells == {(*p, *q) for p, q, _ in kept}
    places = zip(at_size(found.a, a.size, side), at_size(found.b, b.size, side), strict=True)
    ranks = dict(zip(places, found.ranks.tolist(), strict=True))
    assert len(ranks) >= 4
    assert ranks == {(p, q): pytest.approx(rank, rel=1e-5) for p, q, rank in expected}
