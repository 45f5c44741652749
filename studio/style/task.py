"""All that a style to be made depends on, as one value; nothing here needs torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from studio.backbones.choice import DEFAULT_NETWORK, NetworkChoice
from studio.job_kinds import JobKind
from studio.language import listed
from studio.pairs import PairSet
from studio.picture import Picture
from studio.style.model import Region, StyleSource
from studio.style.options import InstantOptions, InversionOptions, StyleOptions, TextureOptions

if TYPE_CHECKING:
    from studio.style.state import StyleState

AnyOptions = StyleOptions | InstantOptions | TextureOptions | InversionOptions

OPTIONS: Mapping[JobKind, type[StyleOptions] | type[InstantOptions] | type[TextureOptions] | type[InversionOptions]] = {
    JobKind.STYLE: StyleOptions,
    JobKind.INSTANT: InstantOptions,
    JobKind.TEXTURE: TextureOptions,
    JobKind.INVERSION: InversionOptions,
}
"""The kinds of style jobs, and the options of each."""
STYLED = (JobKind.STYLE, JobKind.INSTANT)
"""What gives a content the look of style pictures."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The file of a feed-forward network, and which of its styles, by its name or its number from 0."""

    file: Path
    style: str | int = 0


@dataclass(frozen=True, eq=False)
class StyleTask:
    """What command line, window and recipes hand to `studio.style.styling`; the options say what kind of job it is.

    Attributes
    ----------
    content : Picture or None
        Whose shapes are kept, or what is inverted; a texture has none.
    styles : tuple of StyleSource
        The pictures whose look is taken; of a texture the example alone.
    pairs : PairSet
        From `content` to the first style picture; perhaps none.
    regions : tuple of Region
        Painted in `content` and the style pictures.
    start : Picture or None
        What an optimisation starts from, where its options say "picture".
    draft : Draft or None
        Makes that start of the content.
    checkpoint : Path or None
        Where an optimisation is kept up to date.
    resume : StyleState, Path, bytes or None
        Where an optimisation stood, to be taken up.
    variant : str
        What tells it from others beside it, for people.
    """

    options: AnyOptions
    content: Picture | None = None
    styles: tuple[StyleSource, ...] = ()
    pairs: PairSet = field(default_factory=PairSet)
    regions: tuple[Region, ...] = field(default=(), repr=False)
    network: NetworkChoice = DEFAULT_NETWORK
    start: Picture | None = None
    draft: Draft | None = None
    checkpoint: Path | None = None
    resume: StyleState | Path | bytes | None = None
    variant: str = ""

    @property
    def kind(self) -> JobKind:
        """What is made."""
        return next(kind for kind, options in OPTIONS.items() if isinstance(self.options, options))

    @property
    def title(self) -> str:
        """What the list of jobs calls it."""
        names = listed(source.picture.name for source in self.styles)
        return self.kind.title(name="" if self.content is None else self.content.name, names=names)


__all__ = ["OPTIONS", "STYLED", "AnyOptions", "Draft", "StyleTask"]
