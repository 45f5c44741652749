"""The pieces of the mode Style by themselves: history, view with wipe and zoom, curves, strip, small tasks."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from studio.gui.style.history import History, Moment
from studio.gui.style.plot import MOST_POINTS, LossPlot
from studio.gui.style.result_pane import StyleResultPane
from studio.gui.style.tasks import shown, small, variants_of, what_differs
from studio.gui.widgets.compare import CompareView, Shown
from studio.gui.widgets.thumbnails import VariantStrip
from studio.picture import Picture
from studio.style.model import StyleSource
from studio.style.options import InversionOptions, StyleOptions, TextureOptions
from studio.style.task import StyleTask

LEFT = Qt.MouseButton.LeftButton
RED, GREEN = (220, 30, 30), (30, 200, 60)


def plain(color, width=60, height=40) -> np.ndarray:
    return np.full((height, width, 3), color, np.uint8)


def moment(step, value=100, width=60, height=40) -> Moment:
    return Moment(plain((value, value, value), width, height), step, 500, {"total": 1.0 / step, "style": 0.5 / step})


def send(widget, kind, at, button=Qt.MouseButton.NoButton, buttons=Qt.MouseButton.NoButton):
    at = QPointF(at)
    QApplication.sendEvent(
        widget, QMouseEvent(kind, at, widget.mapToGlobal(at), button, buttons, Qt.KeyboardModifier.NoModifier)
    )


def drag(widget, start, end):
    send(widget, QEvent.Type.MouseButtonPress, start, LEFT, LEFT)
    for share in (0.3, 0.7, 1.0):
        at = QPointF(start) + (QPointF(end) - QPointF(start)) * share
        send(widget, QEvent.Type.MouseMove, at, buttons=LEFT)
    send(widget, QEvent.Type.MouseButtonRelease, end, LEFT)


def wheel(widget, at, notches):
    at = QPointF(at)
    event = QWheelEvent(
        at, widget.mapToGlobal(at), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def color_at(widget, x, y) -> tuple[int, int, int]:
    image: QImage = widget.grab().toImage()
    color = image.pixelColor(round(x), round(y))
    return color.red(), color.green(), color.blue()


# --- history ---


@pytest.mark.parametrize("count", [1, 7, 8, 9, 64, 100])
def test_history_stays_small_even_and_keeps_first_and_newest(count):
    history = History(most=8)
    for step in range(count):
        history.add(moment(step + 1))
    steps = [history[index].step for index in range(len(history))]
    assert len(steps) <= 9 and steps[0] == 1 and steps[-1] == count
    if count <= 8:
        assert steps == list(range(1, count + 1))
    gaps = np.diff(steps[:-1])
    assert len(set(gaps.tolist())) <= 1  # all but the newest are evenly apart
    assert history[history.nearest(count + 50)].step == count
    history.clear()
    assert len(history) == 0


def test_history_is_bounded_in_bytes():
    history = History(most=1000, most_bytes=10 * 60 * 40 * 3)
    for step in range(200):
        history.add(moment(step + 1))
    assert 4 <= len(history) <= 11 and history[-1].step == 200


# --- view ---


@pytest.fixture
def view(themed, qtbot):
    made = CompareView("Result")
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_a_wipe_shows_both_pictures_and_follows_the_mouse(view, qtbot):
    view.set_shown([Shown("before", plain(RED), plain(GREEN), "after")])
    rect = view.rect_of()
    assert rect.width() / rect.height() == pytest.approx(1.5)
    y = rect.bottom() - 20
    assert color_at(view, rect.left() + 10, y) == RED and color_at(view, rect.right() - 10, y) == GREEN
    middle = rect.center()
    drag(view, middle, QPointF(rect.left() + 0.8 * rect.width(), middle.y()))
    assert view.wipe == pytest.approx(0.8, abs=0.01)
    assert color_at(view, rect.left() + 0.7 * rect.width(), y) == RED
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert view.wipe == pytest.approx(0.78, abs=0.01)
    drag(view, QPointF(rect.left() + 0.78 * rect.width(), middle.y()), QPointF(-500, middle.y()))
    assert view.wipe == 0.0


def test_the_wheel_enlarges_at_the_cursor_and_a_drag_moves(view):
    half = np.concatenate([plain(RED, 30), plain(GREEN, 30)], axis=1)
    view.set_shown([Shown("half", half)])
    before = view.rect_of()
    border = QPointF(before.center().x(), before.center().y() + 30)
    wheel(view, border, 5)
    after = view.rect_of()
    assert view.zoom == pytest.approx(1.25**5)
    assert after.width() == pytest.approx(before.width() * 1.25**5)
    assert after.center().x() == pytest.approx(border.x(), abs=1)  # the border between the colours has stayed
    drag(view, QPointF(250, 150), QPointF(200, 150))
    assert view.rect_of().left() == pytest.approx(after.left() - 50, abs=1)
    drag(view, QPointF(50, 150), QPointF(5000, 150))
    assert view.rect_of().left() <= 10  # never beyond the edge
    view.fit()
    assert view.zoom == 1.0 and view.rect_of() == before
    wheel(view, border, -3)
    assert view.zoom == 1.0


def test_side_by_side_shares_the_zoom(view):
    view.set_shown([Shown("one", plain(RED)), Shown("two", plain(GREEN, 40, 40)), Shown("three", plain(RED))])
    for index, color in ((0, RED), (1, GREEN), (2, RED)):
        center = view.rect_of(index).center()
        assert color_at(view, center.x(), center.y()) == color
        assert center.x() == pytest.approx(500 * (index + 0.5) / 3, abs=1)
    narrow = view.rect_of(1).width()
    wheel(view, view.rect_of(0).center(), 2)
    assert view.rect_of(1).width() == pytest.approx(narrow * 1.25**2)


# --- result pane ---


@pytest.fixture
def result_pane(themed, qtbot):
    made = StyleResultPane()
    qtbot.addWidget(made)
    made.resize(900, 400)
    made.show()
    qtbot.waitExposed(made)
    made.set_references(("photo", plain(RED)), ("painting", plain(GREEN, 30, 60)))
    return made


def test_the_scrubber_looks_back_and_newest_follows(result_pane, qtbot):
    for step in range(1, 11):
        result_pane.add(moment(step, 10 * step))
    assert result_pane.is_live and result_pane.moment.step == 10
    result_pane.scrubber.setValue(2)
    assert result_pane.moment.step == 3 and result_pane.view.shown[0].pixels[0, 0, 0] == 30
    assert "step 3 of 500" in result_pane.where.text() and "60 × 40" in result_pane.where.text()
    result_pane.add(moment(11, 110))
    assert result_pane.moment.step == 3 and not result_pane.is_live  # who looks back is left in peace
    qtbot.mouseClick(result_pane.live_button, LEFT)
    assert result_pane.moment.step == 11
    result_pane.add(moment(12, 120))
    assert result_pane.moment.step == 12
    result_pane.start()
    assert result_pane.moment is None and not result_pane.view.shown


def test_what_the_result_is_compared_with(result_pane, qtbot):
    result_pane.set_hint("Nothing", "yet")
    for step in (1, 2, 3):
        result_pane.add(moment(step, 50 * step))
    result_pane.view_choice.setCurrentText("Side by side")
    assert [one.title for one in result_pane.view.shown] == ["photo (content)", "Result", "painting (style)"]
    result_pane.view_choice.setCurrentText("Wipe")
    assert result_pane.view.shown[0].pixels[0, 0].tolist() == list(RED)
    assert result_pane.view.shown[0].second[0, 0, 0] == 150
    result_pane.against.setCurrentText("the style")
    style = result_pane.view.shown[0].pixels
    assert style[0, 0].tolist() == list(GREEN) and style.shape == (40, 60, 3)  # cut to the shape of the result
    result_pane.scrubber.setValue(0)
    qtbot.mouseClick(result_pane.pin_button, LEFT)
    result_pane.go_live()
    assert result_pane.against.currentText() == "the pinned moment"
    assert (result_pane.view.shown[0].pixels[0, 0, 0], result_pane.view.shown[0].second[0, 0, 0]) == (50, 150)


def test_curves_hold_every_term_and_thin_out(themed, qtbot):
    plot = LossPlot()
    qtbot.addWidget(plot)
    for step in range(1, 3 * MOST_POINTS):
        plot.add(moment(step))
    plot.add(Moment(plain(RED), 9999, 9999, {"total": float("nan"), "style": 0.0}))
    assert set(plot.curves) == {"total", "style"}
    steps, values = plot.curves["total"]
    assert len(steps) <= MOST_POINTS + 1 and steps[0] == 1 and list(steps) == sorted(steps)
    assert values[0] == 1.0 and np.isfinite(values).all()
    plot.clear()
    assert not plot.curves


def test_the_strip_shows_what_comes_and_says_what_is_clicked(themed, qtbot):
    strip = VariantStrip()
    qtbot.addWidget(strip)
    strip.resize(170, 400)
    strip.show()
    strip.set_variants([("one", "tip"), ("two", ""), ("three", "")])
    strip.show_pixels(0, plain(GREEN))
    strip.show_failure(2)
    strip.show_pixels(7, plain(GREEN))  # of a set that is gone
    button = strip.buttons[0]
    assert color_at(button, button.width() / 2, 36) == GREEN
    with qtbot.waitSignal(strip.chosen) as caught:
        qtbot.mouseClick(strip.buttons[1], LEFT)
    assert caught.args == [1]
    assert [button.isChecked() for button in strip.buttons] == [False, True, False]
    strip.set_variants([("other", "")])
    assert len(strip.buttons) == 1 and strip.buttons[0].pixels is None


# --- tasks ---


def picture(width=300, height=200, name="p") -> Picture:
    return Picture.from_array(plain(RED, width, height), name)


def test_variants_turn_one_knob_each_and_stay_small():
    task = StyleTask(StyleOptions(content_weight=0.4), picture(name="a.png"), (StyleSource(picture(name="b.png")),))
    made = variants_of(task)
    assert made[0].options == task.options and len({one.variant for one in made}) == len(made)
    assert all(len(what_differs(one, task)) == 1 for one in made[1:])
    turned = {name for one in made for name in what_differs(one, task)}
    assert turned == {"loss", "style_scale", "content_weight", "keep_colors"}
    losses = {one.options.loss for one in made}
    assert losses == set(next(knob for knob in StyleOptions.knobs() if knob.name == "loss").choices)
    for one in made:
        little = small(one).options
        assert little.size <= 128 and little.steps <= 60 and little.loss == one.options.loss
    assert small(StyleTask(StyleOptions(size=32, steps=3), None)).options.size == 32
    texture = StyleTask(TextureOptions(width=1000, height=500), None, (StyleSource(picture()),))
    assert {name for one in variants_of(texture) for name in what_differs(one, texture)} == {"loss", "style_scale"}
    little = small(texture).options
    assert little.width == 2 * little.height
    assert variants_of(StyleTask(InversionOptions(), picture())) == ()


def test_pictures_for_the_screen_are_reduced_and_keep_alpha():
    large = np.zeros((1000, 3000, 4), np.uint8)
    large[:, 1500:] = 255
    small_one = shown(Picture.from_array(large))
    assert small_one.shape == (427, 1280, 4)
    assert small_one[:, :600].max() == 0 and small_one[:, 700:].min() == 255
    assert np.array_equal(shown(picture()), plain(RED, 300, 200))
