"""Textures of any size, tileable ones, and what a layer keeps."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from studio.backbones import Backbone, load_backbone
from studio.picture import Picture
from studio.progress import run_to_end
from studio.style.inversion import invert
from studio.style.model import StyleError, StylePreview
from studio.style.options import InversionOptions, TextureOptions
from studio.style.synthesis import _statistical, texture
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


def test_layers_count_where_they_have_more_cells_than_channels(tiny: Backbone) -> None:
    """Layers of 8, 12 and 16 channels, and strides of 1, 2 and 4."""
    layers = {"relu1_1": 0.5, "relu2_1": 0.3, "relu3_2": 0.2}
    assert _statistical(layers, tiny, (20, 16)) == pytest.approx(layers)
    assert _statistical(layers, tiny, (16, 16)) == pytest.approx({"relu1_1": 0.625, "relu2_1": 0.375})
    assert _statistical(layers, tiny, (2, 2)) == {"relu1_1": 1.0}


@pytest.mark.slow
def test_the_example_is_not_there_again_at_its_place() -> None:
    """What is light and dark from top to bottom in the example is not so in textures of it."""
    example = Picture.from_array(data.rocket()[:427, :427], "rocket")
    network = run_to_end(load_backbone("buddynet", device="cpu"))

    def from_top_to_bottom(pixels: np.ndarray) -> np.ndarray:
        return pixels.astype(float).reshape(8, 12, 96, 3).mean(axis=(1, 2, 3))

    alike = []
    for seed in (0, 2):
        options = TextureOptions(width=96, height=96, steps=40, seed=seed)
        made = run_to_end(texture(example, network, options)).picture.pixels
        alike.append(np.corrcoef(from_top_to_bottom(made), from_top_to_bottom(example.resized((96, 96))))[0, 1])
    assert np.mean(alike) < 0.35  # it was 0.72
