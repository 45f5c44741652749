"""The mode Inspect: attributions with their checks, pins and files, and receptive fields."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtWidgets import QFileDialog

from studio.gui.inspect.explain import ExplainView
from studio.gui.inspect.hub import InspectHub
from studio.gui.inspect.legend import ColourKnobs, number
from studio.gui.widgets import saving
from studio.gui.widgets.messages import Messages
from studio.pairs import PairSet
from tests.gui.canvas.test_canvas import mouse
from tests.gui.inspecting import click, done, enter, overlay, wait_for
from tests.gui.morphing import A_POINTS, B_POINTS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def attribution(opened, qtbot):
    """The window in the view Attribution, with pairs, on the gradient of a channel, without checks."""
    opened.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS, level=1))
    enter(opened, qtbot)
    opened.actions_["inspect_attribution"].trigger()
    view = opened.panel("inspect").explain
    view.with_checks.setChecked(False)
    choose(view, "gradient", "channel", "relu3_2", channel=5)
    return opened


def choose(view, method, kind, layer, channel=0, **knobs):
    view.method.setCurrentIndex(view.method.findData(method))
    view.target.kind.setCurrentIndex(view.target.kind.findData(kind))
    view.target.layer.set_value(layer)
    view.target.layer.chosen.emit(layer)
    view.target.channel.setValue(channel)
    for name, value in knobs.items():
        view.form.editors[name].set_value(value)


def run(window, qtbot):
    view = window.panel("inspect").explain
    qtbot.mouseClick(view.run_button, LEFT)
    done(window, qtbot)
    assert view.result is not None
    return view.result


def test_both_pictures_share_one_scale_until_each_gets_its_own(attribution, qtbot):
    panel = attribution.panel("inspect")
    target = panel.explain.target
    item = target.kind.model().item(target.kind.findData("class"))
    assert not item.isEnabled() and "names nothing" in item.toolTip()  # BuddyNet has no classes
    assert target.names.isHidden() and not target.layer.isHidden()
    result = run(attribution, qtbot)
    assert result.signed is False and set(result.maps) == {"A", "B"}
    assert result.maps["A"].values.shape == (43, 64) and result.maps["B"].values.shape == (64, 64)
    (legend,) = panel.hub.legend.entries
    assert legend.low == 0 and legend.unit == result.unit and "activation" in legend.unit
    together = np.concatenate([heat.values.ravel() for heat in result.maps.values()])
    assert legend.high == pytest.approx(np.percentile(together, 99.7))
    # Equal numbers have equal colours: both maps are read back from the colours through one table.
    for side, heat in result.maps.items():
        tint = overlay(attribution, side).tint[..., :3].astype(int)
        share = np.clip(heat.values / legend.high, 0, 1)
        wanted = legend.table[np.rint(share * 255).astype(int)].astype(int)
        assert np.abs(tint - wanted).max() <= 4  # a step of the table
    panel.colours.own.setChecked(True)
    own = panel.hub.legend.entries
    assert [entry.title[0] for entry in own] == ["A", "B"]
    for entry, side in zip(own, ("A", "B"), strict=True):
        assert (entry.low, entry.high) == pytest.approx(
            (result.maps[side].values.min(), result.maps[side].values.max())
        )


def test_the_number_under_the_mouse_is_written_and_choices_are_remembered(attribution, qtbot):
    panel = attribution.panel("inspect")
    result = run(attribution, qtbot)
    canvas = attribution.viewer.canvas("A")
    mouse(canvas, QEvent.Type.MouseMove, canvas.to_widget(QPointF(230, 150)))
    value = result.maps["A"].values[int(150.5 / 300 * 43), int(230.5 / 451 * 64)]
    assert panel.result_pane.readout.text() == f"A: {number(float(value))} {result.unit}"
    marked = panel.explain.strip.marked_place
    assert marked[0] == "A" and (marked[1].x(), marked[1].y()) == pytest.approx((230, 150), abs=0.01)
    canvas.cursor_moved.emit(None)
    assert not panel.result_pane.readout.text() and panel.explain.strip.marked_place is None
    # Colours and method are remembered.
    panel.colours.table.setCurrentIndex(2)
    panel.colours.opacity.setValue(35)
    again = ColourKnobs(attribution.settings)
    assert (again.table_name, again.share) == ("grey", 0.35)
    other = ExplainView(InspectHub(attribution.state, attribution.jobs, attribution.settings, Messages(), again))
    assert other.method_key == "gradient"
    for widget in (again, other.controls, other.page, other.hub.legend):
        widget.deleteLater()


def test_pinned_maps_stay_and_share_the_scale_of_their_kind(attribution, qtbot):
    panel = attribution.panel("inspect")
    view = panel.explain
    first = run(attribution, qtbot)
    qtbot.mouseClick(view.pin_button, LEFT)
    view.target.channel.setValue(9)
    second = run(attribution, qtbot)
    assert [tile.lines[-1].split()[-1] for tile in view.strip.tiles] == ["newest", "newest", "pinned", "pinned"]
    together = np.concatenate([heat.values.ravel() for one in (first, second) for heat in one.maps.values()])
    assert panel.hub.legend.entries[0].high == pytest.approx(np.percentile(together, 99.7))
    assert "channel 9" in view.checks.words.text()
    qtbot.mouseClick(view.strip, LEFT, pos=view.strip.tile_rect(2).center().toPoint())
    assert "channel 5" in view.checks.words.text()
    choose(view, "integrated-gradients", "channel", "relu3_2", channel=5, steps=4)
    third = run(attribution, qtbot)
    values = np.concatenate([np.abs(heat.values).ravel() for heat in third.maps.values()])
    assert panel.hub.legend.entries[0].high == pytest.approx(np.percentile(values, 99.7))  # another unit, another scale
    assert panel.hub.legend.entries[0].low == -panel.hub.legend.entries[0].high
    assert "left open" in view.checks.labels["A"].text()
    qtbot.mouseClick(view.unpin_button, LEFT)
    assert len(view.strip.tiles) == 2
    # What was computed before is there at once.
    choose(view, "gradient", "channel", "relu3_2", channel=5)
    qtbot.mouseClick(view.run_button, LEFT)
    assert view.result is first and not panel.hub.is_running


@pytest.mark.slow
def test_checks_come_after_the_maps_and_beside_them(attribution, qtbot):
    view = attribution.panel("inspect").explain
    view.with_checks.setChecked(True)
    shown: list[object] = []
    attribution.panel("inspect").hub.recoloured.connect(lambda: None)
    view._on_preview = lambda preview, old=view._on_preview: (shown.append(preview), old(preview))
    result = run(attribution, qtbot)
    assert len(shown) == 1 and shown[0] is not result and not shown[0].checks
    checks = result.checks["A"].curves
    assert len(checks.deletion) == len(checks.insertion) > 5
    # Without any pixel taken away, and with all given back, the picture is whole; the other ends are empty.
    assert checks.deletion[0] == pytest.approx(checks.insertion[-1], rel=1e-4)
    assert checks.deletion[-1] == pytest.approx(checks.insertion[0], rel=1e-4)
    assert result.results["A"].value == pytest.approx(checks.deletion[0], rel=1e-3)
    assert (
        all(-1 <= result_pane.similarity <= 1 for result_pane in result.checks["A"].sanity)
        and result.checks["A"].sanity
    )
    assert view.checks.curves["A"].isVisible() and len(view.checks.curves["A"].curves) == 2
    assert "random weights" in view.checks.labels["B"].text()


def test_a_click_chooses_the_place_and_its_partner(attribution, qtbot):
    view = attribution.panel("inspect").explain
    click(attribution, "A", 300, 100)
    wait_for(attribution, qtbot, lambda: view.target.kind_name == "cell")
    assert view.target.places[0] == pytest.approx((300, 100), abs=1)
    result = run(attribution, qtbot)
    column, row = round(300 * 64 / 451 - 0.5) // 4, round(100 * 64 / 451 - 0.5) // 4
    assert result.results["A"].target.startswith(f"cell {column}, {row} of relu3_2")
    # Only what the cell can see can matter, and something there does.
    values = result.maps["A"].values
    assert values.max() > 0 and not values[:, :20].any()
    assert overlay(attribution, "A").marks and overlay(attribution, "B").marks
    click(attribution, "B", *B_POINTS[1])
    view.target.kind.setCurrentIndex(view.target.kind.findData("pair"))
    assert view.target.places == (tuple(A_POINTS[1]), tuple(B_POINTS[1]))
    assert set(run(attribution, qtbot).maps) == {"A", "B"}


@pytest.mark.slow
def test_every_method_draws(attribution, qtbot):
    from studio.attribution.options import METHODS

    view = attribution.panel("inspect").explain
    quick = {
        "smoothgrad": {"samples": 2},
        "integrated-gradients": {"steps": 2},
        "occlusion": {"window": 32, "stride": 32},
    }
    for key, method in METHODS.items():
        if "channel" not in method.targets:
            continue
        choose(view, key, "channel", "relu4_3", channel=3, **quick.get(key, {}))
        result = run(attribution, qtbot)
        assert result.method == key
        for side in ("A", "B"):
            assert np.isfinite(result.maps[side].values).all()
            assert overlay(attribution, side).tint is not None
    assert attribution.settings.options(METHODS["smoothgrad"].options, "inspect_smoothgrad").samples == 2


def test_maps_are_written_with_their_record(attribution, qtbot, tmp_path, monkeypatch):
    view = attribution.panel("inspect").explain
    result = run(attribution, qtbot)
    asked = [str(tmp_path / "map.png"), str(tmp_path / "map.npy")]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (asked.pop(0), ""))
    qtbot.mouseClick(view.png_button, LEFT)
    wait_for(attribution, qtbot, lambda: (tmp_path / "map_B.png").exists() and not attribution.jobs.open_jobs)
    qtbot.mouseClick(view.npy_button, LEFT)
    wait_for(attribution, qtbot, lambda: (tmp_path / "map_B.json").exists() and not attribution.jobs.open_jobs)
    for side in ("A", "B"):
        with Image.open(tmp_path / f"map_{side}.png") as image:
            assert image.size == attribution.state.picture(side).size
            record = json.loads(image.text["Recipe"])
        assert record["method"] == "gradient" and record["network"] == "buddynet"
        assert record["scale"]["high"] == pytest.approx(attribution.panel("inspect").hub.legend.entries[0].high)
        assert np.array_equal(np.load(tmp_path / f"map_{side}.npy"), result.maps[side].values)
        assert json.loads((tmp_path / f"map_{side}.json").read_text())["target"] == result.results[side].target
    refused: list[list[str]] = []
    monkeypatch.setattr(saving, "ask_to_replace", lambda _, files: bool(refused.append([file.name for file in files])))
    asked = [str(tmp_path / "map"), "", str(tmp_path / "map.npy"), "", str(tmp_path / "my.map.v2")]
    for button in (view.png_button, view.npy_button, view.png_button):
        qtbot.mouseClick(button, LEFT)
    assert refused == [["map_A.png", "map_B.png"], ["map_A.npy", "map_A.json", "map_B.npy", "map_B.json"]]
    wait_for(attribution, qtbot, lambda: (tmp_path / "my.map.v2_B.png").exists() and not attribution.jobs.open_jobs)


def test_a_receptive_field_lies_around_its_cell_and_what_is_measured_lies_in_it(attribution, qtbot):
    panel = attribution.panel("inspect")
    attribution.actions_["inspect_field"].trigger()
    view = panel.field
    names = [layer.name for layer in view.list.layers]
    assert names == [layer.name for layer in panel.hub.session.layers]
    fields = [layer.field for layer in view.list.layers]
    assert fields == sorted(fields) and fields[0] > 1
    row = view.list.row_rect(names.index("relu3_2")).center()
    qtbot.mouseClick(view.list, LEFT, pos=row.toPoint())
    view.measured.setChecked(True)
    view.cursor("B", QPointF(200, 150))
    wait_for(
        attribution,
        qtbot,
        lambda: view.reading is not None and view.reading.effective is not None and view.reading.request.side == "B",
    )
    x0, y0, x1, y1 = view.reading.edges
    cell = view.reading.cell
    assert x0 <= cell[0] < 200 < cell[2] <= x1 and y0 <= cell[1] < 150 < cell[3] <= y1
    scale = 400 / 64
    layer = panel.hub.session.layers[names.index("relu3_2")]
    assert x1 - x0 == pytest.approx(layer.field * scale)
    rows, columns = np.nonzero(view.reading.effective.values)
    assert (columns.min() + 0.0) * scale >= x0 - 1 and (columns.max() + 1) * scale <= x1 + 1
    assert (rows.min() + 0.0) * scale >= y0 - 1 and (rows.max() + 1) * scale <= y1 + 1
    assert 0 < view.reading.radius < (x1 - x0) / 2 * 1.5
    assert f"{layer.field} × {layer.field}" in view.words.text()
    assert [box.kind for box in overlay(attribution, "B").boxes] == ["window", "chosen"]
