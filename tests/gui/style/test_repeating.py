"""Repeat Recipe: all that a saved picture says of its run comes back, as one step, and gives the same picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from studio.pairs import PairSet
from studio.picture import Picture, load
from studio.style.options import StyleOptions
from tests.gui.morphing import A_POINTS, B_POINTS
from tests.gui.styling import TINY, TINY_INVERSION, TINY_TEXTURE, ended, idle_files, ran

PAIRS = PairSet.from_arrays(
    np.asarray(A_POINTS) + 1 / 3, np.asarray(B_POINTS) + 0.123456, confidence=[0.91234, 0.5, 0.8, 1.0, 0.33333, 0.7]
)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def stripes(tmp_path):
    """The file of a further style picture."""
    pixels = np.zeros((60, 90, 3), np.uint8)
    pixels[:, ::7] = (240, 60, 10)
    Image.fromarray(pixels).save(tmp_path / "stripes.png")
    return tmp_path / "stripes.png"


def paint(window, side: str, *places: tuple[float, float]) -> None:
    painting = window.panel("style").regions.painting
    painting.begin(side, places[0])
    for place in places[1:]:
        painting.go_to(place)
    painting.end()


def saved_run(window, qtbot, path, options) -> np.ndarray:
    """Run with everything that a recipe can hold, save the result, and give its pixels."""
    panel = window.panel("style")
    ran(window, qtbot, options)
    panel.outcome.save_to(path)
    idle_files(window, qtbot)
    assert panel.runner.task.pairs and panel.runner.task.regions and len(panel.runner.task.styles) == 2
    return load(path).pixels


def make_a_run(window, qtbot, stripes, path) -> np.ndarray:
    panel = window.panel("style")
    window.state.set_pairs(PAIRS)
    panel.choice.sources.add_file(stripes)
    idle_files(window, qtbot)
    panel.choice.sources.set_weights([0.6, 1.7])
    painting = panel.regions.painting
    painting.add()
    painting.set_brush(0.3)
    paint(window, "A", (100.0, 60.0), (200.0, 200.0))
    paint(window, "B", (100.0, 300.0), (330.0, 310.0))
    return saved_run(window, qtbot, path, TINY.with_values(size=72, steps=12, anchors=2.0, geometry=0.3, softness=0.01))


def test_the_same_picture_comes_again_from_the_file(style, qtbot, stripes, tmp_path):
    panel, sources = style.panel("style"), style.panel("style").choice.sources
    made = make_a_run(style, qtbot, stripes, tmp_path / "made.png")
    task, options = panel.runner.task, panel.form.value()
    # Everything is something else now.
    style.state.set_pairs(PairSet.from_arrays(B_POINTS, B_POINTS))
    sources.set_weights([2.0, 0.3])
    painting = panel.regions.painting
    painting.set_brush(0.1)
    paint(style, "A", (300.0, 20.0), (400.0, 250.0))
    painting.add()
    panel.form.set_value(StyleOptions(size=64, steps=3))
    panel.choice.set_start(Picture.from_array(np.zeros((9, 9, 3), np.uint8), "start"))
    panel.choice.swap_button.click()
    panel.network.choose("vgg16")
    stack = style.editing.history.stack
    before, content = stack.count(), style.state.content
    panel.outcome.repeat_from(tmp_path / "made.png")
    idle_files(style, qtbot)
    assert stack.count() == before + 1 and stack.text(before) == "Repeat recipe"
    again = panel.task()
    assert panel.choice.side == "A" and panel.choice.start is None and panel.network.backbone_name == "buddynet"
    assert again.options == options and again.content is task.content
    assert [(one.picture, one.weight) for one in again.styles] == [(one.picture, one.weight) for one in task.styles]
    assert [(p.id, p.a, p.b, p.confidence) for p in again.pairs] == [(p.id, p.a, p.b, p.confidence) for p in task.pairs]
    [region], [wanted] = again.regions, task.regions
    assert np.array_equal(region.content, wanted.content) and np.array_equal(region.style, wanted.style)
    panel.run()
    ended(style, qtbot)
    panel.outcome.save_to(tmp_path / "again.png")
    idle_files(style, qtbot)
    assert np.array_equal(load(tmp_path / "again.png").pixels, made)
    style.actions_["undo"].trigger()
    assert style.state.content.same(content)
    assert panel.choice.side == "B" and panel.choice.start.name == "start" and panel.network.backbone_name == "vgg16"
    assert sources.rows[0].weight.value() == 2.0 and len(painting.regions) == 2
    style.actions_["redo"].trigger()
    assert panel.task().options == options and [one.weight for one in panel.task().styles] == [0.6, 1.7]


def test_in_another_window_it_says_what_is_missing_and_then_gives_the_same_picture(
    style, qtbot, stripes, tmp_path, two_files, another
):
    for suffix in ("png", "jpg"):
        made = make_a_run(style, qtbot, stripes, tmp_path / f"made.{suffix}")
        window = another()
        window.opener.open_paths(list(two_files), "A")
        qtbot.waitUntil(lambda window=window: window.state.has_both)
        window.actions_["mode_style"].trigger()
        window.panel("style").result_pane.strip_button.setChecked(False)
        panel = window.panel("style")
        panel.outcome.repeat_from(tmp_path / f"made.{suffix}")
        idle_files(window, qtbot)
        assert "“stripes.png”" in window.messages.text() and "Its 6 pairs are in the window." in window.messages.text()
        panel.choice.sources.add_file(stripes)
        idle_files(window, qtbot)
        panel.outcome.repeat_from(tmp_path / f"made.{suffix}")
        idle_files(window, qtbot)
        assert "stripes" not in window.messages.text()
        assert [one.weight for one in panel.choice.sources.sources] == [0.6, 1.7]
        panel.run()
        ended(window, qtbot)
        panel.outcome.save_to(tmp_path / f"again.{suffix}")
        idle_files(window, qtbot)
        assert np.array_equal(load(tmp_path / f"again.{suffix}").pixels, made)
        style.document.new()
        style.opener.open_paths(list(two_files), "A")
        qtbot.waitUntil(lambda: style.state.has_both)
        style.panel("style").choice.sources.clear_extras()


def test_what_a_recipe_does_not_have_does_not_steer_the_run(style, qtbot, tmp_path):
    panel = style.panel("style")
    ran(style, qtbot, TINY)
    panel.outcome.save_to(tmp_path / "plain.png")
    idle_files(style, qtbot)
    plain = load(tmp_path / "plain.png").pixels
    style.state.set_pairs(PAIRS)
    panel.regions.painting.add()
    paint(style, "A", (100.0, 60.0), (200.0, 200.0))
    paint(style, "B", (100.0, 300.0))
    panel.choice.sources.add(Picture.from_array(np.full((20, 30, 3), 200, np.uint8), "grey"))
    panel.outcome.repeat_from(tmp_path / "plain.png")
    idle_files(style, qtbot)
    assert "without pairs" in style.messages.text() and "without painted regions" in style.messages.text()
    assert len(style.state.pairs) == 6 and not style.state.pairs.enabled()  # they are still there
    panel.run()
    ended(style, qtbot)
    assert np.array_equal(panel.outcome.picture.full()[..., :3] >> 8, plain) or np.array_equal(
        panel.outcome.picture.pixels, plain
    )
    style.actions_["undo"].trigger()
    assert len(style.state.pairs.enabled()) == 6 and len(panel.regions.painting.regions) == 1
    assert len(panel.task().styles) == 2


def test_a_recipe_of_other_pictures_brings_what_fits_them(style, qtbot, stripes, tmp_path):
    panel = style.panel("style")
    make_a_run(style, qtbot, stripes, tmp_path / "made.png")
    style.document.new()
    for side, shape in (("A", (80, 60, 3)), ("B", (50, 70, 3))):
        style.state.set_picture(side, Picture.from_array(np.full(shape, 99, np.uint8), f"other {side}"))
    panel.choice.sources.clear_extras()
    panel.outcome.repeat_from(tmp_path / "made.png")
    idle_files(style, qtbot)
    words = style.messages.text()
    assert "pairs of other pictures" in words and "“stripes.png”" in words
    assert "coffee" not in words  # the window's picture stands for it
    assert not style.state.pairs and panel.form.value().geometry == 0.3
    [region] = panel.regions.painting.regions
    assert region.masks["A"].shape == (80, 60) and region.masks["B"].shape == (50, 70)


def test_a_recipe_that_only_the_command_line_knows_is_told_of(style):
    steps = style.editing.history.stack.count()
    style.panel("style").repeat_recipe({"what": "unheard of", "pictures": [], "options": {}, "backbone": "buddynet"})
    assert "“unheard of”" in style.messages.text() and style.editing.history.stack.count() == steps


def test_textures_and_inversions_come_back_too(style, qtbot, tmp_path):
    panel = style.panel("style")
    layer = TINY_INVERSION.with_values(layer="relu3_1")
    for kind, side, options in (("texture", "B", TINY_TEXTURE), ("inversion", "A", layer)):
        panel.choice.set_kind(kind, side)
        made = ran(style, qtbot, options).image
        panel.outcome.save_to(tmp_path / f"{kind}.png")
        idle_files(style, qtbot)
        panel.forms[kind].set_value(type(options)())
        panel.choice.set_kind("style", "B" if side == "A" else "A")
        panel.outcome.repeat_from(tmp_path / f"{kind}.png")
        idle_files(style, qtbot)
        assert (panel.choice.kind, panel.choice.side, panel.form.value()) == (kind, side, options)
        panel.run()
        ended(style, qtbot)
        assert np.array_equal(panel.result_pane.history[-1].image, made)


def test_a_jpeg_has_room_for_many_regions(style, qtbot, stripes, tmp_path):
    from studio.style import read_recipe
    from studio.style.recipe import regions_in

    panel, random = style.panel("style"), np.random.default_rng(4)
    big = [Picture.from_array(random.integers(0, 256, (768, 1024, 3), np.uint8), name) for name in ("big a", "big b")]
    for side, picture in zip("AB", big, strict=True):
        style.state.set_picture(side, picture)
    painting = panel.regions.painting
    for _ in range(5):
        painting.add()
        painting.set_brush(0.01)
        for side in "AB":
            paint(style, side, *(random.random((9, 2)) * (1024, 768)).tolist())
    panel.form.set_value(TINY.with_values(steps=1))
    panel.run()
    ended(style, qtbot)
    for suffix in ("png", "jpg"):
        panel.outcome.save_to(tmp_path / f"many.{suffix}")
        idle_files(style, qtbot)
    exact = regions_in(read_recipe(tmp_path / "many.png"))
    small = regions_in(read_recipe(tmp_path / "many.jpg"))
    assert len(exact) == len(small) == 5
    assert np.array_equal(exact[0].content, painting.regions[0].masks["A"])
    assert small[0].content.shape in ((384, 512), (192, 256))
