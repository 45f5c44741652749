"""The panel of the mode Style: what is made of which pictures, how, and what becomes of the result."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel

from studio.gui.canvas.displays import level_within
from studio.gui.mode.kept_pictures import KeptPictures
from studio.gui.mode.mode import ModePanel, Services
from studio.gui.mode.network import NetworkChooser
from studio.gui.mode.panel import lay_out
from studio.gui.style.actions import StyleCan
from studio.gui.style.choice import StyleChoice
from studio.gui.style.history import Moment
from studio.gui.style.regions import StyleRegions
from studio.gui.style.repeating import repeat
from studio.gui.style.result import StyleOutcome
from studio.gui.style.result_pane import StyleResultPane
from studio.gui.style.runner import StyleRunner
from studio.gui.style.sources import StyleSources
from studio.gui.style.tasks import SHOWN_SIDE, shown
from studio.gui.style.variants import StyleVariants
from studio.gui.widgets.action import Condition, follow_keys
from studio.gui.widgets.forms import OptionsForm, OptionsHolder
from studio.gui.widgets.jobs_view import duration
from studio.gui.widgets.run_foot import RunFoot
from studio.gui.widgets.usable import set_usable
from studio.job_kinds import JobKind
from studio.language import tr
from studio.options import OptionsError
from studio.pairs import PairSet
from studio.paths import cache_dir
from studio.style.model import LIVE
from studio.style.options import StyleOptions
from studio.style.recipe import as_in_recipe
from studio.style.task import OPTIONS, STYLED, AnyOptions, StyleTask

if TYPE_CHECKING:
    from studio.style.result import StyleResult

log = logging.getLogger(__name__)

AGAIN_MS = 250
"""Between the last change of a knob and painting in one go again."""


class StylePanel(ModePanel):
    """Runs styles on the compute thread and shows them on the result pane as they become."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        state, jobs, settings = services.state, services.jobs, services.settings
        self._state, self._settings, self._messages = state, settings, services.messages
        self.result_pane: StyleResultPane = StyleResultPane()
        self._active = False
        self._references: object = None
        self._missing: str | None = None
        self.runner = StyleRunner(jobs, self)
        self.choice = StyleChoice(state, jobs, settings, services.messages)
        self.regions = StyleRegions(state, services.viewer, self.choice, services.messages, self)
        self.network: NetworkChooser = NetworkChooser(settings, "style")
        self.forms: dict[JobKind, OptionsForm] = {kind: OptionsForm(model()) for kind, model in OPTIONS.items()}
        self.outcome = StyleOutcome(jobs, settings, services.messages)
        self.foot = RunFoot(
            tr("Progress of the style"),
            tr("Give the run up; the last picture that was shown stays"),
            run=tr("Run"),
            run_tip=tr("Make the picture"),
            pause_tip=tr("Hold the run, look at it, change weights, and go on"),
            finish=tr("End the run now, with the picture as it is, at its full size"),
            paused=tr("paused; weights may be changed"),
        )
        self._live_note = QLabel(wordWrap=True)
        self._live_note.setObjectName("muted")
        self._again = QTimer(self, singleShot=True, interval=AGAIN_MS)
        self._again.timeout.connect(self._paint_again)
        self.variants = StyleVariants(jobs, self.result_pane.strip, self.task, self._wants_previews, self)
        self._lay_out()
        self.result_pane.strip_button.setChecked(self._settings.flag("style_previews", False))
        self.result_pane.plot_button.setChecked(self._settings.flag("style_curves", False))
        self._connect()
        self.refresh()
        if self.network.fell_back:
            self._messages.info(self.network.fell_back)

    # --- construction ---

    def _lay_out(self) -> None:
        sections = (
            (tr("What"), [self.choice, self.regions]),
            (tr("Options"), [*self.forms.values(), self._live_note]),
            (tr("Network"), [self.network]),
            (tr("Result"), [self.outcome]),
        )
        lay_out(self, sections, self.foot)
        self.result_pane.add_at_end(self.outcome.save_button)

    def _connect(self) -> None:
        self.foot.run_button.clicked.connect(lambda: self.run())
        self.foot.finish_button.clicked.connect(self.runner.finish)
        self.foot.cancel_button.clicked.connect(self.runner.cancel)
        self.outcome.go_on_button.clicked.connect(self.go_on)
        self.runner.moment.connect(self.result_pane.add)
        self.runner.finished.connect(self._on_finished)
        self.runner.tell_ends(self.foot, self._messages, self._keep_last)
        self.runner.changed.connect(self._on_run_changed)
        self.variants.chosen.connect(self._on_variant)
        self.result_pane.strip_button.toggled.connect(self._on_previews_switched)
        self.result_pane.plot_button.toggled.connect(partial(self._settings.set_flag, "style_curves"))
        self.regions.paint_button.toggled.connect(self.pictures_asked)
        self.choice.changed.connect(self.refresh)
        self.choice.weights_changed.connect(self._on_style_weights)
        self.regions.changed.connect(self.variants.later)
        self.outcome.send_asked.connect(self.picture_made)
        self.outcome.recipe_read.connect(self.repeat_recipe)
        self.outcome.changed.connect(self.ready_changed)
        self.outcome.changed.connect(self._offer_to_save)
        self.result_pane.view.failed.connect(self._messages.error)
        for kind, form in self.forms.items():
            form.changed.connect(lambda kind=kind: self._on_options(kind))
        self.network.changed.connect(self.variants.later)
        self.network.changed.connect(self.ready_changed)
        self._state.picture_changed.connect(self._on_picture)
        self._state.pairs_changed.connect(self.variants.later)

    def full_screen(self) -> Callable[[], object]:
        return self.result_pane.view.toggle_full_screen

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the actions of the menu Style do."""
        return {
            "style_run": lambda: self.run(),
            "style_go_on": self.go_on,
            "style_pause": self.foot.set_paused,
            "style_finish": self.runner.finish,
            "style_cancel": self.runner.cancel,
            "style_previews": self.result_pane.strip_button.setChecked,
            "style_save": self.outcome.save_dialog,
            "style_to_a": lambda: self.outcome.send("A"),
            "style_to_b": lambda: self.outcome.send("B"),
            "style_repeat": self.outcome.repeat_dialog,
        }

    def follow(self, actions: Mapping[str, QAction]) -> None:
        self.foot.lend_pause_to(actions["style_pause"])
        self.foot.tell_keys(actions["style_run"], actions["style_pause"], actions["style_cancel"])
        follow_keys(self.outcome.save_button, actions["style_save"])
        actions["style_previews"].setChecked(self.result_pane.strip_button.isChecked())
        self.result_pane.strip_button.toggled.connect(actions["style_previews"].setChecked)

    def conditions(self) -> set[Condition]:
        now = set[Condition]()
        if self.runner.is_running:
            now.add(StyleCan.STOP)
        elif self._active and not self.choice.missing:
            now.add(StyleCan.RUN)
            if self.can_go_on:
                now.add(StyleCan.GO_ON)
        if self.outcome.has_picture:
            now.add(StyleCan.SAVE)
        return now

    def leave_tool(self) -> bool:
        return self.regions.stop_painting()

    def set_active(self, active: bool) -> None:
        self._active = active
        self.regions.set_active(active)
        self.refresh()
        if not active:
            self.variants.stop()

    def kept_options(self) -> dict[str, OptionsHolder]:
        forms = {f"style/{kind}": form for kind, form in self.forms.items()}
        return {"style": self.choice.choices, "style/network": self.network.choices, **forms}

    def show_options(self, name: str) -> None:
        for kind in OPTIONS:
            if name == f"style/{kind}" and kind is not self.choice.kind:
                self.choice.set_kind(kind, self.choice.side)

    def for_preset(self, options: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        kind = options["style"]["kind"]  # of which pictures it is made is the project's
        return {"style": {"kind": kind}, f"style/{kind}": options[f"style/{kind}"]}

    def kept_pictures(self) -> tuple[KeptPictures, ...]:
        return (KeptPictures("style/sources", "style", StyleSources.written, StyleSources.read),)

    def refresh_theme(self) -> None:
        self.result_pane.refresh_theme()
        self.choice.refresh_theme()
        self.regions.refresh_theme()

    def shutdown(self, timeout: float = 5.0) -> bool:
        self.foot.stop()
        self._again.stop()
        self.variants.stop()
        self.runner.cancel()
        return True

    # --- what is to be made ---

    @property
    def form(self) -> OptionsForm:
        """The form of what is chosen."""
        return self.forms[self.choice.kind]

    def task(self) -> StyleTask | None:
        """What the panel describes, or None if something is missing."""
        if self.choice.missing:
            return None
        try:
            options = self.form.value()
        except OptionsError as error:
            self._messages.error(str(error))
            return None
        assert isinstance(options, AnyOptions)
        choice, is_styled = self.choice, self.choice.kind in STYLED
        task = StyleTask(
            options,
            choice.content,
            choice.styles,
            self._pairs() if is_styled else PairSet(),
            self.regions.given() if is_styled else (),
            self.network.choice(),
        )
        if isinstance(options, StyleOptions):
            if choice.start is not None:
                options = options.with_values(init="picture")
            task = replace(task, options=options, start=choice.start, draft=choice.draft)
        return task

    def _pairs(self) -> PairSet:
        """The pairs from the content to the first style picture, if that is the window's."""
        sources = self.choice.sources.sources
        side = self.choice.style_side
        if side is None or not sources or sources[0].picture is not self._state.picture(side):
            return PairSet()
        pairs = as_in_recipe(self._state.in_use(self._state.pairs))
        return pairs if self.choice.side == "A" else pairs.swapped()

    def run(self, go_on: bool = False, again: bool = False) -> None:
        """Make it, from the start or from where the last run of these pictures stands.

        With `again` what there is stays in sight until something new comes.
        """
        task = self.task()
        if task is None or self.runner.is_running or not self.regions.ready():
            return
        kept = self._checkpoint()
        task = replace(task, checkpoint=kept, resume=kept if go_on else None)
        self.variants.stop()
        if not again:
            self.result_pane.start()
        self._show_references()
        self.outcome.forget()
        self.foot.follow(self.runner.start(task))

    def go_on(self) -> None:
        """Take the last run up where it stood, in this window or in one that was closed."""
        if self.can_go_on:
            self.run(go_on=True)

    @property
    def can_go_on(self) -> bool:
        """Whether there is a run to take up."""
        return self._checkpoint().is_file() and not self.runner.is_running and not self.choice.missing

    def _checkpoint(self) -> Path:
        return cache_dir() / f"{self.choice.kind}.checkpoint"

    # --- what comes ---

    def _on_finished(self, result: StyleResult) -> None:
        assert self.runner.handle is not None and self.runner.task is not None
        took = duration(self.runner.handle.elapsed())
        last = self.result_pane.history[-1] if len(self.result_pane.history) else None
        step = last.step if last is not None else 0
        losses = dict(last.losses) if last is not None else {}
        picture = result.picture
        image, full = shown(picture), partial(shown, picture, max(picture.size))
        self.result_pane.add(Moment(image, step, max(step, 1), losses, picture.size, full))
        self.outcome.set_result(result, self.runner.task)
        self.result_made.emit("style", result.recipe["what"], result.recipe, result.picture)
        width, height = result.picture.size
        self.foot.say(tr("{width} × {height} in {duration}", width=width, height=height, duration=took), 1.0)
        for note in result.notes:
            self._messages.info(note)

    def _keep_last(self) -> bool:
        """What was seen last can be saved and sent, too."""
        task, last = self.runner.task, self.runner.last
        if last is None or task is None:
            return False
        self.outcome.set_preview(last.full, task)
        return True

    def _offer_to_save(self) -> None:
        self.result_pane.view.save = self.outcome.save_dialog if self.outcome.has_picture else None

    def _on_run_changed(self) -> None:
        if not self.runner.is_running:
            self.network.refresh()
        self.refresh()

    # --- what the person changes ---

    def refresh(self, *_: object) -> None:
        """Take in what the state and the panel say now."""
        kind, running, missing = self.choice.kind, self.runner.is_running, self.choice.missing
        for name, form in self.forms.items():
            form.setVisible(name == kind)
            for knob, editor in form.editors.items():
                usable = not running or knob in LIVE or name is JobKind.INSTANT
                set_usable(editor, usable, tr(StyleCan.RUN.in_the_way))
        self.result_pane.set_has_losses(kind is not JobKind.INSTANT)
        self.choice.set_running(running)
        set_usable(self.network, not running, tr(StyleCan.RUN.in_the_way))
        self.foot.set_ready(not missing, missing)
        live = [tr(self.form.editors[name].knob.label) for name in LIVE if name in self.form.editors]
        self._live_note.setText(tr("May be changed while it runs: {names}.", names=", ".join(live)))
        self._live_note.setVisible(running and bool(live))
        set_usable(self.outcome.go_on_button, self.can_go_on, missing or tr(StyleCan.GO_ON.missing))
        if missing != self._missing:
            self._missing = missing
            self.foot.say(missing or tr("Ready"))
        self.result_pane.set_hint(kind.label, missing or tr("Press Run to begin."))
        self._show_references()
        self.variants.later()
        self.ready_changed.emit()

    def _show_references(self) -> None:
        """What results are compared with: the pictures of the run, before the first one those of the window."""
        if self.runner.is_running or len(self.result_pane.history):
            return
        styles = self.choice.styles
        key = (self.choice.content, styles[0].picture if styles else None)
        if self._references == key:
            return
        self._references = key
        first, second = (None if one is None else (one.name, level_within(one, SHOWN_SIDE)) for one in key)
        self.result_pane.set_references(first, second)

    def _on_picture(self, _: str) -> None:
        self.choice.refresh()

    def _on_options(self, kind: JobKind) -> None:
        form = self.forms[kind]
        try:
            options = form.value()
        except OptionsError as error:
            log.debug("options not usable yet: %s", error)
            return
        control, task = self.runner.control, self.runner.task
        if control is not None and task is not None and task.kind is kind:
            control.set(**{name: getattr(options, name) for name in LIVE if name in form.editors})
        if kind is self.choice.kind is JobKind.INSTANT and task is not None and task.kind is kind:
            self._again.start()
        self.variants.later()

    def _paint_again(self) -> None:
        """What is made in one go follows its knobs."""
        if self.runner.is_running:
            self._again.start()
        elif self._active and self.choice.kind is JobKind.INSTANT:
            self.run(again=True)

    def _on_style_weights(self) -> None:
        control, task = self.runner.control, self.runner.task
        if control is not None and task is not None:
            weights = {id(source.picture): source.weight for source in self.choice.sources.sources}
            control.set_style_weights([weights.get(id(style.picture), 0.0) for style in task.styles])
        else:
            self.refresh()

    def repeat_recipe(self, recipe: dict[str, Any]) -> None:
        """A saved picture's recipe goes into the panel; Run repeats it on the pictures of the window."""
        if self.runner.is_running:
            self._messages.warning(tr("A run is under way: end it first, then repeat the recipe."))
            return
        words = repeat(recipe, self, self._state)
        self.refresh()
        self._messages.info(words)

    # --- variants ---

    def _wants_previews(self) -> bool:
        return self._active and not self.runner.is_running and self.result_pane.strip_button.isChecked()

    def _on_previews_switched(self, on: bool) -> None:
        self._settings.set_flag("style_previews", on)
        if on:
            self.variants.later()
        else:
            self.variants.stop()

    def _on_variant(self, values: dict[str, Any]) -> None:
        """Take the variant's options and run them at full size."""
        if self.runner.is_running:
            return
        self.form.set_value(self.form.value().with_values(**values), tr("Take Variant"))
        self.run()
