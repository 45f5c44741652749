"""Pictures come in by every door, and a bad one changes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from studio.arrays import SIDES
from studio.gui.shell.main_window import MainWindow


def drop(window: MainWindow, side: str, mime: QMimeData) -> None:
    frame = window.viewer.frames[side]
    at = QPointF(frame.rect().center())
    nothing = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(at.toPoint(), Qt.DropAction.CopyAction, mime, *nothing)
    frame.dragEnterEvent(enter)
    assert enter.isAccepted()
    frame.dropEvent(QDropEvent(at, Qt.DropAction.CopyAction, mime, *nothing))


def urls(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def test_an_empty_window_says_what_to_do(window):
    for side in SIDES:
        frame = window.viewer.frames[side]
        assert frame.hint.isVisible()
        assert frame.hint.button.isVisible()
    assert not window.actions_["run"].isEnabled()
    assert not window.panel("match").run_button.isEnabled()
    assert "Open two pictures" in window.panel("match").status.text()


def test_one_file_dropped_on_b_goes_to_b(window, qtbot, two_files):
    drop(window, "B", urls(two_files[0]))
    qtbot.waitUntil(lambda: window.state.picture("B") is not None)
    assert window.state.picture("A") is None
    assert window.state.picture("B").name == "cat.png"
    assert window.viewer.canvas("B").isVisible()
    assert window.viewer.frames["A"].hint.isVisible()


def test_two_files_dropped_at_once_fill_both_sides(window, qtbot, two_files):
    drop(window, "A", urls(*two_files))
    qtbot.waitUntil(lambda: window.state.has_both)
    assert [window.state.picture(side).name for side in SIDES] == ["cat.png", "coffee.jpg"]
    assert window.actions_["run"].isEnabled()
    assert "451 × 300" in window.status.sizes_label.text()
    assert "cat.png" in window.windowTitle()


def test_the_dialog_opens_what_was_chosen(window, qtbot, two_files, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(two_files[1])], ""))
    window.actions_["open_a"].trigger()
    qtbot.waitUntil(lambda: window.state.picture("A") is not None)
    assert window.settings.recent_pictures == [two_files[1]]
    window.file_menus.fill_pictures("B")
    recent = window.file_menus.pictures["B"].actions()
    assert recent[0].text() == "coffee.jpg"
    recent[0].trigger()
    qtbot.waitUntil(lambda: window.state.picture("B") is not None)


def test_paste_fills_an_empty_side_first(window, qtbot):
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    for side in SIDES:
        QGuiApplication.clipboard().setImage(image)
        window.actions_["paste"].trigger()
        qtbot.waitUntil(lambda side=side: window.state.picture(side) is not None)
        assert window.state.picture(side).size == (40, 30)
        assert tuple(window.state.picture(side).pixels[15, 20]) == (255, 0, 0)


def test_paste_of_text_is_answered_in_words(window):
    QGuiApplication.clipboard().setText("not a picture")
    window.actions_["paste"].trigger()
    assert "no picture" in window.messages.text()


def test_a_web_link_is_answered_in_words(window):
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/cat.png")])
    drop(window, "A", mime)
    assert "save the picture" in window.messages.text()


@pytest.mark.parametrize("content", [b"", b"this is no picture", b"\x89PNG\r\n\x1a\n then nothing"])
def test_a_bad_file_says_why_and_leaves_the_picture_that_was_there(opened, qtbot, tmp_path, content):
    bad = tmp_path / "bad.png"
    bad.write_bytes(content)
    before = opened.state.picture("A")
    drop(opened, "A", urls(bad))
    qtbot.waitUntil(lambda: opened.messages.isVisible())
    assert opened.messages.severity == "error"
    assert "bad.png" in opened.messages.text()
    assert opened.state.picture("A") is before
    assert opened.viewer.canvas("A").isVisible()


def test_a_newer_picture_for_a_side_wins_whatever_is_decoded_first(window, qtbot, two_files):
    window.opener.open_path(two_files[0], "A")
    window.opener.open_path(two_files[1], "A")
    qtbot.waitUntil(lambda: not window.opener.is_loading)
    qtbot.wait(50)
    assert window.state.picture("A").name == "coffee.jpg"


def test_swap_exchanges_pictures_and_pairs(opened, qtbot):
    from studio.pairs import PairSet

    opened.state.set_pairs(
        PairSet.from_arrays([[10, 20]], [[30, 40]], level=1), {3: PairSet.from_arrays([[1, 2]], [[3, 4]], level=3)}
    )
    opened.actions_["swap"].trigger()
    assert [opened.state.picture(side).name for side in SIDES] == ["coffee.jpg", "cat.png"]
    assert (opened.state.pairs[0].a, opened.state.pairs[0].b) == ((30, 40), (10, 20))
    assert opened.state.levels[3][0].a == (3, 4)
    assert opened.viewer.canvas("A").picture_size == opened.state.picture("A").size


def test_a_new_picture_drops_the_pairs_of_the_old_one(opened, qtbot, two_files):
    from studio.pairs import PairSet

    opened.state.set_pairs(PairSet.from_arrays([[10, 20]], [[30, 40]]))
    opened.opener.open_path(two_files[1], "A")
    qtbot.waitUntil(lambda: opened.state.picture("A").name == "coffee.jpg")
    assert len(opened.state.pairs) == 0


def test_a_sample_pair_opens_from_the_menu(window, qtbot):
    from PySide6.QtGui import QAction

    from studio.samples import SAMPLES

    for key, sample in SAMPLES.items():
        action = window.findChild(QAction, f"sample_{key}")
        assert action.text() == sample.title
        assert action.toolTip()
    action.trigger()
    qtbot.waitUntil(lambda: window.state.has_both)


def test_transparent_and_deep_pictures_show(window, qtbot, tmp_path):
    rgba = np.zeros((60, 80, 4), np.uint8)
    rgba[..., 0] = 200
    rgba[:, 40:, 3] = 255
    Image.fromarray(rgba).save(tmp_path / "half.png")
    Image.fromarray(np.linspace(0, 65535, 4800).reshape(60, 80).astype(np.uint16)).save(tmp_path / "deep.png")
    window.opener.open_paths([tmp_path / "half.png", tmp_path / "deep.png"], "A")
    qtbot.waitUntil(lambda: window.state.has_both)
    assert "16 bit" in window.viewer.frames["B"].details_label.text()
    canvas = window.viewer.canvas("A")
    qtbot.wait(30)
    shot = canvas.grab().toImage()
    width, height = shot.width(), shot.height()
    opaque = shot.pixelColor(int(width * 0.75), height // 2)
    clear = shot.pixelColor(int(width * 0.25), height // 2)
    assert opaque.red() > 190 and opaque.green() < 20
    assert clear.red() == clear.green() == clear.blue() > 180  # the checkerboard


def test_what_is_wrong_with_a_picture_is_said(window, qtbot, two_files, tmp_path):
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(two_files[1].read_bytes()[:-2])
    with qtbot.waitSignal(window.sink.told) as told:
        window.opener.open_path(cut, "A")
    assert told.args[:2] == [
        "warning",
        "“cut.jpg”: The file ends without its end marker, but all of its pixels are there.",
    ]


def test_words_of_qt_go_to_the_log(caplog, capfd):
    from PySide6.QtCore import QMessageLogContext, QtMsgType

    from studio.gui.shell.app import log_qt

    log_qt(QtMsgType.QtWarningMsg, QMessageLogContext(), "libpng warning: iCCP: known incorrect sRGB profile")
    assert "known incorrect sRGB profile" in caplog.text and capfd.readouterr().err == ""


def test_a_file_of_pairs_dropped_on_a_picture_is_imported(window, qtbot, two_files, tmp_path):
    file = tmp_path / "mine.CSV"
    file.write_text("ax;ay;bx;by\n1,5;2;3;4\n", encoding="utf-8")
    drop(window, "B", urls(file))
    assert "Open both pictures first" in window.messages.text() and not len(window.state.pairs)
    drop(window, "A", urls(*two_files))
    qtbot.waitUntil(lambda: window.state.has_both)
    drop(window, "B", urls(file))
    assert window.state.pairs.a.tolist() == [[1.5, 2.0]] and window.messages.severity == "success"
    assert window.state.picture("B").name == "coffee.jpg"
    window.actions_["undo"].trigger()
    assert not len(window.state.pairs)


def test_the_picture_of_a_drop_whose_file_is_gone_is_taken(window, qtbot, tmp_path):
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    mime = urls(tmp_path / "gone.png")
    mime.setImageData(image)
    drop(window, "A", mime)
    qtbot.waitUntil(lambda: window.state.picture("A") is not None)
    assert window.state.picture("A").size == (40, 30)
