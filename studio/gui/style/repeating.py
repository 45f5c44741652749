"""Puts the recipe of a saved picture into the window, so that Run makes the same picture again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from studio.arrays import SIDES
from studio.gui.canvas.state import StudioState
from studio.gui.mode.network import NetworkChooser
from studio.gui.style.choice import StyleChoice
from studio.gui.style.regions import StyleRegions
from studio.gui.widgets.forms import OptionsForm
from studio.job_kinds import JobKind
from studio.language import listed, tr, translatable, trn
from studio.pairs import PairsError, PairSet
from studio.pairs.edits import with_enabled
from studio.picture import Picture
from studio.style.options import StyleOptions
from studio.style.recipe import Recipe, as_in_recipe, kind_in
from studio.style.task import STYLED

STEP = translatable("Repeat recipe")


class _Panel(Protocol):
    """What it needs of the panel of the mode Style."""

    choice: StyleChoice
    regions: StyleRegions
    network: NetworkChooser
    forms: dict[JobKind, OptionsForm]


def repeat(recipe: Mapping[str, Any], panel: _Panel, state: StudioState) -> str:
    """Take everything that `recipe`, as `studio.style.read_recipe` gives it, says of a run, as one step of undo.

    Returns sentences for a person: what there is now, and what the recipe could not bring.
    """
    if kind_in(recipe) is None:
        return tr("This picture was made in a way that this panel does not have: “{recipe}”.", recipe=recipe["what"])
    run = Recipe.of(recipe)
    with state.one_step(tr(STEP)):
        panel.choice.set_kind(run.kind, _side(run, panel, state))
        panel.network.choose(run.network)
        panel.forms[run.kind].set_value(run.options)
        words = [tr("The options are those of the recipe now: press Run to repeat it.")]
        if run.kind in STYLED:
            words += _start(run, panel)
            words += _weights(run, panel)
            words += _pairs(run, panel, state)
            words += panel.regions.take(run)
    return " ".join(words)


def _is(picture: Picture | None, known: tuple[str, tuple[int, ...]]) -> bool:
    """Whether it may be that picture of a recipe."""
    return picture is not None and (Path(picture.name).name, picture.size) == known


def _side(run: Recipe, panel: _Panel, state: StudioState) -> Any:
    """The side of the content: the one whose picture it was, if that is open."""
    known, now = run.pictures[0], panel.choice.side
    fitting = [side for side in SIDES if _is(state.picture(side), known)]
    return now if now in fitting or not fitting else fitting[0]


def _start(run: Recipe, panel: _Panel) -> list[str]:
    started = panel.choice.start is not None or panel.choice.network is not None
    if isinstance(run.options, StyleOptions) and run.options.init == "picture":
        return [] if started else [tr("It began with a picture that is not in it: choose that under Start.")]
    if started:
        panel.choice.clear_start()
    return []


def _weights(run: Recipe, panel: _Panel) -> list[str]:
    """Each style picture counts as in the recipe; those that it does not know count nothing."""
    wanted = run.pictures[1:]
    weights = list(run.weights)
    if len(weights) != len(wanted):
        weights = [1.0] * len(wanted)
    sources = panel.choice.sources
    places = _places(wanted, sources.pictures, sources.has_main)
    chosen = [0.0] * len(sources.pictures)
    for place, weight in zip(places, weights, strict=True):
        if place is not None:
            chosen[place] = weight
    if any(chosen):
        sources.set_weights(chosen)
    missing = [name for (name, _), place in zip(wanted, places, strict=True) if place is None]
    if not missing:
        return []
    names = listed(f"“{name}”" for name in missing)
    return [
        tr(
            "It also has the style of {names}: add that under Style Pictures and repeat the recipe once more.",
            names=names,
        )
    ]


def _places(
    wanted: Sequence[tuple[str, tuple[int, ...]]], pictures: Sequence[Picture], has_main: bool
) -> list[int | None]:
    """Where each style picture of a recipe is among those of the panel; each of these is taken once."""
    free = dict(enumerate(pictures))
    places: list[int | None] = []
    for known in wanted:
        place = next((place for place, picture in free.items() if _is(picture, known)), None)
        places.append(place)
        if place is not None:
            del free[place]
    # A recipe may be repeated with other pictures: the window's then stands for the first.
    if has_main and 0 in free and places and places[0] is None:
        places[0] = 0
    return places


def _pairs(run: Recipe, panel: _Panel, state: StudioState) -> list[str]:
    """The recipe's pairs in place of those of the window, or these left out of use if it has none."""
    try:
        pairs = run.pairs
    except (PairsError, LookupError, TypeError):
        return [tr("Its pairs can't be read and are left out.")]
    choice = panel.choice
    content, style = choice.content, None if choice.style_side is None else state.picture(choice.style_side)
    now = state.pairs.enabled()
    if choice.side == "B":
        pairs = pairs.swapped()
    if content is None or style is None or _same(as_in_recipe(now), pairs):
        return []
    if len(pairs) and [size for _, size in run.pictures[:2]] != [content.size, style.size]:
        return [tr("It was made with pairs of other pictures, which are left out.")]
    if not state.can_edit:
        return [tr("Its pairs are left out while a match runs.")]
    undo = [tr("Undo brings back what was there.")] if len(now) else []
    if not len(pairs):
        state.edit_pairs(with_enabled(state.pairs, now.ids, False), tr(STEP))
        return [tr("It was made without pairs, and those of the window are out of use now."), *undo]
    state.set_pairs(pairs, step=tr(STEP))
    there = trn("Its {number} pairs are in the window.", "Its {number} pairs are in the window.", len(pairs))
    return [there, *undo]


def _same(one: PairSet, two: PairSet) -> bool:
    return [(pair.a, pair.b, pair.confidence) for pair in one] == [(pair.a, pair.b, pair.confidence) for pair in two]
