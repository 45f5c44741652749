"""The panel of the mode Match: network, device, options, run and cancel, and the levels to look through."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction

from studio.arrays import SIDES, Point, Side
from studio.backbones.choice import NetworkChoice
from studio.buddies.answers import Remark
from studio.buddies.fixed import pairs_to_keep
from studio.buddies.options import MatchOptions
from studio.gui.match.levels import LevelSlider
from studio.gui.match.provenance_view import ProvenanceView
from studio.gui.match.recall import MemoryHolder, Recall
from studio.gui.mode.mode import ModePanel, Services, View
from studio.gui.mode.network import NetworkChooser
from studio.gui.mode.panel import lay_out
from studio.gui.widgets.forms import OptionsForm, OptionsHolder
from studio.gui.widgets.jobs_view import duration
from studio.gui.widgets.run_foot import RunFoot
from studio.job_kinds import JobKind
from studio.jobs import JobHandle
from studio.language import tr, translatable, trn
from studio.options import OptionsError
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import Job, Progress

if TYPE_CHECKING:
    from studio.backbones import Backbone

T = TypeVar("T")

log = logging.getLogger(__name__)

LEAST_BETWEEN = 60
"""Between two levels that are shown while a match runs, ms."""


class MatchPanel(ModePanel):
    """Runs matches on the compute thread and shows how they go; tells where pairs came from."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        state = services.state
        self.network: NetworkChooser = services.network
        self._state, self._jobs, self._settings = state, services.jobs, services.settings
        self._pair_editor, self._messages = services.pair_editor, services.messages
        self._handle: JobHandle | None = None
        self._newest: tuple[int, PairSet] | None = None
        self._later = QTimer(self, singleShot=True, interval=LEAST_BETWEEN)
        self._later.timeout.connect(self._show_newest)
        self._before = (state.pairs, state.levels)
        self._remark = ""
        self._about: Enum | None = None
        self._preparing: JobHandle | None = None
        self._fixed = frozenset[int]()
        self._step: Callable[[PairSet], str] = lambda _: tr("Match")
        self._recipe: dict[str, Any] = {}
        self.memory = MemoryHolder(services.features)
        self.recall = Recall(state, self.memory, self)
        self.provenance = ProvenanceView(state, services.viewer, self.recall)
        self.form = OptionsForm(self._settings.options(MatchOptions, "match"))
        self.levels = LevelSlider(state)
        self.foot = RunFoot(
            tr("Progress"),
            tr("Give the match up; the pairs from before come back (Esc)"),
            run=tr("Run"),
            run_tip=tr("Find the best buddies of the two pictures (Ctrl+Return)"),
            pause_tip=tr("Hold the running match, or let it go on"),
        )
        self.foot.say(tr("Open two pictures to begin"))
        self.run_button, self.cancel_button, self.status = (
            self.foot.run_button,
            self.foot.cancel_button,
            self.foot.status,
        )
        lay_out(
            self,
            ((tr("Network"), [self.network]), (tr("Options"), [self.form]), (tr("Levels"), [self.levels])),
            self.foot,
        )
        self.run_button.clicked.connect(self.run)
        self.cancel_button.clicked.connect(self.cancel)
        self.network.changed.connect(self.ready_changed)
        self.form.changed.connect(self._remember_options)
        state.picture_changed.connect(self._on_picture)
        self.recall.features_asked.connect(self.prepare_features)
        self.recall.proposed.connect(self._pair_editor.correct_partner)
        self.recall.failed.connect(self._messages.error)
        self._pair_editor.placed.connect(self.recall.propose)
        self.provenance.wanted.connect(lambda: self.view_asked.emit("provenance"))
        for side in SIDES:
            services.viewer.canvas(side).lasso_drawn.connect(partial(self.rematch_inside, side))
        self._refresh()

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the actions of the menu Match do."""
        return {
            "run": self.run,
            "pause": self.foot.set_paused,
            "cancel": self.cancel,
            "coarser": lambda: self.levels.step(-1),
            "finer": lambda: self.levels.step(+1),
            "rematch_around": self.rematch_around,
            "next_doubtful": lambda: self._pair_editor.go_to_doubtful(+1),
            "previous_doubtful": lambda: self._pair_editor.go_to_doubtful(-1),
        }

    def follow(self, actions: Mapping[str, QAction]) -> None:
        self.foot.lend_pause_to(actions["pause"])

    def docks(self) -> tuple[View, ...]:
        return (View("provenance", tr("Provenance"), self.provenance),)

    def kept_options(self) -> dict[str, OptionsHolder]:
        return {"match": self.form, "match/network": self.network.choices}

    def shutdown(self, timeout: float = 5.0) -> bool:
        """End the threads that answer; False if one is still busy after `timeout` seconds."""
        return self.recall.shutdown(timeout)

    @property
    def handle(self) -> JobHandle | None:
        """The match that waits, runs or pauses."""
        return self._handle

    @property
    def is_running(self) -> bool:
        return self._handle is not None

    def run(self) -> None:
        """Match the two pictures with what the form says; what was placed by hand or locked is kept."""
        fixed = pairs_to_keep(self._state.pairs)

        def make(a: Picture, b: Picture, options: MatchOptions, network: NetworkChoice, memory: Any) -> Job[PairSet]:
            from studio.buddies import find_buddies  # here, on the compute thread: this imports torch

            return find_buddies(a, b, options, network=network, fixed=fixed, memory=memory)

        def step(found: PairSet) -> str:
            return trn("Match: {number} pairs", "Match: {number} pairs", len(found))

        if self._start(JobKind.MATCH, make, step):
            self._fixed = frozenset(fixed.ids)
            self._state.set_pairs(fixed, step=None)

    def rematch_around(self) -> None:
        """Solve only what hangs below the selected pair."""
        pairs, number = self._state.pairs, self._state.selected

        def work(a: Picture, b: Picture, backbone: Backbone, options: MatchOptions, memory: Any) -> Job[PairSet]:
            from studio.buddies.rematch import around

            return around(a, b, backbone, options, pairs, number, memory)

        if number:
            self._start(JobKind.REMATCH, _matching(work), lambda _: tr("Re-match around {number}", number=number))

    def rematch_inside(self, side: Side, corners: Sequence[Point]) -> None:
        """Match only what lies inside a lasso."""
        pairs = self._state.pairs

        def work(a: Picture, b: Picture, backbone: Backbone, options: MatchOptions, memory: Any) -> Job[PairSet]:
            from studio.buddies.rematch import inside

            return inside(a, b, backbone, options, pairs, side, corners, memory)

        self._start(JobKind.REMATCH, _matching(work), lambda _: tr("Re-match inside a lasso in {side}", side=side))

    def prepare_features(self) -> None:
        """Let the network see both pictures, so that partners of new pairs can be proposed."""
        if self.is_running or self._preparing is not None:
            return

        def work(a: Picture, b: Picture, backbone: Backbone, options: MatchOptions, memory: Any) -> Job[None]:
            from studio.buddies.match import prepare_features

            return prepare_features(a, b, backbone, options, memory)

        handle = self._submit(JobKind.FEATURES, _matching(work))
        if handle is not None:
            self._preparing = handle
            handle.failed.connect(self._messages.error)
            handle.ended.connect(self._on_prepared)

    def _on_prepared(self) -> None:
        self._preparing = None

    def _submit(self, kind: JobKind, make: Callable[..., Job[Any]]) -> JobHandle | None:
        a, b = self._state.picture("A"), self._state.picture("B")
        if a is None or b is None:
            return None
        try:
            options = self.form.value()
        except OptionsError as error:
            self._messages.error(str(error))
            return None
        assert isinstance(options, MatchOptions)
        network = self.network.choice()

        def start() -> Job[Any]:
            return make(a, b, options, network, self.memory.get())

        log.info("%s with %s on %s: %s", kind, network.name, network.device, options.to_dict())
        self._recipe = {
            "job": kind.recipe,
            "network": network.name,
            "device": network.device,
            "options": options.to_dict(),
        }
        handle = self._jobs.submit(kind.title(first=a.name, second=b.name), start, kind=kind)
        handle.finished.connect(lambda _: self.recall.has_features(a, b))
        return handle

    def _start(self, kind: JobKind, make: Callable[..., Job[PairSet]], step: Callable[[PairSet], str]) -> bool:
        """Run a match that makes the pairs anew, or a part of them."""
        handle = None if self.is_running else self._submit(kind, make)
        if handle is None:
            return False
        self._before = (self._state.pairs, self._state.levels)
        self._remark, self._about = "", None
        self._handle, self._step, self._fixed = handle, step, frozenset()
        handle.progressed.connect(self._on_progress)
        handle.finished.connect(self._on_finished)
        handle.failed.connect(self._on_failed)
        handle.cancelled.connect(self._on_cancelled)
        handle.ended.connect(self._on_ended)
        self._state.hold(True)
        self.foot.follow(handle)
        self._refresh()
        self.ready_changed.emit()
        return True

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _on_progress(self, event: Progress) -> None:
        if event.remark:
            self._remark, self._about = event.remark, event.about
        whole = self._handle is not None and self._handle.kind is JobKind.MATCH
        if whole and isinstance(event.preview, PairSet):
            levels = {pair.level for pair in event.preview if pair.id not in self._fixed}
            if len(levels) == 1:
                self._newest = (levels.pop(), event.preview)
                self._state.keep_level(*self._newest)
                if not self._later.isActive():
                    self._show_newest()

    def _show_newest(self) -> None:
        """Show the level that came last; to draw all of a quick match, which come in a row, would block the window."""
        if self._newest is not None:
            self._state.add_level(*self._newest)
            self._newest = None
            self._later.start()

    def _show_no_more(self) -> None:
        self._newest = None
        self._later.stop()

    def _on_finished(self, pairs: PairSet) -> None:
        assert self._handle is not None
        self._show_no_more()
        took = duration(self._handle.elapsed())
        self._state.set_pairs(pairs, self._state.levels, self._step(pairs))
        recipe = {**self._recipe, "pairs": len(pairs), "seconds": round(self._handle.elapsed(), 2)}
        self.result_made.emit("match", translatable("pairs"), recipe, None)
        self.foot.say("", 1.0)
        if len(pairs):
            self.status.setText(trn("{number} pairs in {took}", "{number} pairs in {took}", len(pairs), took=took))
            log.info("match found %d pairs in %s", len(pairs), took)
            if self._remark:
                self._messages.warning(self._remark)
        elif self._remark and self._about is not Remark.NOTHING_FOUND:
            self.status.setText(tr("No pairs ({took})", took=took))
            self._messages.warning(self._remark)
        else:
            self.status.setText(tr("No pairs ({took})", took=took))
            self._messages.warning(
                tr(
                    "No best buddies were found: lower the activation threshold, switch relaxed buddies on, "
                    "or try another network."
                )
            )

    def _on_failed(self, sentence: str, details: str) -> None:
        self._restore()
        self.foot.say(tr("Failed"), 0.0)
        self._messages.error(sentence, details)

    def _on_cancelled(self) -> None:
        self._restore()
        self.foot.say(tr("Cancelled"), 0.0)

    def _restore(self) -> None:
        """Nothing is lost by a match that did not end well."""
        self._show_no_more()
        self._state.set_pairs(*self._before, step=None)

    def _on_ended(self) -> None:
        self._handle = None
        self._state.hold(False)
        self.network.refresh()
        self._refresh()
        self.ready_changed.emit()

    def _on_picture(self, _: str) -> None:
        if self.is_running:
            self._before = (PairSet(), {})
            self.cancel()
        self._refresh()
        self.foot.say(tr("Ready") if self._state.has_both else tr("Open two pictures to begin"), 0.0)

    def _remember_options(self) -> None:
        try:
            self._settings.set_options("match", self.form.value())
        except OptionsError as error:
            log.debug("options not remembered: %s", error)

    def _refresh(self) -> None:
        self.foot.set_ready(self._state.has_both)
        self.form.setEnabled(not self.is_running)
        self.network.setEnabled(not self.is_running)


def _matching(work: Callable[..., Job[T]]) -> Callable[..., Job[T]]:
    """`work` of two pictures, a backbone, options and a memory as a job that loads the network first."""

    def make(a: Picture, b: Picture, options: MatchOptions, network: NetworkChoice, memory: Any) -> Job[T]:
        from studio.buddies import matching

        return matching(lambda loaded, chosen: work(a, b, loaded, chosen, memory), options, network, memory)

    return make
