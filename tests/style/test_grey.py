"""Two grey pictures make a grey one, whatever a network that knows colours makes of them; other pictures may not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data

from studio.backbones import Backbone, load_backbone
from studio.picture import Picture
from studio.progress import run_to_end
from studio.style import (
    InstantOptions,
    StyleOptions,
    StyleSource,
    TextureOptions,
    instant,
    stylize,
    texture,
)
from studio.style.color import is_grey
from studio.style.feedforward import StyleNetwork, apply_network
from studio.style.feedforward_net import NetPlan, StyleNet


def grey(pixels: np.ndarray, name: str) -> Picture:
    return Picture.from_array(np.repeat(pixels[..., None], 3, axis=-1), name)


COINS, CAMERA = grey(data.coins()[:96, :120], "coins"), grey(data.camera()[80:176, 160:280], "camera")
CUP = Picture.from_array(data.coffee()[100:196, 150:270], "cup")


def spread(picture: Picture) -> int:
    """How far the channels are apart at most, of 255."""
    return int(np.ptp(picture.pixels[..., :3].astype(int), axis=-1).max())


@pytest.fixture(scope="module")
def network() -> Backbone:
    return run_to_end(load_backbone("buddynet", device="cpu"))


@pytest.mark.parametrize("values", [{}, {"optimizer": "lbfgs"}, {"init": "noise"}, {"loss": "gram", "init": "instant"}])
def test_an_optimised_style(network: Backbone, values: dict[str, object]) -> None:
    options = StyleOptions.from_dict({"size": 96, "steps": 5, "smallest": 48, **values})
    result = run_to_end(stylize(COINS, [StyleSource(CAMERA)], network, options)).picture
    assert spread(result) == 0
    assert np.abs(result.pixels[..., 0].astype(int) - COINS.resized(result.size)[..., 0]).mean() > 2


def test_colours_come_from_either_side(network: Backbone) -> None:
    options = StyleOptions(size=64, steps=4, smallest=64)
    assert spread(run_to_end(stylize(COINS, [StyleSource(CUP)], network, options)).picture) > 30
    assert spread(run_to_end(stylize(CUP, [StyleSource(CAMERA)], network, options)).picture) > 5
    kept = options.with_values(keep_colors="linear")  # those of the content, which has none
    assert spread(run_to_end(stylize(COINS, [StyleSource(CUP)], network, kept)).picture) == 0


def test_an_instant_style(network: Backbone) -> None:
    options = InstantOptions(size=96)
    assert spread(run_to_end(instant(COINS, [StyleSource(CAMERA)], network, options)).picture) == 0
    assert spread(run_to_end(instant(COINS, [StyleSource(CUP)], network, options)).picture) > 30


def test_a_texture(network: Backbone) -> None:
    options = TextureOptions(width=64, height=64, steps=5)
    assert spread(run_to_end(texture(CAMERA, network, options)).picture) == 0


def test_a_feed_forward_network_of_which_it_is_known() -> None:
    torch.manual_seed(0)
    net = StyleNet(NetPlan(8, 1, 2)).eval()
    for recipe, style, is_so in (
        ({"grey": ["pencil"]}, 0, True),
        ({"grey": ["pencil"]}, (1, 1), False),
        ({}, 0, False),
    ):
        made = StyleNetwork("made", net, ("pencil", "oil"), recipe)
        assert (spread(run_to_end(apply_network(COINS, made, style=style))) == 0) is is_so
    assert spread(run_to_end(apply_network(CUP, StyleNetwork("made", net, ("a", "b"), {"grey": ["a"]})))) > 0


def test_what_counts_as_grey() -> None:
    assert is_grey(CAMERA)
    assert not is_grey(CUP)
    nearly = np.minimum(CAMERA.pixels, 250)
    nearly[..., 0] += 2
    assert is_grey(Picture.from_array(nearly, "scanned"))
    nearly[..., 0] += 1
    assert not is_grey(Picture.from_array(nearly, "tinted"))
    hidden = np.dstack([CAMERA.pixels, np.full(CAMERA.pixels.shape[:2], 255, np.uint8)])
    hidden[:10] = (255, 0, 255, 0)
    assert is_grey(Picture.from_array(hidden, "hidden"))
