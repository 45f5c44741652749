"""Hover: the place under the mouse compared with all of the other picture, at every level at once."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from studio.arrays import Point, Side
from studio.colour_maps import Scale
from studio.gui.canvas.drawing import Frame, Mark, MarkKind, Overlay
from studio.gui.canvas.state import other
from studio.gui.inspect.colour import clips, reduced, stretched, with_signs
from studio.gui.inspect.hub import InspectHub, InspectView
from studio.gui.inspect.label import WordsLabel
from studio.gui.inspect.legend import LegendEntry
from studio.gui.inspect.readings import HoverReading, HoverRequest, LevelReading
from studio.gui.inspect.tiles import MapStrip, Tile
from studio.gui.inspect.words import GLOSSARY, WELCOME, hover_words, what_it_sees
from studio.language import tr, translatable

RELEASE = 0.02
"""A click this near to the held place, in parts of the picture, lets go of it."""


class HoverView(InspectView):
    """Follows the mouse; a click holds the place, another one on it lets go."""

    name = "hover"
    title = translatable("Hover")
    tip = translatable("Move the mouse over a picture: where does the network see the same thing in the other one?")

    pinned_changed = Signal()

    def __init__(self, hub: InspectHub) -> None:
        super().__init__(hub)
        self.reading: HoverReading | None = None
        self.pinned: tuple[Side, Point] | None = None
        self._level = 0
        """Number of the level that is shown large; 0 before the first choice."""
        self._asked: tuple[Side, Point] | None = None
        self.strip = MapStrip(tr("Similarity at every level"))
        self.words = WordsLabel(290)
        self.boxes = QCheckBox(tr("Receptive fields"))
        self.boxes.setToolTip(tr(GLOSSARY["field"]))
        self.trace = QCheckBox(tr("Trace from coarse to fine"))
        self.trace.setToolTip(
            tr("The way that a search takes: each level looks only near the best place of the one before")
        )
        self.runner = QCheckBox(tr("Second best place"))
        self.runner.setToolTip(tr(GLOSSARY["margin"]))
        for box, name in ((self.boxes, "boxes"), (self.trace, "trace"), (self.runner, "runner")):
            box.setChecked(hub.settings.flag(f"inspect_{name}", True))
            box.toggled.connect(lambda on, name=name: self._remember(name, on))
        self.why_button = QPushButton(tr("Why these two?"))
        self.why_button.setObjectName("primary")
        self.why_button.setToolTip(tr("Split the similarity of the held place and its best place into its causes"))
        self.release_button = QPushButton(tr("Let Go"))
        self.release_button.setToolTip(tr("Follow the mouse again (Alt+0, or click the place once more)"))
        self.state_label = QLabel(wordWrap=True)
        self._lay_out()
        self.why_button.clicked.connect(lambda: hub.view_asked.emit("why"))
        self.release_button.clicked.connect(self.release)
        self.strip.chosen.connect(self.choose)
        self._refresh_buttons()

    def _lay_out(self) -> None:
        page = QHBoxLayout(self.page)
        page.setContentsMargins(0, 0, 10, 4)
        page.setSpacing(12)
        page.addWidget(self.strip, 1)
        page.addWidget(self.words)
        buttons = QHBoxLayout()
        buttons.addWidget(self.why_button, 2)
        buttons.addWidget(self.release_button, 1)
        column = QVBoxLayout(self.controls)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(9)
        column.addWidget(self.state_label)
        column.addLayout(buttons)
        for box in (self.boxes, self.trace, self.runner):
            column.addWidget(box)

    # --- what the person does ---

    def cursor(self, side: Side, place: QPointF | None) -> None:
        if self.pinned is None and place is not None:
            self._ask(side, (place.x(), place.y()))

    def clicked(self, side: Side, place: QPointF) -> None:
        session = self.hub.session
        if session is not None and self.pinned is not None and self.pinned[0] == side:
            near = RELEASE * max(session.pictures[side].size)
            if math.dist(self.pinned[1], (place.x(), place.y())) < near:
                self.release()
                self.cursor(side, place)
                return
        self.pin(side, (place.x(), place.y()))

    def pin(self, side: Side, place: Point) -> None:
        """Hold a place: the mouse may now go where it likes."""
        self.pinned = (side, place)
        self._ask(side, place)
        self._refresh_buttons()
        self.pinned_changed.emit()

    def release(self) -> None:
        """Follow the mouse again."""
        if self.pinned is not None:
            self.pinned = None
            self._refresh_buttons()
            self._show()
            self.pinned_changed.emit()

    def pair_selected(self) -> None:
        """A point of the match holds its place too."""
        pair = self.hub.state.shown_pairs.by_id(self.hub.state.selected)
        if self.active and pair is not None:
            self.pin("A", pair.a)

    def choose(self, index: int) -> None:
        """Show one of the small maps large."""
        if self.reading is not None:
            self._level = self.reading.levels[index].layer.level
            self._show()

    def _remember(self, name: str, on: bool) -> None:
        self.hub.settings.set_flag(f"inspect_{name}", on)
        self._show()

    def _ask(self, side: Side, place: Point) -> None:
        session = self.hub.session
        if session is not None:
            self._asked = (side, place)
            self.ask(HoverRequest(session, side, place))

    # --- what it is told ---

    def session_changed(self) -> None:
        self.reading, self.pinned, self._asked = None, None, None
        self._refresh_buttons()
        self.refresh()

    def refresh(self) -> None:
        session = self.hub.session
        if session is None or self.reading is None or self.reading.request.session is not session:
            self.reading = None
            self.strip.set_hint(
                tr("Move the mouse over one of the pictures"),
                tr(
                    "Each level of the network shows where in the other picture it sees the same thing. "
                    "Click to hold a place."
                ),
            )
            self.words.set_words(tr(WELCOME) if session is not None else "")
            if self.active:
                self.hub.show({})
            if session is not None and self._asked is not None:
                self._ask(*self._asked)
            return
        self._show()

    def recolour(self) -> None:
        self._show()

    def answered(self, answer: object) -> None:
        if isinstance(answer, HoverReading) and answer.request.session is self.hub.session:
            self.reading = answer
            if self.pinned is not None:
                self.hub.pair = self.places
            if self.active:
                self._show()

    @property
    def chosen(self) -> LevelReading | None:
        """The level that is shown large."""
        if self.reading is None:
            return None
        for level in self.reading.levels:
            if level.layer.level == self._level:
                return level
        return self.reading.levels[0]

    @property
    def places(self) -> tuple[Point, Point] | None:
        """The place of A and the place of B that are compared at the level shown."""
        level = self.chosen
        if self.reading is None or level is None:
            return None
        here, there = self.reading.request.place, level.answer.best
        return (here, there) if self.reading.request.side == "A" else (there, here)

    # --- drawing ---

    def _scale(self, level: LevelReading) -> Scale:
        if self.hub.coloured().own:
            return stretched(level.similarity.values, "similar")
        tops = self.hub.session.tops if self.hub.session is not None else {}
        return Scale(0.0, tops.get(level.layer.level, 1.0), "similar")

    def _show(self) -> None:
        reading, level, session = self.reading, self.chosen, self.hub.session
        if reading is None or level is None or session is None or not self.active:
            return
        coloured, here = self.hub.coloured(), reading.request.side
        there = other(here)
        tiles = []
        for one in reading.levels:
            signs = with_signs(
                coloured.overlay(reduced(one.similarity), self._scale(one)), marks=(Mark(*one.answer.best, "best"),)
            )
            lines = (
                tr("{value:.2f}, {margin:+.2f} ahead", value=one.answer.value, margin=one.answer.margin),
                tr("mutual") if one.answer.mutual else tr("one-sided"),
            )
            tiles.append(
                Tile(
                    there,
                    f"{one.layer.level} · {one.layer.name}",
                    session.pictures[there].size,
                    session.greys[there],
                    signs,
                    lines,
                    one.answer.mutual,
                    tr(
                        "Level {level}: {content}.\n{explanation}",
                        level=one.layer.level,
                        content=what_it_sees(one.layer, session),
                        explanation=tr(GLOSSARY["similarity"]),
                    ),
                )
            )
        self.strip.set_tiles(tiles, reading.levels.index(level))
        self.words.set_words(hover_words(reading, level))
        scale = self._scale(level)
        legend = LegendEntry(
            tr("similarity at {name}, cosine", name=level.layer.name),
            coloured.colours(False),
            scale.low,
            scale.high,
            clipped=clips(scale, level.similarity.values),
        )
        self.hub.show({here: self._here(reading, level), there: self._there(reading, level, scale)}, [legend])

    def _here(self, reading: HoverReading, level: LevelReading) -> Overlay:
        boxes: list[Frame] = []
        if self.boxes.isChecked():
            boxes = [Frame(one.answer.box_here) for one in reading.levels if one is not level]
            boxes.append(Frame(level.answer.box_here, "chosen"))
        kind: MarkKind = "pinned" if self.pinned is not None else "cursor"
        marks = [Mark(*reading.request.place, kind)]
        if not level.answer.mutual and self.runner.isChecked():
            label = tr("the best place, seen from there") if self.pinned is not None else ""
            marks.append(Mark(*level.answer.back, "runner", label))
        return Overlay(marks=tuple(marks), boxes=tuple(boxes))

    def _there(self, reading: HoverReading, level: LevelReading, scale: Scale) -> Overlay:
        coloured = self.hub.coloured()
        marks = [Mark(*level.answer.best, "best", f"{level.answer.value:.2f}")]
        if level.answer.runner_up is not None and self.runner.isChecked():
            marks.insert(0, Mark(*level.answer.runner_up, "runner", f"{level.answer.value - level.answer.margin:.2f}"))
        return with_signs(
            coloured.overlay(level.similarity, scale),
            marks=tuple(marks),
            boxes=(Frame(level.answer.box_there, "chosen"),) if self.boxes.isChecked() else (),
            trace=reading.trace if self.trace.isChecked() else (),
        )

    def _refresh_buttons(self) -> None:
        held = self.pinned is not None
        self.why_button.setEnabled(held)
        self.release_button.setEnabled(held)
        self.state_label.setText(
            tr(
                "Holding the place {x:.0f}, {y:.0f} of {side}.",
                x=self.pinned[1][0],
                y=self.pinned[1][1],
                side=self.pinned[0],
            )
            if self.pinned is not None
            else tr("Following the mouse. Click a place to hold it.")
        )
