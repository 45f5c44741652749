"""A new project has the defaults, or the preset that a person prefers; a network is the machine's."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QInputDialog

from studio import presets
from studio.buddies.options import MatchOptions
from studio.gui.canvas.state import REGIONS
from studio.gui.mode_table import MODES
from studio.gui.shell.main_window import MainWindow
from studio.gui.widgets.usable import reason_of
from studio.options import Knob
from studio.picture import Picture
from studio.progress import Progress

WRITTEN = {"shape_curve": "ease", "colour_curve": "0:0,0.5:0.8,1:1", "goals": "channel:3", "channels": "3,17"}
"""For knobs of text that take more than the name of a layer."""


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BUDDIES_STUDIO_CONFIG", str(tmp_path / "config"))


def another_value(knob: Knob, value):
    """A value that a knob takes and does not have."""
    if knob.kind == "bool":
        return not value
    if knob.kind == "choice":
        return next(choice for choice in knob.choices if choice != str(value))
    if knob.kind == "text":
        return WRITTEN.get(knob.name, "relu3_1")
    return knob.maximum if value != knob.maximum else knob.minimum


def turn_everything(window) -> int:
    """Change every knob that projects keep, of all modes; how many there were."""
    turned = 0
    for name, holder in holders(window).items():
        kind = type(holder.value())
        for knob in kind.knobs():
            if name.endswith("/network") or knob.name == "table":
                continue
            before = getattr(holder.value(), knob.name)
            values = {"inspect.size": 320, "inspect/method.method": "occlusion"}
            value = values.get(f"{name}.{knob.name}", another_value(knob, before))
            holder.set_value(holder.value().with_values(**{knob.name: value}))
            turned += getattr(holder.value(), knob.name) != before
    return turned


def holders(window):
    return {name: one for mode in MODES for name, one in window.panel(mode.name).kept_options().items()}


def options_of(window):
    return {name: holder.value().to_dict() for name, holder in holders(window).items()}


def test_no_knob_leaks_into_a_new_project_or_another_window(window, another, qtbot):
    defaults = options_of(window)
    assert turn_everything(window) > 60
    assert options_of(window) != defaults
    window.panel("style").choice.set_start(Picture.from_array(_grey(), "start"))
    window.document.new()
    assert options_of(window) == defaults
    assert window.panel("style").choice.start is None
    assert not window.document.is_modified and not window.actions_["undo"].isEnabled()
    turn_everything(window)
    window.settings.sync()
    assert options_of(another()) == defaults


def _grey():
    import numpy as np

    return np.full((8, 8, 3), 128, np.uint8)


def test_a_project_that_says_nothing_of_a_mode_does_not_get_the_knobs_of_the_one_before(opened, qtbot, tmp_path):
    path = tmp_path / "plain.buddies"
    opened.document.save_to(path)
    qtbot.waitUntil(lambda: opened.document.project == path)
    opened.panel("morph").form.editors["border"].set_value("edges")  # the panel comes after the file
    opened.document.open_path(path)
    qtbot.waitUntil(lambda: not opened.document.is_busy)
    assert opened.panel("morph").form.value().border == "corners"
    assert opened.state.part(REGIONS) in ((), None)


def test_presets_are_taken_as_one_step_and_the_list_says_which_one_it_is(window, qtbot):
    window.actions_["mode_style"].trigger()
    bar, panel = window.presets, window.panel("style")
    assert bar.choice.currentText() == "Defaults"
    panel.forms["style"].editors["steps"].set_value(50)
    assert bar.current is None and bar.choice.currentIndex() == -1
    panel.choice.direction.setCurrentIndex(1)
    steps = window.editing.history.stack.count()
    for preset in bar.listed:
        bar.take(preset)
        assert bar.current is preset and bar.choice.currentText() == preset.title
        assert panel.choice.side == "B"  # of which pictures it is made is not the preset's
    assert panel.choice.kind == "texture" and panel.forms["texture"].value().tileable
    assert window.editing.history.stack.count() == steps + len(bar.listed)
    window.actions_["undo"].trigger()
    assert bar.choice.currentText() == "At Once"
    window.actions_["mode_match"].trigger()
    assert [preset.mode for preset in bar.listed] == ["match"] * len(bar.listed)


def test_one_preset_does_not_add_to_the_one_before(window):
    window.actions_["mode_style"].trigger()
    bar = window.presets
    broad, own = (
        next(one for one in bar.listed if one.key == key) for key in ("style/broad-strokes", "style/own-colours")
    )
    bar.take(broad)
    bar.take(own)
    value = window.panel("style").forms["style"].value()
    assert (value.style_scale, value.keep_colors) == (1.0, "luminance")


def test_options_are_kept_under_a_name_renamed_exported_imported_and_deleted(window, qtbot, tmp_path, monkeypatch):
    bar, form = window.presets, window.panel("match").form
    form.editors["pairs"].set_value(33)
    answer = ["Mine"]

    def answered(dialog):
        if isinstance(dialog, QInputDialog):
            dialog.setTextValue(answer[0])
            return 1
        return 0

    monkeypatch.setattr("studio.gui.shell.presets.run_modal", answered)
    bar.save_action.trigger()
    assert bar.choice.currentText() == "Mine" and bar.delete_action.isEnabled()
    assert presets.presets_of("match")[-1].options["match"]["pairs"] == 33
    assert "match/network" not in presets.presets_of("match")[-1].options
    answer[0] = "Dense"  # the program's own
    with qtbot.waitSignal(window.sink.told) as told:
        bar.rename_action.trigger()
    assert "already" in told.args[1] and bar.choice.currentText() == "Mine"
    answer[0] = "Thirty-three"
    bar.rename_action.trigger()
    assert bar.choice.currentText() == "Thirty-three"
    bar.export_to(bar.current, tmp_path / "out.json")
    bar.may_delete = lambda name: name == "Thirty-three"
    bar.delete_action.trigger()
    assert bar.current is None and all(preset.shipped or not preset.key for preset in bar.listed)
    bar.import_from(tmp_path / "out.json")
    assert bar.choice.currentText() == "Thirty-three" and form.value().pairs == 33
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    with qtbot.waitSignal(window.sink.told) as told:
        bar.import_from(tmp_path / "bad.json")
    assert "bad.json" in told.args[1]


def test_what_came_with_the_program_is_not_changed_and_says_so(window):
    window.actions_["mode_morph"].trigger()
    bar = window.presets
    bar.take(next(preset for preset in bar.listed if preset.key == "morph/calm"))
    for action in (bar.rename_action, bar.delete_action):
        assert not action.isEnabled() and reason_of(action) in action.toolTip() != ""
    assert bar.export_action.isEnabled()


def test_new_projects_begin_with_the_preset_a_person_prefers_until_it_is_gone(window, another):
    bar, form = window.presets, window.panel("match").form
    form.editors["pairs"].set_value(60)
    preset = bar.keep("Sixty")
    bar.reload()
    bar.start_action.trigger()
    form.editors["pairs"].set_value(7)
    window.document.new()
    assert form.value().pairs == 60 and bar.choice.currentText() == "Sixty" and bar.start_action.isChecked()
    assert not window.document.is_modified
    window.settings.sync()
    assert another().panel("match").form.value().pairs == 60
    presets.delete_preset(preset)
    window.document.new()
    assert form.value() == MatchOptions()


def test_a_preset_with_values_of_another_version_is_told_or_passed_over(window, qtbot):
    bar, form = window.presets, window.panel("match").form
    bar.take(presets.Preset("match", "Odd", {"match": {"pairs": 5, "gone": 1}, "match/gone": {"x": 1}}))
    assert form.value().pairs == 5
    with qtbot.waitSignal(window.sink.told) as told:
        bar.take(presets.Preset("match", "Wrong", {"match": {"pairs": -5}}))
    assert "Wrong" in told.args[1] and form.value().pairs == 5


def test_no_preset_is_taken_while_something_runs(window, qtbot):
    def endless():
        while True:
            yield Progress(0.5, "")

    handle = window.jobs.submit("run", endless)
    window.panel("match").foot.follow(handle)
    assert not window.presets.choice.isEnabled() and reason_of(window.presets.choice)
    handle.cancel()
    assert window.presets.choice.isEnabled()


def test_a_network_that_is_not_here_is_not_taken_again_at_the_next_start(window, another, monkeypatch):
    window.network.choose("squeezenet1_1")
    assert window.settings.network("match") == "squeezenet1_1"
    window.document.new()
    assert window.network.backbone_name == "squeezenet1_1"  # in this session somebody wants it
    told = []
    monkeypatch.setattr(MainWindow, "show_message", lambda *said: told.append(said[2]))
    window.settings.sync()
    again = another()
    assert again.network.backbone_name == "buddynet" == again.settings.network("match")
    assert len(told) == 1 and "SqueezeNet 1.1" in told[0] and "BuddyNet" in told[0]
    told.clear()
    assert another().network.backbone_name == "buddynet" and not told


def test_the_network_of_a_project_is_not_that_of_the_machine(opened, qtbot, tmp_path):
    path = tmp_path / "squeeze.buddies"
    opened.network.choose("squeezenet1_1")
    opened.document.save_to(path)
    qtbot.waitUntil(lambda: opened.document.project == path)
    opened.network.choose("buddynet")
    opened.document.open_path(path)
    qtbot.waitUntil(lambda: opened.network.backbone_name == "squeezenet1_1")
    assert opened.settings.network("match") == "buddynet"
    opened.document.new()
    assert opened.network.backbone_name == "buddynet"
