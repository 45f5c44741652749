"""Pieces of the mode Inspect on their own: colours, scales, words, tiles, bars, and odd pictures."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt

from studio.attribution.options import METHODS
from studio.attribution.result import Attribution
from studio.attribution.targets import CellTarget, ChannelTarget, ClassTarget, PairTarget, Quantity
from studio.features import ChannelSplit
from studio.gui.canvas.canvas import ViewState
from studio.gui.canvas.drawing import Overlay
from studio.gui.inspect.colour import Coloured, HeatMap, stretched
from studio.gui.inspect.grid import ChannelGrid, ChannelTiles
from studio.gui.inspect.legend import number
from studio.gui.inspect.readings import InspectSession, LayerInfo, WhyReading, WhyRequest
from studio.gui.inspect.tiles import MapStrip, Tile, visible_part
from studio.gui.inspect.words import short_target_words, target_words, unit_words, what_it_sees, why_words
from studio.gui.widgets.bars import Bar, ChannelBars
from studio.gui.widgets.curve import Curve, CurveView
from tests.gui.inspecting import click, done, enter, hover, overlay, wait_for

SHARED = Coloured("ember", 0.7, True, False)
OWN = Coloured("ember", 0.7, True, True)
LEFT = Qt.MouseButton.LeftButton


def heat(values):
    values = np.asarray(values, np.float32)
    return HeatMap(values, (float(values.shape[1]), float(values.shape[0])))


def luminance(colours):
    linear = (np.asarray(colours, float)[..., :3] / 255) ** 2.2
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("table", ["ember", "lagoon", "grey"])
def test_larger_numbers_are_brighter_in_every_table(table):
    ramp = heat(np.linspace(0, 1, 200)[None])
    overlays, (legend,) = Coloured(table, 1.0, True, False).both({"A": ramp}, "x", "u", signed=False)
    shown = luminance(overlays["A"].tint[0])
    assert np.all(np.diff(shown) > -2e-3) and shown[-1] > shown[0] + 0.5
    assert legend.low == 0 and legend.unit == "u"


def test_signed_maps_have_zero_in_the_middle_and_both_ends_differ_in_blue_and_yellow():
    overlays, (legend,) = SHARED.both({"A": heat([[-2.0, 0.0, 1.0]])}, "x", "u", signed=True)
    assert legend.low == -legend.high
    minus, zero, plus = overlays["A"].tint[0].astype(int)
    assert minus[2] > minus[0] + 60 and plus[0] > plus[2] + 40  # blue and orange, not red and green
    assert zero[:3].max() < 60 and zero[3] < minus[3]


def test_one_scale_for_both_or_one_each():
    maps = {"A": heat(np.full((4, 4), 0.5)), "B": heat(np.full((4, 4), 1.0))}
    maps["A"].values[0, 0] = 0.0
    overlays, legends = SHARED.both(maps, "x", "u", signed=False)
    assert len(legends) == 1 and legends[0].high == pytest.approx(1.0)
    assert not np.array_equal(overlays["A"].tint[3, 3], overlays["B"].tint[3, 3])
    overlays, legends = OWN.both(maps, "x", "u", signed=False)
    assert [(entry.low, entry.high) for entry in legends] == [(0.0, 0.5), (1.0, 2.0)]
    assert np.array_equal(overlays["A"].tint[3, 3][:3], legends[0].table[-1])
    _, (legend,) = SHARED.both(maps, "x", "u", signed=False, beside=[np.full((2, 2), 9.0, np.float32)] * 8)
    assert legend.high == pytest.approx(9.0)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("values", [np.zeros((3, 5)), np.full((3, 5), np.nan), np.full((1, 1), 7.0)])
def test_maps_of_nothing_draw_too(values, signed):
    for coloured in (SHARED, OWN):
        overlays, legends = coloured.both({"A": heat(values)}, "x", "u", signed)
        assert overlays["A"].tint.shape == (*values.shape, 4)
        assert all(math.isfinite(entry.low) and entry.low < entry.high for entry in legends)
    assert stretched(np.zeros((2, 2), np.float32)).high > 0


def test_what_lies_beyond_an_open_scale_is_told():
    values = np.full((100, 100), 1.0)
    values[0, 0] = 100.0
    _, (legend,) = SHARED.both({"A": heat(values)}, "x", "u", signed=False)
    assert legend.high < 2 and legend.clipped
    _, (legend,) = SHARED.both({"A": heat(np.full((9, 9), 1.0))}, "x", "u", signed=False)
    assert not legend.clipped


def test_a_tile_shows_the_part_that_the_canvas_shows():
    whole = visible_part((400, 300), ViewState())
    assert (whole.left(), whole.top(), whole.width(), whole.height()) == (-0.5, -0.5, 400, 300)
    part = visible_part((400, 300), ViewState((0.5, 0.5), 4.0))
    assert (part.center().x(), part.center().y()) == pytest.approx((199.5, 149.5)) and part.width() == 100
    corner = visible_part((400, 300), ViewState((1.0, 0.0), 2.0))
    assert corner.right() == pytest.approx(399.5) and corner.top() == -0.5
    assert visible_part((400, 300), ViewState((0.2, 0.9), 0.5)) == whole


def test_tiles_are_as_large_as_they_can_be_and_none_leaves_the_widget(themed, qtbot):
    strip = MapStrip("test")
    qtbot.addWidget(strip)
    strip.resize(900, 220)
    tiles = [Tile("A", str(index), (300, 200), None, Overlay(), ("below",)) for index in range(5)]
    strip.set_tiles(tiles, 1)
    rects = [strip.tile_rect(index) for index in range(5)]
    assert all(rect.width() / rect.height() == pytest.approx(1.5) for rect in rects)
    assert all(strip.rect().toRectF().contains(rect) for rect in rects)
    assert all(first.right() < second.left() for first, second in pairwise(rects))
    strip.resize(300, 700)
    stacked = [strip.tile_rect(index) for index in range(5)]
    assert stacked[0].width() > 120 and len({round(rect.top()) for rect in stacked}) > 1
    chosen: list[int] = []
    strip.chosen.connect(chosen.append)
    strip.show()
    qtbot.mouseClick(strip, LEFT, pos=stacked[3].center().toPoint())
    strip.setFocus()
    qtbot.keyClick(strip, Qt.Key.Key_Left)
    assert chosen == [3, 0]
    strip.set_hint("Nothing", "yet")
    assert not strip.tiles and not strip.grab().isNull()


def test_bars_are_chosen_by_mouse_and_keys_and_a_negative_part_draws(themed, qtbot):
    bars = ChannelBars()
    qtbot.addWidget(bars)
    bars.resize(420, 200)
    bars.set_bars([Bar(7, "channel 7", 0.4), Bar(3, "channel 3", -0.1), Bar(-1, "9 others", 0.3)], 0.6)
    bars.show()
    chosen: list[int] = []
    bars.chosen.connect(chosen.append)
    qtbot.mouseClick(bars, LEFT, pos=QPoint(20, round(bars.row_rect(1).center().y())))
    qtbot.mouseClick(bars, LEFT, pos=QPoint(20, round(bars.row_rect(2).center().y())))  # many together: no map
    bars.set_current(3)
    qtbot.keyClick(bars, Qt.Key.Key_Up)
    assert chosen == [3, 7]
    assert not bars.grab().isNull()


def test_a_grid_of_one_side_and_of_none_draws(themed, qtbot):
    grid = ChannelGrid()
    qtbot.addWidget(grid)
    grid.resize(300, 200)
    grid.show()
    none = np.zeros((0, 0, 0), np.uint8)
    maps = np.arange(3 * 4 * 6, dtype=np.uint8).reshape(3, 4, 6)
    grid.set_tiles(ChannelTiles(np.array([4, 0, 2]), maps, none, np.array([3.0, 2.0, 1.0])))
    assert not grid.grab().isNull()
    cell = grid.grid.cell(0)
    assert cell.width() / cell.height() == pytest.approx(6 / 4, rel=0.1)
    grid.set_hint("Nothing", "here")
    assert grid.tiles is None and not grid.grab().isNull()


def test_flat_curves_draw(themed, qtbot):
    view = CurveView()
    qtbot.addWidget(view)
    view.resize(260, 118)
    view.set_curves([Curve("taken away", (0.0, 0.0, 0.0), 0.0, "#4f8fd0")])
    assert not view.grab().isNull()


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (1, "1"), (0.12345, "0.123"), (-2.5, "-2.5"), (1234.5, "1234"), (1e-7, "1.0e-7")]
)
def test_numbers_are_short(value, text):
    assert number(value) == text


def session(*layers):
    return InspectSession({}, {}, "N", "n", {"A": (200, 150), "B": (200, 150)}, layers, layers, None)


def test_words_say_how_much_a_cell_sees_and_what_the_bars_say():
    fine, coarse = LayerInfo("relu1_1", 64, 1, 1, 3), LayerInfo("relu5_1", 4, 16, 5, 190)
    both = session(fine, coarse)
    assert what_it_sees(fine, both) == "edges and colours"
    assert what_it_sees(coarse, both) == "whole things in their surroundings"
    request = WhyRequest(both, "relu5_1", (0, 0), (0, 0))
    reading = WhyReading(request, ChannelSplit.of(np.array([0.1, 0.5, 0.2, 0.0])), None, {})
    assert reading.split.half() == 1
    words = why_words(reading, coarse)
    assert "0.80" in words and "Channel <b>1</b> gives the most, 62%" in words and "one channel makes up half" in words
    flat = WhyReading(request, ChannelSplit.of(np.full(4, 0.25)), None, {})
    assert flat.split.half() == 2
    nothing = WhyReading(request, ChannelSplit.of(np.zeros(4)), None, {})
    assert "not similar" in why_words(nothing, coarse)


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second"), [((1, 1), (40, 30)), ((300, 3), (50, 90))])
def test_tiny_and_narrow_pictures_are_looked_at_too(window, qtbot, tmp_path, first, second):
    rng = np.random.default_rng(3)
    paths = []
    for name, (width, height), channels in (("a.png", first, 4), ("b.png", second, 3)):
        Image.fromarray(rng.integers(0, 255, (height, width, channels), dtype=np.uint8)).save(tmp_path / name)
        paths.append(tmp_path / name)
    window.opener.open_paths(paths, "A")
    wait_for(window, qtbot, lambda: window.state.has_both)
    enter(window, qtbot)
    panel = window.panel("inspect")
    reading = hover(window, qtbot, "B", 20, 15)
    assert len(reading.levels) == 5 and all(np.isfinite(level.answer.value) for level in reading.levels)
    click(window, "B", 20, 15)
    for name in ("inspect_why", "inspect_activations", "inspect_field", "inspect_attribution"):
        window.actions_[name].trigger()
        qtbot.wait(80)
    panel.explain.with_checks.setChecked(False)
    panel.explain.method.setCurrentIndex(panel.explain.method.findData("gradient"))
    panel.explain.target.kind.setCurrentIndex(panel.explain.target.kind.findData("channel"))
    qtbot.mouseClick(panel.explain.run_button, LEFT)
    done(window, qtbot)
    assert panel.explain.result is not None and overlay(window, "A").tint is not None
    assert not window.messages.isVisible()


def test_the_window_words_what_the_engine_tells_as_values():
    assert target_words(ClassTarget("channel 5 of relu3_2")) == "class channel 5 of relu3_2"  # a name is only a name
    assert short_target_words(ClassTarget("similarity of twins")) == "similarity of twins"
    assert target_words(ChannelTarget("fire4", 7)) == "channel 7 of fire4"
    assert target_words(CellTarget("fire4", 7, 5)) == "cell 7, 5 of fire4"
    assert target_words(CellTarget("fire4", 7, 5, 0)) == "cell 7, 5 of fire4, channel 0"
    pair = PairTarget("fire4", (310.6, 97.2), (-0.4, 88.0))
    assert target_words(pair) == "similarity of A 311, 97 and B 0, 88 in fire4"
    assert short_target_words(pair) == "similarity"
    for quantity in Quantity:
        for method in METHODS.values():
            one = Attribution(np.zeros((1, 1), np.float32), quantity, False, method.key, pair, 0.0)
            assert unit_words(one) == one.unit and quantity in one.unit
