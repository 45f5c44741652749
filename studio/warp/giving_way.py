"""Which pairs a warp can be made of: those that cross give way, and those that contradict are left out.

Whether a warp folds is not guessed from the pairs but asked of the warp itself. What is tried, in this order, until
nothing folds: the pairs as they are; those that cross moved a little (`studio.warp.untangle`); the same without the
pair that contradicts its neighbours most, without the next one, and so on. What was left out without need comes back
in the end. Where nothing helps the pairs stay as they fold least: it never gets worse than it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from studio.arrays import Indices, Points, Size
from studio.warp.best_map import best_map, contradictions
from studio.warp.field import Field
from studio.warp.jacobian import foldover
from studio.warp.untangle import SHARE, untangled

Judge = Callable[[Points, Points, int], tuple[Field, Field]]
"""From points of A and of B, (N, 2), and the longest side of the frame to look at, to the fields into A in B's shape
and into B in A's."""


CONTRADICTS = 1.0
"""From here on a pair's rest differs from those of its neighbours by more than they are apart: it is wrong, and giving
way to it would only draw the right ones along."""

GLANCE, CLOSE_LOOK = 240, 1280
"""Longest sides of the frames in which folds are looked for: quickly, and at last. Larger frames fold where this one
does, to a part of its cells of 4 pixels."""

_AT_ONCE = 24
"""One of so many pairs is left out in a step, one at least."""

_FEW, _CHOICES = 64, 3
"""Up to so many pairs they are left out one by one, and so many are tried each time, for the one that helps most."""

_TOGETHER, _COME_BACK = 8, 100
"""Of more pairs so many that were left out are tried again together, then each half of them; so many tries in all."""

_WAYS: tuple[tuple[float, bool], ...] = ((SHARE, False), (0.4 * SHARE, False), (SHARE, True))
"""How pairs are moved, the mildest first: the share of `untangled`, and whether they give way to the pins too."""


@dataclass(frozen=True, eq=False)
class Given:
    """What became of the pairs.

    Attributes
    ----------
    kept : (K,)
        Indices of the pairs that are used, ascending.
    a, b : (K, 2)
        Where their points are now.
    share : float
        Share of the frame that folds.
    """

    kept: Indices
    a: Points
    b: Points
    share: float


def give_way(a: Points, b: Points, held: npt.NDArray[np.bool_], size: Size, pins: Points, judge: Judge) -> Given:
    """Have the pairs that are not held give way until the warp through them does not fold, as far as that goes.

    Parameters
    ----------
    a, b : (N, 2)
        The pairs, in pixels of the frame of `size`.
    held : (N,) bool
        Pairs that are neither moved nor left out.
    pins : (K, 2)
        Places that lie still in both pictures.
    judge : callable
        `Judge`.
    """
    search = _Search(a, b, held, size, pins, judge)
    as_it_was = search.as_it_was()
    if as_it_was.share == 0.0 or held.all() or best_map(a, b).mirrored:
        return as_it_was
    found = search.run(as_it_was)
    # Where held pairs fold by themselves others may happen to flatten that: it must not get worse.
    return min((as_it_was, search.closely(found)), key=lambda one: one.share)


class _Search:
    def __init__(
        self, a: Points, b: Points, held: npt.NDArray[np.bool_], size: Size, pins: Points, judge: Judge
    ) -> None:
        self._a, self._b, self._held, self._size, self._pins, self._judge = a, b, held, size, pins, judge
        self._looks = (GLANCE, CLOSE_LOOK) if max(size) > GLANCE else (CLOSE_LOOK,)
        self._ways = tuple(range(1, len(_WAYS) + 1))
        # What the held pairs fold by themselves nobody else can help.
        self._given = {look: self._folded(a[held], b[held], look) if held.any() else 0.0 for look in self._looks}

    def as_it_was(self) -> Given:
        return self.closely(Given(np.arange(len(self._a)), self._a, self._b, 0.0))

    def run(self, as_it_was: Given) -> Given:
        """A subset, moved or not, that folds no more than the held pairs alone: that of these alone at the worst."""
        kept = self._without_the_wrong(as_it_was.kept)
        found = self._mildest(kept) or self._flattest(kept)
        while found.share > 0.0 and not self._held[kept].all():
            choices = [self._flattest(fewer) for fewer in self._without_one_of_the_worst(found)]
            found = min(choices, key=lambda one: one.share)
            kept = found.kept
        found = self._mildest(kept) or found
        return self._with_returned(found)

    def closely(self, given: Given) -> Given:
        """With the share that the badge will show."""
        return replace(given, share=self._folded(given.a, given.b, CLOSE_LOOK))

    def _folded(self, a: Points, b: Points, look: int) -> float:
        return foldover(*self._judge(a, b, look)).share

    def _judged(self, kept: Indices, a: Points, b: Points) -> Given:
        """With the share that folds beyond what is given; a close look only where a glance finds nothing."""
        share = 0.0
        for look in self._looks:
            share = max(0.0, self._folded(a, b, look) - self._given[look])
            if share:
                break
        return Given(kept, a, b, share)

    def _moved(self, kept: Indices, way: int) -> Given:
        """These pairs as they are, for 0, or moved in one of the ways."""
        a, b = self._a[kept], self._b[kept]
        if way:
            share, gives = _WAYS[way - 1]
            pins = self._pins if gives else None
            a, b = untangled(a, b, self._held[kept], share, self._size, pins)
        return self._judged(kept, a, b)

    def _mildest(self, kept: Indices) -> Given | None:
        """These pairs, moved no more than is needed for nothing to fold; None if it folds all the same."""
        tried = (self._moved(kept, way) for way in range(len(_WAYS) + 1))
        return next((one for one in tried if one.share == 0.0), None)

    def _degrees(self, kept: Indices) -> npt.NDArray[np.float64]:
        a, b = self._a[kept], self._b[kept]
        return contradictions(best_map(a, b)(a), b)

    def _flattest(self, kept: Indices) -> Given:
        """These pairs, moved in the way that folds least; of many, in that which did so first."""
        tried = {way: self._moved(kept, way) for way in self._ways}
        best = min(tried, key=lambda way: tried[way].share)
        if len(kept) > _FEW:
            self._ways = (best,)
        return tried[best]

    def _without_the_wrong(self, kept: Indices) -> Indices:
        """One after the other: who is left alone among the wrong looks wrong as well."""
        while len(kept):
            degrees = np.where(self._held[kept], 0.0, self._degrees(kept))
            worst = int(degrees.argmax())
            if degrees[worst] < CONTRADICTS:
                break
            kept = np.delete(kept, worst)
        return kept

    def _without_one_of_the_worst(self, given: Given) -> list[Indices]:
        """What to go on with: without a pair that contradicts its neighbours and is next to what folds.

        Of a few pairs each of the worst may be the one; of many, several are left out at once.
        """
        from scipy.spatial import cKDTree

        kept = given.kept
        blame = np.zeros(len(kept))
        fields = (self._judge(given.a, given.b, look) for look in self._looks)
        shown = next(one for one in fields if not foldover(*one).bijective)
        for field, points in zip(shown, (given.b, given.a), strict=True):
            places = (foldover(field).places + 0.5) * (np.asarray(self._size) / field.size) - 0.5
            if len(places):
                near = cKDTree(points).query(places, min(3, len(points)))[1]
                blame += np.bincount(near.reshape(-1), minlength=len(kept)) / near.size
        # Everyone is a little to blame: it goes on where all that is next to a fold is held.
        guilt = np.where(self._held[kept], 0.0, (0.05 + self._degrees(kept)) * (1e-3 + blame))
        worst = np.argsort(-guilt, kind="stable")
        worst = worst[guilt[worst] > 0.0]
        if len(kept) > _FEW:
            return [np.delete(kept, worst[: max(1, len(kept) // _AT_ONCE)])]
        return [np.delete(kept, one) for one in worst[:_CHOICES]]

    def _with_returned(self, found: Given) -> Given:
        """Whoever folds nothing where it was comes back, those first who contradict least; of many in groups."""
        out = np.setdiff1d(np.arange(len(self._a)), found.kept)
        out = out[np.argsort(self._degrees(np.arange(len(self._a)))[out], kind="stable")]
        few = len(self._a) <= _FEW
        groups = deque(np.array_split(out, max(1, len(out) // (1 if few else _TOGETHER))))
        for _ in range(_COME_BACK):
            if not groups:
                break
            group = groups.popleft()
            again = self._joined(found, group)
            if again.share > 0.0 and few:
                again = self._mildest(again.kept) or again
            if again.share == 0.0:
                found = again
            elif len(group) > 1:
                groups.extend(np.array_split(group, 2))
        return found

    def _joined(self, found: Given, group: Indices) -> Given:
        """With these pairs where they were."""
        kept = np.concatenate([found.kept, group])
        order = np.argsort(kept)
        a, b = (
            np.concatenate([moved, points[group]])[order] for moved, points in ((found.a, self._a), (found.b, self._b))
        )
        return self._judged(kept[order], a, b)
