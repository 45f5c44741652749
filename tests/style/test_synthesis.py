"""Textures of any size, tileable ones, and what a layer keeps."""

from __future__ import annotations

import numpy as np
import pytest

from studio.backbones import Backbone
from studio.progress import run_to_end
from studio.style.inversion import invert
from studio.style.model import StyleError, StylePreview
from studio.style.options import InversionOptions, TextureOptions
from studio.style.synthesis import texture
from tests.style.conftest import picture


@pytest.mark.parametrize("size", [(50, 20), (17, 33)])
def test_a_texture_has_the_size_and_the_colours_asked_for(tiny: Backbone, size: tuple[int, int]) -> None:
    options = TextureOptions(width=size[0], height=size[1], steps=60, smallest=16, tv=0.0)
    result = run_to_end(texture(picture("stripes"), tiny, options))
    assert result.picture.size == size and not result.notes
    mine, example = (one.pixels.reshape(-1, 3).mean(0) for one in (result.picture, picture("stripes")))
    grey = np.full(3, 127.5)
    assert np.abs(mine - example).sum() < 0.4 * np.abs(grey - example).sum()


def test_copies_of_a_tileable_texture_fit(tiny: Backbone) -> None:
    """The step across the seam is not larger than steps elsewhere; without it, it is."""
    options = TextureOptions(width=30, height=21, steps=60, smallest=16, tileable=True)
    result = run_to_end(texture(picture("stripes"), tiny, options))
    assert result.picture.size == (32, 24) and "32 x 24" in result.notes[0]
    pixels = result.picture.pixels.astype(float)
    across = np.abs(pixels[:, 0] - pixels[:, -1]).mean() / np.abs(np.diff(pixels, axis=1)).mean()
    down = np.abs(pixels[0] - pixels[-1]).mean() / np.abs(np.diff(pixels, axis=0)).mean()
    assert across < 1.35 and down < 1.35
    with pytest.raises(StyleError, match="one piece"):
        run_to_end(texture(picture("stripes"), tiny, options.with_values(tile=64)))


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_fine_layer_keeps_the_picture(tiny: Backbone, optimizer: str) -> None:
    options = InversionOptions(layer="relu1_1", size=40, steps=80, optimizer=optimizer, averaging=0.5, tv=0.0)
    events = []
    result = run_to_end(invert(picture("disc"), tiny, options), events.append)
    apart = np.abs(result.picture.pixels.astype(int) - picture("disc").pixels)
    assert np.median(apart) < 8
    assert sum(isinstance(event.preview, StylePreview) for event in events) >= 80


def test_a_coarse_layer_keeps_less(tiny: Backbone) -> None:
    content = picture("noise")

    def lost(layer: str) -> float:
        options = InversionOptions(layer=layer, size=40, steps=60, tv=0.0, range_weight=0.0)
        result = run_to_end(invert(content, tiny, options))
        assert result.recipe["options"]["layer"] == layer
        return float(np.abs(result.picture.pixels.astype(int) - content.pixels).mean())

    assert lost("relu1_1") < lost("relu3_2")


def test_an_unknown_layer_is_told(tiny: Backbone) -> None:
    with pytest.raises(StyleError, match="TinyNet has no layer “fc6”"):
        run_to_end(invert(picture("disc"), tiny, InversionOptions(layer="fc6")))


def test_a_checkpoint_of_one_kind_is_not_taken_for_another(tiny: Backbone) -> None:
    small = TextureOptions(width=16, height=16, steps=2, smallest=16)
    state = run_to_end(texture(picture("stripes"), tiny, small)).state
    on = run_to_end(texture(picture("stripes"), tiny, small.with_values(steps=4), resume=state))
    assert len(on.losses) == 4
    with pytest.raises(StyleError, match="another kind"):
        run_to_end(invert(picture("stripes"), tiny, InversionOptions(size=16), resume=state))
