"""What a layer of the network sees: its channels in both pictures, its main directions as colours, its filters."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
)

from studio.arrays import SIDES, Side
from studio.colour_maps import Scale
from studio.gui.canvas.drawing import Frame, Overlay
from studio.gui.inspect.colour import clips
from studio.gui.inspect.grid import ChannelGrid, ChannelTiles
from studio.gui.inspect.hub import InspectHub, InspectView
from studio.gui.inspect.label import WordsLabel
from studio.gui.inspect.layer_kinds import CAPTIONS, KINDS, ORDERS
from studio.gui.inspect.legend import LegendEntry
from studio.gui.inspect.readings import (
    ColourReading,
    ColourRequest,
    FilterReading,
    FilterRequest,
    GridReading,
    GridRequest,
    Order,
    PairMaps,
    Region,
)
from studio.gui.inspect.tiles import MapStrip, Tile, whole_tile
from studio.gui.inspect.words import FILTERS, GLOSSARY, layer_words, region_words
from studio.gui.widgets.forms import form_grid
from studio.gui.widgets.search_box import SearchBox, narrow
from studio.language import tr, translatable
from studio.progress import Job


class ActivationsView(InspectView):
    """Looks into one layer."""

    name = "activations"
    title = translatable("Activations")
    tip = translatable("What does a layer of the network see in both pictures?")

    def __init__(self, hub: InspectHub) -> None:
        super().__init__(hub)
        self.grid_reading: GridReading | None = None
        self.colour_reading: ColourReading | None = None
        self.filter_reading: FilterReading | None = None
        self.difference: PairMaps | None = None
        self.regions: tuple[Region, ...] = ()
        self._channel = -1
        self._silent = False
        """Whether the regions that were looked for are none."""
        self.kind = QComboBox()
        narrow(self.kind)
        self.kind.setAccessibleName(tr("What to see of the layer"))
        for key, title, tip in KINDS:
            self.kind.addItem(tr(title), key)
            self.kind.setItemData(self.kind.count() - 1, tr(tip), Qt.ItemDataRole.ToolTipRole)
        self.layer = SearchBox(tr("Layer"), tr("Type a part of a layer's name"))
        self.order = QComboBox()
        narrow(self.order)
        self.order.setAccessibleName(tr("Order of the channels"))
        for key, title, tip in ORDERS:
            self.order.addItem(tr(title), key)
            self.order.setItemData(self.order.count() - 1, tr(tip), Qt.ItemDataRole.ToolTipRole)
        self.words = WordsLabel(230)
        self.grid = ChannelGrid()
        self.strip = MapStrip(tr("Maps"), choosable=False)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.grid)
        self.stack.addWidget(self.strip)
        self.folder: Path | None = None
        self.folder_button = QPushButton(tr("Also a Folder…"))
        self.folder_button.setToolTip(tr("Look for the strongest regions in all pictures of a folder too"))
        self._lay_out()
        self.folder_button.clicked.connect(self.choose_folder)
        self.kind.currentIndexChanged.connect(self._on_kind)
        self.order.currentIndexChanged.connect(self._ask)
        self.layer.chosen.connect(self._on_layer)
        self.grid.chosen.connect(self.choose_channel)
        hub.state.pairs_changed.connect(self._forget_difference)

    def _lay_out(self) -> None:
        page = QHBoxLayout(self.page)
        page.setContentsMargins(0, 0, 10, 0)
        page.setSpacing(12)
        page.addWidget(self.stack, 1)
        page.addWidget(self.words)
        form = form_grid(words=70)
        self._order_label = QLabel(tr("Order"))
        for row, (label, widget) in enumerate(
            ((QLabel(tr("Layer")), self.layer), (QLabel(tr("Show")), self.kind), (self._order_label, self.order))
        ):
            form.addWidget(label, row, 0)
            form.addWidget(widget, row, 1)
        column = QVBoxLayout(self.controls)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(form)
        column.addWidget(self.folder_button)
        self.folder_button.hide()

    # --- what is looked at ---

    @property
    def shown(self) -> str:
        """The key of what is shown, of `KINDS`."""
        return str(self.kind.currentData())

    @property
    def layer_name(self) -> str:
        return self.layer.value

    def _on_kind(self) -> None:
        self.order.setVisible(self.shown == "channels")
        self._order_label.setVisible(self.shown == "channels")
        self.layer.setEnabled(self.shown != "filters")
        self.folder_button.setVisible(self.shown == "regions")
        self.refresh()

    def _on_layer(self, _: str) -> None:
        self._channel = -1
        self.difference, self.regions, self._silent = None, (), False
        self.refresh()

    def session_changed(self) -> None:
        session = self.hub.session
        self.grid_reading = self.colour_reading = self.filter_reading = self.difference = None
        self.regions, self._channel, self._silent = (), -1, False
        layers = session.layers if session is not None else ()
        self.layer.set_choices(
            [(one.name, tr("{name}   {channels} channels", name=one.name, channels=one.channels)) for one in layers]
        )
        if session is not None and session.levels:
            middle = session.levels[min(3, len(session.levels) - 1)]
            self.layer.set_value(middle.name)
        self.refresh()

    def _forget_difference(self) -> None:
        self.difference = None
        if self.active and self.shown == "difference":
            self.refresh()

    def choose_channel(self, channel: int) -> None:
        """Show a channel large, over both pictures."""
        self._channel = channel
        self.regions, self._silent = (), False
        self.grid.set_current(channel)
        self._ask()

    def choose_folder(self) -> None:
        """Look at the pictures of a folder for the regions too."""
        start = self.hub.settings.last_folder
        name = QFileDialog.getExistingDirectory(self.page.window(), tr("Pictures to look at"), start)
        if name:
            self.folder, self.regions, self._silent = Path(name), (), False
            self.refresh()

    # --- asking ---

    def refresh(self) -> None:
        if self.hub.session is None:
            self.grid.set_hint(
                tr("Nothing to look into yet"), tr("Open two pictures; then every layer of the network is here.")
            )
            self.stack.setCurrentWidget(self.grid)
            self.words.clear()
            if self.active:
                self.hub.show({})
            return
        self._show()
        self._ask()

    def _ask(self, *_: object) -> None:
        session = self.hub.session
        if session is None or not self.active or not self.layer_name:
            return
        if self.shown == "channels":
            order = self.order.currentData()
            assert order in get_args(Order)
            self.ask(GridRequest(session, self.layer_name, order, self._channel, self.hub.coloured().own))
        elif self.shown == "colours":
            self.ask(ColourRequest(session, self.layer_name))
        elif self.shown == "filters":
            self.ask(FilterRequest(session))
        elif self.shown == "difference" and self.difference is None:
            self._find_difference()
        elif self.shown == "regions" and not self.regions and not self._silent:
            self._find_regions()

    def _find_difference(self) -> None:
        session, layer, pairs = self.hub.session, self.layer_name, self.hub.state.pairs.enabled()
        if session is None or not len(pairs):
            return

        def make() -> Job[PairMaps]:
            from studio.gui.inspect.layers import difference_along  # on the compute thread: this imports torch

            return difference_along(session, layer, pairs)

        self.hub.run(tr("Difference at {layer}", layer=layer), make, self._on_difference, ("difference", layer, pairs))

    def _on_difference(self, result: PairMaps) -> None:
        self.difference = result
        self._show()

    def _find_regions(self) -> None:
        session, layer, channel, folder = self.hub.session, self.layer_name, max(self._channel, 0), self.folder
        if session is None:
            return

        def make() -> Job[tuple[Region, ...]]:
            from studio.gui.inspect.layers import strongest_regions  # on the compute thread: this imports torch

            return strongest_regions(session, layer, channel, folder)

        self.hub.run(
            tr("Regions of channel {channel}", channel=channel),
            make,
            self._on_regions,
            ("regions", layer, channel, folder),
        )

    def _on_regions(self, result: tuple[Region, ...]) -> None:
        self.regions, self._silent = result, not result
        self._show()

    # --- answers ---

    def answered(self, answer: object) -> None:
        session = self.hub.session
        if isinstance(answer, GridReading) and answer.request.session is session:
            self.grid_reading = answer
            if self._channel < 0 and len(answer.grid.channels) and self.active:
                self._channel = int(answer.grid.channels[0])
                self._ask()
        elif isinstance(answer, ColourReading) and answer.request.session is session:
            self.colour_reading = answer
        elif isinstance(answer, FilterReading) and answer.request.session is session:
            self.filter_reading = answer
        else:
            return
        self._show()

    def recolour(self) -> None:
        self._show()
        reading = self.grid_reading
        if self.shown == "channels" and reading is not None and reading.request.own != self.hub.coloured().own:
            self._ask()

    # --- drawing ---

    def _show(self) -> None:
        show = {
            "channels": self._show_channels,
            "colours": self._show_colours,
            "filters": self._show_filters,
            "difference": self._show_difference,
            "regions": self._show_regions,
        }[self.shown]
        overlays, legends = show()
        if self.active:
            self.hub.show(overlays, legends)

    def _about(self) -> str:
        session = self.hub.session
        info = next((one for one in session.layers if one.name == self.layer_name), None) if session else None
        if info is None or session is None:
            return ""
        return layer_words(info, session)

    def _show_channels(self) -> tuple[dict[Side, Overlay], list[LegendEntry]]:
        self.stack.setCurrentWidget(self.grid)
        reading = self.grid_reading
        if reading is None or reading.request.layer != self.layer_name:
            self.grid.set_hint(tr("Looking…"), "")
            return {}, []
        coloured = self.hub.coloured()
        caption, shown = tr(CAPTIONS[reading.request.order]), reading.grid
        self.grid.set_table(coloured.colours(False))
        self.grid.set_tiles(ChannelTiles(shown.channels, shown.a, shown.b, shown.values.astype(float), caption))
        self.grid.set_current(self._channel)
        self.words.set_words(
            self._about()
            + tr(
                "<p>{explanation} Left A, right B; below each its number and its {caption}. Click one to lay it over "
                "the pictures.</p>",
                explanation=tr(GLOSSARY["channel"]),
                caption=caption,
            )
        )
        if reading.large is None or reading.request.channel < 0:
            return {}, []
        title = tr("channel {channel} of {layer}", channel=reading.request.channel, layer=reading.request.layer)
        if coloured.own:
            return coloured.both(reading.large, title, tr("activation"), signed=reading.low < 0)
        # The large map has the scale of the small ones: that of the layer.
        scale = Scale(reading.low, reading.high, tr("activation"))
        clipped = any(clips(scale, heat.values) for heat in reading.large.values())
        legend = LegendEntry(title, coloured.colours(False), scale.low, scale.high, scale.unit, clipped)
        return {side: coloured.overlay(heat, scale) for side, heat in reading.large.items()}, [legend]

    def _strip(self, tiles: list[Tile]) -> None:
        self.stack.setCurrentWidget(self.strip)
        self.strip.set_tiles(tiles)

    def _show_colours(self) -> tuple[dict[Side, Overlay], list[LegendEntry]]:
        self.stack.setCurrentWidget(self.strip)
        reading, session = self.colour_reading, self.hub.session
        if reading is None or session is None or reading.request.layer != self.layer_name:
            self.strip.set_hint(tr("Looking…"), "")
            return {}, []
        coloured = self.hub.coloured()
        overlays: dict[Side, Overlay] = {
            side: Overlay(reading.colours[side], reading.extents[side], coloured.opacity, coloured.smooth)
            for side in SIDES
        }
        full = {side: Overlay(reading.colours[side], reading.extents[side], 1.0, coloured.smooth) for side in SIDES}
        self._strip([Tile(side, side, session.pictures[side].size, None, full[side]) for side in SIDES])
        shares = ", ".join(f"{share:.0%}" for share in reading.components.explained.tolist())
        self.words.set_words(
            self._about()
            + tr(
                "<p>The same colour means that the layer sees the same thing, in A and in B. Red, green and blue hold "
                "{shares} of all differences (principal components, one basis for both pictures).</p>",
                shares=shares,
            )
        )
        return overlays, []

    def _show_filters(self) -> tuple[dict[Side, Overlay], list[LegendEntry]]:
        self.stack.setCurrentWidget(self.strip)
        reading = self.filter_reading
        if reading is None:
            self.strip.set_hint(tr("Looking…"), "")
            return {}, []
        self._strip([whole_tile("A", str(index), pixels, smooth=False) for index, pixels in enumerate(reading.filters)])
        self.words.set_words(tr(FILTERS))
        return {}, []

    def _show_difference(self) -> tuple[dict[Side, Overlay], list[LegendEntry]]:
        self.stack.setCurrentWidget(self.strip)
        shown, session = self.difference, self.hub.session
        if shown is None or session is None:
            title = tr("Working…") if len(self.hub.state.pairs) else tr("Match first")
            self.strip.set_hint(title, tr("The difference follows the pairs from B to A."))
            self.words.set_words(self._about())
            return {}, []
        coloured = self.hub.coloured()
        overlays, legends = coloured.both(shown.maps, shown.title, shown.unit, shown.signed)
        self._strip(
            [
                Tile(side, f"{side}: {shown.title}", session.pictures[side].size, session.greys[side], overlay)
                for side, overlay in overlays.items()
            ]
        )
        self.words.set_words(f"{self._about()}<p>{shown.note}</p>")
        return overlays, legends

    def _show_regions(self) -> tuple[dict[Side, Overlay], list[LegendEntry]]:
        self.stack.setCurrentWidget(self.strip)
        channel = max(self._channel, 0)
        if not self.regions:
            if self.hub.is_running or not self._silent:
                self.strip.set_hint(tr("Looking…"), "")
            else:
                self.strip.set_hint(
                    tr("Nothing excites channel {channel}", channel=channel), tr("It is silent in these pictures.")
                )
            return {}, []
        tiles = []
        boxes: dict[Side, list[Frame]] = {"A": [], "B": []}
        for rank, region in enumerate(self.regions, 1):
            words = (f"{region.value:.3g}",)
            tiles.append(whole_tile(region.side, f"{rank} · {region.title}", region.pixels, words))
            if region.edges is not None:
                boxes[region.side].append(Frame(region.edges, "chosen" if rank == 1 else "other", str(rank)))
        self._strip(tiles)
        self.words.set_words(self._about() + region_words(channel))
        return {side: Overlay(boxes=tuple(boxes[side])) for side in SIDES}, []
