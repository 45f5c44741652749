"""Chooses what an attribution explains: a class, a channel, a place or a pair."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from studio.arrays import Point
from studio.gui.inspect.readings import InspectSession, TargetChoice
from studio.gui.inspect.words import GLOSSARY, place_words
from studio.gui.widgets.forms import form_grid
from studio.gui.widgets.number_boxes import WholeBox
from studio.gui.widgets.search_box import SearchBox, narrow
from studio.gui.widgets.usable import with_reason
from studio.language import tr, translatable

KINDS = (
    ("class", translatable("a class"), translatable("What speaks for a name, such as “lion”")),
    ("channel", translatable("a channel"), GLOSSARY["channel"]),
    ("cell", translatable("a place"), translatable("What makes the network react at the place that you click")),
    ("pair", translatable("a pair"), translatable("What makes two places similar to each other")),
)
STRONGEST = translatable("the strongest of each picture")
INSTEAD = ("class", "cell", "pair", "channel")
"""Which kind is shown where the one that was chosen is not possible: the first that is."""


class TargetKnobs(QWidget):
    """Knobs of a target; only those that its kind needs are shown.

    What was chosen is not forgotten where another method or network makes it impossible: it comes back with them.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.places: tuple[Point, Point] | None = None
        self.kind = QComboBox()
        narrow(self.kind)
        self.kind.setAccessibleName(tr("What to explain"))
        for key, title, tip in KINDS:
            self.kind.addItem(tr(title), key)
            self.kind.setItemData(self.kind.count() - 1, tr(tip), Qt.ItemDataRole.ToolTipRole)
        self.names = SearchBox(tr("Class"), tr("Type a part of a name: lion, cat, ear…"))
        self.layer = SearchBox(tr("Layer of the target"), tr("Type a part of a layer's name"))
        self.channel = WholeBox()
        self.channel.setAccessibleName(tr("Channel"))
        self.place_label = QLabel(wordWrap=True)
        self.place_label.setObjectName("muted")
        self._rows: dict[str, list[QWidget]] = {}
        self._grid = form_grid(self, 70)
        for row, (name, words, widget) in enumerate(
            (
                ("kind", tr("Explain"), self.kind),
                ("names", tr("Class"), self.names),
                ("layer", tr("Target layer"), self.layer),
                ("channel", tr("Channel"), self.channel),
            )
        ):
            label = QLabel(words)
            self._grid.addWidget(label, row, 0)
            self._grid.addWidget(widget, row, 1)
            self._rows[name] = [label, widget]
        self._grid.addWidget(self.place_label, 4, 0, 1, 2)
        self._session: InspectSession | None = None
        self._wanted = self.kind_name
        self._why_not: Mapping[str, str] = {}
        self.kind.currentIndexChanged.connect(self._refresh)
        self.kind.activated.connect(self._on_chosen)
        self.names.chosen.connect(self.changed)
        self.layer.chosen.connect(self._on_layer)
        self.channel.valueChanged.connect(self.changed)
        self._refresh()

    @property
    def kind_name(self) -> str:
        return str(self.kind.currentData())

    def set_session(self, session: InspectSession | None) -> None:
        """Offer what the network has."""
        self._session, self.places = session, None
        before = self.names.value
        names = session.classes if session is not None else ()
        self.names.set_choices([("", tr(STRONGEST)), *((name, name) for name in names)])
        if before:
            self.names.set_value(before)
        layers = session.layers if session is not None else ()
        self.layer.set_choices(
            [
                (layer.name, tr("{name}   {channels} channels", name=layer.name, channels=layer.channels))
                for layer in layers
            ]
        )
        if session is not None:
            self.layer.set_value(session.levels[-1].name)
        self._on_layer()

    def offer(self, why_not: Mapping[str, str]) -> None:
        """Offer the kinds that `why_not` has no reason against; the reason stands in the tooltip of the others."""
        self._why_not = why_not
        model = self.kind.model()
        for index, (key, _, tip) in enumerate(KINDS):
            item = model.item(index)  # type: ignore[attr-defined]
            item.setEnabled(not why_not.get(key))
            item.setToolTip(with_reason(tr(tip), why_not.get(key, "")))
        self._show_kind()

    @property
    def missing(self) -> str:
        """What is in the way of explaining this, a sentence; "" if nothing is."""
        if self._session is None:
            return tr("The network has not looked at the pictures yet.")
        if reason := self._why_not.get(self.kind_name):
            return reason
        if self.asks_for_place:
            return tr("Click a place in one of the pictures, or a numbered point.")
        return ""

    @property
    def asks_for_place(self) -> bool:
        """Whether somebody has to click a place first."""
        return self.kind_name in ("cell", "pair") and self.places is None

    def _on_chosen(self) -> None:
        self._wanted = self.kind_name
        self.changed.emit()

    def _show_kind(self) -> None:
        """The kind that was chosen, or another where that is not possible."""
        possible = [key for key in (self._wanted, *INSTEAD) if not self._why_not.get(key)]
        self.kind.setCurrentIndex(self.kind.findData((possible or [self._wanted])[0]))
        self._refresh()

    def set_places(self, a: Point, b: Point) -> None:
        """The place clicked, and its best place in the other picture."""
        self.places = (a, b)
        if self._wanted not in ("cell", "pair"):
            self._wanted = "cell"
        self._show_kind()
        self.changed.emit()

    def set_pair(self, a: Point, b: Point) -> None:
        """The pair selected among the matches."""
        self.places = (a, b)
        self._refresh()

    def choice(self) -> TargetChoice | None:
        """What is to be explained, or None while something is missing."""
        if self.missing:
            return None
        kind = self.kind_name
        if kind == "class":
            return TargetChoice(kind, self.names.value)
        if kind == "channel":
            return TargetChoice(kind, layer=self.layer.value, channel=self.channel.value())
        assert self.places is not None
        return TargetChoice(kind, layer=self.layer.value, places=self.places)

    def _on_layer(self, *_: object) -> None:
        if self._session is not None:
            layer = next((one for one in self._session.layers if one.name == self.layer.value), None)
            self.channel.setRange(0, max(0, (layer.channels if layer else 1) - 1))
        self._refresh()
        self.changed.emit()

    def _refresh(self, *_: object) -> None:
        kind = self.kind_name
        for name, shown in (("names", kind == "class"), ("layer", kind != "class"), ("channel", kind == "channel")):
            for widget in self._rows[name]:
                widget.setVisible(shown)
        self.place_label.setVisible(kind in ("cell", "pair"))
        if self.places is None:
            self.place_label.setText(tr("Click a place in one of the pictures, or a numbered point."))
        else:
            a, b = self.places
            self.place_label.setText(
                tr(
                    "{first} and {second}. Click another place to change it.",
                    first=place_words("A", a),
                    second=place_words("B", b),
                )
            )
