"""The one owner of the features of two pictures: what a match computed is what Inspect hovers, and the other way round.

Imports no torch, so that the window can make the store before the network is there.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from studio.arrays import Size
from studio.picture import Picture
from studio.turns import UPRIGHT, Turn

if TYPE_CHECKING:
    from torch import Tensor

    from studio.backbones.backbone import Backbone

MOST_BYTES = 1 << 30
"""Of features that are kept; two pictures at 448 px take 0.1 GB with BuddyNet, 0.2 GB with VGG-19."""


@dataclass(frozen=True, eq=False)
class Features:
    """The features of one picture.

    Attributes
    ----------
    picture, backbone : weak references
        Nobody keeps a picture or a network loaded by keeping its features. A network is one of a file of weights on a
        device (`studio.backbones.load_backbone` hands out the same one for the same of both).
    size : (int, int)
        At which the network saw the picture, pixels, before it was turned.
    plain : bool
        Whether the layers were computed in the plain order of memory (`studio.features.pyramid.plain_stages`), which
        rounds differently.
    maps : mapping of int to Tensor
        Number of a level to (1, C, h, w), any range; zero in cells of which nothing is to be seen. Of the turned
        picture.
    turn : Turn
        How the picture was turned for the network.
    """

    picture: weakref.ref[Picture]
    backbone: weakref.ref[Backbone]
    size: Size
    plain: bool
    maps: Mapping[int, Tensor]
    turn: Turn = UPRIGHT

    def is_of(self, picture: Picture, backbone: Backbone, size: Size, plain: bool, turn: Turn) -> bool:
        """Whether they are what this network says of this picture at this size, turned like this."""
        same = self.picture() is picture and self.backbone() is backbone
        return same and self.size == size and self.plain == plain and self.turn == turn

    def without(self, level: int) -> Features:
        """The same without the map of a level."""
        return replace(self, maps={number: map_ for number, map_ in self.maps.items() if number != level})

    @property
    def nbytes(self) -> int:
        return _bytes([self])


@dataclass(frozen=True, eq=False)
class PairFeatures:
    """The features of picture A and of picture B by one network, and whether a match compared them."""

    a: Features
    b: Features
    matched: bool = False

    @property
    def nbytes(self) -> int:
        return _bytes([self.a, self.b])

    def without(self, level: int) -> PairFeatures:
        """The same without the maps of a level."""
        return replace(self, a=self.a.without(level), b=self.b.without(level))

    def is_of(self, a: Picture, b: Picture) -> bool:
        """Whether they are of these two pictures, in this order."""
        return self.a.picture() is a and self.b.picture() is b

    def swapped(self) -> PairFeatures:
        """With the pictures exchanged."""
        return replace(self, a=self.b, b=self.a)


def _bytes(features: Iterable[Features]) -> int:
    """Of all maps, each counted once though it may be in several."""
    maps = {id(map_): map_ for one in features for map_ in one.maps.values()}
    return sum(map_.numel() * map_.element_size() for map_ in maps.values())


class FeatureStore:
    """Keeps the features of pairs of pictures, the newest first, up to a limit in bytes.

    It may be read from one thread while a job on another one fills it: what is in it is replaced as a whole.

    Parameters
    ----------
    most_bytes : int
        Beyond it the pair that was used longest ago leaves. If one pair alone takes more, its finest levels leave: they
        are the largest, and the questions about the coarser ones can still be answered.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._pairs: tuple[PairFeatures, ...] = ()

    @property
    def nbytes(self) -> int:
        """Of the features, at most `most_bytes`."""
        return _bytes(side for pair in self._pairs for side in (pair.a, pair.b))

    def __len__(self) -> int:
        """How many pairs are kept."""
        return len(self._pairs)

    def find(
        self, picture: Picture, backbone: Backbone, size: Size, plain: bool = False, turn: Turn = UPRIGHT
    ) -> Features | None:
        """What is known of a picture, whichever of two it was; of several the one with most levels."""
        sides = (side for pair in self._pairs for side in (pair.a, pair.b))
        found = [side for side in sides if side.is_of(picture, backbone, size, plain, turn)]
        return max(found, key=lambda side: len(side.maps), default=None)

    def matched(self, a: Picture, b: Picture, backbone: Backbone | None = None) -> PairFeatures | None:
        """The features that the newest match of these two pictures compared, whichever came first then.

        None if there was no such match, or, where `backbone` is given, none with that network.
        """
        for pair in self._pairs:
            if pair.matched and (backbone is None or pair.a.backbone() is backbone):
                if pair.is_of(a, b):
                    return pair
                if pair.is_of(b, a):
                    return pair.swapped()
        return None

    def keep(self, pair: PairFeatures) -> PairFeatures:
        """Keep a pair as the newest one, and hand out what there was room for.

        It takes the place of the one of the same pictures, network, size and turns; that a match compared them stays
        known.
        """
        same = [one for one in self._pairs if _alike(one, pair)]
        others = [one for one in self._pairs if one not in same and _alive(one)]
        pair = replace(pair, matched=pair.matched or any(one.matched for one in same))
        for level in sorted({*pair.a.maps, *pair.b.maps})[:-1]:
            if pair.nbytes <= self.most_bytes:
                break
            pair = pair.without(level)
        pairs = [pair, *others]
        while len(pairs) > 1 and _bytes(side for one in pairs for side in (one.a, one.b)) > self.most_bytes:
            pairs.pop()
        self._pairs = tuple(pairs)
        return pair

    def clear(self) -> None:
        """Forget everything."""
        self._pairs = ()


def _alike(one: PairFeatures, other: PairFeatures) -> bool:
    return all(
        (mine.picture(), mine.backbone(), mine.size, mine.plain, mine.turn)
        == (theirs.picture(), theirs.backbone(), theirs.size, theirs.plain, theirs.turn)
        for mine, theirs in ((one.a, other.a), (one.b, other.b))
    )


def _alive(pair: PairFeatures) -> bool:
    """Whether somebody could still ask: both pictures and the network are there."""
    return None not in (pair.a.picture(), pair.b.picture(), pair.a.backbone())
