"""What the mode Morph writes: films, stills, warped pictures and fields, opened again by others; cancel and close."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from studio.morph.options import ExportOptions, MorphOptions, StillOptions
from tests.gui.morphing import settled, shots

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def out(tmp_path):
    """An empty folder; the settings are beside it."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def short(panel, **values) -> None:
    panel.export.form.set_value(ExportOptions(frames=6, fps=12, longest_side=96, loop="once", **values))


def write(window, qtbot, start, path) -> None:
    start(path)
    assert window.panel("morph").export.is_running
    qtbot.waitUntil(lambda: not window.panel("morph").export.is_running)
    assert (
        path.name in window.panel("morph").export.status.text()
        or path.stem in window.panel("morph").export.status.text()
    )


@pytest.mark.parametrize("suffix", ["gif", "webp", "apng"])
def test_films_are_opened_again(morph, qtbot, out, suffix):
    short(morph.panel("morph"))
    path = out / f"film.{suffix}"
    write(morph, qtbot, morph.panel("morph").export.film_to, path)
    with Image.open(path) as film:
        assert film.n_frames == 6 and max(film.size) == 96


def test_an_mp4_is_opened_again(morph, qtbot, out):
    av = pytest.importorskip("av")
    short(morph.panel("morph"))
    path = out / "film.mp4"
    write(morph, qtbot, morph.panel("morph").export.film_to, path)
    with av.open(str(path)) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(frames) == 6 and max(frames[0].shape) == 96
    assert [file.name for file in out.iterdir()] == ["film.mp4"]


def test_the_dialog_and_the_folder_of_frames(morph, qtbot, out, monkeypatch):
    short(morph.panel("morph"))
    asked: list[str] = []

    def answer(parent, title, folder, kinds):
        asked.append(kinds)
        return str(out / "frames"), "Folder of PNG frames (*)"

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    morph.actions_["export_film"].trigger()
    qtbot.waitUntil(lambda: not morph.panel("morph").export.is_running)
    assert "*.mp4" in asked[0] and "*.webp" in asked[0]
    assert len(list((out / "frames").glob("*.png"))) == 6
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out / "x"), "Animated GIF (*.gif)"))
    morph.panel("morph").export.film_button.click()
    qtbot.waitUntil(lambda: (out / "x.gif").exists() and not morph.panel("morph").export.is_running)


def test_a_still_is_the_frame_of_the_moment(morph, qtbot, out):
    panel = morph.panel("morph")
    panel.result_pane.transport.set_time(0.3)
    settled(morph, qtbot)
    write(morph, qtbot, panel.export.still_to, out / "still.png")
    shown = np.asarray(Image.open(out / "still.png").convert("RGB"), int)
    assert np.abs(shown - shots(morph)[0].frame).mean() < 1
    panel.pad.moved.emit(0.9, 0.1)
    panel.pad.set_position(0.9, 0.1)
    settled(morph, qtbot)
    write(morph, qtbot, panel.export.still_to, out / "apart.png")
    apart = np.asarray(Image.open(out / "apart.png").convert("RGB"), int)
    assert np.abs(apart - shots(morph)[0].frame).mean() < 1 < np.abs(apart - shown).mean()
    panel.export.still_form.set_value(StillOptions(blend="hybrid"))
    panel.export.still_to(out / "no.png")
    assert not panel.export.is_running and "slider" in morph.messages.text()


def test_warped_pictures_and_fields_come_in_twos(morph, qtbot, out):
    panel = morph.panel("morph")
    panel.result_pane.transport.set_time(0.5)
    write(morph, qtbot, panel.export.warped_to, out / "warped.png")
    assert {file.name for file in out.iterdir()} == {"warped_A.png", "warped_B.png"}
    write(morph, qtbot, panel.export.field_to, out / "field.npy")
    field = np.load(out / "field_B.npy")
    assert field.shape == (300, 451, 2) and field.dtype == np.float32
    write(morph, qtbot, panel.export.field_to, out / "field.tiff")
    with Image.open(out / "field_A.tiff") as pages:
        assert pages.n_frames == 2 and pages.mode == "F"


def test_cancel_leaves_no_file_and_failures_are_words(morph, qtbot, out):
    panel = morph.panel("morph")
    panel.export.form.set_value(ExportOptions(frames=4000))
    panel.export.film_to(out / "long.webp")
    assert not panel.export.film_button.isEnabled() and panel.export.cancel_button.isEnabled()
    qtbot.waitUntil(lambda: panel.export.bar.value() > 52)
    handle = panel.export.handle
    qtbot.mouseClick(panel.export.cancel_button, LEFT)
    assert handle.state.is_final and not panel.export.is_running
    assert "no file" in panel.export.status.text()
    qtbot.waitUntil(lambda: not list(out.iterdir()))
    panel.export.film_to(out / "film.wmv")
    qtbot.waitUntil(lambda: not panel.export.is_running)
    assert "wmv" in morph.messages.text() and panel.export.status.text() == "Failed"
    assert not list(out.iterdir())


def test_closing_while_it_plays_and_writes_leaves_nothing(morph, qtbot, out):
    panel = morph.panel("morph")
    panel.export.form.set_value(ExportOptions(frames=4000))
    panel.result_pane.transport.loop_button.click()
    panel.result_pane.transport.play_button.click()
    panel.export.film_to(out / "long.gif")
    qtbot.wait(300)
    began = time.monotonic()
    morph.close()
    assert time.monotonic() - began < 20
    assert morph.stopped_cleanly and not panel.worker.is_running
    assert not panel.result_pane.transport.is_playing
    assert not list(out.iterdir())


def test_options_come_back_in_another_window(morph, qtbot):
    morph.panel("morph").form.editors["border"].set_value("edges")
    short(morph.panel("morph"), quality=70)
    assert morph.settings.options(MorphOptions, "morph").border == "edges"
    assert morph.settings.options(ExportOptions, "export").quality == 70
