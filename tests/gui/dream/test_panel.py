"""The mode Dream in the window, with the real engine at tiny sizes: each kind from its choice to its result."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog
from skimage import data

from studio.codecs.recipes import recipe_text
from studio.dream.goals import ChannelGoal, DirectionGoal, PairGoal, Weighted
from studio.job_kinds import JobKind
from studio.jobs import JobState
from studio.pairs import PairSet
from studio.picture import Picture, load
from tests.gui.dreaming import choose, chosen, ended, kept_recipe, told
from tests.gui.inspecting import click
from tests.gui.morphing import A_POINTS, B_POINTS
from tests.gui.styling import idle_files

LEFT = Qt.MouseButton.LeftButton

pytestmark = pytest.mark.usefixtures("one_thread")


def recipe(path) -> dict:
    with path.open("rb") as file:
        return json.loads(recipe_text(file)["Recipe"])


def test_a_dream_from_the_first_click_to_a_saved_picture(dream, qtbot, tmp_path, monkeypatch):
    panel, pane = chosen(dream, JobKind.DREAM), dream.panel("dream").result_pane
    assert not dream.actions_["dream_save"].isEnabled() and pane.view.shown == ()
    qtbot.mouseClick(panel.foot.run_button, LEFT)
    assert not dream.actions_["dream_run"].isEnabled() and dream.actions_["dream_cancel"].isEnabled()
    assert not panel.forms["dream"].isEnabled()
    ended(dream, qtbot)
    made = panel.outcome.picture
    assert made.size == (48, 32) and "48 × 32" in panel.foot.status.text() and panel.foot.bar.value() == 1000
    before = dream.state.picture("A").resized((48, 32)).astype(int)
    assert 1 < np.abs(made.pixels.astype(int) - before).mean() < 80
    assert np.array_equal(pane.view.shown[0].pixels, made.pixels)
    assert "cat.png" in pane.caption.text() and "now" in pane.caption.text()
    choose(pane.view_choice, "wipe")
    (pair,) = pane.view.shown
    assert pair.second is not None and (pair.title, pair.second_title) == ("Before", "Result")
    choose(pane.view_choice, "result")
    pane.view.copy()
    assert QApplication.clipboard().image().size().toTuple() == (48, 32)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "night"), "PNG (*.png)"))
    dream.actions_["dream_save"].trigger()
    idle_files(dream, qtbot)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "night.png")), made.pixels)
    assert recipe(tmp_path / "night.png")["what"] == "dream"
    assert kept_recipe(dream, qtbot, "dream")["options"]["steps"] == 2


def test_cancel_in_the_middle_keeps_what_was_seen_last(dream, qtbot):
    panel = chosen(dream, JobKind.DREAM, steps=200, octaves=1)
    dream.actions_["dream_run"].trigger()
    qtbot.waitUntil(lambda: panel.runner.last is not None)
    qtbot.mouseClick(panel.foot.pause_button, LEFT)
    assert panel.runner.handle.state is JobState.PAUSED and dream.actions_["dream_pause"].isChecked()
    qtbot.mouseClick(panel.foot.pause_button, LEFT)
    dream.actions_["dream_cancel"].trigger()
    assert not panel.runner.is_running and "stays" in panel.foot.status.text()
    assert np.array_equal(panel.outcome.picture.pixels, panel.runner.last)
    assert np.array_equal(panel.result_pane.view.shown[0].pixels, panel.runner.last)
    kept = panel.outcome.picture
    dream.actions_["dream_to_b"].trigger()
    idle_files(dream, qtbot)
    assert dream.state.picture("B") is kept
    chosen(dream, JobKind.DREAM)
    panel.run()  # and the next run is not disturbed by it
    ended(dream, qtbot)
    assert panel.outcome.picture.size == (48, 32)


def test_a_click_on_a_says_what_a_picture_is_made_for(dream, qtbot):
    panel = chosen(dream, JobKind.MAXIMISE, parameters="decoder")
    told(dream, qtbot)
    assert not panel.foot.run_button.isEnabled() and "Click a place" in panel.foot.status.text()
    click(dream, "A", 180, 120)
    (target,) = panel.targets.targets
    assert isinstance(target.goal, DirectionGoal) and target.goal.side == "A"
    assert np.allclose(target.goal.point, (180, 120), atol=1.0)
    assert [round(mark.x) for mark in panel.places.layers["A"].overlay.marks] == [round(target.goal.point[0])]
    dream.actions_["dream_run"].trigger()
    ended(dream, qtbot)
    assert panel.outcome.picture.size == (32, 32)
    made = kept_recipe(dream, qtbot, "maximize")
    assert made["what"] == "maximize" and made["goals"] == [target.describe()]
    assert [one["name"] for one in made["pictures"]] == ["cat.png"]
    click(dream, "B", 60, 50)
    assert [one.goal.side for one in panel.targets.targets] == ["B"]  # another place of the same target
    dream.modes.show("match")
    assert not panel.places.layers["B"].isVisible()
    click(dream, "A", 100, 100)
    assert panel.targets.targets[0].goal.side == "B"


def test_a_unit_by_its_number_and_a_sheet_of_its_faces(dream, qtbot):
    panel = chosen(dream, JobKind.MAXIMISE, count=3)
    told(dream, qtbot)
    knobs, pane = panel.targets.knobs, panel.result_pane
    choose(knobs.kind, "channel")
    knobs.layer.setEditText("relu4_1")
    knobs.layer.lineEdit().editingFinished.emit()
    knobs.channel.setValue(11)
    assert panel.targets.targets == (Weighted(ChannelGoal("relu4_1", 11)),)
    knobs.channel.setValue(100_000)
    assert knobs.channel.value() == panel.asker.facts.layer("relu4_1").channels - 1
    knobs.channel.setValue(11)
    panel.run()
    ended(dream, qtbot)
    assert len(pane.view.shown) == 3 and panel.outcome.picked == 0
    panes = pane.view.panes()
    qtbot.mouseClick(pane.view, LEFT, pos=panes[2].rect.center().toPoint())
    assert panel.outcome.picked == 2
    assert np.array_equal(panel.outcome.picture.pixels, pane.view.shown[2].pixels)
    assert not np.array_equal(pane.view.shown[0].pixels, pane.view.shown[2].pixels)
    qtbot.keyClick(pane.view, Qt.Key.Key_Right)
    assert panel.outcome.picked == 0
    for number in range(1, 4):  # all of them in sight, none over another
        assert panes[number - 1].space.width() > 20
    assert not any(one.space.intersects(other.space) for one in panes for other in panes if one is not other)


def test_what_a_pair_shares_is_a_target_of_a_sum(dream, qtbot):
    panel = chosen(dream, JobKind.MAXIMISE)
    dream.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS))
    assert not dream.actions_["dream_pair"].isEnabled()
    dream.state.set_selected(dream.state.pairs.ids[1])
    dream.actions_["dream_pair"].trigger()
    (target,) = panel.targets.targets
    assert target.goal == PairGoal("", tuple(A_POINTS[1]), tuple(B_POINTS[1]))
    panel.targets.add_button.click()
    choose(panel.targets.knobs.kind, "channel")
    panel.targets.rows[1].weight.setValue(-0.5)
    assert [one.weight for one in panel.targets.targets] == [1.0, -0.5]
    panel.run()
    ended(dream, qtbot)
    goals = kept_recipe(dream, qtbot, "maximize")["goals"]
    assert goals == [target.describe(), panel.targets.targets[1].describe()]
    panel.targets.rows[0].remove.click()
    assert [type(one.goal) for one in panel.targets.targets] == [ChannelGoal]


def test_guides_and_painted_regions_reach_the_engine(dream, qtbot):
    panel = chosen(dream, JobKind.DREAM)
    panel.run()
    ended(dream, qtbot)
    plain, first = panel.outcome.picture.pixels, kept_recipe(dream, qtbot, "dream")
    choose(panel.choice.guide_choice, "other")
    panel.run()
    ended(dream, qtbot)
    assert not np.array_equal(panel.outcome.picture.pixels, plain)
    assert "coffee.jpg" in kept_recipe(dream, qtbot, "dream", first)["goals"][-1]
    dream.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS))
    choose(panel.choice.guide_choice, "pairs")
    choose(panel.choice.side_choice, "B")
    task = panel.task()
    assert [list(pair.a) for pair in task.pairs] == B_POINTS and task.source.name == "coffee.jpg"
    choose(panel.choice.side_choice, "A")
    choose(panel.choice.guide_choice, "none")
    painting = dream.panel("style").regions.painting
    painting.add()
    painting.begin("A", (60.0, 60.0))
    painting.go_to((61.0, 60.0))
    painting.end()
    dream.modes.show("style")
    dream.modes.show("dream")
    choose(panel.choice.where_choice, "regions")
    panel.run()
    ended(dream, qtbot)
    before = dream.state.picture("A").tensor((48, 32))[0].permute(1, 2, 0).numpy()
    changed = np.abs(panel.outcome.picture.pixels / 255.0 - before).max(axis=2) > 0.01
    assert changed[4:9, 4:9].any() and not changed[:, 24:].any()


def test_a_film_goes_where_the_dialog_says_and_falls_to_the_click(dream, qtbot, tmp_path, monkeypatch):
    panel = chosen(dream, JobKind.ZOOM)
    click(dream, "A", 112, 75)
    film = panel.forms["dream/film"].value()
    assert (film.to_x, film.to_y) == pytest.approx((0.25, 0.25), abs=0.011)
    asked_for = []

    def answer(window, title, start, kinds):
        asked_for.append((start, kinds))
        return str(tmp_path / "falling"), kinds.split(";;")[0]

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    dream.actions_["dream_run"].trigger()
    ended(dream, qtbot)
    assert "cat-dream.mp4" in asked_for[0][0] and "*.gif" in asked_for[0][1]
    assert (tmp_path / "falling.mp4").stat().st_size > 500 and "falling.mp4" in dream.messages.text()
    assert "falling.mp4" in panel.result_pane.caption.text() and panel.outcome.picture.size == (48, 32)
    assert kept_recipe(dream, qtbot, "zoom")["film"]["frames"] == 3
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    dream.actions_["dream_run"].trigger()
    assert not panel.runner.is_running


@pytest.fixture
def alike(window, qtbot):
    """A cat, and the same cat a little darker, with a pair at an eye."""
    cat = data.chelsea()
    window.state.set_picture("A", Picture.from_array(cat, "cat.png"))
    window.state.set_picture("B", Picture.from_array((cat * 0.9).astype(np.uint8), "dark.png"))
    window.state.set_pairs(PairSet.from_arrays([(176, 118)], [(176, 118)]))
    window.actions_["mode_dream"].trigger()
    qtbot.wait(10)
    return window


def test_the_least_change_that_breaks_a_pair(alike, qtbot, tmp_path):
    panel, pane = chosen(alike, JobKind.ADVERSARY), alike.panel("dream").result_pane
    assert panel.choice.breaks_pair and "Select a pair" in panel.foot.status.text()
    alike.state.set_selected(alike.state.pairs.ids[0])
    assert panel.foot.status.text() == "Ready"
    assert not panel.forms["dream/adversary"].editors["method"].isEnabled()  # it is for classes
    panel.run()
    ended(alike, qtbot)
    assert "became" in alike.messages.text() and alike.messages.severity == "success"
    assert pane.view_choice.currentData() == "sides"
    before, after, change = pane.view.shown
    assert "cosine" in before.title and "cosine" in after.title and "times" in change.title
    assert before.title.split(": ")[1] != after.title.split(": ")[1]
    assert 0 < np.abs(before.pixels.astype(int) - after.pixels).max() < 60
    assert 120 <= np.median(change.pixels) <= 136  # grey for no change
    assert "levels changed" in pane.caption.text()
    panel.outcome.save_to(tmp_path / "fooled.jpg")
    assert alike.messages.severity == "warning" and not (tmp_path / "fooled.jpg").exists()
    panel.outcome.save_to(tmp_path / "fooled.png")
    idle_files(alike, qtbot)
    assert np.array_equal(load(tmp_path / "fooled.png").pixels, after.pixels)
    assert recipe(tmp_path / "fooled.png")["what"] == "adversary"
    chosen(alike, JobKind.DREAM).run()
    ended(alike, qtbot)
    assert pane.view_choice.currentData() == "result"  # as the person had it


def test_what_goes_wrong_is_one_sentence(dream, qtbot):
    panel = chosen(dream, JobKind.DREAM, channels="3,x")
    panel.run()
    ended(dream, qtbot)
    assert dream.messages.severity == "error" and "“3,x” is no list of channels" in dream.messages.text()
    assert "Failed" in panel.foot.status.text() and panel.foot.run_button.isEnabled()
    assert not panel.outcome.has_picture
