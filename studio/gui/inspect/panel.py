"""The panel of the mode Inspect: network, what to look at and with which knobs, colours, progress and cancel."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QLabel

from studio.arrays import SIDES, Side
from studio.buddies.options import MatchOptions
from studio.gui.inspect.actions import InspectCan
from studio.gui.inspect.activations import ActivationsView
from studio.gui.inspect.explain import ExplainView
from studio.gui.inspect.field import FieldView
from studio.gui.inspect.hover import HoverView
from studio.gui.inspect.hub import InspectHub, InspectView
from studio.gui.inspect.layer import CanvasClicks
from studio.gui.inspect.legend import ColourKnobs, number
from studio.gui.inspect.preparing import FeaturesRequest, Preparing
from studio.gui.inspect.readings import AS_MATCHED
from studio.gui.inspect.responder import InspectResponder
from studio.gui.inspect.result_pane import InspectResultPane
from studio.gui.inspect.setup import FeatureSetup
from studio.gui.inspect.why import WhyView
from studio.gui.mode.mode import ModePanel, Services
from studio.gui.mode.panel import lay_out
from studio.gui.widgets.action import Condition
from studio.gui.widgets.forms import OptionsHolder
from studio.gui.widgets.parts import heading
from studio.gui.widgets.run_foot import RunFoot
from studio.language import tr
from studio.live import LiveWorker

log = logging.getLogger(__name__)


class InspectPanel(ModePanel):
    """Lets a network look at both pictures, and shows what the views make of it."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        state, jobs, settings, network = services.state, services.jobs, services.settings, services.network
        self._state, self._settings, self._messages = state, settings, services.messages
        self._features = services.features
        self._viewer, self._network = services.viewer, network
        self._active = False
        self._lines_before = True
        self._failed = ""
        self.colours = ColourKnobs(settings)
        self.hub = InspectHub(state, jobs, settings, services.messages, self.colours)
        self.hover, self.why = HoverView(self.hub), WhyView(self.hub)
        self.activations, self.explain = ActivationsView(self.hub), ExplainView(self.hub)
        self.field = FieldView(self.hub)
        self.views: tuple[InspectView, ...] = (self.hover, self.why, self.activations, self.explain, self.field)
        self.result_pane: InspectResultPane = InspectResultPane(self.views, self.hub.legend)
        self.worker = LiveWorker("inspect", InspectResponder(), self)
        self.preparing = Preparing(jobs, services.messages, self)
        self._clicks: dict[Side, CanvasClicks] = {}
        self.setup = FeatureSetup(network)
        self.backbone, self.working_size = self.setup.backbone, self.setup.working_size
        self.foot = RunFoot(tr("Progress"), tr("Give up what is being computed"))
        self.cancel_button, self.status = self.foot.cancel_button, self.foot.status
        self._lay_out()
        self._connect()
        self._show_view(0)
        self._refresh_progress()

    def _lay_out(self) -> None:
        self._title = heading("")
        self._tip = QLabel(wordWrap=True)
        self._tip.setObjectName("muted")
        sections = (
            (self._title, [self._tip, *(view.controls for view in self.views)]),
            (tr("Colours"), [self.colours]),
            (tr("Network"), [self.setup]),
        )
        lay_out(self, sections, self.foot)

    def _connect(self) -> None:
        hub, state, preparing = self.hub, self._state, self.preparing
        preparing.made.connect(hub.set_session)
        preparing.changed.connect(self._on_preparing)
        self.worker.answered.connect(self._on_answer)
        self.worker.failed.connect(self._on_failed)
        hub.asked.connect(lambda request, view: self.worker.ask(request, view))
        hub.job_changed.connect(self._refresh_progress)
        hub.recoloured.connect(self._recolour)
        hub.view_asked.connect(self.show_view)
        hub.session_changed.connect(self._on_session)
        self.result_pane.chosen.connect(self._show_view)
        self.cancel_button.clicked.connect(self.cancel)
        self.working_size.currentIndexChanged.connect(self._prepare_if_needed)
        self.backbone.activated.connect(self._network.backbone.setCurrentIndex)
        self._network.changed.connect(self._on_network)
        state.picture_changed.connect(self._on_picture)
        state.selected_changed.connect(self._on_selected)
        for side in SIDES:
            canvas = self._viewer.canvas(side)
            canvas.add_layer(hub.layers[side])
            clicks = self._clicks[side] = CanvasClicks(canvas, hub.layers[side], self)
            clicks.clicked.connect(partial(self._on_click, side))
            canvas.cursor_moved.connect(partial(self._on_cursor, side))
            canvas.redrawn.connect(partial(self._on_view, side))
        for strip in (self.hover.strip, self.explain.strip, self.activations.strip):
            strip.cursor_moved.connect(self._on_tile_cursor)

    # --- the mode ---

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the actions of the menu Inspect do."""
        return {
            **{f"inspect_{view.name}": partial(self._go_to, view.name) for view in self.views},
            "inspect_release": self.hover.release,
            "inspect_run": self._run,
            "inspect_pin": self.explain.pin,
            "inspect_export_png": self.explain.export_png,
            "inspect_export_npy": self.explain.export_npy,
            "inspect_cancel": self.cancel,
        }

    def kept_options(self) -> dict[str, OptionsHolder]:
        methods = {f"inspect/{key}": options for key, options in self.explain.forms.options.items()}
        return {
            "inspect": self.setup.choices,
            "inspect/method": self.explain.choices,
            "inspect/colours": self.colours,
            **methods,
        }

    def conditions(self) -> set[Condition]:
        now = set[Condition]()
        if self._active and self.hub.session is not None:
            now.add(InspectCan.INSPECT)
            if self.hover.pinned is not None:
                now.add(InspectCan.RELEASE)
            if self.explain.has_result:
                now.add(InspectCan.EXPORT)
        if self.hub.is_running or self.preparing.is_running:
            now.add(InspectCan.CANCEL)
        return now

    def set_active(self, active: bool) -> None:
        """Whether the mode is on; the pictures are as they were without it."""
        self._active = active
        for side in SIDES:
            self._clicks[side].active = active
            self.hub.layers[side].setVisible(active)
        if active:
            self._lines_before = self._viewer.lines_shown
            # Lines and numbers would hide the maps.
            self._viewer.set_lines_shown(False)
            self._viewer.set_numbers_shown(False)
            self._prepare_if_needed()
        else:
            self._viewer.set_lines_shown(self._lines_before)
            self._viewer.set_numbers_shown(self._settings.flag("numbers", True))
            self.worker.drop()
        self._show_view(self.result_pane.current)
        self.ready_changed.emit()

    def refresh_theme(self) -> None:
        """Take over the colours of another theme."""
        self.result_pane.refresh_theme()
        self._recolour()

    def shutdown(self, timeout: float = 5.0) -> bool:
        """End the thread; False if it is still busy after `timeout` seconds."""
        return self.worker.shutdown(timeout)

    # --- views ---

    @property
    def view(self) -> InspectView:
        """The view that is shown."""
        return self.views[self.result_pane.current]

    def show_view(self, name: str) -> None:
        """Bring a view to the front; "why" takes over the place that Hover holds."""
        if name == "why" and self.hover.pinned is not None and self.hover.places is not None:
            self.why.take_over(self.hover.places, self.hover.chosen)
        self.result_pane.show_view([view.name for view in self.views].index(name))

    def _run(self) -> None:
        self._go_to(self.explain.name)
        self.explain.run()

    def _go_to(self, name: str) -> None:
        self.result_pane.show_view([view.name for view in self.views].index(name))

    def _show_view(self, index: int) -> None:
        current = self.views[index]
        self._title.setText(tr(current.title))
        self._tip.setText(tr(current.tip))
        for view in self.views:
            view.controls.setVisible(view is current)
        for view in self.views:
            if view is not current and view.active:
                view.set_active(False)
        self.hub.show({})
        if self._active:
            current.set_active(True)
        else:
            current.active = False

    def _recolour(self) -> None:
        if self._active:
            self.view.recolour()

    def _on_session(self) -> None:
        for view in self.views:
            view.session_changed()
        self._say_what_to_do()
        self.ready_changed.emit()

    # --- letting the network look ---

    def _prepare_if_needed(self, *_: object) -> None:
        if not self._active:
            return
        a, b = self._state.picture("A"), self._state.picture("B")
        if a is None or b is None:
            self._drop_session()
            return
        matched = self._features.matched(a, b)
        self.setup.follow_match(matched is not None)
        chooser, size = self._network, int(self.working_size.currentData())
        wanted = FeaturesRequest(
            a,
            b,
            chooser.choice(),
            size,
            chooser.backbone.currentText(),
            self._features,
            self._settings.options(MatchOptions, "match") if size == AS_MATCHED and matched is None else None,
            (matched.a.size, matched.b.size) if matched is not None and size == AS_MATCHED else None,
        )
        if self.preparing.is_for(wanted) and (self.preparing.is_running or self.hub.session is not None):
            return
        self._drop_session()
        self.preparing.prepare(wanted)

    def _drop_session(self) -> None:
        self.preparing.cancel()
        self.hub.cancel()
        self.worker.drop()
        if self.hub.session is not None:
            self.hub.set_session(None)
        self._say_what_to_do()

    def _on_preparing(self) -> None:
        if not self.preparing.is_running:
            self._network.refresh()
        self._refresh_progress()
        self._say_what_to_do()

    def _say_what_to_do(self) -> None:
        if self.hub.session is not None:
            self.result_pane.set_hint("", "")
        elif not self._state.has_both:
            self.result_pane.set_hint(
                tr("Open two pictures"),
                tr("Then see what a network sees in them, and why it takes two places for the same."),
            )
        elif self.preparing.is_running:
            self.result_pane.set_hint(tr("The network is looking at your pictures…"), tr("This takes a moment, once."))
        else:
            text = self.preparing.failure or tr("It was given up. Choose a network or a size to try again.")
            self.result_pane.set_hint(tr("The network has not looked at the pictures"), text)

    def _on_network(self) -> None:
        self.backbone.setCurrentIndex(self._network.backbone.currentIndex())
        self._prepare_if_needed()

    def _on_picture(self, _: str) -> None:
        if self.hub.session is not None or self.preparing.is_running:
            self._drop_session()
        self._prepare_if_needed()
        self._say_what_to_do()

    # --- events ---

    def _on_click(self, side: Side, place: QPointF) -> None:
        if self._active and self.hub.session is not None:
            self.view.clicked(side, place)
            self.ready_changed.emit()

    def _on_cursor(self, side: Side, place: QPointF | None) -> None:
        if self._active and self.hub.session is not None:
            self.view.cursor(side, place)
            for strip in (self.explain.strip, self.activations.strip):
                strip.set_cursor(side, place)
            self._read(side, place)

    def _on_tile_cursor(self, side: str, place: QPointF | None) -> None:
        """The small maps are maps of the pictures: being over one is being over its picture."""
        which: Side = "A" if side == "A" else "B"
        self.hub.layers[which].set_pointer(None if place is None else (place.x(), place.y()))
        self._read(which, place)

    def _read(self, side: Side, place: QPointF | None) -> None:
        """Show the number of the map under the mouse."""
        overlay = self.hub.layers[side].overlay
        value = None if place is None else overlay.value_at(place.x(), place.y())
        self.result_pane.readout.setText("" if value is None else f"{side}: {number(value)} {overlay.unit}")

    def _on_view(self, side: Side) -> None:
        state = self._viewer.canvas(side).view_state()
        for strip in (self.hover.strip, self.explain.strip, self.activations.strip):
            strip.set_view(side, state)

    def _on_selected(self) -> None:
        if self._active and self.hub.session is not None:
            self.view.pair_selected()

    # --- answers ---

    def _on_answer(self, view: str, answer: object) -> None:
        self._failed = ""
        for one in self.views:
            if one.name == view:
                one.answered(answer)
        self.ready_changed.emit()

    def _on_failed(self, _: object, sentence: str, details: str) -> None:
        if sentence != self._failed:  # once, not for every move of the mouse
            self._failed = sentence
            self._messages.error(sentence, details)

    # --- progress ---

    def cancel(self) -> None:
        """Give up what is being computed."""
        self.hub.cancel()
        if self.preparing.is_running:
            self.preparing.cancel()

    def _refresh_progress(self) -> None:
        handle = self.preparing.handle or self.hub.handle
        if handle is not None:
            self.foot.follow(handle)
        else:
            session = self.hub.session
            words = "" if session is None else tr("{network} has looked at both pictures.", network=session.network)
            self.foot.say(words, 0.0)
        self.ready_changed.emit()
