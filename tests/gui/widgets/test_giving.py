"""Every picture of the window can be taken away: copied, saved, dragged out, opened as A or B, shown in its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QContextMenuEvent, QDrag, QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget
from skimage import data

from studio.buddies.answers import Step
from studio.gui.canvas.drawing import Overlay
from studio.gui.inspect.grid import ChannelGrid, ChannelTiles
from studio.gui.inspect.tiles import MapStrip, Tile
from studio.gui.match.provenance_view import LARGE, MAP_HEIGHT, TILE, LevelTile
from studio.gui.widgets import giving
from studio.gui.widgets.giving import GivenPicture, PictureGiver, PictureServices
from studio.gui.widgets.painting import image_of, pixels_of
from studio.gui.widgets.thumbnails import VariantButton
from studio.pairs import PairSet
from studio.picture import Picture
from tests.gui.canvas.test_editing import mouse, where
from tests.gui.morphing import A_POINTS, B_POINTS, shots

CAT = np.ascontiguousarray(data.chelsea()[:, :300])
RIGHT = Qt.MouseButton.RightButton


def copied() -> np.ndarray:
    return pixels_of(QGuiApplication.clipboard().image())


def words(menu: QMenu) -> list[str]:
    return [action.text().split("\t")[0] for action in menu.actions() if action.isVisible() and action.text()]


def giver_of(widget: QWidget) -> PictureGiver:
    return next(child for child in widget.children() if isinstance(child, PictureGiver))


@pytest.fixture
def dropped(monkeypatch) -> list[Path]:
    """The files of all drags, which end at once."""
    files: list[Path] = []

    def drop(self: QDrag, *_: object) -> Qt.DropAction:
        files.append(Path(self.mimeData().urls()[0].toLocalFile()))
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", drop)
    return files


def drag_from(widget: QWidget, start: QPointF) -> None:
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for kind, at, button in (
        (QEvent.Type.MouseButtonPress, start, left),
        (QEvent.Type.MouseMove, start + QPointF(30, 5), Qt.MouseButton.NoButton),
        (QEvent.Type.MouseButtonRelease, start + QPointF(30, 5), left),
    ):
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else left
        QApplication.sendEvent(widget, QMouseEvent(kind, at, widget.mapToGlobal(at), button, held, none))


# --- the pictures A and B ---


def test_beside_all_points_the_menu_is_about_the_picture(opened):
    opened.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS))
    canvas = opened.viewer.canvas("A")

    def offered(at):
        mouse(canvas, QEvent.Type.MouseButtonPress, where(canvas, at), RIGHT, RIGHT)
        return [action.text().split("\t")[0] for action in canvas.actions() if action.isVisible() and action.text()]

    about_picture = ["Fit", "100 %", "Copy Picture", "Save As…", "Open as B", "Show in Folder"]
    assert offered((20, 20)) == about_picture
    about_point = offered(A_POINTS[0])
    assert "Delete Pairs" in about_point and not set(about_picture) & set(about_point)
    # What is selected can be reached from everywhere.
    assert offered((20, 20))[:6] == about_picture and "Delete Pairs" in offered((20, 20))


def test_the_keys_copy_the_picture_or_the_pairs_that_are_selected(opened):
    opened.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS))
    opened.activateWindow()
    canvas = opened.viewer.canvas("B")
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(copied(), opened.state.picture("B").pixels)
    assert opened.messages.text() == "The picture was copied, 400 × 400."
    opened.state.set_selected(2)
    QTest.keyClick(canvas, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert not QGuiApplication.clipboard().mimeData().hasImage()
    assert QGuiApplication.clipboard().text().splitlines()[1:] == ["330\t80\t290\t110"]
    opened.state.set_selected(0)
    opened.pairs_table.view.setFocus()
    QTest.keyClick(opened.pairs_table.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert len(QGuiApplication.clipboard().text().splitlines()) == 1 + len(A_POINTS)


def test_a_picture_is_saved_at_full_depth_opened_elsewhere_and_shown(opened, qtbot, tmp_path, monkeypatch):
    deep = np.random.default_rng(3).integers(0, 65536, (40, 60, 3)).astype(np.uint16)
    picture = Picture.from_array(deep, "deep")
    opened.opener.open_made("A", picture)
    qtbot.waitUntil(lambda: opened.state.picture("A") is picture)
    target = tmp_path / "saved.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), "PNG (*.png)"))
    menu = {action.text(): action for action in opened.viewer.canvas("A").actions()}
    menu["Save As…"].trigger()
    qtbot.waitUntil(lambda: "was written" in opened.messages.text())
    from studio.picture import load

    assert np.array_equal(load(target).full(), deep)
    menu["Open as B"].trigger()
    qtbot.waitUntil(lambda: opened.state.picture("B") is picture)
    assert not menu["Show in Folder"].isVisible()  # it has no file
    opened.opener.open_path(target, "A")
    qtbot.waitUntil(lambda: opened.state.picture("A").path == target)
    seen = []
    monkeypatch.setattr(giving, "show_in_folder", lambda path: seen.append(path) or True)
    assert menu["Show in Folder"].isVisible()
    menu["Show in Folder"].trigger()
    assert seen == [target]
    target.unlink()
    menu["Show in Folder"].trigger()
    assert opened.messages.text() == "The folder of “saved.png” can't be shown."


def test_a_picture_larger_than_memory_is_copied_whole_off_the_gui_thread(opened, qtbot, tmp_path, monkeypatch):
    whole = np.kron(CAT, np.ones((2, 2, 1), np.uint8))
    reduced = Picture.from_array(whole, "large", working_side=200)
    assert reduced.is_reduced
    services = PictureServices.of(opened.viewer.canvas("A"))
    services.copy(GivenPicture.of(reduced))
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().image().width() == whole.shape[1])
    assert np.array_equal(copied(), whole)


def test_a_picture_is_dragged_out_by_its_name_as_the_file_that_it_came_from(opened, two_files, dropped, qtbot):
    badge = opened.viewer.frames["A"].handles[0]
    drag_from(badge, QPointF(5, 5))
    assert dropped == [two_files[0]]
    opened.actions_["mirror_b"].trigger()
    qtbot.waitUntil(lambda: opened.state.picture("B").mirrored)
    drag_from(opened.viewer.frames["B"].handles[1], QPointF(5, 5))
    assert dropped[1] != two_files[1] and dropped[1].suffix == ".png"
    assert np.array_equal(np.asarray(Image.open(dropped[1]).convert("RGB")), opened.state.picture("B").pixels)


# --- results ---


def test_the_result_of_a_morph_is_opened_as_a_picture(morph, qtbot):
    view = morph.panel("morph").result_pane.view
    menu = view.menu()
    assert words(menu) == ["Fit", "100 %", "Full Screen", "Copy", "Save…", "Open as A", "Open as B"]
    frame = shots(morph)[0].frame
    next(action for action in menu.actions() if action.text() == "Open as B").trigger()
    qtbot.waitUntil(lambda: np.array_equal(morph.state.picture("B").pixels, frame))


def test_full_screen_has_the_services_of_its_window(morph):
    view = morph.panel("morph").result_pane.view
    view.toggle_full_screen()
    assert PictureServices.of(view) is morph.pictures
    view.toggle_full_screen()


def test_the_key_copies_the_result_that_has_the_focus(morph):
    view = morph.panel("morph").result_pane.view
    morph.activateWindow()
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(copied(), shots(morph)[0].frame) and "was copied" in morph.messages.text()


# --- maps and thumbnails ---


def test_pictures_of_lists_are_given_away_as_they_are(morph, style, two_files, qtbot, dropped):
    further = morph.panel("morph").further
    further.match = lambda *_: None  # nobody waits for its pairs
    further.add([two_files[1]])
    qtbot.waitUntil(lambda: further.list.count() == 1)
    place = QPointF(further.list.visualItemRect(further.list.item(0)).center())
    assert words(giver_of(further.list.viewport()).menu(place)) == [
        "Copy", "Save As…", "Open as A", "Open as B", "Show in Folder",
    ]  # fmt: skip
    assert giver_of(further.list.viewport()).menu(QPointF(5, 5000)) is None
    row = style.panel("style").choice.sources.rows[0]
    drag_from(row._thumb, QPointF(5, 5))
    assert dropped == [row.picture.path]


def test_a_map_is_given_with_its_picture_at_the_size_of_that(themed, qtbot):
    tint = np.zeros((3, 4, 4), np.uint8)
    tint[1, 2] = (255, 0, 0, 255)
    tile = Tile("A", "similarity", (600, 450), np.ascontiguousarray(CAT), Overlay(tint, (600.0, 450.0), 1.0, False))
    strip = MapStrip("maps")
    qtbot.addWidget(strip)
    strip.resize(500, 220)
    strip.set_tiles([tile, tile], current=1)
    giver_of(strip).copy()
    seen = copied()
    assert seen.shape[:2] == (450, 600)
    assert (seen[160:290, 310:440] == (255, 0, 0)).all() and not (seen[:140] == (255, 0, 0)).all(axis=2).any()
    assert words(giver_of(strip).menu(strip.tile_rect(0).center())) == ["Copy"]
    assert giver_of(strip).menu(QPointF(1, 219)) is None


def test_the_maps_of_a_channel_lie_beside_each_other(themed, qtbot):
    grid = ChannelGrid()
    qtbot.addWidget(grid)
    maps = np.array([[[0, 255], [255, 0]], [[10, 20], [30, 40]]], np.uint8)
    grid.set_tiles(ChannelTiles(np.array([7, 3]), maps, maps[:, :, :1].copy(), np.array([1.0, 0.5])))
    assert giver_of(grid.grid).menu() is None
    grid.set_current(3)
    giver_of(grid.grid).copy()
    seen = copied()
    assert seen.shape == (512, 512 + 4 + 256, 3)
    assert [tuple(seen[y, x]) for y, x in ((9, 9), (9, 500), (500, 9), (500, 500))] == [
        (n,) * 3 for n in (10, 20, 30, 40)
    ]


def test_a_thumbnail_is_given_away_and_still_clicked(themed, qtbot, dropped, monkeypatch):
    button = VariantButton("Gram / relu3", "tip")
    qtbot.addWidget(button)
    assert giver_of(button).menu() is None
    button.show_pixels(CAT)
    clicked = []
    button.clicked.connect(lambda: clicked.append(1))
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert clicked == [1] and not dropped
    drag_from(button, QPointF(20, 20))
    assert [path.name for path in dropped] == ["Gram - relu3.png"]
    assert np.array_equal(np.asarray(Image.open(dropped[0]).convert("RGB")), CAT)
    offered = []
    monkeypatch.setattr(giving, "pop_up", lambda menu, *_: offered.extend(words(menu)))
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(9, 9), button.mapToGlobal(QPoint(9, 9)))
    QApplication.sendEvent(button, event)
    assert offered == ["Copy"]


def test_pixels_and_images_are_the_same():
    clear = np.dstack([CAT[:, :299], np.full(CAT[:, :299].shape[:2], 99, np.uint8)])
    for pixels in (np.ascontiguousarray(CAT[:, :299]), np.ascontiguousarray(clear)):
        assert np.array_equal(pixels_of(image_of(pixels)), pixels)
    assert QRectF(image_of(CAT).rect()).width() == CAT.shape[1]


def test_a_level_of_the_provenance_is_given_large_and_with_its_numbers(themed, qtbot):
    box = (0.0, 0.0, 4.0, 4.0)
    tile = LevelTile(0, 1, Step(2, box, box, box, box, 0.8, 1.5), None)
    qtbot.addWidget(tile)
    giver_of(tile).copy()
    seen = copied()
    assert seen.shape[:2] == (TILE.height() * LARGE, TILE.width() * LARGE)
    assert np.abs(np.diff(seen[LARGE * MAP_HEIGHT :].astype(int), axis=1)).max() > 60  # words below the map
