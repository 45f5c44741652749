"""A kind of job has one name; files that were written before are read by the strings that stand in them."""

from __future__ import annotations

import pytest

from studio.gui.style.choice import ChoiceOptions
from studio.job_kinds import JobKind
from studio.style.options import InstantOptions, InversionOptions, StyleOptions, TextureOptions
from studio.style.recipe import Recipe
from studio.style.task import OPTIONS, StyleTask

KEPT = {
    JobKind.MATCH: ("Match", "Match"),
    JobKind.REMATCH: ("Re-match", "Re-match"),
    JobKind.FEATURES: ("Look at", "Look at"),
    JobKind.STYLE: ("style", "stylize"),
    JobKind.INSTANT: ("instant", "instant"),
    JobKind.TEXTURE: ("texture", "texture"),
    JobKind.INVERSION: ("inversion", "invert"),
    JobKind.PREVIEWS: ("previews", "previews"),
    JobKind.DREAM: ("dream", "dream"),
    JobKind.MAXIMISE: ("maximise", "maximize"),
    JobKind.ZOOM: ("zoom", "zoom"),
    JobKind.ADVERSARY: ("adversary", "adversary"),
}
"""What stands in settings and projects, and in recipes: files that people have."""


def test_the_strings_in_files_stay() -> None:
    assert {kind: (kind.value, kind.recipe) for kind in JobKind} == KEPT
    assert all(JobKind.of_recipe(recipe) is kind for kind, (_, recipe) in KEPT.items())
    assert JobKind.of_recipe("morph") is None


@pytest.mark.parametrize("kind", OPTIONS)
def test_a_project_says_which_style_it_was_at(kind: JobKind) -> None:
    name = KEPT[kind][0]
    options = ChoiceOptions.from_dict({"kind": name, "side": "B"})
    assert options.kind is kind and options.to_dict() == {"kind": name, "side": "B"}


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (JobKind.STYLE, StyleOptions(steps=7)),
        (JobKind.INSTANT, InstantOptions(rounds=2)),
        (JobKind.TEXTURE, TextureOptions(width=64)),
        (JobKind.INVERSION, InversionOptions(steps=7)),
    ],
)
def test_a_task_is_of_the_kind_that_its_options_and_its_recipe_say(kind: JobKind, options: StyleOptions) -> None:
    assert StyleTask(options).kind is kind
    pictures = [{"name": "a.png", "size": [4, 3]}]
    values = {"what": KEPT[kind][1], "options": options.to_dict(), "backbone": "vgg16", "pictures": pictures}
    recipe = Recipe.of(values)
    assert recipe.kind is kind and recipe.options == options and recipe.network == "vgg16"
    assert recipe.pictures == (("a.png", (4, 3)),)
