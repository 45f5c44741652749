"""What the views of the mode Inspect share: the session, the pictures' layers, one job at a time, and what is kept."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtWidgets import QWidget

from studio.arrays import SIDES, Point, Side
from studio.gui.canvas.drawing import NOTHING, Overlay
from studio.gui.canvas.state import StudioState
from studio.gui.inspect.colour import Coloured
from studio.gui.inspect.layer import InspectLayer
from studio.gui.inspect.legend import ColourKnobs, Legend, LegendEntry
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.settings_store import Settings
from studio.jobs import JobHandle, JobQueue
from studio.progress import Job

if TYPE_CHECKING:
    from studio.gui.inspect.readings import InspectSession

log = logging.getLogger(__name__)

MOST_KEPT = 24
"""Results that are kept so that nothing is computed twice."""


class InspectHub(QObject):
    """Between the views and the rest of the window."""

    session_changed = Signal()
    job_changed = Signal()
    """A job of the mode began or ended."""
    recoloured = Signal()
    """Maps are to be coloured anew."""
    asked = Signal(object, str)
    """(request for the responder, name of the view)"""
    view_asked = Signal(str)
    """(name of the view that should come to the front)"""

    def __init__(
        self, state: StudioState, jobs: JobQueue, settings: Settings, messages: Messages, colours: ColourKnobs
    ) -> None:
        super().__init__()
        self.state, self.jobs, self.settings, self.colours = state, jobs, settings, colours
        self.messages = messages
        self.session: InspectSession | None = None
        self.pair: tuple[Point, Point] | None = None
        """The places of A and of B that were looked at last: views take them over from each other."""
        self.layers: dict[Side, InspectLayer] = {side: InspectLayer() for side in SIDES}
        self.legend = Legend()
        self._handle: JobHandle | None = None
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        colours.changed.connect(self.recoloured)

    # --- the session ---

    def set_session(self, session: InspectSession | None) -> None:
        """Both pictures as a network sees them; None while there are none."""
        self.session, self.pair = session, None
        self._kept.clear()
        for side in SIDES:
            if session is None:
                self.layers[side].set_picture(None, None)
            else:
                self.layers[side].set_picture(session.pictures[side].size, session.greys[side])
        self.show({})
        self.session_changed.emit()

    def start_pair(self) -> tuple[Point, Point] | None:
        """A pair to begin with: the one looked at last, the one selected, or the strongest one of the match."""
        pairs = self.state.shown_pairs
        pair = pairs.by_id(self.state.selected) or max(pairs, key=lambda pair: pair.rank, default=None)
        return self.pair or (None if pair is None else (pair.a, pair.b))

    # --- what lies over the pictures ---

    def show(self, overlays: dict[Side, Overlay], legends: Sequence[LegendEntry] = ()) -> None:
        """Draw over the big pictures, nothing where `overlays` has no entry; `legends` say what the colours mean."""
        for side in SIDES:
            overlay = overlays.get(side, NOTHING)
            if overlay.tint is not None:  # which hides the points below it
                pairs = self.state.shown_pairs
                dots = tuple((pair.id, pair.a if side == "A" else pair.b) for pair in pairs)
                overlay = replace(overlay, dots=dots)
            self.layers[side].set_overlay(overlay)
        self.legend.set_entries(legends)

    def coloured(self) -> Coloured:
        """How maps are coloured now."""
        knobs = self.colours
        return Coloured(knobs.table_name, knobs.share, knobs.smooth.isChecked(), knobs.own.isChecked())

    # --- jobs, one at a time ---

    @property
    def is_running(self) -> bool:
        return self._handle is not None

    @property
    def handle(self) -> JobHandle | None:
        """The job of this mode that waits or runs."""
        return self._handle

    def kept(self, key: Hashable) -> Any:
        """A result from before, or None."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def keep(self, key: Hashable, result: Any) -> None:
        self._kept[key] = result
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def run(
        self,
        title: str,
        make: Callable[[], Job[Any]],
        done: Callable[[Any], None],
        key: Hashable = None,
        preview: Callable[[Any], None] | None = None,
    ) -> None:
        """Run a job after giving up the one before; `done` hears its result, at once if it is kept under `key`."""
        self.cancel()
        if key is not None and (known := self.kept(key)) is not None:
            done(known)
            return
        self._handle = handle = self.jobs.submit(title, make)

        def finished(result: Any) -> None:
            if key is not None:
                self.keep(key, result)
            done(result)

        if preview is not None:
            handle.progressed.connect(lambda event: None if event.preview is None else preview(event.preview))
        handle.finished.connect(finished)
        handle.failed.connect(self.messages.error)
        handle.ended.connect(lambda: self._on_ended(handle))
        self.job_changed.emit()

    def cancel(self) -> None:
        """Give the running job up."""
        if self._handle is not None:
            self._handle.cancel()

    def _on_ended(self, handle: JobHandle) -> None:
        if self._handle is handle:
            self._handle = None
            self.job_changed.emit()


class InspectView(QObject):
    """One of the things to look at: knobs in the panel, a page in the result pane, what lies over the pictures."""

    name = ""
    title = ""
    tip = ""

    def __init__(self, hub: InspectHub) -> None:
        super().__init__()
        self.hub = hub
        self.active = False
        self.controls = QWidget()
        self.page = QWidget()

    def set_active(self, active: bool) -> None:
        """Whether this view is the one that is shown."""
        self.active = active
        if active:
            self.refresh()

    def session_changed(self) -> None:
        """Other pictures or another network."""

    def refresh(self) -> None:
        """Show what is known, and ask for what is not; called when the view comes to the front."""

    def recolour(self) -> None:
        """Colour the maps anew."""
        self.refresh()

    def answered(self, answer: Any) -> None:
        """What the responder says to a request of this view."""

    def cursor(self, side: Side, place: QPointF | None) -> None:
        """The mouse is over a picture."""

    def clicked(self, side: Side, place: QPointF) -> None:
        """A place of a picture was clicked, beside all points."""

    def pair_selected(self) -> None:
        """Another pair of the match was selected, or none."""

    def ask(self, request: object) -> None:
        """Ask the responder; only the newest question is answered."""
        if self.active:
            self.hub.asked.emit(request, self.name)
