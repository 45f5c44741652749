"""The panel of the mode Morph: warp and curves, shape and colour, what is drawn over the frames, and export."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.gui.mode.kept_pictures import KeptPictures
from studio.gui.mode.mode import ModePanel, Services
from studio.gui.mode.panel import lay_out
from studio.gui.morph.actions import MorphCan
from studio.gui.morph.export import MorphExport, MorphNow
from studio.gui.morph.further import PART, FurtherPictures, name_of
from studio.gui.morph.mode import is_ready
from studio.gui.morph.pad import ShapeColourPad
from studio.gui.morph.responder import MorphAnswer, MorphRequest, MorphResponder
from studio.gui.morph.result_pane import MorphResultPane
from studio.gui.morph.show import MorphShow
from studio.gui.widgets.action import Condition
from studio.gui.widgets.forms import OptionsForm, OptionsHolder
from studio.language import tr
from studio.live import LiveWorker
from studio.morph.options import MorphOptions
from studio.morph.timing import colour_at, shape_at
from studio.options import OptionsError
from studio.progress import Progress

log = logging.getLogger(__name__)

WAY_STEPS = 40


class MorphPanel(ModePanel):
    """Asks its thread for frames and shows them on the result pane; edits of pairs show at once."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        state, jobs, settings = services.state, services.jobs, services.settings
        self._state, self._settings, self._messages = state, settings, services.messages
        self.result_pane: MorphResultPane = MorphResultPane()
        self._active = False
        self._on_way = True
        self._failed = ""
        self.worker = LiveWorker("morph", MorphResponder(), self)
        self.form = OptionsForm(settings.options(MorphOptions, "morph"))
        self.pad = ShapeColourPad()
        self.show_ = MorphShow()
        self.view_choice, self.compare, self.layers = self.show_.view_choice, self.show_.compare, self.show_.layers
        self.notes = QLabel(wordWrap=True)
        self.notes.setObjectName("muted")
        self.further = FurtherPictures(state, jobs, settings, services.messages)
        self.export = MorphExport(jobs, settings, services.messages, self.now)
        self._lay_out()
        self._restore()
        self._connect()
        self._follow_curves()
        self.refresh()

    def _lay_out(self) -> None:
        self.guide = self._build_guide()
        sections = (
            ("", [self.guide, self.notes]),
            (tr("Show"), [self.show_]),
            (tr("Shape and Colour"), [self.pad]),
            (tr("Further Pictures"), [self.further]),
            (tr("Warp and Time"), [self.form]),
            ("", [self.export]),
        )
        lay_out(self, sections, self.export.foot)

    def _build_guide(self) -> QWidget:
        guide = QWidget()
        self.guide_text = QLabel(wordWrap=True)
        self.match_button = QPushButton(tr("Match Now"))
        self.match_button.setObjectName("primary")
        self.match_button.setToolTip(tr("Find the best buddies of the two pictures; then come back to Morph"))
        layout = QVBoxLayout(guide)
        layout.setContentsMargins(0, 0, 0, 6)
        layout.addWidget(self.guide_text)
        layout.addWidget(self.match_button, alignment=Qt.AlignmentFlag.AlignLeft)
        return guide

    def _restore(self) -> None:
        settings, transport = self._settings, self.result_pane.transport
        for layer, box in self.layers.items():
            box.setChecked(settings.flag(f"morph_{layer}", layer == "points"))
        transport.loop_button.setChecked(settings.flag("morph_loop", False))
        transport.ping_pong_button.setChecked(settings.flag("morph_ping_pong", False))
        transport.speed.setValue(settings.number("morph/seconds", transport.speed.value()))

    def _connect(self) -> None:
        state, transport = self._state, self.result_pane.transport
        self.worker.answered.connect(self._on_answer)
        self.worker.failed.connect(self._on_failed)
        self.worker.rested.connect(self._on_rested)
        transport.time_changed.connect(self._on_time)
        transport.settings_changed.connect(self._remember_switches)
        transport.badge.toggled.connect(self._show_folds)
        self.pad.moved.connect(self._on_pad)
        self.form.changed.connect(self._on_options)
        self.show_.layers_changed.connect(self._remember_switches)
        self.show_.changed.connect(self.ask_now)
        self.show_.view_choice.currentIndexChanged.connect(lambda _: self.result_pane.view.set_way(self.show_.way))
        self.result_pane.view.save = self.export.still_dialog
        self.result_pane.view.failed.connect(self._messages.error)
        self.match_button.clicked.connect(lambda: self.action_asked.emit("run"))
        self.further.changed.connect(self.refresh)
        self.further.changed.connect(self.edited)
        self.export.running_changed.connect(self.ready_changed)
        state.pairs_changed.connect(self.refresh)
        state.picture_changed.connect(self._on_picture)

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the actions of the menu Morph do."""
        transport, export = self.result_pane.transport, self.export
        return {
            "play": transport.set_playing,
            "loop": transport.loop_button.setChecked,
            "ping_pong": transport.ping_pong_button.setChecked,
            "export_film": export.film_dialog,
            "save_still": export.still_dialog,
            "save_warped": export.warped_dialog,
            "save_field": export.field_dialog,
        }

    def follow(self, actions: Mapping[str, QAction]) -> None:
        """Keep the checks of the menu in step with the buttons of the result pane."""
        transport = self.result_pane.transport
        for name, signal in (
            ("play", transport.playing_changed),
            ("loop", transport.loop_button.toggled),
            ("ping_pong", transport.ping_pong_button.toggled),
        ):
            actions[name].setChecked(getattr(transport, f"{name}_button").isChecked())
            signal.connect(actions[name].setChecked)

    def conditions(self) -> set[Condition]:
        now = set[Condition]()
        if self.is_ready:
            if self._active:
                now.add(MorphCan.MORPH)
            if not self.export.is_running:
                now.add(MorphCan.EXPORT)
        return now

    def kept_options(self) -> dict[str, OptionsHolder]:
        return {"morph": self.form}

    def kept_pictures(self) -> tuple[KeptPictures, ...]:
        return (KeptPictures(PART, "morph", self.further.written, self.further.read),)

    def refresh_theme(self) -> None:
        """Take over the colours of another theme."""
        self.result_pane.refresh_theme()

    # --- what is asked for ---

    @property
    def is_ready(self) -> bool:
        """Whether there are two pictures and pairs between them."""
        return is_ready(self._state)

    def set_active(self, active: bool) -> None:
        """Whether the mode is on. It renders nothing otherwise."""
        self._active = active
        if active:
            self.refresh()
        else:
            self.result_pane.transport.set_playing(False)
            self.worker.drop()

    def shutdown(self, timeout: float = 5.0) -> bool:
        """End the thread; False if it is still busy after `timeout` seconds."""
        self.result_pane.transport.set_playing(False)
        self.further.close_down()
        return self.worker.shutdown(timeout)

    def now(self) -> MorphNow | None:
        """The morph as it is shown, or None if there is none."""
        a, b, options = self._state.picture("A"), self._state.picture("B"), self._options()
        if a is None or b is None or options is None or not self.is_ready:
            return None
        leg, t = self._leg_and_moment()
        pictures, pairs = (a, b, *self.further.pictures), (self._state.pairs.enabled(), *self.further.pairs)
        return MorphNow(pictures, pairs, leg, options, t, self.pad.shape, self.pad.colour, self._on_way)

    def _leg_and_moment(self) -> tuple[int, float]:
        """Between which pictures the time stands, and how far from the first to the second of them, 0 to 1."""
        transport = self.result_pane.transport
        leg = min(int(transport.time), transport.end - 1)
        return leg, transport.time - leg

    def refresh(self) -> None:
        """Take in what the state says now."""
        ready = self.is_ready
        self.result_pane.transport.set_names([name_of(number) for number in range(len(self.further.pictures) + 2)])
        if not ready:
            self._say_what_to_do()
        elif self._active:
            self.ask_now()
        self.guide.setVisible(not ready)
        self.notes.setVisible(ready and bool(self.notes.text()))
        self.result_pane.transport.setEnabled(ready)
        self.pad.setEnabled(ready)
        self.export.set_ready(ready)
        self.ready_changed.emit()

    def _say_what_to_do(self) -> None:
        self.worker.drop()
        self.result_pane.transport.set_playing(False)
        self.result_pane.transport.badge.set_folds(None)
        both = self._state.has_both
        title, text = tr("No pairs yet"), tr("A morph needs pairs of points: match the two pictures first.")
        if not both:
            title = tr("Open two pictures")
            text = tr("A morph turns one picture into another, along pairs of their points.")
        self.guide_text.setText(f"{title}. {text}")
        self.match_button.setVisible(both)
        self.result_pane.view.set_hint(title, text)

    def _options(self) -> MorphOptions | None:
        try:
            options = self.form.value()
        except OptionsError as error:
            self._messages.error(str(error))
            return None
        assert isinstance(options, MorphOptions)
        return options

    def ask_now(self, *_: object) -> None:
        """Ask for the frame that everything on the panel describes."""
        now = self.now() if self._active else None
        if now is None:
            return
        options = [now.options]
        if self.show_.second_warp is not None:
            options.append(now.options.with_values(warp=self.show_.second_warp))
        self.worker.ask(
            MorphRequest(
                now.a,
                now.b,
                now.pairs,
                tuple(options),
                now.shape,
                now.colour,
                self.show_.view,
                self.show_.chosen_layers,
                settled=not self._state.is_dragging,
                leg=now.leg,
                among=now.pictures if len(now.pictures) > 2 else (),
            )
        )

    # --- answers ---

    def _on_answer(self, _: object, answer: MorphAnswer) -> None:
        request = answer.request
        now = self.now() if self._active else None
        if now is None or request.leg != now.leg or request.a is not now.a or request.b is not now.b:
            return
        self._failed = ""
        self.result_pane.view.set_shots(answer.shots)
        self.result_pane.transport.badge.set_folds(answer.shots[0].folds)
        words = list(answer.notes)
        if self.further.missing:
            words.append(tr("The pairs of further pictures are being found; until then these fade into each other."))
        if answer.refining:
            words.append(tr("“halfway” is being refined; this is where it starts from."))
        self._show_notes("\n".join(words))

    def _on_failed(self, _: object, sentence: str, details: str) -> None:
        if sentence != self._failed:  # once, not for every step of a drag
            self._failed = sentence
            self._messages.error(sentence, details)
        self._show_notes(sentence)

    def _on_rested(self, event: Progress) -> None:
        if event.milestone:
            self.ask_now()

    def _show_notes(self, text: str) -> None:
        self.notes.setText(text)
        self.notes.setVisible(bool(text) and self.is_ready)

    # --- what the person does ---

    def _on_picture(self, _: str) -> None:
        if not self.is_ready:
            self.refresh()
            return
        self.result_pane.view.set_hint("", "")
        self.refresh()

    def _on_time(self, _: float) -> None:
        self._on_way = True
        options, (_leg, t) = self._options(), self._leg_and_moment()
        if options is not None:
            self.pad.set_position(shape_at(t, options), colour_at(t, options))
        self.ask_now()

    def _on_pad(self, shape: float, colour: float) -> None:
        self._on_way = False
        self.result_pane.transport.set_playing(False)
        self.ask_now()

    def _on_options(self) -> None:
        options = self._options()
        if options is None:
            return
        self._settings.set_options("morph", options)
        self._follow_curves()
        self.ask_now()

    def _follow_curves(self) -> None:
        """Bend the way on the pad as the curves say, and keep the handle on it."""
        options = self._options()
        if options is None:
            return
        steps = [step / WAY_STEPS for step in range(WAY_STEPS + 1)]
        self.pad.set_way([(shape_at(t, options), colour_at(t, options)) for t in steps])
        if self._on_way:
            _leg, t = self._leg_and_moment()
            self.pad.set_position(shape_at(t, options), colour_at(t, options))

    def _show_folds(self, on: bool) -> None:
        """Draw a line around what folds, where it is worst; or none again."""
        self.result_pane.view.set_folds_shown(on)
        folds = self.result_pane.transport.badge.folds
        if on and folds is not None and folds.count:
            self.result_pane.transport.set_playing(False)
            self.result_pane.transport.set_time(self._leg_and_moment()[0] + folds.worst_at)

    def _remember_switches(self) -> None:
        transport = self.result_pane.transport
        for layer, box in self.layers.items():
            self._settings.set_flag(f"morph_{layer}", box.isChecked())
        self._settings.set_flag("morph_loop", transport.loop_button.isChecked())
        self._settings.set_flag("morph_ping_pong", transport.ping_pong_button.isChecked())
        self._settings.set_number("morph/seconds", transport.speed.value())
