"""A morph through more than two pictures, in the panel: real matches, real files."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from studio.gui.shell.main_window import MainWindow
from studio.morph import averaging
from studio.pairs import PairSet, write_pairs
from studio.progress import run_to_end
from tests.gui.morphing import A_POINTS, B_POINTS, settled, shots, wait_for


@pytest.fixture
def third(tmp_path: Path) -> Path:
    from skimage import data

    path = tmp_path / "rocket.png"
    Image.fromarray(np.asarray(data.rocket())).resize((160, 120)).save(path)
    return path


@pytest.fixture
def longer(morph: MainWindow, qtbot, third: Path) -> MainWindow:
    """A, B and C, with pairs of B and C from a file: no match runs."""
    further = morph.panel("morph").further
    pairs = third.with_name("pairs.csv")
    write_pairs(PairSet.from_arrays(B_POINTS, np.asarray(A_POINTS) / 3.0), pairs)
    further.match = lambda *_: None
    further.add([third])
    qtbot.waitUntil(lambda: further.list.count() == 1)
    further.read_pairs_of(0, pairs)
    return morph


def test_time_goes_on_to_c(longer: MainWindow, qtbot) -> None:
    panel = longer.panel("morph")
    transport = panel.result_pane.transport
    assert transport.end == 2 and transport.slider.maximum() == 2000
    transport.set_time(2.0)
    settled(longer, qtbot)
    c = panel.further.pictures[0]
    shown = shots(longer)[0].frame.astype(int)
    expected = np.asarray(Image.fromarray(c.pixels).resize(shown.shape[1::-1], Image.Resampling.BICUBIC), int)
    assert np.abs(shown - expected).mean() < 3
    transport.set_time(1.0)
    settled(longer, qtbot)
    b = longer.state.picture("B")
    shown = shots(longer)[0].frame.astype(int)
    expected = np.asarray(Image.fromarray(b.pixels).resize(shown.shape[1::-1], Image.Resampling.BICUBIC), int)
    assert np.abs(shown - expected).mean() < 3
    transport.set_time(1.25)
    assert transport.value_label.text() == "B + 25 %"
    assert panel.now().leg == 1 and panel.now().t == pytest.approx(0.25)
    assert len(panel.now().pairs) == len(B_POINTS)


def test_playing_wraps_at_the_last_picture(longer: MainWindow, qtbot) -> None:
    transport = longer.panel("morph").result_pane.transport
    transport.speed.setValue(0.3)
    transport.set_time(1.5)
    seen: list[float] = []
    transport.time_changed.connect(seen.append)
    transport.set_playing(True)
    qtbot.waitUntil(lambda: not transport.is_playing)
    assert seen[-1] == 2.0 and min(seen) > 1.5


def test_the_film_leads_through_all(longer: MainWindow, qtbot, tmp_path: Path) -> None:
    panel, path = longer.panel("morph"), tmp_path / "film.mp4"
    panel.export.form.editors["seconds"].set_value(0.5)
    panel.export.form.editors["fps"].set_value(10)
    panel.export.form.editors["longest_side"].set_value(96)
    panel.export.form.editors["loop"].set_value("once")
    panel.export.film_to(path)
    qtbot.waitUntil(lambda: not panel.export.is_running)
    with av.open(str(path)) as film:
        frames = sum(1 for _ in film.decode(video=0))
    one_leg = panel.export.form.value().count()
    assert frames == 2 * (one_leg - 1) + 1


def test_neighbours_are_matched_and_remembered(morph: MainWindow, qtbot, third: Path) -> None:
    panel = morph.panel("morph")
    morph.panel("match").form.editors["working_size"].set_value(96)
    morph.panel("match").form.editors["consistency"].set_value(0.0)  # a cup and a rocket have nothing in common
    panel.further.add([third, third])
    qtbot.waitUntil(lambda: len(panel.further.pictures) == 2 and panel.further.missing == 0)
    assert all(len(pairs) > 0 for pairs in panel.further.pairs)
    assert "pairs with B" in panel.further.list.item(0).text()
    first, second = panel.further.pairs
    panel.further.list.setCurrentRow(1)
    panel.further.remove_selected()
    assert panel.further.pairs == [first] and panel.result_pane.transport.end == 2
    assert second is not first


def test_another_b_makes_the_pairs_of_c_anew(longer: MainWindow, qtbot) -> None:
    asked: list[object] = []
    longer.panel("morph").further.match = lambda _, before: asked.append(before)
    longer.state.swap()
    assert asked == [longer.state.picture("B")]
    assert longer.panel("morph").further.missing == 1
    longer.state.swap()
    assert longer.panel("morph").further.missing == 0  # what was read for these two is not lost


def test_a_broken_further_picture_is_one_sentence(morph: MainWindow, qtbot, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    with qtbot.waitSignal(morph.sink.told) as told:
        morph.panel("morph").further.add([broken])
    assert told.args[0] == "error" and "broken.png" in told.args[1]
    assert morph.panel("morph").result_pane.transport.end == 1


def test_the_mean_of_all_pictures_is_shown_and_saved(morph, qtbot, two_files, tmp_path):
    panel = morph.panel("morph")
    further = panel.further
    further.match = lambda entry, _: further.take_matched(entry, PairSet.from_arrays(B_POINTS, A_POINTS))
    further.add([two_files[0]])
    wait_for(morph, qtbot, lambda: len(further.pictures) == 1 and not further.missing)
    panel.view_choice.setCurrentText("Mean of all pictures")
    wait_for(morph, qtbot, lambda: shots(morph)[0].title == "mean of 3 pictures")
    shown = shots(morph)[0].frame
    pictures, pairs = panel.now().pictures, panel.now().all_pairs
    wanted = run_to_end(averaging(pictures, pairs, panel.now().options))
    assert np.abs(shown.astype(int) - wanted).mean() < 1 and not panel.result_pane.transport.badge.isVisible()
    panel.result_pane.transport.set_time(0.2)
    settled(morph, qtbot)
    assert shots(morph)[0].frame is shown  # nothing of it changed
    panel.export.still_to(tmp_path / "mean.png")
    qtbot.waitUntil(lambda: not panel.export.is_running)
    assert np.abs(np.asarray(Image.open(tmp_path / "mean.png"), int) - wanted).max() == 0
    panel.view_choice.setCurrentIndex(0)
    wait_for(morph, qtbot, lambda: panel.result_pane.transport.badge.isVisible())
