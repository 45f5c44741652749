"""What can be chosen in the mode Dream: what is missing is greyed with its reason, and all of it is kept and undone."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractSpinBox

from studio.backbones.choice import NetworkChoice
from studio.dream.goals import ChannelGoal, ClassGoal, DirectionGoal, GoalError, PairGoal, Weighted
from studio.dream.options import YOSINSKI, AdversaryOptions, DreamOptions, MaximiseOptions, ZoomOptions
from studio.gui.dream.facts import LayerFacts, NetworkFacts
from studio.gui.dream.targets import TargetsOptions, read_targets, written_targets
from studio.gui.widgets.forms import OptionsForm
from studio.gui.widgets.search_box import SearchBox
from studio.gui.widgets.theme import DARK, LIGHT, apply_theme
from studio.job_kinds import JobKind
from studio.options import OptionsError
from studio.pairs import PairSet
from studio.picture import Picture
from studio.style.recipe import kind_in
from tests.gui.dreaming import choose, chosen, told, why_not
from tests.gui.inspecting import click
from tests.gui.morphing import A_POINTS, B_POINTS
from tests.gui.projects import open_project, save

LEFT = Qt.MouseButton.LeftButton
NAMING = NetworkFacts(
    NetworkChoice("squeezenet1_1"),
    "SqueezeNet",
    (LayerFacts("pool1", 64, 1), LayerFacts("fire2", 128, 2), LayerFacts("fire3", 128)),
    ("tench", "tabby", "lion"),
    is_whole=True,
)


def test_without_pictures_each_kind_says_what_is_to_be_opened(window, qtbot):
    window.modes.show("dream")
    panel = window.panel("dream")
    said = {}
    for kind in (JobKind.DREAM, JobKind.MAXIMISE, JobKind.ZOOM, JobKind.ADVERSARY):
        panel.choice.set_kind(kind)
        said[kind] = panel.foot.status.text()
        assert not panel.foot.run_button.isEnabled() and not window.actions_["dream_run"].isEnabled()
        panel.run()
        assert not panel.runner.is_running
    assert said[JobKind.DREAM] == said[JobKind.ZOOM] == said[JobKind.ADVERSARY] == "Open picture A first."
    assert "Click a place" in said[JobKind.MAXIMISE]
    assert "Open picture B" in why_not(panel.choice.guide_choice, "other")
    panel.choice.set_kind(JobKind.MAXIMISE)
    choose(panel.targets.knobs.kind, "channel")  # which needs no picture
    assert panel.foot.run_button.isEnabled()
    assert not window.jobs.open_jobs  # and nothing was loaded for somebody who only looks


def test_what_is_missing_is_greyed_and_says_why(dream, qtbot):
    panel = chosen(dream, JobKind.DREAM)
    told(dream, qtbot)
    choice, knobs = panel.choice, panel.targets.knobs
    assert not why_not(choice.guide_choice, "other")
    assert "no pairs to follow" in why_not(choice.guide_choice, "pairs")
    assert "mode Style" in why_not(choice.where_choice, "regions")
    assert "Select a pair" in why_not(choice.fool_choice, "pair")
    assert "Select a pair" in why_not(knobs.kind, "pair")
    for box, key in ((choice.fool_choice, "class"), (knobs.kind, "class")):
        assert "names nothing" in why_not(box, key)
    dream.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS))
    dream.state.set_selected(dream.state.pairs.ids[0])
    for box, key in ((choice.guide_choice, "pairs"), (choice.fool_choice, "pair"), (knobs.kind, "pair")):
        assert not why_not(box, key)
    choose(choice.guide_choice, "pairs")
    assert panel.foot.run_button.isEnabled()
    dream.state.set_pairs(PairSet())
    assert not panel.foot.run_button.isEnabled() and "no pairs to follow" in panel.foot.status.text()


def test_a_network_with_classes_offers_them_and_one_without_a_decoder_does_not(dream, qtbot):
    panel = chosen(dream, JobKind.MAXIMISE, parameters="decoder")
    told(dream, qtbot)
    choose(panel.targets.knobs.kind, "channel")
    assert panel.foot.run_button.isEnabled()
    panel.asker.facts = NAMING
    panel.asker.changed.emit()
    assert not panel.foot.run_button.isEnabled() and "no decoder" in panel.foot.status.text()
    parameters = panel.forms["dream/maximise"].editors["parameters"]
    assert "no decoder" in why_not(parameters._field, "decoder")
    parameters.set_value("spectrum")
    knobs = panel.targets.knobs
    choose(knobs.kind, "class")
    knobs.names.setEditText("lio")
    knobs.names.lineEdit().editingFinished.emit()
    assert panel.targets.targets[0].goal == ClassGoal("lion")
    panel.choice.set_kind(JobKind.ADVERSARY)
    choose(panel.choice.fool_choice, "class")
    panel.choice.to_choice.setEditText("tabby")
    panel.choice.to_choice.lineEdit().editingFinished.emit()
    task = panel.task()
    assert task.to == "tabby" and task.pair is None
    choose(panel.choice.to_choice, "")
    assert panel.choice.value().to == "" and panel.task().to is None
    panel.choice.set_kind(JobKind.DREAM)
    panel.forms["dream"].editors["layer"].set_value("relu4_3")
    assert not panel.foot.run_button.isEnabled()
    assert "SqueezeNet has no layer “relu4_3”" in panel.foot.status.text()


def test_knobs_that_change_nothing_are_greyed(dream, qtbot):
    panel = chosen(dream, JobKind.MAXIMISE)
    unit = panel.forms["dream/maximise"].editors
    assert not unit["decay"].isEnabled() and not unit["diversity"].isEnabled()
    unit["parameters"].set_value("pixels")
    unit["count"].set_value(4)
    assert unit["decay"].isEnabled() and unit["diversity"].isEnabled()
    assert panel.forms["dream"].editors["steps"].isEnabled()
    panel.choice.set_kind(JobKind.ZOOM)
    assert not panel.forms["dream"].editors["steps"].isEnabled()  # those of a frame count


@pytest.mark.parametrize("number", range(4))
def test_the_settings_of_yosinski_are_there_by_name(dream, qtbot, number):
    panel = chosen(dream, JobKind.MAXIMISE)
    choose(panel.presets.box, number)
    values = panel.forms["dream/maximise"].value().to_dict()
    assert values["parameters"] == "pixels"
    assert {name: values[name] for name in YOSINSKI[number]} == YOSINSKI[number]
    assert values["size"] == 32  # which is no part of it
    panel.forms["dream/maximise"].editors["blur"].set_value(3.0)
    assert panel.presets.box.currentData() == -1
    dream.actions_["undo"].trigger()
    assert panel.presets.box.currentData() == number


def test_the_project_keeps_all_choices_and_brings_them_back(dream, qtbot, tmp_path):
    panel = chosen(dream, JobKind.MAXIMISE, size=64, count=4)
    told(dream, qtbot)
    panel.forms["dream"].set_value(panel.forms["dream"].value().with_values(layer="relu4_1", channels="3,17"))
    click(dream, "A", 180, 120)
    panel.targets.add_button.click()
    choose(panel.targets.knobs.kind, "channel")
    panel.targets.rows[1].weight.setValue(-0.5)
    choose(panel.choice.side_choice, "B")
    choose(panel.choice.guide_choice, "other")
    wanted = {name: holder.value() for name, holder in panel.kept_options().items()}
    targets = panel.targets.targets
    save(dream, qtbot, tmp_path / "dream.buddies")
    dream.document.new()
    qtbot.waitUntil(lambda: not dream.document.is_busy)
    chosen(dream, JobKind.DREAM)
    panel.targets.set_value(TargetsOptions())
    open_project(dream, qtbot, tmp_path / "dream.buddies")
    assert {name: holder.value() for name, holder in panel.kept_options().items()} == wanted
    assert panel.targets.targets == targets and len(panel.targets.rows) == 2
    assert panel.forms["dream"].editors["layer"].box.layer == "relu4_1"


def test_targets_and_choices_are_undone(dream, qtbot):
    panel = chosen(dream, JobKind.MAXIMISE)
    click(dream, "A", 180, 120)
    first = panel.targets.targets
    click(dream, "B", 60, 60)
    panel.targets.rows[0].weight.setValue(2.0)
    dream.actions_["undo"].trigger()
    assert panel.targets.targets[0].weight == 1.0 and panel.targets.targets[0].goal.side == "B"
    dream.actions_["undo"].trigger()
    assert panel.targets.targets == first
    choose(panel.choice.side_choice, "B")
    choose(panel.choice.kind_choice, "zoom")
    dream.actions_["undo"].trigger()
    assert panel.choice.kind is JobKind.MAXIMISE and panel.choice.side == "B"
    dream.actions_["undo"].trigger()
    assert panel.choice.side == "A"


def test_a_place_outside_of_another_picture_is_told_before_the_run(dream, qtbot):
    panel = chosen(dream, JobKind.MAXIMISE)
    click(dream, "A", 400, 250)
    assert panel.foot.run_button.isEnabled()
    dream.state.set_picture("A", Picture.from_array(np.full((40, 60, 3), 90, np.uint8), "small.png"))
    assert not panel.foot.run_button.isEnabled()
    assert "lies outside of small.png" in panel.foot.status.text()


def test_weights_that_can_not_be_read_are_told_once(dream, qtbot, tmp_path):
    panel = dream.panel("dream")
    told(dream, qtbot)
    wrong = tmp_path / "wrong.safetensors"
    wrong.write_bytes(b"nothing")
    panel.network.chosen_weights["buddynet"] = wrong
    panel.network.changed.emit()
    qtbot.waitUntil(lambda: dream.messages.severity == "error")
    assert "wrong.safetensors" in dream.messages.text()
    qtbot.waitUntil(lambda: not dream.jobs.open_jobs)
    dream.modes.show("match")
    dream.modes.show("dream")
    assert not dream.jobs.open_jobs  # it is not asked for ever again
    assert panel.targets.knobs.layer.findData("relu4_3") >= 0  # and the levels are there


def test_targets_are_text_and_text_is_targets():
    targets = (
        Weighted(ChannelGoal("relu4_3", 11)),
        Weighted(DirectionGoal("", (1.5, 2.25), "B"), -0.5),
        Weighted(PairGoal("relu3_1", (1.0, 2.0), (3.0, 4.0)), 2.0),
        Weighted(ClassGoal("lion in grass")),
    )
    assert read_targets(written_targets(targets)) == targets
    assert read_targets("") == ()
    with pytest.raises(GoalError):
        read_targets("dog:3")
    with pytest.raises(OptionsError, match="goals"):
        TargetsOptions.from_dict({"goals": "channel:3\nnonsense"})


def test_the_dark_and_the_light_theme_dress_the_result_and_the_rows(dream, themed, qtbot):
    panel = chosen(dream, JobKind.MAXIMISE)
    click(dream, "A", 180, 120)
    for theme, colors in (("light", LIGHT), ("dark", DARK)):
        apply_theme(themed, theme)
        panel.refresh_theme()
        image = panel.result_pane.view.grab().toImage()
        assert image.pixelColor(3, 3).name() == colors.canvas
        assert not panel.targets.rows[0].remove.icon().isNull()


def test_a_list_tells_of_an_entry_without_a_key(themed, qtbot):
    """“The strongest”, “the usual one”: back to it is a change like any other."""
    box = SearchBox("Class", "Type")
    qtbot.addWidget(box)
    box.set_choices([("", "any"), ("lion", "lion")])
    told = []
    box.chosen.connect(told.append)
    choose(box, "lion")
    choose(box, "")
    assert told == ["lion", ""]


@pytest.mark.parametrize("options", [DreamOptions, MaximiseOptions, ZoomOptions, AdversaryOptions])
def test_a_field_has_room_for_its_largest_number_and_its_unit(themed, qtbot, options):
    form = OptionsForm(options())
    qtbot.addWidget(form)
    for editor in form.editors.values():
        for field in editor.findChildren(QAbstractSpinBox):
            field.setValue(field.maximum())
            if editor.knob.unit:
                assert field.width() >= field.fontMetrics().horizontalAdvance(field.text()) + 10, editor.knob.name


def test_the_recipe_of_a_dream_is_none_of_a_style():
    assert kind_in({"what": "dream"}) is None and kind_in({"what": "maximize"}) is None
    assert JobKind.of_recipe("adversary") is JobKind.ADVERSARY and JobKind.of_recipe("dream") is JobKind.DREAM
