"""The result comes first, everything fits the screen, and each mode is laid out as it was left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QMainWindow, QPushButton, QToolButton, QWidget

from studio.arrays import SIDES
from studio.gui.mode_table import MODES
from studio.gui.shell.app import make_application
from studio.gui.shell.main_window import MainWindow
from studio.gui.shell.screen import within
from studio.gui.shell.settings.language import take_language
from studio.gui.widgets.elided import ElidedLabel, elided
from studio.gui.widgets.messages import Severity
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.theme import apply_theme
from studio.language import SOURCE
from studio.pairs import PairSet
from tests.gui.fitting import cut_in, scrolled_away
from tests.gui.morphing import A_POINTS, B_POINTS

LANGUAGES = ("en", "de")
RESULT_SHARE = 0.45
"""What the picture of the result gets at least of a window of 1280 x 720: issue 16."""
NAMES = [mode.name for mode in MODES]


@pytest.fixture(params=LANGUAGES)
def spoken(request, qapp: QApplication, qtbot, tmp_path: Path, two_files) -> Iterator[MainWindow]:
    """The window with two pictures and their pairs, in each language."""
    app = make_application()
    take_language(app, request.param)
    apply_theme(app, "dark")
    window = MainWindow(Settings(tmp_path / "settings"), warm_up=False)
    window.document.ask_to_save = lambda _: "discard"
    window.show()
    qtbot.waitExposed(window)
    window.opener.open_paths(list(two_files), "A")
    qtbot.waitUntil(lambda: window.state.has_both)
    window.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS, level=1))
    yield window
    window.close()
    window.deleteLater()
    take_language(app, SOURCE)


def open_docks(window: MainWindow) -> set[str]:
    return {name for name, dock in window.docks.items() if name != "mode" and not dock.isHidden()}


def sized(window: MainWindow, qtbot, width: int, height: int) -> None:
    window.resize(width, height)
    qtbot.wait(60)
    assert (window.width(), window.height()) == (width, height), "it can't be as small as the screen"


def test_the_result_is_the_largest_thing(spoken, qtbot):
    with_result = [name for name in NAMES if spoken.panel(name).full_screen() is not None]
    assert {"morph", "style"} <= set(with_result)
    for name in with_result:
        spoken.modes.show(name)
        sized(spoken, qtbot, 1280, 720)
        view = spoken.panel(name).result_pane.view
        share = view.width() * view.height() / (1280 * 720)
        assert share >= RESULT_SHARE, f"{name}: {share:.3f}"
        assert not open_docks(spoken)


def test_what_is_cut_is_found(themed, qtbot):
    window, page, label, button = QMainWindow(), QWidget(), QLabel("a long word"), QPushButton("another long word")
    qtbot.addWidget(window)
    row = QHBoxLayout(page)
    row.addWidget(label)
    row.addWidget(button)
    window.setCentralWidget(page)
    window.menuBar().addMenu("one of the menus")
    window.show()
    assert not cut_in(window)
    label.setMinimumWidth(1)
    button.setMinimumWidth(1)
    window.setFixedSize(90, 70)
    qtbot.wait(20)
    assert [problem.split(":")[0] for problem in cut_in(window)] == [
        "QWidget > QLabel 'a long word'",
        "QWidget > QPushButton 'another long word'",
        "the menu one of the menus has no room",
    ]
    button.setFixedWidth(button.sizeHint().width())
    button.setParent(page, Qt.WindowType.Widget)
    page.layout().removeWidget(button)
    button.move(40, 0)
    button.show()
    assert any("is outside" in problem for problem in cut_in(window))


def test_nothing_is_cut_on_a_small_screen(spoken, qtbot):
    for filled in (True, False):
        for name in NAMES:
            spoken.modes.show(name)
            sized(spoken, qtbot, 1024, 700)
            problems = [*cut_in(spoken), *scrolled_away(spoken)]
            assert not problems, f"{name}:\n" + "\n".join(problems)
        for side in SIDES if filled else ():
            spoken.state.set_picture(side, None)
    spoken.modes.show("match")
    assert open_docks(spoken) == {"pairs", "provenance", "history"}


ZOOMED = """
import sys, tempfile
from pathlib import Path
from studio.gui.shell.app import make_application
from studio.gui.shell.main_window import MainWindow
from studio.gui.shell.settings.language import take_language
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.theme import apply_theme
app = make_application()
apply_theme(app, "dark")
for language in sys.argv[1:]:
    take_language(app, language)
    window = MainWindow(Settings(Path(tempfile.mkdtemp())), warm_up=False)
    window.show()
    for mode in window.modes.names:
        window.modes.show(mode)
        window.resize(1024, 700)
        app.processEvents()
        print(language, mode, window.devicePixelRatioF(), window.width(), window.height())
    window.close()
"""


def test_it_fits_at_twice_the_size():
    """QT_SCALE_FACTOR is read when Qt starts: in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", ZOOMED, *LANGUAGES],
        env={**os.environ, "QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    wanted = [f"{language} {name} 2.0 1024 700" for language in LANGUAGES for name in NAMES]
    assert done.stdout.splitlines() == wanted, done.stderr[-1500:]


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ((100, 100, 800, 600), (100, 100, 800, 600)),  # it lies inside already
        ((0, 0, 1360, 860), (10, 20, 1024, 700)),  # larger than the screen
        ((900, 600, 400, 300), (634, 420, 400, 300)),  # hangs out at the lower right
        ((-3000, -200, 400, 300), (10, 20, 400, 300)),  # on a screen that is gone
    ],
)
def test_a_window_is_brought_into_the_screen(wanted, kept):
    assert within(QRect(*wanted), QRect(10, 20, 1024, 700)).getRect() == kept


def test_the_first_window_fits_the_screen(window, another):
    screen = QGuiApplication.primaryScreen().availableGeometry()
    first = another()
    assert first.height() <= screen.height() and screen.contains(first.geometry().topLeft())
    first.settings.set_layout(first.saveGeometry(), first.saveState())
    least = first.minimumSizeHint()
    assert first.width() <= max(screen.width(), least.width())


def test_each_mode_is_as_it_was_left(window, another, qtbot):
    window.modes.show("morph")
    assert not open_docks(window)
    window.docks["log"].toggleViewAction().trigger()
    window.actions_["arrange_sides"].trigger()
    window.modes.show("match")
    assert open_docks(window) == {"pairs", "provenance", "history"}
    assert window.viewer.arrangement == "sides" and window.actions_["arrange_sides"].isChecked()
    window.docks["history"].toggleViewAction().trigger()
    window.actions_["arrange_stacked"].trigger()
    window.modes.show("style")
    assert not open_docks(window) and window.viewer.arrangement == "stacked"
    window.modes.show("morph")
    assert open_docks(window) == {"log"} and window.viewer.arrangement == "sides"
    window.layouts.keep_now()
    second = another()  # as after the next start
    assert open_docks(second) == {"pairs", "provenance"}
    assert second.viewer.arrangement == "stacked" and second.actions_["arrange_stacked"].isChecked()
    second.modes.show("morph")
    assert open_docks(second) == {"log"} and second.viewer.arrangement == "sides"


def test_layouts_that_cannot_be_read_are_those_of_the_modes(themed, qtbot, tmp_path, caplog):
    for number, text in enumerate(("no json", '{"share": 7}', '{"docks": ["gone"], "arrangement": "round"}')):
        settings = Settings(tmp_path / str(number))
        settings._store.setValue("options/layout/match", text)
        window = MainWindow(settings, warm_up=False)
        assert open_docks(window) == {"pairs", "provenance", "history"}
        window.close()
        window.deleteLater()


def test_panels_hide_and_come_back_as_they_were(opened, qtbot):
    opened.modes.show("match")
    opened.docks["history"].raise_()
    qtbot.wait(30)
    rail = opened.findChild(type(opened.toolbar).__mro__[1], "modes")
    bars = (opened.docks["mode"], rail, opened.statusBar())
    before, wide = open_docks(opened), opened.viewer.width()
    QTest.keyClick(opened, Qt.Key.Key_F11, Qt.KeyboardModifier.ShiftModifier)
    qtbot.wait(30)
    assert not open_docks(opened) and not any(bar.isVisible() for bar in bars)
    assert opened.viewer.width() > wide + 250 and opened.actions_["hide_panels"].isChecked()
    opened.modes.show("style")
    assert not open_docks(opened) and not opened.docks["mode"].isVisible()
    opened.modes.show("match")
    opened.actions_["hide_panels"].trigger()
    qtbot.wait(30)
    assert open_docks(opened) == before and all(bar.isVisible() for bar in bars)
    assert not opened.docks["history"].visibleRegion().isEmpty()  # in front again
    opened.actions_["hide_panels"].trigger()
    opened.panel("match").view_asked.emit("provenance")  # something there has to be seen
    assert not opened.docks["provenance"].isHidden() and not opened.layouts.are_panels_hidden


def test_a_window_closed_without_panels_starts_with_them(window, another, qtbot):
    window.actions_["hide_panels"].trigger()
    window.layouts.keep_now()
    window.settings.set_layout(window.saveGeometry(), window.saveState())
    second = another()
    assert second.docks["mode"].isVisible() and second.statusBar().isVisible()
    assert open_docks(second) == {"pairs", "provenance", "history"}


def test_f11_fills_the_screen_with_the_result_or_else_the_pictures(morph, qtbot):
    view = morph.panel("morph").result_pane.view
    morph.centralWidget().setFocus()
    QTest.keyClick(morph, Qt.Key.Key_F11)
    assert view.is_full_screen
    QTest.keyClick(view.window(), Qt.Key.Key_F11)
    assert not view.is_full_screen and view.window() is morph
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_F11, Qt.KeyboardModifier.ShiftModifier)
    assert morph.layouts.are_panels_hidden and not view.is_full_screen
    QTest.keyClick(view, Qt.Key.Key_F11, Qt.KeyboardModifier.ShiftModifier)
    assert not morph.layouts.are_panels_hidden
    morph.modes.show("match")
    morph.actions_["full_screen"].trigger()
    assert morph.viewer.window() is not morph
    qtbot.waitUntil(morph.viewer.window().isFullScreen, timeout=5000)
    QTest.keyClick(morph.viewer.window(), Qt.Key.Key_Escape)
    assert morph.viewer.window() is morph and morph.viewer.isVisible()
    keys = QKeySequence("Shift+F11")
    assert morph.actions_["hide_panels"].shortcut() == keys


# --- A and B ---


def test_as_long_as_a_picture_is_missing_there_is_room_to_open_it(window, two_files, qtbot):
    sized(window, qtbot, 1280, 720)
    window.modes.show("morph")
    qtbot.wait(30)
    pane = window.panel("morph").result_pane
    assert window.viewer.height() > 0.7 * pane.height() and window.viewer.width() == pane.width()
    window.opener.open_paths(list(two_files), "A")
    qtbot.waitUntil(lambda: window.state.has_both)
    qtbot.wait(30)
    assert window.viewer.width() < 0.2 * pane.width()


def test_pictures_that_are_painted_in_have_room(style, qtbot):
    sized(style, qtbot, 1280, 720)
    viewer, regions = style.viewer, style.panel("style").regions
    strip = viewer.width()
    regions.add_button.click()
    qtbot.wait(30)
    assert regions.paint_button.isChecked() and viewer.width() > 3 * strip
    regions.paint_button.click()
    qtbot.wait(30)
    assert viewer.width() == pytest.approx(strip, abs=3)
    regions.paint_button.click()
    style.modes.show("match")  # ends painting
    style.modes.show("style")
    qtbot.wait(30)
    assert not regions.paint_button.isChecked() and viewer.width() == pytest.approx(strip, abs=3)


def test_a_result_pane_that_goes_and_comes_has_its_share_again(opened, qtbot):
    sized(opened, qtbot, 1280, 720)
    opened.modes.show("inspect")
    panel, viewer = opened.panel("inspect"), opened.viewer
    opened.modes.splitter.setSizes([400, *([200] * (opened.modes.splitter.count() - 1))])
    qtbot.wait(20)
    height = viewer.height()
    panel.pane_toggled.emit(False)
    panel.result_pane.hide()
    qtbot.wait(20)
    assert viewer.height() > height + 150
    panel.result_pane.show()
    panel.pane_toggled.emit(True)
    qtbot.wait(20)
    assert viewer.height() == pytest.approx(height, abs=4)


def test_pictures_beside_above_and_over_each_other(opened, qtbot):
    viewer, at = opened.viewer, lambda side: opened.viewer.frames[side].geometry()
    assert at("A").right() < at("B").left()
    opened.actions_["arrange_stacked"].trigger()
    qtbot.wait(20)
    assert at("A").bottom() < at("B").top() and at("A").left() == at("B").left()
    opened.actions_["arrange_overlay"].trigger()
    qtbot.wait(20)
    assert viewer.is_overlaid and viewer.fade.isVisible()
    assert [viewer.frames[side].isVisible() for side in "AB"] == [True, False]
    viewer.fade.slider.setValue(80)  # B is seen more, and its points can be dragged
    qtbot.wait(20)
    assert [viewer.frames[side].isVisible() for side in "AB"] == [False, True] and viewer.upper == "B"
    opened.state.set_picture("B", None)
    qtbot.wait(20)
    assert not viewer.is_overlaid and not viewer.fade.isVisible()
    assert all(viewer.frames[side].isVisible() for side in "AB")


def test_an_overlay_is_both_pictures_in_the_shares_that_the_slider_says(opened, qtbot):
    """The colour in the middle is that of A and B at the same place of each, mixed."""
    viewer, state = opened.viewer, opened.state
    opened.actions_["lines"].setChecked(False)
    opened.actions_["arrange_overlay"].trigger()
    means = []
    for share in (0, 25, 49):
        viewer.fade.slider.setValue(share)
        qtbot.wait(30)
        canvas, size = viewer.canvas("A"), state.picture("A").size
        corners = [canvas.to_widget(QPointF(size[0] * one, size[1] * one)).toPoint() for one in (0.3, 0.6)]
        image = canvas.grab(QRect(*corners[0].toTuple(), *(corners[1] - corners[0]).toTuple())).toImage()
        small = image.scaled(1, 1, mode=Qt.TransformationMode.SmoothTransformation)
        means.append(small.pixelColor(0, 0))
    expected = []
    for side in ("A", "B"):
        pixels = state.picture(side).pixels
        rows, columns = (range(int(0.3 * length), int(0.6 * length)) for length in pixels.shape[:2])
        expected.append(pixels[rows.start : rows.stop, columns.start : columns.stop].reshape(-1, 3).mean(0))
    for share, mean in zip((0.0, 0.25, 0.49), means, strict=True):
        mixed = (1 - share) * expected[0] + share * expected[1]
        assert (mean.red(), mean.green(), mean.blue()) == pytest.approx(tuple(mixed), abs=6)


# --- bars ---


def test_bars_float_and_move_nothing(opened, qtbot):
    before = opened.viewer.mapTo(opened, QPoint()), opened.viewer.size()
    opened.show_message(Severity.ERROR, "No room on the device for “film.mp4”. " * 40, "details")
    qtbot.wait(30)
    assert (opened.viewer.mapTo(opened, QPoint()), opened.viewer.size()) == before
    bar = opened.messages
    assert bar.isVisible() and bar.text().count("film.mp4") == 40
    assert bar.label.seen.endswith("…") and bar.label.seen in bar.text()[: len(bar.label.seen) - 1] + "…"
    assert bar.label.toolTip().count("film.mp4") == 40
    at = QRect(bar.mapTo(opened, QPoint()), bar.size())
    assert opened.centralWidget().geometry().contains(at) and bar.height() < 90
    assert opened.childAt(at.center()) in (bar, *bar.findChildren(QPushButton), bar.label)
    bar.close_button.click()
    qtbot.wait(30)
    assert opened.bars.height() == 0 and opened.childAt(at.center()) not in (opened.bars, bar)


def test_words_are_cut_where_there_is_no_room(themed, qtbot):
    label = ElidedLabel("a very long name of a picture that somebody took.png")
    qtbot.addWidget(label)
    label.resize(120, 20)
    label.show()
    assert "…" in label.seen and label.seen.endswith(".png") and label.text() in label.toolTip()
    label.resize(label.sizeHint())
    assert label.seen == label.text()
    font = label.font()
    assert elided("short", font, 200, 3) == "short"
    cut = elided("one two three four five six seven " * 9, font, 90, 2)
    assert cut.endswith("…") and cut.startswith("one two")


# --- the tool bar ---


def test_the_tool_bar_says_less_before_it_hides_anything(window, qtbot):
    def words() -> list[bool]:
        names = ("open_a", "swap", "run", "cancel")
        buttons = [window.toolbar.widgetForAction(window.actions_[name]) for name in names]
        return [one.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon for one in buttons]

    more = window.toolbar.findChild(QToolButton, "qt_toolbar_ext_button")
    window.modes.show("match")
    sized(window, qtbot, 1600, 800)
    assert words() == [True] * 4 and not more.isVisible()
    sized(window, qtbot, 1024, 700)
    assert words() == [False, False, True, True] and not more.isVisible()
    window.resize(window.minimumSizeHint())
    qtbot.wait(60)
    assert words() == [False] * 4 and more.isVisible()
    assert not more.icon().isNull() and more.width() > 8 and more.toolTip()
    sized(window, qtbot, 1600, 800)
    assert words() == [True] * 4 and not more.isVisible()
