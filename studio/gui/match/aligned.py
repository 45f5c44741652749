"""Keeps B on A in step with the pairs: asks a thread of its own for the warp whenever a pair moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import ref

from PySide6.QtCore import QObject, Signal

from studio.arrays import Pixels, Size
from studio.gui.canvas.canvas_view import ViewState
from studio.gui.canvas.state import StudioState
from studio.gui.canvas.viewer import Viewer
from studio.gui.match.aligned_pane import WAYS, AlignedPane
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.settings_store import Settings
from studio.language import tr, trn
from studio.live import LiveWorker
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import Progress

if TYPE_CHECKING:
    from studio.morph.aligned import Ground

PREVIEW_SIDE = 1280
"""Longest side of what is shown: a step of a drag takes some 50 ms then."""
LEAST_PAIRS = 3
"""With fewer hardly more is seen than the pictures stretched onto each other."""


@dataclass(frozen=True, eq=False)
class AlignedRequest:
    """The two pictures, and the pairs to bring B onto A by."""

    a: Picture
    b: Picture
    pairs: PairSet


@dataclass(frozen=True, eq=False)
class AlignedAnswer:
    """`a` and `b`, (h, w, 3|4) uint8, lie on each other; `size` is that of A itself, and `notes` are sentences."""

    request: AlignedRequest
    a: Pixels = field(repr=False)
    b: Pixels = field(repr=False)
    size: Size
    notes: tuple[str, ...]


class AlignedResponder:
    """Answers on the worker's thread, and keeps the pictures at the size shown; a `studio.live.Responder`."""

    def __init__(self) -> None:
        # Not the pictures themselves: they would live on when they are closed.
        self._ground: tuple[ref[Picture], ref[Picture], Ground] | None = None

    def answer(self, request: AlignedRequest) -> AlignedAnswer:
        """Bring B onto A."""
        from studio.morph.aligned import Ground

        kept = self._ground
        if kept is None or kept[0]() is not request.a or kept[1]() is not request.b:
            kept = self._ground = ref(request.a), ref(request.b), Ground(request.a, request.b, PREVIEW_SIDE)
        aligned = kept[2].aligned(request.pairs)
        return AlignedAnswer(request, kept[2].a, aligned.pixels, kept[2].size, aligned.notes)

    def rest(self) -> Progress | None:
        """There is nothing to do ahead."""

    def close(self) -> None:
        """Give the pictures back."""
        self._ground = None


class AlignedController(QObject):
    """Fills the pane while it is switched on and the mode is; it works nothing out otherwise."""

    toggled = Signal(bool)
    """(whether the pane comes): it is there, or will go"""

    def __init__(
        self, state: StudioState, viewer: Viewer, settings: Settings, messages: Messages, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._viewer, self._settings, self._messages = state, viewer, settings, messages
        self._failed = ""
        self._active = False
        self._followed = ViewState()
        self.worker = LiveWorker("aligned", AlignedResponder(), self)
        self.pane = AlignedPane(state)
        place = settings.number("match/aligned_way", 0)
        self.pane.choose_way(int(place) if 0 <= place < len(WAYS) else 0)
        self.pane.view.set_skin(settings.number("match/aligned_skin", 0.5))
        self.pane.way_chosen.connect(lambda place: settings.set_number("match/aligned_way", place))
        self.pane.view.skinned.connect(lambda share: settings.set_number("match/aligned_skin", share))
        self.pane.view.failed.connect(messages.error)
        self.worker.answered.connect(self._on_answer)
        self.worker.failed.connect(self._on_failed)
        state.pairs_changed.connect(self.refresh)
        state.picture_changed.connect(self.refresh)
        state.hovered_changed.connect(self.pane.view.update)
        state.selected_changed.connect(self.pane.view.update)
        viewer.canvas("A").redrawn.connect(self._follow_canvas)

    @property
    def is_on(self) -> bool:
        """Whether the pane is wanted."""
        return self.pane.is_wanted

    def remembered(self) -> bool:
        """Whether it was wanted when the program was closed."""
        return self._settings.flag("aligned", False)

    def set_on(self, on: bool) -> None:
        """Switch the pane on or off, and remember it."""
        self._settings.set_flag("aligned", on)
        if not on:
            self.toggled.emit(False)
        self.pane.set_wanted(on, self._active)
        if on:
            self.toggled.emit(True)
        self.refresh()

    @property
    def is_active(self) -> bool:
        """Whether the mode is on."""
        return self._active

    def set_active(self, active: bool) -> None:
        """Enter the mode, or leave it."""
        self._active = active
        self.refresh()

    def shutdown(self, timeout: float) -> bool:
        """End the thread; False if it is still busy after `timeout` seconds."""
        return self.worker.shutdown(timeout)

    def refresh(self, *_: object) -> None:
        """Ask for what the pairs say now, or say what is missing."""
        a, b = self._state.picture("A"), self._state.picture("B")
        pairs = self._state.in_use(self._state.shown_pairs)
        if not (self._active and self.is_on):
            self.worker.drop()
        elif a is None or b is None:
            self._say(tr("Open two pictures"), tr("B is laid onto A here by the pairs: what is right lies still."))
        elif len(pairs) < LEAST_PAIRS:
            self._say(
                trn(
                    "{number} pair more is needed",
                    "{number} pairs more are needed",
                    LEAST_PAIRS - len(pairs),
                ),
                tr("Run a match, or add pairs by hand (A): then B is laid onto A here."),
            )
        else:
            self.worker.ask(AlignedRequest(a, b, pairs))

    def _say(self, title: str, text: str) -> None:
        self.worker.drop()
        self.pane.set_hint(title, text)

    def _on_answer(self, _: object, answer: AlignedAnswer) -> None:
        request = answer.request
        pictures = self._state.picture("A"), self._state.picture("B")
        if not self.is_on or pictures != (request.a, request.b):
            return
        if len(self._state.in_use(self._state.shown_pairs)) < LEAST_PAIRS:
            return  # what was asked for is gone
        self._failed = ""
        self.pane.show_aligned(answer.a, answer.b, answer.size, answer.notes)

    def _on_failed(self, _: object, sentence: str, details: str) -> None:
        if sentence != self._failed:  # once, not for every step of a drag
            self._failed = sentence
            self._messages.error(sentence, details)

    def _follow_canvas(self) -> None:
        """Look where picture A looks, if views are linked; until A moves again one may look elsewhere."""
        looks = self._viewer.canvas("A").view_state()
        if self._viewer.linked and looks != self._followed:
            self._followed = looks
            self.pane.view.look_at(looks.center, looks.zoom)


__all__ = ["LEAST_PAIRS", "PREVIEW_SIDE", "AlignedAnswer", "AlignedController", "AlignedRequest", "AlignedResponder"]
