"""Why two places are buddies: the channels that they share, the pixels behind it, and what breaks the pair."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
)

from studio.arrays import SIDES, Point, Side
from studio.gui.canvas.drawing import Frame, Mark, Overlay
from studio.gui.inspect.colour import with_signs
from studio.gui.inspect.hub import InspectHub, InspectView
from studio.gui.inspect.label import WordsLabel
from studio.gui.inspect.legend import LegendEntry, number
from studio.gui.inspect.readings import (
    HoverReading,
    HoverRequest,
    LayerInfo,
    LevelReading,
    PairMaps,
    WhyReading,
    WhyRequest,
)
from studio.gui.inspect.words import GLOSSARY, level_name, place_words, what_it_sees, why_words
from studio.gui.widgets.bars import Bar, ChannelBars
from studio.gui.widgets.search_box import narrow
from studio.language import tr, translatable, trn
from studio.progress import Job

SHOWN_BARS = 18
"""Strongest channels that get a bar of their own."""
EXPLANATIONS = (
    (
        "gradient",
        translatable("Pixels that matter now"),
        translatable("The gradient of the similarity: where a small change changes it most"),
    ),
    (
        "integrated-gradients",
        translatable("Pixels that add up"),
        translatable(
            "Integrated gradients: what each pixel contributes on the way from a grey picture; the parts add up"
        ),
    ),
    (
        "occlusion",
        translatable("What breaks the pair"),
        translatable("Occlusion: how much less similar the two places are when a patch of the picture is covered"),
    ),
)


class _Page(QScrollArea):
    """The bars, or what to do to get some."""

    def __init__(self) -> None:
        super().__init__()
        self.bars = ChannelBars()
        self.setWidget(self.bars)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


class WhyView(InspectView):
    """Splits the similarity of one pair into its causes."""

    name = "why"
    title = translatable("Why buddies?")
    tip = translatable("Why does the network think that two places are the same thing?")

    def __init__(self, hub: InspectHub) -> None:
        super().__init__(hub)
        self.pair: tuple[Point, Point] | None = None
        self.pair_label = ""
        self.reading: WhyReading | None = None
        self.explanation: PairMaps | None = None
        self._channel = -1
        self._area = _Page()
        self.bars = self._area.bars
        self.words = WordsLabel(290)
        self.pair_choice = QComboBox()
        narrow(self.pair_choice)
        self.pair_choice.setAccessibleName(tr("Pair"))
        self.pair_choice.setToolTip(tr("Or click a numbered point, or any place of a picture"))
        self.layer = QComboBox()
        narrow(self.layer)
        self.layer.setAccessibleName(tr("Level"))
        self.layer.setToolTip(tr(GLOSSARY["level"]))
        self.buttons: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)
        self._lay_out()
        self.bars.chosen.connect(self.choose_channel)
        self.layer.currentIndexChanged.connect(self._on_layer)
        self.pair_choice.activated.connect(self._on_pair_choice)
        hub.job_changed.connect(self._refresh_buttons)
        hub.state.pairs_changed.connect(self._fill_pairs)

    def _lay_out(self) -> None:
        page = QHBoxLayout(self.page)
        page.setContentsMargins(0, 0, 10, 0)
        page.setSpacing(12)
        page.addWidget(self._area, 1)
        page.addWidget(self.words)
        column = QVBoxLayout(self.controls)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for words, widget in ((tr("Pair"), self.pair_choice), (tr("Level"), self.layer)):
            row = QHBoxLayout()
            label = QLabel(words)
            label.setMinimumWidth(70)
            row.addWidget(label)
            row.addWidget(widget, 1)
            column.addLayout(row)
        column.addSpacing(4)
        hint = QLabel(tr("Which pixels are behind it, in both pictures:"), wordWrap=True)
        hint.setObjectName("muted")
        column.addWidget(hint)
        for method, title, tip in EXPLANATIONS:
            button = QPushButton(tr(title))
            button.setCheckable(True)
            button.setToolTip(tr(tip))
            button.clicked.connect(partial(self.explain, method))
            self.buttons[method] = button
            self._group.addButton(button)
            column.addWidget(button)

    # --- which pair ---

    def set_pair(self, a: Point, b: Point, label: str) -> None:
        """Ask why these two places are similar."""
        if self.pair == (a, b) and self.reading is not None:
            return
        self.pair, self.pair_label = (a, b), label
        self.hub.pair = (a, b)
        self._forget()
        self._fill_pairs()
        self._ask()

    def take_over(self, places: tuple[Point, Point], level: LevelReading | None) -> None:
        """Ask about the place that Hover holds, at the level that it shows."""
        if level is not None and (index := self.layer.findData(level.layer.name)) >= 0:
            self.layer.blockSignals(True)
            self.layer.setCurrentIndex(index)
            self.layer.blockSignals(False)
        self._forget()
        self.set_pair(*places, tr("The place held and the best one"))

    def pair_selected(self) -> None:
        pair = self.hub.state.shown_pairs.by_id(self.hub.state.selected)
        if pair is not None:
            self.set_pair(pair.a, pair.b, tr("Pair {number}", number=pair.id))

    def clicked(self, side: Side, place: QPointF) -> None:
        """Any place and the most similar one of the other picture make a pair."""
        if self.hub.session is not None:
            self.ask(HoverRequest(self.hub.session, side, (place.x(), place.y())))

    def _fill_pairs(self) -> None:
        choice, pairs = self.pair_choice, self.hub.state.shown_pairs
        choice.clear()
        for pair in sorted(pairs, key=lambda pair: -pair.rank):
            choice.addItem(
                tr(
                    "Pair {number}   {first}, {second}",
                    number=pair.id,
                    first=place_words("A", pair.a),
                    second=place_words("B", pair.b),
                ),
                pair.id,
            )
            if self.pair == (pair.a, pair.b):
                choice.setCurrentIndex(choice.count() - 1)
        if self.pair is not None and self.pair not in [(pair.a, pair.b) for pair in pairs]:
            choice.insertItem(0, self.pair_label, 0)
            choice.setCurrentIndex(0)
        choice.setEnabled(choice.count() > 0)

    def _on_pair_choice(self) -> None:
        number = self.pair_choice.currentData()
        if number:
            self.hub.state.set_selected(int(number))
            self.pair_selected()

    # --- which level ---

    @property
    def info(self) -> LayerInfo | None:
        """The layer at which the pair is looked at."""
        session, name = self.hub.session, self.layer.currentData()
        if session is None:
            return None
        return next((level for level in session.levels if level.name == name), None)

    def _on_layer(self) -> None:
        self._forget()
        self._ask()

    def session_changed(self) -> None:
        session = self.hub.session
        self.pair = None
        self._forget()
        self.layer.blockSignals(True)
        self.layer.clear()
        for level in reversed(session.levels if session is not None else ()):
            assert session is not None
            self.layer.addItem(f"{level.level} · {level.name}: {what_it_sees(level, session)}", level.name)
        self.layer.blockSignals(False)
        self.refresh()

    def _forget(self) -> None:
        self.reading, self.explanation, self._channel = None, None, -1

    # --- asking ---

    def _ask(self) -> None:
        info = self.info
        if self.hub.session is None or self.pair is None or info is None:
            self.refresh()
            return
        self.ask(WhyRequest(self.hub.session, info.name, *self.pair, channel=self._channel))

    def choose_channel(self, channel: int) -> None:
        """Show the map of a channel over both pictures."""
        self._channel, self.explanation = channel, None
        self.bars.set_current(channel)
        self._refresh_buttons()
        self._ask()

    def explain(self, method: str, *_: object) -> None:
        """Find the pixels that the similarity comes from."""
        session, pair, info = self.hub.session, self.pair, self.info
        if session is None or pair is None or info is None:
            self._refresh_buttons()
            return
        if self.explanation is not None and not self.buttons[method].isChecked():
            self.explanation = None
            self._refresh_buttons()
            self._show()
            return
        name = info.name

        def make() -> Job[PairMaps]:
            from studio.gui.inspect.attribution import explain_pair_maps  # on the compute thread: this imports torch

            return explain_pair_maps(session, name, *pair, method)

        title = next(title for known, title, _ in EXPLANATIONS if known == method)
        done = partial(self._on_explained, method)
        self.hub.run(f"{tr(title)} ({self.pair_label})", make, done, ("pair", method, name, pair))

    def _on_explained(self, method: str, result: PairMaps) -> None:
        self.explanation = result
        for known, button in self.buttons.items():
            button.setChecked(known == method)
        self._show()

    # --- answers ---

    def answered(self, answer: object) -> None:
        if isinstance(answer, HoverReading) and answer.request.session is self.hub.session:
            info = self.info
            level = next((one for one in answer.levels if info is not None and one.layer.name == info.name), None)
            if level is not None:
                here, there = answer.request.place, level.answer.best
                a, b = (here, there) if answer.request.side == "A" else (there, here)
                self.set_pair(a, b, tr("The place clicked and the best one"))
        elif isinstance(answer, WhyReading) and answer.request.session is self.hub.session:
            request, info = answer.request, self.info
            if (request.a, request.b) == self.pair and info is not None and request.layer == info.name:
                self.reading = answer
                self._show()

    def refresh(self) -> None:
        if self.pair is None:
            selected = self.hub.state.shown_pairs.by_id(self.hub.state.selected)
            strongest = max(self.hub.state.shown_pairs, key=lambda pair: pair.rank, default=None)
            pair = selected or strongest
            if pair is not None and self.hub.session is not None:
                self.set_pair(pair.a, pair.b, tr("Pair {number}", number=pair.id))
                return
        self._fill_pairs()
        if self.reading is None and self.pair is not None and self.active:
            self._ask_again()
        self._show()

    def _ask_again(self) -> None:
        info = self.info
        if self.hub.session is not None and self.pair is not None and info is not None:
            self.ask(WhyRequest(self.hub.session, info.name, *self.pair, channel=self._channel))

    def recolour(self) -> None:
        self._show()

    # --- drawing ---

    def _show(self) -> None:
        self._refresh_buttons()
        reading, info = self.reading, self.info
        if reading is None or info is None:
            self.bars.set_bars((), 0.0)
            self.words.set_words(
                tr(
                    "<p><b>Click a place or a numbered point.</b></p><p>Any place of a picture and the most similar "
                    "place of the other make a pair; so do the pairs of a match.</p>"
                )
            )
            if self.active:
                self.hub.show({})
            return
        self._show_bars(reading)
        text = why_words(reading, info)
        if self.explanation is not None:
            text = explanation_words(self.explanation) + text
        self.words.set_words(text)
        if self.active:
            self._show_maps(reading, info)

    def _show_bars(self, reading: WhyReading) -> None:
        channels, values, others = reading.split.most(SHOWN_BARS)
        bars = [
            Bar(channel, tr("channel {channel}", channel=channel), value)
            for channel, value in zip(channels.tolist(), values.tolist(), strict=True)
        ]
        if rest := len(reading.split.values) - len(bars):
            bars.append(Bar(-1, trn("{number} others", "{number} others", rest), others))
        self.bars.set_bars(bars, reading.split.cosine)
        self.bars.set_current(self._channel)

    def _show_maps(self, reading: WhyReading, info: LayerInfo) -> None:
        coloured = self.hub.coloured()
        overlays: dict[Side, Overlay] = {}
        legends: list[LegendEntry] = []
        if self.explanation is not None:
            shown = self.explanation
            overlays, legends = coloured.both(shown.maps, shown.title, shown.unit, shown.signed)
        elif reading.maps is not None:
            title = tr("channel {channel} of {name}", channel=reading.request.channel, name=info.name)
            overlays, legends = coloured.both(reading.maps, title, tr("activation"), signed=False)
        places: dict[Side, Point] = {"A": reading.request.a, "B": reading.request.b}
        for side in SIDES:
            label = tr("{similarity:.2f} similar", similarity=reading.split.cosine) if side == "B" else ""
            overlays[side] = with_signs(
                overlays.get(side),
                marks=(Mark(*places[side], "pinned", label),),
                boxes=(
                    Frame(
                        reading.boxes[side],
                        "chosen",
                        tr("what {level} sees", level=level_name(info)) if side == "A" else "",
                    ),
                ),
            )
        self.hub.show(overlays, legends)

    def _refresh_buttons(self) -> None:
        ready = self.hub.session is not None and self.pair is not None
        shown = self.explanation.method if self.explanation is not None else ""
        for method, button in self.buttons.items():
            button.setEnabled(ready and not self.hub.is_running)
            button.setChecked(method == shown)
            button.setObjectName("primary" if method == shown else "")
            button.style().polish(button)


def explanation_words(shown: PairMaps) -> str:
    """HTML: what the maps of a pair say, and how far they can be trusted."""
    words = f"<p>{shown.note}</p>"
    if shown.residual is not None:
        error = abs(shown.residual) / max(abs(shown.whole), 1e-9)
        words += tr(
            "<p>Check: the parts of all pixels add up to {sum} of {whole}; <b>{error:.1%}</b> is left open.</p>",
            sum=number(shown.whole - shown.residual),
            whole=number(shown.whole),
            error=error,
        )
    return words
