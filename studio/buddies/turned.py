"""Which way B has to be turned, or mirrored, to look like A: asked before a match begins.

Not part of the paper. Networks know things as they usually stand, and a picture against itself turned by a quarter
has hardly one right pair (`tests/benchmarks/turned.py`). So both pictures are looked at once more, made small, B in
eight ways; where one of them agrees clearly better with A than all others, the match is made with B turned like that,
and its pairs are told in B as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from studio.backbones.backbone import Backbone
from studio.buddies.dual_softmax import NOTHING, OWN, neighbours, soft_matches
from studio.buddies.memory import MatchMemory
from studio.buddies.options import MatchOptions
from studio.buddies.plan import Plan, working_size
from studio.buddies.search import Cells, to_unit
from studio.features.pyramid import extract
from studio.features.sight import keep_visible
from studio.language import tr
from studio.picture import Picture
from studio.progress import Job, part
from studio.turns import ALL_TURNS, UPRIGHT, Turn

STRIDE, SMALL = 4, 56
"""Of the level that is asked, and the longer side, px, at which it sees both pictures: 14 cells. Edges and small parts
tell a turned copy at a tenth of a match's time; what is coarser costs more and tells no more, and which way round two
different animals stand not even the coarsest level knows (on 25 % of 120 pairs, 12.5 % being chance)."""
COARSE = 112
"""Longer side, px, at which the coarsest level then says which picture is to be turned."""
CLEAR = 0.08
"""How much more a turned B must agree with A than in any other way. On 120 pairs of held-out kinds of animals one is
never ahead by more than 0.055; each of 32 of these animals and itself, turned, is by 0.34, and of 20 photographs and
their warped copies of other colours (`tests/benchmarks/turned.py` has the plain ones) 18."""


def plan_of(
    a: Picture, b: Picture, backbone: Backbone, options: MatchOptions, memory: MatchMemory | None = None
) -> Job[Plan]:
    """The plan of a match, with one picture turned as it fits the other best; see `best_turns`.

    What was found out already about these two pictures is not asked again if `memory` has it.
    """
    turns = UPRIGHT, UPRIGHT
    if options.tries_turns:
        known = memory.turns_of(a, b, backbone) if memory is not None else None
        turns = (yield from best_turns(a, b, backbone)) if known is None else known
    return Plan.of(a.size, b.size, backbone.levels, options, turns, backbone.name)


def best_turns(a: Picture, b: Picture, backbone: Backbone) -> Job[tuple[Turn, Turn]]:
    """How A and B have to be turned to agree best: not at all unless that is clear, and else only one of them.

    Which one is what the coarsest level says: things are to stand as it knows them best, whichever picture comes first.
    """
    as_they_are = UPRIGHT, UPRIGHT
    if a.is_plain or b.is_plain:
        return as_they_are
    (own,) = yield from part(_seen(a, backbone, [UPRIGHT]), 0.0, 0.1)
    others = yield from part(_seen(b, backbone, ALL_TURNS), 0.1, 0.6)
    values = [agreement(own, other) for other in others]
    best = int(np.argmax(values))
    ahead = values[best] - max(value for number, value in enumerate(values) if number != best)
    turn = ALL_TURNS[best]
    if not turn or ahead <= CLEAR:
        return as_they_are
    of_a = yield from part(_seen(a, backbone, [UPRIGHT, turn.inverse], coarse=True), 0.6, 0.8)
    of_b = yield from part(_seen(b, backbone, [turn, UPRIGHT], coarse=True), 0.8, 1.0)
    b_turned, a_turned = (agreement(one, other) for one, other in zip(of_a, of_b, strict=True))
    return (UPRIGHT, turn) if b_turned >= a_turned else (turn.inverse, UPRIGHT)


def _seen(picture: Picture, backbone: Backbone, turns: Sequence[Turn], coarse: bool = False) -> Job[list[Cells]]:
    """The cells of a small picture, turned in several ways: each less the mean of all, and of length 1."""
    level = backbone.levels[-1] if coarse else min(backbone.levels, key=lambda one: abs(one.stride - STRIDE))
    side = COARSE if coarse else SMALL * level.stride // STRIDE
    size = working_size(picture.size, side, level.stride)
    image = backbone.normalise(picture.tensor(size, backbone.device))
    stages = [backbone.stage(number) for number in range(1, level.number + 1)]
    found: dict[Turn, Cells] = {}
    for odd in (0, 1):  # those of one shape together
        some = [turn for turn in turns if turn.quarters % 2 == odd]
        if not some:
            continue
        images = torch.cat([turn.tensor(image) for turn in some])
        job = extract(images, stages, level.number)
        maps = yield from part(job, odd / 2, (odd + 1) / 2, tr("looking which way the pictures are turned"))
        for row, turn in enumerate(some):
            visible = {level.number: maps[level.number][row : row + 1]}
            keep_visible(visible, picture, size, [level], turn)
            found[turn] = _centred(Cells.of(visible[level.number]))
    return [found[turn] for turn in turns]


def _centred(cells: Cells) -> Cells:
    there = slice(None) if cells.there is None else cells.there
    seen = cells.vectors[there]
    return replace(cells, vectors=to_unit(cells.vectors - seen.mean(0)) if len(seen) else cells.vectors)


def agreement(a: Cells, b: Cells) -> float:
    """How sure the cells of two pictures are of their best matches, 0 to 1, seen from both.

    All cells are of length 1.

    Neighbours count in the same arrangement only: in the consensus of a match a mirrored one is as good.
    """
    shapes = (a.height, a.width), (b.height, b.width)
    cosines = a.vectors @ b.vectors.T
    matches = soft_matches(OWN * cosines + (1 - OWN) * neighbours(cosines, *shapes), a.there, b.there)
    best = [values[values > NOTHING] for values in (matches.amax(1), matches.amax(0))]
    return float(np.mean([(values / 2).exp().mean().item() for values in best])) if len(best[0]) else 0.0


def turned_sentence(plan: Plan) -> str:
    """What a person is told of whose pictures one is matched turned; "" if none is."""
    turn = plan.turn_b or plan.turn_a.inverse
    if not turn:
        return ""
    angle = 90 * (-turn.quarters if turn.mirrored else turn.quarters) % 360
    if not turn.mirrored:
        return tr("B is turned by {angle} degrees clockwise: matched that way.", angle=angle)
    if angle:
        return tr("B is mirrored, then turned by {angle} degrees clockwise: matched that way.", angle=angle)
    return tr("B is mirrored: matched that way.")
