"""What the mode Dream makes: kind and picture, what a dream is drawn to and where, and what a network is fooled in."""

from __future__ import annotations

from typing import Any, Literal

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from studio.arrays import SIDES, Side
from studio.gui.canvas.state import other
from studio.gui.dream.facts import NetworkFacts
from studio.gui.dream.layer_box import LayerBox
from studio.gui.dream.target_knobs import NO_CLASSES, NO_PAIR
from studio.gui.widgets.forms import form_grid, step_of
from studio.gui.widgets.refusing import refuse
from studio.gui.widgets.search_box import SearchBox, narrow
from studio.job_kinds import JobKind
from studio.language import tr, translatable
from studio.options import Options, knob

KINDS = (JobKind.DREAM, JobKind.MAXIMISE, JobKind.ZOOM, JobKind.ADVERSARY)
TIPS = {
    JobKind.DREAM: translatable("What a layer sees in a picture is made stronger, large shapes first"),
    JobKind.MAXIMISE: translatable("A picture is made for a place, a pair, a channel or a class"),
    JobKind.ZOOM: translatable("A film that falls into its own dream"),
    JobKind.ADVERSARY: translatable("The smallest change that makes the network see something else"),
}
PAIR_TIP = translatable("The least change that makes another place the best match of the pair's point")
DREAMT = (JobKind.DREAM, JobKind.ZOOM)
"""What a layer's sights are made stronger in."""
PICTURES = {
    JobKind.DREAM: translatable("{side} dreams"),
    JobKind.MAXIMISE: translatable("Start from {side}"),
    JobKind.ZOOM: translatable("Fall into {side}"),
    JobKind.ADVERSARY: translatable("Change {side}"),
}
GUIDES = (
    ("none", translatable("nothing but itself")),
    ("other", translatable("what {other} shows")),
    ("pairs", translatable("its partners in {other}, along the pairs")),
)
PLACES = (("everywhere", translatable("everywhere")), ("regions", translatable("in the painted regions")))
FOOLED = (("class", translatable("what it names")), ("pair", translatable("the selected pair")))

GuideKind = Literal["none", "other", "pairs"]


class ChoiceOptions(Options):
    """What a project keeps of it."""

    kind: Literal[JobKind.DREAM, JobKind.MAXIMISE, JobKind.ZOOM, JobKind.ADVERSARY] = knob(
        JobKind.DREAM, "What is made.", label="What to make"
    )
    side: Side = knob("A", "The picture that it is made of.", label="Picture")
    guide: GuideKind = knob("none", "What the dream is drawn to.", label="Drawn to")
    where: Literal["everywhere", "regions"] = knob("everywhere", "Where the picture dreams.", label="Where")
    fool: Literal["class", "pair"] = knob("pair", "What the network is to be fooled in.", label="Fooled in")
    to: str = knob("", "The class that it is to see; empty for any other one.", label="To see")
    layer: str = knob("", "The layer that the pair is compared in; empty for the usual one.", label="Layer")


class DreamChoice(QWidget):
    """Answers for `ChoiceOptions` as a form does."""

    changed = Signal()
    stepped = Signal(str, str)
    """(what was done, key); see `StudioState.committed`"""

    def __init__(self, facts: NetworkFacts) -> None:
        super().__init__()
        self._setting = False
        self._to = ""
        self.kind_choice, self.side_choice = QComboBox(), QComboBox()
        self.guide_choice, self.where_choice, self.fool_choice = QComboBox(), QComboBox(), QComboBox()
        self.to_choice = SearchBox(tr("Class"), tr("Type a part of a name: lion, cat, ear…"))
        self.layer_choice = LayerBox(tr("Layer"))
        for kind in KINDS:
            self.kind_choice.addItem(kind.label, kind.value)
            refuse(self.kind_choice, kind.value, "", tr(TIPS[kind]))
        for side in SIDES:
            self.side_choice.addItem(side, side)
        for box, entries in (
            (self.guide_choice, GUIDES),
            (self.where_choice, PLACES),
            (self.fool_choice, FOOLED),
        ):
            for key, words in entries:
                box.addItem(tr(words, other="B"), key)
        self._lists = {
            "kind": self.kind_choice,
            "side": self.side_choice,
            "guide": self.guide_choice,
            "where": self.where_choice,
            "fool": self.fool_choice,
        }
        self.tip = QLabel(wordWrap=True)
        self.tip.setObjectName("muted")
        self._rows: dict[str, tuple[QWidget, ...]] = {}
        self._steps = {one.name: step_of(one) for one in ChoiceOptions.knobs()}
        self._lay_out()
        for name, box in self._lists.items():
            narrow(box)
            box.currentIndexChanged.connect(lambda _, name=name: self._on_chosen(name))
        self.to_choice.chosen.connect(self._on_to)
        self.layer_choice.chosen.connect(lambda _: self._on_chosen("layer"))
        self.set_value(ChoiceOptions(fool="class" if facts.classes else "pair"))
        self.set_facts(facts)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.kind_choice)
        layout.addWidget(self.tip)
        grid = form_grid(words=70)
        widgets = {**self._lists, "to": self.to_choice, "layer": self.layer_choice}
        for row, one in enumerate(ChoiceOptions.knobs()):
            widget = widgets[one.name]
            widget.setAccessibleName(tr(one.label))
            if one.name == "kind":
                continue
            label = QLabel(tr(one.label))
            label.setToolTip(tr(one.help))
            label.setBuddy(widget)
            grid.addWidget(label, row, 0)
            grid.addWidget(widget, row, 1)
            self._rows[one.name] = (label, widget)
        layout.addLayout(grid)

    # --- as a holder of options ---

    def value(self) -> ChoiceOptions:
        lists = {name: box.currentData() for name, box in self._lists.items()}
        return ChoiceOptions.from_dict({**lists, "to": self._to, "layer": self.layer_choice.layer})

    def set_value(self, options: Any) -> None:
        """Choose this, as one step."""
        before = self.value() if self._lists["kind"].count() else None
        self._setting = True
        try:
            for name, box in self._lists.items():
                box.setCurrentIndex(box.findData(getattr(options, name)))
            self._to = options.to
            self.to_choice.set_value(options.to)
            self.layer_choice.set_layer(options.layer)
        finally:
            self._setting = False
        self._refresh()
        if self.value() != before:
            self.changed.emit()
            self.stepped.emit(tr("Change Options"), "")

    # --- what is chosen ---

    @property
    def kind(self) -> JobKind:
        return JobKind(self.kind_choice.currentData())

    @property
    def side(self) -> Side:
        return SIDES[max(self.side_choice.currentIndex(), 0)]

    @property
    def breaks_pair(self) -> bool:
        """Whether the selected pair is what the network is to be fooled in."""
        return self.kind is JobKind.ADVERSARY and self.fool_choice.currentData() == "pair"

    def set_kind(self, kind: JobKind) -> None:
        self.kind_choice.setCurrentIndex(self.kind_choice.findData(kind.value))

    # --- what can be chosen ---

    def set_facts(self, facts: NetworkFacts) -> None:
        """Offer what the network has."""
        self.layer_choice.set_facts(facts)
        if self.to_choice.count() != len(facts.classes) + 1:
            choices = [("", tr("any other class")), *((name, name) for name in facts.classes)]
            if self._to not in dict(choices):
                choices.append((self._to, self._to))
            self.to_choice.set_choices(choices)
            self.to_choice.set_value(self._to)
        refuse(self.fool_choice, "class", "" if facts.classes else tr(NO_CLASSES))

    def set_reasons(self, guide: str, pairs: str, regions: str, pair: str) -> None:
        """Why the other picture, the pairs, the regions, and the selected pair can't be chosen; "" where they can."""
        for box, value, why in (
            (self.guide_choice, "other", guide),
            (self.guide_choice, "pairs", pairs),
            (self.where_choice, "regions", regions),
            (self.fool_choice, "pair", pair and tr(NO_PAIR)),
        ):
            refuse(box, value, why)

    def show_side(self, shown: bool) -> None:
        """Whether it matters which picture."""
        for widget in self._rows["side"]:
            widget.setVisible(shown)

    def _on_chosen(self, name: str) -> None:
        if self._setting:
            return
        self._refresh()
        self.changed.emit()
        self.stepped.emit(self._steps[name], f"turn {name}")

    def _on_to(self, name: str) -> None:
        self._to = name
        self._on_chosen("to")

    def _refresh(self) -> None:
        kind, pair = self.kind, self.breaks_pair
        self.tip.setText(tr(PAIR_TIP) if pair else tr(TIPS[kind]))
        shown = {
            "guide": kind in DREAMT,
            "where": kind is JobKind.DREAM,
            "fool": kind is JobKind.ADVERSARY,
            "to": kind is JobKind.ADVERSARY and not pair,
            "layer": pair,
        }
        for name, is_shown in shown.items():
            for widget in self._rows[name]:
                widget.setVisible(is_shown)
        with QSignalBlocker(self.side_choice):
            for index, side in enumerate(SIDES):
                self.side_choice.setItemText(index, tr(PICTURES[kind], side=side))
        with QSignalBlocker(self.guide_choice):
            for index, (_, words) in enumerate(GUIDES):
                self.guide_choice.setItemText(index, tr(words, other=other(self.side)))
