"""Pictures besides A and B that panels list: kept in the project with what belongs to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.document import Document, FurtherPicture
from studio.gui.canvas.state import Content
from studio.picture import Picture

Listed = tuple[Picture, Mapping[str, Any]]
"""A picture, and plain values of what belongs to it."""


@dataclass(frozen=True, eq=False)
class KeptPictures:
    """A part of the state that lists pictures.

    Attributes
    ----------
    part : str
        Its name.
    kind : str
        What the places of its pictures are called in a project, in letters.
    write : callable
        Gives what a project keeps of a value of the part.
    read : callable
        Makes a value of that again; it is also given the document, and takes any values: a file may hold anything.
    """

    part: str
    kind: str
    write: Callable[[Any], Sequence[Listed]]
    read: Callable[[Sequence[Listed], Document], Any]

    def saved(self, content: Content) -> tuple[FurtherPicture, ...]:
        """The pictures of that content, each with a place."""
        listed = self.write(content.parts[self.part])
        return tuple(
            FurtherPicture(f"{self.kind}-{number:03}", picture, values)
            for number, (picture, values) in enumerate(listed, 1)
        )

    def taken(self, document: Document) -> Any:
        """The value of the part in a document that was opened."""
        mine = [one for one in document.further if one.place.startswith(f"{self.kind}-")]
        return self.read([(one.picture, one.values) for one in mine], document)


def saved_pictures(kept: Iterable[KeptPictures], content: Content) -> tuple[FurtherPicture, ...]:
    """All that are listed anywhere."""
    return tuple(one for some in kept for one in some.saved(content))
