"""Which pixels matter for a target, by every method, with checks beside the maps and maps pinned to compare."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
)

from studio.arrays import SIDES, Side
from studio.attribution.options import METHODS, ExplainOptions
from studio.files import beside
from studio.gui.canvas.drawing import Mark, Overlay
from studio.gui.inspect.checks import ChecksPane, short_target
from studio.gui.inspect.colour import Numbers, with_signs
from studio.gui.inspect.hub import InspectHub, InspectView
from studio.gui.inspect.legend import LegendEntry
from studio.gui.inspect.method_forms import MethodForms
from studio.gui.inspect.readings import Explained, HoverReading, HoverRequest
from studio.gui.inspect.target import TargetKnobs
from studio.gui.inspect.tiles import MapStrip, Tile
from studio.gui.widgets.choices import Choices
from studio.gui.widgets.forms import OptionsForm, title_of
from studio.gui.widgets.saving import ask_where_to_save
from studio.gui.widgets.search_box import narrow
from studio.language import listed, tr, translatable
from studio.options import Options, OptionsError, knob
from studio.progress import Job

MOST_PINS = 4
"""Results that are pinned to compare; the oldest gives way."""


class ExplainChoice(Options):
    """What is remembered of this view; the knobs of each method are remembered apart."""

    method: str = knob("grad-cam", "Key of the method chosen last.", label="Method")


class ExplainView(InspectView):
    """Runs attribution methods over both pictures."""

    name = "attribution"
    title = translatable("Attribution")
    tip = translatable("Which pixels make the network give its answer?")

    def __init__(self, hub: InspectHub) -> None:
        super().__init__(hub)
        self.result: Explained | None = None
        self.pins: list[Explained] = []
        self._shown: Explained | None = None
        """The result that lies over the pictures: the newest one, or a pinned one."""
        self.method = QComboBox()
        narrow(self.method)
        self.method.setAccessibleName(tr("Method"))
        for method in METHODS.values():
            self.method.addItem(tr(method.title), method.key)
            self.method.setItemData(self.method.count() - 1, tr(method.sentence), Qt.ItemDataRole.ToolTipRole)
        remembered = hub.settings.options(ExplainChoice, "inspect_attribution").method
        self.method.setCurrentIndex(max(self.method.findData(remembered), 0))
        self.sentence = QLabel(wordWrap=True)
        self.sentence.setObjectName("muted")
        self.target = TargetKnobs()
        self.forms = MethodForms(hub.settings)
        self.with_checks = QCheckBox(tr("Check the maps too"))
        self.with_checks.setToolTip(
            tr("Insertion and deletion curves, and the map of a network with random weights: slower")
        )
        self.with_checks.setChecked(hub.settings.flag("inspect_checks", True))
        self.run_button = QPushButton(tr("Explain Both Pictures"))
        self.run_button.setObjectName("primary")
        self.run_button.setToolTip(tr("Compute the maps of both pictures (Ctrl+Shift+Return)"))
        self.pin_button = QPushButton(tr("Pin"))
        self.pin_button.setToolTip(tr("Keep these maps below, to compare them with others on the same scale"))
        self.unpin_button = QPushButton(tr("Clear Pins"))
        self.png_button = QPushButton(tr("Save PNG…"))
        self.png_button.setToolTip(tr("Save the maps as pictures, with the record of how they were made inside"))
        self.npy_button = QPushButton(tr("Save NPY…"))
        self.npy_button.setToolTip(
            tr("Save the numbers of the maps, with the record of how they were made beside them")
        )
        self.strip = MapStrip(tr("Maps and pinned maps"))
        self.checks = ChecksPane()
        self._lay_out()
        self.method.currentIndexChanged.connect(self._on_method)
        self.choices = Choices(ExplainChoice, {"method": self.method}, self)
        self.target.changed.connect(self._refresh_buttons)
        self.with_checks.toggled.connect(lambda on: hub.settings.set_flag("inspect_checks", on))
        self.run_button.clicked.connect(self.run)
        self.pin_button.clicked.connect(self.pin)
        self.unpin_button.clicked.connect(self.unpin)
        self.png_button.clicked.connect(self.export_png)
        self.npy_button.clicked.connect(self.export_npy)
        self.strip.chosen.connect(self._on_chosen)
        hub.job_changed.connect(self._refresh_buttons)
        self._on_method()

    def _lay_out(self) -> None:
        page = QHBoxLayout(self.page)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(6)
        page.addWidget(self.strip, 1)
        page.addWidget(self.checks)
        row = QHBoxLayout()
        label = QLabel(tr("Method"))
        label.setMinimumWidth(70)
        row.addWidget(label)
        row.addWidget(self.method, 1)
        keep = QHBoxLayout()
        keep.addWidget(self.pin_button)
        keep.addWidget(self.unpin_button)
        save = QHBoxLayout()
        save.addWidget(self.png_button)
        save.addWidget(self.npy_button)
        column = QVBoxLayout(self.controls)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self.sentence)
        column.addWidget(self.target)
        column.addWidget(self.with_checks)
        column.addWidget(self.run_button)
        column.addLayout(keep)
        column.addLayout(save)
        column.addWidget(self.forms)

    # --- method and target ---

    @property
    def method_key(self) -> str:
        return str(self.method.currentData())

    @property
    def form(self) -> OptionsForm | None:
        """The knobs of the method chosen."""
        return self.forms.form

    def _on_method(self) -> None:
        method = METHODS[self.method_key]
        self.hub.settings.set_options("inspect_attribution", ExplainChoice(method=method.key))
        self.sentence.setText(tr(method.sentence))
        self._fit_form(self.forms.show_method(method.key))
        self.target.allow(method.targets)
        self._refresh_buttons()

    def _fit_form(self, form: OptionsForm) -> None:
        """The working size is that of the session, and layers are offered while one types."""
        size = form.editors["size"]
        for widget in (size, *(one for one in form.findChildren(QLabel) if one.text() == title_of(size.knob))):
            widget.hide()
        session = self.hub.session
        if "layer" in form.editors and session is not None:
            line = form.editors["layer"].findChild(QLineEdit)
            assert line is not None
            line.setPlaceholderText(tr("automatic"))
            completer = QCompleter([layer.name for layer in session.layers], line)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            line.setCompleter(completer)

    def clicked(self, side: Side, place: QPointF) -> None:
        """The place clicked and its best place in the other picture are what is explained."""
        if self.hub.session is not None:
            self.ask(HoverRequest(self.hub.session, side, (place.x(), place.y())))

    def pair_selected(self) -> None:
        pair = self.hub.state.shown_pairs.by_id(self.hub.state.selected)
        if pair is not None:
            self.target.set_pair(pair.a, pair.b)
            self._refresh_buttons()
            self._show()

    def answered(self, answer: object) -> None:
        if isinstance(answer, HoverReading) and answer.request.session is self.hub.session and answer.trace:
            here, there = answer.request.place, answer.trace[-1]
            self.target.set_places(*((here, there) if answer.request.side == "A" else (there, here)))
            self._show()

    def session_changed(self) -> None:
        self.result, self._shown = None, None
        self.pins.clear()
        self.target.set_session(self.hub.session)
        self._on_method()
        self._refresh_buttons()
        self._show()

    # --- running ---

    def _options(self) -> ExplainOptions | None:
        form = self.form
        assert form is not None
        try:
            options = form.value()
        except OptionsError as error:
            self.hub.messages.error(str(error))
            return None
        assert isinstance(options, ExplainOptions)
        session = self.hub.session
        return options if session is None else options.with_values(size=max(session.sizes["A"]))

    def run(self) -> None:
        """Compute the maps of both pictures."""
        session, choice, options = self.hub.session, self.target.choice(), self._options()
        if session is None or choice is None or options is None:
            return
        key, checks = self.method_key, self.with_checks.isChecked()

        def make() -> Job[Explained]:
            from studio.gui.inspect.attribution import explain_both  # on the compute thread: this imports torch

            return explain_both(session, key, choice, options, checks)

        known = ("explain", key, choice, tuple(sorted(options.to_dict().items())), checks)
        self.hub.run(tr(METHODS[key].title), make, self._on_result, known, preview=self._on_preview)

    def _on_preview(self, preview: object) -> None:
        if isinstance(preview, Explained):
            self._on_result(preview)

    def _on_result(self, result: Explained) -> None:
        self.result = self._shown = result
        self._refresh_buttons()
        self._show()

    # --- pins ---

    @property
    def has_result(self) -> bool:
        return self._shown is not None

    def pin(self) -> None:
        """Keep the maps shown, to compare others with them."""
        if self.result is not None and self.result not in self.pins:
            self.pins = [*self.pins, self.result][-MOST_PINS:]
            self._refresh_buttons()
            self._show()

    def unpin(self) -> None:
        """Let the pinned maps go."""
        self.pins.clear()
        self._shown = self.result
        self._refresh_buttons()
        self._show()

    def _listed(self) -> list[tuple[Explained, Side]]:
        results = ([self.result] if self.result is not None and self.result not in self.pins else []) + self.pins
        return [(result, side) for result in results for side in SIDES if side in result.maps]

    def _on_chosen(self, index: int) -> None:
        self._shown = self._listed()[index][0]
        self._show()

    # --- files ---

    def export_png(self) -> None:
        """Save the maps shown as pictures."""
        self._export(tr("PNG picture (*.png)"), ".png")

    def export_npy(self) -> None:
        """Save the numbers of the maps shown."""
        self._export(tr("NumPy array (*.npy)"), ".npy")

    def _export(self, kinds: str, suffix: str) -> None:
        shown, session = self._shown, self.hub.session
        if shown is None or session is None:
            return
        from studio.attribution.export import written_files  # imports torch, which has made the maps

        chosen = ask_where_to_save(
            self.page.window(),
            self.hub.settings,
            tr("Save the maps of A and B"),
            f"{shown.method}{suffix}",
            {kinds: suffix},
            accepted=[suffix],
            written=lambda path, _: [file for side in shown.maps for file in written_files(beside(path, f"_{side}"))],
        )
        if chosen is None:
            return
        path, _ = chosen
        coloured = self.hub.coloured()
        scales = coloured.scales(shown.maps, shown.signed, shown.unit, self._beside(shown))
        table = coloured.colours(shown.signed)

        def make() -> Job[list[Path]]:
            from studio.gui.inspect.attribution import save_maps  # on the lane: this imports torch

            return save_maps(shown, session, path, scales, table, coloured.opacity)

        handle = self.hub.jobs.submit(tr("Save {name}", name=path.name), make, lane="files")
        handle.finished.connect(
            lambda files: self.hub.messages.info(tr("Saved {names}.", names=listed(file.name for file in files)))
        )
        handle.failed.connect(self.hub.messages.error)

    # --- drawing ---

    def refresh(self) -> None:
        pair = self.hub.start_pair()
        if pair is not None and self.target.places is None:
            self.target.set_pair(*pair)
        self._refresh_buttons()
        self._show()

    def _show(self) -> None:
        shown, session = self._shown, self.hub.session
        if shown is None or session is None:
            self.strip.set_hint(
                tr("Choose a method and what to explain"),
                tr("Then press “Explain Both Pictures”: bright places are what the network's answer comes from."),
            )
            self.checks.show_result(None)
            self.checks.hide()
            if self.active:
                self.hub.show(self._marks({}))
            return
        coloured = self.hub.coloured()
        tiles: list[Tile] = []
        lit: list[int] = []
        for index, (result, side) in enumerate(self._listed()):
            scale = coloured.scales(result.maps, result.signed, result.unit, self._beside(result))[side]
            overlay = coloured.overlay(result.maps[side], scale)
            pinned = tr("pinned") if result in self.pins else tr("newest")
            tiles.append(
                Tile(
                    side,
                    f"{side}: {tr(METHODS[result.method].title)}",
                    session.pictures[side].size,
                    session.greys[side],
                    overlay,
                    (f"{short_target(result, side)} · {pinned}",),
                    tip=result.title,
                )
            )
            if result is shown:
                lit.append(index)
        self.strip.set_tiles(tiles, lit[0] if lit else -1, lit)
        self.checks.show()
        self.checks.show_result(shown, f"<p>{tr(METHODS[shown.method].sentence)}</p>")
        overlays, legends = self._coloured(shown)
        if self.active:
            self.hub.show(self._marks(overlays), legends)

    def _beside(self, result: Explained) -> list[Numbers]:
        """The numbers of all other maps listed that can be compared with those of a result."""
        others = {id(one): one for one, _ in self._listed() if one is not result}
        return [
            heat.values
            for one in others.values()
            if (one.method, one.unit, one.signed) == (result.method, result.unit, result.signed)
            for heat in one.maps.values()
        ]

    def _coloured(self, shown: Explained) -> tuple[dict[Side, Overlay], list[LegendEntry]]:
        title = tr(METHODS[shown.method].title)
        return self.hub.coloured().both(shown.maps, title, shown.unit, shown.signed, self._beside(shown))

    def _marks(self, overlays: dict[Side, Overlay]) -> dict[Side, Overlay]:
        """Also show the places that are explained."""
        if self.target.kind_name not in ("cell", "pair") or self.target.places is None:
            return overlays
        return {
            side: with_signs(overlays.get(side), marks=(Mark(*place, "pinned"),))
            for side, place in zip(SIDES, self.target.places, strict=True)
        }

    def _refresh_buttons(self) -> None:
        free = self.hub.session is not None and not self.hub.is_running
        self.run_button.setEnabled(free and self.target.choice() is not None)
        self.pin_button.setEnabled(self.result is not None and self.result not in self.pins)
        self.unpin_button.setEnabled(bool(self.pins))
        for button in (self.png_button, self.npy_button):
            button.setEnabled(self.has_result)
