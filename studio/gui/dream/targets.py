"""The targets of a picture that is made for units: a sum of them, each with its weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import field_validator
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from studio.arrays import Point, Side
from studio.dream.goals import ClassGoal, DirectionGoal, Goal, GoalError, PairGoal, Weighted, parse_goal, write_goal
from studio.gui.dream.facts import NetworkFacts
from studio.gui.dream.target_knobs import TargetKnobs
from studio.gui.dream.words import goal_words
from studio.gui.widgets.forms import UndoPasser
from studio.gui.widgets.names import in_menu, in_tip
from studio.gui.widgets.number_boxes import NumberBox
from studio.gui.widgets.theme import icon
from studio.gui.widgets.usable import set_usable
from studio.language import tr
from studio.options import Options, knob

MOST_WEIGHT = 10.0
IN = " in "
"""Between a goal and its layer, where it has one."""


class TargetsOptions(Options):
    """What a project keeps of them."""

    goals: str = knob(
        "", "One a line, as the command “maximize” takes them, and the layer: “-0.5*channel:3 in relu4_3”."
    )

    @field_validator("goals")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        try:
            read_targets(text)
        except GoalError as error:
            raise ValueError(str(error)) from error
        return text


def read_targets(text: str) -> tuple[Weighted, ...]:
    """The targets of `TargetsOptions`. Raises `GoalError`."""
    found = []
    for line in text.splitlines():
        goal, layer = line, ""
        if "class:" not in line:  # which may be called anything
            goal, _, layer = line.partition(IN)
        found.append(parse_goal(goal, layer))
    return tuple(found)


def written_targets(targets: tuple[Weighted, ...]) -> str:
    """The same as text."""
    lines = []
    for one in targets:
        layer = "" if isinstance(one.goal, ClassGoal) else one.goal.layer
        lines.append(write_goal(one) + (f"{IN}{layer}" if layer else ""))
    return "\n".join(lines)


class _Row(QWidget):
    """One target."""

    chosen = Signal()
    weighted = Signal(float)
    removed = Signal()

    def __init__(self, one: Weighted, words: str, selected: bool) -> None:
        super().__init__()
        self.choose, self.weight, self.remove = QToolButton(), NumberBox(), QToolButton()
        self.choose.setCheckable(True)
        self.choose.setChecked(selected)
        self.choose.setText(in_menu(words))
        self.choose.setToolTip(in_tip(words))
        self.choose.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.weight.setRange(-MOST_WEIGHT, MOST_WEIGHT)
        self.weight.setSingleStep(0.5)
        self.weight.setDecimals(2)
        self.weight.setValue(one.weight)
        self.weight.setFixedWidth(62)
        self.weight.setKeyboardTracking(False)
        self.weight.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.weight.setToolTip(tr("How much it counts in the sum; what is below 0 is avoided"))
        self.weight.setAccessibleName(tr("Weight"))
        UndoPasser(self.weight)
        self.remove.setIcon(icon("close"))
        self.remove.setIconSize(QSize(12, 12))
        self.remove.setToolTip(tr("Remove this target"))
        self.remove.setAccessibleName(tr("Remove this target"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.choose, 1)
        layout.addWidget(self.weight)
        layout.addWidget(self.remove)
        self.choose.clicked.connect(self._on_chosen)
        self.weight.valueChanged.connect(self.weighted)
        self.remove.clicked.connect(self.removed)

    def _on_chosen(self) -> None:
        self.choose.setChecked(True)  # one is always selected
        self.chosen.emit()


class Targets(QWidget):
    """Their list, and the knobs of the one that is selected; answers for its options as a form does."""

    changed = Signal()
    stepped = Signal(str, str)
    """(what was done, key); see `StudioState.committed`"""

    def __init__(self, facts: NetworkFacts) -> None:
        super().__init__()
        self.targets: tuple[Weighted, ...] = ()
        self.current = 0
        self._facts = facts
        self.rows: list[_Row] = []
        self.knobs = TargetKnobs()
        self.add_button = QPushButton(tr("Add Target"))
        self.add_button.setToolTip(tr("A further target; the picture is made for their sum"))
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.knobs)
        layout.addLayout(self._list)
        layout.addWidget(self.add_button)
        self.knobs.goal_changed.connect(self._on_goal)
        self.add_button.clicked.connect(self.add)
        self.set_facts(facts)

    # --- as a holder of options ---

    def value(self) -> TargetsOptions:
        return TargetsOptions(goals=written_targets(self.targets))

    def set_value(self, options: Any) -> None:
        """Show these targets, as one step."""
        self._take(read_targets(options.goals), 0, tr("Change Targets"))

    # --- what there is ---

    def set_facts(self, facts: NetworkFacts) -> None:
        """Offer what the network has."""
        self._facts = facts
        self.knobs.set_facts(facts)
        self._show_rows()

    def set_pair(self, pair: tuple[Point, Point] | None) -> None:
        """The pair that is selected in the window."""
        self.knobs.set_pair(pair)

    def set_place(self, side: Side, point: Point) -> None:
        """A place was clicked: the target that is selected is what the network sees there."""
        self.knobs.show_goal(DirectionGoal(self.knobs.layer.layer, _rounded(point), side))
        self._on_goal(self.knobs.goal, "")

    def take_pair(self) -> None:
        """The target that is selected is what the selected pair shares."""
        if self.knobs.pair is not None:
            a, b = self.knobs.pair
            self.knobs.show_goal(PairGoal(self.knobs.layer.layer, _rounded(a), _rounded(b)))
            self._on_goal(self.knobs.goal, "")

    def places(self) -> Mapping[Side, tuple[tuple[Point, str], ...]]:
        """The places that targets are taken from, each with the number of its row."""
        found: dict[Side, list[tuple[Point, str]]] = {"A": [], "B": []}
        for number, one in enumerate(self.targets, 1):
            words = str(number) if len(self.targets) > 1 else ""
            if isinstance(one.goal, DirectionGoal):
                found["A" if one.goal.side == "A" else "B"].append((one.goal.point, words))
            elif isinstance(one.goal, PairGoal):
                found["A"].append((one.goal.a, words))
                found["B"].append((one.goal.b, words))
        return {side: tuple(places) for side, places in found.items()}

    def add(self) -> None:
        """A further target like the selected one, to be changed."""
        if self.targets:
            further = (*self.targets, replace(self.targets[self.current], weight=1.0))
            self._take(further, len(self.targets), tr("Add Target"))

    def remove(self, index: int) -> None:
        left = (*self.targets[:index], *self.targets[index + 1 :])
        self._take(left, min(self.current, max(len(left) - 1, 0)), tr("Remove Target"))

    def select(self, index: int) -> None:
        """Show the knobs of another target."""
        self.current = index
        self._show()

    def _on_goal(self, goal: Goal | None, key: str) -> None:
        """The selected target, or the first one, is another now."""
        if goal is None:
            self._show_rows()
            return
        weight = self.targets[self.current].weight if self.targets else 1.0
        now = Weighted(goal, weight)
        targets = (*self.targets[: self.current], now, *self.targets[self.current + 1 :])
        self._take(targets, self.current, tr("Change Target"), f"{key} {self.current}" if key else "")

    def _on_weight(self, index: int, weight: float) -> None:
        changed = replace(self.targets[index], weight=round(weight, 2))
        self.targets = (*self.targets[:index], changed, *self.targets[index + 1 :])
        self.changed.emit()
        self.stepped.emit(tr("Change Weight"), f"weight {index}")

    def _take(self, targets: tuple[Weighted, ...], current: int, step: str, key: str = "") -> None:
        differs = targets != self.targets
        self.targets, self.current = targets, current
        self._show()
        if differs:
            self.changed.emit()
            self.stepped.emit(step, key)

    def _show(self) -> None:
        self.knobs.show_goal(self.targets[self.current].goal if self.targets else None)
        self._show_rows()

    def _show_rows(self) -> None:
        for row in self.rows:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []
        for index, one in enumerate(self.targets):
            words = goal_words(one.goal, self._facts.usual.name)
            row = _Row(one, words, index == self.current)
            row.chosen.connect(lambda index=index: self.select(index))
            row.weighted.connect(lambda weight, index=index: self._on_weight(index, weight))
            row.removed.connect(lambda index=index: self.remove(index))
            self._list.addWidget(row)
            self.rows.append(row)
        set_usable(self.add_button, bool(self.targets), tr("Choose a first target."))

    def refresh_theme(self) -> None:
        for row in self.rows:
            row.remove.setIcon(icon("close"))


def _rounded(point: Point) -> Point:
    return round(point[0], 2), round(point[1], 2)
