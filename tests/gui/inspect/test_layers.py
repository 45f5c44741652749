"""The mode Inspect looks into layers: channels, colours, filters, differences and regions."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from studio.pairs import PairSet
from tests.gui.inspecting import done, enter, overlay, wait_for
from tests.gui.morphing import A_POINTS, B_POINTS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def layers(opened, qtbot):
    """The window in the view Activations, with all channels of a layer."""
    enter(opened, qtbot)
    opened.actions_["inspect_activations"].trigger()
    look_at(opened, qtbot, "relu4_3")
    return opened


def look_at(window, qtbot, layer):
    view = window.panel("inspect").activations
    view.layer.set_value(layer)
    view.layer.chosen.emit(layer)
    wait_for(
        window,
        qtbot,
        lambda: (
            view.grid_reading is not None
            and view.grid_reading.request.layer == layer
            and view.grid_reading.large is not None
        ),
    )


def show(window, kind):
    view = window.panel("inspect").activations
    view.kind.setCurrentIndex(view.kind.findData(kind))
    return view


def maps(window, layer):
    """The activations of a layer, computed here: {side: (C, h, w)}."""
    from studio.backbones import load_backbone
    from studio.geometry import fit_within
    from studio.progress import run_to_end

    backbone = run_to_end(load_backbone("buddynet", device="cpu"))
    found = {}
    for side in ("A", "B"):
        picture = window.state.picture(side)
        image = picture.tensor(fit_within(picture.size, 64))
        found[side] = backbone.activations(image, [layer])[layer][0].numpy()
    return found


def test_all_channels_are_there_ranked_and_on_one_scale(layers, qtbot):
    view = layers.panel("inspect").activations
    wanted = maps(layers, "relu4_3")
    tiles = view.grid.tiles
    assert sorted(tiles.channels.tolist()) == list(range(len(wanted["A"])))
    means = sum(one.mean((1, 2)) for one in wanted.values()) / 2
    assert np.all(np.diff(means[tiles.channels]) <= 1e-5)
    assert np.allclose(tiles.values, means[tiles.channels], rtol=1e-3, atol=1e-5)
    low, high = view.grid_reading.low, view.grid_reading.high
    most = max(one.max() for one in wanted.values())
    assert low == 0 and 0.2 * most < high <= most * 1.0001
    for row in (0, 5, len(tiles.channels) - 1):
        for side, shown in (("A", tiles.a), ("B", tiles.b)):
            exact = np.clip(wanted[side][tiles.channels[row]] / high * 255, 0, 255)
            assert np.abs(shown[row] - exact).max() <= 1.0
    # The strongest one lies over the pictures, with its legend.
    assert view.grid.current == tiles.channels[0]
    (legend,) = layers.panel("inspect").hub.legend.entries
    assert (legend.low, legend.high) == (low, high)
    assert legend.unit == "activation" and f"channel {tiles.channels[0]}" in legend.title
    view.order.setCurrentIndex(view.order.findData("difference"))
    wait_for(layers, qtbot, lambda: view.grid_reading.request.order == "difference")
    gaps = np.abs(wanted["A"].mean((1, 2)) - wanted["B"].mean((1, 2)))
    assert np.all(np.diff(gaps[view.grid.tiles.channels]) <= 1e-5)


def test_a_channel_is_chosen_by_mouse_and_keyboard(layers, qtbot):
    view = layers.panel("inspect").activations
    grid, tiles = view.grid.grid, view.grid.tiles
    before = overlay(layers, "A").tint
    qtbot.mouseClick(grid, LEFT, pos=grid.cell(2).center().toPoint())
    third = int(tiles.channels[2])
    wait_for(layers, qtbot, lambda: view.grid_reading.request.channel == third and view.grid.current == third)
    assert not np.array_equal(overlay(layers, "A").tint, before)
    exact = maps(layers, "relu4_3")
    for side in ("A", "B"):
        assert np.allclose(view.grid_reading.large[side].values, exact[side][third], atol=1e-4)
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    wait_for(layers, qtbot, lambda: view.grid_reading.request.channel == int(tiles.channels[3]))
    assert "Looking" not in view.words.text()
    layers.panel("inspect").colours.own.setChecked(True)
    wait_for(layers, qtbot, lambda: view.grid_reading.request.own)
    assert view.grid.tiles.b.max(axis=(1, 2)).mean() > tiles.b.max(axis=(1, 2)).mean()


def test_a_layer_is_found_by_typing_a_part_of_its_name(layers, qtbot):
    box = layers.panel("inspect").activations.layer
    line = box.lineEdit()
    line.setText("lu2_1")  # by keys the list of what fits would open, which this platform can't show
    qtbot.keyClick(line, Qt.Key.Key_Return)
    wait_for(layers, qtbot, lambda: box.value == "relu2_1")
    view = layers.panel("inspect").activations
    wait_for(layers, qtbot, lambda: view.grid_reading.request.layer == "relu2_1" and view.grid.tiles is not None)
    line.setText("no such layer")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert box.value == "relu2_1" and line.text().startswith("relu2_1")
    show(layers, "filters")  # which belong to the first layer, whatever was typed
    wait_for(layers, qtbot, lambda: view.filter_reading is not None and bool(view.strip.tiles))
    assert len(view.strip.tiles) == layers.panel("inspect").hub.session.levels[0].channels
    assert not view.layer.isEnabled()


def test_the_same_picture_has_the_same_colours_on_both_sides(window, qtbot, two_files):
    window.opener.open_paths([two_files[0], two_files[0]], "A")
    wait_for(window, qtbot, lambda: window.state.has_both)
    enter(window, qtbot)
    window.actions_["inspect_activations"].trigger()
    view = show(window, "colours")
    wait_for(window, qtbot, lambda: view.colour_reading is not None)
    reading = view.colour_reading
    assert np.array_equal(reading.colours["A"], reading.colours["B"])
    assert reading.colours["A"].shape[2] == 3 and reading.colours["A"].std() > 10
    shares = reading.components.explained.tolist()
    assert 0 < sum(shares) <= 1 and shares == sorted(shares, reverse=True)
    assert [tile.title for tile in view.strip.tiles] == ["A", "B"]
    # The layer of one picture bent onto itself along true pairs does not differ.
    points = [[60, 40], [380, 60], [200, 150], [90, 250], [400, 240]]
    window.state.set_pairs(PairSet.from_arrays(points, points))
    show(window, "difference")
    done(window, qtbot)
    wait_for(window, qtbot, lambda: view.difference is not None)
    strongest = max(np.abs(one).max() for one in maps(window, view.layer_name).values())
    for heat in view.difference.maps.values():
        assert np.abs(heat.values).max() < 1e-3 * strongest


def test_a_difference_needs_pairs_and_is_found_again_for_others(layers, qtbot):
    view = show(layers, "difference")
    assert view.strip.hint[0] == "Match first" and not layers.panel("inspect").hub.is_running
    layers.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS))
    wait_for(layers, qtbot, lambda: view.difference is not None)
    first = view.difference
    assert layers.panel("inspect").hub.legend.entries[0].unit == "activation"
    layers.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS[::-1]))
    wait_for(layers, qtbot, lambda: view.difference not in (None, first))
    assert not np.allclose(view.difference.maps["A"].values, first.maps["A"].values)


@pytest.mark.slow
def test_strongest_regions_of_both_pictures_and_of_a_folder(layers, qtbot, two_files, monkeypatch):
    view = layers.panel("inspect").activations
    channel = view.grid.current
    show(layers, "regions")
    wait_for(layers, qtbot, lambda: bool(view.regions))
    exact = maps(layers, "relu4_3")
    best = max(("A", "B"), key=lambda side: exact[side][channel].max())
    assert view.regions[0].side == best
    assert view.regions[0].value == pytest.approx(float(exact[best][channel].max()), rel=1e-4)
    values = [region.value for region in view.regions]
    assert values == sorted(values, reverse=True)
    row, column = np.unravel_index(exact[best][channel].argmax(), exact[best][channel].shape)
    size = layers.state.picture(best).size
    x, y = (column + 0.5) * 8 * max(size) / 64, (row + 0.5) * 8 * max(size) / 64
    x0, y0, x1, y1 = view.regions[0].edges
    assert x0 <= x <= x1 and y0 <= y <= y1
    assert overlay(layers, best).boxes
    before = view.regions
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(two_files[0].parent))
    qtbot.mouseClick(view.folder_button, LEFT)
    wait_for(layers, qtbot, lambda: view.regions not in ((), before))
    assert {region.title for region in view.regions} > {"A", "B"}
