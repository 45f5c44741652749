"""What a match leaves behind, so that a click, a drag and a question after it need no second look at the pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from studio.backbones.backbone import Backbone
from studio.buddies.match_trace import MatchTrace
from studio.buddies.options import MatchOptions
from studio.buddies.plan import Plan
from studio.buddies.transfer import FeaturePair
from studio.features.store import MOST_BYTES, Features, FeatureStore, PairFeatures
from studio.picture import Picture
from studio.turns import Turn

MOST_TRACES = 8
"""Of matches of a part, and of the one before them, that are kept."""

Maps = dict[int, Tensor]


@dataclass(frozen=True, eq=False)
class Remembered:
    """Two pictures as the network saw them, and how their matches that have ended went, the last one first."""

    plan: Plan
    options: MatchOptions
    a: Features
    b: Features
    feature_pair: FeaturePair
    traces: tuple[MatchTrace, ...] = ()


class MatchMemory:
    """What the last match compared, and the trace of that match; the features themselves are a store's.

    The window keeps one, hands it to `find_buddies`, `rematch`, `propose` and the questions of
    `studio.buddies.explain`, and clears it when a picture is closed. It may be read from one thread while a job
    on another one fills it: what is in it is replaced as a whole, never changed.

    Parameters
    ----------
    most_bytes : int
        If the features take more, see `studio.features.FeatureStore`. Proposals then end at a coarser level; another
        match computes again what is missing.
    store : FeatureStore, optional
        Who owns the features; one that others share already, by default one of its own.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, store: FeatureStore | None = None) -> None:
        self.store = FeatureStore(most_bytes) if store is None else store
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
        """Of the features that the match compared."""
        held = self._held
        return PairFeatures(held.a, held.b).nbytes if held else 0

    def remember_features(self, plan: Plan, options: MatchOptions, a: Features, b: Features) -> None:
        """Take over what was seen, and give it to the store. The traces stay if nothing has changed."""
        pair = self.store.keep(PairFeatures(a, b, matched=True))
        held = self._held
        if held is None or held.plan != plan or not (_same(held.a, pair.a) and _same(held.b, pair.b)):
            self._held = Remembered(plan, options, pair.a, pair.b, FeaturePair(plan, pair.a.maps, pair.b.maps))
        else:
            self._held = replace(held, options=options)

    def turns_of(self, a: Picture, b: Picture, backbone: Backbone) -> tuple[Turn, Turn] | None:
        """How the pictures have to be turned, if that was asked of these two and this network."""
        held = self._held
        if held is None or not held.options.tries_turns:
            return None
        same = held.a.picture() is a and held.b.picture() is b and held.a.backbone() is backbone
        return (held.plan.turn_a, held.plan.turn_b) if same else None

    def swapped(self) -> MatchMemory:
        """A new one that holds the same with the pictures exchanged."""
        other = MatchMemory(store=self.store)
        if (held := self._held) is not None:
            traces = tuple(trace.swapped() for trace in held.traces)
            plan, feature_pair = held.plan.swapped(), FeaturePair(held.plan.swapped(), held.b.maps, held.a.maps)
            other._held = Remembered(plan, held.options, held.b, held.a, feature_pair, traces)
        return other

    def finished(self, trace: MatchTrace) -> None:
        """Take over the trace of a match of the pictures that were looked at; of a part it adds to what is here."""
        if self._held is not None:
            self._held.feature_pair.warm()
            self._held = replace(
                self._held, traces=(trace,) if trace.window is None else (trace, *self._held.traces)[:MOST_TRACES]
            )

    def clear(self) -> None:
        """Forget everything, and let the store forget it too."""
        self._held = None
        self.store.clear()


def _same(one: Features, other: Features) -> bool:
    """Whether the very same maps are in both."""
    return one.maps.keys() == other.maps.keys() and all(one.maps[key] is other.maps[key] for key in one.maps)
