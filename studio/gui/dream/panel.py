"""The panel of the mode Dream: what is made, of what, how, and what becomes of the result."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtGui import QAction

from studio.arrays import SIDES, Point, Side
from studio.dream.options import AdversaryOptions, DreamOptions, MaximiseOptions, ZoomOptions
from studio.files import bare_name
from studio.gui.dream.actions import DreamCan
from studio.gui.dream.asking import FactsAsker
from studio.gui.dream.choice import DREAMT, DreamChoice
from studio.gui.dream.layer_box import LayerEditor
from studio.gui.dream.missing import Reasons
from studio.gui.dream.outcome import DreamOutcome
from studio.gui.dream.places import DreamPlaces
from studio.gui.dream.presenting import present, reference_of
from studio.gui.dream.presets import Presets
from studio.gui.dream.result_pane import DreamResultPane
from studio.gui.dream.runner import DreamRunner
from studio.gui.dream.targets import Targets
from studio.gui.dream.tasks import DreamTask
from studio.gui.dream.words import goal_words
from studio.gui.mode.mode import ModePanel, Services
from studio.gui.mode.network import NetworkChooser
from studio.gui.mode.panel import lay_out
from studio.gui.widgets.action import Condition
from studio.gui.widgets.forms import OptionsForm, OptionsHolder
from studio.gui.widgets.jobs_view import duration
from studio.gui.widgets.run_foot import RunFoot
from studio.gui.widgets.saving import ask_where_to_save, film_kinds, film_written
from studio.gui.widgets.usable import set_usable
from studio.job_kinds import JobKind
from studio.language import tr
from studio.options import OptionsError
from studio.picture import Picture

log = logging.getLogger(__name__)


class DreamPanel(ModePanel):
    """Runs dreams on the compute thread and shows them on the result pane as they become."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        state, jobs, settings = services.state, services.jobs, services.settings
        self._state, self._settings, self._messages = state, settings, services.messages
        self._active = False
        self._said: str | None = None
        self.result_pane: DreamResultPane = DreamResultPane()
        self.runner = DreamRunner(jobs, self)
        self.network: NetworkChooser = NetworkChooser(settings, "dream")
        self.asker = FactsAsker(jobs, services.messages, self.network, self)
        self.choice = DreamChoice(self.asker.facts)
        self.targets = Targets(self.asker.facts)
        self.places = DreamPlaces(state, services.viewer, self)
        self.forms: dict[str, OptionsForm] = {
            "dream": OptionsForm(DreamOptions(), own={"layer": LayerEditor}),
            "dream/maximise": OptionsForm(MaximiseOptions()),
            "dream/film": OptionsForm(ZoomOptions()),
            "dream/adversary": OptionsForm(AdversaryOptions()),
        }
        self.presets = Presets(self.forms["dream/maximise"])
        self.outcome = DreamOutcome(jobs, settings, services.messages)
        self.reasons = Reasons(state, self.choice, self.targets, self.forms, self.asker)
        self.foot = RunFoot(
            tr("Progress of the dream"),
            tr("Give the run up; the last picture that was shown stays (Ctrl+.)"),
            run=tr("Run"),
            run_tip=tr("Make it (Ctrl+D)"),
            pause_tip=tr("Hold the run before its next step, or go on (Ctrl+Alt+P)"),
        )
        self._lay_out()
        self._connect()
        self._on_facts()

    # --- construction ---

    def _lay_out(self) -> None:
        forms = self.forms
        knobs = [forms["dream/film"], forms["dream"], self.presets, forms["dream/maximise"], forms["dream/adversary"]]
        sections = (
            (tr("What"), [self.choice, self.targets]),
            (tr("Options"), knobs),
            (tr("Network"), [self.network]),
            (tr("Result"), [self.outcome]),
        )
        lay_out(self, sections, self.foot)

    def _connect(self) -> None:
        self.foot.run_button.clicked.connect(lambda: self.run())
        self.foot.cancel_button.clicked.connect(self.runner.cancel)
        self.runner.shown.connect(self.result_pane.show_preview)
        self.runner.finished.connect(self._on_finished)
        self.runner.tell_ends(self.foot, self._messages, self._keep_last)
        self.runner.changed.connect(self._on_run_changed)
        self.outcome.send_asked.connect(self.picture_made)
        self.outcome.changed.connect(self._on_outcome)
        self.result_pane.picked.connect(self.outcome.pick)
        self.result_pane.view.failed.connect(self._messages.error)
        self.choice.changed.connect(self.refresh)
        self.targets.changed.connect(self.refresh)
        self.places.clicked.connect(self._on_place)
        self.asker.changed.connect(self._on_facts)
        self.network.changed.connect(self.ready_changed)
        for form in self.forms.values():
            form.changed.connect(self.refresh)
        self._state.picture_changed.connect(self._on_picture)
        self._state.pairs_changed.connect(self.refresh)
        self._state.selected_changed.connect(self.refresh)

    def full_screen(self) -> Callable[[], object]:
        return self.result_pane.view.toggle_full_screen

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the actions of the menu Dream do."""
        return {
            "dream_run": lambda: self.run(),
            "dream_pause": self.foot.set_paused,
            "dream_cancel": self.runner.cancel,
            "dream_pair": self.targets.take_pair,
            "dream_save": self.outcome.save_dialog,
            "dream_to_a": lambda: self.outcome.send("A"),
            "dream_to_b": lambda: self.outcome.send("B"),
        }

    def follow(self, actions: Mapping[str, QAction]) -> None:
        self.foot.lend_pause_to(actions["dream_pause"])

    def conditions(self) -> set[Condition]:
        now = set[Condition]()
        if self.runner.is_running:
            now.add(DreamCan.STOP)
        elif self._active and not self.reasons.missing():
            now.add(DreamCan.RUN)
        if self.outcome.has_picture:
            now.add(DreamCan.SAVE)
        if self._active and self.choice.kind is JobKind.MAXIMISE and self.reasons.pair is not None:
            now.add(DreamCan.TARGET)
        return now

    def set_active(self, active: bool) -> None:
        self._active = active
        self._ask()
        self.refresh()

    def kept_options(self) -> dict[str, OptionsHolder]:
        return {
            "dream/choice": self.choice,
            "dream/targets": self.targets,
            "dream/network": self.network.choices,
            **self.forms,
        }

    def refresh_theme(self) -> None:
        self.result_pane.refresh_theme()
        self.targets.refresh_theme()

    def shutdown(self, timeout: float = 5.0) -> bool:
        self.foot.stop()
        self.asker.stop()
        self.runner.cancel()
        return True

    # --- what is to be made ---

    def task(self, path: Path | None = None) -> DreamTask | None:
        """What the panel describes, a film with where it goes; None if something is missing."""
        if self.reasons.missing():
            return None
        try:
            options: Any = self.forms[self._form_name].value()
            film: Any = self.forms["dream/film"].value() if self.choice.kind is JobKind.ZOOM else None
        except OptionsError as error:
            self._messages.error(str(error))
            return None
        choice, reasons = self.choice.value(), self.reasons
        kind, side = self.choice.kind, self.choice.side
        pictures = {one: picture for one in SIDES if (picture := self._state.picture(one)) is not None}
        goals = self.targets.targets if kind is JobKind.MAXIMISE else ()
        return DreamTask(
            kind,
            goal_words(goals[0].goal, self.asker.facts.usual.name) if goals else pictures[side].name,
            options,
            pictures,
            side,
            self.network.choice(),
            film=film,
            guide=choice.guide if kind in DREAMT else "none",
            pairs=reasons.pairs,
            masks=reasons.masks if kind is JobKind.DREAM and choice.where == "regions" else (),
            goals=goals,
            to=choice.to or None,
            pair=reasons.places if self.choice.breaks_pair else None,
            layer=choice.layer,
            path=path,
        )

    def show_options(self, name: str) -> None:
        for kind in (JobKind.DREAM, JobKind.MAXIMISE, JobKind.ADVERSARY, JobKind.ZOOM):
            if name in self._forms_of(kind) and name not in self._forms_of(self.choice.kind):
                self.choice.set_kind(kind)

    @staticmethod
    def _forms_of(kind: JobKind) -> tuple[str, ...]:
        """The forms of what is made, that of the options of its job first."""
        further = {
            JobKind.MAXIMISE: ("dream/maximise",),
            JobKind.ADVERSARY: ("dream/adversary",),
            JobKind.ZOOM: ("dream", "dream/film"),
        }
        return further.get(kind, ("dream",))

    @property
    def _form_name(self) -> str:
        return self._forms_of(self.choice.kind)[0]

    def run(self) -> None:
        """Make it; a film asks first where it goes."""
        if self.runner.is_running:
            return
        path = None
        if self.choice.kind is JobKind.ZOOM and not self.reasons.missing():
            name = bare_name(getattr(self._state.picture(self.choice.side), "name", ""))
            title, kinds = tr("Export film"), film_kinds()
            chosen = ask_where_to_save(
                self,
                self._settings,
                title,
                f"{name}-{tr('dream').lower()}.mp4",
                kinds,
                purpose="dream-film",
                written=lambda path, _: film_written(path),
            )
            if chosen is None:
                return
            path = chosen[0]
        task = self.task(path)
        if task is not None:
            self.result_pane.start(reference_of(task))
            self.outcome.forget()
            self.foot.follow(self.runner.start(task))

    # --- what comes ---

    def _on_finished(self, made: Any) -> None:
        handle, task = self.runner.handle, self.runner.task
        assert handle is not None and task is not None
        shown = present(made, task)
        if shown.results:
            self.result_pane.show_results(shown.results, shown.caption, shown.reference, shown.aside)
        self.outcome.set_pictures(shown.pictures, task.name, shown.recipe, task.kind is JobKind.ADVERSARY)
        picture: Picture | None = shown.pictures[0] if shown.pictures else None
        self.result_made.emit("dream", task.kind.recipe, shown.recipe, picture)
        self.foot.say(tr("{what} in {duration}", what=shown.done, duration=duration(handle.elapsed())), 1.0)
        if shown.message:
            (self._messages.success if shown.is_success else self._messages.warning)(shown.message)

    def _keep_last(self) -> bool:
        """What was seen last can be saved and sent, too."""
        task, last = self.runner.task, self.runner.last
        if last is None or task is None:
            return False
        self.outcome.set_pictures([Picture.from_array(last, task.title)], task.name)
        return True

    def _on_outcome(self) -> None:
        self.result_pane.view.save = self.outcome.save_dialog if self.outcome.has_picture else None
        self.ready_changed.emit()

    def _on_run_changed(self) -> None:
        if not self.runner.is_running:
            self.network.refresh()
            self._ask()  # it may have come meanwhile
        self.refresh()

    # --- what the person changes ---

    def _ask(self) -> None:
        """Let the network tell what it has, once there is something to dream of."""
        if self._active and any(self._state.picture(side) is not None for side in SIDES):
            self.asker.ask()

    def _on_picture(self, _: str) -> None:
        self._ask()
        self.refresh()

    def _on_facts(self) -> None:
        facts = self.asker.facts
        editor = self.forms["dream"].editors["layer"]
        assert isinstance(editor, LayerEditor) and editor.box is not None
        editor.box.set_facts(facts)
        self.choice.set_facts(facts)
        self.targets.set_facts(facts)
        self.refresh()

    def _on_place(self, side: Side, point: Point) -> None:
        """A click says what a picture is made for, or where a film falls to."""
        if self.choice.kind is JobKind.MAXIMISE:
            self.targets.set_place(side, point)
        elif side == self.choice.side and (picture := self._state.picture(side)) is not None:
            form, (width, height) = self.forms["dream/film"], picture.size
            x, y = ((place + 0.5) / length for place, length in zip(point, (width, height), strict=True))
            form.set_value(form.value().with_values(to_x=round(x, 2), to_y=round(y, 2)), tr("Change Where It Falls"))

    def _film_place(self) -> Mapping[Side, tuple[tuple[Point, str], ...]]:
        """Where a film falls to, for the mark on its picture."""
        picture, editors = self._state.picture(self.choice.side), self.forms["dream/film"].editors
        if picture is None:
            return {}
        width, height = picture.size
        x, y = editors["to_x"].value() * width - 0.5, editors["to_y"].value() * height - 0.5
        return {self.choice.side: (((x, y), ""),)}

    def refresh(self, *_: object) -> None:
        """Take in what the state and the panel say now."""
        kind, running = self.choice.kind, self.runner.is_running
        for name, form in self.forms.items():
            form.setVisible(name in self._forms_of(kind))
            set_usable(form, not running, tr(DreamCan.RUN.in_the_way))
        self.reasons.grey_idle_knobs()
        self.presets.setVisible(kind is JobKind.MAXIMISE)
        self.targets.setVisible(kind is JobKind.MAXIMISE)
        for widget in (self.presets, self.targets, self.choice, self.network):
            set_usable(widget, not running, tr(DreamCan.RUN.in_the_way))
        pair = self.reasons.pair
        self.targets.set_pair(None if pair is None else (pair.a, pair.b))
        self.reasons.tell()
        self.places.set_active(self._active and kind in (JobKind.MAXIMISE, JobKind.ZOOM) and not running)
        self.places.show(self.targets.places() if kind is JobKind.MAXIMISE else self._film_place())
        # Places are clicked on pictures that can be seen; once there is one, the result comes first again.
        self.pictures_asked.emit(self._active and kind is JobKind.MAXIMISE and not running and not self.targets.targets)
        missing = self.reasons.missing()
        self.foot.set_ready(not missing, missing)
        if missing != self._said:
            self._said = missing
            if not running:
                self.foot.say(missing or tr("Ready"))
        self.result_pane.set_hint(kind.label, missing or tr("Press Run to begin."))
        self.ready_changed.emit()
