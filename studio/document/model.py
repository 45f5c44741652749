"""One state of a project: everything that its file holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.document.changes import OptionsChange, RegionsChange
from studio.document.painted import Mask, Regions
from studio.pairs import PairChange, PairSet
from studio.picture import Picture

SUFFIX = ".buddies"
HISTORY_LIMIT = 500
"""Steps of undo that are kept."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the history: what was done, in words for a person, and what it did.

    `change` is what it did to the pairs; `regions` is None where it left the painted regions as they were.
    """

    text: str
    change: PairChange
    options: OptionsChange = field(default_factory=OptionsChange)
    regions: RegionsChange | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it changed nothing that a document keeps."""
        return self.change.is_empty and not self.options.knobs and self.regions is None


@dataclass(frozen=True, slots=True)
class Result:
    """Something that was made of the pictures and is kept with them.

    Attributes
    ----------
    kind : str
        The mode that made it ("match", "style").
    name : str
        What to call it.
    recipe : dict
        Plain values, fit for JSON, from which it can be made again: options, network, versions.
    content : bytes
        The file of the result (a PNG, say); empty if the recipe says it all.
    made : str
        When, as ISO 8601.
    """

    kind: str
    name: str
    recipe: Mapping[str, Any]
    content: bytes = field(default=b"", repr=False)
    made: str = ""


@dataclass(frozen=True, slots=True)
class FurtherPicture:
    """A picture besides A and B.

    `place` says what it is there for, and sorts them ("style-001"); `values` are plain and say what else belongs to it.
    """

    place: str
    picture: Picture
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Document:
    """Immutable: an edit makes another one, and what did not change is shared, so that keeping one costs nothing.

    Attributes
    ----------
    a, b : Picture or None
    pairs : PairSet
        In full-size pixels, as everywhere.
    levels : dict
        The pairs that the last match found at each pyramid level.
    options : dict
        Plain values of the options of every mode, by its name.
    view : dict
        Plain values: where the window looked, and at what. Changes of it are no edits.
    results : tuple of Result
    history : tuple of Step
        From the oldest to the newest, those that were undone included.
    position : int
        How many steps of the history are done: `pairs` is the state after that many.
    modified : bool
        Whether there are edits that the project's own file does not have.
    regions : tuple of PaintedRegion
        Parts of both pictures that were painted by hand.
    further : tuple of FurtherPicture
        Each at another place.
    """

    a: Picture | None = None
    b: Picture | None = None
    pairs: PairSet = field(default_factory=PairSet)
    levels: Mapping[int, PairSet] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    view: Mapping[str, Any] = field(default_factory=dict)
    results: tuple[Result, ...] = ()
    history: tuple[Step, ...] = ()
    position: int = 0
    modified: bool = False
    regions: Regions = ()
    further: tuple[FurtherPicture, ...] = ()

    def picture(self, side: str) -> Picture | None:
        """The picture on side "A" or "B"."""
        return self.a if side == "A" else self.b

    @property
    def pictures(self) -> dict[str, Picture]:
        """All there are, by their places; those of A and B are called so."""
        sides = {side: picture for side, picture in (("A", self.a), ("B", self.b)) if picture is not None}
        return {**sides, **{one.place: one.picture for one in self.further}}

    @property
    def masks(self) -> dict[str, Mask]:
        """Those of the regions, and those that undo and redo need, by their keys."""
        found = [mask for region in self.regions for mask in region.masks]
        for step in self.history:
            if step.regions is not None:
                found.extend(step.regions.masks)
        return {mask.key: mask for mask in found}

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be lost with it."""
        return self.a is None and self.b is None and not self.pairs and not self.results
