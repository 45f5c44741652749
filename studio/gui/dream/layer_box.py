"""Chooses a layer of a network by any part of its name, the levels first."""

from __future__ import annotations

from studio.gui.dream.facts import LayerFacts, NetworkFacts
from studio.gui.widgets.forms import KnobEditor
from studio.gui.widgets.search_box import SearchBox
from studio.language import tr
from studio.options import Knob


class LayerBox(SearchBox):
    """Keeps a name that the network does not have, for another network may."""

    def __init__(self, name: str) -> None:
        super().__init__(name, tr("Type a part of a layer's name"))
        self._wanted = ""
        self._facts: NetworkFacts | None = None
        self.chosen.connect(self._on_chosen)

    @property
    def layer(self) -> str:
        """The name, or "" for the usual one."""
        return self._wanted

    def set_layer(self, name: str) -> None:
        """Choose a layer; nothing is told."""
        self._wanted = name
        self._offer()

    def set_facts(self, facts: NetworkFacts) -> None:
        """Offer what the network has."""
        self._facts = facts
        self._offer()

    def _offer(self) -> None:
        facts = self._facts
        choices = [] if facts is None else [("", tr("usual: {name}", name=facts.usual.name))]
        choices += [] if facts is None else [(layer.name, layer_words(layer)) for layer in facts.layers]
        if self._wanted not in dict(choices):
            choices.append((self._wanted, self._wanted))
        self.set_choices(choices)
        self.set_value(self._wanted)

    def _on_chosen(self, key: str) -> None:
        self._wanted = key


def layer_words(layer: LayerFacts) -> str:
    """A layer in a list."""
    if layer.level:
        return tr("{name}   level {level}", name=layer.name, level=layer.level)
    return tr("{name}   {channels} channels", name=layer.name, channels=layer.channels)


class LayerEditor(KnobEditor):
    """The editor of a knob that is the name of a layer: a list over the field, which keeps the value."""

    box: LayerBox | None = None
    """None while the field is made."""

    def __init__(self, knob: Knob) -> None:
        super().__init__(knob)
        self._field.hide()
        self.box = LayerBox(tr(knob.label))
        self.box.setToolTip(self._field.toolTip())
        self._layout.insertWidget(0, self.box, 1)
        self.setFocusProxy(self.box)
        self.box.chosen.connect(super().set_value)

    def set_value(self, value: str) -> None:
        super().set_value(value)
        if self.box is not None:
            self.box.set_layer(str(value))
