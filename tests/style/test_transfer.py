"""The job as a whole: what it yields, what changes on the way, and that it can be taken up again."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from studio.backbones import Backbone
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import Job, Progress, run_to_end
from studio.style.model import Region, StyleControl, StyleError, StylePreview, StyleSource
from studio.style.network import Extractor
from studio.style.options import StyleOptions
from studio.style.result import StyleResult
from studio.style.state import StyleState
from studio.style.transfer import stylize
from tests.style.conftest import picture

QUICK: dict[str, Any] = {"size": 40, "steps": 12, "smallest": 20}


def made(tiny: Backbone, control: StyleControl | None = None, **values: Any) -> Job[StyleResult]:
    known = {name: values.pop(name) for name in ("pairs", "regions", "resume", "start", "checkpoint") if name in values}
    content = values.pop("content", None) or picture("disc")
    styles = values.pop("styles", None) or [StyleSource(picture("stripes"))]
    return stylize(content, styles, tiny, StyleOptions(**(QUICK | values)), control=control, **known)


def test_previews_grow_and_losses_fall(tiny: Backbone) -> None:
    events: list[Progress] = []
    result = run_to_end(made(tiny, steps=40, init="noise"), events.append)
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    previews = [event.preview for event in events if isinstance(event.preview, StylePreview)]
    assert len(previews) >= 40
    assert [preview.step for preview in previews] == sorted(preview.step for preview in previews)
    assert previews[0].scale == (20, 16) and previews[-1].scale == (40, 32)
    for preview in previews:
        assert preview.image.shape == (*preview.scale[::-1], 3) and preview.image.dtype == np.uint8
        assert preview.steps == 40
    assert len(result.losses) == 40 and [entry["step"] for entry in result.losses] == list(range(1, 41))
    assert result.losses[-1]["total"] < 0.6 * result.losses[0]["total"]
    assert result.losses[-1]["total"] == pytest.approx(
        sum(value for name, value in result.losses[-1].items() if name not in ("total", "step")), rel=1e-5
    )
    assert result.picture.size == (40, 32) and result.picture.depth == 16


def test_the_colours_of_the_style_come_over(tiny: Backbone) -> None:
    result = run_to_end(made(tiny, steps=40, content_weight=0.1, init="noise"))
    mine, style, content = (
        one.pixels.reshape(-1, 3).mean(0) for one in (result.picture, picture("stripes"), picture("disc"))
    )
    # The style is red and yellow, the content blueish.
    assert np.abs(mine - style).sum() < 0.7 * np.abs(content - style).sum()


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("loss", ["wasserstein", "gram", "mean_std", "histogram", "sliced"])
def test_every_loss_goes_down_with_every_optimiser(tiny: Backbone, optimizer: str, loss: str) -> None:
    result = run_to_end(made(tiny, optimizer=optimizer, loss=loss, init="noise", smallest=40, steps=15))
    assert result.losses[-1]["total"] < 0.8 * result.losses[0]["total"]


def test_without_style_the_content_comes_back(tiny: Backbone) -> None:
    result = run_to_end(made(tiny, style_weight=0.0, tv=0.0))
    np.testing.assert_array_equal(result.picture.pixels, picture("disc").pixels)
    result = run_to_end(made(tiny, styles=[StyleSource(picture("stripes"), 0.0)], style_weight=0.0, tv=0.0, steps=0))
    np.testing.assert_array_equal(result.picture.pixels, picture("disc").pixels)


def test_the_same_seed_gives_the_same_picture(tiny: Backbone) -> None:
    one, again, other = (run_to_end(made(tiny, init="noise", loss="sliced", seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.picture.full(), again.picture.full())
    assert not np.array_equal(one.picture.pixels, other.picture.pixels)


STARTS = [("content", "disc"), ("style", "stripes"), ("picture", "noise")]


@pytest.mark.parametrize(("init", "kind"), STARTS)
def test_starts(tiny: Backbone, init: str, kind: str) -> None:
    start = picture("noise")
    result = run_to_end(made(tiny, init=init, steps=0, smallest=40, style_weight=0.0, start=start))
    np.testing.assert_array_equal(result.picture.pixels, picture(kind).pixels)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("stop", [3, 7, 11])
def test_a_checkpoint_goes_on_exactly(tiny: Backbone, tmp_path: Path, optimizer: str, stop: int) -> None:
    """Closed after some steps and taken up from the file: not a bit differs."""
    values: dict[str, Any] = {"optimizer": optimizer, "loss": "sliced" if stop == 7 else "wasserstein"}
    whole = run_to_end(made(tiny, **values))
    file = tmp_path / "state.safetensors"
    job = made(tiny, checkpoint=file, **values)
    for event in job:
        if isinstance(event.preview, StylePreview) and event.preview.step == stop:
            break
    job.close()
    resumed = run_to_end(made(tiny, resume=file, **values))
    np.testing.assert_array_equal(resumed.picture.full(), whole.picture.full())
    assert resumed.losses == whole.losses
    assert torch.equal(resumed.state.image, whole.state.image)


def test_a_result_can_be_gone_on_from_with_more_steps(tiny: Backbone) -> None:
    first = run_to_end(made(tiny, init="noise"))
    more = run_to_end(made(tiny, init="noise", steps=24, resume=first.state.to_bytes()))
    assert len(more.losses) > len(first.losses)
    assert more.losses[: len(first.losses)] == first.losses
    assert more.losses[-1]["total"] < first.losses[-1]["total"]


def test_a_checkpoint_of_something_else_is_refused(tiny: Backbone, tmp_path: Path) -> None:
    state = run_to_end(made(tiny, steps=2)).state
    for changed, words in (
        ({"content": picture("noise")}, "other pictures"),
        ({"size": 48}, "another size"),
        ({"optimizer": "lbfgs"}, "another optimiser"),
    ):
        with pytest.raises(StyleError, match=words):
            run_to_end(made(tiny, resume=state, **changed))
    for content in (b"", b"nonsense", state.to_bytes()[:-40], b"\xff" * 64):
        with pytest.raises(StyleError, match="no checkpoint"):
            StyleState.from_bytes(content)


def test_weights_can_be_changed_on_the_way(tiny: Backbone) -> None:
    """After the change it goes on as if the weight had been that from there on, also from a checkpoint."""
    control = StyleControl()
    job = made(tiny, control, smallest=40, steps=10)
    for event in job:
        if isinstance(event.preview, StylePreview) and event.preview.step == 4:
            break
    control.set(tv=50.0)
    control.set_style_weights([2.0])
    events = [event.preview for event in job if isinstance(event.preview, StylePreview)]
    before, after = event.preview.losses["tv"], events[0].losses["tv"]
    assert after > 20 * before
    with pytest.raises(ValueError, match="only content_weight"):
        control.set(size=3.0)
    with pytest.raises(ValueError, match="tv is nan"):
        control.set(tv=float("nan"))


def test_changed_weights_are_in_state_and_recipe(tiny: Backbone) -> None:
    control = StyleControl()
    control.set(tv=9.0)
    result = run_to_end(made(tiny, control, steps=3))
    assert result.recipe["options"]["tv"] == 9.0
    on = run_to_end(made(tiny, steps=6, resume=result.state))
    assert on.recipe["options"]["tv"] == 9.0
    # Whoever says something else now is heard.
    other = run_to_end(made(tiny, steps=6, resume=result.state, tv=2.0))
    assert other.recipe["options"]["tv"] == 2.0


def test_finish_hands_out_the_size_asked_for(tiny: Backbone) -> None:
    control = StyleControl()
    job = made(tiny, control)
    next(job)
    control.finish()
    result = run_to_end(job)
    assert len(result.losses) == 1 and result.picture.size == (40, 32)


def test_closing_at_any_moment_leaves_nothing_but_the_checkpoint(tiny: Backbone, tmp_path: Path) -> None:
    chosen = random.Random(4)
    for index in range(50):
        file = tmp_path / f"{index}.safetensors"
        job = made(tiny, steps=5, smallest=20, checkpoint=file)
        count = chosen.randrange(1, 9)
        last = 0
        for _ in range(count):
            event = next(job)
            if isinstance(event.preview, StylePreview):
                last = event.preview.step
        job.close()
        assert file.exists() == (last > 0)
        if last:
            assert len(StyleState.load(file).losses) == last
    assert len(list(tmp_path.iterdir())) == sum(1 for one in tmp_path.iterdir() if one.suffix == ".safetensors")


@pytest.mark.parametrize("keep", ["luminance", "linear", "histogram"])
def test_the_colours_of_the_content_are_kept(tiny: Backbone, keep: str) -> None:
    result = run_to_end(made(tiny, keep_colors=keep, steps=30))
    mine, content = result.picture.pixels.astype(float), picture("disc").pixels.astype(float)
    chroma = mine - mine.mean(-1, keepdims=True)
    wanted = content - content.mean(-1, keepdims=True)
    free = run_to_end(made(tiny, steps=30)).picture.pixels.astype(float)
    loose = free - free.mean(-1, keepdims=True)
    assert np.abs(chroma.mean((0, 1)) - wanted.mean((0, 1))).max() < 25
    assert np.abs(loose.mean((0, 1)) - wanted.mean((0, 1))).max() > 50


def test_alpha_is_kept_and_what_it_hides_does_not_count(tiny: Backbone) -> None:
    content = picture("disc", alpha=True)
    events: list[Progress] = []
    result = run_to_end(made(tiny, content=content), events.append)
    assert result.picture.alpha is not None and content.alpha is not None
    np.testing.assert_array_equal(result.picture.alpha, content.alpha)
    assert all(event.preview.image.shape[2] == 4 for event in events if isinstance(event.preview, StylePreview))
    # Other pixels below the hidden part change hardly anything of what is seen far enough from it.
    changed = np.dstack([content.pixels, content.alpha])
    changed[:, :4, :3] = (255, 0, 255)

    def seen(pixels: np.ndarray) -> np.ndarray:
        one = Picture.from_array(pixels, "disc.png")
        return run_to_end(made(tiny, content=one, smallest=40, init="noise")).picture.pixels[:, 20:].astype(int)

    np.testing.assert_allclose(seen(changed), seen(np.dstack([content.pixels, content.alpha])), atol=40)


def test_anchors_bring_the_look_of_the_partner(tiny: Backbone) -> None:
    """The left of the style is black, the right white; the pairs cross, and at the points statistics follow them."""
    halves = np.zeros((32, 40, 3), np.uint8)
    halves[:, 20:] = 255
    style = Picture.from_array(halves, "halves.png")
    grey = Picture.from_array(np.full((32, 40, 3), 128, np.uint8), "grey.png")
    pairs = PairSet.from_arrays([[8, 16], [32, 16]], [[32, 16], [8, 16]])
    values: dict[str, Any] = {"content": grey, "styles": [StyleSource(style)], "steps": 30, "smallest": 40}
    values |= {"anchor_reach": 0.08, "style_weight": 0.0, "content_weight": 0.1}
    followed = run_to_end(made(tiny, pairs=pairs, anchors=3.0, **values)).picture.pixels.astype(int)
    assert followed[14:19, 6:11].mean() - followed[14:19, 30:35].mean() > 40
    # In between nothing asks for anything.
    assert abs(followed[:, 19:22].mean() - 128) < 40
    plain = run_to_end(made(tiny, pairs=pairs, anchors=0.0, **values)).picture.pixels.astype(int)
    assert np.abs(plain - 128).max() < 20


def test_regions_keep_to_their_regions(tiny: Backbone) -> None:
    """The left takes the look of a red picture, the right that of a blue one."""
    red, blue = (
        Picture.from_array(np.clip(picture("noise").pixels * 0.2 + colour, 0, 255).astype(np.uint8), "c.png")
        for colour in (np.array([190, 10, 10]), np.array([10, 10, 190]))
    )
    left = np.zeros((32, 40), bool)
    left[:, :20] = True
    result = run_to_end(
        made(
            tiny,
            styles=[StyleSource(red), StyleSource(blue)],
            regions=[Region(left, None, 0), Region(~left, None, 1)],
            steps=40,
            softness=0.0,
            content_weight=0.02,
        )
    )
    pixels = result.picture.pixels.astype(int)
    # A few cells beside the border see both sides.
    red_over_blue = pixels[..., 0] - pixels[..., 2]
    assert red_over_blue[:, :14].mean() > 30 and red_over_blue[:, 26:].mean() < -30


def test_geometry_bends_the_content(tiny: Backbone) -> None:
    corners = np.array([[12, 8], [28, 8], [12, 24], [28, 24], [20, 16]])
    pairs = PairSet.from_arrays(corners, corners + np.array([3, 0]))
    values: dict[str, Any] = {"pairs": pairs, "style_weight": 0.0, "steps": 0, "smallest": 40}
    still, bent = (run_to_end(made(tiny, geometry=share, **values)).picture.pixels for share in (0.0, 1.0))
    np.testing.assert_array_equal(still, picture("disc").pixels)

    def middle(pixels: np.ndarray) -> float:
        return float(np.argwhere(pixels[..., 0] < 120)[:, 1].mean())

    assert middle(bent) - middle(still) > 1.5


def test_both_directions_from_one_match(tiny: Backbone) -> None:
    a, b = picture("disc"), picture("stripes", 30, 30)
    pairs = PairSet.from_arrays([[10, 10], [30, 20]], [[8, 8], [20, 22]])
    forth = run_to_end(made(tiny, content=a, styles=[StyleSource(b)], pairs=pairs))
    back = run_to_end(made(tiny, content=b, styles=[StyleSource(a)], pairs=pairs.swapped()))
    assert forth.picture.size == (40, 32) and back.picture.size == (40, 40)
    assert "anchors" in forth.losses[-1] and "anchors" in back.losses[-1]


def test_regions_from_pairs(tiny: Backbone) -> None:
    pairs = PairSet.from_arrays([[5, 5], [35, 27], [6, 26]], [[6, 6], [30, 28], [5, 25]])
    result = run_to_end(made(tiny, pairs=pairs, match_regions=2))
    assert not result.notes and result.losses[-1]["total"] < result.losses[0]["total"]
    assert "only be grown" in run_to_end(made(tiny, match_regions=2, steps=1)).notes[0]


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (33, 5)])
def test_pictures_of_any_shape(tiny: Backbone, size: tuple[int, int]) -> None:
    content = picture("noise", *size)
    result = run_to_end(made(tiny, content=content, styles=[StyleSource(picture("disc", 1, 1))], steps=3))
    assert max(result.picture.size) == 40
    assert all(np.isfinite(list(entry.values())).all() for entry in result.losses)


def test_what_can_not_be_done_is_said(tiny: Backbone) -> None:
    for values, words in (
        ({"init": "picture"}, "needs a picture to start from"),
        ({"styles": [StyleSource(picture("disc"), -1.0)]}, "weights of the style"),
        ({"regions": [Region(np.ones((4, 4)), None, 1)]}, "asks for style picture 2"),
        ({"regions": [Region(np.ones((4, 4, 3)))]}, "one channel"),
        ({"layers": "conv9"}, "has no layer"),
        ({"loss": "histogram", "tile": 32}, "Tiles need a loss"),
    ):
        with pytest.raises(StyleError, match=words):
            run_to_end(made(tiny, **values))
    with pytest.raises(StyleError, match="needs a picture to take it from"):
        run_to_end(stylize(picture("disc"), [], tiny))


def test_tiles_give_the_same_picture(tiny: Backbone) -> None:
    whole, tiled = (run_to_end(made(tiny, tile=tile, steps=4)).picture.pixels.astype(int) for tile in (0, 16))
    # A pixel on the edge of rounding may differ; Adam's first steps have the size of the sign of the gradient.
    assert np.abs(whole - tiled).mean() < 1.0


class _Overflowing(Extractor):
    """Half precision whose features overflow."""

    def maps(self, image: torch.Tensor, names: Any) -> dict[str, torch.Tensor]:
        found = super().maps(image, names)
        if self.precision == "float32":
            return found
        return {name: value * float("inf") for name, value in found.items()}


def test_overflow_in_half_precision_goes_on_in_full(tiny: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.style.transfer.Extractor", _Overflowing)
    result = run_to_end(made(tiny, precision="bfloat16", steps=20, smallest=40))
    assert any("went on in full precision" in note for note in result.notes)
    assert result.losses[-1]["total"] < result.losses[5]["total"]
    assert result.picture.pixels.std() > 10


def test_overflow_in_full_precision_is_told(tiny: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Extractor, image: torch.Tensor, names: Any) -> dict[str, torch.Tensor]:
        return {name: value * float("nan") for name, value in Extractor.maps(self, image, names).items()}

    monkeypatch.setattr("studio.style.transfer.Extractor", type("Broken", (Extractor,), {"maps": broken}))
    with pytest.raises(StyleError, match="overflow at these weights"):
        run_to_end(made(tiny))


def test_style_targets_are_those_of_the_style(tiny: Backbone) -> None:
    """Starting from the style itself, at its own size, the style's loss is 0."""
    style = picture("stripes")
    result = run_to_end(
        made(tiny, init="style", smallest=40, steps=1, tv=0.0, content_weight=0.0, styles=[StyleSource(style)])
    )
    assert result.losses[0]["style"] == pytest.approx(0.0, abs=1e-3)
