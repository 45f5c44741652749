"""What jobs do: each kind of job has one name, by which programs know it, and one title, by which people do."""

from __future__ import annotations

from enum import StrEnum

from studio.language import tr, translatable


class JobKind(StrEnum):
    """A job that makes something people keep, ask again for, or wait for in front of the list of jobs.

    The value is its name in settings, in project files, and in the recipes of pairs.
    """

    MATCH = "Match"
    REMATCH = "Re-match"
    FEATURES = "Look at"
    STYLE = "style"
    INSTANT = "instant"
    TEXTURE = "texture"
    INVERSION = "inversion"
    PREVIEWS = "previews"
    DREAM = "dream"
    MAXIMISE = "maximise"
    ZOOM = "zoom"
    ADVERSARY = "adversary"

    def title(self, **names: str) -> str:
        """What the list of jobs calls one, with the names of its pictures."""
        return tr(_TITLES[self], **names)

    @property
    def label(self) -> str:
        """What a list of kinds to choose from calls it."""
        return tr(_LABELS[self]) if self in _LABELS else self.value

    @property
    def recipe(self) -> str:
        """What the recipe inside a picture and a checkpoint call it: as the commands are called."""
        return _RECIPES.get(self, self.value)

    @classmethod
    def of_recipe(cls, name: object) -> JobKind | None:
        """The kind that recipes call `name`, if there is one."""
        return next((kind for kind in cls if kind.recipe == name), None)


_TITLES = {
    JobKind.MATCH: translatable("Match {first} and {second}"),
    JobKind.REMATCH: translatable("Re-match {first} and {second}"),
    JobKind.FEATURES: translatable("Look at {first} and {second}"),
    JobKind.STYLE: translatable("{name} in the style of {names}"),
    JobKind.INSTANT: translatable("{name} in the style of {names}"),
    JobKind.TEXTURE: translatable("Texture of {names}"),
    JobKind.INVERSION: translatable("Inversion of {name}"),
    JobKind.PREVIEWS: translatable("Previews of variants"),
    JobKind.DREAM: translatable("Dream of {name}"),
    JobKind.MAXIMISE: translatable("Picture for {name}"),
    JobKind.ZOOM: translatable("Zoom film of {name}"),
    JobKind.ADVERSARY: translatable("{name} that fools the network"),
}
_LABELS = {
    JobKind.STYLE: translatable("Style transfer"),
    JobKind.INSTANT: translatable("Instant style"),
    JobKind.TEXTURE: translatable("Texture synthesis"),
    JobKind.INVERSION: translatable("Feature inversion"),
    JobKind.DREAM: translatable("Deep dream"),
    JobKind.MAXIMISE: translatable("Show a unit"),
    JobKind.ZOOM: translatable("Zoom film"),
    JobKind.ADVERSARY: translatable("Fool the network"),
}
_RECIPES = {
    JobKind.STYLE: translatable("stylize"),
    JobKind.INSTANT: translatable("instant"),
    JobKind.TEXTURE: translatable("texture"),
    JobKind.INVERSION: translatable("invert"),
    JobKind.DREAM: translatable("dream"),
    JobKind.MAXIMISE: translatable("maximize"),
    JobKind.ZOOM: translatable("zoom"),
    JobKind.ADVERSARY: translatable("adversary"),
}
"""Translatable, for results are listed by these names."""

__all__ = ["JobKind"]
