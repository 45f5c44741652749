"""A damaged project opened over an open one: never a mixture, and Save writes what the title says."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from studio.document import reading, saving
from studio.progress import run_to_end
from tests.document.damaged import DIGITS, damaged_projects, do_not_wait, whole
from tests.gui.projects import kept, open_project, save
from tests.gui.shell.test_project import PAIRS


@pytest.fixture
def mine(opened, qtbot, tmp_path) -> Path:
    """A saved project, open in the window."""
    opened.state.set_pairs(PAIRS, {2: PAIRS}, "Match: 2 pairs")
    path = tmp_path / "mine.buddies"
    save(opened, qtbot, path)
    return path


def test_a_view_of_400_digits_does_not_put_the_other_pictures_into_mine(mine, opened, qtbot, tmp_path):
    other = tmp_path / "other.buddies"
    run_to_end(saving(whole(), other))
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("UPDATE view SET value = ?", (f'{{"x": {DIGITS}, "y": 0.5, "zoom": 1.0}}',))
    before = mine.read_bytes()
    open_project(opened, qtbot, other)
    assert opened.state.picture("A").name == "left.png" and opened.state.pairs == whole().pairs
    assert opened.document.project is None and "mine" not in opened.windowTitle()
    assert opened.messages.severity == "warning" and "the view" in opened.messages.text().lower()
    opened.state.set_pairs(PAIRS.without([1]))
    kept(opened, qtbot)
    assert mine.read_bytes() == before


@pytest.mark.parametrize("where", ["prepared", "show"])
def test_a_project_that_cannot_be_shown_leaves_the_one_before(mine, opened, qtbot, tmp_path, monkeypatch, where):
    other = tmp_path / "other.buddies"
    run_to_end(saving(whole(), other))
    for mode in opened.modes.names:  # what a panel keeps is there once it is made, and it is made for a project
        opened.panel(mode)
    opened.state.drag_point("A", 1, (20.0, 50.0))
    opened.state.drop_point("A", 1)
    wanted, before = opened.document.snapshot(), mine.read_bytes()
    showing, failed = opened.document.showing, []
    right = getattr(showing, where)

    def fails_once(one):
        if where == "show":
            right(one)  # the worst moment: everything has been changed
        if failed:
            return right(one)
        failed.append(one)
        raise RuntimeError("a fault of the program")

    monkeypatch.setattr(showing, where, fails_once)
    open_project(opened, qtbot, other)
    assert failed and opened.messages.severity == "error" and "nothing was changed" in opened.messages.text()
    now = opened.document.snapshot()
    assert opened.document.project == mine and opened.windowTitle().startswith("mine") and opened.isWindowModified()
    assert (now.a, now.b, now.pairs, now.levels) == (wanted.a, wanted.b, wanted.pairs, wanted.levels)
    assert json.dumps(now.options, sort_keys=True) == json.dumps(wanted.options, sort_keys=True)
    assert mine.read_bytes() == before
    opened.actions_["save_project"].trigger()
    qtbot.waitUntil(lambda: not opened.isWindowModified())
    assert reading(mine).pairs == wanted.pairs


def walk(opened, qtbot, mine, tmp_path, monkeypatch, damaged) -> None:
    do_not_wait(monkeypatch)
    saved = tmp_path / "saved.buddies"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(saved), ""))
    before, document = mine.read_bytes(), opened.document
    shown = what_is_shown(opened)
    for what, path in damaged:
        saved.unlink(missing_ok=True)
        open_project(opened, qtbot, path)
        is_untouched, now = mine.read_bytes() == before, what_is_shown(opened)
        assert is_untouched, what
        if document.project == mine:  # refused: nothing has changed
            is_same = now == shown and opened.windowTitle().startswith("mine")
            assert is_same and opened.messages.severity == "error", what
            continue
        assert document.project in (None, path) and "mine" not in opened.windowTitle(), what
        target = saved if document.project is None else path
        opened.actions_["save_project"].trigger()
        qtbot.waitUntil(lambda target=target: document.project == target)
        qtbot.waitUntil(lambda: not opened.isWindowModified())
        held = reading(target)
        is_what_was_shown = (held.a and held.a.name, held.b and held.b.name, held.pairs) == now
        is_untouched = mine.read_bytes() == before
        assert is_what_was_shown and is_untouched, what
        open_project(opened, qtbot, mine)
        assert document.project == mine, what


def what_is_shown(window) -> tuple[object, ...]:
    pictures = window.state.picture("A"), window.state.picture("B")
    return *(picture and picture.name for picture in pictures), window.state.pairs


def test_some_damaged_projects_over_an_open_one(mine, opened, qtbot, tmp_path, monkeypatch):
    walk(opened, qtbot, mine, tmp_path, monkeypatch, islice(damaged_projects(tmp_path), 0, None, 17))


@pytest.mark.slow
def test_all_damaged_projects_over_an_open_one(mine, opened, qtbot, tmp_path, monkeypatch):
    opened.hide()  # what is painted, some show above; painting each takes a third of the time
    walk(opened, qtbot, mine, tmp_path, monkeypatch, damaged_projects(tmp_path))
