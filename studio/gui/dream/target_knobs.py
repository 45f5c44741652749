"""The knobs of one target: what kind it is, and its layer, channel, class or place."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from studio.arrays import Point
from studio.dream.goals import CellGoal, ChannelGoal, ClassGoal, DirectionGoal, Goal, PairGoal
from studio.gui.dream.facts import NetworkFacts
from studio.gui.dream.layer_box import LayerBox
from studio.gui.widgets.forms import UndoPasser, form_grid
from studio.gui.widgets.number_boxes import WholeBox
from studio.gui.widgets.refusing import refuse
from studio.gui.widgets.search_box import SearchBox, narrow
from studio.language import tr, translatable

NO_CLASSES = translatable("This network names nothing; SqueezeNet, VGG and ResNet do")
NO_PAIR = translatable("Select a pair first, in the table or by its points")
KINDS = (
    ("place", translatable("a place"), translatable("What the network sees at the place that you click in A or B")),
    ("pair", translatable("the selected pair"), translatable("What both points of the pair share for the network")),
    ("channel", translatable("a channel"), translatable("A channel of a layer, everywhere in the picture")),
    ("cell", translatable("one cell of a channel"), translatable("A channel of a layer, in the middle only")),
    ("class", translatable("a class"), translatable("What the network names, such as “lion”")),
)


class TargetKnobs(QWidget):
    """Shows a goal and makes one; only the knobs that its kind needs are shown."""

    goal_changed = Signal(object, str)
    """(Goal, or None while something is missing; key)"""

    def __init__(self) -> None:
        super().__init__()
        self.pair: tuple[Point, Point] | None = None
        self._facts: NetworkFacts | None = None
        self._place: DirectionGoal | None = None
        self._taken: PairGoal | None = None
        self.kind = QComboBox()
        narrow(self.kind)
        self.kind.setAccessibleName(tr("What to show"))
        for key, title, _ in KINDS:
            self.kind.addItem(tr(title), key)
        self.layer = LayerBox(tr("Layer of the target"))
        self.channel = WholeBox()
        self.channel.setAccessibleName(tr("Channel"))
        UndoPasser(self.channel)
        self.names = SearchBox(tr("Class"), tr("Type a part of a name: lion, cat, ear…"))
        self.hint = QLabel(wordWrap=True)
        self.hint.setObjectName("muted")
        self._rows: dict[str, tuple[QWidget, QWidget]] = {}
        grid = form_grid(self, 70)
        knobs = (
            ("kind", tr("Show"), self.kind),
            ("names", tr("Class"), self.names),
            ("layer", tr("Layer"), self.layer),
            ("channel", tr("Channel"), self.channel),
        )
        for row, (name, words, widget) in enumerate(knobs):
            label = QLabel(words)
            label.setBuddy(widget)
            grid.addWidget(label, row, 0)
            grid.addWidget(widget, row, 1)
            self._rows[name] = (label, widget)
        grid.addWidget(self.hint, len(knobs), 0, 1, 2)
        self.kind.currentIndexChanged.connect(self._on_kind)
        self.layer.chosen.connect(self._on_layer)
        self.channel.valueChanged.connect(lambda _: self._tell("channel"))
        self.names.chosen.connect(lambda _: self._tell("class"))
        self._refresh()

    @property
    def kind_name(self) -> str:
        return str(self.kind.currentData())

    @property
    def goal(self) -> Goal | None:
        """What the knobs say, or None while something is missing."""
        layer = self.layer.layer
        match self.kind_name:
            case "channel":
                return ChannelGoal(layer, self.channel.value())
            case "cell":
                return CellGoal(layer, self.channel.value())
            case "class":
                return ClassGoal(self.names.value) if self.names.value else None
            case "place" if self._place is not None:
                return DirectionGoal(layer, self._place.point, self._place.side)
            case "pair" if self._taken is not None:
                return PairGoal(layer, self._taken.a, self._taken.b)
        return None

    def show_goal(self, goal: Goal | None) -> None:
        """Set all knobs; nothing is told."""
        blockers = [QSignalBlocker(widget) for widget in (self.kind, self.channel)]
        match goal:
            case ChannelGoal() | CellGoal():
                kind = "channel" if isinstance(goal, ChannelGoal) else "cell"
                self.channel.setMaximum(max(self._channels(goal.layer) - 1, goal.channel))
                self.channel.setValue(goal.channel)
            case ClassGoal(which):
                kind = "class"
                self.names.set_value(str(which))
            case DirectionGoal():
                kind, self._place = "place", goal
            case PairGoal():
                kind, self._taken = "pair", goal
            case None:
                kind = self.kind_name
        if goal is not None and not isinstance(goal, ClassGoal):
            self.layer.set_layer(goal.layer)
        self.kind.setCurrentIndex(self.kind.findData(kind))
        del blockers
        self._refresh()

    def set_facts(self, facts: NetworkFacts) -> None:
        """Offer what the network has."""
        self._facts = facts
        self.layer.set_facts(facts)
        if facts.classes != tuple(self.names.itemText(index) for index in range(self.names.count())):
            before = self.names.value
            self.names.set_choices([(name, name) for name in facts.classes])
            self.names.set_value(before)
        self._refresh()

    def set_pair(self, pair: tuple[Point, Point] | None) -> None:
        """The pair that is selected in the window."""
        self.pair = pair
        if pair is not None and self.kind_name == "pair":
            self._taken = PairGoal("", *pair)
            self._tell("")
        self._refresh()

    def _channels(self, layer: str) -> int:
        found = None if self._facts is None else self._facts.layer(layer)
        return found.channels if found is not None else 1

    def _on_kind(self) -> None:
        if self.kind_name == "pair" and self.pair is not None:
            self._taken = PairGoal("", *self.pair)
        self._limit_channel()
        self._tell("")

    def _on_layer(self, _: str) -> None:
        self._limit_channel()
        self._tell("layer")

    def _limit_channel(self) -> None:
        with QSignalBlocker(self.channel):
            self.channel.setRange(0, max(self._channels(self.layer.layer) - 1, 0))

    def _tell(self, key: str) -> None:
        self._refresh()
        self.goal_changed.emit(self.goal, key)

    def _refresh(self) -> None:
        kind, facts = self.kind_name, self._facts
        why = {
            "class": "" if facts is None or facts.classes else tr(NO_CLASSES),
            "pair": "" if self.pair is not None or self._taken is not None else tr(NO_PAIR),
        }
        for key, _, tip in KINDS:
            refuse(self.kind, key, why.get(key, ""), tr(tip))
        shown = {"names": kind == "class", "layer": kind != "class", "channel": kind in ("channel", "cell")}
        for name, is_shown in shown.items():
            for widget in self._rows[name]:
                widget.setVisible(is_shown)
        hints = {
            "place": tr("Click a place in A or B.") if self._place is None else tr("Click another place to change it."),
            "pair": tr("Select another pair to change it."),
        }
        if why.get(kind):
            hints[kind] = why[kind]
        self.hint.setText(hints.get(kind, ""))
        self.hint.setVisible(kind in hints)
