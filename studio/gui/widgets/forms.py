"""A form made from an options model: one row a knob, with its range, unit and help."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, Protocol, runtime_checkable

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.gui.widgets.number_boxes import NumberBox, WholeBox
from studio.gui.widgets.refusing import refuse
from studio.gui.widgets.search_box import narrow
from studio.gui.widgets.theme import icon
from studio.language import tr, translatable
from studio.options import Knob, Options

FIELD = 68
"""Width of a field for a number, pixels; one that shows a long word is wider."""
SLIDER_STEPS = 1000
"""Positions of a slider for a continuous knob."""
WHOLE_LIMIT = 1_000_000
SMALL_WORDS = {"a", "the", "of", "from", "to", "per", "in"}
AUTOMATIC = translatable("auto")
"""What a knob shows whose value is left to the program."""


def title_of(knob: Knob) -> str:
    """What stands beside the widget of a knob."""
    words = tr(knob.label)
    return words[:1].upper() + words[1:]


def step_of(knob: Knob) -> str:
    """What the history calls a change of it."""
    title = title_of(knob)
    if tr(knob.label) == knob.label:  # in English the words of a title are capitals
        title = " ".join(word if word in SMALL_WORDS else word[:1].upper() + word[1:] for word in title.split())
    return tr("Change {knob}", knob=title)


def shown_value(knob: Knob, value: object) -> str:
    """A value of a knob in words, without its unit."""
    if value is None:
        return tr(AUTOMATIC)
    return tr(knob.word(str(value))) if knob.kind == "choice" else str(value)


def in_recipes(value: str) -> str:
    """The tooltip of a choice: what files, recipes and the command line call it."""
    return tr("“{value}” in files and on the command line", value=value)


def _decimals(knob: Knob) -> int:
    """As many as its step and both ends of its range have, 2 to 4: an end that is rounded may lie outside."""
    ends = (one for one in (knob.step, knob.minimum, knob.maximum) if one is not None)
    return max(2, *(len(f"{abs(one) % 1:.4f}".rstrip("0")) - 2 for one in ends), 2)


class KnobEditor(QWidget):
    """The widget for one knob."""

    changed = Signal()

    def __init__(self, knob: Knob, words: Mapping[str, str] | None = None) -> None:
        """`words` says what the values of a choice are called; by default their translation."""
        super().__init__()
        self.knob = knob
        self._drags = 0
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._slider: QSlider | None = None
        match knob.kind:
            case "bool":
                self._field: QWidget = QCheckBox()
                self._field.toggled.connect(self.changed)
            case "choice":
                self._field = QComboBox()
                for choice in knob.choices:
                    self._field.addItem(words[choice] if words else tr(knob.word(choice)), choice)
                    if knob.words:
                        self._field.setItemData(
                            self._field.count() - 1, in_recipes(choice), Qt.ItemDataRole.ToolTipRole
                        )
                narrow(self._field)
                width_of = self._field.fontMetrics().horizontalAdvance
                longest = max(width_of(self._field.itemText(index)) for index in range(self._field.count()))
                self._field.view().setMinimumWidth(longest + FIELD // 2)  # the list has room beside the panel
                self._field.currentIndexChanged.connect(self.changed)
            case "int":
                self._field = WholeBox()
                self._set_range(self._field)
                self._field.valueChanged.connect(self.changed)
            case "float":
                self._field = NumberBox()
                self._field.setDecimals(_decimals(knob))
                self._set_range(self._field)
                self._field.valueChanged.connect(self.changed)
            case _:
                self._field = QLineEdit()
                if knob.default == "":
                    self._field.setPlaceholderText(tr(knob.special or AUTOMATIC))
                self._field.textChanged.connect(self.changed)
        self._layout.addWidget(self._field, 1)
        if isinstance(self._field, QSpinBox | QDoubleSpinBox):
            self._field.setKeyboardTracking(False)
            self._field.setAlignment(Qt.AlignmentFlag.AlignRight)
            if knob.unit:
                self._field.setSuffix(f" {tr(knob.unit)}")
            special = knob.special or (AUTOMATIC if knob.optional else "")
            if special:
                self._field.setSpecialValueText(tr(special))
            width = self._field.fontMetrics().horizontalAdvance
            # A unit of a letter or two has room; the margins are those of the field and of its arrows.
            decimals = self._field.decimals() if isinstance(self._field, QDoubleSpinBox) else 0
            most = f"{self._field.maximum():.{decimals}f}{self._field.suffix()}" if knob.unit else ""
            needed = max(width(self._field.specialValueText()) + FIELD // 3, width(most) + FIELD // 5)
            self._field.setFixedWidth(max(FIELD, needed))
            self._add_slider()
        tip = tr(knob.help)
        if knob.minimum is not None and knob.maximum is not None:
            unit = f" {tr(knob.unit)}" if knob.unit else ""
            tip += "\n" + tr(
                "{minimum} to {maximum}, default {default}",
                minimum=f"{knob.minimum:g}",
                maximum=f"{knob.maximum:g}{unit}",
                default=shown_value(knob, knob.default),
            )
        if knob.words:
            names = " · ".join(f"{tr(knob.word(choice))} = {choice}" for choice in knob.choices)
            tip += "\n" + tr("In files and on the command line: {names}", names=names)
        for widget in (self, self._field, self._slider):
            if widget is not None:
                widget.setToolTip(tip)
                widget.setAccessibleName(tr(knob.label))
        self.setFocusProxy(self._field)
        if knob.kind == "bool":
            self._layout.addStretch(1)
        self.set_value(knob.default)

    @property
    def key(self) -> str:
        """Changes of the same key are one step of undo: a drag of the slider is, or steps without a pause between."""
        if self._slider is not None and self._slider.isSliderDown():
            return f"drag {self.knob.name} {self._drags}"
        return f"turn {self.knob.name}"

    def refuse(self, choice: str, why: str) -> None:
        """Grey a value of a choice and say why; without a reason it can be chosen."""
        assert isinstance(self._field, QComboBox)
        refuse(self._field, choice, why)

    def pass_undo_on(self) -> None:
        """Let the keys of undo be those of the window, which takes changes of this knob for steps."""
        if isinstance(self._field, QSpinBox | QDoubleSpinBox | QLineEdit):
            UndoPasser(self._field)

    def _on_drag(self) -> None:
        self._drags += 1

    def value(self) -> Any:
        field = self._field
        if self.knob.optional and isinstance(field, QSpinBox | QDoubleSpinBox) and field.value() <= field.minimum():
            return None
        if isinstance(field, QCheckBox):
            return field.isChecked()
        if isinstance(field, QComboBox):
            return field.currentData()
        if isinstance(field, QSpinBox):
            return field.value()
        if isinstance(field, QDoubleSpinBox):
            return round(field.value(), field.decimals())
        assert isinstance(field, QLineEdit)
        return field.text()

    def set_value(self, value: Any) -> None:
        field = self._field
        if value is None and isinstance(field, QSpinBox | QDoubleSpinBox):
            value = field.minimum()
        if isinstance(field, QCheckBox):
            field.setChecked(bool(value))
        elif isinstance(field, QComboBox):
            index = field.findData(str(value))
            field.setCurrentIndex(index if index >= 0 else field.currentIndex())
        elif isinstance(field, QSpinBox):
            field.setValue(round(value))
        elif isinstance(field, QDoubleSpinBox):
            field.setValue(float(value))
        elif isinstance(field, QLineEdit):
            field.setText(str(value))

    @property
    def _step_below(self) -> float:
        """An optional knob has one step more below its range, which stands for None."""
        if not self.knob.optional:
            return 0
        return self.knob.step or (1 if self.knob.kind == "int" else 0.01)

    def _set_range(self, field: QSpinBox | QDoubleSpinBox) -> None:
        low = -WHOLE_LIMIT if self.knob.minimum is None else self.knob.minimum
        low -= self._step_below
        high = WHOLE_LIMIT if self.knob.maximum is None else self.knob.maximum
        if isinstance(field, QSpinBox):
            field.setRange(round(low), round(high))
            field.setSingleStep(round(self.knob.step or 1))
        else:
            field.setRange(low, high)
            field.setSingleStep(self.knob.step or 0.01)

    def _add_slider(self) -> None:
        knob, field = self.knob, self._field
        maximum = knob.maximum if knob.soft_maximum is None else knob.soft_maximum
        if knob.minimum is None or maximum is None or maximum > WHOLE_LIMIT:
            return
        assert isinstance(field, QSpinBox | QDoubleSpinBox)
        low = knob.minimum - self._step_below
        span = maximum - low
        step = knob.step or (1 if knob.kind == "int" else span / SLIDER_STEPS)
        positions = max(1, round(span / step))
        self._slider = slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, positions)
        slider.setPageStep(max(1, positions // 10))

        def from_slider(position: int) -> None:
            value = low + position * step
            if isinstance(field, QSpinBox):
                field.setValue(round(value))
            else:
                field.setValue(value)

        def to_slider(value: float) -> None:
            with QSignalBlocker(slider):
                slider.setValue(round((value - low) / step))

        slider.sliderPressed.connect(self._on_drag)
        slider.valueChanged.connect(from_slider)
        field.valueChanged.connect(to_slider)
        self._layout.insertWidget(0, slider, 1)  # later than the field in the order of Tab: Qt passes by what is
        self._layout.setStretch(1, 0)  # before the proxy of the focus


class UndoPasser(QObject):
    """Lets Ctrl+Z and Ctrl+Y in a field be those of the window, where each change of the field is a step.

    Text that is being typed into a spin box and does not count yet is left to the field.
    """

    def __init__(self, field: QLineEdit | QSpinBox | QDoubleSpinBox) -> None:
        super().__init__(field)
        self._field = field
        field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.ShortcutOverride:
            return False
        field = self._field
        if not (event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)):
            return False
        if isinstance(field, QSpinBox | QDoubleSpinBox) and field.lineEdit().isModified():
            return False
        event.ignore()  # nobody here wants the keys: they are a shortcut
        return True


class OptionsHolder(Protocol):
    """Has options that a person changes: a form, or what else chooses."""

    @property
    def stepped(self) -> Any:
        """Signal (what was done, key), after a change; see `StudioState.committed`."""

    def value(self) -> Options:
        """The options as they are. Raises `OptionsError`."""

    def set_value(self, options: Any) -> None:
        """Put the options in their place."""


@runtime_checkable
class ShowsKnobs(Protocol):
    """Has a widget for each knob of some options."""

    def field_of(self, name: str) -> QWidget | None:
        """Where a knob is set, made visible among the others; None if there is no such place now."""


class OptionsForm(QWidget):
    """All knobs of an options model; the rare ones are folded away.

    Those of `elsewhere` are kept without being shown: another widget edits them, through `editors`.
    """

    changed = Signal()
    stepped = Signal(str, str)
    """(what was done, key), after `changed`; see `StudioState.committed`"""

    def __init__(
        self,
        initial: Options,
        elsewhere: Collection[str] = (),
        own: Mapping[str, Callable[[Knob], KnobEditor]] | None = None,
    ) -> None:
        """`own` makes the editors of some knobs, by name."""
        super().__init__()
        self._kind = type(initial)
        self._setting = self._differs = False
        self.editors: dict[str, KnobEditor] = {}
        common, rare = form_grid(), form_grid()
        for knob in self._kind.knobs():
            editor = (own or {}).get(knob.name, KnobEditor)(knob)
            editor.changed.connect(partial(self._on_editor, editor))
            editor.pass_undo_on()
            self.editors[knob.name] = editor
            if knob.name in elsewhere:
                editor.setParent(self)
                editor.hide()
                continue
            label = QLabel(title_of(knob))
            label.setToolTip(editor.toolTip())
            label.setBuddy(editor)
            grid = rare if knob.advanced else common
            row = grid.rowCount()
            grid.addWidget(label, row, 0)
            grid.addWidget(editor, row, 1)
        self._rare = QWidget()
        self._rare.setLayout(rare)
        self.more_button = QToolButton()
        self.more_button.setCheckable(True)
        self.more_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more_button.toggled.connect(self._on_more)
        self.reset_button = QPushButton(tr("Defaults"))
        self.reset_button.setToolTip(tr("Set every knob to its default"))
        self.reset_button.clicked.connect(lambda: self.set_value(self._kind(), tr("Reset Options")))
        buttons = QHBoxLayout()
        buttons.addWidget(self.more_button)
        buttons.addStretch(1)
        buttons.addWidget(self.reset_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(9)
        layout.addLayout(common)
        layout.addWidget(self._rare)
        layout.addLayout(buttons)
        self.more_button.setVisible(any(knob.advanced and knob.name not in elsewhere for knob in self._kind.knobs()))
        self._on_more(False)
        self.set_value(initial)

    def value(self) -> Options:
        """The options as the form stands. Raises `OptionsError` for what no field can hold."""
        return self._kind.from_dict({name: editor.value() for name, editor in self.editors.items()})

    def set_value(self, options: Options, step: str = "") -> None:
        """Set all knobs, as one change and one step, which may have a name of its own."""
        self._setting, self._differs = True, False
        try:
            for name, editor in self.editors.items():
                editor.set_value(getattr(options, name))
        finally:
            self._setting = False
        if self._differs:
            self.changed.emit()
            self.stepped.emit(step or tr("Change Options"), "")

    def field_of(self, name: str) -> QWidget | None:
        """The editor of a knob; rare ones are unfolded for it."""
        editor = self.editors.get(name)
        if editor is not None and editor.knob.advanced:
            self.more_button.setChecked(True)
        return editor

    def set_knob(self, name: str, value: Any, key: str = "") -> None:
        """Set one knob in the name of a widget elsewhere, as a step; changes of the same `key` are one step."""
        editor = self.editors[name]
        self._setting, self._differs = True, False
        try:
            editor.set_value(value)
        finally:
            self._setting = False
        if self._differs:
            self.changed.emit()
            self.stepped.emit(step_of(editor.knob), key)

    def _on_editor(self, editor: KnobEditor) -> None:
        if self._setting:
            self._differs = True
            return
        self.changed.emit()
        self.stepped.emit(step_of(editor.knob), editor.key)

    def _on_more(self, shown: bool) -> None:
        self._rare.setVisible(shown)
        self._show_arrow()
        self.more_button.setText(tr("Fewer options") if shown else tr("More options"))

    def _show_arrow(self) -> None:
        # An icon, not an arrow of the button: the style sheet would draw that over the words.
        self.more_button.setIcon(icon("more-down" if self.more_button.isChecked() else "more-right"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:  # another theme
            self._show_arrow()


def form_grid(parent: QWidget | None = None, words: int = 118) -> QGridLayout:
    """The grid of a form: a column at least `words` px wide for what is asked, then one that takes the rest."""
    grid = QGridLayout(parent)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(8)
    grid.setColumnMinimumWidth(0, words)
    grid.setColumnStretch(1, 1)
    return grid
