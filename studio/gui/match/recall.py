"""What the last match leaves behind, asked off the GUI thread: proposals, provenance, and why a place has no pair."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from studio.arrays import Point, Side
from studio.buddies.answers import Absence, Proposal, SimilarityMap, Step
from studio.features.store import FeatureStore
from studio.gui.canvas.state import StudioState
from studio.live import LiveWorker
from studio.pairs import PointPair
from studio.picture import Picture
from studio.progress import Progress

if TYPE_CHECKING:
    from studio.buddies import MatchMemory


class MemoryHolder:
    """The one `MatchMemory` of a window, made on the thread that first needs it, for that imports torch."""

    def __init__(self, store: FeatureStore) -> None:
        """`store` owns the features, and shares them with other modes."""
        self._store = store
        self._lock = threading.Lock()
        self._memory: MatchMemory | None = None

    def get(self) -> MatchMemory:
        """To be called off the GUI thread."""
        with self._lock:
            if self._memory is None:
                from studio.buddies import MatchMemory

                self._memory = MatchMemory(store=self._store)
            return self._memory


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a pair was found: a step for each level, coarse to fine, and what A's cell saw in B at each of them."""

    pair: PointPair
    steps: tuple[Step, ...]
    similarity_maps: tuple[SimilarityMap | None, ...]


class _Responder:
    """Answers on the worker's thread; requests are functions of the memory."""

    def __init__(self, holder: MemoryHolder) -> None:
        self._holder = holder

    def answer(self, request: Callable[[MatchMemory], Any]) -> Any:
        return request(self._holder.get())

    def rest(self) -> Progress | None:
        return None

    def close(self) -> None:
        pass


class Recall(QObject):
    """Asks; the answers come as signals. What belongs to other pictures is not asked for."""

    proposed = Signal(int, str, object)
    """(number of the pair, side that was clicked on, Proposal)"""
    explained = Signal(object)
    """(Explanation, or None if there is none)"""
    answered_why = Signal(str, object, object)
    """(side, point, Absence or None)"""
    failed = Signal(str, str)
    """(sentence, details)"""
    features_asked = Signal()
    """The pictures must be looked at first; `has_features` is to be called afterwards."""

    def __init__(self, state: StudioState, holder: MemoryHolder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._pictures: tuple[Picture | None, Picture | None] = (None, None)
        self._wanted: tuple[int, Side] | None = None
        # Two of them, for a worker keeps one request only, and a new pair asks for both.
        self._proposer = LiveWorker("propose", _Responder(holder), self)
        self._explainer = LiveWorker("explain", _Responder(holder), self)
        self._proposer.answered.connect(self._on_proposed)
        self._explainer.answered.connect(self._on_explained)
        for worker in (self._proposer, self._explainer):
            worker.failed.connect(self._on_failed)

    @property
    def is_ready(self) -> bool:
        """Whether the network has looked at the pictures that are open."""
        a, b = self._state.picture("A"), self._state.picture("B")
        return a is not None and b is not None and self._pictures == (a, b)

    def has_features(self, a: Picture, b: Picture) -> None:
        """The memory knows these pictures now."""
        self._pictures = (a, b)
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self.propose(*wanted)

    def propose(self, number: int, side: Side) -> None:
        """Find a better place for the partner of a new pair."""
        pair = self._state.pairs.by_id(number)
        if pair is None:
            return
        if not self.is_ready:
            self._wanted = (number, side)
            self.features_asked.emit()
            return
        point, others = (pair.a if side == "A" else pair.b), self._state.pairs.without([number])

        def request(memory: MatchMemory) -> Proposal | None:
            from studio.buddies import propose

            return propose(memory, side, point, others)

        self._proposer.ask(request, (number, side, pair))

    def explain(self, pair: PointPair) -> None:
        """Find out how a pair was found."""
        if not self.is_ready:
            self.explained.emit(None)
            return

        def request(memory: MatchMemory) -> Explanation | None:
            from studio.buddies import provenance, similarity_map

            if not memory:
                return None
            steps = provenance(memory, pair)
            # Of B, as seen from the pair's cell of A.
            return Explanation(pair, steps, tuple(similarity_map(memory, pair, step.level, "A") for step in steps))

        self._explainer.ask(request, "explain")

    def ask_why(self, side: Side, point: Point) -> None:
        """Find out why there is no pair at a place."""
        if not self.is_ready:
            self.answered_why.emit(side, point, None)
            return

        def request(memory: MatchMemory) -> Absence | None:
            from studio.buddies import why_not

            return why_not(memory, point, side)

        self._explainer.ask(request, (side, point))

    def drop(self) -> None:
        """Nobody waits for an explanation any more."""
        self._explainer.drop()

    def shutdown(self, timeout: float) -> bool:
        """End both threads."""
        stopped = [worker.shutdown(timeout) for worker in (self._proposer, self._explainer)]
        return all(stopped)

    def _on_proposed(self, tag: tuple[int, Side, PointPair], proposal: Proposal | None) -> None:
        number, side, asked = tag
        # One that was moved meanwhile is where somebody wants it.
        if proposal is not None and self._state.pairs.by_id(number) == asked:
            self.proposed.emit(number, side, proposal)

    def _on_explained(self, tag: object, answer: object) -> None:
        if not self.is_ready:
            return
        if tag == "explain":
            self.explained.emit(answer)
        elif isinstance(tag, tuple):
            self.answered_why.emit(tag[0], tag[1], answer)

    def _on_failed(self, _: object, sentence: str, details: str) -> None:
        self.failed.emit(sentence, details)


__all__ = ["Explanation", "MemoryHolder", "Recall"]
