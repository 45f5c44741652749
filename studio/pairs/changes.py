"""What one edit did to a set of pairs: small enough to be kept for every step of a long history."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from studio.language import tr
from studio.pairs.model import PairsError, PairSet, PointPair, pair_from_row, whole

_FIELDS = ("id", "a", "b", "rank", "confidence", "level", "origin", "locked", "enabled")


@dataclass(frozen=True, slots=True)
class PairChange:
    """The pairs that an edit removed or replaced, and what stands for them afterwards.

    `order_before` and `order_after` hold all numbers in order, or are None where the edit left the numbers as they
    were. `PairChange.between(x, y).apply(x) == y`, and `.undo(y) == x`.
    """

    before: tuple[PointPair, ...]
    after: tuple[PointPair, ...]
    order_before: tuple[int, ...] | None = None
    order_after: tuple[int, ...] | None = None

    @classmethod
    def between(cls, before: PairSet, after: PairSet) -> PairChange:
        """What turns `before` into `after`."""
        if before is after:  # most steps are about something else, and sets may be large
            return cls((), ())
        old, new = {pair.id: pair for pair in before}, {pair.id: pair for pair in after}
        removed = tuple(pair for pair in before if new.get(pair.id) != pair)
        added = tuple(pair for pair in after if old.get(pair.id) != pair)
        if before.ids == after.ids:
            return cls(removed, added)
        return cls(removed, added, before.ids, after.ids)

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing."""
        return not (self.before or self.after) and self.order_before == self.order_after

    def apply(self, pairs: PairSet) -> PairSet:
        """`pairs` after the edit. Raises `PairsError` if it is not what the edit began with."""
        return _replaced(pairs, self.before, self.after, self.order_before, self.order_after)

    def undo(self, pairs: PairSet) -> PairSet:
        """`pairs` before the edit. Raises `PairsError` if it is not what the edit ended with."""
        return _replaced(pairs, self.after, self.before, self.order_after, self.order_before)

    def to_json(self) -> str:
        """Text that `from_json` reads back."""
        values: dict[str, Any] = {"before": [_row(pair) for pair in self.before]}
        values["after"] = [_row(pair) for pair in self.after]
        if self.order_after is not None:
            values["order"] = [self.order_before, self.order_after]
        return json.dumps(values, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> PairChange:
        """Raises `PairsError`."""
        try:
            values = json.loads(text)
            before, after = (tuple(_pair(row) for row in values[key]) for key in ("before", "after"))
            orders = [tuple(whole(number) for number in order) for order in values.get("order", ())]
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise PairsError(tr("A step of the history can't be read ({error}).", error=error)) from error
        if len(orders) not in (0, 2):
            raise PairsError(tr("A step of the history has half an order."))
        return cls(before, after, *orders)


def _replaced(
    pairs: PairSet,
    gone: tuple[PointPair, ...],
    come: tuple[PointPair, ...],
    order_now: tuple[int, ...] | None,
    order_then: tuple[int, ...] | None,
) -> PairSet:
    held = {pair.id: pair for pair in pairs}
    if any(held.pop(pair.id, None) != pair for pair in gone) or order_now not in (None, pairs.ids):
        raise PairsError(tr("A step of the history does not fit the pairs."))
    held.update((pair.id, pair) for pair in come)
    order = pairs.ids if order_then is None else order_then
    if len(held) != len(order) or set(order) != set(held):
        raise PairsError(tr("A step of the history does not fit the pairs."))
    return PairSet(tuple(held[number] for number in order))


def _row(pair: PointPair) -> list[Any]:
    return [getattr(pair, name) for name in _FIELDS]


def _pair(row: Any) -> PointPair:
    return pair_from_row(dict(zip(_FIELDS, row, strict=True)), tr("the history"), 0)
