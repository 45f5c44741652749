"""What people call the values of knobs, and that files and forms keep the values themselves."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox

from studio.attribution.options import METHODS
from studio.gui.widgets.forms import OptionsForm, shown_value
from studio.morph.options import MorphOptions
from tests.gui.walking import SHOWN


@pytest.mark.parametrize("model", SHOWN, ids=lambda model: model.__name__)
def test_every_choice_and_unit_has_a_name_for_people(model):
    for knob in model.knobs():
        assert "/" not in knob.unit and knob.unit != "x", knob.name
        if knob.kind == "choice":
            assert set(knob.words) == set(knob.choices), knob.name
            assert len(set(knob.words.values())) == len(knob.choices), "two would look the same"
            for word in knob.words.values():
                assert re.match(r"[A-Z0-9]", word) and not re.search(r"[_=/]|[a-z]\d", word), word


def test_form_shows_words_and_keeps_values(themed, qtbot):
    form = OptionsForm(MorphOptions(warp="tps"))
    qtbot.addWidget(form)
    box = form.editors["warp"].findChild(QComboBox)
    assert box.currentText() == "Thin plate" and form.value() == MorphOptions(warp="tps")
    box.setCurrentIndex(box.findText("Triangles"))
    assert form.value().to_dict()["warp"] == "delaunay"
    assert "delaunay" in box.itemData(box.currentIndex(), Qt.ItemDataRole.ToolTipRole)
    assert "Thin plate = tps" in box.toolTip()
    assert MorphOptions(warp="tps").word("warp") == "Thin plate"
    warp = form.editors["warp"].knob
    assert shown_value(warp, "mls-rigid") == "Rigid"


def test_no_list_of_any_mode_shows_a_technical_value(opened):
    for name in ("match", "morph", "style", "inspect"):
        for box in opened.panel(name).findChildren(QComboBox):
            for index in range(box.count()):
                word, value = box.itemText(index), box.itemData(index)
                technical = isinstance(value, str) and word == value and re.search(r"[-_]|^[a-z]+$", value)
                layer = re.match(r"(relu|conv|pool|block|level)", word)
                assert not technical or layer, f"{name}: {box.accessibleName()} offers {word}"


def test_no_two_controls_of_an_explanation_have_the_same_name(opened):
    explain = opened.panel("inspect").explain
    for key in METHODS:
        explain.forms.show_method(key)
        names = [one.accessibleName() for one in explain.forms.form.editors.values()]
        rows = [explain.target._grid.itemAtPosition(row, 0).widget().text() for row in range(4)]
        titles = [*names, *rows]
        assert len(set(titles)) == len(titles), (key, titles)
