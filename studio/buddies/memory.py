"""What a match leaves behind, so that a click, a drag and a question after it need no second look at the pictures."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace

from torch import Tensor

from studio.backbones.backbone import Backbone
from studio.buddies.carry import Scene
from studio.buddies.options import MatchOptions
from studio.buddies.plan import Plan
from studio.buddies.trail import Trail
from studio.picture import Picture

MOST_TRAILS = 8
"""Of matches of a part, and of the one before them, that are kept."""

Maps = dict[int, Tensor]

MOST_BYTES = 1 << 30
"""Of features that are kept; two pictures at 448 px take 0.1 GB with BuddyNet, 0.2 GB with VGG-19."""


@dataclass(frozen=True, eq=False)
class Look:
    """The features of one picture, (1, C, h, w) by level number, as the network saw it at `size`."""

    picture: weakref.ref[Picture]
    backbone: weakref.ref[Backbone]
    size: tuple[int, int]
    plain: bool
    maps: Maps

    @classmethod
    def of(cls, picture: Picture, backbone: Backbone, size: tuple[int, int], plain: bool, maps: Maps) -> Look:
        """With a dictionary of its own. `maps` are (1, C, h, w) by number of level."""
        return cls(weakref.ref(picture), weakref.ref(backbone), size, plain, dict(maps))

    def is_of(self, picture: Picture, backbone: Backbone, size: tuple[int, int], plain: bool, finest: int) -> bool:
        """Whether all that is asked for is here."""
        same = self.picture() is picture and self.backbone() is backbone
        return same and self.size == size and self.plain == plain and finest in self.maps

    def same_as(self, other: Look) -> bool:
        """Whether the very same maps are in both."""
        return self.maps.keys() == other.maps.keys() and all(self.maps[key] is other.maps[key] for key in self.maps)

    @property
    def nbytes(self) -> int:
        return sum(map_.numel() * map_.element_size() for map_ in self.maps.values())


@dataclass(frozen=True, eq=False)
class Remembered:
    """Two pictures as the network saw them, and how their matches that have ended went, the last one first."""

    plan: Plan
    options: MatchOptions
    a: Look
    b: Look
    scene: Scene
    trails: tuple[Trail, ...] = ()


class MatchMemory:
    """Holds the features of the last two pictures that were matched, and the trail of that match.

    The window keeps one, hands it to `find_buddies`, `rematch`, `propose` and the questions of
    `studio.buddies.explain`, and clears it when a picture is closed. It may be read from one thread while a job
    on another one fills it: what is in it is replaced as a whole, never changed.

    Parameters
    ----------
    most_bytes : int
        If all features take more, the finest levels are dropped. Proposals then end at a coarser level; another
        match looks at the pictures again.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._held: Remembered | None = None

    def __bool__(self) -> bool:
        """Whether there is anything to ask about."""
        return self._held is not None

    @property
    def held(self) -> Remembered | None:
        """What is remembered."""
        return self._held

    @property
    def nbytes(self) -> int:
        """Of the features."""
        held = self._held
        return held.a.nbytes + held.b.nbytes if held else 0

    def look_of(
        self, picture: Picture, backbone: Backbone, size: tuple[int, int], plain: bool, finest: int
    ) -> Look | None:
        """The features of a picture if they are here, whichever of the two it was."""
        held = self._held
        looks = (held.a, held.b) if held else ()
        return next((look for look in looks if look.is_of(picture, backbone, size, plain, finest)), None)

    def looked(self, plan: Plan, options: MatchOptions, a: Look, b: Look) -> None:
        """Take over what was seen. The trails stay if nothing has changed."""
        for number in sorted({*a.maps, *b.maps})[:-1]:
            if a.nbytes + b.nbytes <= self.most_bytes:
                break
            for look in (a, b):
                look.maps.pop(number, None)
        held = self._held
        if held is None or held.plan != plan or not (held.a.same_as(a) and held.b.same_as(b)):
            self._held = Remembered(plan, options, a, b, Scene(plan, a.maps, b.maps))
        else:
            self._held = replace(held, options=options)

    def swapped(self) -> MatchMemory:
        """A new one that holds the same with the pictures exchanged."""
        other = MatchMemory(self.most_bytes)
        if (held := self._held) is not None:
            trails = tuple(trail.swapped() for trail in held.trails)
            plan, scene = held.plan.swapped(), Scene(held.plan.swapped(), held.b.maps, held.a.maps)
            other._held = Remembered(plan, held.options, held.b, held.a, scene, trails)
        return other

    def finished(self, trail: Trail) -> None:
        """Take over the trail of a match of the pictures that were looked at; of a part it adds to what is here."""
        if self._held is not None:
            self._held.scene.warm()
            self._held = replace(
                self._held, trails=(trail,) if trail.window is None else (trail, *self._held.trails)[:MOST_TRAILS]
            )

    def clear(self) -> None:
        """Forget everything."""
        self._held = None
