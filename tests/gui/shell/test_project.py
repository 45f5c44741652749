"""Projects in the window: saved, opened, reverted, kept safe, recovered; never called saved when they are not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from studio.document import find_recoveries, reading, summary_of
from studio.pairs import PairSet
from studio.picture import load_bytes
from tests.gui.projects import kept, kill, open_project, save

PAIRS = PairSet.from_arrays([[100.5, 100], [300, 60.25]], [[90, 110], [260, 80]], rank=[3, 1], level=1)


@pytest.fixture
def paired(opened):
    opened.state.set_pairs(PAIRS, {2: PAIRS}, "Match: 2 pairs")
    return opened


@pytest.fixture
def project(paired, qtbot, tmp_path) -> Path:
    """A saved project, open in the window."""
    path = tmp_path / "cats.buddies"
    save(paired, qtbot, path)
    return path


def move_first(window, x: float) -> None:
    window.state.drag_point("A", 1, (x, 50.0))
    window.state.drop_point("A", 1)


def test_a_project_is_saved_and_comes_back_in_another_window(paired, qtbot, tmp_path, another):
    paired.state.set_selection([1])
    paired.editing.pairs.toggle_locked()
    paired.panel("match").form.editors["pairs"].set_value(7)
    assert paired.isWindowModified() and "[*]" in paired.windowTitle()
    path = tmp_path / "cats.buddies"
    save(paired, qtbot, path)
    assert not paired.isWindowModified() and paired.windowTitle().startswith("cats.buddies")
    assert paired.messages.severity == "success"
    pairs, pixels = paired.state.pairs, paired.state.picture("A").pixels
    kill(paired, qtbot)
    paired.document.take_lock(None)
    window = another()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    window.opener.open_mime(mime, "A")
    qtbot.waitUntil(lambda: window.state.has_both)
    assert window.state.pairs == pairs and window.state.levels == {2: PAIRS}
    assert (window.state.picture("A").pixels == pixels).all() and window.state.picture("B").name == "coffee.jpg"
    assert window.panel("match").form.value().pairs == 7
    assert not window.isWindowModified() and window.document.project == path
    # The history came along: what was done before saving can be taken back.
    assert window.actions_["undo"].text() == "Undo Change Pairs"
    window.actions_["undo"].trigger()
    assert window.panel("match").form.value().pairs == 24 and window.isWindowModified()
    window.actions_["undo"].trigger()
    assert not window.state.pairs[0].locked and window.isWindowModified()
    window.actions_["redo"].trigger()
    window.actions_["redo"].trigger()
    assert not window.isWindowModified() and window.panel("match").form.value().pairs == 7
    menus = window.file_menus
    menus.fill_projects()
    assert menus.projects.actions()[0].text() == "cats.buddies"
    qtbot.waitUntil(lambda: not menus.projects.actions()[0].icon().isNull())


def test_a_match_leaves_its_recipe_in_the_project(opened, qtbot, tmp_path, monkeypatch):
    import studio.buddies
    from studio.progress import Progress

    def find(a, b, options, **_):
        yield Progress(0.5, "finding")
        return PAIRS

    monkeypatch.setattr(studio.buddies, "find_buddies", find, raising=False)
    for _ in range(2):
        opened.panel("match").run()
        qtbot.waitUntil(lambda: not opened.panel("match").is_running)
    save(opened, qtbot, tmp_path / "p.buddies")
    (result,) = reading(tmp_path / "p.buddies").results
    assert (result.kind, result.recipe["network"], result.recipe["pairs"]) == ("match", "buddynet", 2)
    assert result.recipe["options"] == opened.panel("match").form.value().to_dict()


def test_the_mark_of_changes_follows_undo_and_options(project, paired, qtbot):
    move_first(paired, 20.0)
    assert paired.isWindowModified()
    paired.actions_["undo"].trigger()
    assert not paired.isWindowModified()
    editor = paired.panel("match").form.editors["pairs"]
    before = editor.value()
    editor.set_value(before + 1)
    assert paired.isWindowModified()
    editor.set_value(before)
    assert not paired.isWindowModified()


def test_revert_goes_back_to_the_file(project, paired, qtbot):
    move_first(paired, 20.0)
    assert paired.actions_["revert"].isEnabled()
    paired.actions_["revert"].trigger()
    qtbot.waitUntil(lambda: paired.state.pairs == PAIRS)
    assert not paired.isWindowModified() and paired.document.project == project
    move_first(paired, 30.0)
    save(paired, qtbot, project)
    qtbot.waitUntil(lambda: not paired.isWindowModified())
    assert reading(project).pairs == paired.state.pairs


def test_a_save_that_fails_says_why_and_the_mark_stays(project, paired, qtbot, tmp_path, monkeypatch):
    before = project.read_bytes()
    move_first(paired, 20.0)

    def no_room(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr("studio.document.session.os.fsync", no_room)
        paired.actions_["save_project"].trigger()
        qtbot.waitUntil(lambda: paired.messages.severity == "error")
    assert "disk is full" in paired.messages.text() and paired.isWindowModified()
    assert project.read_bytes() == before
    paired.document.save_to(tmp_path / "gone" / "p.buddies")
    qtbot.waitUntil(lambda: "no such file or folder" in paired.messages.text())
    assert paired.isWindowModified() and paired.document.project == project
    paired.actions_["save_project"].trigger()
    qtbot.waitUntil(lambda: not paired.isWindowModified())
    assert reading(project).pairs == paired.state.pairs


def test_an_edit_during_a_save_is_not_called_saved(project, paired, qtbot):
    move_first(paired, 20.0)
    done = []
    paired.document.save_to(project, lambda: done.append(True))
    move_first(paired, 25.0)
    qtbot.waitUntil(lambda: bool(done))
    assert paired.isWindowModified()
    # Whether the edit was in time to be written too is open; what matters is that it is not called saved.
    assert reading(project).pairs.by_id(1).a in {(20.0, 50.0), (25.0, 50.0)}


def test_autosave_keeps_each_edit_and_a_killed_window_is_offered_again(project, paired, qtbot, another):
    move_first(paired, 20.0)
    kept(paired, qtbot)
    move_first(paired, 33.0)
    wanted = paired.state.pairs
    kill(paired, qtbot)
    paired.document.take_lock(None)
    window = another()
    window.document.offer_recoveries()
    bar = window.document.recovery_bar
    qtbot.waitUntil(bar.isVisible)
    assert bar.offered.project == project and bar.offered.summary.pairs == 2
    assert "cats" in bar.title_label.text()
    bar.recover_button.click()
    qtbot.waitUntil(lambda: window.state.has_both)
    assert window.state.pairs == wanted and window.isWindowModified() and window.document.project == project
    window.actions_["undo"].trigger()
    assert window.state.pairs.by_id(1).a == (20.0, 50.0)
    assert not bar.isVisible() and find_recoveries() == []


def test_what_is_discarded_is_gone_and_later_asks_again(paired, qtbot, another):
    kill(paired, qtbot)
    window = another()
    bar = window.document.recovery_bar
    for button in (bar.later_button, bar.discard_button):
        window.document.offer_recoveries()
        qtbot.waitUntil(bar.isVisible)
        button.click()
        assert not bar.isVisible()
    qtbot.waitUntil(lambda: find_recoveries() == [])


def test_a_project_open_in_two_windows_is_a_copy_in_the_second(project, paired, qtbot, another):
    window = another()
    open_project(window, qtbot, project)
    assert window.state.pairs == PAIRS and window.document.project is None
    assert "another window" in window.messages.text()
    window.document.save_to(project)
    assert window.messages.severity == "error" and "another window" in window.messages.text()
    assert window.document.project is None


def test_a_file_changed_by_another_program_is_asked_about(project, paired, qtbot):
    asked = []
    paired.document.ask_to_overwrite = lambda name: bool(asked.append(name))
    move_first(paired, 20.0)
    os.utime(project, ns=(1, 1))
    paired.actions_["save_project"].trigger()
    assert asked == ["cats.buddies"] and paired.isWindowModified()
    project.unlink()  # a file that is gone is written anew without a question
    paired.actions_["save_project"].trigger()
    qtbot.waitUntil(lambda: not paired.isWindowModified())
    assert summary_of(project).pairs == 2 and len(asked) == 1


def test_closing_asks_and_saving_first_closes_afterwards(paired, qtbot, tmp_path, monkeypatch):
    paired.document.ask_to_save = lambda _: "cancel"
    assert not paired.close() and paired.isVisible()
    path = tmp_path / "last.buddies"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path.with_suffix("")), ""))
    paired.document.ask_to_save = lambda _: "save"
    assert not paired.close()
    qtbot.waitUntil(lambda: not paired.isVisible())
    assert reading(path).pairs == PAIRS
    assert find_recoveries() == []


def test_a_damaged_or_foreign_file_is_told_and_nothing_open_is_lost(project, paired, qtbot, tmp_path):
    kept(paired, qtbot)
    foreign = tmp_path / "other.buddies"
    foreign.write_bytes(b"not a project")
    open_project(paired, qtbot, foreign)
    assert "not a project" in paired.messages.text() and paired.state.pairs == PAIRS
    damaged = tmp_path / "damaged.buddies"
    content = project.read_bytes()
    damaged.write_bytes(content[: len(content) // 2])
    open_project(paired, qtbot, damaged)
    assert paired.state.pairs == PAIRS and paired.document.project is None
    assert paired.messages.severity == "warning" and "damaged" in paired.messages.text()
    assert paired.isWindowModified()


def test_a_new_project_is_empty(project, paired, qtbot):
    paired.actions_["new_project"].trigger()
    assert not paired.state.has_both and len(paired.state.pairs) == 0
    assert paired.document.project is None and not paired.isWindowModified()
    assert paired.windowTitle() == "Buddies Studio"
    assert not paired.actions_["undo"].isEnabled()


def test_a_picture_that_was_made_is_kept_with_its_recipe(project, paired, qtbot, tmp_path, monkeypatch):
    made = paired.state.picture("A")
    paired.document.add_picture("style", "stylize", {"what": "stylize", "steps": 3}, made)
    qtbot.waitUntil(lambda: bool(paired.document.results))
    assert paired.isWindowModified()
    paired.actions_["save_project"].trigger()
    qtbot.waitUntil(lambda: not paired.isWindowModified())
    (result,) = reading(project).results
    assert result.recipe == {"what": "stylize", "steps": 3}
    assert (load_bytes(result.content, "result").pixels == made.pixels).all()
    paired.file_menus.fill_results()
    (action,) = paired.file_menus.results.actions()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "out.png"), ""))
    action.trigger()
    assert (tmp_path / "out.png").read_bytes() == result.content
    paired.document.add_result("match", "pairs", {"pairs": 2})
    paired.file_menus.fill_results()
    paired.file_menus.results.actions()[0].trigger()
    assert json.loads(QGuiApplication.clipboard().text()) == {"pairs": 2}


def test_a_window_that_the_system_ends_asks_nothing_and_keeps_what_is_not_saved(project, paired, qtbot, another):
    paired.document.ask_to_save = lambda _name: pytest.fail("nobody may be there to answer")
    move_first(paired, 47.0)  # and not yet written when the end comes
    wanted = paired.state.pairs
    paired.document.end_unasked()
    assert paired.close()
    window = another()
    window.document.offer_recoveries()
    bar = window.document.recovery_bar
    qtbot.waitUntil(bar.isVisible)
    bar.recover_button.click()
    qtbot.waitUntil(lambda: window.state.has_both)
    assert window.state.pairs == wanted


def test_with_a_home_that_takes_nothing_projects_are_saved_and_opened(paired, qtbot, tmp_path, another, monkeypatch):
    kept(paired, qtbot)
    taken = tmp_path / "taken"
    taken.write_text("no folder")
    monkeypatch.setenv("BUDDIES_STUDIO_DATA", str(taken / "data"))
    window, path = another(), tmp_path / "saved.buddies"
    window.state.set_picture("A", paired.state.picture("A"))
    window.state.set_picture("B", paired.state.picture("B"))
    window.state.set_pairs(PAIRS)
    qtbot.waitUntil(lambda: window.messages.severity == "warning")
    assert "Unsaved work" in window.messages.text() and "only Save" in window.messages.text()
    save(window, qtbot, path)
    assert window.messages.severity == "success" and not window.isWindowModified()
    window.actions_["new_project"].trigger()
    open_project(window, qtbot, path)
    assert window.state.pairs == PAIRS and window.document.project == path and not window.isWindowModified()
    move_first(window, 20.0)
    kept(window, qtbot)
    window.actions_["save_project"].trigger()
    qtbot.waitUntil(lambda: not window.isWindowModified())
    monkeypatch.undo()
    assert reading(path).pairs == window.state.pairs
