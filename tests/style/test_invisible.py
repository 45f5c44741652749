"""The colours of what is transparent are no source of anything: not of a style, not of a texture, not of a training."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from studio.backbones import Backbone, load_backbone
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import run_to_end
from studio.style import InstantOptions, StyleOptions, StyleSource, TextureOptions, instant, stylize, texture
from studio.style.feedforward import _pixels
from studio.style.feedforward_train import _opaque, gram
from studio.style.guide import grow_regions
from studio.style.model import StyleError

MAGENTA = np.array([255, 0, 255])
NOISE = np.random.default_rng(0).integers(0, 256, (64, 48, 3))


def half(hidden: np.ndarray, alpha: int = 0) -> Picture:
    """A photograph of which the left half can be seen; the rest has the colours `hidden`."""
    pixels = np.asarray(Image.fromarray(data.coffee()).resize((96, 64), Image.Resampling.BICUBIC)).copy()
    pixels[:, 48:] = hidden
    opacity = np.full((64, 96), 255, np.uint8)
    opacity[:, 48:] = alpha
    return Picture.from_array(np.dstack([pixels, opacity]), "half.png")


def cat() -> Picture:
    return Picture.from_array(np.asarray(Image.fromarray(data.chelsea()).resize((72, 48))), "cat.png")


@pytest.mark.parametrize("loss", ["wasserstein", "histogram"])
@pytest.mark.parametrize("keep", ["none", "linear", "luminance"])
def test_a_style_is_the_same_whatever_colours_it_hides(loss: str, keep: str, tiny: Backbone) -> None:
    options = StyleOptions(size=48, steps=3, loss=loss, keep_colors=keep, init="style")
    results = [
        run_to_end(stylize(cat(), [StyleSource(half(hidden))], tiny, options)).picture.pixels
        for hidden in (MAGENTA, NOISE)
    ]
    np.testing.assert_array_equal(*results)


def test_an_instant_style_a_texture_and_a_content_too() -> None:
    network = run_to_end(load_backbone("buddynet", device="cpu"))
    quick, small = InstantOptions(size=64, rounds=1), TextureOptions(width=48, height=48, steps=3)
    jobs = (
        lambda one: instant(cat(), [StyleSource(one)], network, quick),
        lambda one: instant(one, [StyleSource(cat())], network, quick),
        lambda one: texture(one, network, small),
    )
    for job in jobs:
        results = [run_to_end(job(half(hidden))).picture for hidden in (MAGENTA, NOISE)]
        np.testing.assert_array_equal(*(picture.pixels for picture in results))


def test_the_colours_of_a_texture_begin_with_those_of_the_visible_part_alone(tiny: Backbone) -> None:
    result = run_to_end(texture(half(MAGENTA), tiny, TextureOptions(width=64, height=64, steps=1, style_scale=1.0)))
    wanted = half(MAGENTA).pixels[:, :48].reshape(-1, 3)
    found = result.picture.pixels.reshape(-1, 3)
    assert np.abs(found.mean(0) - wanted.mean(0)).max() < 12
    assert np.abs(found.std(0) / wanted.std(0) - 1).max() < 0.4  # the start is clipped


def test_nothing_can_be_taken_from_a_picture_that_is_transparent_all_over(tiny: Backbone) -> None:
    nothing = half(MAGENTA)
    nothing = Picture.from_array(np.dstack([nothing.pixels, np.zeros((64, 96), np.uint8)]), "nothing.png")
    for job in (
        stylize(cat(), [StyleSource(nothing)], tiny, StyleOptions(size=48, steps=1)),
        texture(nothing, tiny, TextureOptions(width=48, height=48, steps=1)),
    ):
        with pytest.raises(StyleError, match=r"“nothing.png” is transparent all over"):
            run_to_end(job)


def test_a_training_counts_the_visible_cells_alone() -> None:
    features = torch.randn(1, 5, 8, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    opacity = np.zeros((16, 24), np.float32)
    opacity[:, :12] = 1
    torch.testing.assert_close(gram(_opaque(features, opacity)), gram(features[..., :6]))
    assert _opaque(features, None) is features


def test_a_network_for_styles_and_regions_grown_from_pairs_do_not_see_them() -> None:
    one, other = half(MAGENTA), half(NOISE)
    np.testing.assert_array_equal(_pixels(one, one.size), _pixels(other, other.size))
    deep = [
        Picture.from_array(picture.full().astype(np.uint16) * np.uint16(257), "deep.png") for picture in (one, other)
    ]
    assert deep[0].depth == 16
    np.testing.assert_array_equal(*(_pixels(picture, picture.size) for picture in deep))
    points = [((10.0, 10.0), (12.0, 9.0)), ((40.0, 50.0), (50.0, 30.0)), ((20.0, 30.0), (30.0, 20.0))]
    pairs = PairSet.from_dicts([{"id": n, "a": a, "b": b} for n, (a, b) in enumerate(points, 1)])
    for first, second in zip(*(grow_regions(picture, cat(), pairs, 2) for picture in (one, other)), strict=True):
        np.testing.assert_array_equal(first.content, second.content)
