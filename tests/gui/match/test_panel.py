"""A match from the panel: real runs, cancel, errors, memory, close in the middle; nothing is ever lost."""

from __future__ import annotations

import threading
import time

import pytest
from PySide6.QtCore import Qt

import studio.buddies
from studio.buddies.answers import NOTHING_IN_COMMON
from studio.errors import StudioError
from studio.gui.canvas.pairs_table import ID_ROLE
from studio.gui.canvas.state import RESULT_LEVEL
from studio.pairs import PairSet
from studio.progress import Progress


def pretend(monkeypatch, job):
    """Put `job` in the place of the engine, which the panel takes from `studio.buddies` when it runs."""
    monkeypatch.setattr(studio.buddies, "find_buddies", job, raising=False)


def levels_then(pause: float = 0.0, closed: list[str] | None = None, end=None):
    def job(a, b, options, **_):
        try:
            for level in (5, 4, 3, 2, 1):
                count = 6 - level
                found = PairSet.from_arrays(
                    [[10 * n, 20] for n in range(count)], [[5, 9 * n] for n in range(count)], level=level
                )
                yield Progress((6 - level) / 6, f"level {level}", preview=found, milestone=True)
                for step in range(20):
                    time.sleep(pause)
                    yield Progress((6 - level + step / 20) / 6, f"level {level}: step {step}")
            if end is not None:
                raise end
            return PairSet.from_arrays([[1, 2], [3, 4]], [[5, 6], [7, 8]], rank=[2.0, 1.0], level=1)
        finally:
            if closed is not None:
                closed.append("closed")

    return job


def done(window):
    return not window.panel("match").is_running


@pytest.fixture
def with_pairs(opened):
    """A window with pairs that a failed or cancelled match must not take away."""
    opened.state.set_pairs(
        PairSet.from_arrays([[100, 100]], [[50, 60]]), {2: PairSet.from_arrays([[1, 1]], [[2, 2]], level=2)}
    )
    return opened


def test_a_real_match_end_to_end_shows_pairs_level_by_level(opened, qtbot):
    shown: list[tuple[int, int]] = []
    opened.state.pairs_changed.connect(lambda: shown.append((opened.state.shown_level, len(opened.state.shown_pairs))))
    # A cat and a cup have nothing in common, and then only the article's reading gives pairs.
    opened.panel("match").form.editors["consistency"].set_value(0.0)
    qtbot.mouseClick(opened.panel("match").run_button, Qt.MouseButton.LeftButton)
    assert opened.panel("match").is_running
    qtbot.waitUntil(lambda: done(opened))
    assert opened.messages.isHidden() or opened.messages.severity != "error", opened.messages.text()
    levels = [level for level, _ in shown if level != RESULT_LEVEL]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == 5  # those that come right behind another may be left out
    assert set(opened.state.levels) == {5, 4, 3, 2, 1}
    pairs = opened.state.pairs
    assert 0 < len(pairs) <= 24
    assert opened.state.shown_level == RESULT_LEVEL
    assert "pairs in" in opened.panel("match").status.text()
    for side, points in (("A", pairs.a), ("B", pairs.b)):
        width, height = opened.state.picture(side).size
        assert (points >= -0.5).all() and (points[:, 0] < width).all() and (points[:, 1] < height).all()
    assert opened.pairs_table.model.rowCount() == len(pairs)
    assert all(opened.viewer.canvas(side).point_position(1) is not None for side in "AB")


def test_of_a_cat_and_a_cup_it_says_that_they_have_nothing_in_common(opened, qtbot):
    opened.panel("match").form.editors["finest_level"].set_value(4)
    opened.panel("match").run()
    qtbot.waitUntil(lambda: done(opened))
    assert not opened.state.pairs and opened.messages.text() == NOTHING_IN_COMMON


def test_every_level_of_a_slow_match_is_shown(opened, qtbot, monkeypatch):
    pretend(monkeypatch, levels_then(pause=0.01))  # 0.2 s a level
    shown: list[int] = []
    opened.state.pairs_changed.connect(lambda: shown.append(opened.state.shown_level))
    opened.panel("match").run()
    qtbot.waitUntil(lambda: done(opened))
    assert [level for level in shown if level != RESULT_LEVEL] == [5, 4, 3, 2, 1]


def test_the_level_slider_looks_through_the_levels(opened, qtbot, monkeypatch):
    pretend(monkeypatch, levels_then())
    opened.panel("match").run()
    qtbot.waitUntil(lambda: done(opened))
    slider = opened.panel("match").levels.slider
    assert slider.maximum() == 5
    assert slider.value() == 5
    assert len(opened.state.shown_pairs) == 2
    for position, count in enumerate((1, 2, 3, 4, 5)):
        slider.setValue(position)
        assert len(opened.state.shown_pairs) == count
        assert {pair.level for pair in opened.state.shown_pairs} == {5 - position}
        assert opened.pairs_table.model.rowCount() == count
    opened.actions_["finer"].trigger()
    assert opened.state.shown_level == RESULT_LEVEL
    opened.actions_["coarser"].trigger()
    assert opened.state.shown_level == 1


def test_cancel_in_the_middle_brings_the_pairs_from_before_back(with_pairs, qtbot, monkeypatch):
    closed: list[str] = []
    pretend(monkeypatch, levels_then(pause=0.02, closed=closed))
    before = (with_pairs.state.pairs, with_pairs.state.levels)
    with_pairs.panel("match").run()
    qtbot.waitUntil(lambda: with_pairs.state.shown_level == 4)
    assert with_pairs.panel("match").cancel_button.isEnabled()
    qtbot.mouseClick(with_pairs.panel("match").cancel_button, Qt.MouseButton.LeftButton)
    assert done(with_pairs)
    assert (with_pairs.state.pairs, with_pairs.state.levels) == before
    assert with_pairs.panel("match").status.text() == "Cancelled"
    qtbot.waitUntil(lambda: closed == ["closed"])
    assert with_pairs.panel("match").run_button.isEnabled()


@pytest.mark.parametrize(
    ("error", "sentence", "has_details"),
    [
        (
            StudioError("The weights are damaged: fetch them again."),
            "The weights are damaged: fetch them again.",
            False,
        ),
        (RuntimeError("CUDA out of memory. Tried to allocate 20 GiB"), "not enough memory", True),
        (MemoryError(), "not enough memory", True),
        (ValueError("surprise"), "ValueError: surprise", True),
    ],
)
def test_an_error_is_one_sentence_and_loses_nothing(with_pairs, qtbot, monkeypatch, error, sentence, has_details):
    pretend(monkeypatch, levels_then(end=error))
    before = with_pairs.state.pairs
    with_pairs.panel("match").run()
    qtbot.waitUntil(lambda: done(with_pairs))
    assert with_pairs.messages.severity == "error"
    assert sentence in with_pairs.messages.text()
    assert with_pairs.messages.copy_button.isVisible() is has_details
    assert with_pairs.state.pairs == before
    qtbot.waitUntil(lambda: sentence in with_pairs.log_view.text())
    pretend(monkeypatch, levels_then())  # and the next match runs
    with_pairs.panel("match").run()
    qtbot.waitUntil(lambda: done(with_pairs))
    assert len(with_pairs.state.pairs) == 2


def test_pause_holds_and_goes_on(opened, qtbot, monkeypatch):
    pretend(monkeypatch, levels_then(pause=0.005))
    opened.panel("match").run()
    qtbot.waitUntil(lambda: opened.state.shown_level == 5)
    opened.actions_["pause"].trigger()
    qtbot.wait(60)
    held = opened.panel("match").handle.progress
    qtbot.wait(120)
    assert opened.panel("match").handle.progress == held
    assert opened.panel("match").status.text() == "paused"
    opened.actions_["pause"].trigger()
    qtbot.waitUntil(lambda: done(opened))
    assert len(opened.state.pairs) == 2
    assert not opened.actions_["pause"].isChecked()


def test_closing_in_the_middle_of_a_job_ends_it(opened, qtbot, monkeypatch):
    closed: list[str] = []
    pretend(monkeypatch, levels_then(pause=0.05, closed=closed))
    opened.panel("match").run()
    qtbot.waitUntil(lambda: opened.state.shown_level == 5)
    started = time.monotonic()
    opened.close()
    assert time.monotonic() - started < 20
    assert closed == ["closed"]
    assert opened.stopped_cleanly


def test_a_new_picture_during_a_match_makes_its_result_stale(opened, qtbot, monkeypatch, two_files):
    pretend(monkeypatch, levels_then(pause=0.02))
    opened.panel("match").run()
    qtbot.waitUntil(lambda: opened.state.shown_level == 5)
    opened.opener.open_path(two_files[1], "A")
    qtbot.waitUntil(lambda: opened.state.picture("A").name == "coffee.jpg")
    assert done(opened)
    qtbot.wait(100)
    assert len(opened.state.pairs) == 0
    assert opened.state.levels == {}


def test_no_pairs_is_said_in_words(opened, qtbot, monkeypatch):
    def nothing(a, b, options, **_):
        yield Progress(1.0, "nothing")
        return PairSet()

    pretend(monkeypatch, nothing)
    opened.panel("match").run()
    qtbot.waitUntil(lambda: done(opened))
    assert opened.messages.severity == "warning"
    assert "activation threshold" in opened.messages.text()


def test_the_form_sets_what_the_engine_gets_and_is_remembered(opened, qtbot, monkeypatch):
    got = []

    def record(a, b, options, *, network, **_):
        where = network.name, network.weights, network.device
        got.append((a.name, b.name, options, *where, threading.current_thread()))
        yield Progress(1.0, "recorded")
        return PairSet()

    pretend(monkeypatch, record)
    form = opened.panel("match").form
    form.editors["pairs"].set_value(7)
    form.editors["preset"].set_value("fast")
    form.editors["relaxed"].set_value(True)
    network = opened.panel("match").network
    network.backbone.setCurrentIndex(network.backbone.findData("squeezenet1_1"))
    opened.panel("match").run()
    qtbot.waitUntil(lambda: done(opened))
    a, b, options, backbone, weights, device, thread = got[0]
    assert (a, b) == ("cat.png", "coffee.jpg")
    assert (options.pairs, options.preset, options.relaxed) == (7, "fast", True)
    assert (backbone, weights, device) == ("squeezenet1_1", None, "auto")
    assert thread is not threading.main_thread()
    assert opened.state.part("match") == options.to_dict()


def test_hovering_a_row_lights_its_pair_and_the_other_way_round(opened, qtbot):
    opened.state.set_pairs(PairSet.from_arrays([[100, 100], [200, 50]], [[50, 60], [90, 90]], rank=[1.0, 2.0]))
    table = opened.pairs_table
    index = table.sorted_model.index(1, 0)
    table.view.entered.emit(index)
    assert opened.state.hovered == index.data(ID_ROLE)
    assert opened.viewer.canvas("B").scatter.hot == {index.data(ID_ROLE)}
    opened.state.set_selected(1)
    assert [row.data(ID_ROLE) for row in table.view.selectionModel().selectedRows()] == [1]
    table.view.selectRow(1)
    assert opened.state.selected == table.sorted_model.index(1, 0).data(ID_ROLE)


def test_the_table_sorts_by_number_not_by_text(opened):
    ranks = [float(n) for n in range(12)]
    opened.state.set_pairs(PairSet.from_arrays([[n, n] for n in range(12)], [[n, n] for n in range(12)], rank=ranks))
    table = opened.pairs_table
    table.view.sortByColumn(3, Qt.SortOrder.DescendingOrder)
    shown = [table.sorted_model.index(row, 0).data(ID_ROLE) for row in range(12)]
    assert shown == list(range(12, 0, -1))
    table.view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert [table.sorted_model.index(row, 0).data(ID_ROLE) for row in range(12)] == list(range(1, 13))


def test_pairs_are_exported_and_read_back(opened, tmp_path):
    pairs = PairSet.from_arrays([[100.25, 100], [200, 50]], [[50, 60], [90, 90]], rank=[2.0, 1.0], level=1)
    opened.state.set_pairs(pairs)
    opened.pair_files.export_to(tmp_path / "pairs.csv")
    assert opened.messages.severity == "success"
    opened.state.set_pairs(PairSet())
    opened.pair_files.import_from(tmp_path / "pairs.csv")
    assert opened.state.pairs == pairs
    opened.pair_files.export_to(tmp_path / "nowhere" / "pairs.csv")
    assert opened.messages.severity == "error"
    assert opened.state.pairs == pairs
    (tmp_path / "far.csv").write_text("ax,ay,bx,by\n9999,1,2,3\n", encoding="utf-8")
    opened.pair_files.import_from(tmp_path / "far.csv")
    assert opened.messages.severity == "error" and "Pair 1 lies outside of A" in opened.messages.text()
    assert opened.state.pairs == pairs
    (tmp_path / "none.csv").write_text("ax,ay,bx,by\n", encoding="utf-8")
    opened.pair_files.import_from(tmp_path / "none.csv")
    assert "no pairs in “none.csv”; nothing was changed" in opened.messages.text()
    assert opened.state.pairs == pairs


def test_the_overlay_is_exported(opened, qtbot, tmp_path):
    from PIL import Image

    opened.state.set_pairs(PairSet.from_arrays([[100, 100]], [[50, 60]]))
    opened.pair_files.overlay_to(tmp_path / "overlay.png")
    qtbot.waitUntil(lambda: opened.messages.isVisible())
    assert opened.messages.severity == "success", opened.messages.text()
    with Image.open(tmp_path / "overlay.png") as image:
        assert image.width > image.height


def test_the_jobs_list_tells_what_happened_and_cancels(opened, qtbot, monkeypatch):
    pretend(monkeypatch, levels_then(pause=0.02))
    opened.panel("match").run()
    qtbot.waitUntil(lambda: opened.state.shown_level == 5)
    view = opened.jobs_view
    assert view.item(0, 0).text().startswith("Match cat.png")
    assert view.item(0, 1).text() == "running"
    qtbot.mouseClick(view.cellWidget(0, 4).cancel, Qt.MouseButton.LeftButton)
    assert done(opened)
    assert view.item(0, 1).text() == "cancelled"
    assert view.item(1, 1).text() == "done"  # opening the pictures
