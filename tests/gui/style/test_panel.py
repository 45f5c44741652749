"""The mode Style in the window, with the real engine at tiny sizes: runs, weights on the way, variants, results."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from studio.gui.style.tasks import shown
from studio.jobs import JobState
from studio.pairs import PairSet
from studio.picture import load
from studio.style.options import InversionOptions, StyleOptions
from tests.gui.morphing import A_POINTS, B_POINTS
from tests.gui.styling import LONG, TINY, TINY_INSTANT, TINY_INVERSION, TINY_TEXTURE, began, ended, idle_files, ran

LEFT = Qt.MouseButton.LeftButton

pytestmark = pytest.mark.usefixtures("one_thread")


def choose(panel, kind: str) -> None:
    panel.choice.kind_choice.setCurrentIndex(panel.choice.kind_choice.findData(kind))


def test_a_run_shows_itself_and_ends_with_the_picture(style, qtbot):
    panel, result_pane = style.panel("style"), style.panel("style").result_pane
    assert not style.actions_["style_save"].isEnabled()
    panel.form.set_value(TINY.with_values(steps=40))
    style.actions_["style_run"].trigger()
    assert not panel.foot.run_button.isEnabled() and panel.foot.cancel_button.isEnabled()
    assert not style.actions_["style_run"].isEnabled() and style.actions_["style_cancel"].isEnabled()
    qtbot.waitUntil(lambda: len(result_pane.history) > 0)
    ended(style, qtbot)
    assert panel.foot.bar.value() == 1000 and "48 × 32" in panel.foot.status.text()
    assert result_pane.history[-1].size == (48, 32) and len(result_pane.history) > 1
    assert {"total", "style", "content"} <= set(result_pane.plot.curves)
    result = panel.outcome.picture
    assert result.size == (48, 32)
    content = style.state.picture("A").resized((48, 32))
    assert np.abs(result.pixels.astype(int) - content).mean() > 3  # it has taken on something
    assert style.actions_["style_save"].isEnabled() and panel.foot.run_button.isEnabled()
    result_pane.view_choice.setCurrentText("Side by side")
    assert [one.title for one in result_pane.view.shown] == ["cat.png (content)", "Result", "coffee.jpg (style)"]
    first = result_pane.history[-1].image
    assert np.array_equal(ran(style, qtbot, panel.form.value()).image, first)  # the same seed


def test_pause_holds_the_run_and_weights_change_on_the_way(style, qtbot):
    panel = style.panel("style")
    began(style, qtbot)
    control = panel.runner.control
    qtbot.mouseClick(panel.foot.pause_button, LEFT)
    assert panel.runner.handle.state is JobState.PAUSED and style.actions_["style_pause"].isChecked()
    qtbot.wait(200)  # what was on its way
    held = panel.result_pane.history[-1].step
    assert panel.form.editors["content_weight"].isEnabled() and not panel.form.editors["size"].isEnabled()
    panel.form.editors["content_weight"].set_value(2.5)
    assert control.read()[0]["content_weight"] == 2.5
    qtbot.wait(200)
    assert panel.result_pane.history[-1].step == held
    style.actions_["style_pause"].trigger()
    qtbot.waitUntil(lambda: panel.result_pane.history[-1].step > held)
    panel.foot.pause_button.click()
    qtbot.mouseClick(panel.foot.finish_button, LEFT)  # ends a run that pauses, too
    ended(style, qtbot)
    assert panel.outcome.picture.size == (48, 32) and not panel.foot.pause_button.isChecked()
    assert panel.outcome.result.recipe["options"]["content_weight"] == 2.5
    assert panel.result_pane.history[-1].step < LONG.steps


def test_cancel_keeps_the_last_picture(style, qtbot, tmp_path):
    panel = style.panel("style")
    seen = began(style, qtbot)
    style.actions_["style_cancel"].trigger()
    assert not panel.runner.is_running and "stays" in panel.foot.status.text()
    last = panel.result_pane.history[-1]
    assert last.step >= seen.step
    assert np.array_equal(panel.outcome.picture.pixels, last.image)
    panel.outcome.save_to(tmp_path / "kept.png")
    idle_files(style, qtbot)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "kept.png").convert("RGB")), last.image)
    ran(style, qtbot)  # and the next run is not disturbed by it
    assert panel.outcome.picture.size == (48, 32)


@pytest.mark.slow
def test_a_run_that_was_given_up_goes_on_exactly(style, qtbot):
    panel = style.panel("style")
    options = TINY.with_values(steps=80)
    assert not style.actions_["style_go_on"].isEnabled()
    whole = ran(style, qtbot, options).image
    began(style, qtbot, options)
    panel.foot.cancel_button.click()
    at = panel.result_pane.history[-1].step
    qtbot.waitUntil(lambda: panel.outcome.go_on_button.isEnabled())
    panel.outcome.go_on_button.click()
    qtbot.waitUntil(lambda: len(panel.result_pane.history) > 0)
    assert panel.result_pane.history[0].step >= at
    ended(style, qtbot)
    assert np.array_equal(panel.result_pane.history[-1].image, whole)
    began(style, qtbot)  # of another length, so that there is something to refuse
    panel.foot.cancel_button.click()
    panel.form.set_value(TINY.with_values(size=64))
    qtbot.wait(300)
    style.actions_["style_go_on"].trigger()
    ended(style, qtbot)
    assert style.messages.severity == "error" and "another size" in style.messages.text()


def test_both_directions_take_the_pairs_along(style, qtbot):
    panel = style.panel("style")
    style.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS))
    task = panel.task()
    assert task.content.name == "cat.png" and [one.picture.name for one in task.styles] == ["coffee.jpg"]
    assert [list(pair.a) for pair in task.pairs] == A_POINTS
    qtbot.mouseClick(panel.choice.swap_button, LEFT)
    task = panel.task()
    assert task.content.name == "coffee.jpg" and [one.picture.name for one in task.styles] == ["cat.png"]
    assert [list(pair.a) for pair in task.pairs] == B_POINTS and [list(pair.b) for pair in task.pairs] == A_POINTS
    plain = ran(style, qtbot, TINY.with_values(anchors=0.0)).image
    followed = ran(style, qtbot, TINY.with_values(anchors=3.0)).image
    bent = ran(style, qtbot, TINY.with_values(anchors=0.0, geometry=1.0)).image
    assert np.abs(followed.astype(int) - plain).max() > 3 and np.abs(bent.astype(int) - plain).mean() > 2


def test_a_saved_result_brings_its_recipe_back(style, qtbot, tmp_path, two_files, monkeypatch):
    panel = style.panel("style")
    made = TINY.with_values(loss="gram", style_scale=1.35, seed=7)
    ran(style, qtbot, made)
    for suffix in ("png", "tif", "jpg", "webp"):
        path = tmp_path / f"result.{suffix}"
        panel.outcome.save_to(path)
        idle_files(style, qtbot)
        assert path.name in style.messages.text()
        panel.forms["style"].set_value(StyleOptions())
        choose(panel, "inversion")
        panel.outcome.repeat_from(path)
        idle_files(style, qtbot)
        assert panel.choice.kind == "style" and panel.form.value() == made
        assert "recipe" in style.messages.text()
    panel.outcome.repeat_from(two_files[0])
    idle_files(style, qtbot)
    assert style.messages.severity == "error" and "no recipe" in style.messages.text()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "art"), "TIFF, 16 bit (*.tif)"))
    style.actions_["style_save"].trigger()
    idle_files(style, qtbot)
    assert load(tmp_path / "art.tif").depth == 16 and load(tmp_path / "result.png").depth == 8
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "deep"), "PNG, 16 bit (*.png)"))
    panel.outcome.save_button.click()
    idle_files(style, qtbot)
    assert load(tmp_path / "deep.png").depth == 16


def test_a_result_takes_the_place_of_a_picture(style, qtbot):
    panel = style.panel("style")
    ran(style, qtbot)
    result = panel.outcome.picture
    style.actions_["style_to_b"].trigger()
    idle_files(style, qtbot)
    assert style.state.picture("B") is result
    assert style.viewer.canvas("B").picture_size == (48, 32)
    assert panel.task().styles[0].picture is result


def test_textures_and_inversions_run_on_the_same_panel(style, qtbot):
    panel = style.panel("style")
    choose(panel, "texture")
    panel.choice.direction.setCurrentIndex(1)
    assert panel.form is panel.forms["texture"] and panel.form.isVisible()
    assert ran(style, qtbot, TINY_TEXTURE).size == (48, 32)
    assert [one.picture.name for one in panel.runner.task.styles] == ["coffee.jpg"]
    choose(panel, "inversion")
    panel.choice.direction.setCurrentIndex(0)
    panel.result_pane.strip_button.setChecked(True)  # there are no variants of an inversion
    qtbot.wait(600)
    assert not panel.result_pane.strip.buttons
    ran(style, qtbot, TINY_INVERSION)
    assert panel.outcome.picture.size == (48, 32) and panel.runner.task.content.name == "cat.png"


def test_instant_style_follows_its_knobs(style, qtbot):
    panel = style.panel("style")
    choose(panel, "instant")
    panel.choice.direction.setCurrentIndex(1)
    assert not panel.choice.start_box.isVisible() and panel.choice.sources.isVisible()
    first = ran(style, qtbot, TINY_INSTANT)
    assert max(first.size) == 64 and panel.outcome.picture.size == first.size
    assert panel.runner.task.content.name == "coffee.jpg"
    panel.form.editors["strength"].set_value(0.2)
    assert panel.form.editors["strength"].isEnabled()
    qtbot.waitUntil(lambda: panel.runner.task.options.strength == 0.2)
    ended(style, qtbot)
    second = panel.result_pane.history[-1]
    content = shown(panel.runner.task.content, 64).astype(float)
    apart = [np.abs(moment.image.astype(float) - content).mean() for moment in (first, second)]
    assert apart[1] < 0.8 * apart[0]
    assert not panel.can_go_on  # there is nothing to be taken up


def test_the_status_bar_names_the_network_of_the_mode(style, qtbot):
    assert style.status.setup_label.text().startswith("BuddyNet ")
    style.panel("style").network.choose("vgg16")
    assert style.status.setup_label.text().startswith("VGG-16 ")
    style.actions_["mode_match"].trigger()
    assert style.status.setup_label.text().startswith("BuddyNet ")


def test_what_does_not_work_is_said_in_words(style, qtbot):
    panel = style.panel("style")
    panel.form.set_value(TINY.with_values(layers="no such layer"))
    panel.run()
    ended(style, qtbot)
    assert style.messages.severity == "error" and "no such layer" in style.messages.text()
    assert panel.foot.status.text() == "Failed" and panel.foot.run_button.isEnabled()


def test_further_style_pictures_have_weights_that_count_at_once(style, qtbot, two_files, tmp_path):
    panel, sources = style.panel("style"), style.panel("style").choice.sources
    Image.fromarray(np.full((40, 60, 3), (200, 30, 30), np.uint8)).save(tmp_path / "red.png")
    (tmp_path / "broken.png").write_bytes(b"nothing")
    sources.add_file(tmp_path / "red.png", 0.5)
    sources.add_file(tmp_path / "broken.png")
    idle_files(style, qtbot)
    assert style.messages.severity == "error" and "broken.png" in style.messages.text()
    assert [(one.picture.name, one.weight) for one in sources.sources] == [("coffee.jpg", 1.0), ("red.png", 0.5)]
    began(style, qtbot)
    sources.rows[1].weight.setValue(3.0)
    assert panel.runner.control.read()[1] == (1.0, 3.0)
    style.actions_["undo"].trigger()  # as if turned back by hand
    assert panel.runner.control.read()[1] == (1.0, 0.5)
    panel.form.editors["content_weight"].set_value(4.0)
    style.actions_["undo"].trigger()
    assert panel.runner.control.read()[0]["content_weight"] == LONG.content_weight and panel.runner.is_running
    panel.repeat_recipe({"what": "stylize"})
    assert "under way" in style.messages.text()
    panel.foot.cancel_button.click()
    qtbot.mouseClick(sources.rows[1].remove, LEFT)
    assert len(sources.sources) == 1


def test_a_feed_forward_draft_is_a_start(style, qtbot, tmp_path):
    from studio.style.feedforward import StyleNetwork, save_network
    from tests.style.test_feedforward import small_net

    panel = style.panel("style")
    plain = ran(style, qtbot, TINY.with_values(steps=0)).image
    save_network(StyleNetwork("net", small_net(), ("net",)), tmp_path / "net.safetensors")
    panel.choice.set_network(tmp_path / "net.safetensors")
    drafted = ran(style, qtbot, TINY.with_values(steps=0)).image
    assert np.abs(drafted.astype(int) - plain).mean() > 10
    (tmp_path / "wrong.pth").write_bytes(b"nothing")
    panel.choice.set_network(tmp_path / "wrong.pth")
    panel.run()
    ended(style, qtbot)
    assert style.messages.severity == "error" and "wrong.pth" in style.messages.text()
    panel.choice.clear_button.click()
    assert np.array_equal(ran(style, qtbot, TINY.with_values(steps=0)).image, plain)
    panel.choice.set_start(style.state.picture("B"))
    other = ran(style, qtbot, TINY.with_values(steps=0)).image
    assert np.abs(other.astype(int) - plain).mean() > 10


@pytest.mark.slow
def test_variants_come_by_themselves_and_one_click_runs_one(style, qtbot):
    panel, strip = style.panel("style"), style.panel("style").result_pane.strip
    panel.form.set_value(TINY)
    style.actions_["style_previews"].trigger()
    assert panel.result_pane.strip_button.isChecked()
    qtbot.waitUntil(lambda: bool(strip.buttons) and all(one.pixels is not None for one in strip.buttons))
    titles = [button.text() for button in strip.buttons]
    assert titles[0] == "As set" and "Classic (Gram)" in titles and "Larger strokes" in titles
    assert strip.buttons[0].isChecked()
    before = [button.pixels for button in strip.buttons]
    assert np.abs(before[0].astype(int) - before[titles.index("Classic (Gram)")]).max() > 0
    qtbot.mouseClick(strip.buttons[titles.index("Classic (Gram)")], LEFT)
    assert panel.runner.is_running and panel.form.value() == TINY.with_values(loss="gram")
    ended(style, qtbot)
    qtbot.wait(700)
    assert [button.pixels for button in strip.buttons] == before  # known already
    qtbot.mouseClick(strip.buttons[titles.index("Larger strokes")], LEFT)
    assert panel.form.value() == TINY.with_values(style_scale=1.6)  # and not with gram
    ended(style, qtbot)


@pytest.mark.slow
def test_variants_make_way_for_what_the_person_wants(style, qtbot):
    panel, strip = style.panel("style"), style.panel("style").result_pane.strip
    panel.form.set_value(TINY.with_values(steps=100))
    panel.result_pane.strip_button.setChecked(True)
    qtbot.waitUntil(lambda: panel.variants.runner.is_running)
    ran(style, qtbot, TINY.with_values(steps=100))
    assert not panel.variants.runner.is_running
    qtbot.waitUntil(lambda: panel.variants.runner.is_running)  # and go on afterwards
    style.actions_["mode_match"].trigger()
    assert not panel.variants.runner.is_running and panel.variants.runner.left == 0
    style.actions_["mode_style"].trigger()
    qtbot.waitUntil(lambda: panel.variants.runner.is_running)
    assert len(strip.buttons) > 5


def test_without_pictures_it_says_what_to_do(window, qtbot):
    window.actions_["mode_style"].trigger()
    panel = window.panel("style")
    assert not panel.foot.run_button.isEnabled() and "Open picture A" in panel.foot.status.text()
    assert not window.actions_["style_run"].isEnabled()
    choose(panel, "texture")
    assert "example" in panel.foot.status.text() or "picture A" in panel.foot.status.text()
    panel.run()
    assert not panel.runner.is_running


def test_closing_while_it_runs_leaves_nothing(style, qtbot):
    began(style, qtbot)
    style.close()
    assert style.stopped_cleanly and not style.panel("style").runner.is_running


def test_options_are_the_project_s_and_the_network_is_the_machine_s(style, qtbot):
    panel = style.panel("style")
    panel.forms["style"].editors["loss"].set_value("histogram")
    panel.forms["texture"].editors["tileable"].set_value(True)
    panel.network.choose("vgg16")
    assert style.state.part("style/style")["loss"] == "histogram"
    assert style.state.part("style/texture")["tileable"]
    assert style.state.part("style/inversion") == InversionOptions().to_dict()
    assert style.settings.network("style") == "vgg16" and style.settings.network("match") == "buddynet"


def test_save_stands_where_the_result_is(style, qtbot):
    panel = style.panel("style")
    button = panel.outcome.save_button
    assert panel.result_pane.isAncestorOf(button) and button.isVisible() and not button.isEnabled()
    assert "no result" in button.toolTip()
    ran(style, qtbot)
    assert button.isEnabled()
