"""Chooses what an attribution explains: a class, a channel, a place or a pair."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from studio.arrays import Point
from studio.gui.inspect.readings import InspectSession, TargetChoice
from studio.gui.inspect.words import GLOSSARY, place_words
from studio.gui.widgets.forms import form_grid
from studio.gui.widgets.number_boxes import WholeBox
from studio.gui.widgets.search_box import SearchBox, narrow
from studio.language import tr, translatable

KINDS = (
    ("class", translatable("a class"), translatable("What speaks for a name, such as “lion”")),
    ("channel", translatable("a channel"), GLOSSARY["channel"]),
    ("cell", translatable("a place"), translatable("What makes the network react at the place that you click")),
    ("pair", translatable("a pair"), translatable("What makes two places similar to each other")),
)
STRONGEST = translatable("the strongest of each picture")


class TargetKnobs(QWidget):
    """Knobs of a target; only those that its kind needs are shown."""

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
                ("layer", tr("Layer"), self.layer),
                ("channel", tr("Channel"), self.channel),
            )
        ):
            label = QLabel(words)
            self._grid.addWidget(label, row, 0)
            self._grid.addWidget(widget, row, 1)
            self._rows[name] = [label, widget]
        self._grid.addWidget(self.place_label, 4, 0, 1, 2)
        self._session: InspectSession | None = None
        self._allowed: frozenset[str] = frozenset(key for key, _, _ in KINDS)
        self.kind.currentIndexChanged.connect(self._refresh)
        self.kind.activated.connect(self.changed)
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
        self.allow(self._allowed)
        if session is not None and not session.classes and self.kind_name == "class":
            self.kind.setCurrentIndex(self.kind.findData("cell"))
        self._on_layer()

    def allow(self, kinds: Collection[str]) -> None:
        """Offer these kinds only; and classes only where the network has some."""
        self._allowed = frozenset(kinds)
        model = self.kind.model()
        for index, (key, _, tip) in enumerate(KINDS):
            has = key != "class" or self._session is None or bool(self._session.classes)
            item = model.item(index)  # type: ignore[attr-defined]
            item.setEnabled(key in self._allowed and has)
            item.setToolTip(tr(tip) if has else tr("This network names nothing; SqueezeNet, VGG and ResNet do"))
        if self.kind_name not in self._allowed:
            self.kind.setCurrentIndex(self.kind.findData(next(key for key, _, _ in KINDS if key in self._allowed)))
        self._refresh()

    def set_places(self, a: Point, b: Point) -> None:
        """The place clicked, and its best place in the other picture."""
        self.places = (a, b)
        if self.kind_name not in ("cell", "pair"):
            self.kind.setCurrentIndex(self.kind.findData("cell"))
        self._refresh()
        self.changed.emit()

    def set_pair(self, a: Point, b: Point) -> None:
        """The pair selected among the matches."""
        self.places = (a, b)
        self._refresh()

    def choice(self) -> TargetChoice | None:
        """What is to be explained, or None while something is missing."""
        if self._session is None:
            return None
        kind = self.kind_name
        if kind == "class":
            return TargetChoice(kind, self.names.value) if self._session.classes else None
        if kind == "channel":
            return TargetChoice(kind, layer=self.layer.value, channel=self.channel.value())
        if self.places is None:
            return None
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
