"""The history without a window: what is one step, what is saved, what is kept, and how much."""

from __future__ import annotations

import numpy as np
import pytest

from studio.document import Document, Session, Step
from studio.errors import StudioError
from studio.gui.canvas.state import StudioState
from studio.gui.canvas.undo import PICTURES_KEPT, UndoHistory
from studio.gui.shell.project.autosave import Autosave
from studio.pairs import PairChange, PairSet
from studio.picture import Picture

PAIRS = PairSet.from_arrays([[1, 2], [3, 4]], [[5, 6], [7, 8]])


def picture(number: int) -> Picture:
    return Picture.from_array(np.full((20, 30, 3), number, np.uint8), f"{number}")


@pytest.fixture
def state(qapp) -> StudioState:
    made = StudioState()
    made.set_picture("A", picture(1))
    made.set_picture("B", picture(2))
    return made


@pytest.fixture
def history(state) -> UndoHistory:
    return UndoHistory(state)


def test_what_changes_nothing_is_no_step(state, history):
    state.set_pairs(PAIRS)
    state.set_pairs(PAIRS)
    state.edit_pairs(PAIRS, "Nothing")
    state.set_pairs(PairSet(), step=None)  # for a while only
    assert history.stack.count() == 1 and history.content.pairs == PAIRS


def test_steps_with_one_key_are_taken_together_and_a_pause_parts_nudges(state, history, monkeypatch):
    state.set_pairs(PAIRS)
    now = [100.0]
    monkeypatch.setattr("studio.gui.canvas.undo.time.monotonic", lambda: now[0])
    for shift in range(1, 6):
        now[0] += 5.0 if shift == 4 else 0.2
        moved = PAIRS.from_arrays(PAIRS.a + shift, PAIRS.b)
        state.edit_pairs(moved, "Nudge", "nudge-A")
    assert history.stack.count() == 3
    history.stack.undo()
    assert state.pairs.a.tolist() == (PAIRS.a + 3).tolist()
    history.stack.undo()
    assert state.pairs == PAIRS
    steps, position = history.steps()
    assert position == 1 and [step.text for step in steps] == ["Change pairs", "Nudge", "Nudge"]
    assert steps[1].change.apply(PAIRS).a.tolist() == (PAIRS.a + 3).tolist()


def test_pictures_that_only_undo_can_bring_back_are_few(state, history):
    for number in range(3, 30):
        state.set_picture("A", picture(number))
        state.set_pairs(PAIRS)
    commands = [history.stack.command(number) for number in range(history.stack.count())]
    held = {id(content.a) for command in commands for content in (command.before, command.after)}
    assert len(held) <= PICTURES_KEPT + 2
    assert history.stack.index() == history.stack.count() > 4
    history.stack.undo()
    history.stack.undo()
    assert state.picture("A").name == "28" and state.pairs == PAIRS
    assert not history.is_clean


def test_only_steps_of_the_pictures_that_are_open_are_kept_in_the_file(state, history):
    state.set_pairs(PAIRS)
    state.set_picture("A", picture(9))
    assert history.steps() == ((), 0)
    state.set_pairs(PAIRS, step="Two")
    state.set_pairs(PAIRS.without([1]), step="One")
    history.stack.undo()
    steps, position = history.steps()
    assert [step.text for step in steps] == ["Two", "One"] and position == 1


def test_a_history_is_loaded_and_goes_both_ways(state, history):
    first, second = PAIRS.without([1]), PairSet()
    steps = (Step("a", PairChange.between(PAIRS, first)), Step("b", PairChange.between(first, second)))
    content = type(history.content)(picture(5), picture(6), first)
    history.load(content, steps, 1, clean=True)
    assert state.pairs == first and state.picture("A").name == "5" and history.is_clean
    history.stack.undo()
    assert state.pairs == PAIRS and not history.is_clean
    history.stack.redo()
    history.stack.redo()
    assert state.pairs == second
    history.load(content, steps[::-1], 1, clean=False)  # steps that do not fit
    assert history.stack.count() == 0 and state.pairs == first and not history.is_clean


def test_what_was_saved_is_clean_only_if_nothing_came_after(state, history):
    state.set_pairs(PAIRS)
    mark = history.mark
    state.set_pairs(PairSet())
    history.mark_clean(mark)
    assert not history.is_clean
    history.mark_clean(history.mark)
    assert history.is_clean
    history.stack.undo()
    state.set_pairs(PAIRS.without([2]))  # the saved state can't be reached any more
    assert not history.is_clean


def test_keeping_that_fails_is_told_once_and_made_up_for(qtbot, monkeypatch):
    document = Document(pairs=PAIRS, modified=True)
    autosave = Autosave(lambda: document)
    told, well = [], []
    autosave.failed.connect(told.append)
    autosave.recovered.connect(lambda: well.append(True))

    def fail(*_: object) -> None:
        raise StudioError("The disk is full.")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(Session, "write", fail)
        for _ in range(3):
            autosave.keep_now()
            qtbot.waitUntil(lambda: autosave.is_idle)
    assert told == ["The disk is full."] and not well
    autosave.keep_now()
    qtbot.waitUntil(lambda: autosave.is_idle)
    assert well == [True] and autosave.session()._writer.written is document
    folder = autosave.session().folder
    assert autosave.shutdown(5.0) and not folder.exists()
