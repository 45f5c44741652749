"""The compare view by mouse and keyboard: all ways to compare, zoom, read-out, full screen, and what it gives away."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QDrag, QGuiApplication, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMainWindow, QSplitter, QVBoxLayout, QWidget
from skimage import data

from studio.gui.widgets.compare import CompareView, Shown, Way
from tests.gui.style.test_parts import drag, wheel

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
CAT = np.ascontiguousarray(data.chelsea()[:, :450])
COFFEE = np.ascontiguousarray(cv2.resize(data.coffee(), (CAT.shape[1], CAT.shape[0]), interpolation=cv2.INTER_AREA))


@pytest.fixture
def window(themed, qtbot):
    """A window with the view in a splitter, between two labels."""
    made = QMainWindow()
    qtbot.addWidget(made)
    splitter = QSplitter(Qt.Orientation.Horizontal)
    for part in (QLabel("left"), CompareView("Result"), QLabel("right")):
        splitter.addWidget(part)
    made.setCentralWidget(splitter)
    made.resize(620, 360)
    splitter.setSizes([50, 520, 50])
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    return made


@pytest.fixture
def view(window) -> CompareView:
    made = window.centralWidget().widget(1)
    made.set_shown([Shown("cat", CAT, COFFEE, "coffee")])
    made.setFocus()
    return made


def as_array(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def grabbed(view: CompareView) -> np.ndarray:
    return as_array(view.grab(view.rect_of().toRect()).toImage())


def as_seen(pixels: np.ndarray, view: CompareView) -> np.ndarray:
    rect = view.rect_of().toRect()
    return cv2.resize(pixels, (rect.width(), rect.height()), interpolation=cv2.INTER_AREA).astype(float)


def off(view: CompareView, pixels: np.ndarray) -> float:
    """Mean difference of what is seen to a picture, in levels of 255, without the edges and the signs at the top."""
    return float(np.abs(grabbed(view) - as_seen(pixels, view))[40:-4, 4:-4].mean())


def scale(view: CompareView) -> float:
    return view.rect_of().width() / CAT.shape[1]


# --- ways ---


def test_the_difference_is_that_of_the_channels(view):
    view.set_way(Way.DIFFERENCE)
    seen, wanted = grabbed(view), np.abs(as_seen(CAT, view) - as_seen(COFFEE, view))
    assert np.abs(seen - wanted)[4:-4, 4:-4].mean() < 3
    view.set_shown([Shown("cat", CAT, CAT.copy(), "same")])
    assert grabbed(view)[40:-4, 4:-4].max() == 0  # the buttons are shown where the mouse is


def test_what_is_transparent_in_both_has_no_difference(view):
    soft = np.dstack([CAT, np.full(CAT.shape[:2], 128, np.uint8)])
    soft[:100, :, 3] = 0
    view.set_way(Way.DIFFERENCE)
    view.set_shown([Shown("cat", soft, soft.copy(), "same")])
    assert grabbed(view)[40:-4, 4:-4].max() == 0  # the buttons are shown where the mouse is


def test_blinking_shows_one_after_the_other(view, qtbot):
    view.set_way(Way.BLINK)
    assert off(view, CAT) < 4
    qtbot.waitUntil(lambda: off(view, COFFEE) < 4, timeout=5000)
    qtbot.waitUntil(lambda: off(view, CAT) < 4, timeout=5000)
    view.set_way(Way.WIPE)
    view.set_wipe(0.0)
    assert off(view, COFFEE) < 4


def test_a_pair_side_by_side_has_one_zoom(view):
    view.set_way(Way.SIDES)
    first, second = view.panes()
    assert first.rect.right() < second.rect.left() and first.rect.width() == second.rect.width()
    wheel(view, first.rect.center(), 3)
    first, second = view.panes()
    assert first.rect.width() == second.rect.width() > first.space.width()
    assert first.share_at(first.space.center()).x() == pytest.approx(second.share_at(second.space.center()).x())


def test_only_a_wipe_has_a_handle(view):
    middle = view.rect_of().center()
    view.set_way(Way.BLINK)
    drag(view, middle, middle + QPointF(3, 0))
    assert view.wipe == 0.5
    view.set_way(Way.WIPE)
    drag(view, middle, middle + QPointF(60, 0))
    assert view.wipe > 0.55


# --- zoom ---


def test_what_is_below_the_cursor_stays_there(view):
    at = view.rect_of().topLeft() + QPointF(120, 90)
    before = view.panes()[0].share_at(at)
    wheel(view, at, 6)
    assert view.panes()[0].share_at(at).x() == pytest.approx(before.x(), abs=1e-6)
    assert view.panes()[0].share_at(at).y() == pytest.approx(before.y(), abs=1e-6)
    assert off_center(view, at, before) < 12


def off_center(view, at: QPointF, share: QPointF) -> float:
    """How far the pixel on the screen is from that of the picture."""
    seen = as_array(view.grab().toImage())[round(at.y()), round(at.x())].astype(float)
    x, y = round(share.x() * CAT.shape[1]), round(share.y() * CAT.shape[0])
    return float(np.abs(CAT[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3) - seen).max(axis=1).min())


@pytest.mark.parametrize("button", [LEFT, MIDDLE])
def test_a_drag_moves_what_is_enlarged(view, qtbot, button):
    view.set_wipe(1.0)
    wheel(view, view.rect_of().center(), 4)
    before = view.rect_of().topLeft()
    qtbot.mousePress(view, button, pos=QPoint(200, 200))
    qtbot.mouseMove(view, QPoint(170, 185))
    qtbot.mouseRelease(view, button, pos=QPoint(170, 185))
    assert view.rect_of().topLeft() == before + QPointF(-30, -15)


def test_space_moves_even_over_the_handle(view, qtbot):
    wheel(view, view.rect_of().center(), 4)
    x = round(view.panes()[0].handle_x(view.wipe))
    before = view.rect_of().left()
    qtbot.keyPress(view, Qt.Key.Key_Space)
    qtbot.mousePress(view, LEFT, pos=QPoint(x, 150))
    qtbot.mouseMove(view, QPoint(x - 20, 150))
    qtbot.mouseRelease(view, LEFT, pos=QPoint(x - 20, 150))
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    assert view.wipe == 0.5 and view.rect_of().left() == pytest.approx(before - 20)


def test_keys_fit_and_show_pixel_for_pixel(view, qtbot, window):
    taken = QAction("Fit", window, shortcut=QKeySequence("F"))
    window.addAction(taken)
    taken.triggered.connect(lambda: pytest.fail("the view has the focus"))
    qtbot.keyClick(view, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert scale(view) == pytest.approx(1 / view.devicePixelRatioF())
    view.set_way(Way.BLINK)
    seen = as_array(view.grab().toImage())
    at = view.rect_of().topLeft()
    x, y = round(60 - at.x()), round(100 - at.y())
    assert np.abs(seen[100:250, 60:400].astype(int) - CAT[y : y + 150, x : x + 340]).mean() < 4
    qtbot.keyClick(view, Qt.Key.Key_F)
    assert view.zoom == 1.0
    qtbot.keyClick(view, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert view.zoom == 1.25


def test_a_reduced_copy_is_measured_in_the_picture_it_stands_for(view):
    view.set_shown([Shown("cat", CAT[::2, ::2].copy(), size=(CAT.shape[1], CAT.shape[0]))])
    view.actual_size()
    assert view.rect_of().width() == pytest.approx(CAT.shape[1] / view.devicePixelRatioF())


# --- read-out ---


def test_the_pixel_below_the_mouse_is_read(view, qtbot):
    pane = view.panes()[0]
    for x, y in ((0, 0), (225, 150), (449, 299)):
        at = pane.place(x, y)
        words = view.readout(at)
        assert words.startswith(f"{x}, {y} ")
        assert " ".join(map(str, CAT[y, x])) in words and " ".join(map(str, COFFEE[y, x])) in words
    assert view.readout(QPointF(2, 2)) == "" and view.readout(None) == ""
    view.set_shown([Shown("cat", CAT[::2, ::2].copy(), size=(CAT.shape[1], CAT.shape[0]))])
    assert view.readout(view.panes()[0].place(10, 20)).startswith("21, 41 ")


# --- full screen ---


@pytest.mark.parametrize("by", ["F11", "double click"])
def test_the_result_fills_the_screen_and_comes_back(view, qtbot, window, by):
    splitter, sizes = window.centralWidget(), window.centralWidget().sizes()
    ran = []
    action = QAction("Play", window, shortcut=QKeySequence("K"))
    action.triggered.connect(lambda: ran.append(1))
    window.addAction(action)
    if by == "F11":
        QTest.keyClick(view, Qt.Key.Key_F11)
    else:
        at = (view.rect_of().topLeft() + QPointF(30, 60)).toPoint()
        qtbot.mouseDClick(view, LEFT, pos=at)
    assert view.is_full_screen and view.window() is not window
    qtbot.waitUntil(lambda: view.window().isFullScreen() and view.size() == view.window().size(), timeout=5000)
    qtbot.waitUntil(view.hasFocus, timeout=5000)
    QTest.keyClick(view, Qt.Key.Key_K)
    assert ran == [1]  # what the window's keys do goes on
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not view.is_full_screen and view.window() is window and splitter.indexOf(view) == 1
    assert view.isVisible() and splitter.count() == 3 and splitter.sizes() == sizes


def test_full_screen_ends_with_its_place(themed, qtbot):
    window, page, view = QMainWindow(), QWidget(), CompareView("Result")
    qtbot.addWidget(window)
    layout = QVBoxLayout(page)
    layout.addWidget(view)
    layout.addWidget(QLabel("below"))
    window.setCentralWidget(page)
    window.show()
    view.toggle_full_screen()
    assert not view.is_full_screen  # there is nothing to see
    view.set_shown([Shown("cat", CAT)])
    view.toggle_full_screen()
    assert view.is_full_screen
    page.hide()  # as by another mode
    qtbot.waitUntil(lambda: not view.is_full_screen, timeout=5000)
    page.show()
    assert layout.indexOf(view) == 0 and view.isVisible()


# --- taking away ---


def test_control_c_copies_the_picture_as_it_is(view, qtbot):
    view.set_shown([Shown("cat", CAT)])
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(as_array(QGuiApplication.clipboard().image()), CAT)
    view.set_shown([Shown("cat", CAT[::2, ::2].copy(), full=lambda: CAT)])
    view.copy()
    assert np.array_equal(as_array(QGuiApplication.clipboard().image()), CAT)


def test_a_copied_wipe_is_as_it_is_seen_at_full_size(view):
    view.set_wipe(0.25)
    wheel(view, view.rect_of().center(), 3)
    view.copy()
    copied, cut = as_array(QGuiApplication.clipboard().image()), round(0.25 * CAT.shape[1])
    assert np.array_equal(copied[:, : cut - 1], CAT[:, : cut - 1])
    assert np.array_equal(copied[:, cut + 1 :], COFFEE[:, cut + 1 :])
    view.set_way(Way.DIFFERENCE)
    view.copy()
    assert np.array_equal(as_array(QGuiApplication.clipboard().image()), cv2.absdiff(CAT, COFFEE))


def test_transparency_is_copied(view):
    clear = np.dstack([CAT, np.full(CAT.shape[:2], 77, np.uint8)])
    view.set_shown([Shown("cat", clear)])
    view.copy()
    assert QGuiApplication.clipboard().image().pixelColor(5, 5).alpha() == 77


def test_what_fits_is_dragged_out_as_a_file(view, monkeypatch):
    dropped: list[Path] = []

    def drop(self: QDrag, *_: object) -> Qt.DropAction:
        dropped.append(Path(self.mimeData().urls()[0].toLocalFile()))
        assert self.mimeData().hasImage()
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", drop)
    view.set_shown([Shown("a/cat: <b>", CAT)])
    start = view.rect_of().topLeft() + QPointF(40, 90)
    drag(view, start, start + QPointF(60, 0))
    drag(view, start, start + QPointF(60, 0))
    assert len(set(dropped)) == 2 and all(path.suffix == ".png" for path in dropped)
    read = cv2.cvtColor(cv2.imread(str(dropped[0])), cv2.COLOR_BGR2RGB)
    assert np.array_equal(read, CAT)


def test_a_picture_that_can_not_be_had_is_one_sentence(view, qtbot):
    def gone() -> np.ndarray:
        raise OSError("“cat.png” is gone")

    view.set_shown([Shown("cat", CAT, full=gone)])
    with qtbot.waitSignal(view.failed) as told:
        view.copy()
    assert told.args == ["“cat.png” is gone"]


def test_the_menu_offers_what_can_be_done(view):
    names = [action.text().split("\t")[0] for action in view.menu().actions() if action.text()]
    assert names == ["Fit", "100 %", "Full Screen", "Copy"]
    saved = []
    view.save = lambda: saved.append(1)
    entry = view.menu().actions()[-1]
    assert entry.text() == "Save…"
    entry.trigger()
    assert saved == [1]
